/* verify_fold: a board as its raw messages make it, folded message by message (specification 4.1, 6 and 7): no batches,
 * no lists, no cache.
 *
 * The specification written down a second time: it shares the line rules and the state machine of common/model with the
 * workers, nothing else. What no log can say is taken from the register: a teacher the register itself refused
 * (quarantaine where the lines are sound); those are counted. It refused him when his group stands as quarantaine, or
 * when a replay after that decided him: only what failed is replayed, and sound lines fail only there. */
#ifndef CTL_VERIFY_FOLD_H
#define CTL_VERIFY_FOLD_H

#include "base/err.h"
#include "model/delivery.h"
#include "model/judge.h"
#include "wire/gen/types.h"

struct verify_teacher {
	uint8_t key[TEACHER_KEY_BYTES];
	struct teacher_state state;
	int32_t lapsed_on;
	int64_t since;
	uint8_t targets[TEACHER_KEY_BYTES]; /* digest of it */
};

struct verify_line {
	int32_t record_number;
	uint8_t outcome;
	bool is_readable; /* key is that of its teacher */
	uint8_t key[TEACHER_KEY_BYTES];
	uint8_t key_before[TEACHER_KEY_BYTES]; /* by the HMAC key of before a rotation, when the board has one */
};

struct verify_delivery {
	int64_t position;
	char id[DELIVERY_ID_BYTES_MAX + 1];
	uint8_t fingerprint[FINGERPRINT_BYTES];
	enum delivery_kind kind;
	bool is_dry_run, is_waiting;
	int64_t sequence;
	int32_t extraction_date;
	uint32_t notices;
	int64_t absent, active, lapsed;
	uint64_t attempts; /* bit set of those entered; a delivery is not replayed more often */
	struct verify_line *lines;
	size_t line_count;
};

struct verify_board {
	uint32_t number;
	const struct hmac_key *key_before; /* NULL: none */
	int64_t sequence_max, sequence_full;
	struct verify_teacher *teachers; /* rising by key */
	size_t teacher_count, teacher_capacity;
	struct verify_delivery *deliveries; /* in log order */
	size_t delivery_count, delivery_capacity;
	int64_t refused; /* groups taken as the register says */
};

/* What the register says of a delivery: the outcome of each group as it stands (NULL: it does not know), and the record
 * numbers that replays after this attempt decided anew, rising. */
struct verify_known {
	const uint8_t *standing;
	size_t standing_count;
	const uint32_t *replayed;
	size_t replayed_count;
};
typedef int verify_ask(void *self, int64_t position, int32_t attempt, struct verify_known *ret, struct err *err);

void verify_board_release(struct verify_board *board);

/* judged NULL: the body was given up. ERR_FATAL: no memory. */
MUSTUSE int verify_deliver(struct verify_board *board, int64_t position, const struct wire_header *header,
			   const struct judged *judged, verify_ask *ask, void *self, struct err *err);
MUSTUSE int verify_replay(struct verify_board *board, int64_t position, const struct wire_header *header,
			  int32_t attempt, const struct judged *judged, verify_ask *ask, void *self, struct err *err);
void verify_confirm(struct verify_board *board, int64_t position, struct slice delivery_id);

#endif
