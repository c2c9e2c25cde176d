#include "run/app.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "run/notify.h"
#include "run/status.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MIN = 64 };
enum { WAIT_STEP_MS = 50, RETRY_MS_MIN = 100, RETRY_MS_MAX = 5000, HEAP_TRIM_BYTES = 1 << 20 };

static _Atomic int stop_state = STOP_NONE;
static _Atomic bool hangup_stops, is_reload_due;

static sigset_t stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

/* Started with one of them closed, the next file or connection would take its number: our log would go into it. Output
 * still cannot be written, which whoever writes it is told. */
static void open_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", O_RDONLY); /* takes the lowest number that is free: this one */
}

void app_begin(enum hangup hangup)
{
	sigset_t set = stop_signals();

	open_standard_files();
	atomic_store(&hangup_stops, hangup == HANGUP_STOPS);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN); /* a peer that went away is an error of the write, not the end of the process */
	signal(SIGXFSZ, SIG_IGN); /* nor is a log that has reached the size limit of files */
	signal(SIGUSR1, SIG_IGN); /* nor what makes other programs open their log again, or show their state */
	signal(SIGUSR2, SIG_IGN);
}

enum stop stop_seen(void)
{
	return (enum stop)atomic_load(&stop_state);
}

enum stop stop_poll(void)
{
	sigset_t set = stop_signals();
	struct timespec none = { 0, 0 };

	for (int signal; (signal = sigtimedwait(&set, NULL, &none)) > 0;)
		if (signal == SIGHUP && !atomic_load(&hangup_stops))
			atomic_store(&is_reload_due, true);
		else
			atomic_store(&stop_state, stop_seen() == STOP_NONE ? STOP_DRAIN : STOP_NOW);
	return stop_seen();
}

bool stop_is_asked(void)
{
	return stop_poll() != STOP_NONE;
}

bool stop_is_urgent(void)
{
	return stop_poll() == STOP_NOW;
}

int stop_signalfd(void)
{
	sigset_t set = stop_signals();

	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool app_wait(uint32_t ms)
{
	int64_t end_ms = clock_ms() + ms;

	for (int64_t left_ms = ms; left_ms > 0; left_ms = end_ms - clock_ms()) {
		if (stop_is_asked())
			return false;
		struct timespec step = { 0, (long)MIN(left_ms, (int64_t)WAIT_STEP_MS) * 1000000 };

		nanosleep(&step, NULL);
		app_heartbeat();
	}
	return !stop_is_asked();
}

void app_forbid_core_dumps(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
}

int app_raise_file_limit(uint64_t wanted, uint64_t *ret, struct err *err)
{
	struct rlimit limit;

	*ret = wanted;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	rlim_t before = limit.rlim_cur;

	limit.rlim_cur = MAX(before, MIN(wanted, limit.rlim_max));
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		limit.rlim_cur = before;
	*ret = limit.rlim_cur;
	if (limit.rlim_cur >= FILES_MIN)
		return 0;
	return err_set(err, ERR_CONFIG, "files",
		       "the system lets us open %llu files and connections, and we need %d: see LimitNOFILE of the "
		       "unit, or ulimit -n",
		       (unsigned long long)limit.rlim_cur, FILES_MIN);
}

void app_settle_heap(void)
{
	mallopt(M_MMAP_THRESHOLD, HEAP_TRIM_BYTES);
	mallopt(M_TRIM_THRESHOLD, HEAP_TRIM_BYTES);
}

void app_heartbeat(void)
{
	status_heartbeat();
	notify_watchdog();
}

void app_set_ready(bool is_ready, const char *why)
{
	const char *before = "";
	char text[128];
	bool was_ready = status_is_ready(&before);

	if (is_ready)
		why = "";
	status_set_ready(is_ready, why);
	if (is_ready == was_ready && strcmp(before, why) == 0)
		return;
	snprintf(text, sizeof text, "waiting for: %s", why);
	notify_status(is_ready ? "ready" : text);
}

static void log_failure(enum log_level level, const char *event, int rc, const struct err *err, uint32_t attempt)
{
	bool is_same = (int)err->kind == -rc; /* else another error was written over it */

	log_event(level, event, "kind=%s code=%s attempt=%u why=%s", err_kind_name((enum err_kind) - rc),
		  LOG_QUOTED(is_same ? err->code : ""), attempt, LOG_QUOTED(is_same ? err->text : "not known"));
}

/* Logs a failure that a pause may cure: the first, and then each time the attempts have doubled. false: stop. */
static bool pause_after(struct backoff *backoff, int rc, const struct err *err)
{
	uint32_t wait_ms = backoff_next_ms(backoff);

	if ((backoff->attempt & (backoff->attempt - 1)) == 0)
		log_failure(LOG_WARN, "loop.retried", rc, err, backoff->attempt);
	return app_wait(wait_ms);
}

static int iterate_until_stop(const struct app *app, void *self, struct err *err)
{
	struct backoff backoff;

	backoff_init(&backoff, RETRY_MS_MIN, RETRY_MS_MAX);
	while (stop_poll() == STOP_NONE) {
		if (atomic_exchange(&is_reload_due, false) && app->reload) {
			log_event(LOG_INFO, "worker.reloading", "why=\"SIGHUP came\"");
			app->reload(self);
		}
		int rc = app->iterate(self, err);

		app_heartbeat();
		if (rc == 0)
			backoff_reset(&backoff);
		else if (rc != -ERR_RETRY && rc != -ERR_FULL)
			return rc;
		else if (!pause_after(&backoff, rc, err))
			break;
	}
	return -ERR_STOP;
}

int app_fail_start(int rc, const struct err *err)
{
	if (rc == -ERR_STOP)
		return EXIT_DRAINED;
	log_failure(LOG_ERROR, "worker.start_failed", rc, err, 1);
	return exit_status_of_worker(rc, err);
}

int app_run(const struct app *app, void *self)
{
	struct err err = { 0 };

	notify_ready();
	int rc = iterate_until_stop(app, self, &err);

	notify_stopping();
	if (rc != -ERR_STOP) {
		log_failure(LOG_ERROR, "worker.failed", rc, &err, 1);
		return exit_status_of_worker(rc, &err);
	}
	if (stop_poll() == STOP_NOW) {
		log_event(LOG_WARN, "worker.left",
			  "why=\"a second signal came\" effect=\"what is in flight is left to the next owner\"");
		return EXIT_BUG;
	}
	log_event(LOG_INFO, "worker.draining", "wait_ms_max=%u", app->drain_ms_max);
	err = (struct err){ 0 };
	rc = app->drain(self, clock_ms() + app->drain_ms_max, &err);
	if (rc == 0) {
		log_event(LOG_INFO, "worker.drained", "status=0");
		return EXIT_DRAINED;
	}
	log_failure(LOG_ERROR, "worker.drain_failed", rc, &err, 1);
	return exit_status_of_worker(rc, &err);
}
