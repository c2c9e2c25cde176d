/* outcome: what became of a group of lines (specification 4.3), and the state machine that decides it (specification
 * 6). Pure. */
#ifndef MODEL_OUTCOME_H
#define MODEL_OUTCOME_H

#include "model/teacher_key.h"

/* The outcome of a group as the ledger keeps it. AFGEKEURD splits by cause, as LR-R01 and LR-R08 are found here and
 * stand on every line of the group; QUARANTAINE brings LR-T01. Numbers are stored: never renumber. */
enum outcome {
	OUTCOME_NONE = 0, /* not decided: a line out of a replay's scope */
	OUTCOME_NIEUW = 1,
	OUTCOME_GEWIJZIGD = 2,
	OUTCOME_ONGEWIJZIGD = 3,
	OUTCOME_VEROUDERD = 4,
	OUTCOME_AFGEKEURD = 5, /* by the rules of chapter 5 */
	OUTCOME_INGETROKKEN = 6,
	OUTCOME_QUARANTAINE = 7,
	OUTCOME_AFGEKEURD_R01 = 8,
	OUTCOME_AFGEKEURD_R08 = 9,
};
enum { OUTCOMES = 7, OUTCOME_MAX = OUTCOME_AFGEKEURD_R08 }; /* the seven of specification 4.3 are 1..7 */

enum outcome outcome_counted_as(enum outcome outcome); /* one of the seven */
const char *outcome_name(enum outcome outcome);	       /* of the seven; "" for none */

enum teacher_status { STATUS_NONE = 0, STATUS_ACTIEF = 1, STATUS_INGETROKKEN = 2, STATUS_VERVALLEN = 3 };
const char *teacher_status_name(enum teacher_status status);

struct teacher_state {
	int64_t sequence;
	uint8_t content_hash[CONTENT_HASH_BYTES]; /* of ACTIEF and VERVALLEN */
	enum teacher_status status;
};

/* The first row of specification 6 that fits, for a group without a finding A. sequence: the delivery's volgnummer;
 * content_hash: NULL for an INTREKKING. *state is the state before, and after. The caller keeps content, doel and
 * vervallen_per. */
enum outcome outcome_decide(struct teacher_state *state, int64_t sequence, const uint8_t *content_hash);

/* specification 7.2: a VOLLEDIG with n of m active teachers absent waits for confirmation. */
bool outcome_must_wait(int64_t absent, int64_t active, bool has_unreadable);

#endif
