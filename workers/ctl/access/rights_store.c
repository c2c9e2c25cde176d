#include "ctl/access/rights_store.h"

#include "ctl/base/publish.h"
#include "protocol/access_snapshot.h"

/* ---- 1 ---- */

static int begin(struct rights_store *store, struct err *err)
{
	struct pg_params params;
	int rc = pg_script(store->link, "select pg_advisory_lock(" RIGHTS_LOCK ")", err);

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
	rights_snapshot_init(&store->snapshot);
	int rc = ctl_connect(ctl, true, &store->link, err);

	return rc == 0 ? begin(store, err) : rc;
}

void rights_end(struct rights_store *store)
{
	pg_link_close(store->link);
	rights_snapshot_release(&store->snapshot);
}

/* ---- 3 ---- */

int rights_commit(struct rights_store *store, bool is_anew, struct err *err)
{
	int rc = rights_snapshot_make(store->link, &store->ctl->arena, is_anew, &store->snapshot, err);

	return rc == 0 ? pg_script(store->link, "commit", err) : rc;
}

/* ---- 4 ---- */

int rights_publish(struct rights_store *store, struct err *err)
{
	struct rights_snapshot *snapshot = &store->snapshot;
	char key[ACCESS_SNAPSHOT_KEY_BYTES + 1];

	if (snapshot->is_published)
		return 0;
	int rc = rights_snapshot_seal(snapshot, err);

	if (rc == 0)
		rc = publish_one(store->ctl,
				 &(struct publish_message){ .what = "the snapshot of the access data",
							    .topic = store->ctl->config.topic.access,
							    .partition = 0,
							    .key = access_snapshot_key(snapshot->slot, key),
							    .value = strbuf_slice(&snapshot->message) },
				 err);
	return rc == 0 ? rights_snapshot_published(store->link, snapshot, err) : rc;
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
	fputs("instroomctl: the change is stored, but is not yet in force. A gateway puts it in force once Kafka "
	      "takes it, or you do: instroomctl access publish\n",
	      stderr);
	return ctl_fail(&err);
}
