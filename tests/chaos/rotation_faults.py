"""rotation_faults: each secret is another one from the middle of the load on, as in a rotation that hurries: first
where it is asked for, and who is connected is ended; a moment later in the file that the workers read it from.

No worker is told, and none is started again. The HMAC key, whose rotation is a protocol of its own, is rotated in
tests/integration/key_test.py.
"""
import os
import secrets
import time

from .cache_faults import wait_for_cache
from .faults import Fault

BETWEEN_S = 1.0  # between server and file


def write_secret(path, text):
    """As a whole, and never readable by others."""
    part = path.with_name(path.name + ".part")
    with open(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    part.replace(path)


class PgRotated(Fault):
    """The passwords of the writer and the readers."""

    resource = "postgres"
    ROLES = ("instroom_writer", "instroom_reader")

    def begin(self, machine):
        path = machine.stack.dir / "pgpass"
        fresh = {role: secrets.token_hex(24) for role in self.ROLES}
        machine.sql("; ".join(f"alter role {role} password '{password}'" for role, password in fresh.items()))
        machine.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename in "
                    "('instroom_writer', 'instroom_reader')")
        time.sleep(BETWEEN_S)
        rows = [line.split(":") for line in path.read_text().split()]
        write_secret(path, "".join(":".join([*row[:4], fresh.get(row[3], row[4])]) + "\n" for row in rows))


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
