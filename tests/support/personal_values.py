"""personal_values: every personal value of deliveries in a folder, and whether one stands in a text.

All are invented. Who finds one says its column and never the value, in case somebody tries this on a real register.
"""
import csv
import re

PERSON_COLUMNS = ("bsn", "personeelsnummer", "geslachtsnaam", "voornamen", "geboortedatum", "straat", "postcode",
                  "plaats", "adresregel1", "adresregel2", "adresregel3")
OTHER_DATES = ("begin_arbeidsovereenkomst", "einde_arbeidsovereenkomst", "begin_benoeming", "einde_benoeming")
VALUE_MIN = 4  # shorter ones stand in any text
WORD = re.compile(r"[^\W_]+")


def dates(text):
    """A date in all forms that something here might write."""
    return {text, f"{text[:4]}-{text[4:6]}-{text[6:]}"} if re.fullmatch(r"\d{8}", text) else {text}


def rows_of(folder):
    for path in sorted(folder.glob("*.csv")):
        with open(path, encoding="utf-8", newline="") as file:
            yield from (row for row in csv.DictReader(file, delimiter=";") if row.get("bsn"))


def of_rows(rows):
    """{value: column}. Dates that are no birth date alone are none."""
    found, others = {}, set()
    for row in rows:
        others |= {row.get(column) or "" for column in OTHER_DATES}
        for column in PERSON_COLUMNS:
            value = row.get(column) or ""
            if len(value) >= VALUE_MIN:
                found |= {form: column for form in dates(value)}
    for value in others:
        for form in dates(value):
            found.pop(form, None)
    return found


def of_folder(folder):
    return of_rows(rows_of(folder))


def of_columns(wanted, columns):
    return {value: column for value, column in wanted.items() if column in columns}


def word_in(value, text):
    """Whether value stands in text, not as a part of a longer word or number."""
    at = text.find(value)
    while at >= 0:
        before, after = text[at - 1:at], text[at + len(value):at + len(value) + 1]
        if not (before.isalnum() or after.isalnum()):
            return True
        at = text.find(value, at + 1)
    return False


def values_in(text, wanted):
    """Words first: a text of megabytes is not searched for each of thousands of values."""
    words = set(WORD.findall(text))

    def may_stand(value):
        first = WORD.match(value)
        return first is None or first[0] in words
    return {value for value in wanted if may_stand(value) and word_in(value, text)}


def columns_in(text, wanted):
    return {wanted[value] for value in values_in(text, wanted)}
