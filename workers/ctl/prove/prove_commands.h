/* prove_commands: the commands that prove the register. */
#ifndef CTL_PROVE_COMMANDS_H
#define CTL_PROVE_COMMANDS_H

#include "ctl/base/ctl.h"

int run_checkpoint_check(struct ctl *ctl);
int run_checkpoint_list(struct ctl *ctl);
int run_checkpoint_make(struct ctl *ctl);
int run_checkpoint_prune(struct ctl *ctl);
int run_checkpoint_restore(struct ctl *ctl);
int run_statement(struct ctl *ctl);
int run_verify(struct ctl *ctl);

#endif
