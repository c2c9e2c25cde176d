#include "protocol/access_snapshot.h"

#include "model/delivery.h"
#include "model/teacher_key.h"
#include "protocol/frame.h"
#include "wire/gen/access.h"
#include "wire/wire.h"

#include <assert.h>

/* Rows take more room decoded than in the message, at most so many times: a mandate of 5 bytes is 20 there, and 20 in
 * the tables. */
enum { SCRATCH_TIMES = 32, SCRATCH_BYTES_MIN = 64 << 10 };
enum { DAY_MIN = 19000101, DAY_MAX = 21991231 };

/* ---- writing ---- */

struct slice access_snapshot_key(int32_t slot, char text[ACCESS_SNAPSHOT_KEY_BYTES + 1])
{
	assert(slot >= 0);
	text[0] = (char)('0' + slot % ACCESS_SNAPSHOT_SLOTS);
	text[1] = '\0';
	return slice_make(text, ACCESS_SNAPSHOT_KEY_BYTES);
}

void access_snapshot_tables(const struct wire_access_tables *from, struct strbuf *tables,
			    uint8_t ret_sha256[ACCESS_VERSION_BYTES])
{
	strbuf_reset(tables);
	frame_put(tables, WIRE_ACCESS_TABLES_SCHEMA);
	wire_access_tables_encode(tables, from);
	sha256_of(strbuf_slice(tables), ret_sha256);
}

void access_snapshot_write(const struct access_version *version, struct slice tables, struct strbuf *value)
{
	struct wire_access_snapshot snapshot = { .sequence = version->sequence,
						 .published_ms = version->published_ms,
						 .tables = tables };

	memcpy(snapshot.sha256, version->sha256, sizeof snapshot.sha256);
	strbuf_reset(value);
	frame_put(value, WIRE_ACCESS_SNAPSHOT_SCHEMA);
	wire_access_snapshot_encode(value, &snapshot);
}

/* ---- reading ---- */

struct opening {
	struct arena scratch;
	struct wire_access_tables wire;
	struct access_tables tables;
};

static int fail_row(const char *what, size_t row, struct err *err)
{
	return err_set(err, ERR_DATA, "access", "row %zu of the %s is not of the right form", row, what);
}

static bool is_board(int32_t board)
{
	return board >= 0 && board <= (int32_t)BOARD_NUMBER_MAX;
}

static bool read_days(int32_t from, int32_t until, struct access_days *ret)
{
	*ret = (struct access_days){ from, until };
	return from >= DAY_MIN && from <= DAY_MAX && (until == 0 || (until >= DAY_MIN && until <= DAY_MAX));
}

static bool read_number(int32_t kind, struct slice digits, struct party_number *ret)
{
	return kind > 0 && party_number_make((enum party_number_kind)kind, digits, ret);
}

static int read_party_numbers(struct opening *opening, struct err *err)
{
	size_t count = opening->wire.party_numbers.count;
	struct access_party_number *rows = arena_take(&opening->scratch, count, sizeof *rows);

	if (!rows)
		return err_set(err, ERR_FULL, "arena", "the access data are too large");
	for (size_t i = 0; i < count; i++) {
		const struct wire_party_number *from = &opening->wire.party_numbers.items[i];

		rows[i].party = from->party;
		if (from->party < 1 || !read_number(from->kind, from->digits, &rows[i].number))
			return fail_row("numbers of parties", i, err);
	}
	opening->tables.party_numbers = rows;
	opening->tables.party_number_count = count;
	return 0;
}

static int read_board_numbers(struct opening *opening, struct err *err)
{
	size_t count = opening->wire.board_numbers.count;
	struct access_board_number *rows = arena_take(&opening->scratch, count, sizeof *rows);

	if (!rows)
		return err_set(err, ERR_FULL, "arena", "the access data are too large");
	for (size_t i = 0; i < count; i++) {
		const struct wire_board_number *from = &opening->wire.board_numbers.items[i];

		rows[i].board = (uint32_t)from->board;
		if (!is_board(from->board) || !read_number(from->kind, from->digits, &rows[i].number) ||
		    !read_days(from->from_day, from->until_day, &rows[i].days))
			return fail_row("numbers of boards", i, err);
	}
	opening->tables.board_numbers = rows;
	opening->tables.board_number_count = count;
	return 0;
}

static int read_mandates(struct opening *opening, struct err *err)
{
	size_t count = opening->wire.mandates.count;
	struct access_mandate *rows = arena_take(&opening->scratch, count, sizeof *rows);

	if (!rows)
		return err_set(err, ERR_FULL, "arena", "the access data are too large");
	for (size_t i = 0; i < count; i++) {
		const struct wire_mandate *from = &opening->wire.mandates.items[i];

		rows[i] = (struct access_mandate){ .party = from->party,
						   .board = (uint32_t)from->board,
						   .service = (unsigned)from->service };
		if (!is_board(from->board) || from->party < 1 ||
		    access_service_name((enum access_service)from->service)[0] == '\0' ||
		    !read_days(from->from_day, from->until_day, &rows[i].days))
			return fail_row("mandates", i, err);
	}
	opening->tables.mandates = rows;
	opening->tables.mandate_count = count;
	return 0;
}

static int read_credentials(struct opening *opening, struct err *err)
{
	size_t count = opening->wire.credentials.count;
	struct access_credential *rows = arena_take_zeroed(&opening->scratch, count, sizeof *rows);

	if (!rows)
		return err_set(err, ERR_FULL, "arena", "the access data are too large");
	for (size_t i = 0; i < count; i++) {
		const struct wire_credential *from = &opening->wire.credentials.items[i];
		struct access_days days;

		if (!access_token_is_name(from->name) || from->party < 0 || !is_board(from->board) ||
		    !read_days(DAY_MIN, from->until_day, &days) || from->until_day == 0)
			return fail_row("credentials", i, err);
		rows[i].party = from->party;
		rows[i].board = (uint32_t)from->board;
		rows[i].until = from->until_day;
		rows[i].is_withdrawn = from->withdrawn;
		memcpy(rows[i].sha256, from->sha256, sizeof rows[i].sha256);
		memcpy(rows[i].name, from->name.p, from->name.n); /* of good form: fits */
	}
	opening->tables.credentials = rows;
	opening->tables.credential_count = count;
	return 0;
}

static int decode_tables(struct slice bytes, struct opening *opening, struct err *err)
{
	struct slice body;
	uint64_t schema;
	int rc = frame_open(bytes, &schema, &body, err);

	if (rc == 0)
		rc = wire_access_tables_decode_as(schema, body, &opening->scratch, &opening->wire, err);
	if (rc == 0)
		rc = read_party_numbers(opening, err);
	if (rc == 0)
		rc = read_board_numbers(opening, err);
	if (rc == 0)
		rc = read_mandates(opening, err);
	return rc == 0 ? read_credentials(opening, err) : rc;
}

static int open_tables(const struct wire_access_snapshot *snapshot, struct access_data **ret, struct err *err)
{
	struct access_version version = { .sequence = snapshot->sequence, .published_ms = snapshot->published_ms };
	size_t scratch_bytes = SCRATCH_BYTES_MIN + SCRATCH_TIMES * snapshot->tables.n;
	struct opening opening = { 0 };

	memcpy(version.sha256, snapshot->sha256, sizeof version.sha256);
	int rc = arena_init(&opening.scratch, scratch_bytes, 0, err);

	if (rc != 0)
		return rc;
	rc = decode_tables(snapshot->tables, &opening, err);
	if (rc == 0)
		rc = access_data_new(&opening.tables, &version, ret, err);
	arena_release(&opening.scratch);
	if (rc == -ERR_FULL)
		return err_set(err, ERR_DATA, "access", "the tables have far too many rows for their size");
	return rc;
}

int access_snapshot_open(struct slice value, struct access_data **ret, struct err *err)
{
	struct wire_access_snapshot snapshot;
	uint8_t sha256[ACCESS_VERSION_BYTES];
	struct arena none = { 0 }; /* the message has no array */
	struct slice body;
	uint64_t schema;
	int rc = frame_open(value, &schema, &body, err);

	if (rc == 0)
		rc = wire_access_snapshot_decode_as(schema, body, &none, &snapshot, err);
	if (rc != 0)
		return rc;
	sha256_of(snapshot.tables, sha256);
	if (snapshot.sequence < 1 || memcmp(sha256, snapshot.sha256, sizeof sha256) != 0)
		return err_set(err, ERR_DATA, "access", "the tables are not those of the message's version");
	return open_tables(&snapshot, ret, err);
}
