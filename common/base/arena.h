/* arena: memory of one batch, allocated piece by piece and freed all at once.
 *
 * Address space for the cap is reserved once; pages cost memory when first touched, and arena_reset returns what lies
 * above keep_bytes to the system, so that one large delivery does not stay in a process for good. So a take that fails
 * says that the batch is over the cap, and never that memory is short just now: where no page is left, the kernel ends
 * the process. Not for threads. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/err.h"
#include "base/slice.h"

enum { ARENA_ALIGN = 16 };

struct arena {
	char *memory;
	size_t cap_bytes;
	size_t used_bytes;
	size_t peak_bytes; /* highest use since the last reset that gave pages back */
	size_t keep_bytes;
};

MUSTUSE int arena_init(struct arena *arena, size_t cap_bytes, size_t keep_bytes, struct err *err);
void arena_release(struct arena *arena);
void arena_reset(struct arena *arena);

/* count items of item_bytes each, aligned to ARENA_ALIGN, not zeroed. NULL: the cap is reached; the caller says
 * FULL. */
MUSTUSE void *arena_take(struct arena *arena, size_t count, size_t item_bytes);
MUSTUSE void *arena_take_zeroed(struct arena *arena, size_t count, size_t item_bytes);

/* A copy that lives as long as the arena. false: the cap is reached. */
MUSTUSE bool arena_copy(struct arena *arena, struct slice from, struct slice *ret);

#endif
