/* What the generator promises: the same bytes for the same options, good BSNs, nights that follow from the options, and
 * errors that the rules reject. */
#include "gen/gen_error.h"
#include "gen/gen_main.h"
#include "gen/gen_teacher.h"
#include "model/bsn.h"
#include "model/judge.h"
#include "model/reference.h"

#include <criterion/criterion.h>
#include <getopt.h>
#include <unistd.h>

static struct gen_site sites[] = { { "60AA", "00", SECTOR_PO }, { "60AB", "01", SECTOR_VO } };
static const struct gen_board BOARD = {
	.number = 60000, .sites = sites, .site_count = ARRAY_LEN(sites), .teachers = 400, .first = 7
};
static const struct gen_board LARGE = {
	.number = 60000, .sites = sites, .site_count = ARRAY_LEN(sites), .teachers = 3000, .first = 7
};

static struct gen_options options_of(int64_t night)
{
	return (struct gen_options){
		.seed = 11, .boards = 1, .teachers = 400, .sequence = 1, .date = 20180601, .night = night
	};
}

Test(gen, makes_numbers_that_pass_the_eleven_test)
{
	for (uint64_t number = 0; number < 50000; number++) {
		char text[10];
		uint32_t bsn;

		gen_bsn(number, text);
		cr_assert_eq(bsn_read(slice_of(text), &bsn), RULE_NONE, "number=%llu", (unsigned long long)number);
	}
}

Test(gen, makes_the_same_teacher_twice)
{
	static struct gen_teacher once, twice;
	struct gen_options options = options_of(0);

	for (uint64_t number = 0; number < 400; number++) {
		cr_assert_eq(gen_teacher_make(&options, &BOARD, number, &once), GEN_NEW);
		cr_assert_eq(gen_teacher_make(&options, &BOARD, number, &twice), GEN_NEW);
		cr_assert_eq(memcmp(&once, &twice, sizeof once), 0, "number=%llu", (unsigned long long)number);
	}
}

Test(gen, changes_a_teacher_in_the_night_it_says_so_and_in_no_other)
{
	static struct gen_teacher before, after;
	struct gen_options today = options_of(3), tomorrow = options_of(4);
	size_t changed = 0;

	today.changed_ppm = tomorrow.changed_ppm = 100000;
	for (uint64_t number = 0; number < 400; number++) {
		cr_assert_neq(gen_teacher_make(&today, &BOARD, number, &before), GEN_ABSENT);
		bool is_changed = gen_teacher_make(&tomorrow, &BOARD, number, &after) == GEN_CHANGED;

		cr_expect_eq(memcmp(&before, &after, sizeof before) != 0, is_changed, "number=%llu",
			     (unsigned long long)number);
		changed += is_changed;
	}
	cr_expect(changed > 20 && changed < 70, "%zu of 400 at 10 %%", changed);
}

Test(gen, lets_teachers_leave_for_good_and_others_join)
{
	static struct gen_teacher teacher;
	size_t left = 0, joined = 0;

	for (uint64_t number = 0; number < 800; number++) {
		bool was_there = number < 400, is_gone = false;

		for (int64_t night = 1; night <= 5; night++) {
			struct gen_options options = options_of(night);

			options.left_ppm = options.joined_ppm = 50000;
			enum gen_night what = gen_teacher_make(&options, &BOARD, number, &teacher);

			cr_expect_not(is_gone && what != GEN_ABSENT, "number=%llu came back",
				      (unsigned long long)number);
			joined += what == GEN_NEW;
			is_gone |= was_there && what == GEN_ABSENT;
			was_there = what != GEN_ABSENT;
		}
		left += is_gone;
	}
	cr_expect_gt(left, 0);
	cr_expect_gt(joined, 0);
}

/* Every way to break a rule must bring its code, and every teacher without one must be accepted. */
struct judged_teacher {
	struct judged judged;
	size_t rejected_groups;
	bool has_code;
};

static void judge_teacher(const struct reference *reference, const struct gen_teacher *teacher, enum rule wanted,
			  struct arena *arena, struct judged_teacher *ret)
{
	struct hmac_key key;
	uint8_t columns[COLUMNS];
	struct slice cells[GEN_LINES_MAX * COLUMNS];
	struct err err;

	hmac_key_init(&key, SLICE_LITERAL("a key of the test"));
	for (size_t i = 0; i < COLUMNS; i++)
		columns[i] = (uint8_t)(i + 1);
	for (size_t i = 0; i < teacher->line_count * COLUMNS; i++)
		cells[i] = slice_of(teacher->lines[i / COLUMNS].cells[i % COLUMNS]);
	struct judge_input input = { .reference = reference,
				     .key = &key,
				     .board = BOARD.number,
				     .kind = DELIVERY_VOLLEDIG,
				     .extraction_date = 20180601,
				     .received_on = 20180602,
				     .columns = columns,
				     .column_count = COLUMNS,
				     .cells = cells,
				     .line_count = teacher->line_count };

	*ret = (struct judged_teacher){ 0 };
	cr_assert_eq(judge_delivery(&input, arena, &ret->judged, &err), 0);
	for (size_t i = 0; i < ret->judged.group_count; i++)
		ret->rejected_groups += !ret->judged.groups[i].is_valid;
	for (size_t i = 0; i < ret->judged.finding_count; i++)
		ret->has_code |= ret->judged.findings[i].rule == wanted;
}

static struct reference *open_reference(void)
{
	char dir[] = "/tmp/instroom-gen-test-XXXXXX", path[256];
	static char bytes[REFERENCE_TABLES][1 << 20];
	struct slice csv[REFERENCE_TABLES];
	struct reference *reference = NULL;
	struct err err;

	cr_assert_not_null(mkdtemp(dir));
	char *argv[] = { (char *)"instroom-gen", (char *)"--out", dir, (char *)"--boards", (char *)"1",
			 (char *)"--teachers",	 (char *)"5",	  NULL };

	cr_assert_eq(gen_main(7, argv), 0);
	for (int t = 0; t < REFERENCE_TABLES; t++) {
		snprintf(path, sizeof path, "%s/reference/%s", dir, reference_file((enum reference_table)t));
		FILE *file = fopen(path, "re");

		cr_assert_not_null(file);
		csv[t] = slice_make(bytes[t], fread(bytes[t], 1, sizeof bytes[t], file));
		fclose(file);
		unlink(path);
	}
	cr_assert_eq(reference_build(csv, &reference, &err), 0, "%s", err.text);
	return reference;
}

Test(gen, breaks_the_rule_it_aims_at_and_no_teacher_else)
{
	static struct gen_teacher teacher;
	struct reference *reference = open_reference();
	struct judged_teacher judged;
	struct arena arena;
	struct err err;
	size_t seen[64] = { 0 };

	cr_assert_eq(arena_init(&arena, 16 << 20, 1 << 20, &err), 0);
	for (uint64_t number = 0; number < (uint64_t)LARGE.teachers; number++) {
		struct gen_options options = options_of(0);

		gen_teacher_make(&options, &LARGE, number, &teacher);
		judge_teacher(reference, &teacher, RULE_NONE, &arena, &judged);
		cr_expect_eq(judged.rejected_groups, 0, "number=%llu is sound", (unsigned long long)number);
		options.errors_ppm = 1000000;
		gen_teacher_make(&options, &LARGE, number, &teacher);
		cr_assert_geq(teacher.error, 0);
		enum rule wanted = rule_of_code(slice_of(GEN_ERRORS[teacher.error].code));

		judge_teacher(reference, &teacher, wanted, &arena, &judged);
		cr_expect_eq(judged.rejected_groups, judged.judged.group_count, "number=%llu",
			     (unsigned long long)number);
		cr_expect(judged.has_code, "%s of number=%llu", GEN_ERRORS[teacher.error].code,
			  (unsigned long long)number);
		seen[teacher.error]++;
		arena_reset(&arena);
	}
	for (size_t i = 0; i < GEN_ERROR_COUNT; i++)
		cr_expect_gt(seen[i], 0, "%s never came up", GEN_ERRORS[i].code);
	arena_release(&arena);
	reference_free(reference);
}

static const struct {
	const char *words[8];
	int status;
	const char *why;
} WRONG[] = {
	{ { "instroom-gen" }, 64, "nowhere to write" },
	{ { "instroom-gen", "--out", "/tmp/x", "--errors", "101%" }, 64, "more than all" },
	{ { "instroom-gen", "--out", "/tmp/x", "--boards", "0" }, 64, "no board" },
	{ { "instroom-gen", "--out", "/tmp/x", "--date", "2018-02-30" }, 64, "no such day" },
	{ { "instroom-gen", "--out", "/tmp/x", "--boards", "10", "--teachers", "49" }, 64, "four at one board" },
	{ { "instroom-gen", "--out", "/tmp/x", "more" }, 64, "a stray word" },
	{ { "instroom-gen", "--out", "/tmp/instroom-gen-nowhere/a/b" }, 66, "a folder that cannot be made" },
};

Test(gen, says_what_is_wrong_with_its_options)
{
	for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
		int argc = 0;

		while (argc < 8 && WRONG[i].words[argc])
			argc++;
		optind = 0;
		cr_expect_eq(gen_main(argc, (char **)(uintptr_t)WRONG[i].words), WRONG[i].status, "%s", WRONG[i].why);
	}
}
