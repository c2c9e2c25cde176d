#!/usr/bin/python3
"""verify cries no wolf: deliveries of one board, replays that overlap or run in another order than they were planned,
teachers the register refuses for a while, confirmations and discards, in seeded random order; `verify` finds nothing
after any of it, and whatever was changed behind the log's back (mutations.py). All persons are invented."""
import os
import random
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import mutations  # noqa: E402
import replay_test  # noqa: E402
from replay_test import COUNTS, REFUSE, ROOT, WAIT_S, check, line, results, stacks, without_schools  # noqa: E402

BOARD, TEACHERS, STEPS, MUTATIONS = "99901", 9, 24, 25
SEED = int(os.environ.get("INSTROOM_SEED", "20261129"))
TAKES = "drop trigger if exists refuse on register.teacher; drop function if exists register.refuse()"


class Board:
    def __init__(self, machine, seed):
        self.machine, self.rng, self.sequence = machine, random.Random(seed), 100
        self.planned, self.waiting, self.refuses = [], [], False

    def verify(self, when):
        self.machine.expect(f"verify finds nothing {when}", 0, " 0 differences", "verify", "--board", BOARD)

    def refuse(self, refuses):
        if refuses != self.refuses:
            self.machine.sql(REFUSE if refuses else TAKES)
        self.refuses = refuses

    def some(self):
        chosen = self.rng.sample(range(1, TEACHERS + 1), self.rng.randint(2, TEACHERS - 2))
        return [line(one, self.rng.choice(("99QA", "99ZZ")),
                     name=self.rng.choice(("Jansen", "Pietersen", "Onopslaanbaar", "Onopslaanbaar-Twee")))
                for one in sorted(chosen)]

    # --- what may happen ---

    def deliver(self):
        kind = self.rng.choice(("MUTATIE", "MUTATIE", "VOLLEDIG"))
        self.sequence += 1
        name = self.machine.deliver(BOARD, self.sequence, kind, self.some())
        if kind == "VOLLEDIG":
            self.waiting.append(name)
        return f"{kind} {self.sequence}"

    def turn(self):
        self.refuse(self.rng.random() < 0.5)
        return f"the register {'refuses' if self.refuses else 'takes'}"

    def plan(self):
        scope = self.rng.choice((("--quarantine",), (), ("--code", "LR-S02")))
        done = self.machine.ctl("replay", "plan", "--board", BOARD, *scope, "--json")
        if done.returncode == 0 and '"job"' in done.stdout:
            self.planned.append(replay_test.json.loads(done.stdout)["job"])
        return f"plan {scope}"

    def start(self):
        if not self.planned:
            return "nothing is planned"
        job = self.planned.pop(self.rng.randrange(len(self.planned)))  # not always the oldest
        done = self.machine.ctl("replay", "start", job, "--reason", "a test")
        check("a job starts, or says why not", done.returncode in (0, 1), done.stderr)
        self.machine.wait()
        return "start"

    def confirm(self):
        if not self.waiting:
            return "nothing waits"
        name = self.waiting[-1]
        shown = re.search(r"digest ([0-9a-f]{64})", self.machine.ctl("confirm", BOARD, name).stderr)
        digest = self.rng.choice(["0" * 64, shown and shown[1], None])
        if not shown or digest != "0" * 64:
            self.waiting.pop()
        self.machine.ctl("confirm", BOARD, name, "--reason", "a test", *(("--digest", digest) if digest else ()))
        self.machine.wait()
        return f"confirm {name} {digest}"

    def set_back(self):
        """At times not below the highest: then nothing happens."""
        to = max(0, self.sequence + self.rng.randint(-6, 1))
        done = self.machine.ctl("volgnummer", "set-back", BOARD, to, "--reason", "a test")
        check("it is set back, or says why not", done.returncode in (0, 1), done.stderr)
        return f"set back to {to}: {done.returncode}"

    def step(self):
        return self.rng.choice((self.deliver, self.deliver, self.turn, self.plan, self.plan, self.start, self.start,
                                self.confirm, self.set_back))()


def overlapping_jobs(machine, full):
    """The second has a line of the first, which has decided it by then; in the other order, too."""
    machine.sql(REFUSE)
    names = [machine.deliver(BOARD, 50 + number, "MUTATIE", [line(20 + 2 * number, "99ZZ", name="Onopslaanbaar"),
                                                             line(21 + 2 * number, "99VO")]) for number in range(2)]
    check("one is refused by the register, one rejected", machine.outcomes(BOARD, names[0]) ==
          {2: "quarantaine", 3: "afgekeurd"}, machine.outcomes(BOARD, names[0]))
    machine.sql(TAKES)
    machine.publish(full)
    for number, name in enumerate(names):
        jobs = [machine.plan("--delivery", BOARD, name, "--quarantine")[1], machine.plan("--delivery", BOARD, name)[1]]
        for job in reversed(jobs) if number else jobs:
            machine.ctl("replay", "start", job, "--reason", "a test")
            machine.wait()
        check("both are in", machine.outcomes(BOARD, name) == {2: "nieuw", 3: "nieuw"}, machine.outcomes(BOARD, name))
        machine.expect(f"two jobs over the same lines are no difference, {number}", 0, " 0 differences", "verify",
                       "--board", BOARD)


def refused_by_the_later_attempt_first(machine):
    """Two jobs over one line, the second started first and refused: the first decides him, behind it."""
    machine.sql(REFUSE)
    machine.deliver(BOARD, 60, "MUTATIE", [line(30, "99ZZ", name="Onopslaanbaar")])
    first, second = (machine.plan("--board", BOARD, "--quarantine")[1] for _ in range(2))
    machine.expect("the second is refused", 0, "", "replay", "start", second, "--reason", "a test")
    machine.wait()
    machine.sql(TAKES)
    machine.expect("the first is not", 0, "", "replay", "start", first, "--reason", "a test")
    machine.wait()
    machine.expect("attempts in another order than planned are no difference", 0, " 0 differences", "verify", "--board",
                   BOARD)


def a_code_twice_in_one_line(machine):
    """Two dates of one line are wrong: two findings of LR-B01."""
    wrong = line(40, "99ZZ").replace(";20000801;;20000801;;", ";20000801;morgen;20000801;straks;")
    machine.deliver(BOARD, 61, "MUTATIE", [wrong, line(41, "99ZZ")])
    machine.expect("findings are counted as the summary counts them", 0, " 0 differences", "verify", "--board", BOARD)


def random_steps(machine):
    board = Board(machine, SEED)
    told = []
    for number in range(STEPS):
        told.append(board.step())
        if number % 3 == 2:
            before = results["failed"]
            board.verify(f"after {number + 1} steps of seed {SEED}")
            if results["failed"] > before:
                print("    " + "; ".join(told), flush=True)
                break
    board.refuse(False)
    board.verify("at the end")


def main():
    data = Path(tempfile.mkdtemp(prefix="instroom-verify-"))
    stack = stacks.Stack(f"verify-{os.getpid()}")
    try:
        stack.up({"partitions": 3, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False, "base_port": None,
                  "wait": WAIT_S})
        full = ROOT / "tests" / "cases" / "reference"
        machine = replay_test.Machine(stack, data)
        without_schools(full, data / "less")
        machine.workers.prepare(data / "less")
        machine.workers.start(machine.workers.all(COUNTS), WAIT_S)
        overlapping_jobs(machine, full)
        machine.expect("the statement of a day", 0, "hash", "statement")
        refused_by_the_later_attempt_first(machine)
        a_code_twice_in_one_line(machine)
        random_steps(machine)
        mutations.make_register(machine, 1000)
        mutations.repair_beside_writers(machine, 1006)
        machine.workers.end(machine.workers.all(COUNTS), signal.SIGTERM, 30)
        mutations.mutate(machine, MUTATIONS, SEED)
    finally:
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
