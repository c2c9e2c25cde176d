/* replay_commands: the commands about replay jobs, about the undo of a delivery, and about the approval of both. */
#ifndef CTL_REPLAY_COMMANDS_H
#define CTL_REPLAY_COMMANDS_H

#include "ctl/base/ctl.h"

int run_replay_plan(struct ctl *ctl);
int run_replay_start(struct ctl *ctl);
int run_replay_resume(struct ctl *ctl);
int run_replay_pause(struct ctl *ctl);
int run_replay_cancel(struct ctl *ctl);
int run_replay_approve(struct ctl *ctl);
int run_replay_list(struct ctl *ctl);
int run_replay_show(struct ctl *ctl);
int run_approval_list(struct ctl *ctl);
int run_approval_set(struct ctl *ctl);
int run_undo_plan(struct ctl *ctl);
int run_undo_approve(struct ctl *ctl);
int run_undo_start(struct ctl *ctl);
int run_undo_list(struct ctl *ctl);

#endif
