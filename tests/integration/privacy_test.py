#!/usr/bin/python3
"""Personal data stand where they must, and nowhere else (specification 12), on a secured stack.

Persons of the generator and some that nothing else is called like are delivered, changed, refused, quarantined,
misplaced in addresses, tokens and headers, and asked about by every command that needs no right to see persons; a
validator and a writer are killed meanwhile. Then every BSN, name, birth date, address, personeelsnummer and contact of
theirs is looked for in:

  logs of workers and servers, which log as much as somebody who looks for a slow statement makes them log
  spans of all deliveries; names of all files; metrics; command lines and environments of all processes; statements
  that sessions are at
  all bytes that Redis holds, and every command it was given (its slow log); keys and headers of all Kafka messages
  every column of the register but those that exist for persons (PERSONAL)
  what the commands printed, and refusals over HTTP
  what a program leaves that ends by a signal that dumps, though its limit was raised meanwhile: nothing

A value that stood there before the first delivery (a surname that is a word of a server's log) proves nothing: it is
left out, and there may be few of them. All persons are invented.
"""
import base64
import contextlib
import os
import re
import resource
import signal
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
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.path.insert(0, str(ROOT / "tests" / "integration"))
import kafka_log  # noqa: E402
import personal_values  # noqa: E402
from personal_values import PERSON_COLUMNS  # noqa: E402
from otlp_receiver import OtlpReceiver  # noqa: E402
from questions_test import bsn  # noqa: E402
from secure_test import library_can_scram  # noqa: E402
from private_stack import secure  # noqa: E402
from private_stack import kafka_wire  # noqa: E402
from private_stack import stack as stacks  # noqa: E402
from private_stack import workers as programs  # noqa: E402

BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev")).absolute()
WAIT_S = 120
COUNTS = {"gateway": 1, "validate": 1, "write": 1}
PARTITIONS = 2
TEACHERS, BOARDS = 240, 4
LEFT_OUT_MAX = 0.02  # of the values that are looked for
# where a person may stand: the content of the register, what a board's own number for a teacher is echoed in
# (specification 8.1), and whom to call
PERSONAL = {("teacher", "bsn"), ("teacher", "content"), ("teacher_history", "content"), ("feedback", "body"),
            ("contact", "name"), ("contact", "phone"), ("contact", "email"),
            ("contact_person", "name"), ("contact_person", "phone"), ("contact_person", "email")}
# folders of servers that hold content because they are there for it
CONTENT = {("kafka", "data"), ("postgres", "data")}
BOARD = "99901"
# All that makes PostgreSQL log statements, but their trees. The four settings of common/pg/pg_privacy.c stay.
TALKATIVE = ("log_statement = 'all'", "log_min_duration_statement = 0", "log_duration = on", "log_lock_waits = on",
             "log_temp_files = 0", "log_checkpoints = on", "log_connections = on", "log_disconnections = on")
REDIS_TALKATIVE = """slowlog-log-slower-than 0
slowlog-max-len 100000
user watcher on >{} resetchannels -@all +auth +slowlog|get +acl|log
"""
HEADER = ("bsn;personeelsnummer;geslachtsnaam;voorvoegsel;voornamen;geslacht;geboortedatum;straat;huisnummer;"
          "toevoeging;postcode;plaats;land;adresregel1;adresregel2;adresregel3;benoemingssleutel;brin;vestiging;"
          "begin_arbeidsovereenkomst;einde_arbeidsovereenkomst;begin_benoeming;einde_benoeming;benoemingsgrondslag;"
          "onderwijsterrein")
passed = failed = 0


def check(what, holds, seen=""):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    if not holds:
        print(f"failed: {what}" + (f": {seen}" if seen != "" else ""), flush=True)


class Person:
    """Whom nothing else is called like. misplaced: what stands in place of the column of that name."""

    def __init__(self, number, family="Quastenbeek", **misplaced):
        tail = "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}")  # names have no digits
        self.row = {"bsn": bsn(number), "personeelsnummer": f"PZ{7000 + number}X",
                    "geslachtsnaam": f"{family}{tail}",
                    "voornamen": f"Wybrigje Q{tail}", "geslacht": "V", "geboortedatum": f"195{number % 10}0203",
                    "straat": f"Zwaluwkruidpad{number}", "huisnummer": "4", "postcode": "9732QX",
                    "plaats": f"Quisquilia{tail}", "benoemingssleutel": f"A-{number}", "brin": "99ZZ",
                    "vestiging": "00", "begin_arbeidsovereenkomst": "20000801", "begin_benoeming": "20000801",
                    "benoemingsgrondslag": "701"} | misplaced

    def line(self):
        return ";".join(self.row.get(column, "") for column in HEADER.split(";"))


class Machine:
    def __init__(self):
        self.variant = "scram" if library_can_scram() else "plain"
        self.stack = stacks.Stack(f"privacy-{os.getpid()}")
        self.stack.up({"partitions": PARTITIONS, "brokers": 1, "servers": None, "no_topics": False, "tmpfs": False,
                       "base_port": None, "wait": WAIT_S, "secure": self.variant})
        self.make_talkative()
        self.workers = programs.Workers(self.stack)
        self.receiver = OtlpReceiver()
        traced = {"trace.endpoint": self.receiver.endpoint}
        self.workers.set_up(BUILD, COUNTS, True, {"gateway": traced | {"trace.sample": 1000}, "validate": traced,
                                                   "write": traced})
        self.token = (self.workers.dir / "token").read_text()
        self.sequence = 0
        self.said = []  # (what, text): all that commands printed and the gateway refused

    def make_talkative(self):
        for setting in TALKATIVE:
            self.sql(f"alter system set {setting}", "ADMIN")
        self.sql("select pg_reload_conf()", "ADMIN")
        redis = self.stack.named("redis")[0]
        redis.stop()
        with open(redis.settings, "a", encoding="utf-8") as file:
            file.write(REDIS_TALKATIVE.format(self.stack.pki.password("redis")))
        redis.start()
        redis.wait(WAIT_S)

    def redis(self, *words):
        done = subprocess.run(["redis-cli", "--no-auth-warning", "--tls", "--cacert", str(self.stack.pki.ca), "-h",
                               "127.0.0.1", "-p", str(self.stack.port("redis")), "--user", "watcher", *words],
                              check=False, capture_output=True, text=True, errors="replace",
                              env=os.environ | {"REDISCLI_AUTH": self.stack.pki.password("redis")})
        check(f"redis {words[0]}", done.returncode == 0 and "NOPERM" not in done.stdout, done.stdout + done.stderr)
        return done.stdout

    def start(self, reference):
        self.workers.prepare(reference)
        self.workers.start(self.workers.all(COUNTS), WAIT_S)

    def ctl(self, *words, status=(0,)):
        done = self.workers.ctl(*map(str, words), capture_output=True, text=True)
        self.said.append((f"instroomctl {words[0]}", done.stdout + done.stderr))
        check(f"instroomctl {' '.join(map(str, words))}", done.returncode in status,
              f"{done.returncode}: {done.stderr}")
        return done.stdout

    def wait(self):
        self.ctl("wait", "--quiet", "--timeout", WAIT_S)

    def ask(self, path, body=None, kind="text/csv", token=None, headers=None):
        worker = self.workers.named("gateway")[0]
        request = urllib.request.Request(worker.address + path, data=body, headers={
            "Authorization": f"Bearer {token or self.token}", "Content-Type": kind} | (headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S, context=worker.context) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            said = error.read()
            self.said.append((f"the answer {error.code}", said.decode(errors="replace") + str(error.headers)))
            return error.code, said

    def deliver(self, persons, board=BOARD, kind="MUTATIE", header=HEADER, expected=202, **asked):
        self.sequence += 1
        name = f"privacy-levering-{self.sequence}"
        query = urllib.parse.urlencode({"bestuur": board, "soort": kind, "volgnummer": self.sequence,
                                        "leveringsid": name, "extractiedatum": "2018-07-01",
                                        "ontvangen_op": "2018-07-02"})
        body = "\n".join([header, *(one if isinstance(one, str) else one.line() for one in persons)]) + "\n"
        status, said = self.ask(f"/v1/leveringen?{query}", body.encode(), **asked)
        check(f"delivery {self.sequence} is answered {expected}", status == expected, f"{status} {said[:300]}")
        return name

    def sql(self, statement, role="OWNER"):
        done = subprocess.run(["psql", "-tAqX", self.stack.env()[f"INSTROOM_PG_{role}"], "-c", statement],
                              check=False, capture_output=True, text=True)
        check(statement[:60], done.returncode == 0, done.stderr)
        return done.stdout

    def kill(self, kind, number=signal.SIGKILL):
        """Which starts again."""
        worker = self.workers.named(kind)[0]
        self.workers.end([worker], number, WAIT_S)
        self.workers.start([worker], WAIT_S)

    def end(self):
        self.workers.end_all()
        self.receiver.close()
        self.stack.wipe()


# --- what is looked for ---

def needles(persons, folder):
    """Every personal value, with the column that it is from."""
    rows = [one.row for one in persons] + list(personal_values.rows_of(folder))
    return personal_values.of_rows(rows) | {"Contactpersoon Zevenhuizen": "contact",
                                            "zevenhuizen@voorbeeld.test": "contact", "0612987654": "contact"}


# --- where ---

def files(machine):
    """The names of all files; and all files but the data of Kafka and PostgreSQL: logs, settings, what Redis keeps."""
    for path in sorted(machine.stack.dir.rglob("*")):
        yield "file name", str(path.relative_to(machine.stack.dir))
        inside = path.relative_to(machine.stack.dir).parts
        is_content = inside[:2] in CONTENT
        if path.is_file() and not is_content:
            yield f"file {path.relative_to(machine.stack.dir)}", path.read_bytes().decode("utf-8", "replace")


def metrics(machine):
    for worker in machine.workers.all():
        with urllib.request.urlopen(f"{worker.address}/metrics", timeout=WAIT_S, context=worker.context) as answer:
            yield f"metrics of {worker.name}", answer.read().decode()


def processes(machine):
    for path in machine.stack.dir.rglob("*.pid"):
        proc = Path("/proc") / path.read_text().split()[0]
        for name in ("cmdline", "environ"):
            yield f"{name} of {path.stem}", (proc / name).read_bytes().decode("utf-8", "replace")


def dumps(machine):
    """No worker leaves a core: by its limit, and where somebody raised that, too."""
    for worker in machine.workers.all():
        pid = worker.process.pid()
        limits = Path(f"/proc/{pid}/limits").read_text()
        check(f"{worker.name} leaves no core", re.search(r"^Max core file size +0 +0 ", limits, re.M), limits)
        with contextlib.suppress(PermissionError):  # not everywhere may root raise it
            resource.prlimit(pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        machine.kill(worker.kind, signal.SIGABRT)
    left = [path.name for path in machine.workers.dir.rglob("*") if re.match(r"core|.*\.core|.*\.dump", path.name)]
    check("workers that were aborted left no core", not left, left)


def sessions(machine):
    """What whoever may look at PostgreSQL's sessions, or at Redis, sees of them."""
    yield "statements of sessions", machine.sql("select query from pg_stat_activity", "ADMIN")
    yield "commands of Redis", machine.redis("slowlog", "get", "100000")
    yield "refusals of Redis", machine.redis("acl", "log")


def messages(machine):
    admin = machine.stack.nodes()[0].door
    for topic in machine.ctl("status", "--output", "json") and ("instroom.raw.1", "instroom.verdict.1",
                                                                  "instroom.quarantine.1", "instroom.reference.1"):
        for partition in range(PARTITIONS if topic in ("instroom.raw.1", "instroom.verdict.1") else 1):
            for offset, _, key, _, headers in kafka_log.read(admin, topic, partition):
                for part in (key or b"", *(bytes(one or b"") for pair in headers for one in
                                           (pair[0].encode(), pair[1]))):
                    yield f"{topic}/{partition}/{offset}", part.decode("utf-8", "replace")


def tables(machine):
    listed = machine.sql("select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid "
                         "where c.relnamespace = 'register'::regnamespace and c.relkind = 'r' and a.attnum > 0 "
                         "and not a.attisdropped order by 1, 2")
    columns = [tuple(row.split("|")) for row in listed.split()]
    check("the columns for persons exist", PERSONAL <= set(columns), PERSONAL - set(columns))
    for table, column in columns:
        if (table, column) not in PERSONAL:
            # bytes also as the characters they may be
            text = machine.sql(f'select "{column}"::text from register."{table}"')
            yield f"register.{table}.{column}", text
            if "\\x" in text[:4]:
                raw = b"\n".join(bytes.fromhex(one[2:]) for one in text.split() if one.startswith("\\x"))
                yield f"register.{table}.{column}, bytes", raw.decode("utf-8", "replace")


def spans(machine):
    """Of every delivery, refused ones too."""
    for number, body in enumerate(list(machine.receiver.bodies)):
        yield f"request {number} with spans", body.decode("utf-8", "replace")


PLACES = (files, metrics, processes, sessions, messages, tables, spans)


# --- what is done meanwhile ---

def national(machine, folder):
    """What the generator makes, by the command that boards' suppliers use, and the night after it."""
    machine.ctl("deliver", folder)
    machine.wait()


def faults_of_people(machine):
    """Each field of a person where another belongs, and each of those wherever a request has room. Those whose
    delivery was accepted come back."""
    good, clumsy = [Person(number) for number in range(1, 30)], []
    machine.deliver(good, kind="VOLLEDIG", headers={"Instroom-Contact-Naam": "Contactpersoon%20Zevenhuizen",
                                                    "Instroom-Contact-Telefoon": "0612987654",
                                                    "Instroom-Contact-Email": "zevenhuizen%40voorbeeld.test"})
    for number, column in enumerate(HEADER.split(";"), 40):
        person = Person(number)
        for source in ("bsn", "geslachtsnaam"):
            clumsy.append(Person(number, **{column: person.row[source]}))
    machine.deliver(clumsy)
    person = Person(70)
    text = person.line()
    # no header row; the columns of another order; of another separator; quoted and not ended; two rows in one
    machine.deliver([], header=text, expected=422)
    machine.deliver([text], header=text, expected=422)
    machine.deliver([text.replace(";", ",")], header=HEADER.replace(";", ","), expected=422)
    machine.deliver(['"' + text], expected=422)
    machine.deliver([text + ";" + text, text.replace(";", ";;")], expected=422)
    xml = f'<{person.row["geslachtsnaam"]} bsn="{person.row["bsn"]}"><{person.row["voornamen"]}'
    machine.deliver([], header=xml, kind="VOLLEDIG", expected=422)
    machine.ask("/v1/leveringen?bestuur=99901&soort=MUTATIE&volgnummer=900&leveringsid=privacy-levering-900"
                "&extractiedatum=2018-07-01", xml.encode(), kind="application/xml")
    values = [urllib.parse.quote(person.row[column]) for column in PERSON_COLUMNS if column in person.row]
    for value in values:
        machine.ask(f"/v1/leveringen?bestuur={value}&soort={value}&volgnummer=-{value}&extractiedatum={value}", b"x")
        machine.ask(f"/v1/leveringen?bestuur=99901&{value}=1", b"x")
        machine.ask(f"/v1/besturen/99901/leveringen/{value}/terugmelding")
        machine.ask(f"/v1/besturen/{value}/stand")
        machine.ask(f"/{value}")
        machine.ask("/v1/besturen/99901/stand", token=value)
        machine.ask("/v1/besturen/99901/stand", headers={"Accept": value, "traceparent": value,
                                                          "If-None-Match": value, "Origin": value})
        machine.ask("/v1/leveringen?bestuur=99901", b"x", kind=value)
    machine.wait()
    return good, clumsy + [person]


def faults_of_servers(machine):
    """A row that the database refuses, whose DETAIL would be the row; a validator and a writer that are killed."""
    machine.sql("alter table register.teacher add constraint refused check (content not like '%Doornroos%')")
    refused = [Person(100, family="Doornroos"), Person(101)]
    machine.deliver(refused)
    machine.wait()
    report = machine.ctl("report", BOARD, f"privacy-levering-{machine.sequence}")
    check("the register refused one", "quarantaine" in report, report)
    machine.said.pop()  # the board's own numbers stand in it
    machine.sql("alter table register.teacher drop constraint refused")
    persons = [Person(number) for number in range(110, 120)]
    machine.deliver(persons)
    machine.kill("validate")
    machine.deliver(persons + [Person(121)])
    machine.kill("write")
    machine.wait()
    return refused + persons + [Person(121)]


def questions(machine):
    """All that may be asked without a right to see persons."""
    for words in (("status",), ("findings", "--by", "value"), ("findings", "--by", "code"), ("deliveries", BOARD),
                  ("delivery", BOARD, "privacy-levering-2"), ("stand", "--all"), ("ledger", "--check"), ("coverage",),
                  ("quarantine", "list"), ("audit",), ("replay", "plan", "--code", "LR-S02"), ("reference", "list")):
        machine.ctl(*words, status=(0, 1))
    machine.ctl("verify", "--all", status=(0, 1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "unreadable.csv"
        path.write_text(Person(70).line())
        machine.ctl("deliver", folder, status=(1, 64, 65, 66))


def look(machine, wanted, left_out):
    for place in PLACES:
        for where, text in place(machine):
            judge(where, text, wanted, left_out)
    for what, text in machine.said:
        judge(what, text, wanted, left_out)


def judge(where, text, wanted, left_out):
    """Says the column and never the value, in case somebody tries this on a real register."""
    found = {wanted[value] for value in personal_values.values_in(text, wanted) - left_out}
    encoded = {column for value, column in wanted.items() if column == "bsn" and
               base64.b64encode(value.encode()).decode() in text}
    check(f"{where} holds no personal data", not found | encoded, sorted(found | encoded))



def before(machine, wanted):
    """Values that stand somewhere although nobody delivered them yet."""
    text = "\n".join(text for place in PLACES for _, text in place(machine))
    return personal_values.values_in(text, wanted)


def main():
    if BUILD.name == "asan":
        print("what is written where is looked at with build/dev alone: it is the same\n0 passed, 0 failed")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        generated = folder / "deliveries"
        subprocess.run([BUILD / "workers/gen/instroom-gen", "--out", generated, "--boards", str(BOARDS), "--teachers",
                        str(TEACHERS), "--received", "2018-07-02", "--errors", "10%", "--reference",
                        ROOT / "tests/cases/reference"], check=True, stdout=subprocess.DEVNULL)
        machine = Machine()
        try:
            begin = time.monotonic()
            machine.start(generated / "reference" if (generated / "reference").exists() else
                          ROOT / "tests/cases/reference")
            # all persons of this run, before any is delivered
            everyone = [Person(number) for number in range(1, 130)] + [Person(100, family="Doornroos")]
            wanted = needles(everyone, generated)
            left_out = before(machine, wanted)
            check("few values stand there anyway", len(left_out) <= LEFT_OUT_MAX * len(wanted), len(left_out))
            national(machine, generated)
            faults_of_people(machine)
            faults_of_servers(machine)
            questions(machine)
            content = machine.sql("select content from register.teacher")
            check("there was something to find", "Quastenbeekaab" in content)
            log = machine.stack.log_file("postgres").read_text(errors="replace")
            check("PostgreSQL logged statements", "insert into register" in log.lower())
            check("Redis logged commands", "{instroom.raw.1/" in machine.redis("slowlog", "get", "100000"))
            check("spans came of all stages", {span.service for span in machine.receiver.spans} == {
                "instroom-gateway", "instroom-validate", "instroom-write"} and not machine.receiver.faults,
                  machine.receiver.faults)
            dumps(machine)
            look(machine, wanted, left_out)
            print(f"{len(wanted)} values looked for, {len(left_out)} left out; {time.monotonic() - begin:.0f} s",
                  flush=True)
        finally:
            machine.end()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
