#include "model/date.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

enum { DAYS_1900_TO_2199 = 300 * 365 + 73 }; /* 75 years divide by 4; 1900 and 2100 have no leap day */

/* The calendar of libc as the other opinion. */
static int32_t libc_date(int days_after_19000101)
{
	struct tm day = { .tm_mday = 1 + days_after_19000101, .tm_hour = 12 };

	timegm(&day);
	return (day.tm_year + 1900) * 10000 + (day.tm_mon + 1) * 100 + day.tm_mday;
}

Test(date, accepts_eight_digits_of_a_real_day_only)
{
	static const struct {
		const char *text;
		int32_t want;
		const char *why;
	} ROWS[] = {
		{ "", DATE_ABSENT, "empty is absent" },
		{ "19000101", 19000101, "the first day" },
		{ "18991231", DATE_BAD, "the day before" },
		{ "21991231", 21991231, "the last day" },
		{ "22000101", DATE_BAD, "the day after" },
		{ "20000229", 20000229, "2000 is a leap year" },
		{ "19000229", DATE_BAD, "1900 is none" },
		{ "21000229", DATE_BAD, "2100 is none" },
		{ "20160229", 20160229, "2016 is" },
		{ "20170229", DATE_BAD, "2017 is none" },
		{ "20180430", 20180430, "April has 30 days" },
		{ "20180431", DATE_BAD, "and no more" },
		{ "20181301", DATE_BAD, "no month 13" },
		{ "20180001", DATE_BAD, "no month 0" },
		{ "20180100", DATE_BAD, "no day 0" },
		{ "00000000", DATE_BAD, "nothing but zeros is delivered, not absent" },
		{ "2018010", DATE_BAD, "seven digits" },
		{ "201801011", DATE_BAD, "nine digits" },
		{ "2018-1-1", DATE_BAD, "no digits" },
		{ "2018010/", DATE_BAD, "the byte before the digits" },
		{ "2018010:", DATE_BAD, "the byte behind the digits" },
		{ " 2018010", DATE_BAD, "a blank" },
		{ "201801\xd9\xa1", DATE_BAD, "digits of another script" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(date_parse(slice_of(ROWS[i].text)), ROWS[i].want, "%s: %s", ROWS[i].text, ROWS[i].why);
	cr_expect_eq(date_parse(slice_make("2018010\0", 8)), DATE_BAD, "a NUL byte");
	cr_expect_eq(date_parse((struct slice){ NULL, 0 }), DATE_ABSENT);
}

Test(date, accepts_every_day_of_three_centuries_and_no_other_number)
{
	int accepted = 0;
	char text[9];

	for (int32_t number = 18000000; number < 23000000; number++) {
		snprintf(text, sizeof text, "%08d", number);
		int32_t date = date_parse(slice_make(text, 8));

		cr_assert(date == DATE_BAD || (date == number && date == libc_date(accepted)), "%s", text);
		accepted += date != DATE_BAD;
	}
	cr_expect_eq(accepted, DAYS_1900_TO_2199);
}

Test(date, of_birth_may_be_known_in_part)
{
	static const struct {
		const char *text;
		int32_t want, day;
		const char *why;
	} ROWS[] = {
		{ "19930214", 19930214, 19930214, "a whole date" },
		{ "19930200", 19930200, 19930201, "the day is not known" },
		{ "19930000", 19930000, 19930101, "only the year is known" },
		{ "19930014", DATE_BAD, 0, "a day without a month" },
		{ "19931300", DATE_BAD, 0, "no month 13" },
		{ "19930231", DATE_BAD, 0, "no real day" },
		{ "19000000", 19000000, 19000101, "the first year" },
		{ "18990000", DATE_BAD, 0, "the year before" },
		{ "21990000", 21990000, 21990101, "the last year" },
		{ "22000000", DATE_BAD, 0, "the year after" },
		{ "00000000", DATE_BAD, 0, "nothing is known" },
		{ "", DATE_ABSENT, 0, "absent" },
		{ "1993000", DATE_BAD, 0, "seven digits" },
		{ "19000229", DATE_BAD, 0, "no leap year" },
		{ "20000229", 20000229, 20000229, "a leap year" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		int32_t day = 0;

		cr_expect_eq(date_parse_birth(slice_of(ROWS[i].text), &day), ROWS[i].want, "%s", ROWS[i].why);
		cr_expect_eq(day, ROWS[i].day, "%s: written only when it is a date", ROWS[i].why);
	}
}

Test(date, of_a_header_is_written_with_hyphens)
{
	static const struct {
		const char *text;
		int32_t want;
		const char *why;
	} ROWS[] = {
		{ "2018-06-29", 20180629, "as it should be" },
		{ "1900-01-01", 19000101, "the first day" },
		{ "1899-12-31", DATE_BAD, "the day before" },
		{ "2199-12-31", 21991231, "the last day" },
		{ "2200-01-01", DATE_BAD, "the day after" },
		{ "20180629", DATE_BAD, "without hyphens" },
		{ "2018-6-29", DATE_BAD, "a month of one digit" },
		{ "2018/06/29", DATE_BAD, "other marks" },
		{ "2018-06-29 ", DATE_BAD, "a blank behind" },
		{ "2018-06-31", DATE_BAD, "no real day" },
		{ "2018-00-00", DATE_BAD, "in part is for births only" },
		{ "", DATE_BAD, "empty is delivered here" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(date_parse_iso(slice_of(ROWS[i].text)), ROWS[i].want, "%s", ROWS[i].why);
	cr_expect_eq(date_parse_iso((struct slice){ NULL, 0 }), DATE_BAD);
}

Test(date, goes_to_iso_and_back)
{
	char text[11];

	date_to_iso(20180629, text);
	cr_expect_str_eq(text, "2018-06-29");
	date_to_iso(19000101, text);
	cr_expect_eq(date_parse_iso(slice_of(text)), 19000101);
}

Test(date, adds_days_as_the_calendar_does)
{
	for (int i = 0; i < DAYS_1900_TO_2199; i++) {
		int32_t date = libc_date(i);

		cr_assert_eq(date_add_days(date, 0), date);
		cr_assert_eq(date_add_days(date, 1), libc_date(i + 1), "%d", date);
		cr_assert_eq(date_add_days(date, 31), libc_date(i + 31), "%d", date);
		cr_assert_eq(date_add_days(libc_date(i + 366), -366), date, "%d", date);
	}
}

Test(date, adds_months_and_keeps_to_the_end_of_a_shorter_one)
{
	static const struct {
		int32_t date;
		int months;
		int32_t want;
		const char *why;
	} ROWS[] = {
		{ 20180115, 0, 20180115, "none" },
		{ 20180115, 1, 20180215, "the same day number" },
		{ 20180131, 1, 20180228, "February is shorter" },
		{ 20160131, 1, 20160229, "in a leap year by a day less" },
		{ 20180131, 2, 20180331, "the month between does not matter" },
		{ 20180531, 1, 20180630, "June has 30 days" },
		{ 20181231, 1, 20190131, "over the year" },
		{ 20180801, 12, 20190801, "a year" },
		{ 20160229, 12, 20170228, "a year from a leap day" },
		{ 20160229, 48, 20200229, "four years from a leap day" },
		{ 20171130, 3, 20180228, "gaps up to three months" },
		{ 20180301, -1, 20180201, "back" },
		{ 20180131, -2, 20171130, "back over the year" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(date_add_months(ROWS[i].date, ROWS[i].months), ROWS[i].want, "%s", ROWS[i].why);
}
