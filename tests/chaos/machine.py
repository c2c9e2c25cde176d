"""machine: one private stack with fault proxies before its servers, and the workers of one trial at a time on it.

Servers stay from trial to trial; each trial has topics, consumer groups and a register of its own. Every worker reaches
Kafka, Redis and PostgreSQL through a proxy; the checks afterwards go straight to the servers. Each kind has its own
proxy to PostgreSQL, so that one can lose its register while the others keep it.
"""
import itertools
import os
import shutil
import subprocess
import threading
import time

from fault_proxy import FaultProxy
from private_stack import kafka, kafka_wire
from private_stack import stack as stacks
from private_stack import workers as programs
from private_stack.places import StackError, TooSlow, give_to

PARTITIONS = 3
SESSION_S = 2.0        # of the workers' groups
WAIT_S = 60
SMALL_DISK_MIB = 16
LOG_DISK_MIB = 1024
FAULTY_LISTENER, LOGIN_LISTENER = "FAULTY", "LOGIN"
# Short, so that what is waited for in production for half a minute shows here within a trial.
SETTINGS = {
    "gateway": {"kafka.delivery.max": "5s", "confirm.wait.max": "4s", "pg.connect.max": "1s", "pg.statement.max": "3s"},
    "validate": {"kafka.session.max": f"{SESSION_S:g}s", "kafka.delivery.max": "10s", "pg.connect.max": "1s",
                 "pg.statement.max": "3s", "drain.max": "5s"},
    "write": {"kafka.session.max": f"{SESSION_S:g}s", "kafka.wait.max": "2s", "pg.connect.max": "1s",
              "pg.lock.max": "2s",
              "pg.idle.max": "3s", "pg.statement.max": "10s", "drain.max": "5s"},
    "instroomctl": {},
}


class ProxiedKafka(kafka.Kafka):
    """Two more listeners, which tell their clients the address of a proxy: what asks there stays on the far side of
    it. At the second one logs in, by SCRAM."""

    def properties(self):
        settings = super().properties()
        for name, port, proxy_port in ((FAULTY_LISTENER, self.stack.faulty_port, self.stack.kafka_proxy_port),
                                       (LOGIN_LISTENER, self.stack.login_port, self.stack.login_proxy_port)):
            settings["listeners"] += f",{name}://127.0.0.1:{port}"
            settings["advertised.listeners"] += f",{name}://127.0.0.1:{proxy_port}"
        settings["listener.security.protocol.map"] = \
            f"PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,{FAULTY_LISTENER}:PLAINTEXT,{LOGIN_LISTENER}:SASL_PLAINTEXT"
        settings["inter.broker.listener.name"] = "PLAINTEXT"
        settings["sasl.enabled.mechanisms"] = "SCRAM-SHA-512"
        settings[f"listener.name.{LOGIN_LISTENER.lower()}.scram-sha-512.sasl.jaas.config"] = \
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        return settings


class ProxiedStack(stacks.Stack):
    """One broker: behind proxies. Three: without, as each would need its own."""

    @property
    def faulty_port(self):
        return programs.free_ports(self)[0]

    @property
    def kafka_proxy_port(self):
        return programs.free_ports(self)[1]

    @property
    def login_port(self):
        return programs.free_ports(self)[2]

    @property
    def login_proxy_port(self):
        return programs.free_ports(self)[3]

    def nodes(self):
        if self.record["brokers"] == 1 and "kafka" in self.record["servers"]:
            return [ProxiedKafka(self, 1, 1)]
        return super().nodes()


class Machine:
    def __init__(self, name, build, brokers=1):
        self.stack = ProxiedStack(name)
        self.build = build
        self.brokers = brokers
        self.generations = itertools.count(1)
        self.generation = 0
        self.proxies = {}
        self.workers = None
        self.restoring = threading.Lock()  # while the register is set back nobody plans by what it says
        self.operators = set()             # instroomctl processes of the trial that runs
        self.pair = None                   # of PostgreSQL servers, while a trial has two: the register is its leader's

    # --- its life ---

    def up(self):
        if self.stack.record is not None:
            self.stack.wipe()
            self.stack = ProxiedStack(self.stack.name)
        self.stack.up({"partitions": PARTITIONS, "brokers": self.brokers, "servers": None, "no_topics": True,
                       "tmpfs": False, "base_port": None, "wait": WAIT_S})
        if self.brokers == 1:
            self.proxies["kafka"] = FaultProxy(self.stack.faulty_port, self.stack.kafka_proxy_port)
            self.proxies["kafka-login"] = FaultProxy(self.stack.login_port, self.stack.login_proxy_port)
        self.proxies["redis"] = FaultProxy(self.stack.port("redis"))
        for kind in programs.KINDS:
            self.proxies[f"pg-{kind}"] = FaultProxy(self.stack.port("postgres"))
        self.workers = programs.Workers(self.stack)

    def wipe(self):
        for proxy in self.proxies.values():
            proxy.close()
        self.proxies.clear()
        for disk, server in ((self.small_disk, "postgres"), (self.log_disk, "kafka1")):
            if disk.is_mount():
                self.server(server).discard()
                subprocess.run(["umount", disk], check=True)
        self.stack.wipe()

    @property
    def small_disk(self):
        return self.stack.dir / "small-disk"

    def move_to_small_disk(self, tables):
        """Puts tables of the register on a tablespace of SMALL_DISK_MIB, in memory. Only root may mount."""
        if not self.small_disk.is_mount():
            self.small_disk.mkdir(exist_ok=True)
            mount_memory(self.small_disk, SMALL_DISK_MIB, self.stack.user)
        if not self.sql("select 1 from pg_tablespace where spcname = 'small'"):
            self.sql(f"create tablespace small location '{self.small_disk}'")
            self.sql("grant create on tablespace small to instroom_owner")
        for table in tables:
            self.sql(f"alter table register.{table} set tablespace small", "OWNER")

    @property
    def log_disk(self):
        return self.stack.named("kafka1")[0].dir / "data"

    def move_log_to_own_disk(self):
        """Kafka's log on a disk in memory, which can be made as small as what lies on it. It stays there."""
        if self.log_disk.is_mount():
            return
        server, aside = self.server("kafka1"), self.log_disk.with_name("data-aside")
        server.stop()
        os.rename(self.log_disk, aside)
        self.log_disk.mkdir()
        mount_memory(self.log_disk, LOG_DISK_MIB, self.stack.user)
        subprocess.run(["cp", "-a", f"{aside}/.", self.log_disk], check=True)
        shutil.rmtree(aside)
        restart(server)

    def size_log_disk(self, is_full):
        """Full: as small as what the disk itself says is used, deleted files that are open included. The broker may
        write in between: then the size is refused, and asked for anew."""
        deadline = time.monotonic() + WAIT_S
        while True:
            disk = os.statvfs(self.log_disk)
            used_kib = (disk.f_blocks - disk.f_bfree) * disk.f_frsize // 1024
            size = f"{used_kib}k" if is_full else f"{LOG_DISK_MIB}m"
            is_late = time.monotonic() > deadline
            done = subprocess.run(["mount", "-o", f"remount,size={size}", self.log_disk], check=is_late,
                                  stderr=None if is_late else subprocess.DEVNULL)
            if done.returncode == 0:
                return

    def server(self, name):
        return self.stack.named(name)[0]

    # --- a trial ---

    def settings(self, extra):
        """Of a new generation, through the proxies; extra: {kind: {key: value}} on top."""
        self.generation = next(self.generations)
        topics = programs.generation(self.generation)
        env = self.stack.env()
        found = {kind: SETTINGS[kind] | topics[kind] for kind in SETTINGS}
        for kind, role in (("gateway", "READER"), ("validate", "READER"), ("write", "WRITER")):
            found[kind]["pg.conninfo"] = env[f"INSTROOM_PG_{role}"].replace(
                f"port={self.stack.port('postgres')}", f"port={self.proxies[f'pg-{kind}'].port}")
            if self.brokers == 1:
                found[kind]["kafka.brokers"] = f"127.0.0.1:{self.stack.kafka_proxy_port}"
        found["validate"]["redis.address"] = f"127.0.0.1:{self.proxies['redis'].port}"
        return {kind: values | extra.get(kind, {}) for kind, values in found.items()}

    def begin(self, counts, extra, tables, mended_tables=None, sql=""):
        """Settings, empty register, topics, reference data; mended_tables: for replays; sql: on top of the migrations,
        as the owner. Starts no worker."""
        for path in (self.stack.dir / "workers").glob("*.log"):
            path.unlink()
        for path in (self.stack.dir / "workers").glob("[gvw]*.conf"):
            path.unlink()
        self.workers.set_up(self.build, counts, True, self.settings(extra))
        self.workers.empty_register()
        self.workers.prepare(tables)
        if mended_tables:
            self.publish_mended(tables, mended_tables)
        if sql:
            self.sql(sql, "OWNER")

    def publish_mended(self, tables, mended_tables):
        """Better tables, not in force: validators know them in the topic, a plan of a replay finds them in one of its
        own."""
        for words in ((self.mended_option, "migrate"), ("reference", "import", str(mended_tables)),
                      ("reference", "publish"), (self.mended_option, "reference", "publish"),
                      ("reference", "import", str(tables)), ("reference", "publish")):
            done = self.workers.ctl(*words, capture_output=True, text=True)
            if done.returncode != 0:
                raise StackError(f"instroomctl {' '.join(words)} failed ({done.returncode}): {done.stderr.strip()}")

    @property
    def mended_option(self):
        return f"--topic.reference=instroom.mended.{self.generation}"

    def change_settings(self, worker, values):
        """Of one worker, before it starts."""
        self.change_file(worker.config.name, values)

    def change_file(self, name, values):
        """Settings in a file of the workers."""
        text = (self.workers.dir / name).read_text()
        self.workers.write(name, dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line) | values)

    def end(self):
        """After a trial: proxies are well, its topics go."""
        for proxy in self.proxies.values():
            proxy.fault = None
        self.delete_topics([self.topic(name) for name in ("raw", "verdict", "quarantine", "reference", "mended")])

    def delete_topics(self, names):
        try:
            kafka_wire.delete_topics(self.server("kafka1").port, names)
        except (OSError, ValueError, RuntimeError):
            pass  # they only cost room

    def make_topics(self):
        """Those that are missing."""
        done = self.workers.ctl("migrate", capture_output=True, text=True)
        if done.returncode != 0:
            raise StackError(f"instroomctl migrate failed ({done.returncode}): {done.stderr.strip()}")

    def wait_for_topics(self, are_there, names, wait_s=WAIT_S):
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            try:
                topics = kafka_wire.metadata(self.server("kafka1").port)[1]
            except (OSError, ValueError):
                topics = {}
            if all((name in topics and not any(topics[name])) == are_there for name in names):
                return
            time.sleep(0.1)
        raise TooSlow(f"{', '.join(names)}: still {'missing' if are_there else 'there'} after {wait_s} s")

    def operate(self, *words, wait_s=WAIT_S):
        """instroomctl as an operator runs it: a fault may kill it. (exit status, what it printed)"""
        program = [self.workers.program("instroomctl"), "--config", str(self.workers.dir / "instroomctl.conf")]
        child = subprocess.Popen([*program, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.operators.add(child)
        try:
            said, _ = child.communicate(timeout=wait_s)
        except subprocess.TimeoutExpired:
            child.kill()
            said, _ = child.communicate()
        finally:
            self.operators.discard(child)
        return child.returncode, said

    # --- asking the servers ---

    def topic(self, name):
        return f"instroom.{name}.{self.generation}"

    def broker(self):
        return self.stack.env()["INSTROOM_KAFKA_BROKERS"]

    def sql(self, text, role="ADMIN", wait_s=10):
        """Rows as text, columns by tab. Raises CalledProcessError when the server does not do it."""
        conninfo = self.stack.env()[f"INSTROOM_PG_{role}"]
        if self.pair is not None:
            conninfo += f" port={self.pair.leader.port}"
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1",
                               f"{conninfo} connect_timeout={wait_s}", "-c", text],
                              check=True, capture_output=True, text=True, timeout=WAIT_S)
        return done.stdout

    def redis(self, *words):
        done = subprocess.run(["redis-cli", "-p", str(self.stack.port("redis")), *words], check=True,
                              capture_output=True,
                              text=True, timeout=WAIT_S)
        return done.stdout

    def wait_until_written(self, wait_s):
        """false: not all that is in the log has been judged and written in time."""
        deadline = time.monotonic() + wait_s
        while True:
            left = max(1, int(deadline - time.monotonic()))
            done = self.workers.ctl("wait", "--quiet", "--timeout", str(left), capture_output=True, text=True)
            if done.returncode == 0 or time.monotonic() >= deadline:
                return done.returncode == 0
            time.sleep(0.2)


def restart(server, wait_s=WAIT_S):
    """Starts a server that was killed. Its port may be held a moment longer by connections that die."""
    server.start()
    server.wait(wait_s)


def mount_memory(directory, mib, user):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "tmpfs", directory], check=True)
    give_to(user, directory)


def copy_of(directory, target):
    """With owners, as the servers run as another user."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", directory, target], check=True)


def give_all_to(user, directory):
    for path in (directory, *directory.rglob("*")):
        give_to(user, path)


def swap(directory, copy):
    shutil.rmtree(directory)
    os.rename(copy, directory)


__all__ = ["Machine", "StackError", "TooSlow", "PARTITIONS", "SESSION_S", "restart", "copy_of", "give_all_to", "swap",
           "programs"]
