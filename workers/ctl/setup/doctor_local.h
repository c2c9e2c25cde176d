/* doctor_local: what doctor sees without asking a server: settings, keys, files. */
#ifndef CTL_DOCTOR_LOCAL_H
#define CTL_DOCTOR_LOCAL_H

#include "ctl/base/ctl_config.h"
#include "ctl/setup/diagnosis.h"

void doctor_look_locally(const struct ctl_config *config, struct diagnosis *diagnosis);

#endif
