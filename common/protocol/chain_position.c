#include "protocol/chain_position.h"

#include "base/num.h"

#include <assert.h>
#include <inttypes.h>

const struct chain_position CHAIN_GENESIS = { 0 };

static bool names_tip(const struct chain_position *position, const struct wire_verdict *verdict)
{
	return memcmp(verdict->parent, position->tip, VERDICT_ID_BYTES) == 0;
}

enum chain_step chain_position_follow(struct chain_position *position, int64_t offset,
				      const struct wire_verdict *verdict)
{
	assert(offset >= position->next_verdict); /* offsets may skip, never step back */
	if (!verdict || !names_tip(position, verdict)) {
		position->next_verdict = offset + 1;
		return CHAIN_VOID;
	}
	if (verdict->raw_offset < position->next_raw)
		return CHAIN_HOLE;
	position->next_verdict = offset + 1;
	position->next_raw = verdict->raw_offset + 1;
	memcpy(position->tip, verdict->id, VERDICT_ID_BYTES);
	return CHAIN_COUNTS;
}

bool chain_position_equal(const struct chain_position *a, const struct chain_position *b)
{
	return a->next_raw == b->next_raw && a->next_verdict == b->next_verdict &&
	       memcmp(a->tip, b->tip, VERDICT_ID_BYTES) == 0;
}

void chain_position_to_text(const struct chain_position *position, uint32_t key_id, char ret[CHAIN_POSITION_TEXT_BYTES])
{
	char tip[2 * VERDICT_ID_BYTES + 1] = "";

	num_to_hex(position->tip, VERDICT_ID_BYTES, tip);
	snprintf(ret, CHAIN_POSITION_TEXT_BYTES, "%" PRId64 ",%s,%" PRId64 ",%08" PRIx32, position->next_verdict, tip,
		 position->next_raw, key_id);
}

/* Takes the part before the next comma, or all that is left, off *rest. */
static struct slice cut_part(struct slice *rest)
{
	const char *comma = rest->n > 0 ? memchr(rest->p, ',', rest->n) : NULL;
	struct slice part = slice_cut(rest, comma ? (size_t)(comma - rest->p) : rest->n);

	if (comma)
		slice_cut(rest, 1);
	return part;
}

bool chain_position_parse(struct slice text, struct chain_position *ret, uint32_t *ret_key_id)
{
	struct chain_position position;
	struct slice next_verdict = cut_part(&text), tip = cut_part(&text), next_raw = cut_part(&text);
	uint8_t key_id[4];

	if (!num_parse_i64(next_verdict, 0, INT64_MAX, &position.next_verdict) ||
	    !num_from_hex(tip, position.tip, VERDICT_ID_BYTES) ||
	    !num_parse_i64(next_raw, 0, INT64_MAX, &position.next_raw))
		return false;
	if (text.n > 0 && !num_from_hex(text, key_id, sizeof key_id))
		return false;
	if (text.n > 0)
		*ret_key_id = num_get_be32(key_id);
	*ret = position;
	return true;
}
