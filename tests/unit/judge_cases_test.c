/* The cases that come with the specification, and those of this project: every accepted delivery is scanned, judged and
 * written as a terugmelding, which must equal the expected one byte for byte.
 *
 * What the state machine makes of a line is taken from the expected file, as no register is kept here; but a group with
 * a finding A must be rejected there, and one without must not. Skipped where the cases are not. */
#include "model/csv.h"
#include "model/date.h"
#include "model/feedback.h"
#include "model/judge.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define TEXT_OF(number)	  TEXT_OF_1(number)
#define TEXT_OF_1(number) #number

enum { ARENA_BYTES = 512 << 20, FEEDBACK_BYTES_MAX = 64 << 20, LINES_MAX = 50001 };

struct cases {
	struct reference *reference;
	struct hmac_key key;
	struct arena arena;
	size_t deliveries;
	size_t lines;
};

/* One delivery of a case. */
struct delivery {
	char name[PATH_MAX];
	struct slice file;
	struct slice *cells;
	size_t cell_count;
	uint8_t columns[64];
	char *scratch;
	struct judge_input input;
	struct judged judged;
	enum outcome *outcomes; /* by line, from the expected file */
};

static struct slice read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	long bytes;
	char *p;

	if (!file)
		return (struct slice){ 0 };
	fseek(file, 0, SEEK_END);
	bytes = ftell(file);
	rewind(file);
	p = malloc((size_t)bytes + 1);
	cr_assert(p && fread(p, 1, (size_t)bytes, file) == (size_t)bytes, "%s", path);
	fclose(file);
	return slice_make(p, (size_t)bytes);
}

static void drop_file(struct slice file)
{
	free((void *)(uintptr_t)file.p);
}

static struct reference *read_reference(const char *folder)
{
	static const char *const PLACES[] = { "reference", "../reference" };
	struct slice tables[REFERENCE_TABLES];
	struct reference *reference = NULL;
	struct err err;
	char path[PATH_MAX];

	for (size_t place = 0; place < ARRAY_LEN(PLACES) && !reference; place++) {
		for (int table = 0; table < REFERENCE_TABLES; table++) {
			snprintf(path, sizeof path, "%s/%s/%s", folder, PLACES[place],
				 reference_file((enum reference_table)table));
			tables[table] = read_file(path);
		}
		if (tables[0].p)
			cr_assert_eq(reference_build(tables, &reference, &err), 0, "%s", err.text);
		for (int table = 0; table < REFERENCE_TABLES; table++)
			drop_file(tables[table]);
	}
	cr_assert_not_null(reference, "no reference tables in or beside %s", folder);
	return reference;
}

static void scan_file(struct delivery *delivery)
{
	struct slice bytes = csv_skip_bom(delivery->file), fields[64];
	struct csv csv;
	size_t count;

	delivery->scratch = malloc(bytes.n + 1);
	delivery->cells = calloc(LINES_MAX * COLUMNS, sizeof delivery->cells[0]);
	csv_init(&csv, bytes, ';', CSV_FIELD_BYTES_MAX, delivery->scratch);
	cr_assert_eq(csv_next(&csv, fields, ARRAY_LEN(fields), &count), CSV_RECORD);
	delivery->input.column_count = count;
	for (size_t i = 0; i < count; i++)
		delivery->columns[i] = (uint8_t)field_of_column(fields[i]);
	delivery->input.columns = delivery->columns;
	while (csv_next(&csv, fields, ARRAY_LEN(fields), &count) == CSV_RECORD) {
		if (count != delivery->input.column_count)
			break; /* an accepted file has nothing but empty records from here on */
		memcpy(delivery->cells + delivery->input.line_count++ * count, fields, count * sizeof fields[0]);
	}
	delivery->input.cells = delivery->cells;
}

/* One column only: empty records at the end are scanned as lines. */
static void drop_empty_records(struct delivery *delivery, size_t lines)
{
	cr_assert_geq(delivery->input.line_count, lines, "%s", delivery->name);
	delivery->input.line_count = lines;
}

static json_t *read_json(const char *folder, const char *name, size_t flags)
{
	char path[PATH_MAX];
	json_error_t fault;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	json_t *json = json_load_file(path, flags, &fault);

	cr_assert_not_null(json, "%s: %s", path, fault.text);
	return json;
}

static int32_t date_of(json_t *object, const char *name)
{
	return date_parse_iso(slice_of(json_string_value(json_object_get(object, name))));
}

static void read_header(struct delivery *delivery, json_t *event)
{
	json_t *header = json_object_get(event, "kop");

	delivery->input.board = (uint32_t)strtoul(json_string_value(json_object_get(header, "bestuur")), NULL, 10);
	delivery->input.kind = delivery_kind_of(slice_of(json_string_value(json_object_get(header, "soort"))));
	delivery->input.extraction_date = date_of(header, "extractiedatum");
	delivery->input.received_on = date_of(event, "ontvangen_op");
}

static enum outcome outcome_of(struct slice name, struct slice code)
{
	if (slice_equal_text(code, "LR-R01"))
		return OUTCOME_AFGEKEURD_R01;
	if (slice_equal_text(code, "LR-R08"))
		return OUTCOME_AFGEKEURD_R08;
	for (enum outcome outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		if (slice_equal_text(name, outcome_name(outcome)))
			return outcome;
	return OUTCOME_NONE;
}

/* Returns the number of lines the expected file speaks of. */
static size_t read_outcomes(struct delivery *delivery, struct slice expected)
{
	struct slice fields[9];
	struct csv csv;
	size_t count, lines = 0;

	delivery->outcomes = calloc(LINES_MAX, sizeof delivery->outcomes[0]);
	csv_init(&csv, expected, ';', CSV_FIELD_BYTES_MAX, NULL);
	cr_assert_eq(csv_next(&csv, fields, ARRAY_LEN(fields), &count), CSV_RECORD);
	while (csv_next(&csv, fields, ARRAY_LEN(fields), &count) == CSV_RECORD && count == ARRAY_LEN(fields)) {
		size_t line = strtoul(fields[0].p, NULL, 10) - 2;

		cr_assert_lt(line, LINES_MAX);
		if (delivery->outcomes[line] < OUTCOME_AFGEKEURD_R01)
			delivery->outcomes[line] = outcome_of(fields[3], fields[5]);
		lines = line + 1;
	}
	return lines;
}

static void expect_text(const struct delivery *delivery, struct slice want, struct slice have)
{
	size_t at = 0, start;

	while (at < want.n && at < have.n && want.p[at] == have.p[at])
		at++;
	if (at == want.n && at == have.n)
		return;
	for (start = at; start > 0 && want.p[start - 1] != '\n'; start--)
		;
	cr_expect(false, "%s\n  want: %.*s\n  have: %.*s", delivery->name, (int)MIN(want.n - start, (size_t)200),
		  want.p + start, (int)MIN(have.n - start, (size_t)200), have.p + start);
}

static void compare(struct delivery *delivery, struct slice expected, int64_t sequence)
{
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, FEEDBACK_BYTES_MAX);
	feedback_add_header(&out);
	for (size_t i = 0; i < delivery->input.line_count; i++) {
		const struct judged_line *judged = &delivery->judged.lines[i];
		const struct judged_group *group = &delivery->judged.groups[judged->group];
		struct feedback_line line = {
			.record_no = judged->record_no,
			.employee_ref = judged->employee_ref,
			.appointment_key = judged->appointment_key,
			.target = (enum target)judged->target,
			.outcome = delivery->outcomes[i],
			.findings = delivery->judged.findings + judged->finding_first,
			.finding_count = judged->finding_count,
		};

		cr_expect_eq(group->is_valid, line.outcome != OUTCOME_AFGEKEURD, "%s: record %u", delivery->name,
			     judged->record_no);
		feedback_add_line(&out, &line, sequence);
	}
	expect_text(delivery, expected, strbuf_slice(&out));
}

static void judge_event(struct cases *cases, const char *folder, size_t number, json_t *event, int64_t sequence)
{
	struct delivery delivery = { .input = { .reference = cases->reference, .key = &cases->key } };
	const char *file = json_string_value(json_object_get(event, "bestand"));
	struct err err;

	snprintf(delivery.name, sizeof delivery.name, "%s/expected/%04zu-terugmelding.csv", folder, number);
	struct slice expected = read_file(delivery.name);

	if (!expected.p)
		return; /* refused, a repeat or a confirmation */
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", folder, file);
	delivery.file = read_file(path);
	cr_assert_not_null(delivery.file.p, "%s", path);
	read_header(&delivery, event);
	scan_file(&delivery);
	drop_empty_records(&delivery, read_outcomes(&delivery, expected));
	cr_assert_eq(judge_delivery(&delivery.input, &cases->arena, &delivery.judged, &err), 0, "%s", err.text);
	compare(&delivery, expected, sequence);
	cases->deliveries++;
	cases->lines += delivery.input.line_count;
	arena_reset(&cases->arena);
	drop_file(delivery.file);
	drop_file(expected);
	free(delivery.cells);
	free(delivery.scratch);
	free(delivery.outcomes);
}

/* A refused header may hold a number beyond 64 bits, which only passes as a real; overzicht has those of good form. */
static void judge_folder(struct cases *cases, const char *folder)
{
	json_t *manifest = read_json(folder, "manifest.json", JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL);
	json_t *summaries = read_json(folder, "expected/overzicht.json", JSON_ALLOW_NUL);
	json_t *event;
	size_t number;

	cases->reference = read_reference(folder);
	json_array_foreach(json_object_get(manifest, "gebeurtenissen"), number, event)
		judge_event(cases, folder, number, event,
			    json_integer_value(json_object_get(json_array_get(summaries, number), "volgnummer")));
	reference_free(cases->reference);
	json_decref(manifest);
	json_decref(summaries);
}

static bool is_case(const char *parent, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s/manifest.json", parent, name);
	return name[0] != '.' && access(path, F_OK) == 0;
}

static void judge_folders(const char *parent)
{
	struct cases cases = { 0 };
	DIR *dir = opendir(parent);
	struct err err;
	char folder[PATH_MAX];

	if (!dir)
		cr_skip_test("no cases in %s", parent);
	cr_assert_eq(arena_init(&cases.arena, ARENA_BYTES, 0, &err), 0);
	hmac_key_init(&cases.key, SLICE_LITERAL("sleutel-voor-de-test"));
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		if (!is_case(parent, entry->d_name))
			continue;
		snprintf(folder, sizeof folder, "%s/%s", parent, entry->d_name);
		judge_folder(&cases, folder);
	}
	closedir(dir);
	arena_release(&cases.arena);
	cr_log_info("%zu deliveries with %zu lines\n", cases.deliveries, cases.lines);
	cr_expect_gt(cases.deliveries, 0, "no delivery found in %s", parent);
}

Test(judge_cases, of_the_specification_give_the_expected_feedback)
{
	/* the cases of a text but the first have its number in their name */
	judge_folders(SPECIFICATION_TEXT == 1 ? TEST_DATA_DIR "/../../shared/cases"
					      : TEST_DATA_DIR "/../../shared/cases-" TEXT_OF(SPECIFICATION_TEXT));
}

Test(judge_cases, of_this_project_give_the_expected_feedback)
{
	judge_folders(TEST_DATA_DIR "/cases");
}
