#!/usr/bin/env python3
"""Makes a folder of random but realistic and adversarial events, with the expected output.

    make_cases.py --seed 1 --events 60 --reference DIR --out DIR

One seed and the same tables always give the same folder. The tables are found as
OUT/../reference if they are there, else they are copied to OUT/reference.
--json-types adds header fields of a wrong JSON type (these exist in a JSON header only).
--limits makes another folder instead: the few large files around the limits of 3.3.
"""

import argparse
import pathlib
import shutil
import sys

from dates import iso_date
from delivery_file import (MAX_BYTES_PER_TEACHER, MAX_FIELD_BYTES, MAX_FILE_BYTES,
                           MAX_LINES_PER_TEACHER, MAX_RECORDS)
from findings import COLUMNS
from reference import TABLES, Reference
from scenarios import FIRST_DAY, CaseMaker, Folder


def make_limits(folder, board):
    """The few files that are too large to make at random: both sides of each limit of 3.3."""
    day = FIRST_DAY
    number = 1

    def send(content, **more):
        nonlocal number
        kop = {"bestuur": board, "soort": "INTREKKING", "volgnummer": number,
               "extractiedatum": iso_date(day)} | more
        number += 1
        folder.deliver(kop, content, day, "grenzen")

    unknown = b"bsn;personeelsnummer\n"
    for size in (MAX_FILE_BYTES, MAX_FILE_BYTES + 1):
        # One record with a field that is too long: LR-F08 if the size is just good.
        send(unknown + b"1" * (size - len(unknown)))
    for size in (MAX_FILE_BYTES, MAX_FILE_BYTES + 1):
        # All of it line ends, dropped as empty records: LR-F01 either way, but after a header row.
        send(unknown + b"123456782;1\n" + b"\n" * (size - len(unknown) - 12))
    for count in (MAX_RECORDS, MAX_RECORDS + 1):
        numbers = "".join(f"{place:09d};{place}\n" for place in range(count))
        send(unknown + numbers.encode())
        send(b"bsn\n" + b"\n" * (count - 1) + b"1\n\n\n")
    send(b"bsn\n" + b"\n" * (MAX_RECORDS - 1) + b"1\n", regels=MAX_RECORDS - 1)
    # Eight digits are no number to count lines by.
    send(b"bsn\n" + b"12345678\n" * (MAX_LINES_PER_TEACHER + 1))
    for size in (MAX_BYTES_PER_TEACHER, MAX_BYTES_PER_TEACHER + 1):
        send(_lines_of_size(size, quoted=False))
        send(_lines_of_size(size, quoted=True))


def _lines_of_size(size, quoted):
    """Lines of one teacher whose values are size bytes in sum, quotes not counted."""
    bsn = b"123456782"
    columns = [column for column in COLUMNS if column != "bsn"]
    rows = [";".join(["bsn"] + columns).encode()]
    left = size
    while left > 0:
        left -= len(bsn)
        fields = [bsn]
        for _ in columns:
            length = min(MAX_FIELD_BYTES, left)
            left -= length
            fields.append(b'"' + b'""' * length + b'"' if quoted else b"x" * length)
        rows.append(b";".join(fields))
    return b"\n".join(rows) + b"\n"


def prepare_folder(out, reference_dir):
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.csv"):
        old.unlink()
    shutil.rmtree(out / "reference", ignore_errors=True)
    beside = out.parent / "reference"
    if beside.is_dir() and beside.resolve() == reference_dir.resolve():
        return
    (out / "reference").mkdir(exist_ok=True)
    for table in TABLES:
        shutil.copy(reference_dir / f"{table}.csv", out / "reference")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=60)
    parser.add_argument("--reference", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--json-types", action="store_true")
    parser.add_argument("--limits", action="store_true")
    options = parser.parse_args(arguments)
    prepare_folder(options.out, options.reference)
    reference = Reference(options.reference)
    if options.limits:
        folder = Folder(options.out, reference)
        make_limits(folder, "99901")
        folder.write(options.seed, reference)
        return 0
    maker = CaseMaker(options.seed, options.events, reference, options.out, options.json_types)
    maker.run()
    maker.folder.keep_first(options.events)
    maker.folder.write(options.seed, reference)
    return 0


if __name__ == "__main__":
    sys.exit(main())
