/* verify_board: a derived board: its teachers and what they were, deliveries, contact persons, confirmations, and as
 * whom each of both came in.
 *
 * All of it, texts included, lives until verify_board_release. ERR_FATAL: no memory. */
#ifndef CTL_VERIFY_BOARD_H
#define CTL_VERIFY_BOARD_H

#include "base/err.h"
#include "model/delivery.h"
#include "model/outcome.h"
#include "model/reference.h"
#include "model/teacher_key.h"
#include "wire/gen/types.h"

struct verify_teacher {
	uint8_t key[TEACHER_KEY_BYTES];
	uint32_t bsn;
	struct teacher_state state;
	int32_t lapsed_on;
	int64_t since;
	int64_t set_sequence;	       /* when this content or status was made; state.sequence may have risen since */
	struct slice content, targets; /* empty when INGETROKKEN; of the board's texts */
	size_t newest;		       /* of his versions: index in the board's history and 1; 0: he has none */
};

/* What a teacher was before he changed. */
struct verify_version {
	uint8_t key[TEACHER_KEY_BYTES];
	enum teacher_status status;
	int64_t set_sequence,
		last_sequence; /* the row had one of these or between: when it is raised is the writer's */
	int64_t since, until;
	int32_t lapsed_on;
	struct slice content, targets; /* emptied by an INTREKKING */
	bool is_removed;	       /* its teacher was, behind it */
	bool is_expired;	       /* the comparison found that its term was over */
	size_t older;		       /* as verify_teacher.newest */
};

struct verify_contact {
	int64_t since;
	struct slice name, phone, email;
	bool is_expired; /* as verify_version's */
};

struct verify_confirmation {
	int64_t position, lapsed;
	uint8_t request_id[16];
	char delivery_id[DELIVERY_ID_BYTES_MAX + 1];
	bool is_executed, has_other_absent;
};

/* As whom a delivery or a confirmation was let in. */
struct verify_admission {
	int64_t position, accepted_at_ms;
	bool is_confirmation;
	struct slice basis, version, party, sender, trace_id;
};

static inline const char *verify_admission_service(const struct verify_admission *admission)
{
	return admission->is_confirmation ? "bevestigen" : "leveren";
}

/* What one attempt of a replay changed in a delivery: counts by outcome, before and behind it. */
struct verify_change {
	int64_t position, replay_position;
	int32_t attempt;
	uint8_t job[16], reference_version[REFERENCE_VERSION_BYTES];
	int64_t lines; /* decided anew */
	int64_t before[OUTCOMES + 1], after[OUTCOMES + 1];
};

struct verify_set_back {
	int64_t position, sequence, sequence_before, states, cancelled;
	uint8_t request_id[16];
	bool is_executed;
};

/* A teacher had no state any more from this position on; is_erased: and no delivery up to there names him. */
struct verify_removal {
	uint8_t key[TEACHER_KEY_BYTES]; /* of the HMAC key of then */
	int64_t position;
	bool is_erased;
};

struct verify_line {
	int32_t record_number;
	uint8_t outcome;
	bool is_readable; /* key is that of its teacher */
	bool has_feedback;
	bool is_erased;			     /* its teacher was, behind the delivery: nothing of the line names him */
	uint8_t feedback[TEACHER_KEY_BYTES]; /* digest of what the terugmelding says of it, but for the outcome */
	uint8_t blank_feedback[TEACHER_KEY_BYTES]; /* when its teacher is erased: without the board's numbers */
	/* Of a board that keeps_feedback: the line's datum behind its group, the same when its teacher is erased, and
	 * rules as uint16. */
	struct slice feedback_body, blank_body, rules;
	uint32_t bsn; /* of a readable one */
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
	int32_t extraction_date, received_on;
	uint8_t reference_version[REFERENCE_VERSION_BYTES];
	uint32_t notices;
	int64_t absent, active, lapsed;
	uint64_t attempts; /* bit set of those entered; a delivery is not replayed more often */
	/* The comparison found that the term of its terugmelding was over: this digest of it is all that is left. */
	bool is_feedback_gone;
	uint8_t feedback_digest[TEACHER_KEY_BYTES];
	struct verify_line *lines;
	size_t line_count;
};

struct verify_board {
	uint32_t number;
	const struct hmac_key *key_before; /* NULL: none */
	int64_t sequence_max, sequence_full;
	int64_t removed_to;		 /* teachers were removed up to this position */
	int64_t sequence_top;		 /* the highest before it was set back; 0: it never was */
	struct verify_teacher *teachers; /* rising by key */
	size_t teacher_count, teacher_capacity;
	struct verify_delivery *deliveries; /* in log order */
	size_t delivery_count, delivery_capacity;
	int64_t refused;		/* groups believed as the register has them */
	struct verify_version *history; /* in log order */
	size_t history_count, history_capacity;
	struct verify_contact *contacts; /* likewise, as are these */
	size_t contact_count, contact_capacity;
	struct verify_confirmation *confirmations;
	size_t confirmation_count, confirmation_capacity;
	struct verify_set_back *set_backs;
	size_t set_back_count, set_back_capacity;
	struct verify_admission *admissions;
	size_t admission_count, admission_capacity;
	struct verify_change *changes;
	size_t change_count, change_capacity;
	struct verify_removal *removals; /* as the register has them at the end; a board being derived has none yet */
	size_t removal_count, removal_capacity;
	struct verify_texts *texts; /* what slices point to, until the board is released */
	bool keeps_feedback;	    /* to write it again, not only to compare it */
	bool is_dry_run;	    /* while one is folded: it leaves no history */
};

void verify_board_release(struct verify_board *board);

/* *ret is a copy of text that lives as long as the board. */
MUSTUSE int verify_board_text(struct verify_board *board, struct slice text, struct slice *ret, struct err *err);

/* The teacher's present state becomes a version that ended at position; nothing for one without a state. */
MUSTUSE int verify_board_archive(struct verify_board *board, struct verify_teacher *teacher, int64_t position,
				 struct err *err);
/* Who was removed (register.removed_teacher) has no state any more, and never was anything. key: of either HMAC key.
 * is_erased: no delivery so far names him any more, either. */
void verify_board_remove(struct verify_board *board, const uint8_t key[TEACHER_KEY_BYTES], bool is_erased);
MUSTUSE int verify_board_removal(struct verify_board *board, const struct verify_removal *removal, struct err *err);
/* An INTREKKING leaves no content of him anywhere. */
void verify_board_erase(struct verify_board *board, const struct verify_teacher *teacher);

/* The contact person of a delivery, when it is another than the last. */
MUSTUSE int verify_board_contact(struct verify_board *board, int64_t position, const struct wire_header *header,
				 struct err *err);
MUSTUSE int verify_board_confirmation(struct verify_board *board, const struct verify_confirmation *confirmation,
				      struct err *err);
MUSTUSE int verify_board_set_back(struct verify_board *board, const struct verify_set_back *set_back, struct err *err);
/* Copies the texts. */
MUSTUSE int verify_board_admission(struct verify_board *board, const struct verify_admission *admission,
				   struct err *err);
MUSTUSE int verify_board_change(struct verify_board *board, const struct verify_change *change, struct err *err);

/* Lines of the delivery by outcome as a board counts them. */
void verify_delivery_count(const struct verify_delivery *delivery, int64_t ret[OUTCOMES + 1]);

#endif
