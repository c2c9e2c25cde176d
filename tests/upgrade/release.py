"""release: what a release left behind, as files, and a machine of the stack that makes it, loads it and carries on.

A folder of tests/released holds
    commit          the commit of the release
    log.jsonl       every message of its topics, a line each, in the order of the partitions
    register.sql    pg_dump --data-only of its register
    hmac.key        the key of its teacher keys; stand.key: of its pseudonyms
    before/, after/ deliveries in the form of tests/cases, with what the release made of them. `before` is what the log
    and
                    the register hold, the last two deliveries unfinished: one not judged, one judged and not written.
                    `after` has not happened yet. A repeat in it names the number of the event in `before`.
Beside the events of tests/cases there are, in ours only: "referentie" (tables are imported and published) and
"naspelen" (instroomctl replay: a plan by the words given, carried out).
"""
import base64
import csv
import importlib.machinery
import importlib.util
import io
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RELEASED = ROOT / "tests" / "released"
for folder in (ROOT / "scripts", ROOT / "tests" / "support"):
    sys.path.insert(0, str(folder))
import kafka_log  # noqa: E402
import kafka_produce  # noqa: E402
from private_stack import stack as stacks  # noqa: E402
from private_stack import workers as programs  # noqa: E402

WAIT_S = 180  # only says when to give up
KEYS = ("hmac.key", "stand.key")
PARTITIONS = 3
SHOWN_LINES = 12
COUNTS = {"gateway": 1, "validate": 2, "write": 2}
TOPICS = {"raw": PARTITIONS, "verdict": PARTITIONS, "quarantine": PARTITIONS, "reference": 1}


def load_cases():
    """scripts/cases as a module: it plays and compares."""
    loader = importlib.machinery.SourceFileLoader("cases", str(ROOT / "scripts" / "cases"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("cases", loader))
    loader.exec_module(module)
    return module


cases = load_cases()
Failure = cases.Failure


def keys_of(folder):
    return {name: (folder / name).read_text() for name in KEYS}


class Workers(programs.Workers):
    """Each worker from a build of its own, so that two releases run side by side."""

    def __init__(self, stack, build):
        super().__init__(stack)
        self.builds, self.newest = {}, build

    def program(self, name):
        folder = "ctl" if name == "instroomctl" else name.partition("-")[2]
        path = f"{self.builds.get(folder, self.newest)}/workers/{folder}/{name}"
        if not Path(path).exists():
            raise cases.StackError(f"{path} is not built")
        return path


class Machine:
    def __init__(self, name, build):
        self.stack = stacks.Stack(name)
        self.build = build
        self.workers = None

    def up(self, keys, settings=None):
        """keys: {file name: content}. settings: {kind: {key: value}} on top of the usual ones."""
        self.stack.up({"partitions": PARTITIONS, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False,
                       "base_port": None, "wait": WAIT_S})
        self.workers = Workers(self.stack, self.build)
        self.workers.dir.mkdir(exist_ok=True)
        for name, key in keys.items():
            self.workers.secret(name, lambda key=key: key)
        self.workers.set_up(self.build, COUNTS, True, settings or {})

    @property
    def port(self):
        return self.stack.nodes()[0].port

    def start(self, *names):
        """From the build that is set for their kind now."""
        self.workers.start([worker for name in names for worker in self.workers.named(name)], WAIT_S)

    def end(self, *names):
        self.workers.end([worker for name in names for worker in self.workers.named(name)], signal.SIGTERM, WAIT_S)

    def ctl(self, *words):
        done = self.workers.ctl(*[str(word) for word in words], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"instroomctl {' '.join(map(str, words))} ended with {done.returncode}: "
                                f"{done.stdout.strip()} {done.stderr.strip()}")
        return done.stdout

    def wait(self):
        self.ctl("wait", "--quiet", "--timeout", WAIT_S)

    def psql(self, *words, role="OWNER"):
        done = subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", self.stack.env()[f"INSTROOM_PG_{role}"], *words],
                              check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"psql: {done.stderr.strip()}")

    def publish(self, folder):
        self.ctl("reference", "import", folder)
        self.workers.wait_for_reference(self.ctl("reference", "publish").split()[-1], WAIT_S)

    def replay(self, words):
        job = json.loads(self.ctl("replay", "plan", *words, "--json"))["job"]
        self.ctl("replay", "start", job, "--reason", "a test")

    def produce_foreign(self):
        """A message that nobody of ours sends: without headers."""
        kafka_produce.produce(self.port, "instroom.raw.1", 1, b"?", b"no message of ours", [])

    # --- what is kept of a release ---

    def save_log(self, path):
        with open(path, "w") as file:
            for topic, partitions in TOPICS.items():
                for partition in range(partitions):
                    for offset, at_ms, key, value, headers in kafka_log.read(self.port, f"instroom.{topic}.1",
                                                                             partition):
                        file.write(json.dumps({
                            "topic": topic, "partition": partition, "offset": offset, "timestamp": at_ms,
                            "key": None if key is None else key.decode(),
                            "headers": [[name, text.decode()] for name, text in headers],
                            "value": None if value is None else base64.b64encode(value).decode()}) + "\n")

    def load_log(self, path):
        for line in path.read_text().splitlines():
            message = json.loads(line)
            offset = kafka_produce.produce(
                self.port, f"instroom.{message['topic']}.1", message["partition"], (message["key"] or "").encode(),
                base64.b64decode(message["value"]), [(name, text.encode()) for name, text in message["headers"]])
            if offset != message["offset"]:
                raise Failure(f"{message['topic']}/{message['partition']}: offset {offset}, not {message['offset']}")

    def save_register(self, path):
        done = subprocess.run(["pg_dump", "--data-only", "--no-owner", "--schema=register",
                               "--table=public.instroom_migration", "--table=register.*",
                               f"--dbname={self.stack.env()['INSTROOM_PG_OWNER']}"],
                              check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"pg_dump: {done.stderr.strip()}")
        path.write_text(done.stdout)

    def load_register(self, path):
        """The migrations that the release had applied, then its rows; what it had not is for instroomctl migrate."""
        self.psql("-c", "create table public.instroom_migration (name text primary key, sha256 bytea not null, "
                        "applied_at timestamptz not null default now())")
        for name in re.findall(r"^(\d{4}-[\w-]+\.sql)\t", path.read_text(), re.M):
            self.psql("-f", str(ROOT / "schemas" / "sql" / name))
        self.psql("-f", str(path))


class Run(cases.Run):
    """The events of a folder, some of our own among them; `at` is called with the number of each before it happens."""

    def __init__(self, machine, folder, at=lambda number: None, previous=None):
        super().__init__(folder, machine.workers)
        self.machine, self.at = machine, at
        if previous:
            self.first = dict(previous.first)
        self.acts |= {"referentie": self.publish, "naspelen": self.replay, "vreemd": self.produce_foreign}

    def before(self, number, event):
        self.at(number)

    def wait_until_judged(self, location):
        if not self.is_left_open:
            super().wait_until_judged(location)

    is_left_open = False

    def deliver(self, number, event):
        self.is_left_open = event.get("wacht") is False
        return super().deliver(number, event)

    def publish(self, number, event):
        self.machine.publish(self.folder / event["map"])
        return {"nr": number, "type": "referentie"}

    def replay(self, number, event):
        self.machine.replay(event["woorden"])
        return {"nr": number, "type": "naspelen"}

    def produce_foreign(self, number, _event):
        self.machine.produce_foreign()
        return {"nr": number, "type": "vreemd"}

    def tell(self, number, error):
        raise Failure(f"{self.folder}: event {number}: {cases.text_of(error)}") from error

    def take_up(self):
        """As if its events had just been played: what they left is in the register."""
        for summary in json.loads((self.folder / "expected" / "overzicht.json").read_text()):
            name = summary.get("bestuur"), summary.get("leveringsid")
            self.summaries.append(summary)
            if summary["type"] == "levering" and summary["status"] != "geweigerd":
                self.accepted[summary["nr"]] = name
                self.first[name] = summary["nr"]
        return self


def write_without_words(source, out):
    """A folder of answers without the text of each finding: that is the newest of the specification, whoever judged."""
    for path in source.iterdir():
        text = path.read_text()
        if path.name.endswith("-terugmelding.csv"):
            rows = list(csv.reader(io.StringIO(text), delimiter=";"))
            text = "".join(";".join(row[:rows[0].index("melding")]) + "\n" for row in rows)
        elif path.suffix == ".json":
            text = json.dumps(without_key("melding", json.loads(text)), indent=1) + "\n"
        (out / path.name).write_text(text)


def without_key(key, value):
    if isinstance(value, dict):
        return {name: without_key(key, inner) for name, inner in value.items() if name != key}
    return [without_key(key, inner) for inner in value] if isinstance(value, list) else value


class Checks:
    """What was compared, and how much of it was as it must be."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, is_so, seen=""):
        if is_so:
            self.passed += 1
        else:
            self.failed += 1
            print(f"failed: {what}\n    saw: {seen}", flush=True)

    def compare(self, run, what):
        """Every summary, terugmelding and the stand with what the release made of the same."""
        with tempfile.TemporaryDirectory(prefix="instroom-released-") as folder:
            out, expected, actual = (Path(folder) / name for name in ("out", "expected", "actual"))
            for made in (out, expected, actual):
                made.mkdir()
            run.write(out)
            write_without_words(run.folder / "expected", expected)
            write_without_words(out, actual)
            different = dict(cases.differences(expected, actual))
            for name in sorted(path.name for path in expected.iterdir()):
                self.check(f"{what}: {name} is as the release made it", name not in different,
                           "\n    ".join(different.get(name, [])[2:2 + SHOWN_LINES]))

    def prove(self, machine, what):
        self.check(f"{what}: the ledger balances", "the ledger balances" in machine.ctl("ledger", "--check"))
        self.check(f"{what}: the register is what the log says", " 0 differences" in machine.ctl("verify", "--all"))

    def close(self):
        """The exit status."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0
