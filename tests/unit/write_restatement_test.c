/* A replay restates a delivery: which lines it may decide, and what the delivery says afterwards.
 *
 * Lines are written as record:teacher and a letter. Of a delivery as it stands: n nieuw, g gewijzigd, o ongewijzigd,
 * v verouderd, a afgekeurd, i ingetrokken, q quarantaine; of a replay: C candidate, R rejected. Teacher - cannot be
 * told. A delivery that is only a number is a body of so many lines that could not be read. All persons are numbers. */
#include "write_fixture.h"

#include "wire/gen/feedback.h"
#include "write/restatement.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

enum { BOARD = 1, LINES_MAX = 16, SEQUENCE = 5 };

struct text_line {
	int record, teacher; /* -1: unknown */
	char letter;
};

struct text_lines {
	struct text_line lines[LINES_MAX];
	size_t count;
	bool is_unreadable;
};

static const char LETTERS[] = "?ngovaiq";

static enum outcome outcome_of(char letter)
{
	return (enum outcome)(strchr(LETTERS, letter) - LETTERS);
}

static struct text_lines parse(const char *text)
{
	struct text_lines out = { 0 };
	int lines = 0, used = 0;

	if (sscanf(text, "%d%n", &lines, &used) == 1 && text[used] == '\0') {
		out.is_unreadable = true;
		for (; out.count < (size_t)lines; out.count++)
			out.lines[out.count] = (struct text_line){ (int)out.count + 2, -1, 'q' };
		return out;
	}
	while (*text) {
		struct text_line *line = &out.lines[out.count++];
		char teacher[4] = "";

		cr_assert_eq(sscanf(text, " %d:%1[0-9-]%c%n", &line->record, teacher, &line->letter, &used), 3, "%s",
			     text);
		line->teacher = teacher[0] == '-' ? -1 : teacher[0] - '0';
		text += used;
	}
	return out;
}

/* The group of each line: teachers rising, then the others in the order of their lines. Returns the number of
 * groups. */
static size_t group_lines(const struct text_lines *text, int groups[LINES_MAX], int teachers[LINES_MAX],
			  size_t *ret_named)
{
	size_t count = 0;

	for (int t = 0; t < FAKE_TEACHERS; t++) {
		bool is_named = false;

		for (size_t i = 0; i < text->count; i++)
			if (text->lines[i].teacher == t) {
				groups[i] = (int)count;
				is_named = true;
			}
		if (is_named)
			teachers[count++] = t;
	}
	*ret_named = count;
	for (size_t i = 0; i < text->count; i++)
		if (text->lines[i].teacher < 0) {
			groups[i] = text->is_unreadable ? 0 : (int)count;
			teachers[groups[i]] = -1;
			count += !text->is_unreadable || i == 0;
		}
	return count;
}

static struct slice encode(const struct text_lines *text, const int groups[LINES_MAX], struct strbuf *out)
{
	struct wire_feedback_line lines[LINES_MAX] = { 0 };
	struct wire_feedback feedback = { .lines = { lines, text->count } };

	for (size_t i = 0; i < text->count; i++) {
		lines[i].record_number = text->lines[i].record;
		lines[i].group = groups[i];
	}
	wire_feedback_encode(out, &feedback);
	return strbuf_slice(out);
}

/* What one test works on. */
struct bench {
	struct fake_register fake;
	struct arena arena;
	struct strbuf before, after;
	struct standing standing;
	uint8_t keys[LINES_MAX * TEACHER_KEY_BYTES], outcomes[LINES_MAX];
	struct message *message;
	struct batch batch;
};

static struct bench *bench; /* the port's, too */
static bool has_rotated;    /* the delivery's list is in keys of before a rotation: others, in another order */

static const uint8_t *old_key(int teacher)
{
	static uint8_t keys[FAKE_TEACHERS][TEACHER_KEY_BYTES];

	for (size_t i = 0; i < TEACHER_KEY_BYTES; i++)
		keys[teacher][i] = (uint8_t)~fake_key(teacher)[i];
	return keys[teacher];
}

static const uint8_t *list_key(int teacher)
{
	return has_rotated ? old_key(teacher) : fake_key(teacher);
}

static int read_ledgers(void *self, struct batch *batch, struct board_state **boards, size_t count, struct err *err)
{
	struct batch_port port = fake_port(self);
	int rc = port.read_ledgers(self, batch, boards, count, err);

	if (bench->standing.line_count > 0)
		bench->message->standing = &bench->standing;
	return rc;
}

static void stand(const struct text_lines *text)
{
	int groups[LINES_MAX], teachers[LINES_MAX];
	size_t named, count = group_lines(text, groups, teachers, &named);
	struct standing *standing = &bench->standing;

	for (size_t i = 0; has_rotated && i < text->count; i++)
		groups[i] = groups[i] < (int)named ? (int)named - 1 - groups[i] : groups[i];
	for (size_t i = 0; i < named; i++)
		memcpy(bench->keys + i * TEACHER_KEY_BYTES, list_key(teachers[has_rotated ? named - 1 - i : i]),
		       TEACHER_KEY_BYTES);
	standing->has_old_keys = has_rotated;
	for (size_t i = 0; i < text->count; i++) {
		bench->outcomes[groups[i]] = (uint8_t)outcome_of(text->lines[i].letter);
		standing->lines[outcome_of(text->lines[i].letter)]++;
	}
	standing->line_count = (int64_t)text->count;
	standing->keys = slice_make(bench->keys, named * TEACHER_KEY_BYTES);
	standing->outcomes = bench->outcomes;
	standing->group_count = count;
	standing->has_feedback = !text->is_unreadable;
	standing->feedback = encode(text, groups, &bench->before);
}

static void replay(const struct text_lines *text)
{
	struct fake_group groups[LINES_MAX] = { 0 };
	int group_of[LINES_MAX], teachers[LINES_MAX];
	size_t named, count = group_lines(text, group_of, teachers, &named);

	for (size_t i = 0; i < text->count; i++) {
		struct fake_group *group = &groups[group_of[i]];

		group->teacher = text->lines[i].teacher;
		group->class = text->lines[i].letter == 'C' ? VERDICT_CANDIDATE : VERDICT_REJECTED;
		group->content = 2;
		group->lines++;
	}
	bench->message =
		fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_VOLLEDIG, SEQUENCE, false, 77 }, groups, count);
	bench->message->verdict.kind = VERDICT_KIND_REPLAY;
	bench->message->verdict.attempt = 1;
	bench->message->verdict.feedback = encode(text, group_of, &bench->after);
}

static void bench_open(void)
{
	struct err err;

	bench = calloc(1, sizeof *bench);
	cr_assert(bench);
	fake_messages_reset();
	fake_register_init(&bench->fake);
	cr_assert_eq(arena_init(&bench->arena, 64 << 20, 0, &err), 0);
	strbuf_init(&bench->before, 1 << 16);
	strbuf_init(&bench->after, 1 << 16);
	bench->fake.boards[BOARD].is_stored = true;
	bench->fake.boards[BOARD].row.sequence_max = SEQUENCE;
}

static void bench_close(void)
{
	fake_register_release(&bench->fake);
	arena_release(&bench->arena);
	strbuf_release(&bench->before);
	strbuf_release(&bench->after);
	free(bench);
	bench = NULL;
}

static void run(void)
{
	struct batch_port port = fake_port(&bench->fake);
	struct err err = { 0 };

	port.read_ledgers = read_ledgers;
	cr_assert_eq(batch_init(&bench->batch, &bench->arena, &bench->message, 1, &err), 0, "%s", err.text);
	cr_assert_eq(rounds_run(&bench->batch, &port, &err), 0, "%s", err.text);
	fake_apply(&bench->fake, &bench->batch);
}

/* The delivery as restated, written as it is read; the fake keys' first byte is the teacher. */
static void show(char out[256])
{
	const struct restated *restated = bench->message->restated;
	struct wire_feedback feedback;
	size_t n = 0;

	cr_assert_eq(wire_feedback_decode(restated->feedback, &bench->arena, &feedback, NULL), 0);
	out[0] = '\0';
	for (size_t i = 0; i < feedback.lines.count; i++) {
		size_t group = (size_t)feedback.lines.items[i].group;
		char teacher = '-';

		for (int t = 0; t < FAKE_TEACHERS && group < keys_count(restated->keys); t++)
			if (memcmp(keys_at(restated->keys, group), list_key(t), TEACHER_KEY_BYTES) == 0 ||
			    memcmp(keys_at(restated->keys, group), fake_key(t), TEACHER_KEY_BYTES) == 0)
				teacher = (char)('0' + t);
		n += (size_t)snprintf(out + n, 256 - n, "%s%d:%c%c", i > 0 ? " " : "",
				      feedback.lines.items[i].record_number, teacher,
				      LETTERS[outcome_counted_as((enum outcome)restated->ledger.outcomes[group])]);
	}
}

static const struct {
	const char *before, *replay, *after, *why;
} ROWS[] = {
	{ "2:1n 3:2a", "3:2C", "2:1n 3:2n", "a rejected teacher comes in, the other keeps his first outcome" },
	{ "2:1q 3:2a", "2:1C 3:2R", "2:1n 3:2a", "quarantaine comes in, what is rejected again stays so" },
	{ "2:1n", "2:1C", NULL, "what was applied is not decided again" },
	{ "2:1v 3:2o 4:3g", "2:1C 3:2C 4:3C", NULL, "nor what was stale, unchanged or changed" },
	{ "2:1a 3:1a", "2:1C", NULL, "of a teacher all lines or none" },
	{ "2:1a 3:1a", "2:1C 3:1C", "2:1n 3:1n", "all of them" },
	{ "2:-a 3:1n", "2:-R", "2:-a 3:1n", "a line without a known teacher is found by its number" },
	{ "2:-a 3:1n", "2:1C", NULL, "a teacher who stands with a line that is not brought keeps what he has" },
	{ "2:-a 3:1a", "2:1C 3:1C", "2:1n 3:1n", "unless that line is brought too" },
	{ "2:-a", "2:4C", "2:4n", "a line whose teacher is known now names him" },
	{ "2:1a", "2:-R", NULL, "a line does not lose its teacher" },
	{ "2:1a", "2:3C", NULL, "nor get another" },
	{ "2:1a", "3:1C", NULL, "a line the delivery does not have" },
	{ "2:1a 5:1a", "3:1C 5:1C", NULL, "nor is it taken for the next one that it has" },
	{ "2:1a 3:2a", "2:1C 3:2C 9:2C", "2:1n 3:2a", "such a line keeps back its teacher only" },
	{ "3", "2:1C 3:2C 4:-R", "2:1n 3:2n 4:-a", "a body that could not be read, whole" },
	{ "3", "2:1C 3:2C", NULL, "not whole: whose the third line is nobody knows" },
};

static void check_row(size_t i)
{
	struct text_lines before = parse(ROWS[i].before), lines = parse(ROWS[i].replay);
	char after[256] = "";

	bench_open();
	stand(&before);
	replay(&lines);
	run();
	cr_expect_eq(bench->message->replay, REPLAY_ENTERED, "%s", ROWS[i].why);
	cr_expect_eq(bench->message->restated != NULL, ROWS[i].after != NULL, "%s", ROWS[i].why);
	if (bench->message->restated)
		show(after);
	cr_expect_str_eq(after, ROWS[i].after ? ROWS[i].after : "", "%s", ROWS[i].why);
	bench_close();
}

Test(write_restatement, decides_what_failed_and_nothing_else)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		check_row(i);
}

/* But for what only equal keys can show: that two lines of the delivery which a replay does not have alike are of
 * one. */
Test(write_restatement, knows_the_teachers_of_a_delivery_from_before_a_rotation_by_their_lines)
{
	has_rotated = true;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		if (strcmp(ROWS[i].why, "nor get another") != 0 &&
		    strcmp(ROWS[i].why, "a teacher who stands with a line that is not brought keeps what he has") != 0)
			check_row(i);
	has_rotated = false;
}

Test(write_restatement, sets_the_teacher_as_a_late_delivery_would)
{
	static const struct {
		enum teacher_status status;
		int64_t sequence;
		int content;
		const char *after;
		int64_t sequence_after;
		const char *why;
	} STATES[] = {
		{ STATUS_NONE, 0, 0, "2:1n", 5, "unknown: new" },
		{ STATUS_ACTIEF, 4, 1, "2:1g", 5, "older and other: changed" },
		{ STATUS_ACTIEF, 4, 2, "2:1o", 5, "older and equal: unchanged, its volgnummer rises" },
		{ STATUS_ACTIEF, 5, 1, "2:1a", 5, "of the same volgnummer and other: rejected, LR-R08" },
		{ STATUS_ACTIEF, 6, 1, "2:1v", 6, "newer: stale" },
		{ STATUS_VERVALLEN, 6, 2, "2:1v", 6, "lapsed by a newer delivery: stale" },
	};

	for (size_t i = 0; i < ARRAY_LEN(STATES); i++) {
		struct text_lines before = parse("2:1a"), lines = parse("2:1C");
		struct fake_row *row;
		char after[256];

		bench_open();
		row = &bench->fake.boards[BOARD].teachers[1];
		*row = (struct fake_row){ .status = STATES[i].status,
					  .sequence = STATES[i].sequence,
					  .content = STATES[i].content };
		bench->fake.boards[BOARD].row.sequence_max = 6;
		bench->fake.boards[BOARD].row.teachers = STATES[i].status != STATUS_NONE;
		bench->fake.boards[BOARD].row.active = STATES[i].status == STATUS_ACTIEF;
		stand(&before);
		replay(&lines);
		run();
		show(after);
		cr_expect_str_eq(after, STATES[i].after, "%s", STATES[i].why);
		cr_expect_eq(fake_sequence(&bench->fake, BOARD, 1), STATES[i].sequence_after, "%s", STATES[i].why);
		cr_expect_eq(bench->fake.boards[BOARD].row.pending_sequence, 0, "a replay makes no list: %s",
			     STATES[i].why);
		cr_expect_eq(bench->fake.boards[BOARD].row.sequence_max, 6, "%s", STATES[i].why);
		bench_close();
	}
}

static void spoil(int how)
{
	static uint8_t bytes[] = { 0xff, 0xff, 0xff };

	switch (how) {
	case 0:
		bench->standing.line_count = 0; /* the port finds none */
		break;
	case 1:
		bench->standing.has_attempt = true;
		break;
	case 2:
		bench->message->verdict.replay_dry_run = true;
		break;
	case 3:
		bench->standing.line_count++; /* more than its feedback has */
		break;
	case 4:
		bench->message->verdict.feedback = slice_make(bytes, sizeof bytes);
		break;
	default:
		bench->standing.feedback = slice_make(bytes, sizeof bytes);
		break;
	}
}

Test(write_restatement, that_must_not_count_leaves_nothing)
{
	static const enum replay_end WANT[] = { REPLAY_UNKNOWN, REPLAY_REPEATED, REPLAY_DRY,
						REPLAY_UNFIT,	REPLAY_UNFIT,	 REPLAY_UNFIT };

	for (int how = 0; how < (int)ARRAY_LEN(WANT); how++) {
		struct text_lines before = parse("2:1a"), lines = parse("2:1C");

		bench_open();
		stand(&before);
		replay(&lines);
		spoil(how);
		run();
		cr_expect_eq(bench->message->replay, WANT[how], "%d", how);
		cr_expect_null(bench->message->restated, "%d", how);
		cr_expect_eq(bench->fake.boards[BOARD].teachers[1].status, STATUS_NONE, "%d", how);
		bench_close();
	}
}

/* Random deliveries and replays against the rule written down line by line. */

static uint64_t seed_state;

static int below(int n)
{
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 7;
	seed_state ^= seed_state << 17;
	return (int)((seed_state >> 16) % (uint64_t)n);
}

static void make_standing(struct text_lines *text)
{
	char letters[FAKE_TEACHERS];

	*text = (struct text_lines){ .count = 1 + (size_t)below(8), .is_unreadable = below(12) == 0 };
	for (int t = 0; t < FAKE_TEACHERS; t++)
		letters[t] = below(3) ? below(2) ? 'a' : 'q' : "ngov"[below(4)];
	for (size_t i = 0; i < text->count; i++) {
		int teacher = below(6) == 0 || text->is_unreadable ? -1 : below(4);

		text->lines[i] = (struct text_line){ (int)i + 2, teacher,
						     teacher >= 0	   ? letters[teacher]
						     : text->is_unreadable ? 'q'
									   : 'a' };
	}
}

static void make_replay(const struct text_lines *standing, struct text_lines *text)
{
	bool is_whole = below(3) == 0;
	char letters[FAKE_TEACHERS];

	*text = (struct text_lines){ 0 };
	for (int t = 0; t < FAKE_TEACHERS; t++)
		letters[t] = below(3) ? 'C' : 'R';
	for (size_t i = 0; i < standing->count; i++) {
		int teacher = standing->lines[i].teacher;

		if (!is_whole && below(3) == 0)
			continue;
		if (teacher < 0 && below(2))
			teacher = below(5);
		text->lines[text->count++] =
			(struct text_line){ standing->lines[i].record, teacher, teacher >= 0 ? letters[teacher] : 'R' };
	}
	if (text->count == 0)
		text->lines[text->count++] = (struct text_line){ 2, standing->lines[0].teacher, 'R' };
}

static struct text_line *find(struct text_lines *text, int record)
{
	for (size_t i = 0; i < text->count; i++)
		if (text->lines[i].record == record)
			return &text->lines[i];
	return NULL;
}

static bool may_decide(struct text_lines *standing, const struct text_lines *text, size_t at)
{
	int teacher = text->lines[at].teacher;

	if (standing->is_unreadable)
		return text->count == standing->count;
	/* every line of the group brings a line that failed, of nobody else */
	for (size_t i = 0; i < text->count; i++) {
		const struct text_line *line = find(standing, text->lines[i].record);

		if (teacher < 0 ? i != at : text->lines[i].teacher != teacher)
			continue;
		if (!line || !strchr("aq", line->letter) || (line->teacher >= 0 && line->teacher != teacher))
			return false;
	}
	for (size_t i = 0; teacher >= 0 && i < standing->count; i++) { /* and none of the teacher's is missing */
		struct text_lines copy = *text;

		if (standing->lines[i].teacher == teacher && !find(&copy, standing->lines[i].record))
			return false;
	}
	return true;
}

static size_t specify(struct text_lines *standing, const struct text_lines *text)
{
	struct text_lines after = *standing;
	size_t decided = 0;

	for (size_t i = 0; i < text->count; i++) {
		if (!may_decide(standing, text, i))
			continue;
		decided++;
		struct text_line *line = find(&after, text->lines[i].record);

		line->teacher = text->lines[i].teacher;
		line->letter = text->lines[i].letter == 'C' ? 'n' : 'a';
	}
	*standing = after;
	return decided;
}

static void check_restated(const struct text_lines *want, uint64_t seed)
{
	const struct restated *restated = bench->message->restated;
	int64_t sum = 0, unreadable = 0, lines[OUTCOMES + 1] = { 0 };
	char got[256], text[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < want->count; i++) {
		const struct text_line *line = &want->lines[i];

		lines[outcome_of(line->letter)]++;
		unreadable += line->teacher < 0;
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%d:%c%c", i > 0 ? " " : "", line->record,
				      line->teacher < 0 ? '-' : '0' + line->teacher, line->letter);
	}
	show(got);
	cr_assert_str_eq(got, text, "seed=%" PRIu64, seed);
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++) {
		cr_assert_eq(restated->ledger.lines[outcome], lines[outcome], "seed=%" PRIu64, seed);
		sum += restated->ledger.lines[outcome];
	}
	cr_assert_eq(sum, (int64_t)want->count, "seed=%" PRIu64 ": the counts do not add up", seed);
	cr_assert_eq(restated->unreadable_lines, unreadable, "seed=%" PRIu64, seed);
	for (size_t i = 1; i < keys_count(restated->keys); i++)
		cr_assert_lt(memcmp(keys_at(restated->keys, i - 1), keys_at(restated->keys, i), TEACHER_KEY_BYTES), 0,
			     "seed=%" PRIu64 ": the keys do not rise", seed);
}

Test(write_restatement, restates_random_deliveries_as_the_rule_says_line_by_line)
{
	for (uint64_t seed = 1; seed <= 20000; seed++) {
		struct text_lines standing, text;

		seed_state = seed * 0x9E3779B97F4A7C15u + 1;
		make_standing(&standing);
		make_replay(&standing, &text);
		bench_open();
		stand(&standing);
		replay(&text);
		run();
		size_t decided = specify(&standing, &text);

		cr_assert_eq((size_t)bench->message->replayed_lines, decided,
			     "seed=%" PRIu64 ": %" PRId64 " lines, not %zu", seed, bench->message->replayed_lines,
			     decided);
		cr_assert_eq(bench->message->restated != NULL, decided > 0, "seed=%" PRIu64, seed);
		if (decided > 0)
			check_restated(&standing, seed);
		bench_close();
	}
}
