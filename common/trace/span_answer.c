#include "trace/span_answer.h"

#include "base/num.h"

#include <jansson.h>

enum span_verdict span_answer_of_status(long status)
{
	if (status >= 200 && status <= 299)
		return SPANS_TAKEN;
	return status == 429 || (status >= 502 && status <= 504) ? SPANS_LATER : SPANS_REFUSED;
}

/* JSON of protobuf: a number of 64 bits is text, but may be a number. */
static uint64_t number_of(const json_t *value)
{
	uint64_t number = 0;

	if (json_is_string(value))
		return num_parse_u64(slice_of(json_string_value(value)), INT64_MAX, &number) ? number : 0;
	return json_is_integer(value) && json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0;
}

size_t span_answer_rejected(struct slice body, size_t count)
{
	json_t *answer = body.n > 0 ? json_loadb(body.p, body.n, 0, NULL) : NULL;
	uint64_t rejected = number_of(json_object_get(json_object_get(answer, "partialSuccess"), "rejectedSpans"));

	json_decref(answer);
	return (size_t)MIN(rejected, (uint64_t)count);
}
