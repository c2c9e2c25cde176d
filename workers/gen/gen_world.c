#include "gen/gen_world.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "gen/gen_chance.h"
#include "gen/gen_file.h"
#include "model/csv.h"
#include "model/delivery.h"
#include "model/grounds_csv.h"
#include "model/reference.h"

#include <math.h>

enum {
	TABLE_BYTES_MAX = 64 << 20,
	SITES_PER_BOARD_MAX = 24,
	INVENTED_SITES = 4,
	INVENTED_BOARD_FIRST = 60000,
	TEACHERS_MAX = 4000,
	ROW_FIELDS_MAX = 16
};

/* ---- the reference tables, as far as they are needed here ---- */

struct rows {
	struct strbuf bytes;
	char *scratch;
	struct csv csv;
	struct slice fields[ROW_FIELDS_MAX];
	size_t count;
};

static int rows_open(struct rows *rows, const char *dir, enum reference_table table, struct err *err)
{
	char path[4096], chunk[65536];
	size_t n;

	snprintf(path, sizeof path, "%s/%s", dir, reference_file(table));
	strbuf_init(&rows->bytes, TABLE_BYTES_MAX);
	FILE *file = fopen(path, "re");

	if (!file)
		return err_set(err, ERR_CONFIG, "reference", "%s cannot be read", path);
	while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
		strbuf_add_bytes(&rows->bytes, chunk, n);
	fclose(file);
	rows->scratch = malloc(rows->bytes.n + 1);
	if (!rows->scratch || !strbuf_ok(&rows->bytes))
		return err_set(err, ERR_FATAL, "memory", "no memory for %s", path);
	csv_init(&rows->csv, csv_skip_bom(strbuf_slice(&rows->bytes)), ';', TABLE_BYTES_MAX, rows->scratch);
	if (csv_next(&rows->csv, rows->fields, ROW_FIELDS_MAX, &rows->count) != CSV_RECORD)
		return err_set(err, ERR_CONFIG, "reference", "%s has no rows", path);
	return 0;
}

static bool rows_next(struct rows *rows)
{
	return csv_next(&rows->csv, rows->fields, ROW_FIELDS_MAX, &rows->count) == CSV_RECORD &&
	       rows->count <= ROW_FIELDS_MAX;
}

static void rows_close(struct rows *rows)
{
	free(rows->scratch);
	strbuf_release(&rows->bytes);
}

/* Dates as text sort as dates; open is empty. */
static bool holds(struct slice from, struct slice until, const char *date)
{
	return slice_compare(from, slice_of(date)) <= 0 && (until.n == 0 || slice_compare(slice_of(date), until) < 0);
}

struct school_row {
	uint32_t board;
	uint8_t sector;
	bool is_valid;
};

struct tables {
	const char *date;	    /* on which all must hold */
	struct school_row *schools; /* by brin index */
};

enum { BRINS = 100 * 26 * 26, BOARDS = 100000 };

static int brin_index(struct slice brin)
{
	if (brin.n != 4 || !num_is_digit(brin.p[0]) || !num_is_digit(brin.p[1]) || brin.p[2] < 'A' || brin.p[2] > 'Z' ||
	    brin.p[3] < 'A' || brin.p[3] > 'Z')
		return -1;
	return ((brin.p[0] - '0') * 10 + brin.p[1] - '0') * 676 + (brin.p[2] - 'A') * 26 + brin.p[3] - 'A';
}

static uint8_t ground_sector(struct slice sector, struct slice kind)
{
	if (slice_equal_text(sector, "VO") || (slice_equal_text(sector, "WEC") && slice_equal_text(kind, "VSO_EXAMEN")))
		return SECTOR_VO;
	return slice_equal_text(sector, "MBO") ? SECTOR_MBO : SECTOR_PO;
}

static int load_schools(const char *dir, struct tables *tables, struct err *err)
{
	struct rows rows = { 0 };
	int rc = rows_open(&rows, dir, REFERENCE_SCHOOLS, err);

	while (rc == 0 && rows_next(&rows)) {
		int at = rows.count == 6 ? brin_index(rows.fields[0]) : -1;

		if (at >= 0 && holds(rows.fields[4], rows.fields[5], tables->date))
			tables->schools[at] =
				(struct school_row){ .sector = ground_sector(rows.fields[2], rows.fields[3]),
						     .is_valid = true };
	}
	rows_close(&rows);
	return rc;
}

static int load_pairs(const char *dir, struct tables *tables, struct err *err)
{
	struct rows rows = { 0 };
	int rc = rows_open(&rows, dir, REFERENCE_BOARD_SCHOOL, err);
	uint64_t board;

	while (rc == 0 && rows_next(&rows)) {
		int at = rows.count == 4 ? brin_index(rows.fields[1]) : -1;

		if (at >= 0 && num_parse_u64(rows.fields[0], BOARD_NUMBER_MAX, &board) &&
		    holds(rows.fields[2], rows.fields[3], tables->date))
			tables->schools[at].board = (uint32_t)board;
	}
	rows_close(&rows);
	return rc;
}

static struct gen_board *board_of(struct gen_world *world, int32_t *index, uint32_t number)
{
	if (index[number] < 0)
		return NULL;
	return &world->boards[index[number]];
}

static bool add_site(struct gen_board *board, struct slice brin, struct slice site, uint8_t sector)
{
	if (board->site_count >= SITES_PER_BOARD_MAX)
		return true; /* enough variety for one board */
	if (!board->sites)
		board->sites = calloc(SITES_PER_BOARD_MAX, sizeof *board->sites);
	if (!board->sites)
		return false;
	struct gen_site *to = &board->sites[board->site_count++];

	memcpy(to->brin, brin.p, 4);
	memcpy(to->site, site.p, 2);
	to->sector = sector;
	return true;
}

static int load_sites(const char *dir, const struct tables *tables, struct gen_world *world, int32_t *index,
		      struct err *err)
{
	struct rows rows = { 0 };
	int rc = rows_open(&rows, dir, REFERENCE_SITES, err);

	while (rc == 0 && rows_next(&rows)) {
		int at = rows.count == 5 ? brin_index(rows.fields[0]) : -1;

		if (at < 0 || rows.fields[1].n != 2 || !tables->schools[at].is_valid ||
		    tables->schools[at].board == 0 || !holds(rows.fields[3], rows.fields[4], tables->date))
			continue;
		struct gen_board *board = board_of(world, index, tables->schools[at].board);

		if (board && !add_site(board, rows.fields[0], rows.fields[1], tables->schools[at].sector))
			rc = err_set(err, ERR_FATAL, "memory", "no memory for the sites");
	}
	rows_close(&rows);
	return rc;
}

/* Boards that hold on the date, in the order of the table. */
static int load_boards(const char *dir, const char *date, struct gen_world *world, int32_t *index, bool *used,
		       struct err *err)
{
	struct rows rows = { 0 };
	int rc = rows_open(&rows, dir, REFERENCE_BOARDS, err);
	uint64_t number;

	while (rc == 0 && rows_next(&rows)) {
		if (rows.count != 4 || !num_parse_u64(rows.fields[0], BOARDS - 1, &number))
			continue;
		used[number] = true;
		if (!holds(rows.fields[2], rows.fields[3], date) || index[number] >= 0)
			continue;
		struct gen_board *boards = reallocarray(world->boards, world->board_count + 1, sizeof *boards);

		if (!boards) {
			rc = err_set(err, ERR_FATAL, "memory", "no memory for the boards");
			break;
		}
		world->boards = boards;
		index[number] = (int32_t)world->board_count;
		boards[world->board_count++] = (struct gen_board){ .number = (uint32_t)number };
	}
	rows_close(&rows);
	return rc;
}

static void keep_boards_with_sites(struct gen_world *world, size_t boards_max)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->board_count; i++) {
		if (world->boards[i].site_count > 0 && kept < boards_max)
			world->boards[kept++] = world->boards[i];
		else
			free(world->boards[i].sites);
	}
	world->board_count = kept;
}

static int load_real(const struct gen_options *options, struct gen_world *world, bool *used, struct err *err)
{
	char date[16];
	int32_t *index = malloc(BOARDS * sizeof *index);
	struct tables tables = { .date = date, .schools = calloc(BRINS, sizeof *tables.schools) };
	int rc = index && tables.schools ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for the reference tables");

	snprintf(date, sizeof date, "%08d", options->date);
	for (size_t i = 0; rc == 0 && i < BOARDS; i++)
		index[i] = -1;
	if (rc == 0)
		rc = load_schools(options->reference, &tables, err);
	if (rc == 0)
		rc = load_pairs(options->reference, &tables, err);
	if (rc == 0)
		rc = load_boards(options->reference, date, world, index, used, err);
	if (rc == 0)
		rc = load_sites(options->reference, &tables, world, index, err);
	free(index);
	free(tables.schools);
	if (rc == 0)
		keep_boards_with_sites(world, (size_t)options->boards);
	return rc;
}

/* ---- invented boards, and the reference tables beside the deliveries ---- */

/* BRINs from 60AA on, of which DUO has none; two schools per board, each with two sites. */
static void invent_site(uint64_t board, size_t i, struct gen_site *ret)
{
	char brin[16];
	uint64_t n = board * 2 + i / 2;

	snprintf(brin, sizeof brin, "%02u%c%c", (unsigned)(60 + n / 676 % 40), (char)('A' + n / 26 % 26),
		 (char)('A' + n % 26));
	memcpy(ret->brin, brin, 5);
	snprintf(ret->site, sizeof ret->site, "%02u", (unsigned)(i % 2));
	ret->sector = i / 2 % 2 == 0 ? SECTOR_PO : SECTOR_VO;
}

static int invent(struct gen_world *world, size_t wanted, const bool *used, struct err *err)
{
	size_t have = world->board_count;
	uint32_t number = INVENTED_BOARD_FIRST;

	if (have >= wanted)
		return 0;
	struct gen_board *boards = reallocarray(world->boards, wanted, sizeof *boards);

	if (!boards)
		return err_set(err, ERR_FATAL, "memory", "no memory for the boards");
	world->boards = boards;
	for (size_t b = have; b < wanted; b++) {
		struct gen_board *board = &boards[b];

		while (used[number])
			number++;
		*board = (struct gen_board){ .number = number++, .site_count = INVENTED_SITES };
		board->sites = calloc(INVENTED_SITES, sizeof *board->sites);
		if (!board->sites)
			return err_set(err, ERR_FATAL, "memory", "no memory for the sites");
		for (size_t i = 0; i < INVENTED_SITES; i++)
			invent_site(b - have, i, &board->sites[i]);
		world->board_count = b + 1;
	}
	return 0;
}

static void add_invented_rows(const struct gen_board *board, struct strbuf tables[REFERENCE_TABLES])
{
	strbuf_add_printf(&tables[REFERENCE_BOARDS], "%05u;Verzonnen bestuur %05u;19000101;\n", board->number,
			  board->number);
	for (size_t i = 0; i < board->site_count; i++) {
		const struct gen_site *site = &board->sites[i];
		bool is_primary = site->sector == SECTOR_PO;

		strbuf_add_printf(&tables[REFERENCE_SITES], "%s;%s;Verzonnen vestiging;19000101;\n", site->brin,
				  site->site);
		if (i % 2 == 1)
			continue;
		strbuf_add_printf(&tables[REFERENCE_SCHOOLS], "%s;Verzonnen school;%s;%s;19000101;\n", site->brin,
				  is_primary ? "PO" : "VO", is_primary ? "BO" : "VO");
		strbuf_add_printf(&tables[REFERENCE_BOARD_SCHOOL], "%05u;%s;19000101;\n", board->number, site->brin);
	}
}

static int read_table(const char *dir, enum reference_table table, struct strbuf *out, struct err *err)
{
	struct rows rows = { 0 };
	int rc = rows_open(&rows, dir, table, err);

	strbuf_add(out, strbuf_slice(&rows.bytes));
	if (out->n > 0 && out->p[out->n - 1] != '\n')
		strbuf_add_char(out, '\n');
	rows_close(&rows);
	return rc;
}

/* The tables given, or heads and demonstration rows of ours, and the rows of the invented boards behind them. */
static int write_tables(const struct gen_options *options, const struct gen_world *world, size_t invented_from,
			struct err *err)
{
	static const char *const OURS[REFERENCE_TABLES] = {
		"bestuur;naam;geldig_van;geldig_tot\n",
		"brin;naam;sector;schoolsoort;geldig_van;geldig_tot\n",
		"brin;vestiging;naam;geldig_van;geldig_tot\n",
		"bestuur;brin;geldig_van;geldig_tot\n",
		GROUNDS_CSV,
		"code;sector;omschrijving;geldig_van;geldig_tot\n"
		"V0011;VO;Nederlandse taal;19000101;\nV0021;VO;Friese taal;19000101;\nV0053;VO;Franse taal;19000101;\n"
		"P001;PO;leraar primair onderwijs;19000101;\nP002;PO;bewegingsonderwijs;19000101;\n"
		"M001;MBO;beroepsgericht onderwijs;19000101;\n",
	};
	struct strbuf tables[REFERENCE_TABLES];
	char dir[4096];
	int rc = 0;

	for (int t = 0; t < REFERENCE_TABLES; t++) {
		strbuf_init(&tables[t], TABLE_BYTES_MAX);
		if (!options->reference)
			strbuf_add_text(&tables[t], OURS[t]);
		else if (rc == 0)
			rc = read_table(options->reference, (enum reference_table)t, &tables[t], err);
	}
	for (size_t b = invented_from; b < world->board_count; b++)
		add_invented_rows(&world->boards[b], tables);
	snprintf(dir, sizeof dir, "%s/reference", options->out);
	for (int t = 0; rc == 0 && t < REFERENCE_TABLES; t++)
		rc = gen_file_write(dir, reference_file((enum reference_table)t), strbuf_slice(&tables[t]), err);
	for (int t = 0; t < REFERENCE_TABLES; t++)
		strbuf_release(&tables[t]);
	return rc;
}

/* ---- sizes ---- */

/* Log-normal, scaled to the wanted sum, between 5 and 4,000 teachers (specification 11). */
static double size_weight(uint64_t seed, size_t board)
{
	double u = ((double)(gen_chance(seed, board, 0, 1) >> 11) + 1) / 9007199254740994.0;
	double v = ((double)(gen_chance(seed, board, 0, 2) >> 11)) / 9007199254740992.0;

	return exp(1.15 * sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
}

static int64_t size_of(double weight, double scale)
{
	double size = weight * scale;

	return (int64_t)fmin(fmax(size, GEN_TEACHERS_MIN), TEACHERS_MAX);
}

static void set_sizes(const struct gen_options *options, struct gen_world *world)
{
	double low = 0, high = 1e7;
	uint64_t first = 0;

	for (int step = 0; step < 60; step++) {
		double scale = (low + high) / 2;
		int64_t sum = 0;

		for (size_t b = 0; b < world->board_count; b++)
			sum += size_of(size_weight(options->seed, b), scale);
		*(sum < options->teachers ? &low : &high) = scale;
	}
	int64_t left = options->teachers;

	for (size_t b = 0; b < world->board_count; b++) {
		world->boards[b].teachers = size_of(size_weight(options->seed, b), low);
		left -= world->boards[b].teachers;
	}
	/* what rounding left over, one teacher per board */
	for (size_t b = 0; left > 0 && world->board_count > 0; b = (b + 1) % world->board_count, left--)
		world->boards[b].teachers++;
	for (size_t b = 0; b < world->board_count; b++) {
		world->boards[b].first = first;
		first += (uint64_t)world->boards[b].teachers * 2 + 64; /* keys for those who join */
	}
}

int gen_world_load(const struct gen_options *options, struct gen_world *ret, struct err *err)
{
	*ret = (struct gen_world){ 0 };
	bool *used = calloc(BOARDS, sizeof *used); /* numbers of real boards, also of those that are gone */
	int rc = used ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for the boards");

	if (rc == 0 && options->reference)
		rc = load_real(options, ret, used, err);
	size_t real = ret->board_count;

	if (rc == 0)
		rc = invent(ret, (size_t)options->boards, used, err);
	free(used);
	if (rc == 0)
		rc = write_tables(options, ret, real, err);
	if (rc == 0)
		set_sizes(options, ret);
	return rc;
}

void gen_world_release(struct gen_world *world)
{
	for (size_t b = 0; b < world->board_count; b++)
		free(world->boards[b].sites);
	free(world->boards);
	*world = (struct gen_world){ 0 };
}
