/* applied_wait: until the register has applied a partition of the raw topic up to an offset. */
#ifndef CTL_APPLIED_WAIT_H
#define CTL_APPLIED_WAIT_H

#include "ctl/base/ctl.h"

/* ERR_RETRY code "waiting": not within two minutes. ERR_CONFIG: the register has no cursor for the partition. */
MUSTUSE int applied_wait(struct ctl *ctl, struct pg_link *link, int32_t partition, int64_t end, struct err *err);

#endif
