/* fuzz_feedback_reader: reads to the end or to the damage; what it reads to the end, the generated decoder reads
 * too. */
#include "fuzz.h"

#include "protocol/feedback_build.h"
#include "wire/gen/feedback.h"

enum { ARENA_BYTES = 64 << 20, ARENA_KEEP_BYTES = 1 << 20, GROUPS = 200 };

static struct arena arena;
static struct feedback_reader reader;
static uint8_t outcomes[GROUPS];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_make(data, size);
	struct wire_feedback feedback;
	struct feedback_line line;
	struct err err;
	size_t lines = 0;
	bool is_end;
	int rc;

	if (!arena.memory) {
		FUZZ_EXPECT(arena_init(&arena, ARENA_BYTES, ARENA_KEEP_BYTES, NULL) == 0);
		for (size_t i = 0; i < GROUPS; i++)
			outcomes[i] = (uint8_t)(i % (OUTCOME_MAX + 1));
	}
	arena_reset(&arena);
	feedback_reader_init(&reader, bytes, outcomes, GROUPS);
	while ((rc = feedback_reader_next(&reader, &line, &is_end, &err)) == 0 && !is_end) {
		lines++;
		FUZZ_EXPECT(line.finding_count <= FEEDBACK_FINDINGS_MAX && (int)line.outcome <= (int)OUTCOME_MAX);
		for (size_t i = 0; i < line.finding_count; i++) {
			char code[RULE_CODE_BYTES];

			rule_show_code(line.findings[i].rule, code);
			FUZZ_EXPECT(line.findings[i].rule > 0 && strlen(code) >= 4);
		}
	}
	FUZZ_EXPECT(rc == 0 || rc == -ERR_DATA);
	if (rc == 0) {
		FUZZ_DEEP();
		FUZZ_EXPECT(wire_feedback_decode(bytes, &arena, &feedback, &err) == 0);
		FUZZ_EXPECT(feedback.lines.count == lines);
	}
	return 0;
}
