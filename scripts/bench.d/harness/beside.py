"""beside: R of the benchmark: what a delivery waits while a replay is carried out at its default rate.

Every board's first load misses a school, so that each has lines to replay. With the schools published a replay is
planned, of one message a board. Then one board delivers, again and again, by turns on a quiet system and beside the
running replay: both figures are of the same minutes, so that another load of the machine is in both.
"""
import json
import subprocess
import time

import missing_schools
from private_stack.places import StackError

from . import upload
from .sample import Sample, quantiles

PAUSE_S, TURN = 0.1, 20  # between deliveries; deliveries of one turn
START_S = 60


def ctl(rig, *words):
    done = rig.workers.ctl(*words, capture_output=True, text=True)
    if done.returncode != 0:
        raise StackError(f"instroomctl {' '.join(words)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def fail_some(rig, data):
    """The job: a first load without schools, these published, a replay planned."""
    folder = data.folder("first")
    chosen = missing_schools.choose_schools(folder, missing_schools.names_of_schools(data.reference), 0, data.boards)
    missing_schools.leave_out(chosen, data.reference, data.dir / "incomplete")
    rig.generation(data.dir / "incomplete", ctl_settings={"replay.approval.lines": 0})
    rig.psql("-c", "insert into register.approval_limit (set_by, lines, reason) values ('bench', 0, 'alone here')")
    rig.start_and_wait("write", "validate")
    rig.deliver(folder)
    rig.wait_until_applied()
    ctl(rig, "reference", "import", str(data.reference))
    version = ctl(rig, "reference", "publish").split()[-1]
    rig.workers.wait_for_reference(version, START_S)
    return json.loads(ctl(rig, "replay", "plan", "--code", "LR-S02", "--json"))


class Replay:
    """A job whose publisher runs while a turn is taken."""

    def __init__(self, rig, job):
        self.rig, self.job, self.words = rig, job, ["start", job, "--reason", "schools that were missing"]
        self.publisher = None

    def published(self):
        return json.loads(ctl(self.rig, "replay", "show", self.job, "--json"))["published"]

    def run(self):
        before = self.published()
        self.publisher = subprocess.Popen([self.rig.workers.program("instroomctl"), "--config",
                                           self.rig.workers.dir / "instroomctl.conf", "replay", *self.words],
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.words = ["resume", self.job]
        deadline = time.monotonic() + START_S
        while self.published() == before:
            if time.monotonic() > deadline:
                raise StackError(f"the replay published nothing within {START_S} s")
            time.sleep(PAUSE_S)

    def is_running(self):
        return self.publisher.poll() is None

    def pause(self):
        if self.is_running():
            ctl(self.rig, "replay", "pause", self.job, "--reason", "a quiet turn")
        self.publisher.wait()

    def stop(self):
        if self.publisher is not None:
            self.publisher.kill()
            self.publisher.wait()


class Sender:
    """The board with the largest file; its two nights in turns, each under the next volgnummer."""

    def __init__(self, rig, data):
        largest = max(data.folder("first").glob("*.csv"), key=lambda path: path.stat().st_size)
        board = largest.name.partition("-")[0]
        self.files = [largest, next(data.folder("changed").glob(f"{board}-*.csv"))]
        self.gateway, self.number, self.lines = upload.Gateway(rig.workers), 10, 0

    def deliver(self):
        """Seconds until its outcome can be asked for."""
        time.sleep(PAUSE_S)
        file = self.files[self.number % 2]
        self.number += 1
        self.lines += json.loads(file.with_suffix(".json").read_text())["regels"]
        return self.gateway.deliver_and_wait(file, self.number)


def take_turns(rig, replay, sender, count):
    """(quiet, beside) latencies. A delivery during which the replay came to its end is in neither."""
    quiet, beside = [], []
    while len(beside) < count:
        ctl(rig, "wait", "--quiet", "--timeout", str(START_S))
        quiet += [sender.deliver() for _ in range(TURN)]
        replay.run()
        for _ in range(TURN):
            latency = sender.deliver()
            if not replay.is_running():
                return quiet, beside
            beside.append(latency)
        replay.pause()
    return quiet, beside


def beside_replay(rig, data, count):
    plan = fail_some(rig, data)
    print(f"  the replay: {plan['deliveries']} deliveries, {plan['lines']} lines", flush=True)
    replay, sender, begun = Replay(rig, plan["job"]), Sender(rig, data), time.monotonic()
    try:
        quiet, beside = take_turns(rig, replay, sender, count)
    finally:
        replay.stop()
    if len(beside) < TURN:
        raise StackError("the replay was over before enough was delivered beside it")
    seconds, load = time.monotonic() - begun, rig.meter.load
    ctl(rig, "wait", "--quiet", "--timeout", str(START_S))
    rig.check_ledger()
    return [Sample(name, "whole", "instroom", data.size, sender.lines, seconds, load=load, extra=quantiles(found))
            for name, found in (("R-0", quiet), ("R-1", beside))]
