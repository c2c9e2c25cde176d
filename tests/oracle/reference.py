"""Reference data of chapter 9: six tables, looked up by key and date."""

import csv
import pathlib

TABLES = ("besturen", "scholen", "vestigingen", "bestuur_school", "benoemingsgrondslagen",
          "onderwijsterreinen")

_KEYS = {
    "besturen": ("bestuur",),
    "scholen": ("brin",),
    "vestigingen": ("brin", "vestiging"),
    "bestuur_school": ("bestuur", "brin"),
    "benoemingsgrondslagen": ("code",),
    "onderwijsterreinen": ("code", "sector"),
}


def _holds_on(row, date):
    """geldig_tot is the first day on which the row no longer holds; empty means open."""
    after_begin = not row["geldig_van"] or int(row["geldig_van"]) <= date
    before_end = not row["geldig_tot"] or date < int(row["geldig_tot"])
    return after_begin and before_end


class Reference:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.folder = folder
        self._rows = {table: self._load(folder, table) for table in TABLES}

    @staticmethod
    def _load(folder, table):
        rows_by_key = {}
        with open(folder / f"{table}.csv", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                key = tuple(row[column] for column in _KEYS[table])
                rows_by_key.setdefault(key, []).append(row)
        return rows_by_key

    def find(self, table, date, *key):
        """The row of this key that holds on this date, or None."""
        for row in self._rows[table].get(key, ()):
            if _holds_on(row, date):
                return row
        return None

    def rows(self, table):
        """All rows of a table, in file order per key."""
        return [row for rows in self._rows[table].values() for row in rows]
