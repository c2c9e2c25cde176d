#include "gateway/file_check.h"

#include "base/num.h"
#include "model/csv.h"

#include <assert.h>

/* The scan of step 5 keeps what the later steps need, so that the file is read once. */
struct scan {
	const struct file_expected *expected;
	struct file_reading *ret;
	struct csv csv;
	size_t header_fields; /* m of LR-F05 */
	bool has_good_columns;
	size_t records;		   /* data records, trailing empty ones not counted */
	size_t empty_waiting;	   /* empty records that count only if another follows */
	struct finding odd_record; /* LR-F05, when there is one */
	size_t cells_max;
};

static void refuse(struct file_reading *ret, enum rule rule, enum field field, int64_t a, int64_t b, int64_t c)
{
	assert(ret->finding_count < FILE_FINDINGS_MAX);
	ret->findings[ret->finding_count++] =
		(struct finding){ .rule = (uint16_t)rule, .field = (uint8_t)field, .values = { a, b, c } };
}

/* Takes the next field off a record that csv_next found readable; a header row may have more columns than any array of
 * ours. A name with a doubled quote comes out with a quote in it, which no column of ours has. */
static struct slice take_name(struct slice *rest)
{
	struct slice name = *rest;

	if (name.n > 0 && name.p[0] == '"') {
		size_t end = 1;

		while (end < name.n && (name.p[end] != '"' || (end + 1 < name.n && name.p[end + 1] == '"')))
			end += name.p[end] == '"' ? 2 : 1;
		name = slice_make(name.p + 1, end - 1);
		*rest = slice_from(*rest, end + 1);
	} else {
		const char *separator = name.n > 0 ? memchr(name.p, ';', name.n) : NULL;

		name.n = separator ? (size_t)(separator - name.p) : name.n;
		*rest = slice_from(*rest, name.n);
	}
	*rest = slice_from(*rest, 1);
	return name;
}

/* Step 6. row: the header row without its line end, count: its fields. */
static void check_columns(struct scan *scan, struct slice row, size_t count)
{
	struct file_reading *ret = scan->ret;
	unsigned seen[COLUMNS + 1] = { 0 };
	size_t unknown_at = 0;

	scan->header_fields = count;
	for (size_t i = 0; i < count; i++) {
		enum field column = field_of_column(take_name(&row));

		if (column == FIELD_NONE && unknown_at == 0)
			unknown_at = i + 1;
		else if (column != FIELD_NONE)
			seen[column]++;
		if (i < COLUMNS)
			ret->columns[i] = (uint8_t)column;
	}
	for (int column = 1; column <= COLUMNS; column++) {
		bool is_needed = scan->expected->kind == DELIVERY_INTREKKING ? column == FIELD_BSN
									     : field_is_required((enum field)column);

		if (seen[column] > 1 || (is_needed && seen[column] == 0))
			refuse(ret, RULE_F03, (enum field)column, 0, 0, 0);
	}
	if (unknown_at > 0)
		refuse(ret, RULE_F04, FIELD_NONE, (int64_t)unknown_at, 0, 0);
	scan->has_good_columns = ret->finding_count == 0;
	if (scan->has_good_columns)
		ret->column_count = count;
}

static void take_record(struct scan *scan, const struct slice *fields, size_t count)
{
	struct file_reading *ret = scan->ret;

	scan->records++;
	if (count != scan->header_fields) {
		if (scan->odd_record.rule == RULE_NONE)
			scan->odd_record = (struct finding){ .rule = RULE_F05,
							     .values = { (int64_t)scan->records + 1, (int64_t)count,
									 (int64_t)scan->header_fields } };
		return;
	}
	if (!scan->has_good_columns || scan->odd_record.rule != RULE_NONE || scan->records > FILE_LINES_MAX)
		return;
	size_t used = (scan->records - 1) * count;

	assert(used + count <= scan->cells_max);
	memcpy(ret->cells + used, fields, count * sizeof *fields);
}

static bool is_line_end(struct slice raw)
{
	return slice_equal_text(raw, "\n") || slice_equal_text(raw, "\r\n");
}

static struct slice without_line_end(struct slice raw)
{
	if (raw.n > 0 && raw.p[raw.n - 1] == '\n')
		raw.n--;
	if (raw.n > 0 && raw.p[raw.n - 1] == '\r')
		raw.n--;
	return raw;
}

/* The first record that is not an empty one at the end. false: no room in the arena. */
static bool take_header_row(struct scan *scan, struct slice row, size_t count, struct arena *arena)
{
	check_columns(scan, row, count);
	if (!scan->has_good_columns)
		return true;
	/* a record is at least its separators and a line end, which the last may lack */
	scan->cells_max = MIN((size_t)FILE_LINES_MAX, (scan->csv.rest.n + scan->empty_waiting) / count + 1) * count;
	scan->ret->cells = arena_take(arena, scan->cells_max, sizeof *scan->ret->cells);
	return scan->ret->cells != NULL;
}

/* Empty records count as soon as another follows them. */
static bool take_waiting(struct scan *scan, struct arena *arena)
{
	static const struct slice EMPTY = { "", 0 };

	for (; scan->empty_waiting > 0; scan->empty_waiting--) {
		if (scan->header_fields > 0)
			take_record(scan, &EMPTY, 1);
		else if (!take_header_row(scan, EMPTY, 1, arena))
			return false;
	}
	return true;
}

enum scan_result { SCAN_DONE, SCAN_BROKEN /* at csv.record_no */, SCAN_NO_ROOM };

/* Step 5. */
static enum scan_result scan_records(struct scan *scan, struct arena *arena)
{
	struct slice fields[COLUMNS];
	size_t count;

	for (;;) {
		struct slice raw = scan->csv.rest;
		enum csv_result result = csv_next(&scan->csv, fields, COLUMNS, &count);

		if (result == CSV_END)
			return SCAN_DONE;
		if (result == CSV_BROKEN)
			return SCAN_BROKEN;
		raw.n -= scan->csv.rest.n;
		if (is_line_end(raw)) {
			scan->empty_waiting++;
			continue;
		}
		if (!take_waiting(scan, arena))
			return SCAN_NO_ROOM;
		if (scan->header_fields > 0)
			take_record(scan, fields, count);
		else if (!take_header_row(scan, without_line_end(raw), count, arena))
			return SCAN_NO_ROOM;
	}
}

struct teacher_size {
	uint32_t bsn;
	uint32_t bytes;
};

static int compare_teacher_size(const void *a, const void *b)
{
	const struct teacher_size *left = a, *right = b;

	return (left->bsn > right->bsn) - (left->bsn < right->bsn);
}

/* Step 10, LR-F09. Small files cannot break it and pay nothing. */
static int check_teacher_sizes(struct slice bytes, struct arena *arena, struct file_reading *ret, struct err *err)
{
	size_t bsn_at = ret->column_count;

	if (ret->line_count <= TEACHER_LINES_MAX && bytes.n <= TEACHER_BYTES_MAX)
		return 0;
	for (size_t i = 0; i < ret->column_count; i++)
		if (ret->columns[i] == FIELD_BSN)
			bsn_at = i;
	struct teacher_size *sizes = arena_take(arena, ret->line_count, sizeof *sizes);
	size_t count = 0;

	if (!sizes)
		return err_set(err, ERR_FULL, "arena", "no room to sum up the lines of each teacher");
	for (size_t line = 0; line < ret->line_count; line++) {
		const struct slice *cells = ret->cells + line * ret->column_count;
		struct slice text = slice_trim(cells[bsn_at]);
		uint64_t bsn;

		if (text.n != 9 || !num_parse_u64(text, 999999999, &bsn))
			continue;
		sizes[count] = (struct teacher_size){ .bsn = (uint32_t)bsn };
		for (size_t i = 0; i < ret->column_count; i++)
			sizes[count].bytes += (uint32_t)cells[i].n;
		count++;
	}
	qsort(sizes, count, sizeof *sizes, compare_teacher_size);
	for (size_t first = 0; first < count;) {
		size_t next = first;
		uint64_t sum = 0;

		while (next < count && sizes[next].bsn == sizes[first].bsn)
			sum += sizes[next++].bytes;
		if (next - first > TEACHER_LINES_MAX || sum > TEACHER_BYTES_MAX) {
			refuse(ret, RULE_F09, FIELD_NONE, 0, 0, 0);
			return 0;
		}
		first = next;
	}
	return 0;
}

int file_check(struct slice bytes, uint64_t bytes_total, const uint8_t sha256[32], const struct file_expected *expected,
	       struct arena *arena, struct file_reading *ret, struct err *err)
{
	struct scan scan = { .expected = expected, .ret = ret };

	*ret = (struct file_reading){ 0 };
	if (bytes_total == 0 || bytes_total > FILE_BYTES_MAX) {
		refuse(ret, RULE_F01, FIELD_NONE, 0, 0, 0);
		return 0;
	}
	assert(bytes.n == bytes_total);
	if (expected->has_content_hash && memcmp(expected->content_hash, sha256, 32) != 0) {
		refuse(ret, RULE_F07, FIELD_NONE, 0, 0, 0);
		return 0;
	}
	if (memchr(bytes.p, '\0', bytes.n)) {
		refuse(ret, RULE_F01, FIELD_NONE, 0, 0, 0);
		return 0;
	}
	if (!utf8_is_valid(bytes)) {
		refuse(ret, RULE_F02, FIELD_NONE, 0, 0, 0);
		return 0;
	}
	struct slice text = csv_skip_bom(bytes);
	char *scratch = arena_take(arena, text.n, 1);

	if (!scratch)
		return err_set(err, ERR_FULL, "arena", "no room for the fields of a file");
	csv_init(&scan.csv, text, ';', CSV_FIELD_BYTES_MAX, scratch);
	enum scan_result result = scan_records(&scan, arena);

	if (result == SCAN_BROKEN) {
		ret->finding_count = 0; /* step 5 comes before step 6 */
		refuse(ret, RULE_F08, FIELD_NONE, (int64_t)scan.csv.record_no, 0, 0);
		return 0;
	}
	if (result == SCAN_NO_ROOM)
		return err_set(err, ERR_FULL, "arena", "no room for the cells of a file");
	if (scan.header_fields == 0) {
		refuse(ret, RULE_F01, FIELD_NONE, 0, 0, 0);
		return 0;
	}
	if (ret->finding_count > 0)
		return 0;
	if (scan.records == 0 || scan.records > FILE_LINES_MAX) {
		refuse(ret, RULE_F01, FIELD_NONE, 0, 0, 0);
		return 0;
	}
	if (scan.odd_record.rule != RULE_NONE) {
		ret->findings[ret->finding_count++] = scan.odd_record;
		return 0;
	}
	if (expected->has_line_count && expected->line_count != (int64_t)scan.records) {
		refuse(ret, RULE_F06, FIELD_NONE, expected->line_count, (int64_t)scan.records, 0);
		return 0;
	}
	ret->line_count = scan.records;
	return check_teacher_sizes(bytes, arena, ret, err);
}
