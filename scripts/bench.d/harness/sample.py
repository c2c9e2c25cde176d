"""sample: one measurement, and what several of the same kind come to."""
import csv
import statistics
from dataclasses import dataclass, field

LABELS = ("client", "gateway", "validate", "write", "kafka", "redis", "postgres", "peer")


@dataclass
class Sample:
    workload: str   # A, B, C ..
    way: str        # "log": from a filled topic; "whole": from the first uploaded byte
    subject: str    # instroom, go2 .. or a floor
    size: int       # lines that were asked for; what is compared has the same
    lines: int
    seconds: float
    cpu: dict = field(default_factory=dict)     # seconds by label
    peak: dict = field(default_factory=dict)    # bytes by label
    load: float = 0.0                           # of the machine when it began
    extra: dict = field(default_factory=dict)   # wal_bytes, rows_inserted ..
    setting: str = ""                           # of G: partitions and processes

    @property
    def rate(self):
        return self.lines / self.seconds

    @property
    def cpu_us(self):
        """CPU of everything, in microseconds a line."""
        return sum(self.cpu.values()) / self.lines * 1e6

    @property
    def kind(self):
        return self.workload, self.way, self.subject, self.size, self.setting


class Group:
    """Samples of one kind."""

    def __init__(self, samples):
        self.samples = samples
        self.workload, self.way, self.subject, self.size, self.setting = samples[0].kind

    def median(self, of):
        return statistics.median(of(sample) for sample in self.samples)

    @property
    def rate(self):
        return self.median(lambda sample: sample.rate)

    @property
    def rate_min(self):
        return min(sample.rate for sample in self.samples)

    @property
    def rate_max(self):
        return max(sample.rate for sample in self.samples)

    @property
    def cpu_us(self):
        return self.median(lambda sample: sample.cpu_us)

    def cpu(self, label):
        """CPU seconds of one process a million lines; None: it took no part."""
        found = [sample.cpu[label] / sample.lines * 1e6 for sample in self.samples if label in sample.cpu]
        return statistics.median(found) if found else None

    def peak(self, label):
        found = [sample.peak[label] for sample in self.samples if sample.peak.get(label)]
        return max(found) if found else None

    def extra(self, name):
        found = [sample.extra[name] for sample in self.samples if name in sample.extra]
        return statistics.median(found) if found else None


def group(samples):
    """Groups in the order in which their first samples were measured."""
    found = {}
    for sample in samples:
        found.setdefault(sample.kind, []).append(sample)
    return [Group(same) for same in found.values()]


def pick(groups, workload, way, subject, size, setting=""):
    for one in groups:
        if (one.workload, one.way, one.subject, one.size, one.setting) == (workload, way, subject, size, setting):
            return one
    return None


def write_samples(path, samples):
    extras = sorted({name for sample in samples for name in sample.extra})
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["workload", "way", "subject", "setting", "lines", "seconds", "lines_per_second",
                      "cpu_us_per_line", "load"] +
                     [f"cpu_s_{label}" for label in LABELS] + [f"peak_bytes_{label}" for label in LABELS] + extras)
        for one in samples:
            out.writerow([one.workload, one.way, one.subject, one.setting, one.lines, f"{one.seconds:.4f}",
                          f"{one.rate:.0f}",
                          f"{one.cpu_us:.3f}", f"{one.load:.2f}"] + [one.cpu.get(label, "") for label in LABELS] +
                         [one.peak.get(label, "") for label in LABELS] + [one.extra.get(name, "") for name in extras])


def quantiles(latencies):
    """Of seconds, as a sample's extra."""
    ordered = sorted(latencies)
    return {"p50_ms": round(ordered[len(ordered) // 2] * 1000, 1),
            "p99_ms": round(ordered[(len(ordered) * 99) // 100] * 1000, 1),
            "max_ms": round(ordered[-1] * 1000, 1), "deliveries": len(ordered)}
