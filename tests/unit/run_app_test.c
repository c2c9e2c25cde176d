#include "base/clock.h"
#include "base/log.h"
#include "run/app.h"
#include "run/notify.h"
#include "run/status.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A worker of which each iteration gives the next result; a signal may come with one. */
struct worker {
	const int *results;
	size_t result_count, iterations, drains;
	size_t signal_at; /* the iteration with which SIGTERM comes, from 1; 0: none */
	int signals;
	int drain_result;
};

static int take_iteration(void *self, struct err *err)
{
	struct worker *worker = self;

	worker->iterations++;
	for (int i = 0; worker->iterations == worker->signal_at && i < worker->signals; i++)
		kill(getpid(), i == 0 ? SIGTERM : SIGINT); /* two of one kind are one while they wait */
	int result = worker->iterations <= worker->result_count ? worker->results[worker->iterations - 1] : -ERR_STOP;

	return result == 0 ? 0 : err_set(err, (enum err_kind) - result, "test", "an iteration failed");
}

static int take_drain(void *self, int64_t deadline_ms, struct err *err)
{
	struct worker *worker = self;

	worker->drains++;
	cr_expect_gt(deadline_ms, clock_ms());
	cr_expect_leq(deadline_ms, clock_ms() + 5000);
	return worker->drain_result == 0 ? 0 : err_set(err, (enum err_kind) - worker->drain_result, "test", "no drain");
}

static const struct app APP = { take_iteration, take_drain, 5000 };

Test(app, the_kind_of_a_failed_iteration_decides_the_exit_status)
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
		struct worker worker = { .results = results, .result_count = 3 };

		cr_expect_eq(app_run(&APP, &worker), ROWS[i].status, "result %d", ROWS[i].result);
		cr_expect_eq(worker.iterations, 3);
		cr_expect_eq(worker.drains, ROWS[i].drains);
	}
}

Test(app, an_iteration_that_asks_to_repeat_is_repeated_after_a_pause)
{
	const int results[] = { -ERR_RETRY, -ERR_FULL, 0, -ERR_STOP };
	struct worker worker = { .results = results, .result_count = 4 };
	int64_t begin_ms = clock_ms();

	cr_expect_eq(app_run(&APP, &worker), EXIT_DRAINED);
	cr_expect_eq(worker.iterations, 4);
	cr_expect_geq(clock_ms() - begin_ms, 2 * 75);
}

Test(app, a_first_signal_drains)
{
	const int results[] = { 0, 0, 0, 0, 0, 0 };
	struct worker worker = { .results = results, .result_count = 6, .signal_at = 2, .signals = 1 };

	app_begin(HANGUP_RELOADS);
	cr_expect_eq(app_run(&APP, &worker), EXIT_DRAINED);
	cr_expect_eq(worker.iterations, 2, "no iteration after the signal");
	cr_expect_eq(worker.drains, 1);
	cr_expect_eq(stop_seen(), STOP_DRAIN);
}

Test(app, a_second_signal_leaves_at_once_and_not_as_drained)
{
	const int results[] = { 0, 0, 0 };
	struct worker worker = { .results = results, .result_count = 3, .signal_at = 1, .signals = 2 };

	app_begin(HANGUP_RELOADS);
	cr_expect_eq(app_run(&APP, &worker), EXIT_BUG);
	cr_expect_eq(worker.drains, 0);
	cr_expect_eq(stop_seen(), STOP_NOW);
}

Test(app, a_drain_that_fails_is_no_drain)
{
	const int results[] = { -ERR_STOP };
	struct worker worker = { .results = results, .result_count = 1, .drain_result = -ERR_RETRY };

	cr_expect_eq(app_run(&APP, &worker), EXIT_BUG);
}

static const struct {
	int rc;
	struct err err;
	int status, worker;
	const char *why;
} STATUS_ROWS[] = {
	{ 0, { 0 }, 0, 0, "no failure" },
	{ -ERR_CONFIG, { ERR_CONFIG, "credentials", "" }, 77, 77, "the peer refuses who we say we are" },
	{ -ERR_CONFIG, { ERR_CONFIG, "3D000", "" }, 78, 78, "no such database" },
	{ -ERR_RETRY, { ERR_RETRY, "credentials", "" }, 69, 70, "another kind: a worker should have waited" },
	{ -ERR_FATAL, { ERR_FATAL, "42P01", "" }, 78, 78, "the register lacks a table" },
	{ -ERR_CONFIG, { ERR_CONFIG, "42501", "" }, 78, 78, "the register lacks a grant" },
	{ -ERR_RETRY, { ERR_RETRY, "42501", "" }, 78, 78, "likewise, behind a statement that was permitted" },
	{ -ERR_DATA, { ERR_DATA, "file", "" }, 66, 70, "no such file" },
	{ -ERR_DATA, { ERR_DATA, "22000", "" }, 1, 70, "a worker should have quarantined it" },
	{ -ERR_STOP, { ERR_STOP, "stop", "" }, 1, 70, "not done, as a signal came" },
	{ -ERR_FULL, { ERR_FULL, "", "" }, 70, 70, "who fills a batch handles it" },
	{ -ERR_CONFIG, { ERR_STOP, "stop", "" }, 78, 78, "another error was written over it" },
	{ -ERR_CONFIG, { ERR_FATAL, "42P01", "" }, 78, 78, "likewise" },
	{ -ERR_FATAL, { ERR_CONFIG, "credentials", "" }, 70, 70, "the code of another failure" },
	{ -ERR_FATAL, { 0 }, 70, 70, "nobody wrote the error" },
};

Test(app, what_the_failed_call_returned_decides_the_exit_status)
{
	for (size_t i = 0; i < ARRAY_LEN(STATUS_ROWS); i++) {
		const struct err *err = &STATUS_ROWS[i].err;

		cr_expect_eq(exit_status_of(STATUS_ROWS[i].rc, err), STATUS_ROWS[i].status, "%s", STATUS_ROWS[i].why);
		cr_expect_eq(exit_status_of_worker(STATUS_ROWS[i].rc, err), STATUS_ROWS[i].worker, "worker: %s",
			     STATUS_ROWS[i].why);
	}
}

static int fail_twice(void *self, struct err *err)
{
	(void)self;
	int rc = err_set(err, ERR_CONFIG, "migration", "the register lacks tables");

	(void)err_set(err, ERR_STOP, "stop", "a clean-up wrote over it");
	return rc;
}

Test(app, a_second_error_makes_no_good_end_of_a_bad_one)
{
	const struct app app = { fail_twice, take_drain, 5000 };
	struct worker worker = { 0 };

	cr_expect_eq(app_run(&app, &worker), EXIT_SETTINGS);
	cr_expect_eq(worker.drains, 0);
}

Test(app, a_start_that_fails_ends_with_its_status_and_a_stop_at_start_is_no_failure)
{
	struct err err;

	cr_expect_eq(app_fail_start(err_set(&err, ERR_CONFIG, "address", "wrong"), &err), EXIT_SETTINGS);
	cr_expect_eq(app_fail_start(err_set(&err, ERR_RETRY, "", "away"), &err), EXIT_BUG);
	cr_expect_eq(app_fail_start(err_set(&err, ERR_STOP, "", "a signal"), &err), EXIT_DRAINED);
}

Test(app, a_wait_ends_with_the_signal)
{
	app_begin(HANGUP_RELOADS);
	int64_t begin_ms = clock_ms();

	cr_expect(app_wait(60));
	cr_expect_geq(clock_ms() - begin_ms, 60);
	kill(getpid(), SIGTERM);
	cr_expect_not(app_wait(60000));
	cr_expect(stop_is_asked(), "a stop stays");
	cr_expect_not(app_wait(0));
}

struct reloads {
	int iterations, reloads;
};

static int iterate_and_hang_up(void *self, struct err *err)
{
	struct reloads *reloads = self;

	(void)err;
	kill(getpid(), SIGUSR1); /* some send it to what has a log file */
	kill(getpid(), SIGUSR2);
	kill(getpid(), ++reloads->iterations < 3 ? SIGHUP : SIGTERM);
	return 0;
}

static void count_reload(void *self)
{
	((struct reloads *)self)->reloads++;
}

static int drain_nothing(void *self, int64_t deadline_ms, struct err *err)
{
	(void)self, (void)deadline_ms, (void)err;
	return 0;
}

Test(app, a_hangup_reloads_and_ends_nobody)
{
	struct app app = { .iterate = iterate_and_hang_up, .drain = drain_nothing, .reload = count_reload };
	struct reloads reloads = { 0 };

	app_begin(HANGUP_RELOADS);
	cr_expect_eq(app_run(&app, &reloads), EXIT_DRAINED);
	cr_expect_eq(reloads.iterations, 3);
	cr_expect_eq(reloads.reloads, 2);
}

Test(app, a_hangup_ends_a_command_of_a_terminal)
{
	app_begin(HANGUP_STOPS);
	kill(getpid(), SIGHUP);
	cr_expect_eq(stop_poll(), STOP_DRAIN);
}

Test(app, the_descriptor_is_readable_while_a_signal_waits)
{
	app_begin(HANGUP_RELOADS);
	struct pollfd fd = { .fd = stop_signalfd(), .events = POLLIN };

	cr_assert_geq(fd.fd, 0);
	cr_expect_eq(poll(&fd, 1, 0), 0);
	kill(getpid(), SIGTERM);
	cr_expect_eq(poll(&fd, 1, 1000), 1);
	cr_expect_eq(stop_poll(), STOP_DRAIN);
	cr_expect_eq(poll(&fd, 1, 0), 0);
	close(fd.fd);
}

/* The socket of a service manager, in the environment; the path is removed by its caller. */
static int listen_as_manager(struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof address->sun_path, "/tmp/instroom-notify-%d", (int)getpid());
	unlink(address->sun_path);
	cr_assert_eq(bind(fd, (const struct sockaddr *)address, sizeof *address), 0);
	setenv("NOTIFY_SOCKET", address->sun_path, 1);
	return fd;
}

static const char *hear(int fd)
{
	static char got[256];
	ssize_t n = recv(fd, got, sizeof got - 1, 0);

	got[MAX(n, (ssize_t)0)] = '\0';
	return got;
}

Test(notify, tells_the_service_manager_and_feeds_the_watchdog_once_a_second)
{
	struct sockaddr_un address;

	notify_ready(); /* without a socket: nothing, and no harm */
	int fd = listen_as_manager(&address);

	notify_ready();
	cr_expect_str_eq(hear(fd), "READY=1");
	notify_status("waiting");
	cr_expect_str_eq(hear(fd), "STATUS=waiting");
	notify_watchdog();
	notify_watchdog();
	cr_expect_str_eq(hear(fd), "WATCHDOG=1");
	cr_expect_str_eq(hear(fd), "", "the second fell into the same second");
	unlink(address.sun_path);
	close(fd);
}

Test(notify, hears_the_life_of_a_worker_in_order)
{
	const int results[] = { 0, -ERR_STOP };
	struct worker worker = { .results = results, .result_count = 2 };
	struct sockaddr_un address;
	int fd = listen_as_manager(&address);

	cr_assert_eq(app_run(&APP, &worker), EXIT_DRAINED);
	cr_expect_str_eq(hear(fd), "READY=1");
	cr_expect_str_eq(hear(fd), "WATCHDOG=1");
	cr_expect_str_eq(hear(fd), "STOPPING=1");
	cr_expect_str_eq(hear(fd), "");
	unlink(address.sun_path);
	close(fd);
}

Test(app, readiness_reaches_both_and_only_when_it_changes)
{
	struct sockaddr_un address;
	int fd = listen_as_manager(&address);
	const char *why = "";

	app_set_ready(false, "Kafka");
	cr_expect_str_eq(hear(fd), "STATUS=waiting for: Kafka");
	cr_expect_not(status_is_ready(&why));
	cr_expect_str_eq(why, "Kafka");
	app_set_ready(false, "Kafka");
	cr_expect_str_eq(hear(fd), "");
	app_set_ready(true, "a reason of no meaning");
	cr_expect_str_eq(hear(fd), "STATUS=ready");
	cr_expect(status_is_ready(&why));
	app_set_ready(true, "");
	cr_expect_str_eq(hear(fd), "");
	unlink(address.sun_path);
	close(fd);
}

/* What a child that does this ends with: its exit status, or minus the signal that ended it. */
static int end_of_child(int (*body)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(body());
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int first_file_after_a_start_without_any(void)
{
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	app_begin(HANGUP_RELOADS);
	return write(STDOUT_FILENO, "x", 1) < 0 ? open("/dev/null", O_RDONLY) : 0;
}

static int log_into_a_file_that_is_full(void)
{
	const struct rlimit none = { 0, 0 };
	FILE *file = tmpfile();

	app_begin(HANGUP_RELOADS);
	if (!file || dup2(fileno(file), STDERR_FILENO) < 0 || setrlimit(RLIMIT_FSIZE, &none) != 0)
		return 1;
	log_event(LOG_ERROR, "test.event", "n=1");
	return 0;
}

Test(app, what_is_closed_at_the_start_is_no_place_for_a_connection)
{
	cr_expect_geq(end_of_child(first_file_after_a_start_without_any), 3, "our log would go into it");
}

Test(app, a_log_that_may_not_grow_ends_nobody)
{
	cr_expect_eq(end_of_child(log_into_a_file_that_is_full), 0);
}

static int files_with(rlim_t soft, rlim_t hard)
{
	struct rlimit limit = { soft, hard };
	struct err err = { 0 };
	uint64_t files = 0;

	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 255;
	int rc = app_raise_file_limit(200, &files, &err);

	return rc == -ERR_CONFIG && strstr(err.text, "LimitNOFILE") ? 1 : rc == 0 ? (int)files : 254;
}

static int files_too_few(void)
{
	return files_with(24, 24);
}

static int files_fewer_than_wanted(void)
{
	return files_with(24, 100);
}

static int files_enough(void)
{
	return files_with(210, 250);
}

Test(app, too_few_files_are_called_so)
{
	cr_expect_eq(end_of_child(files_too_few), 1, "and no server is called away for it");
	cr_expect_eq(end_of_child(files_fewer_than_wanted), 100);
	cr_expect_eq(end_of_child(files_enough), 210);
}

/* Whether a process that aborts leaves a core, though its limit allows one: in folder, where the kernel's pattern is a
 * name. is_forbidden: it called app_forbid_core_dumps before the limit was raised. */
static bool leaves_a_core(const char *folder, bool is_forbidden)
{
	struct rlimit limit = { 0, 0 };
	int status = 0;

	getrlimit(RLIMIT_CORE, &limit);
	limit.rlim_cur = limit.rlim_max;
	pid_t child = fork();

	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		if (chdir(folder) != 0)
			_exit(1);
		if (is_forbidden)
			app_forbid_core_dumps();
		setrlimit(RLIMIT_CORE, &limit); /* root may, and so could whoever starts us with prlimit */
		raise(SIGABRT);
		_exit(2);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	return WCOREDUMP(status);
}

static void remove_files(const char *folder)
{
	DIR *stream = opendir(folder);

	cr_assert(stream);
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream))
		unlinkat(dirfd(stream), entry->d_name, 0); /* not the two of dots, which are folders */
	closedir(stream);
	cr_expect_eq(rmdir(folder), 0);
}

Test(app, a_process_that_holds_personal_data_dumps_no_core)
{
	char folder[] = "/tmp/instroom-core-XXXXXX";

	cr_assert(mkdtemp(folder));
	if (!leaves_a_core(folder, false))
		cr_log_warn("this machine makes no cores: nothing is shown but the settings");
	cr_expect_not(leaves_a_core(folder, true), "its limit was raised, and it is not dumpable");
	remove_files(folder);
	app_forbid_core_dumps();
	struct rlimit limit = { 1, 1 };

	getrlimit(RLIMIT_CORE, &limit);
	cr_expect(limit.rlim_cur == 0 && limit.rlim_max == 0);
	cr_expect_eq(prctl(PR_GET_DUMPABLE), 0);
}
