#include "ctl/deliver/upload_list.h"

#include "base/num.h"
#include "ctl/base/ctl.h"
#include "model/teacher_key.h"

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATH_BYTES = 4096, HEADER_BYTES_MAX = 1 << 20, CAPACITY_FIRST = 64, PAUSE_MIN_MS = 200, PAUSE_MAX_MS = 5000 };

/* ---- paths ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && strcmp(text + n - m, end) == 0;
}

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

static void header_path(const char *csv, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%.*s.json", (int)(strlen(csv) - (ends_with(csv, ".csv") ? 4 : 0)), csv);
}

const char *upload_name(const struct upload *upload)
{
	return file_name(upload->path);
}

/* ---- files to send ---- */

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

int upload_list_add(struct upload_list *list, const char *path, struct err *err)
{
	struct stat info;
	char file[PATH_BYTES];

	if (stat(path, &info) != 0)
		return err_set(err, ERR_DATA, "file", "%s does not exist", path);
	if (!S_ISDIR(info.st_mode))
		return add_file(list, path, err);
	DIR *dir = opendir(path);
	int rc = dir ? 0 : err_set(err, ERR_DATA, "file", "the folder %s cannot be read", path);

	for (struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;) {
		if (!ends_with(entry->d_name, ".csv"))
			continue;
		snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		rc = add_file(list, file, err);
	}
	if (dir)
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

/* Never jansson's own words: they quote the place, which may be a contact's name. */
static int fail_header(const char *path, const json_error_t *fault, struct err *err)
{
	if (json_error_code(fault) == json_error_numeric_overflow)
		return err_set(err, ERR_DATA, "header", "%s holds a number that is too large (line %d)",
			       file_name(path), fault->line);
	return err_set(err, ERR_DATA, "header", "%s is no JSON, or names a field twice (line %d)", file_name(path),
		       fault->line);
}

/* SHA-256 over both files: a changed header is another delivery. */
int upload_read(struct upload *upload, struct strbuf *content, json_t **ret_header, struct err *err)
{
	struct strbuf both;
	char path[PATH_BYTES];
	json_error_t fault;

	header_path(upload->path, path, sizeof path);
	strbuf_init(&both, UPLOAD_BYTES_MAX + HEADER_BYTES_MAX);
	int rc = ctl_read_file(path, &both, err);

	if (rc == 0) {
		*ret_header = json_loadb(both.p ? both.p : "", both.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &fault);
		if (!*ret_header)
			rc = fail_header(path, &fault, err);
		else if (!json_is_object(*ret_header))
			rc = err_set(err, ERR_DATA, "header", "%s is no JSON object", file_name(path));
	}
	if (rc == 0)
		rc = ctl_read_file(upload->path, content, err);
	if (rc == 0) {
		strbuf_add(&both, strbuf_slice(content));
		sha256_of(strbuf_slice(&both), upload->digest);
	}
	strbuf_release(&both);
	return rc;
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

	if (!upload || upload->state != UPLOAD_WAITING)
		return;
	memcpy(upload->digest, digest, sizeof digest);
	upload->state = UPLOAD_KNOWN; /* believed once the file's own digest agrees */
}

static void read_acknowledged(struct upload_list *uploads, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[2048];

	while (file && fgets(line, sizeof line, file)) {
		json_t *json = json_loads(line, 0, NULL);
		const char *name = json_string_value(json_object_get(json, "file"));
		const char *digest = json_string_value(json_object_get(json, "digest"));

		if (name && digest) /* a line cut off by a crash is none */
			mark_acknowledged(uploads, path, name, digest);
		json_decref(json);
	}
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

void upload_list_settle(struct upload_list *list)
{
	char path[PATH_BYTES], before[PATH_BYTES] = "";

	if (list->count > 0)
		qsort(list->items, list->count, sizeof *list->items, compare_uploads);
	for (size_t i = 0; i < list->count; i++) {
		acknowledged_path(list->items[i].path, path, sizeof path);
		if (strcmp(path, before) != 0)
			read_acknowledged(list, path);
		memcpy(before, path, sizeof before);
	}
	for (size_t i = 0; i < list->count; i++)
		check_acknowledged(&list->items[i]);
}

void upload_keep_receipt(const struct upload *upload, json_t *receipt)
{
	char path[PATH_BYTES], digest[65] = "";
	json_t *line = json_pack("{s:s}", "file", upload_name(upload));

	num_to_hex(upload->digest, sizeof upload->digest, digest);
	json_object_set_new(line, "digest", json_string(digest));
	json_object_update_missing(line, receipt);
	char *text = json_dumps(line, JSON_COMPACT);

	acknowledged_path(upload->path, path, sizeof path);
	FILE *file = fopen(path, "ae");
	bool is_kept = file && text && fprintf(file, "%s\n", text) >= 0;

	if (file && fclose(file) != 0)
		is_kept = false;
	if (!is_kept)
		fprintf(stderr, "instroomctl: %s cannot be written: the next run sends %s again, which does no harm\n",
			path, upload_name(upload));
	free(text);
	json_decref(line);
}
