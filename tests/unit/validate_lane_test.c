/* The lane's states: the changes that lane_enter allows are those that lane.h draws, and the counts follow them. */
#include "validate/lane.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

enum { ANY = LANE_STATES };

static int state_named(const char *name)
{
	for (int state = 0; state < LANE_STATES; state++)
		if (strcmp(lane_state_name((enum lane_state)state), name) == 0)
			return state;
	cr_assert_str_eq(name, "ANY", "lane.h names a state that does not exist");
	return ANY;
}

/* drawn[from][to], from the lines " *   FROM -> TO  why" of lane.h. */
static void read_drawing(bool drawn[LANE_STATES][LANE_STATES])
{
	FILE *file = fopen(LANE_H, "re");
	char line[256], from[32], to[32];

	cr_assert(file, "%s", LANE_H);
	while (fgets(line, sizeof line, file)) {
		if (strncmp(line, " *   ", 5) != 0 || line[5] == ' ' ||
		    sscanf(line + 5, "%31[A-Z] -> %31[A-Z] ", from, to) != 2)
			continue;
		int source = state_named(from), target = state_named(to);

		cr_assert(source == ANY || !drawn[source][target], "lane.h has %s -> %s twice", from, to);
		for (int state = 0; state < LANE_STATES; state++)
			if (state == source || (source == ANY && state != target))
				drawn[state][target] = true;
	}
	fclose(file);
}

Test(lane, changes_state_as_its_header_draws_it_and_not_otherwise)
{
	bool drawn[LANE_STATES][LANE_STATES] = { 0 };
	int count = 0;

	read_drawing(drawn);
	for (int from = 0; from < LANE_STATES; from++)
		for (int to = 0; to < LANE_STATES; to++) {
			cr_expect_eq(lane_may_enter((enum lane_state)from, (enum lane_state)to), drawn[from][to],
				     "%s -> %s", lane_state_name((enum lane_state)from),
				     lane_state_name((enum lane_state)to));
			count += drawn[from][to];
		}
	cr_expect_eq(count, 20 + LANE_STATES - 1, "20 changes, and back to UNASSIGNED from each other state");
}

Test(lane, every_state_can_be_reached_and_left)
{
	for (int state = 0; state < LANE_STATES; state++) {
		int in = 0, out = 0;

		for (int other = 0; other < LANE_STATES; other++) {
			in += other != state && lane_may_enter((enum lane_state)other, (enum lane_state)state);
			out += other != state && lane_may_enter((enum lane_state)state, (enum lane_state)other);
		}
		cr_expect(in > 0 && out > 0, "%s", lane_state_name((enum lane_state)state));
	}
}

static struct lanes lanes;

static void expect_counts(const char *when)
{
	uint32_t counts[LANE_STATES] = { 0 };

	for (int32_t i = 0; i < lanes.end; i++)
		if (lanes.items[i])
			counts[lanes.items[i]->state]++;
	for (int state = 0; state < LANE_STATES; state++)
		cr_expect_eq(lanes.counts[state], counts[state], "%s: %s", when,
			     lane_state_name((enum lane_state)state));
}

Test(lane, counts_are_those_of_the_lanes_whatever_they_go_through)
{
	struct lane *first = lanes_assign(&lanes, 3), *second = lanes_assign(&lanes, 7);

	expect_counts("assigned");
	cr_expect_eq(lanes.counts[LANE_START], 2);
	cr_expect_eq(lanes.end, 8);
	lane_enter(first, LANE_FOLD, 0, "test");
	lane_enter(first, LANE_RUN, 0, "test");
	lane_enter(second, LANE_FOLLOW, 0, "test");
	lane_enter(second, LANE_BYPASS, 1000, "test");
	expect_counts("judging");
	lane_enter(first, LANE_WAITING, 1000, "test");
	lane_park(second, "test");
	expect_counts("at rest");
	lane_enter(first, LANE_UNASSIGNED, 0, "test");
	expect_counts("revoked");
	cr_expect_eq(lanes_assign(&lanes, 3), first);
	expect_counts("assigned again");
	lane_enter(first, LANE_START, 0, "test");
	expect_counts("begun anew");
	cr_expect_null(lanes_find(&lanes, 4));
	cr_expect_null(lanes_find(&lanes, LANES_MAX));
	lanes_release(&lanes);
}

Test(lane, rests_as_long_as_asked_and_then_not_any_more)
{
	struct lane *lane = lanes_assign(&lanes, 0);

	lane_park(lane, "test");
	cr_expect_gt(lane->retry_at_ms, 0);
	lane_enter(lane, LANE_START, 0, "test");
	cr_expect_eq(lane->retry_at_ms, 0);
	lanes_release(&lanes);
}

Test(lane, keeps_what_is_true_of_the_chain_when_its_partition_comes_back)
{
	struct lane *lane = lanes_assign(&lanes, 0);

	lane->position = (struct chain_position){ .next_raw = 5, .next_verdict = 9 };
	lane->has_position = true;
	lane->messages_max = 64;
	lane->is_tried = true;
	lane_enter(lane, LANE_UNASSIGNED, 0, "test");
	lane = lanes_assign(&lanes, 0);
	cr_expect(lane->has_position);
	cr_expect_eq(lane->position.next_verdict, 9);
	cr_expect_eq(lane->messages_max, 1, "a crash shall leave few messages before the one to blame");
	cr_expect_not(lane->is_tried);
	lanes_release(&lanes);
}

Test(lane, asserts_that_a_change_is_one_of_the_drawing, .signal = SIGABRT)
{
	struct lane *lane = lanes_assign(&lanes, 0);

	lane_enter(lane, LANE_RUN, 0, "test: never without a fold");
}
