/* tokens: who may deliver and read for which boards.
 *
 * A file of lines as model/access_token.h has them. A token may stand on several lines and has the rights of all of
 * them. Only SHA-256 of tokens stays in memory and only hashes are compared, so the time an answer takes says nothing
 * about a token. */
#ifndef GATEWAY_TOKENS_H
#define GATEWAY_TOKENS_H

#include "base/err.h"
#include "model/access_right.h"

struct tokens;

MUSTUSE int tokens_open(const char *path, struct tokens **ret, struct err *err); /* ERR_CONFIG names file and line */
void tokens_free(struct tokens *tokens);
size_t tokens_plain_count(const struct tokens *tokens); /* lines of before, with the token itself */

/* The lines of one token. They live as long as the tokens. */
struct token_lines {
	const struct token *first; /* NULL: none */
	size_t count;
};

/* The lines of the token that has this SHA-256. ACCESS_GOOD: one of them at least is in force; ACCESS_UNKNOWN,
 * _WITHDRAWN, _EXPIRED: none. */
enum access_answer tokens_find(const struct tokens *tokens, const uint8_t sha256[32], int32_t today,
			       struct token_lines *ret);

/* What the lines, of which tokens_find said ACCESS_GOOD, say to the question. *ret_basis, of ACCESS_GOOD:
 * BASIS_OPERATOR by a line for all boards, else BASIS_OWN. */
enum access_answer token_lines_decide(struct token_lines lines, const struct access_question *question,
				      enum access_basis *ret_basis);

/* All that the lines open today: what token_lines_decide says GOOD to. One service of a board may come several times.
 */
void token_lines_entries(struct token_lines lines, int32_t today, access_entry_take *take, void *self);

/* The first name that stands in them; empty: none. */
struct slice token_lines_name(struct token_lines lines);

#endif
