/* judge_group: specification 5.6, the rules that see all lines of one teacher.
 *
 * Lines with one same value are found by sorting, so that a teacher with 500 equal lines costs no more than any
 * other. */
#include "model/judge_internal.h"

enum { GAP_MONTHS = 3 /* WVO 33.3: a gap up to three months does not end a chain of appointments */ };

int line_order_by_key(const struct judge_line *a, const struct judge_line *b)
{
	return slice_compare(a->value[FIELD_APPOINTMENT_KEY], b->value[FIELD_APPOINTMENT_KEY]);
}

static int order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* What LR-X06 calls one same appointment. */
static int line_order_by_place(const struct judge_line *a, const struct judge_line *b)
{
	int order = slice_compare(a->value[FIELD_BRIN], b->value[FIELD_BRIN]);

	if (order == 0)
		order = order_of(a->site_no, b->site_no);
	if (order == 0)
		order = order_of(a->ground_code, b->ground_code);
	if (order == 0)
		order = order_of(a->start, b->start);
	return order != 0 ? order : slice_compare(a->teaching_fields, b->teaching_fields);
}

static int line_order_by_ground(const struct judge_line *a, const struct judge_line *b)
{
	int order = order_of(a->ground_code, b->ground_code);

	if (order == 0)
		order = order_of(a->start, b->start);
	return order != 0 ? order : order_of(a->end, b->end);
}

static int line_order_by_school(const struct judge_line *a, const struct judge_line *b)
{
	int order = slice_compare(a->value[FIELD_BRIN], b->value[FIELD_BRIN]);

	return order != 0 ? order : order_of(a->start, b->start);
}

/* A finding on each line whose value is on another line too. The sort is stable, so a run stands in record order. */
static void judge_doubles(struct judge_line **lines, struct judge_line **scratch, size_t count, line_order *order,
			  enum rule rule, enum field field)
{
	sort_lines(lines, scratch, count, order);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && order(lines[first], lines[end]) == 0; end++)
			;
		if (end - first == 1)
			continue;
		uint32_t lowest = lines[first]->record_no;

		line_add_finding(lines[first], rule, field, lowest, lines[first + 1]->record_no, 0);
		for (size_t i = first + 1; i < end; i++)
			line_add_finding(lines[i], rule, field, lowest, lines[i]->record_no, 0);
	}
}

static void judge_double_keys(struct judge_line *lines, size_t count, struct judge_line **picked,
			      struct judge_line **scratch)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (line_is_good(&lines[i], FIELD_APPOINTMENT_KEY))
			picked[n++] = &lines[i];
	judge_doubles(picked, scratch, n, line_order_by_key, RULE_X01, FIELD_APPOINTMENT_KEY);
}

static void judge_double_appointments(struct judge_line *lines, size_t count, struct judge_line **picked,
				      struct judge_line **scratch)
{
	const uint64_t needed = FIELD_BIT(FIELD_BRIN) | FIELD_BIT(FIELD_SITE) | FIELD_BIT(FIELD_APPOINTMENT_GROUND) |
				FIELD_BIT(FIELD_APPOINTMENT_START) | FIELD_BIT(FIELD_TEACHING_FIELDS);
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if ((lines[i].good & needed) == needed)
			picked[n++] = &lines[i];
	judge_doubles(picked, scratch, n, line_order_by_place, RULE_X06, FIELD_APPOINTMENT_START);
}

/* The first of columns 3-16 in which two lines of one teacher differ, or FIELD_NONE. */
static unsigned differing_field(const struct judge_line *a, const struct judge_line *b)
{
	for (unsigned field = PERSON_FIRST; field <= PERSON_LAST; field++)
		if (!slice_equal(a->value[field], b->value[field]))
			return field;
	return FIELD_NONE;
}

static void judge_one_person(struct judge_line *lines, size_t count)
{
	bool is_named = false; /* on the first line: the lowest line that differs */

	for (size_t i = 1; i < count; i++) {
		unsigned field = differing_field(&lines[0], &lines[i]);

		if (field == FIELD_NONE)
			continue;
		line_add_finding(&lines[i], RULE_X02, field, lines[0].record_no, lines[i].record_no, 0);
		if (!is_named)
			line_add_finding(&lines[0], RULE_X02, field, lines[0].record_no, lines[i].record_no, 0);
		is_named = true;
	}
}

/* The first line of sorted that comes behind line in the order of school and begin; NULL: none. */
static const struct judge_line *next_in_school(struct judge_line *const *sorted, size_t count,
					       const struct judge_line *line)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (line_order_by_school(sorted[middle], line) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count ? sorted[low] : NULL;
}

/* LR-X03: the next begin at the same school in the REGISTER is the one to ask, as any later one asks for a later
 * end. */
static void judge_superseded(struct judge_line *lines, size_t count, struct judge_line **registered,
			     struct judge_line **scratch)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (lines[i].ground && lines[i].ground->target == TARGET_REGISTER)
			registered[n++] = &lines[i];
	if (n == 0)
		return;
	sort_lines(registered, scratch, n, line_order_by_school);
	for (size_t i = 0; i < count; i++) {
		struct judge_line *line = &lines[i];

		if (!line->ground || line->ground->target != TARGET_VOORPORTAAL || !line->ground->needs_end)
			continue;
		const struct judge_line *next = next_in_school(registered, n, line);

		if (next && slice_equal(next->value[FIELD_BRIN], line->value[FIELD_BRIN]) &&
		    (line->end == DATE_ABSENT || line->end >= next->start))
			line_add(line, RULE_X03, FIELD_APPOINTMENT_END);
	}
}

/* LR-B11 on the lines of one chain, each by the limit of its own row. */
static void judge_chain(struct judge_line **chain, size_t count, int32_t latest_end)
{
	for (size_t i = 0; i < count; i++) {
		int limit = chain[i]->ground->limit_months;

		if (latest_end >= date_add_months(chain[0]->start, limit))
			line_add_finding(chain[i], RULE_B11, FIELD_APPOINTMENT_END, limit, 0, 0);
	}
}

static bool can_join(const struct judge_line *line, const struct judge_line *first, int32_t latest_end)
{
	return line->ground_code == first->ground_code &&
	       line->start <= date_add_months(date_add_days(latest_end, 1), GAP_MONTHS);
}

static void judge_periods(struct judge_line *lines, size_t count, struct judge_line **picked,
			  struct judge_line **scratch)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (lines[i].ground && lines[i].ground->has_limit && date_is_real(lines[i].end) &&
		    lines[i].end >= lines[i].start)
			picked[n++] = &lines[i];
	sort_lines(picked, scratch, n, line_order_by_ground);
	for (size_t first = 0, end; first < n; first = end) {
		int32_t latest_end = picked[first]->end;

		for (end = first + 1; end < n && can_join(picked[end], picked[first], latest_end); end++)
			latest_end = MAX(latest_end, picked[end]->end);
		judge_chain(picked + first, end - first, latest_end);
	}
}

void judge_group_lines(struct judge_line *lines, size_t count, struct judge_line **order, struct judge_line **scratch)
{
	judge_periods(lines, count, order, scratch);
	if (count == 1)
		return;
	judge_double_keys(lines, count, order, scratch);
	judge_one_person(lines, count);
	judge_double_appointments(lines, count, order, scratch);
	judge_superseded(lines, count, order, scratch);
}

void judge_group_rest(struct judge_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!lines[i].is_rejected)
			line_add(&lines[i], RULE_X04, FIELD_NONE);
}
