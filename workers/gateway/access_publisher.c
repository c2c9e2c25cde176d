#include "gateway/access_publisher.h"

#include "base/clock.h"
#include "base/log.h"
#include "kafka/kafka_producer.h"
#include "protocol/access_snapshot.h"
#include "render/rights_snapshot.h"

#include <stdlib.h>

enum { MESSAGE_BYTES_MAX = 32 << 20, POLL_MS = 50 };

struct access_publisher {
	struct access_publisher_options options;
	struct kafka_producer *producer; /* NULL: not needed yet, or given up */
	int error;			 /* of the report of the message under way */
	const char *code;
	bool is_reported;
};

int access_publisher_open(const struct access_publisher_options *options, struct access_publisher **ret,
			  struct err *err)
{
	struct access_publisher *publisher = calloc(1, sizeof *publisher);

	if (!publisher)
		return err_set(err, ERR_FATAL, "memory", "no memory to publish access data");
	publisher->options = *options;
	*ret = publisher;
	return 0;
}

static void give_up_producer(struct access_publisher *publisher)
{
	if (publisher->producer)
		kafka_producer_close(publisher->producer);
	publisher->producer = NULL;
}

void access_publisher_close(struct access_publisher *publisher)
{
	if (!publisher)
		return;
	give_up_producer(publisher);
	free(publisher);
}

int access_publisher_is_behind(struct pg_link *link, bool *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_ask(link, "access_is_behind", "select rights.is_unpublished()", "=B", NULL, &rows, err);

	if (rc == 0)
		*ret = pg_get_bool(rows, 0, 0);
	return rc;
}

/* ---- Kafka ---- */

static void keep_report(void *self, const struct kafka_report *report)
{
	struct access_publisher *publisher = self;

	publisher->error = report->error;
	publisher->code = report->code;
	publisher->is_reported = true;
}

static int need_producer(struct access_publisher *publisher, struct err *err)
{
	const struct kafka_producer_options options = { .message_bytes_max = MESSAGE_BYTES_MAX,
							.delivery_timeout_ms = ACCESS_PUBLISH_MS,
							.queue_bytes_max = 2L * MESSAGE_BYTES_MAX,
							.compression = publisher->options.compression };

	if (publisher->producer && kafka_producer_is_dead(publisher->producer))
		give_up_producer(publisher);
	return publisher->producer ? 0
				   : kafka_producer_open(&publisher->options.kafka, &options, keep_report, publisher,
							 &publisher->producer, err);
}

/* What is not reported in time is called off, so that it does not come later, beside a newer one. */
static int wait_for_report(struct access_publisher *publisher, struct err *err)
{
	int64_t end_ms = clock_ms() + ACCESS_PUBLISH_MS;

	while (!publisher->is_reported && clock_ms() < end_ms && !publisher->options.should_stop())
		(void)kafka_producer_poll(publisher->producer, POLL_MS);
	if (publisher->is_reported && publisher->error == 0)
		return 0;
	if (!publisher->is_reported)
		give_up_producer(publisher);
	return err_set(err, ERR_RETRY, publisher->code ? publisher->code : "timeout",
		       "Kafka did not take the snapshot of the access data");
}

static int send_snapshot(struct access_publisher *publisher, const struct rights_snapshot *snapshot, struct err *err)
{
	char key[ACCESS_SNAPSHOT_KEY_BYTES + 1];
	int rc = need_producer(publisher, err);

	if (rc != 0)
		return rc;
	publisher->is_reported = false;
	publisher->code = NULL;
	rc = kafka_producer_produce(publisher->producer, publisher->options.topic, 0,
				    access_snapshot_key(snapshot->slot, key), strbuf_slice(&snapshot->message), NULL, 0,
				    NULL, err);
	return rc == 0 ? wait_for_report(publisher, err) : rc;
}

/* ---- the transaction ---- */

/* Under the lock. */
static int publish_newest(struct access_publisher *publisher, struct pg_link *link, struct arena *arena,
			  struct err *err)
{
	struct rights_snapshot snapshot;

	rights_snapshot_init(&snapshot);
	int rc = rights_snapshot_make(link, arena, false, &snapshot, err);

	if (rc == 0 && !snapshot.is_published) {
		rc = rights_snapshot_seal(&snapshot, err);
		if (rc == 0)
			rc = send_snapshot(publisher, &snapshot, err);
		if (rc == 0)
			rc = rights_snapshot_published(link, &snapshot, err);
		if (rc == 0)
			log_event(LOG_INFO, "access.published", "version=%lld", (long long)snapshot.version.sequence);
	}
	rights_snapshot_release(&snapshot);
	return rc;
}

static int end_transaction(struct pg_link *link, int rc, struct err *err)
{
	struct err later;

	if (rc == 0)
		return pg_script(link, "commit", err);
	if (pg_link_is_up(link) && pg_script(link, "rollback", &later) != 0)
		pg_link_drop(link);
	return rc;
}

int access_publisher_publish(struct access_publisher *publisher, struct pg_link *link, struct arena *arena,
			     struct err *err)
{
	int rc = pg_begin(link, err);

	if (rc != 0)
		return rc;
	rc = rights_snapshot_lock(link, err);
	if (rc == 0)
		rc = publish_newest(publisher, link, arena, err);
	return end_transaction(link, rc, err);
}

int access_publisher_catch_up(struct access_publisher *publisher, struct pg_link *link, struct arena *arena,
			      bool *ret_tried, struct err *err)
{
	*ret_tried = false;
	int rc = pg_begin(link, err);

	if (rc != 0)
		return rc;
	rc = rights_snapshot_try_lock(link, ret_tried, err);
	if (rc == 0 && *ret_tried)
		rc = publish_newest(publisher, link, arena, err);
	return end_transaction(link, rc, err);
}
