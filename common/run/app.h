/* app: the life of a worker process: signals, turns, drain, exit status (style 6).
 *
 * One thread runs the turns and owns every handle. TERM, INT and HUP are blocked before the first thread exists and
 * asked for between turns; a first TERM drains, a second leaves at once. */
#ifndef RUN_APP_H
#define RUN_APP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum exit_status {
	EXIT_DRAINED = 0,
	EXIT_USAGE = 64,
	EXIT_NO_FILE = 66,
	EXIT_NO_PEER = 69, /* instroomctl only: workers wait */
	EXIT_BUG = 70,
	EXIT_CREDENTIALS = 77,
	EXIT_SETTINGS = 78, /* config or missing migration */
};

enum stop { STOP_NONE, STOP_DRAIN, STOP_NOW };

void app_block_signals(void); /* first thing in main */
enum stop stop_poll(void);    /* sigtimedwait() with a zero wait; sticky; any thread may also call stop_seen */
enum stop stop_seen(void);
int stop_signalfd(void);  /* for an event loop: readable when a signal waits; then call stop_poll */
bool stop_is_asked(void); /* stop_poll() != STOP_NONE, in the form adapters take (pg_options.should_stop) */

struct app {
	/* One turn, bounded in rows and in ms; waits inside are at most a few hundred ms and see the stop. */
	int (*turn)(void *self, struct err *err);
	/* No new records: finish, store, leave the group; at the latest at deadline_ms of clock_ms(). */
	int (*drain)(void *self, int64_t deadline_ms, struct err *err);
	uint32_t drain_ms_max;
};

/* Turns until a stop, then drains. ERR_RETRY and ERR_FULL of a turn are the turn's own to handle: here they count as
 * ours to log once and go on after a pause. Beats for the status page and the service manager after each turn. Returns
 * the exit status; the error that ended it is logged here, once. A second signal before the drain began leaves at once
 * with EXIT_BUG: what is open then is done again by the next owner. */
MUSTUSE int app_run(const struct app *app, void *self);

/* Exit status for an error that ends a program: ERR_CONFIG is EXIT_SETTINGS, or EXIT_CREDENTIALS when its code is
 * "credentials" (what the adapters set when the peer refuses who we say we are); ERR_STOP is EXIT_DRAINED; the rest
 * EXIT_BUG. */
int app_exit_status(const struct err *err);

/* Sleeps in small steps until ms have passed or a stop is seen. false: stop. */
bool app_wait(uint32_t ms);

/* Sets the core limit to zero and forbids dumps: memory holds personal data. */
void app_forbid_core_dumps(void);

/* Memory of a large message goes back to the system when it is over, from the heap of each thread. Left to itself the
 * allocator learns from one such message to keep all later ones: a worker that once had to catch up would stay that
 * large. Before the first thread exists. */
void app_settle_heap(void);

#endif
