/* reference_commands: the commands about reference tables. */
#ifndef CTL_REFERENCE_COMMANDS_H
#define CTL_REFERENCE_COMMANDS_H

#include "ctl/base/ctl.h"

int run_reference_import(struct ctl *ctl);
int run_reference_build(struct ctl *ctl);
int run_reference_publish(struct ctl *ctl);
int run_reference_list(struct ctl *ctl);
int run_reference_show(struct ctl *ctl);
int run_reference_diff(struct ctl *ctl);
int run_reference_effect(struct ctl *ctl);
int run_reference_export(struct ctl *ctl);

#endif
