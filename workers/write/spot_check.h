/* spot_check: whether what the cache says is true of the register, asked of a share of the teachers (design 5).
 *
 * An UNCHANGED verdict is certain as long as the cache is what we wrote. Should it ever not be, nobody would see it:
 * the night reads no rows. So the writer reads those of a few teachers and compares their content hash with the
 * verdict's. Which, a hash of teacher key and log position says, so that the same log is checked alike whoever applies
 * it, in whatever batches. When one differs, all UNCHANGED of that delivery are compared. Who differs gets quarantaine
 * and is disowned, as the verdict does not have the content: the cache forgets him, and the next delivery brings it.
 * Pure. */
#ifndef WRITE_SPOT_CHECK_H
#define WRITE_SPOT_CHECK_H

#include "write/batch.h"

enum { SPOT_CHECK_WHOLE = 1000 }; /* the share is of so many */

/* Whether the UNCHANGED teacher of this group is among the share. */
bool spot_check_picks(uint32_t share, const struct message *message, size_t group);
/* Whether the register, at this message, has the content that an UNCHANGED verdict says. The row is loaded. */
bool spot_check_agrees(const struct teacher *teacher, const uint8_t *content_hash);
/* Compares those of the share; sets message->checks_all when one differs. */
void spot_check_first(const struct batch *batch, struct message *message);

#endif
