/* banned: functions that have cost others dearly become compile errors. Include last of the system headers.
 *
 * A name that the system makes a macro (clang with fortified headers) cannot be poisoned; the other compiler sees
 * it. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strtok gets atoi atol atoll
#if !defined(__clang__)
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf
#endif

#endif
