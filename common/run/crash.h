/* crash: named points of the protocol at which a fault test may end the process.
 *
 * INSTROOM_CRASH_AT="write.committed" ends it at the first passing, "write.committed:3" at the third;
 * INSTROOM_CRASH_AT="write.committed=stop" raises SIGSTOP instead of _exit(137). Release builds compile it away. */
#ifndef RUN_CRASH_H
#define RUN_CRASH_H

#ifdef INSTROOM_CRASH_POINTS
void crash_point(const char *name);
#else
static inline void crash_point(const char *name)
{
	(void)name;
}
#endif

#endif
