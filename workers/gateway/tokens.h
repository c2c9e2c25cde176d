/* tokens: who may deliver and read for which boards.
 *
 * A file of lines "token boards": boards is *, or numbers of 5 digits joined by commas; # begins a comment line. A
 * token is 16 to 128 printable ASCII characters; it may stand on several lines and has the boards of all of them. Only
 * SHA-256 of tokens stays in memory and only hashes are compared, so the time an answer takes says nothing about a
 * token. */
#ifndef GATEWAY_TOKENS_H
#define GATEWAY_TOKENS_H

#include "base/err.h"
#include "base/slice.h"

struct tokens;

MUSTUSE int tokens_open(const char *path, struct tokens **ret, struct err *err); /* ERR_CONFIG names file and line */
void tokens_free(struct tokens *tokens);

enum token_answer { TOKEN_UNKNOWN, TOKEN_OTHER_BOARD, TOKEN_GOOD };
/* authorization: the header's value, "Bearer <token>". board: NULL asks only whether the token is known. *ret_sender,
 * unless it is unknown: a number that is always that of this token, and says nothing of it. */
enum token_answer tokens_ask(const struct tokens *tokens, struct slice authorization, const uint32_t *board,
			     uint64_t *ret_sender);

#endif
