"""goals: what this project promised itself, beside what a run found. Where a goal is a number of lines a second it was
set on a machine on which Go with two writers took 187,000 (first load) and 201,000 (unchanged), so here it is a share
of what that peer takes in the same run. Times and CPU are those of the largest size that was measured."""
from .sample import pick

MIB = 1 << 20
AT_LEAST, AT_MOST = "at least", "at most"


def over(above, below, of):
    return None if above is None or below is None or not of(below) else of(above) / of(below)


def rate(group):
    return group.rate


def cpu_us(group):
    return group.cpu_us


def wal(group):
    return group.extra("wal_bytes")


class Run:
    """What a run found, by the names the goals use. A figure that was not measured is None."""

    def __init__(self, groups):
        self.groups = groups
        sizes = sorted({one.size for one in groups if one.subject == "instroom" and one.way == "log" and
                        one.workload in "ABC"})
        self.size, self.small = (sizes[-1], sizes[0]) if sizes else (0, 0)

    def of(self, workload, way="log", subject="instroom", size=None):
        return pick(self.groups, workload, way, subject, size or self.size)

    def of_go(self, workload, way):
        return over(self.of(workload, way), self.of(workload, "log", "go2"), rate)

    def cpu(self, workload):
        group = self.of(workload)
        return None if group is None else group.cpu_us

    def growth(self, workload):
        return None if self.size == self.small else over(self.of(workload), self.of(workload, size=self.small), cpu_us)

    def rewritten(self):
        group = self.of("B")
        return None if group is None else sum(group.extra(f"rows_{what}")
                                              for what in ("inserted", "updated", "deleted"))

    def nights(self):
        found = {one.workload: one for one in self.groups if one.workload.startswith("N")}
        return over(found.get("N11"), found.get("N01"), rate)

    def peak_mib(self, label, workloads):
        found = [one.peak(label) for one in self.groups if one.workload in workloads and not one.setting and
                 one.peak(label)]
        return max(found) / MIB if found else None

    def extra(self, workload, name):
        found = [one for one in self.groups if one.workload == workload]
        return found[0].extra(name) if found else None

    def beside_replay(self):
        quiet, beside = self.extra("R-0", "p99_ms"), self.extra("R-1", "p99_ms")
        return None if quiet is None or beside is None else beside / quiet

    def slowest_board(self):
        found = [one for one in self.groups if one.workload == "E"]
        return found[0].extra("max_ms") / 1000 / found[0].samples[0].seconds if found else None


FIRST, SAME, CHANGED = "A first load", "B unchanged", "C 1 % changed"
LARGEST = ("L-1", "L-2")
GOALS = [
    (f"{FIRST}, from the log: lines/s of Go with two writers", AT_LEAST, 0.8, ".2f", lambda run: run.of_go("A", "log")),
    (f"{SAME}, from the log: lines/s of Go with two writers", AT_LEAST, 2.0, ".2f", lambda run: run.of_go("B", "log")),
    (f"{CHANGED}, from the log: lines/s of Go with two writers", AT_LEAST, 1.8, ".2f",
     lambda run: run.of_go("C", "log")),
    (f"{FIRST}, whole way: lines/s of Go's from the log", AT_LEAST, 110 / 187, ".2f",
     lambda run: run.of_go("A", "whole")),
    (f"{SAME}, whole way: lines/s of Go's from the log", AT_LEAST, 250 / 201, ".2f",
     lambda run: run.of_go("B", "whole")),
    (f"{CHANGED}, whole way: lines/s of Go's from the log", AT_LEAST, 230 / 201, ".2f",
     lambda run: run.of_go("C", "whole")),
    (f"{FIRST}, from the log: CPU us a line, everything", AT_MOST, 13, ".1f", lambda run: run.cpu("A")),
    (f"{SAME}, from the log: CPU us a line, everything", AT_MOST, 5, ".1f", lambda run: run.cpu("B")),
    (f"{CHANGED}, from the log: CPU us a line, everything", AT_MOST, 6, ".1f", lambda run: run.cpu("C")),
    (f"{FIRST}: CPU of PostgreSQL, of its floor", AT_MOST, 1.3, ".2f",
     lambda run: over(run.of("A"), run.of("A", subject="pg-upsert"), lambda group: group.cpu("postgres"))),
    (f"{SAME}: rows of the register written", AT_MOST, 0, ",.0f", Run.rewritten),
    (f"{SAME}: WAL of the first load's", AT_MOST, 0.02, ".2%", lambda run: over(run.of("B"), run.of("A"), wal)),
    (f"{FIRST}: CPU a line of the largest size, of the smallest's", AT_MOST, 1.1, ".2f", lambda run: run.growth("A")),
    (f"{SAME}: CPU a line of the largest size, of the smallest's", AT_MOST, 1.1, ".2f", lambda run: run.growth("B")),
    (f"{CHANGED}: CPU a line of the largest size, of the smallest's", AT_MOST, 1.1, ".2f", lambda run: run.growth("C")),
    ("the eleventh night: lines/s of the first one's", AT_LEAST, 0.9, ".2f", Run.nights),
    ("memory of a validator, A to C: MiB", AT_MOST, 64, ".0f", lambda run: run.peak_mib("validate", "ABC")),
    ("memory of a writer, A to C: MiB", AT_MOST, 64, ".0f", lambda run: run.peak_mib("write", "ABC")),
    ("memory of a validator, the largest delivery: MiB", AT_MOST, 256, ".0f",
     lambda run: run.peak_mib("validate", LARGEST)),
    ("memory of a writer, the largest delivery: MiB", AT_MOST, 256, ".0f", lambda run: run.peak_mib("write", LARGEST)),
    ("memory of a gateway, all boards at once: MiB", AT_MOST, 128, ".0f", lambda run: run.peak_mib("gateway", "E")),
    ("D one board on an idle system, p50: ms", AT_MOST, 150, ".0f", lambda run: run.extra("D", "p50_ms")),
    ("D one board on an idle system, p99: ms", AT_MOST, 500, ".0f", lambda run: run.extra("D", "p99_ms")),
    ("R one board beside a replay at its default rate: p99, of the quiet one", AT_MOST, 2.0, ".2f", Run.beside_replay),
    ("E all boards at once: the slowest one's time, of the whole load's", AT_MOST, 1.0, ".2f", Run.slowest_board),
]


def rows(groups):
    """[goal, wanted, found, verdict] of each goal of which this run took the figures."""
    run = Run(groups)
    for text, sense, wanted, form, measure in GOALS:
        found = measure(run)
        if found is None:
            continue
        is_met = found >= wanted if sense == AT_LEAST else found <= wanted
        yield [text, f"{sense} {wanted:{form}}", f"{found:{form}}", "met" if is_met else "MISSED"]
