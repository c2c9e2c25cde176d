/* set_back: the volgnummer of a board set back (specification 7.6).
 *
 * What is above X becomes X: the highest volgnummer, that of a completed VOLLEDIG, the list of the unchanged, and the
 * rows of teachers, which one statement lowers (register_set_back.h): such a message is alone of its board in its batch
 * (inbox.c). What waits above X ends with LR-K10. Content, status, outcomes and counts stay. The highest there ever was
 * is kept apart, for validators: whatever comes again of before must be late to them.
 *
 * Pure. */
#ifndef WRITE_SET_BACK_H
#define WRITE_SET_BACK_H

#include "write/batch.h"

/* Executes a SET_BACK. Not below the highest: nothing happens. */
void set_back_apply(struct message *message);

/* The volgnummer that a REPLAY counts with: of a delivery from before a set-back at most the highest there is now. */
void set_back_bound_replay(struct message *message);

#endif
