/* tokens: who may deliver and read for which boards.
 *
 * A file of lines as model/access_token.h has them. A token may stand on several lines and has the rights of all of
 * them. Only SHA-256 of tokens stays in memory and only hashes are compared, so the time an answer takes says nothing
 * about a token. */
#ifndef GATEWAY_TOKENS_H
#define GATEWAY_TOKENS_H

#include "base/err.h"
#include "model/access_token.h"

struct tokens;

MUSTUSE int tokens_open(const char *path, struct tokens **ret, struct err *err); /* ERR_CONFIG names file and line */
void tokens_free(struct tokens *tokens);
size_t tokens_plain_count(const struct tokens *tokens); /* lines of before, with the token itself */

/* Of several lines the last of these that holds. */
enum token_answer {
	TOKEN_MISSING, /* there is none in the header */
	TOKEN_UNKNOWN,
	TOKEN_WITHDRAWN,
	TOKEN_EXPIRED,
	TOKEN_OTHER_SERVICE,
	TOKEN_OTHER_BOARD,
	TOKEN_GOOD,
};

struct token_question {
	const uint32_t *board; /* NULL: any will do */
	unsigned service;      /* 0: any will do */
	int32_t today;	       /* JJJJMMDD, in Amsterdam */
};

/* authorization: the header's value, "Bearer <token>". *ret_sender, of a token that is known: a number that is always
 * that of this token, and says nothing of it. */
enum token_answer tokens_ask(const struct tokens *tokens, struct slice authorization,
			     const struct token_question *question, uint64_t *ret_sender);

#endif
