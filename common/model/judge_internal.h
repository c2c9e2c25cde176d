/* judge_internal: what the files of judge share. Nobody else includes it.
 *
 * A delivery is judged group by group. The lines of one group stand in a scratch array, trimmed and with what the rules
 * found so far; when the group is done its result is written out and the scratch is used again. So a rule touches
 * memory that is in the nearest cache, and a delivery without findings costs nothing for findings.
 *
 *   judge.c              order of work, grouping, writing out
 *   judge_identity.c     specification 5.2: the rules of every kind of delivery
 *   judge_person.c       5.3 and 5.4
 *   judge_appointment.c  5.5
 *   judge_group.c        5.6
 *   judge_content.c      6: content and targets
 *   judge_text.c         forms of text, judge_sort.c: orders without a heap */
#ifndef MODEL_JUDGE_INTERNAL_H
#define MODEL_JUDGE_INTERNAL_H

#include "model/bsn.h"
#include "model/date.h"
#include "model/judge.h"

enum {
	LINE_FINDINGS_MAX = 40, /* one per rule and veld, where those that exclude each other count once, makes 38 */
	TEACHING_FIELDS_MAX = 4,
	TEACHING_FIELD_BYTES_MAX = 10,
	TEACHING_FIELDS_BYTES_MAX = TEACHING_FIELDS_MAX * (TEACHING_FIELD_BYTES_MAX + 1) - 1,
};

struct judge_line {
	/* by enum field, trimmed (specification 4.5); a column that is not in the file is empty */
	struct slice value[COLUMN_LAST + 1];
	uint32_t index; /* in the input; from here to sorted_fields all is zero at first */
	uint32_t record_no;
	uint64_t good; /* FIELD_BIT(X): X is good in the sense of specification 5.1, or absent where that is a value */
	uint64_t hidden;				  /* FIELD_BIT(X): X may not be echoed (specification 8.1) */
	int32_t birth_day;				  /* 00 counted as 01; DATE_ABSENT when LR-P05 found a fault */
	int32_t contract_start, contract_end, start, end; /* a date, DATE_ABSENT or DATE_BAD */
	int32_t test_date;				  /* toetsdatum, DATE_ABSENT when there is none */
	const struct ground *ground;			  /* the row LR-B05 found, or NULL */
	struct slice teaching_fields;			  /* canonical, when good; may point to sorted_fields */
	struct slice site;				  /* canonical, when good */
	uint16_t site_no;
	uint16_t ground_code;
	bool is_rejected;
	uint8_t finding_count;
	char sorted_fields[TEACHING_FIELDS_BYTES_MAX];
	struct finding findings[LINE_FINDINGS_MAX];
};

static inline bool line_has(const struct judge_line *line, unsigned field)
{
	return line->value[field].n > 0;
}

static inline bool line_is_good(const struct judge_line *line, enum field field)
{
	return line->good & FIELD_BIT(field);
}

static inline void line_set_good(struct judge_line *line, enum field field)
{
	line->good |= FIELD_BIT(field);
}

static inline bool date_is_real(int32_t date)
{
	return date > 0;
}

/* a, b and c fill the <..> of the rule's text in order; 0 where it has none. */
void line_add_finding(struct judge_line *line, enum rule rule, unsigned field, int64_t a, int64_t b, int64_t c);

static inline void line_add(struct judge_line *line, enum rule rule, unsigned field)
{
	line_add_finding(line, rule, field, 0, 0, 0);
}

void judge_identity(struct judge_line *line);
void judge_withdrawal(struct judge_line *line); /* LR-X05 */
void judge_person(const struct judge_input *input, struct judge_line *line);
void judge_appointment(const struct judge_input *input, struct judge_line *line);

/* lines in record order; order and scratch have count places each. */
void judge_group_lines(struct judge_line *lines, size_t count, struct judge_line **order, struct judge_line **scratch);
void judge_group_rest(struct judge_line *lines, size_t count); /* LR-X04 */

/* Content and targets of a group without a finding A. sorted: its lines by benoemingssleutel. false: the arena is
 * full. */
MUSTUSE bool judge_add_content(struct judge_line *const *sorted, size_t count, struct arena *arena,
			       struct judged_group *ret);

/* Forms of specification 3.2 and 5.3. Lengths are code points; bytes that are no UTF-8 fit no form. */
bool text_is_name(struct slice text, size_t length_max);
bool text_is_given_names(struct slice text, size_t length_max);
bool text_is_address(struct slice text, size_t length_max); /* no control characters */
bool text_is_post_box(struct slice text);		    /* begins with "postbus" */
bool text_is_encoded_twice(struct slice text);		    /* holds a pair of LR-P15; of valid UTF-8 */
bool text_begins_with_one_of(struct slice text, const char *chars);
bool text_is_postcode(struct slice text);
bool text_is_house_number(struct slice text);
bool text_is_brin(struct slice text);
bool text_is_employee_ref(struct slice text);
bool text_is_appointment_key(struct slice text);
bool text_is_teaching_field(struct slice text);

/* Sorts items by their upper 32 bits, stable. scratch has count places. Linear, whatever the values are. */
void sort_by_high_word(uint64_t *items, uint64_t *scratch, size_t count);

typedef int line_order(const struct judge_line *a, const struct judge_line *b);
int line_order_by_key(const struct judge_line *a, const struct judge_line *b); /* benoemingssleutel, in byte order */
/* Stable; count * log(count) calls of order at worst. scratch has count places. */
void sort_lines(struct judge_line **lines, struct judge_line **scratch, size_t count, line_order *order);

#endif
