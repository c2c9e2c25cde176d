/* stand_rows: the rows of the stand (specification 8.4), one teacher at a time, into a buffer.
 *
 * stand.c makes files of them from the register, and instroomctl verify from what it derived: who would lapse has a
 * digest (8.6), so both must be the same bytes. Pure but for the buffer. */
#ifndef RENDER_STAND_ROWS_H
#define RENDER_STAND_ROWS_H

#include "base/err.h"
#include "base/strbuf.h"
#include "model/outcome.h"

#define STAND_OTHER_FORM "content" /* code of an error */

enum { STAND_NAME_BYTES = 32 };

struct stand_teacher {
	char name[STAND_NAME_BYTES]; /* BSN or pseudonym, zeros behind it */
	int64_t sequence;
	int32_t lapsed_on; /* 0: he has not lapsed */
	enum teacher_status status;
	struct slice content, targets; /* empty when INGETROKKEN */
};

/* has_bsn: names are BSNs, and the person's columns are there; else names are pseudonyms. */
void stand_add_header(struct strbuf *out, bool has_bsn);
/* ERR_FATAL code STAND_OTHER_FORM: his content is of another form. */
MUSTUSE int stand_add_teacher(struct strbuf *out, uint32_t board, bool has_bsn, const struct stand_teacher *teacher,
			      struct err *err);

void stand_set_bsn(struct stand_teacher *teacher, int32_t bsn);
void stand_sort(struct stand_teacher *teachers, size_t count); /* by name, in byte order */

#endif
