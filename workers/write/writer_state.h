/* writer_state: what the writer as a whole is doing.
 *
 *   STARTING --1--> RUNNING --2--> WAITING --1--> RUNNING
 *
 *   any of these three
 *      |                       |
 *      3                       4
 *      v                       v
 *   RETRYING --------4----> ISOLATING --5--> RUNNING, --6--> WAITING
 *      |                       |
 *     5,6                      3
 *      v                       v
 *   WAITING              RETRYING_SINGLY --5,6--> WAITING
 *
 *   1  an iteration of the poll loop went well
 *   2  a peer is away
 *   3  the register is away while a batch is applied
 *   4  the batch cannot be stored as one
 *   5  the batch is in the register
 *   6  it is given up: fenced, or its partitions were taken away
 *
 *   STARTING         no iteration of the poll loop went well yet
 *   RUNNING          polls, lingers, applies batches as a whole
 *   WAITING          a peer is away, or was and no iteration went well since. No batch: polls rewind
 *   RETRYING         a batch is kept, partitions are paused; each iteration applies it again as a whole
 *   ISOLATING        the batch goes in message by message (isolation.h); does not outlast an iteration
 *   RETRYING_SINGLY  as RETRYING, with what isolation has left of the batch
 *
 * Readiness follows from it: RUNNING and ISOLATING are ready. */
#ifndef WRITE_WRITER_STATE_H
#define WRITE_WRITER_STATE_H

#include <stdbool.h>

enum writer_state {
	WRITER_STARTING = 0,
	WRITER_RUNNING,
	WRITER_WAITING,
	WRITER_RETRYING,
	WRITER_ISOLATING,
	WRITER_RETRYING_SINGLY,
	WRITER_STATES
};

/* The only place where the state changes. Logs it, and shows status page and service manager what it means for
 * readiness. why: static text, on the status page while the writer is not ready. A change that the drawing does not
 * have is our bug and ends the process. */
void writer_state_change(enum writer_state *state, enum writer_state to, const char *why);
bool writer_state_may_change(enum writer_state from, enum writer_state to);
bool writer_state_is_ready(enum writer_state state);

/* An iteration could do nothing for want of a peer: WAITING, unless the state says more. */
void writer_state_wait(enum writer_state *state, const char *why);

/* A batch is kept for the next iteration. */
static inline bool writer_state_has_batch(enum writer_state state)
{
	return state == WRITER_RETRYING || state == WRITER_RETRYING_SINGLY;
}

/* The batch goes in message by message. */
static inline bool writer_state_is_singly(enum writer_state state)
{
	return state == WRITER_ISOLATING || state == WRITER_RETRYING_SINGLY;
}

#endif
