"""What the committed cases are made of: lines of invented teachers, and folders of events."""

import json
import pathlib
import shutil

from dates import iso_date
from findings import COLUMNS
from line_rules import is_bsn, is_education_number
from oracle import reference_folder, run_events, write_expected
from reference import Reference
from rendering import csv_field, needed_columns

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases"
EXTRACTION = 20180701
RECEIVED = 20180702
MAX_NUMBER = 2 ** 63 - 1

_BSNS = [f"{number:09d}" for number in range(999900000, 999912000) if is_bsn(f"{number:09d}")]
EDUCATION_NUMBERS = [f"{number:09d}" for number in range(999900000, 999900300)
                     if is_education_number(f"{number:09d}")]
WRONG_NUMBERS = [f"{number:09d}" for number in range(999900000, 999900300)
                 if not is_bsn(f"{number:09d}") and not is_education_number(f"{number:09d}")]
BSN_WITH_ZERO = next(f"{number:09d}" for number in range(12345000, 12346000)
                     if is_bsn(f"{number:09d}"))
BSN_WITH_ZEROS = next(f"{number:09d}" for number in range(7, 100) if is_bsn(f"{number:09d}"))


def bsn(number):
    """The invented teacher of this number."""
    return _BSNS[number]


GOOD = dict.fromkeys(COLUMNS, "") | {
    "geslachtsnaam": "Jansen", "voornamen": "Jan", "geslacht": "M", "geboortedatum": "19800601",
    "benoemingssleutel": "A-1", "brin": "99ZZ", "vestiging": "00",
    "begin_arbeidsovereenkomst": "20100801", "begin_benoeming": "20100801",
    "benoemingsgrondslag": "701",
}
TEMPORARY = {"benoemingsgrondslag": "708", "onderwijsterrein": "P001",
             "begin_benoeming": "20170801", "einde_benoeming": "20190731"}
TEMPORARY_VO = {"brin": "99VO", "benoemingsgrondslag": "915", "onderwijsterrein": "V1002",
                "begin_benoeming": "20170801", "einde_benoeming": "20180731"}


def line(teacher, key="A-1", **values):
    """A good line of one teacher (a number, or a bsn as text), with other values."""
    number = bsn(teacher) if isinstance(teacher, int) else teacher
    return GOOD | {"bsn": number, "benoemingssleutel": key} | values


def withdrawal(teacher, **values):
    number = bsn(teacher) if isinstance(teacher, int) else teacher
    return dict.fromkeys(COLUMNS, "") | {"bsn": number} | values


def table(lines, columns=None, kind="MUTATIE"):
    """The plain csv file of these lines."""
    columns = columns or needed_columns(lines, kind)
    rows = [columns] + [[line[column] for column in columns] for line in lines]
    return rows_to_bytes(rows)


def rows_to_bytes(rows):
    return "".join(";".join(map(csv_field, row)) + "\n" for row in rows).encode("utf-8")


class CaseFolder:
    """Collects the events of one folder; write() writes them and what is expected."""

    def __init__(self, name):
        self.path = CASES / name
        self.files = {}
        self.events = []
        self.sequences = {}

    def send(self, scenario, content, kop=None, board="99901", kind="MUTATIE", sequence=None,
             extraction=EXTRACTION, received=RECEIVED, may_send=True, **fields):
        """One delivery. Without a sequence the board's next; fields of value ... are left out.
        may_send: whether the sender has the right to deliver for the board."""
        if sequence is None:
            sequence = self.sequences.get(board, 0) + 1
        self.sequences[board] = max(self.sequences.get(board, 0), sequence)
        if isinstance(content, list):
            content = table(content, kind=kind)
        if kop is None:
            kop = {"bestuur": board, "soort": kind, "volgnummer": sequence,
                   "extractiedatum": iso_date(extraction),
                   "leveringsid": f"{self.path.name.replace('_', '-')}-{len(self.events):04d}"
                                  .ljust(16, "-")}
            kop |= fields
            kop = {field: value for field, value in kop.items() if value is not ...}
        name = f"{len(self.events):04d}-{board}.csv"
        self.files[name] = content
        self.events.append({"type": "levering", "bestand": name, "kop": kop,
                            "ontvangen_op": iso_date(received), "scenario": scenario}
                           | ({} if may_send else {"afzender_mag": False}))
        return kop

    def confirm(self, scenario, kop, board=None, how=None):
        """Confirms a delivery, given its header or its id. how: on the condition of who would lapse at
        this moment (zelfde), or of others (anders)."""
        delivery_id = kop if isinstance(kop, str) else kop["leveringsid"]
        self.events.append({"type": "bevestiging", "bestuur": board or kop["bestuur"],
                            "leveringsid": delivery_id, "scenario": scenario}
                           | ({"als": how} if how else {}))

    def set_back(self, scenario, board, sequence):
        """The volgnummer of the board set back (7.6); the board counts on from there."""
        self.events.append({"type": "herstel", "bestuur": board, "volgnummer": sequence,
                            "scenario": scenario})
        self.sequences[board] = max(0, min(self.sequences.get(board, 0), sequence))

    def write(self):
        """Instead of what is there. An error before leaves that as it is."""
        for old in [*self.path.glob("*.csv"), self.path / "expected"]:
            shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
        self.path.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            (self.path / name).write_bytes(content)
        manifest = {"seed": 0, "gebeurtenissen": self.events}
        (self.path / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
        reference = Reference(reference_folder(self.path))
        write_expected(self.path, run_events(manifest, self.path, reference))
