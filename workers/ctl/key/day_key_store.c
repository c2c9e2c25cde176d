#include "ctl/key/day_key_store.h"

#include "base/clock.h"
#include "ctl/base/publish.h"
#include "encryption/body_encryption.h"
#include "encryption/day_key_message.h"
#include "encryption/day_key_topic.h"

#include <stdlib.h>

enum { MESSAGE_BYTES_MAX = 64 << 10 };

static int compare(const void *a, const void *b)
{
	const struct day_key_record *one = a, *other = b;

	return day_key_id_compare(&one->id, &other->id);
}

int day_key_store_open(struct ctl *ctl, struct day_key_store *ret, struct err *err)
{
	*ret = (struct day_key_store){ .ctl = ctl, .keys = body_encryption_keys(ctl->encryption) };
	if (!ret->keys)
		return err_set(err, ERR_CONFIG, "encrypt.key.file",
			       "say which file holds the master keys: --encrypt.key.file=PATH");
	int rc = day_key_topic_read(&ctl->kafka, ctl->config.topic.day_keys, ret->keys, NULL, err);

	if (rc != 0)
		return rc;
	ret->count = day_keys_list(ret->keys, NULL, 0);
	ret->records = calloc(MAX(ret->count, (size_t)1), sizeof *ret->records);
	if (!ret->records)
		return err_set(err, ERR_FATAL, "memory", "no memory for %zu day keys", ret->count);
	ret->count = MIN(ret->count, day_keys_list(ret->keys, ret->records, ret->count));
	qsort(ret->records, ret->count, sizeof *ret->records, compare);
	return 0;
}

void day_key_store_close(struct day_key_store *store)
{
	free(store->records);
	store->records = NULL;
}

/* ---- writing ---- */

struct reports {
	int error; /* the first */
	char code[32];
};

static void keep_first(void *self, const struct kafka_report *report)
{
	struct reports *reports = self;

	if (report->error == 0 || reports->error != 0)
		return;
	reports->error = report->error;
	snprintf(reports->code, sizeof reports->code, "%s", report->code);
}

static int produce_all(const struct day_key_store *store, struct kafka_producer *producer,
		       const struct day_key_record *records, size_t count, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf value;
	char key[DAY_KEY_ID_TEXT_BYTES + 1];
	int rc = 0;

	strbuf_init(&value, MESSAGE_BYTES_MAX);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		day_key_message_write(&records[i], &value);
		rc = strbuf_check(&value, "a day key", err);
		if (rc == 0)
			rc = kafka_producer_produce(producer, store->ctl->config.topic.day_keys, 0,
						    day_key_id_text(&records[i].id, key), strbuf_slice(&value), NULL, 0,
						    NULL, err);
	}
	return rc == 0 ? kafka_producer_flush(producer, CTL_WAIT_MS, err) : rc;
}

int day_key_store_publish(struct day_key_store *store, const struct day_key_record *records, size_t count,
			  struct err *err)
{
	struct kafka_producer_options options = { .message_bytes_max = MESSAGE_BYTES_MAX,
						  .delivery_timeout_ms = CTL_WAIT_MS,
						  .queue_bytes_max = 1 << 20,
						  .compression = "none" };
	struct reports reports = { 0 };
	struct kafka_producer *producer;
	int rc = kafka_producer_open(&store->ctl->kafka, &options, keep_first, &reports, &producer, err);

	if (rc != 0)
		return rc;
	rc = produce_all(store, producer, records, count, err);
	kafka_producer_close(producer);
	if (rc == 0 && reports.error != 0)
		rc = publish_fail(reports.error, reports.code, "the day keys", store->ctl->config.topic.day_keys, err);
	return rc;
}

void day_key_store_sign(struct day_key_record *record, const char *why)
{
	record->at_ms = clock_wall_ms();
	snprintf(record->by, sizeof record->by, "%s", ctl_operator());
	snprintf(record->why, sizeof record->why, "%s", why);
}
