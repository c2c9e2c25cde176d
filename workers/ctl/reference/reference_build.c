/* reference_build: the six tables of specification 9 from DUO's own lists.
 *
 *   1. Each list is read whole (duo_file), in its own encoding, and the lists are compared with each other (plausible):
 *      one that was cut at a line end is sound CSV and would give a tenth of the schools.
 *   2. A table at a time is made from the lists it needs, sorted and written (table_file).
 *   3. WEC and MBO schools are not in the lists; the table of grounds and part of the teaching fields are ours
 *      (herkomst "demonstratie"), as DUO's are not public.
 *
 * No header: run_reference_build stands in reference_commands.h. */
#include "ctl/reference/reference_commands.h"

#include "ctl/reference/duo_file.h"
#include "ctl/reference/plausible.h"
#include "ctl/reference/table_file.h"
#include "model/grounds_csv.h"

#include <stdlib.h>
#include <sys/stat.h>

struct build {
	struct ctl *ctl;
	const char *duo, *out;
	struct duo_file boards, primary, secondary, sites, subjects;
};

static const struct slice EMPTY = { "", 0 };
#define ALWAYS SLICE_LITERAL("19000101")

/* ---- besturen ---- */

struct board_span {
	struct slice number, first_year, last_year, name;
};

static bool is_in_lists(const struct build *build, struct slice board)
{
	for (size_t i = 0; i < build->primary.row_count; i++)
		if (slice_equal(duo_file_cell(&build->primary, i, 0), board))
			return true;
	for (size_t i = 0; i < build->secondary.row_count; i++)
		if (slice_equal(duo_file_cell(&build->secondary, i, 0), board))
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
		if (is_ours(duo_file_cell(boards, i, 3)))
			spans[rows++] = (struct board_span){ duo_file_cell(boards, i, 0), duo_file_cell(boards, i, 1),
							     duo_file_cell(boards, i, 1), duo_file_cell(boards, i, 2) };
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

static bool add_board(const struct build *build, struct table_file *table, const struct board_span *span)
{
	char from[16] = "19000101", until[16] = "";
	int last_year = 0;

	if (!slice_equal_text(span->first_year, "2014"))
		snprintf(from, sizeof from, "%.4s0101", span->first_year.p);
	if (!slice_equal_text(span->last_year, "2019") && !is_in_lists(build, span->number)) {
		for (size_t i = 0; i < 4 && i < span->last_year.n; i++)
			last_year = last_year * 10 + (span->last_year.p[i] - '0');
		snprintf(until, sizeof until, "%04d0101", last_year + 1);
	}
	const struct slice cells[] = { span->number, span->name, slice_of(from), slice_of(until) };

	return table_file_add(table, span->number, cells, ARRAY_LEN(cells));
}

static bool add_listed_board(struct table_file *table, struct slice number, const struct board_span *spans,
			     size_t count)
{
	struct board_span wanted = { .number = number };
	char name[32];

	if (bsearch(&wanted, spans, count, sizeof *spans, compare_spans))
		return true;
	snprintf(name, sizeof name, "Bestuur %.*s", (int)number.n, number.p);
	const struct slice cells[] = { number, slice_of(name), SLICE_LITERAL("20200101"), EMPTY };

	return table_file_add(table, number, cells, ARRAY_LEN(cells));
}

static int build_boards(struct build *build, struct err *err)
{
	struct board_span *spans = arena_take(&build->ctl->arena, build->boards.row_count + 1, sizeof *spans);
	struct table_file table;

	table_file_init(&table, &build->ctl->arena);
	bool is_ok = spans != NULL;
	size_t count = is_ok ? collect_boards(build, spans) : 0;

	for (size_t i = 0; is_ok && i < count; i++)
		is_ok = add_board(build, &table, &spans[i]);
	for (size_t i = 0; is_ok && i < build->primary.row_count; i++)
		is_ok = add_listed_board(&table, duo_file_cell(&build->primary, i, 0), spans, count);
	for (size_t i = 0; is_ok && i < build->secondary.row_count; i++)
		is_ok = add_listed_board(&table, duo_file_cell(&build->secondary, i, 0), spans, count);
	return table_file_write(&table, build->out, REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot", is_ok, err);
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
		schools[rows++] = (struct school_span){ .brin = duo_file_cell(&build->primary, i, 1),
							.lowest = duo_file_cell(&build->primary, i, 2),
							.name = duo_file_cell(&build->primary, i, 3),
							.sector = SLICE_LITERAL("PO"),
							.kind = SLICE_LITERAL("BO") };
	for (size_t i = 0; i < build->secondary.row_count; i++)
		schools[rows++] = (struct school_span){ .brin = duo_file_cell(&build->secondary, i, 1),
							.lowest = duo_file_cell(&build->secondary, i, 1),
							.name = duo_file_cell(&build->secondary, i, 2),
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

/* One site of a school in the lists: its row, and from when to when the school exists by it. false: the arena is
 * full. */
static bool add_site(struct table_file *table, struct school_span *school, const struct duo_file *sites, size_t row)
{
	struct slice from = duo_file_cell(sites, row, 3), until = duo_file_cell(sites, row, 4);

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
	const struct slice cells[] = { school->brin, duo_file_cell(sites, row, 1), duo_file_cell(sites, row, 2), from,
				       until };

	snprintf(key, sizeof key, "%.*s%.*s", (int)school->brin.n, school->brin.p, (int)cells[1].n, cells[1].p);
	return table_file_add(table, slice_of(key), cells, ARRAY_LEN(cells));
}

static int build_schools(struct build *build, struct err *err)
{
	size_t capacity = build->primary.row_count + build->secondary.row_count + 1;
	struct school_span *schools = arena_take(&build->ctl->arena, capacity, sizeof *schools);
	struct table_file table, sites;

	if (!schools)
		return err_set(err, ERR_FULL, "arena", "the school lists are too large");
	size_t count = collect_schools(build, schools);
	bool is_ok = true;

	table_file_init(&sites, &build->ctl->arena);
	for (size_t i = 0; is_ok && i < build->sites.row_count; i++) {
		struct school_span wanted = { .brin = duo_file_cell(&build->sites, i, 0) };
		struct school_span *school = bsearch(&wanted, schools, count, sizeof *schools, compare_schools);

		is_ok = !school || add_site(&sites, school, &build->sites, i);
	}
	int rc = table_file_write(&sites, build->out, REFERENCE_SITES, "brin;vestiging;naam;geldig_van;geldig_tot",
				  is_ok, err);

	if (rc != 0)
		return rc;
	table_file_init(&table, &build->ctl->arena);
	for (size_t i = 0; is_ok && i < count; i++) {
		const struct school_span *school = &schools[i];
		const struct slice cells[] = { school->brin,
					       school->name,
					       school->sector,
					       school->kind,
					       school->has_site ? school->from : ALWAYS,
					       school->is_open ? EMPTY : school->until };

		is_ok = table_file_add(&table, school->brin, cells, ARRAY_LEN(cells));
	}
	return table_file_write(&table, build->out, REFERENCE_SCHOOLS,
				"brin;naam;sector;schoolsoort;geldig_van;geldig_tot", is_ok, err);
}

/* ---- the rest ---- */

static bool add_pair(struct table_file *table, struct slice board, struct slice brin)
{
	const struct slice cells[] = { board, brin, ALWAYS, EMPTY };
	char key[64];

	snprintf(key, sizeof key, "%.*s%.*s", (int)brin.n, brin.p, (int)board.n, board.p);
	return table_file_add(table, slice_of(key), cells, ARRAY_LEN(cells));
}

static int build_pairs(struct build *build, struct err *err)
{
	struct table_file table;
	bool is_ok = true;

	table_file_init(&table, &build->ctl->arena);
	for (size_t i = 0; is_ok && i < build->primary.row_count; i++)
		is_ok = add_pair(&table, duo_file_cell(&build->primary, i, 0), duo_file_cell(&build->primary, i, 1));
	for (size_t i = 0; is_ok && i < build->secondary.row_count; i++)
		is_ok = add_pair(&table, duo_file_cell(&build->secondary, i, 0),
				 duo_file_cell(&build->secondary, i, 1));
	return table_file_write(&table, build->out, REFERENCE_BOARD_SCHOOL, "bestuur;brin;geldig_van;geldig_tot", is_ok,
				err);
}

static int build_fields(struct build *build, struct err *err)
{
	static const char *const OURS[][3] = { { "P001", "PO", "leraar primair onderwijs" },
					       { "P002", "PO", "bewegingsonderwijs" },
					       { "M001", "MBO", "beroepsgericht onderwijs" },
					       { "M002", "MBO", "algemeen vormend onderwijs" } };
	struct table_file table;
	bool is_ok = true;
	char code[32];

	table_file_init(&table, &build->ctl->arena);
	for (size_t i = 0; is_ok && i < build->subjects.row_count; i++) {
		struct slice number = duo_file_cell(&build->subjects, i, 0);

		snprintf(code, sizeof code, "V%.*s", (int)number.n, number.p);
		const struct slice cells[] = { slice_of(code), SLICE_LITERAL("VO"),
					       duo_file_cell(&build->subjects, i, 1), ALWAYS, EMPTY };

		is_ok = table_file_add(&table, slice_of(code), cells, ARRAY_LEN(cells));
	}
	for (size_t i = 0; is_ok && i < ARRAY_LEN(OURS); i++) {
		const struct slice cells[] = { slice_of(OURS[i][0]), slice_of(OURS[i][1]), slice_of(OURS[i][2]), ALWAYS,
					       EMPTY };

		snprintf(code, sizeof code, "W%zu", i); /* behind DUO's, in the order of specification 9 */
		is_ok = table_file_add(&table, slice_of(code), cells, ARRAY_LEN(cells));
	}
	return table_file_write(&table, build->out, REFERENCE_FIELDS, "code;sector;omschrijving;geldig_van;geldig_tot",
				is_ok, err);
}

static int write_grounds(const struct build *build, struct err *err)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", build->out, reference_file(REFERENCE_GROUNDS));
	FILE *file = fopen(path, "we");

	bool is_whole = file && fputs(GROUNDS_CSV, file) >= 0;

	if (file)
		is_whole &= fclose(file) == 0;
	return is_whole ? 0 : err_set(err, ERR_DATA, "file", "%s cannot be written", path);
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
			     .columns = { "BEVOEGD GEZAG NUMMER", "BRIN NUMMER", "VESTIGINGSNUMMER",
					  "VESTIGINGSNAAM" } },
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

	mkdir(build.out, 0777); /* it may exist; writing into it shows whether it can be used */
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(files); i++)
		rc = duo_file_read(files[i], build.duo, &ctl->arena, &err);
	if (rc == 0 && !ctl_has(ctl, OPTION_ALLOW_SMALLER))
		rc = plausible_lists(&(struct duo_lists){ &build.boards, &build.primary, &build.secondary,
							  &build.sites },
				     &ctl->arena, &err);
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
