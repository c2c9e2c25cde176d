"""kafka: the brokers of a private stack, one or three, each broker and controller in one (KRaft).

The first orderly stop leaves an archive of loaded classes in .run/kafka, which nearly halves every later start.
"""
import base64
import os
import shutil
import signal
import threading
import time
import uuid

from . import kafka_wire, secure
from .places import StackError, TooSlow, give_to, place
from .process import Process, run_helper, tail_of

MIB = 1 << 20
MESSAGE_BYTES_MAX = 64 * MIB
DAY_MS = 24 * 3600 * 1000
STOP_S = 20


def topic_specs(partitions, brokers):
    """The topics of design 2. One broker flushes every delivery to disk; three hold it in three memories."""
    kept = {"retention.ms": 90 * DAY_MS, "cleanup.policy": "delete", "message.timestamp.type": "LogAppendTime"}
    raw = kept | {"max.message.bytes": 32 * MIB} | ({"flush.messages": 1} if brokers == 1 else {})
    verdict = kept | {"max.message.bytes": MESSAGE_BYTES_MAX}
    reference = {"cleanup.policy": "compact", "max.message.bytes": 32 * MIB, "message.timestamp.type": "LogAppendTime"}
    access = {"cleanup.policy": "compact", "max.message.bytes": 32 * MIB}
    insync = {"min.insync.replicas": 1 if brokers == 1 else 2, "unclean.leader.election.enable": "false"}
    return [(name, count, brokers, settings | insync) for name, count, settings in (
        ("instroom.raw.1", partitions, raw),
        ("instroom.verdict.1", partitions, verdict),
        ("instroom.quarantine.1", partitions, verdict),
        ("instroom.reference.1", 1, reference),
        ("instroom.access.1", 1, access))]


def find_java():
    home = os.environ.get("JAVA_HOME")
    for java in ([os.path.join(home, "bin/java")] if home else []) + [shutil.which("java")]:
        if java and os.access(java, os.X_OK):
            return java
    raise StackError("there is no java: run scripts/install")


class Kafka:
    """One node. nodes: how many there are; the first is node 1."""

    def __init__(self, stack, node, nodes):
        self.stack, self.node, self.nodes = stack, node, nodes
        self.name = "kafka" if nodes == 1 else f"kafka{node}"
        self.port = stack.port(f"kafka{node}")
        self.dir = stack.dir / self.name
        self.settings = self.dir / "server.properties"
        # native libraries: /dev/shm may forbid to run them
        self.temporary = place("kafka") / "tmp" / f"{stack.name}-{self.name}"
        self.process = Process(self.name, stack.pid_file(self.name), stack.log_file(self.name), self.settings)

    @property
    def door(self):
        """Where kafka_wire asks: the port, or on a secured stack what logs in as its administrator."""
        pki = self.stack.pki
        if pki is None:
            return self.port
        if self.stack.secured == "mtls":
            return kafka_wire.Door(self.port, pki.context(secure.ADMIN))
        return kafka_wire.Door(self.port, pki.context(), secure.ADMIN, pki.password(secure.ADMIN))

    def properties(self):
        name = "PLAINTEXT" if self.stack.pki is None else "CLIENTS"
        controllers = range(1, self.nodes + 1)
        voters = ",".join(f"{node}@127.0.0.1:{self.stack.port(f'controller{node}')}" for node in controllers)
        insync = 1 if self.nodes == 1 else 2
        return {
            "process.roles": "broker,controller",
            "node.id": self.node,
            "controller.quorum.voters": voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"{name}://127.0.0.1:{self.port},"
                         f"CONTROLLER://127.0.0.1:{self.stack.port(f'controller{self.node}')}",
            "advertised.listeners": f"{name}://127.0.0.1:{self.port}",
            "log.dirs": self.dir / "data",
            "auto.create.topics.enable": "false",
            "unclean.leader.election.enable": "false",
            "message.max.bytes": MESSAGE_BYTES_MAX,
            "replica.fetch.max.bytes": MESSAGE_BYTES_MAX,
            "replica.fetch.response.max.bytes": MESSAGE_BYTES_MAX,
            "socket.request.max.bytes": MESSAGE_BYTES_MAX + 32 * MIB,
            "default.replication.factor": self.nodes,
            "min.insync.replicas": insync,
            "offsets.topic.replication.factor": self.nodes,
            "offsets.topic.num.partitions": 6,
            "transaction.state.log.replication.factor": self.nodes,
            "transaction.state.log.min.isr": insync,
            "transaction.state.log.num.partitions": 2,
            "share.coordinator.state.topic.replication.factor": self.nodes,
            "share.coordinator.state.topic.min.isr": insync,
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "num.network.threads": 2,
            "num.io.threads": 4,
            "num.recovery.threads.per.data.dir": 2,
            "log.cleaner.dedupe.buffer.size": 16 * MIB,
            "log.segment.delete.delay.ms": 1000,
            # a dead broker is noticed and replaced within seconds
            "broker.heartbeat.interval.ms": 300,
            "broker.session.timeout.ms": 2000,
            "controller.quorum.election.timeout.ms": 500,
            "controller.quorum.fetch.timeout.ms": 1500,
            "controlled.shutdown.enable": "true",
        } | ({} if self.stack.pki is None else secure.server_properties(self.stack.pki, self.stack.secured))

    def java(self, *options):
        home = place("kafka")
        lib = home / "lib"
        jars = sorted(str(jar) for jar in lib.glob("*.jar"))
        if not (lib / ".pom-sha256").exists() or not jars:
            raise StackError("Kafka is not in .run/kafka/lib: run scripts/install")
        archive = home / "classes.jsa"
        self.remove_temporary()
        self.temporary.parent.mkdir(exist_ok=True)
        self.temporary.mkdir()
        give_to(self.stack.user, self.temporary)
        return [find_java(), "-XX:+UseSerialGC", "-XX:+PerfDisableSharedMem", "-XX:TieredStopAtLevel=1",
                "-XX:+ExitOnOutOfMemoryError",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
                "-Djava.awt.headless=true", f"-Djava.io.tmpdir={self.temporary}",
                *([f"-XX:SharedArchiveFile={archive}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"] if archive.exists()
                  else []),
                *options, "-cp", ":".join(jars)]

    def remove_temporary(self):
        shutil.rmtree(self.temporary, ignore_errors=True)

    def prepare(self):
        self.dir.mkdir(mode=0o700, exist_ok=True)
        give_to(self.stack.user, self.dir)
        self.settings.write_text("".join(f"{key}={value}\n" for key, value in self.properties().items()))
        give_to(self.stack.user, self.settings)
        if not (self.dir / "data" / "meta.properties").exists():
            self.format_storage()

    def format_storage(self):
        """By Kafka's own tool the first time. What it makes differs only in the ids, so later ones are copies."""
        data = self.dir / "data"
        template = place("kafka") / "bootstrap.checkpoint"
        shutil.rmtree(data, ignore_errors=True)
        if template.exists():
            data.mkdir(mode=0o700)
            shutil.copyfile(template, data / "bootstrap.checkpoint")
            ids = {"version": 1, "cluster.id": self.stack.record["cluster_id"], "node.id": self.node,
                   "directory.id": new_id()}
            (data / "meta.properties").write_text("".join(f"{key}={value}\n" for key, value in ids.items()))
            for path in (data, data / "bootstrap.checkpoint", data / "meta.properties"):
                give_to(self.stack.user, path)
            return
        status, said = run_helper(
            self.java() + ["kafka.tools.StorageTool", "format", "--cluster-id", self.stack.record["cluster_id"],
                           "--config", self.settings], self.stack.user, self.dir)
        if status != 0:
            raise StackError(f"{self.name}: its storage could not be formatted:\n{said}")
        keep(data / "bootstrap.checkpoint", template)

    def start(self):
        self.dir.mkdir(mode=0o700, exist_ok=True)
        made_classes = self.dir / "classes.jsa"
        made_classes.unlink(missing_ok=True)
        options = ["-Xms256m", "-Xmx512m"]
        if self.node == 1 and not (place("kafka") / "classes.jsa").exists():
            options.append(f"-XX:ArchiveClassesAtExit={made_classes}")
        self.process.start(self.java(*options) + ["kafka.Kafka", self.settings], self.dir, self.stack.user)

    def is_ready(self):
        """Its port answers, it counts itself among the brokers, and what it leads or follows has leaders."""
        try:
            brokers, topics = kafka_wire.metadata(self.door)
        except (OSError, ValueError):
            return False
        return self.node in brokers and not any(error for errors in topics.values() for error in errors)

    def wait(self, wait_s):
        self.process.wait_until(self.is_ready, wait_s)

    def stop(self):
        was_there = self.process.end(signal.SIGTERM, STOP_S)
        made_classes = self.dir / "classes.jsa"
        if made_classes.exists():
            keep(made_classes, place("kafka") / "classes.jsa")
            made_classes.unlink()
        return was_there

    def kill(self):
        return self.process.end(signal.SIGKILL, 10)

    discard = kill

    def signal(self, number):
        return self.process.signal(number)


def keep(path, copy):
    """The copy is whole or not there, and readable for the user of the servers."""
    part = copy.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
    shutil.copyfile(path, part)
    os.replace(part, copy)


def new_id():
    """22 characters; a leading dash would be read as an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def make_topics(nodes, partitions, wait_s):
    """Makes what is missing and waits for leaders. A topic with another number of partitions is an error."""
    specs = topic_specs(partitions, len(nodes))
    port = nodes[0].door
    deadline = time.monotonic() + wait_s
    while True:
        brokers, topics = kafka_wire.metadata(port)
        for name, count, _, _ in specs:
            if name in topics and len(topics[name]) != count:
                raise StackError(f"topic {name} has {len(topics[name])} partitions, not {count}: that never changes; "
                                 "wipe the stack")
        missing = [spec for spec in specs if spec[0] not in topics]
        if not missing and all(not error for spec in specs for error in topics[spec[0]]):
            return
        failed = kafka_wire.create_topics(port, missing) if missing and len(brokers) == len(nodes) else {}
        for name, (error, text) in failed.items():
            if error not in kafka_wire.PASSING_ERRORS:
                raise StackError(f"topic {name} could not be made: {text or f'error {error}'}")
        if time.monotonic() > deadline:
            raise TooSlow(f"the topics were not there within {wait_s:g} s; the end of {nodes[0].process.log_file}:\n"
                          f"{tail_of(nodes[0].process.log_file)}")
        time.sleep(0.05)
