"""Dates of chapter 5.1: whole numbers JJJJMMDD, compared as such."""

import datetime
import re

_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


def days_in_month(year, month):
    if month == 2:
        is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if is_leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


def split_date(number):
    return number // 10000, number // 100 % 100, number % 100


def join_date(year, month, day):
    return year * 10000 + month * 100 + day


def _is_calendar_day(year, month, day):
    return (_FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= 12
            and 1 <= day <= days_in_month(year, month))


def parse_date(text):
    """The date as a whole number, or None if the text is no date."""
    if not _EIGHT_DIGITS.fullmatch(text):
        return None
    number = int(text)
    return number if _is_calendar_day(*split_date(number)) else None


def parse_birth_date(text):
    """A birth date for reckoning (00 counts as 01), or None. DD or MMDD may be zero."""
    if not _EIGHT_DIGITS.fullmatch(text):
        return None
    year, month, day = split_date(int(text))
    if day == 0:
        day = 1
        if month == 0:
            month = 1
    return join_date(year, month, day) if _is_calendar_day(year, month, day) else None


def parse_iso_date(text):
    """A header date EEJJ-MM-DD as a whole number, or None."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    return parse_date(text.replace("-", ""))


def iso_date(number):
    """A date as a header shows it: EEJJ-MM-DD."""
    return "{:04d}-{:02d}-{:02d}".format(*split_date(number))


def add_months(number, months):
    """Same day number in the later month, or its last day if that month is shorter."""
    year, month, day = split_date(number)
    count = year * 12 + (month - 1) + months
    year, month = count // 12, count % 12 + 1
    return join_date(year, month, min(day, days_in_month(year, month)))


def add_days(number, days):
    later = datetime.date(*split_date(number)) + datetime.timedelta(days=days)
    return join_date(later.year, later.month, later.day)
