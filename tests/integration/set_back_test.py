#!/usr/bin/python3
"""A volgnummer is set back (specification 7.6), against the real machine: what falls, what ends and what stays; what
the board delivers then; replays of what came before; validators and writers that are killed, and a cache
that is lost. All persons are invented."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import replay_test  # noqa: E402
from replay_test import COUNTS, ROOT, WAIT_S, check, line, results, stacks, without_schools  # noqa: E402

BOARD, OTHER, REPLAYED, NOBODY = "99901", "99902", "99906", "99909"
ABSURD = 10**12
VALIDATE_POINTS = ("validate.produced", "validate.advanced")
WRITE_POINTS = ("write.teachers-written", "write.committed")


def set_back(machine, board, to, status=0, words="it is set back"):
    return machine.expect(f"{board} is set back to {to}", status, words, "volgnummer", "set-back", board, to,
                          "--reason", "een tikfout")


def rows(machine, board):
    """{volgnummer: teachers that have it}, as `leraar` has them: row or list of the unchanged."""
    found = machine.sql(f"select volgnummer, count(*) from register.leraar where board = {board} group by 1")
    return {int(one.split("|")[0]): int(one.split("|")[1]) for one in found.splitlines()}


def highest(machine, board):
    return [int(one) for one in machine.sql("select sequence_max, sequence_full, sequence_top from register.board"
                                            f" where board = {board}").split("|")]


def is_late(machine, board, name):
    return "LR-K04" in str(machine.json("report", board, name))


def falls_and_goes_on(machine):
    everybody = [line(one, "99ZZ") for one in range(1, 5)]
    first = machine.deliver(BOARD, 1, "VOLLEDIG", everybody)
    machine.deliver(BOARD, 5, "MUTATIE", [line(1, "99ZZ", name="Pietersen")])
    machine.deliver(BOARD, 6, "VOLLEDIG", [line(1, "99ZZ", name="Pietersen"), *everybody[1:]])
    waits = machine.deliver(BOARD, 7, "VOLLEDIG", everybody[3:])
    check("one waits", machine.json("report", BOARD, waits)["status"] == "wacht_op_bevestiging")
    before = machine.sql(f"select key, status, content from register.teacher where board = {BOARD} order by key")
    seen = json.loads(machine.expect("without a reason nothing is done", 1, "--reason", "volgnummer", "set-back", BOARD,
                                     3, "--json").stdout)
    check("and what would change is shown", (seen["highest"], seen["highest_full"], seen["to"], seen["teachers"],
                                             seen["waiting"], seen["possible"]) == (7, 7, 3, 4, 1, True), seen)
    check("nothing has changed", highest(machine, BOARD) == [7, 7, 0], highest(machine, BOARD))
    for to in (7, 8):
        set_back(machine, BOARD, to, 1, "nothing happened")
    set_back(machine, BOARD, 3)
    check("all of them have it", rows(machine, BOARD) == {3: 4}, rows(machine, BOARD))
    check("and the board", highest(machine, BOARD) == [3, 3, 7], highest(machine, BOARD))
    check("content and status stay", machine.sql("select key, status, content from register.teacher where board ="
                                                 f" {BOARD} order by key") == before)
    ended = machine.json("report", BOARD, waits)
    check("what waited has ended", ended["status"] == "verwerkt" and ended["vervallen"] == 0 and "LR-K10" in str(ended),
          ended)
    check("outcomes stay", set(machine.outcomes(BOARD, first).values()) == {"nieuw"}, machine.outcomes(BOARD, first))
    machine.expect("the board's deliveries are shown with it", 0, "was set back from 7 to 3", "deliveries", BOARD)
    row = machine.json("volgnummer", "list", BOARD)[0]
    check("who, why and what", row["reason"] == "een tikfout" and row["who"] and row["executed"] and
          (row["before"], row["to"], row["teachers"], row["waiting"]) == (7, 3, 4, 1), row)
    machine.expect("the audit rows have it", 0, "volgnummer set-back", "audit", "--json")
    name = machine.deliver(BOARD, 4, "MUTATIE", [line(1, "99ZZ", name="Bakker")])
    check("4 is above 3", machine.outcomes(BOARD, name) == {2: "gewijzigd"} and not is_late(machine, BOARD, name),
          machine.report(BOARD, name))
    name = machine.deliver(BOARD, 3, "MUTATIE", [line(1, "99ZZ", name="Visser"), everybody[1],
                                                 line(3, "99ZZ", name="Visser")])
    check("3 is not, by each teacher's own", machine.outcomes(BOARD, name) ==
          {2: "verouderd", 3: "ongewijzigd", 4: "afgekeurd"} and is_late(machine, BOARD, name),
          machine.report(BOARD, name))
    name = machine.deliver(BOARD, 5, "VOLLEDIG", everybody)
    check("5 comes again", machine.outcomes(BOARD, name) == {2: "gewijzigd", 3: "ongewijzigd", 4: "ongewijzigd",
                                                             5: "ongewijzigd"}, machine.report(BOARD, name))
    machine.balances("after all that")


def the_same_again(machine):
    """A file of before is a repeat: it changes nothing, and validators do not take it for new."""
    at = rows(machine, BOARD), highest(machine, BOARD)
    postgres = machine.stack.named("postgres")[0]
    postgres.signal(signal.SIGSTOP)  # the gateway can ask nobody, so it does not answer the repeat itself
    try:
        machine.deliver(BOARD, 6, "VOLLEDIG", [line(1, "99ZZ", name="Pietersen"),
                                               *[line(one, "99ZZ") for one in range(2, 5)]], waits=False)
    finally:
        postgres.signal(signal.SIGCONT)
    machine.wait()
    check("a repeat is not entered", machine.sql("select count(*) from register.delivery where board ="
                                             f" {BOARD} and sequence = 6") == "1")
    check("a repeat changes nothing", (rows(machine, BOARD), highest(machine, BOARD)) == at, rows(machine, BOARD))
    name = machine.deliver(BOARD, 8, "VOLLEDIG", [line(one, "99ZZ") for one in range(1, 5)])
    check("nobody lost an update for it", set(machine.outcomes(BOARD, name).values()) == {"ongewijzigd"} and
          rows(machine, BOARD) == {8: 4}, machine.report(BOARD, name))
    machine.balances("after a repeat")


def twice_and_of_nobody(machine):
    set_back(machine, BOARD, 6)
    set_back(machine, BOARD, 2)
    check("both fell", (rows(machine, BOARD), highest(machine, BOARD)) == ({2: 4}, [2, 2, 8]), highest(machine, BOARD))
    machine.expect("how often is told", 0, "the last of 3 times", "deliveries", BOARD)
    set_back(machine, NOBODY, 0, 1, "nothing happened")
    machine.expect("a board that never delivered", 1, "never delivered", "volgnummer", "set-back", NOBODY, 3)
    machine.deliver(OTHER, 4, "VOLLEDIG", [line(31, "99QB")], proef="ja")
    set_back(machine, OTHER, 3, 1, "nothing happened")
    for more in range(2):
        machine.deliver(OTHER, ABSURD + more, "VOLLEDIG", [line(one, "99QB") for one in (31, 32, 33)])
    check("its unchanged are a list", machine.sql("select pending_sequence from register.board where board ="
                                                  f" {OTHER}") == str(ABSURD + 1))
    set_back(machine, OTHER, 0)
    check("all fell to nothing", rows(machine, OTHER) == {0: 3}, rows(machine, OTHER))
    name = machine.deliver(OTHER, 1, "VOLLEDIG", [line(31, "99QB")])
    check("1 is above 0, and who is absent waits", machine.outcomes(OTHER, name) == {2: "ongewijzigd"} and
          machine.json("report", OTHER, name)["ontbrekend"] == 2, machine.json("report", OTHER, name))
    machine.expect("a confirmation takes who is absent now", 0, "ja", "confirm", OTHER, name, "--reason", "a test")
    check("and they lapse", rows(machine, OTHER) == {1: 3}, rows(machine, OTHER))
    for words in (("1", "2"), (BOARD, "-1"), (BOARD, "x"), (BOARD, str(2**63))):
        machine.expect(f"{words} are no board and volgnummer", 64, "", "volgnummer", "set-back", *words)
    machine.expect("an empty reason is none", 64, "--reason", "volgnummer", "set-back", BOARD, 1, "--reason", "")
    machine.balances("after both")


def replayed(machine, full):
    """What was rejected before comes in with the highest there is now, as the plan foresees, and can be corrected."""
    name = machine.deliver(REPLAYED, ABSURD, "VOLLEDIG", [line(41, "99QF"), line(42, "99QF")])
    set_back(machine, REPLAYED, 2)
    newer = machine.deliver(REPLAYED, 3, "VOLLEDIG", [line(41, "99QF")])
    check("the school is missing", {*machine.outcomes(REPLAYED, name).values(),
                                    *machine.outcomes(REPLAYED, newer).values()} == {"afgekeurd"})
    machine.publish(full)
    plan = machine.replay("they come in", "--board", REPLAYED, "--code", "LR-S02")
    check("as foreseen, and a newer VOLLEDIG does not name one", (plan["foreseen"]["nieuw"],
          plan["foreseen"]["ongewijzigd"]) == (2, 1) and "'brought_back': 1" in str(plan), plan)
    check("so it is", set(machine.outcomes(REPLAYED, name).values()) == {"nieuw"} and
          set(machine.outcomes(REPLAYED, newer).values()) == {"ongewijzigd"}, machine.report(REPLAYED, newer))
    check("with the highest there is", rows(machine, REPLAYED) == {3: 2}, rows(machine, REPLAYED))
    name = machine.deliver(REPLAYED, 4, "MUTATIE", [line(42, "99QF", name="Bakker")])
    check("and can be corrected", machine.outcomes(REPLAYED, name) == {2: "gewijzigd"}, machine.report(REPLAYED, name))
    machine.balances("after a replay")


def empty_cache(machine):
    subprocess.run(["redis-cli", "-p", str(machine.stack.port("redis")), "flushall"], check=True, capture_output=True)


def await_that(is_so, what):
    deadline = time.monotonic() + WAIT_S
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    check(what, is_so())


def killed(machine):
    """Behind its verdict and behind its advance, before COMMIT and behind it; and a cold cache judges what is next."""
    validate, write = machine.workers.named("validate1")[0], machine.workers.named("write1")[0]
    number = 10
    for point in VALIDATE_POINTS + WRITE_POINTS:
        worker = validate if point.startswith("validate") else write
        machine.deliver(BOARD, ABSURD + number, "MUTATIE", [line(1, "99ZZ", name="Pietersen")])
        machine.workers.end([validate, write], signal.SIGTERM, WAIT_S)
        asked = subprocess.Popen([machine.workers.program("instroomctl"), "--config",
                                  str(machine.workers.dir / "instroomctl.conf"), "volgnummer", "set-back", BOARD,
                                  str(number), "--reason", point], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                 text=True)
        await_that(lambda point=point: machine.sql("select count(*) from register.access where reason ="
                                                   f" '{point}'") == "1", "it is asked for")
        worker.start((f"INSTROOM_CRASH_AT={point}",))
        machine.workers.start([one for one in (validate, write) if one is not worker], 0)
        await_that(lambda worker=worker: worker.process.pid() is None, f"{worker.name} dies at {point}")
        machine.workers.start([worker], WAIT_S)
        told = asked.communicate(timeout=WAIT_S)[1]
        check(f"killed at {point} it is set back once", asked.returncode == 0 and "it is set back" in told, told)
        empty_cache(machine)
        changed = line(1, "99ZZ", name="Bakker" if number % 4 else "Visser")
        name = machine.deliver(BOARD, number + 1, "MUTATIE", [changed])
        check(f"killed at {point} the next is above it", machine.outcomes(BOARD, name) == {2: "gewijzigd"} and
              not is_late(machine, BOARD, name), machine.report(BOARD, name))
        number += 2
    check("each was done once", machine.sql("select count(*) from register.set_back where executed and"
                                            f" board = {BOARD}") == str(3 + len(VALIDATE_POINTS + WRITE_POINTS)))
    machine.balances("after all the kills")


def warm_again(machine):
    """Once a board is above what was set back, its nights cost nothing again; until then all is right."""
    everybody = [line(one, "99QB") for one in (31, 33)]
    for more in (2, 3):
        name = machine.deliver(OTHER, ABSURD + more, "VOLLEDIG", everybody)
    check("its unchanged are a list again", set(machine.outcomes(OTHER, name).values()) == {"ongewijzigd"} and
          machine.sql(f"select pending_sequence from register.board where board = {OTHER}") == str(ABSURD + 3))
    machine.balances("at the end")


def main():
    data = Path(tempfile.mkdtemp(prefix="instroom-setback-"))
    stack = stacks.Stack(f"setback-{os.getpid()}")
    try:
        stack.up({"partitions": 3, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False, "base_port": None,
                  "wait": WAIT_S})
        full = ROOT / "tests" / "cases" / "reference"
        machine = replay_test.Machine(stack, data)
        without_schools(full, data / "less")
        machine.workers.prepare(data / "less")
        machine.workers.start(machine.workers.all(COUNTS), WAIT_S)
        falls_and_goes_on(machine)
        the_same_again(machine)
        twice_and_of_nobody(machine)
        replayed(machine, full)
        killed(machine)
        warm_again(machine)
    finally:
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
