/* th: what the tests for ThreadSanitizer share. They are plain main() programs, as Criterion does not start under it.
 *
 * A test fails by a broken promise, or by a report of ThreadSanitizer, which ends the program with status 66. */
#ifndef TESTS_UNIT_TH_H
#define TESTS_UNIT_TH_H

#include "base/macros.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define TH_EXPECT(promise)                                                                    \
	do {                                                                                  \
		if (!(promise)) {                                                             \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise); \
			exit(EXIT_FAILURE);                                                   \
		}                                                                             \
	} while (0)

#endif
