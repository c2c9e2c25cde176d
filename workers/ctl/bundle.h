/* bundle: one text of how this installation is, for whoever helps: what doctor, status and other questions say, the
 * settings without secrets, and the ends of log files. Masked (mask.h) before a byte of it is written. */
#ifndef CTL_BUNDLE_H
#define CTL_BUNDLE_H

#include "ctl/base/ctl.h"

int run_bundle(struct ctl *ctl);

#endif
