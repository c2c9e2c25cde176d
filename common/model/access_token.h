/* access_token: a random token of a sender, and the line by which it is known (specification 15).
 *
 * A token is "instroom_" and 64 hex digits, 256 random bits: the words in front are for scanners that look for secrets
 * where none belong. It is shown once, when it is made. What is kept is a line of the tokens file:
 *
 *   sha256:HEX BOARDS [name=..] [owner=..] [services=..] [until=EEJJ-MM-DD] [withdrawn=EEJJ-MM-DDThh:mm:ssZ]
 *
 * HEX: SHA-256 of the token. BOARDS: * or numbers of 5 digits joined by commas. name and owner: letters, digits and
 * ._:@-. services: some of leveren, inzien and bevestigen, joined by commas; absent: all. until: the last day, in
 * Amsterdam; absent: no end. withdrawn: it opens nothing any more. Words are divided by blanks; # begins a comment.
 *
 * A line of before, "TOKEN BOARDS" with the token itself, is still read. Pure. */
#ifndef MODEL_ACCESS_TOKEN_H
#define MODEL_ACCESS_TOKEN_H

#include "base/slice.h"

#include <stdint.h>

enum { ACCESS_TOKEN_RANDOM_BYTES = 32, ACCESS_TOKEN_TEXT_BYTES = 9 + 2 * ACCESS_TOKEN_RANDOM_BYTES + 1 };
enum { ACCESS_TOKEN_BYTES_MIN = 16, ACCESS_TOKEN_BYTES_MAX = 128 }; /* of one of before */

enum access_service {
	SERVICE_DELIVER = 1 << 0,
	SERVICE_READ = 1 << 1,
	SERVICE_CONFIRM = 1 << 2,
	SERVICE_MANAGE = 1 << 3, /* of mandates only; no token of the file has it */
};
enum { SERVICES_ALL = SERVICE_DELIVER | SERVICE_READ | SERVICE_CONFIRM }; /* of a token of the file */

struct access_token {
	uint8_t sha256[32];
	bool is_plain;		  /* a line of before */
	struct slice boards;	  /* of good form */
	struct slice name, owner; /* empty: not said */
	unsigned services;
	int32_t until;		/* JJJJMMDD; 0: no end */
	struct slice withdrawn; /* empty: it is not */
};

enum token_line { TOKEN_LINE_NONE, TOKEN_LINE_GOOD, TOKEN_LINE_BAD };

/* line: without its line end. *ret borrows from it. TOKEN_LINE_NONE: blank or a comment. */
enum token_line access_token_read(struct slice line, struct access_token *ret);
bool access_token_is_for(const struct access_token *token, uint32_t board);
/* The boards of its list, one call each; of "*" one with all. */
typedef void access_board_take(void *self, const uint32_t *board); /* NULL: all boards */
void access_token_walk_boards(const struct access_token *token, access_board_take *take, void *self);
bool access_token_is_list_of_boards(struct slice text);
bool access_token_is_name(struct slice text);
/* "leveren,inzien"; 0: an unknown word, one twice, or one that no token of the file has. */
unsigned access_token_services(struct slice list);
/* Of one word, beheer too; 0: an unknown one. */
unsigned access_service_of(struct slice word);
/* A service's word: "leveren". */
const char *access_service_name(enum access_service service);
/* The token that these bytes make. */
void access_token_write(const uint8_t random[ACCESS_TOKEN_RANDOM_BYTES], char ret[ACCESS_TOKEN_TEXT_BYTES]);

#endif
