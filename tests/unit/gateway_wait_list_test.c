#include "gateway/wait_list.h"

#include <criterion/criterion.h>

Test(gateway_wait_list, hands_out_those_that_are_due_and_keeps_the_others)
{
	struct waiter waiters[4] = { 0 };
	struct wait_list list = { 0 };
	unsigned seen = 0;

	for (int i = 0; i < 4; i++) {
		waiters[i].owner = &waiters[i];
		wait_list_add(&list, &waiters[i], 100 + 10 * i);
	}
	cr_expect_null(wait_list_take_due(&list, 99));
	for (struct waiter *one = wait_list_take_due(&list, 110); one; one = one->next) {
		cr_expect_eq(one->owner, one);
		seen |= 1u << (one - waiters);
	}
	cr_expect_eq(seen, 3, "due at 100 and at 110, which is now");
	cr_expect_null(wait_list_take_due(&list, 119));
	cr_expect_eq(wait_list_take_due(&list, 120), &waiters[2]);
	cr_expect_eq(wait_list_take_due(&list, 1000), &waiters[3]);
	cr_expect(wait_list_is_empty(&list));
}

Test(gateway_wait_list, takes_back_who_is_added_while_the_due_are_walked)
{
	struct waiter waiters[3] = { 0 };
	struct wait_list list = { 0 };
	int count = 0;

	for (int i = 0; i < 3; i++)
		wait_list_add(&list, &waiters[i], 5);
	for (struct waiter *one = wait_list_take_due(&list, 5), *next; one; one = next, count++) {
		next = one->next;
		wait_list_add(&list, one, 50);
	}
	cr_expect_eq(count, 3);
	cr_expect_null(wait_list_take_due(&list, 49));
	count = 0;
	for (struct waiter *one = wait_list_take_due(&list, 50); one; one = one->next)
		count++;
	cr_expect_eq(count, 3);
}

Test(gateway_wait_list, says_how_long_nobody_is_due)
{
	struct waiter early = { 0 }, late = { 0 };
	struct wait_list list = { 0 };

	cr_expect_eq(wait_list_wait_ms(&list, 100, 250), 250, "nobody waits");
	wait_list_add(&list, &late, 1000);
	cr_expect_eq(wait_list_wait_ms(&list, 100, 250), 250, "no longer than asked for");
	wait_list_add(&list, &early, 140);
	cr_expect_eq(wait_list_wait_ms(&list, 100, 250), 40);
	cr_expect_eq(wait_list_wait_ms(&list, 140, 250), 0);
	cr_expect_eq(wait_list_wait_ms(&list, 5000, 250), 0, "overdue");
}
