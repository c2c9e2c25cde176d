"""amsterdam: the day that is today for a delivery and a mandate. A machine in another zone, as UTC, has another one for
some hours of each night.
"""
import datetime
import zoneinfo

ZONE = zoneinfo.ZoneInfo("Europe/Amsterdam")


def today():
    return datetime.datetime.now(ZONE).date()
