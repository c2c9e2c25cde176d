"""workloads: A to G of the benchmark, on a rig. Each returns its samples.

  A  first national load          B  nightly, unchanged          C  nightly, 1 % changed
  D  one board of 4,000 teachers on an idle system: latency      E  all boards at once: latency
  F  everything again with a cold Redis: R, the log judged for a register that lost everything; S, a night after Redis
     lost all
  G  A to C with 1, 2 and 4 validators and writers on 12 partitions, and with two of each on 4, 12 and 48
  N  eleven nights one after the other: does the eleventh cost what the first did
  K  A and B on 4, 12 and 48 partitions by workers with counters: what they ask of system and libraries
  L  the largest delivery the specification allows lines for, on the same board twice: memory
"""
import json
import time

from private_stack.places import StackError

from . import counts
from . import data as sets
from . import upload
from .rig import PARTITIONS, PROCESSES
from .sample import quantiles

STEPS = (("A", "first"), ("B", "night"), ("C", "changed"))
D_TEACHERS, D_PAUSE_S = 4000, 0.1
L_TEACHERS, L_LINES_MAX = 35_000, 50_000
NIGHTS = 11
G_SETTINGS = ((12, 1), (12, 2), (12, 4), (4, 2), (48, 2))  # partitions, processes of each kind


def chain(rig, data, partitions=PARTITIONS, processes=PROCESSES, setting="", after_a=None):
    """A, B and C from the log, one after the other in one generation. after_a: called between A and B, gives samples
    too."""
    rig.generation(data.reference, partitions, processes)
    samples = []
    for workload, name in STEPS:
        samples.append(rig.from_log(workload, data, data.folder(name), setting))
        if workload == "A" and after_a:
            samples += after_a()
    rig.check_ledger()
    return samples


def whole_chain(rig, data):
    rig.generation(data.reference)
    samples = [rig.whole_way(workload, data, name) for workload, name in STEPS]
    rig.check_ledger()
    return samples


def cold(rig, data):
    """F. Behind a chain of its own, whose log it uses."""
    chain(rig, data)
    rig.end("validate")  # they go on from their memory otherwise
    rig.redis("FLUSHALL")
    again = sets.numbered(data.folder("changed"), data.dir / "again", 4)
    night = rig.from_log("F-S", data, again)
    rig.end("gateway")
    rig.workers.empty_register()
    rig.prepare(data.reference)
    everything = sum(data.lines.values()) + data.lines["changed"]
    samples = [night, rig.from_verdicts("F-R", data, everything)]
    rig.check_ledger()
    return samples


def nights(rig, data):
    rig.generation(data.reference)
    rig.whole_way("N00", data, "first")
    samples = []
    for night in range(1, NIGHTS + 1):
        folder = sets.numbered(data.folder("first"), data.dir / "nightly", night + 1)
        samples.append(rig.whole_way(f"N{night:02}", data, folder))
    rig.check_ledger()
    return samples


def matrix(rig, data):
    samples = []
    for partitions, processes in G_SETTINGS:
        samples += chain(rig, data, partitions, processes, f"{partitions} partitions, {processes} processes")
    return samples


def counted(rig, data, library, partitions=(4, 12, 48)):
    """K. A and B from the log by workers with counters, on few and on many partitions."""
    samples = []
    rig.counts = counts.Counts(data.dir / "counts", library)
    try:
        for number in partitions:
            rig.generation(data.reference, number)
            samples += [rig.from_log("K" + workload, data, data.folder(name), f"{number} partitions")
                        for workload, name in STEPS[:2]]
            rig.check_ledger()
            rig.end("gateway")
    finally:
        rig.counts = None
    return samples


def one_board(rig, data, count):
    """D. Deliveries of one board, each with 1 % of its teachers changed against the one before, every one on an idle
    system."""
    place = data.dir / "d"
    size = ["--boards", "1", "--teachers", str(D_TEACHERS)]
    turns = [sets.generate(rig.build, place / "0", *size),
             sets.generate(rig.build, place / "1", *size, "--night", "1", "--changed", "1%")]
    rig.generation(place / "0" / "reference")
    rig.start_and_wait("write", "validate")
    gateway = upload.Gateway(rig.workers)
    files = [next(turn.glob("*.csv")) for turn in turns]
    first = gateway.deliver_and_wait(files[0], 1)
    rig.begin()
    begun, latencies, lines = time.monotonic(), [], 0
    for number in range(count):
        time.sleep(D_PAUSE_S)
        file = files[(number + 1) % 2]
        latencies.append(gateway.deliver_and_wait(file, number + 2))
        lines += json.loads(file.with_suffix(".json").read_text())["regels"]
    rig.expected = 0
    sample = rig.finish("D", "whole", data, lines, time.monotonic() - begun)
    sample.extra |= quantiles(latencies) | {"first_ms": round(first * 1000, 1)}
    return [sample]


def all_at_once(rig, data):
    """E. Every board uploads at the same moment; its latency runs from that moment to its commit."""
    rig.generation(data.reference)
    rig.start_and_wait("write", "validate")
    rig.begin()
    begun = time.monotonic()
    latencies = upload.Crowd(rig).run(data.folder("first"))
    sample = rig.finish("E", "whole", data, data.lines["first"], time.monotonic() - begun)
    sample.extra |= quantiles(latencies)
    rig.check_ledger()
    return [sample]


def largest(rig, data):
    """L. New and then once more, so that writer and validator hold all of it."""
    folder = sets.generate(rig.build, data.dir / "l", "--boards", "1", "--teachers", str(L_TEACHERS))
    lines = json.loads((folder / "counts.txt").read_text())["lines"]
    if lines > L_LINES_MAX:
        raise StackError(f"the largest delivery has {lines} lines: a gateway takes {L_LINES_MAX}")
    rig.generation(folder / "reference")
    return [rig.whole_way("L-1", data, folder),
            rig.whole_way("L-2", data, sets.numbered(folder, data.dir / "l2", 2))]


def note(sample):
    """One line for somebody who watches."""
    text = (f"{sample.lines:>10,} lines {sample.seconds:7.2f} s {sample.rate:>9,.0f} lines/s "
            f"{sample.cpu_us:6.2f} us CPU a line")
    if "p50_ms" in sample.extra:
        text += f"  p50 {sample.extra['p50_ms']} ms, p99 {sample.extra['p99_ms']} ms"
    return f"  {sample.workload:<4} {sample.way:<6} {sample.subject:<14} {text}  {sample.setting}"
