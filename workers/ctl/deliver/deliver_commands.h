/* deliver_commands: the commands that bring deliveries in and see them through. */
#ifndef CTL_DELIVER_COMMANDS_H
#define CTL_DELIVER_COMMANDS_H

#include "ctl/base/ctl.h"

int run_deliver(struct ctl *ctl);
int run_wait(struct ctl *ctl);
int run_confirm(struct ctl *ctl);

#endif
