"""standby_faults: two PostgreSQL servers, of which the second follows the first synchronously, and every program has
both in its connection string, the first first. What is tried is what becomes of the register when they change places,
when the standby is away while a COMMIT waits for it, and when the old primary comes back and takes writes.

When all is written the register is put in the first server's place again, alone, and the outcome is collected there.
"""
import signal
import socket

from private_stack.standby import Pair, ask, wait_for

from .faults import Fault, change_conninfo, page
from .machine import StackError

CURSORS = "select coalesce(sum(next_raw + next_verdict), 0) from register.cursor"
WRITER_SESSIONS = "select count(*) from pg_stat_activity where usename = 'instroom_writer'"


class WithStandby(Fault):
    resource = "postgres"
    make_pair = Pair
    commit = "on"            # synchronous_commit
    writer_patience = "10s"  # pg.statement.max of writers: how long an answer is waited for

    def prepare(self, machine, crash_at):
        machine.sql("drop tablespace if exists small")  # an earlier trial's: a backup has no room for its copy
        self.pair = machine.pair = self.make_pair(machine.stack)
        self.pair.follow(self.commit)
        host, port = "{host},127.0.0.1", "{port}," + str(self.pair.second.port)
        for kind in ("gateway", "validate", "write"):
            change_conninfo(machine, kind, host, port)
        for worker in machine.workers.named("write"):
            machine.change_settings(worker, {"pg.statement.max": self.writer_patience})
        self.change_operator(machine)

    def change_operator(self, machine):
        config = machine.workers.dir / "instroomctl.conf"
        lines = dict(line.split(" = ", 1) for line in config.read_text().splitlines() if " = " in line)
        for key in ("pg.conninfo", "pg.owner.conninfo"):
            words = dict(word.split("=", 1) for word in lines[key].split())
            words |= {"host": "127.0.0.1,127.0.0.1", "port": f"{words['port']},{self.pair.second.port}"}
            lines[key] = " ".join(f"{key}={value}" for key, value in words.items())
        machine.workers.write(config.name, lines)

    def afterwards(self, machine):
        super().afterwards(machine)
        self.pair.settle()

    def clean_up(self, machine):
        self.pair.settle()
        machine.pair = None


class PgSwitchover(WithStandby):
    """Planned: the primary is ended in good order, its standby promoted, and then follows itself."""

    def begin(self, machine):
        self.pair.first.stop()
        self.pair.promote()

    def cure(self, machine):
        self.pair.follow()


class PgPrimaryKilled(WithStandby):
    """kill -9 of the primary in the middle of the load; its standby is promoted. Nothing that was confirmed is lost."""

    def begin(self, machine):
        self.pair.first.kill()
        self.pair.promote()


class PgPrimaryKilledTwice(PgPrimaryKilled):
    """And then the new one, when the old one has followed it. What was read at a standby was confirmed there."""

    commit = "remote_apply"

    def cure(self, machine):
        self.pair.follow(self.commit)
        self.pair.second.kill()
        self.pair.promote()


class PgStandbyLost(WithStandby):
    """The standby is killed: COMMIT waits for it, which the writer says of itself, without being taken for dead."""

    writer_patience = "60s"
    waits_for = "COMMIT"

    def __init__(self, **options):
        super().__init__(**options)
        self.was_told = False

    def has_struck(self, keeper):
        return self.was_told

    def begin(self, machine):
        self.pair.second.kill()

    def cure(self, machine):
        writers = machine.workers.named("write")

        def is_told():
            return any(status == 503 and self.waits_for in text
                       for status, text in (page(writer, "/readyz") for writer in writers))
        wait_for(f"a writer says that it waits for {self.waits_for}", is_told)
        wait_for("no writer that waits for a COMMIT looks dead",
                 lambda: all(page(writer, "/healthz")[0] == 200 for writer in writers))
        self.was_told = True
        self.pair.start(self.pair.second)
        self.pair.wait_in_step()


class PgStandbyLostLong(PgStandbyLost):
    """For longer than the writer waits for an answer: it asks what became of the COMMIT, which still waits, and holds
    the cursor's row until the standby is back."""

    writer_patience = "1s"
    waits_for = "PostgreSQL"


class PgSplit(WithStandby):
    """The primary hangs, its standby is promoted, and then the old one wakes up and takes writes, waiting for nobody,
    while every connection to the new one breaks. It stands first in all connection strings, and must be left alone."""

    writer_patience = "2s"

    def __init__(self, **options):
        super().__init__(**options)
        self.cursors = None

    def begin(self, machine):
        self.pair.first.signal(signal.SIGSTOP)
        self.pair.promote()

    def cure(self, machine):
        old, new = self.pair.first, self.pair.second
        wait_for("a writer has come to the new primary", lambda: ask(new, WRITER_SESSIONS) != "0")
        old.signal(signal.SIGCONT)
        ask(old, "alter system set synchronous_standby_names = ''")
        ask(old, "select pg_reload_conf()")
        self.pair.end_sessions(old)
        self.cursors = ask(old, CURSORS)
        self.pair.end_sessions(new)
        wait_for("a writer is back at the new primary", lambda: ask(new, WRITER_SESSIONS) != "0" or
                 self.has_written_there())

    def has_written_there(self):
        return ask(self.pair.first, CURSORS) != self.cursors

    def afterwards(self, machine):
        self.heal(machine)
        if self.has_written_there():
            raise StackError("a program wrote into the old primary, which the next failover throws away")
        super().afterwards(machine)


class PgDroppingHost(Fault):
    """The first host of every connection string neither accepts nor refuses, for the whole run."""

    resource = "hosts of postgres"
    stays = True

    def prepare(self, machine, crash_at):
        self.is_open = True
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        dead = self.listener.getsockname()
        self.fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(dead)
            self.fillers.append(filler)
        for kind in ("gateway", "validate", "write"):
            change_conninfo(machine, kind, "127.0.0.1,{host}", f"{dead[1]}" + ",{port}")

    def cure(self, machine):
        for line in (self.listener, *self.fillers):
            line.close()
