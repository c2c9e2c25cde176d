/* validate: the worker that turns raw messages into verdicts. What its files share; see lane.h for the protocol.
 *
 *   validate.c        life, the turn, readiness
 *   validate_start.c  brings a lane to where it may judge: head, cold start, fold, follow
 *   validate_judge.c  a lane's messages of this turn: read, judge, produce; then advance
 *
 * One thread runs the turns and owns every handle. A turn takes messages of all lanes, judges lane after lane while the
 * verdicts of those before are under way, waits for all reports, and advances each lane. */
#ifndef VALIDATE_VALIDATE_H
#define VALIDATE_VALIDATE_H

#include "kafka/kafka_reader.h"
#include "kafka/kafka_producer.h"
#include "kafka/kafka_consumer.h"
#include "pg/pg_link.h"
#include "run/status.h"
#include "validate/breaker.h"
#include "validate/lane.h"
#include "validate/reference_shelf.h"
#include "validate/validate_config.h"
#include "validate/verdict_make.h"

enum {
	VALIDATE_PARTITIONS_MAX = 1024,
	VALIDATE_MESSAGE_BYTES_MAX = 64 << 20, /* of any topic */
	VALIDATE_BROKER_WAIT_MS = 2000,	       /* for a watermark */
	VALIDATE_BOARDS = 100000,	       /* board numbers */
	VALIDATE_IDS = 256,		       /* random ids fetched at once */
};

struct validate {
	struct validate_config config;
	struct hmac_key key;
	struct status *status;
	struct kafka_consumer *consumer;
	struct kafka_producer *producer;
	struct kafka_reader *reader; /* verdict log and reference topic, in turns */
	struct redis_cache *cache;
	struct breaker redis;
	struct pg_link *link; /* NULL: no register to ask */
	struct breaker pg;
	struct reference_shelf *shelf;
	bool is_shelf_read;
	struct verdict_maker maker;
	struct arena turn;    /* boards, verdicts read back; of one turn or one step */
	struct arena message; /* of one message */
	struct lane *lanes[VALIDATE_PARTITIONS_MAX];
	int32_t lane_end; /* above the highest partition ever ours */
	bool is_member;
	int64_t lag_at_ms, gathered_at_ms;
	uint32_t board_slots[VALIDATE_BOARDS]; /* index + 1 in the boards of the lane at hand */
	uint8_t ids[VALIDATE_IDS][VERDICT_ID_BYTES];
	size_t ids_left;

	/* of the turn */
	struct taken *taken; /* config.batch_messages_max of them */
	size_t taken_count;
	int64_t taken_bytes, taken_lines;
	uint32_t quarantine_open;
	bool is_quarantine_failed;
};

int validate_main(int argc, char **argv); /* the exit status */

/* ---- validate_start.c ---- */

/* One step towards judging, or back to the cache, for a lane that can take one; bounded by one chunk of the verdict log. A
 * peer that is away is dealt with here. */
MUSTUSE int validate_step(struct validate *self, struct lane *lane, struct err *err);
/* Drops what is known of the cache and begins anew, with the place in the chain that is sure. */
void validate_restart(struct lane *lane);
/* Nobody asks Redis again for a while; lanes that start meanwhile go on without it. */
void validate_redis_failed(struct validate *self, const struct err *err);
void validate_park(struct lane *lane, const char *why);
/* Makes the source fetch from the lane's position on, unless it does. */
MUSTUSE int validate_fetch(struct validate *self, struct lane *lane, struct err *err);

/* ---- validate_judge.c ---- */

/* Reads, judges and puts what this turn took for the lane. */
MUSTUSE int validate_judge(struct validate *self, struct lane *lane, struct err *err);
/* Waits until everything put has its report. */
MUSTUSE int validate_await_reports(struct validate *self, struct err *err);
/* All its reports are in: advances the lane, or sends it back to its start. */
MUSTUSE int validate_settle(struct validate *self, struct lane *lane, struct err *err);
/* The attempt ended without an advance, and we live: it is no sign of poison. When Redis cannot be told, one attempt too
 * many stays counted; it takes three crashes more to matter. */
void validate_attempt_came_back(struct validate *self, struct lane *lane);
void validate_reported(void *ours, const struct kafka_report *report);

#endif
