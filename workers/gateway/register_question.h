/* register_question: what the handlers share whose answer is a text of the register about one board.
 *
 * The state of such a request is its job. The answer counts in the byte budget once it is there: with none left, no
 * other is fetched. */
#ifndef GATEWAY_REGISTER_QUESTION_H
#define GATEWAY_REGISTER_QUESTION_H

#include "base/slice.h"
#include "gateway/register_jobs.h"

struct request;

/* Reads one parameter of the query into the request's job. false: there is none of this name here, or it is
 * unreadable. */
typedef bool read_parameter(struct request *request, struct slice name, struct slice value);

/* read: NULL for an address without parameters. false: a parameter is wrong, and the reply says so. */
MUSTUSE bool register_question_read_query(struct request *request, read_parameter *read);

/* Asks about the board and the delivery of the address; or replies that the register is away. */
void register_question_ask(struct request *request, struct register_job *job, enum register_job_kind kind);

/* Replies with the answer, as this type of content. */
void register_question_reply(struct request *request, struct register_job *job, const char *type);

void register_question_answer_away(struct request *request); /* 503 */
void register_question_free(void *state);		     /* of a handler whose state is a register_job */

#endif
