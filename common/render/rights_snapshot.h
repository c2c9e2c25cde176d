/* rights_snapshot: the access data of the register (schema rights) as one snapshot for the access topic (design 3).
 *
 * Who changes them (instroomctl access, or a gateway for a board) and whoever finds that the newest version was never
 * published does the same:
 *
 *   1. A transaction that takes RIGHTS_LOCK, which one process at a time holds: so versions are made, and enter the
 *      log, in the order of their sequence. The caller changes rows.
 *   2. rights_snapshot_make: all rows become the tables of a snapshot, and what cannot be a message is refused before
 *      it is stored; a version row, unless the newest has these tables. Commit: the change is made, whatever becomes of
 *      us.
 *   3. Under the lock again, rights_snapshot_make gives the newest version; rights_snapshot_seal makes its message; it
 *      is published, and rights_snapshot_published notes that. Dying anywhere leaves a version without published_at,
 *      and step 3 is repeated by anybody: a snapshot that is published twice has one sequence, and gateways take it
 *      once. */
#ifndef RENDER_RIGHTS_SNAPSHOT_H
#define RENDER_RIGHTS_SNAPSHOT_H

#include "base/arena.h"
#include "model/access_data.h"
#include "pg/pg_link.h"

#define RIGHTS_LOCK "4920180732" /* of pg_advisory_lock, and of pg_advisory_xact_lock */

struct rights_snapshot {
	struct access_version version;
	int32_t slot;
	bool is_published; /* the log has this version already */
	struct strbuf tables, message;
};

void rights_snapshot_init(struct rights_snapshot *snapshot);
void rights_snapshot_release(struct rights_snapshot *snapshot);

/* Of the transaction of link, to its end. try: without waiting for who holds it; *ret says whether we do. */
MUSTUSE int rights_snapshot_lock(struct pg_link *link, struct err *err);
MUSTUSE int rights_snapshot_try_lock(struct pg_link *link, bool *ret, struct err *err);
/* In the caller's transaction, under the lock. is_anew: a new version also when nothing changed. The rows of the tables
 * are the arena's while it runs. Errors as of pg_exec; ERR_FULL, ERR_DATA: they are too large. */
MUSTUSE int rights_snapshot_make(struct pg_link *link, struct arena *arena, bool is_anew,
				 struct rights_snapshot *snapshot, struct err *err);
/* snapshot->message, of this moment. */
MUSTUSE int rights_snapshot_seal(struct rights_snapshot *snapshot, struct err *err);
MUSTUSE int rights_snapshot_published(struct pg_link *link, const struct rights_snapshot *snapshot, struct err *err);

#endif
