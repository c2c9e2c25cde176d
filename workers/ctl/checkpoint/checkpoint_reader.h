/* checkpoint_reader: reads the states of one checkpoint, board by board. */
#ifndef CTL_CHECKPOINT_READER_H
#define CTL_CHECKPOINT_READER_H

#include "ctl/checkpoint/checkpoint_store.h"

#include <stdio.h>

struct checkpoint_reader {
	const struct checkpoint_manifest *manifest; /* borrowed */
	FILE *file;
	uint8_t file_key[SEAL_KEY_BYTES];
	size_t next; /* board of the manifest */
};

/* keys without a cipher: checkpoint_reader_check only. ERR_CONFIG: it is sealed with another key. ERR_DATA: the file of
 * states is missing, or of another length. To be closed whatever comes back. */
MUSTUSE int checkpoint_reader_open(struct checkpoint_reader *reader, const char *dir,
				   const struct checkpoint_manifest *manifest, const struct checkpoint_keys *keys,
				   struct err *err);
void checkpoint_reader_close(struct checkpoint_reader *reader);
/* *ret_board: the next one that is wanted, NULL behind the last. wants, by number, NULL: all; others are stepped over.
 * *state holds its state, and is reset first. ERR_DATA: it is altered. */
MUSTUSE int checkpoint_reader_next(struct checkpoint_reader *reader, const bool *wants,
				   const struct checkpoint_board **ret_board, struct strbuf *state, struct err *err);
/* Whether the file of states is what the manifest says. ERR_DATA: it is not. */
MUSTUSE int checkpoint_reader_check(struct checkpoint_reader *reader, struct err *err);

#endif
