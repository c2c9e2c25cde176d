/* register_jobs: questions to PostgreSQL, asked by threads so that the event loop never waits for it.
 *
 * The loop submits a job and goes on; a thread answers it; the loop learns by a descriptor that answers wait. A job
 * belongs to the threads between submit and take. One thread serves JOB_KNOWN only, all that wait in one question, so
 * that no long answer stands before an upload; the others serve the rest.
 * Accepting a delivery never depends on the register (design 3): a question has a time limit of ours, whatever the server
 * does, and once one could not be asked none is taken until a trial in the background went well. */
#ifndef GATEWAY_REGISTER_JOBS_H
#define GATEWAY_REGISTER_JOBS_H

#include "base/strbuf.h"
#include "model/delivery.h"
#include "pg/pg_link.h"

enum job_kind {
	JOB_KNOWN = 1,	   /* is (board, id) known: repeat, or LR-K01? body: the summary of a repeat */
	JOB_SUMMARY,	   /* body: 8.2 as JSON; with a position asked: JOB_NOT_YET before the cursor has passed it */
	JOB_FEEDBACK_CSV,  /* body: 8.1 */
	JOB_FEEDBACK_JSON, /* body: 8.3 */
	JOB_STAND,	   /* body: 8.4 of one board */
	JOB_CONFIRMATION,  /* the answer to a confirmation, JOB_NOT_YET before it is there */
};

enum job_answer { JOB_FOUND = 1, JOB_UNKNOWN, JOB_CLASH, JOB_NOT_YET, JOB_AWAY, JOB_FAILED };

struct job {
	enum job_kind kind;
	uint32_t board;
	char id[DELIVERY_ID_BYTES_MAX + 1];
	uint8_t fingerprint[FINGERPRINT_BYTES]; /* of JOB_KNOWN; one that no delivery has, to ask for the id alone */
	bool has_position;
	int32_t partition;
	int64_t offset;
	uint8_t request_id[16]; /* of JOB_CONFIRMATION */
	bool has_bsn;		/* of JOB_STAND; leaves a row in register.access */

	enum job_answer answer;
	struct strbuf body; /* of JOB_FOUND, but for a confirmation; whoever takes it leaves it empty */
	bool is_executed;   /* of JOB_CONFIRMATION */
	int32_t lapsed;
	void *owner;
	struct job *next; /* register_jobs' own */
};

struct register_jobs;

struct register_jobs_options {
	struct pg_options pg; /* statement_ms also bounds our own waits; should_stop is ours */
	const char *raw_topic;
	struct slice stand_key;
	size_t threads; /* beside the one for JOB_KNOWN */
	size_t queue_max, body_bytes_max;
};

MUSTUSE int register_jobs_open(const struct register_jobs_options *options, struct register_jobs **ret, struct err *err);
/* Calls off what is under way and waits for the threads. Jobs not taken are their owners' again, unanswered. NULL is
 * fine. One set of threads at a time in a process. */
void register_jobs_close(struct register_jobs *jobs);
int register_jobs_fd(const struct register_jobs *jobs);
/* false: the register is away, or the queue is full; the job was not taken. */
MUSTUSE bool register_jobs_submit(struct register_jobs *jobs, struct job *job);
/* The answered jobs since the last call, by next; NULL: none. */
struct job *register_jobs_take(struct register_jobs *jobs);
bool register_jobs_is_up(const struct register_jobs *jobs);

#endif
