#include "protocol/admission.h"

#include "base/num.h"

enum {
	TRACEPARENT_LENGTH = 55,
	TRACE_ID_AT = 3,
	TRACE_ID_LENGTH = 32,
	TRACE_PARENT_AT = 36,
	TRACE_PARENT_END = 52,
	TRACE_FLAGS_AT = 53
};

/* As the gateway writes it: version 00, lower-case hex. */
static bool is_traceparent(struct slice value)
{
	if (value.n != TRACEPARENT_LENGTH || !slice_starts_with(value, "00-"))
		return false;
	for (size_t i = TRACE_ID_AT; i < value.n; i++) {
		bool is_dash = i == TRACE_ID_AT + TRACE_ID_LENGTH || i == TRACE_PARENT_END;
		bool is_hex = num_is_digit(value.p[i]) || (value.p[i] >= 'a' && value.p[i] <= 'f');

		if (is_dash ? value.p[i] != '-' : !is_hex)
			return false;
	}
	return true;
}

static const struct message_header *find_trace(const struct message_header *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(items[i].name, TRACEPARENT_NAME) == 0 && is_traceparent(items[i].value))
			return &items[i];
	return NULL;
}

/* Bit 0 of the flags, which are two hex digits. */
static bool is_sampled(const char *flags)
{
	return ((flags[1] >= 'a' ? flags[1] - 'a' + 10 : flags[1] - '0') & 1) != 0;
}

void admission_read(const struct message_header *items, size_t count, struct admission *ret)
{
	const struct message_header *trace = find_trace(items, count);

	*ret = (struct admission){ 0 };
	access_header_read(items, count, &ret->access);
	if (!trace)
		return;
	const char *text = trace->value.p;

	ret->trace_id = slice_make(text + TRACE_ID_AT, TRACE_ID_LENGTH);
	ret->parent_id = slice_make(text + TRACE_PARENT_AT, TRACE_PARENT_END - TRACE_PARENT_AT);
	ret->is_sampled = is_sampled(text + TRACE_FLAGS_AT);
}

size_t admission_headers(const struct message_header *items, size_t count,
			 struct message_header ret[ADMISSION_HEADERS_MAX])
{
	const struct message_header *access = access_header_find(items, count), *trace = find_trace(items, count);
	size_t found = 0;

	if (access)
		ret[found++] = *access;
	if (trace)
		ret[found++] = *trace;
	return found;
}
