"""standby: a second PostgreSQL beside that of a stack, which follows it synchronously; who leads may change.

    pair = Pair(stack)
    pair.follow()                 the second is made a copy of the first, and COMMIT waits for it from now on
    pair.promote()                the second leads, whatever has become of the first
    pair.follow()                 the one that does not lead is made anew as a standby of the one that does
    pair.settle()                 the first is alone again, with what the leader has; the second is gone

Both listen on 127.0.0.1. The stack ends a second that is left when it is wiped.
"""
import os
import shutil
import signal
import subprocess
import time

from .places import StackError, TooSlow, give_to
from .postgres import ADMIN, Postgres, find_programs
from .process import Process

NAME = "standby"
WAIT_S = 120  # only says when to give up


class Standby(Postgres):
    name = NAME

    def __init__(self, stack):
        super().__init__(stack)
        self.port = stack.port(NAME)
        self.dir = stack.dir / NAME
        self.data = self.dir / "data"
        self.sockets = self.dir / "s"
        self.process = Process(self.name, stack.pid_file(self.name), stack.log_file(self.name), self.data)


def beside(stack):
    """The second of a stack, if it was ever made."""
    return [Standby(stack)] if (stack.dir / NAME).exists() else []


def ask(server, text):
    """As the administrator; rows as text."""
    done = subprocess.run([f"{find_programs()}/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                           server.conninfo(ADMIN) + " connect_timeout=30", "-c", text], check=False,
                          capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise StackError(f"{server.name}: {text}: {done.stderr.strip()}")
    return done.stdout.strip()


def wait_for(what, is_so, wait_s=WAIT_S):
    deadline = time.monotonic() + wait_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TooSlow(f"{what}: not within {wait_s} s")
        time.sleep(0.1)


class Pair:
    def __init__(self, stack):
        self.stack = stack
        self.first, self.second = Postgres(stack), Standby(stack)
        self.leader = self.first

    @property
    def follower(self):
        return self.second if self.leader is self.first else self.first

    def follow(self, commit="on"):
        """commit: synchronous_commit of the leader: on, or remote_apply."""
        follower, leader = self.follower, self.leader
        follower.discard()
        shutil.rmtree(follower.data, ignore_errors=True)
        follower.dir.mkdir(mode=0o700, exist_ok=True)
        give_to(self.stack.user, follower.dir)
        ask(leader, "alter system set synchronous_standby_names = ''")
        ask(leader, f"alter system set synchronous_commit = {commit}")
        ask(leader, "select pg_reload_conf()")
        status, said = follower.run([f"{find_programs()}/pg_basebackup", "-D", follower.data, "-X", "stream", "-c",
                                     "fast", "-w", "-d", leader.conninfo(ADMIN)])
        if status != 0:
            raise StackError(f"pg_basebackup: {said}")
        password = leader.passwords()[ADMIN]
        with open(follower.data / "postgresql.auto.conf", "a") as settings:
            settings.write(f"primary_conninfo = 'host=127.0.0.1 port={leader.port} user={ADMIN} password={password} "
                           f"application_name={NAME}'\nsynchronous_standby_names = ''\n")
        (follower.data / "standby.signal").touch()
        for path in (follower.data, *follower.data.rglob("*")):
            give_to(self.stack.user, path)
        self.start(follower)
        ask(leader, f"alter system set synchronous_standby_names = '{NAME}'")
        ask(leader, "select pg_reload_conf()")
        self.wait_in_step()

    def wait_in_step(self):
        wait_for("the standby is in step", lambda: ask(self.leader, "select count(*) from pg_stat_replication where "
                                                                    "sync_state = 'sync'") == "1")

    @staticmethod
    def start(server):
        server.prepare()
        server.start()
        server.wait(WAIT_S)

    def promote(self):
        """The follower leads, and waits for no standby."""
        self.leader = self.follower
        ask(self.leader, "select pg_promote(true, 60)")
        wait_for("the standby leads", lambda: ask(self.leader, "select pg_is_in_recovery()") == "f")

    def end_sessions(self, server):
        """Of our programs. Until those are gone that were there, with what they had under way."""
        pids = ask(server, "select coalesce(string_agg(pid::text, ','), '0') from (select pid, "
                           "pg_terminate_backend(pid) from pg_stat_activity where usename like 'instroom%') as ended")
        wait_for("sessions end", lambda: ask(server, f"select count(*) from pg_stat_activity where pid in ({pids})")
                 == "0")

    def settle(self):
        if self.leader is self.second:
            self.second.stop()
            self.first.signal(signal.SIGCONT)
            self.first.discard()
            shutil.rmtree(self.first.data)
            os.rename(self.second.data, self.first.data)
            self.leader = self.first
        else:
            self.first.signal(signal.SIGCONT)
            self.second.discard()
        if self.first.process.pid() is None:
            self.start(self.first)
        ask(self.first, "alter system reset synchronous_standby_names")
        ask(self.first, "alter system reset synchronous_commit")
        ask(self.first, "select pg_reload_conf()")
        shutil.rmtree(self.second.dir, ignore_errors=True)


__all__ = ["Pair", "Standby", "ask", "beside", "wait_for"]
