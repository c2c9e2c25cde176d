/* board_state: the state of one board within a batch: its row, its list of the unchanged, its waiting deliveries, its
 * teachers.
 *
 * Owner: the batch. Starts as the register has it, and carries the effect of each message to the next. */
#ifndef WRITE_BOARD_STATE_H
#define WRITE_BOARD_STATE_H

#include "write/message.h"
#include "write/pending.h"
#include "write/teacher.h"

/* A delivery that is known by (board, id, fingerprint); attempt: the last one entered. */
struct known_delivery {
	struct slice id;
	const uint8_t *fingerprint; /* 32 bytes */
	int32_t attempt;
	struct known_delivery *next;
};

/* A VOLLEDIG that waits, or waited at the start of the batch. In log order. */
struct waiting {
	int64_t position;
	struct slice delivery_id;
	int64_t sequence;
	int32_t extraction_date;
	uint8_t key_list[DIGEST_BYTES]; /* its digest */
	bool has_keys;
	struct slice keys;	 /* the teachers it named, when has_keys */
	struct message *message; /* when it was entered in this batch; its ledger row is then still ours to write */
	bool is_over;
	uint32_t notices; /* NOTICE_R06 or NOTICE_K10, when it is over */
	int64_t lapsed;
	struct waiting *next;
};

struct contact {
	struct slice name, phone, email;
};

/* What must be read of the register before a board's message can go on. */
enum board_want {
	WANT_PENDING_KEYS = 1u << 0,  /* keys of pending.key_list */
	WANT_WAITING_KEYS = 1u << 1,  /* keys of the delivery that its message confirms */
	WANT_ALL_TEACHERS = 1u << 2,  /* key, status, sequence and hash of all rows */
	WANT_ABSENT_SHA256 = 1u << 3, /* of the file of who would lapse by its message */
};

struct board_state {
	int32_t number;
	int32_t partition;
	bool is_stored; /* the register has a row */
	bool is_changed;
	int64_t sequence_max;  /* highest volgnummer of a delivery that is no proef */
	int64_t sequence_full; /* highest volgnummer of a completed VOLLEDIG */
	int64_t sequence_top;  /* the highest before it was set back; 0: it never was */
	int64_t teachers;      /* rows */
	int64_t active;	       /* of them ACTIEF */
	int64_t disowned;
	struct pending pending;

	struct teacher *teachers_first; /* of the batch's map */
	bool has_all;			/* every row of the register stands there */
	struct known_delivery *known;
	struct waiting *waiting, **waiting_end;
	struct contact contact;	      /* the latest; empty before the first */
	uint32_t wants;		      /* bits of enum board_want */
	struct message *first, *last; /* messages of the batch, in log order */
};

void board_state_init(struct board_state *board, int32_t number, int32_t partition);

/* What the register knows. The slices and pointers must live as long as the batch. */
struct board_row {
	int64_t sequence_max, sequence_full, sequence_top;
	int64_t teachers, active, disowned;
	int64_t pending_sequence;
	const uint8_t *pending_key_list; /* NULL: no list */
	struct slice pending_members;
};
void board_state_set_row(struct board_state *board, const struct board_row *row);
void board_state_add_known(struct board_state *board, struct known_delivery *known);
void board_state_add_waiting(struct board_state *board, struct waiting *waiting);

bool board_state_knows(const struct board_state *board, const struct wire_header *header, int32_t attempt);

#endif
