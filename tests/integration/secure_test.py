#!/usr/bin/python3
"""A secured stack: Kafka by SASL_SSL (SCRAM where the library can, else PLAIN) with the rights of
deploy/kafka-acls.txt, PostgreSQL by hostssl, Redis by TLS with an ACL user, the gateway by HTTPS.

  1. a delivery goes through to its terugmelding
  2. what each stage must not be able to do, it cannot
  3. each cause has its name: which server, which cause, at start and later, with the exit status and the metric
  4. a password that is rotated, a right that is withdrawn, a schema that is away: waited for, and then all goes on
"""
import ctypes
import json
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.path.insert(0, str(ROOT / "tests" / "integration"))
import kafka_produce  # noqa: E402
from replay_test import COLUMNS, line  # noqa: E402
from private_stack import kafka_wire, secure  # noqa: E402
from private_stack import stack as stacks  # noqa: E402
from private_stack import workers as programs  # noqa: E402

BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev")).absolute()
WAIT_S = int(os.environ.get("INSTROOM_TEST_WAIT_S", "90"))
FETCH, JOIN_GROUP = 1, 11
AT_ONCE = 8  # programs of a row
BOARD = "99906"
passed = failed = 0


def check(what, holds, seen=""):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    if not holds:
        print(f"FAILED {what}" + (f": {seen}" if seen != "" else ""), flush=True)


def until(holds, wait_s=WAIT_S):
    """What holds() gave last; true as soon as it is."""
    deadline = time.monotonic() + wait_s
    while not (seen := holds()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


def library_can_scram():
    """Of the library that the programs are run with: 2.6.1 or later (common/kafka/kafka.c)."""
    return ctypes.CDLL("librdkafka.so.1").rd_kafka_version() >= 0x020601ff


class Machine:
    def __init__(self):
        self.variant = "scram" if library_can_scram() else "plain"
        self.stack = stacks.Stack(f"secure-{os.getpid()}")
        self.stack.up({"partitions": 2, "brokers": 1, "servers": None, "no_topics": False, "tmpfs": False,
                       "base_port": None, "wait": WAIT_S, "secure": self.variant})
        self.pki = self.stack.pki
        self.workers = programs.Workers(self.stack)
        counts = {"gateway": 1, "validate": 1, "write": 1}
        self.workers.set_up(BUILD, counts, True, {})
        self.workers.prepare(ROOT / "tests/cases/reference")
        self.workers.start(self.workers.all(counts), WAIT_S)
        self.admin = self.stack.nodes()[0].door
        make_bad_certificates(self.pki)
        self.sequence = 0

    def worker(self, kind):
        return self.workers.named(kind)[0]

    def log(self, kind):
        return self.worker(kind).process.log_file.read_text(errors="replace")

    def metric(self, kind, peer, cause):
        worker = self.worker(kind)
        with urllib.request.urlopen(f"{worker.address}/metrics", timeout=10, context=worker.context) as answer:
            found = re.search(rf'^instroom_peer_failures_total{{.*peer="{peer}",cause="{cause}".*}} (\d+)$',
                              answer.read().decode(), re.M)
        return int(found[1]) if found else 0

    def ask(self, path, body=None, token="", kind="text/csv"):
        worker = self.worker("gateway")
        request = urllib.request.Request(worker.address + path, data=body, headers={
            "Authorization": f"Bearer {token or (self.workers.dir / 'token').read_text()}", "Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=60, context=self.pki.context()) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def deliver(self):
        """Uploaded, again while the gateway says not now, and waited for until it is in the register; empty: so it
        was."""
        self.sequence += 1
        path = (f"/v1/leveringen?bestuur={BOARD}&soort=MUTATIE&volgnummer={self.sequence}"
                f"&leveringsid=secured-delivery-{self.sequence}&extractiedatum=2018-07-01&ontvangen_op=2018-07-02")
        body = f"{COLUMNS}\n{line(self.sequence, '99QF')}\n".encode()
        answer = until(lambda: got if (got := self.try_ask(path, body))[0] in (200, 202, 400, 409, 422) else None)
        if not answer or answer[0] not in (200, 202):
            return f"{answer or self.try_ask(path, body)}"
        place = f"/v1/besturen/{BOARD}/leveringen/secured-delivery-{self.sequence}/terugmelding"
        return "" if until(lambda: self.try_ask(place)[0] == 200) else f"no terugmelding: {self.try_ask(place)}"

    def send(self):
        """A delivery that nobody waits for."""
        self.sequence += 1
        path = (f"/v1/leveringen?bestuur={BOARD}&soort=MUTATIE&volgnummer={self.sequence}"
                f"&leveringsid=secured-delivery-{self.sequence}&extractiedatum=2018-07-01&ontvangen_op=2018-07-02")
        until(lambda: self.try_ask(path, f"{COLUMNS}\n{line(self.sequence, '99QF')}\n".encode())[0] == 202)

    def try_ask(self, path, body=None):
        try:
            return self.ask(path, body)
        except OSError as error:
            return 0, str(error)

    def door(self, user):
        password = self.pki.password(user)
        return kafka_wire.Door(self.admin.port, self.pki.context(), user, password, secure.MECHANISMS[self.variant])

    def sql(self, statement, role="ADMIN"):
        """(exit status, what psql said)"""
        done = subprocess.run(["psql", "-tAqX", self.stack.env()[f"INSTROOM_PG_{role}"], "-c", statement], check=False,
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def redis(self, *words, user="instroom"):
        """The first line of the answer."""
        with socket.create_connection(("127.0.0.1", self.stack.port("redis")), 10) as plain:
            with self.pki.context().wrap_socket(plain, server_hostname="127.0.0.1") as tls:
                tls.sendall(f"AUTH {user} {self.pki.password('redis')}\r\n{' '.join(words)}\r\n".encode())
                tls.settimeout(10)
                said = b""
                while said.count(b"\r\n") < 2:
                    said += tls.recv(4096)
        return said.split(b"\r\n")[1].decode()

    def end(self):
        self.workers.end_all()
        self.stack.wipe()


# --- what must not be ---

def fetch(door, topic):
    """Asks for the first record; a topic without any gives none."""
    body = (struct.pack(">iiiib", -1, 0, 0, 1000, 0) + struct.pack(">i", 1) + kafka_wire.pack_text(topic) +
            struct.pack(">iiqi", 1, 0, 0, 1000))
    answer = kafka_wire.ask(door, FETCH, 4, body, 10)
    answer.take("i"), answer.take("i"), answer.text(), answer.take("i"), answer.take("i")
    error = answer.take("h")
    if error:
        raise ConnectionError(f"error {error}")


def kafka_error(door, api, topic):
    """0, or Kafka's error code."""
    acts = {"write": lambda: kafka_produce.produce(door, topic, 0, b"", b"x", []),
            "read": lambda: fetch(door, topic),
            "delete": lambda: kafka_produce.delete_before(door, topic, 0, 0)}
    try:
        acts[api]()
    except ConnectionError as error:
        return int(re.search(r"error (\d+)", str(error))[1])
    return 0


def must_not(machine):
    """Of each stage and topic: reads and writes what the table says, and nothing else."""
    allowed = {(user, name, operation) for user, kind, name, operation in secure.acl_rows() if kind == "topic"}
    for user in ("instroom-gateway", "instroom-validate", "instroom-write", "instroom-keda"):
        door = machine.door(user)
        for topic in ("instroom.raw.1", "instroom.verdict.1", "instroom.quarantine.1", "instroom.reference.1"):
            for api, right in (("read", "Read"), ("write", "Write"), ("delete", "Delete")):
                may = (user, topic, right) in allowed
                if may and api == "write":
                    continue  # a foreign message would be one more to judge
                seen = kafka_error(door, api, topic)
                check(f"{user} may {'' if may else 'not '}{api} {topic}", (seen == 0) == may, seen)
    for role, statement in (("READER", "update register.board set active = 0"),
                            ("READER", "insert into register.cursor select * from register.cursor"),
                            ("READER", "delete from register.teacher"),
                            ("WRITER", "drop table register.teacher"),
                            ("WRITER", "create table register.mine (n int)"),
                            ("READER", "copy register.teacher to program 'cat'")):
        status, said = machine.sql(statement, role)
        check(f"{role} may not {statement}", status != 0 and re.search("permission denied|must be", said), said)
    status, _ = machine.sql("select 1", "READER")
    check("the reader may look", status == 0)
    plain = machine.stack.env()["INSTROOM_PG_READER"].replace("verify-full", "disable")
    done = subprocess.run(["psql", "-tAqX", plain, "-c", "select 1"], check=False, capture_output=True, text=True)
    check("PostgreSQL takes nobody without TLS", done.returncode != 0, done.stdout)
    for words in (("FLUSHALL",), ("CONFIG", "GET", "*"), ("GET", "other"), ("KEYS", "*"), ("ACL", "LIST")):
        seen = machine.redis(*words)
        check(f"Redis does not permit {words[0]}", seen.startswith("-NOPERM"), seen)


def doctor(machine):
    """Rights of Kafka beside deploy/kafka-acls.txt: not asked without the right to; then each that lacks, each too
    much. Of Redis: an ACL user as the guide has it may all that the cache takes."""
    describe = [("instroom-ctl", "cluster", "kafka-cluster", "Describe")]
    lacks = [("instroom-ctl", "group", "instroom-validate", "Describe")]
    excess = [("instroom-keda", "topic", "instroom.raw.1", "Write")]
    seen = set()

    def told(*wanted):
        def look():
            rows = json.loads(machine.workers.ctl("doctor", "--json", capture_output=True, text=True).stdout)
            seen.clear()
            seen.update((row["check"], row["state"], row["found"]) for row in rows)
            mine = [one for one in seen if one[0] == "kafka rights"]
            return len(mine) == len(wanted) and all(any(words in one[2] and state == one[1] for one in mine)
                                                    for state, words in wanted)
        return until(look)

    check("doctor says what it may not ask", told(("unknown", "lacks Describe on the cluster")), seen)
    check("and Redis serves it", any(one[:2] == ("redis cache", "ok") for one in seen), seen)
    kafka_wire.change_acls(machine.admin, describe, True)
    check("rights are as the table has them", told(("ok", "kafka-acls.txt")), seen)
    kafka_wire.change_acls(machine.admin, lacks, False)
    kafka_wire.change_acls(machine.admin, excess, True)
    check("one that lacks, one too much",
          told(("fail", "User:instroom-ctl lacks a right on group instroom-validate"),
               ("warn", "User:instroom-keda may Write topic instroom.raw.1")), seen)
    kafka_wire.change_acls(machine.admin, lacks, True)
    kafka_wire.change_acls(machine.admin, excess, False)
    create, anywhere = (("instroom-ctl", *place, "Create") for place in (("topic", "instroom.raw.1"),
                                                                        ("cluster", "kafka-cluster")))
    kafka_wire.change_acls(machine.admin, [create], False)
    check("who may not make a topic", told(("fail", "User:instroom-ctl lacks a right on topic instroom.raw.1")), seen)
    kafka_wire.change_acls(machine.admin, [anywhere], True)
    check("may if he may make any", told(("ok", "kafka-acls.txt")), seen)
    kafka_wire.change_acls(machine.admin, [create], True)
    kafka_wire.change_acls(machine.admin, [anywhere, *describe], False)


# --- causes ---

class Stub:
    """A server in name only, for one handshake after another. mode: tls; or plain, which answers no TLS; http, which
    answers as a web server does, behind TLS if it has a certificate; mute, which does not answer. client_ca: whose
    certificates it wants to see. is_old: it has TLS 1.1 at most."""

    def __init__(self, mode, pem=None, is_postgres=False, client_ca=None, is_old=False):
        self.mode, self.is_postgres = mode, is_postgres
        self.context = None
        if pem:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(pem)
        if client_ca:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(client_ca)
        if is_old:
            self.context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                self.context.minimum_version = ssl.TLSVersion.TLSv1
                self.context.maximum_version = ssl.TLSVersion.TLSv1_1
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                line, _ = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self.greet, args=(line,), daemon=True).start()

    def greet(self, line):
        try:
            with line:
                line.settimeout(10)
                if self.is_postgres:
                    line.recv(8)
                    line.sendall(b"S" if self.context else b"N")
                if self.mode == "mute":
                    line.recv(4096)
                    time.sleep(60)
                elif self.context:
                    with self.context.wrap_socket(line, server_side=True) as tls:
                        tls.recv(1 if self.mode == "tls" else 4096)
                        if self.mode == "http":
                            tls.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                            tls.recv(1)
                elif self.mode == "http":
                    line.recv(4096)
                    line.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                else:
                    line.recv(4096)
                    line.sendall(b"-ERR no TLS here\r\n")
        except OSError:
            pass


def make_bad_certificates(pki):
    """Of a CA that nobody trusts, of another name, and one that is expired."""
    pki.make_ca("other-ca")
    pki.sign("bad-ca", secure.HERE, ca="other-ca")
    pki.sign("bad-name", "DNS:elsewhere.example")
    pki.sign("bad-time", secure.HERE, days=-1)
    pki.sign("client-of-other-ca", ca="other-ca")


class Start:
    """A program with other settings: how it ends, or what it says while it waits."""

    def __init__(self, machine, kind, row, settings, status, cause, words=""):
        self.what = f"{kind}, {row}"
        self.kind, self.status, self.cause, self.words = kind, status, cause, words
        lines = (machine.workers.dir / f"{kind}1.conf").read_text().splitlines()
        settings = {"worker.name": "row", "status.address": "", **settings}
        if kind == "gateway":
            settings |= {"listen": "127.0.0.1:0", "log.level": "debug"}
        kept = [one for one in lines if one.partition(" =")[0] not in settings]
        self.conf = machine.workers.dir / f"row-{re.sub('[^a-z0-9]+', '-', self.what)}"
        self.conf.write_text("\n".join([*kept, *(f"{key} = {value}" for key, value in settings.items())]) + "\n")
        self.log = open(self.conf.with_suffix(".log"), "w+")
        self.process = subprocess.Popen([machine.workers.program(f"instroom-{kind}"), "--config", self.conf],
                                        stdout=self.log, stderr=self.log)

    def said(self):
        return Path(self.log.name).read_text(errors="replace")

    def judge(self):
        names = f'(cause|code)="?{self.cause}"?( |$)'
        if self.status is None:
            until(lambda: re.search(names, self.said(), re.M) or self.process.poll() is not None)
            if self.kind == "gateway":  # each of its connections to Kafka fails by itself, and again
                until(lambda: self.said().count("facility=FAIL") >= 6, 15)
            check(f"{self.what}: waits", self.process.poll() is None, self.said()[-600:])
        else:
            until(lambda: self.process.poll() is not None)
            check(f"{self.what}: ends with {self.status}", self.process.poll() == self.status,
                  f"{self.process.poll()} {self.said()[-600:]}")
        check(f"{self.what}: and {self.words}", re.search(self.words, self.said()), self.said()[-600:])
        check(f"{self.what}: says {self.cause}", re.search(names, self.said(), re.M), self.said()[-600:])
        others = set(re.findall(r"event=kafka\.(?:failing|refused) cause=(\S+)", self.said())) - {self.cause}
        check(f"{self.what}: and no other cause", not others, others)
        self.process.kill()
        self.process.wait()
        self.log.close()


def start_rows(machine):
    pki, port = machine.pki, machine.stack.port
    wrong = pki.keep("wrong.password", "x" * 48)
    conninfo = machine.stack.env()["INSTROOM_PG_WRITER"]
    pem = {name: pki.path(f"{name}.pem") for name in ("bad-ca", "bad-name", "bad-time")}
    kafka = {name: {"kafka.brokers": f"127.0.0.1:{Stub('tls', path).port}"} for name, path in pem.items()}
    redis = {name: {"redis.address": f"127.0.0.1:{Stub('tls', path).port}"} for name, path in pem.items()}

    def pg(**changed):
        text = conninfo
        for key, value in changed.items():
            text = re.sub(rf"\b{key}=\S+", "", text) + f" {key}={value}"
        return {"pg.conninfo": text}

    def own(server, cert, key):
        return {f"{server}.cert.file": pki.path(f"{cert}.crt"), f"{server}.key.file": pki.path(f"{key}.key")}

    good, trusted = pki.path("gateway.pem"), pki.path("ca.crt")
    strict, strict_pg = Stub("tls", good, client_ca=trusted).port, Stub("tls", good, True, client_ca=trusted).port
    nobody = socket.create_server(("127.0.0.1", 0))
    nobody_port = nobody.getsockname()[1]
    nobody.close()
    stranger = "client-of-other-ca"

    def at(server, port):
        return {"kafka.brokers" if server == "kafka" else "redis.address": f"127.0.0.1:{port}"}

    def group(name):
        kafka_wire.change_acls(machine.admin, [("instroom-validate", "group", f"row-{name}", "Read")], True)
        return {"kafka.group": f"row-{name}"}
    rows = [
        ("write", "Kafka of another CA", {"kafka.ca.file": pki.path("other-ca.crt")}, 78, "ca"),
        ("write", "Kafka of another name", kafka["bad-name"], 78, "certificate-name"),
        ("write", "Kafka expired", kafka["bad-time"], 78, "certificate-expired"),
        ("write", "Kafka without TLS", {"kafka.brokers": f"127.0.0.1:{Stub('plain').port}"}, 78, "no-tls"),
        ("write", "Kafka with TLS, we without", {"kafka.security.protocol": "plaintext", "kafka.sasl.mechanism": ""},
         None, "wants-tls"),
        ("write", "Kafka refuses the password", {"kafka.sasl.password.file": wrong}, 77, "credentials"),
        ("write", "Kafka without a right", {"kafka.group": "not-ours"}, 78, "GROUP_AUTHORIZATION_FAILED",
         "group not-ours"),
        ("write", "Kafka of no address", {"kafka.brokers": "kafka.invalid:9092"}, None, "name"),
        ("write", "Kafka, no such CA file", {"kafka.ca.file": "/nowhere/ca.crt"}, 78, "file"),
        ("write", "PostgreSQL, no such CA file", pg(sslrootcert="/nowhere/ca.crt"), 78, "ca"),
        ("gateway", "Kafka of another name", kafka["bad-name"], None, "certificate-name"),
        ("gateway", "Kafka expired", kafka["bad-time"], None, "certificate-expired"),
        ("gateway", "Kafka refuses the password", {"kafka.sasl.password.file": wrong}, None, "credentials"),
        ("write", "PostgreSQL of another CA", pg(sslrootcert=pki.path("other-ca.crt")), 78, "ca"),
        ("write", "PostgreSQL of another name", pg(port=Stub("tls", pem["bad-name"], True).port), 78,
         "certificate-name"),
        ("write", "PostgreSQL expired", pg(port=Stub("tls", pem["bad-time"], True).port), 78, "certificate-expired"),
        ("write", "PostgreSQL without TLS", pg(port=Stub("plain", None, True).port), 78, "no-tls"),
        ("write", "PostgreSQL with TLS, we without", pg(sslmode="disable"), 78, "wants-tls"),
        ("write", "PostgreSQL refuses the password", pg(passfile="/dev/null") | {"pg.password.file": wrong}, 77,
         "credentials"),
        ("write", "PostgreSQL without a right", {"pg.conninfo": machine.stack.env()["INSTROOM_PG_READER"]}, None,
         "42501", "table |function |sequence "),
        ("write", "PostgreSQL of no address", pg(host="pg.invalid"), None, "name"),
        ("validate", "Redis of another CA", {"redis.ca.file": pki.path("other-ca.crt")}, None, "ca"),
        ("validate", "Redis of another name", redis["bad-name"], None, "certificate-name"),
        ("validate", "Redis expired", redis["bad-time"], None, "certificate-expired"),
        ("validate", "Redis without TLS", {"redis.address": f"127.0.0.1:{Stub('plain').port}"}, None, "no-tls"),
        ("validate", "Redis with TLS, we without", {"redis.tls": "no"}, None, "wants-tls"),
        ("validate", "Redis refuses the password", {"redis.password.file": wrong}, None, "credentials"),
        ("validate", "Redis without a right", {"redis.user": "little"}, None, "right"),
        ("write", "Kafka wants a certificate of ours", at("kafka", strict), 78, "client-certificate",
         f"Kafka at 127.0.0.1:{strict} "),
        ("write", "Kafka does not know ours", at("kafka", strict) | own("kafka", stranger, stranger), 78,
         "client-certificate"),
        ("write", "Kafka, old TLS", at("kafka", Stub("tls", good, is_old=True).port), 78, "tls-version"),
        ("write", "Kafka, a web server", at("kafka", Stub("http", good).port), 78, "protocol"),
        ("write", "Kafka wants a login", {"kafka.security.protocol": "ssl", "kafka.sasl.mechanism": ""}, None,
         "wants-login"),
        ("write", "Kafka, a key of another certificate", own("kafka", stranger, "bad-name"), 78, "file",
         "is not the key of"),
        ("write", "Kafka, nobody listens", at("kafka", nobody_port), None, "_ALL_BROKERS_DOWN",
         f"Kafka at 127.0.0.1:{nobody_port} cannot be reached: it refuses"),
        ("gateway", "Kafka, nobody listens", at("kafka", nobody_port), None, "_ALL_BROKERS_DOWN|away",
         f'event=kafka.away where="127.0.0.1:{nobody_port}" why="cannot be reached: it refuses'),
        ("write", "PostgreSQL wants a certificate of ours", pg(port=strict_pg), 78, "client-certificate"),
        ("write", "PostgreSQL, old TLS", pg(port=Stub("tls", good, True, is_old=True).port), 78, "tls-version"),
        ("write", "PostgreSQL, a web server", pg(port=Stub("http").port), 78, "protocol"),
        ("write", "PostgreSQL, a key of another certificate",
         pg(sslcert=pki.path(f"{stranger}.crt"), sslkey=pki.path("bad-name.key")), 78, "file", "is not the key of"),
        ("write", "PostgreSQL, a mode of no sense", pg(sslmode="sometimes"), 78, "conninfo", "sslmode"),
        ("write", "PostgreSQL, no such database", pg(dbname="nowhere"), 78, "3D000", "database nowhere"),
        ("write", "PostgreSQL, nobody listens", pg(port=nobody_port), None, "connection", "it refuses the connection"),
        ("write", "PostgreSQL, mute", pg(port=Stub("mute").port), None, "connection", "does not answer in time"),
        ("validate", "Redis wants a certificate of ours", at("redis", strict), None, "client-certificate"),
        ("validate", "Redis, old TLS", at("redis", Stub("tls", good, is_old=True).port), None, "tls-version"),
        ("validate", "Redis, a web server", at("redis", Stub("http", good).port), None, "protocol"),
        ("validate", "Redis, a key of another certificate", own("redis", stranger, "bad-name"), None, "file",
         "is not the key of"),
        ("validate", "Redis, nobody listens", at("redis", nobody_port), None, "connection",
         f"Redis at 127.0.0.1:{nobody_port} cannot be reached: it refuses"),
        ("validate", "Redis of no address", {"redis.address": "redis.invalid:6379"}, None, "name"),
    ]
    kafka_wire.change_acls(machine.admin, [("instroom-write", "group", "row-taken", "Read")], True)
    join_as_a_stranger(machine, "row-taken")
    rows.append(("write", "Kafka, a foreign program in our group", {"kafka.group": "row-taken"}, None, "group",
                 "group row-taken: Kafka has others"))
    if machine.variant == "scram":
        rows.append(("write", "Kafka without our mechanism", {"kafka.sasl.mechanism": "SCRAM-SHA-256"}, 78,
                     "mechanism"))
    for begin in range(0, len(rows), AT_ONCE):
        starts = []
        for number, (kind, row, settings, *wanted) in enumerate(rows[begin:begin + AT_ONCE], begin):
            if kind == "validate":
                settings = settings | group(str(number))
            starts.append(Start(machine, kind, row, settings, *wanted))
        for start in starts:
            start.judge()


def join_as_a_stranger(machine, group):
    """A member that shares the group as Kafka Connect does. It says nothing more, and is one for a minute."""
    body = (kafka_wire.pack_text(group) + struct.pack(">ii", 60000, 60000) + kafka_wire.pack_text("") +
            kafka_wire.pack_text("connect") + struct.pack(">i", 1) + kafka_wire.pack_text("default") +
            struct.pack(">i", 0))

    def join():
        answer = kafka_wire.ask(machine.admin, JOIN_GROUP, 2, body, 10)
        answer.take("i")
        return answer.take("h") == 0
    check("a stranger is in the group", until(join))


def deliver_rows(machine):
    """instroomctl deliver, which goes on trying, says what is wrong with the gateway's certificate."""
    delivery = machine.workers.dir / "row.csv"
    delivery.write_text(f"{COLUMNS}\n")
    own = machine.worker("gateway").address
    at = {name: f"https://127.0.0.1:{Stub('tls', machine.pki.path(f'{name}.pem')).port}"
          for name in ("bad-ca", "bad-name", "bad-time")}
    for row, settings, words in (
            ("of another CA", {"gateway.url": at["bad-ca"]}, "unable to get local issuer certificate"),
            ("of another name", {"gateway.url": at["bad-name"]}, "no alternative certificate subject name"),
            ("expired", {"gateway.url": at["bad-time"]}, "certificate has expired"),
            ("without TLS", {"gateway.url": f"https://127.0.0.1:{Stub('plain').port}"}, "wrong version number"),
            ("no such CA file", {"gateway.url": own, "gateway.ca.file": "/nowhere/ca.crt"}, "/nowhere/ca.crt")):
        log = machine.workers.dir / "row-deliver.log"
        with log.open("w") as said:
            process = subprocess.Popen(
                [machine.workers.program("instroomctl"), "--config", machine.workers.dir / "instroomctl.conf",
                 *(f"--{key}={value}" for key, value in settings.items()), "deliver", delivery],
                stdout=said, stderr=said)
        check(f"instroomctl deliver, gateway {row}: says so", until(lambda: words in log.read_text()), log.read_text())
        process.kill()
        process.wait()


def status_rows(machine):
    """instroomctl status names the cause in each row, in a sentence and by how it ends."""
    pki, stranger = machine.pki, str(machine.pki.path("other-ca.crt"))
    wrong = str(pki.path("wrong.password"))
    reader = machine.stack.env()["INSTROOM_PG_READER"]
    for row, setting, status, why, words in (
            ("Kafka of another CA", f"--kafka.ca.file={stranger}", 78, "Kafka: ca", "no CA we trust"),
            ("Kafka refuses the password", f"--kafka.sasl.password.file={wrong}", 77, "Kafka: credentials",
             "refuses our user or password"),
            ("PostgreSQL of no address", f"--pg.conninfo={reader.replace('127.0.0.1', 'pg.invalid')}", 69,
             "the register: name", "pg.invalid")):
        done = subprocess.run([machine.workers.program("instroomctl"), "--config",
                               machine.workers.dir / "instroomctl.conf", setting, "status", "--json"], check=False,
                              capture_output=True, text=True)
        seen = {one["why"] for one in json.loads(done.stdout or "[]")}
        check(f"instroomctl status, {row}: says so", (done.returncode, seen) == (status, {why}) and
              words in done.stderr, f"{done.returncode} {seen} {done.stderr}")


def seen_later(machine, kind, peer, cause, before, begun):
    worker = machine.worker(kind)
    check(f"{kind}, later: {peer} {cause} is counted",
          until(lambda: machine.metric(kind, peer, cause) > before), machine.log(kind)[begun:][-800:])
    check(f"{kind}, later: it waits", worker.process.pid() is not None)


def with_server(machine, server, kind, peer, cause, change, undo):
    """The server is started anew with a change, and again without it; a delivery goes through then."""
    before, begun = machine.metric(kind, peer, cause), len(machine.log(kind))
    one = machine.stack.named(server)[0]
    one.stop()
    change()
    machine.stack.start(server, 0)
    machine.send()
    seen_later(machine, kind, peer, cause, before, begun)
    one.stop()
    undo()
    machine.stack.start(server, WAIT_S)
    check(f"after {peer} {cause} a delivery goes through", (seen := machine.deliver()) == "", seen)


def swap(pki, name, bad, parts=("crt", "key")):
    """(change, undo): the certificate of a server, and its own again."""
    own = {part: pki.path(f"{name}.{part}").read_text() for part in parts}
    return (lambda: [pki.keep(f"{name}.{part}", pki.path(f"{bad}.{part}").read_text()) for part in parts],
            lambda: [pki.keep(f"{name}.{part}", text) for part, text in own.items()])


def later_rows(machine):
    pki = machine.pki
    with_server(machine, "postgres", "write", "postgresql", "certificate-expired", *swap(pki, "postgres", "bad-time"))
    with_server(machine, "postgres", "write", "postgresql", "ca", *swap(pki, "postgres", "bad-ca"))
    with_server(machine, "redis", "validate", "redis", "certificate-name", *swap(pki, "redis", "bad-name"))
    table_right(machine)
    no_login(machine)
    wants_kerberos(machine)
    rotate_password(machine)
    withdraw_right(machine)
    access_refused(machine, ("Read", "Write", "Describe", "DescribeConfigs"))
    done = machine.workers.ctl("access", "publish", capture_output=True, text=True)
    check("the snapshot is published", done.returncode == 0, done.stderr)
    access_refused(machine, ("Read",))  # that something is there is told then, and not what
    mandate_not_published(machine)
    schema_away(machine)


def rotate_password(machine):
    """Changed at the broker, which also comes back with a certificate of another name (with one
    that is expired it does not start); then in the file."""
    pki, name = machine.pki, "instroom-write"
    change, undo = swap(pki, "kafka-clients", "bad-name", ("pem",))
    new = "y" * 48
    if machine.variant == "scram":
        kafka_wire.set_passwords(machine.admin, {name: new})
    broker = machine.stack.named("kafka")[0]
    before = {cause: machine.metric("write", "kafka", cause) for cause in ("certificate-name", "credentials")}
    begun = len(machine.log("write"))
    broker.stop()
    change()
    machine.stack.start("kafka", 0)
    seen_later(machine, "write", "kafka", "certificate-name", before["certificate-name"], begun)
    broker.stop()
    undo()
    machine.stack.start("kafka", WAIT_S)
    if machine.variant == "scram":
        seen_later(machine, "write", "kafka", "credentials", before["credentials"], begun)
        check("the writer says that it is refused",
              until(lambda: "event=kafka.refused" in machine.log("write")[begun:]))
        pki.keep(f"{name}.password", new)
    check("with the new password in its file a delivery goes through", (seen := machine.deliver()) == "", seen)


def withdraw_right(machine):
    rights = [row for row in secure.acl_rows() if row[:3] == ("instroom-write", "topic", "instroom.verdict.1")]
    before, begun = machine.metric("write", "kafka", "right"), len(machine.log("write"))
    kafka_wire.change_acls(machine.admin, rights, False)
    seen_later(machine, "write", "kafka", "right", before, begun)
    kafka_wire.change_acls(machine.admin, rights, True)
    check("with its right back a delivery goes through", (seen := machine.deliver()) == "", seen)


def table_right(machine):
    """A table that the writer may not write any more: which one it is stands in its log."""
    before, begun = machine.metric("write", "postgresql", "right"), len(machine.log("write"))
    machine.sql("revoke insert on register.delivery from instroom_writer", "OWNER")
    machine.send()
    seen_later(machine, "write", "postgresql", "right", before, begun)
    check("the table is named", until(lambda: "table delivery" in machine.log("write")[begun:]),
          machine.log("write")[begun:][-800:])
    machine.sql("grant insert on register.delivery to instroom_writer", "OWNER")
    check("with the grant back a delivery goes through", (seen := machine.deliver()) == "", seen)


def no_login(machine):
    """A role that may not log in any more."""
    before, begun = machine.metric("write", "postgresql", "credentials"), len(machine.log("write"))
    machine.sql("alter role instroom_writer nologin")
    machine.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'instroom_writer'")
    seen_later(machine, "write", "postgresql", "credentials", before, begun)
    said = until(lambda: one if "refuses our user" in (one := ready(machine, "write")) else "")
    check("/readyz of the writer says why", said, ready(machine, "write"))
    machine.sql("alter role instroom_writer login")
    check("with the login back a delivery goes through", (seen := machine.deliver()) == "", seen)


def ready(machine, kind):
    """What /readyz says."""
    try:
        with urllib.request.urlopen(f"{machine.worker(kind).address}/readyz", timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def wants_kerberos(machine):
    """pg_hba.conf has a method that we do not have."""
    before, begun = machine.metric("write", "postgresql", "mechanism"), len(machine.log("write"))
    file = machine.stack.dir / "postgres/data/pg_hba.conf"
    own = file.read_text()
    file.write_text(f"hostssl instroom instroom_writer 127.0.0.1/32 gss\n{own}")
    machine.sql("select pg_reload_conf()")
    machine.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'instroom_writer'")
    seen_later(machine, "write", "postgresql", "mechanism", before, begun)
    file.write_text(own)
    machine.sql("select pg_reload_conf()")
    check("with its own method back a delivery goes through", (seen := machine.deliver()) == "", seen)


def access_refused(machine, operations):
    """A gateway that starts without the right to read who may deliver for whom: it serves whom its file knows, and
    tells nobody else that he is a stranger."""
    rights = [row for row in secure.acl_rows() if row[:3] == ("instroom-gateway", "topic", "instroom.access.1") and
              row[3] in operations]
    gateway, path = machine.worker("gateway"), f"/v1/besturen/{BOARD}/stand"

    def of_a_stranger():
        request = urllib.request.Request(gateway.address + path, headers={"Authorization": "Bearer " + "x" * 40})
        try:
            with urllib.request.urlopen(request, timeout=60, context=machine.pki.context()) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    check("a stranger is told so", (seen := of_a_stranger())[0] == 401, seen)
    begun = len(machine.log("gateway"))
    kafka_wire.change_acls(machine.admin, rights, False)
    machine.workers.end([gateway], signal.SIGTERM, WAIT_S)
    machine.workers.start([gateway], WAIT_S)
    check("without the right nobody is", until(lambda: of_a_stranger()[0] == 503), of_a_stranger())
    check("and the sentence says whose fault it is", "storing bij ons" in of_a_stranger()[1], of_a_stranger())
    check("the file's token is served", (seen := machine.deliver()) == "", seen)
    check("its log says why", "event=access.refused" in machine.log("gateway")[begun:], machine.log("gateway")[begun:])
    ready = machine.try_ask("/readyz")
    check("it is ready, and says for whom", ready[0] == 200 and "access topic" in ready[1], ready)
    check("a metric too", re.search(r"^instroom_access_topic_refused\S* 1$", machine.try_ask("/metrics")[1], re.M))
    kafka_wire.change_acls(machine.admin, rights, True)
    check("with the right back a stranger is one", until(lambda: of_a_stranger()[0] == 401), of_a_stranger())
    check("and all is as it was", until(lambda: machine.try_ask("/readyz") == (200, "ready\n")),
          machine.try_ask("/readyz"))


def mandate_not_published(machine):
    """A mandate whose snapshot Kafka does not let the gateway write: stored, said not to be in force, and put in force
    by a gateway as soon as it may."""
    rights = [("instroom-gateway", "topic", "instroom.access.1", "Write")]
    token = made(machine, "access", "credential", "make", "bestuur-zelf", BOARD, "--until", "2199-12-31")
    made(machine, "access", "party", "add", "kantoor", "KVK:11111111")
    months, begun = iter(range(1000)), len(machine.log("gateway"))

    def give():
        month = next(months)
        day = f"{2100 + month // 12}-{month % 12 + 1:02}-01"
        content = {"partij": "KVK:11111111", "dienst": "leveren", "van": day}
        status, body = machine.ask(f"/v1/besturen/{BOARD}/machtigingen", json.dumps(content).encode(), token,
                                   "application/json")
        return status, json.loads(body).get("van_kracht")

    def unpublished():
        found = re.search(r"^instroom_access_unpublished\S* (\d)$", machine.try_ask("/metrics")[1], re.M)
        return int(found[1]) if found else None

    check("with its right it is in force", until(lambda: give() == (201, True)))
    kafka_wire.change_acls(machine.admin, rights, False)  # the broker may know of it a moment later
    seen = until(lambda: one if (one := give())[0] == 202 else None)
    check("without it: stored, not in force", seen == (202, False), seen)
    check("the metric says so", until(lambda: unpublished() == 1), unpublished())
    check("the log says why", "TOPIC_AUTHORIZATION_FAILED" in machine.log("gateway")[begun:],
          machine.log("gateway")[begun:][-800:])
    check("deliveries go on", (seen := machine.deliver()) == "", seen)
    kafka_wire.change_acls(machine.admin, rights, True)
    check("with the right back the gateway publishes it", until(lambda: unpublished() == 0), unpublished())
    version = json.loads(made(machine, "access", "show", "--output", "json"))
    check("and the register knows", version["published_at"], version)


def made(machine, *words):
    done = machine.workers.ctl(*words, capture_output=True, text=True)
    check(" ".join(words), done.returncode == 0, done.stderr)
    return done.stdout.strip()


def schema_away(machine):
    before, begun = machine.metric("write", "postgresql", "object"), len(machine.log("write"))
    machine.sql("alter schema register rename to restoring", "OWNER")
    machine.send()
    seen_later(machine, "write", "postgresql", "object", before, begun)
    machine.sql("alter schema restoring rename to register", "OWNER")
    check("with the schema back a delivery goes through", (seen := machine.deliver()) == "", seen)


def main():
    machine = Machine()
    try:
        check("a delivery goes through", (seen := machine.deliver()) == "", seen)
        must_not(machine)
        doctor(machine)
        start_rows(machine)
        deliver_rows(machine)
        status_rows(machine)
        later_rows(machine)
    finally:
        machine.end()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
