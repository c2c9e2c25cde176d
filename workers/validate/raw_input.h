/* raw_input: a raw message as it came, sorted before anything is judged (design 2).
 *
 *   READY       headers and body say the same, and the body is whole
 *   UNREADABLE  headers are good, the body is not: every line is quarantaine, so the delivery balances
 *   FOREIGN     no readable headers, so it cannot be from a gateway; or a Confirm, Replay, Forget or SetBack that
 *               cannot be decoded, of which nothing but the body says what was asked
 *   WAITING     headers are good, the schema, the reference version or the day key is one we do not know: we are
 *               behind, so wait
 *
 * Whoever sent the bytes is not trusted: every count and number is compared with what the headers say and with its
 * limit. Borrows from the message. Pure. */
#ifndef VALIDATE_RAW_INPUT_H
#define VALIDATE_RAW_INPUT_H

#include "base/arena.h"
#include "kafka/kafka.h"
#include "wire/gen/types.h"
#include "protocol/raw_headers.h"

enum raw_input_state { RAW_INPUT_READY = 1, RAW_INPUT_UNREADABLE, RAW_INPUT_FOREIGN, RAW_INPUT_WAITING };

/* Codes of quarantine-1.avsc. */
#define REASON_UNDECODABLE	 "undecodable"
#define REASON_NO_HEADERS	 "no-headers"
#define REASON_UNKNOWN_SCHEMA	 "unknown-schema"
#define REASON_MISSING_REFERENCE "missing-reference"
#define REASON_POISON		 "poison"
#define REASON_NO_DAY_KEY	 "no-day-key"
#define REASON_SHREDDED		 "shredded"
#define REASON_TAMPERED		 "tampered"

struct raw_input {
	enum raw_input_state state;
	const char *reason; /* of a state other than READY */
	bool has_headers;
	struct raw_headers headers;
	/* of READY, by headers.kind */
	struct wire_delivery delivery; /* DELIVERY and REPLAY */
	const uint32_t *record_nos;    /* REPLAY: one per line; else NULL */
	uint8_t request_id[16];	       /* CONFIRM, SET_BACK: request; REPLAY: job */
	struct slice condition;	       /* CONFIRM */
	int64_t set_back_to;	       /* SET_BACK */
	struct slice forget_keys;      /* FORGET */
};

/* The headers alone: enough to know the board. *ret is READY or FOREIGN. */
void raw_input_open(const struct kafka_message *message, struct raw_input *ret);

/* The body of a message whose headers are readable. Arrays go to arena; one that does not fit is UNREADABLE. */
void raw_input_decode(const struct kafka_message *message, struct arena *arena, struct raw_input *input);

/* Judged no further, for a reason: UNREADABLE or FOREIGN, as its kind demands. */
void raw_input_give_up(struct raw_input *input, const char *reason);

/* Of readable headers: a message of lines, which are judged; else it asks for something. */
static inline bool raw_input_has_lines(const struct raw_input *input)
{
	return input->headers.kind == RAW_DELIVERY || input->headers.kind == RAW_REPLAY;
}

#endif
