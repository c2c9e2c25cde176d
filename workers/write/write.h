/* write: instroom-write, the last stage: verdict topic to PostgreSQL (design 5).
 *
 * One iteration of the poll loop, in write.c:
 *
 *   1. when nothing may be polled for a batch (one is kept, partitions are to be opened, the register is away):
 *      a poll all the same, so that the group sees us; what comes is left for the next poll (polling.h)
 *   2. connect to the register, if the line is down
 *   3. now and then: were its cursors set back? (assignment.h)
 *   4. open partitions that were assigned (assignment.h). Kafka's callbacks only note them, as opening asks peers that
 *      may be away, and a callback must not wait for those
 *   5. poll and linger for a batch, unless one is kept (polling.h)
 *   6. apply the batch (application.h)
 *   7. all went well: RUNNING, ready (writer_state.h); the lag; why partitions are parked
 *
 * A step whose peer is away ends the iteration with ERR_RETRY, and the poll loop pauses (run/app.h); but 6 is done for
 * what 5 has polled. The order matters: a kept batch is applied before anything is opened or polled, so that the
 * register holds it before partitions of it can be opened again. */
#ifndef WRITE_WRITE_H
#define WRITE_WRITE_H

int write_main(int argc, char **argv); /* exit status */

#endif
