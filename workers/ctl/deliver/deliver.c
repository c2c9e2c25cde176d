/* deliver: uploads deliveries through the gateway, many at a time, and can be run again after any interruption.
 *
 * What was acknowledged stands in DIR/acknowledged.jsonl, one object a line with the file's name, the SHA-256 of header
 * and content, and the receipt. A line is written when the answer is in; what has none is sent again, and the gateway's
 * fingerprint makes the second count once. */
#include "ctl/deliver/deliver_commands.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/num.h"
#include "model/teacher_key.h"

#include <curl/curl.h>
#include <dirent.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PARALLEL_MAX = 256,
	TRIES_MAX = 30,
	FILE_BYTES_LIMIT = 80 << 20,
	REPLY_BYTES_MAX = 64 << 20,
	URL_BYTES_MAX = 4096,
	POLL_MS = 50,
	SHOW_EVERY_MS = 200,
};

enum upload_state { UPLOAD_OPEN, UPLOAD_RUNNING, UPLOAD_ACCEPTED, UPLOAD_KNOWN, UPLOAD_REFUSED, UPLOAD_NOT_TAKEN };

struct upload {
	char *path; /* of the csv */
	uint8_t digest[32];
	enum upload_state state;
	unsigned tries;
	int64_t not_before_ms;
	struct backoff backoff;
};

struct transfer {
	CURL *curl;
	struct curl_slist *headers;
	struct upload *upload;
	struct strbuf content, reply;
};

struct deliver {
	struct ctl *ctl;
	struct upload *uploads;
	size_t count, room, next, done;
	struct transfer transfers[PARALLEL_MAX];
	size_t parallel;
	CURLM *multi;
	int64_t begun_ms, shown_ms, lines, bytes;
	bool is_quiet;
	bool is_wait_told; /* that something is tried again, and why */
	bool is_denied;	   /* the gateway does not take our token, or not for a board */
	char authorization[300];
};

/* ---- what there is to send ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && strcmp(text + n - m, end) == 0;
}

#ifndef __clang__ /* gcc's analyzer does not follow a pointer into an array that grows */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static int add_file(struct deliver *deliver, const char *path, struct err *err)
{
	if (deliver->count == deliver->room) {
		size_t room = MAX(deliver->room * 2, (size_t)64);
		struct upload *uploads = reallocarray(deliver->uploads, room, sizeof *uploads);

		if (!uploads)
			return err_set(err, ERR_FATAL, "memory", "no memory for the list of files");
		deliver->uploads = uploads;
		deliver->room = room;
	}
	struct upload *upload = &deliver->uploads[deliver->count++];

	*upload = (struct upload){ .path = strdup(path) };
	backoff_init(&upload->backoff, 200, 5000);
	return upload->path ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for the list of files");
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

static int add_path(struct deliver *deliver, const char *path, struct err *err)
{
	struct stat info;
	char file[4096];

	if (stat(path, &info) != 0)
		return err_set(err, ERR_DATA, "file", "%s does not exist", path);
	if (!S_ISDIR(info.st_mode))
		return add_file(deliver, path, err);
	DIR *dir = opendir(path);
	int rc = dir ? 0 : err_set(err, ERR_DATA, "file", "the folder %s cannot be read", path);

	for (struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;) {
		if (!ends_with(entry->d_name, ".csv"))
			continue;
		snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		rc = add_file(deliver, file, err);
	}
	if (dir)
		closedir(dir);
	return rc;
}

/* ---- what was acknowledged before ---- */

static void acknowledged_path(const char *csv, char *out, size_t out_bytes)
{
	const char *slash = strrchr(csv, '/');

	snprintf(out, out_bytes, "%.*sacknowledged.jsonl", slash ? (int)(slash - csv + 1) : 0, csv);
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void header_path(const char *csv, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%.*s.json", (int)(strlen(csv) - (ends_with(csv, ".csv") ? 4 : 0)), csv);
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
static int digest_upload(struct upload *upload, struct strbuf *content, json_t **ret_header, struct err *err)
{
	struct strbuf both;
	char path[4096];
	json_error_t fault;

	header_path(upload->path, path, sizeof path);
	strbuf_init(&both, FILE_BYTES_LIMIT + (1 << 20));
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

static int compare_uploads(const void *a, const void *b)
{
	return strcmp(((const struct upload *)a)->path, ((const struct upload *)b)->path);
}

/* list: the path of an acknowledged.jsonl; name: a file beside it. */
static void mark_acknowledged(struct deliver *deliver, const char *list, const char *name, const char *digest_hex)
{
	char path[4096];
	uint8_t digest[32];
	struct upload wanted = { .path = path };

	if (!num_from_hex(slice_of(digest_hex), digest, sizeof digest))
		return;
	snprintf(path, sizeof path, "%.*s%s", (int)(file_name(list) - list), list, name);
	struct upload *upload = bsearch(&wanted, deliver->uploads, deliver->count, sizeof wanted, compare_uploads);

	if (!upload || upload->state != UPLOAD_OPEN)
		return;
	memcpy(upload->digest, digest, sizeof digest);
	upload->state = UPLOAD_KNOWN; /* believed once the file's own digest agrees */
}

static void read_acknowledged(struct deliver *deliver, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[2048];

	while (file && fgets(line, sizeof line, file)) {
		json_t *json = json_loads(line, 0, NULL);
		const char *name = json_string_value(json_object_get(json, "file"));
		const char *digest = json_string_value(json_object_get(json, "digest"));

		if (name && digest) /* a line cut off by a crash is none */
			mark_acknowledged(deliver, path, name, digest);
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
	strbuf_init(&content, FILE_BYTES_LIMIT);
	if (digest_upload(&now, &content, &header, &err) != 0 || memcmp(now.digest, upload->digest, 32) != 0)
		upload->state = UPLOAD_OPEN;
	json_decref(header);
	strbuf_release(&content);
}

static void keep_receipt(const struct upload *upload, json_t *receipt)
{
	char path[4096], digest[65] = "";
	json_t *line = json_pack("{s:s}", "file", file_name(upload->path));

	num_to_hex(upload->digest, sizeof upload->digest, digest);
	json_object_set_new(line, "digest", json_string(digest));
	json_object_update_missing(line, receipt);
	char *text = json_dumps(line, JSON_COMPACT);

	acknowledged_path(upload->path, path, sizeof path);
	FILE *file = fopen(path, "ae");

	if (!file || !text || fprintf(file, "%s\n", text) < 0)
		fprintf(stderr, "instroomctl: %s cannot be written: a next run sends %s again, which does no harm\n",
			path, file_name(upload->path));
	if (file)
		fclose(file);
	free(text);
	json_decref(line);
}

/* ---- one transfer ---- */

static size_t take_reply(char *bytes, size_t one, size_t n, void *self)
{
	struct transfer *transfer = self;

	strbuf_add_bytes(&transfer->reply, bytes, n * one);
	return strbuf_ok(&transfer->reply) ? n * one : 0;
}

/* The JSON type a header field must have (specification 14.2). */
static bool has_right_type(const char *name, const json_t *value)
{
	if (strcmp(name, "proef") == 0)
		return json_is_boolean(value);
	if (strcmp(name, "volgnummer") == 0 || strcmp(name, "regels") == 0)
		return json_is_integer(value);
	return json_is_string(value);
}

/* As a query parameter. A value of another type has no such form: an empty text is just as wrong (LR-K08). */
static struct slice value_text(const char *name, const json_t *value, char *buf, size_t buf_bytes)
{
	if (!has_right_type(name, value))
		return slice_of("");
	if (json_is_string(value))
		return slice_make(json_string_value(value), json_string_length(value));
	if (json_is_boolean(value))
		return slice_of(json_is_true(value) ? "ja" : "nee");
	return slice_make(buf, (size_t)snprintf(buf, buf_bytes, "%" JSON_INTEGER_FORMAT, json_integer_value(value)));
}

/* Percent-encoded; curl takes a length of 0 for "count it yourself". NULL: no memory. */
static char *escape(const struct transfer *transfer, struct slice text)
{
	return curl_easy_escape(transfer->curl, text.n > 0 ? text.p : "", (int)text.n);
}

static const char *contact_header(const char *name)
{
	static const struct {
		const char *field, *header;
	} CONTACTS[] = { { "contact_naam", "Instroom-Contact-Naam" },
			 { "contact_telefoon", "Instroom-Contact-Telefoon" },
			 { "contact_email", "Instroom-Contact-Email" } };

	for (size_t i = 0; i < ARRAY_LEN(CONTACTS); i++)
		if (strcmp(name, CONTACTS[i].field) == 0)
			return CONTACTS[i].header;
	return NULL;
}

/* A value that is no text becomes a byte that is no UTF-8, which is just as wrong. */
static void add_contact(struct transfer *transfer, const char *header, const json_t *value)
{
	char *escaped = json_is_string(value)
				? escape(transfer, slice_make(json_string_value(value), json_string_length(value)))
				: NULL;
	char line[2048];

	snprintf(line, sizeof line, "%s: %s", header, escaped ? escaped : "%FF");
	curl_free(escaped);
	transfer->headers = curl_slist_append(transfer->headers, line);
}

static int set_address(const struct deliver *deliver, struct transfer *transfer, json_t *header, struct err *err)
{
	char url[URL_BYTES_MAX], number[32], separator = '?';
	size_t n = (size_t)snprintf(url, sizeof url, "%s/v1/leveringen", deliver->ctl->config.gateway_url);
	const char *name;
	json_t *value;

	json_object_foreach(header, name, value)
	{
		const char *contact = contact_header(name);

		if (json_is_null(value))
			continue;
		if (contact) {
			add_contact(transfer, contact, value);
			continue;
		}
		char *field = escape(transfer, slice_of(name));
		char *escaped = escape(transfer, value_text(name, value, number, sizeof number));

		n += (size_t)snprintf(url + n, sizeof url - n, "%c%s=%s", separator, field ? field : "",
				      escaped ? escaped : "");
		curl_free(field);
		curl_free(escaped);
		separator = '&';
		if (n >= sizeof url)
			return err_set(err, ERR_DATA, "header", "its header is too long");
	}
	curl_easy_setopt(transfer->curl, CURLOPT_URL, url);
	return 0;
}

static int begin_transfer(struct deliver *deliver, struct transfer *transfer, struct upload *upload, struct err *err)
{
	json_t *header = NULL;

	strbuf_reset(&transfer->content);
	strbuf_reset(&transfer->reply);
	curl_slist_free_all(transfer->headers);
	transfer->headers = curl_slist_append(NULL, deliver->authorization);
	transfer->headers = curl_slist_append(transfer->headers, "Content-Type: text/csv");
	transfer->headers = curl_slist_append(transfer->headers, "Expect:");
	int rc = digest_upload(upload, &transfer->content, &header, err);

	if (rc == 0)
		rc = set_address(deliver, transfer, header, err);
	json_decref(header);
	if (rc != 0)
		return rc;
	curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, transfer->headers);
	curl_easy_setopt(transfer->curl, CURLOPT_POSTFIELDS, transfer->content.p ? transfer->content.p : "");
	curl_easy_setopt(transfer->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->content.n);
	transfer->upload = upload;
	upload->state = UPLOAD_RUNNING;
	upload->tries++;
	curl_multi_add_handle(deliver->multi, transfer->curl);
	return 0;
}

static void print_refusal(const struct upload *upload, json_t *answer, long status)
{
	json_t *findings = json_object_get(answer, "bevindingen"), *finding;
	size_t i;

	fprintf(stderr, "%s: refused (%ld)\n", file_name(upload->path), status);
	json_array_foreach(findings, i, finding)
	{
		fprintf(stderr, "  %s %s\n", json_string_value(json_object_get(finding, "code")),
			json_string_value(json_object_get(finding, "melding")));
	}
	if (json_array_size(findings) == 0 && json_object_get(answer, "detail"))
		fprintf(stderr, "  %s\n", json_string_value(json_object_get(answer, "detail")));
}

static const char *why_not_taken(CURLcode code, long status)
{
	if (code != CURLE_OK)
		return curl_easy_strerror(code);
	return status == 503 ? "it is too busy, or Kafka is away" : "a fault of its own";
}

/* Once: who waits wants to know for what. */
static void tell_wait(struct deliver *deliver, const char *why)
{
	if (!deliver->is_wait_told)
		fprintf(stderr, "%sinstroomctl: the gateway at %s does not take deliveries (%s): trying again\n",
			deliver->shown_ms > 0 ? "\n" : "", deliver->ctl->config.gateway_url, why);
	deliver->is_wait_told = true;
}

/* 503 and broken lines are tried again; the same bytes have the same fingerprint. */
static void end_transfer(struct deliver *deliver, struct transfer *transfer, CURLcode code)
{
	struct upload *upload = transfer->upload;
	long status = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_multi_remove_handle(deliver->multi, transfer->curl);
	transfer->upload = NULL;
	bool is_taken = code == CURLE_OK && (status == 202 || status == 200);
	json_t *answer = code == CURLE_OK
				 ? json_loadb(transfer->reply.p ? transfer->reply.p : "", transfer->reply.n, 0, NULL)
				 : NULL;

	if (is_taken) {
		upload->state = status == 202 ? UPLOAD_ACCEPTED : UPLOAD_KNOWN;
		deliver->lines += json_integer_value(json_object_get(answer, "regels"));
		deliver->bytes += (int64_t)transfer->content.n;
		keep_receipt(upload, answer);
	} else if (code == CURLE_OK && status < 500 && status != 408) {
		upload->state = UPLOAD_REFUSED;
		deliver->is_denied |= status == 401 || status == 403;
		print_refusal(upload, answer, status);
	} else if (upload->tries >= TRIES_MAX) {
		upload->state = UPLOAD_NOT_TAKEN;
		fprintf(stderr, "%s: not taken (%s)\n", file_name(upload->path), why_not_taken(code, status));
	} else {
		tell_wait(deliver, why_not_taken(code, status));
		upload->state = UPLOAD_OPEN;
		upload->not_before_ms = clock_ms() + backoff_next_ms(&upload->backoff);
	}
	deliver->done += upload->state != UPLOAD_OPEN;
	json_decref(answer);
}

/* ---- all of them ---- */

/* One that runs may have to be sent again: next stays at or below it. */
static struct upload *next_upload(struct deliver *deliver)
{
	int64_t now_ms = clock_ms();

	while (deliver->next < deliver->count && deliver->uploads[deliver->next].state != UPLOAD_OPEN &&
	       deliver->uploads[deliver->next].state != UPLOAD_RUNNING)
		deliver->next++;
	for (size_t i = deliver->next; i < deliver->count; i++)
		if (deliver->uploads[i].state == UPLOAD_OPEN && deliver->uploads[i].not_before_ms <= now_ms)
			return &deliver->uploads[i];
	return NULL;
}

/* A header that cannot be sent: this file's own fault, the others go on. */
static void refuse_header(struct deliver *deliver, struct upload *upload, const struct err *err)
{
	upload->state = UPLOAD_REFUSED;
	deliver->done++;
	fprintf(stderr, "%s: refused\n  %s\n", file_name(upload->path), err->text);
}

static int begin_transfers(struct deliver *deliver, struct err *err)
{
	for (size_t i = 0; i < deliver->parallel; i++) {
		struct upload *upload = deliver->transfers[i].upload ? NULL : next_upload(deliver);

		if (!upload)
			continue;
		int rc = begin_transfer(deliver, &deliver->transfers[i], upload, err);

		if (rc != 0 && strcmp(err->code, "header") == 0)
			refuse_header(deliver, upload, err);
		else if (rc != 0)
			return rc;
	}
	return 0;
}

static void end_transfers(struct deliver *deliver)
{
	int left;

	for (CURLMsg *message; (message = curl_multi_info_read(deliver->multi, &left)) != NULL;) {
		if (message->msg != CURLMSG_DONE)
			continue;
		for (size_t i = 0; i < deliver->parallel; i++)
			if (deliver->transfers[i].upload && deliver->transfers[i].curl == message->easy_handle) {
				end_transfer(deliver, &deliver->transfers[i], message->data.result);
				break;
			}
	}
}

static void show(struct deliver *deliver, bool is_last)
{
	static const char BAR[] = "########################################";
	const int width = 40;
	int filled = deliver->count > 0 ? (int)(deliver->done * (size_t)width / deliver->count) : width;
	int64_t now_ms = clock_ms();

	if (deliver->is_quiet || !isatty(STDERR_FILENO) || (!is_last && now_ms - deliver->shown_ms < SHOW_EVERY_MS))
		return;
	deliver->shown_ms = now_ms;
	fprintf(stderr, "\r  delivered [%.*s%*s] %zu of %zu, %lld lines%s", filled, BAR, width - filled, "",
		deliver->done, deliver->count, (long long)deliver->lines, is_last ? "\n" : "");
}

static int send_all(struct deliver *deliver, struct err *err)
{
	int rc = 0, running;

	while (rc == 0 && deliver->done < deliver->count && stop_poll() == STOP_NONE) {
		rc = begin_transfers(deliver, err);
		curl_multi_perform(deliver->multi, &running);
		end_transfers(deliver);
		show(deliver, false);
		if (deliver->done < deliver->count)
			curl_multi_poll(deliver->multi, NULL, 0, running > 0 ? POLL_MS * 10 : POLL_MS, NULL);
	}
	show(deliver, true);
	return rc;
}

static int open_transfers(struct deliver *deliver, struct err *err)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	deliver->multi = curl_multi_init();
	if (!deliver->multi)
		return err_set(err, ERR_FATAL, "curl", "no memory for transfers");
	snprintf(deliver->authorization, sizeof deliver->authorization, "Authorization: Bearer %.*s",
		 (int)deliver->ctl->config.gateway_token.n, deliver->ctl->config.gateway_token.p);
	for (size_t i = 0; i < deliver->parallel; i++) {
		struct transfer *transfer = &deliver->transfers[i];

		transfer->curl = curl_easy_init();
		if (!transfer->curl)
			return err_set(err, ERR_FATAL, "curl", "no memory for transfers");
		strbuf_init(&transfer->content, FILE_BYTES_LIMIT);
		strbuf_init(&transfer->reply, REPLY_BYTES_MAX);
		curl_easy_setopt(transfer->curl, CURLOPT_WRITEFUNCTION, take_reply);
		curl_easy_setopt(transfer->curl, CURLOPT_WRITEDATA, transfer);
		curl_easy_setopt(transfer->curl, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(transfer->curl, CURLOPT_UPLOAD_BUFFERSIZE, 262144L);
		curl_easy_setopt(transfer->curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
	}
	return 0;
}

static void close_transfers(struct deliver *deliver)
{
	for (size_t i = 0; i < deliver->parallel; i++) {
		struct transfer *transfer = &deliver->transfers[i];

		if (!transfer->curl)
			continue;
		if (transfer->upload)
			curl_multi_remove_handle(deliver->multi, transfer->curl);
		curl_easy_cleanup(transfer->curl);
		curl_slist_free_all(transfer->headers);
		strbuf_release(&transfer->content);
		strbuf_release(&transfer->reply);
	}
	curl_multi_cleanup(deliver->multi);
	curl_global_cleanup();
	for (size_t i = 0; i < deliver->count; i++)
		free(deliver->uploads[i].path);
	free(deliver->uploads);
}

static int print_counts(const struct deliver *deliver, const size_t *counts, size_t open, struct err *err)
{
	static const struct output_column COUNT_COLUMNS[] = {
		{ "accepted", NULL, COLUMN_NUMBER }, { "known", NULL, COLUMN_NUMBER },
		{ "refused", NULL, COLUMN_NUMBER },  { "not_taken", NULL, COLUMN_NUMBER },
		{ "lines", NULL, COLUMN_NUMBER },    { "bytes", NULL, COLUMN_NUMBER },
		{ "seconds", NULL, COLUMN_NUMBER },
	};
	int64_t ms = clock_ms() - deliver->begun_ms;
	CLEANUP(output_release) struct output out = { 0 };

	output_init(&out, deliver->ctl->output, COUNT_COLUMNS, ARRAY_LEN(COUNT_COLUMNS));
	if (deliver->ctl->output == OUTPUT_TEXT) {
		printf("%zu deliveries: %zu accepted, %zu known before, %zu refused, %zu not taken; %lld lines in %.1f s\n",
		       deliver->count, counts[UPLOAD_ACCEPTED], counts[UPLOAD_KNOWN], counts[UPLOAD_REFUSED], open,
		       (long long)deliver->lines, (double)ms / 1000);
		return 0;
	}
	out.is_record = true;
	output_number(&out, (int64_t)counts[UPLOAD_ACCEPTED]);
	output_number(&out, (int64_t)counts[UPLOAD_KNOWN]);
	output_number(&out, (int64_t)counts[UPLOAD_REFUSED]);
	output_number(&out, (int64_t)open);
	output_number(&out, deliver->lines);
	output_number(&out, deliver->bytes);
	output_seconds(&out, ms);
	return output_print(&out, stdout, err);
}

static int conclude(const struct deliver *deliver)
{
	size_t counts[UPLOAD_NOT_TAKEN + 1] = { 0 };
	struct err err = { 0 };

	for (size_t i = 0; i < deliver->count; i++)
		counts[deliver->uploads[i].state]++;
	size_t open = counts[UPLOAD_OPEN] + counts[UPLOAD_RUNNING] + counts[UPLOAD_NOT_TAKEN];

	if (print_counts(deliver, counts, open, &err) != 0)
		return ctl_fail(&err);
	if (open > 0)
		fputs("instroomctl: run the same command again to send what was not taken\n", stderr);
	if (deliver->is_denied)
		return EXIT_CREDENTIALS;
	return open > 0 ? EXIT_NO_PEER : counts[UPLOAD_REFUSED] > 0 ? EXIT_ANSWER_IS_NO : 0;
}

int run_deliver(struct ctl *ctl)
{
	static struct deliver deliver;
	const char *parallel = ctl_has(ctl, OPTION_PARALLEL) ? ctl->options[OPTION_PARALLEL] : "8";
	struct err err = { 0 };
	uint64_t number;
	char path[4096], before[4096] = "";

	if (!num_parse_u64(slice_of(parallel), PARALLEL_MAX, &number) || number == 0)
		return ctl_usage("--parallel is a number from 1 to %d", PARALLEL_MAX);
	if (ctl->config.gateway_token.n == 0)
		return ctl_usage("deliver needs the setting gateway.token.file");
	deliver.ctl = ctl;
	deliver.parallel = (size_t)number;
	deliver.is_quiet = ctl_has(ctl, OPTION_QUIET);
	int rc = open_transfers(&deliver, &err);

	for (size_t i = 0; rc == 0 && i < ctl->argument_count; i++)
		rc = add_path(&deliver, ctl->arguments[i], &err);
	if (deliver.count > 0)
		qsort(deliver.uploads, deliver.count, sizeof *deliver.uploads, compare_uploads);
	for (size_t i = 0; rc == 0 && i < deliver.count; i++) {
		acknowledged_path(deliver.uploads[i].path, path, sizeof path);
		if (strcmp(path, before) != 0)
			read_acknowledged(&deliver, path);
		memcpy(before, path, sizeof before);
	}
	for (size_t i = 0; rc == 0 && i < deliver.count; i++) {
		check_acknowledged(&deliver.uploads[i]);
		deliver.done += deliver.uploads[i].state != UPLOAD_OPEN;
	}
	deliver.begun_ms = clock_ms();
	if (rc == 0)
		rc = send_all(&deliver, &err);
	int status = rc == 0 ? conclude(&deliver) : ctl_fail(&err);

	close_transfers(&deliver);
	return status;
}
