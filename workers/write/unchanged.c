#include "write/unchanged.h"

#include <assert.h>

static bool is_same_list(const struct pending *pending, const struct message *message)
{
	return memcmp(pending->key_list, message->verdict.keys_digest, DIGEST_BYTES) == 0;
}

/* A replay's keys are no list of the ledger: it writes rows. */
static bool makes_list(const struct message *message)
{
	return message->verdict.kind == VERDICT_KIND_DELIVERY;
}

bool unchanged_needs_keys(const struct board_state *board, const struct message *message)
{
	const struct pending *pending = &board->pending;

	return message->unchanged_count > 0 && pending->sequence > 0 && !pending->has_keys &&
	       !is_same_list(pending, message) &&
	       pending_gives_way(pending, message->verdict.header.sequence, message->unchanged_count);
}

static bool raise(struct batch *batch, struct board_state *board, const uint8_t *key, int64_t sequence)
{
	struct teacher *teacher = batch_teacher(batch, board, key);

	if (teacher)
		teacher_raise(teacher, sequence);
	return teacher;
}

static int raise_members(struct batch *batch, const struct message *message, struct err *err)
{
	struct slice keys = message->verdict.keys;

	for (size_t i = 0; i < keys_count(keys); i++)
		if (bit_is_set(message->unchanged, i) &&
		    !raise(batch, message->board, keys_at(keys, i), message->verdict.header.sequence))
			return batch_full(err);
	return 0;
}

/* Both lists rise, so one walk finds the members that are in the old one only. */
static int raise_remainder(struct batch *batch, const struct message *message, const struct pending *old,
			   struct err *err)
{
	struct slice keys = message->verdict.keys;
	struct slice old_keys = is_same_list(old, message) ? keys : old->keys;
	size_t old_count = MIN(keys_count(old_keys), old->member_bytes * 8);
	size_t i = 0;

	for (size_t o = 0; o < old_count; o++) {
		const uint8_t *key = keys_at(old_keys, o);

		if (!bit_is_set(old->members, o))
			continue;
		while (i < keys_count(keys) && memcmp(keys_at(keys, i), key, TEACHER_KEY_BYTES) < 0)
			i++;
		bool stays = i < keys_count(keys) && memcmp(keys_at(keys, i), key, TEACHER_KEY_BYTES) == 0 &&
			     bit_is_set(message->unchanged, i);

		if (!stays && !raise(batch, message->board, key, old->sequence))
			return batch_full(err);
	}
	return 0;
}

int unchanged_record(struct batch *batch, struct message *message, struct err *err)
{
	struct pending *pending = &message->board->pending;
	const struct wire_verdict *verdict = &message->verdict;

	if (message->unchanged_count == 0)
		return 0;
	if (!makes_list(message) || !pending_gives_way(pending, verdict->header.sequence, message->unchanged_count))
		return raise_members(batch, message, err);
	assert(pending->sequence == 0 || pending->has_keys || is_same_list(pending, message));
	if (pending->sequence > 0) {
		int rc = raise_remainder(batch, message, pending, err);

		if (rc != 0)
			return rc;
	}
	*pending = (struct pending){
		.sequence = verdict->header.sequence,
		.members = message->unchanged,
		.member_bytes = bits_bytes(keys_count(verdict->keys)),
		.member_count = message->unchanged_count,
		.has_keys = true,
		.keys = verdict->keys,
	};
	memcpy(pending->key_list, verdict->keys_digest, DIGEST_BYTES);
	return 0;
}
