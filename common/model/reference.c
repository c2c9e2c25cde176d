#include "model/reference.h"

#include "base/num.h"
#include "model/csv.h"
#include "model/date.h"
#include "model/teacher_key.h"

/* DESIGN. Every table becomes rows sorted by (bucket, key, valid_from) and an index of where each bucket begins. Boards,
 * BRINs and grounds have so few possible numbers that these are the buckets themselves; onderwijsterreinen are spread by
 * a hash of their key. So one look-up serves all six: two neighbouring index entries, then the one or two rows there.
 *
 *   table            key                         bucket
 *   besturen         board                       board
 *   scholen          brin                        brin
 *   vestigingen      brin * 100 + site           brin
 *   bestuur_school   brin * 100000 + board       brin
 *   grondslagen      code                        code
 *   terreinen        code in base 37 * 8 + sector   hash
 *
 * brin is the number of a BRIN among the 100 * 26 * 26 possible ones. What a school or a ground says beside its key and
 * its period stands in an array of its own, at the number of the row. */

enum {
	TABLE_BYTES_MAX = 32 << 20, /* as the topic of snapshots allows */
	COLUMNS_MAX = 12,
	BOARD_DIGITS = 5,
	BOARD_NUMBERS = 100000,
	BRIN_BYTES = 4,
	BRIN_NUMBERS = 100 * 26 * 26,
	SITE_DIGITS = 2,
	SITE_NUMBERS = 100,
	GROUND_DIGITS = 3,
	GROUND_NUMBERS = 1000,
	FIELD_CODE_BYTES_MAX = 10,
	FIELD_CODE_BASE = 37,
	SECTOR_NUMBERS = 8,
	FIELD_BUCKETS_LOG2 = 12,
	MONTHS_MAX = 1200,
};

struct row {
	uint64_t key;
	int32_t valid_from, valid_until;
};

struct table {
	struct row *rows;
	uint32_t *first; /* of each bucket, and one more behind the last */
	size_t row_count;
};

struct reference {
	struct table tables[REFERENCE_TABLES];
	struct school *schools; /* beside the rows of REFERENCE_SCHOOLS */
	struct ground *grounds; /* beside the rows of REFERENCE_GROUNDS */
	uint8_t version[REFERENCE_VERSION_BYTES];
};

/* A row while its table is read: what its cells say, and then its place. */
struct draft {
	int64_t board, brin, site, ground_code, field_code;
	uint64_t months_max, months_more;
	struct row row;
	uint32_t bucket;
	uint32_t record_no;
	uint8_t sector;
	uint8_t target;
	bool is_vso_exam;
	bool needs_field, needs_end, has_limit;
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
	void (*place)(struct draft *draft); /* sets key and bucket from the cells */
	struct column columns[COLUMNS_MAX]; /* the first column_count of them; geldig_van before geldig_tot */
	size_t column_count;
};

static const char *const TARGET_NAMES[] = { "", "REGISTER", "VOORPORTAAL", "GEEN" };
static const char *const SECTOR_NAMES[] = { "", "PO", "VO", "WEC", "MBO" };

const char *target_name(enum target target)
{
	return (size_t)target < ARRAY_LEN(TARGET_NAMES) ? TARGET_NAMES[target] : "";
}

/* 0: none of the names. The first name is that of nothing. */
static uint8_t name_number(struct slice text, const char *const *names, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (slice_equal_text(text, names[i]))
			return (uint8_t)i;
	return 0;
}

/* Numbers of identifiers. -1: not of the form of DOMAIN 3.2. */

static int64_t digits_number(struct slice text, size_t digits)
{
	uint64_t value;

	return text.n == digits && num_parse_u64(text, INT64_MAX, &value) ? (int64_t)value : -1;
}

static int64_t brin_number(struct slice brin)
{
	if (brin.n != BRIN_BYTES)
		return -1;
	uint32_t tens = (unsigned char)brin.p[0] - (uint32_t)'0', ones = (unsigned char)brin.p[1] - (uint32_t)'0';
	uint32_t high = (unsigned char)brin.p[2] - (uint32_t)'A', low = (unsigned char)brin.p[3] - (uint32_t)'A';

	if (tens > 9 || ones > 9 || high > 25 || low > 25)
		return -1;
	return ((tens * 10 + ones) * 26 + high) * 26 + low;
}

/* 1-10 capitals and digits as a number in base 37, where 0 is no character: less than 2^53. */
static int64_t field_code_number(struct slice code)
{
	int64_t number = 0;

	if (code.n == 0 || code.n > FIELD_CODE_BYTES_MAX)
		return -1;
	for (size_t i = 0; i < code.n; i++) {
		char c = code.p[i];

		if (num_is_digit(c))
			number = number * FIELD_CODE_BASE + 1 + (c - '0');
		else if (c >= 'A' && c <= 'Z')
			number = number * FIELD_CODE_BASE + 11 + (c - 'A');
		else
			return -1;
	}
	return number;
}

/* Keys that hold two identifiers. */

static uint64_t site_key(int64_t brin, uint32_t site)
{
	return (uint64_t)brin * SITE_NUMBERS + site;
}

static uint64_t board_school_key(int64_t brin, uint32_t board)
{
	return (uint64_t)brin * BOARD_NUMBERS + board;
}

static uint64_t field_key(int64_t code_number, enum sector sector)
{
	return (uint64_t)code_number * SECTOR_NUMBERS + (uint64_t)sector;
}

static uint32_t field_bucket(uint64_t key)
{
	return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - FIELD_BUCKETS_LOG2));
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

static bool read_sector(struct slice cell, struct draft *draft)
{
	draft->sector = name_number(cell, SECTOR_NAMES, ARRAY_LEN(SECTOR_NAMES));
	return draft->sector != SECTOR_NONE;
}

/* Grounds and teaching fields know no WEC: its schools use the codes of PO or VO (DOMAIN 5.5, LR-B12). */
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

static bool read_target(struct slice cell, struct draft *draft)
{
	draft->target = name_number(cell, TARGET_NAMES, ARRAY_LEN(TARGET_NAMES));
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
	return draft->row.valid_from > 0;
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

/* A file while it is read. */
struct reading {
	const struct table_form *form;
	struct csv csv;
	size_t place_of[COLUMNS_MAX]; /* of each column of the form: its number in the file */
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
	return err_set(err, ERR_DATA, "reference", "%s: record %u: %s", reading->form->file, reading->csv.record_no, why);
}

static int fail_memory(struct err *err)
{
	return err_set(err, ERR_FATAL, "memory", "no memory for the reference tables");
}

static int reading_init(struct reading *reading, const struct table_form *form, struct slice bytes, struct err *err)
{
	size_t records_max = 1;

	*reading = (struct reading){ .form = form };
	if (bytes.n > TABLE_BYTES_MAX)
		return err_set(err, ERR_DATA, "reference", "%s: larger than %d bytes", form->file, (int)TABLE_BYTES_MAX);
	if (!utf8_is_valid(bytes))
		return err_set(err, ERR_DATA, "reference", "%s: not valid UTF-8", form->file);
	for (size_t i = 0; i < bytes.n; i++)
		records_max += bytes.p[i] == '\n';
	records_max = MIN(records_max, bytes.n / form->column_count + 1); /* separators take room, too */
	reading->scratch = malloc(MAX(bytes.n, 1));
	reading->drafts = calloc(records_max, sizeof *reading->drafts);
	if (!reading->scratch || !reading->drafts)
		return fail_memory(err);
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
	struct slice names[COLUMNS_MAX];
	size_t count;

	if (csv_next(&reading->csv, names, COLUMNS_MAX, &count) != CSV_RECORD)
		return err_set(err, ERR_DATA, "reference", "%s: record 1: there is no header row", form->file);
	for (size_t i = 0; i < form->column_count; i++)
		if (!find_column(names, MIN(count, (size_t)COLUMNS_MAX), form->columns[i].name, &reading->place_of[i]))
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

/* Empty records at the end of a file are dropped (DOMAIN 3.1). */
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
	struct slice cells[COLUMNS_MAX];
	size_t count;
	int rc = read_header(reading, err);

	while (rc == 0 && !is_end(reading->csv.rest)) {
		if (csv_next(&reading->csv, cells, COLUMNS_MAX, &count) != CSV_RECORD)
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
				       "%s: record %u: column geldig_van: its period overlaps that of record %u with the same key",
				       reading->form->file, MAX(before->record_no, after->record_no),
				       MIN(before->record_no, after->record_no));
	}
	return 0;
}

/* The drafts are sorted by bucket. */
static int table_fill(struct table *table, const struct reading *reading, struct err *err)
{
	size_t buckets = reading->form->buckets, count = reading->draft_count;

	table->rows = calloc(MAX(count, 1), sizeof *table->rows);
	table->first = calloc(buckets + 1, sizeof *table->first);
	if (!table->rows || !table->first)
		return fail_memory(err);
	table->row_count = count;
	for (size_t i = 0; i < count; i++) {
		table->rows[i] = reading->drafts[i].row;
		table->first[reading->drafts[i].bucket + 1]++;
	}
	for (size_t i = 0; i < buckets; i++)
		table->first[i + 1] += table->first[i];
	return 0;
}

static enum sector ground_sector_of(const struct draft *draft)
{
	if (draft->sector == SECTOR_WEC)
		return draft->is_vso_exam ? SECTOR_VO : SECTOR_PO;
	return (enum sector)draft->sector;
}

static int fill_schools(struct reference *reference, const struct reading *reading, struct err *err)
{
	reference->schools = calloc(MAX(reading->draft_count, 1), sizeof *reference->schools);
	if (!reference->schools)
		return fail_memory(err);
	for (size_t i = 0; i < reading->draft_count; i++) {
		const struct draft *draft = &reading->drafts[i];

		reference->schools[i] = (struct school){
			.sector = draft->sector,
			.ground_sector = (uint8_t)ground_sector_of(draft),
			.valid_from = draft->row.valid_from,
			.valid_until = draft->row.valid_until,
		};
	}
	return 0;
}

static int fill_grounds(struct reference *reference, const struct reading *reading, struct err *err)
{
	reference->grounds = calloc(MAX(reading->draft_count, 1), sizeof *reference->grounds);
	if (!reference->grounds)
		return fail_memory(err);
	for (size_t i = 0; i < reading->draft_count; i++) {
		const struct draft *draft = &reading->drafts[i];

		reference->grounds[i] = (struct ground){
			.code = (uint16_t)draft->ground_code,
			.sector = draft->sector,
			.target = draft->target,
			.needs_field = draft->needs_field,
			.needs_end = draft->needs_end,
			.has_limit = draft->has_limit,
			.limit_months = draft->has_limit ? (uint16_t)(draft->months_max + draft->months_more) : 0,
			.valid_from = draft->row.valid_from,
			.valid_until = draft->row.valid_until,
		};
	}
	return 0;
}

static int build_table(struct reference *reference, enum reference_table number, struct slice bytes, struct err *err)
{
	CLEANUP(reading_release) struct reading reading = { 0 };
	int rc = reading_init(&reading, &FORMS[number], bytes, err);

	if (rc == 0)
		rc = read_records(&reading, err);
	if (rc < 0)
		return rc;
	qsort(reading.drafts, reading.draft_count, sizeof *reading.drafts, compare_drafts);
	rc = check_overlap(&reading, err);
	if (rc == 0)
		rc = table_fill(&reference->tables[number], &reading, err);
	if (rc == 0 && number == REFERENCE_SCHOOLS)
		rc = fill_schools(reference, &reading, err);
	if (rc == 0 && number == REFERENCE_GROUNDS)
		rc = fill_grounds(reference, &reading, err);
	return rc;
}

int reference_build(const struct slice csv[REFERENCE_TABLES], struct reference **ret, struct err *err)
{
	uint8_t digests[REFERENCE_TABLES][REFERENCE_VERSION_BYTES];
	struct reference *reference = calloc(1, sizeof *reference);

	if (!reference)
		return fail_memory(err);
	for (int i = 0; i < REFERENCE_TABLES; i++) {
		int rc = build_table(reference, (enum reference_table)i, csv[i], err);

		if (rc < 0) {
			reference_free(reference);
			return rc;
		}
		sha256_of(csv[i], digests[i]);
	}
	sha256_of(slice_make(digests, sizeof digests), reference->version);
	*ret = reference;
	return 0;
}

void reference_free(struct reference *reference)
{
	if (!reference)
		return;
	for (int i = 0; i < REFERENCE_TABLES; i++) {
		free(reference->tables[i].rows);
		free(reference->tables[i].first);
	}
	free(reference->schools);
	free(reference->grounds);
	free(reference);
}

const uint8_t *reference_version(const struct reference *reference)
{
	return reference->version;
}

size_t reference_rows(const struct reference *reference, enum reference_table table)
{
	return (size_t)table < REFERENCE_TABLES ? reference->tables[table].row_count : 0;
}

/* The row of this key that holds on this date, or NULL. At most one does, as periods of a key do not overlap. */
static const struct row *find_row(const struct table *table, uint64_t bucket, uint64_t key, int32_t date)
{
	for (uint32_t i = table->first[bucket]; i < table->first[bucket + 1]; i++) {
		const struct row *row = &table->rows[i];

		if (row->key == key && row->valid_from <= date && (row->valid_until == 0 || date < row->valid_until))
			return row;
	}
	return NULL;
}

bool reference_has_board(const struct reference *reference, uint32_t board, int32_t date)
{
	return board < BOARD_NUMBERS && find_row(&reference->tables[REFERENCE_BOARDS], board, board, date);
}

const struct school *reference_school(const struct reference *reference, struct slice brin, int32_t date)
{
	const struct table *schools = &reference->tables[REFERENCE_SCHOOLS];
	int64_t number = brin_number(brin);
	const struct row *row = number < 0 ? NULL : find_row(schools, (uint64_t)number, (uint64_t)number, date);

	return row ? &reference->schools[row - schools->rows] : NULL;
}

bool reference_has_board_school(const struct reference *reference, uint32_t board, struct slice brin, int32_t date)
{
	int64_t number = brin_number(brin);

	return number >= 0 && board < BOARD_NUMBERS &&
	       find_row(&reference->tables[REFERENCE_BOARD_SCHOOL], (uint64_t)number, board_school_key(number, board),
			date);
}

bool reference_has_site(const struct reference *reference, struct slice brin, unsigned site, int32_t date)
{
	int64_t number = brin_number(brin);

	return number >= 0 && site < SITE_NUMBERS &&
	       find_row(&reference->tables[REFERENCE_SITES], (uint64_t)number, site_key(number, site), date);
}

const struct ground *reference_ground(const struct reference *reference, unsigned code, int32_t date)
{
	const struct table *grounds = &reference->tables[REFERENCE_GROUNDS];
	const struct row *row = code < GROUND_NUMBERS ? find_row(grounds, code, code, date) : NULL;

	return row ? &reference->grounds[row - grounds->rows] : NULL;
}

bool reference_has_field(const struct reference *reference, struct slice code, enum sector sector, int32_t date)
{
	int64_t number = field_code_number(code);

	if (number < 0 || (unsigned)sector >= SECTOR_NUMBERS)
		return false;
	uint64_t key = field_key(number, sector);

	return find_row(&reference->tables[REFERENCE_FIELDS], field_bucket(key), key, date);
}
