/* fuzz_reference_import: input is the six files of `instroomctl reference import`, one behind the other, each ended by
 * byte 1C. Tables that are taken answer each question as a walk over the rows of the file would, on both sides of every
 * day that a row begins or ends. */
#include "fuzz.h"

#include "model/csv.h"
#include "model/date.h"
#include "model/reference.h"

enum { FILE_END = 0x1c, COLUMNS_MAX = 12, ROWS_MAX = 48 };

/* What a question names, by the file's own words; a table without a second word leaves it out. */
static const char *const KEYS[REFERENCE_TABLES][2] = {
	[REFERENCE_BOARDS] = { "bestuur" },
	[REFERENCE_SCHOOLS] = { "brin" },
	[REFERENCE_SITES] = { "brin", "vestiging" },
	[REFERENCE_BOARD_SCHOOL] = { "bestuur", "brin" },
	[REFERENCE_GROUNDS] = { "code" },
	[REFERENCE_FIELDS] = { "code", "sector" },
};

struct row {
	struct slice words[2], target;
	int32_t from, until;
};

static struct row rows[ROWS_MAX];

static size_t column_of(const struct slice *names, size_t count, const char *name)
{
	for (size_t i = 0; name && i < count; i++)
		if (slice_equal_text(names[i], name))
			return i;
	return SIZE_MAX;
}

static struct slice cell_at(const struct slice *cells, size_t column)
{
	return column == SIZE_MAX ? (struct slice){ 0 } : cells[column];
}

/* false: more rows than are looked at. The file was taken, so its form is good. */
static bool read_rows(enum reference_table table, struct slice file, char *scratch, size_t *ret_count)
{
	struct slice names[COLUMNS_MAX], cells[COLUMNS_MAX];
	size_t count, cell_count, row_count = 0;
	struct csv csv;

	csv_init(&csv, csv_skip_bom(file), ';', CSV_FIELD_BYTES_MAX, scratch);
	FUZZ_EXPECT(csv_next(&csv, names, COLUMNS_MAX, &count) == CSV_RECORD && count <= COLUMNS_MAX);
	while (csv_next(&csv, cells, COLUMNS_MAX, &cell_count) == CSV_RECORD && cell_count == count) {
		if (row_count == ROWS_MAX)
			return false;
		struct row *row = &rows[row_count++];

		*row = (struct row){ .target = cell_at(cells, column_of(names, count, "doel")),
				     .from = date_parse(cell_at(cells, column_of(names, count, "geldig_van"))),
				     .until = date_parse(cell_at(cells, column_of(names, count, "geldig_tot"))) };
		for (int i = 0; i < 2; i++)
			row->words[i] = cell_at(cells, column_of(names, count, KEYS[table][i]));
	}
	*ret_count = row_count;
	return true;
}

static const struct row *row_of(size_t count, const struct row *like, int32_t date)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(rows[i].words[0], like->words[0]) && slice_equal(rows[i].words[1], like->words[1]) &&
		    rows[i].from <= date && (rows[i].until == 0 || date < rows[i].until))
			return &rows[i];
	return NULL;
}

static unsigned number_of(struct slice digits)
{
	unsigned number = 0;

	for (size_t i = 0; i < digits.n; i++)
		number = number * 10 + (unsigned)(digits.p[i] - '0');
	return number;
}

static enum sector sector_of(struct slice name)
{
	return slice_equal_text(name, "PO") ? SECTOR_PO : slice_equal_text(name, "VO") ? SECTOR_VO : SECTOR_MBO;
}

static bool ask(const struct reference *reference, enum reference_table table, const struct row *row, int32_t date)
{
	const struct slice *words = row->words;
	const struct ground *ground;

	switch (table) {
	case REFERENCE_BOARDS:
		return reference_has_board(reference, number_of(words[0]), date);
	case REFERENCE_SCHOOLS:
		return reference_school(reference, words[0], date) != NULL;
	case REFERENCE_SITES:
		return reference_has_site(reference, words[0], number_of(words[1]), date);
	case REFERENCE_BOARD_SCHOOL:
		return reference_has_board_school(reference, number_of(words[0]), words[1], date);
	case REFERENCE_FIELDS:
		return reference_has_field(reference, words[0], sector_of(words[1]), date);
	default:
		ground = reference_ground(reference, number_of(words[0]), date);
		FUZZ_EXPECT(!ground || slice_equal_text(row->target, target_name((enum target)ground->target)));
		return ground != NULL;
	}
}

static void ask_on(const struct reference *reference, enum reference_table table, size_t count, const struct row *like,
		   int32_t date)
{
	const struct row *row = row_of(count, like, date);

	FUZZ_EXPECT(ask(reference, table, row ? row : like, date) == (row != NULL));
}

static void ask_all(const struct reference *reference, enum reference_table table, struct slice file)
{
	char *scratch = malloc(file.n + 1);
	size_t count;

	FUZZ_EXPECT(scratch);
	if (read_rows(table, file, scratch, &count)) {
		/* empty records at the end of a file are none */
		FUZZ_EXPECT(reference_rows(reference, table) <= count);
		count = reference_rows(reference, table);
		for (size_t i = 0; i < count; i++) {
			ask_on(reference, table, count, &rows[i], date_add_days(rows[i].from, -1));
			ask_on(reference, table, count, &rows[i], rows[i].from);
			ask_on(reference, table, count, &rows[i], 21991231);
			if (rows[i].until > 0) {
				ask_on(reference, table, count, &rows[i], date_add_days(rows[i].until, -1));
				ask_on(reference, table, count, &rows[i], rows[i].until);
			}
		}
	}
	free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_make(data, size), files[REFERENCE_TABLES] = { 0 };
	struct reference *reference = NULL;
	struct err err;

	for (int table = 0; table < REFERENCE_TABLES && rest.n > 0; table++) {
		const char *end = memchr(rest.p, FILE_END, rest.n);

		files[table] = slice_cut(&rest, end ? (size_t)(end - rest.p) : rest.n);
		rest = slice_from(rest, 1);
	}
	int rc = reference_build(files, &reference, &err);

	FUZZ_EXPECT(rc == 0 || rc == -ERR_DATA);
	FUZZ_EXPECT((rc == 0) == (reference != NULL));
	if (rc == 0)
		FUZZ_DEEP();
	for (int table = 0; rc == 0 && table < REFERENCE_TABLES; table++)
		ask_all(reference, (enum reference_table)table, files[table]);
	reference_free(reference);
	return 0;
}
