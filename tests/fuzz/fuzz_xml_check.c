/* fuzz_xml_check: input is a document. What is accepted holds lines of 25 cells of good UTF-8, none longer than a value
 * may be; what is refused has one finding, of a rule of specification 3.4. */
#include "fuzz.h"

#include "gateway/xml_check.h"
#include "model/csv.h"
#include "model/teacher_key.h"

static struct arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct file_expected expected = { .kind = DELIVERY_VOLLEDIG };
	struct slice bytes = slice_make(data, size);
	struct file_reading reading;
	uint8_t sha256[32];
	struct err err;

	if (!arena.memory)
		FUZZ_EXPECT(arena_init(&arena, FILE_CHECK_ARENA_BYTES, 1 << 20, &err) == 0);
	arena_reset(&arena);
	sha256_of(bytes, sha256);
	FUZZ_EXPECT(xml_check(bytes, bytes.n, sha256, &expected, &arena, &reading, &err) == 0);
	if (reading.finding_count > 0) {
		enum rule rule = (enum rule)reading.findings[0].rule;

		FUZZ_EXPECT(reading.finding_count == 1);
		FUZZ_EXPECT(rule == RULE_F01 || rule == RULE_F09 || rule == RULE_F10 || rule == RULE_F11);
		return 0;
	}
	FUZZ_DEEP();
	FUZZ_EXPECT(reading.line_count > 0 && reading.line_count <= FILE_LINES_MAX && reading.column_count == COLUMNS);
	for (size_t i = 0; i < reading.line_count * COLUMNS; i++)
		FUZZ_EXPECT(reading.cells[i].n <= CSV_FIELD_BYTES_MAX && utf8_is_valid(reading.cells[i]));
	return 0;
}
