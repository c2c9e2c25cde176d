/* replay_job: the rows of a replay job: found, moved from state to state, noted, and what became of it. */
#ifndef CTL_REPLAY_JOB_H
#define CTL_REPLAY_JOB_H

#include "base/strbuf.h"
#include "pg/pg_link.h"

enum { JOB_ID_BYTES = 16, JOB_TEXT_BYTES = 37 };

struct replay_job {
	uint8_t id[JOB_ID_BYTES];
	char text[JOB_TEXT_BYTES];
	char state[16];
	bool has_reason, has_publisher; /* a process publishes it now */
	bool lacks_approval;
	int64_t rate; /* messages a second, 0 without limit; -1: never started */
	int64_t items, published, entered;
};

/* By its id or the first digits of it. ERR_DATA: none, more than one, or no digits at all. */
MUSTUSE int replay_job_find(struct pg_link *link, const char *text, struct replay_job *ret, struct err *err);
MUSTUSE int replay_job_note(struct pg_link *link, const uint8_t id[JOB_ID_BYTES], const char *what, const char *note,
			    struct err *err);
/* state from any of those in from (an SQL list in words, "planned,paused"); *ret_is_moved false: it was in none. */
MUSTUSE int replay_job_move(struct pg_link *link, const uint8_t id[JOB_ID_BYTES], const char *from, const char *to,
			    bool *ret_is_moved, struct err *err);
/* Plans older than this that nobody started expire: their attempts are free again. */
MUSTUSE int replay_job_expire(struct pg_link *link, int64_t keep_ms, struct err *err);
/* Of a job that was never started. */
MUSTUSE int replay_job_free_attempts(struct pg_link *link, const uint8_t id[JOB_ID_BYTES], struct err *err);
/* "nieuw 3, afgekeurd -3": what the entered messages changed, in lines. */
MUSTUSE int replay_job_result(struct pg_link *link, const uint8_t id[JOB_ID_BYTES], struct strbuf *out,
			      struct err *err);

#endif
