/* fuzz: what every target shares. A target aborts when a promise of ours is broken, and does nothing else. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How often an input got behind what refuses most: a marker, a form, a first check. A replay of which none did tests
 * nothing, and fails: standalone.c. Weak, as under libFuzzer nobody else defines it. */
__attribute__((weak)) size_t fuzz_deep_count;
#define FUZZ_DEEP() ((void)fuzz_deep_count++)

#define FUZZ_EXPECT(promise)                                                                  \
	do {                                                                                  \
		if (!(promise)) {                                                             \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise); \
			abort();                                                              \
		}                                                                             \
	} while (0)

#endif
