#!/usr/bin/env python3
"""Checks that tests/cases walks the whole specification, and that the oracle agrees with it.

Every code, every outcome, every delivery state and every row of the table of chapter 6 must
occur; the table itself is written out here a second time.
"""

import copy
import json
import pathlib
import sys

import findings
import oracle
from dates import add_months, parse_birth_date, parse_date
from line_rules import is_bsn, is_education_number
from reference import Reference
from register import (ACTIVE, LAPSED, REFUSED, WITHDRAWN, Board, Register, appointments_of,
                      group_lines, person_of)

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases"

# All codes of the specification that are not for later (chapter 10).
CODES = """
    K01 K02 K03 K04 K05 K06 K08 K09 K10 F01 F02 F03 F04 F05 F06 F07 F08 F09 F12 F13
    P01 P02 P03 P05 P06 P07 P08 P10 P11 P12 P14 P15
    B01 B02 B03 B04 B05 B06 B07 B08 B09 B10 B11 B12 B13 B14
    S01 S02 S03 S04 S05 X01 X02 X03 X04 X05 X06 R01 R06 R08
""".split()
OUTCOMES = {"nieuw", "gewijzigd", "ongewijzigd", "verouderd", "afgekeurd", "ingetrokken"}
# A delivery that waited shows in the end what became of it, so each ending is asked for.
ENDINGS = {"geweigerd", "verwerkt", "verwerkt, proef", "wacht_op_bevestiging",
           "verwerkt na bevestiging", "verwerkt na LR-K10"}

# Chapter 6: (row, what the teacher is) -> outcome and code, for content and for INTREKKING.
_CONTENT_ROWS = {
    (1, "afkeur"): ("afgekeurd", None),
    (2, "geen"): ("nieuw", None),
    (3, ACTIVE): ("verouderd", None),
    (3, WITHDRAWN): ("verouderd", None),
    (3, LAPSED): ("verouderd", None),
    (4, "gelijk"): ("ongewijzigd", None),
    (4, "ander"): ("afgekeurd", "LR-R08"),
    (4, WITHDRAWN): ("afgekeurd", "LR-R08"),
    (4, LAPSED): ("afgekeurd", "LR-R08"),
    (5, "gelijk"): ("ongewijzigd", None),
    (5, "ander"): ("gewijzigd", None),
    (6, WITHDRAWN): ("nieuw", None),
    (6, LAPSED): ("nieuw", None),
}
_WITHDRAWAL_ROWS = {
    (1, "afkeur"): ("afgekeurd", None),
    (2, "geen"): ("afgekeurd", "LR-R01"),
    (3, ACTIVE): ("verouderd", None),
    (3, WITHDRAWN): ("verouderd", None),
    (3, LAPSED): ("verouderd", None),
    (4, ACTIVE): ("afgekeurd", "LR-R08"),
    (4, WITHDRAWN): ("ongewijzigd", None),
    (4, LAPSED): ("afgekeurd", "LR-R08"),
    (5, ACTIVE): ("ingetrokken", None),
    (6, WITHDRAWN): ("afgekeurd", "LR-R01"),
    (6, LAPSED): ("afgekeurd", "LR-R01"),
}
TABLE = {"VOLLEDIG": _CONTENT_ROWS, "MUTATIE": _CONTENT_ROWS, "INTREKKING": _WITHDRAWAL_ROWS}
_OWN_REJECTIONS = ("LR-R01", "LR-R08")


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, is_good, what):
        if is_good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}")


def case_folders():
    return sorted(path.parent for path in CASES.glob("*/manifest.json"))


def read_overview(folder):
    with open(folder / "expected" / "overzicht.json", encoding="utf-8") as file:
        return json.load(file)


def check_overviews(tally):
    codes, outcomes, endings, entry_types = set(), set(), set(), set()
    for folder in case_folders():
        for entry in read_overview(folder):
            entry_types.add((entry["type"], entry.get("uitgevoerd")))
            if entry["type"] != "levering":
                continue
            codes |= set(entry["codes"])
            outcomes |= {name for name, count in entry["tellingen"].items() if count}
            endings.add(_ending(entry))
            tally.check(sum(entry["tellingen"].values()) == entry["regels"],
                        f"{folder.name} {entry['nr']}: counts do not add up to the lines")
    for code in CODES:
        tally.check(f"LR-{code}" in codes, f"LR-{code} does not occur in tests/cases")
    tally.check(set(findings.CODES) == {f"LR-{code}" for code in CODES}, "the list of codes")
    for outcome in sorted(OUTCOMES):
        tally.check(outcome in outcomes, f"outcome {outcome} does not occur")
    tally.check("quarantaine" not in outcomes, "quarantaine occurs")
    for ending in sorted(ENDINGS):
        tally.check(ending in endings, f"no delivery is {ending}")
    for entry_type in (("herhaling", None), ("bevestiging", True), ("bevestiging", False),
                       ("herstel", True), ("herstel", False)):
        tally.check(entry_type in entry_types, f"no event is {entry_type}")


def _ending(entry):
    codes = {finding["code"] for finding in entry["bevindingen"]}
    if entry["proef"] and entry["status"] == "verwerkt":
        return "verwerkt, proef"
    if "LR-K10" in codes:
        return "verwerkt na LR-K10"
    if "LR-K06" in codes and entry["status"] == "verwerkt":
        return "verwerkt na bevestiging"
    return entry["status"]


def _row(sequence, old, is_same, kind):
    """The row of the table that fits, and what the teacher is in it."""
    if old is None:
        return 2, "geen"
    if sequence < old.sequence:
        return 3, old.status
    is_content = kind != "INTREKKING"
    what = ("gelijk" if is_same else "ander") if is_content and old.status == ACTIVE \
        else old.status
    if sequence == old.sequence:
        return 4, what
    return (5 if old.status == ACTIVE else 6), what


def _group_row(delivery, group, before):
    """(row, what) of a group, given the board's teachers before the delivery."""
    rejecting = [finding for judged in group for finding in judged.findings
                 if finding.ernst == "A" and finding.code not in _OWN_REJECTIONS]
    if rejecting:
        return 1, "afkeur"
    old = before.get(group[0]["bsn"])
    is_same = (old is not None and delivery.kind != "INTREKKING"
               and old.has_content(person_of(group), appointments_of(group)))
    return _row(delivery.sequence, old, is_same, delivery.kind)


def check_table(tally):
    seen = set()
    for folder in case_folders():
        register = Register(Reference(oracle.reference_folder(folder)))
        for number, event in enumerate(oracle.read_manifest(folder)["gebeurtenissen"]):
            tally.check(event.get("scenario"), f"{folder.name} {number} has no scenario")
            if event["type"] == "bevestiging":
                register.confirm(event["bestuur"], event["leveringsid"])
                continue
            if event["type"] == "herstel":
                register.set_back(event["bestuur"], event["volgnummer"])
                continue
            board = register.boards.get(str(event["kop"].get("bestuur")), Board())
            before = copy.deepcopy(board.teachers)
            delivery, is_repeat = register.deliver(
                event["kop"], (folder / event["bestand"]).read_bytes(), event["ontvangen_op"])
            if is_repeat or delivery.status == REFUSED:
                continue
            for group in group_lines(delivery.lines):
                row = _group_row(delivery, group, before)
                seen.add((delivery.kind, *row))
                _check_group(tally, f"{folder.name} {number} regel {group[0].number}",
                             delivery, group, TABLE[delivery.kind][row])
    for kind, rows in TABLE.items():
        for row in rows:
            tally.check((kind, *row) in seen, f"chapter 6, {kind}: row {row} does not occur")


def _check_group(tally, where, delivery, group, expected):
    outcome, code = expected
    for judged in group:
        own = [finding.code for finding in judged.findings if finding.code in _OWN_REJECTIONS]
        is_good = judged.outcome == outcome and own == ([code] if code else [])
        tally.check(is_good, f"{where}: {judged.outcome} {own}, not {outcome} {code}")


def check_basics(tally):
    """The examples of the text that stand apart from any delivery."""
    tally.check(is_bsn("111222333") and is_bsn("123456782"), "BSN test")
    tally.check(not is_bsn("000000000") and not is_bsn("123456789"), "BSN test, wrong numbers")
    tally.check(not any(is_bsn(f"{number:09d}") and is_education_number(f"{number:09d}")
                        for number in range(0, 10 ** 9, 99991)), "a number passes both tests")
    tally.check(parse_date("20180230") is None and parse_date("20160229") == 20160229, "dates")
    tally.check(parse_birth_date("19930000") == 19930101, "partial birth date")
    tally.check(parse_birth_date("19930010") is None, "month 00 with a day")
    tally.check(add_months(20171130, 3) == 20180228, "months, shorter month")
    tally.check(add_months(20180228, 3) == 20180528, "months, same day number")


def check_expected(tally):
    references = oracle.References()
    for folder in case_folders():
        tally.check(oracle.check_folder(folder, references), f"oracle.py check {folder.name}")


def main():
    tally = Tally()
    check_basics(tally)
    check_overviews(tally)
    check_table(tally)
    check_expected(tally)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
