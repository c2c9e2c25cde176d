#include "gateway/refusal_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/access_grant.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { KINDS_MAX = 512, CODE_BYTES = 16, PAUSE_MS = 60000, TIME_BYTES = 32, BOARD_BYTES = 12 };

struct kind {
	unsigned status;
	uint32_t board;
	char code[CODE_BYTES];
	char sender[SPEAKER_REFERENCE_BYTES];
	int64_t count; /* not logged yet */
	int64_t first_ms, last_ms;
	int64_t due_ms; /* when it may be logged again */
};

static struct kind kinds[KINDS_MAX];
static size_t kind_count;

static bool is_kind(const struct kind *kind, unsigned status, const char *code, uint32_t board, const char *sender)
{
	return kind->status == status && kind->board == board && strcmp(kind->code, code) == 0 &&
	       strcmp(kind->sender, sender) == 0;
}

/* The last place is for those that find none. */
static struct kind *find(unsigned status, const char *code, uint32_t board, const char *sender)
{
	for (size_t i = 0; i < kind_count; i++)
		if (is_kind(&kinds[i], status, code, board, sender))
			return &kinds[i];
	if (kind_count == KINDS_MAX)
		return &kinds[KINDS_MAX - 1];
	struct kind *kind = &kinds[kind_count++];

	*kind = (struct kind){ .status = status, .board = board };
	if (kind_count == KINDS_MAX) {
		code = "other";
		sender = "-";
		kind->status = 0;
		kind->board = 0;
	}
	snprintf(kind->code, sizeof kind->code, "%s", code);
	snprintf(kind->sender, sizeof kind->sender, "%s", sender);
	return kind;
}

static const char *time_text(int64_t ms, char text[TIME_BYTES])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts;

	if (!gmtime_r(&seconds, &parts) || strftime(text, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		text[0] = '\0';
	return text;
}

static void log_kind(struct kind *kind)
{
	char first[TIME_BYTES], last[TIME_BYTES], board[BOARD_BYTES] = "-";

	if (kind->board > 0)
		snprintf(board, sizeof board, "%05u", kind->board);
	log_event(LOG_INFO, "sender.refused", "status=%u code=%s board=%s sender=%s count=%lld first=%s last=%s",
		  kind->status, kind->code, board, LOG_QUOTED(kind->sender), (long long)kind->count,
		  time_text(kind->first_ms, first), time_text(kind->last_ms, last));
	kind->count = 0;
	kind->due_ms = clock_ms() + PAUSE_MS;
}

void refusal_log_note(unsigned status, const char *code, uint32_t board, const char *sender)
{
	struct kind *kind = find(status, code, board, sender && sender[0] ? sender : "-");

	kind->last_ms = clock_wall_ms();
	if (kind->count++ == 0)
		kind->first_ms = kind->last_ms;
	if (clock_ms() >= kind->due_ms)
		log_kind(kind);
}

void refusal_log_poll(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < kind_count; i++) {
		bool is_due = clock_ms() >= kinds[i].due_ms;

		if (is_due && kinds[i].count == 0)
			continue; /* a quiet minute: its next refusal is a first one */
		if (is_due)
			log_kind(&kinds[i]);
		if (kept != i)
			kinds[kept] = kinds[i];
		kept++;
	}
	kind_count = kept;
}

void refusal_log_flush(void)
{
	for (size_t i = 0; i < kind_count; i++)
		if (kinds[i].count > 0)
			log_kind(&kinds[i]);
	kind_count = 0;
}
