/* judge: the order of work for one delivery.
 *
 * 1. Read the BSN of each line; sort the lines with a BSN by it, so that each teacher's lines stand together in record
 *    order.
 * 2. Compute the teacher keys and sort the groups by them. Lines without a BSN are groups of their own behind these.
 * 3. Judge group by group, in that order: line rules, rules across lines, LR-X04, echo, content and its hash.
 * 4. Lay the findings side by side: they were kept in small blocks, as nobody knew how many there would be.
 *
 * All sorting is linear or n log n whatever the file holds, so that no file costs more than its size. */
#include "model/judge.h"

#include "model/judge_internal.h"

#include <assert.h>

/* The findings of one line until their number is known. */
struct finding_block {
	struct finding_block *next;
	struct judged_line *line;
	struct finding findings[];
};

/* The lines of one group: lines_by_bsn[first .. first + count), each with its index in the lower 32 bits. */
struct seat {
	uint8_t key[TEACHER_KEY_BYTES];
	uint32_t bsn;
	uint32_t first;
	uint32_t count;
};

struct judge {
	const struct judge_input *input;
	struct arena *arena;
	struct judged *judged;
	struct {
		size_t place;
		uint8_t field;
	} columns[COLUMNS]; /* those that are in the file: place in its rows, and which */
	size_t column_count;
	const struct slice *bsns; /* the cell of the first line; NULL without such a column */
	uint64_t *lines_by_bsn;	  /* readable ones sorted, then the unreadable ones in record order */
	size_t readable_lines;
	size_t group_lines_max;
	struct judge_line *lines; /* of the group at hand; group_lines_max, as are order and scratch */
	struct judge_line **order;
	struct judge_line **scratch;
	struct finding_block *blocks;
	struct finding_block **last_block;
};

static int say_full(struct err *err)
{
	return err_set(err, ERR_FULL, "judge", "the arena is too small for this delivery");
}

void line_add_finding(struct judge_line *line, enum rule rule, unsigned field, int64_t a, int64_t b, int64_t c)
{
	assert(line->finding_count < LINE_FINDINGS_MAX && rule_has_field(rule, field));
	line->findings[line->finding_count++] =
		(struct finding){ .rule = (uint16_t)rule, .field = (uint8_t)field, .values = { a, b, c } };
	line->is_rejected |= rule_rejects(rule);
}

/* A gateway lets each column through once; of a doubled one from elsewhere the first counts. */
static void map_columns(struct judge *judge)
{
	const struct judge_input *input = judge->input;
	uint64_t seen = 0;

	for (size_t i = 0; i < input->column_count; i++) {
		uint8_t field = input->columns[i];

		if (!field_is_column(field) || seen & FIELD_BIT(field))
			continue;
		seen |= FIELD_BIT(field);
		judge->columns[judge->column_count].place = i;
		judge->columns[judge->column_count++].field = field;
		if (field == FIELD_BSN)
			judge->bsns = input->cells + i;
	}
}

static struct slice bsn_of(const struct judge *judge, size_t index)
{
	if (!judge->bsns)
		return (struct slice){ 0 };
	return slice_trim(judge->bsns[index * judge->input->column_count]);
}

static bool sort_by_bsn(struct judge *judge)
{
	size_t count = judge->input->line_count;
	uint64_t *lines = arena_take(judge->arena, count, sizeof lines[0]);
	uint64_t *scratch = arena_take(judge->arena, count, sizeof scratch[0]);
	size_t readable = 0, unreadable = 0;

	if (!lines || !scratch)
		return false;
	for (size_t i = 0; i < count; i++) {
		uint32_t bsn;

		if (bsn_read(bsn_of(judge, i), &bsn) == RULE_NONE)
			lines[readable++] = (uint64_t)bsn << 32 | i;
		else
			scratch[unreadable++] = i;
	}
	memcpy(lines + readable, scratch, unreadable * sizeof scratch[0]);
	sort_by_high_word(lines, scratch, readable);
	judge->lines_by_bsn = lines;
	judge->readable_lines = readable;
	return true;
}

/* One seat per teacher, in the order of their BSN. NULL: the arena is full. */
static struct seat *make_seats(struct judge *judge, size_t *ret_count)
{
	const uint64_t *lines = judge->lines_by_bsn;
	struct seat *seats = arena_take(judge->arena, judge->readable_lines, sizeof seats[0]);
	size_t count = 0;

	if (!seats)
		return NULL;
	for (size_t first = 0, end; first < judge->readable_lines; first = end) {
		uint32_t bsn = (uint32_t)(lines[first] >> 32);

		for (end = first + 1; end < judge->readable_lines && lines[end] >> 32 == bsn; end++)
			;
		struct seat *seat = &seats[count++];

		*seat = (struct seat){ .bsn = bsn, .first = (uint32_t)first, .count = (uint32_t)(end - first) };
		hmac_key_teacher(judge->input->key, judge->input->board, bsn_of(judge, (uint32_t)lines[first]),
				 seat->key);
		judge->group_lines_max = MAX(judge->group_lines_max, end - first);
	}
	*ret_count = count;
	return seats;
}

static uint64_t key_head(const struct seat *seat)
{
	return (uint64_t)seat->key[0] << 56 | (uint64_t)seat->key[1] << 48 | (uint64_t)seat->key[2] << 40 |
	       (uint64_t)seat->key[3] << 32;
}

/* The order of the seats by whole key. Equal heads are as rare as keys are random, so the last step moves next to
 * nothing. */
static uint64_t *sort_by_key(struct judge *judge, const struct seat *seats, size_t count)
{
	uint64_t *order = arena_take(judge->arena, count, sizeof order[0]);
	uint64_t *scratch = arena_take(judge->arena, count, sizeof scratch[0]);

	if (!order || !scratch)
		return NULL;
	for (size_t i = 0; i < count; i++)
		order[i] = key_head(&seats[i]) | i;
	sort_by_high_word(order, scratch, count);
	for (size_t i = 1; i < count; i++) {
		uint64_t item = order[i];
		const uint8_t *key = seats[(uint32_t)item].key;
		size_t at = i;

		for (; at > 0 && memcmp(seats[(uint32_t)order[at - 1]].key, key, TEACHER_KEY_BYTES) > 0; at--)
			order[at] = order[at - 1];
		order[at] = item;
	}
	return order;
}

static bool take_results(struct judge *judge, size_t readable_count)
{
	size_t line_count = judge->input->line_count;
	struct judged *judged = judge->judged;

	judged->readable_count = readable_count;
	judged->group_count = readable_count + line_count - judge->readable_lines;
	judged->groups = arena_take_zeroed(judge->arena, judged->group_count, sizeof judged->groups[0]);
	judged->lines = arena_take_zeroed(judge->arena, line_count, sizeof judged->lines[0]);
	judge->lines = arena_take_zeroed(judge->arena, judge->group_lines_max, sizeof judge->lines[0]);
	judge->order = arena_take(judge->arena, judge->group_lines_max, sizeof(struct judge_line *));
	judge->scratch = arena_take(judge->arena, judge->group_lines_max, sizeof(struct judge_line *));
	return judged->groups && judged->lines && judge->lines && judge->order && judge->scratch;
}

/* Columns that are not in the file stay as they were allocated, which is empty. */
static void load_line(const struct judge *judge, uint32_t index, struct judge_line *line)
{
	const size_t row = index * judge->input->column_count;
	const uint32_t *record_nos = judge->input->record_nos;

	memset(&line->index, 0, offsetof(struct judge_line, sorted_fields) - offsetof(struct judge_line, index));
	line->index = index;
	line->record_no = record_nos ? record_nos[index] : index + 2;
	for (size_t i = 0; i < judge->column_count; i++)
		line->value[judge->columns[i].field] = slice_trim(judge->input->cells[row + judge->columns[i].place]);
}

static void judge_line(const struct judge_input *input, struct judge_line *line)
{
	judge_identity(line);
	if (input->kind == DELIVERY_INTREKKING) {
		judge_withdrawal(line);
		return;
	}
	judge_person(input, line);
	judge_appointment(input, line);
}

static void sort_findings(struct finding *findings, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct finding finding = findings[i];
		size_t at = i;

		for (; at > 0 && finding_compare(&findings[at - 1], &finding) > 0; at--)
			findings[at] = findings[at - 1];
		findings[at] = finding;
	}
}

static bool keep_findings(struct judge *judge, struct judge_line *line, struct judged_line *out)
{
	size_t count = line->finding_count;

	if (count == 0)
		return true;
	struct finding_block *block = arena_take(judge->arena, 1, sizeof *block + count * sizeof block->findings[0]);

	if (!block)
		return false;
	sort_findings(line->findings, count);
	memcpy(block->findings, line->findings, count * sizeof block->findings[0]);
	block->next = NULL;
	block->line = out;
	*judge->last_block = block;
	judge->last_block = &block->next;
	out->finding_first = (uint32_t)judge->judged->finding_count;
	out->finding_count = (uint32_t)count;
	judge->judged->finding_count += count;
	return true;
}

/* The value as specification 8.1 echoes it; it points into the input, as the scratch is used again. */
static struct slice echo_of(const struct judge_line *line, enum field field)
{
	bool is_shown = line_is_good(line, field) && !(line->hidden & FIELD_BIT(field));

	return is_shown ? line->value[field] : (struct slice){ 0 };
}

static bool write_line(struct judge *judge, struct judge_line *line, uint32_t group)
{
	struct judged_line *out = &judge->judged->lines[line->index];

	out->record_no = line->record_no;
	out->group = group;
	out->employee_ref = echo_of(line, FIELD_EMPLOYEE_REF);
	out->appointment_key = echo_of(line, FIELD_APPOINTMENT_KEY);
	out->target = line->ground ? line->ground->target : (uint8_t)TARGET_NONE;
	return keep_findings(judge, line, out);
}

static bool add_content(struct judge *judge, size_t count, struct judged_group *group)
{
	for (size_t i = 0; i < count; i++)
		judge->order[i] = &judge->lines[i];
	sort_lines(judge->order, judge->scratch, count, line_order_by_key);
	if (!judge_add_content(judge->order, count, judge->arena, group))
		return false;
	hmac_key_content(judge->input->key, group->content, group->content_hash);
	return true;
}

static bool judge_group(struct judge *judge, const uint64_t *indexes, size_t count, uint32_t number)
{
	struct judged_group *group = &judge->judged->groups[number];
	bool is_withdrawal = judge->input->kind == DELIVERY_INTREKKING;
	bool is_rejected = false;

	for (size_t i = 0; i < count; i++) {
		load_line(judge, (uint32_t)indexes[i], &judge->lines[i]);
		judge_line(judge->input, &judge->lines[i]);
	}
	if (!is_withdrawal)
		judge_group_lines(judge->lines, count, judge->order, judge->scratch);
	for (size_t i = 0; i < count; i++)
		is_rejected |= judge->lines[i].is_rejected;
	if (is_rejected)
		judge_group_rest(judge->lines, count);
	group->is_valid = !is_rejected;
	group->line_count = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		if (!write_line(judge, &judge->lines[i], number))
			return false;
	return is_rejected || is_withdrawal || add_content(judge, count, group);
}

static bool judge_readable(struct judge *judge, const struct seat *seats, const uint64_t *order)
{
	for (size_t i = 0; i < judge->judged->readable_count; i++) {
		const struct seat *seat = &seats[(uint32_t)order[i]];
		struct judged_group *group = &judge->judged->groups[i];

		memcpy(group->key, seat->key, sizeof group->key);
		group->bsn = seat->bsn;
		group->is_readable = true;
		if (!judge_group(judge, judge->lines_by_bsn + seat->first, seat->count, (uint32_t)i))
			return false;
	}
	return true;
}

static bool judge_unreadable(struct judge *judge)
{
	const uint64_t *indexes = judge->lines_by_bsn + judge->readable_lines;
	size_t readable_count = judge->judged->readable_count;

	for (size_t i = readable_count; i < judge->judged->group_count; i++)
		if (!judge_group(judge, &indexes[i - readable_count], 1, (uint32_t)i))
			return false;
	return true;
}

static bool lay_findings(struct judge *judge)
{
	struct judged *judged = judge->judged;
	struct finding *findings = arena_take(judge->arena, judged->finding_count, sizeof findings[0]);

	if (!findings)
		return false;
	for (const struct finding_block *block = judge->blocks; block; block = block->next)
		memcpy(findings + block->line->finding_first, block->findings,
		       block->line->finding_count * sizeof findings[0]);
	judged->findings = findings;
	return true;
}

int judge_delivery(const struct judge_input *input, struct arena *arena, struct judged *ret, struct err *err)
{
	struct judged judged = { 0 };
	struct judge judge = { .input = input, .arena = arena, .judged = &judged, .group_lines_max = 1 };
	size_t readable_count;

	assert(input->line_count <= UINT32_MAX - 2);
	judge.last_block = &judge.blocks;
	map_columns(&judge);
	if (!sort_by_bsn(&judge))
		return say_full(err);
	const struct seat *seats = make_seats(&judge, &readable_count);
	const uint64_t *order = seats ? sort_by_key(&judge, seats, readable_count) : NULL;

	if (!order || !take_results(&judge, readable_count) || !judge_readable(&judge, seats, order) ||
	    !judge_unreadable(&judge) || !lay_findings(&judge))
		return say_full(err);
	*ret = judged;
	return 0;
}
