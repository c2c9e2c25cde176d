#include "gateway/connection.h"

#include "gateway/request.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct time_limits LIMITS = { .idle_ms_max = 60000, .request_ms_max = 600000 };

/* A connection since 0, with a request begun at 1000 where one is given. */
static const struct {
	bool has_served, has_request, is_suspended;
	int64_t replied_ms;
	bool is_draining;
	int64_t now_ms;
	bool is_overdue;
	const char *why;
} ROWS[] = {
	{ .now_ms = 10000, .is_overdue = false, .why = "10 s for the first head" },
	{ .now_ms = 10001, .is_overdue = true, .why = "and no longer" },
	{ .has_served = true, .now_ms = 60000, .is_overdue = false, .why = "it may rest between two requests" },
	{ .has_served = true, .now_ms = 60001, .is_overdue = true, .why = "as long as idle_ms_max" },
	{ .has_served = true, .is_draining = true, .now_ms = 1, .is_overdue = true, .why = "without a request, draining" },
	{ .has_request = true, .is_draining = true, .now_ms = 2000, .is_overdue = false, .why = "its request is finished first" },
	{ .has_request = true, .now_ms = 611000, .is_overdue = false, .why = "the 408 may be read for 10 s" },
	{ .has_request = true, .now_ms = 611001, .is_overdue = true, .why = "and no longer" },
	{ .has_request = true, .is_suspended = true, .now_ms = 9000000, .is_overdue = false, .why = "it is we who take long" },
	{ .has_request = true, .replied_ms = 5000, .now_ms = 605000, .is_overdue = false, .why = "the answer may be read slowly" },
	{ .has_request = true, .replied_ms = 5000, .now_ms = 605001, .is_overdue = true, .why = "but not for ever" },
};

Test(gateway_connection, gives_each_stage_its_time_and_no_more)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct request request = { .begun_ms = 1000,
					   .replied_ms = ROWS[i].replied_ms,
					   .is_suspended = ROWS[i].is_suspended };
		struct connection connection = { .has_served = ROWS[i].has_served,
						 .request = ROWS[i].has_request ? &request : NULL };

		cr_expect_eq(connection_is_overdue(&connection, &LIMITS, ROWS[i].is_draining, ROWS[i].now_ms),
			     ROWS[i].is_overdue, "%s", ROWS[i].why);
	}
}

static struct connections list;

Test(gateway_connection, lists_each_connection_until_it_is_removed)
{
	struct connection *first = connections_add(&list, 1, 0), *second = connections_add(&list, 2, 0),
			  *third = connections_add(&list, 3, 0);

	cr_assert(first && second && third);
	connections_remove(&list, second);
	cr_expect_eq(list.count, 2);
	cr_expect(list.first == third && third->next == first && first->previous == third && !first->next);
	connections_remove(&list, third);
	cr_expect(list.first == first && !first->previous);
	connections_remove(&list, first);
	cr_expect(!list.first && list.count == 0);
}

/* Two ends of a connection that is in a list. A client that has left is one that sends no more: it may still see that we hang
 * up. */
static struct connection *ours;
static int client;

static void connect_client(void)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	ours = connections_add(&list, ends[0], 0);
	client = ends[1];
}

static bool is_ended(int64_t now_ms)
{
	char byte;

	connections_sweep(&list, &LIMITS, false, now_ms);
	return recv(client, &byte, 1, MSG_DONTWAIT) == 0;
}

Test(gateway_connection, ends_a_connection_that_is_overdue)
{
	connect_client();
	cr_expect(!is_ended(10000));
	cr_expect(is_ended(10001));
}

Test(gateway_connection, ends_one_whose_client_has_left_once_it_was_silent_for_a_while)
{
	struct request request = { .begun_ms = 1000, .heard_ms = 1000 };

	connect_client();
	ours->request = &request;
	cr_expect(!is_ended(1500), "it is there");
	shutdown(client, SHUT_WR);
	cr_expect(!is_ended(1999), "looked for half a second ago");
	cr_expect(is_ended(2000));
}

Test(gateway_connection, lets_who_sent_a_whole_request_and_no_more_have_its_answer)
{
	struct request request = { .begun_ms = 1000, .heard_ms = 1000, .is_suspended = true };

	connect_client();
	ours->request = &request;
	shutdown(client, SHUT_WR);
	cr_expect(!is_ended(5000), "it waits for Kafka");
	request.is_suspended = false;
	request.replied_ms = 5000;
	cr_expect(!is_ended(6000), "it is being answered");
}
