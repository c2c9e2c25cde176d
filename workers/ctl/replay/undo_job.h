/* undo_job: the row of an undo in the register: planned, approved, started, done. It holds all that decides what the
 * undo delivers, so that one that was killed repeats itself exactly. A delivery has one for each plan that was started,
 * and the newest counts. */
#ifndef CTL_UNDO_JOB_H
#define CTL_UNDO_JOB_H

#include "ctl/replay/undo_effect.h"
#include "model/reference.h"
#include "pg/pg_link.h"

enum undo_state { UNDO_NONE, UNDO_PLANNED, UNDO_STARTED, UNDO_DONE };

struct undo_job {
	enum undo_state state; /* NONE: it was never planned, and all else is zero */
	int32_t number;
	bool takes_later, lacks_approval;
	uint8_t digests[UNDO_PARTS][32];
	/* fixed at the start */
	int64_t sequence;
	int32_t received_on;
	uint8_t reference_version[REFERENCE_VERSION_BYTES];
};

/* The delivery that is undone. */
struct undo_target {
	int64_t position;
	uint32_t board;
	struct slice id;
};

MUSTUSE int undo_job_load(struct pg_link *link, int64_t position, struct undo_job *ret, struct err *err);
/* With the next number, in the place of a plan that was not started, in one transaction. job: the newest until then;
 * *job is the new one then. */
MUSTUSE int undo_job_plan(struct pg_link *link, const struct undo_target *target, const struct undo_effect *effect,
			  bool takes_later, bool asks_for_approval, struct undo_job *job, struct err *err);
/* number: of the plan that is meant; 0: whichever there is. ERR_DATA: it is not planned, needs none, or its planner is
 * who asks. */
MUSTUSE int undo_job_approve(struct pg_link *link, int64_t position, int32_t number, const char *reason,
			     struct err *err);
/* Takes the board's next volgnummer. job: received_on and reference_version are set. */
MUSTUSE int undo_job_start(struct pg_link *link, const struct undo_target *target, const char *reason,
			   struct undo_job *job, struct err *err);
MUSTUSE int undo_job_end(struct pg_link *link, int64_t position, int32_t number, struct err *err);

/* The leveringsid of what an undo delivers. */
void undo_job_delivery_id(const struct undo_job *job, int64_t position, enum undo_part_name part,
			  char ret[DELIVERY_ID_BYTES_MAX + 1]);

#endif
