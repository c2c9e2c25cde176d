#include "encryption/body_encryption.h"

#include "base/clock.h"
#include "base/log.h"
#include "encryption/day_key_message.h"
#include "encryption/day_key_topic.h"
#include "kafka/topic_watch.h"
#include "model/date.h"
#include "run/metrics.h"

#include <stdlib.h>

enum { AHEAD_NEEDED = 3, READ_PAUSE_MS = 1000, LOOK_EVERY_MS = 1000, LABEL_BYTES = 64 };

enum {
	METRIC_DAYS,
	METRIC_TODAY,
	METRIC_SEALED,
	METRIC_OPENED,
	METRIC_WAITING,
	METRIC_SHREDDED,
	METRIC_BROKEN,
	METRICS
};

struct body_encryption {
	struct day_keys *keys;
	struct body_seal seal;
	struct topic_watch *watch; /* NULL: a command */
	struct kafka_options kafka;
	const char *topic;
	int64_t due_at_ms; /* the next look (worker), or the next read (command) */
	const char *lacks; /* as of the last look */
	bool has_lacked;   /* logged */
};

/* ---- metrics ---- */

#define BODIES_HELP "Message bodies by what encryption did with them."

static struct metric metrics[METRICS] = {
	[METRIC_DAYS] =
		METRIC_OF(METRIC_GAUGE, "instroom_day_keys_missing", "",
			  "Of today and the next three days, how many have no day key; 0 while nothing is to be "
			  "encrypted."),
	[METRIC_TODAY] = METRIC_OF(METRIC_GAUGE, "instroom_day_key_missing_today", "",
				   "1 while bodies are to be encrypted and today has no day key."),
	[METRIC_SEALED] = METRIC_OF(METRIC_COUNTER, "instroom_bodies_total", "state=\"sealed\"", BODIES_HELP),
	[METRIC_OPENED] = METRIC_OF(METRIC_COUNTER, "instroom_bodies_total", "state=\"opened\"", BODIES_HELP),
	[METRIC_WAITING] = METRIC_OF(METRIC_COUNTER, "instroom_bodies_total", "state=\"no-key\"", BODIES_HELP),
	[METRIC_SHREDDED] = METRIC_OF(METRIC_COUNTER, "instroom_bodies_total", "state=\"shredded\"", BODIES_HELP),
	[METRIC_BROKEN] = METRIC_OF(METRIC_COUNTER, "instroom_bodies_total", "state=\"tampered\"", BODIES_HELP),
};

/* Each of our metrics says its stage. */
static void register_metrics(const char *stage)
{
	static char labels[METRICS][LABEL_BYTES];

	for (size_t i = 0; i < METRICS; i++) {
		snprintf(labels[i], sizeof labels[i], "stage=\"%s\"%s%s", stage, *metrics[i].labels ? "," : "",
			 metrics[i].labels);
		metrics[i].labels = labels[i];
	}
	metrics_register_all(metrics, ARRAY_LEN(metrics));
}

static int count_missing(struct day_keys *keys, int32_t today)
{
	int missing = 0;

	for (int i = 0; i <= AHEAD_NEEDED; i++)
		missing += !day_keys_has_day(keys, date_add_days(today, i));
	return missing;
}

static void measure(const struct body_encryption *encryption, bool has_today, int missing)
{
	struct day_keys_counts counts = day_keys_counts(encryption->keys);

	metric_set(&metrics[METRIC_DAYS], encryption->seal.seals ? missing : 0);
	metric_set(&metrics[METRIC_TODAY], encryption->seal.seals && !has_today);
	metric_set(&metrics[METRIC_SEALED], counts.sealed);
	metric_set(&metrics[METRIC_OPENED], counts.opened);
	metric_set(&metrics[METRIC_WAITING], counts.waiting);
	metric_set(&metrics[METRIC_SHREDDED], counts.shredded);
	metric_set(&metrics[METRIC_BROKEN], counts.broken);
}

/* ---- the topic ---- */

static const char DELETED_EFFECT[] =
	"nothing is sealed with them any more; this program opens what is sealed with them until it ends, one that "
	"starts cannot: end none that works, let what waits be judged and written, run instroomctl day-keys make and "
	"day-keys check";

/* No value: Kafka forgets the key's record with its next compaction. */
static int take_deletion(struct body_encryption *encryption, const struct kafka_message *message, struct err *err)
{
	struct day_key_id id;
	char text[DAY_KEY_ID_TEXT_BYTES + 1];

	if (!day_key_id_parse(message->key, &id))
		return err_set(err, ERR_DATA, "day_key", "a message of the topic of day keys is none of ours");
	if (day_keys_delete(encryption->keys, &id) > 0)
		log_event(LOG_ERROR, "day_key.deleted", "offset=%lld key=%.*s why=%s effect=%s",
			  (long long)message->offset, (int)DAY_KEY_ID_TEXT_BYTES, day_key_id_text(&id, text).p,
			  LOG_QUOTED("somebody deleted its record, not instroomctl"), LOG_QUOTED(DELETED_EFFECT));
	return 0;
}

static void take_cut(void *self, int64_t below)
{
	struct body_encryption *encryption = self;
	size_t count = day_keys_delete_below(encryption->keys, below);

	if (count > 0)
		log_event(LOG_ERROR, "day_keys.deleted", "topic=%s keys=%zu why=%s effect=%s", encryption->topic, count,
			  LOG_QUOTED(below == INT64_MAX ? "the topic is gone"
							: "the beginning of the topic was removed"),
			  LOG_QUOTED(DELETED_EFFECT));
}

static int take_message(void *self, const struct kafka_message *message, void **ret, struct err *err)
{
	struct body_encryption *encryption = self;
	struct day_key_record record;
	char text[DAY_KEY_ID_TEXT_BYTES + 1];

	*ret = NULL;
	if (message->value.n == 0)
		return take_deletion(encryption, message, err);
	int rc = day_key_message_read(message->key, message->value, &record, err);

	if (rc != 0)
		return rc;
	record.offset = message->offset;
	if (!day_keys_take(encryption->keys, &record))
		return err_set(err, ERR_DATA, "day_keys", "there are more than %d day keys", DAY_KEYS_MAX);
	(void)day_key_id_text(&record.id, text);
	log_event(LOG_DEBUG, record.is_shredded ? "day_key.shredded" : "day_key.read", "offset=%lld key=%s",
		  (long long)message->offset, text);
	return 0;
}

static void free_nothing(void *nothing)
{
	(void)nothing;
}

static const struct topic_watch_kind KIND = {
	.event = "day_keys", .open = take_message, .free = free_nothing, .is_optional = true, .cut = take_cut
};

/* Of a command: whoever lacks a key asks again, and most lack the same one. */
static void read_topic(void *self)
{
	struct body_encryption *encryption = self;
	struct err err = { 0 };

	if (encryption->due_at_ms > clock_ms())
		return;
	if (day_key_topic_read(&encryption->kafka, encryption->topic, encryption->keys, NULL, &err) != 0)
		log_event(LOG_WARN, "day_keys.unread", "topic=%s code=%s why=%s", encryption->topic,
			  LOG_QUOTED(err.code), LOG_QUOTED(err.text));
	encryption->due_at_ms = clock_ms() + READ_PAUSE_MS;
}

/* ---- life ---- */

static void name_topics(struct body_seal *seal, const struct topic_settings *topics)
{
	const char *const names[BODY_SEAL_TOPICS_MAX] = { topics->raw, topics->verdict, topics->quarantine };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i])
			seal->topics[seal->topic_count++] = names[i];
}

static int open_keys(const struct encrypt_settings *encrypt, const struct topic_settings *topics,
		     struct kafka_settings *kafka, struct body_encryption **ret, struct err *err)
{
	*ret = NULL;
	if (slice_is_empty(encrypt->key.bytes))
		return encrypt->bodies ? err_set(err, ERR_CONFIG, "encrypt.key.file",
						 "encrypt.bodies wants encrypt.key.file, which holds the master keys")
				       : 0;
	struct body_encryption *encryption = calloc(1, sizeof *encryption);

	if (!encryption)
		return err_set(err, ERR_FATAL, "memory", "no memory for the encryption of bodies");
	int rc = day_keys_open(&encrypt->key, &encryption->keys, err);

	if (rc != 0) {
		free(encryption);
		return rc;
	}
	encryption->topic = topics->day_keys;
	encryption->lacks = "";
	encryption->seal = (struct body_seal){
		.keys = encryption->keys,
		.seals = encrypt->bodies,
		.compresses = !kafka->compression || strcmp(kafka->compression, "none") != 0,
	};
	name_topics(&encryption->seal, topics);
	encryption->kafka = settings_kafka(kafka, "instroom-day-keys"); /* not sealed itself */
	kafka->bodies = &encryption->seal;
	*ret = encryption;
	return 0;
}

int body_encryption_open(const char *stage, const struct encrypt_settings *encrypt, const struct topic_settings *topics,
			 struct kafka_settings *kafka, struct body_encryption **ret, struct err *err)
{
	int rc = open_keys(encrypt, topics, kafka, ret, err);

	register_metrics(stage); /* also while it is off: an alert may ask for them */
	if (rc != 0 || !*ret)
		return rc;
	return topic_watch_open(&(*ret)->kafka, (*ret)->topic, &KIND, *ret, &(*ret)->watch, err);
}

int body_encryption_open_once(const struct encrypt_settings *encrypt, const struct topic_settings *topics,
			      struct kafka_settings *kafka, struct body_encryption **ret, struct err *err)
{
	int rc = open_keys(encrypt, topics, kafka, ret, err);

	if (rc == 0 && *ret)
		day_keys_set_refresh((*ret)->keys, read_topic, *ret);
	return rc;
}

void body_encryption_close(struct body_encryption *encryption)
{
	if (!encryption || !topic_watch_close(encryption->watch))
		return; /* a thread that was left behind may use it */
	day_keys_close(encryption->keys);
	free(encryption);
}

struct day_keys *body_encryption_keys(struct body_encryption *encryption)
{
	return encryption ? encryption->keys : NULL;
}

/* ---- once per iteration ---- */

static const char *name_lack(const struct body_encryption *encryption, enum day_key_answer today)
{
	if (!encryption->seal.seals || today == DAY_KEY_HERE)
		return "";
	if (today == DAY_KEY_LOCKED)
		return "the master key that today's day key is wrapped by, in encrypt.key.file";
	return topic_watch_is_read(encryption->watch) ? "a day key for today: run instroomctl day-keys make"
						      : "the end of the topic of day keys";
}

static void look(struct body_encryption *encryption)
{
	bool is_read = topic_watch_is_read(encryption->watch);
	int32_t today = body_seal_today();

	if (is_read)
		day_keys_set_read(encryption->keys);
	enum day_key_answer found = day_keys_look_at_day(encryption->keys, today);

	measure(encryption, found == DAY_KEY_HERE, count_missing(encryption->keys, today));
	encryption->lacks = name_lack(encryption, found);
	if (*encryption->lacks && is_read && !encryption->has_lacked)
		log_event(LOG_ERROR, "day_key.missing", "day=%d topic=%s why=%s effect=%s", today, encryption->topic,
			  LOG_QUOTED(encryption->lacks), LOG_QUOTED("nothing is produced until it is there"));
	if (!*encryption->lacks && encryption->has_lacked)
		log_event(LOG_INFO, "day_key.back", "day=%d", today);
	encryption->has_lacked = *encryption->lacks && is_read;
}

const char *body_encryption_poll(struct body_encryption *encryption)
{
	if (!encryption)
		return "";
	if (clock_ms() >= encryption->due_at_ms) {
		encryption->due_at_ms = clock_ms() + LOOK_EVERY_MS;
		look(encryption);
	}
	return encryption->lacks;
}
