#include "gateway/trace.h"

#include "base/num.h"
#include "base/random.h"

#include <stdio.h>

/* version "-" trace id "-" parent id "-" flags, all in lower-case hex */
enum {
	VERSION_AT = 0,
	ID_AT = 3,
	PARENT_AT = ID_AT + TRACE_ID_DIGITS + 1,
	FLAGS_AT = PARENT_AT + TRACE_PARENT_DIGITS + 1,
	FLAGS_KNOWN = 0x03, /* sampled, and a trace id that is random */
	FLAG_SAMPLED = 0x01,
	PER_THOUSAND = 1000,
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

static unsigned flags_of(const struct trace *trace)
{
	uint8_t flags = 0;
	bool is_hex = num_from_hex(slice_make(trace->traceparent + FLAGS_AT, 2), &flags, 1);

	return is_hex ? flags : 0;
}

void trace_read(struct trace *trace, struct slice value, size_t count)
{
	uint8_t parent[TRACE_PARENT_DIGITS / 2];
	struct err err;

	*trace = (struct trace){ 0 };
	if (count != 1 || !is_good(value))
		return;
	memcpy(trace->traceparent, value.p, TRACEPARENT_BYTES);
	memcpy(trace->traceparent, "00", 2); /* the version that we write */
	snprintf(trace->traceparent + FLAGS_AT, 3, "%02x", flags_of(trace) & FLAGS_KNOWN);
	memcpy(trace->sender_id, value.p + PARENT_AT, TRACE_PARENT_DIGITS);
	if (random_fill(parent, sizeof parent, &err) == 0) { /* else that of the sender stays */
		parent[0] |= 1;				     /* all zeros would be none */
		num_to_hex(parent, sizeof parent, trace->traceparent + PARENT_AT);
	}
}

void trace_begin(struct trace *trace, int64_t sample)
{
	struct {
		uint8_t id[TRACE_ID_DIGITS / 2], parent[TRACE_PARENT_DIGITS / 2];
	} fresh;
	struct err err;

	if (trace->traceparent[0] || random_fill(&fresh, sizeof fresh, &err) != 0)
		return;
	fresh.id[0] |= 1; /* all zeros would be none */
	fresh.parent[0] |= 1;
	bool is_sampled = num_get_be64(fresh.id + sizeof fresh.id - 8) % PER_THOUSAND < (uint64_t)sample;

	memcpy(trace->traceparent, "00-", ID_AT);
	num_to_hex(fresh.id, sizeof fresh.id, trace->traceparent + ID_AT);
	trace->traceparent[PARENT_AT - 1] = '-';
	num_to_hex(fresh.parent, sizeof fresh.parent, trace->traceparent + PARENT_AT);
	snprintf(trace->traceparent + FLAGS_AT - 1, 4, "-%02x", is_sampled ? FLAG_SAMPLED : 0);
}

bool trace_is_sampled(const struct trace *trace)
{
	return trace->traceparent[0] && (flags_of(trace) & FLAG_SAMPLED);
}

struct slice trace_parent_id(const struct trace *trace)
{
	return slice_make(trace->traceparent + PARENT_AT, TRACE_PARENT_DIGITS);
}

struct slice trace_id(const struct trace *trace)
{
	return trace->traceparent[0] ? slice_make(trace->traceparent + ID_AT, TRACE_ID_DIGITS) : slice_of("-");
}
