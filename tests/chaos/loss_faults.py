"""loss_faults: what Kafka loses for good, and the operator's command that ends it.

    VerdictsDeleted   verdicts go before they are applied; raw is whole: refill has them judged again
    RawDeleted        raw messages go before they are judged: loss accept goes on without them
Whoever stops a worker here stops it as a zombie: it wakes up behind the operator's back, with what it held before. The
outcome is that of the undisturbed run: what RawDeleted loses are messages of its own, and no delivery of the workload.
The logs cannot be read from their beginning afterwards.
"""
import json
import random
import signal
import subprocess
import time

import kafka_produce

from .faults import PARKED_WAIT_S, Fault, produce_lines
from .machine import PARTITIONS, TooSlow

LOST = 3   # raw messages a partition
KILLS = 3  # of the command, before it is let run
PAUSE_S = 0.05
FETCH_WAIT_S = 1.5  # a fetch waits at the broker for 0.25 s (common/kafka/kafka_consumer.c)


def signal_all(machine, kind, number):
    for worker in machine.workers.named(kind):
        worker.process.signal(number)


def standings(machine):
    """[{partition, raw_end, raw_applied, verdict_end, verdict_applied, parked}]"""
    done = machine.workers.ctl("status", "--json", capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else []


def is_all_judged(machine):
    found = standings(machine)
    return len(found) > 0 and all(one["raw_end"] == one["raw_applied"] for one in found)


def wait_for(what, holds):
    deadline = time.monotonic() + PARKED_WAIT_S
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TooSlow(f"{what}: not in {PARKED_WAIT_S} s")
        time.sleep(PAUSE_S)


def operate(machine, rng, *words):
    """The command, killed a few times at any moment and then let run: what it said."""
    program = [machine.workers.program("instroomctl"), "--config", str(machine.workers.dir / "instroomctl.conf")]
    for _ in range(KILLS):
        child = subprocess.Popen([*program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0, 0.3))
        child.kill()
        child.wait()
    return machine.workers.ctl(*words, capture_output=True, text=True)


class LossFault(Fault):
    keeps_log = False
    resource = "the log's beginning"

    def __init__(self, **options):
        super().__init__(**options)
        self.lost, self.ended, self.accepted = set(), set(), set()  # partitions

    def has_struck(self, keeper):
        return len(self.lost) > 0 and self.ended == self.lost


class VerdictsDeleted(LossFault):
    """A writer is behind; what it has not applied goes from the verdict topic, and it is killed: the next one parks."""

    def begin(self, machine):
        signal_all(machine, "write", signal.SIGSTOP)
        behind = wait_for("verdicts to lose", lambda: [
            one for one in standings(machine) if one["verdict_end"] > one["verdict_applied"]])
        for one in behind:
            kafka_produce.delete_before(machine.server("kafka1").port, machine.topic("verdict"), one["partition"],
                                        one["verdict_end"])
            self.lost.add(one["partition"])
        signal_all(machine, "write", signal.SIGKILL)  # and started again

    def cure(self, machine):
        rng = random.Random(len(self.lost))
        wait_for("the writer parks", lambda: self.lost <= {
            one["partition"] for one in standings(machine) if one["parked"]})
        signal_all(machine, "validate", signal.SIGSTOP)  # out of the group after its session
        for partition in sorted(self.lost):
            done = operate(machine, rng, "refill", str(partition), "--reason", "chaos", "--validators-are-stopped")
            if done.returncode == 0:
                self.ended.add(partition)
        signal_all(machine, "write", signal.SIGKILL)
        signal_all(machine, "validate", signal.SIGCONT)


class RawDeleted(LossFault):
    """Messages come that no validator judges, and go from the raw topic again before one does; deliveries stand behind
    them. They stand for deliveries of which nothing is known any more. On a slow machine a validator may have been
    given the first of them all the same."""

    def has_struck(self, keeper):
        return len(self.accepted) > 0 and self.ended == self.lost

    def begin(self, machine):
        signal_all(machine, "gateway", signal.SIGSTOP)  # nothing of the workload may be among them
        try:
            self.stop_when_judged(machine)
            time.sleep(FETCH_WAIT_S)  # the fetch of a validator that stands still would bring it what is to be lost
            for partition in range(PARTITIONS):
                produce_lines(machine, machine.topic("raw"), partition, LOST)
            ends = {one["partition"]: one["raw_end"] for one in standings(machine)}
        finally:
            signal_all(machine, "gateway", signal.SIGCONT)
        for partition, end in ends.items():
            kafka_produce.delete_before(machine.server("kafka1").port, machine.topic("raw"), partition, end)
            self.lost.add(partition)
        signal_all(machine, "validate", signal.SIGCONT)

    def stop_when_judged(self, machine):
        def is_quiet():
            if not is_all_judged(machine):
                return False
            signal_all(machine, "validate", signal.SIGSTOP)
            if is_all_judged(machine):  # what a gateway had sent before it stopped came no more
                return True
            signal_all(machine, "validate", signal.SIGCONT)
            return False

        wait_for("all is judged", is_quiet)

    def cure(self, machine):
        rng = random.Random(len(self.lost))
        for partition in sorted(self.lost):
            shown = machine.workers.ctl("loss", "show", str(partition), "--json", capture_output=True, text=True)
            if shown.returncode == 0:
                self.ended.add(partition)
                continue
            gone = json.loads(shown.stdout) if shown.returncode == 1 else []
            if len(gone) != 1 or gone[0]["to"] - gone[0]["from"] + 1 > LOST or gone[0]["known_by"] != "nobody":
                continue
            below = str(gone[0]["to"] + 1)
            words = ("loss", "accept", str(partition), "--below", below, "--reason", "chaos")
            if operate(machine, rng, *words).returncode == 0:
                self.ended.add(partition)
                self.accepted.add(partition)
