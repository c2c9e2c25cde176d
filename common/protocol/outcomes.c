#include "protocol/outcomes.h"

#include "wire/wire.h"

#include <assert.h>

struct run {
	uint8_t outcome;
	uint64_t length;
};

static void put_run(struct strbuf *out, uint8_t outcome, uint64_t length)
{
	strbuf_add_char(out, (char)outcome);
	for (; length >= 0x80; length >>= 7)
		strbuf_add_char(out, (char)(length | 0x80));
	strbuf_add_char(out, (char)length);
}

void outcomes_encode(struct strbuf *out, const uint8_t *outcomes, size_t count)
{
	for (size_t first = 0, next; first < count; first = next) {
		assert(outcomes[first] <= OUTCOME_MAX);
		for (next = first + 1; next < count && outcomes[next] == outcomes[first]; next++)
			;
		put_run(out, outcomes[first], next - first);
	}
}

static bool take_run(struct wire_input *in, struct run *ret)
{
	if (in->p == in->end || *in->p > OUTCOME_MAX)
		return false;
	ret->outcome = *in->p++;
	in->p = wire_read_varint(in->p, in->end, 64, &ret->length);
	return in->p && ret->length > 0;
}

/* The number of groups, or a refusal: memory is allocated only when all of the bytes are known to be good. */
static int count_groups(struct slice bytes, size_t count_max, size_t *ret, struct err *err)
{
	struct wire_input in = wire_input_of(bytes, NULL);
	size_t count = 0;

	while (in.p != in.end) {
		struct run run;

		if (!take_run(&in, &run))
			return err_set(err, ERR_DATA, "outcomes", "a run of outcomes is broken");
		if (run.length > count_max - count)
			return err_set(err, ERR_DATA, "outcomes", "more outcomes than %zu groups", count_max);
		count += (size_t)run.length;
	}
	*ret = count;
	return 0;
}

int outcomes_decode(struct slice bytes, size_t count_max, struct arena *arena, uint8_t **ret, size_t *ret_count,
		    struct err *err)
{
	struct wire_input in = wire_input_of(bytes, arena);
	size_t count = 0;
	int rc = count_groups(bytes, count_max, &count, err);

	if (rc != 0)
		return rc;
	uint8_t *outcomes = arena_take(arena, count, 1), *next = outcomes;

	if (!outcomes)
		return err_set(err, ERR_FULL, "arena", "the arena is too small for %zu outcomes", count);
	for (struct run run; in.p != in.end && take_run(&in, &run); next += run.length)
		memset(next, run.outcome, (size_t)run.length);
	*ret = outcomes;
	*ret_count = count;
	return 0;
}
