/* day-keys shred: erases the keys of days that are over, and with them every copy of what they sealed.
 *
 *   1. The days are older than topic.retention.days: Kafka was to keep what was delivered on them no longer.
 *   2. No message of raw, verdict or quarantine is sealed with one of the keys. So nothing that still has to be judged,
 *      written, replayed or verified is lost, and the logs read as before: what becomes unreadable are copies, in
 *      backups and on disks that were taken away. Kafka removes whole segments, so a message may outlive its term; who
 *      cannot wait moves the beginning of the partition (kafka-delete-records).
 *   3. A record without key takes the place of each. Programs that follow the topic erase theirs at once.
 *
 * Without DATE (the timer) it is the day before which none of this refuses: the first day within the retention, or the
 * oldest day of which a message is still there.
 *
 * A message is appended within minutes of its sealing, so a partition holds them in the order of their days, and a look
 * ends at the first one that was appended two days behind DATE.
 *
 * No header: the command stands in key_commands.h. */
#include "base/clock.h"
#include "ctl/base/topic_walk.h"
#include "ctl/key/day_key_store.h"
#include "ctl/key/key_commands.h"
#include "model/date.h"
#include "seal/body_seal.h"

#include <stdlib.h>

enum { MARGIN_DAYS = 2 };

struct shredding {
	struct ctl *ctl;
	int32_t before;	    /* JJJJMMDD */
	bool finds_day;	    /* no DATE: as far as messages allow */
	int32_t oldest;	    /* the day of the oldest message that needs a key; at most before */
	const char *reason; /* NULL: only shown */
	struct day_key_store store;
	struct kafka_reader *reader;
	int64_t found; /* messages of the partition that need a key */
	bool is_behind;
};

static bool is_due(const struct shredding *shredding, const struct day_key_record *record)
{
	return !record->is_shredded && record->id.day < shredding->before;
}

/* ---- what still needs them ---- */

static int look_at(void *self, const struct kafka_message *message, struct err *err)
{
	struct shredding *shredding = self;
	struct day_key_id id;
	int32_t appended = clock_amsterdam_date(message->timestamp_ms);

	if (body_frame_look(message->value, &id) == BODY_FRAME_SEALED && id.day < shredding->before) {
		shredding->found++;
		shredding->oldest = MIN(shredding->oldest, id.day);
	}
	shredding->is_behind = appended >= date_add_days(shredding->before, MARGIN_DAYS);
	return shredding->is_behind ? err_set(err, ERR_STOP, "behind", "the days are over") : 0;
}

static int look_through(struct shredding *shredding, const char *topic, int32_t partition, struct err *err)
{
	struct kafka_topic_range range;
	int rc = kafka_reader_range(shredding->reader, topic, partition, CTL_WAIT_MS, &range, err);

	shredding->is_behind = false;
	if (rc == 0)
		rc = topic_walk(shredding->reader, topic, partition, range.low, range.high, look_at, shredding, err);
	return rc == -ERR_STOP && shredding->is_behind ? 0 : rc;
}

static int count_topic(struct shredding *shredding, const char *topic, int64_t *total, struct err *err)
{
	int32_t partitions = 0;
	int rc = kafka_reader_partitions(shredding->reader, topic, CTL_WAIT_MS, &partitions, err);

	for (int32_t partition = 0; rc == 0 && partition < partitions; partition++) {
		shredding->found = 0;
		rc = look_through(shredding, topic, partition, err);
		if (rc == 0 && shredding->found > 0)
			printf("%s/%d still holds %lld messages of those days\n", topic, partition,
			       (long long)shredding->found);
		*total += shredding->found;
	}
	return rc;
}

static int count_messages(struct shredding *shredding, int64_t *ret, struct err *err)
{
	const struct topic_settings *topics = &shredding->ctl->config.topic;
	const char *const names[] = { topics->raw, topics->verdict, topics->quarantine };
	struct kafka_options places = shredding->ctl->kafka;
	int rc;

	*ret = 0;
	shredding->oldest = shredding->before;
	places.ignores_bodies = true; /* their shells say which key */
	rc = kafka_reader_open(&places, CTL_MESSAGE_BYTES_MAX, &shredding->reader, err);
	if (rc != 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(names); i++)
		rc = count_topic(shredding, names[i], ret, err);
	kafka_reader_close(shredding->reader);
	return rc;
}

/* ---- shredding ---- */

static int shred_all(struct shredding *shredding, struct err *err)
{
	struct day_key_store *store = &shredding->store;
	struct day_key_record *due = calloc(MAX(store->count, (size_t)1), sizeof *due);
	size_t count = 0;

	if (!due)
		return err_set(err, ERR_FATAL, "memory", "no memory for %zu day keys", store->count);
	for (size_t i = 0; i < store->count; i++) {
		if (!is_due(shredding, &store->records[i]))
			continue;
		due[count] = (struct day_key_record){ .id = store->records[i].id, .is_shredded = true };
		day_key_store_sign(&due[count++], shredding->reason);
	}
	int rc = day_key_store_publish(store, due, count, err);

	if (rc == 0)
		printf("%zu keys are shredded; their wrapped forms leave Kafka's disks when it compacts the topic: "
		       "instroomctl day-keys list says which are left\n",
		       count);
	free(due);
	return rc;
}

static size_t show_due(const struct shredding *shredding)
{
	size_t count = 0;

	for (size_t i = 0; i < shredding->store.count; i++) {
		char id[DAY_KEY_ID_TEXT_BYTES + 1];

		if (!is_due(shredding, &shredding->store.records[i]))
			continue;
		(void)day_key_id_text(&shredding->store.records[i].id, id);
		printf("%s\n", id);
		count++;
	}
	return count;
}

static int shred(struct shredding *shredding, bool *ret_is_needed, struct err *err)
{
	int64_t needed = 0;
	int rc = day_key_store_open(shredding->ctl, &shredding->store, err);

	if (rc == 0)
		rc = count_messages(shredding, &needed, err);
	*ret_is_needed = needed > 0 && !shredding->finds_day;
	if (rc != 0 || *ret_is_needed)
		return rc;
	shredding->before = shredding->oldest;
	size_t count = show_due(shredding);
	char day[11];

	date_to_iso(shredding->before, day);
	if (!shredding->reason || count == 0) {
		printf("%zu keys of days before %s%s\n", count, day,
		       count == 0			       ? ""
		       : ctl_has(shredding->ctl, OPTION_TIMER) ? "; with retention.timer = remove they are shredded"
							       : "; with --reason they are shredded");
		return 0;
	}
	return shred_all(shredding, err);
}

static int read_arguments(struct ctl *ctl, struct shredding *ret)
{
	int32_t oldest = date_add_days(body_seal_today(), -(int)ctl->config.topic_retention_days);
	bool is_timed = ctl_has(ctl, OPTION_TIMER), removes_timed = strcmp(ctl->config.retention_timer, "remove") == 0;
	char day[11];

	if (is_timed && (ctl_has(ctl, OPTION_REASON) || ctl->argument_count > 0))
		return ctl_usage("--timer does what retention.timer says, without DATE or --reason");
	ret->finds_day = ctl->argument_count == 0;
	ret->before = ret->finds_day ? oldest : date_parse_iso(slice_of(ctl->arguments[0]));
	ret->reason = is_timed && removes_timed ? "retention.timer = remove" : ctl->options[OPTION_REASON];
	if (ret->before <= 0)
		return ctl_usage("DATE is a day, as 2027-07-31");
	date_to_iso(oldest, day);
	if (ret->before > oldest)
		return ctl_usage("what was delivered within topic.retention.days is kept: DATE is %s at the latest",
				 day);
	return 0;
}

int run_day_keys_shred(struct ctl *ctl)
{
	struct shredding shredding = { .ctl = ctl };
	struct err err = { 0 };
	bool is_needed = false;
	int rc = read_arguments(ctl, &shredding);

	if (rc != 0)
		return rc;
	rc = shred(&shredding, &is_needed, &err);
	day_key_store_close(&shredding.store);
	if (rc != 0)
		return ctl_fail(&err);
	if (is_needed)
		fprintf(stderr, "instroomctl: nothing is shredded: Kafka still holds messages that need the keys\n");
	return is_needed ? EXIT_ANSWER_IS_NO : 0;
}
