/* One log, many logs, and the command line:
 *
 *   sim N [SEED] [VARIANT ..]   N logs from SEED on, without the safeguards named; N = 1 prints a violation with its
 *                               log
 *   sim all N                   the protocol, and every variant in turn, N logs each
 *   sim check N M               the protocol N logs without a violation; each variant up to M logs until it fails, or
 *                               none of M/10 when it cannot; prints "n passed, n failed"
 *   sim list                    the variants
 *
 * Exit status: 0 as expected, 1 not, 64 usage. */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 12000, STEPS_BUSY = 3000, STEPS_CALM_FROM = 500, WHYS_MAX = 20, EXIT_USAGE = 64 };

/* How this log is run. */
struct pace {
	int raws; /* messages, Forgets not counted */
	unsigned publishing, writing;
	int key_change_at; /* step; 0: none */
};

static struct pace pace_draw(void)
{
	struct pace pace = { .raws = 10 + (int)chance(21) };

	pace.raws += pace.raws * (world.boards - 1) / 2;
	pace.publishing = 1 + chance(6);
	pace.writing = 1 + chance(5);
	world.faults = one_in(5) ? 0 : 1 + (int)chance(5);
	world.restores = one_in(3);
	world.has_markers = one_in(3);
	world.losses = one_in(4) ? 1 + (int)chance(4) : 0;
	world.loses_heads = one_in(8);
	if (world.loses_heads)
		world.faults += 12;
	pace.key_change_at = one_in(25) ? 50 + (int)chance(300) : 0;
	return pace;
}

static int raws_published(void)
{
	int count = 0;

	for (int p = 0; p < PARTITIONS; p++)
		count += world.logs[p].raw_count;
	return count;
}

static void disturb(void)
{
	switch (chance(10)) {
	case 0:
	case 1:
		validator_land_late();
		break;
	case 2:
	case 3:
		if (!world.is_calm)
			redis_back_up();
		break;
	case 4:
	case 5:
		if (!world.redis_is_up) {
			world.redis_is_up = true;
		} else if (world.faults > 0 && !world.is_calm) {
			world.faults--;
			redis_fail();
		}
		break;
	case 6:
		if (world.restores > 0 && !world.is_calm)
			writer_restore();
		break;
	case 7:
		if (!world.is_calm)
			validator_rebalance();
		break;
	case 8:
		operator_step();
		break;
	default:
		if (world.is_calm)
			break;
		if (world.losses > 0 && one_in(3))
			loss_of_beginning();
		else if (world.has_markers)
			marker_put();
	}
}

static bool cache_is_folded(void)
{
	for (int p = 0; p < PARTITIONS; p++) {
		const struct redis_part *part = &world.redis.parts[0][p];
		const struct partition_log *log = &world.logs[p];

		if (log->raw_count > 0 && (!part->has_head || part->position.next_verdict != log->verdict_count ||
					   next_message(log, part->position.next_raw) != log->raw_count))
			return false;
	}
	return true;
}

static bool is_over(void)
{
	return world.is_calm && world.redis_is_up && validators_are_done() && cache_is_folded() && writers_are_done();
}

static void become_calm(void)
{
	world.is_calm = true;
	world.redis_is_up = true;
	validators_use_first_key();
}

static void step(const struct pace *pace)
{
	unsigned what = chance(24);
	bool is_published = raws_published() >= pace->raws;

	if (!world.is_calm && ((is_published && world.step > STEPS_CALM_FROM) || world.step > STEPS_BUSY))
		become_calm();
	if (world.step == pace->key_change_at && pace->key_change_at > 0 && !world.is_calm)
		validator_change_key();
	if (what < pace->publishing) {
		if (!is_published && world.step < STEPS_BUSY)
			publish_something();
	} else if (what < 17) {
		validator_step();
	} else if (what < 18 + pace->writing) {
		writer_step();
	} else if (what == 23) {
		disturb();
	}
}

/* NULL, or the claim that did not hold. */
static const char *run(uint64_t seed)
{
	chance_seed(seed);
	world_reset();
	validators_reset();
	writers_reset();
	struct pace pace = pace_draw();

	for (world.step = 1; world.step < STEPS_MAX && !world.violation; world.step++) {
		step(&pace);
		if (world.step % 16 == 0 && is_over())
			break;
	}
	if (!world.violation && world.step == STEPS_MAX)
		violate("it does not come to its end");
	if (!world.violation)
		spec_check();
	return world.violation;
}

/* ---- many ---- */

struct tally {
	long logs, violations;
	uint64_t first_seed;
	const char *whys[WHYS_MAX];
	long why_counts[WHYS_MAX];
	int why_count;
};

static void tally_add(struct tally *tally, const char *why, uint64_t seed)
{
	int i = 0;

	if (tally->violations++ == 0)
		tally->first_seed = seed;
	while (i < tally->why_count && strcmp(tally->whys[i], why) != 0)
		i++;
	if (i == WHYS_MAX)
		return;
	if (i == tally->why_count)
		tally->whys[tally->why_count++] = why;
	tally->why_counts[i]++;
}

static struct tally run_many(long logs, uint64_t seed, bool ends_at_first)
{
	struct tally tally = { 0 };

	for (; tally.logs < logs && !(ends_at_first && tally.violations > 0); tally.logs++) {
		const char *why = run(seed + (uint64_t)tally.logs);

		if (why)
			tally_add(&tally, why, seed + (uint64_t)tally.logs);
	}
	return tally;
}

static void tally_print(const char *name, const struct tally *tally)
{
	printf("%-24s %9ld logs %8ld violations", name, tally->logs, tally->violations);
	if (tally->violations > 0)
		printf(", first seed %" PRIu64, tally->first_seed);
	for (int i = 0; i < tally->why_count; i++)
		printf("; %s %ld", tally->whys[i], tally->why_counts[i]);
	printf("\n");
	fflush(stdout);
}

static void print_counts(void)
{
	static const char *const NAMES[COUNTS] = {
		[COUNT_MESSAGES] = "messages applied",
		[COUNT_UNCHANGED] = "unchanged",
		[COUNT_CANDIDATE] = "candidates",
		[COUNT_REJECTED] = "rejected",
		[COUNT_LATE] = "late deliveries",
		[COUNT_LAPSED] = "lapsed",
		[COUNT_WAITS] = "VOLLEDIG that wait",
		[COUNT_LAPSED_BY_CONFIRM] = "lapsed by Confirm",
		[COUNT_REFUSED] = "refused by the register",
		[COUNT_FORGET] = "Forget",
		[COUNT_REPEATS] = "repeats",
		[COUNT_REPLAYS] = "Replays",
		[COUNT_DRY] = "dry runs",
		[COUNT_RESTORES] = "register restored",
		[COUNT_ROLLBACKS] = "Redis rolled back",
		[COUNT_COLD] = "cold starts",
		[COUNT_BYPASS] = "begun without Redis",
		[COUNT_VOID] = "void verdicts",
		[COUNT_FENCED] = "writers fenced",
		[COUNT_DOUBTS] = "COMMIT in doubt",
		[COUNT_ISOLATED] = "batches isolated",
		[COUNT_LISTS_REPLACED] = "pending lists replaced",
		[COUNT_RAISED] = "rows raised",
		[COUNT_POISON] = "given up as poison",
		[COUNT_SET_BACK] = "set back",
		[COUNT_PARKED] = "parked for a key",
		[COUNT_MARKERS] = "markers",
		[COUNT_LOST] = "lost before they were judged",
		[COUNT_ACCEPTED] = "losses accepted",
	};

	for (int i = 0; i < COUNTS; i++)
		printf("%s%s %lu", i > 0 ? ", " : "", NAMES[i], counts[i]);
	printf("\n");
}

static int run_all(long logs)
{
	struct tally tally = run_many(logs, 1, false);

	tally_print("(the protocol)", &tally);
	for (int i = 0; i < VARIANTS_END; i++) {
		variant_is_on[i] = true;
		tally = run_many(logs, 1, false);
		tally_print(VARIANTS_ABOUT[i].name, &tally);
		variant_is_on[i] = false;
	}
	return 0;
}

static bool is_as_expected(const struct variant_about *about, const struct tally *tally)
{
	return about->expected == FAILS ? tally->violations > 0 : tally->violations == 0;
}

static int run_check(long logs, long logs_variant)
{
	struct tally tally = run_many(logs, 1, true);
	int failed = tally.violations > 0;

	tally_print("(the protocol)", &tally);
	for (int i = 0; i < VARIANTS_END; i++) {
		const struct variant_about *about = &VARIANTS_ABOUT[i];

		variant_is_on[i] = true;
		tally = run_many(about->expected == FAILS ? logs_variant : logs_variant / 10, 1, true);
		variant_is_on[i] = false;
		tally_print(about->name, &tally);
		if (is_as_expected(about, &tally))
			continue;
		failed++;
		printf("  NOT AS EXPECTED: %s\n", about->without);
	}
	printf("%d passed, %d failed\n", VARIANTS_END + 1 - failed, failed);
	return failed > 0;
}

static int list_variants(void)
{
	for (int i = 0; i < VARIANTS_END; i++)
		printf("%-24s %-7s %s\n", VARIANTS_ABOUT[i].name,
		       VARIANTS_ABOUT[i].expected == FAILS ? "fails" : "cannot", VARIANTS_ABOUT[i].without);
	return 0;
}

static int run_named(long logs, int argc, char **argv)
{
	uint64_t seed = argc > 0 ? strtoull(argv[0], NULL, 10) : 1;
	enum variant variant;
	struct tally tally;

	for (int i = 1; i < argc; i++) {
		if (!variant_find(argv[i], &variant)) {
			fprintf(stderr, "no variant %s; sim list names them\n", argv[i]);
			return EXIT_USAGE;
		}
		variant_is_on[variant] = true;
	}
	tally = run_many(logs, seed, false);
	if (logs == 1 && tally.violations > 0)
		spec_show();
	tally_print(argc > 1 ? argv[1] : "(the protocol)", &tally);
	print_counts();
	return tally.violations > 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "list") == 0)
		return list_variants();
	if (strcmp(what, "all") == 0 && argc == 3)
		return run_all(strtol(argv[2], NULL, 10));
	if (strcmp(what, "check") == 0 && argc == 4)
		return run_check(strtol(argv[2], NULL, 10), strtol(argv[3], NULL, 10));
	long logs = strtol(what, NULL, 10);

	if (logs > 0)
		return run_named(logs, argc - 2, argv + 2);
	fprintf(stderr, "usage: sim N [SEED] [VARIANT ..] | all N | check N M | list\n");
	return EXIT_USAGE;
}
