/* batch_judge: a lane's messages of one batch, judged in order and produced; steps 2 and 3 of batch.h. */
#ifndef VALIDATE_BATCH_JUDGE_H
#define VALIDATE_BATCH_JUDGE_H

#include "validate/batch.h"

/* For a lane with messages in the batch. A peer that is away, and a cache that moved, are dealt with here: the lane
 * starts anew. What was produced of it is settled by batch_settle_lane, once all reports are in. */
MUSTUSE int batch_judge_lane(struct batch *batch, struct lane *lane, struct err *err);

#endif
