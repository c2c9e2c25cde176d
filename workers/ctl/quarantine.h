/* quarantine: the commands about messages that were set aside. */
#ifndef CTL_QUARANTINE_H
#define CTL_QUARANTINE_H

#include "ctl/ctl.h"

int run_quarantine_list(struct ctl *ctl, int argc, char **argv);
int run_quarantine_show(struct ctl *ctl, int argc, char **argv);
int run_quarantine_replay(struct ctl *ctl, int argc, char **argv);
int run_quarantine_discard(struct ctl *ctl, int argc, char **argv);

#endif
