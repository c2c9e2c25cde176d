#include "write/spot_check.h"

#include "base/num.h"

/* Keys are MACs, so their bits are evenly spread; the position moves who is picked from delivery to delivery. */
bool spot_check_picks(uint32_t share, const struct message *message, size_t group)
{
	uint64_t mixed = num_get_be64(keys_at(message->verdict.keys, group)) ^ (uint64_t)message->position;

	mixed = (mixed ^ mixed >> 33) * UINT64_C(0xff51afd7ed558ccd); /* the finalizer of MurmurHash3 */
	mixed = (mixed ^ mixed >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (mixed ^ mixed >> 33) % SPOT_CHECK_WHOLE < share;
}

bool spot_check_agrees(const struct teacher *teacher, const uint8_t *content_hash)
{
	return teacher->now.status == STATUS_ACTIEF &&
	       memcmp(teacher->now.content_hash, content_hash, CONTENT_HASH_BYTES) == 0;
}

static bool differs(const struct batch *batch, const struct message *message, size_t group, const uint8_t *hash)
{
	if (!spot_check_picks(batch->check_share, message, group))
		return false;
	const struct teacher *teacher =
		teacher_map_find(&batch->teachers, message->board, keys_at(message->verdict.keys, group));

	return teacher && teacher->flags & TEACHER_LOADED && !(teacher->flags & TEACHER_DISOWNED) &&
	       !spot_check_agrees(teacher, hash);
}

void spot_check_first(const struct batch *batch, struct message *message)
{
	const struct wire_verdict *verdict = &message->verdict;
	const uint8_t *hash = (const uint8_t *)verdict->hashes.p;

	for (size_t group = 0; batch->check_share > 0 && group < keys_count(verdict->keys); group++) {
		uint8_t class = (uint8_t)verdict->classes.p[group];

		message->checks_all = message->checks_all ||
				      (class == VERDICT_UNCHANGED && differs(batch, message, group, hash));
		if (class == VERDICT_CANDIDATE || class == VERDICT_UNCHANGED)
			hash += CONTENT_HASH_BYTES;
	}
}
