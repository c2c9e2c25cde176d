"""workers: the programs of Instroom beside the servers of a private stack: settings, keys, starting and ending them.

Everything lies in DIR/workers of the stack: one configuration file a program, the keys, the tokens, pids and logs.
"""
import os
import re
import secrets
import subprocess
import time
import urllib.error
import urllib.request

from . import secure, worker_process
from .places import CHECKOUT, StackError, TooSlow
from .stack import BLOCK, FREE_OFFSET
from .worker_process import KINDS
# ports of each kind: gateways listen on the first eight free ones, validators and writers report their status
PER_KIND = 8

# The stand key of the cases (tests/oracle, ../shared/cases-2): pseudonyms and fingerprints are compared with theirs.
CASES_KEY = "instroom-cases-key-of-32-bytes-!"


class Worker:
    def __init__(self, workers, kind, number):
        self.workers, self.kind, self.number = workers, kind, number
        self.name = f"{kind}{number}"
        self.port = workers.stack.record["base_port"] + FREE_OFFSET + KINDS.index(kind) * PER_KIND + number - 1
        self.config = workers.dir / f"{self.name}.conf"
        self.process = worker_process.process_of(self.config)

    @property
    def context(self):
        """Of a gateway on a secured stack, which speaks TLS; else None."""
        return self.workers.stack.pki.context() if self.workers.stack.pki and self.kind == "gateway" else None

    @property
    def address(self):
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=2, context=self.context) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def start(self, environment=()):
        """environment: NAME=VALUE words, such as INSTROOM_CRASH_AT=.."""
        if self.process.pid() is None:
            program = self.workers.program(f"instroom-{self.kind}")
            self.process.start(["/usr/bin/env", *environment, program, "--config", self.config], self.workers.dir, None)

    def wait(self, wait_s):
        self.process.wait_until(self.is_ready, wait_s)


class Workers:
    def __init__(self, stack):
        self.stack = stack.need()
        self.dir = self.stack.dir / "workers"

    @property
    def build(self):
        path = self.dir / "build"
        if not path.exists():
            raise StackError("no workers were set up on this stack: scripts/workers up")
        return path.read_text().strip()

    def program(self, name):
        folder = "ctl" if name == "instroomctl" else name.partition("-")[2]
        path = f"{self.build}/workers/{folder}/{name}"
        if not os.path.exists(path):
            raise StackError(f"{path} is not built: cmake --preset release && cmake --build --preset release")
        return path

    # --- settings ---

    def secret(self, name, make):
        path = self.dir / name
        if not path.exists():
            with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
                file.write(make())
        return path

    def write(self, name, settings):
        text = "".join(f"{key} = {value}\n" for key, value in settings.items())
        (self.dir / name).write_text(text)

    def set_up(self, build, counts, is_test, settings):
        """settings: {kind: {key: value}} on top of the usual ones."""
        self.dir.mkdir(exist_ok=True)
        (self.dir / "build").write_text(str(build) + "\n")
        env = self.stack.env()
        token = self.secret("token", lambda: secrets.token_hex(24))
        hmac_key = self.secret("hmac.key", lambda: secrets.token_hex(32))
        stand_key = self.secret("stand.key", lambda: CASES_KEY if is_test else secrets.token_hex(32))
        tokens = self.secret("tokens", lambda: f"{token.read_text()} *\n")
        kafka = {"kafka.brokers": env["INSTROOM_KAFKA_BROKERS"]}
        self.write("instroomctl.conf", kafka | self.secured_ctl() | self.secured_redis() | {
            "topic.partitions": self.stack.record["partitions"],
            "topic.replication": min(3, self.stack.record["brokers"]),
            "pg.owner.conninfo": env["INSTROOM_PG_OWNER"], "pg.conninfo": env["INSTROOM_PG_READER"],
            "gateway.url": Worker(self, "gateway", 1).address, "gateway.token.file": token,
            "stand.key.file": stand_key, "hmac.key.file": hmac_key,
            "redis.address": env["INSTROOM_REDIS_ADDRESS"]} | settings.get("instroomctl", {}))
        own = {
            "gateway": {"pg.conninfo": env["INSTROOM_PG_GATEWAY"], "tokens.file": tokens, "stand.key.file": stand_key} |
                       ({"test.received_on": "yes"} if is_test else {}) | self.secured_gateway() | self.front_gateway(),
            "validate": {"redis.address": env["INSTROOM_REDIS_ADDRESS"], "pg.conninfo": env["INSTROOM_PG_VALIDATOR"],
                         "hmac.key.file": hmac_key} | self.secured_redis(),
            "write": {"pg.conninfo": env["INSTROOM_PG_WRITER"]},
        }
        for worker in self.all(counts):
            address = {"gateway": "listen"}.get(worker.kind, "status.address")
            self.write(worker.config.name, kafka | self.secured(worker.kind) | {"worker.name": worker.name,
                                                    address: f"127.0.0.1:{worker.port}"} |
                       own[worker.kind] | settings.get(worker.kind, {}))

    def secured(self, kind):
        """Settings of Kafka for one kind of program on a secured stack: its own user."""
        pki = self.stack.pki
        if pki is None:
            return {}
        user = f"instroom-{kind}"
        if self.stack.secured == "mtls":
            return {"kafka.security.protocol": "ssl", "kafka.ca.file": pki.ca,
                    "kafka.cert.file": pki.path(f"{user}.crt"), "kafka.key.file": pki.path(f"{user}.key")}
        return {"kafka.security.protocol": "sasl_ssl", "kafka.ca.file": pki.ca,
                "kafka.sasl.mechanism": secure.MECHANISMS[self.stack.secured], "kafka.sasl.user": user,
                "kafka.sasl.password.file": pki.path(f"{user}.password")}

    def secured_ctl(self):
        pki = self.stack.pki
        return {} if pki is None else self.secured("ctl") | {"gateway.ca.file": pki.ca}

    def secured_redis(self):
        pki = self.stack.pki
        return {} if pki is None else {"redis.tls": "yes", "redis.ca.file": pki.ca, "redis.user": "instroom",
                                       "redis.password.file": pki.path("redis.password")}

    def secured_gateway(self):
        pki = self.stack.pki
        return {} if pki is None else {"tls.cert.file": pki.path("gateway.crt"),
                                       "tls.key.file": pki.path("gateway.key")}

    def front_gateway(self):
        return {} if self.stack.door is None else self.stack.door.gateway_settings()

    def empty_register(self):
        """Back to before the first migration. The workers are down."""
        done = subprocess.run(["psql", "-q", "-X", self.stack.env()["INSTROOM_PG_OWNER"], "-c",
                               "set client_min_messages = error; drop schema if exists register, rights cascade; "
                               "drop table if exists public.instroom_migration"],
                              check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise StackError(f"the register could not be emptied: {done.stderr.strip()}")

    # --- the processes ---

    def all(self, counts=None):
        if counts:
            return [Worker(self, kind, number) for kind in KINDS for number in range(1, counts[kind] + 1)]
        return [Worker(self, worker_process.kind_of(path), int(path.stem.lstrip("abcdefghijklmnopqrstuvwxyz")))
                for path in worker_process.configs_in(self.dir)]

    def named(self, name):
        found = [worker for worker in self.all() if name in (worker.name, worker.kind)]
        if not found:
            raise StackError(f"there is no worker {name}: there are " + ", ".join(worker.name for worker in self.all()))
        return found

    def start(self, workers, wait_s, environment=()):
        for worker in workers:
            worker.start(environment)
        for worker in workers if wait_s > 0 else []:
            worker.wait(wait_s)

    def end(self, workers, number, wait_s):
        return worker_process.end([worker.process for worker in workers], number, wait_s)

    def end_all(self):
        """For a stack that is about to be wiped; fine when no worker was ever set up."""
        self.end(self.all(), 9, 10)

    def wait_for_reference(self, version, wait_s):
        """Until every gateway that runs has taken that snapshot: they look twice a second."""
        deadline = time.monotonic() + wait_s
        for gateway in [worker for worker in self.all() if worker.kind == "gateway" and worker.process.pid()]:
            log = gateway.process.log_file
            while re.findall(r"event=reference\S* version=(\w+)", log.read_text())[-1:] != [version]:
                if time.monotonic() > deadline:
                    raise TooSlow(f"{gateway.name} has not taken reference snapshot {version} within {wait_s} s")
                time.sleep(0.05)

    def ctl(self, *words, **options):
        return subprocess.run([self.program("instroomctl"), "--config", str(self.dir / "instroomctl.conf"), *words],
                              check=False, **options)

    def prepare(self, reference):
        commands = [["migrate"]]
        if reference:
            commands += [["reference", "import", "--allow-smaller", str(reference)], ["reference", "publish"]]
        for command in commands:
            done = self.ctl(*command, capture_output=True, text=True)
            if done.returncode != 0:
                raise StackError(f"instroomctl {' '.join(command)} failed ({done.returncode}): {done.stderr.strip()}")


def generation(number):
    """Settings that put all programs on topics of their own, so that one set of servers serves many runs."""
    topics = {f"topic.{name}": f"instroom.{name}.{number}" for name in ("raw", "verdict", "quarantine", "reference")}
    return {"instroomctl": topics, "gateway": {name: topics[name] for name in ("topic.raw", "topic.reference")},
            "validate": topics | {"kafka.group": f"instroom-validate-{number}"},
            "write": {name: topics[name] for name in ("topic.raw", "topic.verdict")} |
            {"kafka.group": f"instroom-write-{number}"}}


def default_build():
    for name in ("release", "dev"):
        if (CHECKOUT / "build" / name / "workers").exists():
            return CHECKOUT / "build" / name
    raise StackError("nothing is built: cmake --preset release && cmake --build --preset release")


def free_ports(stack):
    first = stack.record["base_port"]
    return range(first + FREE_OFFSET + len(KINDS) * PER_KIND, first + BLOCK)
