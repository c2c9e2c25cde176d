#include "gateway/trace.h"

#include "base/num.h"
#include "base/random.h"

/* version "-" trace id "-" parent id "-" flags, all in lower-case hex */
enum {
	VERSION_AT = 0,
	ID_AT = 3,
	PARENT_AT = ID_AT + TRACE_ID_DIGITS + 1,
	FLAGS_AT = PARENT_AT + TRACE_PARENT_DIGITS + 1
};

static bool is_lower_hex(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!num_is_digit(s.p[i]) && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return true;
}

static bool is_zero(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '0')
			return false;
	return true;
}

static bool is_good(struct slice value)
{
	if (value.n < TRACEPARENT_BYTES)
		return false;
	struct slice version = slice_make(value.p + VERSION_AT, 2), id = slice_make(value.p + ID_AT, TRACE_ID_DIGITS);
	struct slice parent = slice_make(value.p + PARENT_AT, TRACE_PARENT_DIGITS);
	struct slice flags = slice_make(value.p + FLAGS_AT, 2);

	if (value.p[ID_AT - 1] != '-' || value.p[PARENT_AT - 1] != '-' || value.p[FLAGS_AT - 1] != '-')
		return false;
	if (!is_lower_hex(version) || slice_equal_text(version, "ff") || !is_lower_hex(id) || is_zero(id) ||
	    !is_lower_hex(parent) || is_zero(parent) || !is_lower_hex(flags))
		return false;
	/* a later version may have more behind it */
	return value.n == TRACEPARENT_BYTES || (!slice_equal_text(version, "00") && value.p[TRACEPARENT_BYTES] == '-');
}

void trace_read(struct trace *trace, struct slice value, size_t count)
{
	uint8_t parent[TRACE_PARENT_DIGITS / 2];
	struct err err;

	trace->traceparent[0] = '\0';
	if (count != 1 || !is_good(value))
		return;
	memcpy(trace->traceparent, value.p, TRACEPARENT_BYTES);
	memcpy(trace->traceparent, "00", 2); /* the version that we write */
	trace->traceparent[TRACEPARENT_BYTES] = '\0';
	if (random_fill(parent, sizeof parent, &err) == 0) { /* else that of the sender stays */
		parent[0] |= 1;				     /* all zeros would be none */
		num_to_hex(parent, sizeof parent, trace->traceparent + PARENT_AT);
	}
}

struct slice trace_id(const struct trace *trace)
{
	return trace->traceparent[0] ? slice_make(trace->traceparent + ID_AT, TRACE_ID_DIGITS) : slice_of("-");
}
