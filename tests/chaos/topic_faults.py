"""topic_faults: topics whose settings are wrong for a while, and nobody of ours set them: too small for some of our
messages while workers run, or compacted when they begin."""
import urllib.request

from private_stack import kafka_wire

from .faults import MIGRATION_MISSING, Fault

# Some messages of each workload are larger, some are not.
NARROW = {"raw": 1500, "verdict": 500}
WIDE = {"raw": 32 << 20, "verdict": 64 << 20}


def alter(machine, name, settings):
    kafka_wire.alter_topic(machine.server("kafka1").port, machine.topic(name), settings)


def figure(worker, series):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return 0
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(series))


class SizeRefused(Fault):
    """A topic takes no message above some size. Raw: those boards hear 500 until it is mended, the others are taken.
    Verdict: those partitions wait."""

    resource = "topics"

    def __init__(self, name, **options):
        super().__init__(**options)
        self.name = name
        self.makes_failures = name == "raw"
        self.refused = 0

    def text(self):
        return super().text().replace("SizeRefused", f"SizeRefused {self.name}")

    def begin(self, machine):
        alter(machine, self.name, {"max.message.bytes": NARROW[self.name]})

    def cure(self, machine):
        self.refused = sum(figure(worker, "instroom_messages_refused_total{")
                           for worker in machine.workers.named("validate"))
        alter(machine, self.name, {"max.message.bytes": WIDE[self.name]})

    def has_struck(self, keeper):
        return self.was_open and (self.makes_failures or self.refused > 0)


class TopicCompacted(Fault):
    """Raw and verdict topic are compacted when the workers begin: each ends with 78 until somebody sets it right."""

    resource = "topics"
    may_end_with = MIGRATION_MISSING

    def prepare(self, machine, crash_at):
        for name in ("raw", "verdict"):
            alter(machine, name, {"cleanup.policy": "compact"})
        for worker in machine.workers.all():
            crash_at.setdefault(worker.name, [])  # nobody waits until they are ready

    def cure(self, machine):
        for name in ("raw", "verdict"):
            alter(machine, name, {"cleanup.policy": "delete"})

    def has_struck(self, keeper):
        ended = {name.rstrip("0123456789") for name, status in keeper.ends if status in MIGRATION_MISSING}
        return ended == {"gateway", "validate", "write"}
