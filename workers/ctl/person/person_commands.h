/* person_commands: the commands about one person over all boards, and about how long persons are kept. */
#ifndef CTL_PERSON_COMMANDS_H
#define CTL_PERSON_COMMANDS_H

#include "ctl/base/ctl.h"

int run_contact_set(struct ctl *ctl);
int run_person_report(struct ctl *ctl);
int run_person_erase(struct ctl *ctl);
int run_retention(struct ctl *ctl);

#endif
