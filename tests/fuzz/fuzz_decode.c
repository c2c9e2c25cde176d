/* fuzz_decode: the decoder of one message. What it accepts has one canonical form, which is never longer, reads as the
 * same values, and is written the same again. */
#include "fuzz.h"

#include FUZZ_HEADER

#define JOIN_(a, b, c) a##b##c
#define JOIN(a, b, c)  JOIN_(a, b, c)
#define DECODE	       JOIN(wire_, FUZZ_RECORD, _decode)
#define ENCODE	       JOIN(wire_, FUZZ_RECORD, _encode)
#define RECORD	       JOIN(wire_, FUZZ_RECORD, )

enum { ARENA_BYTES = 64 << 20, ARENA_KEEP_BYTES = 1 << 20, OUT_BYTES_MAX = 64 << 20 };

static struct arena arena;
static struct strbuf first, second;

static bool recode(struct slice bytes, struct strbuf *out)
{
	struct RECORD record;
	struct err err;

	arena_reset(&arena);
	int rc = DECODE(bytes, &arena, &record, &err);

	FUZZ_EXPECT(rc == 0 || rc == -ERR_DATA || rc == -ERR_FULL);
	if (rc != 0)
		return false;
	ENCODE(out, &record);
	FUZZ_EXPECT(strbuf_ok(out));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!arena.memory) {
		FUZZ_EXPECT(arena_init(&arena, ARENA_BYTES, ARENA_KEEP_BYTES, NULL) == 0);
		strbuf_init(&first, OUT_BYTES_MAX);
		strbuf_init(&second, OUT_BYTES_MAX);
	}
	strbuf_reset(&first);
	strbuf_reset(&second);
	if (!recode(slice_make(data, size), &first))
		return 0;
	FUZZ_DEEP();
	FUZZ_EXPECT(first.n <= size);
	FUZZ_EXPECT(recode(strbuf_slice(&first), &second));
	FUZZ_EXPECT(slice_equal(strbuf_slice(&first), strbuf_slice(&second)));
	return 0;
}
