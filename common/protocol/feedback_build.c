#include "protocol/feedback_build.h"

#include <assert.h>

enum {
	/* but its texts, findings */
	LINE_BYTES_MAX = 3 * WIRE_INT_BYTES_MAX + 2 * WIRE_LONG_BYTES_MAX + WIRE_LONG_BYTES_MAX + 1,
	FINDING_BYTES_MAX = 2 * WIRE_INT_BYTES_MAX + 2 + FINDING_VALUES * WIRE_LONG_BYTES_MAX,
	LINE_BYTES_MIN = 6, /* of the datum: five fields of a byte, and the end of its findings */
	FINDING_BYTES_MIN = 3,
};

static char *write_text(char *p, struct slice text)
{
	p = wire_write_long(p, (int64_t)text.n);
	if (text.n > 0)
		memcpy(p, text.p, text.n);
	return p + text.n;
}

static char *write_finding(char *p, const struct finding *finding)
{
	size_t values = FINDING_VALUES;

	while (values > 0 && finding->values[values - 1] == 0)
		values--;
	p = wire_write_long(p, finding->rule);
	p = wire_write_long(p, finding->field);
	if (values > 0)
		p = wire_write_long(p, (int64_t)values);
	for (size_t i = 0; i < values; i++)
		p = wire_write_long(p, finding->values[i]);
	return wire_write_long(p, 0);
}

static char *write_line(char *p, const struct judged_line *line, const struct finding *findings)
{
	p = wire_write_long(p, line->record_no);
	p = wire_write_long(p, line->group);
	p = write_text(p, line->employee_ref);
	p = write_text(p, line->appointment_key);
	p = wire_write_long(p, line->target);
	if (line->finding_count > 0)
		p = wire_write_long(p, line->finding_count);
	for (size_t i = 0; i < line->finding_count; i++)
		p = write_finding(p, &findings[line->finding_first + i]);
	return wire_write_long(p, 0);
}

void feedback_build(struct strbuf *out, const struct judged *judged, size_t line_count)
{
	if (line_count > 0)
		wire_put_long(out, (int64_t)line_count);
	for (size_t i = 0; i < line_count; i++) {
		const struct judged_line *line = &judged->lines[i];

		assert(line->finding_count <= FEEDBACK_FINDINGS_MAX && line->record_no <= INT32_MAX);
		if (!strbuf_reserve(out, LINE_BYTES_MAX + line->employee_ref.n + line->appointment_key.n +
						 (size_t)line->finding_count * FINDING_BYTES_MAX))
			return;
		out->n = (size_t)(write_line(out->p + out->n, line, judged->findings) - out->p);
	}
	wire_put_long(out, 0);
}

void feedback_reader_init(struct feedback_reader *reader, struct slice bytes, const uint8_t *outcomes,
			  size_t group_count)
{
	reader->in = wire_input_of(bytes, NULL);
	reader->lines = (struct wire_array){ .what = "Feedback.lines", .item_bytes_min = LINE_BYTES_MIN };
	reader->line = 0;
	reader->record_no = 0;
	reader->outcomes = outcomes;
	reader->group_count = group_count;
	reader->is_at_end = false;
}

/* Keeps the first FINDING_VALUES: a rule that only a newer program knows may have more. */
static bool take_values(struct wire_input *in, struct finding *ret)
{
	struct wire_array values = { .item_bytes_min = 1 };
	bool is_good;

	memset(ret->values, 0, sizeof ret->values);
	while ((is_good = wire_array_next(in, &values)) && values.block_count > 0)
		for (size_t i = 0; i < values.block_count; i++) {
			int64_t value;

			if (!wire_take_long(in, &value))
				return false;
			if (values.count + i < FINDING_VALUES)
				ret->values[values.count + i] = value;
		}
	return is_good;
}

static bool take_finding(struct wire_input *in, struct finding *ret)
{
	int32_t rule, field;

	if (!wire_take_int(in, &rule) || !wire_take_int(in, &field) || rule <= 0 || rule > UINT16_MAX ||
	    field < FIELD_NONE || field > UINT8_MAX)
		return false;
	ret->rule = (uint16_t)rule;
	ret->field = (uint8_t)field;
	return take_values(in, ret);
}

static bool take_findings(struct wire_input *in, struct finding *findings, size_t *ret_count)
{
	struct wire_array array = { .item_bytes_min = FINDING_BYTES_MIN };
	bool is_good;

	while ((is_good = wire_array_next(in, &array)) && array.block_count > 0) {
		if (array.block_count > FEEDBACK_FINDINGS_MAX - array.count)
			return false;
		for (size_t i = 0; i < array.block_count; i++)
			if (!take_finding(in, &findings[array.count + i]))
				return false;
	}
	*ret_count = array.count;
	return is_good;
}

static bool take_line(struct feedback_reader *reader, struct feedback_line *ret)
{
	struct wire_input *in = &reader->in;
	int32_t record_no, group, target;

	if (!wire_take_int(in, &record_no) || !wire_take_int(in, &group) || !wire_take_slice(in, &ret->employee_ref) ||
	    !wire_take_slice(in, &ret->appointment_key) || !wire_take_int(in, &target) ||
	    !take_findings(in, reader->findings, &ret->finding_count))
		return false;
	if (record_no <= 0 || (uint32_t)record_no <= reader->record_no || group < 0 ||
	    (size_t)group >= reader->group_count || reader->outcomes[group] > OUTCOME_MAX || target < TARGET_NONE ||
	    target > TARGET_GEEN)
		return false;
	reader->record_no = (uint32_t)record_no;
	ret->record_no = (uint32_t)record_no;
	ret->target = (enum target)target;
	ret->outcome = (enum outcome)reader->outcomes[group];
	ret->findings = reader->findings;
	return true;
}

int feedback_reader_next(struct feedback_reader *reader, struct feedback_line *ret, bool *ret_is_end, struct err *err)
{
	struct feedback_line line;

	*ret_is_end = reader->is_at_end;
	if (reader->is_at_end)
		return 0;
	if (reader->line == reader->lines.block_count) {
		if (!wire_array_next(&reader->in, &reader->lines))
			return wire_malformed(err, reader->lines.what);
		reader->line = 0;
		*ret_is_end = reader->is_at_end = reader->lines.block_count == 0;
		if (reader->is_at_end)
			return wire_finish(&reader->in, "Feedback", err);
	}
	if (!take_line(reader, &line))
		return wire_malformed(err, reader->lines.what);
	reader->line++;
	*ret = line;
	return 0;
}
