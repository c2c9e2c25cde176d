/* judge_identity: specification 5.2, the rules of every kind of delivery. */
#include "base/num.h"
#include "model/judge_internal.h"

static void judge_hidden_bsn(struct judge_line *line, enum field field, struct slice bsn)
{
	enum rule rule = bsn_find(line->value[field], bsn);

	if (rule == RULE_NONE)
		return;
	line->hidden |= FIELD_BIT(field);
	line_add(line, rule, field);
}

void judge_identity(struct judge_line *line)
{
	struct slice bsn = line->value[FIELD_BSN];
	uint32_t number;
	enum rule rule = bsn_read(bsn, &number);

	if (rule != RULE_NONE)
		line_add(line, rule, FIELD_BSN);
	if ((bsn.n != BSN_DIGITS && bsn.n != BSN_DIGITS_LOST) || !num_is_digits(bsn))
		bsn = (struct slice){ 0 };
	judge_hidden_bsn(line, FIELD_EMPLOYEE_REF, bsn);
	judge_hidden_bsn(line, FIELD_APPOINTMENT_KEY, bsn);

	if (text_is_employee_ref(line->value[FIELD_EMPLOYEE_REF]))
		line_set_good(line, FIELD_EMPLOYEE_REF);
	else if (line_has(line, FIELD_EMPLOYEE_REF))
		line_add(line, RULE_P12, FIELD_EMPLOYEE_REF);
	if (text_is_appointment_key(line->value[FIELD_APPOINTMENT_KEY]))
		/* LR-B13 is of the appointment, the form is echoed for all */
		line_set_good(line, FIELD_APPOINTMENT_KEY);
}

void judge_withdrawal(struct judge_line *line)
{
	for (unsigned field = APPOINTMENT_FIRST; field <= APPOINTMENT_LAST; field++) {
		if (line_has(line, field)) {
			line_add(line, RULE_X05, field);
			return;
		}
	}
}
