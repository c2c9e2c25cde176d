/* doctor_checkpoint: what doctor sees of the checkpoints that verify starts from. */
#ifndef CTL_DOCTOR_CHECKPOINT_H
#define CTL_DOCTOR_CHECKPOINT_H

#include "ctl/base/ctl_config.h"
#include "ctl/setup/diagnosis.h"

/* Their age against what retention leaves of the log. */
void doctor_look_at_checkpoints(const struct ctl_config *config, struct diagnosis *diagnosis);

#endif
