#!/usr/bin/python3
"""What hostile senders and hostile messages do to the whole machine: nothing but cost them their answer.

Messages no program of ours would send come into every topic while a load runs, and the load's outcome is that of the
same load undisturbed; uploads lie about their length, their coding and their contents. The forms of gateway_test.py are
not repeated.
Each function is one behaviour. They run in order on one private stack. The last line is "N passed, N failed".
"""
import json
import os
import random
import re
import signal
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support"), str(HERE.parent)]
import gateway_test as gw  # noqa: E402
import kafka_produce  # noqa: E402
from chaos.faults import UNKNOWN_SCHEMA  # noqa: E402
from gateway_test import expect, query  # noqa: E402

SEED = 4
CALM, STRUCK = ("99901", "99ZZ"), ("99902", "99QB")  # two boards that are sent the same
PARTITIONS = 12
MARK = "Geheimpje"  # stands in every person and message: no log may have it
RSS_MIB_MAX = 900 if gw.IS_SANITIZED else 160  # 20 MiB of body, its message, the budget's rounding
GROWN_MIB_MAX = 300 if gw.IS_SANITIZED else 48
CPU_S_MAX = 40 if gw.IS_SANITIZED else 4  # of the gateway for one upload: meanwhile it serves nobody
TINY_S = 8
SENDERS = 16
WAIT_S = 300
DUTCH = {"De levering is geweigerd", "Verkeerd verzoek", "Niet gevonden", "Niet aangemeld", "Te langzaam",
         "Nu niet mogelijk", "Ander soort inhoud"}
TESTS = []


def behaviour(function):
    TESTS.append(function)
    return function


def expect_problem(answer, status, codes=None):
    """It is refused so, in Dutch, as problem+json, and shows nothing of what was sent."""
    expect(answer.status == status, f"{answer.status} {answer.body[:200]}, not {status}")
    expect(answer.headers["Content-Type"] == "application/problem+json", answer.headers["Content-Type"])
    expect(answer.json()["title"] in DUTCH and answer.json()["detail"], answer.body[:200])
    expect(codes is None or answer.codes() == codes, f"{answer.body[:400]}, not {codes}")
    expect(MARK.encode() not in answer.body, "what was sent is shown")


# --- a load, undisturbed and disturbed ---

def deliveries(brin):
    """[(kind, sequence, body)]: new, changed, unchanged and rejected lines, late data, a withdrawal, teachers that are
    absent."""
    first = gw.csv_of(range(1, 61), MARK, brin)
    changed = gw.csv_of(range(41, 61), MARK + "twee", brin) + gw.csv_of(range(61, 71), MARK, "99XX").split(b"\n", 1)[1]
    withdrawn = ("bsn\n" + "".join(f"{gw.bsn(number)}\n" for number in (1, 2, 3, 999))).encode()
    return [("VOLLEDIG", 10, first), ("MUTATIE", 11, changed),
            ("MUTATIE", 9, gw.csv_of(range(1, 5), MARK + "drie", brin)),
            ("INTREKKING", 12, withdrawn), ("MUTATIE", 13, gw.csv_of(range(4, 9), MARK, brin)),
            ("VOLLEDIG", 14, gw.csv_of(range(4, 58), MARK, brin)),
            ("MUTATIE", 15, gw.csv_of(range(2, 6), MARK + "vier", brin))]


def load(bench, board, brin, pause_s=0.0):
    """Its leveringsids."""
    names = []
    for kind, sequence, body in deliveries(brin):
        names.append(f"vijandig-{sequence:08d}")
        answer = bench.main.deliver(body, bestuur=board, soort=kind, volgnummer=str(sequence), leveringsid=names[-1])
        expect(answer.status == 202, f"{kind} {sequence} of {board}: {answer.status} {answer.body[:300]}")
        time.sleep(pause_s)
    return names


def wait(bench):
    bench.ctl("wait", "--quiet", "--timeout", str(WAIT_S))
    for one in json.loads(bench.ctl("status", "--json")):
        expect((one["raw_end"], one["verdict_end"], one["parked"]) ==
               (one["raw_applied"], one["verdict_applied"], None), one)


def outcome(bench, board, brin, names):
    """What the board sees of them and of its register, without what tells the two boards apart."""
    def text(path):
        answer = bench.main.ask(f"/v1/besturen/{board}/{path}")
        expect(answer.status == 200, f"{path}: {answer.status}")
        return answer.body.decode().replace(board, "BESTUUR").replace(brin, "BRIN")
    seen = {"stand": text("stand?bsn=ja")}
    for name in names:
        seen[name] = text(f"leveringen/{name}")
        seen[name + " terugmelding"] = text(f"leveringen/{name}/terugmelding")
    return seen


class Hostile:
    """Puts messages into the topics until it is told to end. Those into raw are remembered."""

    def __init__(self, bench):
        self.bench, self.rng = bench, random.Random(SEED)
        self.port = bench.workers.stack.nodes()[0].port
        self.raw, self.quarantined, self.sent = [], [], {"raw": 0, "verdict": 0, "reference": 0}
        receipt = bench.main.deliver(gw.csv_of([1], MARK, STRUCK[1]), bestuur=STRUCK[0], proef="ja").json()
        self.home = receipt["partitie"]
        self.ends, self.error = threading.Event(), None
        self.samples = {topic: self.sample(topic) for topic in ("raw", "verdict")}
        self.thread = threading.Thread(target=self.run)

    def sample(self, topic):
        """Messages of the undisturbed load."""
        name = f"instroom.{topic}.1"
        brokers = self.bench.workers.stack.env()["INSTROOM_KAFKA_BROKERS"]
        said = gw.subprocess.run(["kcat", "-C", "-e", "-q", "-b", brokers, "-t", name, "-f", "%s\x1e--\x1e"],
                                 check=True, capture_output=True, timeout=WAIT_S).stdout.split(b"\x1e--\x1e")
        expect(len(said) > 7, f"{len(said)} messages in {name}")
        return [value for value in said if value]

    def put(self, topic, partition, value, headers=(), key=STRUCK[0].encode()):
        offset = kafka_produce.produce(self.port, f"instroom.{topic}.1", partition, key, value, list(headers))
        self.sent[topic] += 1
        return partition, offset

    def text(self, number, **changed):
        """Headers a gateway could have sent, of a delivery of the board that is struck."""
        fields = {"kind": "DELIVERY", "board": STRUCK[0], "delivery-id": f"onleesbaar-{number:08d}",
                  "fingerprint": f"{number:064x}",
                  "attempt": "0", "dry-run": "false", "sequence": str(number), "line-count": "1",
                  "delivery-kind": "MUTATIE",
                  "extraction-date": "20180601", "received-on": "20180602", "reference-version": "cd" * 32,
                  "replay-dry-run": "false"} | changed
        return [(f"instroom-{name}", text.encode()) for name, text in fields.items()]

    def strike(self, number, partition):
        """One of each kind."""
        rng = self.rng
        raw, verdict = rng.choice(self.samples["raw"]), rng.choice(self.samples["verdict"])
        torn_raw, torn_verdict = raw[:rng.randrange(1, len(raw))], verdict[:rng.randrange(1, len(verdict))]
        for value, headers in ((rng.randbytes(rng.randrange(1, 5000)), ()), (raw, ()),
                               (torn_raw, [("instroom-kind", b"DELIVERY")]),
                               (verdict, [("instroom-board", b"9" * 3000), ("instroom-kind", b"\0\xff")]),
                               (raw, self.text(1, **{"line-count": "9223372036854775808"})),
                               (raw, self.text(1, board="-1")), (b"", ())):
            self.raw.append(self.put("raw", partition, value, headers))
        # good headers where the board's messages are, a body that is none: a delivery in quarantine, whose lines are
        # counted
        bodies = (MARK.encode(), torn_raw[:len(raw) // 2], verdict, UNKNOWN_SCHEMA + raw[10:])
        for at, value in enumerate(bodies):
            one = 1000 + number * len(bodies) + at
            self.raw.append(self.put("raw", self.home, value, self.text(one)))
            self.quarantined.append(one)
        for value in (rng.randbytes(rng.randrange(1, 5000)), torn_verdict, verdict, raw, torn_raw, MARK.encode() * 1000,
                      b""):
            self.put("verdict", partition, value)
            self.put("reference", 0, value, key=rng.choice((b"", b"snapshot", STRUCK[0].encode())))

    def oversized(self):
        """Far more than any program of ours sends into these topics, and as large as the broker takes at one time."""
        value = MARK.encode() * 300_000  # 2.7 MB
        for topic in ("raw", "verdict", "reference"):
            at = self.put(topic, 0, value)
            if topic == "raw":
                self.raw.append(at)
        number = 999
        self.raw.append(self.put("raw", self.home, value, self.text(number)))
        self.quarantined.append(number)

    def run(self):
        try:
            self.oversized()
            number = 0
            while not self.ends.is_set() or number < PARTITIONS:
                self.strike(number, number % PARTITIONS)
                number += 1
                time.sleep(0.02)
        except Exception as error:  # noqa: BLE001  told by the test
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()


@behaviour
def a_load_comes_out_the_same_with_hostile_messages_in_every_topic(bench):
    bench.main.start(0)
    bench.ctl("reference", "import", str(gw.REFERENCE))
    bench.ctl("reference", "publish")
    bench.workers.start([worker for worker in bench.workers.all() if worker.kind != "gateway"], gw.PATIENCE_S)
    bench.main.worker.wait(gw.PATIENCE_S)
    bench.pids = {worker.name: worker.process.pid() for worker in bench.workers.all()}
    names = load(bench, *CALM)
    wait(bench)
    calm = outcome(bench, *CALM, names)
    for state in ("nieuw", "gewijzigd", "ongewijzigd", "verouderd", "afgekeurd", "ingetrokken"):
        expect(any(re.search(rf'"{state}":[1-9]', text) for text in calm.values()), f"the load has nothing {state}")
    with Hostile(bench) as hostile:
        load(bench, *STRUCK, pause_s=0.1)
    expect(hostile.error is None, f"{type(hostile.error).__name__}: {hostile.error}")
    begin = time.monotonic()
    wait(bench)
    print(f"    {sum(hostile.sent.values())} hostile messages {hostile.sent}, no lag {time.monotonic() - begin:.1f} s "
          "after the load")
    struck = outcome(bench, *STRUCK, names)
    for name, text in calm.items():
        expect(struck[name] == text, f"{name} differs:\n{text[:600]}\n{struck[name][:600]}")
    bench.hostile = hostile


@behaviour
def quarantine_shows_what_was_put_aside_and_the_ledger_balances_but_for_it(bench):
    listed = json.loads(bench.ctl("quarantine", "list", "--json"))
    found = {(one["partition"], one["offset"]): one for one in listed}
    expect(len(found) == len(listed) and found.keys() == set(bench.hostile.raw),
           f"{len(listed)} listed, {len(bench.hostile.raw)} sent: {sorted(found.keys() ^ set(bench.hostile.raw))[:5]}")
    open_ones = sorted(one["delivery"] for one in listed if one["state"] == "open")
    expect(open_ones == sorted(f"onleesbaar-{number:08d}" for number in bench.hostile.quarantined), open_ones[:5])
    expect(all(one["state"] == "foreign" for one in listed if "delivery" not in one), "what has no headers is foreign")
    done = bench.workers.ctl("ledger", "--check", capture_output=True, text=True)
    expect(f"{len(open_ones)} lines in quarantaine" in done.stderr and done.stderr.count("\n") == 1, done.stderr)
    done = bench.workers.ctl("verify", "--all", capture_output=True, text=True)
    expect(done.returncode == 0 and " 0 differences" in done.stdout, f"{done.stdout[-300:]}{done.stderr[-300:]}")


@behaviour
def the_reference_goes_on_after_hostile_messages_in_its_topic(bench):
    version = bench.ctl("reference", "publish")
    expect("published" in version, version)
    expect(bench.main.ask("/readyz").status == 200, "ready")
    expect(bench.main.deliver(gw.csv_of([1], MARK), proef="ja").status == 202, "a delivery")


# --- uploads ---

def cpu_s(pid):
    """What its threads have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@behaviour
def refuses_hostile_contents_at_once_and_does_not_grow_by_them(bench):
    gateway, columns = bench.main, ";".join(gw.COLUMNS).encode()
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(128)) + packer.flush()
    of_all = [("LR-F03", name) for name in gw.COLUMNS]
    wide = 19 << 20
    before, taken_s = gateway.rss_mib(), {}
    for what, body, codes, headers in (
            ("a NUL", columns + b"\n" + MARK.encode() + b"\0\n", [("LR-F01", "")], None),
            ("no UTF-8", columns + b"\n" + MARK.encode() + b"\xff\n", [("LR-F02", "")], None),
            ("half a character", columns + b"\n\xe2\x82", [("LR-F02", "")], None),
            ("UTF-8 longer than needed", columns + b"\n\xc0\xaf\n", [("LR-F02", "")], None),
            ("a surrogate", columns + b"\n\xed\xa0\x80\n", [("LR-F02", "")], None),
            ("a gzip bomb", bomb, [("LR-F01", "")], None),
            ("one field of 19 MiB", columns + b"\n" + b"x" * wide, [("LR-F08", "")], None),
            ("one quote of 19 MiB", columns + b"\n\"" + b"x" * wide, [("LR-F08", "")], None),
            ("one record of 19 MiB", columns + b"\n" + b";" * wide + b"x", [("LR-F05", "")], None),
            ("19 Mi empty fields", columns + b"\n" + b";" * wide, [("LR-F01", "")], None),
            ("19 Mi empty columns", b";" * wide + b"\n1\n", of_all + [("LR-F04", "")], None),
            ("100,000 columns", b"bsn" + (f";{MARK}" * 99_999).encode() + b"\n1\n", of_all[1:] + [("LR-F04", "")],
             None),
            ("10 Mi columns of a letter", b"b" + b";b" * (wide // 2) + b"\n1\n", of_all + [("LR-F04", "")], None),
            ("19 Mi lines", columns + b"\n" * wide + b"x", [("LR-F01", "")], None)):
        begin_s = cpu_s(gateway.pid)
        expect_problem(gateway.deliver(body, headers=headers), 422, codes)
        taken_s[what] = cpu_s(gateway.pid) - begin_s
    grown, worst = gateway.rss_mib() - before, max(taken_s, key=taken_s.get)
    print(f"    {len(taken_s)} kinds, {worst} takes most: {taken_s[worst]:.1f} s of CPU; grown by {grown:.0f} MiB; "
          f"a bomb of {len(bomb) >> 10} KiB for 128 MiB")
    expect(taken_s[worst] < CPU_S_MAX, f"{worst}: {taken_s[worst]:.1f} s of CPU")
    expect(grown < GROWN_MIB_MAX, f"grown by {grown:.0f} MiB")


@behaviour
def refuses_a_coding_it_does_not_undo(bench):
    body = gw.csv_of([11], MARK)
    expect_problem(bench.main.deliver(body, headers={"Content-Encoding": "gzip"}, proef="ja"), 415)
    for coding in ("identity, gzip", "gzip,identity", "identity\r\nContent-Encoding: gzip"):
        with bench.main.connect() as connection:
            connection.sendall(bench.main.head(query(proef="ja"), f"Content-Encoding: {coding}",
                                               f"Content-Length: {len(body)}") + body)
            expect_problem(gw.read_answer(connection), 415)
    expect(bench.main.deliver(body, headers={"Content-Encoding": "identity"}, proef="ja").status == 202,
           "identity is none")


def exchange(gateway, data, wait_s=gw.PATIENCE_S, closes=False):
    """All that comes back until the gateway closes; None: it did not."""
    said = b""
    with gateway.connect() as connection:
        connection.settimeout(wait_s)
        try:
            connection.sendall(data)
            if closes:
                connection.shutdown(gw.socket.SHUT_WR)
            while piece := connection.recv(65536):
                said += piece
        except TimeoutError:
            return None
        except ConnectionError:
            pass
    return said


@behaviour
def takes_no_delivery_whose_length_is_a_lie(bench):
    body, before = gw.csv_of([12], MARK), bench.log_end()
    with gw.Gateway(bench, 2, connection__idle__max="2s") as gateway:
        rss = gateway.rss_mib()
        lies = [(f"Content-Length: {length}", b"") for length in (
            2 ** 31, 2 ** 32, 2 ** 63 - 1, 2 ** 63, 2 ** 64 - 1, 2 ** 64, 2 ** 64 + len(body), 10 ** 40,
            f"+{len(body)}", "0x10", f"{len(body)}, {len(body)}", f"-{len(body)}", "", len(body) + 1)]
        lies += [("Transfer-Encoding: chunked", chunk + b"\r\n") for chunk in (
            b"ffffffffffffffff", b"1ffffffffffffffff", b"7fffffffffffffff", b"-1", b"geen getal")]
        with ThreadPoolExecutor(len(lies)) as pool:  # some are waited for until the connection is idle too long
            said = list(pool.map(lambda lie: exchange(gateway, gateway.head(query(), lie[0]) + lie[1] + body,
                                                      closes=True), lies))
        for lie, answer in zip(lies, said):
            expect(answer is not None and b" 202 " not in answer and b" 500 " not in answer, f"{lie}: {answer}")
        gw.eventually(lambda: gateway.metric("instroom_upload_bytes") == 0, 5, "the memory is given back")
        expect(gateway.rss_mib() - rss < GROWN_MIB_MAX, f"grown by {gateway.rss_mib() - rss:.0f} MiB")
    expect(bench.log_end() == before, "one of them is in the log")


@behaviour
def takes_only_what_was_announced_of_a_longer_body_and_the_rest_is_no_delivery(bench):
    gateway, before = bench.main, bench.log_end()
    behind = gw.csv_of([14], MARK)
    fields = f"Host: x\r\nContent-Length: {len(behind)}\r\nConnection: close"
    smuggled = f"POST {query()} HTTP/1.1\r\n{fields}\r\n\r\n".encode() + behind
    for name, rest, status in (("eerste", f"{MARK};x\r\n\r\n".encode(), b" 400 "), ("tweede", smuggled, b" 401 ")):
        body = gw.csv_of([13], MARK + name)
        said = exchange(gateway, gateway.head(query(), f"Content-Length: {len(body)}") + body + rest)
        expect(said is not None and said.count(b" 202 ") == 1 and gw.fingerprint_of(body).encode() in said, said)
        expect(status in said or said.count(b"HTTP/1.1 ") == 1 and status == b" 400 ", f"not{status}: {said}")
    expect(bench.log_end() - before == 2, f"{bench.log_end() - before} in the log, not 2")


@behaviour
def refuses_a_chunked_upload_over_the_limit_as_any_other(bench):
    gateway, piece = bench.main, b"x" * (1 << 20)
    with gateway.connect() as connection:
        connection.sendall(gateway.head(query(), "Transfer-Encoding: chunked"))
        for _ in range(21):
            connection.sendall(b"100000\r\n" + piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        expect_problem(gw.read_answer(connection), 413, [("LR-F01", "")])
    with gateway.connect() as connection:  # and who never ends is not listened to for ever
        connection.sendall(gateway.head(query(), "Transfer-Encoding: chunked"))
        sent = 0
        try:
            for sent in range(400):
                connection.sendall(b"100000\r\n" + piece + b"\r\n")
        except ConnectionError:
            pass
        expect(21 <= sent < 399, f"closed after {sent} MiB")
    expect(gateway.metric("instroom_upload_bytes") == 0, "memory")


@behaviour
def refuses_long_and_deeply_encoded_values_as_what_they_are(bench):
    gateway, body = bench.main, gw.csv_of([15], MARK)
    for field, value in (("bestuur", "9" * 30_000), ("leveringsid", "x" * 30_000), ("volgnummer", "9" * 5000),
                         ("regels", "1" * 5000),
                         ("soort", MARK * 1000), ("sha256", "0" * 65), ("extractiedatum", "2018-06-01" * 500),
                         ("leveringsid", "a" * 16 + "\0b"), ("leveringsid", "%" + "25" * 2000 + "41")):
        expect_problem(gateway.deliver(body, **{field: value}), 400, [("LR-K08", field)])
    for value in ("x" * 30_000, "%25" * 2000, "%" * 2000, "%00", "%c0%af", "%E2%82"):
        expect_problem(gateway.deliver(body, headers={"Instroom-Contact-Naam": value}), 400,
                       [("LR-K08", "contact_naam")])
    for path in ("/v1/leveringe%6e" + "%25" * 5000, "/v1/besturen/%2539901/stand", "/v1" + "/.." * 5000, "/" * 20_000):
        expect_problem(gateway.ask(path), 404)
    for extra in ("&leve%00ringsid=x", "&%25%36=1", "&=", "&" + "x" * 20_000 + "=1"):
        expect_problem(gateway.ask(query() + extra, body), 400)
    expect_problem(gateway.deliver(body, token="x" * 20_000), 401)
    with gw.Gateway(bench, 2, connection__idle__max="2s") as second:
        for what, head in (("a query of 70,000", second.head(query() + "&x=" + "x" * 70_000)),
                           ("3,000 fields", second.head(query() + "&a" * 3000, f"Content-Length: {len(body)}") + body),
                           ("3,000 headers", second.head(query(), *["A: b"] * 3000))):
            said = exchange(second, head)
            expect(said is not None and not said.startswith(b"HTTP/1.1 2") and b" 500 " not in said, f"{what}: {said}")


@behaviour
def serves_a_fast_upload_at_once_beside_hundreds_of_heads_that_come_by_the_byte(bench):
    gateway, worst = bench.main, 0.0
    slow = [gateway.connect() for _ in range(300)]
    head = gateway.head(query(), "Content-Length: 10")
    for number in range(20):
        for connection in slow:
            connection.sendall(head[number:number + 1])
        begin = time.monotonic()  # no slow head is whole before this has its answer
        expect(gateway.deliver(gw.csv_of([16 + number], MARK), proef="ja").status == 202, "the fast one")
        worst = max(worst, time.monotonic() - begin)
    for connection in slow:
        connection.close()
    print(f"    300 slow heads, slowest of 20 fast uploads {worst * 1000:.0f} ms")


@behaviour
def takes_thousands_of_deliveries_of_one_line_and_counts_each_once(bench):
    wait(bench)  # for what came before
    before = int(bench.sql("select count(*) from register.delivery where board = 99901"))
    end, rss = time.monotonic() + TINY_S, bench.main.rss_mib()

    def send(sender):
        """How many were taken."""
        connection, taken = HTTPConnection("127.0.0.1", bench.main.port, timeout=gw.PATIENCE_S), 0
        while time.monotonic() < end:
            number = 20_000 + sender + SENDERS * taken
            connection.request("POST", query(volgnummer=str(number), leveringsid=f"piepklein-{number:08d}"),
                               gw.csv_of([number % 900], MARK, CALM[1]), {"Authorization": f"Bearer {bench.token}"})
            answer = connection.getresponse()
            answer.read()
            expect(answer.status == 202, f"{answer.status}")
            taken += 1
        connection.close()
        return taken

    begin = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as pool:
        taken = sum(pool.map(send, range(SENDERS)))
    sent_s = time.monotonic() - begin
    wait(bench)
    print(f"    {taken} deliveries in {sent_s:.1f} s: {taken / sent_s:.0f}/s; all written "
          f"{time.monotonic() - begin:.1f} s after the first; grown by {bench.main.rss_mib() - rss:.0f} MiB")
    counted = int(bench.sql("select count(*) from register.delivery where board = 99901")) - before
    expect(counted == taken, f"{counted} in the ledger, {taken} taken")
    expect(taken >= SENDERS, f"only {taken}")


# --- afterwards ---

@behaviour
def all_workers_live_within_their_memory_and_their_logs_have_nothing_personal(bench):
    peaks = {}
    for worker in (worker for worker in bench.workers.all() if worker.name in bench.pids):
        expect(worker.process.pid() == bench.pids[worker.name], f"{worker.name} has died")
        status = Path(f"/proc/{worker.process.pid()}/status").read_text()
        peaks[worker.name] = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
        log = Path(worker.process.log_file).read_text()
        for what in (MARK, bench.token, "Sanitizer", "runtime error", "Assertion"):
            expect(what not in log, f"{what} in the log of {worker.name}")
        expect(not re.search(r"(?<![\d.])9990\d{5}(?!\d)", log), f"a BSN in the log of {worker.name}")
    print("    peak MiB: " + ", ".join(f"{name} {peak:.0f}" for name, peak in peaks.items()))
    expect(peaks["gateway1"] < RSS_MIB_MAX, f"{peaks['gateway1']:.0f} MiB at its peak")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(gw.run(TESTS, validate={"missing.wait.max": "500ms"}))
