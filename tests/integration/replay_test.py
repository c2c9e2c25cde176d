#!/usr/bin/python3
"""Replay and quarantine against the real machine: what an operator plans, starts, kills and resumes, and what the
ledger, the terugmeldingen and the register say afterwards. All persons are invented."""
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "tests" / "support"))
import kafka_produce  # noqa: E402
from by_moments import run_until  # noqa: E402
from private_stack import kafka_wire  # noqa: E402
from private_stack import stack as stacks  # noqa: E402
from private_stack import workers as programs  # noqa: E402

BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev"))
WAIT_S = 180  # only says when to give up
COUNTS = {"gateway": 1, "validate": 1, "write": 1}
MISSING = ("99VO", "99QF", "99QG", "99QH")  # schools the first reference tables lack
COLUMNS = ("bsn;personeelsnummer;geslachtsnaam;voorvoegsel;voornamen;geslacht;geboortedatum;benoemingssleutel;"
           "brin;vestiging;begin_arbeidsovereenkomst;einde_arbeidsovereenkomst;begin_benoeming;"
           "einde_benoeming;benoemingsgrondslag;onderwijsterrein")
results = {"passed": 0, "failed": 0}


def check(what, is_so, seen=""):
    results["passed" if is_so else "failed"] += 1
    if not is_so:
        print(f"failed: {what}\n    saw: {seen}", flush=True)


def bsn(number):
    """The invented BSN with this number: the 11-test's last digit is worked out, numbers without one are skipped."""
    digits = f"{90000000 + number * 7:08}"
    while True:
        last = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 1, -1))) % 11
        if last < 10:
            return digits + str(last)
        digits = f"{int(digits) + 1:08}"


def line(teacher, brin, number=1, name="Jansen", text=None):
    ground = "901" if brin == "99VO" else "701"
    return (f"{text or bsn(teacher)};{1000 + teacher};{name};;Jan;M;19700101;A-{teacher}-{number};{brin};00;20000801;;"
            f"2000080{number};;{ground};")


class Machine:
    def __init__(self, stack, data):
        self.stack, self.data = stack, data
        self.workers = programs.Workers(stack)
        self.workers.set_up(BUILD.resolve(), COUNTS, True, {})

    def ctl(self, *words):
        return self.workers.ctl(*[str(word) for word in words], capture_output=True, text=True)

    def json(self, *words):
        done = self.ctl(*words, "--json")
        if done.returncode not in (0, 1):
            raise SystemExit(f"instroomctl {' '.join(words)}: {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def expect(self, what, status, text, *words):
        done = self.ctl(*words)
        check(what, done.returncode == status and text in done.stdout + done.stderr,
              f"{done.returncode}: {done.stdout}{done.stderr}")
        return done

    def wait(self):
        self.expect("all is judged and written", 0, "", "wait", "--quiet", "--timeout", WAIT_S)

    def deliver(self, board, sequence, kind, lines, waits=True, contact=None, **others):
        """Its leveringsid. contact: its headers; others: fields of the header."""
        name = f"replay-{board}-{kind.lower()}-{sequence}"
        query = urllib.parse.urlencode({"bestuur": board, "soort": kind, "volgnummer": sequence, "leveringsid": name,
                                        "extractiedatum": "2018-07-01", "ontvangen_op": "2018-07-02", **others})
        token = (self.workers.dir / "token").read_text()
        port = self.workers.named("gateway1")[0].port
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/leveringen?{query}",
                                         data=("\n".join([COLUMNS, *lines]) + "\n").encode(),
                                         headers={"Authorization": f"Bearer {token}", "Content-Type": "text/csv",
                                                  **(contact or {})})
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            check(f"{name} is accepted", answer.status == 202, answer.status)
        if waits:
            self.wait()
        return name

    def report(self, board, name):
        """{regel: (uitkomst, codes)}"""
        found = {}
        for row in csv.DictReader(io.StringIO(self.ctl("report", board, name, "--format", "csv").stdout),
                                  delimiter=";"):
            outcome, codes = found.get(int(row["regel"]), (row["uitkomst"], []))
            found[int(row["regel"])] = (outcome, codes + [row["code"]] * (row["code"] != ""))
        return found

    def outcomes(self, board, name):
        return {number: outcome for number, (outcome, _) in self.report(board, name).items()}

    def sql(self, statement):
        done = subprocess.run(["psql", "-tAqX", self.stack.env()["INSTROOM_PG_OWNER"], "-c", statement], check=True,
                              capture_output=True, text=True)
        return done.stdout.strip()

    def refused_sql(self, statement):
        """What PostgreSQL says to it; empty: it did it."""
        return subprocess.run(["psql", "-tAqX", self.stack.env()["INSTROOM_PG_OWNER"], "-c", statement], check=False,
                              capture_output=True, text=True).stderr

    def balances(self, when):
        done = self.ctl("ledger", "--check")
        check(f"the ledger balances {when}", done.returncode == 0, done.stderr)
        self.expect(f"derived again from the log the register is the same {when}", 0, " 0 differences", "verify",
                    "--all")

    def publish(self, folder):
        self.expect("reference tables are imported", 0, "", "reference", "import", folder)
        done = self.expect("and published", 0, "published", "reference", "publish")
        self.workers.wait_for_reference(done.stdout.split()[-1], WAIT_S)

    def plan(self, *words):
        plan = self.json("replay", "plan", *words)
        return plan, plan["job"]

    def replay(self, what, *words):
        plan, job = self.plan(*words)
        self.expect(what, 0, "are in the ledger", "replay", "start", job, "--reason", "a test")
        return plan


def without_schools(folder, out):
    shutil.copytree(folder, out)
    for name in ("scholen.csv", "bestuur_school.csv", "vestigingen.csv"):
        lines = (folder / name).read_text().splitlines(keepends=True)
        (out / name).write_text("".join(one for one in lines if not any(brin in one for brin in MISSING)))


def rejected_for_a_missing_school(machine, full):
    """The lines of a school that was missing come in; those with another fault stay; the terugmelding is merged."""
    name = machine.deliver("99901", 1, "VOLLEDIG", [
        line(1, "99ZZ"), line(2, "99VO"), line(3, "99ZZ"), line(3, "99VO", 2), line(4, "99VO", text="12345678"),
        line(5, "99VO").replace("19700101", "99999999")])
    before = machine.report("99901", name)
    check("without the school its lines are rejected", {number: one[0] for number, one in before.items()} ==
          {2: "nieuw", 3: "afgekeurd", 4: "afgekeurd", 5: "afgekeurd", 6: "afgekeurd", 7: "afgekeurd"}, before)
    machine.balances("before a replay")
    plan, _ = machine.plan("--delivery", "99901", name, "--reference", "original")
    check("judged by the same data they are rejected again", plan["foreseen"]["afgekeurd"] == 5, plan)
    check("a plan changes nothing", machine.report("99901", name) == before)
    machine.publish(full)
    plan, job = machine.plan("--code", "LR-S02", "--board", "99901")
    check("the plan takes whole teachers", (plan["deliveries"], plan["lines"]) == (1, 5), plan)
    check("and foresees what comes in", plan["foreseen"]["nieuw"] == 3 and plan["foreseen"]["afgekeurd"] == 2, plan)
    machine.expect("a start wants a reason", 64, "--reason", "replay", "start", job)
    machine.expect("the job is carried out", 0, "nieuw +3", "replay", "start", job, "--reason",
                   "school 99VO was missing")
    after = machine.report("99901", name)
    check("the lines of the school came in, the others stay", {number: one[0] for number, one in after.items()} ==
          {2: "nieuw", 3: "nieuw", 4: "nieuw", 5: "nieuw", 6: "afgekeurd", 7: "afgekeurd"}, after)
    check("what is still wrong is said, and the school no more",
          "LR-P05" in after[7][1] and "LR-S02" not in after[7][1], after)
    check("a BSN that cannot be read stays so", after[6][1] == ["LR-P01"], after)
    machine.balances("after it")
    check("the findings are counted anew", machine.sql(
        "select count(*) from register.finding f join register.delivery d using (position) where d.board = 99901"
        " and f.rule = ascii('S') * 256 + 2") == "0")
    machine.expect("the job shows who and why", 0, "school 99VO was missing", "replay", "show", job)
    machine.expect("and stands in the list", 0, job, "replay", "list")
    machine.expect("it is not started twice", 1, "published", "replay", "start", job, "--reason", "again")
    again = machine.replay("a second replay of what is still rejected", "--delivery", "99901", name)
    check("takes only that", again["lines"] == 2, again)
    check("and changes nothing", machine.report("99901", name) == after, machine.report("99901", name))
    check("each attempt that was started has its row", machine.sql(
        "select string_agg(attempt::text, ',' order by attempt) from register.replay_change") == "2,3",
        machine.sql("select * from register.replay_change"))


def limit_of_the_register(machine):
    """Who plans decides nothing: the register's limit holds, whatever his settings say, and also if he raised it."""
    asked = ("--replay.approval.lines=1000000000", "replay", "plan", "--delivery", "99901", "replay-99901-volledig-1")
    machine.expect("no number", 64, "LINES", "approval", "set", "many", "--reason", "a test")
    machine.sql("insert into register.approval_limit (set_by, lines, reason) values ('a-colleague', 1, 'a test')")
    machine.expect("who plans raises it", 0, "your own plans", "approval", "set", 1000, "--reason", "mine")
    plan = json.loads(machine.ctl(*asked, "--json").stdout)
    check("and his plan wants approval all the same", plan["approval_needed"] is True, plan)
    machine.expect("it is not started", 1, "another than its planner", "replay", "start", plan["job"], "--reason", "x")
    machine.expect("it may be cancelled", 0, "cancelled", "replay", "cancel", plan["job"], "--reason", "a test")
    machine.sql("insert into register.approval_limit (set_by, lines, reason) values ('a-colleague', 1000, 'a test')")
    plan, job = machine.plan("--delivery", "99901", "replay-99901-volledig-1")
    check("another raises it for him", plan["approval_needed"] is False, plan)
    machine.sql("insert into register.approval_limit (set_by, lines, reason) values ('a-colleague', 1, 'a test')")
    machine.expect("a plan of before does not pass below a limit of now", 1, "plan it again", "replay", "start", job,
                   "--reason", "a test")
    machine.expect("nor stays", 0, "cancelled", "replay", "cancel", job, "--reason", "a test")
    machine.sql("insert into register.approval_limit (set_by, lines, reason) values ('a-colleague', 1000, 'a test')")
    rows = [(row["lines"], row["who"]) for row in machine.json("approval", "list")]
    check("who set it is kept", rows[0] == (1000, "a-colleague") and rows[-1] == (100000, "migration 0029") and
          len(rows) == 6, rows)
    check("and in the audit", "approval set" in machine.ctl("audit").stdout)
    machine.expect("nothing wants it", 0, "no plan wants approval", "approval", "set", 0, "--reason", "a test")
    machine.expect("the list says so", 0, "nothing", "approval", "list")
    machine.expect("and of another", 0, "from 1000 lines", "approval", "list")
    machine.expect("the audit too", 0, "no plan wants", "audit")


def approved_by_another(machine):
    """A large replay waits for another person; the register holds it, whatever program tries."""
    asked = ("--replay.approval.lines=1", "replay", "plan", "--delivery", "99901", "replay-99901-volledig-1")
    plan = json.loads(machine.ctl(*asked, "--json").stdout)
    job = plan["job"]
    check("the plan says so", plan["approval_needed"] is True, plan)
    machine.expect("it is not started", 1, "another than its planner", "replay", "start", job, "--reason", "a test")
    moved = machine.refused_sql(f"update register.replay_job set state = 'running' where id = '{job}'")
    check("nor moved by hand", "replay_job_approved" in moved, moved)
    machine.expect("who planned it does not approve it", 1, "who planned a job", "replay", "approve", job, "--reason",
                   "my own")
    own = machine.refused_sql(f"update register.replay_job set approved_by = planned_by where id = '{job}'")
    check("nor by hand", "replay_job_approved_by_another" in own, own)
    machine.sql(f"update register.replay_job set planned_by = 'a-colleague' where id = '{job}'")
    machine.expect("another does", 0, "approved", "replay", "approve", job, "--reason", "looked at it")
    machine.expect("once", 1, "needs no approval", "replay", "approve", job, "--reason", "again")
    shown = machine.json("replay", "show", job, "--by", "board")
    check("the preview by board", [(row["board"], row["lines"]) for row in shown] == [("99901", plan["lines"])] and
          shown[0]["afgekeurd"] == plan["foreseen"]["afgekeurd"], shown)
    codes = machine.json("replay", "show", job, "--by", "code")
    check("and by code", codes and all(row["code"].startswith("LR-") and row["boards"] == 1 for row in codes), codes)
    events = [event["what"] for event in machine.json("replay", "show", job)["events"]]
    check("who did what is kept", events == ["plan", "approve"], events)
    machine.expect("then it may be cancelled", 0, "cancelled", "replay", "cancel", job, "--reason", "a test")
    small, other = machine.plan("--delivery", "99901", "replay-99901-volledig-1")
    check("a small one needs none", small["approval_needed"] is False, small)
    machine.expect("and has nothing to approve", 1, "needs no approval", "replay", "approve", other, "--reason", "x")
    machine.expect("nor to keep", 0, "cancelled", "replay", "cancel", other, "--reason", "a test")


def late_replays(machine):
    """A replay that comes after newer data is stale; the plan tells whom an old delivery would bring back."""
    stale = machine.report("99907", "replay-99907-mutatie-1")
    check("rejected first", stale[2][0] == "afgekeurd", stale)
    machine.deliver("99907", 2, "MUTATIE", [line(20, "99QG", name="Nieuwer")])
    plan = machine.replay("a late replay", "--board", "99907")
    check("is foreseen as stale", plan["foreseen"]["verouderd"] == 1 and plan["brought_back"] == 0, plan)
    check("and is stale", machine.outcomes("99907", "replay-99907-mutatie-1") == {2: "verouderd"})
    machine.deliver("99908", 2, "VOLLEDIG", [line(31, "99QH")])
    plan = machine.replay("a replay of one whom the newer VOLLEDIG does not name", "--board", "99908")
    check("is told apart", plan["brought_back"] == 1 and plan["foreseen"]["nieuw"] == 1, plan)
    check("and is done as asked", machine.outcomes("99908", "replay-99908-mutatie-1") == {2: "nieuw"})
    machine.balances("after late replays")


def killed_and_resumed(machine):
    """kill -9 in the middle of a job: resumed, each message counts once."""
    plan, job = machine.plan("--board", "99906")
    check("six deliveries are planned", plan["deliveries"] == 6, plan)
    command = [machine.workers.program("instroomctl"), "--config", str(machine.workers.dir / "instroomctl.conf"),
               "replay", "start", job, "--reason", "to be killed", "--rate", "1/s"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run_until(process, lambda: machine.json("replay", "show", job)["published"] >= 1, WAIT_S)
    process.send_signal(signal.SIGCONT)
    told = machine.ctl("replay", "pause", job, "--reason", "the night begins").stdout
    process.wait(timeout=WAIT_S)
    shown = machine.json("replay", "show", job)
    check("paused, the number told is true", f"paused, {shown['published']} of 6 published" in told and
          shown["state"] == "paused", f"{told} {shown}")
    command[command.index("start")] = "resume"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run_until(process, lambda: machine.json("replay", "show", job)["state"] == "running", WAIT_S)
    process.kill()
    process.wait()
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and machine.json("replay", "show", job)["state"] == "running":
        time.sleep(0.1)
    shown = machine.json("replay", "show", job)
    check("it was killed on its way, and that is seen", shown["published"] < 6 and shown["state"] == "stopped", shown)
    machine.expect("in the list too", 0, "stopped", "replay", "list")
    # as if it had been killed between the acknowledgement and the mark
    machine.sql(f"update register.replay_item set published_at = null where job = '{job}'")
    machine.expect("resumed, it is carried out", 0, "nieuw +6", "replay", "resume", job)
    shown = machine.json("replay", "show", job)
    check("each message is in the ledger once", shown["entered"] == 6 and shown["state"] == "published", shown)
    check("all are in",
          all(machine.outcomes("99906", f"replay-99906-mutatie-{n}") == {2: "nieuw"} for n in range(1, 7)))
    machine.balances("after a killed job")


def stopped_by_term(machine):
    """TERM ends a job between two messages; a job can be cancelled."""
    plan, job = machine.plan("--delivery", "99901", "replay-99901-volledig-1")
    machine.expect("a planned job can be cancelled", 0, "cancelled", "replay", "cancel", job, "--reason", "not needed")
    machine.expect("and is not started then", 1, "cancelled", "replay", "start", job, "--reason", "a test")
    check("nothing of it is in the log", machine.json("replay", "show", job)["published"] == 0, plan)
    machine.expect("a job without a name", 64, "is empty", "replay", "start", "", "--reason", "a test")
    _, job = machine.plan("--delivery", "99901", "replay-99901-volledig-1")
    machine.sql(f"update register.replay_job set planned_at = now() - interval '2 days' where id = '{job}'")
    machine.expect("a plan that nobody started expires", 1, "expired", "replay", "start", job, "--reason", "a test")
    check("and gives its attempt back",
          machine.sql(f"select count(*) from register.replay_item where job = '{job}'") == "0")
    machine.expect("boards can be left out", 1, "nothing to replay", "replay", "plan", "--delivery", "99901",
                   "replay-99901-volledig-1", "--without", "99901")
    machine.expect("if they are boards", 64, "--without", "replay", "plan", "--code", "LR-S02", "--without", "9990")
    job, done = stopped_after_one(machine, lambda process, _: process.terminate())
    check("TERM stops it, and it tells how to go on", done.returncode == 1 and "replay resume" in done.stderr, done)
    check("which is stored", machine.json("replay", "show", job)["state"] == "paused",
          machine.json("replay", "show", job))
    machine.expect("resumed, it is done", 0, "1 of 1", "replay", "resume", job)
    job, done = stopped_after_one(machine,
                                  lambda _, job: machine.expect("it is cancelled", 0, "", "replay", "cancel", job))
    check("a job cancelled from elsewhere says so",
          done.returncode == 1 and f"job {job} is cancelled" in done.stderr and
          "resume" not in done.stderr, done)


def stopped_after_one(machine, stop):
    """Starts a job of one message, and stops it before it looks on."""
    _, job = machine.plan("--delivery", "99901", "replay-99901-volledig-1")
    process = subprocess.Popen([machine.workers.program("instroomctl"), "--config",
                                str(machine.workers.dir / "instroomctl.conf"),
                                "replay", "start", job, "--reason", "a test", "--rate", "1/s"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    published = f"select count(published_at) from register.replay_item where job = '{job}'"
    run_until(process, lambda: machine.sql(published) == "1", WAIT_S)
    try:
        stop(process, job)
    finally:
        process.send_signal(signal.SIGCONT)
    stdout, stderr = process.communicate(timeout=WAIT_S)
    return job, subprocess.CompletedProcess([], process.returncode, stdout, stderr)


def start(machine, *kinds):
    machine.workers.start([worker for kind in kinds for worker in machine.workers.named(kind)], WAIT_S)


def restart_validator(machine, settings):
    machine.workers.end(machine.workers.named("validate"), signal.SIGTERM, WAIT_S)
    machine.workers.set_up(BUILD.resolve(), COUNTS, True, {"validate": settings})
    start(machine, "validate")


def quarantined_for_want_of_reference(machine):
    """Our lateness, after the wait that was set: all lines are quarantaine, and a replay judges them."""
    port = machine.stack.nodes()[0].port
    kafka_wire.create_topics(port, [("instroom.reference.9", 1, 1, {})])
    restart_validator(machine, {"topic.reference": "instroom.reference.9", "missing.wait.max": "500ms"})
    name = machine.deliver("99902", 1, "VOLLEDIG", [line(50, "99QB"), line(51, "99QB"), line(52, "99QB", text="123")])
    before = machine.report("99902", name)
    check("every line is quarantaine",
          all(one == ("quarantaine", ["LR-T01"]) for one in before.values()) and len(before) == 3, before)
    restart_validator(machine, {})
    listed = machine.json("quarantine", "list")
    check("the message is in quarantine, and open",
          [(one["delivery"], one["state"], one["reason"]) for one in listed] ==
          [(name, "open", "missing-reference")], listed)
    machine.expect("it can be looked at", 0, name, "quarantine", "show", listed[0]["message"])
    plan = json.loads(machine.ctl("quarantine", "replay", listed[0]["message"], "--reference", "original",
                                  "--json").stdout)
    check("a replay would bring its lines in", plan["foreseen"]["nieuw"] == 2 and plan["lines"] == 3, plan)
    machine.expect("which it does", 0, "quarantaine -3", "replay", "start", plan["job"], "--reason",
                   "reference was missing")
    after = machine.report("99902", name)
    check("each line has its own outcome now", {number: one[0] for number, one in after.items()} ==
          {2: "nieuw", 3: "nieuw", 4: "afgekeurd"} and after[4][1] == ["LR-P01"], after)
    check("and it is told so", machine.json("quarantine", "list")[0]["state"] == "replayed")
    machine.balances("after a replay out of quarantine")


def quarantined_for_its_bytes(machine):
    """A body nobody can read: its lines balance, it is told apart, and an operator may give it up."""
    texts = {"kind": "DELIVERY", "board": "99909", "delivery-id": "replay-unreadable-body", "fingerprint": "ab" * 32,
             "attempt": "0", "dry-run": "false", "sequence": "1", "line-count": "7", "delivery-kind": "MUTATIE",
             "extraction-date": "20180701", "received-on": "20180702", "reference-version": "cd" * 32,
             "replay-dry-run": "false"}
    kafka_produce.produce(machine.stack.nodes()[0].port, "instroom.raw.1", 0, b"99909", b"no delivery at all",
                          [(f"instroom-{name}", text.encode()) for name, text in texts.items()])
    machine.wait()
    check("seven lines are quarantaine", list(machine.outcomes("99909", "replay-unreadable-body").values()) ==
          ["quarantaine"] * 7)
    plan, _ = machine.plan("--quarantine")
    check("a plan leaves it out, and says so", plan["job"] is None and plan["unreadable_lines"] == 7, plan)
    name = next(one["message"] for one in machine.json("quarantine", "list") if one["state"] == "open")
    number = put_foreign(machine)
    machine.expect("what is of no raw topic is no way to plan all the others", 1, "no topic with a generation",
                   "quarantine", "replay", f"0/{number}")
    machine.expect("what nobody decided about does not balance", 1, "7 lines in quarantaine that nobody decided",
                   "ledger", "--check")
    machine.expect("giving up wants a reason", 64, "--reason", "quarantine", "discard", name)
    machine.expect("it is given up", 0, "discarded", "quarantine", "discard", name, "--reason", "not from a gateway")
    machine.expect("once", 1, "discarded before", "quarantine", "discard", name, "--reason", "changed my mind")
    plan, _ = machine.plan("--quarantine")
    check("and is looked at no more", plan["unreadable_lines"] == 0, plan)
    machine.expect("what was decided does", 0, "7 lines that stay quarantaine", "ledger", "--check")
    machine.balances("with a message that was given up")


REFUSE = """create function register.refuse() returns trigger language plpgsql as $$
begin if new.content like '%Onopslaanbaar%' then raise exception using errcode = '22000'; end if; return new; end $$;
create trigger refuse before insert or update on register.teacher for each row execute function register.refuse()"""


def refused_by_the_register(machine):
    """A teacher that PostgreSQL does not take is quarantaine; what a replay makes of him is no difference to verify."""
    machine.sql(REFUSE)
    name = machine.deliver("99902", 20, "MUTATIE", [line(80, "99QB"), line(81, "99QB", name="Onopslaanbaar"),
                                                    line(82, "99QB", name="Onopslaanbaar-Twee")])
    check("two teachers are quarantaine", list(machine.outcomes("99902", name).values()) ==
          ["nieuw", "quarantaine", "quarantaine"], machine.outcomes("99902", name))
    machine.expect("verify takes them as the register says", 0, " 0 differences", "verify", "--board", "99902")
    machine.replay("a replay that is refused again", "--board", "99902", "--quarantine")
    machine.expect("is no difference", 0, " 0 differences", "verify", "--board", "99902")
    machine.sql("drop trigger refuse on register.teacher; drop function register.refuse()")
    machine.sql(REFUSE.replace("Onopslaanbaar%", "Onopslaanbaar-Twee%"))
    machine.replay("a replay that takes one of them", "--board", "99902", "--quarantine")
    check("takes one", list(machine.outcomes("99902", name).values()) == ["nieuw", "nieuw", "quarantaine"],
          machine.outcomes("99902", name))
    machine.expect("nor is that", 0, " 0 differences", "verify", "--board", "99902")
    machine.sql("drop trigger refuse on register.teacher; drop function register.refuse()")
    machine.replay("and the other", "--board", "99902", "--quarantine")
    machine.balances("after teachers the register refused were replayed")


def put_foreign(machine):
    """A message in quarantine whose topic has no generation; its offset."""
    text = (BUILD / "common/wire/gen/quarantine.h").read_text()
    schema = int(re.search(r"WIRE_QUARANTINE_SCHEMA UINT64_C\((0x[0-9a-f]+)\)", text)[1], 16)
    put = kafka_produce.with_length
    position = kafka_produce.varint(0) + kafka_produce.varint(7)
    body = put(b"elsewhere") + position + put(b"no-headers") + b"\0\0" + put(b"x")
    return kafka_produce.produce(machine.stack.nodes()[0].port, "instroom.quarantine.1", 0, b"",
                                 b"\xc3\x01" + schema.to_bytes(8, "little") + body, [])


def a_changed_register_is_found(machine):
    """verify sees what was changed behind the log's back, and tells nothing personal."""
    machine.expect("one board", 0, "1 boards", "verify", "--board", "99901")
    machine.expect("a board that nobody has", 0, "neither register nor log has a board 00001", "verify", "--board",
                   "00001")
    machine.sql("update register.teacher set sequence = sequence + 1 where board = 99901")
    done = machine.expect("a changed volgnummer is found", 1, "the volgnummer differs", "verify", "--board", "99901")
    check("and no BSN is told", bsn(1) not in done.stdout, done.stdout)
    done = machine.ctl("verify", "--board", "99901", "--json")
    check("as JSON, too",
          is_json(done.stdout) and json.loads(done.stdout)["differences"] == 3 and "board 99901" in done.stderr, done)
    key = machine.data / "other.key"
    key.write_text("quite another key, of 32 bytes and some more\n")
    key.chmod(0o600)
    machine.expect("with another key there is nothing to compare", 78, "another key", f"--hmac.key.file={key}",
                   "verify", "--all")
    machine.sql("update register.teacher set sequence = sequence - 1 where board = 99901")
    machine.sql("update register.delivery set nieuw = nieuw + 1, afgekeurd = afgekeurd - 1 where board = 99901")
    machine.expect("changed counts are found", 1, "the counts of its lines differ", "verify", "--all")
    machine.sql("update register.delivery set nieuw = nieuw - 1, afgekeurd = afgekeurd + 1 where board = 99901")
    machine.expect("and put right again", 0, " 0 differences", "verify", "--all")


def is_json(text):
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


def confirmed_after_a_replay(machine):
    """A VOLLEDIG nobody could read has no end (specification 7.1); a Confirm spares whom a replayed delivery names
    (design 6)."""
    machine.deliver("99902", 2, "MUTATIE", [line(number, "99QB") for number in range(60, 64)])
    restart_validator(machine, {"topic.reference": "instroom.reference.9", "missing.wait.max": "500ms"})
    name = machine.deliver("99902", 3, "VOLLEDIG", [line(number, "99QB") for number in (50, 51, 60, 61)])
    restart_validator(machine, {})
    seen = machine.json("report", "99902", name)
    check("a VOLLEDIG nobody could read lets nobody lapse, and does not wait",
          (seen["status"], seen["ontbrekend"], seen["vervallen"]) == ("verwerkt", 0, 0), seen)
    machine.expect("so there is nothing to confirm", 0, "uitgevoerd: nee", "confirm", "99902", name, "--reason", "x")
    machine.replay("replayed", "--delivery", "99902", name)
    seen = machine.json("report", "99902", name)
    check("nor when its lines have come in", (seen["status"], seen["vervallen"]) == ("verwerkt", 0), seen)
    name = machine.deliver("99902", 4, "VOLLEDIG",
                           [*[line(number, "99QB") for number in (50, 51, 60)], line(61, "99QB", text="123")])
    check("one with a BSN that cannot be read waits",
          machine.json("report", "99902", name)["status"] == "wacht_op_bevestiging")
    machine.replay("replayed", "--delivery", "99902", name)
    check("it waits on", machine.json("report", "99902", name)["status"] == "wacht_op_bevestiging")
    machine.expect("it is confirmed", 0, "uitgevoerd: ja", "confirm", "99902", name, "--reason", "x")
    seen = machine.json("report", "99902", name)
    check("and only those it does not name lapse", seen["vervallen"] == 3, seen["vervallen"])
    machine.balances("after a replay and a confirmation")


def refilled(machine):
    """Verdicts are lost from the log: the partition is parked, refill lets it go on, nothing is lost or comes twice."""
    workers = machine.workers
    workers.end(workers.named("write"), signal.SIGTERM, WAIT_S)
    name = machine.deliver("99901", 9, "MUTATIE", [line(70, "99ZZ"), line(1, "99ZZ", name="Gewijzigd")], waits=False)
    deadline = time.monotonic() + WAIT_S
    lost = None
    while not lost and time.monotonic() < deadline:
        lost = next((one for one in machine.json("status") if one["verdict_end"] > one["verdict_applied"]), None)
        time.sleep(0.1)
    workers.end(workers.named("validate"), signal.SIGTERM, WAIT_S)
    kafka_produce.delete_before(machine.stack.nodes()[0].port, "instroom.verdict.1", lost["partition"],
                                lost["verdict_end"])
    workers.start(workers.named("write"), 0)
    while time.monotonic() < deadline and not any(one["parked"] for one in machine.json("status")):
        time.sleep(0.1)
    parked = [one for one in machine.json("status") if one["parked"]]
    check("the partition is parked, and refill is named",
          [one["partition"] for one in parked] == [lost["partition"]] and
          "refill" in parked[0]["parked"], parked)
    words = ("refill", lost["partition"], "--reason", "verdicts were lost")
    machine.expect("refill wants to know that validators are stopped", 64, "--validators-are-stopped", *words)
    machine.expect("another key would drop another cache's head", 78, "another key",
                   f"--hmac.key.file={machine.data / 'other.key'}", *words, "--validators-are-stopped")
    machine.expect("refill", 0, "will be judged again: 1 deliveries of 2 lines", *words, "--validators-are-stopped")
    workers.end(workers.named("write"), signal.SIGTERM, WAIT_S)
    workers.start(workers.named("write") + workers.named("validate"), WAIT_S)
    machine.wait()
    check("the delivery is judged", machine.outcomes("99901", name) == {2: "nieuw", 3: "gewijzigd"},
          machine.outcomes("99901", name))
    check("nothing is parked", not any(one["parked"] for one in machine.json("status")))
    check("and the next night is unchanged", machine.outcomes("99901", machine.deliver(
        "99901", 10, "MUTATIE", [line(70, "99ZZ"), line(1, "99ZZ", name="Gewijzigd")])) ==
          {2: "ongewijzigd", 3: "ongewijzigd"})
    machine.expect("where the log's beginning is gone, verify says so", 1, "cannot be derived", "verify", "--board",
                   "99901")


def main():
    name = f"replay-{os.getpid()}"
    full = ROOT / "tests" / "cases" / "reference"
    data = Path(tempfile.mkdtemp(prefix="instroom-replay-"))
    stack = stacks.Stack(name)
    try:
        stack.up({"partitions": 3, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False, "base_port": None,
                  "wait": WAIT_S})
        without_schools(full, data / "first")
        machine = Machine(stack, data)
        machine.workers.prepare(data / "first")
        machine.workers.start(machine.workers.all(COUNTS), WAIT_S)
        for number in range(1, 7):
            machine.deliver("99906", number, "MUTATIE", [line(10 + number, "99QF")], waits=False)
        machine.deliver("99907", 1, "MUTATIE", [line(20, "99QG")], waits=False)
        machine.deliver("99908", 1, "MUTATIE", [line(30, "99QH")])
        rejected_for_a_missing_school(machine, full)
        late_replays(machine)
        killed_and_resumed(machine)
        approved_by_another(machine)
        limit_of_the_register(machine)
        stopped_by_term(machine)
        quarantined_for_want_of_reference(machine)
        confirmed_after_a_replay(machine)
        refused_by_the_register(machine)
        quarantined_for_its_bytes(machine)
        a_changed_register_is_found(machine)
        refilled(machine)
        machine.workers.end(machine.workers.all(COUNTS), signal.SIGTERM, WAIT_S)
    finally:
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
