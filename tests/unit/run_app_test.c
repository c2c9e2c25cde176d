#include "base/clock.h"
#include "run/app.h"
#include "run/notify.h"
#include "run/status.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A worker of which each turn gives the next result; a signal may come with a turn. */
struct worker {
	const int *results;
	size_t turn_count, turns, drains;
	size_t signal_at; /* the turn with which SIGTERM comes, from 1; 0: none */
	int signals;
	int drain_result;
};

static int take_turn(void *self, struct err *err)
{
	struct worker *worker = self;

	worker->turns++;
	for (int i = 0; worker->turns == worker->signal_at && i < worker->signals; i++)
		kill(getpid(), i == 0 ? SIGTERM : SIGINT); /* two of one kind are one while they wait */
	int result = worker->turns <= worker->turn_count ? worker->results[worker->turns - 1] : -ERR_STOP;

	return result == 0 ? 0 : err_set(err, (enum err_kind) - result, "test", "a turn failed");
}

static int take_drain(void *self, int64_t deadline_ms, struct err *err)
{
	struct worker *worker = self;

	worker->drains++;
	cr_expect_gt(deadline_ms, clock_ms());
	cr_expect_leq(deadline_ms, clock_ms() + 5000);
	return worker->drain_result == 0 ? 0 : err_set(err, (enum err_kind) - worker->drain_result, "test", "no drain");
}

static const struct app APP = { take_turn, take_drain, 5000 };

Test(app, the_kind_of_a_failed_turn_decides_the_exit_status)
{
	static const struct {
		int result, status;
		size_t drains;
	} ROWS[] = {
		{ -ERR_FATAL, EXIT_BUG, 0 },
		{ -ERR_DATA, EXIT_BUG, 0 },
		{ -ERR_CONFIG, EXIT_SETTINGS, 0 },
		{ -ERR_STOP, EXIT_DRAINED, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const int results[] = { 0, 0, ROWS[i].result };
		struct worker worker = { .results = results, .turn_count = 3 };

		cr_expect_eq(app_run(&APP, &worker), ROWS[i].status, "result %d", ROWS[i].result);
		cr_expect_eq(worker.turns, 3);
		cr_expect_eq(worker.drains, ROWS[i].drains);
	}
}

Test(app, a_turn_that_asks_to_repeat_is_repeated_after_a_pause)
{
	const int results[] = { -ERR_RETRY, -ERR_FULL, 0, -ERR_STOP };
	struct worker worker = { .results = results, .turn_count = 4 };
	int64_t begin_ms = clock_ms();

	cr_expect_eq(app_run(&APP, &worker), EXIT_DRAINED);
	cr_expect_eq(worker.turns, 4);
	cr_expect_geq(clock_ms() - begin_ms, 2 * 75);
}

Test(app, a_first_signal_drains)
{
	const int results[] = { 0, 0, 0, 0, 0, 0 };
	struct worker worker = { .results = results, .turn_count = 6, .signal_at = 2, .signals = 1 };

	app_block_signals();
	cr_expect_eq(app_run(&APP, &worker), EXIT_DRAINED);
	cr_expect_eq(worker.turns, 2, "no turn after the signal");
	cr_expect_eq(worker.drains, 1);
	cr_expect_eq(stop_seen(), STOP_DRAIN);
}

Test(app, a_second_signal_leaves_at_once_and_not_as_drained)
{
	const int results[] = { 0, 0, 0 };
	struct worker worker = { .results = results, .turn_count = 3, .signal_at = 1, .signals = 2 };

	app_block_signals();
	cr_expect_eq(app_run(&APP, &worker), EXIT_BUG);
	cr_expect_eq(worker.drains, 0);
	cr_expect_eq(stop_seen(), STOP_NOW);
}

Test(app, a_drain_that_fails_is_no_drain)
{
	const int results[] = { -ERR_STOP };
	struct worker worker = { .results = results, .turn_count = 1, .drain_result = -ERR_RETRY };

	cr_expect_eq(app_run(&APP, &worker), EXIT_BUG);
}

Test(app, wrong_credentials_have_a_status_of_their_own)
{
	struct err err;

	(void)err_set(&err, ERR_CONFIG, "credentials", "refused");
	cr_expect_eq(app_exit_status(&err), EXIT_CREDENTIALS);
	(void)err_set(&err, ERR_CONFIG, "3D000", "no such database");
	cr_expect_eq(app_exit_status(&err), EXIT_SETTINGS);
	(void)err_set(&err, ERR_RETRY, "credentials", "another kind");
	cr_expect_eq(app_exit_status(&err), EXIT_BUG);
}

Test(app, a_wait_ends_with_the_signal)
{
	app_block_signals();
	int64_t begin_ms = clock_ms();

	cr_expect(app_wait(60));
	cr_expect_geq(clock_ms() - begin_ms, 60);
	kill(getpid(), SIGHUP);
	cr_expect_not(app_wait(60000));
	cr_expect(stop_is_asked(), "a stop stays");
	cr_expect_not(app_wait(0));
}

Test(app, the_descriptor_is_readable_while_a_signal_waits)
{
	app_block_signals();
	struct pollfd fd = { .fd = stop_signalfd(), .events = POLLIN };

	cr_assert_geq(fd.fd, 0);
	cr_expect_eq(poll(&fd, 1, 0), 0);
	kill(getpid(), SIGTERM);
	cr_expect_eq(poll(&fd, 1, 1000), 1);
	cr_expect_eq(stop_poll(), STOP_DRAIN);
	cr_expect_eq(poll(&fd, 1, 0), 0);
	close(fd.fd);
}

Test(notify, tells_the_service_manager_and_feeds_the_watchdog_once_a_second)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char got[64];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "/tmp/instroom-notify-%d", (int)getpid());
	unlink(address.sun_path);
	notify_ready(); /* without a socket: nothing, and no harm */
	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	notify_ready();
	cr_assert_eq(recv(fd, got, sizeof got, 0), 7);
	cr_expect_eq(memcmp(got, "READY=1", 7), 0);
	notify_watchdog();
	notify_watchdog();
	cr_expect_eq(recv(fd, got, sizeof got, 0), 10);
	cr_expect_eq(recv(fd, got, sizeof got, 0), -1, "the second fell into the same second");
	unlink(address.sun_path);
	close(fd);
}
