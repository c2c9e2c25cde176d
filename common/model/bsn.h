/* bsn: the citizen service number (specification 5.2). Pure. Never goes into a log. */
#ifndef MODEL_BSN_H
#define MODEL_BSN_H

#include "model/rule.h"

enum { BSN_DIGITS = 9, BSN_DIGITS_LOST = 8 /* a leading zero that a spreadsheet dropped */ };

/* RULE_P01, RULE_P02 or RULE_P03; RULE_NONE, and only then *ret, when text is a BSN. */
MUSTUSE enum rule bsn_read(struct slice text, uint32_t *ret);

/* LR-P11 or LR-P14 on a text, or RULE_NONE. bsn: the BSN field of the line when it is 8 or 9 digits, else empty. As it
 * is all digits it can only stand inside a run of digits. */
enum rule bsn_find(struct slice text, struct slice bsn);

/* Whether words that people wrote hold a BSN: 9 digits in a row that pass the test, alone or in groups with one blank,
 * point, hyphen, slash or underscore between two of them. Longer runs of digits are no BSN. */
bool bsn_stands_in(struct slice text);

#endif
