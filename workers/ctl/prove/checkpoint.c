/* checkpoint: what is in the folder of checkpoints: list, check, prune. They ask no server.
 *
 * No header: the commands stand in prove_commands.h; checkpoint make is one of verify.c. */
#include "base/num.h"
#include "ctl/checkpoint/checkpoint_reader.h"
#include "ctl/checkpoint/checkpoint_writer.h"
#include "ctl/prove/prove_commands.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { TIME_BYTES = 21, KEEP_MAX = 10000 };

static const struct output_column LIST_COLUMNS[] = {
	{ "partition", "partition", COLUMN_NUMBER },
	{ "number", "number", COLUMN_NUMBER },
	{ "made", "made", COLUMN_TEXT },
	{ "raw_offset", "below raw", COLUMN_NUMBER },
	{ "boards", "boards", COLUMN_NUMBER },
	{ "teachers", "teachers", COLUMN_NUMBER },
	{ "bytes", "bytes", COLUMN_NUMBER },
	{ "fault", "fault", COLUMN_TEXT },
};

/* All that a command works on. */
struct folder {
	const char *dir;
	struct checkpoint_keys keys;
	struct checkpoint_place *places;
	size_t count;
};

static int open_folder(const struct ctl *ctl, struct folder *ret, struct err *err)
{
	*ret = (struct folder){ .dir = ctl->config.checkpoint_dir };
	int rc = checkpoint_keys_read(&ctl->config, &ret->keys, err);

	if (rc == 0)
		rc = checkpoint_keys_need_proof(&ret->keys, err);
	return rc == 0 ? checkpoint_store_list(ret->dir, -1, &ret->places, &ret->count, err) : rc;
}

static void close_folder(struct folder *folder)
{
	checkpoint_keys_release(&folder->keys);
	free(folder->places);
}

static int need_folder(const struct ctl *ctl)
{
	return ctl->config.checkpoint_dir[0] ? 0 : ctl_usage("the setting checkpoint.dir is empty: there are none");
}

/* ---- list ---- */

static void put_time(struct output *out, int64_t at_s)
{
	time_t seconds = (time_t)at_s;
	char text[TIME_BYTES] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	output_text(out, slice_of(text));
}

static void put_manifest(struct output *out, const struct checkpoint_manifest *manifest)
{
	int64_t teachers = 0;

	for (size_t i = 0; i < manifest->board_count; i++)
		teachers += manifest->boards[i].teachers;
	put_time(out, manifest->made_s);
	output_number(out, manifest->next_raw);
	output_number(out, (int64_t)manifest->board_count);
	output_number(out, teachers);
	output_number(out, manifest->file_bytes);
	output_absent(out);
}

/* One that cannot be read is a row, too. */
static void list_place(const struct folder *folder, const struct checkpoint_place *place, struct output *out)
{
	CLEANUP(checkpoint_manifest_release) struct checkpoint_manifest manifest = { 0 };
	struct err err = { 0 };

	output_number(out, place->partition);
	output_number(out, place->number);
	if (checkpoint_store_read(folder->dir, place, &folder->keys, &manifest, &err) == 0) {
		put_manifest(out, &manifest);
		return;
	}
	for (size_t column = 2; column < ARRAY_LEN(LIST_COLUMNS) - 1; column++)
		output_absent(out);
	output_text(out, slice_of(err.text));
}

int run_checkpoint_list(struct ctl *ctl)
{
	CLEANUP(close_folder) struct folder folder = { 0 };
	CLEANUP(output_release) struct output out = { 0 };
	struct err err = { 0 };
	int usage = need_folder(ctl);

	if (usage != 0)
		return usage;
	int rc = open_folder(ctl, &folder, &err);

	output_init(&out, ctl->output, LIST_COLUMNS, ARRAY_LEN(LIST_COLUMNS));
	for (size_t i = 0; rc == 0 && i < folder.count; i++)
		list_place(&folder, &folder.places[i], &out);
	if (rc == 0)
		rc = output_print(&out, stdout, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}

/* ---- check ---- */

static int check_states(const struct folder *folder, const struct checkpoint_manifest *manifest, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf state;
	CLEANUP(checkpoint_reader_close) struct checkpoint_reader reader = { 0 };
	const struct checkpoint_board *board = NULL;
	int rc = checkpoint_reader_open(&reader, folder->dir, manifest, &folder->keys, err);

	strbuf_init(&state, STATE_BYTES_MAX);
	if (rc == 0 && folder->keys.cipher_count == 0)
		return checkpoint_reader_check(&reader, err);
	do
		if (rc == 0)
			rc = checkpoint_reader_next(&reader, NULL, &board, &state, err);
	while (rc == 0 && board);
	if (rc == 0)
		rc = checkpoint_reader_check(&reader, err);
	if (state.p)
		explicit_bzero(state.p, state.capacity);
	return rc;
}

/* after: the manifest that names this one, when there is one that can be read. */
static int check_place(const struct folder *folder, const struct checkpoint_place *place,
		       const struct checkpoint_manifest *after, struct checkpoint_manifest *ret, struct err *err)
{
	int rc = checkpoint_store_read(folder->dir, place, &folder->keys, ret, err);

	if (rc == 0)
		rc = check_states(folder, ret, err);
	if (rc != 0 || after->number != ret->number + 1 || after->partition != ret->partition ||
	    memcmp(after->before, ret->sha256, sizeof ret->sha256) == 0)
		return rc;
	return checkpoint_name_error(
		place, err_set(err, ERR_DATA, "checkpoint", "the one made after it followed another one"), err);
}

/* *ret_status: of the worst. */
static int64_t check_all(const struct folder *folder, int *ret_status)
{
	struct checkpoint_manifest after = { 0 };
	int64_t faults = 0;

	for (size_t i = 0; i < folder->count; i++) {
		struct checkpoint_manifest manifest = { 0 };
		struct err err = { 0 };
		int rc = check_place(folder, &folder->places[i], &after, &manifest, &err);

		if (rc != 0) {
			printf("%s\n", err.text);
			*ret_status = MAX(*ret_status, exit_status_of(rc, &err));
			faults++;
		}
		checkpoint_manifest_release(&after);
		after = manifest;
	}
	checkpoint_manifest_release(&after);
	return faults;
}

int run_checkpoint_check(struct ctl *ctl)
{
	CLEANUP(close_folder) struct folder folder = { 0 };
	struct err err = { 0 };
	int status = 0, usage = need_folder(ctl);

	if (usage != 0)
		return usage;
	if (open_folder(ctl, &folder, &err) != 0)
		return ctl_fail(&err);
	int64_t faults = check_all(&folder, &status);

	printf("%zu checkpoints, %lld with a fault%s\n", folder.count, (long long)faults,
	       folder.keys.cipher_count > 0 ? "" : "; without checkpoint.key.file no board's state was opened");
	return status;
}

/* ---- prune ---- */

int run_checkpoint_prune(struct ctl *ctl)
{
	const char *text = ctl->options[OPTION_KEEP], *dir = ctl->config.checkpoint_dir;
	int64_t keep = ctl->config.checkpoint_keep, removed = 0;
	struct err err = { 0 };
	int lock = -1, usage = need_folder(ctl);

	if (usage != 0)
		return usage;
	if (text && !num_parse_i64(slice_of(text), 1, KEEP_MAX, &keep))
		return ctl_usage("--keep is a number of checkpoints, 1 or more");
	int rc = checkpoint_store_lock(dir, &lock, &err);

	if (rc == 0)
		rc = checkpoint_store_prune(dir, keep, &removed, &err);
	if (lock >= 0)
		close(lock);
	if (rc != 0)
		return ctl_fail(&err);
	printf("%lld checkpoints were removed\n", (long long)removed);
	return 0;
}
