/* reference_build: the six tables of specification 9 from DUO's own lists, each in its own encoding.
 *
 * WEC and MBO schools are not in the lists; the tables of grounds and part of the teaching fields are ours (herkomst
 * "demonstratie"), as DUO's are not public. */
#include "ctl/reference/reference_commands.h"

#include "model/csv.h"
#include "model/grounds_csv.h"
#include "model/reference.h"

#include <iconv.h>
#include <sys/stat.h>

enum { DUO_BYTES_MAX = 64 << 20, DUO_COLUMNS_MAX = 64, DUO_FIELD_BYTES_MAX = 65536, ROWS_MAX = 200000 };

/* One of DUO's files, read whole; cells of a row are those of the columns asked for. */
struct duo_file {
	const char *name, *encoding;
	char separator;
	const char *columns[8];
	size_t column_count;
	struct slice *cells; /* row_count * column_count */
	size_t row_count;
};

struct sorted {
	struct slice key, text; /* text: the row as it is written */
};

struct build {
	struct ctl *ctl;
	const char *duo, *out;
	struct duo_file boards, primary, secondary, sites, subjects;
};

static struct slice cell(const struct duo_file *file, size_t row, size_t column)
{
	return file->cells[row * file->column_count + column];
}

#ifndef __clang__ /* gcc's analyzer takes (iconv_t)-1 for a descriptor to be closed */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static int to_utf8(struct arena *arena, struct slice in, const char *encoding, struct slice *ret, struct err *err)
{
	if (!encoding) {
		*ret = csv_skip_bom(in);
		return utf8_is_valid(*ret) ? 0 : err_set(err, ERR_DATA, "encoding", "is not UTF-8");
	}
	iconv_t convert = iconv_open("UTF-8", encoding);

	if (convert == (iconv_t)-1)
		return err_set(err, ERR_FATAL, "iconv", "the system does not know %s", encoding);
	size_t room = in.n * 3, left = room;
	char *out = arena_take(arena, room, 1), *to = out, *from = (char *)(uintptr_t)in.p;
	bool is_whole = out && iconv(convert, &from, &in.n, &to, &left) != (size_t)-1;

	iconv_close(convert);
	if (!is_whole)
		return err_set(err, ERR_DATA, "encoding", "is not %s", encoding);
	*ret = slice_make(out, room - left);
	return 0;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

static int find_columns(const struct duo_file *file, const struct slice *names, size_t count, size_t *ret_at,
			struct err *err)
{
	for (size_t c = 0; c < file->column_count; c++) {
		size_t at = 0;

		while (at < count && !slice_equal_text(names[at], file->columns[c]))
			at++;
		if (at == count)
			return err_set(err, ERR_DATA, "column", "has no column %s", file->columns[c]);
		ret_at[c] = at;
	}
	return 0;
}

static int read_rows(struct arena *arena, struct slice text, struct duo_file *file, struct err *err)
{
	struct slice fields[DUO_COLUMNS_MAX];
	size_t at[ARRAY_LEN(file->columns)], count, header_count;
	struct csv csv;
	char *scratch = arena_take(arena, text.n + 1, 1);

	file->cells = arena_take(arena, ROWS_MAX * file->column_count, sizeof *file->cells);
	if (!scratch || !file->cells)
		return err_set(err, ERR_FULL, "arena", "is too large");
	csv_init(&csv, text, file->separator, DUO_FIELD_BYTES_MAX, scratch);
	if (csv_next(&csv, fields, DUO_COLUMNS_MAX, &header_count) != CSV_RECORD)
		return err_set(err, ERR_DATA, "empty", "is empty");
	int rc = find_columns(file, fields, MIN(header_count, (size_t)DUO_COLUMNS_MAX), at, err);

	while (rc == 0) {
		enum csv_result result = csv_next(&csv, fields, DUO_COLUMNS_MAX, &count);

		if (result == CSV_END)
			break;
		if (result == CSV_BROKEN || count != header_count || file->row_count == ROWS_MAX)
			return err_set(err, ERR_DATA, "record", "record %u cannot be read", csv.record_no);
		for (size_t c = 0; c < file->column_count; c++)
			file->cells[file->row_count * file->column_count + c] = slice_trim(fields[at[c]]);
		file->row_count++;
	}
	return rc;
}

static int read_duo(struct build *build, struct duo_file *file, struct err *err)
{
	struct strbuf bytes;
	struct slice copy, text;
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", build->duo, file->name);
	strbuf_init(&bytes, DUO_BYTES_MAX);
	int rc = ctl_read_file(path, &bytes, err);

	if (rc == 0 && !arena_copy(&build->ctl->arena, strbuf_slice(&bytes), &copy))
		rc = err_set(err, ERR_FULL, "arena", "%s is too large", path);
	strbuf_release(&bytes);
	if (rc != 0)
		return rc;
	rc = to_utf8(&build->ctl->arena, copy, file->encoding, &text, err);
	if (rc == 0)
		rc = read_rows(&build->ctl->arena, text, file, err);
	return rc == 0 ? 0 : err_prefix(err, file->name);
}

/* ---- rows of ours ---- */

struct table {
	struct build *build;
	struct sorted *rows;
	size_t count;
	struct strbuf line;
};

static int compare_sorted(const void *a, const void *b)
{
	const struct sorted *left = a, *right = b;
	int order = slice_compare(left->key, right->key);

	return order != 0 ? order : slice_compare(left->text, right->text);
}

static void table_init(struct table *table, struct build *build)
{
	*table = (struct table){ .build = build };
	table->rows = arena_take(&build->ctl->arena, ROWS_MAX, sizeof *table->rows);
	strbuf_init(&table->line, 1 << 20);
}

/* Cells of one row; a NULL pointer ends them. false: the arena is full. */
static bool table_add(struct table *table, struct slice key, const struct slice *cells, size_t count)
{
	struct sorted *row = &table->rows[table->count];
	struct arena *arena = &table->build->ctl->arena;

	strbuf_reset(&table->line);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			strbuf_add_char(&table->line, ';');
		csv_add_field(&table->line, cells[i]);
	}
	strbuf_add_char(&table->line, '\n');
	if (!table->rows || table->count == ROWS_MAX || !arena_copy(arena, strbuf_slice(&table->line), &row->text) ||
	    !arena_copy(arena, key, &row->key))
		return false;
	table->count++;
	return true;
}

/* Sorted by key; the same row twice (a school with several sites) is written once. */
static int table_write(struct table *table, enum reference_table which, const char *header, bool is_ok, struct err *err)
{
	char path[4096];

	strbuf_release(&table->line);
	if (!is_ok)
		return err_set(err, ERR_FULL, "arena", "%s has too many rows", reference_file(which));
	snprintf(path, sizeof path, "%s/%s", table->build->out, reference_file(which));
	FILE *file = fopen(path, "we");

	if (!file)
		return err_set(err, ERR_DATA, "file", "%s cannot be written", path);
	qsort(table->rows, table->count, sizeof *table->rows, compare_sorted);
	fprintf(file, "%s\n", header);
	size_t written = 0;

	for (size_t i = 0; i < table->count; i++) {
		if (i > 0 && slice_equal(table->rows[i].text, table->rows[i - 1].text))
			continue;
		fwrite(table->rows[i].text.p, 1, table->rows[i].text.n, file);
		written++;
	}
	if (fclose(file) != 0)
		return err_set(err, ERR_DATA, "file", "%s cannot be written", path);
	printf("%-26s %7zu rows\n", reference_file(which), written);
	return 0;
}

static const struct slice EMPTY = { "", 0 };
#define ALWAYS SLICE_LITERAL("19000101")

/* ---- besturen ---- */

struct board_span {
	struct slice number, first_year, last_year, name;
};

static bool is_in_lists(const struct build *build, struct slice board)
{
	for (size_t i = 0; i < build->primary.row_count; i++)
		if (slice_equal(cell(&build->primary, i, 0), board))
			return true;
	for (size_t i = 0; i < build->secondary.row_count; i++)
		if (slice_equal(cell(&build->secondary, i, 0), board))
			return true;
	return false;
}

static bool is_ours(struct slice sector)
{
	return slice_equal_text(sector, "PO") || slice_equal_text(sector, "VO") || slice_equal_text(sector, "MBO");
}

static int compare_spans(const void *a, const void *b)
{
	return slice_compare(((const struct board_span *)a)->number, ((const struct board_span *)b)->number);
}

/* The rows of a board together, whatever their order in the file. */
static size_t collect_boards(const struct build *build, struct board_span *spans)
{
	const struct duo_file *boards = &build->boards;
	size_t rows = 0, count = 0;

	for (size_t i = 0; i < boards->row_count; i++)
		if (is_ours(cell(boards, i, 3)))
			spans[rows++] = (struct board_span){ cell(boards, i, 0), cell(boards, i, 1), cell(boards, i, 1),
							     cell(boards, i, 2) };
	qsort(spans, rows, sizeof *spans, compare_spans);
	for (size_t i = 0; i < rows; i++) {
		struct board_span *last = count > 0 ? &spans[count - 1] : NULL;

		if (!last || !slice_equal(last->number, spans[i].number)) {
			spans[count++] = spans[i];
			continue;
		}
		if (slice_compare(spans[i].first_year, last->first_year) < 0)
			last->first_year = spans[i].first_year;
		if (slice_compare(spans[i].last_year, last->last_year) > 0) {
			last->last_year = spans[i].last_year;
			last->name = spans[i].name;
		}
	}
	return count;
}

static bool add_board(struct table *table, const struct board_span *span)
{
	char from[16] = "19000101", until[16] = "";
	int last_year = 0;

	if (!slice_equal_text(span->first_year, "2014"))
		snprintf(from, sizeof from, "%.4s0101", span->first_year.p);
	if (!slice_equal_text(span->last_year, "2019") && !is_in_lists(table->build, span->number)) {
		for (size_t i = 0; i < 4 && i < span->last_year.n; i++)
			last_year = last_year * 10 + (span->last_year.p[i] - '0');
		snprintf(until, sizeof until, "%04d0101", last_year + 1);
	}
	const struct slice cells[] = { span->number, span->name, slice_of(from), slice_of(until) };

	return table_add(table, span->number, cells, ARRAY_LEN(cells));
}

static bool add_listed_board(struct table *table, struct slice number, const struct board_span *spans, size_t count)
{
	struct board_span wanted = { .number = number };
	char name[32];

	if (bsearch(&wanted, spans, count, sizeof *spans, compare_spans))
		return true;
	snprintf(name, sizeof name, "Bestuur %.*s", (int)number.n, number.p);
	const struct slice cells[] = { number, slice_of(name), SLICE_LITERAL("20200101"), EMPTY };

	return table_add(table, number, cells, ARRAY_LEN(cells));
}

static int build_boards(struct build *build, struct err *err)
{
	struct board_span *spans = arena_take(&build->ctl->arena, build->boards.row_count + 1, sizeof *spans);
	struct table table;

	table_init(&table, build);
	bool is_ok = spans != NULL;
	size_t count = is_ok ? collect_boards(build, spans) : 0;

	for (size_t i = 0; is_ok && i < count; i++)
		is_ok = add_board(&table, &spans[i]);
	for (size_t i = 0; is_ok && i < build->primary.row_count; i++)
		is_ok = add_listed_board(&table, cell(&build->primary, i, 0), spans, count);
	for (size_t i = 0; is_ok && i < build->secondary.row_count; i++)
		is_ok = add_listed_board(&table, cell(&build->secondary, i, 0), spans, count);
	return table_write(&table, REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot", is_ok, err);
}

/* ---- scholen and vestigingen ---- */

struct school_span {
	struct slice brin, name, sector, kind;
	struct slice lowest; /* site the name is of */
	struct slice from, until;
	bool is_open, has_site;
};

static int compare_schools(const void *a, const void *b)
{
	return slice_compare(((const struct school_span *)a)->brin, ((const struct school_span *)b)->brin);
}

static size_t collect_schools(const struct build *build, struct school_span *schools)
{
	size_t rows = 0, count = 0;

	for (size_t i = 0; i < build->primary.row_count; i++)
		schools[rows++] = (struct school_span){ .brin = cell(&build->primary, i, 1),
							.lowest = cell(&build->primary, i, 2),
							.name = cell(&build->primary, i, 3),
							.sector = SLICE_LITERAL("PO"),
							.kind = SLICE_LITERAL("BO") };
	for (size_t i = 0; i < build->secondary.row_count; i++)
		schools[rows++] = (struct school_span){ .brin = cell(&build->secondary, i, 1),
							.lowest = cell(&build->secondary, i, 1),
							.name = cell(&build->secondary, i, 2),
							.sector = SLICE_LITERAL("VO"),
							.kind = SLICE_LITERAL("VO") };
	qsort(schools, rows, sizeof *schools, compare_schools);
	for (size_t i = 0; i < rows; i++) {
		if (count == 0 || !slice_equal(schools[count - 1].brin, schools[i].brin))
			schools[count++] = schools[i];
		else if (slice_compare(schools[i].lowest, schools[count - 1].lowest) < 0)
			schools[count - 1] = schools[i];
	}
	return count;
}

/* A site of a school of ours: its row, and what it tells of the school. false: the arena is full. */
static bool add_site(struct table *table, struct school_span *school, const struct duo_file *sites, size_t row)
{
	struct slice from = cell(sites, row, 3), until = cell(sites, row, 4);

	if (slice_compare(from, ALWAYS) < 0)
		from = ALWAYS;
	if (until.n > 0 && slice_compare(until, from) <= 0)
		return true; /* closed before it opened: a placeholder of DUO's */
	if (!school->has_site || slice_compare(from, school->from) < 0)
		school->from = from;
	if (!school->has_site || slice_compare(until, school->until) > 0)
		school->until = until;
	school->is_open |= until.n == 0;
	school->has_site = true;
	char key[64];
	const struct slice cells[] = { school->brin, cell(sites, row, 1), cell(sites, row, 2), from, until };

	snprintf(key, sizeof key, "%.*s%.*s", (int)school->brin.n, school->brin.p, (int)cells[1].n, cells[1].p);
	return table_add(table, slice_of(key), cells, ARRAY_LEN(cells));
}

static int build_schools(struct build *build, struct err *err)
{
	size_t room = build->primary.row_count + build->secondary.row_count + 1;
	struct school_span *schools = arena_take(&build->ctl->arena, room, sizeof *schools);
	struct table table, sites;

	if (!schools)
		return err_set(err, ERR_FULL, "arena", "the school lists are too large");
	size_t count = collect_schools(build, schools);
	bool is_ok = true;

	table_init(&sites, build);
	for (size_t i = 0; is_ok && i < build->sites.row_count; i++) {
		struct school_span wanted = { .brin = cell(&build->sites, i, 0) };
		struct school_span *school = bsearch(&wanted, schools, count, sizeof *schools, compare_schools);

		is_ok = !school || add_site(&sites, school, &build->sites, i);
	}
	int rc = table_write(&sites, REFERENCE_SITES, "brin;vestiging;naam;geldig_van;geldig_tot", is_ok, err);

	if (rc != 0)
		return rc;
	table_init(&table, build);
	for (size_t i = 0; is_ok && i < count; i++) {
		const struct school_span *school = &schools[i];
		const struct slice cells[] = { school->brin,
					       school->name,
					       school->sector,
					       school->kind,
					       school->has_site ? school->from : ALWAYS,
					       school->is_open ? EMPTY : school->until };

		is_ok = table_add(&table, school->brin, cells, ARRAY_LEN(cells));
	}
	return table_write(&table, REFERENCE_SCHOOLS, "brin;naam;sector;schoolsoort;geldig_van;geldig_tot", is_ok, err);
}

/* ---- the rest ---- */

static bool add_pair(struct table *table, struct slice board, struct slice brin)
{
	const struct slice cells[] = { board, brin, ALWAYS, EMPTY };
	char key[64];

	snprintf(key, sizeof key, "%.*s%.*s", (int)brin.n, brin.p, (int)board.n, board.p);
	return table_add(table, slice_of(key), cells, ARRAY_LEN(cells));
}

static int build_pairs(struct build *build, struct err *err)
{
	struct table table;
	bool is_ok = true;

	table_init(&table, build);
	for (size_t i = 0; is_ok && i < build->primary.row_count; i++)
		is_ok = add_pair(&table, cell(&build->primary, i, 0), cell(&build->primary, i, 1));
	for (size_t i = 0; is_ok && i < build->secondary.row_count; i++)
		is_ok = add_pair(&table, cell(&build->secondary, i, 0), cell(&build->secondary, i, 1));
	return table_write(&table, REFERENCE_BOARD_SCHOOL, "bestuur;brin;geldig_van;geldig_tot", is_ok, err);
}

static int build_fields(struct build *build, struct err *err)
{
	static const char *const OURS[][3] = { { "P001", "PO", "leraar primair onderwijs" },
					       { "P002", "PO", "bewegingsonderwijs" },
					       { "M001", "MBO", "beroepsgericht onderwijs" },
					       { "M002", "MBO", "algemeen vormend onderwijs" } };
	struct table table;
	bool is_ok = true;
	char code[32];

	table_init(&table, build);
	for (size_t i = 0; is_ok && i < build->subjects.row_count; i++) {
		struct slice number = cell(&build->subjects, i, 0);

		snprintf(code, sizeof code, "V%.*s", (int)number.n, number.p);
		const struct slice cells[] = { slice_of(code), SLICE_LITERAL("VO"), cell(&build->subjects, i, 1),
					       ALWAYS, EMPTY };

		is_ok = table_add(&table, slice_of(code), cells, ARRAY_LEN(cells));
	}
	for (size_t i = 0; is_ok && i < ARRAY_LEN(OURS); i++) {
		const struct slice cells[] = { slice_of(OURS[i][0]), slice_of(OURS[i][1]), slice_of(OURS[i][2]), ALWAYS,
					       EMPTY };

		snprintf(code, sizeof code, "W%zu", i); /* behind DUO's, in the order of specification 9 */
		is_ok = table_add(&table, slice_of(code), cells, ARRAY_LEN(cells));
	}
	return table_write(&table, REFERENCE_FIELDS, "code;sector;omschrijving;geldig_van;geldig_tot", is_ok, err);
}

static int write_grounds(const struct build *build, struct err *err)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", build->out, reference_file(REFERENCE_GROUNDS));
	FILE *file = fopen(path, "we");

	if (!file || fputs(GROUNDS_CSV, file) < 0 || fclose(file) != 0)
		return err_set(err, ERR_DATA, "file", "%s cannot be written", path);
	return 0;
}

int run_reference_build(struct ctl *ctl)
{
	struct build build = {
		.ctl = ctl,
		.duo = ctl->options[OPTION_DUO],
		.out = ctl->options[OPTION_OUT],
		.boards = { .name = "besturen_per_jaar_2014_2019.csv",
			    .separator = ';',
			    .column_count = 4,
			    .columns = { "bevoegd_gezag", "jaar", "naam", "sector" } },
		.primary = { .name = "03-alle-vestigingen-bo.csv",
			     .encoding = "WINDOWS-1252",
			     .separator = ';',
			     .column_count = 4,
			     .columns = { "BEVOEGD GEZAG NUMMER", "BRIN NUMMER", "VESTIGINGSNUMMER", "VESTIGINGSNAAM" } },
		.secondary = { .name = "instellingenvo.csv",
			       .separator = ',',
			       .column_count = 3,
			       .columns = { "BEVOEGD GEZAG NUMMER", "BRIN NUMMER", "INSTELLINGSNAAM" } },
		.sites = { .name = "brin_vestiging_register_alle.csv",
			   .separator = ';',
			   .column_count = 5,
			   .columns = { "brin", "vestigingsnummer", "naam", "datum_oprichting", "datum_opheffing" } },
		.subjects = { .name = "vakcodes_vo_1cho.csv",
			      .separator = ';',
			      .column_count = 2,
			      .columns = { "vakcode", "omschrijving" } },
	};
	struct duo_file *files[] = { &build.boards, &build.primary, &build.secondary, &build.sites, &build.subjects };
	struct err err = { 0 };
	int rc = 0;

	mkdir(build.out, 0777); /* may be there; writing tells */
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(files); i++)
		rc = read_duo(&build, files[i], &err);
	if (rc == 0)
		rc = build_boards(&build, &err);
	if (rc == 0)
		rc = build_schools(&build, &err);
	if (rc == 0)
		rc = build_pairs(&build, &err);
	if (rc == 0)
		rc = build_fields(&build, &err);
	if (rc == 0)
		rc = write_grounds(&build, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}
