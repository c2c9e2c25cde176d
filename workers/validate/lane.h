/* lane: one raw partition of ours, and where its validator stands in the protocol of design 4.
 *
 *            assigned
 *               |            no head                     +--> RUN: judge on the cache, produce, advance
 *               v          +---------> register --> head |      | comparison fails, offsets not in a row
 *   +------> START --------+                             |      v
 *   |           |          +-> FOLD: verdicts from vp ---+    START
 *   |           | Redis or register away
 *   |           v
 *   |        FOLLOW: the chain from a position once true, to its end --> THROUGH: judge without the cache, produce
 *   |                                                                      | the peer answers again
 *   +----------------------------------------------------------------------+
 *
 *   LATE    the next message needs a schema or a reference version we lack: asked again every second
 *   PARKED  log, cache and register do not belong together: an operator's; asked again now and then
 *
 * Invariants: position is true of the chain whenever has_position (see chain_position.h); in RUN the head in Redis stood at
 * position when we last saw it, with gen; messages are judged only in RUN and THROUGH, and only in the order of their
 * offsets from position.next_raw on. The race it prevents: a validator that lost its partition goes on on its memory. It
 * finds out at its advance or by the offsets of its verdicts, and all it has done by then is append void verdicts. */
#ifndef VALIDATE_LANE_H
#define VALIDATE_LANE_H

#include "kafka/kafka.h"
#include "redis/redis_cache.h"
#include "protocol/chain_position.h"

enum lane_mode { LANE_OTHERS, LANE_START, LANE_FOLD, LANE_FOLLOW, LANE_RUN, LANE_THROUGH, LANE_LATE, LANE_PARKED };

struct lane;

/* A raw message taken for this turn. */
struct taken {
	struct kafka_message message;
	struct lane *lane;
	struct taken *next;		 /* of the same lane */
	int64_t verdict_offset_expected; /* set when its verdict is put */
};

struct lane {
	int32_t partition;
	enum lane_mode mode;
	struct chain_position position;
	bool has_position;
	uint8_t gen[CACHE_GEN_BYTES]; /* of the cache, in FOLD and RUN */
	int64_t retry_at_ms;	      /* of START, THROUGH, LATE and PARKED: not before; 0: at once */
	int64_t next_fetch;	      /* offset the source gives next; -1: it was not told where to start */
	uint32_t messages_max;	      /* of one turn: begins with 1 and doubles, see validate_judge.c */
	bool is_tried;		      /* an attempt was counted since the partition came to us */
	bool is_trying;		      /* the attempt at tried_offset is under way */
	int64_t tried_offset;
	int64_t late_offset; /* the message that waits, or waited last; -1: none */
	int64_t late_since_ms;
	enum lane_mode mode_logged; /* RUN or THROUGH, as last told in the log */
	uint32_t failures;	    /* steps in a row that met an absent peer */

	/* of the turn */
	struct taken *first, *last;
	uint32_t taken_count;	    /* of the turn: zeroed, with put_count, when it begins */
	struct cache_board *boards; /* in the turn's arena */
	size_t board_count;
	struct chain_position next; /* behind what was judged */
	uint32_t put_count;	    /* verdicts put */
	uint32_t open_count;	    /* of them without a report */
	bool is_void;		    /* a report says that the verdicts do not stand in a row at position.next_verdict */
	const char *refusal; /* then: why Kafka did not take one, by its name; NULL: another's verdict stands between */
	uint32_t pause_ms;   /* should it start anew: after this time, as the cause may last */
};

static inline bool lane_is_judging(const struct lane *lane)
{
	return lane->mode == LANE_RUN || lane->mode == LANE_THROUGH;
}

/* The head of the lane's cache at a place of the chain, and back. */
struct cache_head lane_head(const struct lane *lane, const struct chain_position *position);
struct chain_position lane_position_of(const struct cache_head *head);
/* Whether the head is where and what the lane left: not begun anew, rolled back or advanced by another. */
bool lane_is_at(const struct lane *lane, const struct cache_head *head);

#endif
