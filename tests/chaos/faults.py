"""faults: what a trial can suffer. Each kind says how it is made; `draw` picks parameters from the trial's random
source.

    prepare(machine, crash_at)   before the workers start: settings of one worker, crash points
    before_load(machine)         when they are ready and nothing was sent yet
    strike(machine)              in the middle of the load, when `at` of the events have been answered; at None: never
    heal(machine)                lasts_s later
    end(machine)                 after the load: nothing of the fault may be left
    afterwards(machine)          when all is written, before the outcome is collected
    clean_up(machine)            when the trial is over, however it ended
needs: how many workers of a kind it takes.
"""
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

from fault_proxy import CutAfter, CutAt, Delay, Drop, HalfClose, Refuse

from private_stack import kafka_wire, postgres
from private_stack.places import as_user
from private_stack.standby import wait_for

from .machine import PARTITIONS, SESSION_S, StackError, TooSlow, copy_of, give_all_to, restart, swap

CRASH_POINTS = {
    "gateway": ("gateway.checked", "gateway.acknowledged"),
    "validate": ("validate.polled", "validate.judged", "validate.produced", "validate.delivered", "validate.advanced",
                 "validate.folded", "validate.began"),
    "write": ("write.fenced", "write.teachers-written", "write.isolating", "write.before-commit", "write.committed",
              "write.forget-published"),
}
KIND_OF_POINT = {point: kind for kind, points in CRASH_POINTS.items() for point in points}
ZOMBIE_S = SESSION_S + 1.0
PARKED_WAIT_S = 90
LOCKED_WAIT_S = 60
NOTICED_WAIT_S = 90  # an idle writer looks every 10 s
PRODUCER_DEAD = frozenset({70})      # the worker asks to be started again
MIGRATION_MISSING = frozenset({78})  # an operator has to act before it is started again


def page(worker, path):
    """(status, text) of a worker's status page; status 0: no answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Fault:
    needs = {}
    resource = None  # what only one fault of a trial may touch; None: any number
    may_end_with = frozenset()  # exit statuses of workers that it may lead to, beside those of every trial
    makes_refusals = False      # in a trial where it must strike a gateway answers 503
    makes_failures = False      # likewise 500, which is a finding in any other trial
    makes_denials = False       # likewise 401
    keeps_log = True            # the log can be read from its beginning afterwards
    stays = False               # until all is written, however long that takes

    def __init__(self, at=None, lasts_s=0.0):
        self.at, self.lasts_s = at, lasts_s
        self.is_open = self.was_open = False

    @classmethod
    def draw(cls, rng):
        return cls(at=round(rng.uniform(0.05, 0.8), 2), lasts_s=round(rng.uniform(0.3, 2.5), 1))

    def text(self):
        when = f"@{self.at:g}" if self.at is not None else ""
        return type(self).__name__ + when + (f"+{self.lasts_s:g}s" if self.lasts_s else "")

    def prepare(self, machine, crash_at):
        pass

    def before_load(self, machine):
        pass

    def strike(self, machine):
        self.is_open = self.was_open = True
        self.begin(machine)

    def has_struck(self, keeper):
        """Whether it did anything at all: a fault that sleeps proves nothing."""
        return self.was_open or self.at is None

    def heal(self, machine):
        if self.is_open:
            self.is_open = False
            self.cure(machine)

    def end(self, machine):
        if not self.stays:
            self.heal(machine)

    def afterwards(self, machine):
        self.heal(machine)

    def begin(self, machine):
        pass

    def cure(self, machine):
        pass

    def clean_up(self, machine):
        """When the outcome is collected: what the next trial must not find."""


# --- our own processes ---


class Crash(Fault):
    """The first worker of a kind dies at the hit-th passing of a crash point and is started again; then: points of its
    next lives, at their first passing."""

    def __init__(self, point, hit, number=1, then=()):
        super().__init__()
        self.point, self.hit, self.number, self.then = point, hit, number, then

    @classmethod
    def draw(cls, rng):
        point = rng.choice(sorted(KIND_OF_POINT))
        then = rng.choices(CRASH_POINTS[KIND_OF_POINT[point]], k=rng.choice((0, 0, 1)))
        return cls(point, rng.choice((1, 1, 2, 3, 5, 8)), then=tuple(then))

    def text(self):
        return f"Crash {self.point}:{self.hit}" + "".join(f" {point}:1" for point in self.then)

    def plan(self):
        return f"{self.point}:{self.hit}"

    def prepare(self, machine, crash_at):
        lives = crash_at.setdefault(f"{KIND_OF_POINT[self.point]}{self.number}", [])
        for life, plan in enumerate((self.plan(), *self.then)):
            if life < len(lives):
                lives[life] += "," + plan
            else:
                lives.append(plan)

    def has_struck(self, keeper):
        return keeper.crashes_of(KIND_OF_POINT[self.point]) > len(self.then)


class StopAt(Crash):
    """It stops there instead, a second instance takes over after the session's time, and it wakes up in the middle of
    what it did: a zombie at an exact place."""

    def __init__(self, point, hit, number=1, lasts_s=ZOMBIE_S):
        super().__init__(point, hit, number)
        self.lasts_s = lasts_s
        self.needs = {KIND_OF_POINT[point]: 2}
        self.is_over = threading.Event()
        self.has_stopped = False

    @classmethod
    def draw(cls, rng):
        points = CRASH_POINTS["validate"] + CRASH_POINTS["write"]
        return cls(rng.choice(points), rng.choice((1, 2, 3)), lasts_s=rng.choice((0.5, ZOMBIE_S, 2 * ZOMBIE_S)))

    def text(self):
        return f"StopAt {self.point}:{self.hit}+{self.lasts_s:g}s"

    def plan(self):
        return f"{self.point}:{self.hit}=stop"

    def prepare(self, machine, crash_at):
        super().prepare(machine, crash_at)
        worker = machine.workers.named(f"{KIND_OF_POINT[self.point]}{self.number}")[0]
        threading.Thread(target=self.wake, args=(worker,), daemon=True).start()

    def has_struck(self, keeper):
        return self.has_stopped

    def wake(self, worker):
        while not self.is_over.wait(0.05):
            if worker.process.is_paused():
                self.has_stopped = True
                self.is_over.wait(self.lasts_s)
                worker.process.signal(signal.SIGCONT)
                return

    def end(self, machine):
        """A stop that has not come yet may still come while the rest is written: it is then woken soon."""
        threading.Timer(2 * ZOMBIE_S, self.is_over.set).start()


class Kill(Fault):
    """kill -9 at any moment."""

    def __init__(self, kind, number=1, again=1, **options):
        super().__init__(**options)
        self.kind, self.number, self.again = kind, number, again

    @classmethod
    def draw(cls, rng):
        return cls(rng.choice(("gateway", "validate", "write")), again=rng.choice((1, 1, 2)),
                   at=round(rng.uniform(0.05, 0.8), 2), lasts_s=rng.choice((0.5, 2.0)))

    def text(self):
        return f"{type(self).__name__} {self.kind} {self.again}x@{self.at:g}"

    number_of_signal = signal.SIGKILL

    def begin(self, machine):
        threading.Thread(target=self.kill, args=(machine.workers.named(f"{self.kind}{self.number}")[0],),
                         daemon=True).start()

    def kill(self, worker):
        for _ in range(self.again):
            worker.process.signal(self.number_of_signal)
            time.sleep(self.lasts_s / self.again)


class Term(Kill):
    """Ended in good order, and started again."""

    number_of_signal = signal.SIGTERM


class Rolled(Fault):
    """Two of each kind, ended in good order and started again, one after the other, as for a new release. Partitions
    move, but nothing is judged twice: there are as many verdicts as raw messages."""

    needs = {"gateway": 2, "validate": 2, "write": 2}
    WAIT_S = 120

    def __init__(self, **options):
        super().__init__(**options)
        self.restarted, self.error, self.counts = [], None, {}

    def begin(self, machine):
        self.thread = threading.Thread(target=self.roll, args=(machine,), daemon=True)
        self.thread.start()

    def roll(self, machine):
        try:
            for worker in machine.workers.all():
                before = worker.process.pid()
                worker.process.signal(signal.SIGTERM)
                wait_for(f"{worker.name} is started again",
                         lambda: worker.process.pid() not in (None, before) and worker.is_ready(), self.WAIT_S)
                self.restarted.append(worker.name)
        except StackError as error:
            self.error = error

    def cure(self, machine):
        self.thread.join(6 * self.WAIT_S)
        if self.error or self.thread.is_alive():
            raise TooSlow(f"only {', '.join(self.restarted)} were restarted: {self.error}")

    def afterwards(self, machine):
        super().afterwards(machine)
        for name in ("raw", "verdict"):
            done = subprocess.run(["kcat", "-C", "-e", "-q", "-b", machine.broker(), "-t", machine.topic(name), "-f",
                                   "%p\n"], check=True, capture_output=True, timeout=60)
            self.counts[name] = done.stdout.count(b"\n")

    def has_struck(self, keeper):
        return len(self.restarted) == sum(self.needs.values()) and self.counts["raw"] == self.counts["verdict"]

    def text(self):
        return super().text() + (f" {self.counts}" if self.counts else "")


def give_names(machine, **settings):
    """Each worker that is in a group has a name of its own there."""
    for worker in machine.workers.named("validate") + machine.workers.named("write"):
        machine.change_settings(worker, {"kafka.group.instance": worker.name} | settings)


class RolledByName(Rolled):
    """The same with a name for each in its group: who comes back has what it had, and nobody else hears of it. So each
    partition is assigned once while the validators are restarted."""

    ASSIGNED = b" event=partition.assigned "

    def prepare(self, machine, crash_at):
        super().prepare(machine, crash_at)
        give_names(machine, **{"kafka.session.max": "60s"})

    def count_assigned(self, machine):
        return [worker.process.log_file.read_bytes().count(self.ASSIGNED)
                for worker in machine.workers.named("validate")]

    def roll(self, machine):
        try:
            wait_for("each validator has partitions", lambda: min(self.count_assigned(machine)) > 0, self.WAIT_S)
        except StackError as error:
            self.error = error
            return
        before = sum(self.count_assigned(machine))
        super().roll(machine)
        self.before = before

    def afterwards(self, machine):
        super().afterwards(machine)
        self.counts["assigned"] = sum(self.count_assigned(machine)) - self.before

    def has_struck(self, keeper):
        return super().has_struck(keeper) and self.counts["assigned"] == PARTITIONS


class Zombie(Fault):
    """One of two instances stops for longer than its session, and wakes up."""

    def __init__(self, kind, **options):
        super().__init__(**options)
        self.kind = kind
        self.needs = {kind: 2}

    @classmethod
    def draw(cls, rng):
        return cls(rng.choice(("validate", "write")), at=round(rng.uniform(0.05, 0.6), 2), lasts_s=ZOMBIE_S)

    def text(self):
        return f"Zombie {self.kind}@{self.at:g}+{self.lasts_s:g}s"

    def begin(self, machine):
        machine.workers.named(f"{self.kind}1")[0].process.signal(signal.SIGSTOP)

    def cure(self, machine):
        machine.workers.named(f"{self.kind}1")[0].process.signal(signal.SIGCONT)


class ZombieByName(Zombie):
    """Its partitions went to the other; awake, it joins again under its name."""

    def prepare(self, machine, crash_at):
        super().prepare(machine, crash_at)
        give_names(machine)

    def text(self):
        return super().text().replace("Zombie", "ZombieByName", 1)


class TwoOwners(Fault):
    """Two instances in two consumer groups: each owns every partition, for the whole run."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.needs = {kind: 2}
        self.resource = f"groups of {kind}"

    @classmethod
    def draw(cls, rng):
        return cls(rng.choice(("validate", "write")))

    def text(self):
        return f"TwoOwners {self.kind}"

    def prepare(self, machine, crash_at):
        machine.change_settings(machine.workers.named(f"{self.kind}2")[0],
                                {"kafka.group": f"instroom-{self.kind}-other-{machine.generation}"})


class OperatorKill(Fault):
    """kill -9 of instroomctl while it plans or publishes a replay."""

    def __init__(self, **options):
        super().__init__(**options)
        self.killed = 0

    def has_struck(self, keeper):
        return self.killed > 0

    def begin(self, machine):
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.kill, args=(machine,), daemon=True)
        self.thread.start()

    def kill(self, machine):
        rng = random.Random(self.text())
        while not self.is_over.wait(rng.uniform(0.05, 0.4)):
            for child in list(machine.operators):
                child.kill()
                self.killed += 1

    def cure(self, machine):
        self.is_over.set()
        self.thread.join(5)


class KillAtSetBack(Fault):
    """kill -9 of a worker each time an operator sets a volgnummer back, while the command waits for its answer."""

    def __init__(self, kind, **options):
        super().__init__(**options)
        self.kind = kind
        self.killed = 0

    def text(self):
        return f"{type(self).__name__} {self.kind}"

    def has_struck(self, keeper):
        return self.killed > 0

    def before_load(self, machine):
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.kill, args=(machine,), daemon=True)
        self.thread.start()

    def kill(self, machine):
        rng = random.Random(self.text())
        struck = set()
        while not self.is_over.wait(0.002):
            for child in [child for child in list(machine.operators) if "set-back" in child.args]:
                if child.pid not in struck:
                    struck.add(child.pid)
                    self.is_over.wait(rng.uniform(0.0, 0.05))
                    machine.workers.named(f"{self.kind}1")[0].process.signal(signal.SIGKILL)
                    self.killed += 1

    def end(self, machine):
        self.is_over.set()
        self.thread.join(5)


# --- Redis ---


class RedisKill(Fault):
    resource = "redis"

    def begin(self, machine):
        machine.server("redis").kill()

    def cure(self, machine):
        restart(machine.server("redis"))


class RedisFlush(Fault):
    resource = "redis"

    def begin(self, machine):
        machine.redis("FLUSHALL")


class RedisDropKeys(Fault):
    """Some keys vanish, as by eviction."""

    resource = "redis"

    def begin(self, machine):
        keys = machine.redis("KEYS", "*").split()
        for key in keys[::2]:
            machine.redis("UNLINK", key)


class RedisOld(Fault):
    """Killed, and later started again from a copy of its append-only file as it was before part of the load."""

    resource = "redis"

    def begin(self, machine):
        server = machine.server("redis")
        self.copy = machine.stack.dir / "redis-copy"
        copy_of(server.dir, self.copy)

    def cure(self, machine):
        server = machine.server("redis")
        server.kill()
        swap(server.dir, self.copy)
        restart(server)


class RedisOldRdb(RedisOld):
    """The same from a snapshot (dump.rdb); it has an append-only file again afterwards."""

    def begin(self, machine):
        machine.redis("SAVE")
        super().begin(machine)
        shutil.rmtree(self.copy / "appendonlydir")
        settings = self.copy / "redis.conf"
        settings.write_text(settings.read_text().replace("appendonly yes", "appendonly no"))

    def cure(self, machine):
        super().cure(machine)
        machine.redis("CONFIG", "SET", "appendonly", "yes")
        machine.server("redis").prepare()


class RedisAway(Fault):
    """Unreachable from before the start until all is written."""

    resource = "line redis"

    @classmethod
    def draw(cls, rng):
        return cls()

    def prepare(self, machine, crash_at):
        machine.proxies["redis"].fault = Refuse()


class RedisFull(Fault):
    """maxmemory with noeviction: writes are refused."""

    resource = "redis"

    policy = "noeviction"

    def begin(self, machine):
        machine.redis("CONFIG", "SET", "maxmemory-policy", self.policy)
        machine.redis("CONFIG", "SET", "maxmemory", "1mb")

    def cure(self, machine):
        machine.redis("CONFIG", "SET", "maxmemory", "0")
        machine.redis("CONFIG", "SET", "maxmemory-policy", "noeviction")


class RedisEvicts(RedisFull):
    policy = "allkeys-random"


class RedisStaysFull(RedisFull):
    """From before the first delivery until all is written: validators have a cache that they can read, and only
    read."""

    stays = True

    @classmethod
    def draw(cls, rng):
        return cls()

    def before_load(self, machine):
        self.strike(machine)


# --- through a proxy ---


class Wire(Fault):
    """A fault of the line between our workers and a peer."""

    lines = ("redis", "pg-gateway", "pg-validate", "pg-write", "kafka")

    def __init__(self, line, **options):
        super().__init__(**options)
        self.line = line
        self.resource = f"line {line}"
        self.may_end_with = PRODUCER_DEAD if line == "kafka" else frozenset()
        self.struck = 0

    @classmethod
    def draw(cls, rng):
        return cls(rng.choice(cls.lines), at=round(rng.uniform(0.05, 0.8), 2), lasts_s=round(rng.uniform(0.3, 4), 1))

    def text(self):
        return f"{type(self).__name__} {self.line}@{self.at:g}+{self.lasts_s:g}s"

    def has_struck(self, keeper):
        return self.struck > 0

    def begin(self, machine):
        machine.proxies[self.line].fault = self.fault()

    def cure(self, machine):
        self.struck += machine.proxies[self.line].fault.struck
        machine.proxies[self.line].fault = None


class WireRefuses(Wire):
    fault = staticmethod(Refuse)


class WireDrops(Wire):
    """What went into the void is lost, so the connections that stood must not come back to life."""

    fault = staticmethod(Drop)

    def cure(self, machine):
        super().cure(machine)
        machine.proxies[self.line].cut_all()


class WireHalfCloses(Wire):
    fault = staticmethod(HalfClose)


class WireSlow(Wire):
    def fault(self):
        return Delay(0.6 if self.line == "redis" else 0.05)


class WireCuts(Wire):
    """Cut after so many bytes, again and again."""

    def begin(self, machine):
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.cut, args=(machine.proxies[self.line],), daemon=True)
        self.thread.start()

    def cut(self, proxy):
        count = 400
        while not self.is_over.is_set():
            fault = CutAfter(count)
            proxy.fault = fault
            while not fault.struck and not self.is_over.wait(0.02):
                pass
            self.struck += fault.struck
            count = count * 3 % 50000 + 100

    def cure(self, machine):
        self.is_over.set()
        self.thread.join(5)
        super().cure(machine)


class CommitCut(Wire):
    """The writer's line breaks exactly at COMMIT: before the server sees it, or before its answer comes back."""

    lines = ("pg-write",)

    def __init__(self, when, skip=0, times=3, **options):
        super().__init__("pg-write", **options)
        self.when, self.skip, self.times = when, skip, times

    @classmethod
    def draw(cls, rng):
        return cls(rng.choice(("before", "after", "after")), rng.choice((0, 1, 2)), at=round(rng.uniform(0.0, 0.6), 2),
                   lasts_s=3.0)

    def text(self):
        return f"CommitCut {self.when} {self.skip}+{self.times}@{self.at:g}"

    def fault(self):
        return CutAt(b"commit\0", self.when, self.skip, self.times)


# --- PostgreSQL ---


class PgKill(Fault):
    """kill -9, so that it recovers from its log."""

    resource = "postgres"

    def begin(self, machine):
        machine.server("postgres").kill()

    def cure(self, machine):
        restart(machine.server("postgres"))


class PgRestart(Fault):
    resource = "postgres"

    def begin(self, machine):
        machine.server("postgres").stop()

    def cure(self, machine):
        restart(machine.server("postgres"))


class PgAwayIdle(Fault):
    """Gone before anything is sent; the idle writers have noticed when the load comes."""

    resource = "postgres"

    @classmethod
    def draw(cls, rng):
        return cls(at=0.0, lasts_s=round(rng.uniform(1, 4), 1))

    def before_load(self, machine):
        self.is_open = True
        machine.server("postgres").kill()
        deadline = time.monotonic() + NOTICED_WAIT_S
        while any(worker.is_ready() for worker in machine.workers.named("write")):
            if time.monotonic() > deadline:
                raise TooSlow(f"a writer has not noticed within {NOTICED_WAIT_S} s that PostgreSQL is gone")
            time.sleep(0.1)

    def cure(self, machine):
        restart(machine.server("postgres"))


class PgReadOnly(Fault):
    resource = "postgres"

    def set(self, machine, value):
        machine.sql(f"alter system set default_transaction_read_only = {value}")
        machine.sql("select pg_reload_conf()")

    def begin(self, machine):
        self.set(machine, "on")

    def cure(self, machine):
        subprocess.run(["psql", "-X", "-q", machine.stack.env()["INSTROOM_PG_ADMIN"],
                        "-c", "set default_transaction_read_only = off",
                        "-c", "alter system reset default_transaction_read_only", "-c", "select pg_reload_conf()"],
                       check=True, capture_output=True)


class PgTerminate(Fault):
    """pg_terminate_backend at random moments."""

    resource = "postgres"

    def begin(self, machine):
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.terminate, args=(machine,), daemon=True)
        self.thread.start()

    def terminate(self, machine):
        while not self.is_over.is_set():
            try:
                machine.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename in "
                            f"{postgres.LOGINS} and random() < 0.7")
            except (OSError, subprocess.SubprocessError):
                pass
            self.is_over.wait(0.15)

    def cure(self, machine):
        self.is_over.set()
        self.thread.join(10)


class PgConnections(Fault):
    """No connection left for the writer and the readers; those that stand are ended."""

    resource = "postgres"

    def begin(self, machine):
        self.limit(machine, 0)
        machine.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename like 'instroom_%'")

    def cure(self, machine):
        self.limit(machine, -1)

    def limit(self, machine, count):
        machine.sql("; ".join(f"alter role {role} connection limit {count}" for role in postgres.LOGINS))


class PgPassword(Fault):
    """The passwords of the writer and the readers are others for a moment; who is connected is ended."""

    resource = "postgres"

    def begin(self, machine):
        self.kept = [row.split("\t") for row in machine.sql(
            f"select rolname, rolpassword from pg_authid where rolname in {postgres.LOGINS}").split("\n") if row]
        machine.sql("; ".join(f"alter role {role} password 'another'" for role in postgres.LOGINS))
        machine.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where usename in {postgres.LOGINS}")

    def cure(self, machine):
        machine.sql("; ".join(f"alter role {role} password '{password}'" for role, password in self.kept))


class PgRenamed(Fault):
    """The register's database has another name for a moment, as while it is restored."""

    resource = "postgres"

    @staticmethod
    def sql(machine, text):
        admin = machine.stack.env()["INSTROOM_PG_ADMIN"] + " dbname=postgres"
        subprocess.run(["psql", "-Xq", admin, "-c", text], check=True, capture_output=True)

    def begin(self, machine):
        self.sql(machine, "alter database instroom allow_connections false")
        self.sql(machine, "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = 'instroom'")
        self.sql(machine, "alter database instroom rename to instroom_away")

    def cure(self, machine):
        self.sql(machine, "alter database instroom_away rename to instroom")
        self.sql(machine, "alter database instroom allow_connections true")


class Hangup(Fault):
    """SIGHUP to every worker: each says that it reads again, and lives on."""

    RELOADING = b"worker.reloading"
    WAIT_S = 60

    def __init__(self, **options):
        super().__init__(**options)
        self.asked = []  # (worker, pid, how often it had said so)
        self.lived = 0

    def begin(self, machine):
        for worker in machine.workers.all():
            pid = worker.process.pid()
            if pid is not None:
                self.asked.append((worker, pid, self.said(worker)))
                os.kill(pid, signal.SIGHUP)

    def said(self, worker):
        return worker.process.log_file.read_bytes().count(self.RELOADING)

    def afterwards(self, machine):
        super().afterwards(machine)
        for worker, pid, before in self.asked:
            wait_for(f"{worker.name} reads again or is another", lambda worker=worker, pid=pid, before=before:
                     worker.process.pid() != pid or self.said(worker) > before, self.WAIT_S)
        self.lived = sum(worker.process.pid() == pid for worker, pid, _ in self.asked)

    def has_struck(self, keeper):
        return self.lived == len(self.asked) > 0


class PgLocked(Fault):
    """Somebody holds a lock the writer needs, longer than it waits."""

    resource = "postgres"

    def begin(self, machine):
        self.holder = subprocess.Popen(
            ["psql", "-X", "-q", machine.stack.env()["INSTROOM_PG_ADMIN"], "-c",
             f"begin; lock table register.teacher in exclusive mode; select pg_sleep({self.lasts_s}); commit"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def cure(self, machine):
        self.holder.terminate()
        self.holder.wait(10)


class PgDeadlock(Fault):
    """Somebody locks the teachers and then wants the cursors. The writer has a cursor and wants the teachers: it is the
    one that is ended with 40P01, as the other looks for no deadlock for a minute."""

    resource = "postgres"
    sql = """
        set deadlock_timeout = '1min';
        begin;
        lock table register.teacher in exclusive mode;
        do $$ begin
          for i in 1..300 loop
            exit when exists (select from pg_locks where relation = 'register.teacher'::regclass and not granted);
            perform pg_sleep(0.01);
          end loop;
          if exists (select from pg_locks where relation = 'register.teacher'::regclass and not granted) then
            raise notice 'met';
          end if;
        end $$;
        select partition from register.cursor for update;
        commit;"""

    def __init__(self, **options):
        super().__init__(**options)
        self.met = 0
        self.thread = None

    def has_struck(self, keeper):
        return self.met > 0

    def before_load(self, machine):
        """At 0 the lock stands before the first delivery: a quick load would be over before it."""
        if self.at > 0:
            return
        self.is_open = True
        self.begin(machine)
        deadline = time.monotonic() + LOCKED_WAIT_S
        while not int(machine.sql("select count(*) from pg_locks where relation = 'register.teacher'::regclass"
                                  " and mode = 'ExclusiveLock' and granted")):
            if time.monotonic() > deadline:
                raise TooSlow(f"nobody holds register.teacher after {LOCKED_WAIT_S} s")

    def begin(self, machine):
        if self.thread is None:
            self.is_over = threading.Event()
            self.thread = threading.Thread(target=self.cross, args=(machine,), daemon=True)
            self.thread.start()

    def cross(self, machine):
        while True:
            done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1",
                                   machine.stack.env()["INSTROOM_PG_ADMIN"]],
                                  input=self.sql, check=False, capture_output=True, text=True)
            self.met += done.returncode == 0 and "met" in done.stderr
            if self.is_over.wait(0.2):
                return

    def cure(self, machine):
        self.is_over.set()
        self.thread.join(15)


class PgOld(Fault):
    """The register goes back to a copy made earlier in the load, Kafka and Redis go on."""

    resource = "postgres"

    @classmethod
    def draw(cls, rng):
        return cls(at=round(rng.uniform(0.05, 0.5), 2), lasts_s=round(rng.uniform(0.5, 2.0), 1))

    def begin(self, machine):
        server = machine.server("postgres")
        server.kill()  # what a crash leaves is a consistent copy
        self.copy = machine.stack.dir / "postgres-copy"
        copy_of(server.data, self.copy)
        restart(server)

    def cure(self, machine):
        server = machine.server("postgres")
        with machine.restoring:
            server.kill()
            swap(server.data, self.copy)
            restart(server)


class PgBackup(PgOld):
    """The same from a base backup, taken under load, and the WAL that came while it was taken."""

    def prepare(self, machine, crash_at):
        # an earlier trial's, empty now: a backup has no room for its copy
        machine.sql("drop tablespace if exists small")

    def begin(self, machine):
        server = machine.server("postgres")
        self.copy = server.dir / "copy"
        shutil.rmtree(self.copy, ignore_errors=True)
        status, said = server.run([f"{postgres.find_programs()}/pg_basebackup", "-D", self.copy, "-X", "stream", "-c",
                                   "fast",
                                   "-w", "-d", server.conninfo(postgres.ADMIN)])
        if status != 0:
            raise StackError(f"pg_basebackup: {said}")
        give_all_to(machine.stack.user, self.copy)


class PgDiskFull(Fault):
    """The tables that grow lie on a small disk, which somebody else fills."""

    resource = "postgres"
    tables = ("teacher", "teacher_history", "delivery", "feedback", "key_list", "finding")

    def prepare(self, machine, crash_at):
        machine.move_to_small_disk(self.tables)
        self.filler = machine.small_disk / "filler"

    def begin(self, machine):
        with open(self.filler, "wb", buffering=0) as file:
            for piece in (1 << 20, 4096):
                try:
                    while file.write(b"\0" * piece) == piece:
                        pass
                except OSError:
                    pass  # full

    def cure(self, machine):
        self.filler.unlink(missing_ok=True)


class PgMoved(PgReadOnly):
    """The address has moved: what is connected stays with a server that takes no writes, who connects anew comes to one
    that does. One server plays both: a role's own setting counts for new sessions only."""

    stays = True
    roles = postgres.ROLES

    def set_roles(self, machine, what):
        for role in self.roles:
            machine.sql(f"set default_transaction_read_only = off; alter role {role} {what}")

    def begin(self, machine):
        self.set_roles(machine, "set default_transaction_read_only = off")
        super().begin(machine)

    def cure(self, machine):
        super().cure(machine)
        self.set_roles(machine, "reset default_transaction_read_only")


class PgLimit(Fault):
    """The server is at a limit of its own: no cursor moves (54000, as when transaction numbers run out)."""

    resource = "postgres"

    def before_load(self, machine):
        """At 0 it is so before the first delivery."""
        if self.at == 0:
            self.strike(machine)

    def begin(self, machine):
        if machine.sql("select to_regproc('register.no_number')", "OWNER").strip():
            return
        machine.sql("create function register.no_number() returns trigger language plpgsql as $$ begin "
                    "raise exception 'none left' using errcode = '54000'; end $$; "
                    "create trigger no_number before update on register.cursor for each row execute function "
                    "register.no_number()", "OWNER")

    def cure(self, machine):
        machine.sql("drop function register.no_number cascade", "OWNER")


def change_conninfo(machine, kind, host, port, **more):
    """Of the workers of a kind: host and port as texts of what stands there now."""
    for worker in machine.workers.named(kind):
        lines = dict(line.split(" = ", 1) for line in worker.config.read_text().splitlines() if " = " in line)
        words = dict(word.split("=", 1) for word in lines["pg.conninfo"].split())
        words |= {"host": host.format(**words), "port": port.format(**words)} | more
        machine.change_settings(worker, {"pg.conninfo": " ".join(f"{key}={value}" for key, value in words.items())})


class PgMuteHost(Fault):
    """The first host of every connection string takes connections and says nothing."""

    resource = "hosts of postgres"
    stays = True

    @classmethod
    def draw(cls, rng):
        return cls()

    def __init__(self):
        super().__init__()
        self.taken = []

    def has_struck(self, keeper):
        return len(self.taken) > 0

    def prepare(self, machine, crash_at):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.is_open = True
        threading.Thread(target=self.take, daemon=True).start()
        for kind in ("gateway", "validate", "write"):
            change_conninfo(machine, kind, "127.0.0.1,{host}", f"{self.listener.getsockname()[1]}" + ",{port}")

    def take(self):
        try:
            while True:
                self.taken.append(self.listener.accept()[0])
        except OSError:
            pass  # closed

    def cure(self, machine):
        self.listener.close()
        for line in self.taken:
            line.close()


class PgPooled(Fault):
    """Two writers share one connection of PgBouncer in transaction mode."""

    needs = {"write": 2}
    resource = "hosts of postgres"
    stays = True

    @classmethod
    def draw(cls, rng):
        return cls()

    def __init__(self):
        super().__init__()
        self.noted = False

    def has_struck(self, keeper):
        return self.noted

    def prepare(self, machine, crash_at):
        server = machine.server("postgres")
        self.dir = machine.stack.dir / "pgbouncer"
        self.dir.mkdir(exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (self.dir / "users").write_text("".join(f'"{role}" "{word}"\n' for role, word in server.passwords().items()))
        (self.dir / "pgbouncer.ini").write_text(
            f"[databases]\ninstroom = host=127.0.0.1 port={server.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {self.dir}/users\npool_mode = transaction\n"
            "default_pool_size = 1\nserver_reset_query =\n")
        give_all_to(machine.stack.user, self.dir)
        self.child = subprocess.Popen(["pgbouncer", "-q", self.dir / "pgbouncer.ini"], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=open(self.dir / "log", "wb"),
                                      **as_user(machine.stack.user))
        self.is_open = True
        change_conninfo(machine, "write", "127.0.0.1", str(port))

    def cure(self, machine):
        self.noted = any(b"postgresql.pooled" in path.read_bytes()
                         for path in (machine.stack.dir / "workers").glob("write*.log"))
        self.child.terminate()
        self.child.wait(10)
        shutil.rmtree(self.dir)


# --- Kafka ---


class KafkaKill(Fault):
    resource = "kafka"
    may_end_with = PRODUCER_DEAD

    def begin(self, machine):
        machine.server("kafka1").kill()

    def cure(self, machine):
        server = machine.server("kafka1")
        server.prepare()
        restart(server)


class KafkaRestart(KafkaKill):
    def begin(self, machine):
        machine.server("kafka1").stop()


class KafkaPause(Fault):
    resource = "kafka"
    may_end_with = PRODUCER_DEAD

    def begin(self, machine):
        machine.server("kafka1").signal(signal.SIGSTOP)

    def cure(self, machine):
        machine.server("kafka1").signal(signal.SIGCONT)


class KafkaDiskFull(KafkaKill):
    """No byte more fits on the disk of the log. The broker ends itself when it finds out."""

    makes_refusals = True

    def prepare(self, machine, crash_at):
        machine.move_log_to_own_disk()
        self.said = machine.server("kafka1").process.log_file
        self.seen = self.said.stat().st_size

    def has_struck(self, keeper):
        return b"No space left on device" in self.said.read_bytes()[self.seen:]

    def begin(self, machine):
        machine.size_log_disk(True)

    def cure(self, machine):
        machine.size_log_disk(False)
        machine.server("kafka1").kill()
        super().cure(machine)


class TopicAway(Fault):
    """A topic is not there when workers and boards begin; it comes later."""

    resource = "topics"
    may_end_with = MIGRATION_MISSING

    def __init__(self, name, **options):
        super().__init__(**options)
        self.name = name
        self.makes_refusals = name == "raw"

    @classmethod
    def draw(cls, rng):
        return cls(rng.choice(("raw", "verdict", "quarantine")), at=0.0, lasts_s=round(rng.uniform(1, 4), 1))

    def text(self):
        return f"TopicAway {self.name}+{self.lasts_s:g}s"

    def prepare(self, machine, crash_at):
        machine.delete_topics([machine.topic(self.name)])
        machine.wait_for_topics(False, [machine.topic(self.name)])
        for worker in machine.workers.all():
            crash_at.setdefault(worker.name, [])  # nobody waits until they are ready

    def cure(self, machine):
        machine.make_topics()


class LogReplaced(Fault):
    """When all is written, raw and verdict topic are made anew and hold as many messages again, which are others: the
    writer must park, and the register stay as it is."""

    keeps_log = False

    def afterwards(self, machine):
        topics = [machine.topic("raw"), machine.topic("verdict")]
        rows = machine.sql("select partition, greatest(next_raw, next_verdict) from register.cursor where next_raw > 0")
        cursors = [tuple(int(word) for word in row.split("\t")) for row in rows.splitlines()]
        for worker in machine.workers.named("write"):  # or it goes on in the new log before it ends
            worker.process.signal(signal.SIGSTOP)
        machine.delete_topics(topics)
        machine.wait_for_topics(False, topics)
        machine.make_topics()
        for topic in topics:
            for partition, count in cursors:
                produce_lines(machine, topic, partition, count + 5)
        for worker in machine.workers.named("write"):
            worker.process.signal(signal.SIGKILL)
        deadline = time.monotonic() + PARKED_WAIT_S
        self.parked = 0
        while self.parked < len(cursors) and time.monotonic() < deadline:
            time.sleep(0.2)
            self.parked = int(machine.sql("select count(*) from register.cursor where next_raw > 0 and parked is not "
                                          "null"))
        self.expected = len(cursors)

    def has_struck(self, keeper):
        return self.expected > 0 and self.parked == self.expected


class BrokerKill(Fault):
    """One of three brokers, leader of a third of the partitions."""

    resource = "kafka"
    may_end_with = PRODUCER_DEAD
    brokers = 3

    def __init__(self, node, **options):
        super().__init__(**options)
        self.node = node

    def text(self):
        return f"{type(self).__name__} {self.node}@{self.at:g}+{self.lasts_s:g}s"

    def begin(self, machine):
        machine.server(f"kafka{self.node}").kill()

    def cure(self, machine):
        server = machine.server(f"kafka{self.node}")
        server.prepare()
        restart(server)


class BrokerStop(BrokerKill):
    def begin(self, machine):
        machine.server(f"kafka{self.node}").stop()


class BrokerPause(BrokerKill):
    """It seems to live, and is taken for dead; then it wakes up and thinks it leads."""

    def begin(self, machine):
        machine.server(f"kafka{self.node}").signal(signal.SIGSTOP)

    def cure(self, machine):
        machine.server(f"kafka{self.node}").signal(signal.SIGCONT)


class TooFewCopies(BrokerKill):
    """The verdict topic wants three copies in sync, and one of three brokers is lost: the others answer, and take
    nothing. Validators wait, and say so of themselves."""

    told = "Kafka to confirm verdicts"

    def __init__(self, node, **options):
        super().__init__(node, **options)
        self.was_told = False

    def want(self, machine, copies):
        port = machine.server(f"kafka{self.node % self.brokers + 1}").port
        kafka_wire.alter_topic(port, machine.topic("verdict"), {"min.insync.replicas": copies})

    def begin(self, machine):
        self.want(machine, 3)
        super().begin(machine)

    def cure(self, machine):
        validators = machine.workers.named("validate")
        wait_for(f"a validator is not ready and waits for {self.told}",
                 lambda: any(status == 503 and self.told in text
                             for status, text in (page(worker, "/readyz") for worker in validators)))
        self.was_told = True
        self.want(machine, 2)
        super().cure(machine)

    def has_struck(self, keeper):
        return self.was_told


class BrokersRolled(BrokerKill):
    """All three are restarted in good order, one after the other, as for a new release."""

    def __init__(self, **options):
        super().__init__(0, **options)
        self.rolled = 0

    def text(self):
        return super(BrokerKill, self).text()

    def begin(self, machine):
        self.error = None
        self.thread = threading.Thread(target=self.roll, args=(machine,), daemon=True)
        self.thread.start()

    def roll(self, machine):
        try:
            for node in range(1, self.brokers + 1):
                server = machine.server(f"kafka{node}")
                server.stop()
                server.prepare()
                restart(server)
                self.rolled += 1
        except (StackError, OSError) as error:
            self.error = error

    def cure(self, machine):
        self.thread.join(4 * LOCKED_WAIT_S)
        if self.error or self.thread.is_alive():
            raise StackError(f"the brokers were not restarted: {self.error}")

    def has_struck(self, keeper):
        return self.rolled == self.brokers


class LeadersMoved(BrokersRolled):
    """Who leads a partition changes again and again while all brokers live: one is restarted, and each time it is back
    it is made the leader of what it should lead."""

    times = 3

    def roll(self, machine):
        try:
            for number in range(self.times):
                server = machine.server(f"kafka{number + 1}")
                server.stop()
                server.prepare()
                restart(server)
                kafka_wire.elect_preferred_leaders(server.port)
                self.rolled += 1
        except (StackError, OSError, ValueError) as error:
            self.error = error


class BrokersLost(BrokerKill):
    """Two of three: what is there takes nothing. Boards get 503 or wait, nothing is lost, and all goes on by itself."""

    makes_refusals = True

    def begin(self, machine):
        for node in (self.node, self.node % 3 + 1):
            machine.server(f"kafka{node}").kill()

    def cure(self, machine):
        lost = [machine.server(f"kafka{node}") for node in (self.node, self.node % 3 + 1)]
        for server in lost:
            server.prepare()
            server.start()  # one alone is no majority, and does not get ready
        for server in lost:
            server.wait(2 * LOCKED_WAIT_S)


# --- hostile bytes ---


def produce(machine, topic, value, headers=(), key=None, partition=None):
    """One message; a value may hold any byte."""
    words = ["kcat", "-P", "-b", machine.broker(), "-t", topic, "-X", "message.timeout.ms=8000"]
    words += ["-p", str(partition)] if partition is not None else []
    words += ["-k", key] if key else []
    for name, text in headers:
        words += ["-H", f"{name}={text}"]
    path = machine.stack.dir / f"hostile-{os.getpid()}-{threading.get_ident()}"
    path.write_bytes(value)
    subprocess.run(words + [path], check=True, capture_output=True, timeout=20)  # a file is one message
    path.unlink()


def produce_lines(machine, topic, partition, count):
    """Messages that are nothing."""
    subprocess.run(["kcat", "-P", "-b", machine.broker(), "-t", topic, "-p", str(partition)], check=True, timeout=20,
                   input=b"nothing\n" * count, capture_output=True)


def fetch(machine, topic, partition):
    """The bytes of the last message there, or None."""
    done = subprocess.run(["kcat", "-C", "-e", "-q", "-b", machine.broker(), "-t", topic, "-p", str(partition), "-o",
                           "-1",
                           "-c", "1", "-f", "%s"], check=False, capture_output=True, timeout=20)
    return done.stdout or None


UNKNOWN_SCHEMA = b"\xc3\x01unknown!"  # marker and fingerprint of a frame


class Garbage(Fault):
    """Random, truncated, foreign and repeated messages into all topics. Those into raw have no readable headers, or are
    no delivery: none may change an outcome."""

    def __init__(self, seed, **options):
        super().__init__(**options)
        self.seed = seed

    @classmethod
    def draw(cls, rng):
        return cls(rng.getrandbits(32), at=round(rng.uniform(0.0, 0.6), 2), lasts_s=0.1)

    def text(self):
        return f"Garbage {self.seed}@{self.at:g}"

    def prepare(self, machine, crash_at):
        for worker in machine.workers.named("validate"):
            # bytes of a schema nobody knows are given up in time
            machine.change_settings(worker, {"missing.wait.max": "1s"})

    def begin(self, machine):
        rng = random.Random(self.seed)
        for _ in range(6):
            try:
                self.inject(machine, rng)
            except subprocess.SubprocessError:
                pass  # Kafka is away: nothing to be hostile to

    def inject(self, machine, rng):
        partition = rng.randrange(machine.stack.record["partitions"])
        topic = rng.choice(("raw", "raw", "verdict", "verdict", "verdict", "reference"))
        value = self.bytes_for(machine, rng, partition)
        headers = rng.choice(((), (("instroom-kind", "DELIVERY"),),
                              (("instroom-kind", "CONFIRM"), ("instroom-board", "99901")),
                              (("instroom-kind", "FORGET"), ("instroom-board", "99901")),
                              (("instroom-board", "x" * 300), ("instroom-kind", "\x01")))) if topic == "raw" else ()
        if headers and headers[0][1] in ("FORGET", "CONFIRM"):
            value = UNKNOWN_SCHEMA + value[:32]  # readable headers, a body that cannot be decoded
        produce(machine, machine.topic(topic), value, headers, key=rng.choice((None, "99901")),
                partition=0 if topic == "reference" else partition)

    @staticmethod
    def bytes_for(machine, rng, partition):
        kind = rng.choice(("random", "random", "verdict", "raw", "torn verdict", "torn raw"))
        if kind == "random":
            return rng.randbytes(rng.choice((1, 9, 10, 11, 100, 5000)))
        value = fetch(machine, machine.topic(kind.split()[-1]), partition) or b"\xc3\x01nothing"
        # among verdicts it would be a newer validator's, for which the writer parks
        if value.startswith(UNKNOWN_SCHEMA):
            value = value[2:]
        return value[:rng.randrange(1, len(value) + 1)] if kind.startswith("torn") else value


class Markers(Fault):
    """An aborted transaction of somebody else in every topic, of one record each: its marker takes an offset that
    nobody is given. Early it stands in the middle of what comes, at the end of the load last in every partition."""

    def begin(self, machine):
        for name in ("raw", "verdict", "quarantine", "reference"):
            partitions = 1 if name == "reference" else machine.stack.record["partitions"]
            for partition in range(partitions):
                program = machine.build / "tests/support/kafka_transaction"
                subprocess.run([program, machine.broker(), machine.topic(name), str(partition), "1", "abort"],
                               check=True, capture_output=True, timeout=30)


# How often each kind comes by in a random mix; Kafka takes longest to come back.
MIX = {
    Crash: 8, StopAt: 6, Kill: 6, Term: 2, Zombie: 3, TwoOwners: 4,
    RedisKill: 2, RedisFlush: 3, RedisDropKeys: 3, RedisOld: 4, RedisOldRdb: 2, RedisAway: 2, RedisFull: 2,
    RedisStaysFull: 1,
    RedisEvicts: 2,
    WireRefuses: 2, WireDrops: 2, WireHalfCloses: 2, WireSlow: 2, WireCuts: 3, CommitCut: 5,
    PgKill: 3, PgRestart: 1, PgAwayIdle: 1, PgReadOnly: 2, PgMoved: 2, PgLimit: 2, PgMuteHost: 1,
    PgTerminate: 3, PgConnections: 1, PgPassword: 1, PgRenamed: 1, Hangup: 1, PgLocked: 1, PgDeadlock: 1,
    PgOld: 4, PgBackup: 2,
    KafkaKill: 2, KafkaRestart: 1, KafkaPause: 2, TopicAway: 1, Garbage: 4, Markers: 2, OperatorKill: 2,
}


HAS_POOLER = shutil.which("pgbouncer") is not None
if HAS_POOLER:
    MIX |= {PgPooled: 1}
if os.geteuid() == 0:
    MIX |= {PgDiskFull: 2, KafkaDiskFull: 1}  # they take a mount


def draw_mix(rng):
    """One to three faults that do not get in each other's way."""
    chosen, taken = [], set()
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        fault = rng.choices(list(MIX), list(MIX.values()))[0].draw(rng)
        if fault.resource is None or fault.resource not in taken:
            taken.add(fault.resource)
            chosen.append(fault)
    return chosen
