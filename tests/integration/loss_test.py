#!/usr/bin/python3
"""What Kafka loses, and the one command that goes on without it: raw messages that go before they are judged, verdicts
under a writer, both, a topic that is compacted by mistake or whose settings are hidden; and markers at the end of every
topic, which are no loss. Commands are killed in the middle and run again. All persons are invented."""
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import replay_test  # noqa: E402
from replay_test import (COLUMNS, COUNTS, ROOT, WAIT_S, check, kafka_produce, kafka_wire,  # noqa: E402
                         line, results, stacks)
from private_stack import kafka  # noqa: E402

BOARD, SCHOOL = "99901", "99ZZ"
RAW, VERDICT, QUARANTINE = "instroom.raw.1", "instroom.verdict.1", "instroom.quarantine.1"
KILLS = 4
CREATE_ACLS, DELETE_ACLS = 30, 31  # Kafka's API keys
TOPIC, LITERAL, ANY, ALL, DESCRIBE_CONFIGS, DENY, ALLOW = 2, 3, 1, 2, 10, 2, 3  # and its words for rights
ANONYMOUS = "User:ANONYMOUS"


class GuardedKafka(kafka.Kafka):
    """Everybody may do everything, but where a topic has rules."""

    def properties(self):
        authorizer = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
        return super().properties() | {"authorizer.class.name": authorizer, "allow.everyone.if.no.acl.found": "true"}


class GuardedStack(stacks.Stack):
    def nodes(self):
        return [GuardedKafka(self, 1, 1)] if self.record and "kafka" in self.record["servers"] else super().nodes()


def hide_settings(port, topic):
    """Nobody may ask for the topic's settings any more; all else stays allowed."""
    body = struct.pack(">i", 2)
    for operation, permission in ((ALL, ALLOW), (DESCRIBE_CONFIGS, DENY)):
        body += (struct.pack(">b", TOPIC) + kafka_wire.pack_text(topic) + struct.pack(">b", LITERAL) +
                 kafka_wire.pack_text(ANONYMOUS) + kafka_wire.pack_text("*") +
                 struct.pack(">bb", operation, permission))
    answer = kafka_wire.ask(port, CREATE_ACLS, 1, body, WAIT_S)
    answer.take("i")
    errors = answer.array(lambda: (answer.take("h"), answer.text()))
    check("Kafka takes the rules", all(error == 0 for error, _ in errors), errors)


def show_settings(port, topic):
    nobody = struct.pack(">h", -1)
    body = (struct.pack(">ib", 1, TOPIC) + kafka_wire.pack_text(topic) + struct.pack(">b", LITERAL) + nobody + nobody +
            struct.pack(">bb", ANY, ANY))
    answer = kafka_wire.ask(port, DELETE_ACLS, 1, body, WAIT_S)
    answer.take("i"), answer.take("i")
    check("and takes them back", answer.take("h") == 0)


class Machine(replay_test.Machine):
    """One partition, one board; each delivery has a teacher of its own."""

    def __init__(self, stack, data):
        self.settings = {}
        super().__init__(stack, data)
        self.sequence = 0
        for name, words in (("seal", ("rand", "-hex", "32")), ("sign", ("genpkey", "-algorithm", "ed25519"))):
            (data / name).write_bytes(subprocess.run(["openssl", *words], check=True, capture_output=True).stdout)
            (data / name).chmod(0o600)
        self.settings = {"dir": data / "checkpoints", "key.file": data / "seal", "sign.key.file": data / "sign"}

    def ctl(self, *words):
        return super().ctl(*[f"--checkpoint.{name}={value}" for name, value in self.settings.items()], *words)

    @property
    def broker(self):
        return self.stack.port("kafka1")

    def gateway(self, path, **options):
        token = (self.workers.dir / "token").read_text()
        port = self.workers.named("gateway1")[0].port
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers, **options)
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return json.load(answer)

    def send(self, lines=2):
        """The receipt."""
        self.sequence += 1
        query = urllib.parse.urlencode({
            "bestuur": BOARD, "soort": "MUTATIE", "volgnummer": self.sequence,
            "leveringsid": f"verlies-test-{self.sequence:04}",
            "extractiedatum": "2018-07-01", "ontvangen_op": "2018-07-02"})
        rows = [line(100 * self.sequence + number, SCHOOL) for number in range(lines)]
        receipt = self.gateway(f"/v1/leveringen?{query}", data=("\n".join([COLUMNS, *rows]) + "\n").encode())
        check("a delivery is acknowledged", "offset" in receipt, receipt)
        return receipt

    def outcome(self, receipt):
        return sorted(self.outcomes(BOARD, receipt["leveringsid"]).values())

    def end(self, kind):
        self.workers.end(self.workers.named(kind), signal.SIGTERM, 30)

    def start(self, kind, wait_s=WAIT_S):
        self.workers.start(self.workers.named(kind), wait_s)

    def standing(self):
        return self.json("status")[0]

    def until(self, what, holds):
        deadline = time.monotonic() + WAIT_S
        while not holds():
            if time.monotonic() > deadline:
                check(what, False, self.standing())
                return
            time.sleep(0.2)
        check(what, True)

    def is_ready(self, kind):
        return self.workers.named(kind)[0].is_ready()

    def lose(self, topic, below):
        kafka_produce.delete_before(self.broker, topic, 0, below)

    def marker(self, topic):
        program = Path(self.workers.build) / "tests/support/kafka_transaction"
        subprocess.run([program, f"127.0.0.1:{self.broker}", topic, "0", "1", "abort"], check=True,
                       capture_output=True, timeout=WAIT_S)

    def shown(self, *words):
        return self.json("loss", "show", "0", *words)

    def accept(self, below, *words):
        """Killed again and again, then run to its end, and once more."""
        command = ["loss", "accept", "0", "--below", str(below), "--reason", "een oefening", *words]
        rng = random.Random(below)
        for _ in range(KILLS):
            process = subprocess.Popen([self.workers.program("instroomctl"), "--config",
                                        str(self.workers.dir / "instroomctl.conf"), *command],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0, 0.3))
            process.kill()
            process.wait()
        self.expect("the loss is accepted", 0, "", *command)
        self.expect("once more it changes nothing", 0, "nothing is changed", *command)

    def sound(self, when):
        self.expect(f"the ledger balances {when}", 0, "the ledger balances", "ledger", "--check")
        self.expect(f"nothing lacks {when}", 0, "has lost nothing", "loss", "show", "0")

    def proved(self, when):
        """What was lost and accepted is no gap between the checkpoint of before and what is held."""
        told = self.expect(f"the register is as the log says {when}", 0, " 0 differences", "verify", "--all")
        check(f"from a checkpoint of before {when}", "1 partitions are derived from a checkpoint" in told.stdout,
              told.stdout)
        self.expect(f"and the next checkpoint is made {when}", 0, "1 checkpoints were made", "checkpoint", "make")


def refused(machine, receipt):
    """The gateway's answer to whoever asks after a delivery that is gone."""
    place = urllib.parse.quote(receipt["positie"])
    try:
        return machine.gateway(f"/v1/besturen/{BOARD}/leveringen/{receipt['leveringsid']}?positie={place}")
    except urllib.error.HTTPError as error:
        return json.load(error)


def raw_lost(machine, data):
    """Two deliveries go before they are judged; a third is held."""
    machine.expect("a checkpoint is made", 0, "1 checkpoints were made", "checkpoint", "make")
    machine.end("validate")
    first, second, held = machine.send(), machine.send(3), machine.send()
    machine.lose(RAW, held["offset"])
    machine.start("validate", 0)
    machine.expect("wait says that it is not done", 1, "", "wait", "--quiet", "--timeout", "1")
    receipts = data / "acknowledged.jsonl"
    receipts.write_text("".join(json.dumps(one) + "\n" for one in (first, held)) + "no receipt\n")
    unknown = {"partition": 0, "from": first["offset"], "to": second["offset"], "known_by": "nobody", "board": None,
               "delivery": None, "lines": None, "outcome": "none: in no ledger"}
    check("both are shown as gone", machine.shown() == [unknown], machine.shown())
    shown = machine.shown("--receipts", receipts)
    check("a receipt names one", [(one["known_by"], one["delivery"], one["lines"]) for one in shown] ==
          [("receipt", first["leveringsid"], 2), ("nobody", None, None)], shown)
    machine.expect("in words, with the command", 1, f"loss accept 0 --below {held['offset']}", "loss", "show", "0")
    machine.expect("refill promises nothing it cannot do", 1, "loss show 0", "refill", "0", "--reason", "x",
                   "--validators-are-stopped")
    check("and changed nothing", machine.sql("select count(*) from register.refill") == "0")
    machine.expect("more than was shown is not accepted", 1, "loss show 0 shows it", "loss", "accept", "0",
                   "--below", held["offset"] + 1, "--reason", "x")
    machine.expect("nor without a reason", 64, "--reason", "loss", "accept", "0", "--below", held["offset"])
    check("and no row is written", machine.sql("select count(*) from register.loss") == "0")
    check("the validator says that it waits for an operator", not machine.is_ready("validate"))
    machine.accept(held["offset"])
    machine.wait()
    check("what is held is judged", machine.outcome(held) == ["nieuw", "nieuw"], machine.outcome(held))
    machine.until("the validator is ready again", lambda: machine.is_ready("validate"))
    row = machine.sql("select from_raw, below_raw, reason, deliveries, lines from register.loss")
    check("one row says so", row == f"{first['offset']}|{held['offset']}|een oefening|0|0", row)
    listed = [(one["state"], one["what"], one["reason"]) for one in machine.json("loss", "list")]
    check("which the list shows", listed == [("passed", "were deleted from the log", "een oefening")], listed)
    machine.expect("ledger says how many it never knew", 0, "2 raw messages that no ledger knows", "ledger", "--check")
    told = refused(machine, second)
    check("whoever asks after one is told", told.get("title") == "Verloren gegaan", told)
    machine.sound("without them")
    machine.proved("without them")


def markers(machine):
    """An aborted transaction of somebody else at the end of every topic is no loss."""
    for topic in (RAW, VERDICT, QUARANTINE):
        machine.marker(topic)
    machine.wait()
    machine.expect("quarantine list comes to its end", 0, "", "quarantine", "list")
    machine.until("status shows nothing unwritten",
                  lambda: machine.standing()["raw_end"] == machine.standing()["raw_applied"])
    machine.end("validate")
    machine.start("validate")
    machine.sound("behind markers")


def verdicts_lost(machine):
    """Verdicts go before they are applied; raw is whole: refill."""
    machine.expect("a checkpoint is made", 0, "1 checkpoints were made", "checkpoint", "make")
    machine.end("write")
    before = machine.standing()
    held = machine.send()
    machine.until("it is judged", lambda: machine.standing()["verdict_end"] > before["verdict_end"])
    machine.lose(VERDICT, machine.standing()["verdict_end"])
    machine.start("write", 0)
    machine.until("the writer parks", lambda: machine.standing()["parked"])
    machine.expect("nothing of raw is lost, so refill does", 1, "refill 0", "loss", "show", "0")
    machine.expect("and there is nothing to accept", 1, "refill 0", "loss", "accept", "0",
                   "--below", held["offset"] + 1, "--reason", "x", "--validators-are-stopped")
    machine.end("validate")
    machine.expect("refill", 0, "1 deliveries of 2 lines", "refill", "0", "--reason", "een oefening",
                   "--validators-are-stopped")
    machine.start("validate")
    machine.end("write")
    machine.start("write")
    machine.wait()
    check("it is judged again", machine.outcome(held) == ["nieuw", "nieuw"], machine.outcome(held))
    machine.sound("after refill")


def both_lost(machine):
    """Raw messages and verdicts: of one delivery nothing is left, of the next its verdict, the last is held."""
    machine.expect("a checkpoint is made", 0, "1 checkpoints were made", "checkpoint", "make")
    machine.end("write")
    before = machine.standing()
    gone, known, held = machine.send(), machine.send(3), machine.send()
    machine.until("they are judged", lambda: machine.standing()["verdict_end"] == before["verdict_end"] + 3)
    machine.lose(RAW, held["offset"])
    machine.lose(VERDICT, before["verdict_end"] + 1)
    machine.start("write", 0)
    machine.until("the writer parks", lambda: machine.standing()["parked"])
    shown = [(one["from"], one["known_by"], one["delivery"], one["outcome"]) for one in machine.shown()]
    check("what is known is shown", shown == [(gone["offset"], "nobody", None, "none: in no ledger"),
                                              (known["offset"], "verdict", known["leveringsid"], "quarantaine")],
          shown)
    machine.expect("validators must be stopped for this", 64, "--validators-are-stopped", "loss", "accept", "0",
                   "--below", held["offset"], "--reason", "x")
    machine.end("validate")
    machine.accept(held["offset"], "--validators-are-stopped")
    machine.start("validate")
    machine.end("write")
    machine.start("write")
    machine.wait()
    check("of which a verdict is left, all lines are quarantaine", machine.outcome(known) == ["quarantaine"] * 3,
          machine.outcome(known))
    check("the last is judged", machine.outcome(held) == ["nieuw", "nieuw"], machine.outcome(held))
    later = machine.send()
    machine.wait()
    check("so is what comes later", machine.outcome(later) == ["nieuw", "nieuw"], machine.outcome(later))
    row = machine.sql("select deliveries, lines from register.loss order by from_raw desc limit 1")
    check("its row counts what is known", row == "1|3", row)
    machine.sound("after both")
    machine.proved("after both")


def cannot_prove(machine):
    """Without the right DescribeConfigs nobody can prove that a marker is no loss: all wait, and say which right it is.
    With it, Kafka says that the topic is compacted: then nobody can prove it either, and a person decides."""
    machine.marker(RAW)
    machine.wait()
    hide_settings(machine.broker, RAW)
    kafka_wire.alter_topic(machine.broker, RAW, {"cleanup.policy": "compact"})
    held = machine.send()
    machine.until("the validator parks", lambda: not machine.is_ready("validate"))
    machine.expect("loss show names the right", 1, "right DescribeConfigs", "loss", "show", "0")
    machine.expect("and nothing is accepted without it", 1, "nothing is accepted", "loss", "accept", "0",
                   "--below", held["offset"], "--reason", "x")
    log = (machine.workers.dir / "validate1.log").read_text()
    check("so does the validator's log", "right DescribeConfigs" in log, log[-300:])
    show_settings(machine.broker, RAW)
    machine.expect("with the right it may be a loss", 1, "may have been compacted away", "loss", "show", "0")
    machine.accept(held["offset"])
    machine.wait()
    check("what is held is judged", machine.outcome(held) == ["nieuw", "nieuw"], machine.outcome(held))
    machine.expect("migrate says what to look at first", 78, "ask loss show for each partition", "migrate")
    machine.expect("and what it ends", 0, "not shown any more", "migrate", "--fix")
    machine.sound("with raw compacted")


def writer_cannot_prove(machine):
    machine.marker(VERDICT)
    hide_settings(machine.broker, VERDICT)
    held = machine.send()
    machine.until("the writer parks", lambda: "right DescribeConfigs" in (machine.standing()["parked"] or ""))
    show_settings(machine.broker, VERDICT)
    machine.end("write")
    machine.start("write")
    machine.wait()
    check("with the right it goes on", machine.outcome(held) == ["nieuw", "nieuw"], machine.outcome(held))
    machine.sound("with the right back")


def made_anew(machine):
    """The raw topic under its old name, grown past where the old one ended: what stands below is not passed over in
    silence. The last one: nothing fits any more."""
    def log():
        return (machine.workers.dir / "validate1.log").read_text()

    def deliver():
        try:
            machine.send(lines=1)
        except urllib.error.HTTPError as error:
            check("at the worst not now", error.code == 503, error.code)
            time.sleep(0.5)
            return 0
        return 1
    before, end = len(log()), machine.standing()["raw_applied"]
    kafka_wire.delete_topics(machine.broker, [RAW])
    specs = [spec for spec in kafka.topic_specs(1, 1) if spec[0] == RAW]
    machine.until("the topic is gone", lambda: RAW not in kafka_wire.metadata(machine.broker)[1])
    machine.until("and made anew", lambda: not kafka_wire.create_topics(machine.broker, specs))
    sent = 0
    while sent < end + 2:
        sent += deliver()
    machine.until("the partition is parked, and says why",
                  lambda: "the raw log is another one than was judged" in log()[before:])
    check("nothing is judged", machine.standing()["raw_applied"] == end, machine.standing())
    machine.end("validate")
    machine.start("validate", 0)
    before = len(log())
    machine.until("nor after a start", lambda: "the raw log is another one than was judged" in log()[before:])
    check("still nothing is judged", machine.standing()["raw_applied"] == end, machine.standing())


def main():
    data = Path(tempfile.mkdtemp(prefix="instroom-loss-"))
    stack = GuardedStack(f"loss-{os.getpid()}")
    try:
        stack.up({"partitions": 1, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False,
                  "base_port": None, "wait": WAIT_S})
        machine = Machine(stack, data)
        machine.workers.prepare(ROOT / "tests" / "cases" / "reference")
        machine.workers.start(machine.workers.all(COUNTS), WAIT_S)
        first = machine.send()
        machine.wait()
        check("the first is judged", machine.outcome(first) == ["nieuw", "nieuw"], machine.outcome(first))
        raw_lost(machine, data)
        markers(machine)
        verdicts_lost(machine)
        both_lost(machine)
        cannot_prove(machine)
        writer_cannot_prove(machine)
        made_anew(machine)
        machine.workers.end(machine.workers.all(), signal.SIGTERM, 30)
    finally:
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
