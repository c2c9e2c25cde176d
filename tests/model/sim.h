/* sim: random logs through the protocol of design 4 to 6, against specification 6 and 7 folded serially.
 *
 *   sim_domain.c     specification 6 and 7.2 for one teacher and one delivery; shared by writer and specification
 *   sim_world.c      chance, the two topics, Redis, what gateways, boards and operators publish
 *   sim_loss.c       offsets that Kafka never hands out, messages it loses, and who accepts that (workers/ctl/repair)
 *   sim_validator.c  two validators whose rules differ, each the other's zombie (workers/validate)
 *   sim_judge.c      what one message does to its board (workers/write: processing, decision, unchanged, completion)
 *   sim_writer.c     two writers: inbox, fence, transaction, isolation (workers/write)
 *   sim_spec.c       the specification, and the claims at the end of a log
 *   sim_variants.c   safeguards taken away
 *   sim_main.c       one log, many logs, the command line
 *
 * Names are those of the code; README.md maps each step to its function. One thread, one world at a time, all of it in
 * the globals below, so that a seed names a log. A claim that does not hold is noted by violate(). */
#ifndef MODEL_SIM_H
#define MODEL_SIM_H

#include "sim_variants.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	PARTITIONS = 2,
	BOARDS = 3,   /* board b lies in partition b % 2, so partition 0 has two */
	TEACHERS = 4, /* of a board */
	HMAC_KEYS = 2,
	ROWS = TEACHERS * HMAC_KEYS, /* a teacher has another key, and so another row, under another HMAC key */
	DELIVERIES_MAX = 32,
	RAWS_MAX = 96,	     /* of a partition */
	VERDICTS_MAX = 2400, /* of a partition */
	GENS_MAX = 32,
	BATCH_MAX = 8,
	VALIDATORS = 2,
	WRITERS = 2,
	CRASHES_MAX = 3, /* workers/validate/lane_attempt.c */
};

enum teacher_status { STATUS_NONE, STATUS_ACTIEF, STATUS_VERVALLEN, STATUS_INGETROKKEN };
enum outcome {
	OUTCOME_NONE,
	OUTCOME_NIEUW,
	OUTCOME_GEWIJZIGD,
	OUTCOME_ONGEWIJZIGD,
	OUTCOME_VEROUDERD,
	OUTCOME_AFGEKEURD,
	OUTCOME_INGETROKKEN,
	OUTCOME_QUARANTAINE
};
enum delivery_kind { DELIVERY_MUTATIE, DELIVERY_VOLLEDIG, DELIVERY_INTREKKING };
/* RAW_MARKER: an offset that never was a message, as the end of a foreign transaction takes one. */
enum raw_kind { RAW_DELIVERY, RAW_REPLAY, RAW_CONFIRM, RAW_FORGET, RAW_SET_BACK, RAW_GARBAGE, RAW_MARKER };
enum verdict_kind {
	VERDICT_KIND_DELIVERY,
	VERDICT_KIND_REPLAY,
	VERDICT_KIND_CONFIRM,
	VERDICT_KIND_FORGET,
	VERDICT_KIND_SET_BACK,
	VERDICT_KIND_FOREIGN,
	VERDICT_KIND_MARKER /* no verdict: see RAW_MARKER */
};
enum verdict_class {
	VERDICT_NONE,
	VERDICT_CANDIDATE,
	VERDICT_UNCHANGED,
	VERDICT_REJECTED,
	VERDICT_WITHDRAW,
	VERDICT_QUARANTINE
};

static inline bool has_bit(unsigned bits, int at)
{
	return bits >> at & 1;
}

static inline unsigned bit(int at)
{
	return 1u << at;
}

/* ---- sim_domain.c ---- */

struct teacher_state {
	uint8_t status, content;
	int16_t sequence;
};

/* specification 6, rows 2 to 6. content 0: a withdrawal. */
enum outcome outcome_decide(struct teacher_state *state, int sequence, int content);
bool outcome_must_wait(int absent, int active, bool has_unreadable);
int count_bits(unsigned bits);

/* ---- sim_world.c ---- */

struct delivery {
	int board, sequence;
	enum delivery_kind kind;
	bool is_dry;
	bool has_unreadable; /* a line with an unreadable BSN */
	unsigned teachers;   /* bit set */
	uint8_t content[TEACHERS];
	int attempts;
};

struct raw {
	enum raw_kind kind;
	int board, delivery, attempt;
	unsigned teachers; /* Replay: the lines in scope; Forget: whom */
	int sequence;	   /* SetBack: to what */
	bool is_dry;	   /* of the delivery, or of the Replay */
	bool is_poison;	   /* who judges it dies */
	int late_until;	   /* step at which its reference version is there */
};

struct verdict {
	int id, parent, raw;
	enum verdict_kind kind;
	uint8_t key_id; /* from 0 */
	bool body_unreadable;
	uint8_t classes[TEACHERS], content[TEACHERS];
};

/* A place in the chain: common/protocol/chain_position.h, workers/write/chain.h. */
struct position {
	int next_raw, next_verdict, tip;
};
enum chain_step { CHAIN_COUNTS, CHAIN_VOID, CHAIN_HOLE };
enum chain_step chain_take(struct position *position, int offset, const struct verdict *verdict);

struct partition_log {
	struct raw raws[RAWS_MAX];
	int raw_count;
	struct verdict verdicts[VERDICTS_MAX];
	bool counts[VERDICTS_MAX];
	int verdict_count;
	int counted[RAWS_MAX];	    /* offset of the verdict that counts, or -1 */
	int raw_low;		    /* the log begins here: what was below it is lost, if nobody has judged it */
	bool is_accepted[RAWS_MAX]; /* as lost, by a person */
	struct position end;
};

struct entry {
	uint8_t content;
	int16_t sequence; /* 0: no entry */
};

/* What redis_cache_read gives: the boards of a partition. */
struct cache {
	int16_t max[BOARDS], full[BOARDS];
	struct entry entries[BOARDS][TEACHERS];
};

/* One (partition, key id) in Redis. */
struct redis_part {
	bool has_head;
	int gen;
	struct position position;
	int16_t max[BOARDS], full[BOARDS];
	struct entry entries[GENS_MAX][BOARDS][TEACHERS];
	struct entry seals[BOARDS][TEACHERS]; /* the MAC of each board's string in the head, as what it is of */
	uint8_t tries[RAWS_MAX];
};

struct redis {
	struct redis_part parts[HMAC_KEYS][PARTITIONS];
};

struct world {
	struct partition_log logs[PARTITIONS];
	struct delivery deliveries[DELIVERIES_MAX];
	int delivery_count, sequence_top;
	int boards; /* in use */
	int last_id;
	struct redis redis, redis_backup;
	bool redis_is_up, has_redis_backup;
	bool tries_are_unsure; /* Redis lost or brought back some */
	int last_gen[HMAC_KEYS][PARTITIONS];
	struct position committed[PARTITIONS]; /* metadata of the group's offset */
	int step, faults, restores, losses;
	bool has_markers;
	bool loses_heads;			      /* its faults are heads that go, again and again */
	bool is_calm;				      /* no more faults; late references come */
	uint8_t hits[PARTITIONS][RAWS_MAX];	      /* crashes while this message was tried */
	uint8_t hits_of_behind[PARTITIONS][RAWS_MAX]; /* validators that died of a message behind it */
	uint8_t lost_forgets[BOARDS];		      /* teachers whose Forget is not in the log */
	const char *violation;
};
extern struct world world;

unsigned chance(unsigned n); /* 0 .. n - 1 */
static inline bool one_in(unsigned n)
{
	return chance(n) == 0;
}
void chance_seed(uint64_t seed);
void violate(const char *what);

static inline int partition_of(int board)
{
	return board % PARTITIONS;
}
/* The teachers a message has lines of. */
unsigned raw_teachers(const struct raw *raw);
void world_reset(void);
void publish(int partition, const struct raw *raw);
void publish_something(void);
void verdict_append(int partition, const struct verdict *verdict);
/* The first offset from here on at which a message is, or was; raw_count: none. */
int next_message(const struct partition_log *log, int raw);
/* How far whoever reads the verdict log comes: to its end, also when the last offsets are never handed out. */
int read_end(const struct partition_log *log);
void redis_fail(void);
/* Whether the board's entries are those that the head's seal is of. */
bool redis_vouches_for(const struct redis_part *part, int board);
void redis_back_up(void);

/* ---- sim_loss.c ---- */

void loss_reset(void);
void loss_of_beginning(void); /* the beginning of a raw log goes */
void marker_put(void);	      /* somebody ends a transaction in one of the topics */
void operator_step(void);
/* Something was lost that nobody has judged, and nobody has accepted that yet. */
bool is_loss_open(int partition);

/* ---- sim_validator.c ---- */

void validators_reset(void);
void validator_step(void);
void validator_land_late(void); /* a request of a dead validator arrives */
bool validators_are_done(void); /* nothing under way */
void validators_use_first_key(void);
bool validator_change_key(void);
void validator_rebalance(void);

/* ---- sim_judge.c and sim_writer.c ---- */

/* What a message came to; all zero: nothing. */
struct result {
	uint8_t outcomes[TEACHERS];
	uint8_t absent, active;
	bool waits, is_late, is_ended, is_confirmed, is_set_back;
	uint8_t confirmed_lapsed;
};

/* A delivery with its attempts. */
struct ledger {
	uint16_t attempts_seen;
	uint8_t outcomes[TEACHERS]; /* those that stand */
	uint8_t named;
	bool is_ended, waits, was_cancelled;
	uint8_t lapsed;
};

struct pending {
	int16_t sequence; /* 0: no list */
	uint8_t names;	  /* rows of the key list */
	uint8_t members;
};

struct board {
	struct teacher_state rows[ROWS];
	int16_t sequence_max, sequence_full, active;
	int16_t sequence_top; /* the highest before a set-back; 0: there was none */
	uint8_t disowned;
	struct pending pending;
	int disowned_at[TEACHERS]; /* raw offset of the last refusal; for a claim */
};

struct cursor {
	struct position position;
	bool has_key_id;
	uint8_t key_id;
};

struct reg {
	struct cursor cursors[PARTITIONS];
	struct board boards[BOARDS];
	struct ledger ledgers[DELIVERIES_MAX];
	struct result results[PARTITIONS][RAWS_MAX];
	uint8_t refused[PARTITIONS][RAWS_MAX];
	uint8_t applied[PARTITIONS][RAWS_MAX];
};
extern struct reg reg;

/* Why the writer answers groups with quarantaine: the register refused them. */
struct refusal {
	bool is_whole;
	uint8_t teachers;
};

/* One message on work, the register as this transaction has it. ret_forget: whom the cache must forget. */
struct ending {
	bool is_due;
	int partition, raw;
	bool is_late;
};
void judge_message(struct reg *work, int partition, const struct verdict *verdict, const struct refusal *refusal,
		   struct ending *ret_ending, uint8_t *ret_forget);
/* End of the delivery, specification 7. */
void judge_ending(struct reg *work, const struct ending *ending);
int pending_sequence_of(const struct pending *pending, int row, int row_sequence);

void writers_reset(void);
void writer_step(void);
void writer_restore(void); /* the register goes back to a backup */
bool writers_are_done(void);
bool is_parked(int partition); /* a verdict of another HMAC key stands before the cursor */

/* ---- sim_spec.c ---- */

/* Folds the verdicts that count below the cursors and compares. */
void spec_check(void);
void spec_show(void);

/* ---- counters, for a run's last line ---- */

enum count {
	COUNT_MESSAGES,
	COUNT_UNCHANGED,
	COUNT_CANDIDATE,
	COUNT_REJECTED,
	COUNT_LATE,
	COUNT_LAPSED,
	COUNT_WAITS,
	COUNT_LAPSED_BY_CONFIRM,
	COUNT_REFUSED,
	COUNT_FORGET,
	COUNT_REPEATS,
	COUNT_REPLAYS,
	COUNT_DRY,
	COUNT_RESTORES,
	COUNT_ROLLBACKS,
	COUNT_COLD,
	COUNT_BYPASS,
	COUNT_VOID,
	COUNT_FENCED,
	COUNT_DOUBTS,
	COUNT_ISOLATED,
	COUNT_LISTS_REPLACED,
	COUNT_RAISED,
	COUNT_POISON,
	COUNT_SET_BACK,
	COUNT_PARKED,
	COUNT_MARKERS,
	COUNT_LOST,
	COUNT_ACCEPTED,
	COUNTS
};
extern unsigned long counts[COUNTS];

#endif
