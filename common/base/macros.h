/* macros: the few words of the dialect that every file uses. libc only. */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#include "base/banned.h"

#define ARRAY_LEN(array)	(sizeof(array) / sizeof((array)[0]))
#define MUSTUSE			__attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define CLEANUP(drop)		__attribute__((cleanup(drop)))
#define MIN(a, b)		((a) < (b) ? (a) : (b))
#define MAX(a, b)		((a) > (b) ? (a) : (b))

#endif
