/* random: bytes nobody can guess or repeat, from the system. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/err.h"

#include <stddef.h>

enum { RANDOM_BYTES_MAX = 64 << 10 }; /* of one call; asserted */

/* ERR_FATAL: the system gives none, so no id of ours would be unique. */
MUSTUSE int random_fill(void *bytes, size_t n, struct err *err);

#endif
