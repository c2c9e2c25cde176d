/* lane: one raw partition of ours, and where its validator stands in the protocol of design 4.
 *
 *                       cache away, or cold and the register away
 *                   +-----------------------------------------------+
 *                   |                                               v
 *     UNASSIGNED -> START -> FOLD: the verdict log beyond the     FOLLOW: the chain of verdicts from a place
 *          ^        ^ ^ ^     |    cache goes into it               |     that was once true of it
 *          |        | | |     v                                     v
 *          |        | | +--- RUN: judge on the cache, produce,    BYPASS: judge without the cache, produce
 *          |        | |       |   advance                           |
 *          |        | |       v                                     v
 *          |        | +---- WAITING, PARKED: nothing is judged <----+
 *          |        +-----------------------------------------------+
 *          +---- each of them                        the cache may answer again
 *
 * The changes, each by lane_enter, which knows this list as a table (tests/unit/validate_lane_test.c compares them):
 *
 *   UNASSIGNED -> START      the group gave us the partition
 *   START -> START           another began the cache at the same moment, or a peer failed half-way: again after a pause
 *   START -> FOLD            the cache has a head, or it was cold and was begun from the register
 *   START -> FOLLOW          the cache is away, or it is cold and the register is away: go on without
 *   START -> PARKED          log, cache and register do not belong together, or no place in the chain is known
 *   FOLD -> START            another advanced the cache, or Kafka is away
 *   FOLD -> FOLLOW           the cache went away while it was folded
 *   FOLD -> PARKED           the head lies outside the verdict log, or the chain has a hole
 *   FOLD -> RUN              the cache is the fold of the whole verdict log
 *   FOLLOW -> START          the place lies outside the verdict log, or Kafka is away
 *   FOLLOW -> PARKED         the chain has a hole
 *   FOLLOW -> BYPASS         the end of the chain is reached
 *   RUN -> START             the head moved, verdicts do not stand in a row, or a peer failed: find the place again
 *   RUN -> WAITING           the next message needs a schema or a reference version that we lack
 *   RUN -> PARKED            raw messages may be lost before the next one, or the log ends before it
 *   BYPASS -> START          the cache may answer again, verdicts do not stand in a row, or a peer failed
 *   BYPASS -> WAITING        as RUN
 *   BYPASS -> PARKED         as RUN
 *   WAITING -> START         a second later: what was missing may be there
 *   PARKED -> START          ten seconds later: an operator may have mended it
 *   ANY -> UNASSIGNED        the group took the partition away
 *
 * Invariants: position is true of the chain whenever has_position (see protocol/chain_position.h); in RUN the head in
 * Redis stood at position when we last saw it, with gen; messages are judged only in RUN and BYPASS, and only in the
 * order of their offsets from position.next_raw on. The race this prevents: a validator that lost its partition goes on
 * with what it remembers. It finds out at its advance or by the offsets of its verdicts, and all it has done by then is
 * append void verdicts. */
#ifndef VALIDATE_LANE_H
#define VALIDATE_LANE_H

#include "kafka/kafka.h"
#include "redis/redis_cache.h"
#include "protocol/chain_position.h"

enum lane_state {
	LANE_UNASSIGNED, /* another's */
	LANE_START,
	LANE_FOLD,
	LANE_FOLLOW,
	LANE_RUN,
	LANE_BYPASS,
	LANE_WAITING,
	LANE_PARKED,
	LANE_STATES
};

enum { LANES_MAX = 1024 };

struct lane;

/* What the spans of a sampled message need (verdict_span.h); times since 1970. */
struct verdict_span {
	bool is_sampled;
	int64_t received_us, judged_us;
	uint8_t verdict_id[VERDICT_ID_BYTES];
	int32_t line_count;
	const char *outcome; /* static */
};

/* A raw message of this batch. */
struct batch_message {
	struct kafka_message raw;
	struct lane *lane;
	struct batch_message *next;	 /* of the same lane */
	int64_t follows;		 /* offset behind the raw message before it: its own, but for markers between */
	int64_t verdict_offset_expected; /* set when its verdict is produced */
	struct verdict_span span;
};

/* Of a batch: the first raw message of which Kafka did not take the verdict, or the bytes for the quarantine; see
 * refusal.h. */
struct lane_refusal {
	bool is_there; /* else another's verdict stands between, if the batch is void */
	bool lasts;    /* until somebody mends it */
	bool is_quarantine;
	int64_t offset;
	char code[32]; /* Kafka's name of it */
};

/* What one batch holds of a lane. */
struct lane_batch {
	struct batch_message *first, *last;
	uint32_t message_count;
	struct cache_board *boards; /* in the arena of the batch */
	size_t board_count;
	struct chain_position next; /* behind what was judged */
	uint32_t produced_count;    /* verdicts */
	uint32_t in_flight_count;   /* of them without a report */
	bool is_void; /* the verdicts do not stand in a row at position.next_verdict, as far as reports say */
	struct lane_refusal refusal;
	uint32_t pause_ms; /* should the lane start anew: after this time, as the cause may last */
};

struct lane {
	struct lanes *all;
	int32_t partition;
	enum lane_state state; /* changed by lane_enter alone */
	int64_t retry_at_ms;   /* the next step is not taken before; 0: at once */
	struct chain_position position;
	bool has_position;
	uint8_t gen[CACHE_GEN_BYTES]; /* of the cache, in FOLD and RUN */
	uint32_t cache_board_count;   /* in the cache's head when the boards of the batch were read */
	int64_t next_fetch;	      /* offset the consumer gives next; -1: it has no start yet */
	uint32_t messages_max;	      /* of one batch: all of it, or 1 and then doubling; see lane_attempt.h */
	bool is_tried;		      /* an attempt was counted since the partition came to us */
	bool is_trying;		      /* the attempt at tried_offset is under way */
	int64_t tried_offset;
	int64_t waiting_offset; /* the message that waits, or waited last; -1: none */
	int64_t waiting_since_ms;
	bool waiting_is_logged;
	enum lane_state state_logged; /* RUN or BYPASS, as last logged above debug */
	uint32_t heads_lost;	      /* batches in a row that found the head of the cache gone or moved */
	uint32_t failures;	      /* steps in a row that met an absent peer */
	uint32_t refusals;	      /* batches in a row of which Kafka refused something for good */
	struct lane_batch batch;
};

/* All lanes this process ever owned, by partition, and how many are in each state. */
struct lanes {
	struct lane *items[LANES_MAX]; /* NULL: never ours */
	int32_t end;		       /* above the highest partition ever ours */
	uint32_t counts[LANE_STATES];
};

/* The partition came to us: its lane, in START. What is known of the chain stays, as it stays true. NULL: no memory. */
struct lane *lanes_assign(struct lanes *lanes, int32_t partition);
void lanes_release(struct lanes *lanes);
static inline struct lane *lanes_find(const struct lanes *lanes, int32_t partition)
{
	return partition >= 0 && partition < LANES_MAX ? lanes->items[partition] : NULL;
}

/* The one way from state to state: asserts that the change is one of the list above, counts it and logs it once.
 * pause_ms: how long the lane rests there before its next step. */
void lane_enter(struct lane *lane, enum lane_state state, uint32_t pause_ms, const char *why);
void lane_park(struct lane *lane, const char *why);
bool lane_may_enter(enum lane_state from, enum lane_state to);
const char *lane_state_name(enum lane_state state); /* "START" */

static inline bool lane_is_judging(const struct lane *lane)
{
	return lane->state == LANE_RUN || lane->state == LANE_BYPASS;
}

/* The head of the lane's cache at a place of the chain, and back. */
struct cache_head lane_head(const struct lane *lane, const struct chain_position *position);
struct chain_position lane_position_of(const struct cache_head *head);
/* Whether the head is where and what the lane left: not begun anew, rolled back or advanced by another. */
bool lane_is_at(const struct lane *lane, const struct cache_head *head);

/* What was received is fetched again, from where the lane starts next. */
static inline void lane_forget_fetched(struct lane *lane)
{
	lane->next_fetch = -1;
}

#endif
