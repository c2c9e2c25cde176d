/* no_memory: a system without memory, for tests of what then becomes of the work. Linked with --wrap=realloc. */
#ifndef TESTS_NO_MEMORY_H
#define TESTS_NO_MEMORY_H

#include <stdbool.h>

/* While true, realloc gives nothing. */
extern bool no_memory;

#endif
