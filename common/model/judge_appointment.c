/* judge_appointment: specification 5.5, the appointment, its dates, school and ground; and the two rules that weigh the
 * birth date against them (LR-P06, LR-B14). */
#include "base/num.h"
#include "model/judge_internal.h"

enum {
	YEAR = 10000, /* in dates JJJJMMDD */
	AGE_MIN = 18 * YEAR,
	AGE_END = 66 * YEAR,
	GROUND_DIGITS = 3,
	SITE_DIGITS_MAX = 2,
};

static void judge_one_date(struct judge_line *line, enum field field, bool is_required, int32_t *ret)
{
	*ret = date_parse(line->value[field]);
	if (*ret == DATE_BAD || (*ret == DATE_ABSENT && is_required))
		line_add(line, RULE_B01, field);
	else
		line_set_good(line, field);
}

static void judge_order_of_dates(struct judge_line *line)
{
	bool has_contract_start = date_is_real(line->contract_start),
	     has_contract_end = date_is_real(line->contract_end);
	bool has_start = date_is_real(line->start), has_end = date_is_real(line->end);

	if (has_contract_start && has_contract_end && line->contract_end < line->contract_start)
		line_add(line, RULE_B02, FIELD_CONTRACT_END);
	if (has_start && has_end && line->end < line->start)
		line_add(line, RULE_B02, FIELD_APPOINTMENT_END);
	if (has_start && has_contract_start && line->start < line->contract_start)
		line_add(line, RULE_B03, FIELD_APPOINTMENT_START);
	if (has_contract_end && (line->end == DATE_ABSENT || (has_end && line->end > line->contract_end)))
		line_add(line, RULE_B03, FIELD_APPOINTMENT_END);
}

static void judge_dates(struct judge_line *line, int32_t received_on)
{
	judge_one_date(line, FIELD_CONTRACT_START, true, &line->contract_start);
	judge_one_date(line, FIELD_CONTRACT_END, false, &line->contract_end);
	judge_one_date(line, FIELD_APPOINTMENT_START, true, &line->start);
	judge_one_date(line, FIELD_APPOINTMENT_END, false, &line->end);
	judge_order_of_dates(line);
	if (line->contract_start > received_on + YEAR)
		line_add(line, RULE_B04, FIELD_CONTRACT_START);
	if (line->start > received_on + YEAR)
		line_add(line, RULE_B04, FIELD_APPOINTMENT_START);
}

/* toetsdatum (specification 5.1): the last day within the appointment, up to the day on which the data were true. */
static int32_t test_date_of(const struct judge_line *line, int32_t extraction_date)
{
	int32_t date = extraction_date;

	if (!date_is_real(line->start) || line->end == DATE_BAD)
		return DATE_ABSENT;
	if (line->end != DATE_ABSENT)
		date = MIN(date, line->end);
	return MAX(date, line->start);
}

static void read_brin(struct judge_line *line)
{
	if (text_is_brin(line->value[FIELD_BRIN]))
		line_set_good(line, FIELD_BRIN);
	else
		line_add(line, RULE_S01, FIELD_BRIN);
}

static void read_site(struct judge_line *line)
{
	static const char PADDED[] = "00010203040506070809";
	struct slice text = line->value[FIELD_SITE];

	if (text.n > SITE_DIGITS_MAX || !num_is_digits(text)) {
		line_add(line, RULE_S05, FIELD_SITE);
		return;
	}
	line->site_no = 0;
	for (size_t i = 0; i < text.n; i++)
		line->site_no = (uint16_t)(line->site_no * 10 + (text.p[i] - '0'));
	line->site = text.n == SITE_DIGITS_MAX ? text : slice_make(PADDED + 2 * line->site_no, SITE_DIGITS_MAX);
	line_set_good(line, FIELD_SITE);
}

static void read_ground(struct judge_line *line)
{
	struct slice text = line->value[FIELD_APPOINTMENT_GROUND];

	if (text.n != GROUND_DIGITS || !num_is_digits(text)) {
		line_add(line, RULE_B13, FIELD_APPOINTMENT_GROUND);
		return;
	}
	line->ground_code = (uint16_t)((text.p[0] - '0') * 100 + (text.p[1] - '0') * 10 + (text.p[2] - '0'));
	line_set_good(line, FIELD_APPOINTMENT_GROUND);
}

/* Puts code among the count sorted ones. false: it is there already. */
static bool insert_code(struct slice *codes, size_t count, struct slice code)
{
	size_t at = count;

	for (; at > 0; at--) {
		int order = slice_compare(codes[at - 1], code);

		if (order == 0)
			return false;
		if (order < 0)
			break;
		codes[at] = codes[at - 1];
	}
	codes[at] = code;
	return true;
}

/* The sorted set of specification 4.5. codes has TEACHING_FIELDS_MAX places. false: LR-B08 on form. */
static bool split_codes(struct slice text, struct slice *codes, size_t *ret_count)
{
	size_t count = 0;

	for (bool is_last = false; !is_last;) {
		const char *bar = memchr(text.p, '|', text.n);
		struct slice code = slice_trim(slice_make(text.p, bar ? (size_t)(bar - text.p) : text.n));

		if (count == TEACHING_FIELDS_MAX || !text_is_teaching_field(code) || !insert_code(codes, count, code))
			return false;
		count++;
		is_last = !bar;
		if (bar)
			slice_cut(&text, (size_t)(bar - text.p) + 1);
	}
	*ret_count = count;
	return true;
}

static void join_codes(struct judge_line *line, const struct slice *codes, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			line->sorted_fields[n++] = '|';
		memcpy(line->sorted_fields + n, codes[i].p, codes[i].n);
		n += codes[i].n;
	}
	line->teaching_fields = slice_make(line->sorted_fields, n);
}

static bool codes_are_known(const struct reference *reference, const struct judge_line *line, const struct slice *codes,
			    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!reference_has_field(reference, codes[i], line->ground->sector, line->test_date))
			return false;
	return true;
}

/* LR-B08; needs line->ground, as a code is looked up for the voorportaal only. */
static void judge_teaching_fields(const struct reference *reference, struct judge_line *line)
{
	struct slice codes[TEACHING_FIELDS_MAX];
	size_t count = 0;

	if (line_has(line, FIELD_TEACHING_FIELDS) && !split_codes(line->value[FIELD_TEACHING_FIELDS], codes, &count)) {
		line_add(line, RULE_B08, FIELD_TEACHING_FIELDS);
		return;
	}
	line_set_good(line, FIELD_TEACHING_FIELDS);
	if (count == 1)
		line->teaching_fields = codes[0];
	else
		join_codes(line, codes, count);
	if (line->ground && line->ground->target == TARGET_VOORPORTAAL &&
	    !codes_are_known(reference, line, codes, count))
		line_add(line, RULE_B08, FIELD_TEACHING_FIELDS);
}

/* LR-S02, LR-S03, LR-S04. Returns the school's row, or NULL. */
static const struct school *judge_school(const struct judge_input *input, struct judge_line *line)
{
	struct slice brin = line->value[FIELD_BRIN];
	int32_t date = line->test_date;

	if (date == DATE_ABSENT || !line_is_good(line, FIELD_BRIN))
		return NULL;
	const struct school *school = reference_school(input->reference, brin, date);

	if (!school) {
		line_add_finding(line, RULE_S02, FIELD_BRIN, rule_brin_value(brin), date, 0);
		return NULL;
	}
	if (!reference_has_board_school(input->reference, input->board, brin, date))
		line_add_finding(line, RULE_S03, FIELD_BRIN, rule_brin_value(brin), date, 0);
	if (line_is_good(line, FIELD_SITE) && !reference_has_site(input->reference, brin, line->site_no, date))
		line_add_finding(line, RULE_S04, FIELD_SITE, line->site_no, rule_brin_value(brin), date);
	return school;
}

static void find_ground(const struct reference *reference, struct judge_line *line)
{
	if (line->test_date == DATE_ABSENT || !line_is_good(line, FIELD_APPOINTMENT_GROUND))
		return;
	line->ground = reference_ground(reference, line->ground_code, line->test_date);
	if (!line->ground)
		line_add_finding(line, RULE_B05, FIELD_APPOINTMENT_GROUND, line->ground_code, line->test_date, 0);
}

/* The rules that need the valid ground row, but for LR-B08. */
static void judge_ground(struct judge_line *line, const struct school *school)
{
	const struct ground *ground = line->ground;
	bool has_fields = line_has(line, FIELD_TEACHING_FIELDS);

	if (ground->target == TARGET_VOORPORTAAL && ground->needs_field && !has_fields)
		line_add(line, RULE_B06, FIELD_TEACHING_FIELDS);
	if (ground->target == TARGET_REGISTER && has_fields)
		line_add(line, RULE_B07, FIELD_TEACHING_FIELDS);
	if (ground->target == TARGET_GEEN)
		line_add(line, RULE_B09, FIELD_APPOINTMENT_GROUND);
	if (ground->needs_end && line->end == DATE_ABSENT)
		line_add(line, RULE_B10, FIELD_APPOINTMENT_END);
	if (school && ground->sector != school->ground_sector)
		line_add(line, RULE_B12, FIELD_APPOINTMENT_GROUND);
}

static void judge_age(struct judge_line *line)
{
	if (line->birth_day == DATE_ABSENT)
		return;
	if (date_is_real(line->start)) {
		int32_t age = line->start - line->birth_day;

		if (age < AGE_MIN || age >= AGE_END)
			line_add(line, RULE_P06, FIELD_BIRTH_DATE);
	}
	if (date_is_real(line->contract_start) && line->contract_start <= line->birth_day)
		line_add(line, RULE_B14, FIELD_CONTRACT_START);
}

void judge_appointment(const struct judge_input *input, struct judge_line *line)
{
	if (!line_is_good(line, FIELD_APPOINTMENT_KEY))
		line_add(line, RULE_B13, FIELD_APPOINTMENT_KEY);
	judge_dates(line, input->received_on);
	judge_age(line);
	read_brin(line);
	read_site(line);
	read_ground(line);
	line->test_date = test_date_of(line, input->extraction_date);
	const struct school *school = judge_school(input, line);

	find_ground(input->reference, line);
	if (line->ground)
		judge_ground(line, school);
	judge_teaching_fields(input->reference, line);
}
