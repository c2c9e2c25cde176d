#include "ctl/checkpoint/checkpoint_store.h"

#include "base/num.h"
#include "ctl/base/ctl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0600, DIR_MODE = 0700, MANIFEST_BYTES_MAX = 64 << 20, PARTITION_DIGITS = 4, NUMBER_DIGITS = 10 };
enum { NAME_BYTES = 64, CAPACITY_FIRST = 64 };

static const char STATE[] = "state", MANIFEST[] = "manifest", TEMPORARY[] = ".new", LOCK[] = "lock";

/* ---- names ---- */

static void name_file(const struct checkpoint_place *place, const char *what, char ret[NAME_BYTES])
{
	snprintf(ret, NAME_BYTES, "%0*d-%0*lld.%s", PARTITION_DIGITS, place->partition, NUMBER_DIGITS,
		 (long long)place->number, what);
}

/* false: another name. *ret_what: what stands behind the numbers. */
static bool split_name(const char *name, struct checkpoint_place *ret, const char **ret_what)
{
	struct slice text = slice_of(name);
	int64_t partition, number;

	if (text.n < PARTITION_DIGITS + 1 + NUMBER_DIGITS + 1 || text.p[PARTITION_DIGITS] != '-' ||
	    text.p[PARTITION_DIGITS + 1 + NUMBER_DIGITS] != '.' ||
	    !num_parse_i64(slice_make(text.p, PARTITION_DIGITS), 0, INT32_MAX, &partition) ||
	    !num_parse_i64(slice_make(text.p + PARTITION_DIGITS + 1, NUMBER_DIGITS), 0, INT64_MAX, &number))
		return false;
	*ret = (struct checkpoint_place){ .partition = (int32_t)partition, .number = number };
	*ret_what = name + PARTITION_DIGITS + 1 + NUMBER_DIGITS + 1;
	return true;
}

static void path_of(const char *dir, const char *name, const char *suffix, char ret[CHECKPOINT_PATH_BYTES])
{
	snprintf(ret, CHECKPOINT_PATH_BYTES, "%s/%s%s", dir, name, suffix);
}

static int file_error(struct err *err, const char *path, const char *what)
{
	return err_set(err, ERR_CONFIG, "checkpoint.dir", "%s cannot be %s: %s", path, what, strerror(errno));
}

void checkpoint_path(const char *dir, const struct checkpoint_place *place, enum checkpoint_part part, bool is_new,
		     char ret[CHECKPOINT_PATH_BYTES])
{
	char name[NAME_BYTES];

	name_file(place, part == CHECKPOINT_STATE ? STATE : MANIFEST, name);
	path_of(dir, name, is_new ? TEMPORARY : "", ret);
}

/* ---- the folder ---- */

static int check_folder(const char *dir, struct err *err)
{
	struct stat info;

	if (stat(dir, &info) != 0)
		return file_error(err, dir, "read");
	if (!S_ISDIR(info.st_mode))
		return err_set(err, ERR_CONFIG, "checkpoint.dir", "%s is no folder", dir);
	if (info.st_mode & (S_IRWXG | S_IRWXO))
		return err_set(err, ERR_CONFIG, "checkpoint.dir", "%s may be used by others: chmod 700 it", dir);
	return 0;
}

/* What a process that was killed left: files under a name of its own, and a state without its manifest. */
static int sweep(const char *dir, struct err *err)
{
	char path[CHECKPOINT_PATH_BYTES];
	DIR *folder = opendir(dir);

	if (!folder)
		return file_error(err, dir, "read");
	for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		struct checkpoint_place place;
		const char *what;

		if (!split_name(entry->d_name, &place, &what))
			continue;
		bool is_left = strcmp(what, MANIFEST) != 0;

		if (strcmp(what, STATE) == 0) {
			checkpoint_path(dir, &place, CHECKPOINT_MANIFEST, false, path);
			is_left = access(path, F_OK) != 0 && errno == ENOENT;
		}
		path_of(dir, entry->d_name, "", path);
		if (is_left)
			unlink(path);
	}
	closedir(folder);
	return 0;
}

bool checkpoint_give_file(const char *dir, int fd)
{
	struct stat info;

	return geteuid() != 0 || (stat(dir, &info) == 0 && fchown(fd, info.st_uid, info.st_gid) == 0);
}

int checkpoint_store_lock(const char *dir, int *ret_lock, struct err *err)
{
	char path[CHECKPOINT_PATH_BYTES];

	if (mkdir(dir, DIR_MODE) != 0 && errno != EEXIST)
		return file_error(err, dir, "made");
	int rc = check_folder(dir, err);

	if (rc != 0)
		return rc;
	path_of(dir, LOCK, "", path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);

	if (fd < 0)
		return file_error(err, path, "opened");
	if (!checkpoint_give_file(dir, fd))
		rc = file_error(err, path, "given to the folder's owner");
	else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		rc = errno == EWOULDBLOCK ? err_set(err, ERR_RETRY, "busy",
						    "another process makes or removes checkpoints in %s", dir)
					  : file_error(err, path, "locked");
	if (rc == 0)
		rc = sweep(dir, err);
	if (rc != 0)
		close(fd);
	else
		*ret_lock = fd;
	return rc;
}

/* ---- what is there ---- */

static int compare_places(const void *a, const void *b)
{
	const struct checkpoint_place *left = a, *right = b;

	if (left->partition != right->partition)
		return (left->partition > right->partition) - (left->partition < right->partition);
	return (left->number < right->number) - (left->number > right->number);
}

static int add_place(struct checkpoint_place **places, size_t *count, size_t *capacity,
		     const struct checkpoint_place *place, struct err *err)
{
	if (*count == *capacity) {
		size_t wanted = MAX(*capacity * 2, (size_t)CAPACITY_FIRST);
		struct checkpoint_place *grown = reallocarray(*places, wanted, sizeof *grown);

		if (!grown)
			return err_set(err, ERR_FATAL, "memory", "no memory for a list of checkpoints");
		*places = grown;
		*capacity = wanted;
	}
	(*places)[(*count)++] = *place;
	return 0;
}

int checkpoint_store_list(const char *dir, int32_t partition, struct checkpoint_place **ret, size_t *ret_count,
			  struct err *err)
{
	struct checkpoint_place *places = NULL;
	size_t count = 0, capacity = 0;
	DIR *folder = opendir(dir);
	int rc = 0;

	*ret = NULL;
	*ret_count = 0;
	if (!folder)
		return errno == ENOENT ? 0 : file_error(err, dir, "read");
	for (const struct dirent *entry = readdir(folder); rc == 0 && entry; entry = readdir(folder)) {
		struct checkpoint_place place;
		const char *what;

		if (split_name(entry->d_name, &place, &what) && strcmp(what, MANIFEST) == 0 &&
		    (partition < 0 || place.partition == partition))
			rc = add_place(&places, &count, &capacity, &place, err);
	}
	closedir(folder);
	if (rc != 0) {
		free(places);
		return rc;
	}
	if (count > 0)
		qsort(places, count, sizeof *places, compare_places);
	*ret = places;
	*ret_count = count;
	return 0;
}

int checkpoint_name_error(const struct checkpoint_place *place, int rc, struct err *err)
{
	char name[NAME_BYTES];

	if (rc == 0)
		return 0;
	snprintf(name, sizeof name, "checkpoint %lld of partition %d", (long long)place->number, place->partition);
	err_prefix(err, name);
	return rc;
}

int checkpoint_store_read(const char *dir, const struct checkpoint_place *place, const struct checkpoint_keys *keys,
			  struct checkpoint_manifest *ret, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf text;
	char path[CHECKPOINT_PATH_BYTES];

	*ret = (struct checkpoint_manifest){ 0 };
	strbuf_init(&text, MANIFEST_BYTES_MAX);
	checkpoint_path(dir, place, CHECKPOINT_MANIFEST, false, path);
	int rc = ctl_read_file(path, &text, err);

	if (rc != 0)
		return rc;
	rc = checkpoint_manifest_read(strbuf_slice(&text), keys, ret, err);
	if (rc == 0 && (ret->number != place->number || ret->partition != place->partition))
		rc = err_set(err, ERR_DATA, "checkpoint", "it is number %lld of partition %d under another name",
			     (long long)ret->number, ret->partition);
	return checkpoint_name_error(place, rc, err);
}

int checkpoint_store_prune(const char *dir, int64_t keep, int64_t *ret_removed, struct err *err)
{
	static const enum checkpoint_part PARTS[] = { CHECKPOINT_MANIFEST,
						      CHECKPOINT_STATE }; /* a state alone is swept */
	struct checkpoint_place *places = NULL;
	size_t count = 0;
	int64_t kept = 0;
	int rc = checkpoint_store_list(dir, -1, &places, &count, err);

	*ret_removed = 0;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		kept = i > 0 && places[i - 1].partition == places[i].partition ? kept + 1 : 1;
		for (size_t f = 0; rc == 0 && kept > keep && f < ARRAY_LEN(PARTS); f++) {
			char path[CHECKPOINT_PATH_BYTES];

			checkpoint_path(dir, &places[i], PARTS[f], false, path);
			if (unlink(path) != 0 && errno != ENOENT)
				rc = file_error(err, path, "removed");
		}
		*ret_removed += kept > keep;
	}
	free(places);
	return rc;
}
