"""rig: the stack of the benchmark, the programs on it, and the two ways of timing them.

from the log    writers and validators are idle and have their partitions; validators are stopped in their tracks,
                everything is uploaded, so that the raw topic is full, and the clock runs from the moment validators may
                run to the commit that takes the cursor to the end of the log.
the whole way   everything runs and is idle. The clock runs from the start of the uploads to that same commit.

Every generation has topics of its own and begins with an empty register and an empty Redis, on the same servers.
"""
import json
import signal
import socket
import subprocess
import time
import urllib.request

from private_stack import kafka_wire
from private_stack import stack as stacks
from private_stack import workers as programs
from private_stack.places import StackError

from . import counts
from .meter import Meter, wait_for
from .sample import Sample
from .sql import Sql

NAME = "bench"
PARTITIONS = 12
PROCESSES = 2  # validators, and writers: as many as the peer we are held against has
PARALLEL = "64"
WAIT_S, START_S = 600, 60
CURSOR_STEP_S, OWNED_STEP_S = 0.02, 0.05
REGISTER_TABLES = ("teacher", "teacher_history")
SESSION = "20s"  # several times what filling the log takes; starts wait for a heartbeat, which is a tenth of it
OWNED = {"validate": 'instroom_partitions{stage="validate",state="owned"}',
         "write": 'instroom_partitions{stage="write",state="owned"}'}


class Rig:
    def __init__(self, build):
        self.build = build
        self.number = 1  # topics of generation 1 are the stack's own and stay empty
        self.expected = 0
        self.numbers = {"gateway": 1, "validate": PROCESSES, "write": PROCESSES}
        self.counts = None  # counts.Counts: workers are started with counters
        self.meter = Meter(self.processes)

    # --- servers and programs ---

    def start(self):
        stack = stacks.Stack(NAME)
        if stack.record is not None:
            programs.Workers(stack).end_all()
        stack.wipe()
        self.stack = stacks.Stack(NAME)
        self.stack.up({"partitions": PARTITIONS, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False,
                       "base_port": None, "wait": 60})
        self.workers = programs.Workers(self.stack)
        self.env = self.stack.env()
        self.sql = Sql(self.env["INSTROOM_PG_ADMIN"])

    def stop(self):
        """Ends what was started, also after half a start."""
        if hasattr(self, "sql"):
            self.sql.close()
        if hasattr(self, "stack"):
            self.stack.wipe()

    def processes(self):
        found = [(worker.kind, worker.process) for worker in self.workers.all(self.numbers)]
        return found + [("kafka" if server.name.startswith("kafka") else server.name, server.process)
                        for server in self.stack.servers()]

    def of(self, *kinds):
        return [worker for worker in self.workers.all(self.numbers) if worker.kind in kinds]

    def end(self, *kinds):
        self.workers.end(self.of(*kinds), signal.SIGTERM, 60)

    def start_and_wait(self, *kinds):
        for worker in self.of(*kinds):
            worker.start(self.counts.environment(worker) if self.counts else ())
        self.workers.start(self.of(*kinds), START_S)

    def generation(self, reference, partitions=PARTITIONS, processes=PROCESSES, ctl_settings=None):
        """A new log, an empty register, an empty Redis, one gateway that is ready; validators and writers are down."""
        if self.workers.dir.exists():
            self.end("gateway", "validate", "write")
            self.workers.empty_register()
        self.number += 1
        self.expected = 0
        self.numbers = {"gateway": 1, "validate": processes, "write": processes}
        settings = programs.generation(self.number)
        settings["instroomctl"] |= {"topic.partitions": partitions} | (ctl_settings or {})
        settings["validate"] |= {"kafka.session.max": SESSION}
        self.workers.set_up(self.build, self.numbers, False, settings)
        self.topics = settings["instroomctl"]
        self.prepare(reference)

    def prepare(self, reference):
        self.redis("FLUSHALL")
        self.workers.prepare(reference)
        self.start_and_wait("gateway")

    def make_topic(self, name, partitions=PARTITIONS, **settings):
        port = self.stack.port("kafka1")
        failed = kafka_wire.create_topics(port, [(name, partitions, 1, {"max.message.bytes": 64 << 20} | settings)])
        if failed:
            raise StackError(f"topic {name} could not be made: {failed}")

    def redis(self, *words):
        """The reply's first line; of INFO the whole."""
        command = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        with socket.create_connection(("127.0.0.1", self.stack.port("redis")), 10) as line:
            line.sendall(command.encode())
            reply = line.recv(1 << 16).decode()
            while reply.startswith("$") and len(reply) < int(reply[1:reply.index("\r")]):
                reply += line.recv(1 << 16).decode()
        return reply

    def redis_bytes(self):
        return int(next(line for line in self.redis("INFO", "memory").splitlines()
                        if line.startswith("used_memory:"))[12:])

    # --- what the register did ---

    def quiet(self):
        """Nothing of what was before is left to be written: every measurement begins right behind a checkpoint."""
        self.sql.ask("checkpoint")

    def lsn(self):
        return int(self.sql.one("select (pg_current_wal_insert_lsn() - '0/0')::bigint"))

    def touched(self):
        """Rows of the register's teacher tables inserted, updated and deleted so far."""
        self.sql.ask("select pg_stat_clear_snapshot()")
        names = ", ".join(f"'{name}'" for name in REGISTER_TABLES)
        row = self.sql.one("select coalesce(sum(n_tup_ins), 0), coalesce(sum(n_tup_upd), 0), coalesce(sum(n_tup_del), "
                           "0) "
                           f"from pg_stat_user_tables where schemaname = 'register' and relname in ({names})")
        return [int(value) for value in row.split("|")]

    def applied(self):
        return int(self.sql.one(f"select coalesce(sum(next_raw), 0) from register.cursor where topic = "
                                f"'{self.topics['topic.raw']}'"))

    def wait_until_applied(self):
        at = wait_for(lambda: self.applied() >= self.expected, WAIT_S, CURSOR_STEP_S)
        if at is None:
            raise StackError(f"not all was written within {WAIT_S} s: see {self.workers.dir}/*.log")
        return at

    # --- measuring ---

    def deliver(self, folder, parallel=PARALLEL):
        (folder / "acknowledged.jsonl").unlink(missing_ok=True)
        done = self.workers.ctl("deliver", "--json", "--quiet", "--parallel", parallel, str(folder),
                                capture_output=True, text=True)
        if done.returncode != 0:
            raise StackError(f"instroomctl deliver ended with {done.returncode}: {done.stderr.strip()}")
        answer = json.loads(done.stdout)
        self.expected += answer["accepted"]
        return answer["lines"]

    def begin(self):
        self.quiet()
        self.rows_before, self.lsn_before = self.touched(), self.lsn()
        self.counts_before = self.read_counts()
        self.meter.start()

    def read_counts(self):
        return self.counts.read(self.workers.all(self.numbers)) if self.counts else None

    def finish(self, workload, way, data, lines, seconds, setting=""):
        cpu, peak = self.meter.stop()
        wal = self.lsn() - self.lsn_before
        counted = counts.between(self.counts_before, self.read_counts(), ("validate", "write")) if self.counts else {}
        self.end("validate", "write")  # their backends report what they counted when they end
        rows = [after - before for after, before in zip(self.touched(), self.rows_before)]
        extra = {"wal_bytes": wal, "rows_inserted": rows[0], "rows_updated": rows[1], "rows_deleted": rows[2],
                 "redis_bytes": self.redis_bytes(),
                 "database_bytes": int(self.sql.one("select pg_database_size('instroom')"))} | counted
        return Sample(workload, way, "instroom", data.size, lines, seconds, cpu, peak, self.meter.load, extra, setting)

    def owned(self, kind):
        """Partitions that processes of this kind have been given, by their own word."""
        total = 0
        for worker in self.of(kind):
            with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/metrics", timeout=5) as answer:
                total += sum(int(float(line.split()[1])) for line in answer.read().decode().splitlines()
                             if line.startswith(OWNED[kind]))
        return total

    def wait_until_owned(self):
        for kind in OWNED:
            if wait_for(lambda kind=kind: self.owned(kind) == self.topics["topic.partitions"], START_S,
                        OWNED_STEP_S) is None:
                raise StackError(f"not every partition was given to a process of {kind} within {START_S} s")

    def from_log(self, workload, data, folder, setting=""):
        """Validators have their partitions and are stopped in their tracks while the log is filled; then they may
        run."""
        self.start_and_wait("write", "validate")
        self.wait_until_owned()
        validators = self.of("validate")
        for worker in validators:
            worker.process.signal(signal.SIGSTOP)
        try:
            before, deliveries = self.read_counts(), self.expected
            lines = self.deliver(folder)
            uploads = counts.between(before, self.read_counts(), ("gateway",)) if self.counts else {}
            self.begin()
        finally:
            begun = time.monotonic()
            for worker in validators:
                worker.process.signal(signal.SIGCONT)
        sample = self.finish(workload, "log", data, lines, self.wait_until_applied() - begun, setting)
        sample.extra |= uploads | ({"deliveries": self.expected - deliveries} if self.counts else {})
        return sample

    def from_verdicts(self, workload, data, lines):
        """What was judged before and must be written again: writers have work at once, so the clock starts with
        them."""
        self.begin()
        begun = time.monotonic()
        self.workers.start(self.of("write", "validate"), 0)
        return self.finish(workload, "log", data, lines, self.wait_until_applied() - begun)

    def whole_way(self, workload, data, name):
        self.start_and_wait("write", "validate")
        self.begin()
        begun = time.monotonic()
        lines = self.deliver(data.folder(name) if isinstance(name, str) else name)
        return self.finish(workload, "whole", data, lines, self.wait_until_applied() - begun)

    def check_ledger(self):
        done = self.workers.ctl("ledger", "--check", "--json", capture_output=True, text=True)
        if done.returncode != 0:
            raise StackError(f"the ledger does not balance, no figure of this run counts: {done.stdout}{done.stderr}")

    def psql(self, *words, role="OWNER"):
        done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.env[f"INSTROOM_PG_{role}"], *words],
                              check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise StackError(f"psql ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout
