/* verify_cmd: the command behind verify.h. */
#ifndef CTL_VERIFY_CMD_H
#define CTL_VERIFY_CMD_H

#include "ctl/ctl.h"

int run_verify(struct ctl *ctl, int argc, char **argv);

#endif
