/* Chance, the two topics, Redis and its faults, and whoever publishes. */
#include "sim.h"

#include <string.h>

struct world world;
unsigned long counts[COUNTS];
static uint64_t chance_state;

void chance_seed(uint64_t seed)
{
	chance_state = seed * 0x9E3779B97F4A7C15ull + 0xD1B54A32D192ED03ull;
	if (chance_state == 0)
		chance_state = 1;
	for (int i = 0; i < 5; i++)
		chance(2);
}

/* xorshift64 */
unsigned chance(unsigned n)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return (unsigned)((chance_state >> 16) % n);
}

void violate(const char *what)
{
	if (!world.violation)
		world.violation = what;
}

unsigned raw_teachers(const struct raw *raw)
{
	switch (raw->kind) {
	case RAW_DELIVERY:
		return world.deliveries[raw->delivery].teachers;
	case RAW_REPLAY:
		return world.deliveries[raw->delivery].teachers & raw->teachers;
	case RAW_FORGET:
		return raw->teachers;
	default:
		return 0;
	}
}

/* Entries and logs are only read up to their counts: they need no cleaning. */
static void log_reset(struct partition_log *log)
{
	log->raw_count = log->verdict_count = log->raw_low = 0;
	log->end = (struct position){ 0 };
}

void world_reset(void)
{
	for (int p = 0; p < PARTITIONS; p++)
		log_reset(&world.logs[p]);
	memset(&world.redis, 0, sizeof world.redis);
	memset(world.last_gen, 0, sizeof world.last_gen);
	memset(world.committed, 0, sizeof world.committed);
	memset(world.hits, 0, sizeof world.hits);
	memset(world.hits_of_behind, 0, sizeof world.hits_of_behind);
	memset(world.lost_forgets, 0, sizeof world.lost_forgets);
	world.delivery_count = 0;
	world.sequence_top = 1;
	world.last_id = 0;
	world.redis_is_up = true;
	world.has_redis_backup = world.tries_are_unsure = world.is_calm = false;
	world.step = 0;
	world.violation = NULL;
	loss_reset();
	world.boards = one_in(2) ? 1 : 1 + (int)chance(BOARDS);
}

/* ---- topics ---- */

void publish(int partition, const struct raw *raw)
{
	struct partition_log *log = &world.logs[partition];

	if (log->raw_count == RAWS_MAX)
		return;
	log->counted[log->raw_count] = -1;
	log->is_accepted[log->raw_count] = false;
	log->raws[log->raw_count++] = *raw;
}

int next_message(const struct partition_log *log, int raw)
{
	while (raw < log->raw_count && log->raws[raw].kind == RAW_MARKER)
		raw++;
	return raw;
}

int read_end(const struct partition_log *log)
{
	int end = log->verdict_count;

	while (without(END_AWAITED) && end > 0 && log->verdicts[end - 1].kind == VERDICT_KIND_MARKER)
		end--;
	return end;
}

static bool is_hole(const struct position *position, const struct verdict *verdict)
{
	return verdict->raw < position->next_raw || (without(EXACT_RAW) && verdict->raw > position->next_raw);
}

enum chain_step chain_take(struct position *position, int offset, const struct verdict *verdict)
{
	bool is_verdict = verdict->kind != VERDICT_KIND_MARKER;
	bool is_next = is_verdict &&
		       (without(FIRST_ONLY) ? verdict->raw >= position->next_raw : verdict->parent == position->tip);

	if (is_next && is_hole(position, verdict))
		return CHAIN_HOLE;
	position->next_verdict = offset + 1;
	if (!is_next)
		return CHAIN_VOID;
	position->next_raw = verdict->raw + 1;
	position->tip = verdict->id;
	return CHAIN_COUNTS;
}

/* Forgets that this verdict passes over, or that are not done as it says. */
static void note_lost_forgets(const struct partition_log *log, int begins, const struct verdict *verdict)
{
	for (int r = begins; r <= verdict->raw; r++)
		if (log->raws[r].kind == RAW_FORGET && (r < verdict->raw || verdict->kind == VERDICT_KIND_FOREIGN))
			world.lost_forgets[log->raws[r].board] |= (uint8_t)log->raws[r].teachers;
}

void verdict_append(int partition, const struct verdict *verdict)
{
	struct partition_log *log = &world.logs[partition];
	int offset = log->verdict_count, begins = log->end.next_raw;

	if (offset == VERDICTS_MAX) {
		violate("the verdict log is full");
		return;
	}
	log->verdicts[log->verdict_count++] = *verdict;
	enum chain_step step = chain_take(&log->end, offset, verdict);

	if (step == CHAIN_HOLE)
		violate("a verdict that counts leaves a hole");
	log->counts[offset] = step == CHAIN_COUNTS;
	if (step == CHAIN_COUNTS)
		note_lost_forgets(log, begins, verdict);
	if (step == CHAIN_COUNTS)
		log->counted[verdict->raw] = offset;
	else
		counts[COUNT_VOID]++;
}

/* ---- Redis ---- */

void redis_back_up(void)
{
	if (!world.redis_is_up)
		return;
	world.redis_backup = world.redis;
	world.has_redis_backup = true;
}

bool redis_vouches_for(const struct redis_part *part, int board)
{
	if (without(NO_SEAL) || without(NO_GEN) || without(HEAD_FIRST)) /* seals would cover for the other two */
		return true;
	for (int t = 0; t < TEACHERS; t++) {
		const struct entry *entry = &part->entries[part->gen][board][t], *seal = &part->seals[board][t];

		if (entry->sequence != seal->sequence || (entry->sequence > 0 && entry->content != seal->content))
			return false;
	}
	return true;
}

static void part_evict_board(struct redis_part *part, int board)
{
	memset(part->entries[part->gen][board], 0, sizeof part->entries[part->gen][board]);
}

/* An old string of one board comes back under a head that goes on: a key restored by hand, or moved with its slot. Of
 * another gen it lies under another name. */
static void part_put_back_board(struct redis_part *part, const struct redis_part *backup, int board)
{
	int gen = part->gen;

	memcpy(part->entries[gen][board], backup->entries[gen][board], sizeof part->entries[gen][board]);
}

static void part_fail(struct redis_part *part, const struct redis_part *backup)
{
	switch (world.loses_heads ? 3 : chance(6)) {
	case 0:
	case 1:
		if (!backup)
			return;
		*part = *backup;
		world.tries_are_unsure = true;
		counts[COUNT_ROLLBACKS]++;
		return;
	case 2:
		memset(part, 0, sizeof *part);
		return;
	case 3:
		part->has_head = false;
		return;
	case 4:
		if (backup)
			part_put_back_board(part, backup, (int)chance(BOARDS));
		return;
	default:
		part_evict_board(part, (int)chance(BOARDS));
	}
}

void redis_fail(void)
{
	int key_id = one_in(4) ? 1 : 0, partition = (int)chance(world.boards > 1 ? PARTITIONS : 1);

	if (one_in(6))
		world.redis_is_up = false;
	else
		part_fail(&world.redis.parts[key_id][partition],
			  world.has_redis_backup ? &world.redis_backup.parts[key_id][partition] : NULL);
}

/* ---- gateways, boards, operators ---- */

static void deliver_something(struct raw *raw)
{
	struct delivery *delivery = &world.deliveries[world.delivery_count];
	unsigned kind = chance(20);

	*delivery = (struct delivery){ .board = (int)chance((unsigned)world.boards) };
	if (chance(3))
		world.sequence_top += 1 + (int)one_in(4);
	delivery->sequence = one_in(4) ? 1 + (int)chance((unsigned)world.sequence_top + 1) : world.sequence_top;
	delivery->kind = kind < 2 ? DELIVERY_INTREKKING : kind < 10 ? DELIVERY_VOLLEDIG : DELIVERY_MUTATIE;
	delivery->is_dry = one_in(10);
	delivery->teachers = 1 + chance((1u << TEACHERS) - 1);
	if (delivery->kind == DELIVERY_VOLLEDIG)
		delivery->teachers |= chance(1u << TEACHERS);
	if (delivery->kind == DELIVERY_INTREKKING && one_in(2))
		delivery->teachers = bit((int)chance(TEACHERS));
	for (int t = 0; t < TEACHERS; t++)
		delivery->content[t] = (uint8_t)(1 + one_in(4));
	delivery->has_unreadable = one_in(12);
	*raw = (struct raw){ .kind = RAW_DELIVERY, .delivery = world.delivery_count++, .is_dry = delivery->is_dry };
}

static bool replay_something(struct raw *raw)
{
	int at = (int)chance((unsigned)world.delivery_count);
	struct delivery *delivery = &world.deliveries[at];

	if (delivery->is_dry)
		return false;
	if (delivery->attempts == 0 || (chance(6) && delivery->attempts < 8))
		delivery->attempts++;
	/* a job that was paused comes back with its older attempt */
	int attempt = one_in(6) ? 1 + (int)chance((unsigned)delivery->attempts) : delivery->attempts;

	*raw = (struct raw){ .kind = RAW_REPLAY,
			     .delivery = at,
			     .attempt = attempt,
			     .is_dry = one_in(4),
			     .teachers = 1 + chance((1u << TEACHERS) - 1) };
	return true;
}

static bool confirm_something(struct raw *raw)
{
	for (int i = 0; i < 6; i++) {
		int at = (int)chance((unsigned)world.delivery_count);

		if (world.deliveries[at].kind != DELIVERY_VOLLEDIG)
			continue;
		*raw = (struct raw){ .kind = RAW_CONFIRM, .delivery = at };
		return true;
	}
	return false;
}

/* Mostly below what was delivered, and what comes then goes on from there. */
static void set_back_something(struct raw *raw)
{
	*raw = (struct raw){ .kind = RAW_SET_BACK,
			     .board = (int)chance((unsigned)world.boards),
			     .sequence = (int)chance((unsigned)world.sequence_top + 2) };
	if (chance(3) && raw->sequence > 0)
		world.sequence_top = raw->sequence;
}

void publish_something(void)
{
	struct raw raw = { .kind = RAW_GARBAGE };
	unsigned what = chance(104);
	bool is_there = true;

	if (world.delivery_count == 0 || (what < 62 && world.delivery_count < DELIVERIES_MAX)) {
		deliver_something(&raw);
	} else if (what < 76) {
		raw.kind = RAW_DELIVERY;
		raw.delivery = (int)chance((unsigned)world.delivery_count);
		raw.is_dry = world.deliveries[raw.delivery].is_dry;
	} else if (what < 88) {
		is_there = replay_something(&raw);
	} else if (what < 97) {
		is_there = confirm_something(&raw);
	} else if (what < 99) {
		raw = (struct raw){ .kind = RAW_FORGET,
				    .board = (int)chance((unsigned)world.boards),
				    .teachers = bit((int)chance(TEACHERS)) };
	} else if (what >= 100) {
		set_back_something(&raw);
	}
	if (!is_there)
		return;
	if (raw.kind == RAW_GARBAGE)
		raw.board = (int)chance((unsigned)world.boards);
	else if (raw.kind != RAW_FORGET && raw.kind != RAW_SET_BACK)
		raw.board = world.deliveries[raw.delivery].board;
	raw.is_poison = one_in(150);
	raw.late_until = one_in(40) ? world.step + 20 + (int)chance(300) : 0;
	publish(partition_of(raw.board), &raw);
}
