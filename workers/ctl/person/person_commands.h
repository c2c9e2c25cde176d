/* person_commands: the commands about one person, over all boards. */
#ifndef CTL_PERSON_COMMANDS_H
#define CTL_PERSON_COMMANDS_H

#include "ctl/base/ctl.h"

int run_person_report(struct ctl *ctl);

#endif
