/* intake: a raw message as it came, sorted before anything is judged (design 2).
 *
 *   READY       headers and body say the same, and the body is whole
 *   UNREADABLE  headers are good, the body is not: every line is quarantaine, so the delivery balances
 *   FOREIGN     no readable headers, so it cannot be from a gateway; or a Confirm, Replay or Forget that cannot be decoded,
 *               of which nothing but the body tells what was asked
 *   LATE        headers are good, the schema is one we do not know: our lateness, so wait
 *
 * Whoever sent the bytes is not trusted: every count and number is compared with what the headers say and with its limit.
 * Borrows from the message. Pure. */
#ifndef VALIDATE_INTAKE_H
#define VALIDATE_INTAKE_H

#include "base/arena.h"
#include "kafka/kafka.h"
#include "wire/gen/types.h"
#include "protocol/raw_headers.h"

enum intake_state { INTAKE_READY = 1, INTAKE_UNREADABLE, INTAKE_FOREIGN, INTAKE_LATE };

/* Codes of quarantine-1.avsc. */
#define REASON_UNDECODABLE	 "undecodable"
#define REASON_NO_HEADERS	 "no-headers"
#define REASON_UNKNOWN_SCHEMA	 "unknown-schema"
#define REASON_MISSING_REFERENCE "missing-reference"
#define REASON_POISON		 "poison"

struct intake {
	enum intake_state state;
	const char *reason; /* of a state other than READY */
	bool has_headers;
	struct raw_headers headers;
	/* of READY, by headers.kind */
	struct wire_delivery delivery; /* DELIVERY and REPLAY */
	const uint32_t *record_nos;    /* REPLAY: one a line; else NULL */
	uint8_t request_id[16];	       /* CONFIRM: request; REPLAY: job */
	struct slice forget_keys;      /* FORGET */
};

/* The headers alone: enough to know the board. *ret is READY or FOREIGN. */
void intake_open(const struct kafka_message *message, struct intake *ret);

/* The body of a message whose headers are readable. Arrays go to arena; one that does not fit is UNREADABLE. */
void intake_decode(const struct kafka_message *message, struct arena *arena, struct intake *intake);

/* Judged no further, for a reason: UNREADABLE or FOREIGN, as its kind demands. */
void intake_give_up(struct intake *intake, const char *reason);

#endif
