/* access_commands: the tokens of senders, and who may deliver for whom (specification 15). */
#ifndef CTL_ACCESS_COMMANDS_H
#define CTL_ACCESS_COMMANDS_H

#include "ctl/base/ctl.h"

int run_token_make(struct ctl *ctl);
int run_token_list(struct ctl *ctl);
int run_token_withdraw(struct ctl *ctl);

int run_access_party_add(struct ctl *ctl);
int run_access_party_list(struct ctl *ctl);
int run_access_number_add(struct ctl *ctl);
int run_access_board_number_add(struct ctl *ctl);
int run_access_board_number_end(struct ctl *ctl);
int run_access_mandate_give(struct ctl *ctl);
int run_access_mandate_withdraw(struct ctl *ctl);
int run_access_mandate_list(struct ctl *ctl);
int run_access_credential_make(struct ctl *ctl);
int run_access_credential_withdraw(struct ctl *ctl);
int run_access_credential_list(struct ctl *ctl);
int run_access_who(struct ctl *ctl);
int run_access_show(struct ctl *ctl);
int run_access_publish(struct ctl *ctl);

#endif
