/* verify_checkpoint: verify starts from checkpoints, and makes them.
 *
 * Starting a partition:
 *   1. When its logs begin where they must, and no folder was asked for, none is used.
 *   2. The newest one that the register has reached is taken: those above its cursor are of before it was set back.
 *      Altered, of another key, cluster, topic or format, or with a gap up to what the log still holds: the
 *      partition is unproven, and no older one is tried, as somebody has to look.
 *   3. Its boards are read back, and both logs go on from its positions.
 * The verdict log may have been lost since: verdicts are followed by the chain, so it is read from its beginning then.
 *
 * Making one: board by board, behind the comparison of each. One difference, and the partition gets none: what is wrong
 * is no place to go on from. The one before it stays. */
#ifndef CTL_VERIFY_CHECKPOINT_H
#define CTL_VERIFY_CHECKPOINT_H

#include "ctl/checkpoint/checkpoint_writer.h"
#include "ctl/prove/verify_log.h"

struct verify_checkpoints {
	const char *from, *to; /* folders; NULL: none */
	bool is_asked;	       /* from: also where logs are whole */
	struct checkpoint_keys keys;
	char cluster[CHECKPOINT_NAME_BYTES];
	int lock; /* of to; -1: none, as its owner sets it */
	struct checkpoint_writer writer;
	int64_t used, made, refused; /* partitions */
};

/* from, to and is_asked are set. To be closed whatever comes back. */
MUSTUSE int verify_checkpoints_open(struct verify_checkpoints *checkpoints, struct verify_log *log, struct err *err);
void verify_checkpoints_close(struct verify_checkpoints *checkpoints);

/* log stands at the beginning of the partition. Errors of code "checkpoint" are this partition's alone. */
MUSTUSE int verify_checkpoint_start(struct verify_checkpoints *checkpoints, struct verify_log *log, int32_t partition,
				    struct err *err);

/* Moves the cursors of an empty register to where the newest checkpoints end, all or none; where a partition has none
 * it stays at the beginning. They are parked (CURSOR_RESTORING) until verify_checkpoint_restored. link: the owner's.
 * ERR_DATA: the register is not empty, the log does not reach back, or a checkpoint is altered. */
MUSTUSE int verify_checkpoints_restore(const struct verify_checkpoints *checkpoints, struct verify_log *log,
				       struct pg_link *link, struct err *err);
/* All boards of the partition are in: writers may go on there. */
MUSTUSE int verify_checkpoint_restored(const struct verify_log *log, struct pg_link *link, int32_t partition,
				       struct err *err);

/* The partition is derived up to the register's cursor. ERR_DATA: its chain does not end where the register's does. */
MUSTUSE int verify_checkpoint_begin(struct verify_checkpoints *checkpoints, const struct verify_log *log,
				    int32_t partition, struct err *err);
MUSTUSE int verify_checkpoint_add(struct verify_checkpoints *checkpoints, const struct verify_board *board,
				  struct err *err);
/* is_right: nothing differs. */
MUSTUSE int verify_checkpoint_end(struct verify_checkpoints *checkpoints, bool is_right, struct err *err);

#endif
