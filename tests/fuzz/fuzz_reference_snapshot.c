/* fuzz_reference_snapshot: input is a message of the reference topic. It is used if, and only if, its six tables can be
 * built and the key is their version. */
#include "fuzz.h"

#include "protocol/frame.h"
#include "wire/gen/reference.h"
#include "protocol/reference_snapshot.h"
#include "wire/wire.h"

enum { ARENA_BYTES = 64 << 20, ARENA_KEEP_BYTES = 1 << 20 };

static struct arena arena;

/* By hand. NULL: it cannot be used. */
static struct reference *tables_of(struct slice message)
{
	struct wire_reference_snapshot snapshot;
	struct reference *reference = NULL;
	struct slice body;
	struct err err;
	uint64_t schema;

	if (frame_open(message, &schema, &body, &err) != 0 ||
	    wire_reference_snapshot_decode_as(schema, body, &arena, &snapshot, &err) != 0 ||
	    snapshot.tables.count != REFERENCE_TABLES || reference_build(snapshot.tables.items, &reference, &err) != 0)
		return NULL;
	return reference;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_make(data, size);
	uint8_t version[REFERENCE_VERSION_BYTES] = { 0 };
	struct reference *reference = NULL;
	struct err err;

	if (!arena.memory)
		FUZZ_EXPECT(arena_init(&arena, ARENA_BYTES, ARENA_KEEP_BYTES, NULL) == 0);
	arena_reset(&arena);
	FUZZ_EXPECT(reference_snapshot_open(message, version, &reference, &err) == -ERR_DATA && !reference);
	struct reference *wanted = tables_of(message);

	if (!wanted)
		return 0;
	FUZZ_DEEP();
	FUZZ_EXPECT(reference_snapshot_open(message, reference_version(wanted), &reference, &err) == 0);
	for (int table = 0; table < REFERENCE_TABLES; table++)
		FUZZ_EXPECT(reference_rows(reference, (enum reference_table)table) ==
			    reference_rows(wanted, (enum reference_table)table));
	reference_free(reference);
	reference_free(wanted);
	return 0;
}
