"""gate: does this checkout still stand where the committed baseline stands? Only ratios measured side by side are
compared.

baseline.csv: figure, value, better (higher or lower), tolerance (share of the value by which it may be worse).
"""
import csv

from . import counts
from .sample import pick

TIME_TOLERANCE, CPU_TOLERANCE, WAL_TOLERANCE = 0.35, 0.30, 0.50
# Allocations hardly vary. Requests and polls depend on how much comes together; a library that spins makes a hundred
# times as many polls. Page faults and commits are shown only.
COUNT_TOLERANCES = {"allocations": 0.05, "sends": 0.50, "polls": 0.50}
COUNTED_SETTING = "12 partitions"


def cpu_label(group, label):
    return None if group is None else group.cpu(label)


def ratio(above, below):
    return None if above is None or not below else above / below


def figures(groups, size):
    """{figure: (value, better, tolerance)}, of what was measured."""
    found = {}
    mine = {workload: pick(groups, workload, "log", "instroom", size) for workload in "ABC"}
    for workload in "ABC":
        other = pick(groups, workload, "log", "go2", size)
        if mine[workload] and other:
            found[f"{workload} lines/s of Go x2"] = (mine[workload].rate / other.rate, "higher", TIME_TOLERANCE)
            found[f"{workload} CPU of Go x2"] = (mine[workload].cpu_us / other.cpu_us, "lower", CPU_TOLERANCE)
    floor = pick(groups, "A", "log", "pg-upsert", size)
    if mine["A"] and floor:
        found["A lines/s of the PostgreSQL floor"] = (mine["A"].rate / floor.rate, "higher", TIME_TOLERANCE)
        found["A PostgreSQL CPU of its floor"] = (ratio(mine["A"].cpu("postgres"), floor.cpu("postgres")), "lower",
                                                  CPU_TOLERANCE)
    if mine["A"] and mine["B"]:
        found["B WAL of A"] = (mine["B"].extra("wal_bytes") / mine["A"].extra("wal_bytes"), "lower", WAL_TOLERANCE)
        found["B CPU of A"] = (mine["B"].cpu_us / mine["A"].cpu_us, "lower", CPU_TOLERANCE)
    for workload, setting, kind, name, _, a_delivery, _ in counts.rows(groups):
        if setting == COUNTED_SETTING and name in COUNT_TOLERANCES:
            found[f"{workload} {kind} {name} a delivery"] = (a_delivery, "lower", COUNT_TOLERANCES[name])
    return {name: figure for name, figure in found.items() if figure[0] is not None}


def read(path):
    with open(path, newline="") as file:
        return {row["figure"]: (float(row["value"]), row["better"], float(row["tolerance"]))
                for row in csv.DictReader(file)}


def write(path, found):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["figure", "value", "better", "tolerance"])
        for name, (value, better, tolerance) in found.items():
            out.writerow([name, f"{value:.4f}", better, f"{tolerance:.2f}"])


def compare(found, baseline):
    """(lines to print, how many are beyond tolerance). What the baseline has and the run has not is said, not
    failed."""
    lines, worse = [], 0
    for name, (wanted, better, tolerance) in baseline.items():
        if name not in found:
            lines.append(f"{'skipped':<8} {name:<36} baseline {wanted:.3f}, not measured here")
            continue
        value = found[name][0]
        limit = wanted * (1 - tolerance) if better == "higher" else wanted * (1 + tolerance)
        is_good = value >= limit if better == "higher" else value <= limit
        worse += not is_good
        lines.append(f"{'ok' if is_good else 'WORSE':<8} {name:<36} {value:.3f}, baseline {wanted:.3f}, "
                     f"limit {limit:.3f} ({better} is better)")
    return lines, worse
