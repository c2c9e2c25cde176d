/* access_commands: the tokens of senders (specification 15). */
#ifndef CTL_ACCESS_COMMANDS_H
#define CTL_ACCESS_COMMANDS_H

#include "ctl/base/ctl.h"

int run_token_make(struct ctl *ctl);
int run_token_list(struct ctl *ctl);
int run_token_withdraw(struct ctl *ctl);

#endif
