#include "ctl/checkpoint/checkpoint_reader.h"

#include "base/num.h"
#include "ctl/checkpoint/checkpoint_writer.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PIECE_BYTES = 1 << 16 };

static int altered(const struct checkpoint_reader *reader, const char *what, struct err *err)
{
	const struct checkpoint_place place = { .partition = reader->manifest->partition,
						.number = reader->manifest->number };

	return checkpoint_name_error(
		&place, err_set(err, ERR_DATA, "checkpoint", "its file of states is cut off or altered: %s", what),
		err);
}

static int check_length(const struct checkpoint_reader *reader, struct err *err)
{
	struct stat info;

	return fstat(fileno(reader->file), &info) == 0 && info.st_size == reader->manifest->file_bytes
		       ? 0
		       : altered(reader, "its length", err);
}

static int set_key(struct checkpoint_reader *reader, const struct checkpoint_keys *keys, struct err *err)
{
	const struct checkpoint_place place = { .partition = reader->manifest->partition,
						.number = reader->manifest->number };
	const struct checkpoint_cipher *cipher = checkpoint_cipher_of(keys, reader->manifest->cipher);

	if (cipher) {
		checkpoint_file_key(cipher, reader->manifest->file_id, reader->file_key);
		return 0;
	}
	return checkpoint_name_error(&place,
				     err_set(err, ERR_CONFIG, "checkpoint.key.file",
					     "it is sealed with another key than that of checkpoint.key.file"),
				     err);
}

int checkpoint_reader_open(struct checkpoint_reader *reader, const char *dir,
			   const struct checkpoint_manifest *manifest, const struct checkpoint_keys *keys,
			   struct err *err)
{
	const struct checkpoint_place place = { .partition = manifest->partition, .number = manifest->number };
	uint8_t head[STATE_HEAD_BYTES + FILE_ID_BYTES];
	char path[CHECKPOINT_PATH_BYTES];

	*reader = (struct checkpoint_reader){ .manifest = manifest };
	checkpoint_path(dir, &place, CHECKPOINT_STATE, false, path);
	reader->file = fopen(path, "re");
	if (!reader->file)
		return err_set(err, errno == ENOENT ? ERR_DATA : ERR_CONFIG, "checkpoint", "%s cannot be read: %s",
			       path, strerror(errno));
	int rc = check_length(reader, err);

	if (rc == 0 && keys->cipher_count > 0)
		rc = set_key(reader, keys, err);
	if (rc != 0)
		return rc;
	bool is_read = fread(head, sizeof head, 1, reader->file) == 1;

	return is_read && memcmp(head, STATE_HEAD, STATE_HEAD_BYTES) == 0 &&
			       memcmp(head + STATE_HEAD_BYTES, manifest->file_id, FILE_ID_BYTES) == 0
		       ? 0
		       : altered(reader, "its first bytes", err);
}

void checkpoint_reader_close(struct checkpoint_reader *reader)
{
	if (reader->file)
		fclose(reader->file);
	explicit_bzero(reader, sizeof *reader);
}

static int read_state(struct checkpoint_reader *reader, const struct checkpoint_board *board,
		      const uint8_t head[FRAME_HEAD_BYTES], struct strbuf *state, struct err *err)
{
	uint8_t place[sizeof(int32_t) + FRAME_HEAD_BYTES], sha256[32];
	size_t bytes = (size_t)board->bytes;
	uint8_t *sealed = malloc(bytes + SEAL_BYTES);
	bool is_sound = false;
	int rc = sealed && strbuf_reserve(state, bytes)
			 ? 0
			 : err_set(err, ERR_FATAL, "memory", "no memory for the state of a board");

	checkpoint_frame_place(reader->manifest->partition, head, place);
	if (rc == 0 && fread(sealed, bytes + SEAL_BYTES, 1, reader->file) != 1)
		rc = altered(reader, "a board ends in it", err);
	if (rc == 0)
		rc = checkpoint_open(reader->file_key, reader->next, slice_make(place, sizeof place),
				     slice_make(sealed, bytes + SEAL_BYTES), (uint8_t *)state->p, &is_sound, err);
	free(sealed);
	if (rc != 0)
		return rc;
	sha256_of(slice_make(state->p, bytes), sha256);
	if (!is_sound || memcmp(sha256, board->sha256, sizeof sha256) != 0)
		return altered(reader, "a board's state does not open", err);
	state->n = bytes;
	return 0;
}

int checkpoint_reader_next(struct checkpoint_reader *reader, const bool *wants,
			   const struct checkpoint_board **ret_board, struct strbuf *state, struct err *err)
{
	uint8_t head[FRAME_HEAD_BYTES];

	strbuf_reset(state);
	*ret_board = NULL;
	for (; reader->next < reader->manifest->board_count; reader->next++) {
		const struct checkpoint_board *board = &reader->manifest->boards[reader->next];

		if (fread(head, sizeof head, 1, reader->file) != 1 || num_get_be32(head) != board->number ||
		    num_get_be32(head + sizeof(uint32_t)) != board->bytes || board->bytes > STATE_BYTES_MAX)
			return altered(reader, "a board is not where the manifest has it", err);
		if (wants && !wants[board->number]) {
			if (fseeko(reader->file, board->bytes + SEAL_BYTES, SEEK_CUR) != 0)
				return altered(reader, "a board ends in it", err);
			continue;
		}
		int rc = read_state(reader, board, head, state, err);

		*ret_board = rc == 0 ? board : NULL;
		reader->next++;
		return rc;
	}
	return 0;
}

int checkpoint_reader_check(struct checkpoint_reader *reader, struct err *err)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool is_made = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
	uint8_t sha256[32] = { 0 };
	char piece[PIECE_BYTES];
	size_t n;

	rewind(reader->file);
	while (is_made && (n = fread(piece, 1, sizeof piece, reader->file)) > 0)
		is_made = EVP_DigestUpdate(digest, piece, n) == 1;
	is_made = is_made && EVP_DigestFinal_ex(digest, sha256, NULL) == 1;
	EVP_MD_CTX_free(digest);
	if (!is_made)
		return err_set(err, ERR_FATAL, "crypto", "no digest of a checkpoint");
	return memcmp(sha256, reader->manifest->file_sha256, sizeof sha256) == 0 ? 0
										 : altered(reader, "its digest", err);
}
