"""data: the deliveries of a run, made by instroom-gen, and the same lines as flat JSON for the peers.

  first    the first load                     volgnummer 1
  night    the same lines again               volgnummer 2
  changed  the same with 1 % of it changed    volgnummer 3
"""
import csv
import json
import os
import shutil
import subprocess

from private_stack.places import CHECKOUT, StackError

SEED = "2018"
TEACHERS_A_LINE = 230_000 / 322_894  # of the country
LINES_A_BOARD_MIN = 220
COUNTRY_BOARDS = 1450
SETS = ("first", "night", "changed")
KEY = ("board", "bsn", "benoemingssleutel")


def generate(build, out, *options):
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([build / "workers/gen/instroom-gen", "--out", out, "--seed", SEED, *options],
                          check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise StackError(f"instroom-gen failed: {done.stderr.strip()}")
    return out


def numbered(source, out, number):
    """The same files under another volgnummer; their content is linked, not copied."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for path in source.glob("*.csv"):
        os.link(path, out / path.name)
        header = json.loads(path.with_suffix(".json").read_text())
        (out / path.with_suffix(".json").name).write_text(json.dumps(header | {"volgnummer": number}))
    return out


class Data:
    """lines: about so many; the generator counts teachers. self.lines is exact, by set."""

    def __init__(self, build, place, lines):
        self.size = lines
        self.dir = place / str(lines)
        boards = min(COUNTRY_BOARDS, max(10, lines // LINES_A_BOARD_MIN))
        size = ["--boards", str(boards), "--teachers", str(round(lines * TEACHERS_A_LINE))]
        generate(build, self.dir / "first", *size)
        numbered(self.dir / "first", self.dir / "night", 2)
        generate(build, self.dir / "changed", *size, "--sequence", "2", "--night", "1", "--changed", "1%")
        self.reference = self.dir / "first" / "reference"
        self.lines = {name: self.count(name) for name in SETS}
        self.boards = boards

    def folder(self, name):
        return self.dir / name

    def count(self, name):
        return json.loads((self.dir / ("first" if name == "night" else name) / "counts.txt").read_text())["lines"]

    def flat_file(self, name):
        """One record a line: board as key, a tab, JSON. Returns its path; columns() names what is in it."""
        out = self.dir / f"{name}.flat"
        if out.exists():
            return out
        with open(out, "w", newline="\n") as flat:
            for path in sorted(self.folder(name).glob("*.csv")):
                board = path.name.partition("-")[0]
                with open(path, newline="", encoding="utf-8") as file:
                    rows = csv.reader(file, delimiter=";")
                    columns = next(rows)
                    form = f'{board}\t{{"board":"{board}",' + ",".join(f'"{column}":"%s"' for column in columns) + "}\n"
                    for row in rows:
                        if "\\" in (text := "".join(row)) or '"' in text:
                            row = [json.dumps(value, ensure_ascii=False)[1:-1] for value in row]
                        flat.write(form % tuple(row))
        return out

    def columns(self):
        """Of the peers' table: the key first."""
        path = next(iter(self.folder("first").glob("*.csv")))
        with open(path, newline="", encoding="utf-8") as file:
            names = next(csv.reader(file, delimiter=";"))
        return list(KEY) + [name for name in names if name not in KEY]

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def place_of_results():
    """bench/ of the checkout; it ignores itself."""
    out = CHECKOUT / "bench"
    out.mkdir(exist_ok=True)
    (out / ".gitignore").write_text("*\n")
    return out
