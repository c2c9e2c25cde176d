/* register_answers: what each kind of job asks of the register, and the answer it makes of that.
 *
 * A thread asks by a connection of its own, which is up. An answer that could not be had leaves an error, which says
 * nothing of whether the register is there: that is register_jobs' to judge. */
#ifndef GATEWAY_REGISTER_ANSWERS_H
#define GATEWAY_REGISTER_ANSWERS_H

#include "base/arena.h"
#include "gateway/register_job.h"
#include "model/teacher_key.h"
#include "pg/pg_link.h"

enum {
	REGISTER_KNOWN_MAX = 64,  /* jobs of one question */
	REGISTER_KNOWN_MS = 2000, /* the longest an upload waits for an early LR-K01, which is a courtesy */
	REGISTER_READING_BYTES = 16,
};

/* Of one thread. */
struct register_asker {
	struct pg_link *link;
	struct arena arena;			 /* the caller resets it behind each question */
	const char *raw_topic;			 /* borrowed, as the next */
	const struct hmac_key *stand_key;	 /* of pseudonyms */
	uint8_t reading[REGISTER_READING_BYTES]; /* that was recorded last */
	bool is_recording;			 /* the question under way waits for its row, or got none */
};

/* Of any kind but JOB_KNOWN. A mandate that is changed is stored, and not published yet. */
MUSTUSE int register_answer(struct register_asker *asker, struct register_job *job, struct err *err);
/* A whole batch of JOB_KNOWN, at most REGISTER_KNOWN_MAX, with one question. */
MUSTUSE int register_answer_known(struct register_asker *asker, struct register_job *const *batch, size_t count,
				  struct err *err);

#endif
