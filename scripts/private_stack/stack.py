"""stack: one private set of servers under .run/stacks/NAME: what it consists of, its ports, bringing it up and down."""
import fcntl
import json
import os
import re
import shlex
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from . import front, kafka, kafka_wire, postgres, redis, secure, standby, worker_process
from .places import TMPFS, StackError, can_reach, link_to, outside_name, place, remove_tree, server_user

SERVERS = ("kafka", "postgres", "redis")
NAME_FORM = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")

# Ports: a block of 40 per stack, below the range from which the kernel takes ports of outgoing connections, so that a
# server that comes back finds its own still free. Ten for the servers, thirty for what is started beside them.
PORT_FIRST, PORT_LAST, BLOCK = 20000, 32000, 40
PORT_OFFSETS = {"kafka1": 0, "kafka2": 1, "kafka3": 2, "controller1": 3, "controller2": 4, "controller3": 5,
                "postgres": 6, "redis": 7, "standby": 8}
FRONT_OFFSETS = {"provider": 9, "front": BLOCK - 1}
FREE_OFFSET = 10
DRAIN_S = 40


def stacks_dir():
    return place("stacks")


def names():
    return sorted(path.parent.name for path in stacks_dir().glob("*/stack.json"))


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def check_name(name):
    if not NAME_FORM.fullmatch(name):
        raise StackError(f"{name!r} is no name for a stack: small letters, digits and dashes, at most 32")


@contextmanager
def locked(name):
    """One change of a stack at a time; the lock file outlives the stack."""
    check_name(name)
    with open(stacks_dir() / f".{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Stack:
    def __init__(self, name):
        check_name(name)
        self.name = name
        self.link = stacks_dir() / name
        self.dir = self.link.resolve()
        self.user = server_user()
        self.record = None
        if (self.dir / "stack.json").exists():
            self.record = json.loads((self.dir / "stack.json").read_text())
            if self.record["uid"] != os.geteuid():
                raise StackError(f"stack {name} belongs to user {self.record['uid']}: work as that user, or take "
                                 f"another --name")

    # --- what it consists of ---

    @property
    def secured(self):
        """How clients of Kafka log in on a secured stack: scram, plain or mtls; empty: all is open."""
        return self.record.get("secure", "")

    @property
    def pki(self):
        """The CA and certificates of a secured stack, else None."""
        return secure.Pki(self.dir / "pki", self.user) if self.secured else None

    def need(self):
        if self.record is None:
            raise StackError(f"there is no stack {self.name}: scripts/stack up{self.name_option()} makes it")
        return self

    def name_option(self):
        return "" if self.name == "dev" else f" --name {self.name}"

    @property
    def door(self):
        """What the front of this stack and its provider share; None: it has no front."""
        return front.Door(self) if self.record.get("front") else None

    def port(self, what):
        return self.record["base_port"] + (PORT_OFFSETS | FRONT_OFFSETS)[what]

    @property
    def gateway_port(self):
        """Of the first gateway that scripts/workers starts."""
        return self.record["base_port"] + FREE_OFFSET

    def pid_file(self, server):
        return self.dir / "pid" / server

    def log_file(self, server):
        return self.dir / "log" / f"{server}.log"

    def nodes(self):
        count = self.record["brokers"]
        return [kafka.Kafka(self, node, count)
                for node in range(1, count + 1)] if "kafka" in self.record["servers"] else []

    def servers(self):
        found = self.nodes()
        if "postgres" in self.record["servers"]:
            found.append(postgres.Postgres(self))
        if "redis" in self.record["servers"]:
            found.append(redis.Redis(self))
        if self.door is not None:
            found += [front.Provider(self), front.Front(self)]
        return found

    def named(self, server):
        """The servers a word on the command line means: kafka is all brokers, kafka1 is also a single one."""
        found = [one for one in self.servers() if one.name == server or
                 (server == "kafka" and one.name.startswith("kafka"))]
        if not found and server == "kafka1":
            found = self.nodes()
        if not found:
            raise StackError(f"stack {self.name} has no server {server}: it has " +
                             ", ".join(one.name for one in self.servers()))
        return found

    # --- making it ---

    def save(self):
        part = self.dir / "stack.json.part"
        part.write_text(json.dumps(self.record, indent=1) + "\n")
        part.replace(self.dir / "stack.json")

    def make(self, options):
        if options["tmpfs"]:
            link_to(self.link, TMPFS / outside_name(self.name))
        else:
            self.link.mkdir(mode=0o755, exist_ok=True)
        self.dir = self.link.resolve()
        if not can_reach(self.user, self.dir):
            raise StackError(f"user {self.user.pw_name} cannot get into {self.dir}: make it and what is above it "
                             f"passable")
        for part in ("pid", "log"):
            (self.dir / part).mkdir(mode=0o755, exist_ok=True)
        self.record = {
            "name": self.name, "uid": os.geteuid(), "cluster_id": kafka.new_id(),
            "partitions": options["partitions"] or 12, "brokers": options["brokers"] or 1,
            "servers": options["servers"] or list(SERVERS), "topics": not options["no_topics"],
            "secure": options.get("secure") or "", "front": bool(options.get("front")),
            "tmpfs": bool(options["tmpfs"]), "run": os.environ.get("INSTROOM_TEST_RUN", ""), "base_port": 0,
        }

    def check_same(self, options):
        for key in ("partitions", "brokers", "servers", "secure", "front"):
            if options.get(key) and options[key] != self.record.get(key, ""):
                raise StackError(f"stack {self.name} was made with {key} {self.record[key]}: "
                                 f"scripts/stack wipe{self.name_option()} first, or take another --name")

    def taken_ports(self, base):
        offsets = PORT_OFFSETS | (FRONT_OFFSETS if self.record.get("front") else {})
        return [base + offset for offset in offsets.values() if not is_free(base + offset)]

    def choose_ports(self, wanted):
        """Under the lock of all stacks of this checkout: a free block that no other stack has been given."""
        if wanted and self.taken_ports(wanted):
            raise StackError(f"port {self.taken_ports(wanted)[0]} is taken: choose another --base-port, or none")
        given = set()
        for name in names():
            if name != self.name:
                given.add(json.loads((stacks_dir() / name / "stack.json").read_text())["base_port"])
        blocks = (PORT_LAST - PORT_FIRST) // BLOCK
        start = int.from_bytes(outside_name(self.name).encode(), "big") % 99991 % blocks
        for step in range(blocks):
            base = wanted or PORT_FIRST + (start + step) % blocks * BLOCK
            if wanted or not any(abs(base - other) < BLOCK for other in given) and not self.taken_ports(base):
                self.record["base_port"] = base
                self.save()
                return
        raise StackError(f"no {BLOCK} free ports between {PORT_FIRST} and {PORT_LAST}: give --base-port")

    def settle_ports(self, wanted):
        """Ports stay what they were; while nothing runs they may change, when asked or when somebody took one."""
        base = self.record["base_port"]
        runs = [server.name for server in self.servers() if base and server.process.pid()]
        if runs:
            if wanted and wanted != base:
                raise StackError(f"stack {self.name} runs at {base}: scripts/stack down{self.name_option()} first")
            return
        if base and not (wanted and wanted != base) and not self.taken_ports(base):
            return
        with locked("ports"):
            self.choose_ports(wanted)

    # --- up, down ---

    def bring_up(self, server, wait_s):
        """One server, to ready. true: it had to be started."""
        is_new = server.process.pid() is None
        if is_new:
            if not is_free(server.port):
                raise StackError(f"port {server.port} of {server.name} is taken by another program: "
                                 f"scripts/stack down{self.name_option()}, then up again chooses others")
            server.prepare()
            server.start()
        server.wait(wait_s)
        return is_new

    def up(self, options):
        if self.record is None:
            self.make(options)
        self.check_same(options)
        self.settle_ports(options["base_port"])
        self.save()
        if self.pki is not None:
            self.pki.make()
        if self.door is not None:
            self.door.make()
        (self.dir / "env").write_text(self.env_text())
        wait_s = options["wait"]
        servers = self.servers()
        with ThreadPoolExecutor(len(servers)) as pool:
            jobs = [pool.submit(self.bring_up, server, wait_s) for server in servers]
            failed = [job.exception() for job in jobs if job.exception()]
        if failed:
            raise failed[0]
        for server in servers:
            if isinstance(server, postgres.Postgres):
                server.make_roles()
        if self.nodes() and self.secured:
            self.grant()
        if self.nodes() and self.record["topics"]:
            kafka.make_topics(self.nodes(), self.record["partitions"], wait_s)
        return [server.name for server, job in zip(servers, jobs) if job.result()]

    def grant(self, generation=None):
        """The passwords of Kafka's users and the rights of the table; given again they change nothing."""
        door = self.nodes()[0].door
        if self.secured == "scram":
            kafka_wire.set_passwords(door, {user: self.pki.password(user) for user in secure.USERS})
        kafka_wire.change_acls(door, secure.acl_rows(generation), True)

    def each(self, servers, action):
        """action on all at once, as a broker that goes may wait for another."""
        with ThreadPoolExecutor(len(servers)) as pool:
            return list(pool.map(action, servers))

    def end_workers(self, number, wait_s):
        """The programs of Instroom that scripts/workers started on this stack."""
        configs = worker_process.configs_in(self.dir / "workers")
        worker_process.end([worker_process.process_of(config) for config in configs], number, wait_s)

    def down(self):
        if self.record is None:
            return False
        self.end_workers(signal.SIGTERM, DRAIN_S)
        return any(self.each(self.servers() + standby.beside(self), lambda server: server.stop()))

    def wipe(self):
        """No data will be wanted again: servers go at once."""
        if self.record is not None:
            self.end_workers(signal.SIGKILL, 10)
            self.each(self.servers() + standby.beside(self), lambda server: server.discard())
            for node in self.nodes():
                node.remove_temporary()
        was_there = self.link.exists() or self.link.is_symlink()
        if was_there:
            remove_tree(self.link)
        return was_there

    def start(self, server, wait_s):
        for one in self.named(server):
            if one.process.pid() is None:
                if not is_free(one.port):
                    raise StackError(f"port {one.port} of {one.name} is taken by another program")
                one.prepare()
                one.start()
        if wait_s > 0:
            for one in self.named(server):
                one.wait(wait_s)

    # --- reporting ---

    def env(self):
        nodes = self.nodes()
        values = {"INSTROOM_STACK": self.name, "INSTROOM_STACK_DIR": self.dir}
        if nodes:
            values["INSTROOM_KAFKA_BROKERS"] = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
            values["INSTROOM_PARTITIONS"] = self.record["partitions"]
        if "redis" in self.record["servers"]:
            values["INSTROOM_REDIS_ADDRESS"] = f"127.0.0.1:{self.port('redis')}"
        if "postgres" in self.record["servers"]:
            server = postgres.Postgres(self)
            for role in postgres.ROLES:
                values[f"INSTROOM_PG_{role.partition('_')[2].upper()}"] = server.conninfo(role)
            values["INSTROOM_PG_ADMIN"] = server.conninfo(postgres.ADMIN)
        if self.pki is not None:
            values |= {"INSTROOM_SECURED": self.secured, "INSTROOM_KAFKA_CA_FILE": self.pki.ca,
                       "INSTROOM_REDIS_CA_FILE": self.pki.ca}
        if self.door is not None:
            values |= {"INSTROOM_FRONT": self.door.address, "INSTROOM_FRONT_CA_FILE": self.door.pki.ca}
        first = self.record["base_port"] + FREE_OFFSET
        values["INSTROOM_FREE_PORTS"] = f"{first}-{self.record['base_port'] + BLOCK - 1}"
        return values

    def env_text(self):
        return "".join(f"export {key}={shlex.quote(str(value))}\n" for key, value in self.env().items())

    def states(self):
        """[(server, port, pid or None, word)]"""
        found = []
        for server in self.servers():
            pid = server.process.pid()
            if pid is None:
                word = "down"
            elif server.process.is_paused():
                word = "paused"
            else:
                word = "ready" if server.is_ready() else "not ready"
            found.append((server, server.port, pid, word))
        return found
