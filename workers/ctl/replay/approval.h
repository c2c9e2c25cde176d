/* approval: from how many lines on a replay or an undo wants another person's approval. The register keeps it, and its
 * triggers hold plans to it (0029-approval-limit.sql), whatever replay.approval.lines of the planner says. The commands
 * stand in replay_commands.h. */
#ifndef CTL_APPROVAL_H
#define CTL_APPROVAL_H

#include "base/err.h"

/* Says in words why the register did not let a plan start, where that was its limit. rc: what came of the start; it is
 * returned, or -ERR_DATA. */
MUSTUSE int approval_explain(int rc, struct err *err);

#endif
