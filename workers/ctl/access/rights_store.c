#include "ctl/access/rights_store.h"

#include "base/clock.h"
#include "ctl/base/output.h"
#include "ctl/base/publish.h"
#include "model/delivery.h"
#include "protocol/access_snapshot.h"
#include "wire/gen/access_tables.h"

enum { SNAPSHOT_BYTES_MAX = 24 << 20 }; /* a message may have 32 MiB */

/* ---- 1 ---- */

static int begin(struct rights_store *store, struct err *err)
{
	struct pg_params params;
	int rc = pg_script(store->link, "select pg_advisory_lock(4920180732)", err);

	if (rc == 0)
		rc = pg_begin(store->link, err);
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl_operator()));
	return rc == 0 ? pg_exec(store->link, NULL, "select set_config('instroom.operator', $1, true)", &params, NULL,
				 NULL, err)
		       : rc;
}

int rights_begin(struct ctl *ctl, struct rights_store *store, struct err *err)
{
	*store = (struct rights_store){ .ctl = ctl };
	strbuf_init(&store->tables, SNAPSHOT_BYTES_MAX);
	strbuf_init(&store->message, SNAPSHOT_BYTES_MAX + 4096);
	int rc = ctl_connect(ctl, true, &store->link, err);

	return rc == 0 ? begin(store, err) : rc;
}

void rights_end(struct rights_store *store)
{
	pg_link_close(store->link);
	strbuf_release(&store->tables);
	strbuf_release(&store->message);
}

/* ---- 3: the rows as a snapshot ---- */

/* Rows of a statement as items of an array of the message. */
typedef void read_row(void *item, const struct pg_rows *rows, size_t row);

static int load_rows(struct rights_store *store, const char *sql, size_t item_bytes, read_row *read,
		     struct pg_rows **ret_rows, void **ret_items, size_t *ret_count, struct err *err)
{
	int rc = pg_exec(store->link, NULL, sql, NULL, ret_rows, NULL, err);

	if (rc != 0)
		return rc;
	*ret_count = pg_rows_count(*ret_rows);
	*ret_items = arena_take_zeroed(&store->ctl->arena, MAX(*ret_count, (size_t)1), item_bytes);
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
static int make_tables(struct rights_store *store, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *parties = NULL, *boards = NULL, *mandates = NULL, *credentials = NULL;
	struct wire_access_tables wire = { 0 };
	void *items = NULL;
	int rc = load_rows(store, "select party, kind, digits from rights.party_number order by kind, digits",
			   sizeof *wire.party_numbers.items, read_party_number, &parties, &items,
			   &wire.party_numbers.count, err);

	wire.party_numbers.items = items;
	if (rc == 0)
		rc = load_rows(store,
			       "select board, kind, digits, from_day, until_day from rights.board_number"
			       " where until_day is null or until_day >= from_day order by id",
			       sizeof *wire.board_numbers.items, read_board_number, &boards, &items,
			       &wire.board_numbers.count, err);
	wire.board_numbers.items = items;
	if (rc == 0)
		rc = load_rows(store,
			       "select board, party, service, from_day, until_day from rights.mandate"
			       " where withdrawn_at is null order by id",
			       sizeof *wire.mandates.items, read_mandate, &mandates, &items, &wire.mandates.count, err);
	wire.mandates.items = items;
	if (rc == 0)
		rc = load_rows(store,
			       "select sha256, name, party, board, until_day, withdrawn_at is not null"
			       " from rights.credential order by id",
			       sizeof *wire.credentials.items, read_credential, &credentials, &items,
			       &wire.credentials.count, err);
	wire.credentials.items = items;
	if (rc != 0)
		return rc;
	access_snapshot_tables(&wire, &store->tables, store->version.sha256);
	return strbuf_ok(&store->tables)
		       ? 0
		       : err_set(err, ERR_DATA, "snapshot",
				 "the access data would be larger than a message may be: nothing is changed");
}

/* The version of these tables: the last one, when it has them already, else, or when it is made anew, a new one. */
static int take_version(struct rights_store *store, bool is_anew, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_bytes(&params, slice_make(store->version.sha256, sizeof store->version.sha256));
	pg_add_bool(&params, is_anew);
	int rc = pg_exec(
		store->link, NULL,
		"with last as (select * from rights.version order by sequence desc limit 1),"
		" added as (insert into rights.version (sequence, slot, sha256)"
		"   select greatest(coalesce((select sequence from last), 0) + 1,"
		"       (extract(epoch from clock_timestamp()) * 1000000)::bigint),"
		"     (coalesce((select slot from last), 0) + 1) % 8, $1"
		"   where $2 or not exists (select from last where sha256 = $1) returning *)"
		" select sequence, slot, published_at is not null from added"
		" union all select sequence, slot, published_at is not null from last where not $2 and sha256 = $1",
		&params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	store->version.sequence = pg_get_i64(rows, 0, 0);
	store->slot = pg_get_i32(rows, 0, 1);
	store->is_published = pg_get_bool(rows, 0, 2);
	return 0;
}

int rights_commit(struct rights_store *store, bool is_anew, struct err *err)
{
	int rc = make_tables(store, err);

	if (rc == 0)
		rc = take_version(store, is_anew, err);
	return rc == 0 ? pg_script(store->link, "commit", err) : rc;
}

/* ---- 4 ---- */

int rights_publish(struct rights_store *store, struct err *err)
{
	char key[ACCESS_SNAPSHOT_KEY_BYTES + 1];
	struct pg_params params;

	if (store->is_published)
		return 0;
	store->version.published_ms = clock_wall_ms();
	access_snapshot_write(&store->version, strbuf_slice(&store->tables), &store->message);
	if (!strbuf_ok(&store->message))
		return err_set(err, ERR_FATAL, "memory", "no memory for the snapshot");
	int rc = publish_one(store->ctl,
			     &(struct publish_message){ .what = "the snapshot of the access data",
							.topic = store->ctl->config.topic.access,
							.partition = 0,
							.key = access_snapshot_key(store->slot, key),
							.value = strbuf_slice(&store->message) },
			     err);

	pg_params_reset(&params);
	pg_add_i64(&params, store->version.sequence);
	return rc == 0 ? pg_exec(store->link, NULL,
				 "update rights.version set published_at = now() where sequence = $1", &params, NULL,
				 NULL, err)
		       : rc;
}

int rights_finish(struct rights_store *store, const char *made)
{
	struct err err = { 0 };
	int rc = 0;

	if (made)
		rc = output_show_first(made, "it could not be shown, so nothing was made", &err);
	if (rc == 0)
		rc = rights_commit(store, false, &err);
	if (rc != 0)
		return ctl_fail(&err);
	rc = rights_publish(store, &err);
	if (rc == 0)
		return 0;
	fputs("instroomctl: the change is stored, but is not yet in force. To put it in force: instroomctl access "
	      "publish\n",
	      stderr);
	return ctl_fail(&err);
}
