/* refusals: which senders the gateways refused, when and why, summed from the lines that gateways log of it
 * (gateway/refusal_log.h). Nothing else keeps them: a gateway may write nothing to the register.
 *
 * Lines come from files or from stdin, as journalctl -o cat or kubectl logs give them; whatever else stands there is
 * left. One row for each kind (board, status, code, sender), the latest first.
 *
 * No header: run_refusals stands in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "base/num.h"
#include "ctl/base/question.h"

#include <errno.h>
#include <stdlib.h>

enum {
	KINDS_MAX = 100000,
	KINDS_FIRST = 256,
	LINE_BYTES_MAX = 8192,
	CODE_BYTES = 16,
	SENDER_BYTES = 128,
	TIME_BYTES = 24,
	STATUS_MAX = 599,
	WIDE_BYTES = 20,
};

struct refusal {
	char board[8], code[CODE_BYTES], sender[SENDER_BYTES]; /* empty: none */
	char first[TIME_BYTES], last[TIME_BYTES];	       /* ISO 8601 in UTC: they sort as texts */
	uint64_t status, count;
};

struct refusals {
	struct refusal *items;
	size_t count, capacity;
	const char *board, *code, *since; /* of the question; NULL: all */
};

static const struct output_column COLUMNS[] = {
	{ "board", "board", COLUMN_TEXT }, { "status", "status", COLUMN_NUMBER }, { "code", "code", COLUMN_TEXT },
	{ "sender", NULL, COLUMN_TEXT },   { NULL, "sender", COLUMN_TEXT },	  { "count", "count", COLUMN_NUMBER },
	{ "first_at", NULL, COLUMN_TEXT }, { "last_at", "last", COLUMN_TEXT },
};

/* ---- lines ---- */

/* The value of a logfmt key, without its quotes, cut to fit. false: the line has no such key. */
static bool value_of(const char *line, const char *key, char *ret, size_t ret_bytes)
{
	char wanted[16];
	size_t n;

	snprintf(wanted, sizeof wanted, " %s=", key);
	const char *at = strstr(line, wanted);

	if (!at)
		return false;
	at += strlen(wanted);
	if (*at == '"')
		n = strcspn(++at, "\"\n");
	else
		n = strcspn(at, " \n");
	snprintf(ret, ret_bytes, "%.*s", (int)MIN(n, ret_bytes - 1), at);
	return true;
}

static bool number_of(const char *line, const char *key, uint64_t max, uint64_t *ret)
{
	char text[24];

	return value_of(line, key, text, sizeof text) && num_parse_u64(slice_of(text), max, ret);
}

/* false: it is another line, or one that is cut. */
static bool read_refusal(const char *line, struct refusal *ret)
{
	*ret = (struct refusal){ 0 };
	if (!strstr(line, " event=sender.refused ") || !value_of(line, "board", ret->board, sizeof ret->board) ||
	    !value_of(line, "code", ret->code, sizeof ret->code) ||
	    !value_of(line, "sender", ret->sender, sizeof ret->sender) ||
	    !value_of(line, "first", ret->first, sizeof ret->first) ||
	    !value_of(line, "last", ret->last, sizeof ret->last) ||
	    !number_of(line, "status", STATUS_MAX, &ret->status) || !number_of(line, "count", UINT32_MAX, &ret->count))
		return false;
	if (strcmp(ret->board, "-") == 0)
		ret->board[0] = '\0';
	if (strcmp(ret->sender, "-") == 0)
		ret->sender[0] = '\0';
	return true;
}

static bool is_asked_for(const struct refusals *refusals, const struct refusal *one)
{
	return (!refusals->board || strcmp(refusals->board, one->board) == 0) &&
	       (!refusals->code || strcmp(refusals->code, one->code) == 0) &&
	       (!refusals->since || strcmp(one->last, refusals->since) >= 0);
}

/* ---- sums ---- */

static bool is_same_kind(const struct refusal *a, const struct refusal *b)
{
	return a->status == b->status && strcmp(a->board, b->board) == 0 && strcmp(a->code, b->code) == 0 &&
	       strcmp(a->sender, b->sender) == 0;
}

static int append(struct refusals *refusals, const struct refusal *one, struct err *err)
{
	if (refusals->count == refusals->capacity) {
		size_t capacity = refusals->capacity == 0 ? KINDS_FIRST : 2 * refusals->capacity;
		struct refusal *items = realloc(refusals->items, capacity * sizeof *items);

		if (!items)
			return err_set(err, ERR_FATAL, "memory", "no memory for so many kinds of refusals");
		refusals->items = items;
		refusals->capacity = capacity;
	}
	refusals->items[refusals->count++] = *one;
	return 0;
}

static int add(struct refusals *refusals, const struct refusal *one, struct err *err)
{
	for (size_t i = 0; i < refusals->count; i++) {
		struct refusal *item = &refusals->items[i];

		if (!is_same_kind(item, one))
			continue;
		item->count += one->count;
		if (strcmp(one->first, item->first) < 0)
			memcpy(item->first, one->first, sizeof item->first);
		if (strcmp(one->last, item->last) > 0)
			memcpy(item->last, one->last, sizeof item->last);
		return 0;
	}
	if (refusals->count == KINDS_MAX)
		return err_set(err, ERR_FULL, "kinds", "more than %d kinds of refusals: ask for one board or code",
			       KINDS_MAX);
	return append(refusals, one, err);
}

static int compare(const void *a, const void *b)
{
	const struct refusal *left = a, *right = b;
	int by_time = strcmp(right->last, left->last);

	return by_time != 0 ? by_time : strcmp(left->board, right->board);
}

static int read_lines(struct refusals *refusals, FILE *from, const char *name, struct err *err)
{
	char line[LINE_BYTES_MAX];
	struct refusal one;
	int rc = 0;

	while (rc == 0 && fgets(line, sizeof line, from))
		if (read_refusal(line, &one) && is_asked_for(refusals, &one))
			rc = add(refusals, &one, err);
	if (rc == 0 && ferror(from))
		rc = err_set(err, ERR_DATA, "file", "%s cannot be read to its end", name);
	return rc;
}

static int read_file(struct refusals *refusals, const char *path, struct err *err)
{
	FILE *file = fopen(path, "re");

	if (!file)
		return err_set(err, ERR_DATA, "file", "%s cannot be read: %s", path, strerror(errno));
	int rc = read_lines(refusals, file, path, err);

	fclose(file);
	return rc;
}

static int print(struct ctl *ctl, struct refusals *refusals, struct err *err)
{
	CLEANUP(output_release) struct output out = { 0 };

	if (refusals->count > 0)
		qsort(refusals->items, refusals->count, sizeof *refusals->items, compare);
	output_init(&out, ctl->output, COLUMNS, ARRAY_LEN(COLUMNS));
	for (size_t i = 0; i < refusals->count; i++) {
		const struct refusal *one = &refusals->items[i];
		struct slice sender = slice_of(one->sender);

		if (one->board[0])
			output_text(&out, slice_of(one->board));
		else
			output_absent(&out);
		output_number(&out, (int64_t)one->status);
		output_text(&out, slice_of(one->code));
		if (one->sender[0])
			output_text(&out, sender);
		else
			output_absent(&out);
		output_text(&out, slice_make(sender.p, MIN(sender.n, (size_t)WIDE_BYTES)));
		output_number(&out, (int64_t)one->count);
		output_text(&out, slice_of(one->first));
		output_text(&out, slice_of(one->last));
	}
	return output_print(&out, stdout, err);
}

int run_refusals(struct ctl *ctl)
{
	struct refusals refusals = { .board = ctl->options[OPTION_BOARD], .code = ctl->options[OPTION_CODE] };
	char since[TIME_BYTES];
	struct err err = { 0 };
	uint32_t board = 0;
	int32_t day = 0;
	bool has_board;
	int rc = 0;

	if (!question_board(ctl, &board, &has_board))
		return ctl_usage("--board is a number of 5 digits");
	if (!question_day(ctl, OPTION_SINCE, &day))
		return ctl_usage("a day is EEJJ-MM-DD, and begins at midnight UTC");
	if (day != 0) {
		snprintf(since, sizeof since, "%04d-%02d-%02dT", day / 10000, day / 100 % 100, day % 100);
		refusals.since = since;
	}
	if (ctl->argument_count == 0)
		rc = read_lines(&refusals, stdin, "stdin", &err);
	for (size_t i = 0; rc == 0 && i < ctl->argument_count; i++)
		rc = read_file(&refusals, ctl->arguments[i], &err);
	if (rc == 0)
		rc = print(ctl, &refusals, &err);
	free(refusals.items);
	return rc == 0 ? 0 : ctl_fail(&err);
}
