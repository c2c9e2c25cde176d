#include "model/reference_internal.h"

#include "model/teacher_key.h"

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

static const char *const TARGET_NAMES[] = { "", "REGISTER", "VOORPORTAAL", "GEEN" };

const char *target_name(enum target target)
{
	return (size_t)target < ARRAY_LEN(TARGET_NAMES) ? TARGET_NAMES[target] : "";
}

/* drafts: sorted by bucket. */
static int table_fill(struct table *table, size_t buckets, const struct draft *drafts, size_t count, struct err *err)
{
	table->rows = calloc(MAX(count, 1), sizeof *table->rows);
	table->first = calloc(buckets + 1, sizeof *table->first);
	if (!table->rows || !table->first)
		return reference_fail_memory(err);
	table->row_count = count;
	for (size_t i = 0; i < count; i++) {
		table->rows[i] = drafts[i].row;
		table->first[drafts[i].bucket + 1]++;
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

static int fill_schools(struct reference *reference, const struct draft *drafts, size_t count, struct err *err)
{
	reference->schools = calloc(MAX(count, 1), sizeof *reference->schools);
	if (!reference->schools)
		return reference_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		reference->schools[i] = (struct school){
			.sector = drafts[i].sector,
			.ground_sector = (uint8_t)ground_sector_of(&drafts[i]),
			.valid_from = drafts[i].row.valid_from,
			.valid_until = drafts[i].row.valid_until,
		};
	}
	return 0;
}

static int fill_grounds(struct reference *reference, const struct draft *drafts, size_t count, struct err *err)
{
	reference->grounds = calloc(MAX(count, 1), sizeof *reference->grounds);
	if (!reference->grounds)
		return reference_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		const struct draft *draft = &drafts[i];

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

static void drop_drafts(struct draft **drafts)
{
	free(*drafts);
}

static int build_table(struct reference *reference, enum reference_table number, struct slice bytes, struct err *err)
{
	CLEANUP(drop_drafts) struct draft *drafts = NULL;
	size_t count;
	int rc = reference_read(number, bytes, &drafts, &count, err);

	if (rc == 0)
		rc = table_fill(&reference->tables[number], reference_buckets(number), drafts, count, err);
	if (rc == 0 && number == REFERENCE_SCHOOLS)
		rc = fill_schools(reference, drafts, count, err);
	if (rc == 0 && number == REFERENCE_GROUNDS)
		rc = fill_grounds(reference, drafts, count, err);
	return rc;
}

int reference_build(const struct slice csv[REFERENCE_TABLES], struct reference **ret, struct err *err)
{
	uint8_t digests[REFERENCE_TABLES][REFERENCE_VERSION_BYTES];
	struct reference *reference = calloc(1, sizeof *reference);

	if (!reference)
		return reference_fail_memory(err);
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

/* ---- what there is of one board ---- */

static const char *const SECTOR_NAMES[] = { "", "PO", "VO", "WEC", "MBO" };

const char *sector_name(enum sector sector)
{
	return (size_t)sector < ARRAY_LEN(SECTOR_NAMES) ? SECTOR_NAMES[sector] : "";
}

struct board_walk {
	const struct reference *reference;
	take_holding *take;
	void *self;
};

static void write_brin(uint64_t number, char ret[5])
{
	ret[3] = (char)('A' + number % 26);
	ret[2] = (char)('A' + number / 26 % 26);
	ret[1] = (char)('0' + number / (26 * 26) % 10);
	ret[0] = (char)('0' + number / (26 * 26 * 10));
	ret[4] = '\0';
}

static void take_row(const struct board_walk *walk, struct reference_holding *holding, const struct row *row)
{
	holding->valid_from = row->valid_from;
	holding->valid_until = row->valid_until;
	walk->take(walk->self, holding);
}

static void take_sectors(const struct board_walk *walk, uint64_t brin)
{
	const struct table *schools = &walk->reference->tables[REFERENCE_SCHOOLS];
	struct reference_holding holding = { .kind = HOLDING_SECTOR };

	write_brin(brin, holding.brin);
	for (uint32_t i = schools->first[brin]; i < schools->first[brin + 1]; i++) {
		holding.sector = (enum sector)walk->reference->schools[i].sector;
		take_row(walk, &holding, &schools->rows[i]);
	}
}

static void take_sites(const struct board_walk *walk, uint64_t brin)
{
	const struct table *sites = &walk->reference->tables[REFERENCE_SITES];
	struct reference_holding holding = { .kind = HOLDING_SITE };

	write_brin(brin, holding.brin);
	for (uint32_t i = sites->first[brin]; i < sites->first[brin + 1]; i++) {
		holding.site = (unsigned)(sites->rows[i].key % SITE_NUMBERS);
		take_row(walk, &holding, &sites->rows[i]);
	}
}

/* Rows of one BRIN stand together: the first of this board begins a school. */
static void take_schools(const struct board_walk *walk, uint32_t board)
{
	const struct table *table = &walk->reference->tables[REFERENCE_BOARD_SCHOOL];

	for (size_t i = 0; i < table->row_count; i++) {
		const struct row *row = &table->rows[i];
		struct reference_holding holding = { .kind = HOLDING_SCHOOL };
		uint64_t brin = row->key / BOARD_NUMBERS;

		if (row->key % BOARD_NUMBERS != board)
			continue;
		write_brin(brin, holding.brin);
		take_row(walk, &holding, row);
		if (i + 1 < table->row_count && table->rows[i + 1].key == row->key)
			continue;
		take_sectors(walk, brin);
		take_sites(walk, brin);
	}
}

void reference_walk_board(const struct reference *reference, uint32_t board, take_holding *take, void *self)
{
	const struct board_walk walk = { .reference = reference, .take = take, .self = self };
	const struct table *boards = &reference->tables[REFERENCE_BOARDS];
	struct reference_holding holding = { .kind = HOLDING_BOARD };

	if (board >= BOARD_NUMBERS)
		return;
	for (uint32_t i = boards->first[board]; i < boards->first[board + 1]; i++)
		take_row(&walk, &holding, &boards->rows[i]);
	take_schools(&walk, board);
}
