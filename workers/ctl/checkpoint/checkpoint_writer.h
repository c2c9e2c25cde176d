/* checkpoint_writer: makes one checkpoint, board by board (checkpoint_store.h says how and in which order). */
#ifndef CTL_CHECKPOINT_WRITER_H
#define CTL_CHECKPOINT_WRITER_H

#include "ctl/checkpoint/checkpoint_store.h"

enum { STATE_HEAD_BYTES = 16, FRAME_HEAD_BYTES = 8, STATE_BYTES_MAX = 1 << 30 };

/* The first bytes of a file of states. A frame is the board's number and the bytes of its state, 4 each, and the sealed
 * state. */
static const char STATE_HEAD[STATE_HEAD_BYTES + 1] = "instroom-state/1";
/* What a frame is bound to: the partition, and its own head. */
void checkpoint_frame_place(int32_t partition, const uint8_t head[FRAME_HEAD_BYTES],
			    uint8_t ret[sizeof(int32_t) + FRAME_HEAD_BYTES]);

struct checkpoint_writer {
	const char *dir; /* borrowed, as the keys */
	const struct checkpoint_keys *keys;
	struct checkpoint_manifest manifest;
	struct evp_md_ctx_st *digest; /* of the file of states, so far */
	int fd;			      /* of it */
	bool is_begun;
	uint8_t file_key[SEAL_KEY_BYTES];
};

/* manifest: what it says of the position; number, before, made, signer, cipher, file and boards are set here. The
 * lock is the caller's. *writer is zeroed; to be aborted whatever comes back, unless it is committed. */
MUSTUSE int checkpoint_begin(struct checkpoint_writer *writer, const char *dir, const struct checkpoint_keys *keys,
			     const struct checkpoint_manifest *manifest, struct err *err);
/* The next board, in rising order. board: its number, deliveries and teachers. */
MUSTUSE int checkpoint_add(struct checkpoint_writer *writer, const struct checkpoint_board *board, struct slice state,
			   struct err *err);
MUSTUSE int checkpoint_commit(struct checkpoint_writer *writer, struct err *err);
/* Nothing of it is left; nothing happens when there is none. */
void checkpoint_abort(struct checkpoint_writer *writer);

#endif
