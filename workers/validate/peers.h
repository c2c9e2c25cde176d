/* peers: what the validator talks to, and whether those it can do without are worth asking now.
 *
 * Kafka must be there: without it there is nothing to judge. The cache and the register may be away; a breaker each
 * keeps their absence cheap. Owner: the worker thread. */
#ifndef VALIDATE_PEERS_H
#define VALIDATE_PEERS_H

#include "kafka/kafka_consumer.h"
#include "kafka/kafka_producer.h"
#include "kafka/kafka_reader.h"
#include "model/teacher_key.h"
#include "pg/pg_link.h"
#include "redis/redis_cache.h"
#include "trace/span_exporter.h"
#include "validate/breaker.h"
#include "validate/validate_config.h"

enum {
	PEERS_MESSAGE_BYTES_MAX = 64 << 20, /* of any topic */
	PEERS_BROKER_WAIT_MS = 2000,	    /* for a watermark or a committed offset */
};

struct peers {
	const struct validate_config *config;
	struct hmac_key key;	    /* makes the teacher keys that cache and register hold */
	struct hmac_key key_before; /* of hmac.key.old.file; without one as key */
	struct kafka_consumer *consumer;
	struct kafka_producer *producer;
	struct kafka_reader *reader; /* verdict log and reference topic: each use begins with a seek */
	struct redis_cache *cache;
	struct breaker cache_breaker;
	char cache_code_logged[32];    /* why it was last away */
	struct pg_link *register_link; /* NULL: no register to ask */
	struct breaker register_breaker;
	int32_t verdict_partitions;  /* of the verdict topic; 0: not known */
	const char *lacks;	     /* why no verdict may be produced now; NULL or "": one may */
	struct span_exporter *spans; /* NULL: none are made */
	bool is_log_late; /* Kafka has confirmed no verdict for some seconds: not ready until it confirms one */
};

#define PEERS_LOG_LATE "Kafka to confirm verdicts: are enough copies of the topic in sync?"

/* Who hears of partitions that come and go, and of reports. */
struct peers_events {
	const struct kafka_consumer_events *partitions;
	void *partitions_owner;
	void (*reported)(void *owner, const struct kafka_report *report);
	void *reported_owner;
};

/* config is borrowed. peers_close is due even after a failure. Cache and register are not connected to yet. */
MUSTUSE int peers_open(struct peers *peers, const struct validate_config *config, const struct peers_events *events,
		       struct err *err);
void peers_close(struct peers *peers);

/* Whether we may go on behind a verdict, or a register, with teacher keys of this HMAC key: ours, or the one that ours
 * follows. Of another one we do not know that ours is not the older: a rotation is never undone by who missed it. */
static inline bool peers_know_key(const struct peers *peers, uint32_t key_id)
{
	return key_id == peers->key.id || key_id == peers->key_before.id;
}

/* Nobody asks the cache again for a while; lanes that start meanwhile go on without it. */
void peers_cache_failed(struct peers *peers, const struct err *err);
void peers_cache_answered(struct peers *peers);
/* Counts and logs the boards whose entries the head does not vouch for; they are judged without them. */
void peers_cache_read(int32_t partition, const struct cache_board *boards, size_t count);
void peers_register_failed(struct peers *peers, const struct err *err);
void peers_register_answered(struct peers *peers);

#endif
