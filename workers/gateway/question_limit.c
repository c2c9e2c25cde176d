#include "gateway/question_limit.h"

#include "base/clock.h"

#include <stdatomic.h>

static _Thread_local int64_t end_ms;
static _Atomic bool is_off;

void question_limit_set(int64_t ms)
{
	end_ms = clock_ms() + ms;
}

void question_limit_call_off(bool is_called_off)
{
	atomic_store(&is_off, is_called_off);
}

bool question_limit_is_called_off(void)
{
	return atomic_load(&is_off);
}

bool question_limit_is_over(void)
{
	return question_limit_is_called_off() || clock_ms() >= end_ms;
}
