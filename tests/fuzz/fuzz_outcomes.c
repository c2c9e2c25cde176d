/* fuzz_outcomes: what decodes, encodes to a form that is no longer and decodes to the same. */
#include "fuzz.h"

#include "protocol/outcomes.h"

enum { ARENA_BYTES = 1 << 20, GROUPS_MAX = 60000 };

static struct arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf out;
	uint8_t *first, *second;
	size_t first_count, second_count;
	struct err err;

	if (!arena.memory)
		FUZZ_EXPECT(arena_init(&arena, ARENA_BYTES, ARENA_BYTES, NULL) == 0);
	arena_reset(&arena);
	int rc = outcomes_decode(slice_make(data, size), GROUPS_MAX, &arena, &first, &first_count, &err);

	FUZZ_EXPECT(rc == 0 || rc == -ERR_DATA);
	if (rc != 0)
		return 0;
	FUZZ_DEEP();
	strbuf_init(&out, size + 1);
	outcomes_encode(&out, first, first_count);
	FUZZ_EXPECT(strbuf_ok(&out) && out.n <= size);
	FUZZ_EXPECT(outcomes_decode(strbuf_slice(&out), first_count, &arena, &second, &second_count, &err) == 0);
	FUZZ_EXPECT(first_count == second_count && (first_count == 0 || memcmp(first, second, first_count) == 0));
	strbuf_release(&out);
	return 0;
}
