/* verify_fold: a board as its raw messages make it, folded message by message (specification 4.1, 6 and 7): no batches,
 * no lists, no cache.
 *
 * The specification written down a second time: it shares the line rules and the state machine of common/model with the
 * workers, nothing else. What no log can say is read from the register: a teacher the register itself refused
 * (quarantaine where the lines are sound); those are counted. It refused him when his group stands as quarantaine, or
 * when a replay behind it in the log decided him: only what failed is replayed, and sound lines fail only there. Two
 * jobs may have been planned over the same lines, though, of which the second finds some decided: so nobody was refused
 * where the register counts no more lines in quarantaine behind the message than this fold does. */
#ifndef CTL_VERIFY_FOLD_H
#define CTL_VERIFY_FOLD_H

#include "ctl/prove/verify_board.h"
#include "model/feedback.h"
#include "model/judge.h"
#include "wire/gen/confirm.h"
#include "wire/gen/set_back.h"
#include "wire/gen/replay.h"

/* 16 bytes of the feedback of one line, for comparison. findings: those of chapter 5 and X. */
void verify_feedback_digest(const struct feedback_line *line, uint8_t ret[TEACHER_KEY_BYTES]);

/* What the register says of a delivery: the outcome of each group as it stands (NULL: it does not know), the record
 * numbers of the replays behind this message that decided any anew, rising, and how many lines stood as quarantaine
 * behind this message (-1: it does not know). */
struct verify_known {
	const uint8_t *standing;
	size_t standing_count;
	const uint32_t *replayed;
	size_t replayed_count;
	int64_t quarantined;
};
/* delivery, message: positions of the delivery and of the message that decides lines of it: itself, or a replay. */
typedef int verify_ask(void *self, int64_t delivery, int64_t message, struct verify_known *ret, struct err *err);

/* judged NULL: the body was given up. ERR_FATAL: no memory. */
MUSTUSE int verify_deliver(struct verify_board *board, int64_t position, const struct wire_header *header,
			   const struct judged *judged, verify_ask *ask, void *self, struct err *err);
MUSTUSE int verify_replay(struct verify_board *board, int64_t position, const struct wire_replay *replay,
			  const struct judged *judged, verify_ask *ask, void *self, struct err *err);
MUSTUSE int verify_confirm(struct verify_board *board, int64_t position, const struct wire_confirm *confirm,
			   struct err *err);
MUSTUSE int verify_set_back(struct verify_board *board, int64_t position, const struct wire_set_back *wanted,
			    struct err *err);

#endif
