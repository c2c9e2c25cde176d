#include "write/isolation.h"

#include "base/log.h"
#include "run/crash.h"

/* The groups of one message that write a teacher, and what is known of them. */
struct search {
	struct isolation *isolation;
	struct message *message;
	const struct cursor_move *move;
	uint32_t *groups; /* that write */
	size_t count;
	uint8_t *refused; /* bit set by group: for the trial under way */
	uint8_t *bad;	  /* found so far */
	size_t bad_count;
};

static int run_one(struct isolation *isolation, struct message *message, const struct cursor_move *move, bool is_trial,
		   enum transaction_end *ret, struct err *err)
{
	struct transaction_work work = { &message, 1, move, 1, is_trial };

	return transaction_run(isolation->transaction, &work, ret, err);
}

static int search_init(struct search *search, struct isolation *isolation, struct message *message,
		       const struct cursor_move *move, struct err *err)
{
	struct slice classes = message->verdict.classes;
	size_t bytes = bits_bytes(classes.n);

	*search = (struct search){
		.isolation = isolation,
		.message = message,
		.move = move,
		.groups = arena_take(isolation->arena, classes.n, sizeof(uint32_t)),
		.refused = arena_take_zeroed(isolation->arena, bytes, 1),
		.bad = arena_take_zeroed(isolation->arena, bytes, 1),
	};
	if (!search->groups || !search->refused || !search->bad)
		return batch_full(err);
	for (size_t i = 0; i < classes.n; i++)
		if (classes.p[i] == VERDICT_CANDIDATE || classes.p[i] == VERDICT_WITHDRAW)
			search->groups[search->count++] = (uint32_t)i;
	return 0;
}

/* *ret_can: with no other writing teacher than these the message can be stored. */
static int try_to_store(struct search *search, size_t low, size_t high, bool *ret_can, enum transaction_end *ret,
			struct err *err)
{
	memset(search->refused, 0, bits_bytes(search->message->verdict.classes.n));
	for (size_t i = 0; i < search->count; i++)
		if (i < low || i >= high)
			bit_set(search->refused, search->groups[i]);
	search->message->refusal.groups = search->refused;
	int rc = run_one(search->isolation, search->message, search->move, true, ret, err);

	*ret_can = rc == 0;
	return rc == -ERR_DATA ? 0 : rc;
}

/* Marks the bad ones among [low, high). *ret is FENCED when a trial found the cursor moved. */
static int halve(struct search *search, size_t low, size_t high, enum transaction_end *ret, struct err *err)
{
	bool can;

	if (low == high)
		return 0;
	int rc = try_to_store(search, low, high, &can, ret, err);

	if (rc != 0 || can || *ret == TRANSACTION_FENCED)
		return rc;
	if (high - low == 1) {
		bit_set(search->bad, search->groups[low]);
		search->bad_count++;
		return 0;
	}
	size_t middle = low + (high - low) / 2;

	rc = halve(search, low, middle, ret, err);
	return rc != 0 || *ret == TRANSACTION_FENCED ? rc : halve(search, middle, high, ret, err);
}

static void log_refused(const struct message *message, const char *what, size_t teachers)
{
	log_event(LOG_ERROR, "message.refused", "partition=%d offset=%lld scope=%s teachers=%zu why=%s effect=%s",
		  message->partition, (long long)message->verdict.raw_offset, what, teachers,
		  LOG_QUOTED("the register cannot store it"), LOG_QUOTED("quarantaine, and the cache forgets"));
}

/* Finds the teachers to refuse, or refuses the whole message. */
static int find_refusal(struct isolation *isolation, struct message *message, const struct cursor_move *move,
			enum transaction_end *ret, struct err *err)
{
	struct search search;
	bool can = false;
	int rc = search_init(&search, isolation, message, move, err);

	*ret = TRANSACTION_TRIED;
	if (rc == 0)
		rc = try_to_store(&search, 0, 0, &can, ret, err);
	message->refusal.groups = NULL; /* of the trial: a broken line must not leave it behind */
	if (rc != 0 || *ret == TRANSACTION_FENCED)
		return rc;
	if (can) { /* without its teachers it goes in: they are to blame */
		*ret = TRANSACTION_TRIED;
		rc = halve(&search, 0, search.count, ret, err);
		message->refusal.groups = NULL;
		if (rc != 0 || *ret == TRANSACTION_FENCED)
			return rc;
	}
	if (search.bad_count > 0)
		message->refusal.groups = search.bad;
	else
		message->refusal.is_whole = true;
	log_refused(message, message->refusal.is_whole ? "message" : "teacher", search.bad_count);
	return 0;
}

/* One message with the refusal it has; looks for one when it fails by its data. */
static int store_one(struct isolation *isolation, struct message *message, const struct cursor_move *move,
		     enum transaction_end *ret, struct err *err)
{
	int rc = run_one(isolation, message, move, false, ret, err);

	if (rc == -ERR_DATA && !message->refusal.groups && !message->refusal.is_whole) {
		crash_point("write.isolating");
		rc = find_refusal(isolation, message, move, ret, err);
		if (rc == 0 && *ret != TRANSACTION_FENCED)
			rc = run_one(isolation, message, move, false, ret, err);
	}
	if (rc == -ERR_DATA && !message->refusal.is_whole) { /* each alone is well, together they are not */
		message->refusal = (struct refusal){ .is_whole = true };
		log_refused(message, "message", 0);
		rc = run_one(isolation, message, move, false, ret, err);
	}
	if (rc == -ERR_DATA)
		err->kind = ERR_FATAL; /* not even its ledger row: the register is not what we think */
	return rc == -ERR_DATA ? -ERR_FATAL : rc;
}

int isolation_run(struct isolation *isolation, struct message **messages, const struct cursor_move *moves, size_t count,
		  size_t *ret_done, enum transaction_end *ret, struct err *err)
{
	for (*ret_done = 0; *ret_done < count; ++*ret_done) {
		int rc = store_one(isolation, messages[*ret_done], &moves[*ret_done], ret, err);

		if (rc == -ERR_FULL)
			return err_set(err, ERR_FATAL, "batch.arena", "one message needs more memory than batch.arena.max");
		if (rc != 0 || *ret == TRANSACTION_FENCED)
			return rc;
		isolation->committed(isolation->self, &messages[*ret_done], 1, &moves[*ret_done], 1);
	}
	return 0;
}
