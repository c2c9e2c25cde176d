/* deliver: uploads deliveries through the gateway, many at a time, and can be run again after any interruption.
 *
 *   1. The gateway is asked which installation it is. upload_list collects the files and takes out those that an
 *      earlier run saw acknowledged by this installation. A folder without deliveries, or a path that is not there,
 *      is reported and stops no other.
 *   2. While files wait and transfers are free, the next file is read and sent. A file that cannot be sent, as its
 *      header is missing or none, is refused here; the others go on.
 *   3. An answer ends its transfer. answer.c says what it is: accepted or known only with the receipt or summary of
 *      what was sent, which is kept before anything else happens to it. Refused is final. A gateway that is busy or
 *      away is asked again, back in 2, after the pause it asks for or one that grows: the same bytes have the same
 *      fingerprint, so the gateway knows a repeat. Foreign answers (a proxy, a redirect) are shown and end this
 *      upload only.
 *   4. TERM ends the sending between two answers. What is in flight then has no receipt and is sent again by the next
 *      run.
 *
 * No header: run_deliver stands in deliver_commands.h. */
#include "ctl/deliver/deliver_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "ctl/deliver/transfers.h"

#include <jansson.h>
#include <unistd.h>

enum {
	TRIES_MAX = 30,
	SHOW_EVERY_MS = 200,
	PAUSE_MIN_MS = 200,
	PAUSE_MAX_MS = 5000,
	LINE_BYTES_MAX = 4096,
	NAME_BYTES = 256
};

struct deliver {
	struct ctl *ctl;
	struct upload_list uploads;
	size_t next, done;
	struct transfers *transfers;
	char installation[UPLOAD_INSTALLATION_BYTES];
	int64_t not_before_ms; /* the gateway asked for a pause */
	int64_t begun_ms, shown_ms, lines, bytes;
	bool is_quiet;
	bool is_denied;			  /* the gateway does not accept our token, or not for a board */
	bool is_forgetful;		  /* a receipt could not be kept */
	bool lacks_files;		  /* a path is not there, or holds no delivery */
	char waits_for[ANSWER_WHY_BYTES]; /* why something is tried again, as last shown */
};

/* ---- answers ---- */

static void print_line(const char *text)
{
	char line[1024];

	answer_printable(text, line, sizeof line);
	fprintf(stderr, "  %s\n", line);
}

static void print_finding(json_t *finding)
{
	const char *code = json_string_value(json_object_get(finding, "code"));
	const char *text = json_string_value(json_object_get(finding, "melding"));
	CLEANUP(strbuf_drop) struct strbuf line;

	strbuf_init(&line, LINE_BYTES_MAX);
	strbuf_add_printf(&line, "%s %s", code ? code : "?", text ? text : "");
	print_line(strbuf_text(&line));
}

/* A file may be called anything. */
static const char *shown_name(const struct upload *upload, char name[NAME_BYTES])
{
	answer_printable(upload_name(upload), name, NAME_BYTES);
	return name;
}

static void print_refusal(const struct upload *upload, json_t *answer, long status)
{
	char name[NAME_BYTES];
	json_t *findings = json_object_get(json_object_get(answer, "levering"), "bevindingen"), *finding;
	const char *detail = json_string_value(json_object_get(answer, "detail"));
	size_t i;

	if (!findings) /* a gateway of an earlier release */
		findings = json_object_get(answer, "bevindingen");
	fprintf(stderr, "%s: refused (%ld)\n", shown_name(upload, name), status);
	json_array_foreach(findings, i, finding) print_finding(finding);
	if (upload->mistyped[0])
		print_line(upload->mistyped);
	if (detail) /* which names the helpdesk */
		print_line(detail);
}

/* Once for each reason: who waits wants to know for what. */
static void report_wait(struct deliver *deliver, const char *why)
{
	if (strcmp(deliver->waits_for, why) == 0)
		return;
	snprintf(deliver->waits_for, sizeof deliver->waits_for, "%s", why);
	fprintf(stderr, "%sinstroomctl: the gateway at %s does not take deliveries (%s): trying again\n",
		deliver->shown_ms > 0 ? "\n" : "", deliver->ctl->config.gateway_url, why);
}

static void wait_with(struct deliver *deliver, struct upload *upload, const struct answer *answer)
{
	int64_t pause_ms = MAX((int64_t)backoff_next_ms(&upload->backoff), answer->retry_after_s * 1000);

	report_wait(deliver, answer->why);
	upload->state = UPLOAD_WAITING;
	upload->not_before_ms = clock_ms() + pause_ms;
	if (answer->is_for_all)
		deliver->not_before_ms = MAX(deliver->not_before_ms, upload->not_before_ms);
}

static void take_success(struct deliver *deliver, struct upload *upload, const struct answer *answer,
			 int64_t content_bytes)
{
	upload->state = answer->kind == ANSWER_ACCEPTED ? UPLOAD_ACCEPTED : UPLOAD_KNOWN;
	deliver->lines += json_integer_value(json_object_get(answer->json, "regels"));
	deliver->bytes += content_bytes;
	deliver->is_forgetful |= !upload_keep_receipt(upload, deliver->installation, answer->json);
}

static void end_upload(void *self, struct upload *upload, struct answer *answer, int64_t content_bytes)
{
	struct deliver *deliver = self;
	char name[NAME_BYTES];

	switch (answer->kind) {
	case ANSWER_ACCEPTED:
	case ANSWER_KNOWN:
		take_success(deliver, upload, answer, content_bytes);
		break;
	case ANSWER_DENIED:
	case ANSWER_REFUSED:
		upload->state = UPLOAD_REFUSED;
		deliver->is_denied |= answer->kind == ANSWER_DENIED;
		print_refusal(upload, answer->json, answer->status);
		break;
	case ANSWER_LATER:
		if (upload->tries < TRIES_MAX) {
			wait_with(deliver, upload, answer);
			return;
		} /* fall through */
	case ANSWER_NOT_TAKEN:
		upload->state = UPLOAD_NOT_TAKEN;
		fprintf(stderr, "%s: not taken (%s)\n", shown_name(upload, name), answer->why);
	}
	deliver->done++;
}

/* ---- all of them ---- */

/* One in flight may have to be sent again: next stays at or below it. */
static struct upload *next_upload(struct deliver *deliver)
{
	struct upload_list *uploads = &deliver->uploads;
	int64_t now_ms = clock_ms();

	if (now_ms < deliver->not_before_ms)
		return NULL;
	while (deliver->next < uploads->count && uploads->items[deliver->next].state != UPLOAD_WAITING &&
	       uploads->items[deliver->next].state != UPLOAD_IN_FLIGHT)
		deliver->next++;
	for (size_t i = deliver->next; i < uploads->count; i++)
		if (uploads->items[i].state == UPLOAD_WAITING && uploads->items[i].not_before_ms <= now_ms)
			return &uploads->items[i];
	return NULL;
}

static void refuse_files(struct deliver *deliver, struct upload *upload, const struct err *err)
{
	char name[NAME_BYTES];

	upload->state = UPLOAD_REFUSED;
	deliver->done++;
	fprintf(stderr, "%s: refused\n", shown_name(upload, name));
	print_line(err->text);
}

static int begin_uploads(struct deliver *deliver, struct err *err)
{
	struct upload *upload;

	while (!transfers_are_full(deliver->transfers) && (upload = next_upload(deliver)) != NULL) {
		int rc = transfers_begin(deliver->transfers, upload, err);

		if (rc == -ERR_DATA)
			refuse_files(deliver, upload, err);
		else if (rc != 0)
			return rc;
	}
	return 0;
}

static void show(struct deliver *deliver, bool is_last)
{
	static const char BAR[] = "########################################";
	const int width = 40;
	int filled = deliver->uploads.count > 0 ? (int)(deliver->done * (size_t)width / deliver->uploads.count) : width;
	int64_t now_ms = clock_ms();

	if (deliver->is_quiet || !isatty(STDERR_FILENO) || (!is_last && now_ms - deliver->shown_ms < SHOW_EVERY_MS))
		return;
	deliver->shown_ms = now_ms;
	fprintf(stderr, "\r  delivered [%.*s%*s] %zu of %zu, %lld lines%s", filled, BAR, width - filled, "",
		deliver->done, deliver->uploads.count, (long long)deliver->lines, is_last ? "\n" : "");
}

static int send_all(struct deliver *deliver, struct err *err)
{
	int rc = 0;

	while (rc == 0 && deliver->done < deliver->uploads.count && stop_poll() == STOP_NONE) {
		rc = begin_uploads(deliver, err);
		transfers_run(deliver->transfers);
		show(deliver, false);
	}
	show(deliver, true);
	return rc;
}

/* ---- the command ---- */

static int print_counts(const struct deliver *deliver, const size_t *counts, size_t left, struct err *err)
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
		printf("%zu deliveries: %zu accepted, %zu known before, %zu refused, %zu not taken; "
		       "%lld lines in %.1f s\n",
		       deliver->uploads.count, counts[UPLOAD_ACCEPTED], counts[UPLOAD_KNOWN], counts[UPLOAD_REFUSED],
		       left, (long long)deliver->lines, (double)ms / 1000);
		return 0;
	}
	out.is_record = true;
	output_number(&out, (int64_t)counts[UPLOAD_ACCEPTED]);
	output_number(&out, (int64_t)counts[UPLOAD_KNOWN]);
	output_number(&out, (int64_t)counts[UPLOAD_REFUSED]);
	output_number(&out, (int64_t)left);
	output_number(&out, deliver->lines);
	output_number(&out, deliver->bytes);
	output_seconds(&out, ms);
	return output_print(&out, stdout, err);
}

static int conclude(const struct deliver *deliver)
{
	size_t counts[UPLOAD_STATES] = { 0 };
	struct err err = { 0 };

	for (size_t i = 0; i < deliver->uploads.count; i++)
		counts[deliver->uploads.items[i].state]++;
	size_t left = counts[UPLOAD_WAITING] + counts[UPLOAD_IN_FLIGHT] + counts[UPLOAD_NOT_TAKEN];

	if (print_counts(deliver, counts, left, &err) != 0)
		return ctl_fail(&err);
	if (left > 0)
		fputs("instroomctl: run the same command again to send what was not taken\n", stderr);
	if (deliver->is_denied)
		return EXIT_CREDENTIALS;
	if (left > 0)
		return EXIT_NO_PEER;
	if (deliver->is_forgetful)
		return EXIT_BUG;
	if (deliver->lacks_files)
		return EXIT_NO_FILE;
	return counts[UPLOAD_REFUSED] > 0 ? EXIT_ANSWER_IS_NO : 0;
}

/* A path that cannot be used stops no other. */
static int find_uploads(struct deliver *deliver, struct err *err)
{
	int status = 0;

	for (size_t i = 0; i < deliver->ctl->argument_count; i++) {
		int rc = upload_list_add(&deliver->uploads, deliver->ctl->arguments[i], err);

		if (rc != 0 && rc != -ERR_DATA)
			return rc;
		if (rc == 0)
			continue;
		deliver->lacks_files = true;
		status = ctl_fail(err);
	}
	return deliver->uploads.count == 0 ? status : 0;
}

/* false: it did not answer in all the time that an upload would be given. */
static bool ask_installation(struct deliver *deliver)
{
	struct backoff backoff;

	backoff_init(&backoff, PAUSE_MIN_MS, PAUSE_MAX_MS);
	for (int tries = 1; stop_poll() == STOP_NONE; tries++) {
		CLEANUP(answer_release) struct answer answer = { 0 };

		if (transfers_ask_installation(deliver->transfers, deliver->installation, &answer))
			return true;
		if (tries == TRIES_MAX || stop_poll() != STOP_NONE)
			break;
		report_wait(deliver, answer.why);
		app_wait((uint32_t)MAX((int64_t)backoff_next_ms(&backoff), answer.retry_after_s * 1000));
	}
	return false;
}

static void settle(struct deliver *deliver)
{
	upload_list_settle(&deliver->uploads, deliver->installation);
	for (size_t i = 0; i < deliver->uploads.count; i++)
		deliver->done += deliver->uploads.items[i].state != UPLOAD_WAITING;
}

static int deliver_all(struct deliver *deliver, struct err *err)
{
	int rc = 0;

	if (ask_installation(deliver)) {
		settle(deliver);
		rc = send_all(deliver, err);
	}
	return rc == 0 ? conclude(deliver) : ctl_fail(err);
}

/* What may stand in a header of HTTP; a file written by an editor has a BOM, spaces or line breaks around it. */
static bool read_token(struct slice bytes, struct slice *ret)
{
	struct slice token = slice_starts_with(bytes, "\xEF\xBB\xBF") ? slice_from(bytes, 3) : bytes;

	while (token.n > 0 && strchr(" \t\r\n", token.p[0]))
		token = slice_from(token, 1);
	while (token.n > 0 && strchr(" \t\r\n", token.p[token.n - 1]))
		token.n--;
	for (size_t i = 0; i < token.n; i++)
		if (token.p[i] <= ' ' || token.p[i] > '~') /* within: "Bearer" or a name stands before it */
			return false;
	*ret = token;
	return token.n > 0;
}

int run_deliver(struct ctl *ctl)
{
	const char *parallel = ctl_has(ctl, OPTION_PARALLEL) ? ctl->options[OPTION_PARALLEL] : "8";
	struct deliver deliver = { .ctl = ctl, .is_quiet = ctl_has(ctl, OPTION_QUIET), .begun_ms = clock_ms() };
	struct err err = { 0 };
	struct slice token;
	uint64_t number;

	if (!num_parse_u64(slice_of(parallel), TRANSFERS_MAX, &number) || number == 0)
		return ctl_usage("--parallel is a number from 1 to %d", TRANSFERS_MAX);
	if (ctl->config.gateway_token.bytes.n == 0)
		return ctl_usage("deliver needs the setting gateway.token.file");
	if (!read_token(ctl->config.gateway_token.bytes, &token))
		return ctl_usage("the file of gateway.token.file holds no token: printable ASCII without a blank");
	int status = find_uploads(&deliver, &err);

	if (status < 0)
		status = ctl_fail(&err);
	else if (status == 0 && transfers_open(ctl->config.gateway_url, ctl->config.gateway_ca_file, token,
					       (size_t)number, end_upload, &deliver, &deliver.transfers, &err) != 0)
		status = ctl_fail(&err);
	else if (status == 0)
		status = deliver_all(&deliver, &err);
	transfers_close(deliver.transfers);
	upload_list_release(&deliver.uploads);
	return status;
}
