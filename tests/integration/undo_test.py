#!/usr/bin/python3
"""A delivery is undone (specification 7.7), against the real machine: of each kind, with what came after it, twice,
killed between, and beside a delivery of the board. All persons are invented."""
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
from replay_test import COUNTS, ROOT, WAIT_S, bsn, check, line, results, stacks  # noqa: E402

WHY = ("--reason", "een verkeerd bestand")


def stand(machine, board, without=()):
    """The register of a board but for volgnummers, which rise; without: BSNs."""
    rows = [row.split(";") for row in machine.ctl("stand", "--board", board, "--with-bsn").stdout.splitlines()]
    return sorted(";".join(row[:3] + row[4:]) for row in rows if row[1] not in without)


def plan(machine, board, name, *options):
    found = {row["what"]: row["teachers"] for row in machine.json("undo", "plan", board, name, *options)}
    return {what: teachers for what, teachers in found.items() if teachers}


def start(machine, board, name, status=0, words="HERSTEL-"):
    return machine.expect(f"{name} is undone", status, words, "undo", "start", board, name, *WHY)


def made(machine, board):
    return [row for row in machine.json("deliveries", board) if row["delivery_id"].startswith("HERSTEL-")]


def of_a_mutatie(machine):
    board = "99901"
    machine.deliver(board, 1, "VOLLEDIG", [line(one, "99ZZ") for one in range(1, 5)])
    before = stand(machine, board)
    wrong = machine.deliver(board, 2, "MUTATIE", [line(1, "99ZZ", name="Fout"), line(2, "99ZZ"), line(5, "99ZZ")])
    foreseen = plan(machine, board, wrong)
    check("who changed and who came", foreseen == {"restored": 1, "withdrawn": 1}, foreseen)
    check("a plan delivers nothing", made(machine, board) == [])
    persons = machine.json("undo", "plan", board, wrong, "--with-bsn")
    check("persons on request", sorted((row["bsn"], row["what"]) for row in persons) ==
          sorted([(bsn(1), "restored"), (bsn(5), "withdrawn")]), persons)
    machine.expect("which leaves a row", 0, "undo plan --with-bsn", "audit", "--json")
    machine.expect("a reason is needed", 64, "--reason", "undo", "start", board, wrong)
    start(machine, board, wrong)
    check("the register is as before", stand(machine, board, {bsn(5)}) == before, stand(machine, board))
    check("who came is withdrawn", f"{board};{bsn(5)};INGETROKKEN" in "\n".join(stand(machine, board)))
    rows = made(machine, board)
    check("by two deliveries with the next volgnummers", sorted((row["kind"], row["sequence"]) for row in rows) ==
          [("INTREKKING", 4), ("MUTATIE", 3)], rows)
    check("which say what they are", all(row["sender"] == f"ongedaan-gemaakt:{wrong}" and row["basis"] == "beheer"
                                         for row in rows), rows)
    check("each line has its outcome", [machine.outcomes(board, row["delivery_id"]) for row in reversed(rows)] ==
          [{2: "gewijzigd"}, {2: "ingetrokken"}], rows)
    start(machine, board, wrong, words="it was undone before")
    machine.expect("nor is there more to plan", 1, "undone already", "undo", "plan", board, wrong)
    check("twice is once", len(made(machine, board)) == 2)
    machine.expect("the delivery says so", 0, "it was undone at", "delivery", board, wrong)
    row = machine.json("undo", "list", board)[0]
    check("who, when and why are kept", row["state"] == "done" and row["reason"] == WHY[1] and row["started_by"] and
          row["started_at"], row)


def of_a_volledig(machine):
    board = "99902"
    everybody = [line(one, "99QB") for one in range(11, 31)]
    machine.deliver(board, 1, "VOLLEDIG", everybody)
    before = stand(machine, board)
    short = [line(11, "99QB", name="Fout"), *everybody[1:18]]
    wrong = machine.deliver(board, 2, "VOLLEDIG", short)
    check("two have lapsed", machine.json("report", board, wrong)["vervallen"] == 2)
    foreseen = plan(machine, board, wrong)
    check("they come back", foreseen == {"restored": 3}, foreseen)
    start(machine, board, wrong)
    check("the register is as before, leavers and all", stand(machine, board) == before, stand(machine, board))
    wrong = machine.deliver(board, 10, "INTREKKING", [f"{bsn(12)};1012{';' * 14}"])
    check("one was withdrawn", stand(machine, board) != before)
    foreseen = plan(machine, board, wrong)
    check("the log knows what he was", foreseen == {"restored": 1}, foreseen)
    start(machine, board, wrong)
    check("and he is it again", stand(machine, board) == before, stand(machine, board))
    waits = machine.deliver(board, 20, "VOLLEDIG", everybody[:10])
    machine.expect("nobody has lapsed yet", 1, "there is nothing to undo", "undo", "plan", board, waits)
    machine.expect("ten lapse", 0, "uitgevoerd: ja", "confirm", board, waits, "--reason", "zo is het")
    foreseen = plan(machine, board, waits)
    check("what its confirmation did is undone, too", foreseen == {"restored": 10}, foreseen)
    start(machine, board, waits)
    check("and all is as before", stand(machine, board) == before, stand(machine, board))


def with_later_changes(machine):
    board = "99907"
    machine.deliver(board, 1, "VOLLEDIG", [line(one, "99QG") for one in range(41, 46)])
    before = stand(machine, board)
    wrong = machine.deliver(board, 2, "MUTATIE", [line(one, "99QG", name="Fout") for one in range(41, 45)])
    machine.deliver(board, 3, "MUTATIE", [line(41, "99QG", name="Nieuwer"), line(42, "99QG", name="Fout")])
    machine.deliver(board, 4, "INTREKKING", [f"{bsn(43)};1043{';' * 14}"])
    foreseen = plan(machine, board, wrong)
    check("who was delivered since is told apart", foreseen ==
          {"restored": 1, "changed_since": 2, "delivered_since": 1}, foreseen)
    foreseen = plan(machine, board, wrong, "--also-later")
    check("and comes along on request only", foreseen == {"restored": 4}, foreseen)
    plan(machine, board, wrong)
    newer = stand(machine, board, {bsn(44)})
    start(machine, board, wrong)
    check("newer data stay", stand(machine, board, {bsn(44)}) == newer, stand(machine, board))
    one = [row for row in before if bsn(44) in row]
    check("the others are as before", [row for row in stand(machine, board) if bsn(44) in row] == one)


def with_approval(machine):
    board, most = "99904", "--replay.approval.lines=1000000000"
    machine.deliver(board, 1, "VOLLEDIG", [line(51, "99QD")])
    wrong = machine.deliver(board, 2, "MUTATIE", [line(51, "99QD", name="Fout")])
    machine.expect("planned while small ones want none", 0, wrong, "undo", "plan", board, wrong)
    machine.expect("the limit is the register's", 0, "1 lines or more", "approval", "set", 1, *WHY)
    machine.expect("that of the start holds", 1, "plan it again", "undo", "start", board, wrong, *WHY)
    check("what was not started is no act",
          machine.sql(f"select count(*) from register.access where what = 'undo {wrong}'") == "0")
    claimed = machine.sql(
        "begin; delete from register.undo where state = 'planned'; insert into register.undo (position, board,"
        " delivery_id, number, state, planned_by, takes_later, teachers, lines, changes, withdrawals, approval_needed)"
        " select position, board, delivery_id, 9, 'planned', 'x', false, 0, 0, '', '', false from register.delivery"
        f" where delivery_id = '{wrong}' returning lines, approval_needed; rollback")
    check("a plan that says it has no lines is counted by the register", claimed == "1|t", claimed)
    machine.expect("the plan says so", 0, "another person has to", most, "undo", "plan", board, wrong)
    machine.expect("it is not started", 1, "another person", "undo", "start", board, wrong, *WHY)
    by_hand = machine.refused_sql("update register.undo set state = 'started', started_by = 'x', reason = 'x',"
                                  f" sequence = 3 where board = {board}")
    check("nor by hand", "undo_approved" in by_hand, by_hand)
    machine.expect("nor approved by its planner", 1, "you planned it", "undo", "approve", board, wrong, *WHY)
    machine.sql(f"update register.undo set planned_by = 'a-colleague' where board = {board}")
    machine.expect("another plan is not approved for it", 1, "another plan", "undo", "approve", board, wrong, 7, *WHY)
    machine.expect("another does", 0, "approved", "undo", "approve", board, wrong, 2, *WHY)
    start(machine, board, wrong)
    machine.expect("small ones want none again", 0, "approval", "approval", "set", 100000, *WHY)


def of_what_a_replay_brought(machine):
    """His content was withdrawn; a replay made him what he was, of lines that stand where they were delivered."""
    board = "99908"
    first = machine.deliver(board, 1, "MUTATIE", [line(30, "99QH")])
    check("his school is missing", machine.outcomes(board, first) == {2: "afgekeurd"})
    machine.publish(ROOT / "tests" / "cases" / "reference")
    machine.replay("a replay brings him", "--delivery", board, first)
    before = stand(machine, board)
    check("he is there", f"{board};{bsn(30)};ACTIEF" in "\n".join(before), before)
    wrong = machine.deliver(board, 2, "INTREKKING", [f"{bsn(30)};1030{';' * 14}"])
    foreseen = plan(machine, board, wrong)
    check("the log knows what he was", foreseen == {"restored": 1}, foreseen)
    start(machine, board, wrong)
    check("and he is it again", stand(machine, board) == before, stand(machine, board))


def by_an_operator(machine):
    """Under a login with the task that RUNBOOK names, who cannot change what was started."""
    board, login = "99908", "instroom_it_undo"
    admin = machine.stack.env()["INSTROOM_PG_ADMIN"]
    subprocess.run(["psql", "-qX", admin, "-c", f"create role {login} in role instroom_repair"], check=True)
    owner = f"--pg.owner.conninfo={admin} options='-c role={login}'"
    machine.deliver(board, 10, "MUTATIE", [line(31, "99QH"), line(32, "99QH")])
    before = stand(machine, board)
    wrong = machine.deliver(board, 11, "MUTATIE", [line(31, "99QH", name="Fout")])
    machine.expect("an operator plans", 0, "plan 1: 1 lines", owner, "undo", "plan", board, wrong)
    machine.expect("and starts", 0, "HERSTEL-", owner, "undo", "start", board, wrong, *WHY)
    check("it is undone", stand(machine, board) == before, stand(machine, board))
    for change in ("update register.undo set started_by = 'x'", "update register.undo set reason = 'x'",
                   "update register.undo set state = 'planned'", "delete from register.undo"):
        said = machine.refused_sql(f"{change} where board = {board}")
        check(f"what was started stays: {change}", "can only end" in said, said)


def behind_a_set_back(machine):
    """Which lowers the volgnummers that said who was delivered since."""
    board = "99909"
    machine.deliver(board, 1, "VOLLEDIG", [line(one, "99QK") for one in (33, 34, 35)])
    before = stand(machine, board, {bsn(35)})
    wrong = machine.deliver(board, 2, "MUTATIE", [line(one, "99QK", name="Fout") for one in (33, 34, 35)])
    machine.deliver(board, 3, "MUTATIE", [line(35, "99QK", name="Fout")])
    machine.expect("as RUNBOOK has it", 0, "it is set back", "volgnummer", "set-back", board, 1, *WHY)
    foreseen = plan(machine, board, wrong)
    check("who was delivered since is told apart all the same", foreseen == {"restored": 2, "delivered_since": 1},
          foreseen)
    start(machine, board, wrong)
    check("and left", stand(machine, board, {bsn(35)}) == before and f"{board};{bsn(35)};ACTIEF;;Fout" in
          "\n".join(stand(machine, board)), stand(machine, board))
    wrong = machine.deliver(board, 5, "VOLLEDIG", [line(33, "99QK"), line(35, "99QK", name="Fout")])
    machine.deliver(board, 6, "VOLLEDIG", [line(33, "99QK"), line(35, "99QK", name="Fout")])
    machine.expect("again", 0, "it is set back", "volgnummer", "set-back", board, 4, *WHY)
    foreseen = plan(machine, board, wrong)
    check("so is who lapsed and is in no newer VOLLEDIG", foreseen == {"delivered_since": 1}, foreseen)


def killed(machine):
    """Behind each step; run again it does what is missing, once."""
    board = "99905"
    machine.deliver(board, 1, "VOLLEDIG", [line(one, "99QE") for one in (61, 62)])
    before = stand(machine, board)
    for number, point in ((2, "undo.started"), (10, "undo.published"), (20, "undo.published:2")):
        came = bsn(62 + number)
        wrong = machine.deliver(board, number, "MUTATIE", [line(61, "99QE", name="Fout"), line(62 + number, "99QE")])
        plan(machine, board, wrong)
        done = subprocess.run(command(machine, "undo", "start", board, wrong, *WHY), check=False, capture_output=True,
                              text=True, env={**os.environ, "INSTROOM_CRASH_AT": point})
        check(f"it dies at {point}", done.returncode == 137, f"{done.returncode} {done.stderr}")
        earlier = len(made(machine, board))
        start(machine, board, wrong)
        rows = made(machine, board)
        check(f"{point}: both deliveries, once", 0 <= len(rows) - earlier <= 2 and
              sorted((row["kind"], row["sequence"]) for row in rows[:2]) ==
              [("INTREKKING", number + 2), ("MUTATIE", number + 1)], rows)
        gone = {bsn(62 + one) for one in (2, 10, 20)}
        check(f"{point}: as before", stand(machine, board, gone) == before, stand(machine, board))
        check(f"{point}: who came is withdrawn", f"{came};INGETROKKEN" in "\n".join(stand(machine, board)))


def beside_its_id(machine):
    """The board delivers somebody else under the very id of what a killed undo has not published yet."""
    board = "99904"
    machine.deliver(board, 10, "MUTATIE", [line(52, "99QD")])
    before = stand(machine, board)
    wrong = machine.deliver(board, 11, "MUTATIE", [line(52, "99QD", name="Fout")])
    plan(machine, board, wrong)
    done = subprocess.run(command(machine, "undo", "start", board, wrong, *WHY), check=False, capture_output=True,
                          text=True, env={**os.environ, "INSTROOM_CRASH_AT": "undo.started"})
    check("it dies before it publishes", done.returncode == 137, f"{done.returncode} {done.stderr}")
    position = int(machine.sql(f"select position from register.undo where board = {board} and state = 'started'"))
    machine.deliver(board, 12, "MUTATIE", [line(53, "99QD")], leveringsid=f"HERSTEL-{position:016x}-1W")
    start(machine, board, wrong)
    check("ours is delivered all the same", stand(machine, board, {bsn(53)}) == before, stand(machine, board))
    check("both stand in the ledger", len({row["sender"] for row in made(machine, board)[:2]}) == 2,
          made(machine, board))


def command(machine, *words):
    return [machine.workers.program("instroomctl"), "--config", str(machine.workers.dir / "instroomctl.conf"), *words]


def is_stopped(process):
    return Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "T"


def beside_a_delivery(machine):
    board = "99906"
    machine.deliver(board, 1, "VOLLEDIG", [line(one, "99QF") for one in (81, 82)])
    before = stand(machine, board)
    wrong = machine.deliver(board, 2, "MUTATIE", [line(one, "99QF", name="Fout") for one in (81, 82)])
    plan(machine, board, wrong)
    machine.deliver(board, 3, "MUTATIE", [line(81, "99QF", name="Nieuwer")])
    start(machine, board, wrong, 1, "undo plan again")
    check("nothing is delivered", made(machine, board) == [])
    check("the new plan leaves him", plan(machine, board, wrong) == {"restored": 1, "changed_since": 1})
    # the next comes when all is read and fixed, and nothing published: with the very volgnummer of the undo
    process = subprocess.Popen(command(machine, "undo", "start", board, wrong, *WHY), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True,
                               env={**os.environ, "INSTROOM_CRASH_AT": "undo.started=stop"})
    deadline = time.monotonic() + WAIT_S
    try:
        while process.poll() is None and not is_stopped(process) and time.monotonic() < deadline:
            time.sleep(0.05)
        check("it stands still before it publishes", is_stopped(process))
        machine.deliver(board, 4, "MUTATIE", [line(82, "99QF", name="Tegelijk")])
        key = machine.sql(f"select key from register.teacher where board = {board} and bsn = {int(bsn(82))}")
        machine.expect("nobody is erased meanwhile, whom it may bring back", 1, "an undo at board 99906", "person",
                       "erase", board, key, *WHY)
        process.send_signal(signal.SIGCONT)
        said = process.communicate(timeout=WAIT_S)[0]
    finally:
        process.kill()
        process.wait()
    check("it is done, and says what came in between", process.returncode == 0 and "1 deliveries of the board came" in
          said, f"{process.returncode} {said}")
    check("the board's own delivery stays", "Tegelijk" in "\n".join(stand(machine, board)), stand(machine, board))
    outcomes = machine.outcomes(board, made(machine, board)[0]["delivery_id"])
    check("and its line is refused", set(outcomes.values()) == {"afgekeurd"}, outcomes)
    foreseen = plan(machine, board, wrong)
    check("he is left then", foreseen == {"changed_since": 2}, foreseen)
    foreseen = plan(machine, board, wrong, "--also-later")
    check("what was not applied can be planned again", foreseen == {"restored": 2}, foreseen)
    start(machine, board, wrong)
    check("and is undone", stand(machine, board) == before, stand(machine, board))
    rows = [(row["plan"], row["state"]) for row in machine.json("undo", "list", board)]
    check("each with a row of its own", rows == [(3, "done"), (2, "done")], rows)


def what_is_no_delivery(machine):
    machine.expect("an unknown one", 1, "no delivery of this id", "undo", "plan", "99901", "geen-levering-ooit")
    machine.expect("one that nobody planned", 1, "it is not planned", "undo", "start", "99901",
                   "replay-99901-volledig-1", *WHY)
    proef = machine.deliver("99901", 50, "MUTATIE", [line(1, "99ZZ", name="Proef")], proef="ja")
    machine.expect("a proef", 1, "a proef changed nothing", "undo", "plan", "99901", proef)
    text = json.dumps([machine.json("undo", "list", board) for board in ("99901", "99902", "99906")])
    check("no person is named", not any(bsn(one) in text for one in range(1, 90)), text)


def main():
    data = Path(tempfile.mkdtemp(prefix="instroom-undo-"))
    stack = stacks.Stack(f"undo-{os.getpid()}")
    try:
        stack.up({"partitions": 3, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False, "base_port": None,
                  "wait": WAIT_S})
        machine = replay_test.Machine(stack, data)
        replay_test.without_schools(ROOT / "tests" / "cases" / "reference", data / "reference")
        machine.workers.prepare(data / "reference")
        machine.workers.start(machine.workers.all(COUNTS), WAIT_S)
        of_what_a_replay_brought(machine)
        of_a_mutatie(machine)
        of_a_volledig(machine)
        with_later_changes(machine)
        with_approval(machine)
        by_an_operator(machine)
        behind_a_set_back(machine)
        killed(machine)
        beside_its_id(machine)
        beside_a_delivery(machine)
        what_is_no_delivery(machine)
        machine.balances("after all of them")
    finally:
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
