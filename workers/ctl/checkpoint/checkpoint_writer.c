#include "ctl/checkpoint/checkpoint_writer.h"

#include "base/num.h"
#include "base/random.h"
#include "ctl/base/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MODE = 0600, MANIFEST_BYTES_MAX = 64 << 20 };

void checkpoint_frame_place(int32_t partition, const uint8_t head[FRAME_HEAD_BYTES],
			    uint8_t ret[sizeof(int32_t) + FRAME_HEAD_BYTES])
{
	num_put_be32(ret, (uint32_t)partition);
	memcpy(ret + sizeof(int32_t), head, FRAME_HEAD_BYTES);
}

static struct checkpoint_place place_of(const struct checkpoint_writer *writer)
{
	return (struct checkpoint_place){ .partition = writer->manifest.partition, .number = writer->manifest.number };
}

/* No capacity, or a fault of the disk. */
static int write_error(struct err *err, const char *path)
{
	return err_set(err, ERR_FATAL, "file", "%s cannot be written: %s; the checkpoint before it stays the newest",
		       path, strerror(errno));
}

static bool write_all(int fd, struct slice bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = slice_from(bytes, (size_t)n);
	}
	return true;
}

/* *ret is to be closed whatever comes back; -1: none. */
static int open_new(const char *dir, const char *path, int *ret, struct err *err)
{
	*ret = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	return *ret >= 0 && checkpoint_give_file(dir, *ret) ? 0 : write_error(err, path);
}

/* Both the file of states and what its digest is made of. */
static int append(struct checkpoint_writer *writer, const void *bytes, size_t n, struct err *err)
{
	struct checkpoint_place place = place_of(writer);
	char path[CHECKPOINT_PATH_BYTES];

	checkpoint_path(writer->dir, &place, CHECKPOINT_STATE, true, path);
	if (EVP_DigestUpdate(writer->digest, bytes, n) != 1)
		return err_set(err, ERR_FATAL, "crypto", "no digest of %s", path);
	writer->manifest.file_bytes += (int64_t)n;
	return write_all(writer->fd, slice_make(bytes, n)) ? 0 : write_error(err, path);
}

/* The one before this, as it stands there: one that was altered since, checkpoint check finds. */
static int follow(struct checkpoint_writer *writer, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf text;
	struct checkpoint_manifest *manifest = &writer->manifest;
	struct checkpoint_place *places = NULL;
	char path[CHECKPOINT_PATH_BYTES];
	size_t count = 0;
	int rc = checkpoint_store_list(writer->dir, manifest->partition, &places, &count, err);

	strbuf_init(&text, MANIFEST_BYTES_MAX);
	manifest->number = 1;
	memset(manifest->before, 0, sizeof manifest->before);
	if (rc == 0 && count > 0) {
		checkpoint_path(writer->dir, &places[0], CHECKPOINT_MANIFEST, false, path);
		rc = ctl_read_file(path, &text, err);
		if (rc == 0)
			sha256_of(strbuf_slice(&text), manifest->before);
		manifest->number = places[0].number + 1;
	}
	free(places);
	return rc;
}

static void set_keys(struct checkpoint_writer *writer)
{
	const struct checkpoint_cipher *cipher = &writer->keys->ciphers[0];

	memcpy(writer->manifest.cipher, cipher->id, sizeof cipher->id);
	memcpy(writer->manifest.signer, writer->keys->signer, sizeof writer->keys->signer);
	checkpoint_file_key(cipher, writer->manifest.file_id, writer->file_key);
}

int checkpoint_begin(struct checkpoint_writer *writer, const char *dir, const struct checkpoint_keys *keys,
		     const struct checkpoint_manifest *manifest, struct err *err)
{
	char path[CHECKPOINT_PATH_BYTES];

	*writer = (struct checkpoint_writer){ .dir = dir, .keys = keys, .manifest = *manifest, .fd = -1 };
	writer->manifest.made_s = (int64_t)time(NULL);
	int rc = follow(writer, err);

	if (rc == 0)
		rc = random_fill(writer->manifest.file_id, sizeof writer->manifest.file_id, err);
	if (rc != 0)
		return rc;
	set_keys(writer);
	struct checkpoint_place place = place_of(writer);

	checkpoint_path(dir, &place, CHECKPOINT_STATE, true, path);
	rc = open_new(dir, path, &writer->fd, err);
	writer->is_begun = writer->fd >= 0;
	if (rc != 0)
		return rc;
	writer->digest = EVP_MD_CTX_new();
	if (!writer->digest || EVP_DigestInit_ex(writer->digest, EVP_sha256(), NULL) != 1)
		return err_set(err, ERR_FATAL, "crypto", "no digest of %s", path);
	rc = append(writer, STATE_HEAD, STATE_HEAD_BYTES, err);
	return rc == 0 ? append(writer, writer->manifest.file_id, FILE_ID_BYTES, err) : rc;
}

int checkpoint_add(struct checkpoint_writer *writer, const struct checkpoint_board *board, struct slice state,
		   struct err *err)
{
	struct checkpoint_board added = *board;
	uint8_t head[FRAME_HEAD_BYTES], place[sizeof(int32_t) + FRAME_HEAD_BYTES];
	uint8_t *sealed = state.n <= STATE_BYTES_MAX ? malloc(state.n + SEAL_BYTES) : NULL;

	if (!sealed)
		return err_set(err, ERR_FATAL, "memory", "no memory for the state of a board");
	num_put_be32(head, added.number);
	num_put_be32(head + sizeof(uint32_t), (uint32_t)state.n);
	checkpoint_frame_place(writer->manifest.partition, head, place);
	added.bytes = (int64_t)state.n;
	sha256_of(state, added.sha256);
	int rc = checkpoint_seal(writer->file_key, writer->manifest.board_count, slice_make(place, sizeof place), state,
				 sealed, err);

	if (rc == 0)
		rc = append(writer, head, sizeof head, err);
	if (rc == 0)
		rc = append(writer, sealed, state.n + SEAL_BYTES, err);
	free(sealed);
	return rc == 0 ? checkpoint_manifest_add(&writer->manifest, &added, err) : rc;
}

/* Synced, and under its own name. Takes fd. */
static int settle(const struct checkpoint_writer *writer, enum checkpoint_part part, int fd, struct err *err)
{
	struct checkpoint_place place = place_of(writer);
	char from[CHECKPOINT_PATH_BYTES], to[CHECKPOINT_PATH_BYTES];

	checkpoint_path(writer->dir, &place, part, true, from);
	checkpoint_path(writer->dir, &place, part, false, to);
	bool is_synced = fsync(fd) == 0, is_closed = close(fd) == 0;

	return is_synced && is_closed && rename(from, to) == 0 ? 0 : write_error(err, from);
}

static int sync_folder(const char *dir, struct err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_synced = fd >= 0 && fsync(fd) == 0;
	int rc = is_synced ? 0 : write_error(err, dir);

	if (fd >= 0)
		close(fd);
	return rc;
}

static int write_manifest(struct checkpoint_writer *writer, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf text;
	struct checkpoint_place place = place_of(writer);
	char path[CHECKPOINT_PATH_BYTES];
	int fd = -1;

	strbuf_init(&text, MANIFEST_BYTES_MAX);
	checkpoint_path(writer->dir, &place, CHECKPOINT_MANIFEST, true, path);
	int rc = checkpoint_manifest_write(&writer->manifest, writer->keys, &text, err);

	if (rc == 0)
		rc = open_new(writer->dir, path, &fd, err);
	if (rc == 0 && write_all(fd, strbuf_slice(&text)))
		return settle(writer, CHECKPOINT_MANIFEST, fd, err);
	if (rc == 0)
		rc = write_error(err, path);
	if (fd >= 0)
		close(fd);
	return rc;
}

static void release(struct checkpoint_writer *writer)
{
	EVP_MD_CTX_free(writer->digest);
	checkpoint_manifest_release(&writer->manifest);
	explicit_bzero(writer->file_key, sizeof writer->file_key);
	*writer = (struct checkpoint_writer){ .fd = -1 };
}

int checkpoint_commit(struct checkpoint_writer *writer, struct err *err)
{
	int fd = writer->fd;

	writer->fd = -1;
	if (EVP_DigestFinal_ex(writer->digest, writer->manifest.file_sha256, NULL) != 1) {
		close(fd);
		return err_set(err, ERR_FATAL, "crypto", "no digest of a checkpoint");
	}
	int rc = settle(writer, CHECKPOINT_STATE, fd, err);

	if (rc == 0)
		rc = sync_folder(writer->dir, err);
	if (rc == 0)
		rc = write_manifest(writer, err);
	if (rc == 0)
		rc = sync_folder(writer->dir, err);
	if (rc == 0)
		release(writer);
	return rc;
}

void checkpoint_abort(struct checkpoint_writer *writer)
{
	static const enum checkpoint_part PARTS[] = { CHECKPOINT_MANIFEST, CHECKPOINT_STATE };
	char path[CHECKPOINT_PATH_BYTES];

	for (size_t i = 0; writer->is_begun && i < 2 * ARRAY_LEN(PARTS); i++) {
		struct checkpoint_place place = place_of(writer);

		checkpoint_path(writer->dir, &place, PARTS[i / 2], i % 2 == 0, path);
		unlink(path);
	}
	if (writer->is_begun && writer->fd >= 0)
		close(writer->fd);
	release(writer);
}
