#include "ctl/deliver/upload_list.h"

#include "base/num.h"
#include "ctl/base/ctl.h"
#include "ctl/deliver/answer.h"
#include "ctl/deliver/header_file.h"
#include "model/csv.h"
#include "model/teacher_key.h"
#include "render/json_build.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, NAME_BYTES = 256, CAPACITY_FIRST = 64, PAUSE_MIN_MS = 200, PAUSE_MAX_MS = 5000 };

/* ---- paths ---- */

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void acknowledged_path(const char *csv, char *out, size_t out_bytes)
{
	const char *slash = strrchr(csv, '/');

	snprintf(out, out_bytes, "%.*sacknowledged.jsonl", slash ? (int)(slash - csv + 1) : 0, csv);
}

const char *upload_name(const struct upload *upload)
{
	return file_name(upload->path);
}

/* ---- files to send ---- */

static bool has_changed(const struct stat *before, const struct stat *after)
{
	return before->st_size != after->st_size || before->st_mtim.tv_sec != after->st_mtim.tv_sec ||
	       before->st_mtim.tv_nsec != after->st_mtim.tv_nsec;
}

/* A pipe or a device would be waited for. Half a file that is still being written would be a whole VOLLEDIG to the
 * gateway, and who is not in it would lapse. */
static int read_regular(const char *path, struct strbuf *out, struct err *err)
{
	struct stat before, after;
	size_t begin = out->n;

	if (stat(path, &before) != 0)
		return err_set(err, ERR_DATA, "file", "%s %s", file_name(path),
			       errno == ENOENT ? "does not exist" : strerror(errno));
	if (!S_ISREG(before.st_mode))
		return err_set(err, ERR_DATA, "file", "%s is no file", file_name(path));
	int rc = ctl_read_file(path, out, err);

	if (rc == 0 &&
	    (stat(path, &after) != 0 || has_changed(&before, &after) || out->n - begin != (size_t)before.st_size))
		rc = err_set(err, ERR_DATA, "file", "%s changed while it was read: deliver it when it is written whole",
			     file_name(path));
	return rc;
}

#ifndef __clang__ /* gcc's analyzer does not follow a pointer into an array that grows */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static int add_file(struct upload_list *list, const char *path, struct err *err)
{
	if (list->count == list->capacity) {
		size_t capacity = MAX(list->capacity * 2, (size_t)CAPACITY_FIRST);
		struct upload *grown = reallocarray(list->items, capacity, sizeof *grown);

		if (!grown)
			return err_set(err, ERR_FATAL, "memory", "no memory for the list of files");
		list->items = grown;
		list->capacity = capacity;
	}
	struct upload *upload = &list->items[list->count++];

	*upload = (struct upload){ .path = strdup(path) };
	backoff_init(&upload->backoff, PAUSE_MIN_MS, PAUSE_MAX_MS);
	return upload->path ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for the list of files");
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

/* What looks like a delivery in a folder and is none. NULL: it is one. */
static const char *why_skipped(const char *name, const char *path)
{
	struct stat info;

	if (name[0] == '.')
		return "a hidden file"; /* ._x.csv is how macOS keeps what other systems have no place for */
	if (name[0] == '~' && name[1] == '$')
		return "how an office program marks a file that is open";
	if (stat(path, &info) != 0)
		return NULL; /* reading it will say why */
	return S_ISDIR(info.st_mode) ? "a folder" : NULL;
}

/* Whether the file says of itself which delivery it belongs to; other programs have .json files too. */
static bool is_header(const char *path)
{
	CLEANUP(strbuf_drop) struct strbuf text;
	json_t *json = NULL;
	struct err err;

	strbuf_init(&text, HEADER_BYTES_MAX);
	bool is_one = read_regular(path, &text, &err) == 0 &&
		      header_file_parse(strbuf_slice(&text), path, &json, &err) == 0 &&
		      json_object_get(json, "bestuur") && json_object_get(json, "soort");

	json_decref(json);
	return is_one;
}

/* Whether a folder holds what would be a delivery; one in a folder of a folder is not sent. */
static bool holds_deliveries(const char *path)
{
	DIR *dir = opendir(path);
	bool holds = false;

	for (struct dirent *entry; dir && !holds && (entry = readdir(dir)) != NULL;)
		holds = entry->d_name[0] != '.' && file_name_is_delivery(entry->d_name);
	if (dir)
		closedir(dir);
	return holds;
}

static void skip(const char *name, const char *why)
{
	char shown[NAME_BYTES];

	answer_printable(name, shown, sizeof shown);
	fprintf(stderr, "%s: skipped, it is %s\n", shown, why);
}

/* A header whose csv was forgotten, or has another name, is a delivery that is not sent: its csv is added, which cannot
 * be read. */
static int add_header_alone(struct upload_list *list, const char *path, struct err *err)
{
	char csv[PATH_BYTES];

	snprintf(csv, sizeof csv, "%.*scsv", (int)(strlen(path) - strlen("json")), path);
	return header_file_has_csv(path) || !is_header(path) ? 0 : add_file(list, csv, err);
}

static int add_entry(struct upload_list *list, const char *name, const char *path, struct err *err)
{
	bool is_csv = file_name_is_delivery(name);
	const char *why = why_skipped(name, path);

	if (!is_csv && why && name[0] != '.' && holds_deliveries(path))
		skip(name, "a folder: its deliveries are not sent, unless you name it too");
	if (!is_csv && !file_name_ends_with(name, ".json"))
		return 0;
	if (why && is_csv)
		skip(name, why);
	if (why)
		return 0;
	return is_csv ? add_file(list, path, err) : add_header_alone(list, path, err);
}

/* NULL: errno is 0 at the end of the folder, and says why not all of it could be read. */
static struct dirent *next_entry(DIR *dir)
{
	errno = 0;
	return readdir(dir);
}

static int add_folder(struct upload_list *list, const char *path, DIR *dir, struct err *err)
{
	size_t before = list->count;
	char file[PATH_BYTES];
	int rc = 0;

	for (struct dirent *entry; (entry = next_entry(dir)) != NULL;) {
		snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		rc = add_entry(list, entry->d_name, file, err);
		if (rc != 0)
			return rc;
	}
	if (errno != 0)
		rc = err_set(err, ERR_FATAL, "file", "the folder %s cannot be read to its end: %s", path,
			     strerror(errno));
	if (rc == 0 && list->count == before)
		rc = err_set(err, ERR_DATA, "file",
			     "the folder %s holds no delivery: a delivery is x.csv or x.xml with its header x.json",
			     path);
	return rc;
}

int upload_list_add(struct upload_list *list, const char *path, struct err *err)
{
	struct stat info;

	if (stat(path, &info) != 0)
		return err_set(err, ERR_DATA, "file", "%s %s", path,
			       errno == ENOENT ? "does not exist" : strerror(errno));
	if (!S_ISDIR(info.st_mode))
		return add_file(list, path, err);
	DIR *dir = opendir(path);

	if (!dir)
		return err_set(err, ERR_DATA, "file", "the folder %s cannot be read: %s", path, strerror(errno));
	int rc = add_folder(list, path, dir, err);

	closedir(dir);
	return rc;
}

void upload_list_release(struct upload_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].path);
	free(list->items);
	*list = (struct upload_list){ 0 };
}

/* SHA-256 over both files: a changed header is another delivery. */
int upload_read(struct upload *upload, struct strbuf *content, json_t **ret_header, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf both = { 0 };
	char path[PATH_BYTES], other[PATH_BYTES];

	if (!utf8_is_valid(slice_of(upload_name(upload))))
		return err_set(err, ERR_DATA, "file", "its name is not UTF-8, so no receipt could be kept: rename it");
	header_file_path(upload->path, path, sizeof path);
	if (header_file_is_shared(upload->path, path, other, sizeof other))
		return err_set(err, ERR_DATA, "header",
			       "%s may be the header of %s: give each csv a header of its own, and another name",
			       file_name(path), other);
	strbuf_init(&both, UPLOAD_BYTES_MAX + HEADER_BYTES_MAX);
	int rc = read_regular(path, &both, err);

	if (rc == 0 && both.n > HEADER_BYTES_MAX)
		rc = err_set(err, ERR_DATA, "header", "%s is too large for a header", file_name(path));
	if (rc == 0)
		rc = header_file_parse(strbuf_slice(&both), file_name(path), ret_header, err);
	if (rc == 0)
		rc = read_regular(upload->path, content, err);
	if (rc != 0)
		return rc;
	strbuf_add(&both, strbuf_slice(content));
	if (!strbuf_ok(&both))
		return err_set(err, ERR_FATAL, "memory", "no memory for %s", upload_name(upload));
	sha256_of(strbuf_slice(&both), upload->digest);
	sha256_of(strbuf_slice(content), upload->content_sha256);
	return 0;
}

/* ---- what was acknowledged before ---- */

static int compare_uploads(const void *a, const void *b)
{
	return strcmp(((const struct upload *)a)->path, ((const struct upload *)b)->path);
}

/* list: the path of an acknowledged.jsonl; name: a file beside it. */
static void mark_acknowledged(struct upload_list *uploads, const char *list, const char *name, const char *digest_hex)
{
	char path[PATH_BYTES];
	uint8_t digest[32];
	struct upload wanted = { .path = path };

	if (!num_from_hex(slice_of(digest_hex), digest, sizeof digest))
		return;
	snprintf(path, sizeof path, "%.*s%s", (int)(file_name(list) - list), list, name);
	struct upload *upload = bsearch(&wanted, uploads->items, uploads->count, sizeof wanted, compare_uploads);

	if (!upload)
		return; /* of several lines the last holds */
	memcpy(upload->digest, digest, sizeof digest);
	upload->state = UPLOAD_KNOWN; /* believed once the file's own digest agrees */
}

static void read_acknowledged(struct upload_list *uploads, const char *path, const char *installation)
{
	struct stat info;
	/* a device has no end */
	FILE *file = stat(path, &info) == 0 && S_ISREG(info.st_mode) ? fopen(path, "re") : NULL;
	char *line = NULL;
	size_t line_bytes = 0;

	while (file && getline(&line, &line_bytes, file) > 0) {
		json_t *json = json_loads(line, 0, NULL);
		const char *name = json_string_value(json_object_get(json, "file"));
		const char *digest = json_string_value(json_object_get(json, "digest"));
		const char *by = json_string_value(json_object_get(json, "installatie"));

		/* a line cut off by a crash is none, nor is one of an earlier release, which does not say by whom */
		if (name && digest && by && *installation && strcmp(by, installation) == 0)
			mark_acknowledged(uploads, path, name, digest);
		json_decref(json);
	}
	free(line);
	if (file)
		fclose(file);
}

/* A file that changed since its acknowledgement is sent again. */
static void check_acknowledged(struct upload *upload)
{
	struct strbuf content;
	json_t *header = NULL;
	struct upload now = { .path = upload->path };
	struct err err;

	if (upload->state != UPLOAD_KNOWN)
		return;
	strbuf_init(&content, UPLOAD_BYTES_MAX);
	if (upload_read(&now, &content, &header, &err) != 0 || memcmp(now.digest, upload->digest, 32) != 0)
		upload->state = UPLOAD_WAITING;
	json_decref(header);
	strbuf_release(&content);
}

static void sort(struct upload_list *list)
{
	size_t kept = 0;

	if (list->count > 0)
		qsort(list->items, list->count, sizeof *list->items, compare_uploads);
	for (size_t i = 0; i < list->count; i++) {
		if (kept > 0 && strcmp(list->items[kept - 1].path, list->items[i].path) == 0)
			free(list->items[i].path);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

void upload_list_settle(struct upload_list *list, const char *installation)
{
	char path[PATH_BYTES], before[PATH_BYTES] = "";

	sort(list);
	for (size_t i = 0; i < list->count; i++) {
		acknowledged_path(list->items[i].path, path, sizeof path);
		if (strcmp(path, before) != 0)
			read_acknowledged(list, path, installation);
		memcpy(before, path, sizeof before);
	}
	for (size_t i = 0; i < list->count; i++)
		check_acknowledged(&list->items[i]);
}

/* Whether the file ends in the middle of a line, as a full disk or a crash leaves it. */
static bool ends_within_line(FILE *file)
{
	return fseek(file, -1, SEEK_END) == 0 && fgetc(file) != '\n';
}

static bool append_line(const char *path, const char *text)
{
	FILE *file = fopen(path, "a+e");

	if (!file)
		return false;
	bool is_cut = ends_within_line(file);
	bool is_kept = fseek(file, 0, SEEK_END) == 0 && fprintf(file, "%s%s\n", is_cut ? "\n" : "", text) >= 0;

	return fclose(file) == 0 && is_kept;
}

bool upload_keep_receipt(const struct upload *upload, const char *installation, json_t *receipt)
{
	char path[PATH_BYTES], digest[65] = "";
	json_t *line = json_pack("{s:s}", "file", upload_name(upload));

	num_to_hex(upload->digest, sizeof upload->digest, digest);
	json_build_put(&line, "digest", json_string(digest));
	if (json_object_update_missing(line, receipt) != 0) { /* a receipt says itself by whom it is */
		json_decref(line);
		line = NULL;
	}
	if (*installation && !json_object_get(line, "installatie"))
		json_build_put(&line, "installatie", json_string(installation));
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;

	acknowledged_path(upload->path, path, sizeof path);
	bool is_kept = text && append_line(path, text);

	if (!is_kept)
		fprintf(stderr,
			"instroomctl: %s cannot be written: the receipt of %s is not kept, "
			"and the next run sends it again\n",
			path, upload_name(upload));
	free(text);
	json_decref(line);
	return is_kept;
}
