/* look_commands: the commands that read and change nothing. */
#ifndef CTL_LOOK_COMMANDS_H
#define CTL_LOOK_COMMANDS_H

#include "ctl/base/ctl.h"

int run_status(struct ctl *ctl);
int run_report(struct ctl *ctl);
int run_stand(struct ctl *ctl);
int run_ledger(struct ctl *ctl);
int run_coverage(struct ctl *ctl);
int run_findings(struct ctl *ctl);

int run_deliveries(struct ctl *ctl);
int run_delivery(struct ctl *ctl);
int run_teacher(struct ctl *ctl);
int run_contact(struct ctl *ctl);
int run_audit(struct ctl *ctl);
int run_refusals(struct ctl *ctl);
int run_dump(struct ctl *ctl);

#endif
