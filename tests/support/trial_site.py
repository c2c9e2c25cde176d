"""site: a stack with its workers, the folders that are delivered to it night by night, and what came of them in a form
that can be compared byte for byte with another site's.
"""
import hashlib
import json
import os
import shutil
import subprocess
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from chaos.outcome import REGISTER_SQL
from private_stack import stack as stacks
from private_stack import workers as programs
from private_stack.places import StackError
from private_stack.standby import wait_for

BOARDS, TEACHERS = 1450, 230000  # the country
PARALLEL = "64"
WAIT_S = 1800  # only says when to give up
EVENT_S = 180
# Counts of each delivery; positions and times are another run's.
DELIVERIES_SQL = """
select board, delivery_id, encode(fingerprint, 'hex'), kind, sequence, state, lines, nieuw, gewijzigd, ongewijzigd,
       verouderd, afgekeurd, ingetrokken, quarantaine, absent, active, lapsed, notices, encode(outcomes, 'hex')
from register.delivery order by board, sequence, delivery_id"""
FINDINGS_SQL = """
select d.board, d.delivery_id, f.rule, f.lines from register.finding f join register.delivery d using (position)
order by 1, 2, 3"""


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def generate(build, folder, share, nights):
    """Deliveries of a share of the country below folder, which is made anew: night-0, the first load, and the nights
    after it, in which 1 % is changed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for night in range(nights):
        subprocess.run([build.resolve() / "workers/gen/instroom-gen", "--out", folder / f"night-{night}",
                        "--seed", "2018", "--night", str(night), "--boards", str(max(5, round(BOARDS * share))),
                        "--teachers", str(round(TEACHERS * share)), "--received", "2018-06-02", "--errors", "1%",
                        *(("--changed", "1%", "--joined", "0.5%", "--left", "0.5%") if night else ())],
                       check=True, stdout=subprocess.DEVNULL)


class Site:
    """A stack with its workers."""

    def __init__(self, name, build, hmac_key, folder, brokers=1, partitions=12):
        """folder: holds night-0, night-1 .. build: a build folder that is ready."""
        self.build, self.hmac_key, self.folder = build, hmac_key, folder
        self.stack = stacks.Stack(f"{name}-{os.getpid()}")
        self.brokers, self.partitions = brokers, partitions
        self.workers = self.pair = self.cluster = None
        self.error = None

    def settings(self):
        return {}

    def reference(self):
        """The folder of the tables in force when it begins."""
        return self.folder / "night-0" / "reference"

    def counts(self):
        return {"gateway": 1, "validate": 1, "write": 1}

    def begin(self):
        begun = time.monotonic()
        self.stack.up({"partitions": self.partitions, "brokers": self.brokers, "servers": None, "no_topics": False,
                       "tmpfs": False, "base_port": None, "wait": EVENT_S})
        self.workers = programs.Workers(self.stack)
        self.make_servers()
        self.workers.dir.mkdir(exist_ok=True)
        self.workers.secret("hmac.key", lambda: self.hmac_key)
        self.workers.set_up(self.build.resolve(), self.counts(), True, self.settings())
        self.workers.prepare(self.reference())
        self.workers.start(self.first_workers(), EVENT_S)
        say(f"{self.stack.name} is ready in {time.monotonic() - begun:.1f} s")

    def make_servers(self):
        pass

    def first_workers(self):
        return self.workers.all()

    def end(self):
        if self.workers is not None:
            self.workers.end_all()
        if self.cluster is not None:
            self.cluster.stop()
        self.stack.wipe()

    # --- delivering ---

    def deliver(self, night, events=()):
        """events: [(share of the night's deliveries that are acknowledged, what, action)], one after the other."""
        folder = self.folder / f"night-{night}"
        (folder / "acknowledged.jsonl").unlink(missing_ok=True)
        count = len(list(folder.glob("*.csv")))
        begun = time.monotonic()
        happening = threading.Thread(target=self.happen, args=(folder, count, events), daemon=True)
        self.error = None
        happening.start()
        done = self.workers.ctl("deliver", "--json", "--parallel", PARALLEL, str(folder), capture_output=True,
                                text=True)
        if done.returncode not in (0, 1):
            raise StackError(f"instroomctl deliver ended with {done.returncode}: {done.stderr[-500:]}")
        taken_s = time.monotonic() - begun
        happening.join(EVENT_S * max(1, len(events)))
        if self.error or happening.is_alive():
            raise StackError(f"night {night}: {self.error or 'what was to happen has not ended'}")
        if self.workers.ctl("wait", "--quiet", "--timeout", str(WAIT_S)).returncode != 0:
            raise StackError(f"night {night}: not everything was judged and written in {WAIT_S} s")
        all_s = time.monotonic() - begun
        answer = json.loads(done.stdout)
        say(f"night {night}: {answer['accepted']} deliveries, {answer['lines']} lines; taken in {taken_s:.1f} s, in "
            f"the register in {all_s:.1f} s: {answer['lines'] / all_s:,.0f} lines/s")

    def happen(self, folder, count, events):
        try:
            for share, what, action in events:
                self.wait_for_share(folder, share * count)
                begun = time.monotonic()
                action()
                say(f"    {what}: at {self.acknowledged(folder)} of {count} deliveries taken, "
                    f"{time.monotonic() - begun:.1f} s")
        except Exception as error:  # noqa: BLE001  whatever it is: a thread ends unseen, deliver() raises it
            self.error = error

    @staticmethod
    def acknowledged(folder):
        path = folder / "acknowledged.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def wait_for_share(self, folder, count):
        wait_for(f"{count:.0f} deliveries are taken", lambda: self.acknowledged(folder) >= count, WAIT_S)

    # --- what came of it ---

    def sql(self, text):
        server = self.pair.leader if self.pair else self.stack.named("postgres")[0]
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", server.conninfo("postgres"),
                               "-c", text], check=True, capture_output=True)
        return done.stdout

    def ctl(self, *words):
        done = self.workers.ctl(*words, capture_output=True)
        if done.returncode != 0:
            raise StackError(f"instroomctl {' '.join(words)} ended with {done.returncode}: "
                             f"{(done.stdout + done.stderr)[-800:].decode(errors='replace')}")
        return done.stdout

    def feedback(self):
        return self.feedback_of(self.workers.named("gateway1")[0], self.sql)

    def feedback_of(self, gateway, sql):
        """SHA-256 of each terugmelding, one line each. sql: asks the register of that gateway."""
        token = (self.workers.dir / "token").read_text()
        rows = sql("select lpad(board::text, 5, '0'), delivery_id from register.delivery order by board, sequence, "
                   "delivery_id").decode().splitlines()

        def fetch(row):
            board, delivery = row.split("|")
            request = urllib.request.Request(
                f"{gateway.address}/v1/besturen/{board}/leveringen/{delivery}/terugmelding",
                headers={"Authorization": f"Bearer {token}", "Accept": "text/csv"})
            with urllib.request.urlopen(request, timeout=EVENT_S) as answer:
                return f"{row} {hashlib.sha256(answer.read()).hexdigest()}\n"
        with ThreadPoolExecutor(4) as pool:
            return "".join(pool.map(fetch, rows)).encode()

    def prove(self):
        self.ctl("ledger", "--check")
        begun = time.monotonic()
        self.ctl("verify", "--all")
        say("the ledger balances; derived again from the log the register is the same "
            f"({time.monotonic() - begun:.1f} s)")

    def outcome(self):
        self.prove()
        return {"register with BSN": self.ctl("stand", "--all", "--with-bsn"), "states": self.sql(REGISTER_SQL),
                "deliveries": self.sql(DELIVERIES_SQL), "findings": self.sql(FINDINGS_SQL),
                "ledger": self.ctl("ledger", "--json"), "terugmeldingen": self.feedback()}


def compare(outcomes, folder):
    """How many parts differ. outcomes: {side: outcome()} of two sides; what differs is kept in the folder."""
    (one, first), (other, second) = outcomes.items()
    differing = 0
    for name in first:
        is_same = first[name] == second[name]
        differing += not is_same
        say(f"{'equal' if is_same else 'DIFFERENT'}: {name}, {len(first[name]):,} bytes, "
            f"{first[name].count(bytes([10])):,} lines, SHA-256 {hashlib.sha256(first[name]).hexdigest()[:16]}")
        if not is_same:
            for side, content in ((one, first), (other, second)):
                (folder / f"{name.replace(' ', '-')}.{side}").write_bytes(content[name])
    return differing
