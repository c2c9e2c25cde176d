/* diagnosis: the lines of doctor: what was looked at, how it is, what was seen, and what to do. */
#ifndef CTL_DIAGNOSIS_H
#define CTL_DIAGNOSIS_H

#include "ctl/base/output.h"

enum diagnosis_state {
	DIAGNOSIS_OK,
	DIAGNOSIS_UNKNOWN, /* cannot be known from here; no fault */
	DIAGNOSIS_WARN,
	DIAGNOSIS_FAIL,
	DIAGNOSIS_STATES
};

struct diagnosis {
	struct output out;
	size_t counts[DIAGNOSIS_STATES];
};

void diagnosis_begin(struct diagnosis *diagnosis, enum output_format format);
void diagnosis_release(struct diagnosis *diagnosis);
/* advice: what to do; NULL when there is nothing. Text is written at once, as the next check may take seconds. */
void diagnosis_say(struct diagnosis *diagnosis, enum diagnosis_state state, const char *check, const char *advice,
		   const char *fmt, ...) PRINTF_LIKE(5, 6);
/* FAIL with the text and code of an error. */
void diagnosis_fail(struct diagnosis *diagnosis, const char *check, const char *advice, const struct err *err);
MUSTUSE int diagnosis_end(struct diagnosis *diagnosis, struct err *err);

#endif
