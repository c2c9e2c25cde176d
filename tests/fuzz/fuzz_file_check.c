/* fuzz_file_check: input is a byte that chooses the kind, and a file. A file that is accepted and written out again
 * from its cells is accepted again, with the same cells. */
#include "fuzz.h"

#include "gateway/file_check.h"
#include "gateway/upload_hint.h"
#include "model/csv.h"
#include "model/teacher_key.h"

static struct arena first_arena, second_arena;

static struct file_reading check(struct slice bytes, enum delivery_kind kind, struct arena *arena)
{
	struct file_expected expected = { .kind = kind };
	struct file_reading reading;
	uint8_t sha256[32];
	struct err err;

	arena_reset(arena);
	sha256_of(bytes, sha256);
	FUZZ_EXPECT(file_check(bytes, bytes.n, sha256, &expected, arena, &reading, &err) == 0);
	return reading;
}

/* One step at a time: only step 6 has several findings, of columns once each, and then of an unknown one. */
static void expect_findings(const struct file_reading *reading)
{
	const struct finding *findings = reading->findings;

	for (size_t i = 0; i < reading->finding_count; i++) {
		FUZZ_EXPECT(findings[i].rule >= RULE_F01 && findings[i].rule <= RULE_F13);
		FUZZ_EXPECT(i == 0 || findings[i - 1].rule == RULE_F03);
		FUZZ_EXPECT(i == 0 || findings[i].rule == RULE_F04 ||
			    (findings[i].rule == RULE_F03 && findings[i].field > findings[i - 1].field));
	}
}

/* Whatever the bytes are: one sentence of ours. */
static void expect_hint(struct slice bytes, const struct finding *finding)
{
	char hint[UPLOAD_HINT_BYTES];

	for (int form = UPLOAD_CSV; form <= UPLOAD_XML; form++) {
		upload_hint_of_file(&(struct upload_refused){ bytes, bytes.n, (enum upload_form)form, *finding }, hint);
		FUZZ_EXPECT(hint[0] == '\0' || strncmp(hint, "Deze levering is geweigerd: ", 28) == 0);
		FUZZ_EXPECT(utf8_is_valid(slice_of(hint)) && strlen(hint) < 400);
	}
}

static bool holds_value(const struct slice *cells, size_t count)
{
	size_t i = 0;

	while (i < count && slice_trim(cells[i]).n == 0)
		i++;
	return i < count;
}

static void expect_cells(const struct file_reading *reading)
{
	FUZZ_EXPECT(reading->line_count > 0 && reading->line_count <= FILE_LINES_MAX);
	FUZZ_EXPECT(reading->column_count > 0 && reading->column_count <= COLUMNS);
	for (size_t i = 0; i < reading->line_count * reading->column_count; i++)
		FUZZ_EXPECT(reading->cells[i].n <= CSV_FIELD_BYTES_MAX && utf8_is_valid(reading->cells[i]));
	FUZZ_EXPECT(
		holds_value(reading->cells + (reading->line_count - 1) * reading->column_count, reading->column_count));
}

static void write_out(const struct file_reading *reading, struct strbuf *out)
{
	for (size_t i = 0; i < reading->column_count; i++) {
		strbuf_add_text(out, i > 0 ? ";" : "");
		strbuf_add_text(out, field_name((enum field)reading->columns[i]));
	}
	for (size_t i = 0; i < reading->line_count * reading->column_count; i++) {
		strbuf_add_text(out, i % reading->column_count ? ";" : "\r\n");
		csv_add_field(out, reading->cells[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf out;
	struct err err;

	if (size == 0)
		return 0;
	if (!first_arena.memory)
		FUZZ_EXPECT(arena_init(&first_arena, FILE_CHECK_ARENA_BYTES, 1 << 20, &err) == 0 &&
			    arena_init(&second_arena, FILE_CHECK_ARENA_BYTES, 1 << 20, &err) == 0);
	enum delivery_kind kind = data[0] % 2 ? DELIVERY_INTREKKING : DELIVERY_VOLLEDIG;
	struct file_reading first = check(slice_make(data + 1, size - 1), kind, &first_arena);

	expect_findings(&first);
	if (first.finding_count > 0) {
		expect_hint(slice_make(data + 1, size - 1), &first.findings[0]);
		return 0;
	}
	FUZZ_DEEP();
	expect_cells(&first);
	strbuf_init(&out, 4 * size + 1024);
	write_out(&first, &out);
	struct file_reading second = check(strbuf_slice(&out), kind, &second_arena);

	FUZZ_EXPECT(strbuf_ok(&out) && second.finding_count == 0);
	FUZZ_EXPECT(second.line_count == first.line_count && second.column_count == first.column_count);
	FUZZ_EXPECT(memcmp(second.columns, first.columns, first.column_count) == 0);
	for (size_t i = 0; i < first.line_count * first.column_count; i++)
		FUZZ_EXPECT(slice_equal(first.cells[i], second.cells[i]));
	strbuf_release(&out);
	return 0;
}
