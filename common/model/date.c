#include "model/date.h"

#include <assert.h>

enum { YEAR_FIRST = 1900, YEAR_LAST = 2199, DATE_DIGITS = 8, ISO_DATE_BYTES = 10, MONTHS_PER_YEAR = 12 };

static bool is_leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* month: 1..12 */
static int days_in_month(int year, int month)
{
	static const uint8_t DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return DAYS[month - 1] + (month == 2 && is_leap_year(year));
}

static bool is_real_day(int year, int month, int day)
{
	return year >= YEAR_FIRST && year <= YEAR_LAST && month >= 1 && month <= MONTHS_PER_YEAR && day >= 1 &&
	       day <= days_in_month(year, month);
}

static int32_t date_of(int year, int month, int day)
{
	return year * 10000 + month * 100 + day;
}

static int year_of(int32_t date)
{
	return date / 10000;
}

static int month_of(int32_t date)
{
	return date / 100 % 100;
}

static int day_of(int32_t date)
{
	return date % 100;
}

/* Eight digits as a number, or DATE_BAD. No branch per digit: every line of a delivery brings up to five dates. */
static int32_t read_digits(struct slice text)
{
	uint32_t number = 0;
	bool is_number = true;

	if (text.n != DATE_DIGITS)
		return DATE_BAD;
	for (size_t i = 0; i < DATE_DIGITS; i++) {
		uint32_t digit = (uint32_t)(unsigned char)text.p[i] - '0';

		is_number &= digit <= 9;
		number = number * 10 + digit;
	}
	return is_number ? (int32_t)number : DATE_BAD;
}

int32_t date_parse(struct slice text)
{
	if (text.n == 0)
		return DATE_ABSENT;
	int32_t date = read_digits(text);

	return date != DATE_BAD && is_real_day(year_of(date), month_of(date), day_of(date)) ? date : DATE_BAD;
}

int32_t date_parse_birth(struct slice text, int32_t *ret_day)
{
	if (text.n == 0)
		return DATE_ABSENT;
	int32_t date = read_digits(text);

	if (date == DATE_BAD || (month_of(date) == 0 && day_of(date) != 0))
		return DATE_BAD;
	int month = MAX(month_of(date), 1), day = MAX(day_of(date), 1);

	if (!is_real_day(year_of(date), month, day))
		return DATE_BAD;
	*ret_day = date_of(year_of(date), month, day);
	return date;
}

int32_t date_parse_iso(struct slice text)
{
	char digits[DATE_DIGITS];

	if (text.n != ISO_DATE_BYTES || text.p[4] != '-' || text.p[7] != '-')
		return DATE_BAD;
	memcpy(digits, text.p, 4);
	memcpy(digits + 4, text.p + 5, 2);
	memcpy(digits + 6, text.p + 8, 2);
	return date_parse(slice_make(digits, sizeof digits));
}

static void put_digits(char *out, int number, int digits)
{
	for (int i = digits - 1; i >= 0; i--, number /= 10)
		out[i] = (char)('0' + number % 10);
}

void date_to_iso(int32_t date, char out[11])
{
	assert(date >= 0);
	put_digits(out, year_of(date) % 10000, 4);
	out[4] = '-';
	put_digits(out + 5, month_of(date), 2);
	out[7] = '-';
	put_digits(out + 8, day_of(date), 2);
	out[10] = '\0';
}

/* Days since 1 March of year 0, in the Gregorian calendar. Years begin in March here, so that the leap day is the last
 * day of its year; (153 * month + 2) / 5 is the number of days before a month counted from March. */
static int32_t day_number(int32_t date)
{
	int is_before_march = month_of(date) <= 2;
	int year = year_of(date) - is_before_march;
	int month = month_of(date) + (is_before_march ? 9 : -3);

	return year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day_of(date) - 1;
}

/* The inverse: eras of 400 years have 146097 days, the last day of each is a leap day. */
static int32_t date_of_day_number(int32_t number)
{
	int era = number / 146097, day_of_era = number % 146097;
	int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month = (5 * day_of_year + 2) / 153;
	int day = day_of_year - (153 * month + 2) / 5 + 1;
	int is_after_december = month >= 10;

	return date_of(era * 400 + year_of_era + is_after_december, month + (is_after_december ? -9 : 3), day);
}

int32_t date_add_days(int32_t date, int days)
{
	assert(date > 0);
	return date_of_day_number(day_number(date) + days);
}

int32_t date_add_months(int32_t date, int months)
{
	assert(date > 0);
	int months_since_0 = year_of(date) * MONTHS_PER_YEAR + month_of(date) - 1 + months;
	int year = months_since_0 / MONTHS_PER_YEAR, month = months_since_0 % MONTHS_PER_YEAR + 1;

	return date_of(year, month, MIN(day_of(date), days_in_month(year, month)));
}
