/* load: what each sender and each board has in progress here, so that none of them takes what all others need.
 *
 * A sender is a token, or whom a signed token or a certificate names. Of the memory for uploads, and of that for
 * answers, one sender may hold a share (byte_budget.h); and he may have a number of uploads in progress. A board may
 * have a number of uploads and of questions in progress, whoever sends them; what one without any right for it may ask
 * about a board counts for the sender alone. Who asks for more gets 429 and comes back later. Senders are kept once
 * seen: each has shown a proof that is believed here, so there are no more than tokens and those whom the issuer and
 * the CAs know. Pure; owner: the event loop. */
#ifndef GATEWAY_LOAD_H
#define GATEWAY_LOAD_H

#include "gateway/byte_budget.h"
#include "model/delivery.h"

#include <stdint.h>

struct sender {
	uint64_t id;
	struct byte_account uploads, answers;		     /* bytes in either budget */
	uint32_t uploads_in_progress, questions_in_progress; /* the latter of LOAD_STRANGER */
	struct sender *next;
};

/* LOAD_STRANGER: a question of a sender who may have no right for the board, whose own places it does not take: as many
 * of one sender as a board may have. */
enum load_kind { LOAD_NONE, LOAD_UPLOAD, LOAD_QUESTION, LOAD_STRANGER };

/* One request's part; given back with load_end. Zeroed: it has none. */
struct load_part {
	enum load_kind kind;
	struct sender *sender;
	uint32_t board;
};

struct load_limits {
	uint32_t sender_uploads_max, board_uploads_max, board_questions_max;
};

struct load;

struct load *load_new(const struct load_limits *limits); /* NULL: no memory */
void load_free(struct load *load);			 /* takes NULL */
/* The sender of this id, known or new. NULL: no memory. */
struct sender *load_sender(struct load *load, uint64_t id);
/* false: the sender or the board has as many in progress as it may. */
MUSTUSE bool load_begin(struct load *load, struct load_part *part, enum load_kind kind, struct sender *sender,
			uint32_t board);
void load_end(struct load *load, struct load_part *part);

#endif
