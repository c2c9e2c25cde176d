/* write_fixture: messages and a register in memory, for the tests of the writer's judgement.
 *
 * A fake register has a few boards with a few teachers each, whose keys rise with their number and are the same at
 * every board. It answers the batch's port, counts the questions, and takes over a batch's net effect by the contract
 * of batch.h and teacher.h, as register_teachers.c and register_ledger.c do with SQL. All persons are numbers. */
#ifndef TESTS_WRITE_FIXTURE_H
#define TESTS_WRITE_FIXTURE_H

#include "write/rounds.h"

enum {
	FAKE_BOARDS = 3,
	FAKE_TEACHERS = 12,
	FAKE_HISTORY_MAX = 4096,
	FAKE_DELIVERIES_MAX = 512,
	FAKE_KEY_LISTS_MAX = 1024
};

struct fake_row { /* without padding, as rows are compared by their bytes */
	int64_t sequence, since;
	enum teacher_status status;
	int32_t lapsed_on;
	int content; /* 0: none */
	uint32_t bsn;
};

struct fake_history {
	int board, teacher;
	struct fake_row row;
	int64_t until;
};

struct fake_key_list {
	int board;
	uint8_t digest[DIGEST_BYTES];
	struct slice keys;
};

struct fake_delivery {
	struct message *message; /* header, keys and outcomes as they were */
	int64_t position;
	int board;
	enum delivery_state state;
	uint32_t notices;
	int64_t lines[OUTCOMES + 1];
	int64_t absent, active, lapsed;
	uint8_t outcomes[FAKE_TEACHERS + 8];
	size_t group_count;
};

struct fake_board {
	bool is_stored;
	struct board_row row;
	uint8_t pending_key_list[DIGEST_BYTES], pending_members[8];
	struct fake_row teachers[FAKE_TEACHERS];
	bool is_disowned[FAKE_TEACHERS];
};

enum fake_question { ASKED_BOARDS, ASKED_LEDGERS, ASKED_TEACHERS, ASKED_ALL, ASKED_NAMES, FAKE_QUESTIONS };

struct fake_register {
	struct fake_board boards[FAKE_BOARDS];
	struct fake_history *history;
	size_t history_count;
	struct fake_key_list *key_lists;
	size_t key_list_count;
	struct fake_delivery *deliveries;
	size_t delivery_count;
	int asked[FAKE_QUESTIONS];
	uint8_t absent_sha256[32]; /* what it says of the file of who would lapse */
};

void fake_register_init(struct fake_register *fake);
void fake_register_release(struct fake_register *fake);
struct batch_port fake_port(struct fake_register *fake);
void fake_apply(struct fake_register *fake, const struct batch *batch);
/* The volgnummer that counts. */
int64_t fake_sequence(const struct fake_register *fake, int board, int teacher);

/* Judges and takes over the messages as one batch. What came of them (outcomes, forget) lives until the next run. */
extern uint32_t fake_check_share; /* of batches from here on; 0 at first */
void fake_run(struct fake_register *fake, struct message **messages, size_t count);

const uint8_t *fake_key(int teacher);

/* A group of a verdict: teachers rise; teacher < 0: unreadable, behind the others. content: 1.. */
struct fake_group {
	int teacher;
	enum verdict_class class;
	int content;
	int lines; /* 0 counts as 1 */
};

struct fake_delivered {
	int board;
	enum delivery_kind kind;
	int64_t sequence;
	bool is_dry_run;
	int id; /* of the leveringsid and the fingerprint; 0: a new one */
};

/* Messages live until fake_messages_reset, or the test ends. Each gets the next position. */
void fake_messages_reset(void);
struct message *fake_delivery(const struct fake_delivered *delivered, const struct fake_group *groups, size_t count);
struct message *fake_confirm(int board, int id);
struct message *fake_forget(int board);
struct message *fake_set_back(int board, int64_t sequence);
int64_t fake_next_position(void);

#endif
