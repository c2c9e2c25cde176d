/* tokens: who may deliver and read for which boards.
 *
 * A file of lines "token boards": boards is *, or numbers joined by commas; # begins a comment. A token is 16 to 128
 * printable characters. Only SHA-256 of tokens stays in memory; comparison takes the same time whatever is sent. */
#ifndef GATEWAY_TOKENS_H
#define GATEWAY_TOKENS_H

#include "base/err.h"
#include "base/slice.h"

struct tokens;

MUSTUSE int tokens_open(const char *path, struct tokens **ret, struct err *err);
void tokens_free(struct tokens *tokens);

enum token_answer { TOKEN_UNKNOWN, TOKEN_OTHER_BOARD, TOKEN_GOOD };
/* authorization: the header's value, "Bearer <token>". board: NULL asks only whether the token is known. */
enum token_answer tokens_ask(const struct tokens *tokens, struct slice authorization, const uint32_t *board);

#endif
