/* deliver: uploads deliveries through the gateway, many at a time, and can be run again after any interruption.
 *
 *   1. upload_list collects the files and takes out those that an earlier run saw acknowledged.
 *   2. While files wait and transfers are free, the next file is read and sent. A file whose header cannot be sent is
 *      refused here; the others go on.
 *   3. An answer ends its transfer: accepted (202) and known (200) are kept as receipts before anything else happens to
 *      them, 4xx is final. 5xx, 408 and broken connections go back to 2 after a pause that grows: the same bytes have the
 *      same fingerprint, so the gateway knows a repeat.
 *   4. TERM ends the sending between two answers. What is in flight then has no receipt and is sent again by the next run.
 *
 * No header: run_deliver stands in deliver_commands.h. */
#include "ctl/deliver/deliver_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "ctl/deliver/transfers.h"

#include <jansson.h>
#include <unistd.h>

enum { TRIES_MAX = 30, SHOW_EVERY_MS = 200 };

struct deliver {
	struct ctl *ctl;
	struct upload_list uploads;
	size_t next, done;
	struct transfers *transfers;
	int64_t begun_ms, shown_ms, lines, bytes;
	bool is_quiet;
	bool is_wait_reported; /* that something is tried again, and why */
	bool is_denied;	       /* the gateway does not accept our token, or not for a board */
};

/* ---- answers ---- */

static void print_refusal(const struct upload *upload, json_t *answer, long status)
{
	json_t *findings = json_object_get(json_object_get(answer, "levering"), "bevindingen"), *finding;
	size_t i;

	fprintf(stderr, "%s: refused (%ld)\n", upload_name(upload), status);
	json_array_foreach(findings, i, finding)
	{
		fprintf(stderr, "  %s %s\n", json_string_value(json_object_get(finding, "code")),
			json_string_value(json_object_get(finding, "melding")));
	}
	if (json_array_size(findings) == 0 && json_object_get(answer, "detail"))
		fprintf(stderr, "  %s\n", json_string_value(json_object_get(answer, "detail")));
}

static const char *why_not_taken(const struct transfers_answer *answer)
{
	if (answer->failure)
		return answer->failure;
	return answer->status == 503 ? "it is too busy, or Kafka is away" : "a fault of its own";
}

/* Once: who waits wants to know for what. */
static void report_wait(struct deliver *deliver, const char *why)
{
	if (!deliver->is_wait_reported)
		fprintf(stderr, "%sinstroomctl: the gateway at %s does not take deliveries (%s): trying again\n",
			deliver->shown_ms > 0 ? "\n" : "", deliver->ctl->config.gateway_url, why);
	deliver->is_wait_reported = true;
}

static void end_upload(void *self, struct upload *upload, const struct transfers_answer *answer)
{
	struct deliver *deliver = self;
	json_t *body = answer->failure ? NULL : json_loadb(answer->body.p, answer->body.n, 0, NULL);

	if (answer->status == 202 || answer->status == 200) {
		upload->state = answer->status == 202 ? UPLOAD_ACCEPTED : UPLOAD_KNOWN;
		deliver->lines += json_integer_value(json_object_get(body, "regels"));
		deliver->bytes += answer->content_bytes;
		upload_keep_receipt(upload, body);
	} else if (!answer->failure && answer->status < 500 && answer->status != 408) {
		upload->state = UPLOAD_REFUSED;
		deliver->is_denied |= answer->status == 401 || answer->status == 403;
		print_refusal(upload, body, answer->status);
	} else if (upload->tries >= TRIES_MAX) {
		upload->state = UPLOAD_NOT_TAKEN;
		fprintf(stderr, "%s: not taken (%s)\n", upload_name(upload), why_not_taken(answer));
	} else {
		report_wait(deliver, why_not_taken(answer));
		upload->state = UPLOAD_WAITING;
		upload->not_before_ms = clock_ms() + backoff_next_ms(&upload->backoff);
	}
	deliver->done += upload->state != UPLOAD_WAITING;
	json_decref(body);
}

/* ---- all of them ---- */

/* One in flight may have to be sent again: next stays at or below it. */
static struct upload *next_upload(struct deliver *deliver)
{
	struct upload_list *uploads = &deliver->uploads;
	int64_t now_ms = clock_ms();

	while (deliver->next < uploads->count && uploads->items[deliver->next].state != UPLOAD_WAITING &&
	       uploads->items[deliver->next].state != UPLOAD_IN_FLIGHT)
		deliver->next++;
	for (size_t i = deliver->next; i < uploads->count; i++)
		if (uploads->items[i].state == UPLOAD_WAITING && uploads->items[i].not_before_ms <= now_ms)
			return &uploads->items[i];
	return NULL;
}

static void refuse_header(struct deliver *deliver, struct upload *upload, const struct err *err)
{
	upload->state = UPLOAD_REFUSED;
	deliver->done++;
	fprintf(stderr, "%s: refused\n  %s\n", upload_name(upload), err->text);
}

static int begin_uploads(struct deliver *deliver, struct err *err)
{
	struct upload *upload;

	while (!transfers_are_full(deliver->transfers) && (upload = next_upload(deliver)) != NULL) {
		int rc = transfers_begin(deliver->transfers, upload, err);

		if (rc != 0 && strcmp(err->code, "header") == 0)
			refuse_header(deliver, upload, err);
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
		printf("%zu deliveries: %zu accepted, %zu known before, %zu refused, %zu not taken; %lld lines in %.1f s\n",
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
	return left > 0 ? EXIT_NO_PEER : counts[UPLOAD_REFUSED] > 0 ? EXIT_ANSWER_IS_NO : 0;
}

static int find_uploads(struct deliver *deliver, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < deliver->ctl->argument_count; i++)
		rc = upload_list_add(&deliver->uploads, deliver->ctl->arguments[i], err);
	if (rc == 0)
		upload_list_settle(&deliver->uploads);
	for (size_t i = 0; rc == 0 && i < deliver->uploads.count; i++)
		deliver->done += deliver->uploads.items[i].state != UPLOAD_WAITING;
	return rc;
}

int run_deliver(struct ctl *ctl)
{
	const char *parallel = ctl_has(ctl, OPTION_PARALLEL) ? ctl->options[OPTION_PARALLEL] : "8";
	struct deliver deliver = { .ctl = ctl, .is_quiet = ctl_has(ctl, OPTION_QUIET) };
	struct err err = { 0 };
	uint64_t number;

	if (!num_parse_u64(slice_of(parallel), TRANSFERS_MAX, &number) || number == 0)
		return ctl_usage("--parallel is a number from 1 to %d", TRANSFERS_MAX);
	if (ctl->config.gateway_token.n == 0)
		return ctl_usage("deliver needs the setting gateway.token.file");
	int rc = transfers_open(ctl->config.gateway_url, ctl->config.gateway_token, (size_t)number, end_upload,
				&deliver, &deliver.transfers, &err);

	if (rc == 0)
		rc = find_uploads(&deliver, &err);
	deliver.begun_ms = clock_ms();
	if (rc == 0)
		rc = send_all(&deliver, &err);
	int status = rc == 0 ? conclude(&deliver) : ctl_fail(&err);

	transfers_close(deliver.transfers);
	upload_list_release(&deliver.uploads);
	return status;
}
