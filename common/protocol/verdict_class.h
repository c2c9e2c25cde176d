/* verdict_class: the numbers of a verdict's kinds and classes, and the check that its arrays fit together.
 *
 * A verdict is a struct of arrays: a group's key, class, lines, hash and candidate stand at positions that follow from
 * the others. Once verdict_check has said 0, writer and fold index without asking again:
 *   groups = classes.n = group_lines.count, the first keys.n / 16 of them readable, their keys strictly rising;
 *   hashes has 16 bytes per CANDIDATE or UNCHANGED group, candidates one entry per CANDIDATE group, in group order;
 *   unreadable groups are REJECTED or QUARANTINE, and their lines are unreadable_lines in all;
 *   the lines of all groups are header.line_count in all, unless body_unreadable, which has no groups.
 * CONFIRM has none of this, FORGET keys only, FOREIGN nothing at all. Pure. */
#ifndef PROTOCOL_VERDICT_CLASS_H
#define PROTOCOL_VERDICT_CLASS_H

#include "wire/gen/verdict.h"

enum verdict_class { VERDICT_CANDIDATE = 1, VERDICT_UNCHANGED, VERDICT_REJECTED, VERDICT_WITHDRAW, VERDICT_QUARANTINE };

enum verdict_kind {
	VERDICT_KIND_DELIVERY = 1,
	VERDICT_KIND_CONFIRM,
	VERDICT_KIND_REPLAY,
	VERDICT_KIND_FORGET,
	VERDICT_KIND_FOREIGN,
	VERDICT_KIND_SET_BACK
};

/* A line is quarantaine and nobody can say whose: the end of the delivery is left out (specification 7.1). Of a verdict
 * that verdict_check said 0 to. */
bool verdict_hides_teacher(const struct wire_verdict *verdict);

/* ERR_DATA: the sentence names the first thing that does not fit, never a value of a teacher. */
MUSTUSE int verdict_check(const struct wire_verdict *verdict, struct err *err);

#endif
