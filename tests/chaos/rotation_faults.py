"""rotation_faults: each secret is another one from the middle of the load on, as in a rotation that hurries: first
where it is asked for, and who is connected is ended; a moment later in the file that the workers read it from.

No worker is told, and none is started again; but for the HMAC key, whose rotation is a protocol of its own (design 9).
"""
import json
import os
import random
import re
import secrets
import signal
import time
import urllib.request

import kafka_log
from private_stack import kafka_wire, postgres

from .cache_faults import wait_for_cache
from .faults import Fault
from .loss_faults import operate, signal_all, wait_for
from .machine import PARTITIONS, StackError

BETWEEN_S = 1.0  # between server and file


def write_secret(path, text):
    """As a whole, and never readable by others."""
    part = path.with_name(path.name + ".part")
    with open(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    part.replace(path)


class PgRotated(Fault):
    """The passwords of the writer, which reads it from a file of its own, and of the readers, for whom libpq does."""

    resource = "postgres"
    def prepare(self, machine, crash_at):
        rows = dict(line.split(":")[3:5] for line in (machine.stack.dir / "pgpass").read_text().split())
        self.path = machine.workers.dir / "writer.password"
        write_secret(self.path, rows["instroom_writer"])
        for worker in machine.workers.named("write"):
            conninfo = re.search(r"^pg.conninfo = (.*)$", worker.config.read_text(), re.M)[1]
            machine.change_settings(worker, {"pg.password.file": self.path, "pg.conninfo":
                                             re.sub(r"passfile=\S+", "passfile=/dev/null", conninfo)})

    def begin(self, machine):
        path = machine.stack.dir / "pgpass"
        fresh = {role: secrets.token_hex(24) for role in postgres.LOGINS}
        machine.sql("; ".join(f"alter role {role} password '{password}'" for role, password in fresh.items()))
        machine.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where usename in {postgres.LOGINS}")
        time.sleep(BETWEEN_S)
        rows = [line.split(":") for line in path.read_text().split()]
        write_secret(path, "".join(":".join([*row[:4], fresh.get(row[3], row[4])]) + "\n" for row in rows))
        write_secret(self.path, fresh["instroom_writer"])


class RedisRotated(Fault):
    """The password of Redis."""

    resource = "redis"

    def prepare(self, machine, crash_at):
        self.password, self.path = secrets.token_hex(24), machine.workers.dir / "redis.password"
        write_secret(self.path, self.password)
        machine.redis("CONFIG", "SET", "requirepass", self.password)
        for worker in machine.workers.named("validate"):
            machine.change_settings(worker, {"redis.password.file": self.path})

    def ask(self, machine, *words):
        return machine.redis("-a", self.password, "--no-auth-warning", *words)

    def begin(self, machine):
        fresh = secrets.token_hex(24)
        self.ask(machine, "CONFIG", "SET", "requirepass", fresh)
        self.password = fresh
        self.ask(machine, "CLIENT", "KILL", "TYPE", "normal")
        time.sleep(BETWEEN_S)
        write_secret(self.path, fresh)

    def afterwards(self, machine):
        super().afterwards(machine)
        wait_for_cache(machine)

    def clean_up(self, machine):
        self.ask(machine, "CONFIG", "SET", "requirepass", "")


class TokensRotated(Fault):
    """The token of the boards, who hear 401 until they use the new one."""

    makes_denials = True

    def begin(self, machine):
        token = secrets.token_hex(24)
        write_secret(machine.workers.dir / "tokens", f"{token} *\n")
        time.sleep(BETWEEN_S)
        write_secret(machine.workers.dir / "token", token)


class KafkaRotated(Fault):
    """The password by which every worker logs in at the brokers."""

    resource = "line kafka"
    USER, MECHANISM = "chaos", "SCRAM-SHA-512"

    def set_password(self, machine):
        """Until the broker takes it: it hears of it a moment after the controller."""
        self.password = secrets.token_hex(24)
        kafka_wire.set_passwords(machine.server("kafka1").port, {self.USER: self.password})
        door = kafka_wire.Door(machine.stack.login_port, None, self.USER, self.password, self.MECHANISM)

        def is_taken():
            try:
                door.open(5).close()
            except OSError:
                return False
            return True

        wait_for("the new password is taken", is_taken)

    def prepare(self, machine, crash_at):
        self.refusals = 0
        self.path = machine.workers.dir / "kafka.password"
        self.set_password(machine)
        write_secret(self.path, self.password)
        for worker in machine.workers.all():
            machine.change_settings(worker, {
                "kafka.brokers": f"127.0.0.1:{machine.stack.login_proxy_port}",
                "kafka.security.protocol": "sasl_plaintext", "kafka.sasl.mechanism": self.MECHANISM,
                "kafka.sasl.user": self.USER, "kafka.sasl.password.file": self.path})

    def begin(self, machine):
        self.set_password(machine)
        machine.proxies["kafka-login"].cut_all()
        wait_for("somebody is refused", lambda: refused_logins(machine) > 0)
        time.sleep(BETWEEN_S)
        self.refusals = refused_logins(machine)
        write_secret(self.path, self.password)

    def has_struck(self, keeper):
        return self.refusals > 0


def refused_logins(machine):
    """Of all workers, as they count them."""
    count = 0
    for worker in machine.workers.all():
        try:
            with urllib.request.urlopen(f"{worker.address}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            continue
        count += sum(map(int, re.findall(
            r'^instroom_peer_failures_total{.*peer="kafka",cause="credentials".*} (\d+)$', text, re.M)))
    return count


class HmacRotated(Fault):
    """The key of the teachers' names: validators begin again with the new one beside the old one, writers wait at the
    first verdict of the new one, and an operator's key rotate is killed a few times. Nobody is unchanged, new or lapsed
    by it."""

    resource = "hmac key"

    def begin(self, machine):
        self.has_waited = self.is_done = False
        new = machine.workers.dir / "hmac.new.key"
        write_secret(new, secrets.token_hex(32))
        both = {"hmac.key.file": new, "hmac.key.old.file": machine.workers.dir / "hmac.key"}
        machine.change_file("instroomctl.conf", both)
        before = {}
        for worker in machine.workers.named("validate"):
            machine.change_settings(worker, both)
            before[worker.name] = worker.process.pid()
            worker.process.signal(signal.SIGTERM)
        wait_for("validators have the new key", lambda: all(
            worker.process.pid() not in (None, before[worker.name]) and worker.is_ready()
            for worker in machine.workers.named("validate")))

    def cure(self, machine):
        rng = random.Random(1)
        self.has_waited = wait_for("writers wait for the operator", lambda: any(
            "writers wait" in state for state in states(machine)))
        # of partitions without a verdict of the new key the operator says what is so
        wait_for("all is renamed", lambda: operate(machine, rng, "key", "rotate", "--validators-are-stopped"
                                                   ).returncode == 0)

    def afterwards(self, machine):
        super().afterwards(machine)
        self.is_done = all(state in ("present key", "nothing applied yet") for state in states(machine))

    def has_struck(self, keeper):
        return self.was_open and self.has_waited and self.is_done


def states(machine):
    """Of the keys of all partitions."""
    said = machine.workers.ctl("key", "status", "--json", capture_output=True, text=True).stdout
    return [one["state"] for one in json.loads(said)] if said else []


class BodiesSealed(Fault):
    """Bodies are encrypted, in a trial that is compared with one in which they are not; from the middle of the load on
    the master key is another one: rewrap is killed a few times, the old one goes, and validators and writers that start
    again have the new one alone."""

    resource = "day keys"
    is_rewrapped, clear = False, ("nobody looked",)
    MARKER = b"\xc3\x01" + 0x3165646F426C6153.to_bytes(8, "little")

    def prepare(self, machine, crash_at):
        self.path, self.topic = machine.workers.dir / "encrypt.key", machine.topic("daykeys")
        write_secret(self.path, secrets.token_hex(32) + "\n")
        settings = {"encrypt.key.file": self.path, "encrypt.bodies": "yes", "topic.day_keys": self.topic}
        machine.change_file("instroomctl.conf", settings)
        for worker in machine.workers.all():
            machine.change_settings(worker, settings)
        machine.make_topics()
        done = machine.workers.ctl("day-keys", "make", "3", capture_output=True, text=True)
        if done.returncode != 0:
            raise StackError(f"instroomctl day-keys make failed ({done.returncode}): {done.stderr.strip()}")

    def begin(self, machine):
        old, new = self.path.read_text(), secrets.token_hex(32) + "\n"
        write_secret(self.path, old + new)
        rng = random.Random(1)
        self.is_rewrapped = wait_for("all is under the new master", lambda: operate(
            machine, rng, "day-keys", "rewrap").returncode == 0)
        write_secret(self.path, new)
        signal_all(machine, "validate", signal.SIGKILL)
        signal_all(machine, "write", signal.SIGKILL)

    def afterwards(self, machine):
        super().afterwards(machine)
        port = machine.server("kafka1").port
        self.clear = [f"{name}/{partition}@{offset}" for name in ("raw", "verdict")
                      for partition in range(PARTITIONS)
                      for offset, _, _, value, _ in kafka_log.read(port, machine.topic(name), partition)
                      if not value.startswith(self.MARKER)]

    def has_struck(self, keeper):
        return self.is_rewrapped and not self.clear

    def text(self):
        return super().text() + (f" (clear: {', '.join(self.clear[:3])})" if self.clear and self.is_rewrapped else "")

    def clean_up(self, machine):
        machine.delete_topics([self.topic])
