#include "validate/position.h"

#include "base/num.h"

#include <assert.h>
#include <inttypes.h>

const struct position POSITION_GENESIS = { 0 };

bool position_equal(const struct position *a, const struct position *b)
{
	return a->next_raw == b->next_raw && a->next_verdict == b->next_verdict &&
	       memcmp(a->tip, b->tip, sizeof a->tip) == 0;
}

void position_to_text(const struct position *position, char out[POSITION_TEXT_BYTES])
{
	char tip[2 * POSITION_ID_BYTES + 1] = "";

	num_to_hex(position->tip, sizeof position->tip, tip);
	snprintf(out, POSITION_TEXT_BYTES, "%" PRId64 ",%s,%" PRId64, position->next_verdict, tip, position->next_raw);
}

/* Takes the part before the next comma, or all that is left, off *rest. */
static struct slice position_part(struct slice *rest)
{
	const char *comma = rest->n > 0 ? memchr(rest->p, ',', rest->n) : NULL;
	struct slice part = slice_cut(rest, comma ? (size_t)(comma - rest->p) : rest->n);

	if (comma)
		slice_cut(rest, 1);
	return part;
}

bool position_parse(struct slice text, struct position *ret)
{
	struct position position;
	struct slice next_verdict = position_part(&text), tip = position_part(&text), next_raw = text;

	if (!num_parse_i64(next_verdict, 0, INT64_MAX, &position.next_verdict) ||
	    !num_from_hex(tip, position.tip, sizeof position.tip) ||
	    !num_parse_i64(next_raw, 0, INT64_MAX, &position.next_raw))
		return false;
	*ret = position;
	return true;
}

enum position_step position_take(struct position *position, int64_t offset, const struct wire_verdict *verdict)
{
	bool counts = verdict && memcmp(verdict->parent, position->tip, sizeof position->tip) == 0;

	assert(offset >= position->next_verdict);
	if (counts && verdict->raw_offset != position->next_raw)
		return POSITION_HOLE;
	position->next_verdict = offset + 1;
	if (!counts)
		return POSITION_VOID;
	position->next_raw = verdict->raw_offset + 1;
	memcpy(position->tip, verdict->id, sizeof position->tip);
	return POSITION_COUNTS;
}
