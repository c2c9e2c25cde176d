#include "base/clock.h"

#include "base/macros.h"

#include <criterion/criterion.h>
#include <time.h>

static int64_t utc_ms(int year, int month, int day, int hour, int minute, int second)
{
	struct tm at = { .tm_year = year - 1900,
			 .tm_mon = month - 1,
			 .tm_mday = day,
			 .tm_hour = hour,
			 .tm_min = minute,
			 .tm_sec = second };

	return (int64_t)timegm(&at) * 1000;
}

Test(clock, knows_the_date_in_amsterdam_on_both_sides_of_every_limit)
{
	static const struct {
		int year, month, day, hour, minute, second;
		int32_t want;
		const char *why;
	} ROWS[] = {
		{ 2018, 1, 14, 22, 59, 59, 20180114, "winter: the last second before midnight" },
		{ 2018, 1, 14, 23, 0, 0, 20180115, "winter: midnight is 23:00 UTC" },
		{ 2018, 7, 14, 21, 59, 59, 20180714, "summer: the last second before midnight" },
		{ 2018, 7, 14, 22, 0, 0, 20180715, "summer: midnight is 22:00 UTC" },
		{ 2018, 3, 24, 22, 59, 59, 20180324, "the night before summer time is still winter" },
		{ 2018, 3, 24, 23, 0, 0, 20180325, "the night before summer time is still winter" },
		{ 2018, 3, 25, 21, 59, 59, 20180325, "the evening of 25 March 2018 is summer" },
		{ 2018, 3, 25, 22, 0, 0, 20180326, "the evening of 25 March 2018 is summer" },
		{ 2018, 10, 27, 21, 59, 59, 20181027, "the night before winter time is still summer" },
		{ 2018, 10, 27, 22, 0, 0, 20181028, "the night before winter time is still summer" },
		{ 2018, 10, 28, 22, 59, 59, 20181028, "the evening of 28 October 2018 is winter" },
		{ 2018, 10, 28, 23, 0, 0, 20181029, "the evening of 28 October 2018 is winter" },
		{ 2017, 12, 31, 23, 0, 0, 20180101, "a new year" },
		{ 2024, 2, 28, 23, 30, 0, 20240229, "a leap day" },
		{ 2024, 3, 31, 22, 0, 0, 20240401, "the last Sunday of March is the 31st" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(clock_amsterdam_date(utc_ms(ROWS[i].year, ROWS[i].month, ROWS[i].day, ROWS[i].hour,
							 ROWS[i].minute, ROWS[i].second)),
			     ROWS[i].want, "%s", ROWS[i].why);
}

Test(clock, agrees_with_the_zone_file_for_every_hour_of_thirty_years)
{
	setenv("TZ", "Europe/Amsterdam", 1);
	tzset();
	time_t probe = (time_t)(utc_ms(2018, 7, 1, 12, 0, 0) / 1000);
	struct tm local;

	localtime_r(&probe, &local);
	if (local.tm_hour != 14)
		cr_skip_test("the zone file of Europe/Amsterdam is not installed");
	for (int64_t at = utc_ms(2010, 1, 1, 0, 0, 0); at < utc_ms(2040, 1, 1, 0, 0, 0); at += 3600000) {
		time_t seconds = (time_t)(at / 1000);

		localtime_r(&seconds, &local);
		int32_t want = (local.tm_year + 1900) * 10000 + (local.tm_mon + 1) * 100 + local.tm_mday;

		cr_assert_eq(clock_amsterdam_date(at), want, "at=%lld", (long long)at);
	}
}

Test(clock, monotonic_time_never_goes_back)
{
	int64_t before = clock_us();

	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_us();

		cr_assert_geq(now, before);
		before = now;
	}
	cr_expect_geq(clock_ms(), before / 1000);
}

Test(clock, wall_time_is_in_milliseconds_since_1970)
{
	cr_expect_gt(clock_wall_ms(), utc_ms(2020, 1, 1, 0, 0, 0));
	cr_expect_lt(clock_wall_ms(), utc_ms(2200, 1, 1, 0, 0, 0));
}
