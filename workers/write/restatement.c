/* How a message of replay changes a delivery:
 *
 *   1. read both: the delivery's lines as they stand, and the message's. If either does not hold together: UNFIT
 *   2. match lines by their record number, which a replay keeps. A line may be decided again if it stands as afgekeurd
 *      or quarantaine, and the message has it for the same teacher. A delivery from before a rotation lists teachers by
 *      old keys: there the lines say who is who, as a replay brings the delivery's own lines (list_keys)
 *   3. scope: a teacher is decided as a whole or not at all (specification 1, fotoprincipe). The message must bring
 *      every line that stands for him, else he keeps what he has. A line whose teacher could not be identified is its
 *      own group. Of a body that could not be read nobody was identified, so a replay of it must bring all lines
 *   4. decision_make for the groups in scope
 *   5. write the delivery anew in memory: keys, lines, outcomes and counts of both, merged */
#include "write/restatement.h"

#include "wire/gen/feedback.h"
#include "write/decision.h"

#include <assert.h>

enum {
	FEEDBACK_BYTES_MAX = 64 << 20, /* no message is larger */
	FIRST_RECORD = 2,	       /* specification 3.1 */
};

static bool may_change(uint8_t outcome)
{
	enum outcome counted = outcome_counted_as((enum outcome)outcome);

	return counted == OUTCOME_AFGEKEURD || counted == OUTCOME_QUARANTAINE;
}

/* ---- lines ---- */

/* Of a body that could not be read: numbers and one group. */
static int make_lines(struct arena *arena, const struct standing *standing, struct wire_feedback *ret, struct err *err)
{
	ret->lines.count = (size_t)standing->line_count;
	ret->lines.items = arena_take_zeroed(arena, ret->lines.count, sizeof *ret->lines.items);
	if (!ret->lines.items)
		return batch_full(err);
	for (size_t i = 0; i < ret->lines.count; i++)
		ret->lines.items[i].record_number = (int32_t)i + FIRST_RECORD;
	return 0;
}

static bool rules_are_known(const struct wire_feedback_line *line)
{
	for (size_t i = 0; i < line->findings.count; i++) {
		int32_t letter = (line->findings.items[i].rule >> 8) - 'A',
			number = line->findings.items[i].rule & 0xff;

		if (letter < 0 || letter >= RULE_LETTERS || number >= RULE_NUMBERS)
			return false;
	}
	return true;
}

/* Record numbers rise, groups exist, rules have a place to be counted in. */
static bool lines_are_good(const struct wire_feedback *feedback, int64_t line_count, size_t group_count)
{
	int32_t record_number = 0;

	if ((int64_t)feedback->lines.count != line_count)
		return false;
	for (size_t i = 0; i < feedback->lines.count; i++) {
		const struct wire_feedback_line *line = &feedback->lines.items[i];

		if (line->record_number <= record_number || line->group < 0 || (size_t)line->group >= group_count ||
		    !rules_are_known(line))
			return false;
		record_number = line->record_number;
	}
	return true;
}

/* *ret_are_good: both stand in *before and *after. Otherwise one is not what validator or writer should have made. */
static int read_lines(struct arena *arena, const struct message *message, struct wire_feedback *before,
		      struct wire_feedback *after, bool *ret_are_good, struct err *err)
{
	const struct standing *standing = message->standing;
	const struct wire_verdict *verdict = &message->verdict;
	int rc = standing->has_feedback ? wire_feedback_decode(standing->feedback, arena, before, err)
					: make_lines(arena, standing, before, err);

	if (rc == 0)
		rc = wire_feedback_decode(verdict->feedback, arena, after, err);
	*ret_are_good = false;
	if (rc == -ERR_DATA)
		return 0;
	if (rc != 0)
		return batch_full(err);
	*ret_are_good = lines_are_good(before, standing->line_count, standing->group_count) &&
			keys_count(standing->keys) <= standing->group_count &&
			lines_are_good(after, verdict->header.line_count, verdict->classes.n);
	return 0;
}

/* ---- listed keys ---- */

/* The message's teachers by the keys under which the delivery's list has them. */
struct listed_keys {
	const uint8_t **keys; /* by readable group */
	uint32_t *order;      /* readable groups, rising by those */
	size_t count;
};

static const struct wire_feedback_line *find_line(const struct wire_feedback *feedback, int32_t record_number,
						  size_t *at)
{
	while (*at < feedback->lines.count && feedback->lines.items[*at].record_number < record_number)
		++*at;
	return *at < feedback->lines.count && feedback->lines.items[*at].record_number == record_number
		       ? &feedback->lines.items[*at]
		       : NULL;
}

/* Gives each group of the message the key of the group that has its lines in the delivery. Lines of several teachers
 * there, or a teacher of several groups, are no replay of ours: is_same_teacher will see that they differ. */
static void list_by_lines(const struct message *message, const struct wire_feedback *before,
			  const struct wire_feedback *after, struct listed_keys *listed)
{
	struct slice keys = message->standing->keys;
	size_t at = 0;

	for (size_t i = 0; i < after->lines.count; i++) {
		const struct wire_feedback_line *line = &after->lines.items[i];
		const struct wire_feedback_line *standing = find_line(before, line->record_number, &at);

		if (standing && (size_t)line->group < listed->count && (size_t)standing->group < keys_count(keys))
			listed->keys[line->group] = keys_at(keys, (size_t)standing->group);
	}
}

static int compare_listed(const void *a, const void *b, void *keys)
{
	const uint8_t *const *listed = keys;

	return memcmp(listed[*(const uint32_t *)a], listed[*(const uint32_t *)b], TEACHER_KEY_BYTES);
}

/* Two groups under one key: the second keeps its own, which is in no list of old keys. */
static void separate_equals(struct slice own_keys, struct listed_keys *listed)
{
	for (size_t i = 1; i < listed->count; i++)
		if (compare_listed(&listed->order[i - 1], &listed->order[i], listed->keys) == 0)
			listed->keys[listed->order[i]] = keys_at(own_keys, listed->order[i]);
}

static void sort_listed(struct listed_keys *listed)
{
	if (listed->count > 1)
		qsort_r(listed->order, listed->count, sizeof *listed->order, compare_listed, listed->keys);
}

static int list_keys(struct arena *arena, const struct message *message, const struct wire_feedback *before,
		     const struct wire_feedback *after, struct listed_keys *ret, struct err *err)
{
	struct slice keys = message->verdict.keys;

	ret->count = keys_count(keys);
	ret->keys = arena_take(arena, ret->count, sizeof *ret->keys);
	ret->order = arena_take(arena, ret->count, sizeof *ret->order);
	if (!ret->keys || !ret->order)
		return batch_full(err);
	for (size_t group = 0; group < ret->count; group++) {
		ret->keys[group] = keys_at(keys, group);
		ret->order[group] = (uint32_t)group;
	}
	if (!message->standing->has_old_keys)
		return 0;
	list_by_lines(message, before, after, ret);
	sort_listed(ret);
	separate_equals(keys, ret);
	sort_listed(ret);
	return 0;
}

/* ---- scope ---- */

struct scope {
	const struct message *message;
	const struct listed_keys *listed;
	uint8_t *groups;    /* bit set: decided, as far as is known */
	uint32_t *standing; /* by standing group: its lines */
	uint32_t *brought;  /* of them, those the message brings for the same teacher */
};

static bool is_same_teacher(const struct scope *scope, int32_t group, int32_t standing_group)
{
	return (size_t)group < scope->listed->count &&
	       memcmp(scope->listed->keys[group], keys_at(scope->message->standing->keys, (size_t)standing_group),
		      TEACHER_KEY_BYTES) == 0;
}

/* Whether the line as it stands lets this group decide it. */
static bool may_take(const struct scope *scope, int32_t group, int32_t standing_group)
{
	const struct standing *standing = scope->message->standing;

	if (!may_change(standing->outcomes[standing_group]))
		return false;
	return (size_t)standing_group >= keys_count(standing->keys) || is_same_teacher(scope, group, standing_group);
}

static void match_lines(struct scope *scope, const struct wire_feedback *before, const struct wire_feedback *after)
{
	size_t at = 0;

	for (size_t i = 0; i < before->lines.count; i++)
		scope->standing[before->lines.items[i].group]++;
	for (size_t i = 0; i < after->lines.count; i++) {
		const struct wire_feedback_line *line = &after->lines.items[i];

		while (at < before->lines.count && before->lines.items[at].record_number < line->record_number)
			at++;
		bool is_there = at < before->lines.count &&
				before->lines.items[at].record_number == line->record_number;

		if (is_there && may_take(scope, line->group, before->lines.items[at].group))
			scope->brought[before->lines.items[at].group]++;
		else
			bit_clear(scope->groups, (size_t)line->group);
	}
}

/* A teacher keeps what he has if lines of his stand that the message does not bring. */
static void match_teachers(struct scope *scope)
{
	const struct standing *standing = scope->message->standing;
	size_t at;

	for (size_t group = 0; group < scope->listed->count; group++)
		if (keys_find(standing->keys, scope->listed->keys[group], &at) &&
		    scope->brought[at] != scope->standing[at])
			bit_clear(scope->groups, group);
}

/* Groups the message decides, as a bit set, and how many lines they hold. */
static int find_scope(struct arena *arena, const struct message *message, const struct listed_keys *listed,
		      const struct wire_feedback *before, const struct wire_feedback *after, uint8_t **ret_groups,
		      int64_t *ret_lines, struct err *err)
{
	size_t count = message->verdict.classes.n;
	struct scope scope = {
		.message = message,
		.listed = listed,
		.groups = arena_take_zeroed(arena, bits_bytes(count), 1),
		.standing = arena_take_zeroed(arena, message->standing->group_count, sizeof(uint32_t)),
		.brought = arena_take_zeroed(arena, message->standing->group_count, sizeof(uint32_t)),
	};

	if (!scope.groups || !scope.standing || !scope.brought)
		return batch_full(err);
	*ret_groups = scope.groups;
	*ret_lines = 0;
	if (!message->standing->has_feedback && after->lines.count != before->lines.count)
		return 0;
	for (size_t group = 0; group < count; group++)
		bit_set(scope.groups, group);
	match_lines(&scope, before, after);
	match_teachers(&scope);
	for (size_t group = 0; group < count; group++)
		*ret_lines += bit_is_set(scope.groups, group) ? message->verdict.group_lines.items[group] : 0;
	return 0;
}

/* ---- restating ---- */

struct restatement {
	const struct message *message;
	const struct listed_keys *listed;
	const struct wire_feedback *before, *after;
	uint32_t *standing_to; /* index in the new keys, by standing readable group */
	uint32_t *decided_to;  /* the same by readable group of the message, of those decided */
	struct wire_feedback lines;
	struct restated *restated;
	size_t key_count;
};

static bool is_decided(const struct restatement *restatement, size_t group)
{
	return bit_is_set(restatement->message->scope, group);
}

static int restatement_init(struct restatement *restatement, struct arena *arena, const struct message *message,
			    const struct listed_keys *listed, const struct wire_feedback *before,
			    const struct wire_feedback *after, struct err *err)
{
	size_t standing = keys_count(message->standing->keys), decided = keys_count(message->verdict.keys);

	*restatement = (struct restatement){
		.message = message,
		.listed = listed,
		.before = before,
		.after = after,
		.standing_to = arena_take(arena, standing, sizeof(uint32_t)),
		.decided_to = arena_take(arena, decided, sizeof(uint32_t)),
		.lines.lines.items = arena_take(arena, before->lines.count, sizeof *before->lines.items),
		.restated = arena_take_zeroed(arena, 1, sizeof *restatement->restated),
	};
	if (!restatement->standing_to || !restatement->decided_to || !restatement->lines.lines.items ||
	    !restatement->restated)
		return batch_full(err);
	/* at most: one group per key, and behind them one per line */
	restatement->restated->ledger.outcomes = arena_take(arena, standing + decided + before->lines.count, 1);
	restatement->restated->keys.p = arena_take(arena, standing + decided, TEACHER_KEY_BYTES);
	return restatement->restated->ledger.outcomes && restatement->restated->keys.p ? 0 : batch_full(err);
}

static uint32_t add_key(struct restatement *restatement, const uint8_t *key, uint8_t outcome)
{
	struct restated *restated = restatement->restated;
	size_t at = restatement->key_count++;

	memcpy((char *)(uintptr_t)restated->keys.p + at * TEACHER_KEY_BYTES, key, TEACHER_KEY_BYTES);
	restated->keys.n += TEACHER_KEY_BYTES;
	restated->ledger.outcomes[at] = outcome;
	return (uint32_t)at;
}

/* Whom the delivery named, and whom it names now: a later confirmation lets neither lapse. */
static void merge_keys(struct restatement *restatement)
{
	const struct standing *standing = restatement->message->standing;
	const struct listed_keys *listed = restatement->listed;
	const uint8_t *outcomes = restatement->message->ledger.outcomes;
	size_t i = 0, n = 0;

	while (i < keys_count(standing->keys) || n < listed->count) {
		size_t g = n < listed->count ? listed->order[n] : 0;
		int order = i == keys_count(standing->keys) ? 1
			    : n == listed->count
				    ? -1
				    : memcmp(keys_at(standing->keys, i), listed->keys[g], TEACHER_KEY_BYTES);
		bool is_new = order >= 0 && is_decided(restatement, g);

		if (order <= 0)
			restatement->standing_to[i] = add_key(restatement, keys_at(standing->keys, i),
							      is_new ? outcomes[g] : standing->outcomes[i]);
		else if (is_new)
			restatement->decided_to[g] = add_key(restatement, listed->keys[g], outcomes[g]);
		if (order == 0)
			restatement->decided_to[g] = restatement->standing_to[i];
		i += order <= 0;
		n += order >= 0;
	}
	restatement->restated->ledger.group_count = restatement->key_count;
}

/* The line with its new group. Lines whose teacher cannot be identified get one each, behind the keys, by record
 * number. */
static void add_line(struct restatement *restatement, const struct wire_feedback_line *line, bool is_replayed)
{
	const struct message *message = restatement->message;
	struct ledger *ledger = &restatement->restated->ledger;
	struct slice keys = is_replayed ? message->verdict.keys : message->standing->keys;
	struct wire_feedback_line *out = &restatement->lines.lines.items[restatement->lines.lines.count++];

	*out = *line;
	if ((size_t)line->group < keys_count(keys)) {
		out->group = (int32_t)(is_replayed ? restatement->decided_to : restatement->standing_to)[line->group];
		return;
	}
	out->group = (int32_t)ledger->group_count;
	ledger->outcomes[ledger->group_count++] =
		(is_replayed ? message->ledger.outcomes : message->standing->outcomes)[line->group];
	restatement->restated->unreadable_lines++;
}

static void merge_lines(struct restatement *restatement)
{
	size_t at = 0;

	for (size_t i = 0; i < restatement->before->lines.count; i++) {
		const struct wire_feedback_line *line = &restatement->before->lines.items[i], *after = NULL;

		while (at < restatement->after->lines.count &&
		       restatement->after->lines.items[at].record_number < line->record_number)
			at++;
		if (at < restatement->after->lines.count &&
		    restatement->after->lines.items[at].record_number == line->record_number)
			after = &restatement->after->lines.items[at];
		bool is_replayed = after && is_decided(restatement, (size_t)after->group);

		add_line(restatement, is_replayed ? after : line, is_replayed);
	}
}

/* ---- counting ---- */

typedef int32_t rule_lines[RULE_LETTERS][RULE_NUMBERS];

static void count_rule(rule_lines counts, int32_t rule)
{
	counts[(rule >> 8) - 'A'][rule & 0xff]++;
}

static void count_line(struct restated *restated, rule_lines counts, const struct wire_feedback_line *line)
{
	enum outcome outcome = (enum outcome)restated->ledger.outcomes[line->group];

	restated->ledger.lines[outcome_counted_as(outcome)]++;
	for (size_t i = 0; i < line->findings.count; i++)
		count_rule(counts, line->findings.items[i].rule);
	if (outcome == OUTCOME_AFGEKEURD_R01)
		count_rule(counts, RULE_R01);
	else if (outcome == OUTCOME_AFGEKEURD_R08)
		count_rule(counts, RULE_R08);
	else if (outcome == OUTCOME_QUARANTAINE)
		count_rule(counts, RULE_T01);
}

static int count_lines(struct restatement *restatement, struct arena *arena, struct err *err)
{
	struct restated *restated = restatement->restated;
	rule_lines counts = { 0 };

	for (size_t i = 0; i < restatement->lines.lines.count; i++)
		count_line(restated, counts, &restatement->lines.lines.items[i]);
	restated->findings = arena_take(arena, (size_t)RULE_LETTERS * RULE_NUMBERS, sizeof *restated->findings);
	if (!restated->findings)
		return batch_full(err);
	for (int letter = 0; letter < RULE_LETTERS; letter++)
		for (int number = 0; number < RULE_NUMBERS; number++)
			if (counts[letter][number] > 0) {
				struct wire_finding_count *finding = &restated->findings[restated->finding_count++];

				finding->rule = RULE_ID(letter + 'A', number);
				finding->lines = counts[letter][number];
			}
	return 0;
}

static void digest16(struct slice bytes, uint8_t out[DIGEST_BYTES])
{
	uint8_t digest[32];

	sha256_of(bytes, digest);
	memcpy(out, digest, DIGEST_BYTES);
}

static int encode_lines(struct restatement *restatement, struct arena *arena, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf bytes;
	struct restated *restated = restatement->restated;

	strbuf_init(&bytes, FEEDBACK_BYTES_MAX);
	wire_feedback_encode(&bytes, &restatement->lines);
	if (!strbuf_ok(&bytes) || !arena_copy(arena, strbuf_slice(&bytes), &restated->feedback))
		return batch_full(err);
	digest16(restated->feedback, restated->feedback_digest);
	digest16(restated->keys, restated->key_list);
	return 0;
}

static int restate(struct arena *arena, struct message *message, const struct listed_keys *listed,
		   const struct wire_feedback *before, const struct wire_feedback *after, struct err *err)
{
	struct restatement restatement;
	int rc = restatement_init(&restatement, arena, message, listed, before, after, err);

	if (rc != 0)
		return rc;
	merge_keys(&restatement);
	merge_lines(&restatement);
	rc = count_lines(&restatement, arena, err);
	if (rc == 0)
		rc = encode_lines(&restatement, arena, err);
	message->restated = restatement.restated;
	return rc;
}

/* ---- judging ---- */

int restatement_make(struct batch *batch, struct message *message, struct err *err)
{
	struct wire_feedback before = { 0 }, after = { 0 };
	struct listed_keys listed;
	uint8_t *groups = NULL;

	assert(message->board->first == message && !message->next); /* inbox.c */
	message->replay = !message->standing		    ? REPLAY_UNKNOWN
			  : message->verdict.replay_dry_run ? REPLAY_DRY
			  : message->standing->has_attempt  ? REPLAY_REPEATED
							    : REPLAY_ENTERED;
	if (message->replay != REPLAY_ENTERED)
		return 0;
	bool are_good;
	int rc = read_lines(batch->arena, message, &before, &after, &are_good, err);

	if (rc != 0)
		return rc;
	if (!are_good) {
		message->replay = REPLAY_UNFIT;
		return 0;
	}
	rc = list_keys(batch->arena, message, &before, &after, &listed, err);
	if (rc == 0)
		rc = find_scope(batch->arena, message, &listed, &before, &after, &groups, &message->replayed_lines,
				err);
	message->scope = groups;
	if (rc == 0)
		rc = decision_make(batch, message, err);
	message->board->is_changed = true;
	if (rc != 0 || message->replayed_lines == 0)
		return rc;
	return restate(batch->arena, message, &listed, &before, &after, err);
}
