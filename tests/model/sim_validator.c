/* Two validators, each the other's zombie, in steps that anything may come between (workers/validate).
 *
 * A lane is as in lane.h; its batch is cut into JUDGE, PRODUCE and ADVANCE, its fold into FOLD and FOLDED, its cold
 * start into START and BEGIN. Their rules differ: a group is accepted or rejected, has one canonical form or another, a
 * body is readable or not, by chance at every judging. */
#include "sim.h"

#include <string.h>

enum lane_mode {
	LANE_START,
	LANE_BEGIN, /* the register was read, the cache begins next */
	LANE_FOLD,
	LANE_FOLDED, /* in memory; Redis hears it next */
	LANE_FOLLOW,
	LANE_RUN,
	LANE_BYPASS,
	LANE_PRODUCE,
	LANE_ADVANCE,
};

struct lane {
	enum lane_mode mode;
	struct position position, next;
	bool has_position;
	bool is_bypassing; /* judges without the cache */
	int gen;
	struct cache cache;
	unsigned changed; /* boards */
	struct verdict batch[BATCH_MAX];
	int put, sent;
	bool is_void;
	int messages_max;
	bool is_tried; /* position.next_raw, and it has not come back */
};

struct validator {
	int key_id;
	struct lane lanes[PARTITIONS];
};

/* Requests of a lane that is no more. */
struct late_request {
	struct verdict verdicts[BATCH_MAX];
	int count;
};

static struct validator validators[VALIDATORS];
static struct late_request late_requests[VALIDATORS][PARTITIONS];

static void lane_assign(struct lane *lane)
{
	*lane = (struct lane){ .position = lane->position,
			       .has_position = lane->has_position,
			       .messages_max = without(NO_SLOW_START) ? BATCH_MAX : 1 };
}

static void validator_start(struct validator *validator)
{
	for (int p = 0; p < PARTITIONS; p++) {
		validator->lanes[p].has_position = false;
		lane_assign(&validator->lanes[p]);
	}
}

void validators_reset(void)
{
	memset(late_requests, 0, sizeof late_requests);
	for (int v = 0; v < VALIDATORS; v++) {
		validators[v].key_id = 0;
		validator_start(&validators[v]);
	}
}

static void lane_restart(struct lane *lane)
{
	lane->mode = LANE_START;
}

/* ---- the attempts at a lane's first message ---- */

static struct redis_part *part_of(const struct validator *validator, int partition)
{
	return &world.redis.parts[validator->key_id][partition];
}

/* Offset of the first message the lane judges next. */
static int first_of(const struct lane *lane, int partition)
{
	return next_message(&world.logs[partition], lane->position.next_raw);
}

/* The attempt came back: it was no crash. */
static void attempt_returns(const struct validator *validator, int partition, struct lane *lane)
{
	uint8_t *tries = &part_of(validator, partition)->tries[first_of(lane, partition)];

	if (without(COUNT_RETURNS))
		return;
	if (lane->is_tried && !world.redis_is_up)
		world.tries_are_unsure = true; /* nobody could be named */
	else if (lane->is_tried && *tries > 0)
		--*tries;
	lane->is_tried = false;
}

static bool others_try(const struct validator *self, int partition, int raw)
{
	for (int v = 0; v < VALIDATORS; v++) {
		const struct lane *lane = &validators[v].lanes[partition];

		if (&validators[v] != self && lane->is_tried && first_of(lane, partition) == raw)
			return true;
	}
	return false;
}

/* true: it is given up. */
static bool attempt_begins(const struct validator *validator, int partition, struct lane *lane)
{
	int raw = first_of(lane, partition);
	uint8_t *tries = &part_of(validator, partition)->tries[raw];

	if (lane->is_tried || lane->is_bypassing || without(NO_TRIES))
		return false;
	lane->is_tried = true;
	if (++*tries <= CRASHES_MAX)
		return false;
	counts[COUNT_POISON]++;
	if (!world.tries_are_unsure && world.hits[partition][raw] + others_try(validator, partition, raw) < CRASHES_MAX)
		violate("a message is given up that did not crash anybody");
	return true;
}

static void hit(int partition, int raw)
{
	if (world.hits[partition][raw] < UINT8_MAX)
		world.hits[partition][raw]++;
}

/* What is tried while we die is hit, whatever the cause; but of one that dies of a message behind it only once, as the
 * next start takes it alone. */
static void hit_what_is_tried(const struct validator *validator, int partition, bool is_of_behind)
{
	int raw = first_of(&validator->lanes[partition], partition);
	uint8_t *hits_of_behind = &world.hits_of_behind[partition][raw];
	unsigned us = bit((int)(validator - validators));

	if (!validator->lanes[partition].is_tried || (is_of_behind && (*hits_of_behind & us)))
		return;
	if (is_of_behind)
		*hits_of_behind |= (uint8_t)us;
	hit(partition, raw);
}

/* poison: the raw message that does it, in that partition; < 0: another cause. */
static void validator_crashes(struct validator *validator, int partition, int poison)
{
	for (int p = 0; p < PARTITIONS; p++) {
		struct lane *lane = &validator->lanes[p];
		struct late_request *late = &late_requests[validator - validators][p];

		bool is_of_behind = p == partition && poison > first_of(lane, p);

		hit_what_is_tried(validator, p, is_of_behind);
		if (lane->mode == LANE_PRODUCE && lane->sent < lane->put && one_in(2)) {
			late->count = lane->put - lane->sent;
			memcpy(late->verdicts, lane->batch + lane->sent,
			       (size_t)late->count * sizeof late->verdicts[0]);
		}
	}
	validator_start(validator);
}

/* ---- the table of design 4: workers/validate/cache_fold.c ---- */

static bool is_late(const struct cache *cache, const struct raw *raw, int sequence)
{
	int board = raw->board;

	if (raw->kind == RAW_REPLAY) /* whatever its volgnummer says */
		return !without(TRUST_LATE);
	if (without(TRUST_LATE))
		return false;
	return without(LATE_EQUAL) ? sequence < cache->max[board] : sequence <= cache->max[board];
}

static void fold_group(struct entry *entry, const struct verdict *verdict, int t, int sequence, bool late)
{
	struct entry fresh = { verdict->content[t], (int16_t)sequence };

	switch (verdict->classes[t]) {
	case VERDICT_UNCHANGED:
		if (!without(UNCHANGED_NEEDS_ENTRY) || entry->sequence > 0)
			*entry = fresh;
		break;
	case VERDICT_CANDIDATE:
		if (!late)
			*entry = fresh;
		else if (!without(KEEP_LATE))
			entry->sequence = 0;
		break;
	case VERDICT_WITHDRAW:
		if (!without(KEEP_WITHDRAWN))
			entry->sequence = 0;
		break;
	case VERDICT_REJECTED:
		if (without(REJECT_REMOVES))
			entry->sequence = 0;
		break;
	default:
		break;
	}
}

static void fold_teachers(struct cache *cache, const struct raw *raw, const struct verdict *verdict, int key_id,
			  int sequence)
{
	struct entry *entries = cache->entries[raw->board];
	bool late = is_late(cache, raw, sequence);

	if (verdict->key_id != key_id) { /* which entries it touches is unknown */
		if (!without(FOLD_OTHER_KEY))
			memset(entries, 0, sizeof cache->entries[0]);
		return;
	}
	for (int t = 0; t < TEACHERS; t++)
		if (verdict->kind != VERDICT_KIND_FORGET)
			fold_group(&entries[t], verdict, t, sequence, late);
		else if (has_bit(raw->teachers, t))
			entries[t].sequence = 0;
}

/* Volgnummers that fall together do not say any more which came first: no entry is certain. max and full stay: what
 * comes again of before the set-back must be late. */
static bool fold_set_back(struct cache *cache, const struct raw *raw)
{
	if (without(SET_BACK_KEEPS_ENTRIES))
		return false;
	memset(cache->entries[raw->board], 0, sizeof cache->entries[0]);
	if (without(SET_BACK_LOWERS_MAX) && cache->max[raw->board] > raw->sequence)
		cache->max[raw->board] = (int16_t)raw->sequence;
	return true;
}

/* true: the board changed. */
static bool cache_fold(struct cache *cache, int partition, const struct verdict *verdict, int key_id)
{
	const struct raw *raw = &world.logs[partition].raws[verdict->raw];
	const struct delivery *delivery = &world.deliveries[raw->delivery];

	if (verdict->kind == VERDICT_KIND_CONFIRM || verdict->kind == VERDICT_KIND_FOREIGN)
		return false;
	if (verdict->kind == VERDICT_KIND_SET_BACK)
		return fold_set_back(cache, raw);
	if (verdict->kind == VERDICT_KIND_FORGET) {
		fold_teachers(cache, raw, verdict, key_id, 0);
		return true;
	}
	if (raw->is_dry && !without(DRY_FOLDS))
		return false;
	int16_t sequence = (int16_t)delivery->sequence, *max = &cache->max[raw->board],
		*full = &cache->full[raw->board];
	bool was_late = sequence <= *max;

	fold_teachers(cache, raw, verdict, key_id, sequence);
	if (delivery->kind == DELIVERY_VOLLEDIG && sequence > *full && !(without(FULL_NOT_LATE) && was_late))
		*full = sequence;
	if (sequence > *max)
		*max = sequence;
	return true;
}

static bool is_surely_current(const struct cache *cache, const struct raw *raw, int t, int content)
{
	const struct entry *entry = &cache->entries[raw->board][t];

	return entry->sequence > 0 && entry->content == content &&
	       (without(NO_FULL) || entry->sequence >= cache->full[raw->board]);
}

static enum verdict_class cache_classify(const struct cache *cache, const struct raw *raw, int t, int content)
{
	const struct delivery *delivery = &world.deliveries[raw->delivery];
	bool may_skip = cache && (!raw->is_dry || without(DRY_UNCHANGED)) && !is_late(cache, raw, delivery->sequence);

	if (one_in(5))
		return VERDICT_REJECTED;
	if (one_in(40))
		return VERDICT_QUARANTINE;
	if (delivery->kind == DELIVERY_INTREKKING)
		return VERDICT_WITHDRAW;
	return may_skip && is_surely_current(cache, raw, t, content) ? VERDICT_UNCHANGED : VERDICT_CANDIDATE;
}

/* ---- judging: workers/validate/verdict_maker.c ---- */

/* cache NULL: nothing is certain. */
static struct verdict verdict_make(const struct raw *raw, const struct cache *cache, bool is_given_up, int key_id)
{
	static const enum verdict_kind KINDS[] = {
		[RAW_DELIVERY] = VERDICT_KIND_DELIVERY, [RAW_REPLAY] = VERDICT_KIND_REPLAY,
		[RAW_CONFIRM] = VERDICT_KIND_CONFIRM,	[RAW_FORGET] = VERDICT_KIND_FORGET,
		[RAW_SET_BACK] = VERDICT_KIND_SET_BACK, [RAW_GARBAGE] = VERDICT_KIND_FOREIGN
	};
	struct verdict verdict = { .kind = KINDS[raw->kind], .key_id = (uint8_t)key_id };

	if (is_given_up || one_in(40)) {
		verdict.body_unreadable = raw->kind == RAW_DELIVERY;
		if (!verdict.body_unreadable)
			verdict.kind = VERDICT_KIND_FOREIGN;
		return verdict;
	}
	if (raw->kind != RAW_DELIVERY && raw->kind != RAW_REPLAY)
		return verdict;
	for (int t = 0; t < TEACHERS; t++) {
		int content = world.deliveries[raw->delivery].content[t];

		if (!has_bit(raw_teachers(raw), t))
			continue;
		if (one_in(24))
			content = 3 - content; /* another canonical form */
		verdict.classes[t] = (uint8_t)cache_classify(cache, raw, t, content);
		verdict.content[t] = (uint8_t)content;
	}
	return verdict;
}

static void put_verdict(struct validator *validator, struct lane *lane, int partition, const struct cache *judged_on,
			bool is_given_up)
{
	int at = next_message(&world.logs[partition], lane->next.next_raw);
	const struct raw *raw = &world.logs[partition].raws[at];
	struct verdict *verdict = &lane->batch[lane->put++];

	*verdict = verdict_make(raw, lane->is_bypassing ? NULL : judged_on, is_given_up, validator->key_id);
	verdict->raw = at;
	verdict->parent = lane->next.tip;
	verdict->id = ++world.last_id;
	lane->next = (struct position){ at + 1, lane->next.next_verdict + 1, verdict->id };
	if (cache_fold(&lane->cache, partition, verdict, validator->key_id))
		lane->changed |= bit(raw->board);
}

/* There is a message, and what lacks before it never was one; else the lane is parked. */
static bool may_judge_next(const struct partition_log *log, struct lane *lane)
{
	int at = next_message(log, lane->next.next_raw);

	if (without(PASSES_ANY_GAP) && at < log->raw_low)
		at = lane->next.next_raw = next_message(log, log->raw_low);
	return at < log->raw_count && lane->next.next_raw >= (without(PASSES_ANY_GAP) ? 0 : log->raw_low) &&
	       !(without(MARKERS_LOST) && at > lane->next.next_raw);
}

/* false: the validator is no more. */
static bool judge_messages(struct validator *validator, struct lane *lane, int partition)
{
	const struct partition_log *log = &world.logs[partition];
	struct cache before = lane->cache;
	int count = 1 + (int)chance(4);

	lane->next = lane->position;
	lane->put = lane->sent = 0;
	lane->is_void = false;
	lane->changed = 0;
	for (int i = 0; i < count && i < lane->messages_max && may_judge_next(log, lane); i++) {
		int at = next_message(log, lane->next.next_raw);
		const struct raw *raw = &log->raws[at];
		bool is_given_up = i == 0 && attempt_begins(validator, partition, lane);

		if (raw->late_until > world.step && !world.is_calm && !is_given_up)
			break;
		if (raw->is_poison && !is_given_up) {
			validator_crashes(validator, partition, at);
			return false;
		}
		put_verdict(validator, lane, partition, without(BATCH_BLIND) ? &before : &lane->cache, is_given_up);
	}
	return true;
}

/* ---- steps: workers/validate/lane_start.c and batch_judge.c ---- */

static struct cache cache_read(const struct redis_part *part)
{
	struct cache cache;

	memcpy(cache.max, part->max, sizeof cache.max);
	memcpy(cache.full, part->full, sizeof cache.full);
	memcpy(cache.entries, part->entries[part->gen], sizeof cache.entries);
	for (int b = 0; b < BOARDS; b++) /* a string that is another than the head vouches for is not sure */
		if (!redis_vouches_for(part, b))
			memset(cache.entries[b], 0, sizeof cache.entries[b]);
	return cache;
}

static bool head_is_ours(const struct redis_part *part, const struct lane *lane)
{
	return part->has_head && part->gen == lane->gen && part->position.next_verdict == lane->position.next_verdict;
}

/* 1: done; 0: another wrote, or the head is gone. A board's entries are one string: all of them are written. */
static bool cache_advance(struct redis_part *part, const struct lane *lane)
{
	bool only_head = without(HEAD_FIRST) && one_in(8); /* and then it died */

	if (!part->has_head || (!without(NO_VP_CHECK) && !head_is_ours(part, lane)))
		return false;
	for (int b = 0; b < BOARDS; b++) {
		if (!has_bit(lane->changed, b))
			continue;
		part->max[b] = lane->cache.max[b];
		part->full[b] = lane->cache.full[b];
		memcpy(part->seals[b], lane->cache.entries[b], sizeof part->seals[b]);
		if (!only_head)
			memcpy(part->entries[part->gen][b], lane->cache.entries[b], sizeof part->entries[0][b]);
	}
	for (int r = part->position.next_raw; r < lane->next.next_raw; r++)
		part->tries[r] = 0;
	part->position = lane->next;
	return true;
}

/* A place of the chain: from memory, the register's cursor, the group's metadata, or its very beginning. */
static void enter_follow(struct lane *lane, int partition)
{
	if (!lane->has_position)
		lane->position = one_in(2)   ? reg.cursors[partition].position
				 : one_in(2) ? world.committed[partition]
					     : (struct position){ 0 };
	lane->has_position = true;
	lane->is_bypassing = true;
	lane->mode = LANE_FOLLOW;
	counts[COUNT_BYPASS]++;
}

/* The highest ever: of what was set back, too. */
static int16_t sequence_seen(const struct board *board)
{
	bool was_higher = board->sequence_top > board->sequence_max && !without(SET_BACK_COLD);

	return was_higher ? board->sequence_top : board->sequence_max;
}

static void read_register(struct lane *lane, int partition)
{
	lane->position = reg.cursors[partition].position;
	for (int b = 0; b < BOARDS; b++)
		lane->cache.max[b] = lane->cache.full[b] = sequence_seen(&reg.boards[b]);
}

static void step_start(struct lane *lane, struct redis_part *part, int partition)
{
	lane->is_bypassing = false;
	if (!world.redis_is_up || (!part->has_head && !world.is_calm && one_in(8))) {
		enter_follow(lane, partition);
		return;
	}
	if (!part->has_head) {
		read_register(lane, partition);
		lane->mode = LANE_BEGIN;
		return;
	}
	lane->position = part->position;
	lane->has_position = true;
	lane->gen = part->gen;
	lane->mode = without(ROLLBACK_BLIND) ? LANE_RUN : LANE_FOLD;
}

static void step_begin(struct validator *validator, struct lane *lane, struct redis_part *part, int partition)
{
	int *last_gen = &world.last_gen[validator->key_id][partition];

	lane_restart(lane);
	if (without(SPLIT_COLD_READ))
		lane->position = reg.cursors[partition].position;
	if (!world.redis_is_up || part->has_head)
		return;
	if (!without(NO_GEN) && *last_gen < GENS_MAX - 1)
		++*last_gen;
	part->has_head = true;
	part->gen = *last_gen;
	part->position = lane->position;
	memset(part->seals, 0, sizeof part->seals);
	for (int b = 0; b < BOARDS; b++) {
		part->max[b] = without(NO_MAX_ON_COLD) ? 0 : lane->cache.max[b];
		part->full[b] = without(NO_FULL_ON_COLD) ? 0 : lane->cache.full[b];
	}
	counts[COUNT_COLD]++;
}

/* Takes verdicts up to the end, or less: a chunk. */
static int chunk_end(const struct lane *lane, const struct partition_log *log)
{
	int left = read_end(log) - lane->position.next_verdict;

	return lane->position.next_verdict + (left > 0 && one_in(4) ? 1 + (int)chance((unsigned)left) : left);
}

static void step_fold(struct validator *validator, struct lane *lane, struct redis_part *part, int partition)
{
	const struct partition_log *log = &world.logs[partition];

	if (!world.redis_is_up) {
		enter_follow(lane, partition);
		return;
	}
	if (lane->position.next_verdict == log->verdict_count) {
		lane->mode = LANE_RUN;
		return;
	}
	if (!head_is_ours(part, lane)) {
		lane_restart(lane);
		return;
	}
	lane->cache = cache_read(part);
	lane->changed = 0;
	lane->next = lane->position;
	for (int o = lane->position.next_verdict, end = chunk_end(lane, log); o < end; o++) {
		enum chain_step step = chain_take(&lane->next, o, &log->verdicts[o]);

		if (step == CHAIN_HOLE)
			violate("hole in the fold");
		if (step == CHAIN_COUNTS && cache_fold(&lane->cache, partition, &log->verdicts[o], validator->key_id))
			lane->changed |= bit(log->raws[log->verdicts[o].raw].board);
	}
	lane->mode = LANE_FOLDED;
}

static void step_folded(struct lane *lane, struct redis_part *part, int partition)
{
	if (!world.redis_is_up) {
		enter_follow(lane, partition);
	} else if (cache_advance(part, lane)) {
		lane->position = lane->next;
		lane->mode = LANE_FOLD;
	} else {
		lane_restart(lane);
	}
}

static void step_follow(struct lane *lane, int partition)
{
	const struct partition_log *log = &world.logs[partition];
	int end = chunk_end(lane, log);

	for (int o = lane->position.next_verdict; o < end && !without(FOLLOW_NOT); o++)
		if (chain_take(&lane->position, o, &log->verdicts[o]) == CHAIN_HOLE)
			violate("hole on the way to the end");
	if (end == log->verdict_count)
		lane->mode = LANE_BYPASS;
}

static void step_judge(struct validator *validator, struct lane *lane, struct redis_part *part, int partition)
{
	if (lane->mode == LANE_RUN) {
		if (!world.redis_is_up) {
			enter_follow(lane, partition);
			return;
		}
		if (!head_is_ours(part, lane)) {
			lane_restart(lane);
			return;
		}
		lane->cache = cache_read(part);
	} else if (world.redis_is_up && one_in(2)) {
		lane_restart(lane); /* the peer may be back */
		return;
	}
	if (!judge_messages(validator, lane, partition))
		return;
	if (lane->put > 0) {
		lane->mode = LANE_PRODUCE;
		return;
	}
	attempt_returns(validator, partition, lane);
	if (lane->is_bypassing || one_in(4))
		lane_restart(lane);
}

/* The next request of the batch; *ret_count verdicts. It may land twice, or not at all while the next one does. */
static void send_request(struct lane *lane, int partition)
{
	const struct partition_log *log = &world.logs[partition];
	int count = one_in(2) ? lane->put - lane->sent : 1 + (int)chance((unsigned)(lane->put - lane->sent));
	bool fails = !without(FIRST_ONLY) && !without(NO_CHECK) && world.faults > 0 && one_in(12);
	bool is_repeated = !fails && world.faults > 0 && one_in(40);
	int first = lane->sent;

	lane->is_void |= fails;
	for (; count > 0; count--, lane->sent++) {
		if (fails)
			continue;
		lane->is_void |= log->verdict_count != lane->position.next_verdict + lane->sent;
		verdict_append(partition, &lane->batch[lane->sent]);
	}
	for (int i = first; is_repeated && i < lane->sent; i++)
		verdict_append(partition, &lane->batch[i]);
}

static void settle(struct validator *validator, struct lane *lane, int partition)
{
	if (lane->is_void && !without(NO_CHECK)) {
		attempt_returns(validator, partition, lane);
		lane_restart(lane);
		return;
	}
	if (without(NO_CHECK))
		lane->next.next_verdict = world.logs[partition].verdict_count;
	if (lane->is_bypassing) {
		lane->position = world.committed[partition] = lane->next;
		lane->mode = LANE_BYPASS;
	} else {
		lane->mode = LANE_ADVANCE;
	}
}

static void step_produce(struct validator *validator, struct lane *lane, int partition)
{
	send_request(lane, partition);
	if (lane->sent == lane->put || (lane->is_void && one_in(2)))
		settle(validator, lane, partition);
}

static void step_advance(struct validator *validator, struct lane *lane, struct redis_part *part, int partition)
{
	bool is_done = world.redis_is_up && cache_advance(part, lane);

	if (!is_done)
		attempt_returns(validator, partition, lane);
	lane->is_tried = false;
	lane->position = world.committed[partition] = lane->next; /* they count, whatever Redis says */
	lane->has_position = true;
	lane->messages_max = lane->messages_max * 2 < BATCH_MAX ? lane->messages_max * 2 : BATCH_MAX;
	if (is_done)
		lane->mode = LANE_RUN;
	else if (!world.redis_is_up)
		enter_follow(lane, partition);
	else
		lane_restart(lane);
}

static void lane_step(struct validator *validator, int partition)
{
	struct lane *lane = &validator->lanes[partition];
	struct redis_part *part = part_of(validator, partition);

	switch (lane->mode) {
	case LANE_START:
		step_start(lane, part, partition);
		break;
	case LANE_BEGIN:
		step_begin(validator, lane, part, partition);
		break;
	case LANE_FOLD:
		step_fold(validator, lane, part, partition);
		break;
	case LANE_FOLDED:
		step_folded(lane, part, partition);
		break;
	case LANE_FOLLOW:
		step_follow(lane, partition);
		break;
	case LANE_RUN:
	case LANE_BYPASS:
		step_judge(validator, lane, part, partition);
		break;
	case LANE_PRODUCE:
		step_produce(validator, lane, partition);
		break;
	case LANE_ADVANCE:
		step_advance(validator, lane, part, partition);
		break;
	}
}

void validator_step(void)
{
	struct validator *validator = &validators[chance(VALIDATORS)];

	if (!world.is_calm && world.faults > 0 && one_in(50)) {
		validator_crashes(validator, 0, -1);
		return;
	}
	lane_step(validator, (int)chance(world.boards > 1 ? PARTITIONS : 1));
}

/* The group assigns the partitions again; what was in flight of a batch has ended before. */
void validator_rebalance(void)
{
	struct validator *validator = &validators[chance(VALIDATORS)];

	for (int p = 0; p < PARTITIONS; p++) {
		struct lane *lane = &validator->lanes[p];

		if (lane->mode == LANE_PRODUCE || lane->mode == LANE_ADVANCE)
			continue;
		attempt_returns(validator, p, lane);
		lane_assign(lane);
	}
}

void validator_land_late(void)
{
	int partition = (int)chance(PARTITIONS);
	struct late_request *late = &late_requests[chance(VALIDATORS)][partition];

	for (int i = 0; i < late->count; i++)
		verdict_append(partition, &late->verdicts[i]);
	late->count = 0;
}

bool validators_are_done(void)
{
	for (int v = 0; v < VALIDATORS; v++)
		for (int p = 0; p < PARTITIONS; p++)
			if (validators[v].lanes[p].mode == LANE_PRODUCE || late_requests[v][p].count > 0)
				return false;
	return true;
}

bool validator_change_key(void)
{
	struct validator *validator = &validators[chance(VALIDATORS)];

	validator_crashes(validator, 0, -1);
	validator->key_id = 1;
	return true;
}

void validators_use_first_key(void)
{
	for (int v = 0; v < VALIDATORS; v++)
		if (validators[v].key_id != 0) {
			validator_crashes(&validators[v], 0, -1);
			validators[v].key_id = 0;
		}
}
