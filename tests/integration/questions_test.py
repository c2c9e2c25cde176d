#!/usr/bin/python3
"""The questions of an operator against the real machine: one command each, as text, CSV and JSON; and those
of a supplier, by the client of docs/leverancier. What verify finds, verify_test.py tries. All persons are invented."""
import hashlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from private_stack import stack as stacks  # noqa: E402
from private_stack import workers as programs  # noqa: E402

BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev"))
WAIT_S = 120
COUNTS = {"gateway": 1, "validate": 1, "write": 1}
COLUMNS = ("bsn;personeelsnummer;geslachtsnaam;voorvoegsel;voornamen;geslacht;geboortedatum;benoemingssleutel;brin;"
           "vestiging;begin_arbeidsovereenkomst;einde_arbeidsovereenkomst;begin_benoeming;einde_benoeming;"
           "benoemingsgrondslag;onderwijsterrein")
LACKING = "98XX"  # a school that the reference tables of the cases lack
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
results = {"passed": 0, "failed": 0}


def check(what, is_so, seen=""):
    results["passed" if is_so else "failed"] += 1
    if not is_so:
        print(f"failed: {what}\n    saw: {seen}", flush=True)


def bsn(number):
    """The invented BSN with this number, its last digit by the 11-test."""
    digits = f"{90000000 + number * 7:08}"
    while True:
        last = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 1, -1))) % 11
        if last < 10:
            return digits + str(last)
        digits = f"{int(digits) + 1:08}"


def line(teacher, brin="99ZZ", name="Jansen"):
    return f"{bsn(teacher)};{1000 + teacher};{name};;Jan;M;19700101;A-{teacher};{brin};00;20000801;;20000801;;701;"


class Machine:
    def __init__(self, stack):
        self.stack = stack
        self.workers = programs.Workers(stack)
        self.workers.set_up(BUILD.resolve(), COUNTS, True, {})

    def ctl(self, *words):
        return self.workers.ctl(*[str(word) for word in words], capture_output=True, text=True)

    def sql(self, statement):
        """As the owner of the register."""
        return subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", self.stack.env()["INSTROOM_PG_OWNER"], "-c",
                               statement], check=True, capture_output=True, text=True).stdout

    def admin(self, statement):
        """As the superuser of the server."""
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", self.stack.env()["INSTROOM_PG_ADMIN"], "-c", statement],
                       check=True, capture_output=True)

    def json(self, *words):
        done = self.ctl(*words, "--output", "json")
        if done.returncode not in (0, 1):
            raise SystemExit(f"instroomctl {' '.join(map(str, words))}: {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def expect(self, what, status, text, *words):
        done = self.ctl(*words)
        check(what, done.returncode == status and text in done.stdout + done.stderr,
              f"{done.returncode}: {done.stdout}{done.stderr}")
        return done

    def deliver(self, board, sequence, kind, lines, received="2018-07-02", contact=None, waits=True):
        """Its leveringsid, once it is judged and written."""
        name = f"question-{board}-{kind.lower()}-{sequence}"
        query = urllib.parse.urlencode({"bestuur": board, "soort": kind, "volgnummer": sequence, "leveringsid": name,
                                        "extractiedatum": "2018-07-01", "ontvangen_op": received})
        token, port = (self.workers.dir / "token").read_text(), self.workers.named("gateway1")[0].port
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}
        headers |= {"Instroom-Contact-Naam": contact} if contact else {}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/leveringen?{query}",
                                         data=("\n".join([COLUMNS, *lines]) + "\n").encode(), headers=headers)
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            check(f"{name} is accepted", answer.status == 202, answer.status)
        if waits:
            self.wait()
        return name

    def wait(self):
        self.expect("all is judged and written", 0, "", "wait", "--quiet", "--timeout", WAIT_S)

    def metrics(self, worker):
        with urllib.request.urlopen(f"{worker.address}/metrics", timeout=WAIT_S) as answer:
            return answer.read().decode()

    def metric(self, worker, name):
        """The sum over its labels; None: it is not shown yet."""
        values = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", self.metrics(worker), re.M)
        return sum(map(float, values)) if values else None

    def await_metric(self, what, worker, name, wanted):
        deadline = time.monotonic() + WAIT_S
        while (seen := self.metric(worker, name)) != wanted and time.monotonic() < deadline:
            time.sleep(0.2)
        check(what, seen == wanted, f"{name} of {worker.name} is {seen}")

    def narrow(self, *words):
        """Text of 80 columns at most, and the same rows as CSV and JSON."""
        text, csv = self.ctl(*words), self.ctl(*words, "--output", "csv")
        wide = [one for one in text.stdout.splitlines() if len(one) > 80]
        check(f"{' '.join(map(str, words))} fits 80 columns", text.returncode == 0 and not wide,
              f"{text.returncode} {wide} {text.stderr}")
        rows = self.json(*words)
        rows = rows if isinstance(rows, list) else [rows]
        check("CSV has the rows of JSON", len(csv.stdout.splitlines()) == len(rows) + 1, csv.stdout)
        check("boards are text", all(isinstance(row.get("board") or "", str) for row in rows), rows)
        return rows


def findings(machine):
    """The school that the lines of two boards lack is found without knowing of it."""
    good = [line(number) for number in range(1, 21)]
    machine.deliver("99901", 1, "VOLLEDIG", good, "2018-07-01", contact="P.%20Voorbeeld")
    machine.deliver("99901", 2, "VOLLEDIG", good + [line(number, LACKING) for number in range(21, 25)], "2018-07-02")
    machine.deliver("99901", 3, "VOLLEDIG", good + [line(number, LACKING) for number in range(21, 26)], "2018-07-03")
    other = [line(number, "99QB") for number in range(31, 40)]
    machine.deliver("99902", 1, "VOLLEDIG", other + [line(40, LACKING), line(41, "9")], "2018-07-03")
    values = machine.narrow("findings", "--by", "value")
    check("the school is the first row", values[0]["code"] == "LR-S02" and values[0]["value"] == LACKING and
          values[0]["lines"] == 6 and values[0]["boards"] == 2 and values[0]["since"] == "2018-07-02", values)
    others = [row["boards"] for row in values if row["code"] == "LR-S01"]
    check("another fault is a row of its own", others == [1], values)
    boards = machine.narrow("findings", "--code", "LR-S02")
    rows = [(row["board"], row["value"], row["lines"], row["since"]) for row in boards]
    check("by board, the most lines first", rows ==
          [("99901", LACKING, 5, "2018-07-02"), ("99902", LACKING, 1, "2018-07-03")], boards)
    check("with the delivery", boards[0]["delivery_id"] == "question-99901-volledig-3", boards)
    codes = machine.narrow("findings", "--by", "code")
    check("sums by code", [row["lines"] for row in codes if row["code"] == "LR-S02"] == [6], codes)
    check("since when", machine.json("findings", "--since", "2018-07-03", "--code", "LR-S02")[0]["board"] == "99902")
    check("of a board", {row["board"] for row in machine.json("findings", "--board", "99902")} == {"99902"})
    sectors = {sector: {row["board"] for row in machine.json("findings", "--sector", sector)}
               for sector in ("PO", "MBO")}
    check("of a sector", sectors == {"PO": {"99901", "99902"}, "MBO": {"99901"}}, sectors)
    machine.expect("a code that is none", 64, "LR-S02", "findings", "--code", "LR-Q99")
    machine.expect("a day that is none", 64, "EEJJ-MM-DD", "findings", "--since", "2018-02-30")
    machine.expect("what is left out is said", 0, "1 of 2 rows", "findings", "--code", "LR-S02", "--limit", "1")


def reference_effect(machine, data):
    """What other tables would do to the lines that count now: a school comes, and 99902 loses its other one."""
    tables = data / "effect"
    shutil.copytree(ROOT / "tests/cases/reference", tables)
    for name, row in (("scholen.csv", f"{LACKING};Een school;PO;BO;19900801;"),
                      ("bestuur_school.csv", f"99902;{LACKING};19000101;"),
                      ("vestigingen.csv", f"{LACKING};00;Hoofdvestiging;19900801;")):
        with open(tables / name, "a", encoding="utf-8") as file:
            file.write(f"{row}\n")
    ended = (tables / "bestuur_school.csv").read_text().replace("99902;99QB;19000101;", "99902;99QB;19000101;20100101")
    (tables / "bestuur_school.csv").write_text(ended)
    machine.expect("such tables are taken", 0, "", "reference", "import", tables)
    rows = [(row["change"], row["code"], row["boards"], row["teachers"], row["lines"])
            for row in json.loads(machine.ctl("reference", "effect", "--json").stdout)]
    check("nine of its teachers would fail, and one who lacked the school would pass", rows == [
        ("fails", None, 1, 9, 9), ("fails", "LR-S03", 1, 9, 9),
        ("passes", None, 1, 1, 1), ("passes", "LR-S02", 1, 1, 1)], rows)
    boards = {row["board"] for row in json.loads(machine.ctl("reference", "effect", "--by", "board", "--json").stdout)}
    check("by board", boards == {"99902"}, boards)
    machine.expect("another board is as it was", 0, "nothing was changed", "reference", "effect", "--board", "99901")
    machine.expect("a way of counting that is none", 64, "board|code", "reference", "effect", "--by", "school")


def at_terminal(workers, *words):
    """What a person sees who types the command."""
    terminal, end = os.openpty()
    workers.ctl(*words, stdin=end, stdout=end, stderr=end)
    os.close(end)
    with open(terminal, "rb", buffering=0) as screen:
        return screen.read(4096).decode()


def publications(machine):
    """Who published a version and why: asked at a terminal, kept as not given of a script, empty while nobody knows."""
    check("the first publication needs no reason", [row["reason"] for row in machine.narrow("reference", "list")] ==
          ["the first publication"])
    told = at_terminal(machine.workers, "reference", "publish")
    check("at a terminal nothing is published without", "nothing is published: --reason" in told, told)
    check("and nothing was", len(machine.narrow("reference", "list")) == 1)
    done = machine.ctl("reference", "publish")
    check("a script goes on as ever, warned", done.returncode == 0 and "warning: no --reason" in done.stderr,
          done.stderr)
    check("what it prints is as it was", re.fullmatch(r"published reference snapshot [0-9a-f]{64}\n", done.stdout),
          done.stdout)
    why = "schools that were missing; ticket 7"
    machine.expect("the same version, for a reason", 0, "published", "reference", "publish", "--reason", why)
    last = machine.narrow("reference", "list")[-1]
    check("the last time is shown", last["reason"] == why and last["who"], last)
    machine.expect("show says it, too", 0, why, "reference", "show", last["version"][:12])
    audit = [row for row in machine.json("audit") if row["what"] == "reference publish"]
    reasons = [row["reason"] for row in audit]
    check("the audit has each time", reasons == [why, "not given", "the first publication"], audit)
    machine.expect("a reason that names a person is none", 64, "", "reference", "publish", "--reason", f"for {bsn(1)}")


def references(machine, data):
    """Which versions there are, what one holds, and what publish would change."""
    tables = ROOT / "tests/cases/reference"
    machine.expect("nothing would change", 0, "", "reference", "diff")
    reference_effect(machine, data)
    changed = data / "tables"
    shutil.copytree(tables, changed)
    with open(changed / "scholen.csv", "a", encoding="utf-8") as file:
        file.write(f"{LACKING};Een school;PO;BO;19900801;\n")
    machine.expect("tables are taken", 0, "", "reference", "import", changed)
    difference = json.loads(machine.ctl("reference", "diff", "--json").stdout)
    check("the school would come", difference == [{"table": "scholen.csv", "change": "added",
                                                   "row": f"{LACKING};Een school;PO;BO;19900801;"}], difference)
    publications(machine)
    versions = machine.narrow("reference", "list")
    check("the last is in force", [row["in_force"] for row in versions[-2:]] == [False, True], versions)
    check("with one time form", all(re.fullmatch(TIME, row["published_at"]) for row in versions), versions)
    first = versions[0]["version"]
    machine.expect("versions differ", 1, "removed", "reference", "diff", "current", first[:12])
    machine.expect("a version is written out", 0, "", "reference", "export", first, "--out", data / "first")
    same = [(data / "first" / file.name).read_bytes() == file.read_bytes() for file in tables.glob("*.csv")]
    check("as it was imported", len(same) == 6 and all(same), same)
    shown = {row["table"]: row["rows"] for row in machine.narrow("reference", "show", "current")}
    check("what one holds", shown["scholen.csv"] == len((changed / "scholen.csv").read_text().splitlines()) - 1, shown)
    machine.expect("a version that is none", 1, "no published version", "reference", "show", "zz")


def status(machine):
    """One delivery waits for a writer: how many, since when, and why; and what is not known when a server is away."""
    deadline = time.monotonic() + WAIT_S
    waits = []
    while time.monotonic() < deadline and [row["why"] for row in waits] != ["no writer"]:
        waits = [row for row in machine.json("status") if row["to_write"]]
    check("one waits for a writer", [(row["to_judge"], row["to_write"], row["why"]) for row in waits] ==
          [(0, 1, "no writer")], waits)
    check("with its age, and no end in sight", waits[0]["oldest_seconds"] >= 0 and waits[0]["rate"] == 0 and
          waits[0]["eta_seconds"] is None and waits[0]["validator"] and waits[0]["cache"] == "warm", waits)
    machine.narrow("status")
    for setting, part in (("--kafka.brokers=127.0.0.1:1", "Kafka is away"),
                          ("--pg.conninfo=host=127.0.0.1 port=1 dbname=x user=x", "the register is away")):
        done = machine.expect(f"{part}, and the rest is told", 69, part, setting, "status")
        check("what is away is unknown", "what waits is not known" in done.stdout, done.stdout)
    away = machine.ctl("--redis.address=127.0.0.1:1", "status", "--json")
    check("without Redis the cache is unknown",
          away.returncode == 69 and json.loads(away.stdout)[0]["cache"] is None, away)
    machine.expect("a pause that is none", 64, "--watch", "status", "--watch", "0")
    for words in (("--watch",), ("--watch", "--json")):
        with subprocess.Popen([machine.workers.program("instroomctl"), "--config",
                               machine.workers.dir / "instroomctl.conf", "status", *words], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watch:
            first = watch.stdout.readline()
            watch.send_signal(signal.SIGINT)
            _, said = watch.communicate(timeout=60)
        check(f"status {' '.join(words)} looks until it is stopped", first and not said and watch.returncode == 0,
              (first, said, watch.returncode))


def deliveries(machine):
    """The deliveries of a board page by page, and one of them, also while it is in the log only."""
    rows = machine.narrow("deliveries", "99901")
    names = [f"question-99901-volledig-{number}" for number in (3, 2, 1)]
    check("newest first", [row["delivery_id"] for row in rows] == names, rows)
    first = json.loads(machine.ctl("deliveries", "99901", "--limit", "2", "--json").stdout)
    rest = machine.json("deliveries", "99901", "--limit", "2", "--after", first[-1]["position"])
    check("pages join up", [row["delivery_id"] for row in first + rest] == names, first + rest)
    told = machine.ctl("deliveries", "99901", "--limit", "2").stderr
    check("a page says how to go on", f"--after {first[-1]['position']}" in told, told)
    of_a_day = machine.json("deliveries", "99901", "--day", "2018-07-02", "--state", "verwerkt")
    check("by day and state", [row["delivery_id"] for row in of_a_day] == names[1:2], of_a_day)
    one = machine.narrow("delivery", "99901", names[1])[0]
    times = [re.fullmatch(TIME, one[name]) for name in ("received_at", "committed_at")]
    check("one of them", one["state"] == "verwerkt" and one["afgekeurd"] == 4 and all(times), one)
    check("which nobody confirmed", one["confirmed"] is None and one["confirmed_by"] is None, one)
    machine.expect("one that is none", 1, "neither the ledger nor the log", "delivery", "99901", "question-none-9999")
    writers = machine.workers.named("write")
    machine.workers.end(writers, signal.SIGTERM, 30)
    machine.deliver("99901", 4, "MUTATIE", [line(1, name="Gewijzigd")], "2018-07-04", waits=False)
    waiting = machine.narrow("delivery", "99901", "question-99901-mutatie-4")[0]
    check("one that is in the log only", waiting["state"] == "ontvangen" and waiting["committed_at"] is None and
          waiting["lines"] == 1 and re.fullmatch(TIME, waiting["received_at"]), waiting)
    status(machine)
    machine.workers.start(writers, 60)
    machine.wait()
    written = machine.json("delivery", "99901", "question-99901-mutatie-4")
    check("and then is written", written["state"] == "verwerkt", written)


def roles(machine):
    """A right that is lacking, one too many, and what no GRANT speaks of; each is told, and nothing else is."""
    def lines():
        rows = json.loads(machine.ctl("doctor", "--json").stdout)
        return {(row["check"], row["state"], row["found"]) for row in rows if row["check"] in ("pg rights", "pg roles")}

    before = lines()
    check("all is as it should be", {(name, state) for name, state, _ in before} ==
          {("pg rights", "ok"), ("pg roles", "ok")}, before)
    for what, change, back, wanted in (
            ("lacking", "revoke insert on register.finding from instroom_writer", "grant insert on register.finding to"
             " instroom_writer", {("pg rights", "fail", "lacking: instroom_writer INSERT on register.finding")}),
            ("too much", "grant delete on register.feedback to instroom_writer", "revoke delete on register.feedback"
             " from instroom_writer", {("pg rights", "warn", "too much: instroom_writer DELETE on register.feedback")}),
            ("a column", "grant select (content) on register.teacher to instroom_validator", "revoke select (content)"
             " on register.teacher from instroom_validator",
             {("pg rights", "warn", "too much: instroom_validator SELECT (content) on register.teacher")}),
            ("everybody", "grant select on register.cursor to public", "revoke select on register.cursor from public",
             {("pg roles", "warn", "everybody (PUBLIC): SELECT on register.cursor")}),
            ("locked out", "alter role instroom_writer connection limit 0", "alter role instroom_writer connection"
             " limit -1", {("pg roles", "fail",
                            "instroom_writer: it may have no connection (CONNECTION LIMIT 0)")}),
            ("renamed", "alter role instroom_look rename to instroom_looked", "alter role instroom_looked rename to"
             " instroom_look", {("pg rights", "warn", "there is no role instroom_look")}),
            ("of a stage", "alter role instroom_validator rename to instroom_judge", "alter role instroom_judge rename"
             " to instroom_validator", {("pg rights", "fail", "there is no role instroom_validator")}),
            ("a superuser", "alter role instroom_validator superuser", "alter role instroom_validator nosuperuser",
             {("pg roles", "warn", "instroom_validator: it is a superuser")})):
        machine.admin(change)
        try:
            seen = lines()
        finally:
            machine.admin(back)
        check(f"{what}: told", {one for one in seen if one[1] != "ok"} == wanted, seen)
    check("and it changes nothing itself", lines() == before, lines())


def servers(machine, data):
    """Servers that answer and break a promise: all faults of a server at once, each told, with what to do."""
    def told(*words):
        rows = json.loads(machine.ctl(*words, "doctor", "--json").stdout)
        check("each says what to do", all(row["advice"] for row in rows if row["state"] in ("warn", "fail")), rows)
        return {(row["check"], row["state"], row["found"]) for row in rows}

    def see(what, seen, *wanted):
        for name, state, words in wanted:
            check(f"{what}: {name} {words}", any(row[:2] == (name, state) and words in row[2] for row in seen), seen)

    def redis(*words):
        with socket.create_connection(("127.0.0.1", machine.stack.port("redis")), WAIT_S) as line:
            line.settimeout(WAIT_S)
            line.sendall((" ".join(words) + "\r\n").encode())
            said = line.recv(4096)
        check(f"Redis takes {words[0]}", said.startswith(b"+OK") or said.startswith(b":"), said)

    faults = (("alter table register.finding rename to finding_gone", "alter table register.finding_gone rename to"
               " finding", ("pg objects", "fail", "register.finding is missing")),
              ("alter table register.board enable row level security", "alter table register.board disable row level"
               " security", ("pg objects", "fail", "row level security is on")),
              ("alter role instroom_writer set default_transaction_read_only = true", "alter role instroom_writer reset"
               " default_transaction_read_only", ("pg commit", "fail", "is on for instroom_writer")),
              ("alter role instroom_reader set synchronous_commit = 0", "alter role instroom_reader reset"
               " synchronous_commit", ("pg commit", "warn", "synchronous_commit is off for instroom_reader")),
              ("alter role instroom_writer connection limit 1", "alter role instroom_writer connection limit -1",
               ("pg room", "fail", "role instroom_writer: ")),
              ("select pg_create_physical_replication_slot('forgotten', true)",
               "select pg_drop_replication_slot('forgotten')", ("pg standby", "warn", "replication slot forgotten")),
              ("alter system set synchronous_standby_names = 'nobody'", "alter system reset synchronous_standby_names",
               ("pg standby", "fail", "every COMMIT waits")))
    user = data / "redis.user"
    user.touch(0o600)
    user.write_text("of a test")
    redis("acl", "setuser", "little", "on", '">of a test"', "~*", "-@all",
          *(f"+{name}" for name in "auth eval evalsha script|load unlink exists get hmget hkeys del hget".split()))
    try:
        for change, _, _ in faults:
            machine.admin(change)
        machine.admin("select pg_reload_conf()")
        deadline = time.monotonic() + WAIT_S
        while (machine.sql("show synchronous_standby_names").strip() != "nobody" and time.monotonic() < deadline):
            time.sleep(0.1)
        seen = told("--redis.user=little", f"--redis.password.file={user}")
    finally:
        for _, back, _ in reversed(faults):
            machine.admin(back)
            machine.admin("select pg_reload_conf()")  # before the next COMMIT, which waits for the standby
        redis("acl", "deluser", "little")
    see("PostgreSQL", seen, *(wanted for _, _, wanted in faults))
    see("a user of Redis", seen, ("redis cache", "fail", "(NOPERM): set hdel"), ("redis server", "unknown", "INFO"))
    for change, back, wanted in (
            (("config", "set", "maxmemory", "1"), ("config", "set", "maxmemory", "0"),
             (("redis cache", "fail", "Redis is full (OOM): set"), ("redis server", "warn", "of maxmemory is used"))),
            (("replicaof", "127.0.0.1", "1"), ("replicaof", "no", "one"),
             (("redis cache", "fail", "(READONLY): unlink set hdel"),))):
        redis(*change)
        try:
            seen = told()
        finally:
            redis(*back)
        see("Redis", seen, *wanted)


def doctor(machine, data):
    """All is well; each server away is a line of its own; and what a person left wrong is named with what to do."""
    def states(*words):
        rows = json.loads(machine.ctl(*words, "doctor", "--json").stdout)
        words = ("ok", "unknown", "warn", "fail")
        check("each line has its state", rows and all(row["state"] in words for row in rows))
        check("what is wrong says what to do", all(row["advice"] for row in rows if row["state"] in ("warn", "fail")),
              rows)
        return {row["check"]: row["state"] for row in rows}, {row["check"]: row["found"] for row in rows}

    machine.expect("nothing is in the way", 0, " 0 fail", "doctor")
    machine.narrow("doctor")
    well, _ = states()
    check("the servers and what they hold are looked at",
          all(well.get(name) == "ok" for name in (
              "kafka", "topic", "reference", "kafka clock", "postgresql", "migration", "cursor", "pg settings",
              "pg clock", "pg commit", "pg standby", "pg room", "pg owner", "pg objects", "redis", "redis clock",
              "redis cache", "redis server", "hmac key")), well)
    check("one copy of each message is no production", well.get("topic copies") == "warn" and
          "topic copies" not in states("--topic.replication=3")[0], well)
    nowhere = {"kafka": "--kafka.brokers=127.0.0.1:1", "redis": "--redis.address=127.0.0.1:1",
               "postgresql": "--pg.conninfo=host=127.0.0.1 port=1 dbname=x user=x"}
    for server, setting in nowhere.items():
        seen, _ = states(setting)
        others = [other for other in nowhere if other != server]
        check(f"without {server}", seen[server] == "fail" and all(seen[other] == "ok" for other in others), seen)
    seen, found = states("--redis.address=")
    check("a Redis that nobody named is not asked", seen["redis"] == "unknown" and "redis.address is not set" in
          found["redis"] and "redis cache" not in seen, (seen, found))
    machine.expect("away is status 1", 1, "fail    redis", nowhere["redis"], "doctor")
    seen, found = states("--topic.partitions=3", "--backup.keep.days=91")
    check("partitions and retention", (seen["kafka"], seen["cursor"], seen["retention"]) == ("fail", "fail", "fail"),
          found)
    roles(machine)
    servers(machine, data)
    (machine.workers.dir / "hmac.key.dpkg-old").touch()
    seen, found = states(f"--hmac.key.old.file={machine.workers.dir / 'hmac.key'}")
    check("a rotation that is not finished, and an old copy", seen["old file"] == "warn" and
          "dpkg-old" in found["old file"], found)
    (machine.workers.dir / "hmac.key.dpkg-old").unlink()
    other = data / "other.key"
    other.touch(0o600)
    other.write_text("another key of the tests, long enough for all of them\n")
    seen, _ = states(f"--hmac.key.file={other}")
    check("another key than the register's", seen["hmac key"] == "fail", seen)


def refused(machine):
    """Whom the gateway refused: one row for each board, code and sender, and nothing of what they sent."""
    token, port = (machine.workers.dir / "token").read_text(), machine.workers.named("gateway1")[0].port

    def send(board, kind, body, headers):
        query = urllib.parse.urlencode({"bestuur": board, "soort": kind, "volgnummer": 1,
                                        "leveringsid": "question-refused", "extractiedatum": "2018-07-01"})
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/leveringen?{query}", data=body.encode(),
                                         headers={"Content-Type": "text/csv", **headers})
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    ours = {"Authorization": f"Bearer {token}"}
    answers = [send("99902", "VOLLEDIG", "bsn;Jansen\n", ours), send("99902", "VOLLEDIG", "bsn;Jansen\n", ours),
               send("99904", "MUTATIE", COLUMNS, {}),
               send("99904", "MUTATIE", COLUMNS, {"Authorization": "Bearer nobody-knows-this-token-at-all"})]
    check("they are refused", answers == [422, 422, 401, 401], answers)
    log = machine.workers.dir / "gateway1.log"
    rows = [row for row in machine.narrow("refusals", log) if row["board"] in ("99902", "99904")]
    seen = {(row["board"], row["status"], re.sub(r"^LR-F\d\d$", "LR-F..", row["code"]), row["count"]) for row in rows}
    check("each kind is a row, the first at once", seen == {
        ("99902", 422, "LR-F..", 1), ("99904", 401, "no_token", 1), ("99904", 401, "unknown", 1)}, rows)
    check("with its time and sender", all(re.fullmatch(TIME, row["last_at"]) for row in rows) and
          [bool(row["sender"]) for row in sorted(rows, key=lambda row: row["status"])] == [False, False, True], rows)
    check("of one board", {row["board"] for row in machine.json("refusals", log, "--board", "99902")} == {"99902"})
    check("since a day to come", machine.json("refusals", log, "--since", "2089-01-01") == [])
    machine.expect("a file that is not there", 66, "cannot be read", "refusals", "/nowhere/at-all")
    said = log.read_text()
    check("nothing of what they sent, and no token", "Jansen" not in said and "nobody-knows" not in said)
    machine.workers.end(machine.workers.named("gateway1"), signal.SIGTERM, 30)
    machine.workers.start(machine.workers.named("gateway1"), 60)
    again = [row["count"] for row in machine.json("refusals", log) if row["board"] == "99902"]
    check("the second is counted when the gateway ends, at the latest", again == [2], again)


def bundle(machine, data):
    """For whoever helps: what the questions say, without what may be of a person; also with a server away."""
    log, out = data / "some.log", data / "bundle.txt"
    log.write_text(f"level=info event=x bsn={bsn(1)} mail=p.voorbeeld@school.example offset=123456789012\n")
    machine.expect("a bundle", 0, "Look through it", "bundle", log, "--out", out)
    text = out.read_text()
    check("it has the answers", all(f"== instroomctl {name}\n" in text for name in (
        "doctor", "status", "ledger", "reference list", "replay list", "quarantine list", "loss list", "key status",
        "coverage")) and "event=settings.read" in text and " 0 fail" in text, text)
    check("and the log, masked", "bsn=[number] mail=[address] offset=123456789012" in text, text)
    check("no persons", not any(word in text for word in (bsn(1), "Jansen", "Voorbeeld", "school.example")), text)
    check("no secrets", (machine.workers.dir / "token").read_text().strip() not in text)
    check("only for its owner", out.stat().st_mode & 0o777 == 0o600, oct(out.stat().st_mode))
    machine.expect("a file that is there is left alone", 66, "cannot be made", "bundle", "--out", out)
    machine.expect("a log that is not there", 66, "cannot be read", "bundle", data / "none", "--out", data / "second")
    machine.expect("without a server", 0, "", "--redis.address=127.0.0.1:1", "bundle", "--out", data / "third")
    check("that is told", "fail    redis" in (data / "third").read_text())


def backlog(machine):
    """Without a validator the writer's lag is what waits, with its age; promtool takes what each worker shows."""
    validators = machine.workers.named("validate")
    writer = machine.workers.named("write1")[0]
    machine.await_metric("nothing waits", writer, "instroom_consumer_lag_records", 0)
    machine.workers.end(validators, signal.SIGTERM, 30)
    begin = time.time()
    machine.deliver("99902", 2, "MUTATIE", [line(31, "99QB", name="Wachtende")], "2018-07-04", waits=False)
    machine.await_metric("one waits, though nobody has judged it", writer, "instroom_consumer_lag_records", 1)
    since = machine.metric(writer, "instroom_oldest_waiting_timestamp_seconds")
    check("since it was accepted", since is not None and begin - 1 <= since <= time.time() + 1, (begin, since))
    machine.workers.start(validators, 60)
    machine.wait()
    for name in ("instroom_consumer_lag_records", "instroom_oldest_waiting_timestamp_seconds"):
        machine.await_metric(f"{name}: nothing waits any more", writer, name, 0)
    if not shutil.which("promtool"):
        print("skipped: promtool is not here (scripts/install --tests)")
        return
    for worker in machine.workers.all(COUNTS):
        done = subprocess.run(["promtool", "check", "metrics"], input=machine.metrics(worker), text=True,
                              capture_output=True, check=False)
        check(f"the metrics of {worker.name} are in order", done.returncode == 0 and not done.stderr, done.stderr)


def confirmation(machine):
    """Who confirmed a delivery that waited is known afterwards."""
    name = machine.deliver("99901", 5, "VOLLEDIG", [line(1, name="Gewijzigd")], "2018-07-05")
    check("it waits", machine.json("deliveries", "99901", "--state", "wacht")[0]["delivery_id"] == name)
    machine.await_metric("the metric knows", machine.workers.named("write1")[0], "instroom_confirmations_waiting", 1)
    covered = {row["board"]: row for row in machine.json("coverage", "--day", "2018-08-05")}
    told = [(covered[board]["waiting"], covered[board]["behind"]) for board in ("99901", "99902")]
    check("coverage knows", told == [(True, False), (False, True)], told)
    shown = machine.ctl("confirm", "99901", name)
    digest = re.search(r" (\d+) teachers .* digest ([0-9a-f]{64})", shown.stderr)
    check("who would lapse is shown, by pseudonym, and nothing is confirmed without a reason", shown.returncode == 1 and
          digest and shown.stdout.startswith("bestuur;pseudoniem;") and bsn(2) not in shown.stdout, shown)
    named = machine.ctl("confirm", "99901", name, "--with-bsn")
    check("with BSN it is the file of the digest", hashlib.sha256(named.stdout.encode()).hexdigest() == digest[2] and
          named.stdout.count(";ACTIEF;") == int(digest[1]) and bsn(2) in named.stdout, named)
    machine.expect("of others nothing is confirmed", 1, "uitgevoerd: nee", "confirm", "99901", name, "--reason",
                   "a test", "--digest", "0" * 64)
    check("it waits on", machine.json("deliveries", "99901", "--state", "wacht")[0]["delivery_id"] == name)
    machine.expect("confirmed", 0, "uitgevoerd: ja", "confirm", "99901", name, "--reason", "de directeur belde",
                   "--digest", digest[2])
    one = machine.json("delivery", "99901", name)
    check("by whom", one["confirmed"] is True and one["confirmed_by"] == pwd.getpwuid(os.getuid()).pw_name, one)


def persons(machine, data):
    """What set each field of a teacher, whom to call, and the rows that such looks leave."""
    file = data / "bsn"
    file.touch(0o600)
    file.write_text(bsn(1) + "\n")
    masked = machine.narrow("teacher", "99901", "--bsn-file", file)
    shown = machine.json("teacher", "99901", "--bsn-file", file, "--with-personal-data")
    names = [(row["received_on"], row["delivery_id"], row["made_by"], row["value"]) for row in shown
             if row["field"] == "geslachtsnaam"]
    check("each delivery that set the name", names ==
          [("2018-07-01", "question-99901-volledig-1", "delivery", "Jansen"),
           ("2018-07-04", "question-99901-mutatie-4", "delivery", "Gewijzigd")], names)
    check("values are masked unless asked for", "Jansen" not in str(masked) and len(masked) == len(shown), masked)
    then = machine.json("teacher", "99901", "--bsn-file", file, "--day", "2018-07-03", "--with-personal-data")
    check("as he stood on a day", {row["field"]: row["value"] for row in then}["geslachtsnaam"] == "Jansen", then)
    file.write_text(bsn(2) + "\n")
    lapsed = machine.json("teacher", "99901", "--bsn-file", file)
    last = [(row["made_by"], row["value"]) for row in lapsed if row["field"] == "status"][-1]
    check("a confirmation let him lapse", last == ("confirmation", "VERVALLEN"), lapsed)
    file.write_text(bsn(900) + "\n")
    machine.expect("nobody", 1, "no such teacher", "teacher", "99901", "--bsn-file", file)
    contact = machine.narrow("contact", "--all")
    check("whom to call", [(row["board"], row["name"]) for row in contact] == [("99901", "P. Voorbeeld")], contact)
    machine.expect("of a board that said nobody", 0, "", "contact", "--board", "99902")
    audit = machine.narrow("audit", "--since", "2020-01-01")
    seen = [(row["what"], row["board"]) for row in audit]
    check("each look left a row", seen.count(("teacher", "99901")) == 5 and ("contact", None) in seen and
          seen.count(("teacher --with-personal-data", "99901")) == 2, seen)
    check("as the confirmation did", ("confirm question-99901-volledig-5", "99901") in seen, seen)
    check("with its reason", "de directeur belde" in [row["reason"] for row in audit], audit)
    check("and who looked at persons before it", ("confirm --with-bsn", "99901") in seen, seen)
    check("by nobody else", machine.json("audit", "--who", "nobody-else") == [])
    page = machine.json("audit", "--limit", "3")
    rest = machine.json("audit", "--after", page[-1]["place"])
    check("pages join up", page + rest == audit, page)


def proof(machine):
    machine.expect("the register is as the log says", 0, " 0 differences", "verify", "--all")
    done = machine.ctl("verify", "--all", "--with-bsn")
    check("a look at persons leaves a row", "verify --with-bsn" in machine.ctl("audit").stdout, done)


def example_client(machine):
    """docs/leverancier: what the example delivers is right, and the client ends as it says."""
    folder, gateway = ROOT / "docs/leverancier", machine.workers.named("gateway1")[0]
    environment = os.environ | {"INSTROOM_TOKEN": (machine.workers.dir / "token").read_text().strip()}

    def run(sequence, name, token=None):
        done = subprocess.run([folder / "lever.py", gateway.address, "99901", "MUTATIE", str(sequence), "2018-06-29",
                               name], check=False, capture_output=True, text=True,
                              env=environment | ({"INSTROOM_TOKEN": token} if token else {}))
        return done.returncode, done.stdout, done.stderr
    status, feedback, said = run(900, folder / "voorbeeld.csv")
    check("the example is accepted", status == 0 and feedback.count(";nieuw;") == 3, f"{status} {feedback}{said}")
    status, again, said = run(900, folder / "voorbeeld.csv")
    check("the same once more is known", (status, again) == (0, feedback), f"{status} {again}{said}")
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as wrong:
        wrong.write((folder / "voorbeeld.csv").read_text().replace(";99ZZ;", ";98YY;"))
        wrong.flush()
        status, feedback, said = run(901, wrong.name)
    check("rejected lines are status 1", status == 1 and ";afgekeurd;" in feedback, f"{status} {feedback}{said}")
    status, feedback, said = run(902, Path(__file__))
    check("a refusal is status 2, with its findings", status == 2 and "LR-F" in said, f"{status} {said}")
    status, feedback, said = run(903, folder / "voorbeeld.csv", token="nobody-knows-this-1")
    check("so is a wrong token", status == 2 and said.startswith("401: "), f"{status} {said}")
    status, feedback, said = run(904, folder / "none.csv")
    check("a file that is not there has a sentence", status == 2 and said.count("\n") == 1, f"{status} {said}")
    status, feedback, said = run(904, folder / "voorbeeld.csv", token=" ")
    check("so has no token", status == 2 and "INSTROOM_TOKEN" in said and said.count("\n") == 1, f"{status} {said}")


def list_of_a_board(machine):
    """What a board asks over HTTP: its deliveries, newest first, by state and day, in pages."""
    gateway, token = machine.workers.named("gateway1")[0], (machine.workers.dir / "token").read_text().strip()

    def ask(board, **query):
        path = f"/v1/besturen/{board}/leveringen?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(gateway.address + path, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code
    ledger = machine.json("deliveries", "99901")
    page = ask("99901")
    rows = [(row["leveringsid"], row["volgnummer"], row["regels"], row["ontvangen_op"]) for row in page["leveringen"]]
    check("all of the ledger, newest first", rows == [(row["delivery_id"], row["sequence"], row["lines"],
                                                      row["received_on"]) for row in ledger] and len(rows) > 3, page)
    check("counts add up", all(sum(row["tellingen"].values()) == row["regels"] for row in page["leveringen"]), page)
    check("there is no other page", page["volgende"] is None, page)
    rest = ask("99901", na=ledger[0]["position"])
    check("from a place on", rest["leveringen"] == page["leveringen"][1:], rest)
    day = ledger[len(ledger) // 2]["received_on"]
    check("from a day on", ask("99901", vanaf=day)["leveringen"] ==
          [row for row in page["leveringen"] if row["ontvangen_op"] >= day])
    for state in ("verwerkt", "wacht_op_bevestiging"):
        check(f"in state {state}", ask("99901", status=state)["leveringen"] ==
              [row for row in page["leveringen"] if row["status"] == state])
    check("of a board without any", ask("99903") == {"leveringen": [], "volgende": None}, ask("99903"))
    for wrong in ({"status": "ontvangen"}, {"vanaf": "2018-02-30"}, {"na": "0"}, {"na": "x"}, {"bsn": "ja"}):
        check(f"{wrong} is a wrong request", ask("99901", **wrong) == 400)
    copies = ("select jsonb_agg(to_jsonb(d) || jsonb_build_object('board', 99904, 'position', d.position + 100000 + n))"
              f" from register.delivery d, generate_series(1, 250) n where d.position = {ledger[0]['position']}")
    machine.sql("insert into register.delivery select * from jsonb_populate_recordset(null::register.delivery,"
                f" ({copies}))")
    seen, page = [], ask("99904")
    for _ in range(3):
        seen += page["leveringen"]
        page = page["volgende"] and ask("99904", na=page["volgende"])
    check("pages join up", len(seen) == 250 and page is None, f"{len(seen)} {page}")
    machine.sql("delete from register.delivery where board = 99904")


def main():
    stack = stacks.Stack(f"questions-{os.getpid()}")
    data = Path(tempfile.mkdtemp(prefix="instroom-questions-"))
    try:
        stack.up({"partitions": 2, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False,
                  "base_port": None, "wait": 60})
        machine = Machine(stack)
        machine.workers.prepare(ROOT / "tests/cases/reference")
        machine.workers.start(machine.workers.all(COUNTS), 60)
        findings(machine)
        deliveries(machine)
        refused(machine)
        backlog(machine)
        doctor(machine, data)
        bundle(machine, data)
        confirmation(machine)
        persons(machine, data)
        references(machine, data)
        proof(machine)
        example_client(machine)
        list_of_a_board(machine)
        machine.workers.end(machine.workers.all(), signal.SIGTERM, 30)
    finally:
        if stack.record is not None and (stack.dir / "workers").exists():
            programs.Workers(stack).end_all()
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
