/* The table of design 4, row by row, and each of its safeguards: what would be lost without it stands in a sequence of
 * events, run through the fold and a register that keeps to specification 6 and 7. tests/model/sim_variants.c names the
 * safeguards. */
#include "model/outcome.h"
#include "validate/cache_fold.h"
#include "validate/cache_entries.h"

#include <criterion/criterion.h>
#include <inttypes.h>

enum { TEACHERS = 4, ARENA_BYTES = 1 << 20, KEY_ID = 7 };

static struct arena arena;
static struct err err;

static void make_arena(void)
{
	cr_assert_eq(arena_init(&arena, ARENA_BYTES, ARENA_BYTES, &err), 0);
}

static void drop_arena(void)
{
	arena_release(&arena);
}

TestSuite(fold, .init = make_arena, .fini = drop_arena);
TestSuite(classify, .init = make_arena, .fini = drop_arena);
TestSuite(safeguard, .init = make_arena, .fini = drop_arena);

/* Teacher t's key and content c's hash: sixteen bytes of the number, so that both sort as the numbers do. */
static void fill16(uint8_t *out, int number)
{
	memset(out, number, 16);
}

/* A board's state in one line: "max full t:c@s t:c@s", as in "7 5 1:2@7". */
static const char *state_text(const struct cache_board *board)
{
	static char text[256];
	int n = snprintf(text, sizeof text, "%" PRId64 " %" PRId64, board->sequence_max, board->sequence_full);

	for (size_t i = 0; i < entries_count(board->entries); i++) {
		const uint8_t *entry = entries_at(board->entries, i);

		n += snprintf(text + n, sizeof text - (size_t)n, " %d:%d@%" PRId64, entry[0], entry_hash(entry)[0],
			      entry_sequence(entry));
	}
	return text;
}

static void add_entry(struct cache_board *board, int teacher, int content, int64_t sequence)
{
	uint8_t *grown = arena_take(&arena, entries_count(board->entries) + 1, CACHE_ENTRY_BYTES);
	uint8_t *entry = grown + board->entries.n, hash[16];

	if (board->entries.n > 0)
		memcpy(grown, board->entries.p, board->entries.n);
	fill16(entry, teacher);
	fill16(hash, content);
	entry_set(entry, hash, sequence);
	board->entries = slice_make(grown, board->entries.n + CACHE_ENTRY_BYTES);
}

static struct cache_board board_of(const char *text)
{
	struct cache_board board = { .board = 41211 };
	int used, teacher, content;

	cr_assert_eq(sscanf(text, "%" SCNd64 " %" SCNd64 "%n", &board.sequence_max, &board.sequence_full, &used), 2);
	for (int64_t sequence; sscanf(text += used, " %d:%d@%" SCNd64 "%n", &teacher, &content, &sequence, &used) == 3;)
		add_entry(&board, teacher, content, sequence);
	return board;
}

/* A verdict in one line: "t:class:c t:class:c", C U R W Q, and no teacher at all as "-:Q". */
struct verdict_bytes {
	struct wire_verdict verdict;
	uint8_t keys[16 * 16], hashes[16 * 16], classes[16];
};

static uint8_t class_of(char letter)
{
	switch (letter) {
	case 'C':
		return VERDICT_CANDIDATE;
	case 'U':
		return VERDICT_UNCHANGED;
	case 'R':
		return VERDICT_REJECTED;
	case 'W':
		return VERDICT_WITHDRAW;
	default:
		return VERDICT_QUARANTINE;
	}
}

static void verdict_read(struct verdict_bytes *verdict, enum verdict_kind kind, const char *text)
{
	size_t keys = 0, hashes = 0, classes = 0;
	int used, teacher, content;

	for (char class; sscanf(text, " %d:%c:%d%n", &teacher, &class, &content, &used) == 3; text += used) {
		fill16(verdict->keys + keys++ * 16, teacher);
		if (kind != VERDICT_KIND_FORGET)
			verdict->classes[classes++] = class_of(class);
		if (class == 'C' || class == 'U')
			fill16(verdict->hashes + hashes++ * 16, content);
	}
	if (strstr(text, "-:Q"))
		verdict->classes[classes++] = VERDICT_QUARANTINE;
	verdict->verdict.kind = (int32_t)kind;
	verdict->verdict.key_id = KEY_ID;
	verdict->verdict.keys = slice_make(verdict->keys, keys * 16);
	verdict->verdict.hashes = slice_make(verdict->hashes, hashes * 16);
	verdict->verdict.classes = slice_make(verdict->classes, classes);
}

static const struct {
	const char *before, *verdict, *after;
	int64_t sequence;
	enum verdict_kind kind;
	bool is_full, is_dry;
	const char *why;
} FOLD_ROWS[] = {
	{ "5 3 1:1@5", "1:R:0", "6 3 1:1@5", 6, VERDICT_KIND_DELIVERY, false, false, "REJECTED leaves the entry" },
	{ "5 3 1:1@5", "1:U:1", "6 3 1:1@6", 6, VERDICT_KIND_DELIVERY, false, false, "UNCHANGED raises the sequence" },
	{ "5 3", "1:U:1", "6 3 1:1@6", 6, VERDICT_KIND_DELIVERY, false, false,
	  "UNCHANGED makes an entry that was evicted anew" },
	{ "5 3 1:1@5", "1:C:2", "6 3 1:2@6", 6, VERDICT_KIND_DELIVERY, false, false,
	  "CANDIDATE sets hash and sequence" },
	{ "5 3 2:1@5", "1:C:2", "6 3 1:2@6 2:1@5", 6, VERDICT_KIND_DELIVERY, false, false, "a teacher joins in front" },
	{ "5 3 2:1@5", "3:C:2", "6 3 2:1@5 3:2@6", 6, VERDICT_KIND_DELIVERY, false, false, "a teacher joins behind" },
	{ "5 3 1:1@5 3:1@4", "2:C:2", "6 3 1:1@5 2:2@6 3:1@4", 6, VERDICT_KIND_DELIVERY, false, false,
	  "a teacher joins between" },
	{ "5 3 1:1@5", "1:C:2", "5 3", 5, VERDICT_KIND_DELIVERY, false, false, "q = max is late: removed" },
	{ "5 3 1:1@5", "1:C:1", "5 3", 4, VERDICT_KIND_DELIVERY, false, false,
	  "q < max is late: removed, though the hash is the same" },
	{ "5 3 1:1@5 2:1@5", "1:C:1", "5 3 2:1@5", 5, VERDICT_KIND_REPLAY, false, false, "a replay is late" },
	{ "5 3 1:1@5 2:1@5", "1:C:2", "6 3 2:1@5", 6, VERDICT_KIND_REPLAY, false, false,
	  "also above max: the writer may know no delivery it speaks of" },
	{ "5 3", "1:C:1", "5 3", 5, VERDICT_KIND_DELIVERY, false, false, "late without an entry: none is made" },
	{ "5 3 1:1@5", "1:W:0", "6 3", 6, VERDICT_KIND_DELIVERY, false, false, "WITHDRAW removes" },
	{ "5 3 1:1@5", "1:W:0", "5 3", 2, VERDICT_KIND_DELIVERY, false, false, "WITHDRAW removes, late too" },
	{ "5 3 1:1@5", "1:Q:0", "6 3 1:1@5", 6, VERDICT_KIND_DELIVERY, false, false, "QUARANTINE leaves the entry" },
	{ "5 3 1:1@5", "-:Q", "6 3 1:1@5", 6, VERDICT_KIND_DELIVERY, false, false,
	  "an unreadable body still raises max" },
	{ "5 3 1:1@5", "-:Q", "6 6 1:1@5", 6, VERDICT_KIND_DELIVERY, true, false, "and full, when it was a VOLLEDIG" },
	{ "5 3 1:1@5", "1:U:1", "6 6 1:1@6", 6, VERDICT_KIND_DELIVERY, true, false, "VOLLEDIG raises full" },
	{ "9 3 1:1@9", "2:C:1", "9 5 1:1@9", 5, VERDICT_KIND_DELIVERY, true, false, "a late VOLLEDIG raises full" },
	{ "9 7 1:1@9", "2:C:1", "9 7 1:1@9", 5, VERDICT_KIND_DELIVERY, true, false, "full never falls" },
	{ "5 3 1:1@5", "1:C:2", "5 3 1:1@5", 9, VERDICT_KIND_DELIVERY, true, true, "a proef folds to nothing" },
	{ "5 3 1:1@5", "1:C:2", "5 3 1:1@5", 5, VERDICT_KIND_REPLAY, false, true, "nor does the dry run of a replay" },
	{ "5 3 1:1@5 2:1@5", "1:F:0", "5 3 2:1@5", 0, VERDICT_KIND_FORGET, false, false, "Forget removes" },
	{ "5 3 1:1@5 2:1@5", "", "5 3", 0, VERDICT_KIND_SET_BACK, false, false,
	  "a set-back removes all; max and full stay, as what comes again of before must be late" },
	{ "5 3 1:1@5", "3:F:0", "5 3 1:1@5", 0, VERDICT_KIND_FORGET, false, false,
	  "Forget of a teacher without entry" },
	{ "5 3 1:1@5", "", "5 3 1:1@5", 0, VERDICT_KIND_CONFIRM, false, false, "Confirm leaves all" },
	{ "5 3 1:1@5", "", "5 3 1:1@5", 0, VERDICT_KIND_FOREIGN, false, false, "FOREIGN leaves all" },
	{ "5 3 1:1@5 2:1@5 3:1@5 4:1@5", "1:W:0 3:C:2 4:R:0", "6 3 2:1@5 3:2@6 4:1@5", 6, VERDICT_KIND_DELIVERY, false,
	  false, "each teacher by its own class; hashes stand for those that have one" },
	{ "5 3 2:1@5 4:1@5", "1:C:1 2:U:1 3:C:1 4:W:0 5:C:3", "6 3 1:1@6 2:1@6 3:1@6 5:3@6", 6, VERDICT_KIND_DELIVERY,
	  false, false, "joins and leaves at once" },
};

Test(fold, keeps_to_every_row_of_the_table)
{
	for (size_t i = 0; i < ARRAY_LEN(FOLD_ROWS); i++) {
		struct cache_board board = board_of(FOLD_ROWS[i].before);
		struct verdict_bytes verdict = { 0 };
		bool is_replay = FOLD_ROWS[i].kind == VERDICT_KIND_REPLAY;

		verdict.verdict.header.sequence = FOLD_ROWS[i].sequence;
		verdict.verdict.header.kind = FOLD_ROWS[i].is_full ? DELIVERY_VOLLEDIG : DELIVERY_MUTATIE;
		verdict.verdict.header.dry_run = FOLD_ROWS[i].is_dry && !is_replay;
		verdict.verdict.replay_dry_run = FOLD_ROWS[i].is_dry && is_replay;
		verdict_read(&verdict, FOLD_ROWS[i].kind, FOLD_ROWS[i].verdict);
		cr_assert_eq(cache_fold(&board, &verdict.verdict, KEY_ID, &arena, &err), 0);
		cr_expect_str_eq(state_text(&board), FOLD_ROWS[i].after, "%s: %s", FOLD_ROWS[i].why,
				 state_text(&board));
		cr_expect_eq(board.is_changed, strcmp(FOLD_ROWS[i].before, FOLD_ROWS[i].after) != 0, "%s: is_changed",
			     FOLD_ROWS[i].why);
	}
}

Test(fold, changes_entries_in_place_when_nobody_joins)
{
	struct cache_board board = board_of("5 3 1:1@5 2:1@5 3:1@5");
	const char *entries = board.entries.p;
	size_t used_bytes = arena.used_bytes;
	struct verdict_bytes verdict = { .verdict.header.sequence = 6 };

	verdict_read(&verdict, VERDICT_KIND_DELIVERY, "1:U:1 2:W:0 3:C:2");
	cr_assert_eq(cache_fold(&board, &verdict.verdict, KEY_ID, &arena, &err), 0);
	cr_expect_str_eq(state_text(&board), "6 3 1:1@6 3:2@6");
	cr_expect_eq(board.entries.p, entries);
	cr_expect_eq(arena.used_bytes, used_bytes);
}

Test(fold, is_sure_of_no_teacher_of_a_board_after_a_verdict_of_another_key)
{
	static const struct {
		enum verdict_kind kind;
		bool is_dry;
		const char *after, *why;
	} ROWS[] = {
		{ VERDICT_KIND_DELIVERY, false, "6 3", "its keys do not say which entries it touches" },
		{ VERDICT_KIND_DELIVERY, true, "5 3 1:1@5", "a dry run touches none" },
		{ VERDICT_KIND_FORGET, false, "5 3", "nor do those of a Forget" },
		{ VERDICT_KIND_CONFIRM, false, "5 3 1:1@5", "a Confirm has none" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct cache_board board = board_of("5 3 1:1@5");
		struct verdict_bytes verdict = { .verdict.header = { .sequence = 6, .dry_run = ROWS[i].is_dry } };

		verdict_read(&verdict, ROWS[i].kind, "9:C:1");
		verdict.verdict.key_id = KEY_ID + 1;
		cr_assert_eq(cache_fold(&board, &verdict.verdict, KEY_ID, &arena, &err), 0);
		cr_expect_str_eq(state_text(&board), ROWS[i].after, "%s: %s", ROWS[i].why, state_text(&board));
	}
}

Test(fold, says_full_when_the_arena_cannot_hold_a_joining_teacher)
{
	struct cache_board board = board_of("5 3");
	struct verdict_bytes verdict = { .verdict.header.sequence = 6 };

	verdict_read(&verdict, VERDICT_KIND_DELIVERY, "1:C:1");
	cr_assert(arena_take(&arena, arena.cap_bytes - arena.used_bytes, 1));
	cr_expect_eq(cache_fold(&board, &verdict.verdict, KEY_ID, &arena, &err), -ERR_FULL);
}

/* One group of teacher 1 with content 1. */
static uint8_t classify_one(const struct cache_board *board, enum delivery_kind kind, int64_t sequence, bool is_dry,
			    bool is_valid)
{
	struct judged_group group = { .is_readable = true, .is_valid = is_valid, .line_count = 1 };
	struct judged judged = { .groups = &group, .group_count = 1, .readable_count = 1 };
	uint8_t class = 0;

	fill16(group.key, 1);
	fill16(group.content_hash, 1);
	cache_classify(board, kind, sequence, is_dry, &judged, &class);
	return class;
}

Test(classify, keeps_to_every_row_of_the_table)
{
	static const struct {
		const char *board;
		int64_t sequence;
		enum delivery_kind kind;
		bool is_dry, is_valid;
		uint8_t want;
		const char *why;
	} ROWS[] = {
		{ "5 3 1:1@5", 6, DELIVERY_MUTATIE, false, true, VERDICT_UNCHANGED, "surely current" },
		{ "5 5 1:1@5", 6, DELIVERY_VOLLEDIG, false, true, VERDICT_UNCHANGED,
		  "named by the last VOLLEDIG itself" },
		{ "5 3 1:1@3", 6, DELIVERY_MUTATIE, false, true, VERDICT_UNCHANGED, "seq = full is certain" },
		{ "5 3 1:1@2", 6, DELIVERY_MUTATIE, false, true, VERDICT_CANDIDATE, "seq < full: may have lapsed" },
		{ "5 3 1:2@5", 6, DELIVERY_MUTATIE, false, true, VERDICT_CANDIDATE, "another hash" },
		{ "5 3 2:1@5", 6, DELIVERY_MUTATIE, false, true, VERDICT_CANDIDATE, "no entry" },
		{ "5 3 1:1@5", 5, DELIVERY_MUTATIE, false, true, VERDICT_CANDIDATE, "q = max: a repeat or a conflict" },
		{ "5 3 1:1@5", 4, DELIVERY_MUTATIE, false, true, VERDICT_CANDIDATE, "q < max: late" },
		{ "5 3 1:1@5", 6, DELIVERY_MUTATIE, true, true, VERDICT_CANDIDATE, "a dry run" },
		{ "5 3 1:1@5", 6, DELIVERY_MUTATIE, false, false, VERDICT_REJECTED, "breaks a rule" },
		{ "5 3 1:1@5", 6, DELIVERY_INTREKKING, false, true, VERDICT_WITHDRAW, "a withdrawal" },
		{ "5 3 1:1@5", 6, DELIVERY_INTREKKING, false, false, VERDICT_REJECTED,
		  "a withdrawal that breaks a rule" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct cache_board board = board_of(ROWS[i].board);

		cr_expect_eq(classify_one(&board, ROWS[i].kind, ROWS[i].sequence, ROWS[i].is_dry, ROWS[i].is_valid),
			     ROWS[i].want, "%s", ROWS[i].why);
	}
}

Test(classify, is_sure_of_nothing_without_the_cache)
{
	cr_expect_eq(classify_one(NULL, DELIVERY_VOLLEDIG, 6, false, true), VERDICT_CANDIDATE);
	cr_expect_eq(classify_one(NULL, DELIVERY_VOLLEDIG, 6, false, false), VERDICT_REJECTED);
	cr_expect_eq(classify_one(NULL, DELIVERY_INTREKKING, 6, false, true), VERDICT_WITHDRAW);
}

/* ---- the cache beside a register ---- */

struct world {
	struct cache_board cache;
	struct teacher_state rows[TEACHERS];
	int64_t sequence_max, sequence_full;
	unsigned disowned; /* teachers the register refused and whose Forget is not folded yet */
	const char *violation;
};

struct event {
	enum verdict_kind kind;
	enum delivery_kind delivery;
	int64_t sequence;
	bool is_dry;
	bool is_repeat;	       /* known to the ledger: changes nothing in the register */
	bool waits;	       /* the VOLLEDIG lapses nobody by itself */
	unsigned decides;      /* of a replay: teachers whose outcome it decides */
	unsigned refuses;      /* teachers the register cannot store */
	int content[TEACHERS]; /* 0: not named */
	bool is_rejected[TEACHERS];
};

static void violate(struct world *world, const char *what)
{
	if (!world->violation)
		world->violation = what;
}

static bool is_current(const struct teacher_state *row, int content)
{
	return row->status == STATUS_ACTIEF && row->content_hash[0] == content;
}

static void register_lapse(struct world *world, const struct event *event, unsigned named)
{
	for (int t = 0; t < TEACHERS; t++)
		if (world->rows[t].status == STATUS_ACTIEF && world->rows[t].sequence < event->sequence &&
		    !(named >> t & 1) && world->sequence_full <= event->sequence) {
			world->rows[t].status = STATUS_VERVALLEN;
			world->rows[t].sequence = event->sequence;
		}
}

static void register_take(struct world *world, const struct event *event, int teacher, uint8_t class)
{
	struct teacher_state *row = &world->rows[teacher], would = *row;
	bool is_applied = !event->is_dry && !event->is_repeat &&
			  (event->kind != VERDICT_KIND_REPLAY || event->decides >> teacher & 1);
	uint8_t hash[CONTENT_HASH_BYTES];

	if (class == VERDICT_REJECTED)
		return;
	if (class == VERDICT_UNCHANGED) {
		if (!is_current(row, event->content[teacher]) && !(world->disowned >> teacher & 1))
			violate(world, "UNCHANGED is not true");
		if (is_applied && is_current(row, event->content[teacher]))
			row->sequence = event->sequence;
		return;
	}
	if (is_applied && event->refuses >> teacher & 1) {
		world->disowned |= 1u << teacher;
		return;
	}
	fill16(hash, event->content[teacher]);
	outcome_decide(&would, event->sequence, class == VERDICT_WITHDRAW ? NULL : hash);
	if (is_applied)
		*row = would;
}

static void verdict_make(struct world *world, const struct event *event, struct verdict_bytes *verdict, int *teachers)
{
	struct judged_group groups[TEACHERS] = { 0 };
	struct judged judged = { .groups = groups };
	size_t hashes = 0;

	*verdict = (struct verdict_bytes){ .verdict = { .kind = (int32_t)event->kind,
							.key_id = KEY_ID,
							.header = { .dry_run = event->is_dry,
								    .sequence = event->sequence,
								    .kind = (int32_t)event->delivery } } };
	for (int t = 0; t < TEACHERS; t++) {
		if (!event->content[t])
			continue;
		struct judged_group *group = &groups[judged.group_count];

		teachers[judged.group_count] = t;
		fill16(group->key, t + 1);
		fill16(group->content_hash, event->content[t]);
		fill16(verdict->keys + judged.group_count * 16, t + 1);
		group->is_valid = !event->is_rejected[t];
		judged.group_count++;
	}
	verdict->verdict.keys = slice_make(verdict->keys, judged.group_count * 16);
	if (event->kind == VERDICT_KIND_FORGET)
		return;
	cache_classify(&world->cache, event->delivery, event->sequence, event->is_dry, &judged, verdict->classes);
	for (size_t i = 0; i < judged.group_count; i++)
		if (verdict->classes[i] == VERDICT_CANDIDATE || verdict->classes[i] == VERDICT_UNCHANGED)
			memcpy(verdict->hashes + hashes++ * 16, groups[i].content_hash, 16);
	verdict->verdict.classes = slice_make(verdict->classes, judged.group_count);
	verdict->verdict.hashes = slice_make(verdict->hashes, hashes * 16);
}

/* Every entry that would make an UNCHANGED is true of the register. */
static void world_check(struct world *world)
{
	for (size_t i = 0; i < entries_count(world->cache.entries); i++) {
		const uint8_t *entry = entries_at(world->cache.entries, i);
		int t = entry[0] - 1;

		if (entry_sequence(entry) < world->cache.sequence_full || world->disowned >> t & 1)
			continue;
		if (!is_current(&world->rows[t], entry_hash(entry)[0]) ||
		    world->rows[t].sequence != entry_sequence(entry))
			violate(world, "an entry contradicts the register");
	}
}

static void world_take(struct world *world, const struct event *event)
{
	struct verdict_bytes verdict;
	int teachers[TEACHERS];
	unsigned named = 0;

	verdict_make(world, event, &verdict, teachers);
	cr_assert_eq(cache_fold(&world->cache, &verdict.verdict, KEY_ID, &arena, &err), 0);
	for (size_t i = 0; i < verdict.verdict.keys.n / 16; i++) {
		named |= 1u << teachers[i];
		if (event->kind == VERDICT_KIND_FORGET)
			world->disowned &= ~(1u << teachers[i]);
		else
			register_take(world, event, teachers[i], verdict.classes[i]);
	}
	if (event->kind == VERDICT_KIND_CONFIRM)
		register_lapse(world, event, event->decides);
	if (event->kind == VERDICT_KIND_DELIVERY && !event->is_dry && !event->is_repeat &&
	    event->delivery == DELIVERY_VOLLEDIG) {
		if (!event->waits)
			register_lapse(world, event, named);
		world->sequence_full = MAX(world->sequence_full, event->sequence);
	}
	world_check(world);
}

static struct event delivery(enum delivery_kind kind, int64_t sequence, int content1, int content2)
{
	return (struct event){
		.kind = VERDICT_KIND_DELIVERY, .delivery = kind, .sequence = sequence, .content = { content1, content2 }
	};
}

static void expect_no_violation(const struct event *events, size_t count)
{
	struct world world = { .cache = { .board = 41211 } };

	for (size_t i = 0; i < count; i++)
		world_take(&world, &events[i]);
	cr_expect_null(world.violation, "%s; cache %s", world.violation, state_text(&world.cache));
}

#define EXPECT_NO_VIOLATION(...) \
	expect_no_violation((const struct event[]){ __VA_ARGS__ }, ARRAY_LEN(((const struct event[]){ __VA_ARGS__ })))

Test(safeguard, full_a_teacher_that_lapsed_is_not_unchanged)
{
	EXPECT_NO_VIOLATION(delivery(DELIVERY_VOLLEDIG, 1, 1, 1), delivery(DELIVERY_VOLLEDIG, 2, 1, 0),
			    delivery(DELIVERY_MUTATIE, 3, 0, 1));
}

Test(safeguard, full_counts_when_the_volledig_is_late)
{
	/* the late VOLLEDIG lapses teacher 2, whose entry is older than it */
	EXPECT_NO_VIOLATION(delivery(DELIVERY_MUTATIE, 1, 1, 1), delivery(DELIVERY_MUTATIE, 5, 1, 0),
			    delivery(DELIVERY_VOLLEDIG, 4, 1, 0), delivery(DELIVERY_MUTATIE, 6, 0, 1));
}

Test(safeguard, full_counts_when_the_body_was_unreadable)
{
	struct cache_board board = board_of("1 1 1:1@1");
	struct verdict_bytes verdict = { .verdict.header = { .sequence = 2, .kind = DELIVERY_VOLLEDIG } };

	verdict_read(&verdict, VERDICT_KIND_DELIVERY, "-:Q");
	cr_assert_eq(cache_fold(&board, &verdict.verdict, KEY_ID, &arena, &err), 0);
	cr_expect_eq(classify_one(&board, DELIVERY_MUTATIE, 3, false, true), VERDICT_CANDIDATE);
}

Test(safeguard, late_equal_sequences_are_a_conflict_for_the_register_to_judge)
{
	/* content 2 with the sequence of content 1 is refused there; the cache must not take it for current */
	EXPECT_NO_VIOLATION(delivery(DELIVERY_MUTATIE, 1, 1, 0), delivery(DELIVERY_MUTATIE, 1, 2, 0),
			    delivery(DELIVERY_MUTATIE, 2, 2, 0));
}

Test(safeguard, trust_no_late_delivery_becomes_current)
{
	EXPECT_NO_VIOLATION(delivery(DELIVERY_MUTATIE, 5, 1, 0), delivery(DELIVERY_MUTATIE, 4, 2, 0),
			    delivery(DELIVERY_MUTATIE, 6, 2, 0));
}

Test(safeguard, keep_no_late_delivery_of_a_teacher_the_newer_one_could_not_store)
{
	/* the register refused q 5, so the late q 4 applies there; the entry of q 5 must not outlive it */
	struct event refused = delivery(DELIVERY_MUTATIE, 5, 1, 0);
	struct event forget = { .kind = VERDICT_KIND_FORGET, .content = { 1 } };

	refused.refuses = 1;
	EXPECT_NO_VIOLATION(refused, forget, delivery(DELIVERY_MUTATIE, 4, 2, 0), delivery(DELIVERY_MUTATIE, 6, 1, 0));
}

Test(safeguard, keep_no_entry_when_a_late_delivery_may_win_over_an_older_one)
{
	/* the teacher has q 1, the board is at 5: the late q 4 is applied, so content 1 is no longer current */
	EXPECT_NO_VIOLATION(delivery(DELIVERY_MUTATIE, 1, 1, 0), delivery(DELIVERY_MUTATIE, 5, 0, 1),
			    delivery(DELIVERY_MUTATIE, 4, 2, 0), delivery(DELIVERY_MUTATIE, 6, 1, 0));
}

Test(safeguard, keep_no_entry_of_a_withdrawn_teacher)
{
	EXPECT_NO_VIOLATION(delivery(DELIVERY_MUTATIE, 1, 1, 0), delivery(DELIVERY_INTREKKING, 2, 1, 0),
			    delivery(DELIVERY_MUTATIE, 3, 1, 0));
}

Test(safeguard, dry_runs_fold_to_nothing)
{
	struct event dry = delivery(DELIVERY_MUTATIE, 2, 2, 0);

	dry.is_dry = true;
	EXPECT_NO_VIOLATION(delivery(DELIVERY_MUTATIE, 1, 1, 0), dry, delivery(DELIVERY_MUTATIE, 3, 2, 0));
}

Test(safeguard, dry_runs_are_candidates_throughout)
{
	struct event dry = delivery(DELIVERY_MUTATIE, 2, 1, 0);
	struct world world = { .cache = { .board = 41211 } };
	struct event first = delivery(DELIVERY_MUTATIE, 1, 1, 0);
	struct verdict_bytes verdict;
	int teachers[TEACHERS];

	dry.is_dry = true;
	world_take(&world, &first);
	verdict_make(&world, &dry, &verdict, teachers);
	cr_expect_eq(verdict.classes[0], VERDICT_CANDIDATE);
}

Test(safeguard, replays_bring_no_old_content_back_unnoticed)
{
	/* q 1 was rejected and is replayed behind q 2: stale in the register, not current in the cache */
	struct event first = delivery(DELIVERY_MUTATIE, 1, 1, 0), replay = first;

	first.is_rejected[0] = true;
	replay.kind = VERDICT_KIND_REPLAY;
	replay.decides = 1;
	EXPECT_NO_VIOLATION(first, delivery(DELIVERY_MUTATIE, 2, 2, 0), replay, delivery(DELIVERY_MUTATIE, 3, 1, 0));
}

Test(safeguard, forget_removes_what_the_register_refused)
{
	struct event refused = delivery(DELIVERY_MUTATIE, 1, 1, 0);
	struct event forget = { .kind = VERDICT_KIND_FORGET, .content = { 1 } };

	refused.refuses = 1;
	EXPECT_NO_VIOLATION(refused, forget, delivery(DELIVERY_MUTATIE, 2, 1, 0));
}

Test(safeguard, batches_see_the_fold_of_the_messages_before)
{
	/* q 1 again behind q 2 of the same batch: judged on the state before the batch it would be UNCHANGED */
	struct cache_board before = board_of("1 1 1:1@1"), folded = board_of("1 1 1:1@1");
	struct verdict_bytes verdict = { .verdict.header.sequence = 2 };

	verdict_read(&verdict, VERDICT_KIND_DELIVERY, "1:C:2");
	cr_assert_eq(cache_fold(&folded, &verdict.verdict, KEY_ID, &arena, &err), 0);
	cr_expect_eq(classify_one(&before, DELIVERY_MUTATIE, 3, false, true), VERDICT_UNCHANGED);
	cr_expect_eq(classify_one(&folded, DELIVERY_MUTATIE, 3, false, true), VERDICT_CANDIDATE);
}

/* ---- random logs ---- */

static uint64_t random_state;

static unsigned random_below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 16) % n;
}

enum { EVENTS_MAX = 40 };

/* A message as boards, operators and the writer send them; earlier: those before it. */
static struct event random_event(const struct event *earlier, size_t count, int64_t *newest, unsigned disowned)
{
	unsigned kind = random_below(100);
	struct event event = { .kind = VERDICT_KIND_DELIVERY };

	if (disowned && kind < 20) {
		event.kind = VERDICT_KIND_FORGET;
		for (int t = 0; t < TEACHERS; t++)
			event.content[t] = disowned >> t & 1;
		return event;
	}
	if (count > 0 && kind < 40) {
		event = earlier[random_below((unsigned)count)];
		if (event.kind != VERDICT_KIND_DELIVERY)
			return event;
		event.refuses = 0;
		event.is_repeat = true;
		if (kind < 28 && !event.is_dry) { /* a replay of what was rejected; else a repeat */
			event.kind = VERDICT_KIND_REPLAY;
			event.is_repeat = false;
			for (int t = 0; t < TEACHERS; t++) {
				event.decides |= (unsigned)event.is_rejected[t] << t;
				event.is_rejected[t] = random_below(2);
			}
		}
		return event;
	}
	*newest += random_below(3);
	event.sequence = random_below(4) ? *newest : 1 + random_below((unsigned)*newest);
	event.delivery = (enum delivery_kind)(1 + random_below(3));
	event.is_dry = random_below(8) == 0;
	event.waits = random_below(3) == 0;
	event.refuses = random_below(6) == 0 ? 1u << random_below(TEACHERS) : 0;
	for (int t = 0; t < TEACHERS; t++) {
		event.content[t] = random_below(3) ? 1 + (random_below(4) == 0) : 0;
		event.is_rejected[t] = random_below(6) == 0;
	}
	return event;
}

Test(fold, says_nothing_untrue_of_the_register_in_random_logs)
{
	for (uint64_t seed = 1; seed <= 20000; seed++) {
		struct world world = { .cache = { .board = 41211 } };
		struct event events[EVENTS_MAX];
		int64_t newest = 1;

		random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
		for (size_t i = 0; i < EVENTS_MAX && !world.violation; i++) {
			events[i] = random_event(events, i, &newest, world.disowned);
			world_take(&world, &events[i]);
		}
		cr_assert_null(world.violation, "seed=%" PRIu64 ": %s", seed, world.violation);
		arena_reset(&arena);
	}
}

/* ---- any split into batches gives the same state ---- */

Test(fold, gives_the_same_state_however_the_log_is_cut)
{
	for (uint64_t seed = 1; seed <= 2000; seed++) {
		struct world world = { .cache = { .board = 41211 } };
		struct event events[EVENTS_MAX];
		struct verdict_bytes verdicts[EVENTS_MAX];
		int64_t newest = 1;
		int teachers[TEACHERS];

		random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 7;
		for (size_t i = 0; i < EVENTS_MAX; i++) {
			events[i] = random_event(events, i, &newest, 0);
			verdict_make(&world, &events[i], &verdicts[i], teachers);
			cr_assert_eq(cache_fold(&world.cache, &verdicts[i].verdict, KEY_ID, &arena, &err), 0);
		}
		struct cache_board again = { .board = 41211 };

		for (size_t i = 0; i < EVENTS_MAX; i++) {
			if (random_below(4) == 0) /* a batch ends: the state goes out and is read back */
				cr_assert(arena_copy(&arena, again.entries, &again.entries));
			cr_assert_eq(cache_fold(&again, &verdicts[i].verdict, KEY_ID, &arena, &err), 0);
		}
		cr_assert_eq(again.sequence_max, world.cache.sequence_max, "seed=%" PRIu64, seed);
		cr_assert_eq(again.sequence_full, world.cache.sequence_full, "seed=%" PRIu64, seed);
		cr_assert(slice_equal(again.entries, world.cache.entries), "seed=%" PRIu64, seed);
		arena_reset(&arena);
	}
}
