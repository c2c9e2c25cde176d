#include "protocol/verdict_headers.h"

#include "base/num.h"

#include <inttypes.h>

#define ACCEPTED_AT "instroom-accepted-at"

void verdict_headers_write(int64_t accepted_at_ms, const struct message_header *raw, size_t raw_count,
			   struct verdict_headers_text *ret)
{
	ret->count = admission_headers(raw, raw_count, ret->items);
	if (accepted_at_ms < 0)
		return;
	size_t n = (size_t)snprintf(ret->text, sizeof ret->text, "%" PRId64, accepted_at_ms);

	ret->items[ret->count++] = (struct message_header){ ACCEPTED_AT, slice_make(ret->text, n) };
}

int64_t verdict_headers_accepted_at(const struct message_header *items, size_t count)
{
	int64_t accepted_at_ms;

	for (size_t i = 0; i < count; i++)
		if (strcmp(items[i].name, ACCEPTED_AT) == 0)
			return num_parse_i64(items[i].value, 0, INT64_MAX, &accepted_at_ms) ? accepted_at_ms : -1;
	return -1;
}
