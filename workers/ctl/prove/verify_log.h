/* verify_log: the boards of a partition as its two logs make them.
 *
 *   1. The cursor says how far the register has applied both logs; nothing above is read.
 *   2. The verdict log is read from its beginning, or from where a checkpoint ends. Following the chain from one
 *      verdict to the next leaves out what does not count, and marks each raw message: judged, given up, foreign.
 *   3. The raw log is read likewise. Each message of a wanted board is judged again by the line rules, with
 *      the reference version it names, and folded into its board (verify_fold). A message without a mark ends it: then
 *      the register cannot have applied it.
 *
 * A checkpoint (verify_checkpoint.h) takes the place of what was before it. Without one, retention that cut off the
 * beginning of a log ends it: what was before cannot be derived any more. Raw messages that were lost before they were
 * judged, and which an operator accepted as lost (ctl/repair/loss.c), are passed over: of each that a verdict gives up
 * the verdict says all there is. */
#ifndef CTL_VERIFY_LOG_H
#define CTL_VERIFY_LOG_H

#include "ctl/base/ctl.h"
#include "ctl/prove/verify_fold.h"
#include "ctl/reference/reference_versions.h"
#include "kafka/kafka_reader.h"
#include "model/teacher_key.h"

enum { VERIFY_BOARDS = 100000 };

struct verify_log {
	struct ctl *ctl;
	struct pg_link *link;				/* borrowed; one snapshot of the register for all of it */
	const bool *is_wanted;				/* by board number; borrowed */
	struct kafka_reader *reader, *reference_reader; /* snapshots are read in the middle of the log */
	struct reference_versions *versions;
	struct hmac_key key, key_before; /* of hmac.key.file and hmac.key.old.file */
	bool has_key_before;
	struct arena arena; /* of one message */
	int32_t generation, partitions;
	struct verify_board **derived; /* by board number; NULL: the log names it nowhere */
	struct pg_rows *refills;       /* of the partition at hand */
	struct pg_rows *removed;       /* its teachers who were removed: verify_removed_read */
	bool keeps_feedback;	       /* of the boards it derives */
	/* Of the partition at hand: it is derived below from_raw, and is being derived below next_raw. */
	int64_t from_raw, from_verdict, next_raw;
	int64_t held_raw;   /* the first raw message that is there: an operator accepted those before it as lost */
	uint8_t *marks;	    /* enum mark by raw offset, the first is from_raw's */
	uint8_t tip[16];    /* verdict id the chain has come to */
	uint8_t digest[16]; /* of the raw message it is about, as the verdict says */
	int64_t chain_raw;  /* behind the last raw message that a verdict of the chain has judged */
	/* Those of the cursor: the same where nothing is wrong. */
	uint8_t register_tip[16], register_digest[16];
	int64_t messages;
};

/* *log: ctl, link and is_wanted are set. To be closed whatever comes back. ERR_CONFIG: not with this key or topic. */
MUSTUSE int verify_log_open(struct verify_log *log, struct err *err);
void verify_log_close(struct verify_log *log);

/* Where a partition begins: at 0 without a tip, or where a checkpoint has its boards, which are in derived already. */
void verify_log_begin_at(struct verify_log *log, int64_t raw, int64_t verdict, const uint8_t tip[16],
			 const uint8_t digest[16]);
/* Made when it is not there. NULL: no memory. */
struct verify_board *verify_log_board(struct verify_log *log, uint32_t number);
/* *ret: where the raw messages of the partition end that an operator accepted as lost (ctl/repair/loss.c), from from
 * on; from: none there were. */
MUSTUSE int verify_log_lost_to(const struct verify_log *log, int32_t partition, int64_t from, int64_t *ret,
			       struct err *err);
/* Derives the wanted boards of the partition up to where the cursor stands by now: from where it begins, or from where
 * it was derived before. Boards that were dropped since must no longer be wanted. */
MUSTUSE int verify_log_advance(struct verify_log *log, int32_t partition, struct err *err);
void verify_log_drop_board(struct verify_log *log, uint32_t number);

#endif
