#!/usr/bin/python3
"""instroom-gateway against real servers: what it answers, and that neither slow, broken nor hostile senders, nor an
absent Kafka or PostgreSQL, make it lose a delivery, acknowledge one that is not in the log, wait or grow.

Each function is one behaviour. They run in order on one private stack. The last line is "N passed, N failed".
"""
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from private_stack import stack as stacks  # noqa: E402
from private_stack import workers as programs  # noqa: E402
from private_stack.xml_form import to_xml  # noqa: E402

BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev"))
CASES_KEY = programs.CASES_KEY
REFERENCE = ROOT / "tests/cases/reference"
FILE_BYTES_MAX = 20971520
IS_SANITIZED = b"__asan_init" in (BUILD / "workers/gateway/instroom-gateway").read_bytes()
CONTACT = "P. Nergensgenoemd"
COLUMNS = ["bsn", "geslachtsnaam", "voorvoegsel", "voornamen", "geslacht", "geboortedatum", "benoemingssleutel", "brin",
           "vestiging", "begin_arbeidsovereenkomst", "einde_arbeidsovereenkomst", "begin_benoeming",
           "einde_benoeming", "benoemingsgrondslag", "onderwijsterrein"]
PATIENCE_S = 120  # a deadline only says when to give up: the machine may do much else
results = {"passed": 0, "failed": 0}
TESTS = []


def behaviour(function):
    TESTS.append(function)
    return function


def expect(is_so, what):
    if not is_so:
        raise AssertionError(what)


def eventually(is_so, usual_s, what):
    """usual_s: what it takes at most on a machine that does nothing else; waited for is PATIENCE_S."""
    begin = time.monotonic()
    while not is_so():
        expect(time.monotonic() < begin + max(usual_s, PATIENCE_S), f"usual are {usual_s} s, not even after "
               f"{time.monotonic() - begin:.0f} s: {what}")
        time.sleep(0.05)
    if time.monotonic() > begin + usual_s:
        print(f"    it took {time.monotonic() - begin:.1f} s, usual are {usual_s}: {what}", flush=True)


# --- deliveries; all persons are invented ---

def bsn(number):
    """The number-th that passes the 11-test."""
    digits = [int(digit) for digit in f"{99900000 + number:08d}"]
    rest = sum(digit * weight for digit, weight in zip(digits, range(9, 1, -1))) % 11
    return bsn(number + 10000) if rest == 10 else "".join(map(str, digits)) + str(rest)


def csv_of(teachers, note="Voorbeeld", brin="99ZZ"):
    lines = [";".join(COLUMNS)]
    lines += [f"{bsn(one)};{note};;Jan;M;19800601;A-1;{brin};00;20100801;;20100801;;701;" for one in teachers]
    return ("\n".join(lines) + "\n").encode()


def query(**fields):
    header = {"bestuur": "99901", "soort": "MUTATIE", "volgnummer": "1", "extractiedatum": "2018-06-01",
              "ontvangen_op": "2018-06-02"} | fields
    return "/v1/leveringen?" + urllib.parse.urlencode({name: value for name, value in header.items()
                                                       if value is not None})


def fingerprint_of(body, board="99901", kind="MUTATIE", dry_run="N", sequence="1", date="20180601"):
    parts = ["instroom-2", board, kind, dry_run, sequence, date, hashlib.sha256(body).hexdigest()]
    return hmac.new(CASES_KEY.encode(), "".join(part + "\n" for part in parts).encode(), hashlib.sha256).hexdigest()


def digest_text(sha256):
    return base64.b64encode(bytes.fromhex(sha256)).decode() if re.fullmatch("[0-9a-fA-F]{64}", sha256) else sha256


# --- the gateway under test ---

class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def codes(self):
        return [(one["code"], one["veld"]) for one in self.json()["levering"]["bevindingen"]]


class Gateway:
    """One gateway process with settings of its own."""

    def __init__(self, bench, number, **settings):
        self.bench = bench
        name = f"gateway{number}"
        self.worker = programs.Worker(bench.workers, "gateway", number)
        self.port = self.worker.port
        own = (bench.workers.dir / "gateway1.conf").read_text() if number != 1 else None
        if own:
            replaced = {"worker.name", "listen"} | {key.replace("__", ".") for key in settings}
            lines = [line for line in own.splitlines() if line.partition(" ")[0] not in replaced]
            self.worker.config.write_text("\n".join(lines) + "\n")
        with open(self.worker.config, "a") as file:
            if own:
                file.write(f"worker.name = {name}\nlisten = 127.0.0.1:{self.port}\n")
            file.writelines(f"{key.replace('__', '.')} = {value}\n" for key, value in settings.items())
        self.token = bench.token

    def start(self, wait_s=PATIENCE_S, environment=()):
        self.worker.process.start(["/usr/bin/env", *environment, str(BUILD / "workers/gateway/instroom-gateway"),
                                   "--config", self.worker.config], self.bench.workers.dir, None)
        if wait_s:
            self.worker.wait(wait_s)
        else:
            eventually(self.is_listening, 10, "it listens")
        return self

    def is_listening(self):
        try:
            self.connect().close()
            return True
        except OSError:
            return False

    def end(self, number=signal.SIGTERM, wait_s=PATIENCE_S):
        self.worker.process.end(number, wait_s)

    def __enter__(self):
        try:
            return self.start()
        except Exception:
            self.end(signal.SIGKILL)  # else its port is taken in the tests behind
            raise

    def __exit__(self, *_):
        self.end(signal.SIGKILL)

    @property
    def pid(self):
        return self.worker.process.pid()

    def log(self):
        return Path(self.worker.process.log_file).read_text()

    def rss_mib(self):
        return self.memory_mib("VmRSS")

    def peak_mib(self):
        return self.memory_mib("VmHWM")

    def memory_mib(self, name):
        return int(re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())[1]) / 1024

    def metric(self, name):
        """name: as shown, but for the label of the stage."""
        for line in self.ask("/metrics").body.decode().splitlines():
            if line.replace('{stage="gateway"}', "").replace('stage="gateway",', "").startswith(name + " "):
                return float(line.split()[-1])
        raise AssertionError(f"there is no metric {name}")

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def ask(self, path, body=None, method=None, headers=None, token=None, wait_s=PATIENCE_S):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=wait_s)
        token = self.token if token is None else token
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, body,
                               ({"Authorization": f"Bearer {token}"} if token else {}) | (headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def deliver(self, body, headers=None, token=None, sha256=None, **fields):
        """sha256: hex, sent as Content-Digest; of another form: a digest that is none."""
        digest = {} if sha256 is None else {"Content-Digest": f"sha-256=:{digest_text(sha256)}:"}
        return self.ask(query(**fields), body, headers=digest | (headers or {}), token=token)

    def head(self, path, *lines, method="POST"):
        """The bytes of a request's head."""
        return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {self.token}", *lines, "",
                            ""]).encode()

    def begin(self, body_bytes, path=None):
        """A connection with an upload of which only the head was sent."""
        connection = self.connect()
        connection.sendall(self.head(path or query(), f"Content-Length: {body_bytes}"))
        return connection


def read_answer(connection, method="POST"):
    answer = http.client.HTTPResponse(connection, method=method)
    answer.begin()
    return Answer(answer.status, answer.headers, answer.read())


def is_readable(connection):
    return bool(select.select([connection], [], [], PATIENCE_S)[0])


def is_closed(connection):
    """The other side ended it, whatever it said before."""
    end = time.monotonic() + PATIENCE_S
    connection.setblocking(False)
    while time.monotonic() < end:
        if select.select([connection], [], [], max(0, end - time.monotonic()))[0]:
            try:
                if connection.recv(65536) == b"":
                    return True
            except ConnectionError:
                return True
    return False


class Bench:
    def __init__(self, data):
        self.data = data
        self.name = f"gw-{os.getpid()}"

    def stack_do(self, *words):
        done = subprocess.run([ROOT / "scripts/stack", *words, "--name", self.name], capture_output=True, text=True,
                              check=False)
        expect(done.returncode == 0, f"scripts/stack {words}: {done.stdout}{done.stderr}")

    def set_up(self, **settings):
        """settings: of the workers, by kind."""
        self.stack_do("up")
        self.workers = programs.Workers(stacks.Stack(self.name))
        self.workers.set_up(BUILD, {"gateway": 1, "validate": 1, "write": 1}, True,
                            {"gateway": {"confirm.wait.max": "60s", "connection.idle.max": "10m"}} | settings)
        self.token = (self.workers.dir / "token").read_text()
        self.one_board, self.two_boards = "only-for-board-99901", "for-99901-and-99902"
        with open(self.workers.dir / "tokens", "a") as file:
            file.write(f"# two more\n{self.one_board} 99901\n{self.two_boards} 99901,99902\n")
        self.ctl("migrate")
        self.main = Gateway(self, 1)

    def ctl(self, *words):
        done = self.workers.ctl(*words, capture_output=True, text=True)
        expect(done.returncode == 0, f"instroomctl {words}: {done.stdout}{done.stderr}")
        return done.stdout

    def message(self, receipt):
        return self.ctl("dump", "instroom.raw.1", str(receipt["partitie"]), str(receipt["offset"]))

    def log_end(self):
        """Messages in the raw topic, of all partitions."""
        brokers = self.workers.stack.env()["INSTROOM_KAFKA_BROKERS"]
        words = [word for partition in range(12) for word in ("-t", f"instroom.raw.1:{partition}:-1")]
        said = subprocess.run(["kcat", "-b", brokers, "-Q", *words], capture_output=True, text=True, check=True).stdout
        return sum(int(line.rsplit(" ", 1)[1]) for line in said.splitlines())

    def sql(self, text):
        env = self.workers.stack.env()
        done = subprocess.run(["psql", env["INSTROOM_PG_OWNER"], "-Atc", text], capture_output=True, text=True,
                              check=True)
        return done.stdout.strip()


# --- before there is anything ---

@behaviour
def is_not_ready_before_a_reference_snapshot_was_published(bench):
    gateway = bench.main.start(0)
    eventually(lambda: gateway.ask("/healthz").status == 200, 10, "alive")
    eventually(lambda: b"reference publish" in gateway.ask("/readyz").body, 10, "the reason told")
    expect(gateway.ask("/readyz").status == 503, "ready")
    answer = gateway.deliver(csv_of([1]))
    expect(answer.status == 503 and answer.headers["Retry-After"], f"{answer.status} without reference data")
    bench.ctl("reference", "import", str(REFERENCE))
    bench.ctl("reference", "publish")
    gateway.worker.wait(PATIENCE_S)


# --- accepting and refusing ---

@behaviour
def accepts_a_delivery_with_a_receipt_and_has_it_in_the_log(bench):
    body = csv_of([1, 2, 3])
    answer = bench.main.deliver(body, leveringsid="aanvaard-12345678", regels="3",
                                sha256=hashlib.sha256(body).hexdigest().upper())
    expect(answer.status == 202, f"{answer.status} {answer.body}")
    receipt = answer.json()
    expect(sorted(receipt) == ["fingerprint", "installatie", "leveringsid", "offset", "partitie", "positie",
                                "regels", "sha256"], receipt)
    expect(receipt["sha256"] == hashlib.sha256(body).hexdigest(), receipt)
    expect(bench.main.ask("/v1/installatie").json() == {"installatie": receipt["installatie"]} and
           len(receipt["installatie"]) == 16, receipt)
    expect(bench.main.ask("/v1/installatie", token="nobody-knows-this-1").status == 401, "for those with a token")
    expect(receipt["leveringsid"] == "aanvaard-12345678" and receipt["regels"] == 3, receipt)
    expect(receipt["fingerprint"] == fingerprint_of(body), receipt)
    expect(answer.headers["Location"] == "/v1/besturen/99901/leveringen/aanvaard-12345678?positie="
           + receipt["positie"], answer.headers["Location"])
    expect(receipt["positie"].startswith(f"{receipt['partitie']}-{receipt['offset']}-"), receipt)
    expect("aanvaard-12345678" in bench.message(receipt), "the message")


@behaviour
def makes_the_id_of_a_delivery_that_has_none(bench):
    body = csv_of([4])
    receipt = bench.main.deliver(body, proef="ja").json()
    fingerprint = fingerprint_of(body, dry_run="J")
    expect(receipt["fingerprint"] == fingerprint and receipt["leveringsid"] == "G-" + fingerprint[:32], receipt)


@behaviour
def knows_tokens_until_they_are_withdrawn(bench):
    gateway, tokens = bench.main, bench.workers.dir / "tokens"

    def token(*words):
        done = bench.workers.ctl(f"--tokens.file={tokens}", "token", *words, capture_output=True, text=True)
        expect(done.returncode == 0, f"token {words}: {done.stderr}")
        return done.stdout.strip()

    def asks(secret, status):
        eventually(lambda: gateway.ask("/v1/installatie", token=secret).status == status, 60, f"{status}")

    def counted(reason):
        return gateway.metric(f'instroom_access_refused_total{{reason="{reason}"}}')

    mode = tokens.stat().st_mode
    office = token("make", "kantoor", "99901", "--until", "2099-12-31", "--owner", "KVK:12345678")
    reader = token("make", "lezer", "99901", "--until", "2099-12-31", "--services", "inzien")
    old = token("make", "oud", "99901", "--until", "2020-01-01")
    expect(office.startswith("instroom_") and office not in tokens.read_text(), "the token itself is not kept")
    expect(tokens.stat().st_mode == mode, "the mode of the file")
    asks(office, 200)
    asks(reader, 200)  # the file may have been read between two lines
    expect(gateway.deliver(csv_of([6]), token=office, proef="ja").status == 202, "its board")
    before = {reason: counted(reason) for reason in ("no_token", "unknown", "expired", "service", "board", "withdrawn")}
    answer = gateway.deliver(csv_of([6]), token=office, bestuur="99902", leveringsid="niet-voor-u-12345")
    expect(answer.status == 403 and answer.codes() == [("LR-K03", "bestuur")], answer.body)
    expect(answer.json()["type"] == "/v1/regels/LR-K03", answer.json()["type"])
    expect(answer.json()["levering"]["leveringsid"] == "niet-voor-u-12345", answer.body)
    answer = gateway.deliver(csv_of([6]), token=office, bestuur="99902", volgnummer="nul")
    expect(answer.status == 400 and answer.codes() == [("LR-K08", "volgnummer")], "the form comes before the right")
    answer = gateway.deliver(csv_of([6]), token=reader)
    expect(answer.status == 403 and answer.codes() == [("LR-K03", "bestuur")], "to read only")
    expect(gateway.ask("/v1/besturen/99901/stand", token=reader).status == 200, "to read")
    expect(gateway.ask("/v1/besturen/99902/stand", token=reader).status == 403, "of another board")
    eventually(lambda: gateway.ask("/v1/installatie", token=old).status == 401 and
               counted("expired") > before["expired"], 60, "ended")
    expect(gateway.ask("/v1/installatie", token="instroom_" + "0" * 64).status == 401, "unknown")
    expect(gateway.ask("/v1/installatie", token="").status == 401, "none")
    token("withdraw", "kantoor")
    asks(office, 401)
    for reason, count in before.items():
        least = 2 if reason == "board" else 1
        expect(counted(reason) >= count + least, f"{reason}: {count}, now {counted(reason)}")
    expect("withdrawn" in token("list") and office not in token("list", "--json"), "the list")
    expect(gateway.deliver(csv_of([6]), token=bench.one_board, proef="ja").status == 202, "a line of before")
    expect("tokens.plain" in gateway.log(), "the warning about lines of before")


@behaviour
def keeps_contact_persons_out_of_address_and_log(bench):
    encoded = urllib.parse.quote("Renée " + CONTACT)
    answer = bench.main.deliver(csv_of([5]),
                                headers={"Instroom-Contact-Naam": encoded, "Instroom-Contact-Telefoon": ""})
    expect(answer.status == 202, answer.body)
    for name in ("contact_naam", "contact_email"):
        expect(bench.main.deliver(csv_of([5]), **{name: "x"}).status == 400, f"{name} in the address")
    for wrong in ("%", "%FF", "x" * 51):
        answer = bench.main.deliver(csv_of([5]), headers={"Instroom-Contact-Naam": wrong})
        expect(answer.status == 400 and answer.codes() == [("LR-K08", "contact_naam")], answer.body)


@behaviour
def calls_a_wrong_request_what_it_is(bench):
    for path in (query(onbekend="1"), query(sha256="0" * 64), query() + "&bestuur=99901",
                 query(ontvangen_op="gisteren"), query() + "&soort"):
        answer = bench.main.ask(path, csv_of([1]))
        expect(answer.status == 400 and answer.headers["Content-Type"] == "application/problem+json",
               f"{path}: {answer.status}")
        expect((answer.json()["type"], answer.json()["status"]) == ("about:blank", 400) and
               "levering" not in answer.json(), answer.body)
        expect(answer.json()["detail"].endswith(" (de helpdesk helpt u verder)."), answer.json()["detail"])
    answer = bench.main.deliver(csv_of([1]), headers={"Instroom-Contact-Fax": "x"})
    expect(answer.status == 400, f"an unknown header of ours: {answer.status}")
    with bench.main.connect() as connection:
        connection.sendall(bench.main.head(query(), "Instroom-Contact-Naam: a", "Instroom-Contact-Naam: b",
                                           "Content-Length: 0"))
        expect(read_answer(connection).status == 400, "a header twice")
    for method, path, allow in (("GET", "/v1/leveringen", "POST"), ("PUT", query(), "POST"), ("GET", "/", None),
                                ("DELETE", "/v1/besturen/99901/stand", "GET, HEAD"), ("POST", "/healthz", "GET, HEAD"),
                                ("GET", "/v1/besturen/99901/leveringen/kort", None)):
        answer = bench.main.ask(path, method=method)
        expect((answer.status, answer.headers["Allow"]) == ((405, allow) if allow else (404, None)), f"{method} {path}")


@behaviour
def hands_on_the_trace_of_a_delivery(bench):
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    answer = bench.main.deliver(csv_of([7]), {"traceparent": f"00-{trace}-{parent}-01"}, proef="ja")
    message = bench.message(answer.json())
    expect(f"traceparent: 00-{trace}-" in message and parent not in message, "the trace under a parent of ours")
    message = bench.message(bench.main.deliver(csv_of([8]), {"traceparent": f"00-{trace}-0-01"}, proef="ja").json())
    expect("traceparent" not in message, "a malformed one")


@behaviour
def changes_nothing_for_a_page_of_another_site(bench):
    before = bench.log_end()
    for headers in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = bench.main.deliver(csv_of([9]), headers, proef="ja")
        expect(answer.status == 403, f"{headers}: {answer.status}")
        expect(answer.headers["Content-Type"] == "application/problem+json", answer.headers["Content-Type"])
        answer = bench.main.ask("/v1/besturen/99901/leveringen/aanvaard-12345678/bevestiging", b"", headers=headers)
        expect(answer.status == 403, f"a confirmation, {headers}: {answer.status}")
    expect(bench.log_end() == before, "something in the log")
    own = {"Origin": f"http://127.0.0.1:{bench.main.port}", "Sec-Fetch-Site": "same-origin"}
    expect(bench.main.deliver(csv_of([9]), own, proef="ja").status == 202, "a page of our own")


@behaviour
def lets_nobody_in_without_a_token_for_the_board(bench):
    body, gateway = csv_of([6]), bench.main
    answer = gateway.deliver(body, token="")
    expect(answer.status == 401 and answer.headers["WWW-Authenticate"] == "Bearer", f"no token: {answer.status}")
    expect(gateway.deliver(body, token="not-a-token-of-ours").status == 401, "an unknown token")
    expect(gateway.deliver(body, token=bench.one_board, proef="ja").status == 202, "its board")
    expect(gateway.deliver(body, token=bench.one_board, bestuur="99902").status == 403, "another board")
    expect(gateway.deliver(body, token=bench.two_boards, bestuur="99902", proef="ja").status == 202, "its second board")
    expect(gateway.deliver(body, token=bench.one_board, bestuur="kapot").status == 400, "no board at all")
    for path in ("stand", "leveringen/aanvaard-12345678", "leveringen/aanvaard-12345678/terugmelding"):
        expect(gateway.ask(f"/v1/besturen/99902/{path}", token=bench.one_board).status == 403, path)
        expect(gateway.ask(f"/v1/besturen/99902/{path}", token="").status == 401, path)
    answer = gateway.ask("/v1/besturen/99902/leveringen/aanvaard-12345678/bevestiging", b"", token=bench.one_board)
    expect(answer.status == 403, f"a confirmation: {answer.status}")


@behaviour
def refuses_in_the_order_of_domain_with_all_members_of_a_summary(bench):
    gateway, body = bench.main, csv_of([7])
    before = bench.log_end()
    answer = gateway.deliver(body, leveringsid="kort", volgnummer="0", proef="misschien", extractiedatum="2018-02-29")
    expect(answer.status == 400 and answer.headers["Content-Type"] == "application/problem+json", f"{answer.status}")
    problem = answer.json()
    expect(sorted(problem) == ["detail", "levering", "status", "title", "type"], problem)
    expect((problem["type"], problem["status"]) == ("/v1/regels/LR-K08", 400) and problem["detail"].count(".") == 1,
           problem)
    expect(answer.codes() == [("LR-K08", "leveringsid"), ("LR-K08", "proef"), ("LR-K08", "volgnummer"),
                              ("LR-K08", "extractiedatum")], answer.codes())
    summary = answer.json()["levering"]
    for name in ("leveringsid", "volgnummer", "extractiedatum"):
        expect(summary[name] is None, f"{name} is {summary[name]}")
    expect(summary["proef"] is False and summary["status"] == "geweigerd" and summary["regels"] == 0, summary)
    expect(summary["codes"] == {"LR-K08": 4} and sum(summary["tellingen"].values()) == 0 and
           len(summary["tellingen"]) == 7, summary)
    for fields, codes in (
            ({"bestuur": "99999", "extractiedatum": "2018-06-03"}, [("LR-K02", "bestuur")]),
            ({"bestuur": "99903"}, [("LR-K02", "bestuur")]),
            ({"extractiedatum": "2018-06-03", "regels": "9"}, [("LR-K09", "extractiedatum")]),
            ({"sha256": "0" * 64, "regels": "9"}, [("LR-F07", "")]),
            ({"regels": "9"}, [("LR-F06", "")])):
        answer = gateway.deliver(body, **fields)
        expect(answer.status == 422 and answer.codes() == codes, f"{fields}: {answer.status} {answer.body}")
        expect((answer.json()["type"], answer.json()["status"]) == (f"/v1/regels/{codes[0][0]}", 422), answer.body)
        expect(answer.json()["levering"]["leveringsid"].startswith("G-"),
               "specification 14.1: the made id is shown on refusals too")
    expect(bench.log_end() == before, "a refused delivery is in the log")


@behaviour
def compares_the_digest_of_the_content(bench):
    gateway, body = bench.main, csv_of([9])
    good, other = hashlib.sha256(body).hexdigest(), "0" * 64
    long = base64.b64encode(bytes(64)).decode()
    for digest, status, codes in (
            (f"sha-256=:{digest_text(good)}:", 202, None), (f"sha-256=:{digest_text(good)[:-1]}:", 202, None),
            (f"sha-512=:{long}:, sha-256=:{digest_text(good)}:", 202, None),
            (f"sha-256=:{digest_text(good)}:;x=1 , sha-512=:AAAA:", 202, None),
            (f"sha-256=:{digest_text(other)}:", 422, [("LR-F07", "")]),
            (f"sha-512=:{long}:", 400, [("LR-K08", "sha256")]),
            (f"sha-256={digest_text(good)}", 400, [("LR-K08", "sha256")]),
            (f"sha-256=:{good}:", 400, [("LR-K08", "sha256")]),
            (f"SHA-256=:{digest_text(good)}:", 400, [("LR-K08", "sha256")]), ("", 400, [("LR-K08", "sha256")]),
            (f"sha-256=:{digest_text(good)}:, sha-256=:{digest_text(good)}:", 400, [("LR-K08", "sha256")]),
            ("sha-256=:AAAA:", 400, [("LR-K08", "sha256")]), ("sha-256=::", 400, [("LR-K08", "sha256")]),
            (f"sha-256=:{digest_text(good)}:x", 400, [("LR-K08", "sha256")])):
        answer = gateway.deliver(body, headers={"Content-Digest": digest}, proef="ja", leveringsid="kenmerk-012345678")
        expect(answer.status in (200, 202) if status == 202 else answer.status == status, f"{digest}: {answer.status}")
        expect(codes is None or answer.codes() == codes, f"{digest}: {answer.body}")
    mine, long = f"sha-256=:{digest_text(good)}:", f"sha-512=:{long}:"
    for digests, status, codes in (((long, mine), 202, None), ((mine, long), 202, None),
                                   ((mine, mine), 400, [("LR-K08", "sha256")])):  # several fields are one list
        with gateway.connect() as connection:
            connection.sendall(gateway.head(query(proef="ja", leveringsid="kenmerk-012345678"),
                                            *(f"Content-Digest: {one}" for one in digests),
                                            f"Content-Length: {len(body)}") + body)
            answer = read_answer(connection)
        expect(answer.status in (200, 202) if status == 202 else answer.status == status, f"{digests}: {answer.status}")
        expect(codes is None or answer.codes() == codes, f"{digests}: {answer.body}")


@behaviour
def takes_csv_and_of_other_types_nothing_but_xml(bench):
    gateway, body = bench.main, csv_of([9])
    for kind, is_good in (("text/csv", True), ("Text/CSV; charset=UTF-8", True),
                          ('text/csv; header=present; charset="utf-8"', True),
                          ("text/csv; charset=windows-1252", False), ("text/csvx", False),
                          ("application/x-www-form-urlencoded", False), ("multipart/form-data; boundary=x", False),
                          ("", False)):
        answer = gateway.deliver(body, headers={"Content-Type": kind}, proef="ja", leveringsid="soort-0123456789")
        expect(answer.status in ((200, 202) if is_good else (415,)), f"{kind}: {answer.status}")
    expect(gateway.deliver(body, headers={"Content-Type": "text/html"}, token="x").status == 401,
           "a stranger learns nothing")


@behaviour
def says_where_the_helpdesk_is_in_every_refusal(bench):
    with Gateway(bench, 2, helpdesk__address="helpdesk@voorbeeld.test") as second:
        for answer in (second.deliver(csv_of([9]), volgnummer="0"), second.ask("/nergens"), second.deliver(b""),
                       second.deliver(csv_of([9]), token="x"),
                       second.deliver(csv_of([9]), headers={"Content-Type": "text/html"})):
            detail = answer.json()["detail"]
            expect(detail.endswith(" (helpdesk: helpdesk@voorbeeld.test)."), f"{answer.status}: {detail}")
            expect(detail.count(". ") == 0, f"one sentence: {detail}")


@behaviour
def has_a_page_of_each_code_at_the_type_of_a_refusal(bench):
    refused = bench.main.deliver(csv_of([9]), volgnummer="0").json()
    page = bench.main.ask(refused["type"], token="")
    expect((page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8"), f"{page.status}")
    expect("<h1>LR-K08</h1>" in page.body.decode(), "the code of the refusal")
    again = bench.main.ask(refused["type"], headers={"If-None-Match": page.headers["ETag"]}, token="")
    expect(again.status == 304, f"nothing new: {again.status}")
    codes = bench.main.ask("/v1/regels", headers={"Accept": "application/json"}, token="").json()
    expect([code["code"] for code in codes] == sorted(code["code"] for code in codes) and len(codes) > 60, "all codes")
    one = bench.main.ask("/v1/regels/LR-S02", headers={"Accept": "application/json"}, token="").json()
    expect(one in codes and set(one) == {"code", "ernst", "melding", "uitleg", "fout", "goed"}, f"{one}")
    for unknown in ("/v1/regels/LR-Q99", "/v1/regels/", "/v1/regels/lr-s02", "/v1/regels/%3Cb%3E"):
        expect(bench.main.ask(unknown, token="").status == 404, unknown)
    expect(bench.main.ask("/v1/regels", headers={"Accept": "image/png"}, token="").status == 406, "another form")


@behaviour
def refuses_an_empty_body_however_it_is_sent(bench):
    expect(bench.main.deliver(b"").codes() == [("LR-F01", "")], "Content-Length: 0")
    for line, body in (("X: y", b""), ("Transfer-Encoding: chunked", b"0\r\n\r\n")):
        with bench.main.connect() as connection:
            connection.sendall(bench.main.head(query(), line) + body)
            answer = read_answer(connection)
            expect(answer.status == 422 and answer.codes() == [("LR-F01", "")], f"{line}: {answer.status}")


@behaviour
def refuses_what_is_too_large_with_413_and_knows_it_by_its_hash(bench):
    gateway = bench.main
    large = b"bsn\n" + b"x" * (FILE_BYTES_MAX - 3)
    answer = gateway.deliver(large)
    expect(answer.status == 413 and answer.codes() == [("LR-F01", "")], f"{answer.status}")
    expect((answer.json()["status"], answer.json()["type"]) == (413, "/v1/regels/LR-F01"), answer.body)
    expect(answer.json()["levering"]["leveringsid"] == "G-" + fingerprint_of(large)[:32], "the hash is taken")
    expect(gateway.deliver(large, bestuur="99999").codes() == [("LR-K02", "bestuur")],
           "the board comes before the size")
    fits = b"bsn;land\n" + b"1;x\n" * 1000
    answer = gateway.deliver(fits + b"\n" * (FILE_BYTES_MAX - len(fits)), soort="INTREKKING", proef="ja")
    expect(answer.status == 202, f"20 MiB: {answer.status} {answer.body[:300]}")
    huge = bytes(65 << 20)
    answer = gateway.deliver(huge)
    expect(answer.status == 413 and answer.codes() == [("LR-F01", "")], f"{answer.status}")
    expect(answer.json()["levering"]["leveringsid"] is None, "not read to its end, so it has no id of ours")
    expect(gateway.deliver(huge, volgnummer="0").codes() == [("LR-K08", "volgnummer")], "the header comes first")
    expect(gateway.metric("instroom_upload_bytes") <= 0, "memory of what was refused")


# --- HTTP ---

@behaviour
def takes_a_chunked_upload_as_any_other(bench):
    body = csv_of(range(10, 300), "Stukjes")
    with bench.main.connect() as connection:
        connection.sendall(bench.main.head(query(), "Transfer-Encoding: chunked"))
        for at in range(0, len(body), 1000):
            piece = body[at:at + 1000]
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        answer = read_answer(connection)
    expect(answer.status == 202 and answer.json()["fingerprint"] == fingerprint_of(body),
           f"{answer.status} {answer.body}")


@behaviour
def says_100_continue_to_those_it_wants_the_body_of_and_the_answer_to_the_others(bench):
    gateway, body = bench.main, csv_of([8])
    with gateway.connect() as connection:
        connection.sendall(gateway.head(query(proef="ja"), f"Content-Length: {len(body)}", "Expect: 100-continue"))
        expect(connection.recv(1000).startswith(b"HTTP/1.1 100"), "no 100")
        connection.sendall(body)
        expect(read_answer(connection).status == 202, "the upload behind it")
    for path, status in ((query(onbekend="1"), 400), ("/v1/nergens", 404)):
        with gateway.connect() as connection:
            connection.sendall(gateway.head(path, "Content-Length: 30000000", "Expect: 100-continue"))
            expect(read_answer(connection).status == status, path)


@behaviour
def serves_several_requests_on_one_connection(bench):
    gateway, body = bench.main, csv_of([9])
    with gateway.connect() as connection:
        for method, path, status in (("GET", "/healthz", 200), ("GET", "/v1/nergens", 404), ("GET", "/metrics", 200)):
            connection.sendall(gateway.head(path, method=method))
            expect(read_answer(connection, method).status == status, path)
        connection.sendall(gateway.head(query(proef="ja"), f"Content-Length: {len(body)}") + body)
        expect(read_answer(connection).status == 202, "an upload")
        connection.sendall(gateway.head(query(onbekend="1"), f"Content-Length: {len(body)}") + body)
        expect(read_answer(connection).status == 400,
               "a refused one: its body is read, so that the next request is found")
        connection.sendall(gateway.head("/healthz", method="HEAD"))
        answer = read_answer(connection, "HEAD")
        expect(answer.status == 200 and answer.body == b"" and answer.headers["Content-Length"] == "3", "HEAD")
        connection.sendall(gateway.head("/healthz", "Content-Length: 5", method="GET") + b"hello")
        expect(read_answer(connection, "GET").status == 200, "a GET with a body")
        connection.sendall(gateway.head("/healthz", method="GET") * 3)
        pipelined = b""
        while pipelined.count(b"ok\n") < 3:
            pipelined += connection.recv(65536)


@behaviour
def publishes_nothing_of_an_upload_that_was_cut_off(bench):
    gateway, body = bench.main, csv_of(range(20, 40), "Half")
    before = bench.log_end()
    for ending in ("close", "reset"):
        connection = gateway.begin(len(body) + 1)
        connection.sendall(body)
        eventually(lambda: gateway.metric("instroom_upload_bytes") > 0, 5, "the bytes are held")
        if ending == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        connection.close()
        eventually(lambda: gateway.metric("instroom_upload_bytes") == 0, 5, f"{ending}: the memory is given back")
    with gateway.connect() as connection:  # a chunk that never comes whole
        connection.sendall(gateway.head(query(), "Transfer-Encoding: chunked") + b"ffff\r\n" + body)
    with gateway.connect() as connection:
        connection.sendall(gateway.head(query(), "Transfer-Encoding: chunked") + b"dit is geen getal\r\n" + body)
        expect(is_closed(connection), "a chunk without a length is read on")
    with gateway.connect() as connection:
        connection.sendall(gateway.head(query(), "Content-Length: -1") + body)
        expect(is_closed(connection), "a body of negative length is read on")
    eventually(lambda: gateway.metric("instroom_upload_bytes") == 0, 5, "memory")
    expect(bench.log_end() == before, "a part of a delivery is in the log")


@behaviour
def forgets_at_once_what_was_cut_off_by_an_end_that_came_with_the_last_bytes(bench):
    gateway, body = bench.main, csv_of(range(20, 40), "Half")
    for _ in range(30):
        with gateway.begin(len(body) + 1) as connection:
            connection.sendall(body)
        with gateway.connect() as connection:
            connection.sendall(gateway.head(query(), "Transfer-Encoding: chunked") + b"ffff\r\n" + body)
    eventually(lambda: gateway.metric("instroom_upload_bytes") == 0, 5, "the memory is given back")
    with gateway.connect() as connection:  # one that is whole, of a sender that only listens on
        connection.sendall(gateway.head(query(proef="ja"), f"Content-Length: {len(body)}") + body)
        connection.shutdown(socket.SHUT_WR)
        expect(read_answer(connection).status == 202, "the whole one has its answer")


@behaviour
def survives_a_sender_that_leaves_while_its_delivery_is_under_way(bench):
    gateway, body = bench.main, csv_of([41], "Weg")
    before = bench.log_end()
    for _ in range(50):
        connection = gateway.begin(len(body))
        connection.sendall(body)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        connection.close()
    eventually(lambda: gateway.metric("instroom_upload_bytes") == 0, 10, "memory")
    eventually(lambda: gateway.metric("instroom_requests_in_flight") == 0, 10, "requests")
    expect(bench.log_end() <= before + 50, "more than was sent")
    expect(gateway.deliver(csv_of([42])).status == 202, "the next one")


@behaviour
def closes_on_who_sends_more_than_any_request_has(bench):
    path = "/v1/besturen/99901/leveringen/aanvaard-12345678/bevestiging"
    with bench.main.connect() as connection:
        connection.sendall(bench.main.head(path, "Content-Length: 10000000"))
        try:
            for _ in range(100):
                connection.sendall(b"x" * 10000)
        except ConnectionError:
            pass
        expect(is_closed(connection), "a confirmation with a body of a megabyte is read on")
    with bench.main.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 100000)
        expect(is_closed(connection), "a head without end is read on")


@behaviour
def withstands_bytes_that_are_no_http(bench):
    for noise in (b"\0" * 1000, b"\xff" * 1000 + b"\r\n\r\n", b"GET\r\n\r\n", b"POST /v1/leveringen HTTP/9.9\r\n\r\n",
                  b"\r\n" * 500,
                  b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", b"GET /%00%ff%zz%2e%2e HTTP/1.1\r\nHost: x\r\n\r\n",
                  b"POST /v1/leveringen?bestuur=%00&soort=%ff HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"):
        with bench.main.connect() as connection:
            connection.sendall(noise)
            time.sleep(0.02)
    expect(bench.main.ask("/healthz").status == 200, "it still answers")


# --- slow and many ---

@behaviour
def serves_a_fast_upload_at_once_beside_two_hundred_slow_ones(bench):
    gateway = bench.main
    body = csv_of(range(1000, 1900), "Langzaam")  # 70 KB
    slow = [gateway.begin(len(body), query(proef="ja", volgnummer=str(1000 + number))) for number in range(200)]
    for connection in slow:
        connection.sendall(body[:-100])
    eventually(lambda: gateway.metric("instroom_upload_bytes") >= 190 * len(body), 20, "all are under way")
    rss = gateway.rss_mib()
    worst = 0
    for number in range(20):
        begin = time.monotonic()
        expect(gateway.deliver(csv_of([50 + number], "Snel"), proef="ja").status == 202, "the fast one")
        worst = max(worst, time.monotonic() - begin)
    # each slow one still lacks its end: a fast one that waited for them would not be answered
    for connection in slow:
        connection.sendall(body[-100:])
    for connection in slow:
        expect(read_answer(connection).status == 202, "a slow one")
        connection.close()
    print(f"    200 slow uploads of {len(body)} bytes: {rss:.0f} MiB, slowest of 20 fast ones {worst * 1000:.0f} ms")
    expect(rss < (1000 if IS_SANITIZED else 128), f"{rss:.0f} MiB")


@behaviour
def keeps_to_its_byte_budget_and_tells_the_others_to_come_back(bench):
    with Gateway(bench, 2, upload__bytes__max="48M") as gateway:
        before = gateway.rss_mib()
        body = b"bsn\n" + b"x" * 10_000_000
        slow = [gateway.begin(len(body) + 1) for _ in range(12)]  # 120 MB
        for connection in slow:
            connection.sendall(body)
        eventually(lambda: gateway.metric("instroom_received_bytes_total") > 0 and
                   gateway.metric("instroom_deliveries_total{outcome=\"busy\"}") >= 6, 20, "some are turned away")
        grown = gateway.rss_mib() - before
        held = gateway.metric("instroom_upload_bytes")
        answers = []
        for connection in slow:
            with contextlib.suppress(ConnectionError):  # who was turned away some seconds ago is not read any more
                connection.sendall(b"\n")
            answers.append(read_answer(connection))
            connection.close()
        statuses = [answer.status for answer in answers]
        expect(422 in statuses and set(statuses) <= {422, 429, 503}, statuses)
        expect(all(answer.headers["Retry-After"] for answer in answers if answer.status != 422), "Retry-After")
        print(f"    120 MB of uploads into 48 MiB: {held / 2 ** 20:.0f} MiB held, grown by {grown:.0f} MiB, "
              f"{sum(answer.status != 422 for answer in answers)} turned away")
        expect(held <= 48 << 20, f"{held} bytes held")
        expect(grown < (1000 if IS_SANITIZED else 80), f"grown by {grown:.0f} MiB")
        eventually(lambda: gateway.metric("instroom_upload_bytes") == 0, 5, "all is given back")
        expect(gateway.deliver(csv_of([60]), proef="ja").status == 202, "there is room again")
        eventually(lambda: IS_SANITIZED or gateway.rss_mib() - before < 25, 5, "memory goes back to the system")


@behaviour
def believes_no_claim_about_the_length_of_a_body(bench):
    gateway = bench.main
    before = gateway.metric("instroom_received_bytes_total")
    claims = [gateway.begin(FILE_BYTES_MAX) for _ in range(100)]
    for connection in claims:
        connection.sendall(b"bsn\n")
    eventually(lambda: gateway.metric("instroom_received_bytes_total") >= before + 100 * len(b"bsn\n"), 5,
               "all are read")
    expect(gateway.metric("instroom_upload_bytes") <= 100 << 17, "memory on the word of a header")
    expect(gateway.deliver(csv_of([61]), proef="ja").status == 202, "others are served")
    for connection in claims:
        connection.close()


@behaviour
def ends_connections_that_send_a_byte_now_and_then(bench):
    with Gateway(bench, 2, connection__idle__max="2s", upload__time__max="1s") as gateway:
        head, late = gateway.connect(), gateway.begin(1000)
        trickle = gateway.begin(1000000)
        silent = gateway.connect()
        begin, ended = time.monotonic(), {}
        while len(ended) < 3 and time.monotonic() < begin + PATIENCE_S:
            for name, connection, data in (("head", head, b"G"), ("body", trickle, b"x"), ("silent", silent, b"")):
                if name in ended:
                    continue
                try:
                    connection.sendall(data)
                    connection.setblocking(False)
                    if connection.recv(1000) == b"":
                        ended[name] = time.monotonic() - begin
                except BlockingIOError:
                    pass
                except OSError:
                    ended[name] = time.monotonic() - begin
            time.sleep(0.2)
        print("    ended after s: " + ", ".join(f"{name} {after:.1f}" for name, after in ended.items()))
        expect(len(ended) == 3 and max(ended.values()) < 60, f"{ended}: not before the usual 60 s and 10 min")
        answer = read_answer(late)
        expect(answer.status == 408, f"an upload that took too long: {answer.status}")
        late.close()


@behaviour
def lets_the_connection_that_is_idle_longest_make_room_for_a_new_one(bench):
    with Gateway(bench, 2, connections__max="20") as gateway:
        idle = [gateway.connect() for _ in range(20)]  # taken in this order
        newest = gateway.connect()
        newest.sendall(gateway.head("/healthz", method="GET"))
        expect(is_readable(newest) and read_answer(newest, "GET").status == 200, "the 21st is served")
        expect(is_readable(idle[0]) and idle[0].recv(1) == b"", "the first has ended")
        expect(not select.select(idle[1:], [], [], 0)[0], "and no other")
        expect(gateway.metric('instroom_connections_ended_total{reason="crowded"}') >= 1, "it is counted")
        for connection in [newest, *idle]:
            connection.close()


# --- peers that are away ---

@behaviour
def acknowledges_nothing_while_kafka_is_away(bench):
    with Gateway(bench, 2, kafka__delivery__max="2s") as gateway:
        expect(gateway.deliver(csv_of([70])).status == 202, "before")
        bench.stack_do("pause", "kafka")
        try:
            for _ in range(2):
                begin = time.monotonic()
                answer = gateway.deliver(csv_of([71]))
                took_s = time.monotonic() - begin
                expect(answer.status == 503 and answer.headers["Retry-After"], f"{answer.status}")
                expect(took_s < 18, f"after {took_s:.1f} s: not kafka.delivery.max, whose default is 20 s")
            answer = gateway.ask("/v1/besturen/99901/leveringen/aanvaard-12345678/bevestiging", b"")
            expect(answer.status == 503, f"a confirmation: {answer.status}")
            answer = gateway.ask("/v1/besturen/99901/leveringen/nergens-bekend-01")
            expect(answer.status == 404, f"questions are answered: {answer.status}")
            eventually(lambda: gateway.ask("/readyz").status == 503, 15, "not ready")
        finally:
            bench.stack_do("resume", "kafka")
        eventually(lambda: gateway.ask("/readyz").status == 200, 15, "ready again")
        eventually(lambda: gateway.deliver(csv_of([72])).status == 202, 15, "accepted again")
        eventually(lambda: gateway.metric("instroom_upload_bytes") == 0, 30, "memory")
    eventually(lambda: bench.main.ask("/readyz").status == 200, 15, "so is the one beside it")


@behaviour
def does_not_blame_other_boards_when_kafka_takes_no_delivery(bench):
    with Gateway(bench, 2, topic__raw="nergens.raw.1", kafka__delivery__max="3s") as gateway:
        answer = gateway.deliver(csv_of([73]))
        expect(answer.status == 503 and answer.headers["Retry-After"], f"{answer.status}")
        expect(answer.json()["detail"].startswith("De levering kon nu niet worden vastgelegd"), answer.json())
        expect(gateway.metric("instroom_upload_bytes") == 0, "memory")


@behaviour
def lets_no_sender_take_what_all_others_need(bench):
    tokens = bench.data / "tokens-2"
    tokens.write_text("token-of-a-greedy-one 99901\ntoken-of-a-modest-one 99902\n")
    tokens.chmod(0o600)
    with Gateway(bench, 2, upload__bytes__max="48M", tokens__file=tokens) as gateway:
        gateway.token, greedy = "token-of-a-greedy-one", []
        for _ in range(204):
            greedy.append(gateway.begin(4 << 20))
            greedy[-1].sendall(b"x" * 131072)
        eventually(lambda: gateway.metric('instroom_requests_refused_total{status="429"}') >= 4, 20, "429")
        turned_away = [c for c in greedy if select.select([c], [], [], 0)[0]]
        expect(turned_away and read_answer(turned_away[0]).status == 429, "the greedy one is told to wait")
        answer = gateway.deliver(csv_of([74]), token="token-of-a-modest-one", bestuur="99902", proef="ja")
        expect(answer.status == 202, f"the modest one: {answer.status} {answer.body}")
        expect(gateway.metric("instroom_upload_bytes") <= 24 << 20, "half of the memory")
        for connection in greedy:
            connection.close()


@behaviour
def bounds_what_is_in_progress_for_one_board(bench):
    with Gateway(bench, 2, uploads__board__max="3") as gateway:
        uploads = [gateway.begin(1000) for _ in range(3)]
        answers = []

        def is_told_to_wait():
            answers.append(gateway.deliver(csv_of([75]), proef="ja"))
            return answers[-1].status == 429
        eventually(is_told_to_wait, 5, "a fourth is not taken")
        expect(answers[-1].headers["Retry-After"], "Retry-After")
        expect(gateway.deliver(csv_of([75]), bestuur="99902", proef="ja").status == 202, "another board")
        uploads.pop().close()
        eventually(lambda: gateway.deliver(csv_of([75]), proef="ja").status in (200, 202), 5, "what ended makes room")
        for connection in uploads:
            connection.close()


@behaviour
def serves_health_and_metrics_on_a_listener_of_their_own(bench):
    port = programs.free_ports(bench.workers.stack)[0]
    with Gateway(bench, 2, status__address=f"127.0.0.1:{port}"):
        for path, status in (("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/v1/leveringen", 404)):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
            connection.request("GET", path)
            expect(connection.getresponse().status == status, path)
            connection.close()


@behaviour
def accepts_without_the_register(bench):
    gateway = bench.main
    bench.stack_do("stop", "postgres")
    try:
        begin = time.monotonic()
        expect(gateway.deliver(csv_of([80])).status == 202, "the first that finds out")
        expect(gateway.deliver(csv_of([81])).status == 202, "the next")
        expect(time.monotonic() - begin < 25, "they wait for it")  # a statement may take 30 s
        answer = gateway.ask("/v1/besturen/99901/stand")
        expect(answer.status == 503 and answer.headers["Retry-After"], f"a question: {answer.status}")
        expect(gateway.ask("/readyz").status == 200, "ready: uploads are what counts")
        eventually(lambda: gateway.metric("instroom_register_up") == 0, 2, "the metric")
    finally:
        bench.stack_do("start", "postgres")
    eventually(lambda: gateway.ask("/v1/besturen/99901/stand").status == 200, 10, "questions are answered again")
    expect(gateway.log().count("event=register.away") < 4, "told once, not at each question")


@behaviour
def accepts_while_the_register_hangs(bench):
    gateway = bench.main
    bench.stack_do("pause", "postgres")
    try:
        begin = time.monotonic()
        expect(gateway.deliver(csv_of([82])).status == 202, "the first that finds out")
        first_s = time.monotonic() - begin
        begin = time.monotonic()
        for number in range(50):
            expect(gateway.deliver(csv_of([83 + number % 5])).status == 202, "the next")
        next_s = time.monotonic() - begin
        print(f"    first upload {first_s:.1f} s, fifty more {next_s:.2f} s")
        expect(first_s < 25, f"{first_s:.1f} s: it waits for the 30 s that a statement may take")
        expect(next_s < 50, f"{next_s:.1f} s: each finds out anew")
    finally:
        bench.stack_do("resume", "postgres")
    eventually(lambda: gateway.ask("/v1/besturen/99901/stand").status == 200, 15, "questions are answered again")


# --- ends ---

@behaviour
def drains_on_term_and_gives_running_uploads_their_answer(bench):
    with Gateway(bench, 2, drain__max="5m") as gateway:
        body = csv_of([90])
        running, idle, kept = gateway.begin(len(body), query(proef="ja")), gateway.connect(), gateway.connect()
        kept.sendall(gateway.head("/healthz", method="GET"))
        read_answer(kept, "GET")
        running.sendall(body[:10])
        eventually(lambda: gateway.metric("instroom_upload_bytes") > 0, 5, "it is under way")
        pidfd = os.pidfd_open(gateway.pid)
        os.kill(gateway.pid, signal.SIGTERM)
        expect(is_closed(idle) and is_closed(kept), "connections without a request stay")
        expect(not gateway.is_listening(), "new connections are taken")
        running.sendall(body[10:])
        answer = read_answer(running)
        expect(answer.status == 202 and answer.headers["Connection"] == "close", f"the running upload: {answer.status}")
        expect(is_readable(pidfd), "it does not end")
        os.close(pidfd)
        expect("event=worker.drained" in gateway.log(), "drained")


@behaviour
def ends_in_time_with_an_answer_for_all_when_kafka_does_not_come_back(bench):
    with Gateway(bench, 2, drain__max="1s", kafka__delivery__max="10m") as gateway:
        gateway.deliver(csv_of([91]), proef="ja")
        bench.stack_do("pause", "kafka")
        try:
            waiting = [gateway.begin(len(csv_of([92])), query(proef="ja")) for _ in range(5)]
            for connection in waiting:
                connection.sendall(csv_of([92]))
            eventually(lambda: gateway.metric("instroom_requests_in_flight") == 5, 10, "they wait for Kafka")
            half = gateway.begin(100)
            half.sendall(b"x")
            pidfd = os.pidfd_open(gateway.pid)
            begin = time.monotonic()
            os.kill(gateway.pid, signal.SIGTERM)
            for connection in waiting:
                expect(read_answer(connection).status == 503, "an upload that waits")
            expect(is_readable(pidfd), "it does not end")
            os.close(pidfd)
            print(f"    ended {time.monotonic() - begin:.1f} s after TERM")
            expect("event=worker.drain_failed" in gateway.log(), "it says that it was not done")
            expect("left behind" not in gateway.log(), "questions to Kafka keep to their time")
        finally:
            bench.stack_do("resume", "kafka")


def is_read(port, connection):
    """The program at that port has taken all that was sent: nothing lies in the kernel, on neither side."""
    ends, queues = {port, connection.getsockname()[1]}, []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, queued, *_ = line.split()
        if {int(end.rpartition(":")[2], 16) for end in (local, remote)} == ends:
            queues.append(queued)
    return queues == ["00000000:00000000"] * 2


@behaviour
def ends_with_questions_under_way(bench):
    with Gateway(bench, 2, drain__max="1s") as gateway:
        bench.stack_do("pause", "postgres")
        try:
            asking = [gateway.connect() for _ in range(5)]
            for connection in asking:
                connection.sendall(gateway.head("/v1/besturen/99901/stand", method="GET"))
            eventually(lambda: all(is_read(gateway.port, one) for one in asking), 5, "they are read")
            pidfd = os.pidfd_open(gateway.pid)
            os.kill(gateway.pid, signal.SIGTERM)
            for connection in asking:
                expect(read_answer(connection, "GET").status == 503, "a question that waits")
            expect(is_readable(pidfd), "it does not end")
            os.close(pidfd)
        finally:
            bench.stack_do("resume", "postgres")


def run_to_end(bench, *words, wait_s=PATIENCE_S):
    done = subprocess.run([BUILD / "workers/gateway/instroom-gateway", "--config", bench.workers.dir / "gateway1.conf",
                           *words], capture_output=True, text=True, check=False, timeout=wait_s)
    return done.returncode, done.stderr


@behaviour
def says_what_is_wrong_with_its_settings_and_ends_with_78(bench):
    nowhere = bench.data / "nergens"
    empty = bench.data / "leeg"
    empty.write_text("# niets\n")
    empty.chmod(0o600)
    for words, text in (([f"--tokens.file={nowhere}"], str(nowhere)), ([f"--tokens.file={empty}"], "holds no token"),
                        (["--listen=nergens:1"], "listen"), (["--listen=127.0.0.1:99999"], "listen"),
                        (["--uploads.max=1"], "uploads.max"),
                        ([f"--listen=127.0.0.1:{bench.main.port}"], "is in use by another program"),
                        (["--pg.conninfo=nonsense"], "connection string"),
                        (["--upload.bytes.max=20M"], "upload.bytes.max"),
                        ([f"--stand.key.file={nowhere}"], "stand.key.file")):
        status, said = run_to_end(bench, "--listen=127.0.0.1:0", *words)
        expect(status == 78 and text in said, f"{words}: {status} {said}")


@behaviour
def speaks_tls_when_it_has_a_certificate(bench):
    cert, key = bench.data / "cert.pem", bench.data / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-out", cert, "-keyout", key],
                   check=True, capture_output=True)
    gateway = Gateway(bench, 2, tls__cert__file=cert, tls__key__file=key).start(0)
    try:
        context = ssl.create_default_context(cafile=cert)

        def ask(method, path, body=None):
            connection = http.client.HTTPSConnection("127.0.0.1", gateway.port, context=context, timeout=PATIENCE_S)
            connection.request(method, path, body, {"Authorization": f"Bearer {gateway.token}"})
            answer = connection.getresponse()
            answer.read()
            return answer.status

        def is_ready():
            try:
                return ask("GET", "/readyz") == 200
            except OSError:
                return False
        eventually(is_ready, 10, "ready")
        expect(ask("POST", query(proef="ja"), csv_of(range(2000, 3000))) == 202, "an upload")
        with gateway.connect() as connection:
            connection.sendall(gateway.head("/healthz", method="GET"))
            try:
                answer = connection.recv(1000)
            except ConnectionResetError:
                answer = b""
            expect(b"200 OK" not in answer, "plain text is answered")
    finally:
        gateway.end(signal.SIGKILL)


@behaviour
def reads_tokens_and_certificate_again_at_a_hangup(bench):
    """And goes on with those it has when the new ones are no good."""
    cert, key, tokens = bench.data / "again.pem", bench.data / "again.key", bench.data / "tokens.again"

    def make(name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-out", cert, "-keyout", key],
                       check=True, capture_output=True)
        key.chmod(0o600)

    def shown():
        try:
            return ssl.get_server_certificate(("127.0.0.1", gateway.port), timeout=PATIENCE_S)
        except OSError:
            return None

    def status(token):
        context = ssl.create_default_context(cadata=shown())
        connection = http.client.HTTPSConnection("127.0.0.1", gateway.port, context=context, timeout=PATIENCE_S)
        connection.request("GET", "/v1/installatie", headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse().status
    make("first")
    tokens.touch(mode=0o600)
    tokens.write_text("a-token-of-before-1234 *\n")
    gateway = Gateway(bench, 2, tls__cert__file=cert, tls__key__file=key, tokens__file=tokens).start(0)
    try:
        first = cert.read_text()
        eventually(lambda: shown() == first, 10, "the first certificate")
        make("second")
        second = cert.read_text()
        tokens.write_text("a-token-of-today-12345 *\n")
        os.kill(gateway.pid, signal.SIGHUP)
        eventually(lambda: shown() == second, 10, "the second one")
        eventually(lambda: status("a-token-of-today-12345") in (200, 503), 10, "the new token")
        eventually(lambda: status("a-token-of-before-1234") == 401, 10, "the old one is gone")
        cert.write_text("no certificate\n")
        tokens.write_text("only-one-word\n")
        os.kill(gateway.pid, signal.SIGHUP)
        for setting in ("tokens.file", "tls.cert.file"):
            eventually(lambda name=setting: f"event=reload.failed setting={name}" in gateway.log(), 10, setting)
        expect(shown() == second, "the certificate it has stays in use")
        expect(status("a-token-of-today-12345") in (200, 503), "and so do its tokens")
    finally:
        gateway.end(signal.SIGKILL)


# --- with the writer behind it ---

@behaviour
def loses_nothing_and_counts_once_when_it_is_killed(bench):
    if b"INSTROOM_CRASH_AT" not in (BUILD / "workers/gateway/instroom-gateway").read_bytes():
        print("    no crash points in this build")
        return
    gateway = Gateway(bench, 2)
    for point, in_log in (("gateway.checked", 0), ("gateway.acknowledged", 1)):
        body, before = csv_of([100], point[-6:]), bench.log_end()
        gateway.start(environment=[f"INSTROOM_CRASH_AT={point}"])
        try:
            gateway.deliver(body, leveringsid=f"gedood-{point.replace('.', '-')}")
            raise AssertionError("it answered")
        except (ConnectionError, http.client.RemoteDisconnected):
            pass
        expect(bench.log_end() - before == in_log, f"{point}: {bench.log_end() - before} messages")
        gateway.start()
        expect(gateway.deliver(body, leveringsid=f"gedood-{point.replace('.', '-')}").status == 202, "sent again")
        gateway.end(signal.SIGKILL)


@behaviour
def tells_ontvangen_until_the_writer_has_it_and_404_without_a_position(bench):
    answer = bench.main.deliver(csv_of([110]), leveringsid="wachtend-12345678")
    location = answer.headers["Location"]
    expect(bench.main.ask(location).json() ==
           {"leveringsid": "wachtend-12345678", "bestuur": "99901", "status": "ontvangen"},
           bench.main.ask(location).body)
    expect(bench.main.ask(location.partition("?")[0]).status == 404, "without a position")
    expect(bench.main.ask(location[:-1] + ("0" if location[-1] != "0" else "1")).status == 404, "with another's check")
    expect(bench.main.ask(location.rpartition("-")[0]).status == 404, "without the check")
    for query_text in ("?" + location.partition("?")[2] + "&" + location.partition("?")[2], "?positie=1",
                       "?positie=a-1", "?positie=1--1", "?positie=", "?plaats=1-1"):
        expect(bench.main.ask(location.partition("?")[0] + query_text).status == 400, query_text)
    expect(bench.main.ask("/v1/besturen/99901/stand?bsn=nee&bsn=nee").status == 400, "a parameter twice")
    others = [worker for worker in bench.workers.all() if worker.kind != "gateway"]
    bench.workers.start(others, PATIENCE_S)
    eventually(lambda: bench.main.ask(location).json()["status"] == "verwerkt", 60, "verwerkt")
    expect(bench.main.ask(location.partition("?")[0]).json()["regels"] == 1, "without a position too")


@behaviour
def counted_once_what_was_sent_twice(bench):
    for point in ("gateway-checked", "gateway-acknowledged"):
        count = bench.sql(f"select count(*) from register.delivery where delivery_id = 'gedood-{point}'")
        expect(count in ("0", "1") if point == "gateway-checked" else count == "1", f"{point}: {count}")


def figure(worker, series):
    with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/metrics", timeout=PATIENCE_S) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(series + " "):
                return float(line.split()[-1])
    raise AssertionError(f"there is no metric {series}")


def steady(read):
    """Waits until it has shown the same for a second."""
    last, since = read(), time.monotonic()
    while time.monotonic() < since + 1:
        time.sleep(0.1)
        now = read()
        if now != last:
            last, since = now, time.monotonic()


@behaviour
def shows_how_long_a_delivery_took_from_its_receipt_to_the_register(bench):
    gateway = bench.main
    validator, writer = ([worker for worker in bench.workers.all() if worker.kind == kind][0]
                         for kind in ("validate", "write"))
    watched = [(writer, 'instroom_delivery_duration_seconds_{}{{stage="write"}}'),
               (writer, 'instroom_log_wait_seconds_{}{{stage="write"}}'),
               (writer, 'instroom_batch_records_{}{{stage="write"}}'),
               (writer, 'instroom_batch_duration_seconds_{}{{stage="write"}}'),
               (validator, 'instroom_log_wait_seconds_{}{{stage="validate"}}'),
               (validator, 'instroom_batch_records_{}{{stage="validate"}}'),
               (validator, 'instroom_batch_duration_seconds_{}{{stage="validate"}}')]


    def figures(what):
        return [figure(worker, name.format(what)) for worker, name in watched]

    def count_uploads():
        return gateway.metric("instroom_upload_duration_seconds_count")
    steady(lambda: (figures("count"), count_uploads()))
    counts, sums, uploads = figures("count"), figures("sum"), count_uploads()
    begin = time.monotonic()
    settle(gateway, gateway.deliver(csv_of([115, 116]), leveringsid="gemeten-12345678"))
    took_s = time.monotonic() - begin
    # a worker counts behind its COMMIT, and the gateway behind its answer
    eventually(lambda: all(now > count for now, count in zip(figures("count"), counts)), 5, "all is counted")
    eventually(lambda: count_uploads() > uploads, 5, "the upload is counted")
    steady(lambda: (figures("count"), count_uploads()))
    for (_, name), count, now, total, sum_now in zip(watched, counts, figures("count"), sums, figures("sum")):
        expect(now == count + 1, f"{name}: {now - count} more")
        more = sum_now - total
        expect(more == 2 if "records" in name else 0 <= more <= took_s + 1,
               f"{name}: {more} more, and all took {took_s:.2f} s")
    expect(count_uploads() == uploads + 1, "uploads")


def settle(gateway, answer):
    expect(answer.status == 202, f"{answer.status} {answer.body}")
    found = []

    def is_applied():  # 503: the register was away a moment ago
        found[:] = [gateway.ask(answer.headers["Location"])]
        return found[0].status == 200 and found[0].json()["status"] != "ontvangen"

    eventually(is_applied, 30, "applied")
    return found[0].json()


@behaviour
def takes_the_lines_as_xml_and_then_as_csv(bench):
    gateway, body = bench.main, csv_of(range(300, 340), brin="99QF")
    rows = "select bsn, xmin, ctid from register.teacher where board = 99906 order by bsn"
    kind = {"Content-Type": "application/xml; charset=utf-8"}
    fields = {"bestuur": "99906", "soort": "VOLLEDIG"}
    answer = gateway.deliver(to_xml(body), kind, leveringsid="nacht-als-xml-001", volgnummer="1", **fields)
    first = settle(gateway, answer)
    expect(first["tellingen"]["nieuw"] == 40 and first["regels"] == 40, first)
    expect("instroom-channel: XML" in bench.message(answer.json()), "the channel")
    before = bench.sql(rows)
    second = settle(gateway, gateway.deliver(body, leveringsid="nacht-als-csv-001", volgnummer="2", **fields))
    expect(second["tellingen"]["ongewijzigd"] == 40 and bench.sql(rows) == before, f"rows were written: {second}")
    feedback = [gateway.ask(f"/v1/besturen/99906/leveringen/nacht-als-{form}-001/terugmelding").body.decode()
                for form in ("xml", "csv")]
    expect(feedback[0].replace(";nieuw;", ";ongewijzigd;") == feedback[1], feedback[0][:300])


@behaviour
def says_what_a_file_seems_to_be(bench):
    xml = {"Content-Type": "text/xml"}
    good = to_xml(csv_of([1]))
    laughs = b'<!DOCTYPE leraren [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><leraren>&b;</leraren>'
    for body, headers, code, words in ((csv_of([1]), xml, "LR-F10", "Content-Type: text/csv"),
                                       (good, {}, "LR-F08", "Content-Type: application/xml"),
                                       (good.decode().encode("utf-16"), xml, "LR-F10", "UTF-16"),
                                       (laughs, xml, "LR-F10", "staat een DOCTYPE"),
                                       (b"<" + b"leraren-" * 2600000 + b">", xml, "LR-F11", "groter is dan wij lezen"),
                                       (good.replace(b"<bsn>", b"<naam/><bsn>"), xml, "LR-F11", "dat daar niet hoort")):
        answer = bench.main.deliver(body, headers)
        expect(answer.status == 422 and answer.codes() == [(code, "")], answer.body[:500])
        expect(words in answer.json()["detail"], answer.json()["detail"])
    for kind in ("application/xml; charset=utf-16", "application/xml+x", "text/plain"):
        expect(bench.main.deliver(good, {"Content-Type": kind}).status == 415, kind)
    expect(bench.main.peak_mib() < 400 or IS_SANITIZED, f"a peak of {bench.main.peak_mib()} MiB")


@behaviour
def answers_a_repeat_with_the_state_of_the_first_and_refuses_another_under_its_id(bench):
    gateway, body = bench.main, csv_of([120, 121])
    first = settle(gateway, gateway.deliver(body, leveringsid="herhaald-12345678", volgnummer="50"))
    repeats = bench.log_end()
    for fields in ({}, {"regels": "7"}, {"sha256": "0" * 64}, {"ontvangen_op": "2019-01-01"},
                   {"ontvangen_op": "2018-01-01"}):
        answer = gateway.deliver(body, leveringsid="herhaald-12345678", volgnummer="50", **fields)
        expect(answer.status == 200 and answer.json() == first, f"{fields}: {answer.status} {answer.body}")
    answer = gateway.deliver(body, headers={"Instroom-Contact-Naam": "Iemand%20Anders"},
                             leveringsid="herhaald-12345678", volgnummer="50")
    expect(answer.status == 200, "the contact is no part of the fingerprint")
    for fields in ({"volgnummer": "51"}, {"volgnummer": "50", "proef": "ja"}, {"volgnummer": "50", "soort": "VOLLEDIG"},
                   {"volgnummer": "50", "extractiedatum": "2018-05-31"},
                   {"volgnummer": "51", "extractiedatum": "2019-01-01"}):
        answer = gateway.deliver(body, leveringsid="herhaald-12345678", **fields)
        expect(answer.status == 409 and answer.codes() == [("LR-K01", "leveringsid")], f"{fields}: {answer.status}")
        expect(answer.json()["levering"]["leveringsid"] == "herhaald-12345678", "its id is shown")
    expect((answer.json()["type"], answer.json()["status"]) == ("/v1/regels/LR-K01", 409), answer.body)
    expect(gateway.deliver(bytes(FILE_BYTES_MAX + 1), leveringsid="herhaald-12345678").status == 409, "before the size")
    expect(gateway.deliver(bytes(65 << 20), leveringsid="herhaald-12345678").status == 409,
           "also of what is not hashed")
    answer = gateway.deliver(body, leveringsid="herhaald-12345678", volgnummer="0")
    expect(answer.codes() == [("LR-K08", "volgnummer")], "the form of the header comes first")
    expect(bench.log_end() == repeats, "none of these is in the log")
    expect(gateway.deliver(body, leveringsid="herhaald-12345678", bestuur="99902", volgnummer="50").status == 202,
           "an id belongs to a board")


@behaviour
def knows_a_made_id_and_takes_it_for_a_delivered_one(bench):
    gateway, body = bench.main, csv_of([125])
    first = settle(gateway, gateway.deliver(body, volgnummer="52"))
    made = "G-" + fingerprint_of(body, sequence="52")[:32]
    expect(first["leveringsid"] == made, first)
    expect(gateway.deliver(body, volgnummer="52").status == 200, "without an id")
    expect(gateway.deliver(body, volgnummer="52", leveringsid=made).status == 200, "with the made one")
    expect(gateway.deliver(body, volgnummer="53", leveringsid=made).status == 409, "for another delivery")


@behaviour
def frees_the_id_of_a_refused_delivery(bench):
    gateway, body = bench.main, csv_of([126])
    expect(gateway.deliver(body, leveringsid="geweigerd-1234567", regels="9").status == 422, "refused")
    expect(settle(gateway, gateway.deliver(body, leveringsid="geweigerd-1234567", volgnummer="54"))["status"] ==
           "verwerkt", "accepted")


@behaviour
def shows_the_first_of_an_id_and_lists_the_others(bench):
    gateway = bench.main
    bench.stack_do("pause", "postgres")  # nobody to ask: specification 14.13
    try:
        answers = [gateway.deliver(csv_of([130 + number]), leveringsid="dubbel-1234567890", volgnummer=str(60 + number))
                   for number in range(2)]
    finally:
        bench.stack_do("resume", "postgres")
    eventually(lambda: gateway.metric("instroom_register_up") == 1, 15, "the register")
    settle(gateway, answers[0])
    summary = settle(gateway, answers[1])
    expect(summary["volgnummer"] == 60 and [other["volgnummer"] for other in summary["andere"]] == [61], summary)
    expect(gateway.deliver(csv_of([131]), leveringsid="dubbel-1234567890", volgnummer="61").status == 200,
           "each is known")


@behaviour
def gives_the_feedback_in_the_form_asked_for(bench):
    path = "/v1/besturen/99901/leveringen/herhaald-12345678/terugmelding"
    for accept, kind in ((None, "text/csv"), ("application/json", "application/json"),
                         ("text/csv, application/json", "text/csv"), ("*/*", "text/csv")):
        answer = bench.main.ask(path, headers={"Accept": accept} if accept else None)
        expect(answer.status == 200 and answer.headers["Content-Type"].startswith(kind),
               f"{accept}: {answer.headers['Content-Type']}")
        expect(answer.headers["Cache-Control"] == "no-store", "no-store")
        etag, wish = answer.headers["ETag"], {"Accept": accept} if accept else {}
        again = bench.main.ask(path, headers={"If-None-Match": etag} | wish)
        expect((again.status, again.body, again.headers["ETag"]) == (304, b"", etag), f"again: {again.status}")
        again = bench.main.ask(path, headers={"If-Match": etag.replace('"', '"0')})
        expect(again.status == 412, f"If-Match of something else: {again.status}")
    etags = {bench.main.ask(path, headers={"Accept": one}).headers["ETag"] for one in ("text/csv", "application/json")}
    expect(len(etags) == 2, "an ETag for each form")
    expect(bench.main.ask(path, headers={"Accept": "text/html"}).status == 406, "another form")
    for path_of_board in ("stand", "stand?bsn=ja", "leveringen/herhaald-12345678"):
        answer = bench.main.ask(f"/v1/besturen/99901/{path_of_board}")
        condition = {"If-None-Match": f'"x", {answer.headers["ETag"]}'}
        again = bench.main.ask(f"/v1/besturen/99901/{path_of_board}", headers=condition)
        expect((answer.status, again.status, again.body) == (200, 304, b""), f"{path_of_board}: {again.status}")
    answer = bench.main.ask(path, headers={"Accept": "application/json"}).json()
    expect([line["regel"] for line in answer["terugmelding"]] == [2, 3], answer)
    expect(bench.main.ask(path).body.decode().splitlines()[0].startswith("regel;personeelsnummer;"), "the header row")
    expect(bench.main.ask(path + "?x=1").status == 400, "an unknown parameter")
    expect(bench.main.ask("/v1/besturen/99901/leveringen/nergens-bekend-01/terugmelding").status == 404, "unknown")


@behaviour
def tells_a_terugmelding_larger_than_its_byte_budget(bench):
    row = "1234567890" + ";1" * 14 + "\n"  # nearly every rule
    body = (";".join(COLUMNS) + "\n" + row * 50_000).encode()
    with Gateway(bench, 2, upload__bytes__max="48M") as gateway:
        first = settle(gateway, gateway.deliver(body, leveringsid="zoveel-fouten-12345", volgnummer="70"))
        expect(first["tellingen"]["afgekeurd"] == 50_000, first)
        answer = gateway.ask("/v1/besturen/99901/leveringen/zoveel-fouten-12345/terugmelding")
        expect(answer.status == 200 and len(answer.body) > 48 << 20, f"{answer.status}, {len(answer.body)} bytes")
        answer = gateway.ask("/v1/besturen/99901/leveringen/zoveel-fouten-12345/terugmelding",
                             headers={"Accept": "application/json"})
        expect([line["regel"] for line in answer.json()["terugmelding"]] == list(range(2, 50_002)),
               f"{len(answer.body)} bytes of JSON")
        print(f"    {len(answer.body) >> 20} MiB of JSON with a peak of {gateway.peak_mib():.0f} MiB", flush=True)
        expect(IS_SANITIZED or gateway.peak_mib() < 3 * len(answer.body) / (1 << 20),
               f"{gateway.peak_mib():.0f} MiB for it")
        eventually(lambda: gateway.metric("instroom_upload_bytes") == 0, 5, "all is given back")


@behaviour
def shows_the_stand_by_pseudonym_and_with_bsn_only_when_asked_and_recorded(bench):
    seen = int(bench.sql("select count(*) from register.access"))
    answer = bench.main.ask("/v1/besturen/99901/stand")
    expect(answer.status == 200 and answer.body.startswith(b"bestuur;pseudoniem;"), answer.body[:100])
    expect(not re.search(rb"(?<!\d)9999\d{5}(?!\d)", answer.body), "a BSN")
    expect(bench.main.ask("/v1/besturen/99901/stand?bsn=nee").body == answer.body, "bsn=nee")
    expect(bench.sql("select count(*), max(what), max(login) from (select * from register.access order by at desc"
                     " limit 2) x") == "2|gateway: stand|instroom_gateway" and
           int(bench.sql("select count(*) from register.access")) == seen + 2, "for the pseudonyms BSNs are read, too")
    answer = bench.main.ask("/v1/besturen/99901/stand?bsn=ja")
    expect(bsn(120).encode() in answer.body and answer.body.startswith(b"bestuur;bsn;"), answer.body[:100])
    expect(bench.sql("select what, board from register.access order by at desc limit 1") ==
           "gateway: stand with bsn|99901", "recorded")
    expect(bench.main.ask("/v1/besturen/99901/stand?bsn=misschien").status == 400, "neither")
    empty = bench.main.ask("/v1/besturen/12345/stand")
    expect(empty.status == 200 and empty.body.count(b"\n") == 1, "a board without teachers has the header row")


@behaviour
def shows_a_board_its_schools(bench):
    path = "/v1/besturen/99901/scholen"
    answer = bench.main.ask(path)
    expect(answer.status == 200, answer.body)
    said = answer.json()
    school = {one["brin"]: one for one in said["scholen"]}["99ZZ"]
    expect(said["bestuur"] == "99901" and len(said["versie"]) == 64 and said["perioden"], said)
    expect(school["perioden"] and [one["sector"] for one in school["sectoren"]] == ["PO"] and
           "00" in [one["vestiging"] for one in school["vestigingen"]], school)
    expect(school["sectoren"][0]["geldig_van"] < "2018" and "geldig_tot" in school["sectoren"][0], school)
    again = bench.main.ask(path, headers={"If-None-Match": answer.headers["ETag"]})
    expect((again.status, again.body) == (304, b""), f"again: {again.status}")
    expect(bench.main.ask(path + "?op=2018-01-01").status == 400, "an unknown parameter")
    empty = bench.main.ask("/v1/besturen/00000/scholen")
    expect(empty.status == 200 and empty.json()["perioden"] == empty.json()["scholen"] == [], empty.body)


@behaviour
def confirms_a_waiting_delivery_and_says_so(bench):
    gateway = bench.main
    full = {"bestuur": "99902", "soort": "VOLLEDIG"}

    def deliver(sequence, teachers):
        return settle(gateway, gateway.deliver(csv_of(teachers, brin="99ZX"), volgnummer=str(sequence),
                                               leveringsid=f"volledig-{sequence:08d}", **full))
    deliver(100, range(200, 220))
    expect(deliver(101, range(200, 203))["status"] == "wacht_op_bevestiging", "17 of 20 would lapse")
    path = "/v1/besturen/99902/leveringen/volledig-00000101"
    answer = gateway.ask(path + "/bevestiging", b"")
    expect(answer.status == 200 and answer.json()["uitgevoerd"] is True and answer.json()["vervallen"] >= 17,
           answer.body)
    expect(gateway.ask(path).json()["status"] == "verwerkt", "its state")
    expect(gateway.ask(path + "/bevestiging", b"").json()["uitgevoerd"] is False, "a second time")
    answer = gateway.ask("/v1/besturen/99902/leveringen/nergens-bekend-01/bevestiging", b"")
    expect(answer.status == 200 and answer.json()["uitgevoerd"] is False, "an unknown delivery")


@behaviour
def confirms_only_those_who_were_seen(bench):
    """Specification 8.6: the file of who would lapse, and a confirmation on condition of its digest."""
    gateway = bench.main

    def deliver(sequence, teachers, kind):
        return settle(gateway, gateway.deliver(csv_of(teachers, brin="99ZX"), volgnummer=str(sequence), soort=kind,
                                               bestuur="99902", leveringsid=f"ontbreekt-{sequence:08d}"))

    def confirm(etag):
        return gateway.ask(path + "/bevestiging", b"", headers={"If-Match": etag})
    path = "/v1/besturen/99902/leveringen/ontbreekt-00000201"
    deliver(200, range(300, 320), "VOLLEDIG")
    expect(gateway.ask(path + "/ontbrekenden").status == 404, "of an unknown delivery")
    expect(deliver(201, range(300, 303), "VOLLEDIG")["status"] == "wacht_op_bevestiging", "17 of 20 would lapse")
    seen = gateway.ask(path + "/ontbrekenden")
    rows = seen.body.decode().splitlines()
    expect(seen.status == 200 and rows[0].startswith("bestuur;bsn;status;volgnummer;vervallen_per;geslachtsnaam;"),
           f"{seen.status} {rows[:1]}")
    expect([row.split(";")[1] for row in rows[1:]] == sorted(bsn(one) for one in range(303, 320)), "who would lapse")
    expect(seen.headers["ETag"] == f'"{hashlib.sha256(seen.body).hexdigest()}"', f"its ETag: {seen.headers['ETag']}")
    stand = gateway.ask("/v1/besturen/99902/stand?bsn=ja").body.decode().splitlines()
    expect(set(rows) <= set(stand), "the same rows as in the stand")
    audit = bench.sql("select count(*) from register.access where what = 'gateway: ontbrekenden'")
    expect(audit == "1", f"rows in register.access: {audit}")
    expect(gateway.ask(path + "/ontbrekenden", headers={"If-None-Match": seen.headers["ETag"]}).status == 304, "again")
    deliver(202, [303], "MUTATIE")
    answer = confirm(seen.headers["ETag"])
    expect(answer.status == 412 and "opnieuw" in answer.json()["detail"], f"others by now: {answer.status}")
    expect(gateway.ask(path).json()["status"] == "wacht_op_bevestiging", "nothing happened")
    now = gateway.ask(path + "/ontbrekenden")
    expect(len(now.body.splitlines()) == 17, "one row less")
    expect(confirm('W/' + now.headers["ETag"]).status == 412, "a weak ETag is none of ours")
    answer = confirm(f'{seen.headers["ETag"]}, {now.headers["ETag"]}')
    expect(answer.status == 200 and answer.json() == {"uitgevoerd": True, "vervallen": 16}, answer.body)
    expect(confirm(now.headers["ETag"]).json() == {"uitgevoerd": False, "vervallen": 0}, "it waits no more")
    answer = gateway.ask(path + "/ontbrekenden")
    expect(answer.status == 404 and answer.json()["title"] == "Wacht niet", answer.body)
    deliver(203, range(300, 303), "VOLLEDIG")
    deliver(204, range(300, 301), "VOLLEDIG")
    path = "/v1/besturen/99902/leveringen/ontbreekt-00000204"
    expect(gateway.ask(path + "/bevestiging", b"", headers={"If-Match": "*"}).json()["uitgevoerd"] is True,
           "* is no condition")


@behaviour
def answers_a_confirmation_that_takes_long_with_202(bench):
    writers = [worker for worker in bench.workers.all() if worker.kind == "write"]
    bench.workers.end(writers, signal.SIGTERM, PATIENCE_S)
    with Gateway(bench, 2, confirm__wait__max="2s") as gateway:
        begin = time.monotonic()
        answer = gateway.ask("/v1/besturen/99902/leveringen/volledig-00000101/bevestiging", b"")
        took_s = time.monotonic() - begin
        expect(answer.status == 202 and answer.headers["Location"].endswith("/volledig-00000101"), f"{answer.status}")
        expect(1.9 < took_s < 50, f"after {took_s:.1f} s, not confirm.wait.max; that of the other gateway is 60 s")
    bench.workers.start(writers, PATIENCE_S)


@behaviour
def sees_a_new_reference_snapshot_without_a_restart(bench):
    tables = bench.data / "reference"
    shutil.copytree(REFERENCE, tables)
    expect(bench.main.deliver(csv_of([140]), bestuur="88801").codes() == [("LR-K02", "bestuur")], "unknown before")
    with open(tables / "besturen.csv", "a") as file:
        file.write("88801;Stichting Nieuwkomer;19000101;\n")
    bench.ctl("reference", "import", str(tables))
    bench.ctl("reference", "publish")
    eventually(lambda: bench.main.deliver(csv_of([140]), bestuur="88801", proef="ja").status in (200, 202), 5,
               "known then")


@behaviour
def has_no_personal_data_and_no_secret_in_its_log(bench):
    for number in (1, 2):
        log = (bench.workers.dir / f"gateway{number}.log").read_text()
        for what in (CONTACT, "Voorbeeld", "Langzaam", bench.token, bench.one_board):
            expect(what not in log, f"{what} in the log of gateway{number}")
        expect(not re.search(r"(?<![\d.])9999\d{5}(?!\d)", log), "a BSN in the log")
        expect("Sanitizer" not in log and "runtime error" not in log and "Assertion" not in log, "a fault in the log")


def run(tests, **settings):
    """The exit status. tests: functions of a Bench; the first is always done, the others where the command line names
    them."""
    data = Path(tempfile.mkdtemp(prefix="instroom-gateway-"))
    bench = Bench(data)
    wanted = sys.argv[1:]
    try:
        bench.set_up(**settings)
        for test in tests:
            if wanted and not any(word in test.__name__ for word in wanted) and test is not tests[0]:
                continue
            begin = time.monotonic()
            try:
                test(bench)
                results["passed"] += 1
                print(f"ok      {test.__name__} ({time.monotonic() - begin:.1f} s)", flush=True)
            except Exception as error:  # noqa: BLE001  what goes wrong is the result
                results["failed"] += 1
                print(f"failed  {test.__name__}: {error}", flush=True)
                if not isinstance(error, AssertionError):
                    traceback.print_exc(file=sys.stdout)
        log = bench.main.log()
        bench.main.end()
        if results["failed"]:
            print("the end of the log of gateway1:\n" + "\n".join("    " + line for line in log.splitlines()[-15:]))
    finally:
        subprocess.run([ROOT / "scripts/stack", "wipe", "--name", bench.name], capture_output=True, check=False)
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 0 if results["failed"] == 0 and results["passed"] > 0 else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(run(TESTS))
