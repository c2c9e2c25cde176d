#!/usr/bin/python3
"""Rotation of the HMAC key of the teacher keys: a load, verdicts of both keys in the log, rotations that are killed,
the night after, replays and a confirmation of deliveries from before, a validator that missed it, and a register
restored to before. All persons are invented."""
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import replay_test  # noqa: E402
import kafka_produce  # noqa: E402  its path is replay_test's
from replay_test import COUNTS, ROOT, WAIT_S, check, line, results, stacks  # noqa: E402

KILLS = 6
# Each board has a school, and one that the first tables lack: the free boards' (tests/README.md), given to ours.
SCHOOL = {"99906": "99QF", "99907": "99QG", "99908": "99QH"}
LATER = {"99906": "99QC", "99907": "99QD", "99908": "99QE"}
# what a rotation must not change: everything but the names
CONTENT = ("select board, bsn, status, volgnummer, vervallen_per, since, targets, content from register.leraar"
           " order by board, bsn")
HISTORY = ("select count(*), count(*) filter (where not exists (select from register.teacher t"
           " where t.board = h.board and t.key = h.key)) from register.teacher_history h")


class Machine(replay_test.Machine):
    def conf(self, name, settings):
        path = self.workers.dir / name
        kept = [row for row in path.read_text().splitlines() if row.partition(" =")[0] not in settings]
        path.write_text("\n".join([*kept, *(f"{key} = {value}" for key, value in settings.items())]) + "\n")

    def new_key(self):
        """The new key beside the old one, in the settings of the validator and of instroomctl."""
        new = self.workers.secret("hmac.new.key", lambda: secrets.token_hex(32))
        for name in ("validate1.conf", "instroomctl.conf"):
            self.conf(name, {"hmac.key.file": new, "hmac.key.old.file": self.workers.dir / "hmac.key"})

    def end(self, kind):
        self.workers.end(self.workers.named(kind), signal.SIGTERM, WAIT_S)

    def start(self, kind, wait_s=WAIT_S):
        self.workers.start(self.workers.named(kind), wait_s)

    def states(self):
        return {one["partition"]: one["state"] for one in self.json("key", "status")}

    def until(self, what, holds):
        deadline = time.monotonic() + WAIT_S
        while not holds():
            if time.monotonic() > deadline:
                check(what, False, self.states())
                return
            time.sleep(0.2)
        check(what, True)

    def rotate(self, *words):
        """Killed again and again, and run until it is done."""
        rng = random.Random(7)
        command = [self.workers.program("instroomctl"), "--config", str(self.workers.dir / "instroomctl.conf"), "key",
                   "rotate"]
        for _ in range(KILLS):
            process = subprocess.Popen([*command, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0, 0.25))
            process.kill()
            process.wait()
        self.expect("key rotate", 0, "", "key", "rotate", *words)


def tables(data):
    """The full tables, and the first ones."""
    full, first = data / "full", data / "first"
    shutil.copytree(ROOT / "tests" / "cases" / "reference", full)
    path = full / "bestuur_school.csv"
    kept = [row for row in path.read_text().splitlines() if row.split(";")[1] not in LATER.values()]
    path.write_text("\n".join([*kept, *(f"{board};{brin};19000101;" for board, brin in LATER.items())]) + "\n")
    shutil.copytree(full, first)
    for name in ("scholen.csv", "bestuur_school.csv", "vestigingen.csv"):
        rows = (first / name).read_text().splitlines(keepends=True)
        (first / name).write_text("".join(row for row in rows if not any(brin in row for brin in LATER.values())))
    return full, first


def one(board, teacher, name="Jansen", is_later=False):
    return line(teacher, (LATER if is_later else SCHOOL)[board], name=name)


def teachers(board, count):
    return [one(board, number) for number in range(1, count + 1)]


def load(machine):
    """What stands in the register before: unchanged teachers in a list, rejected ones without a row, one that waits."""
    machine.deliver("99906", 1, "VOLLEDIG", [*teachers("99906", 12), one("99906", 40, is_later=True)], waits=False)
    machine.deliver("99906", 2, "VOLLEDIG", [*teachers("99906", 12), one("99906", 40, is_later=True)], waits=False)
    machine.deliver("99908", 1, "VOLLEDIG", teachers("99908", 30), waits=False)
    machine.deliver("99908", 5, "VOLLEDIG",
                    [*teachers("99908", 3), *(one("99908", number, is_later=True) for number in (50, 51))], waits=False)
    rejected = machine.deliver("99907", 1, "MUTATIE",
                               [one("99907", 1), *(one("99907", number, is_later=True) for number in (41, 42))])
    # newer, and naming the same: a replay of the first brings nobody back whom this one no longer names
    machine.deliver("99907", 2, "VOLLEDIG",
                    [one("99907", 1), *(one("99907", number, is_later=True) for number in (41, 42))])
    check("a VOLLEDIG waits", machine.sql("select count(*) from register.delivery where state = 2") == "1")
    check("a list is pending", machine.sql("select count(*) from register.board where pending_sequence > 0") != "0")
    return rejected


def verdicts_of_both_keys(machine):
    """In the log, while the writer is down: of the old key, then of the new one."""
    machine.end("write")
    machine.deliver("99906", 3, "MUTATIE", [one("99906", 1, "Oud")], waits=False)
    machine.until("the old key's verdict is in the log",
                  lambda: any(one["verdict_end"] > one["verdict_applied"] for one in machine.json("status")))
    machine.end("validate")
    machine.new_key()
    check("a validator's verdict of the key before is to be applied first",
          any("to apply" in state for state in machine.states().values()), machine.states())
    machine.expect("which key rotate leaves alone", 1, "to apply", "key", "rotate")
    machine.start("validate")
    night = {board: machine.deliver(board, 9, "MUTATIE", lines, waits=False) for board, lines in (
        ("99906", [one("99906", 1, "Oud"), one("99906", 2)]), ("99907", [one("99907", 1)]),
        ("99908", [one("99908", 1)]))}
    machine.start("write", 0)
    machine.until("the writer applies the old key's and waits at the new one's",
                  lambda: {state for state in machine.states().values()} <= {"nothing applied yet",
                                                                            "key before; writers wait for key rotate"})
    return night


def rotated(machine, night):
    content, history = machine.sql(CONTENT), machine.sql(HISTORY)
    rows = int(machine.sql("select count(*) from register.teacher"))
    machine.rotate()
    machine.until("the writer goes on by itself", lambda: not any(one["parked"] for one in machine.json("status")))
    machine.wait()
    for board, name in night.items():
        check(f"the night of {board} is unchanged", set(machine.outcomes(board, name).values()) == {"ongewijzigd"},
              machine.outcomes(board, name))
    check("nobody comes twice", int(machine.sql("select count(*) from register.teacher")) == rows)
    changed = [(old, new) for old, new in zip(content.split("\n"), machine.sql(CONTENT).split("\n"))
               if old.split("|")[:3] + old.split("|")[5:] != new.split("|")[:3] + new.split("|")[5:]]
    check("nothing but names has changed", not changed, changed[:2])
    check("no history was made, and each row has its teacher", machine.sql(HISTORY) == history,
          (history, machine.sql(HISTORY)))
    machine.expect("key status", 0, "present key", "key", "status")
    machine.balances("after the rotation")


def deliveries_of_before(machine, full, rejected):
    """A late one for somebody whom only the log can name, then the confirmation; replays."""
    machine.publish(full)
    machine.deliver("99908", 4, "MUTATIE", [one("99908", 50, is_later=True)])
    machine.expect("the confirmation", 0, "", "confirm", "99908", "replay-99908-volledig-5", "--reason", "a test")
    machine.wait()
    state = dict(row.split("|") for row in machine.sql(
        "select bsn, status from register.leraar where board = 99908").split("\n"))
    check("whom the waiting delivery named has not lapsed", state[replay_test.bsn(50)] == "ACTIEF",
          state.get(replay_test.bsn(50)))
    check("the others have", sum(status == "VERVALLEN" for status in state.values()) == 27, state)
    plan, _ = machine.plan("--delivery", "99907", rejected)
    check("whom a newer VOLLEDIG of before the rotation names does not come back", plan["brought_back"] == 0, plan)
    machine.replay("a replay of a delivery of before", "--board", "99907")
    machine.wait()
    check("its rejected teachers come in", machine.outcomes("99907", rejected) == {2: "nieuw", 3: "nieuw", 4: "nieuw"},
          machine.outcomes("99907", rejected))
    machine.balances("after deliveries of before were replayed and confirmed")


def a_validator_that_missed_it(machine):
    """It has the old key alone: it judges nothing, and the other goes on."""
    machine.end("validate")
    machine.conf("validate1.conf", {"hmac.key.file": machine.workers.dir / "hmac.key", "hmac.key.old.file": ""})
    machine.start("validate", 0)
    name = machine.deliver("99906", 20, "MUTATIE", [one("99906", 2, "Nieuw")], waits=False)
    time.sleep(3)
    check("nothing is judged with the key before", machine.ctl("wait", "--quiet", "--timeout", "2").returncode != 0)
    machine.end("validate")
    machine.new_key()
    machine.start("validate")
    machine.wait()
    check("with the present key it is", machine.outcomes("99906", name) == {2: "gewijzigd"},
          machine.outcomes("99906", name))


def restored(machine, backup):
    """A backup from before the rotation: the log brings it to the same place again."""
    content = machine.sql(CONTENT)
    for kind in ("write", "validate"):
        machine.end(kind)
    env = machine.stack.env()
    machine.workers.empty_register()
    subprocess.run(["pg_restore", "-d", env["INSTROOM_PG_OWNER"], str(backup)], check=True, capture_output=True)
    machine.start("validate", 0)
    machine.start("write", 0)
    machine.until("the writer comes to the same place", lambda: {state for state in machine.states().values()} <= {
        "nothing applied yet", "key before; writers wait for key rotate"})
    machine.rotate()
    machine.wait()
    check("and the register is the same again", machine.sql(CONTENT) == content,
          [pair for pair in zip(content.split("\n"), machine.sql(CONTENT).split("\n")) if pair[0] != pair[1]][:3])
    machine.balances("after the restore")


def retired(machine):
    """Nothing of before can come back once the raw log and what waits for a confirmation have let go of it: the old
    key leaves the settings, and what comes late, again or unchanged is what it was."""
    machine.expect("not while the raw log has deliveries of before", 1, "replay could bring back", "key", "retire")
    port = machine.stack.nodes()[0].port
    offsets = machine.sql("select distinct partition, below & ((1::bigint << 40) - 1) from register.key_rotation")
    for row in offsets.split("\n"):
        partition, below = map(int, row.split("|"))
        kafka_produce.delete_before(port, "instroom.raw.1", partition, below)
    machine.expect("then it is retired", 0, "take hmac.key.old.file out", "key", "retire")
    check("which the register knows", machine.sql(
        "select count(*) from register.key_rotation where retired_at is null") == "0")
    machine.end("validate")
    for name in ("validate1.conf", "instroomctl.conf"):
        machine.conf(name, {"hmac.key.old.file": ""})
    machine.start("validate")
    content = machine.sql(CONTENT)
    for sequence, outcome in ((40, "ongewijzigd"), (7, "verouderd")):
        name = machine.deliver("99908", sequence, "MUTATIE", [one("99908", 1)])
        check(f"{sequence} behind it is {outcome}", machine.outcomes("99908", name) == {2: outcome},
              machine.outcomes("99908", name))
    again = machine.ctl("replay", "plan", "--board", "99906")
    said = again.stdout + again.stderr
    check("what could be replayed is gone from the log, and is told so", again.returncode in (0, 1) and
          ("deliveries left out" in said or "nothing" in said), said)
    check("nothing came back", machine.sql(CONTENT).count("\n") == content.count("\n"))
    machine.expect("and the ledger balances", 0, "", "ledger", "--check")


def rotated_without_a_verdict(machine):
    """A second rotation, of partitions in which nothing was judged with the new key: the operator says that the
    validators are stopped."""
    machine.end("validate")
    third = machine.workers.secret("hmac.third.key", lambda: secrets.token_hex(32))
    for name in ("validate1.conf", "instroomctl.conf"):
        machine.conf(name, {"hmac.key.file": third, "hmac.key.old.file": machine.workers.dir / "hmac.new.key"})
    machine.expect("without verdicts of the new key nothing is renamed", 1, "nothing judged with the present one",
                   "key", "rotate")
    machine.rotate("--validators-are-stopped")
    machine.expect("all have the third key", 0, "present key", "key", "status")
    machine.start("validate")
    name = machine.deliver("99908", 50, "MUTATIE", [one("99908", 1)])
    check("and the next night is unchanged", machine.outcomes("99908", name) == {2: "ongewijzigd"},
          machine.outcomes("99908", name))


def main():
    name = f"key-{os.getpid()}"
    data = Path(tempfile.mkdtemp(prefix="instroom-key-"))
    stack = stacks.Stack(name)
    try:
        stack.up({"partitions": 3, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False, "base_port": None,
                  "wait": WAIT_S})
        full, first = tables(data)
        machine = Machine(stack, data)
        machine.workers.prepare(first)
        machine.workers.start(machine.workers.all(COUNTS), WAIT_S)
        rejected = load(machine)
        backup = data / "backup"
        subprocess.run(["pg_dump", "-Fc", "-d", stack.env()["INSTROOM_PG_OWNER"], "-f", str(backup)], check=True)
        rotated(machine, verdicts_of_both_keys(machine))
        machine.expect("nothing is retired while the log has deliveries of before", 1, "replay could bring back", "key",
                       "retire")
        deliveries_of_before(machine, full, rejected)
        a_validator_that_missed_it(machine)
        restored(machine, backup)
        retired(machine)
        rotated_without_a_verdict(machine)
        machine.workers.end(machine.workers.all(COUNTS), signal.SIGTERM, WAIT_S)
    finally:
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
