/* rights_store: one change of the access data (specification 15), stored and put in force:
 *
 *   1. rights_begin: a lock that one command at a time holds, until its connection ends: so snapshots go into the log
 *      in the order of their sequence. Then a transaction.
 *   2. The caller changes rows. Triggers leave the audit row.
 *   3. rights_commit: all rows become one snapshot, and what cannot be a message is refused here, before it is stored.
 *      A version row; commit. From here on the change is made, whatever becomes of us.
 *   4. rights_publish: the snapshot goes to the access topic. When Kafka is away, or we die, the version row has no
 *      published_at: instroomctl access publish, or the next change, puts it in force. */
#ifndef CTL_ACCESS_RIGHTS_STORE_H
#define CTL_ACCESS_RIGHTS_STORE_H

#include "ctl/base/ctl.h"
#include "model/access_data.h"

struct rights_store {
	struct ctl *ctl;
	struct pg_link *link;
	struct access_version version;
	int32_t slot;
	bool is_published; /* the version of the tables is in the log already */
	struct strbuf tables, message;
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
