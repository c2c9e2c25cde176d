/* xml_check: the checks of a whole file in its XML form, in the order of specification 3.4, and its cells.
 *
 * The document is read in one pass, without a tree: what stays of it is the lines, the same cells that file_check makes
 * of a CSV file, with all 25 columns in column order. From there on the two forms are alike.
 *
 * What a hostile document can cost is bounded: there is no DTD and so no entity of its own, an element that does not
 * belong ends the reading, so nothing lies deeper than four, and the parser may hold XML_CHECK_MEMORY_BYTES_MAX: a tag
 * or a comment that needs more counts as one that does not belong. Not for threads: one file at a time. */
#ifndef GATEWAY_XML_CHECK_H
#define GATEWAY_XML_CHECK_H

#include "gateway/file_check.h"

enum { XML_CHECK_MEMORY_BYTES_MAX = 4 << 20 };

/* As file_check, with the same arena. */
MUSTUSE int xml_check(struct slice bytes, uint64_t bytes_total, const uint8_t sha256[32],
		      const struct file_expected *expected, struct arena *arena, struct file_reading *ret,
		      struct err *err);

#endif
