/* feedback: specification 8.1, byte for byte. */
#include "model/feedback.h"

#include "base/strbuf.h"
#include "model/csv.h"

enum { NUMBER_DIGITS_MAX = 20 };

/* What the state machine found, which no verdict can know. */
static bool finding_of_outcome(enum outcome outcome, int64_t sequence, struct finding *ret)
{
	switch (outcome) {
	case OUTCOME_AFGEKEURD_R01:
		*ret = (struct finding){ .rule = RULE_R01 };
		return true;
	case OUTCOME_AFGEKEURD_R08:
		*ret = (struct finding){ .rule = RULE_R08, .values = { sequence } };
		return true;
	case OUTCOME_QUARANTAINE:
		*ret = (struct finding){ .rule = RULE_T01 };
		return true;
	default:
		return false;
	}
}

/* How many of the line's findings stand before it: they are in order already. */
static size_t place_of(const struct feedback_line *line, const struct finding *own)
{
	size_t at = line->finding_count;

	while (at > 0 && finding_compare(&line->findings[at - 1], own) > 0)
		at--;
	return at;
}

size_t feedback_findings(const struct feedback_line *line, int64_t sequence, struct finding *ret)
{
	struct finding own;
	size_t count = 0, place = SIZE_MAX;

	if (finding_of_outcome(line->outcome, sequence, &own))
		place = place_of(line, &own);
	for (size_t i = 0; i < line->finding_count; i++) {
		if (i == place)
			ret[count++] = own;
		ret[count++] = line->findings[i];
	}
	if (place == line->finding_count)
		ret[count++] = own;
	return count;
}

static void add_number(struct strbuf *out, uint32_t number)
{
	char digits[NUMBER_DIGITS_MAX];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	strbuf_add_bytes(out, digits + at, sizeof digits - at);
}

/* The five columns that all rows of a line share, with the separator behind them. */
static void add_head(struct strbuf *out, const struct feedback_line *line)
{
	add_number(out, line->record_no);
	strbuf_add_char(out, ';');
	csv_add_field(out, line->employee_ref);
	strbuf_add_char(out, ';');
	csv_add_field(out, line->appointment_key);
	strbuf_add_char(out, ';');
	strbuf_add_text(out, outcome_name(line->outcome));
	strbuf_add_char(out, ';');
	strbuf_add_text(out, target_name(line->target));
	strbuf_add_char(out, ';');
}

/* No text of a rule needs quotes: they hold no ; " CR or LF, and what fills them are numbers and good BRINs. */
static void add_finding(struct strbuf *out, const struct feedback_line *line, const struct finding *finding)
{
	char code[RULE_CODE_BYTES];

	rule_show_code(finding->rule, code);
	add_head(out, line);
	strbuf_add_text(out, code);
	strbuf_add_char(out, ';');
	strbuf_add_text(out, rule_ernst(finding->rule));
	strbuf_add_char(out, ';');
	strbuf_add_text(out, field_name(finding->field));
	strbuf_add_char(out, ';');
	rule_add_text(out, finding);
	strbuf_add_char(out, '\n');
}

void feedback_add_header(struct strbuf *out)
{
	strbuf_add_text(out, "regel;personeelsnummer;benoemingssleutel;uitkomst;doel;code;ernst;veld;melding\n");
}

void feedback_add_line(struct strbuf *out, const struct feedback_line *line, int64_t sequence)
{
	struct finding own;
	size_t place = SIZE_MAX;

	if (finding_of_outcome(line->outcome, sequence, &own)) {
		place = place_of(line, &own);
	} else if (line->finding_count == 0) {
		add_head(out, line);
		strbuf_add_text(out, ";;;\n");
	}
	for (size_t i = 0; i < line->finding_count; i++) {
		if (i == place)
			add_finding(out, line, &own);
		add_finding(out, line, &line->findings[i]);
	}
	if (place == line->finding_count)
		add_finding(out, line, &own);
}
