/* rights_store: one change of the access data (specification 15) by an operator, stored and put in force, as
 * render/rights_snapshot.h says:
 *
 *   1. rights_begin: a lock that one process at a time holds, here until the connection ends. Then a transaction.
 *   2. The caller changes rows. Triggers leave the audit row.
 *   3. rights_commit: the snapshot and its version; commit. From here on the change is made, whatever becomes of us.
 *   4. rights_publish: the snapshot goes to the access topic. When Kafka is away, or we die, the version row has no
 *      published_at: a gateway, instroomctl access publish, or the next change, puts it in force. */
#ifndef CTL_ACCESS_RIGHTS_STORE_H
#define CTL_ACCESS_RIGHTS_STORE_H

#include "ctl/base/ctl.h"
#include "render/rights_snapshot.h"

struct rights_store {
	struct ctl *ctl;
	struct pg_link *link;
	struct rights_snapshot snapshot;
};

MUSTUSE int rights_begin(struct ctl *ctl, struct rights_store *store, struct err *err);
/* Step 3. is_anew: a new version also when nothing changed. Gateways pass over a version that is not above theirs, and
 * a database that was restored from before does not know which that is. An error: nothing is changed. */
MUSTUSE int rights_commit(struct rights_store *store, bool is_anew, struct err *err);
/* Step 4, of what rights_commit left. Nothing to do when the log has it. */
MUSTUSE int rights_publish(struct rights_store *store, struct err *err);
void rights_end(struct rights_store *store); /* rolls back what is not committed */

/* The whole end of a command: steps 3 and 4, and what the operator is told. made: printed to stdout before it is
 * stored, as what nobody saw whole must not be in force; an error behind it means that it opens nothing. NULL: nothing.
 * The exit status. */
int rights_finish(struct rights_store *store, const char *made);

#endif
