#include "render/rights_snapshot.h"

#include "base/clock.h"
#include "model/access_token.h"
#include "protocol/access_snapshot.h"
#include "wire/gen/access_tables.h"

enum { SNAPSHOT_BYTES_MAX = 24 << 20 }; /* a message may have 32 MiB */

void rights_snapshot_init(struct rights_snapshot *snapshot)
{
	*snapshot = (struct rights_snapshot){ 0 };
	strbuf_init(&snapshot->tables, SNAPSHOT_BYTES_MAX);
	strbuf_init(&snapshot->message, SNAPSHOT_BYTES_MAX + 4096);
}

void rights_snapshot_release(struct rights_snapshot *snapshot)
{
	strbuf_release(&snapshot->tables);
	strbuf_release(&snapshot->message);
}

int rights_snapshot_lock(struct pg_link *link, struct err *err)
{
	return pg_script(link, "select pg_advisory_xact_lock(" RIGHTS_LOCK ")", err);
}

int rights_snapshot_try_lock(struct pg_link *link, bool *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_ask(link, "rights_try_lock", "select pg_try_advisory_xact_lock(" RIGHTS_LOCK ")", "=b", NULL, &rows,
			err);

	*ret = rc == 0 && pg_get_bool(rows, 0, 0);
	return rc;
}

/* ---- the rows ---- */

/* Rows of a statement as items of an array of the message. */
typedef void read_row(void *item, const struct pg_rows *rows, size_t row);

static int load_rows(struct pg_link *link, struct arena *arena, const char *sql, const char *columns, size_t item_bytes,
		     read_row *read, struct pg_rows **ret_rows, void **ret_items, size_t *ret_count, struct err *err)
{
	int rc = pg_ask(link, NULL, sql, columns, NULL, ret_rows, err);

	if (rc != 0)
		return rc;
	*ret_count = pg_rows_count(*ret_rows);
	*ret_items = arena_take_zeroed(arena, MAX(*ret_count, (size_t)1), item_bytes);
	if (!*ret_items)
		return err_set(err, ERR_FULL, "arena", "the access data are too large");
	for (size_t row = 0; row < *ret_count; row++)
		read((char *)*ret_items + row * item_bytes, *ret_rows, row);
	return 0;
}

static void read_party_number(void *item, const struct pg_rows *rows, size_t row)
{
	*(struct wire_party_number *)item = (struct wire_party_number){ .party = pg_get_i32(rows, row, 0),
									.kind = pg_get_i32(rows, row, 1),
									.digits = pg_get_bytes(rows, row, 2) };
}

static void read_board_number(void *item, const struct pg_rows *rows, size_t row)
{
	*(struct wire_board_number *)item = (struct wire_board_number){ .board = pg_get_i32(rows, row, 0),
									.kind = pg_get_i32(rows, row, 1),
									.digits = pg_get_bytes(rows, row, 2),
									.from_day = pg_get_i32(rows, row, 3),
									.until_day = pg_get_i32(rows, row, 4) };
}

static void read_mandate(void *item, const struct pg_rows *rows, size_t row)
{
	*(struct wire_mandate *)item =
		(struct wire_mandate){ .board = pg_get_i32(rows, row, 0),
				       .party = pg_get_i32(rows, row, 1),
				       .service = (int32_t)access_service_of(pg_get_bytes(rows, row, 2)),
				       .from_day = pg_get_i32(rows, row, 3),
				       .until_day = pg_get_i32(rows, row, 4) };
}

static void read_credential(void *item, const struct pg_rows *rows, size_t row)
{
	struct wire_credential *credential = item;
	struct slice sha256 = pg_get_bytes(rows, row, 0);

	credential->name = pg_get_bytes(rows, row, 1);
	credential->party = pg_get_i32(rows, row, 2); /* NULL reads as 0 */
	credential->board = pg_get_i32(rows, row, 3);
	credential->until_day = pg_get_i32(rows, row, 4);
	credential->withdrawn = pg_get_bool(rows, row, 5);
	memcpy(credential->sha256, sha256.p, MIN(sha256.n, sizeof credential->sha256));
}

/* What ended before it began (a number that was taken back) is left out, as what is withdrawn is. */
static int make_tables(struct pg_link *link, struct arena *arena, struct rights_snapshot *snapshot, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *parties = NULL, *boards = NULL, *mandates = NULL, *credentials = NULL;
	struct wire_access_tables wire = { 0 };
	void *items = NULL;
	int rc = load_rows(link, arena, "select party, kind, digits from rights.snapshot_party_numbers()", "iit",
			   sizeof *wire.party_numbers.items, read_party_number, &parties, &items,
			   &wire.party_numbers.count, err);

	wire.party_numbers.items = items;
	if (rc == 0)
		rc = load_rows(link, arena,
			       "select board, kind, digits, from_day, until_day from rights.snapshot_board_numbers()",
			       "iitiI", sizeof *wire.board_numbers.items, read_board_number, &boards, &items,
			       &wire.board_numbers.count, err);
	wire.board_numbers.items = items;
	if (rc == 0)
		rc = load_rows(link, arena,
			       "select board, party, service, from_day, until_day from rights.snapshot_mandates()",
			       "iitiI", sizeof *wire.mandates.items, read_mandate, &mandates, &items,
			       &wire.mandates.count, err);
	wire.mandates.items = items;
	if (rc == 0)
		rc = load_rows(link, arena,
			       "select sha256, name, party, board, until_day, is_withdrawn"
			       " from rights.snapshot_credentials()",
			       "x32tIIIb", sizeof *wire.credentials.items, read_credential, &credentials, &items,
			       &wire.credentials.count, err);
	wire.credentials.items = items;
	if (rc != 0)
		return rc;
	access_snapshot_tables(&wire, &snapshot->tables, snapshot->version.sha256);
	return strbuf_ok(&snapshot->tables)
		       ? 0
		       : err_set(err, ERR_DATA, "snapshot",
				 "the access data would be larger than a message may be: nothing is changed");
}

/* ---- the version ---- */

static int take_version(struct pg_link *link, bool is_anew, struct rights_snapshot *snapshot, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_bytes(&params, slice_make(snapshot->version.sha256, sizeof snapshot->version.sha256));
	pg_add_bool(&params, is_anew);
	int rc = pg_ask(link, NULL, "select sequence, slot, is_published from rights.take_version($1, $2)", "=lib",
			&params, &rows, err);

	if (rc != 0)
		return rc;
	snapshot->version.sequence = pg_get_i64(rows, 0, 0);
	snapshot->slot = pg_get_i32(rows, 0, 1);
	snapshot->is_published = pg_get_bool(rows, 0, 2);
	return 0;
}

int rights_snapshot_make(struct pg_link *link, struct arena *arena, bool is_anew, struct rights_snapshot *snapshot,
			 struct err *err)
{
	int rc = make_tables(link, arena, snapshot, err);

	return rc == 0 ? take_version(link, is_anew, snapshot, err) : rc;
}

int rights_snapshot_seal(struct rights_snapshot *snapshot, struct err *err)
{
	snapshot->version.published_ms = clock_wall_ms();
	access_snapshot_write(&snapshot->version, strbuf_slice(&snapshot->tables), &snapshot->message);
	return strbuf_ok(&snapshot->message) ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for the snapshot");
}

int rights_snapshot_published(struct pg_link *link, const struct rights_snapshot *snapshot, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i64(&params, snapshot->version.sequence);
	return pg_exec(link, NULL, "select rights.note_published($1)", &params, NULL, NULL, err);
}
