/* exit_status: with which status a program of ours ends, and the one place that makes it from an error. */
#ifndef RUN_EXIT_STATUS_H
#define RUN_EXIT_STATUS_H

#include "base/err.h"

#include <stdbool.h>

enum exit_status {
	EXIT_DRAINED = 0,
	EXIT_ANSWER_IS_NO = 1, /* instroomctl: done, and the answer is no; or not done, as a signal came */
	EXIT_USAGE = 64,
	EXIT_NO_FILE = 66,
	EXIT_NO_PEER = 69, /* instroomctl: workers wait */
	EXIT_BUG = 70,
	EXIT_CREDENTIALS = 77,
	EXIT_SETTINGS = 78, /* settings or missing migration */
};

/* An enum exit_status. rc: what the failed call returned; it decides. err adds its code, when it is that failure's (of
 * the same kind): an error that was written over it since changes nothing. */
int exit_status_of(int rc, const struct err *err);

/* The same for a worker, which waits for peers and quarantines data itself: if such an error ends it, that is a fault
 * of ours. */
int exit_status_of_worker(int rc, const struct err *err);

/* Of what config_load returned other than 0. */
int exit_status_of_config(int rc);

/* SQLSTATE of an undefined table, column, function or schema: this program is ahead of the register. */
bool exit_status_is_migration(const char *code);

#endif
