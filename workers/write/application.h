/* application: the batch of the inbox into the register.
 *
 * One batch, from poll to COMMIT:
 *
 *   1. polling_linger adds the verdicts that count to the inbox; their partitions' ahead moves over them
 *   2. application_run hands all of them to one transaction: begin; fence; read and judge; write; commit
 *   3. after COMMIT, in this order: Forgets go out, committed moves up to ahead, the group's offset is committed to
 *      Kafka. We may die at any point in between. The next owner starts at the register's cursor, so nothing is applied
 *      twice, and a Forget that did not go out is sent by the next UNCHANGED that needs it. The group's offset is for
 *      lag tools
 *
 * The answer to COMMIT is lost:
 *
 *   1. the transaction remembers that COMMIT is in doubt; application_run returns ERR_RETRY, the state becomes RETRYING
 *   2. with the line back, the transaction asks the cursor rows: at the batch's end with its tip, it went through, and
 *      the step after COMMIT follows; anywhere else, it is run again
 *   3. if another instance has gone on from there meanwhile, the fence of that second run finds the cursor moved
 *
 * A batch that the register refuses by its data, or that is too large for one transaction (ISOLATING):
 *
 *   1. nothing of it is in. Each message gets a transaction of its own, in the order of the log (isolation.h)
 *   2. each that is in leaves the inbox, with its own step after COMMIT: the cursor stands behind it only
 *   3. the register goes away: RETRYING_SINGLY, and later on with what is left; what was found out about a message
 *      stays
 *
 * The fence finds a cursor moved, in any of them: another instance owns the partition, or did. The whole batch is given
 * up, and its partitions are opened anew from the register's cursors (assignment.h). */
#ifndef WRITE_APPLICATION_H
#define WRITE_APPLICATION_H

#include "write/writer.h"

/* Applies what is in the inbox. ERR_RETRY: the register is away, the batch is kept. */
MUSTUSE int application_run(struct writer *writer, struct err *err);

/* Nothing of the batch that is not in yet will be applied. Its partitions are to be opened again. */
void application_give_up(struct writer *writer);

#endif
