/* fuzz_verdict_check: a verdict that passes is walked as writer and fold walk it: every index must hold. */
#include "fuzz.h"

#include "model/teacher_key.h"
#include "protocol/verdict_class.h"

enum { ARENA_BYTES = 64 << 20, ARENA_KEEP_BYTES = 1 << 20 };

static struct arena arena;
static volatile unsigned seen; /* keeps the reads */

static void see(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		seen += (uint8_t)bytes[i];
}

static void walk(const struct wire_verdict *verdict)
{
	size_t hash = 0, candidate = 0;
	int64_t lines = 0;

	for (size_t i = 0; i < verdict->classes.n; i++) {
		unsigned class = (uint8_t)verdict->classes.p[i];

		lines += verdict->group_lines.items[i];
		if (class != VERDICT_REJECTED && class != VERDICT_QUARANTINE)
			see(verdict->keys.p + i * TEACHER_KEY_BYTES, TEACHER_KEY_BYTES);
		if (class == VERDICT_CANDIDATE || class == VERDICT_UNCHANGED)
			see(verdict->hashes.p + hash++ * CONTENT_HASH_BYTES, CONTENT_HASH_BYTES);
		if (class == VERDICT_CANDIDATE)
			see(verdict->candidates.items[candidate++].content.p, 1);
	}
	FUZZ_EXPECT(candidate == verdict->candidates.count && hash * CONTENT_HASH_BYTES == verdict->hashes.n);
	FUZZ_EXPECT(verdict->classes.n == 0 || lines == verdict->header.line_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_verdict verdict;
	struct err err;

	if (!arena.memory)
		FUZZ_EXPECT(arena_init(&arena, ARENA_BYTES, ARENA_KEEP_BYTES, NULL) == 0);
	arena_reset(&arena);
	if (wire_verdict_decode(slice_make(data, size), &arena, &verdict, &err) == 0 &&
	    verdict_check(&verdict, &err) == 0) {
		FUZZ_DEEP();
		walk(&verdict);
	}
	return 0;
}
