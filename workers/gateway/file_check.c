#include "gateway/file_check.h"

#include "base/num.h"
#include "model/csv.h"

#include <assert.h>
#include <strings.h>

/* The scan of step 5 keeps what the later steps need, so that the file is read once. */
struct scan {
	const struct file_expected *expected;
	struct file_reading *ret;
	struct csv csv;
	size_t header_fields; /* m of LR-F05 */
	bool has_good_columns;
	size_t records;		   /* data records */
	uint32_t filled;	   /* number of the last record that holds a value; 0: none */
	struct finding odd_record; /* LR-F05, when there is one */
	size_t cells_max;
};

static void refuse(struct file_reading *ret, enum rule rule, enum field field, int64_t a, int64_t b, int64_t c)
{
	assert(ret->finding_count < FILE_FINDINGS_MAX && rule_has_field(rule, field));
	ret->findings[ret->finding_count++] =
		(struct finding){ .rule = (uint16_t)rule, .field = (uint8_t)field, .values = { a, b, c } };
}

void file_check_refuse(struct file_reading *ret, enum rule rule, int64_t a, int64_t b)
{
	refuse(ret, rule, FIELD_NONE, a, b, 0);
}

/* Takes the next field off a record that csv_next found readable; a record may have more fields than any array of ours.
 * A doubled quote comes out as two, which no column of ours has in its name. */
static struct slice take_field(struct slice *rest)
{
	struct slice field = *rest;

	if (field.n > 0 && field.p[0] == '"') {
		size_t end = 1;

		while (end < field.n && (field.p[end] != '"' || (end + 1 < field.n && field.p[end + 1] == '"')))
			end += field.p[end] == '"' ? 2 : 1;
		field = slice_make(field.p + 1, end - 1);
		*rest = slice_from(*rest, end + 1);
	} else {
		const char *separator = field.n > 0 ? memchr(field.p, ';', field.n) : NULL;

		field.n = separator ? (size_t)(separator - field.p) : field.n;
		*rest = slice_from(*rest, field.n);
	}
	*rest = slice_from(*rest, 1);
	return field;
}

/* Step 6. row: the header row without its line end, count: its fields. */
static void check_columns(struct scan *scan, struct slice row, size_t count)
{
	struct file_reading *ret = scan->ret;
	unsigned seen[COLUMN_LAST + 1] = { 0 };
	size_t unknown_at = 0;

	scan->header_fields = count;
	for (size_t i = 0; i < count; i++) {
		enum field column = field_of_column(take_field(&row));

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

static struct slice without_line_end(struct slice raw)
{
	if (raw.n > 0 && raw.p[raw.n - 1] == '\n')
		raw.n--;
	if (raw.n > 0 && raw.p[raw.n - 1] == '\r')
		raw.n--;
	return raw;
}

/* All fields are empty after trimming. row: the record without its line end, count: its fields. */
static bool is_blank(struct slice row, size_t count)
{
	while (count-- > 0)
		if (slice_trim(take_field(&row)).n > 0)
			return false;
	return true;
}

/* The first record. false: the arena is full. */
static bool take_header_row(struct scan *scan, struct slice row, size_t count, struct arena *arena)
{
	check_columns(scan, row, count);
	if (!scan->has_good_columns)
		return true;
	/* a record is at least its separators and a line end, which the last may lack */
	scan->cells_max = MIN((size_t)FILE_LINES_MAX, scan->csv.rest.n / count + 1) * count;
	scan->ret->cells = arena_take(arena, scan->cells_max, sizeof *scan->ret->cells);
	return scan->ret->cells != NULL;
}

/* Blank records at the end are none (specification 3.1), the header row included. */
static void drop_blank_end(struct scan *scan)
{
	scan->records = scan->filled > 0 ? scan->filled - 1 : 0;
	if (scan->odd_record.values[0] > (int64_t)scan->filled)
		scan->odd_record.rule = RULE_NONE;
}

enum scan_result { SCAN_DONE, SCAN_BROKEN /* at csv.record_no */, SCAN_NO_ROOM };

/* Step 5. */
static enum scan_result scan_records(struct scan *scan, struct arena *arena)
{
	struct slice fields[COLUMNS];
	size_t count;

	for (;;) {
		struct slice row = scan->csv.rest;
		enum csv_result result = csv_next(&scan->csv, fields, COLUMNS, &count);

		if (result == CSV_BROKEN)
			return SCAN_BROKEN;
		if (result == CSV_END)
			break;
		row.n -= scan->csv.rest.n;
		row = without_line_end(row);
		if (!is_blank(row, count))
			scan->filled = scan->csv.record_no;
		if (scan->csv.record_no > 1)
			take_record(scan, fields, count);
		else if (!take_header_row(scan, row, count, arena))
			return SCAN_NO_ROOM;
	}
	drop_blank_end(scan);
	return SCAN_DONE;
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

int file_check_teacher_sizes(struct arena *arena, struct file_reading *ret, struct err *err)
{
	size_t bsn_at = ret->column_count;

	for (size_t i = 0; i < ret->column_count; i++)
		if (ret->columns[i] == FIELD_BSN)
			bsn_at = i;
	struct teacher_size *sizes = arena_take(arena, ret->line_count, sizeof *sizes);
	size_t count = 0;

	if (!sizes)
		return err_set(err, ERR_FULL, "arena", "the arena cannot hold the sums of each teacher's lines");
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

/* LR-F12: a line for a spreadsheet instead of the header row, or another separator. text: without BOM. */
static bool has_other_separator(struct slice text)
{
	static const char SEP[] = "sep=";
	struct slice line = text;

	line.n = 0;
	while (line.n < text.n && text.p[line.n] != '\n' && text.p[line.n] != '\r')
		line.n++;
	if (line.n >= sizeof SEP - 1 && strncasecmp(line.p, SEP, sizeof SEP - 1) == 0)
		return true;
	return line.n > 0 && !memchr(line.p, ';', line.n) &&
	       (memchr(line.p, ',', line.n) || memchr(line.p, '\t', line.n));
}

/* Steps 1 to 4: what the bytes alone say. bytes: empty when they were too many. */
static enum rule check_bytes(struct slice bytes, uint64_t bytes_total, const uint8_t sha256[32],
			     const struct file_expected *expected)
{
	if (bytes_total == 0 || bytes_total > FILE_BYTES_MAX)
		return RULE_F01;
	assert(bytes.n == bytes_total);
	if (expected->has_content_hash && memcmp(expected->content_hash, sha256, 32) != 0)
		return RULE_F07;
	if (memchr(bytes.p, '\0', bytes.n))
		return RULE_F01;
	if (!utf8_is_valid(bytes))
		return RULE_F02;
	if (memchr(bytes.p, '\r', bytes.n) && !memchr(bytes.p, '\n', bytes.n))
		return RULE_F13;
	return has_other_separator(csv_skip_bom(bytes)) ? RULE_F12 : RULE_NONE;
}

/* Steps 6 to 9, of a file whose records could be read. */
static void check_records(const struct scan *scan, struct file_reading *ret)
{
	if (ret->finding_count > 0) /* step 6, found on the way */
		return;
	if (scan->records == 0 || scan->records > FILE_LINES_MAX)
		refuse(ret, RULE_F01, FIELD_NONE, 0, 0, 0);
	else if (scan->odd_record.rule != RULE_NONE)
		ret->findings[ret->finding_count++] = scan->odd_record;
	else if (scan->expected->has_line_count && scan->expected->line_count != (int64_t)scan->records)
		refuse(ret, RULE_F06, FIELD_NONE, scan->expected->line_count, (int64_t)scan->records, 0);
	else
		ret->line_count = scan->records;
}

int file_check(struct slice bytes, uint64_t bytes_total, const uint8_t sha256[32], const struct file_expected *expected,
	       struct arena *arena, struct file_reading *ret, struct err *err)
{
	struct scan scan = { .expected = expected, .ret = ret };
	enum rule broken = check_bytes(bytes, bytes_total, sha256, expected);

	*ret = (struct file_reading){ 0 };
	if (broken != RULE_NONE) {
		refuse(ret, broken, FIELD_NONE, 0, 0, 0);
		return 0;
	}
	struct slice text = csv_skip_bom(bytes);
	char *scratch = arena_take(arena, text.n, 1);

	if (!scratch)
		return err_set(err, ERR_FULL, "arena", "the arena cannot hold the fields of a file");
	csv_init(&scan.csv, text, ';', CSV_FIELD_BYTES_MAX, scratch);
	enum scan_result result = scan_records(&scan, arena);

	if (result == SCAN_NO_ROOM)
		return err_set(err, ERR_FULL, "arena", "the arena cannot hold the cells of a file");
	if (result == SCAN_BROKEN || scan.filled == 0) {
		ret->finding_count = 0; /* step 5 comes before step 6 */
		refuse(ret, result == SCAN_BROKEN ? RULE_F08 : RULE_F01, FIELD_NONE,
		       result == SCAN_BROKEN ? (int64_t)scan.csv.record_no : 0, 0, 0);
		return 0;
	}
	check_records(&scan, ret);
	/* step 10: small files cannot break it and pay nothing */
	if (ret->finding_count > 0 || (ret->line_count <= TEACHER_LINES_MAX && bytes.n <= TEACHER_BYTES_MAX))
		return 0;
	return file_check_teacher_sizes(arena, ret, err);
}
