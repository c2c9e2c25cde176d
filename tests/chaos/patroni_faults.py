"""patroni_faults: the register's two servers are kept by Patroni, over an etcd, with synchronous_mode: it promotes,
demotes, rewinds and names the standby that COMMIT waits for, and our programs are told nothing but two hosts. Only
walked, with tests/chaos/run --patroni; wants the packages patroni, python3-etcd and etcd-server.
"""
import json
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.request

from private_stack.places import as_user
from private_stack.postgres import ADMIN, find_programs
from private_stack.process import children_of, processes_in, send, wait_for_end_of
from private_stack.standby import Pair, wait_for
from redis_cluster import free_ports

from .machine import give_all_to
from .standby_faults import WithStandby

SCOPE = "register"
TTL_S = 20  # Patroni takes no less
# Only says when to give up: a killed leader recovers, is rewound and catches up, in a minute on cores that are free.
WAIT_S = 600
PROGRAMS = ("patroni", "etcd")
HAS_PATRONI = all(shutil.which(name) for name in PROGRAMS)


class PatroniPair(Pair):
    """The first server's data is adopted, the second is cloned from it."""

    def __init__(self, stack):
        super().__init__(stack)
        self.dir = stack.dir / "patroni"
        self.children = {}
        # the stack's own free ports are taken by proxies and doors of its broker (machine.ProxiedStack)
        self.etcd_port, self.peer_port, *self.rest_ports = free_ports(4)

    def member(self, server):
        return "n1" if server is self.first else "n2"

    def rest_port(self, server):
        return self.rest_ports[server is self.second]

    # --- processes ---

    def spawn(self, name, command):
        with open(self.stack.log_file(f"patroni-{name}"), "ab") as log:
            self.children[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *map(str, command)], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.dir, env={"PATH": f"{find_programs()}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"},
                **as_user(self.stack.user))

    def spawn_patroni(self, server):
        name = self.member(server)
        secret = {"username": ADMIN, "password": server.passwords()[ADMIN]}
        settings = {
            "scope": SCOPE, "name": name,
            "restapi": {"listen": f"127.0.0.1:{self.rest_port(server)}",
                        "connect_address": f"127.0.0.1:{self.rest_port(server)}"},
            "etcd3": {"hosts": f"127.0.0.1:{self.etcd_port}"},
            "bootstrap": {"dcs": {"ttl": TTL_S, "loop_wait": 2, "retry_timeout": 3, "synchronous_mode": True,
                                  "postgresql": {"use_pg_rewind": True, "parameters": {"wal_log_hints": "on"}}}},
            "postgresql": {"listen": f"127.0.0.1:{server.port}", "connect_address": f"127.0.0.1:{server.port}",
                           "data_dir": str(server.data), "bin_dir": find_programs(),
                           "pgpass": str(self.dir / f"pgpass-{name}"),
                           "authentication": {"superuser": secret, "replication": secret, "rewind": secret}},
        }
        path = self.dir / f"{name}.yml"
        path.touch(mode=0o600)
        path.write_text(json.dumps(settings))  # YAML reads it
        give_all_to(self.stack.user, self.dir)
        self.spawn(name, [shutil.which("patroni"), path])

    def follow(self, commit="on"):
        self.dir.mkdir(mode=0o700, exist_ok=True)
        give_all_to(self.stack.user, self.dir)
        client, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{self.peer_port}"
        self.spawn("etcd", ["etcd", "--data-dir", self.dir / "etcd", "--listen-client-urls", client,
                            "--advertise-client-urls", client, "--listen-peer-urls", peer,
                            "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"])
        self.first.stop()
        give_all_to(self.stack.user, self.first.data)  # also what we wrote there: it is rewound
        self.second.dir.mkdir(mode=0o700, exist_ok=True)
        give_all_to(self.stack.user, self.second.dir)
        self.spawn_patroni(self.first)
        wait_for("Patroni leads with the first server", lambda: self.answers(self.first, "/primary"))
        self.spawn_patroni(self.second)
        self.wait_in_step()

    def answers(self, server, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rest_port(server)}{path}", timeout=5) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def wait_in_step(self):
        wait_for("the standby is in step", lambda: self.answers(self.follower, "/sync"), WAIT_S)

    def wait_for_leader(self, server):
        wait_for(f"{self.member(server)} leads", lambda: self.answers(server, "/primary"), WAIT_S)
        self.leader = server

    def wait_between_rounds(self, server):
        """It has just ended a round, and sleeps. A Patroni 3.0.2 that is stopped within one, when it has read who leads
        and has not yet renewed its key, takes the key back when it wakes up, from the one that was promoted: then
        neither follows the other until somebody decides (RUNBOOK.md, old-primary)."""
        path = self.stack.log_file(f"patroni-{self.member(server)}")
        read = path.stat().st_size
        wait_for(f"{self.member(server)} is between its rounds", lambda: path.read_bytes()[read:].rstrip().endswith(
            b"the leader with the lock"))

    # --- what happens ---

    def switch_over(self):
        body = json.dumps({"leader": self.member(self.leader), "candidate": self.member(self.follower)}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.rest_port(self.leader)}/switchover", data=body,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            answer.read()
        self.wait_for_leader(self.follower)

    def kill_machine(self, server):
        """Patroni and its PostgreSQL, as when a machine is lost."""
        self.children[self.member(server)].kill()
        self.children.pop(self.member(server)).wait()
        pid = int((server.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        server.clear_the_dead()

    def settle(self):
        """Patroni is gone; the first server has what the leader has, alone, with the settings it had."""
        for server in (self.follower, self.leader):
            self.end_child(self.member(server))
        self.end_child("etcd")
        wait_for_end_of(processes_in(self.dir), 30)  # what a Patroni had begun and not waited for
        for server in (self.follower, self.leader):
            self.end_left_over(server)
        self.adopt(self.leader)
        super().settle()
        shutil.rmtree(self.dir, ignore_errors=True)

    def end_child(self, name):
        child = self.children.pop(name, None)
        if child is not None:
            child.terminate()  # Patroni ends its PostgreSQL in good order
            child.wait(90)

    @staticmethod
    def end_left_over(server):
        """A Patroni that is ended while it makes its PostgreSQL start, or follow another, leaves it running: the next
        one would take it for its own and have the port of it refused."""
        left = processes_in(server.data)
        for pid in left:
            send(pid, signal.SIGINT)  # to the postmaster: in good order, without waiting for sessions
        wait_for_end_of(left, 60)
        server.clear_the_dead()

    def adopt(self, server):
        base = server.data / "postgresql.base.conf"
        if base.exists():
            os.replace(base, server.data / "postgresql.conf")
        (server.data / "standby.signal").unlink(missing_ok=True)
        (server.data / "patroni.dynamic.json").unlink(missing_ok=True)


class WithPatroni(WithStandby):
    make_pair = PatroniPair


class PatroniSwitchover(WithPatroni):
    """Asked for by an operator, there and back."""

    def begin(self, machine):
        self.pair.switch_over()

    def cure(self, machine):
        self.pair.wait_in_step()
        self.pair.switch_over()


class PatroniLeaderKilled(WithPatroni):
    """Patroni and PostgreSQL of the leader are killed: the other leads when the key in etcd has run out."""

    def begin(self, machine):
        self.pair.kill_machine(self.pair.first)

    def cure(self, machine):
        self.pair.wait_for_leader(self.pair.second)
        self.pair.spawn_patroni(self.pair.first)
        self.pair.wait_in_step()


class PatroniStandbyKilled(WithPatroni):
    """COMMIT waits until Patroni no longer names it."""

    def begin(self, machine):
        self.pair.kill_machine(self.pair.second)


class PatroniStopped(WithPatroni):
    """The leader's Patroni and PostgreSQL stop in their tracks for longer than its key lasts, and wake up: for a moment
    there are two that take writes."""

    def begin(self, machine):
        self.pair.wait_between_rounds(self.pair.first)
        self.signal(signal.SIGSTOP)

    def signal(self, number):
        pair = self.pair
        pair.children["n1"].send_signal(number)
        pid = int((pair.first.data / "postmaster.pid").read_text().split()[0])
        for one in [pid, *children_of(pid)]:
            os.kill(one, number)

    def cure(self, machine):
        self.pair.wait_for_leader(self.pair.second)
        self.signal(signal.SIGCONT)
        self.pair.wait_in_step()


