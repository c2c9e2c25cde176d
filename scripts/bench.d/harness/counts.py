"""counts: what gateways, validators and writers ask of the system and of their libraries, for each delivery and line.

Times of a busy machine differ from run to run; these hardly do, so a library's default that costs something shows here.
polls, sends, commits and allocations are counted by a library before their own (counts.c), minor faults by the kernel.
"""
import mmap
import struct

from private_stack.places import StackError
from private_stack.process import stat_fields

NAMES = ("polls", "sends", "commits", "allocations")  # of counts.c, in its order
FAULTS, MINFLT = "minor faults", 7                    # of stat_fields()
ALL = NAMES + (FAULTS,)
KINDS = ("gateway", "validate", "write")


class Counts:
    """Counters of workers that are started with environment()."""

    def __init__(self, folder, library):
        if not library.is_file():
            raise StackError(f"there is no {library}: cmake --build BUILD --target bench_tools makes it")
        self.folder, self.library = folder, library
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, worker):
        return self.folder / worker.name

    def environment(self, worker):
        self.path(worker).unlink(missing_ok=True)
        return [f"LD_PRELOAD={self.library}", f"INSTROOM_COUNTS={self.path(worker)}"]

    def read(self, workers):
        """{(kind, name): count} of all that run."""
        found = {(kind, name): 0 for kind in KINDS for name in ALL}
        for worker in workers:
            pid = worker.process.pid()
            if pid is None:
                continue
            with open(self.path(worker), "rb") as file, \
                    mmap.mmap(file.fileno(), 8 * len(NAMES), access=mmap.ACCESS_READ) as counters:
                for name, value in zip(NAMES, struct.unpack(f"={len(NAMES)}q", counters[:8 * len(NAMES)])):
                    found[worker.kind, name] += value
            found[worker.kind, FAULTS] += int(stat_fields(pid)[MINFLT])
        return found


def between(before, after, kinds):
    """As a sample keeps them."""
    return {f"{kind} {name}": after[kind, name] - before[kind, name] for kind in kinds for name in ALL}


def rows(groups):
    """[workload, setting, kind, name, count, a delivery, a line] of what was counted."""
    for group in groups:
        for kind in KINDS:
            for name in ALL:
                count = group.extra(f"{kind} {name}")
                if count is not None:
                    yield [group.workload, group.setting, kind, name, count, count / group.extra("deliveries"),
                           count / group.samples[0].lines]
