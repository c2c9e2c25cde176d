/* question_limit: until when a thread waits for the register. pg_options.should_stop and its like have no argument, so
 * what they must know stands here: the end once per thread, calling off once per process. */
#ifndef GATEWAY_QUESTION_LIMIT_H
#define GATEWAY_QUESTION_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Of the calling thread, from now on. */
void question_limit_set(int64_t ms);
/* Of all threads: the process ends, or (false) begins. */
void question_limit_call_off(bool is_called_off);
bool question_limit_is_called_off(void);
/* Called off, or the calling thread's time is over: a should_stop. */
bool question_limit_is_over(void);

#endif
