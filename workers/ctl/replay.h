/* replay: lines that failed, judged again on an operator's word (design 6). What the files of the command share.
 *
 *   replay_scope.c    which deliveries and lines a plan takes
 *   replay_preview.c  what judging them again would do to today's register
 *   replay_plan.c     replay plan: both, and the job's rows
 *   replay_start.c    replay start, resume: publishes the job's messages
 *   replay_job.c      replay list, show, pause, cancel, and what became of a job
 *
 * Only lines that stand as afgekeurd or quarantaine are ever taken, and of a teacher all his lines or none: the writer
 * would pass over anything else. Nothing personal is printed. */
#ifndef CTL_REPLAY_H
#define CTL_REPLAY_H

#include "ctl/ctl.h"
#include "ctl/raw_log.h"
#include "ctl/reference_books.h"
#include "model/judge.h"
#include "wire/gen/feedback.h"

enum { JOB_ID_BYTES = 16, JOB_TEXT_BYTES = 37 };

/* ---- replay_scope.c ---- */

/* What a plan takes; all that is set must hold. */
struct replay_filter {
	bool has_board;
	uint32_t board;
	const char *delivery_id; /* NULL: any */
	int32_t from, to;	 /* ontvangen_op, JJJJMMDD; 0: open */
	enum rule rule;		 /* groups with a line that has it; RULE_NONE: any */
	bool is_quarantine_only;
	int64_t position; /* of one delivery; 0: any */
};

/* A delivery with something to replay. */
struct replay_target {
	int64_t position;
	uint32_t board;
	int64_t sequence;
	int32_t attempt; /* the next */
	int64_t line_count;
	uint8_t reference_version[REFERENCE_VERSION_BYTES]; /* the original's */
	int32_t *records;				    /* in scope, rising */
	size_t record_count;
};

/* Positions of the deliveries a plan may take, in log order; they live in the arena. */
MUSTUSE int replay_find(struct pg_link *link, const struct replay_filter *filter, struct arena *arena, int64_t **ret,
			size_t *ret_count, struct err *err);
/* One of them with its lines. record_count 0: none of its lines is in scope. */
MUSTUSE int replay_load(struct pg_link *link, const struct replay_filter *filter, int64_t position, struct arena *arena,
			struct replay_target *ret, struct err *err);

/* The lines in scope as a delivery of their own: header of the original with their number, cells in the arena. false: the
 * original has no such lines. ERR_FULL by NULL cells cannot be told apart: the arena is as large as any message. */
MUSTUSE bool replay_cut(const struct wire_delivery *original, const int32_t *records, size_t count, struct arena *arena,
			struct wire_delivery *ret);

/* ---- replay_preview.c ---- */

/* What a plan would do, in lines but for the last. */
struct replay_forecast {
	int64_t deliveries, lines, teachers;
	int64_t outcomes[OUTCOMES + 1];
	int64_t unreadable_deliveries, unreadable_lines; /* this program cannot read their body either */
	int64_t gone_deliveries, gone_lines;		 /* the log no longer holds them */
	int64_t brought_back; /* teachers that a newer VOLLEDIG no longer names, and that would be new all the same */
};

struct replay_preview; /* today's register, a board at a time, as the plan's deliveries change it */

MUSTUSE int replay_preview_open(struct pg_link *link, struct replay_preview **ret, struct err *err);
void replay_preview_close(struct replay_preview *preview);
/* Deliveries in log order. judged: its lines in scope. *ret_back: its teachers that would come back. */
MUSTUSE int replay_preview_add(struct replay_preview *preview, const struct replay_target *target,
			       const struct wire_delivery *delivery, const struct judged *judged,
			       struct replay_forecast *forecast, int64_t *ret_back, struct err *err);

/* ---- replay_job.c ---- */

struct replay_job {
	uint8_t id[JOB_ID_BYTES];
	char text[JOB_TEXT_BYTES];
	char state[16];
	bool has_reason;
	int64_t items, published, entered;
};

/* By its id or the first digits of it. ERR_DATA: none, or more than one. */
MUSTUSE int replay_job_find(struct pg_link *link, const char *text, struct replay_job *ret, struct err *err);
MUSTUSE int replay_job_note(struct pg_link *link, const uint8_t id[JOB_ID_BYTES], const char *what, const char *note,
			    struct err *err);
/* state from any of those in from (an SQL list in words, "planned,paused"); *ret_is_moved false: it was in none. */
MUSTUSE int replay_job_move(struct pg_link *link, const uint8_t id[JOB_ID_BYTES], const char *from, const char *to,
			    bool *ret_is_moved, struct err *err);
/* "nieuw 3, afgekeurd -3": what the entered messages changed, in lines. */
MUSTUSE int replay_job_result(struct pg_link *link, const uint8_t id[JOB_ID_BYTES], struct strbuf *out, struct err *err);

const char *replay_operator(void); /* who works here, for audit rows */

int run_replay_plan(struct ctl *ctl, int argc, char **argv);
int run_replay_start(struct ctl *ctl, int argc, char **argv);
int run_replay_resume(struct ctl *ctl, int argc, char **argv);
int run_replay_pause(struct ctl *ctl, int argc, char **argv);
int run_replay_cancel(struct ctl *ctl, int argc, char **argv);
int run_replay_list(struct ctl *ctl, int argc, char **argv);
int run_replay_show(struct ctl *ctl, int argc, char **argv);
/* The plan of a filter, for quarantine replay too. scope: in words. */
int replay_make_plan(struct ctl *ctl, const struct replay_filter *filter, const char *scope, bool is_current);

#endif
