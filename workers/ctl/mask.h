/* mask: takes out of a text what may be of a person, or a secret, before it leaves the installation.
 *
 *   [number]     9 digits in a row that pass the test of a BSN or an onderwijsnummer, so one in five of all others too
 *   [address]    letters, digits and dots with a @ between them
 *   [postcode]   1234 AB
 *   [telephone]  10 digits that begin with 0, or + and 11 digits
 *   [secret]     what stands behind password=
 *
 * Names cannot be known: what is masked must not hold any in the first place. Pure. */
#ifndef CTL_MASK_H
#define CTL_MASK_H

#include "base/slice.h"
#include "base/strbuf.h"

/* Appends the text, masked. Returns how many pieces were. */
size_t mask_text(struct slice text, struct strbuf *out);

#endif
