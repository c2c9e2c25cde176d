#include "gateway/byte_budget.h"

#include <criterion/criterion.h>
#include <stdint.h>

Test(gateway_byte_budget, reserves_up_to_its_limit_and_nothing_beyond)
{
	struct byte_budget budget = { .bytes_max = 100 };
	struct byte_reservation one = { .budget = &budget }, other = { .budget = &budget };

	cr_expect(byte_budget_reserve(&one, 60));
	cr_expect(!byte_budget_reserve(&other, 41), "one byte too many");
	cr_expect_eq(other.bytes, 0, "a refusal reserves nothing");
	cr_expect(byte_budget_reserve(&other, 40));
	cr_expect(!byte_budget_reserve(&one, 1));
	cr_expect(byte_budget_reserve(&one, 0), "nothing always fits");
	cr_expect(!byte_budget_reserve(&one, SIZE_MAX), "a sum that would overflow");
	cr_expect_eq(budget.reserved_bytes, 100);
	cr_expect_eq(budget.reserved_bytes, one.bytes + other.bytes);
}

Test(gateway_byte_budget, gives_what_is_released_to_the_next)
{
	struct byte_budget budget = { .bytes_max = 100 };
	struct byte_reservation one = { .budget = &budget }, other = { .budget = &budget };

	cr_assert(byte_budget_reserve(&one, 100));
	byte_budget_release(&one, 30);
	cr_expect_eq(one.bytes, 70);
	cr_expect(byte_budget_reserve(&other, 30));
	byte_budget_release_all(&one);
	byte_budget_release_all(&one);
	cr_expect_eq(one.bytes, 0);
	cr_expect_eq(budget.reserved_bytes, 30);
}

Test(gateway_byte_budget, lets_an_answer_exceed_it_only_when_that_is_alone)
{
	struct byte_budget budget = { .bytes_max = 100 };
	struct byte_reservation one = { .budget = &budget }, other = { .budget = &budget };

	cr_assert(byte_budget_reserve(&one, 1) && byte_budget_reserve(&other, 1));
	cr_expect(!byte_budget_reserve_answer(&one, 500), "another is there");
	cr_expect(byte_budget_reserve_answer(&one, 98), "it fits");
	byte_budget_release_all(&one);
	byte_budget_release_all(&other);
	cr_assert(byte_budget_reserve(&one, 1));
	cr_expect(byte_budget_reserve_answer(&one, 500), "its own byte does not count as another");
	cr_expect(!byte_budget_reserve(&other, 0) && !byte_budget_reserve_answer(&other, 1), "until it is released");
	byte_budget_release_all(&one);
	cr_expect_eq(budget.reserved_bytes, 0);
}

Test(gateway_byte_budget, leaves_others_the_rest_of_it_when_a_sender_has_his_share)
{
	struct byte_budget budget = { .bytes_max = 100, .share_bytes_max = 50 };
	struct byte_account sender = { 0 };
	struct byte_reservation one = { .budget = &budget, .account = &sender }, two = one,
				other = { .budget = &budget, .account = &(struct byte_account){ 0 } };

	cr_expect(byte_budget_reserve(&one, 30) && byte_budget_reserve(&two, 20));
	cr_expect(!byte_budget_reserve(&two, 1) && two.is_share_used, "his share is used");
	cr_expect(!byte_budget_reserve(&other, 51) && !other.is_share_used, "the budget is");
	cr_expect(byte_budget_reserve(&other, 50));
	byte_budget_release_all(&one);
	byte_budget_release_all(&other);
	cr_expect_eq(sender.bytes, 20);
	cr_expect(byte_budget_reserve(&two, 70), "one that is alone may exceed the share");
	cr_expect(!byte_budget_reserve(&one, 1) && one.is_share_used, "and no other beside it");
	byte_budget_release_all(&two);
	cr_expect_eq(sender.bytes, 0);
}
