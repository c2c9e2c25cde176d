/* app: the life of a worker process: signals, poll loop, drain, exit status (style 6).
 *
 * One thread runs the loop and owns every handle. TERM, INT and HUP are blocked before the first thread exists and
 * asked for between iterations; a first TERM drains, a second leaves at once. HUP never ends a worker: secrets, tokens
 * and certificates are read again. It does end a command of a terminal that hangs up. */
#ifndef RUN_APP_H
#define RUN_APP_H

#include "base/err.h"
#include "run/exit_status.h"

#include <stdbool.h>
#include <stdint.h>

enum stop { STOP_NONE, STOP_DRAIN, STOP_NOW };

enum hangup { HANGUP_RELOADS, HANGUP_STOPS };

/* First thing in main: blocks the signals, and takes the numbers of stdin, stdout and stderr where they are closed. */
void app_begin(enum hangup hangup);
enum stop stop_poll(void); /* sigtimedwait() with a zero wait; sticky; any thread may also call stop_seen */
enum stop stop_seen(void);
int stop_signalfd(void);   /* for an event loop: readable when a signal waits; then call stop_poll */
bool stop_is_urgent(void); /* stop_poll() == STOP_NOW, likewise */
bool stop_is_asked(void);  /* stop_poll() != STOP_NONE, in the form adapters take (pg_options.should_stop) */

struct app {
	/* One iteration of the poll loop, bounded in rows and in ms; waits inside are at most a few hundred ms and see
	 * the stop. */
	int (*iterate)(void *self, struct err *err);
	/* No new records: finish, store, leave the group; at the latest at deadline_ms of clock_ms(). */
	int (*drain)(void *self, int64_t deadline_ms, struct err *err);
	uint32_t drain_ms_max;
	/* After a HUP, between iterations: reads again what may change. What is wrong is logged and the old stays in
	 * use. */
	void (*reload)(void *self);
};

/* Reports to the service manager that the start is over, iterates until a stop, then drains. ERR_RETRY and ERR_FULL of
 * an iteration are its own to handle: here they count as ours to log once and go on after a pause. A heartbeat after
 * each iteration. Returns the exit status, which follows from what the failed call returned; the error is logged here,
 * once. A second signal before the drain began leaves at once with EXIT_BUG: what is in flight then is done again by
 * the next owner. */
MUSTUSE int app_run(const struct app *app, void *self);

/* What could not be opened ends the program: logs it as <worker>.start_failed and returns the exit status. A stop is no
 * failure: nothing was begun. */
int app_fail_start(int rc, const struct err *err);

/* The loop lives: for the status page and the watchdog of the service manager. For work of many steps inside one
 * iteration. */
void app_heartbeat(void);

/* For /readyz and the status line of the service manager. why: static text of what is waited for. */
void app_set_ready(bool is_ready, const char *why);

/* Sleeps in small steps until ms have passed or a stop is seen. false: stop. */
bool app_wait(uint32_t ms);

/* Sets the core limit to zero and forbids dumps: memory holds personal data. */
void app_forbid_core_dumps(void);

/* As many open files and connections as wanted, as far as the system lets us; *ret: how many it does. ERR_CONFIG: so
 * few that servers would seem to be away. */
MUSTUSE int app_raise_file_limit(uint64_t wanted, uint64_t *ret, struct err *err);

/* Memory of a large message goes back to the system when it is over, from the heap of each thread. Left to itself the
 * allocator learns from one such message to keep all later ones: a worker that once had to catch up would stay that
 * large. Before the first thread exists. */
void app_settle_heap(void);

#endif
