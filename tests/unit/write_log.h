/* write_log: random verdicts as a sound validator makes them, for the tests of the writer.
 *
 * The table of design 4 is small enough to stand here once more. With rejections, quarantine, dry runs, repeats, late
 * deliveries, confirmations, Forgets, bodies that could not be read, and teachers or whole messages that the register
 * refuses. The same seed makes the same log. */
#ifndef TESTS_WRITE_LOG_H
#define TESTS_WRITE_LOG_H

#include "write_fixture.h"

enum { LOG_MESSAGES_MAX = 48 };

struct cache_board {
	int content[FAKE_TEACHERS]; /* 0: no entry */
	int64_t sequence[FAKE_TEACHERS], max, full;
};

struct log {
	struct message *messages[LOG_MESSAGES_MAX];
	size_t count;
	struct fake_delivered delivered[LOG_MESSAGES_MAX];
	size_t delivered_count;
	struct cache_board cache[FAKE_BOARDS];
	int64_t base[FAKE_BOARDS];
	int content[FAKE_BOARDS][FAKE_TEACHERS];
};

void log_make(struct log *log, uint64_t seed);
int log_random(int low, int high); /* goes on from the seed of the last log */

#endif
