/* batch_settle: what becomes of a lane when all reports of its verdicts are in; step 5 of batch.h. */
#ifndef VALIDATE_BATCH_SETTLE_H
#define VALIDATE_BATCH_SETTLE_H

#include "validate/batch.h"

/* Advances the lane, or sends it back to its start. */
MUSTUSE int batch_settle_lane(struct batch *batch, struct lane *lane, struct err *err);

#endif
