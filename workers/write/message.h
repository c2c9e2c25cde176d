/* message: one verdict that counts, as the writer applies it, and what came of it.
 *
 * Owner: the batch. verdict borrows the bytes of its Kafka message, which live until the batch is over. */
#ifndef WRITE_MESSAGE_H
#define WRITE_MESSAGE_H

#include "model/delivery.h"
#include "model/outcome.h"
#include "wire/gen/verdict.h"
#include "protocol/admission.h"
#include "protocol/delivery_state.h"
#include "protocol/verdict_class.h"

struct board_state;
struct restated;
struct standing;
struct waiting;

/* A delivery in the ledger. */
struct ledger {
	enum delivery_state state;
	uint32_t notices;
	int64_t lines[OUTCOMES + 1]; /* by enum outcome of the seven; 0: lines a replay leaves as they stand */
	int64_t lines_r01, lines_r08;
	int64_t absent, active, lapsed; /* n, m, vervallen */
	uint8_t *outcomes;		/* one per group */
	size_t group_count;
};

/* Why the writer itself answers groups with quarantaine: the register refused them (isolation.h). */
struct refusal {
	bool is_whole;	       /* the whole message */
	const uint8_t *groups; /* bit set by group, or NULL */
};

/* What became of a REPLAY (restatement.h). */
enum replay_end {
	REPLAY_NONE,
	REPLAY_ENTERED,
	REPLAY_REPEATED, /* this attempt was entered before */
	REPLAY_DRY,	 /* its own dry run leaves nothing */
	REPLAY_UNKNOWN,	 /* the ledger has no such delivery, or it was a proef */
	REPLAY_UNFIT,	 /* its lines, or those of the delivery, do not hold together */
};

/* What became of a SET_BACK (set_back.h). */
struct set_back {
	bool is_executed;
	int64_t sequence_before;
	int64_t states, cancelled; /* teachers whose volgnummer fell; waiting deliveries that ended */
};

struct message {
	struct wire_verdict verdict;
	int64_t position;
	int32_t partition;
	int64_t verdict_offset;
	int64_t accepted_at_ms;	    /* append of its raw message; -1: not known */
	struct admission admission; /* borrows from the headers of the Kafka message, which live as long */
	int64_t received_us;	    /* since 1970, of a sampled one: when it was polled */
	struct refusal refusal;
	struct board_state *board;
	struct message *next; /* of the same board, in log order */

	/* What came of it. Set again each time the batch is judged. */
	bool is_entered; /* a delivery that stands in the ledger: no repeat */
	struct ledger ledger;
	bool has_confirmed;    /* CONFIRM: a delivery waited and was carried out */
	bool has_other_absent; /* CONFIRM: others would lapse than its condition names, so nothing happened */
	int64_t confirmed_lapsed;
	struct set_back set_back;		     /* SET_BACK */
	uint8_t *forget;			     /* bit set by group: teachers the cache must forget; NULL: none */
	bool is_key_list_stored, is_feedback_stored; /* the register has them under their digest */
	bool has_new_contact;			     /* other than the board's latest */

	/* UNCHANGED against the register (spot_check.h) */
	bool checks_all;
	uint32_t checked, differing; /* teachers */

	/* REPLAY (restatement.h) */
	struct standing *standing; /* the delivery it speaks of; NULL: unknown */
	enum replay_end replay;
	const uint8_t *scope;	   /* bit set by group: those it decides; NULL: all */
	int64_t replayed_lines;	   /* lines of those */
	struct restated *restated; /* the delivery afterwards; NULL: nothing of it changed */

	/* Between the two halves of judging it (processing.h). */
	uint8_t *unchanged; /* bit set over the keys: to the pending list */
	size_t unchanged_count;
	int64_t named_active;	   /* teachers it names that are known to be ACTIEF after its groups */
	int64_t active_after;	   /* ACTIEF teachers of the board after its groups; of a dry run as if */
	struct waiting *confirms;  /* CONFIRM: the delivery it speaks of */
	uint8_t absent_sha256[32]; /* CONFIRM with a condition: of the file of who would lapse now */
};

/* It brings lines of teachers to decide. */
static inline bool message_has_lines(const struct message *message)
{
	return message->verdict.kind == VERDICT_KIND_DELIVERY || message->verdict.kind == VERDICT_KIND_REPLAY;
}

/* A contact person came with it. A proef changes nothing, so it brings none. */
static inline bool message_has_contact(const struct message *message)
{
	const struct wire_header *header = &message->verdict.header;

	return message->verdict.kind == VERDICT_KIND_DELIVERY && !header->dry_run &&
	       header->contact_name.n + header->contact_phone.n + header->contact_email.n > 0;
}

static inline bool message_is_late(const struct message *message, int64_t sequence_max)
{
	return message->verdict.header.sequence <= sequence_max;
}

#endif
