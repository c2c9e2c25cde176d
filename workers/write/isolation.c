#include "write/isolation.h"

#include "base/log.h"
#include "run/crash.h"
#include "write/register_targets.h"

enum { SEARCHES_MAX = 2 }; /* that prove nothing; then we wait for the register */

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
	bool is_limit; /* the last trial that failed met a limit of the server, SQLSTATE 54 */
	enum transaction_end end;
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
		.bad = arena_take_zeroed(isolation->arena, bytes, 1),
		.refused = arena_take_zeroed(isolation->arena, bytes, 1),
		.groups = arena_take(isolation->arena, classes.n, sizeof(uint32_t)),
		.end = TRANSACTION_TRIED,
	};
	if (!search->groups || !search->refused || !search->bad)
		return batch_full(err);
	for (size_t i = 0; i < classes.n; i++)
		if (classes.p[i] == VERDICT_CANDIDATE || classes.p[i] == VERDICT_WITHDRAW)
			search->groups[search->count++] = (uint32_t)i;
	return 0;
}

/* A trial that found the cursor moved ends the search. */
static bool is_over(const struct search *search, int rc)
{
	return rc != 0 || search->end == TRANSACTION_FENCED;
}

/* *ret_can: with this refused the message can be stored. */
static int try_with(struct search *search, struct refusal refusal, bool *ret_can, struct err *err)
{
	search->message->refusal = refusal;
	int rc = run_one(search->isolation, search->message, search->move, true, &search->end, err);

	search->message->refusal = (struct refusal){ 0 }; /* a broken line must not leave it behind */
	*ret_can = rc == 0;
	if (rc != -ERR_DATA)
		return rc;
	search->is_limit = strncmp(err->code, "54", 2) == 0;
	return 0;
}

/* *ret_can: with no other writing teacher than these the message can be stored. */
static int try_only(struct search *search, size_t low, size_t high, bool *ret_can, struct err *err)
{
	memset(search->refused, 0, bits_bytes(search->message->verdict.classes.n));
	for (size_t i = 0; i < search->count; i++)
		if (i < low || i >= high)
			bit_set(search->refused, search->groups[i]);
	return try_with(search, (struct refusal){ .groups = search->refused }, ret_can, err);
}

/* Marks as bad those of [low, high) that fail alone. */
static int halve(struct search *search, size_t low, size_t high, struct err *err)
{
	bool can;

	if (low == high)
		return 0;
	int rc = try_only(search, low, high, &can, err);

	if (is_over(search, rc) || can)
		return rc;
	if (high - low == 1) {
		bit_set(search->bad, search->groups[low]);
		search->bad_count++;
		return 0;
	}
	size_t middle = low + (high - low) / 2;

	rc = halve(search, low, middle, err);
	return is_over(search, rc) ? rc : halve(search, middle, high, err);
}

/* *ret_all: each of the bad ones fails once more. */
static int try_bad_again(struct search *search, bool *ret_all, struct err *err)
{
	bool can = false;
	int rc = 0;

	for (size_t i = 0; i < search->count && !can && !is_over(search, rc); i++)
		if (bit_is_set(search->bad, search->groups[i]))
			rc = try_only(search, i, i + 1, &can, err);
	*ret_all = !can;
	return rc;
}

/* Steps 4 and 5. *ret_rest: without the bad ones the message can be stored; *ret_proven: and they are to blame. */
static int prove_bad(struct search *search, bool *ret_rest, bool *ret_proven, struct err *err)
{
	bool all = false;
	int rc = try_with(search, (struct refusal){ .groups = search->bad }, ret_rest, err);

	*ret_proven = false;
	if (is_over(search, rc) || !*ret_rest)
		return rc;
	rc = try_bad_again(search, &all, err);
	*ret_proven = all && !(search->is_limit && search->bad_count == search->count);
	return rc;
}

/* Step 6. with_teachers: those that must fail again, all or none. */
static int find_whole(struct search *search, size_t with_teachers, bool *ret_proven, struct err *err)
{
	bool can_without, can_again = true;
	int rc = try_with(search, (struct refusal){ .is_whole = true }, &can_without, err);

	*ret_proven = false;
	if (is_over(search, rc) || !can_without)
		return rc;
	rc = try_only(search, 0, with_teachers, &can_again, err);
	*ret_proven = !is_over(search, rc) && !can_again && !search->is_limit;
	return rc;
}

/* Who is to blame, if anybody is: then *ret says so. */
static int find_refusal(struct search *search, struct refusal *ret, struct err *err)
{
	bool can, has_rest = false, is_proven = false;
	int rc = try_only(search, 0, 0, &can, err);

	*ret = (struct refusal){ 0 };
	if (is_over(search, rc))
		return rc;
	if (!can)
		return find_whole(search, 0, &ret->is_whole, err);
	rc = halve(search, 0, search->count, err);
	if (is_over(search, rc))
		return rc;
	if (search->bad_count > 0)
		rc = prove_bad(search, &has_rest, &is_proven, err);
	if (is_over(search, rc) || has_rest) {
		ret->groups = is_proven ? search->bad : NULL;
		return rc;
	}
	/* each alone is well, together they are not */
	return find_whole(search, search->count, &ret->is_whole, err);
}

static void log_refused(const struct search *search, const char *code)
{
	const struct message *message = search->message;
	bool is_whole = message->refusal.is_whole;

	log_event(LOG_ERROR, "message.refused",
		  "partition=%d offset=%lld scope=%s teachers=%zu code=%s why=%s effect=%s", message->partition,
		  (long long)message->verdict.raw_offset, is_whole ? "message" : "teacher",
		  is_whole ? 0 : search->bad_count, LOG_QUOTED(code),
		  LOG_QUOTED("the register refuses its content, twice, and takes the rest"),
		  LOG_QUOTED("quarantaine, and the cache forgets"));
}

/* Gives the message the refusal that is proven, if one is. */
static int refuse(struct isolation *isolation, struct message *message, const struct cursor_move *move,
		  enum transaction_end *ret, struct err *err)
{
	size_t mark = isolation->arena->used_bytes;
	struct refusal refusal = { 0 };
	char code[sizeof err->code];
	struct search search = { .end = TRANSACTION_TRIED };

	snprintf(code, sizeof code, "%s", err->code);
	int rc = register_targets_check(&isolation->transaction->session, err);

	if (rc == 0)
		rc = search_init(&search, isolation, message, move, err);
	if (rc == 0)
		rc = find_refusal(&search, &refusal, err);
	if (!is_over(&search, rc))
		rc = register_targets_check(&isolation->transaction->session, err); /* nor while it was searched */
	*ret = search.end;
	if (is_over(&search, rc) || (!refusal.is_whole && !refusal.groups)) {
		isolation->arena->used_bytes = mark; /* it may be searched again */
		return rc;
	}
	message->refusal = refusal;
	log_refused(&search, code);
	return 0;
}

/* One message with the refusal it has; looks for one when it fails by its data. */
static int store_one(struct isolation *isolation, struct message *message, const struct cursor_move *move,
		     enum transaction_end *ret, struct err *err)
{
	char code[sizeof err->code];

	for (int searches = 0;; searches++) {
		int rc = run_one(isolation, message, move, false, ret, err);

		if (rc != -ERR_DATA)
			return rc;
		snprintf(code, sizeof code, "%s", err->code);
		message->refusal = (struct refusal){ 0 }; /* what was proven before is not all of it */
		if (searches == SEARCHES_MAX)
			break;
		crash_point("write.isolating");
		rc = refuse(isolation, message, move, ret, err);
		if (rc != 0 || *ret == TRANSACTION_FENCED)
			return rc;
	}
	return err_set(err, ERR_RETRY, code,
		       "the register refuses raw message %lld of partition %d (SQLSTATE %s), "
		       "but no teacher of it is to blame: it is a condition of the register",
		       (long long)message->verdict.raw_offset, message->partition, code);
}

int isolation_run(struct isolation *isolation, struct message **messages, const struct cursor_move *moves, size_t count,
		  size_t *ret_done, enum transaction_end *ret, struct err *err)
{
	for (*ret_done = 0; *ret_done < count; ++*ret_done) {
		int rc = store_one(isolation, messages[*ret_done], &moves[*ret_done], ret, err);

		if (rc == -ERR_FULL)
			return err_set(err, ERR_FATAL, "batch.arena",
				       "one message needs more memory than batch.arena.max");
		if (rc != 0 || *ret == TRANSACTION_FENCED)
			return rc;
		isolation->committed(isolation->self, &messages[*ret_done], 1, &moves[*ret_done], 1);
	}
	return 0;
}
