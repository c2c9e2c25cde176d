"""missing_schools: reference tables that lack schools which the deliveries of a night name."""
import collections
import csv
import shutil

SCHOOL_TABLES = ("scholen.csv", "vestigingen.csv", "bestuur_school.csv")


def teachers_by_school(night):
    """{school: {(board, teacher)}} and how many teachers there are."""
    found, teachers = collections.defaultdict(set), set()
    for path in sorted(night.glob("*.csv")):
        board = path.name.partition("-")[0]
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                teacher = (board, row["bsn"])
                teachers.add(teacher)
                found[row["brin"]].add(teacher)
    return found, len(teachers)


def choose_schools(night, known, share, board_count=0):
    """Schools whose teachers are about this share of all, and others until they are of so many boards, where there are
    as many: {school: boards}. Large ones, that stand out among the schools that nobody knows."""
    by_school, count = teachers_by_school(night)
    chosen, teachers, boards = {}, set(), set()
    for school in sorted(known & by_school.keys(), key=lambda name: (-len(by_school[name]), name)):
        its_boards = {board for board, _ in by_school[school]}
        if len(teachers) >= share * count and (len(boards) >= board_count or its_boards <= boards):
            continue
        teachers |= by_school[school]
        boards |= its_boards
        chosen[school] = its_boards
    return chosen


def leave_out(schools, tables, target):
    """The tables as they were before anybody knew of these schools."""
    shutil.copytree(tables, target)
    for name in SCHOOL_TABLES:
        lines = (target / name).read_text(encoding="utf-8").splitlines(keepends=True)
        column = lines[0].rstrip("\n").split(";").index("brin")
        kept = [lines[0]] + [line for line in lines[1:] if line.rstrip("\n").split(";")[column] not in schools]
        (target / name).write_text("".join(kept), encoding="utf-8")


def names_of_schools(tables):
    with open(tables / "scholen.csv", encoding="utf-8", newline="") as file:
        return {row["brin"] for row in csv.DictReader(file, delimiter=";")}
