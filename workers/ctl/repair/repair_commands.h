/* repair_commands: the commands for partitions and messages that cannot go on by themselves. */
#ifndef CTL_REPAIR_COMMANDS_H
#define CTL_REPAIR_COMMANDS_H

#include "ctl/base/ctl.h"

int run_refill(struct ctl *ctl);
int run_loss_show(struct ctl *ctl);
int run_loss_accept(struct ctl *ctl);
int run_loss_list(struct ctl *ctl);
int run_quarantine_list(struct ctl *ctl);
int run_quarantine_show(struct ctl *ctl);
int run_quarantine_replay(struct ctl *ctl);
int run_quarantine_discard(struct ctl *ctl);
int run_set_back(struct ctl *ctl);
int run_set_back_list(struct ctl *ctl);

#endif
