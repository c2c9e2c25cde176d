/* key_commands: how the HMAC key of the teacher keys is rotated (design 9). */
#ifndef CTL_KEY_COMMANDS_H
#define CTL_KEY_COMMANDS_H

#include "ctl/base/ctl.h"

int run_key_status(struct ctl *ctl);
int run_key_rotate(struct ctl *ctl);
int run_key_retire(struct ctl *ctl);

#endif
