/* register_replay: the delivery a replay speaks of, read from the ledger and restated in it (replay.h).
 *
 * Runs inside the fenced transaction. Owner: the turn thread. */
#ifndef WRITE_REGISTER_REPLAY_H
#define WRITE_REGISTER_REPLAY_H

#include "write/register_read.h"
#include "write/register_write.h"

/* Sets message->standing of each REPLAY of the batch whose delivery the ledger has. */
MUSTUSE int register_read_standings(struct register_read *read, struct batch *batch, struct err *err);

/* The restated deliveries, and a row for each attempt that was entered. */
MUSTUSE int register_write_replays(struct register_write *write, const struct batch *batch, struct err *err);

#endif
