/* person_checkpoint: who stands in the checkpoints of verify. A state that holds anything of him has his key, 16 bytes
 * that stand nowhere else in it: it is looked through, not read.
 *
 * No header: person_look_in_checkpoints stands in person.h. */
#include "ctl/checkpoint/checkpoint_reader.h"
#include "ctl/checkpoint/checkpoint_writer.h"
#include "ctl/person/person.h"

#include <stdlib.h>

enum { PLACE_BYTES = 64 };

static bool is_held(const struct person *person, uint32_t board, struct slice state)
{
	uint8_t keys[PERSON_KEYS_MAX][TEACHER_KEY_BYTES];
	size_t count = person_keys(person, board, keys);

	for (size_t i = 0; i < count; i++)
		if (state.n > 0 && memmem(state.p, state.n, keys[i], TEACHER_KEY_BYTES))
			return true;
	return false;
}

static int look_at_states(const struct ctl *ctl, const struct person *person, const struct checkpoint_keys *keys,
			  const struct checkpoint_manifest *manifest, struct person_findings *findings, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf state;
	CLEANUP(checkpoint_reader_close) struct checkpoint_reader reader = { 0 };
	const struct checkpoint_board *board = NULL;
	char place[PLACE_BYTES];
	int rc = checkpoint_reader_open(&reader, ctl->config.checkpoint_dir, manifest, keys, err);

	strbuf_init(&state, STATE_BYTES_MAX);
	snprintf(place, sizeof place, "partition %d, number %lld", manifest->partition, (long long)manifest->number);
	do {
		if (rc == 0)
			rc = checkpoint_reader_next(&reader, NULL, &board, &state, err);
		if (rc == 0 && board && is_held(person, board->number, strbuf_slice(&state)))
			person_found(findings, STORE_CHECKPOINT, board->number, slice_of(place), slice_of("holds"),
				     SLICE_LITERAL("his board as it was derived, with him in it"));
	} while (rc == 0 && board);
	if (state.p)
		explicit_bzero(state.p, state.capacity);
	return rc;
}

static int look_at_all(const struct ctl *ctl, const struct person *person, const struct checkpoint_keys *keys,
		       struct person_findings *findings, struct err *err)
{
	const char *dir = ctl->config.checkpoint_dir;
	struct checkpoint_place *places = NULL;
	size_t count = 0;
	int rc = checkpoint_store_list(dir, -1, &places, &count, err);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct checkpoint_manifest manifest = { 0 };

		rc = checkpoint_store_read(dir, &places[i], keys, &manifest, err);
		if (rc == 0)
			rc = look_at_states(ctl, person, keys, &manifest, findings, err);
		checkpoint_manifest_release(&manifest);
	}
	free(places);
	return rc;
}

int person_look_in_checkpoints(struct ctl *ctl, const struct person *person, struct person_findings *findings,
			       struct err *err)
{
	CLEANUP(checkpoint_keys_release) struct checkpoint_keys keys = { 0 };

	if (!ctl->config.checkpoint_dir[0])
		return 0;
	int rc = checkpoint_keys_read(&ctl->config, &keys, err);

	if (rc == 0)
		rc = checkpoint_keys_need_cipher(&keys, err);
	if (rc == 0)
		rc = checkpoint_keys_need_proof(&keys, err);
	return rc == 0 ? look_at_all(ctl, person, &keys, findings, err) : rc;
}
