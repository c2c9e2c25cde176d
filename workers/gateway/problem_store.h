/* problem_store: what boards report, kept by the functions of the register that alone may do so (schemas/sql). */
#ifndef GATEWAY_PROBLEM_STORE_H
#define GATEWAY_PROBLEM_STORE_H

#include "gateway/access_grant.h"
#include "gateway/problem_form.h"
#include "gateway/trace.h"
#include "model/problem.h"
#include "pg/pg_link.h"

struct problem_submission {
	uint32_t board;
	const struct problem_form *form;
	const struct access_grant *grant;
	const struct trace *trace;
};

/* Stores it, unless an equal one stands, which a repeat after a lost answer is. ret_reference: empty when the board
 * reported so many today that no more are taken. Errors as of pg_exec. */
MUSTUSE int problem_store_add(struct pg_link *link, const struct problem_submission *submission,
			      char ret_reference[PROBLEM_REFERENCE_BYTES], bool *ret_is_new, struct err *err);
/* Has the problem of this reference mailed to the council of the sector. *ret_has_sector false: the board has no school
 * of it. */
MUSTUSE int problem_store_mail(struct pg_link *link, const struct problem_submission *submission, const char *reference,
			       bool *ret_has_sector, struct err *err);

#endif
