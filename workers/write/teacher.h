/* teacher: what a batch knows of the teachers it touches: their rows as read, and what became of them since.
 *
 * Owner: the batch; everything lives in its arena. A teacher is made when a message names it for decision, when its row
 * is read, or when its sequence must rise. Its row in the register is written once, at the end, with the net effect;
 * every version in between goes to the history. now.sequence is the sequence of the row; the effective volgnummer may
 * be higher, see pending.h. Invariant: a teacher that was never LOADED is only raised or disowned, never decided. */
#ifndef WRITE_TEACHER_H
#define WRITE_TEACHER_H

#include "base/arena.h"
#include "model/outcome.h"

struct board_state;

enum teacher_flag {
	TEACHER_LOADED = 1u << 0,	 /* the row is known, or it is known that there is none */
	TEACHER_STORED = 1u << 1,	 /* the register has a row */
	TEACHER_WRITTEN = 1u << 2,	 /* status or content changed in this batch */
	TEACHER_RAISED = 1u << 3,	 /* the sequence of the row rises */
	TEACHER_KEEPS_CONTENT = 1u << 4, /* WRITTEN, and content and targets stay those of the stored row */
	TEACHER_ERASED = 1u << 5,	 /* withdrawn in this batch: no content of before erased_at stays anywhere */
	TEACHER_DISOWNED = 1u << 6,	 /* its UNCHANGED verdicts are not believed */
	TEACHER_WAS_DISOWNED = 1u << 7,	 /* and the register knows that */
	TEACHER_WANTED = 1u << 8,	 /* stands in the list of rows to read */
};

/* A version that came and went within the batch. */
struct teacher_version {
	struct teacher_version *older;
	struct teacher_state state;
	int64_t since, until; /* positions */
	int32_t lapsed_on;    /* 0: not lapsed */
	bool keeps_content;   /* content and targets are those of the stored row */
	struct slice content, targets;
};

struct teacher {
	uint8_t key[TEACHER_KEY_BYTES];
	struct teacher_state now;
	uint32_t flags;
	uint32_t bsn;
	int32_t lapsed_on;	       /* 0: not lapsed */
	struct slice content, targets; /* of a version of this batch; borrowed from its verdict */
	int64_t since;		       /* position that made this version, when WRITTEN */
	int64_t raised_to;	       /* while not LOADED: the row's sequence is at least this */
	int64_t was_sequence;	       /* of the stored version, when it went to history */
	int64_t was_until;	       /* position that ended the stored version */
	int64_t erased_at;	       /* position */
	int64_t disowned_since;
	struct teacher_version *versions; /* newest first */
	struct board_state *board;
	struct teacher *next; /* of the same board */
};

/* Board and key to teacher. */
struct teacher_map {
	struct arena *arena;
	struct teacher **slots;
	size_t slot_count; /* a power of two, or 0 */
	size_t count;
};

void teacher_map_init(struct teacher_map *map, struct arena *arena);
struct teacher *teacher_map_find(const struct teacher_map *map, const struct board_state *board, const uint8_t *key);
/* Adds one that is not there; NULL: the arena is full. Not linked to its board. */
MUSTUSE struct teacher *teacher_map_add(struct teacher_map *map, struct board_state *board, const uint8_t *key);

/* The row as the register has it. Keeps a sequence that rose meanwhile. */
void teacher_set_row(struct teacher *teacher, const struct teacher_state *row);
/* The row's sequence becomes at least this. */
void teacher_raise(struct teacher *teacher, int64_t sequence);

/* What a decision made of a teacher. */
struct teacher_change {
	struct teacher_state state;
	int64_t position;
	int32_t lapsed_on;
	uint32_t bsn;
	struct slice content, targets; /* of NIEUW and GEWIJZIGD; empty otherwise */
};

/* Moves the present version to history and sets the new one. Lapsing keeps content, a withdrawal erases it, in history
 * too. false: the arena is full. */
MUSTUSE bool teacher_apply(struct teacher *teacher, struct arena *arena, const struct teacher_change *change);

void teacher_disown(struct teacher *teacher, int64_t position);

#endif
