/* person: who is meant, and what the stores hold of him.
 *
 * A person is known by his BSN, then all boards are looked at; or, where no row with a BSN is left, by one board and
 * his key there. Both HMAC keys of a rotation count. */
#ifndef CTL_PERSON_H
#define CTL_PERSON_H

#include "ctl/key/key_partition.h"
#include "model/bsn.h"

struct person {
	bool has_bsn;
	char bsn[BSN_DIGITS + 1];
	uint32_t board; /* of a person who is known by key */
	uint8_t key[TEACHER_KEY_BYTES];
	struct key_pair keys;
};

/* Whether the words of the command line are BOARD KEY or --bsn-file: 0, or EXIT_USAGE when said what is wrong. */
MUSTUSE int person_check_words(const struct ctl *ctl);
/* From those words. ERR_DATA: the file holds no BSN. */
MUSTUSE int person_read(struct ctl *ctl, struct pg_link *link, struct person *ret, struct err *err);

/* Says on stderr what cannot be looked through: what names teachers by an HMAC key that is not at hand, and topics of
 * an earlier generation. *ret_keys: how many such keys there are. */
MUSTUSE int person_tell_blind_spots(const struct ctl *ctl, struct pg_link *link, const struct person *person,
				    int64_t *ret_keys, struct err *err);

enum { PERSON_KEYS_MAX = 2 };
/* His keys at a board, the present one first. Returns how many. */
size_t person_keys(const struct person *person, uint32_t board, uint8_t ret[PERSON_KEYS_MAX][TEACHER_KEY_BYTES]);
/* Whether a line of this board with this bsn is his. */
bool person_has_line(const struct person *person, uint32_t board, struct slice bsn);
/* Whether a list of keys, 16 bytes each, names him; *ret_index: where. */
bool person_is_named(const struct person *person, uint32_t board, struct slice keys, size_t *ret_index);

/* His keys at every board the register knows: two arrays of one length, boards int[] and keys uuid[]. */
struct person_key_rows {
	struct strbuf boards, keys;
};
MUSTUSE int person_key_rows(const struct person *person, struct pg_link *link, struct person_key_rows *ret,
			    struct err *err);
void person_key_rows_release(struct person_key_rows *rows);

/* Where data of a person may stand. */
enum person_store {
	STORE_REGISTER,	    /* his row, and the appointments in it */
	STORE_HISTORY,	    /* what he was */
	STORE_LEDGER,	    /* deliveries that name him: their key lists */
	STORE_FEEDBACK,	    /* his lines in terugmeldingen */
	STORE_CONFIRMATION, /* deliveries by which he lapsed, or would */
	STORE_MARK,	    /* the list of the unchanged, and of those the cache must forget */
	STORE_RAW,
	STORE_VERDICT,
	STORE_QUARANTINE,
	STORE_CHECKPOINT,
	STORE_CACHE,
	STORE_BACKUP,
	STORE_PROBLEM, /* what a board that has him reported in its own words, which no key finds */
	PERSON_STORES
};
const char *person_store_name(enum person_store store);

/* What was found at one board. */
struct person_board {
	uint32_t board;
	int64_t counts[PERSON_STORES];
	int64_t in_register; /* the sum of those in front of STORE_RAW */
};

/* What was found, as rows of an answer, or counted only. */
struct person_findings {
	struct output out;
	bool counts_only;
	int64_t counts[PERSON_STORES];	  /* rows, messages or lines */
	int64_t newest_ms[PERSON_STORES]; /* of the newest message in a topic, since 1970 */
	struct person_board *boards;	  /* where something was found, in no order */
	size_t board_count, board_capacity;
	bool is_out_of_memory;
};
/* But for out. */
void person_findings_release(struct person_findings *findings);
void person_found(struct person_findings *findings, enum person_store store, uint32_t board, struct slice place,
		  struct slice field, struct slice value);

/* register, history, ledger, feedback, confirmations, marks */
MUSTUSE int person_look_in_register(struct ctl *ctl, struct pg_link *link, const struct person *person,
				    struct person_findings *findings, struct err *err);
/* raw, verdict and quarantine, from their beginning; with progress for a person who waits. */
MUSTUSE int person_look_in_logs(struct ctl *ctl, const struct person *person, struct person_findings *findings,
				struct err *err);
/* Those of checkpoint.dir; a board of one counts once. ERR_CONFIG: they cannot be opened with the keys at hand. */
MUSTUSE int person_look_in_checkpoints(struct ctl *ctl, const struct person *person, struct person_findings *findings,
				       struct err *err);

#endif
