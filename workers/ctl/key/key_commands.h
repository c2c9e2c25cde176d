/* key_commands: how the HMAC key of the teacher keys is rotated, and what is done with day keys (design 9). */
#ifndef CTL_KEY_COMMANDS_H
#define CTL_KEY_COMMANDS_H

#include "ctl/base/ctl.h"

int run_key_status(struct ctl *ctl);
int run_key_rotate(struct ctl *ctl);
int run_key_retire(struct ctl *ctl);

/* The keys that message bodies are encrypted with, each for a day. */
int run_day_keys_list(struct ctl *ctl);
int run_day_keys_check(struct ctl *ctl);
int run_day_keys_lost(struct ctl *ctl);
int run_day_keys_make(struct ctl *ctl);
int run_day_keys_rewrap(struct ctl *ctl);
int run_day_keys_shred(struct ctl *ctl);

#endif
