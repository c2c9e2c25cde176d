#include "write_log.h"

static uint64_t seed_state;

static int below(int n)
{
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 7;
	seed_state ^= seed_state << 17;
	return (int)((seed_state >> 16) % (uint64_t)n);
}

static bool one_in(int n)
{
	return below(n) == 0;
}

static enum verdict_class classify(const struct cache_board *cache, const struct fake_delivered *delivered, int t,
				   int content)
{
	if (one_in(12))
		return VERDICT_REJECTED;
	if (one_in(50))
		return VERDICT_QUARANTINE;
	if (delivered->kind == DELIVERY_INTREKKING)
		return VERDICT_WITHDRAW;
	if (!delivered->is_dry_run && delivered->sequence > cache->max && cache->content[t] == content &&
	    cache->sequence[t] >= cache->full && !one_in(8))
		return VERDICT_UNCHANGED;
	return VERDICT_CANDIDATE;
}

static void fold(struct cache_board *cache, const struct fake_delivered *delivered, const struct fake_group *groups,
		 size_t count)
{
	int64_t q = delivered->sequence;

	if (delivered->is_dry_run)
		return;
	for (size_t i = 0; i < count; i++) {
		int t = groups[i].teacher;

		if (t < 0 || groups[i].class == VERDICT_REJECTED || groups[i].class == VERDICT_QUARANTINE)
			continue;
		bool is_certain = groups[i].class != VERDICT_WITHDRAW && q > cache->max;

		cache->content[t] = is_certain ? groups[i].content : 0;
		cache->sequence[t] = is_certain ? q : 0;
	}
	if (delivered->kind == DELIVERY_VOLLEDIG)
		cache->full = MAX(cache->full, q);
	cache->max = MAX(cache->max, q);
}

static void add_refusals(struct message *message)
{
	static uint8_t bits[LOG_MESSAGES_MAX * 4][4];
	static size_t used;

	message->refusal.is_whole = one_in(40);
	if (!one_in(6))
		return;
	uint8_t *groups = bits[used++ % ARRAY_LEN(bits)];

	memset(groups, 0, sizeof bits[0]);
	for (size_t g = 0; g < message->verdict.classes.n; g++)
		if (one_in(6))
			bit_set(groups, g);
	message->refusal.groups = groups;
}

static void make_delivery(struct log *log, const struct fake_delivered *delivered)
{
	struct fake_group groups[FAKE_TEACHERS + 2];
	struct cache_board *cache = &log->cache[delivered->board];
	int *content = log->content[delivered->board];
	int leave_out = delivered->kind == DELIVERY_VOLLEDIG ? 10 + below(20) : 2;
	size_t count = 0;

	for (int t = 0; t < FAKE_TEACHERS; t++) {
		bool is_in = delivered->kind == DELIVERY_INTREKKING ? one_in(6) : !one_in(leave_out);

		if (!is_in)
			continue;
		if (one_in(10) || content[t] == 0)
			content[t] = 1 + below(3);
		groups[count++] =
			(struct fake_group){ t, classify(cache, delivered, t, content[t]), content[t], 1 + below(3) };
	}
	if (one_in(12) || count == 0)
		groups[count++] = (struct fake_group){ -1, VERDICT_REJECTED, 0, 1 };
	struct message *message = fake_delivery(delivered, groups, count);

	if (one_in(40)) {
		int32_t lines = message->verdict.header.line_count;
		struct message *unread = fake_delivery(delivered, NULL, 0);

		unread->verdict.header = message->verdict.header;
		unread->verdict.body_unreadable = true;
		unread->verdict.unreadable_lines = lines;
		message = unread;
		count = 0;
	} else {
		add_refusals(message);
	}
	fold(cache, delivered, groups, count);
	log->messages[log->count++] = message;
}

static void make_new_delivery(struct log *log)
{
	struct fake_delivered delivered = { .board = below(FAKE_BOARDS), .id = 100 + (int)log->delivered_count };
	int kind = below(20);

	log->base[delivered.board] += one_in(4) ? 2 : 1;
	delivered.sequence = log->base[delivered.board];
	if (one_in(4))
		delivered.sequence = 1 + below((int)delivered.sequence + 1);
	delivered.kind = kind < 3 ? DELIVERY_INTREKKING : kind < 12 ? DELIVERY_VOLLEDIG : DELIVERY_MUTATIE;
	delivered.is_dry_run = one_in(10);
	log->delivered[log->delivered_count++] = delivered;
	make_delivery(log, &delivered);
}

static void make_message(struct log *log)
{
	int k = below(20);
	const struct fake_delivered *old = log->delivered_count > 0 ? &log->delivered[below((int)log->delivered_count)]
								    : NULL;

	if (!old || k < 14) {
		make_new_delivery(log);
	} else if (k < 16) {
		make_delivery(log, old);
	} else if (k < 19) {
		log->messages[log->count++] = fake_confirm(old->board, old->id);
	} else {
		struct cache_board *cache = &log->cache[old->board];
		int t = below(FAKE_TEACHERS);

		cache->content[t] = 0;
		log->messages[log->count++] = fake_forget(old->board);
	}
}

void log_make(struct log *log, uint64_t seed)
{
	fake_messages_reset();
	memset(log, 0, sizeof *log);
	seed_state = seed * 0x9E3779B97F4A7C15u + 1;
	for (int length = 4 + below(LOG_MESSAGES_MAX - 4); log->count < (size_t)length;)
		make_message(log);
}

int log_random(int low, int high)
{
	return low + below(high - low + 1);
}
