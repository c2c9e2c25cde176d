/* The changes of state of the writer and of a partition, each one that is drawn and no other, and what follows for
 * readiness. */
#include "run/status.h"
#include "write/partition.h"
#include "write/writer_state.h"

#include <criterion/criterion.h>
#include <signal.h>

/* A row for each state, a column for each that may come next. */
static const char *const WRITER[WRITER_STATES] = {
	/*                           S  Ru W  Re I  RS */
	[WRITER_STARTING] = "x  x  .  x  x  .",	 [WRITER_RUNNING] = ".  x  x  x  x  .",
	[WRITER_WAITING] = ".  x  x  x  x  .",	 [WRITER_RETRYING] = ".  .  x  x  x  .",
	[WRITER_ISOLATING] = ".  x  x  .  .  x", [WRITER_RETRYING_SINGLY] = ".  .  x  .  .  x",
};

static const char *const PARTITION[PARTITION_STATES] = {
	/*                       O  A  Ru Pau Par */
	[PARTITION_OTHERS] = "x  x  .  .  .",  [PARTITION_ASSIGNED] = "x  x  x  .  x",
	[PARTITION_RUNNING] = "x  x  .  x  x", [PARTITION_PAUSED] = "x  x  x  .  x",
	[PARTITION_PARKED] = "x  x  .  .  x",
};

Test(write_states, the_writer_changes_as_drawn)
{
	for (int from = 0; from < WRITER_STATES; from++)
		for (int to = 0; to < WRITER_STATES; to++)
			cr_expect_eq(writer_state_may_change((enum writer_state)from, (enum writer_state)to),
				     WRITER[from][to * 3] == 'x', "from %d to %d", from, to);
}

Test(write_states, a_partition_changes_as_drawn)
{
	for (int from = 0; from < PARTITION_STATES; from++)
		for (int to = 0; to < PARTITION_STATES; to++)
			cr_expect_eq(partition_may_change((enum partition_state)from, (enum partition_state)to),
				     PARTITION[from][to * 3] == 'x', "from %d to %d", from, to);
}

Test(write_states, a_change_that_is_not_drawn_ends_the_process, .signal = SIGABRT)
{
	enum writer_state state = WRITER_RETRYING;

	writer_state_change(&state, WRITER_RUNNING, "a kept batch was forgotten");
}

Test(write_states, readiness_follows_from_the_state)
{
	static const struct {
		enum writer_state to;
		const char *why;
		bool is_ready;
	} STEPS[] = {
		{ WRITER_STARTING, "starting", false }, { WRITER_RUNNING, "all peers answer", true },
		{ WRITER_WAITING, "Kafka", false },	{ WRITER_RETRYING, "PostgreSQL", false },
		{ WRITER_ISOLATING, "refused", true },	{ WRITER_RETRYING_SINGLY, "PostgreSQL", false },
		{ WRITER_WAITING, "the end", false },	{ WRITER_RUNNING, "all peers answer", true },
	};
	enum writer_state state = WRITER_STARTING;

	for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
		const char *why = NULL;

		writer_state_change(&state, STEPS[i].to, STEPS[i].why);
		cr_expect_eq(state, STEPS[i].to);
		cr_expect_eq(status_is_ready(&why), STEPS[i].is_ready, "step %zu", i);
		cr_expect(STEPS[i].is_ready || strcmp(why, STEPS[i].why) == 0, "step %zu: %s", i, why);
	}
}

Test(write_states, who_waits_keeps_what_he_has)
{
	static const enum writer_state AFTER[WRITER_STATES] = {
		[WRITER_STARTING] = WRITER_STARTING,   [WRITER_RUNNING] = WRITER_WAITING,
		[WRITER_WAITING] = WRITER_WAITING,     [WRITER_RETRYING] = WRITER_RETRYING,
		[WRITER_ISOLATING] = WRITER_ISOLATING, [WRITER_RETRYING_SINGLY] = WRITER_RETRYING_SINGLY,
	};

	for (int from = 0; from < WRITER_STATES; from++) {
		enum writer_state state = (enum writer_state)from;

		if (from == WRITER_ISOLATING) /* does not outlast an iteration */
			continue;
		writer_state_wait(&state, "PostgreSQL");
		cr_expect_eq(state, AFTER[from], "from %d", from);
		cr_expect_not(status_is_ready(NULL));
	}
}

Test(write_states, a_partition_taken_away_keeps_nothing)
{
	struct partition partition = { .state = PARTITION_RUNNING };

	partition.committed.at.next_verdict = partition.ahead.at.next_raw = 7;
	partition_park(&partition, 3, "because of %d", 7);
	cr_expect_str_eq(partition.why, "because of 7");
	cr_expect(partition.is_why_due);
	partition_change(&partition, PARTITION_OTHERS);
	cr_expect(!partition.is_why_due && partition.why[0] == '\0' && partition.committed.at.next_verdict == 0);
}

Test(write_states, cursors_that_were_missing_are_no_register_that_was_set_back)
{
	static const struct {
		bool had, has, is_restoring;
		int64_t next_raw;
		enum cursors_found want;
	} ROWS[] = {
		{ true, true, false, 7, CURSORS_STAND },  { true, true, false, 6, CURSORS_MOVED },
		{ true, true, false, 8, CURSORS_MOVED },  { true, true, true, 7, CURSORS_MOVED },
		{ true, false, false, 0, CURSORS_MOVED }, { false, false, false, 0, CURSORS_STAND },
		{ false, true, false, 0, CURSORS_ADDED }, { false, true, false, 7, CURSORS_ADDED },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct partition partition = { .has_cursor = ROWS[i].had };
		struct cursor cursor = { .is_there = ROWS[i].has, .is_restoring = ROWS[i].is_restoring };

		partition.committed.at.next_raw = ROWS[i].had ? 7 : 0;
		cursor.chain.at.next_raw = ROWS[i].next_raw;
		cr_expect_eq(partition_compare(&partition, &cursor), ROWS[i].want, "row %zu", i);
	}
}
