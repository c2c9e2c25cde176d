#!/usr/bin/python3
"""What Kafka refuses for good: a message larger than its topic takes, in raw, verdict and quarantine topic. And a
register that somebody altered.

The sender gets a sentence that says it is ours and a reference; the operator a log line and a metric (alerts stand on
it); other partitions go on; once the topic is mended every outcome is what it would have been.

The topics are narrowed while the workers run, as a broker's operator would: at a start they would end with 78.
"""
import random
import re
import signal
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import gateway_test  # noqa: E402
from gateway_test import bsn, eventually, expect, run  # noqa: E402
from private_stack import kafka, kafka_wire  # noqa: E402

sys.path.insert(0, str(gateway_test.ROOT / "tests/support"))
import kafka_produce  # noqa: E402

NARROW, WIDE, LINES = 100000, 64 << 20, 7200
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
WAIT_S = 90
WAITS = 'instroom_partitions{stage="validate",state="refused"}'
# headers as a gateway's, for a body that nobody can decode
UNREADABLE = {"kind": "DELIVERY", "board": "99901", "delivery-id": "onleesbaar-00000001", "fingerprint": "1" * 64,
              "attempt": "0", "dry-run": "false", "sequence": "21", "line-count": "1", "delivery-kind": "MUTATIE",
              "extraction-date": "20180601", "received-on": "20180602", "reference-version": "cd" * 32,
              "replay-dry-run": "false"}
TESTS = []


def behaviour(function):
    TESTS.append(function)
    return function


def size_of(bench, topic, size):
    kafka_wire.alter_topic(bench.workers.stack.port("kafka1"), topic, {"max.message.bytes": size})


def large(lines=LINES, seed=1):
    """1.3 MB that no codec makes small; all persons are invented."""
    rng = random.Random(seed)

    def word(length):
        return "".join(rng.choice(LETTERS) for _ in range(length))
    rows = [";".join(gateway_test.COLUMNS)]
    for one in range(lines):
        person = f"{bsn(20000 + seed * 10000 + one)};{word(60)};;{word(60)};M;19800601"
        rows.append(f"{person};A-{one};99ZZ;00;20100801;;20100801;;701;")
    return ("\n".join(rows) + "\n").encode()


def settled(gateway, answer):
    """The summary, once the writer has it."""
    expect(answer.status == 202, f"{answer.status} {answer.body}")
    seen = []

    def is_settled():
        seen[:] = [gateway.ask(answer.headers["Location"])]
        return seen[0].status == 200 and seen[0].json()["status"] != "ontvangen"
    eventually(is_settled, WAIT_S, f"{answer.headers['Location']} is written")
    return seen[0].json()


def figure(worker, series):
    page = urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/metrics", timeout=10).read().decode()
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(series))


def worker(bench, kind):
    return bench.workers.named(kind)[0]


def log_of(bench, kind):
    return (bench.workers.dir / f"{kind}1.log").read_text()


@behaviour
def starts_the_workers(bench):
    bench.ctl("reference", "import", str(gateway_test.REFERENCE))
    bench.ctl("reference", "publish")
    bench.main.start()
    bench.workers.start(bench.workers.named("validate") + bench.workers.named("write"), WAIT_S)
    settled(bench.main, bench.main.deliver(gateway_test.csv_of([1]), bestuur="99902"))


@behaviour
def what_kafka_does_not_take_now_is_in_the_log(bench):
    """A setting of the topic that refuses each message: senders get 503, and the operator is told why."""
    gateway, port = bench.main, bench.workers.stack.port("kafka1")
    odd = {"message.timestamp.type": "CreateTime", "message.timestamp.before.max.ms": "0"}
    own = {name: kafka_wire.describe_topic(port, "instroom.raw.1")[name] for name in odd}

    def answer():
        return gateway.deliver(gateway_test.csv_of([1]), bestuur="99902", proef="ja").status
    kafka_wire.alter_topic(port, "instroom.raw.1", odd)
    try:
        eventually(lambda: answer() == 503, WAIT_S, "503")
        lines = [line for line in gateway.log().splitlines() if "event=message.not-taken" in line]
        expect(len(lines) == 1 and "INVALID_TIMESTAMP" in lines[0] and "503" in lines[0], lines)
    finally:
        kafka_wire.alter_topic(port, "instroom.raw.1", own)
    eventually(lambda: answer() == 202, WAIT_S, "taken when it is mended")


@behaviour
def a_delivery_too_large_for_the_raw_topic_is_a_fault_of_ours_with_a_reference(bench):
    gateway, body = bench.main, large()
    expect(1_200_000 < len(body) < 1_500_000, len(body))
    size_of(bench, "instroom.raw.1", NARROW)
    try:
        eventually(lambda: gateway.deliver(body, bestuur="99902", volgnummer="2").status == 500, WAIT_S, "500")
        before = len(gateway.log().splitlines())
        answer = gateway.deliver(body, bestuur="99902", volgnummer="2")
        expect(answer.status == 500 and "Retry-After" not in answer.headers, f"{answer.status} {dict(answer.headers)}")
        detail = answer.json()["detail"]
        expect("storing bij ons" in detail and "seconden" not in detail, detail)
        reference = re.search(r"kenmerk ([0-9a-f]{10})", detail)[1]
        lines = [line for line in gateway.log().splitlines()[before:] if "message.refused" in line]
        expect(len(lines) == 1 and reference in lines[0] and "level=error" in lines[0].lower(), lines)
        expect("code=MSG_SIZE_TOO_LARGE" in lines[0] or "code=\"MSG_SIZE_TOO_LARGE\"" in lines[0], lines)
        expect(gateway.metric('instroom_deliveries_total{outcome="failed"}') >= 2, "that of InstroomDeliveriesFail")
        expect(gateway.metric('instroom_requests_refused_total{status="500"}') >= 2, "and that of the status")
        small = gateway.deliver(gateway_test.csv_of([2]), bestuur="99902", volgnummer="3")
        expect(small.status == 202, f"a small one beside it: {small.status}")
    finally:
        size_of(bench, "instroom.raw.1", 32 << 20)
    taken = []

    def is_taken():
        taken.append(gateway.deliver(body, bestuur="99902", volgnummer="4"))
        return taken[-1].status == 202
    eventually(is_taken, WAIT_S, "taken when it is mended")
    settled(gateway, taken[-1])
    expect(gateway.metric("instroom_upload_bytes") == 0, "memory")


@behaviour
def small_deliveries_that_share_a_request_with_one_too_large_are_taken(bench):
    """While the broker stands still all wait; then one request has the large one among the small ones."""
    large_body = large(seed=3)
    small_bodies = [large(lines=300, seed=4 + one) for one in range(5)]  # 55 kB each: together too large as well
    with gateway_test.Gateway(bench, 2, kafka__delivery__max="2m") as gateway, ThreadPoolExecutor(8) as senders:
        expect(gateway.deliver(gateway_test.csv_of([7]), bestuur="99902", volgnummer="5").status == 202, "before")
        size_of(bench, "instroom.raw.1", NARROW)
        try:
            bench.stack_do("pause", "kafka")
            try:
                bodies = [small_bodies[0], large_body, *small_bodies[1:]]
                sent = [senders.submit(gateway.deliver, body, bestuur="99902", volgnummer=str(6 + one))
                        for one, body in enumerate(bodies)]
                eventually(lambda: gateway.metric("instroom_requests_in_flight") == len(bodies), WAIT_S,
                           "all wait for Kafka")
            finally:
                bench.stack_do("resume", "kafka")
            answers = [one.result() for one in sent]
        finally:
            size_of(bench, "instroom.raw.1", 32 << 20)
        expect([one.status for one in answers] == [202, 500, 202, 202, 202, 202], [one.status for one in answers])
        for answer in answers[:1] + answers[2:]:
            expect(settled(gateway, answer)["status"] == "verwerkt", "a small one is written")


@behaviour
def a_verdict_too_large_for_its_topic_waits_in_sight_and_holds_up_no_other_partition(bench):
    gateway, validator = bench.main, worker(bench, "validate")
    size_of(bench, "instroom.verdict.1", NARROW)
    try:
        sent = gateway.deliver(large(seed=2), volgnummer="11")
        receipt = sent.json()
        series = 'instroom_messages_refused_total{stage="validate",topic="verdict"}'
        eventually(lambda: figure(validator, series) >= 3, WAIT_S, "the metric of InstroomKafkaRefuses, at each try")
        lines = [line for line in log_of(bench, "validate").splitlines() if "event=message.refused" in line]
        tries = figure(validator, series)
        expect(lines and all("level=error" in line.lower() and "MSG_SIZE_TOO_LARGE" in line for line in lines), lines)
        expect(f"partition={receipt['partitie']}" in lines[0] and "offset=" in lines[0], lines[0])
        expect(len(lines) <= 2 + tries / 2, f"each doubling of the tries is a line: {len(lines)} of {tries}")
        other = gateway.deliver(gateway_test.csv_of([3]), bestuur="99902", volgnummer="12")
        expect(other.json()["partitie"] != receipt["partitie"], "the two boards have partitions of their own")
        expect(settled(gateway, other)["status"] == "verwerkt", "the other board is served")
        expect(figure(validator, WAITS) == 1, "the gauge")
    finally:
        size_of(bench, "instroom.verdict.1", WIDE)
    summary = settled(gateway, sent)
    expect(summary["status"] == "verwerkt" and summary["tellingen"]["nieuw"] == LINES, summary)
    eventually(lambda: figure(validator, WAITS) == 0, WAIT_S, "gone from the gauge")


@behaviour
def a_quarantine_that_takes_nothing_waits_in_sight_too(bench):
    gateway, validator = bench.main, worker(bench, "validate")
    home = gateway.deliver(gateway_test.csv_of([6]), volgnummer="20").json()["partitie"]
    size_of(bench, "instroom.quarantine.1", NARROW)
    try:
        kafka_produce.produce(bench.workers.stack.port("kafka1"), "instroom.raw.1", home, b"99901",
                              random.Random(5).randbytes(2 * NARROW),
                              [(f"instroom-{name}", text.encode()) for name, text in UNREADABLE.items()])
        series = 'instroom_messages_refused_total{stage="validate",topic="quarantine"}'
        eventually(lambda: figure(validator, series) >= 2, WAIT_S, "the metric, at each try")
        expect("event=message.refused topic=instroom.quarantine.1" in log_of(bench, "validate"), "the log says which")
        other = gateway.deliver(gateway_test.csv_of([4]), bestuur="99902", volgnummer="22")
        expect(settled(gateway, other)["status"] == "verwerkt", "the other board is served")
    finally:
        size_of(bench, "instroom.quarantine.1", WIDE)
    eventually(lambda: figure(validator, "instroom_quarantined_total") >= 1, WAIT_S, "quarantined when it is mended")
    behind = settled(gateway, gateway.deliver(gateway_test.csv_of([5]), volgnummer="23"))
    expect(behind["status"] == "verwerkt", "and the partition goes on")


class ShortSessions(kafka.Kafka):
    def properties(self):
        return super().properties() | {"group.max.session.timeout.ms": 6000}


def restart_broker(bench, kind, meanwhile=lambda: None):
    node = kind(bench.workers.stack, 1, 1)
    node.stop()
    meanwhile()
    node.prepare()
    node.start()
    node.wait(WAIT_S)


@behaviour
def a_group_that_does_not_take_us_any_more_is_waited_for_in_sight(bench):
    """Brokers that came back with a limit below kafka.session.max: no stage has a partition, and none is ready."""
    stages = {kind: worker(bench, kind) for kind in ("validate", "write")}

    def waits(stage):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{stage.port}/readyz", timeout=10).close()
        except urllib.error.HTTPError as error:
            return "the consumer group" in error.read().decode()
        return False
    begun = {kind: len(log_of(bench, kind)) for kind in stages}

    def is_lost(kind):
        return re.search(r"event=partition.revoked .*(lost to another|is_lost=1)", log_of(bench, kind)[begun[kind]:])
    try:
        restart_broker(bench, ShortSessions, lambda: [
            eventually(lambda: is_lost(kind), WAIT_S, f"the session of {kind} ends") for kind in stages])  # noqa: B023
        for kind, stage in stages.items():
            eventually(lambda: waits(stage), WAIT_S, f"{kind}: /readyz waits for the consumer group")  # noqa: B023
            eventually(lambda: "kafka.session.max is not between" in log_of(bench, kind), WAIT_S,  # noqa: B023
                       f"the log of {kind} names the settings")
    finally:
        restart_broker(bench, kafka.Kafka)
    for kind, stage in stages.items():
        eventually(stage.is_ready, WAIT_S, f"{kind} is ready again")
    settled(bench.main, bench.main.deliver(gateway_test.csv_of([9]), bestuur="99902", volgnummer="80"))


# table, column, what somebody makes of it, and what it was
ALTERED = (
    ("teacher_history", "content", "varchar(20) using left(content, 20)", "text"),
    ("contact", "email", "varchar(5) using left(email, 5)", "text"),
    ("delivery", "sequence", "text", "bigint using sequence::bigint"),
    ("delivery", "lines", "smallint", "integer"),
    ("delivery", "unreadable_lines", "double precision", "integer"),
    ("feedback", "body", "text using encode(body, 'hex')", "bytea using decode(body, 'hex')"),
    ("board", "sequence_max", "text", "bigint using sequence_max::bigint"),
    ("cursor", "tip", "text", "uuid using tip::uuid"),
)


@behaviour
def a_column_that_somebody_alters_is_waited_for(bench):
    """Neither an end of the writer, nor the quarantaine of a delivery that is sound, nor bytes taken as something
    else."""
    gateway, writer = bench.main, worker(bench, "write")
    contact = {"Instroom-Contact-Naam": "Voorbeeld", "Instroom-Contact-Telefoon": "0201234567"}

    def deliver(number):
        body = gateway_test.csv_of(range(300, 280 + number), note=f"Voorbeeld{'x' * number}")
        email = {"Instroom-Contact-Email": f"voorbeeld{number}@example.org"}
        return gateway.deliver(body, headers=contact | email if number > 25 else {}, volgnummer=str(number))
    settled(gateway, deliver(24))
    started = writer.process.pid_file.read_text()
    for number, (table, column, to, back) in enumerate(ALTERED, 25):
        what, before = f"{table}.{column} {to}", len(log_of(bench, "write"))
        bench.sql(f"alter table register.{table} alter {column} type {to}")
        try:
            sent = deliver(number)
            eventually(lambda: f"register.{table}" in log_of(bench, "write")[before:] or  # noqa: B023
                       column in log_of(bench, "write")[before:], WAIT_S, f"{what}: the log names it")  # noqa: B023
            expect(gateway.ask(sent.headers["Location"]).status in (200, 500, 503), f"{what}: the gateway")
            asked = bench.workers.ctl("deliveries", "99901", capture_output=True, text=True)
            expect(asked.returncode in (0, 78), f"{what}: instroomctl {asked.returncode} {asked.stderr}")
        finally:
            bench.sql(f"alter table register.{table} alter {column} type {back}")
        summary = settled(gateway, sent)
        counts = {name: count for name, count in summary["tellingen"].items() if count}
        expect(counts == {"nieuw": 1, "gewijzigd": number - 21}, f"{what}: {counts}")
        expect(writer.process.pid() and writer.process.pid_file.read_text() == started, f"{what}: the same writer")
    expect(sent.json()["leveringsid"] in bench.ctl("deliveries", "99901"), "the list is whole again")
    bench.ctl("verify", "--all")


@behaviour
def a_quota_that_holds_us_back_is_seen(bench):
    gateway, port = bench.main, bench.workers.stack.port("kafka1")
    kafka_wire.set_quota(port, "instroom-gateway", "producer_byte_rate", 100_000)
    try:
        body, numbers = large(lines=1500, seed=9), iter(range(60, 1000))

        def is_held():
            answer = gateway.deliver(body, proef="ja", volgnummer=str(next(numbers)))
            expect(answer.status in (202, 503), f"slow, and no fault: {answer.status}")
            return gateway.metric("instroom_kafka_throttled_seconds_total") > 0
        eventually(is_held, WAIT_S, "the metric of InstroomKafkaThrottles")
    finally:
        kafka_wire.set_quota(port, "instroom-gateway", "producer_byte_rate", None)
    expect("event=kafka.throttled" in gateway.log(), "the log says so too")
    eventually(lambda: gateway.deliver(gateway_test.csv_of([8]), proef="ja").status == 202, WAIT_S, "and it goes on")


@behaviour
def partitions_that_somebody_adds_get_nothing_and_hold_up_nobody(bench):
    """Boards stay where they were, also with a gateway that never saw the topic as it was; the workers do without what
    has no cursor. The last test: partitions cannot be taken away again."""
    boards = ["99901", "99902", "99906", "99907", "99908", "99909"]
    homes = {board: bench.main.deliver(gateway_test.csv_of([40]), bestuur=board, volgnummer="50").json()["partitie"]
             for board in boards}
    port = bench.workers.stack.port("kafka1")
    for topic, count in (("raw", 17), ("verdict", 15)):
        kafka_wire.add_partitions(port, f"instroom.{topic}.1", count)
    kinds = {"validate": 5, "write": 3}
    workers = [worker(bench, kind) for kind in kinds]
    for one in workers:
        one.process.end(signal.SIGTERM, WAIT_S)
        one.start()  # not ready: an operator has to look at what is parked
    with gateway_test.Gateway(bench, 3) as fresh:
        for gateway, sequence in ((bench.main, "51"), (fresh, "52")):
            answers = [gateway.deliver(gateway_test.csv_of([41]), bestuur=board, volgnummer=sequence)
                       for board in boards]
            found = {board: answer.json()["partitie"] for board, answer in zip(boards, answers)}
            expect(found == homes, f"volgnummer {sequence}: {found}, and before {homes}")
            for answer in answers:
                expect(settled(gateway, answer)["status"] == "verwerkt", "it is judged and written")
    for (kind, count), one in zip(kinds.items(), workers):
        parked = f'instroom_partitions{{stage="{kind}",state="parked"}}'
        eventually(lambda: figure(one, parked) == count, WAIT_S, f"{kind} shows those without a cursor")  # noqa: B023
        expect("Partitions were added" in log_of(bench, kind), f"the log of {kind} says where to read")
    bench.ctl("verify", "--all")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(run(TESTS))
