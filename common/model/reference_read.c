#include "model/reference_internal.h"

#include "model/date.h"

/* How a file becomes rows: a form names its columns, each column reads its cell into a draft, and when a record is read
 * the form gives the draft its place. Nothing is repaired or trimmed: the lists are our own, a wrong cell is a
 * fault. */

enum {
	TABLE_BYTES_MAX = 32 << 20, /* as the topic of snapshots allows */
	BOARD_DIGITS = 5,
	SITE_DIGITS = 2,
	GROUND_DIGITS = 3,
	MONTHS_MAX = 1200,
};

/* Reads one cell into the draft. false: not of the right form. */
typedef bool read_cell(struct slice cell, struct draft *draft);

struct column {
	const char *name;
	read_cell *read; /* NULL: the cell is not looked at and not kept */
};

struct table_form {
	const char *file;
	size_t buckets;
	void (*place)(struct draft *draft);	      /* sets key and bucket from the cells */
	struct column columns[REFERENCE_COLUMNS_MAX]; /* the first column_count of them; geldig_van before geldig_tot */
	size_t column_count;
};

/* -1: not exactly so many digits. */
static int64_t digits_number(struct slice text, size_t digits)
{
	uint64_t value;

	return text.n == digits && num_parse_u64(text, INT64_MAX, &value) ? (int64_t)value : -1;
}

static bool read_board(struct slice cell, struct draft *draft)
{
	draft->board = digits_number(cell, BOARD_DIGITS);
	return draft->board >= 0;
}

static bool read_brin(struct slice cell, struct draft *draft)
{
	draft->brin = brin_number(cell);
	return draft->brin >= 0;
}

static bool read_site(struct slice cell, struct draft *draft)
{
	draft->site = digits_number(cell, SITE_DIGITS);
	return draft->site >= 0;
}

static bool read_ground_code(struct slice cell, struct draft *draft)
{
	draft->ground_code = digits_number(cell, GROUND_DIGITS);
	return draft->ground_code >= 0;
}

static bool read_field_code(struct slice cell, struct draft *draft)
{
	draft->field_code = field_code_number(cell);
	return draft->field_code >= 0;
}

static uint8_t sector_of(struct slice name)
{
	for (enum sector sector = SECTOR_PO; sector <= SECTOR_MBO; sector++)
		if (slice_equal_text(name, sector_name(sector)))
			return (uint8_t)sector;
	return SECTOR_NONE;
}

static bool read_sector(struct slice cell, struct draft *draft)
{
	draft->sector = sector_of(cell);
	return draft->sector != SECTOR_NONE;
}

/* Grounds and teaching fields know no WEC: its schools use the codes of PO or VO (specification 5.5, LR-B12). */
static bool read_ground_sector(struct slice cell, struct draft *draft)
{
	return read_sector(cell, draft) && draft->sector != SECTOR_WEC;
}

/* Of the kinds of school only this one decides anything; the list of kinds is DUO's and not checked. */
static bool read_school_kind(struct slice cell, struct draft *draft)
{
	draft->is_vso_exam = slice_equal_text(cell, "VSO_EXAMEN");
	return true;
}

static uint8_t target_of(struct slice name)
{
	for (enum target target = TARGET_REGISTER; target <= TARGET_GEEN; target++)
		if (slice_equal_text(name, target_name(target)))
			return (uint8_t)target;
	return TARGET_NONE;
}

static bool read_target(struct slice cell, struct draft *draft)
{
	draft->target = target_of(cell);
	return draft->target != TARGET_NONE;
}

static bool read_yes_no(struct slice cell, bool *ret)
{
	*ret = slice_equal_text(cell, "J");
	return *ret || slice_equal_text(cell, "N");
}

static bool read_needs_field(struct slice cell, struct draft *draft)
{
	return read_yes_no(cell, &draft->needs_field);
}

static bool read_needs_end(struct slice cell, struct draft *draft)
{
	return read_yes_no(cell, &draft->needs_end);
}

static bool read_months_max(struct slice cell, struct draft *draft)
{
	draft->has_limit = cell.n > 0;
	return cell.n == 0 || num_parse_u64(cell, MONTHS_MAX, &draft->months_max);
}

static bool read_months_more(struct slice cell, struct draft *draft)
{
	return cell.n == 0 || num_parse_u64(cell, MONTHS_MAX, &draft->months_more);
}

static bool read_from(struct slice cell, struct draft *draft)
{
	draft->row.valid_from = date_parse(cell);
	return draft->row.valid_from == DATE_ABSENT || draft->row.valid_from > 0;
}

static bool read_until(struct slice cell, struct draft *draft)
{
	draft->row.valid_until = date_parse(cell);
	return draft->row.valid_until == DATE_ABSENT || draft->row.valid_until > draft->row.valid_from;
}

static void place_board(struct draft *draft)
{
	draft->row.key = (uint64_t)draft->board;
	draft->bucket = (uint32_t)draft->board;
}

static void place_school(struct draft *draft)
{
	draft->row.key = (uint64_t)draft->brin;
	draft->bucket = (uint32_t)draft->brin;
}

static void place_site(struct draft *draft)
{
	draft->row.key = site_key(draft->brin, (uint32_t)draft->site);
	draft->bucket = (uint32_t)draft->brin;
}

static void place_board_school(struct draft *draft)
{
	draft->row.key = board_school_key(draft->brin, (uint32_t)draft->board);
	draft->bucket = (uint32_t)draft->brin;
}

static void place_ground(struct draft *draft)
{
	draft->row.key = (uint64_t)draft->ground_code;
	draft->bucket = (uint32_t)draft->ground_code;
}

static void place_field(struct draft *draft)
{
	draft->row.key = field_key(draft->field_code, draft->sector);
	draft->bucket = field_bucket(draft->row.key);
}

/* clang-format off */
#define COLUMN_VALID_FROM  { "geldig_van", read_from }
#define COLUMN_VALID_UNTIL { "geldig_tot", read_until }

static const struct table_form FORMS[REFERENCE_TABLES] = {
	[REFERENCE_BOARDS] = {
		"besturen.csv", BOARD_NUMBERS, place_board,
		{ { "bestuur", read_board }, { "naam", NULL }, COLUMN_VALID_FROM, COLUMN_VALID_UNTIL }, 4 },
	[REFERENCE_SCHOOLS] = {
		"scholen.csv", BRIN_NUMBERS, place_school,
		{ { "brin", read_brin }, { "naam", NULL }, { "sector", read_sector },
		  { "schoolsoort", read_school_kind }, COLUMN_VALID_FROM, COLUMN_VALID_UNTIL }, 6 },
	[REFERENCE_SITES] = {
		"vestigingen.csv", BRIN_NUMBERS, place_site,
		{ { "brin", read_brin }, { "vestiging", read_site }, { "naam", NULL }, COLUMN_VALID_FROM,
		  COLUMN_VALID_UNTIL }, 5 },
	[REFERENCE_BOARD_SCHOOL] = {
		"bestuur_school.csv", BRIN_NUMBERS, place_board_school,
		{ { "bestuur", read_board }, { "brin", read_brin }, COLUMN_VALID_FROM, COLUMN_VALID_UNTIL }, 4 },
	[REFERENCE_GROUNDS] = {
		"benoemingsgrondslagen.csv", GROUND_NUMBERS, place_ground,
		{ { "code", read_ground_code }, { "sector", read_ground_sector }, { "wetsartikel", NULL },
		  { "omschrijving", NULL }, { "doel", read_target }, { "onderwijsterrein_nodig", read_needs_field },
		  { "einddatum_nodig", read_needs_end }, { "max_maanden", read_months_max },
		  { "verleng_maanden", read_months_more }, COLUMN_VALID_FROM, COLUMN_VALID_UNTIL,
		  { "herkomst", NULL } }, 12 },
	[REFERENCE_FIELDS] = {
		"onderwijsterreinen.csv", 1 << FIELD_BUCKETS_LOG2, place_field,
		{ { "code", read_field_code }, { "sector", read_ground_sector }, { "omschrijving", NULL },
		  COLUMN_VALID_FROM, COLUMN_VALID_UNTIL }, 5 },
};
/* clang-format on */

const char *reference_file(enum reference_table table)
{
	return (size_t)table < ARRAY_LEN(FORMS) ? FORMS[table].file : "";
}

size_t reference_buckets(enum reference_table table)
{
	return FORMS[table].buckets;
}

/* A file while it is read. */
struct reading {
	const struct table_form *form;
	struct csv csv;
	size_t place_of[REFERENCE_COLUMNS_MAX]; /* of each column of the form: its number in the file */
	struct draft *drafts;
	size_t draft_count;
	char *scratch;
};

static void reading_release(struct reading *reading)
{
	free(reading->drafts);
	free(reading->scratch);
}

static int fail_record(const struct reading *reading, const char *why, struct err *err)
{
	return err_set(err, ERR_DATA, "reference", "%s: record %u: %s", reading->form->file, reading->csv.record_no,
		       why);
}

static int reading_init(struct reading *reading, const struct table_form *form, struct slice bytes, struct err *err)
{
	size_t records_max = 1;

	*reading = (struct reading){ .form = form };
	if (bytes.n > TABLE_BYTES_MAX)
		return err_set(err, ERR_DATA, "reference", "%s: larger than %d bytes", form->file,
			       (int)TABLE_BYTES_MAX);
	if (!utf8_is_valid(bytes))
		return err_set(err, ERR_DATA, "reference", "%s: not valid UTF-8", form->file);
	for (size_t i = 0; i < bytes.n; i++)
		records_max += bytes.p[i] == '\n';
	records_max = MIN(records_max, bytes.n / form->column_count + 1); /* separators take bytes, too */
	reading->scratch = malloc(MAX(bytes.n, 1));
	reading->drafts = calloc(records_max, sizeof *reading->drafts);
	if (!reading->scratch || !reading->drafts)
		return reference_fail_memory(err);
	csv_init(&reading->csv, csv_skip_bom(bytes), ';', CSV_FIELD_BYTES_MAX, reading->scratch);
	return 0;
}

static bool find_column(const struct slice *names, size_t count, const char *name, size_t *ret_place)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (slice_equal_text(names[i], name)) {
			*ret_place = i;
			found++;
		}
	}
	return found == 1;
}

/* Every column of the form once and no other, in any order. */
static int read_header(struct reading *reading, struct err *err)
{
	const struct table_form *form = reading->form;
	struct slice names[REFERENCE_COLUMNS_MAX];
	size_t count;

	if (csv_next(&reading->csv, names, REFERENCE_COLUMNS_MAX, &count) != CSV_RECORD)
		return err_set(err, ERR_DATA, "reference", "%s: record 1: there is no header row", form->file);
	for (size_t i = 0; i < form->column_count; i++)
		if (!find_column(names, MIN(count, (size_t)REFERENCE_COLUMNS_MAX), form->columns[i].name,
				 &reading->place_of[i]))
			return err_set(err, ERR_DATA, "reference", "%s: record 1: column %s is missing or there twice",
				       form->file, form->columns[i].name);
	if (count != form->column_count)
		return err_set(err, ERR_DATA, "reference", "%s: record 1: %zu columns instead of %zu, one is unknown",
			       form->file, count, form->column_count);
	return 0;
}

static int read_record(struct reading *reading, const struct slice *cells, struct err *err)
{
	const struct table_form *form = reading->form;
	struct draft *draft = &reading->drafts[reading->draft_count];

	for (size_t i = 0; i < form->column_count; i++) {
		const struct column *column = &form->columns[i];

		if (column->read && !column->read(cells[reading->place_of[i]], draft))
			return err_set(err, ERR_DATA, "reference", "%s: record %u: column %s is not of the right form",
				       form->file, reading->csv.record_no, column->name);
	}
	form->place(draft);
	draft->record_no = reading->csv.record_no;
	reading->draft_count++;
	return 0;
}

/* Empty records at the end of a file are dropped (specification 3.1). */
static bool is_end(struct slice rest)
{
	while (rest.n > 0) {
		size_t line_end = rest.p[0] == '\n' ? 1 : rest.n > 1 && rest.p[0] == '\r' && rest.p[1] == '\n' ? 2 : 0;

		if (line_end == 0)
			return false;
		rest = slice_from(rest, line_end);
	}
	return true;
}

static int read_records(struct reading *reading, struct err *err)
{
	struct slice cells[REFERENCE_COLUMNS_MAX];
	size_t count;
	int rc = read_header(reading, err);

	while (rc == 0 && !is_end(reading->csv.rest)) {
		if (csv_next(&reading->csv, cells, REFERENCE_COLUMNS_MAX, &count) != CSV_RECORD)
			return fail_record(reading, "quotes or line ends cannot be read, or a field is too long", err);
		if (count != reading->form->column_count)
			return fail_record(reading, "another number of fields than the header row", err);
		rc = read_record(reading, cells, err);
	}
	return rc;
}

static int compare_drafts(const void *left, const void *right)
{
	const struct draft *a = left, *b = right;

	if (a->bucket != b->bucket)
		return a->bucket < b->bucket ? -1 : 1;
	if (a->row.key != b->row.key)
		return a->row.key < b->row.key ? -1 : 1;
	return (a->row.valid_from > b->row.valid_from) - (a->row.valid_from < b->row.valid_from);
}

static int check_overlap(const struct reading *reading, struct err *err)
{
	for (size_t i = 1; i < reading->draft_count; i++) {
		const struct draft *before = &reading->drafts[i - 1], *after = &reading->drafts[i];
		bool is_over = before->row.valid_until != 0 && before->row.valid_until <= after->row.valid_from;

		if (before->row.key == after->row.key && !is_over)
			return err_set(err, ERR_DATA, "reference",
				       "%s: record %u: column geldig_van: the period overlaps that of record %u, "
				       "which has the same key",
				       reading->form->file, MAX(before->record_no, after->record_no),
				       MIN(before->record_no, after->record_no));
	}
	return 0;
}

/* Reads, sorts and checks. */
static int read_file(struct reading *reading, const struct table_form *form, struct slice bytes, struct err *err)
{
	int rc = reading_init(reading, form, bytes, err);

	if (rc == 0)
		rc = read_records(reading, err);
	if (rc == 0 && reading->draft_count > 0) {
		qsort(reading->drafts, reading->draft_count, sizeof *reading->drafts, compare_drafts);
		rc = check_overlap(reading, err);
	}
	return rc;
}

int reference_read(enum reference_table table, struct slice bytes, struct draft **ret, size_t *ret_count,
		   struct err *err)
{
	struct reading reading;
	int rc = read_file(&reading, &FORMS[table], bytes, err);

	if (rc == 0) {
		*ret = reading.drafts;
		*ret_count = reading.draft_count;
		reading.drafts = NULL; /* handed over */
	}
	reading_release(&reading);
	return rc;
}
