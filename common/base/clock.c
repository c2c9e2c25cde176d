#include "base/clock.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

int64_t clock_wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
	return clock_wall_us() / 1000;
}

/* The last Sunday of March or October, 01:00 UTC, begins and ends summer time in Amsterdam. The rule stands in the
 * European directive 2000/84/EC and holds for every date of this register; so no zone file is needed. */
static time_t last_sunday_utc(int year, int month)
{
	struct tm day = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 31, .tm_hour = 1 };
	time_t at = timegm(&day);

	gmtime_r(&at, &day);
	return at - (time_t)day.tm_wday * 86400;
}

int32_t clock_amsterdam_date(int64_t wall_ms)
{
	time_t at = (time_t)(wall_ms / 1000);
	struct tm utc;

	gmtime_r(&at, &utc);
	int year = utc.tm_year + 1900;
	bool is_summer = at >= last_sunday_utc(year, 3) && at < last_sunday_utc(year, 10);
	time_t local = at + (is_summer ? 7200 : 3600);

	gmtime_r(&local, &utc);
	return (utc.tm_year + 1900) * 10000 + (utc.tm_mon + 1) * 100 + utc.tm_mday;
}
