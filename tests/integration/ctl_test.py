#!/usr/bin/python3
"""instroomctl against real servers: what it prints, its exit status, and that nothing is half done when something is
wrong."""
import email.utils
import hashlib
import json
import os
import pwd
import re
import signal
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from private_stack import kafka_wire  # noqa: E402
from private_stack import stack as stacks  # noqa: E402
from private_stack import workers as programs  # noqa: E402

BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev"))
CTL = BUILD / "workers/ctl/instroomctl"
WRITE = BUILD / "workers/write/instroom-write"
GEN = BUILD / "workers/gen/instroom-gen"
PATIENCE_S = 180  # only says when to give up
results = {"passed": 0, "failed": 0}


def check(what, is_so, seen=""):
    results["passed" if is_so else "failed"] += 1
    if not is_so:
        print(f"failed: {what}\n    saw: {seen}")


def run(*words, **options):
    """What does not end is killed, and what it said until then is kept."""
    try:
        return subprocess.run([str(word) for word in words], capture_output=True, text=True, errors="replace",
                              check=False, timeout=PATIENCE_S, **options)
    except subprocess.TimeoutExpired as late:
        said = ((late.stdout or b"") + (late.stderr or b"")).decode(errors="replace")
        return subprocess.CompletedProcess(late.cmd, -signal.SIGKILL, "", f"{said}\nnot ended in {PATIENCE_S} s")


def expect(what, done, status, text=""):
    """Exit status, and a text that stdout or stderr holds."""
    seen = f"{done.returncode}: {done.stdout}{done.stderr}"
    check(what, done.returncode == status and text in done.stdout + done.stderr, seen)


def without_servers(data):
    conf = data / "dead.conf"
    conf.write_text("kafka.brokers = 127.0.0.1:1\npg.conninfo = host=127.0.0.1 port=1 dbname=x user=x\n"
                    "pg.owner.conninfo = host=127.0.0.1 port=1 dbname=x user=x\n")
    expect("a command is wanted", run(CTL), 64, "usage:")
    expect("--help tells the commands", run(CTL, "--help"), 0, "reference publish")
    for words in (["-h"], ["help"]):
        check(f"{words[0]} says the same", run(CTL, *words).stdout == run(CTL, "--help").stdout)
    check("help of a command is its --help",
          run(CTL, "help", "replay", "start").stdout == run(CTL, "replay", "start", "-h").stdout)
    for words in (["--help"], ["-h"], ["--pg.conninfo=x", "--help"]):
        check(f"so it does behind settings: {words}",
              run(CTL, "--config", conf, *words).stdout == run(CTL, "--help").stdout)
    expect("-V tells the release", run(CTL, "-V"), 0, "instroomctl ")
    check("as --version does", run(CTL, "-V").stdout == run(CTL, "--version").stdout)
    expect("a mistyped command", run(CTL, "lgedger"), 64, "did you mean ledger?")
    expect("a mistyped member of a family", run(CTL, "replay", "strat", "x"), 64, "did you mean replay start?")
    expect("a mistyped family", run(CTL, "replya", "start", "x"), 64, "did you mean replay start?")
    expect("a mistyped option", run(CTL, "ledger", "--bord", "99901"), 64, "did you mean --board?")
    expect("a form there is not", run(CTL, "ledger", "--output", "xml"), 64, "text|csv|json")
    expect("what a command needs is asked for", run(CTL, "refill", "3", "--reason", "x"), 64,
           "--validators-are-stopped")
    manuals(data)
    completion(data)
    expect("a command's --help tells its arguments", run(CTL, "deliver", "--help"), 0, "acknowledged.jsonl")
    expect("settings are listed", run(CTL, "--help-settings"), 0, "gateway.token.file")
    expect("an unknown command", run(CTL, "--config", conf, "deliberate"), 64, "deliberate")
    expect("an unknown option", run(CTL, "--config", conf, "wait", "--soon"), 64, "--soon")
    expect("a setting behind the command", run(CTL, "status", "--pg.conninfo=x"), 64,
           "settings stand before the command")
    expect("--json of a command that has none", run(CTL, "--config", conf, "migrate", "--json"), 64, "--json")
    expect("no arguments for one that wants some", run(CTL, "--config", conf, "report"), 64,
           "report takes BOARD ID; see")
    expect("an argument for one that has none", run(CTL, "--config", conf, "migrate", "x"), 64,
           "migrate takes no arguments")
    expect("a family's --help tells its commands", run(CTL, "replay", "--help"), 0, "replay resume")
    expect("a family is no command", run(CTL, "quarantine"), 64, "quarantine wants to know which of these")
    expect("nor has it all commands", run(CTL, "quarantine", "drop"), 64, "no command quarantine drop")
    expect("a time that is no number", run(CTL, "--config", conf, "wait", "--timeout", "soon"), 64, "seconds")
    expect("a message in quarantine has a place", run(CTL, "--config", conf, "quarantine", "show", "5"), 64,
           "PARTITION/OFFSET")
    expect("a board has five digits", run(CTL, "--config", conf, "report", "123", "x"), 64, "5 digits")
    key = "0" * 32
    for words in (["verify", "--board", "9999"], ["verify", "--sample", "0"], ["verify", "--sample", "100001"],
                  ["person", "report", "9999", key, "--reason", "x"],
                  ["person", "report", "99901", "zz", "--reason", "x"], ["person", "erase", "99901", "zz"]):
        expect(f"no answer, and not the answer no: {words}", run(CTL, "--config", conf, *words), 64)
    expect("an unknown setting is a fault", run(CTL, "--pg.conninf=x", "status"), 78, "pg.conninf")
    expect("a settings file that is not there", run(CTL, "--config", data / "none.conf", "status"), 78, "none.conf")
    expect("a dead database", run(CTL, "--config", conf, "ledger"), 69)
    expect("no folder to deliver",
           run(CTL, "--config", conf, "--gateway.token.file=/dev/null", "deliver", data / "none"), 64,
           "gateway.token.file")
    token = data / "token"
    token.write_text("0123456789abcdef\n")
    token.chmod(0o600)
    expect("a folder that is not there",
           run(CTL, "--config", conf, f"--gateway.token.file={token}", "deliver", data / "none"), 66)
    expect("reference files that are not there", run(CTL, "--config", conf, "reference", "import", data / "none"), 66,
           "besturen.csv")


def manuals(data):
    """Help in 80 columns, a man page without a complaint, and output that cannot be written."""
    listed = [line.split("  ")[1].strip() for line in run(CTL, "help").stdout.splitlines()
              if line.startswith("  ") and line[2] != " "]
    commands = [name for name in listed if name[:1].islower()]
    check("there are commands", len(commands) > 25 and "quarantine discard" in commands, commands)
    for words in ([], *[name.split() for name in commands]):
        told = run(CTL, "help", *words)
        check(f"help {' '.join(words)} fits 80 columns",
              told.returncode == 0 and max(map(len, told.stdout.splitlines())) <= 80, told)
    page = data / "instroomctl.1"
    page.write_text(run(CTL, "man").stdout)
    if shutil.which("groff"):
        made = run("groff", "-man", "-ww", "-Tutf8", page)
        check("the man page is sound roff", made.returncode == 0 and not made.stderr, made.stderr)
    check("the man page has every command and setting", all(word.replace("-", "\\-") in page.read_text() for word in
          [*commands, "--validators-are-stopped", "stand.key.file"]))
    with open("/dev/full", "w") as full:
        done = subprocess.run([CTL, "help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    check("output that cannot be written is a fault",
          done.returncode == 70 and "could not be written whole" in done.stderr, done)
    tokens = data / "shown.tokens"
    make = [CTL, f"--tokens.file={tokens}", "token", "make", "kantoor", "99901", "--until", "2099-12-31"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(make, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    check("a token that could not be shown is none", done.returncode == 70 and "none was made" in done.stderr and
          not tokens.exists(), (done, sorted(data.iterdir())))
    expect("and its name is free", run(*make), 0, "instroom_")
    check("and its line is in the file", "name=kantoor" in tokens.read_text(), tokens.read_text())
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([CTL, "help"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    check("as is a reader that went away", done.returncode == 70 and "could not be written whole" in done.stderr, done)


def completion(data):
    """What bash would offer."""
    script = data / "instroomctl.bash"
    script.write_text(run(CTL, "completion", "bash").stdout)

    def offered(*words):
        asked = (f'. {script}; COMP_WORDS=(instroomctl "$@"); COMP_CWORD=$#; _instroomctl; '
                 'printf "%s\n" "${COMPREPLY[@]}"')
        return run("bash", "-c", asked, "bash", *words).stdout.split()
    check("commands are completed", offered("le") == ["ledger"], offered("le"))
    check("behind settings too", offered("--config", "x", "--pg.conninfo=y", "st") == ["status", "stand", "statement"],
          offered("--config", "x", "--pg.conninfo=y", "st"))
    check("members of a family", offered("replay", "pa") == ["pause"], offered("replay", "pa"))
    check("options", offered("ledger", "--") == ["--check", "--board", "--output", "--help"], offered("ledger", "--"))
    check("and their values", offered("replay", "plan", "--reference", "") == ["current", "original"] and
          offered("replay", "show", "--output", "") == ["text", "json"], offered("replay", "show", "--output", ""))


class Gateway(BaseHTTPRequestHandler):
    """One that answers each upload as its server's answer(self, number, body) says: status, headers, body."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name = self.server.installation
        self.send(200 if name else 404, {"Content-Type": "application/json"},
                  json.dumps({"installatie": name}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            number = len(self.server.seen)
            self.server.seen.append((time.monotonic(), self.path, dict(self.headers)))
        self.send(*self.server.answer(self, number, body))

    def receipt(self, body, **members):
        told = {"leveringsid": self.fields().get("leveringsid", "G-0123456789abcdef"), "fingerprint": "5a" * 32,
                "regels": int(self.fields().get("regels", 1)), "sha256": hashlib.sha256(body).hexdigest()} | members
        return 202, {"Content-Type": "application/json"}, json.dumps(told).encode()

    def fields(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, keep_blank_values=True)
        return {name: values[0] for name, values in query.items()}

    def send(self, status, headers, body):
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Front:
    """A fake gateway as long as the with lasts, with settings of instroomctl for it."""

    def __init__(self, data, answer, installation="0123456789abcdef"):
        self.data, self.server = data, ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
        self.server.answer, self.server.installation = answer, installation
        self.server.seen, self.server.lock = [], threading.Lock()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def deliver(self, *paths, url=None, token=None, parallel=8):
        conf = self.data / "front.conf"
        conf.write_text(f"gateway.url = {url or self.url}\ngateway.token.file = {token or self.data / 'token'}\n")
        try:
            return run(CTL, "--config", conf, "deliver", "--json", "--quiet", "--parallel", parallel, *paths)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess([], -1, "", "it waits for ever")


def take(gateway, _, body):
    return gateway.receipt(body)


def put(folder, *names,
        header='{"bestuur": "99901", "soort": "MUTATIE", "volgnummer": 7, "extractiedatum": "2018-06-01"}'):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.csv").write_text(f"bsn\n{name}\n")
        (folder / f"{name}.json").write_text(header)
    return folder


def busy_gateway(folder, data):
    """All are under way when the first is turned away."""
    def busy(gateway, number, body):
        return (503, {"Content-Type": "application/problem+json"}, b"{}") if number < 3 else gateway.receipt(body)
    with Front(data, busy) as front:
        done = front.deliver(folder, parallel=64)
    expect("a gateway that is busy at first is asked again", done, 0, '"accepted": 6')
    check("which is told once", done.stderr.count("too busy") == 1 and "trying again" in done.stderr, done.stderr)
    check("for each that it turned away", len(front.server.seen) == 9, len(front.server.seen))
    (folder / "acknowledged.jsonl").unlink(missing_ok=True)


# What answers in the gateway's place, how it ends, and what is said of it.
FOREIGN = [
    (200, {"Content-Type": "text/html"}, b"<html>log in</html>", 69,
     "200 with text/html, and not the gateway's receipt"),
    (202, {"Content-Type": "text/html"}, b"<html>thank you</html>", 69,
     "202 with text/html, and not the gateway's receipt"),
    (202, {"Content-Type": "application/json"}, b'{"leveringsid": "x", "regels": 1}', 69, "202, but its fingerprint"),
    (202, {}, b"", 69, "202 with no Content-Type"),
    (201, {"Content-Type": "application/json"}, b"{}", 69, "201 with application/json"),
    (301, {"Location": "https://elders.example/v1/leveringen?bestuur=1"}, b"", 69,
     "sent on to https://elders.example/v1/leveringen;"),
    (308, {"Location": "/elders"}, b"", 69, "308: it is sent on to"),
    (404, {"Content-Type": "text/html"}, b"<html>404</html>", 69, "404 with text/html"),
    (413, {"Content-Type": "text/html"}, b"<html>413</html>", 69,
     "413 with text/html, which is not the gateway's answer"),
    (413, {"Content-Type": "application/problem+json"},
     b'{"title": "Te groot", "levering": {"bevindingen": [{"code": "LR-F05", "melding": "Te groot."}]}}', 1,
     "LR-F05 Te groot."),
    (422, {"Content-Type": "application/problem+json"},
     b'{"detail": "Bel 0800.", "levering": {"bevindingen": [{"code": "LR-F05", "melding": "Te groot."}]}}', 1,
     "LR-F05 Te groot.\n  Bel 0800."),
    (401, {"Content-Type": "application/problem+json"}, b'{"detail": "Geen geldig token."}', 77, "Geen geldig token."),
    (503, {"Retry-After": "86400", "Content-Type": "application/problem+json"}, b"{}", 69, "asked again in 86400 s"),
]


def foreign_answers(data):
    """A status is no receipt; nothing is kept as acknowledged, and the token goes nowhere else."""
    folder = put(data / "foreign", "a")
    for status, headers, body, ends, said in FOREIGN:
        with Front(data, lambda *_, told=(status, headers, body): told) as front:
            done = front.deliver(folder)
        expect(f"{status} {headers} is told as what it is", done, ends, said)
        check(f"{status} {headers} is no success", '"accepted": 0, "known": 0' in done.stdout, done.stdout)
        check("sent once", len(front.server.seen) == 1, front.server.seen)
        check("and nothing is acknowledged", not (folder / "acknowledged.jsonl").exists())
    for what, members in (("content", {"sha256": "5a" * 32}), ("id", {"leveringsid": "een-ander-1234567"}),
                          ("none", {"sha256": None})):
        put(folder, "a", header='{"bestuur": "99901", "leveringsid": "dit-1234567890123"}')
        with Front(data, lambda gateway, _, body, told=members: gateway.receipt(body, **told)) as front:
            expect(f"a receipt of another {what} is none", front.deliver(folder), 69, "is not that of what was sent")


def pauses(data):
    """Retry-After as seconds and as a date; 429 is for all uploads."""
    folder = put(data / "pauses", "a", "b", "c")
    for status, after in ((503, lambda: "2"), (429, lambda: email.utils.formatdate(time.time() + 3, usegmt=True))):
        def answer(gateway, number, body, status=status, after=after):
            if number > 0:
                return gateway.receipt(body)
            return status, {"Retry-After": after(), "Content-Type": "application/problem+json"}, b"{}"
        with Front(data, answer) as front:
            done = front.deliver(folder, parallel=1)
        expect(f"{status} with Retry-After is asked again", done, 0, '"accepted": 3')
        times = [at for at, *_ in front.server.seen]
        wait = times[1] - times[0] if status == 429 else times[-1] - times[0]
        check(f"{status}: not before it said", wait >= 1.5, times)
        (folder / "acknowledged.jsonl").unlink(missing_ok=True)


def shared_headers(data):
    """One header, two files that could be its delivery: nobody knows of which one it speaks."""
    folder = put(data / "case", "a", "b")
    (folder / "A.CSV").write_text("bsn\nother\n")
    with Front(data, take) as front:
        done = front.deliver(folder)
    expect("a csv beside another's header is refused", done, 1, '"accepted": 2, "known": 0, "refused": 1')
    check("and both are named", "A.CSV: refused\n  a.json may be the header of a.csv" in done.stderr, done.stderr)
    folder = put(data / "ending", "a", "b")
    (folder / "a.CSV").write_text("bsn\nother\n")
    with Front(data, take) as front:
        done = front.deliver(folder)
    expect("of two of one name neither is sent", done, 1, '"accepted": 1, "known": 0, "refused": 2')
    folder = put(data / "neither", "a", "b")
    (folder / "a.json").rename(folder / "aB.json")
    (folder / "a.csv").rename(folder / "ab.csv")
    (folder / "AB.CSV").write_text("bsn\nother\n")
    with Front(data, take) as front:
        done = front.deliver(folder)
    expect("nor of two that are both called nearly as the header", done, 1, '"accepted": 1, "known": 0, "refused": 2')


def folders(data):
    """What lies in a folder of a sender; one file's fault stops no other."""
    folder = put(data / "folder", *(f"n{number:03}" for number in range(20)))
    (folder / "n007.json").unlink()
    with Front(data, take) as front:
        done = front.deliver(folder)
    expect("a file without its header stops no other", done, 1, '"accepted": 19, "known": 0, "refused": 1')
    check("and is named", "n007.csv: refused\n  n007.json does not exist" in done.stderr, done.stderr)

    folder = put(data / "names", "a")
    (folder / "a.json").rename(folder / "a.JSON")
    (folder / "LERAREN.CSV").write_text("bsn\n1\n")
    (folder / "leraren.json").write_text((folder / "a.JSON").read_text())
    (folder / "x.csv").mkdir()
    (folder / "._leraren.csv").write_text("of macOS")
    (folder / "~$leraren.csv").write_text("of Excel")
    (folder / "manifest.json").write_text('{"bestuur": "99901"}')
    with Front(data, take) as front:
        done = front.deliver(folder)
    expect("names in any case are taken", done, 0, '"accepted": 2')
    check("what is none is named", "x.csv: skipped, it is a folder" in done.stderr and
          "._leraren.csv: skipped, it is a hidden file" in done.stderr and
          "~$leraren.csv: skipped, it is how an office program" in done.stderr, done.stderr)

    folder = put(data / "alone", "a", "b")
    (folder / "b.csv").unlink()
    with Front(data, take) as front:
        done = front.deliver(folder)
    expect("a header whose file was forgotten is no success", done, 1, '"accepted": 1, "known": 0, "refused": 1')
    check("and is named", "b.csv: refused\n  b.csv does not exist" in done.stderr, done.stderr)

    folder = put(data / "bytes", "a")
    for end in (b".csv", b".json"):
        os.rename(folder / f"a{end.decode()}", os.fsencode(folder) + b"/a\xff" + end)
    with Front(data, take) as front:
        done = front.deliver(folder)
    expect("a name that no receipt can name is not sent", done, 1, '"accepted": 0, "known": 0, "refused": 1')
    check("and the sender hears why", "its name is not UTF-8" in done.stderr, done.stderr)

    shared_headers(data)
    empty = data / "empty"
    empty.mkdir()
    (empty / "readme.txt").write_text("x")
    with Front(data, take) as front:
        expect("a folder without deliveries is no success", front.deliver(empty), 66, "holds no delivery")
        expect("nor beside one that has some", front.deliver(empty, put(data / "full", "a")), 66, '"accepted": 1')
        expect("nor is a path that is not there", front.deliver(data / "nowhere", put(data / "full2", "a")), 66,
               '"accepted": 1')


def spellings(data):
    """Files as editors and Windows leave them."""
    text = '{"bestuur": "99901", "contact_naam": "Zo\u00eb"}\r\n'
    folder = put(data / "spellings", "bom", "le", "be", "ansi")
    for name, encoding in (("bom", "utf-8-sig"), ("le", "utf-16"), ("ansi", "cp1252")):
        (folder / f"{name}.json").write_bytes(text.encode(encoding))
    (folder / "be.json").write_bytes(b"\xfe\xff" + text.encode("utf-16-be"))
    token = data / "token.txt"
    token.touch(0o600)
    for number, content in enumerate((b"0123456789abcdef\r\n", b"\xef\xbb\xbf0123456789abcdef\n",
                                      b" 0123456789abcdef \n\n")):
        token.write_bytes(content)
        with Front(data, take) as front:
            done = front.deliver(folder, url=front.url + "/", token=token)
        expect("headers in other encodings are taken, or named", done, 1,
               f'"accepted": {0 if number else 3}, "known": {3 if number else 0}, "refused": 1')
        check("the one that is none", "ansi.json is not UTF-8 (line 1): save it as UTF-8" in done.stderr, done.stderr)
        if number == 0:
            check("the name arrives",
                  all(headers["Instroom-Contact-Naam"] == "Zo%C3%AB" for *_, headers in front.server.seen),
                  front.server.seen)
            check("token and address as meant", all(headers["Authorization"] == "Bearer 0123456789abcdef" and
                  path.startswith("/v1/leveringen?") for _, path, headers in front.server.seen), front.server.seen)
            (folder / "acknowledged.jsonl").rename(data / "kept")
        else:
            check("nothing was to be sent", not front.server.seen, front.server.seen)
        if number == 0:
            (data / "kept").rename(folder / "acknowledged.jsonl")
    token.write_bytes("0123456789abcdef".encode("utf-16"))
    with Front(data, take) as front:
        expect("a token that is none is named", front.deliver(folder, token=token), 64, "holds no token")
    token.write_text("Bearer 0123456789abcdef\n")
    with Front(data, take) as front:
        expect("nor is one with a word before it", front.deliver(folder, token=token), 64, "without a blank")
    token.write_text("0123456789abcdef\n")
    with Front(data, take) as front:
        for url, said in ((f"\u201c{front.url}\u201d", "in quotation marks"), (f'"{front.url}"', "in quotation marks"),
                          ("https://gateway.example:port", "is no address")):
            expect("an address that is none is a setting", front.deliver(folder, url=url, token=token), 78, said)


def installations(data):
    """What one installation acknowledged another has not; a list of an earlier release says nothing of whom."""
    folder = put(data / "both", "a", "b")
    kept = folder / "acknowledged.jsonl"
    for name, sent, known in (("aaaaaaaaaaaaaaaa", 2, 0), ("aaaaaaaaaaaaaaaa", 0, 2), ("bbbbbbbbbbbbbbbb", 2, 0),
                              ("aaaaaaaaaaaaaaaa", 0, 2), ("bbbbbbbbbbbbbbbb", 0, 2), (None, 2, 0)):
        with Front(data, lambda gateway, _, body, name=name: gateway.receipt(body, **({"installatie": name}
                                                                                      if name else {})),
                   installation=name) as front:
            done = front.deliver(folder)
        expect(f"installation {name} gets what it does not have", done, 0, f'"accepted": {sent}, "known": {known}')
    lines = [{name: value for name, value in json.loads(line).items() if name != "installatie"} for line in
             kept.read_text().splitlines()]
    kept.write_text("".join(json.dumps(line) + "\n" for line in lines)[:-9])
    with Front(data, take) as front:
        expect("a list of an earlier release, cut off, is sent again", front.deliver(folder), 0, '"accepted": 2')
        expect("and then is whole", front.deliver(folder), 0, '"known": 2')
    put(folder, "a", header='{"bestuur": "99902"}')
    with Front(data, take) as front:
        expect("a changed header is another delivery", front.deliver(folder), 0, '"accepted": 1, "known": 1')
        expect("which is then known", front.deliver(folder), 0, '"accepted": 0, "known": 2')
    kept.unlink()
    kept.symlink_to("/dev/full")
    with Front(data, take) as front:
        expect("a receipt that cannot be kept is told", front.deliver(folder), 70, "cannot be written: the receipt of")


# What stands in x.json, and what of it the gateway must get (specification 14.2); None: the file is refused unsent.
HEADERS = [
    ('"volgnummer": 7, "regels": 1, "proef": true, "soort": "MUTATIE", "sha256": null',
     {"volgnummer": "7", "regels": "1", "proef": "ja", "soort": "MUTATIE"}),
    ('"volgnummer": 9223372036854775807, "proef": false', {"volgnummer": "9223372036854775807", "proef": "nee"}),
    ('"regels": 7.5', {"regels": ""}), ('"regels": [7]', {"regels": ""}), ('"volgnummer": "7"', {"volgnummer": ""}),
    ('"volgnummer": true', {"volgnummer": ""}), ('"proef": "ja"', {"proef": ""}), ('"proef": 1', {"proef": ""}),
    ('"bestuur": 99901', {"bestuur": ""}), ('"soort": {}', {"soort": ""}), ('"leveringsid": ""', {"leveringsid": ""}),
    ('"bestuur": "9\\u0000"', {"bestuur": "9\0"}), ('"a&proef=ja": "x"', {"a&proef=ja": "x"}),
    ('"contact_naam": "Zo\u00eb"', {"instroom-contact-naam": "Zo%C3%AB"}),
    ('"contact_naam": 7', {"instroom-contact-naam": "%FF"}), ('"contact_email": {}', {"instroom-contact-email": "%FF"}),
    ('"volgnummer": 9223372036854775808', None), ('"proef": true, "proef": false', None), ('"bestuur"', None),
    ('"x": "' + "y" * 5000 + '"', None),
]


def header_types(data):
    """Values of a wrong type reach the gateway as wrong, and a header that cannot be sent stops no other file."""
    folder = data / "headers"
    folder.mkdir()
    for number, (text, _) in enumerate(HEADERS):
        (folder / f"{number:02}.json").write_text("{" + text + "}", "utf-8")
        (folder / f"{number:02}.csv").write_text("bsn\n")
    refusal = 422, {"Content-Type": "application/problem+json"}, b'{"title": "Geweigerd"}'
    with Front(data, lambda *_: refusal) as front:
        done = front.deliver(folder, parallel=1)
    seen = []
    for _, path, headers in front.server.seen:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query, keep_blank_values=True)
        query |= {name.lower(): [value] for name, value in headers.items()
                  if name.lower().startswith("instroom-contact-")}
        seen.append({name: values[0] for name, values in query.items()})
    wanted = [query for _, query in HEADERS if query is not None]
    expect("headers that cannot be sent are refused", done, 1, f'"accepted": 0, "known": 0, "refused": {len(HEADERS)},')
    check("and told", "16.json holds a number that is too large" in done.stderr and "19.csv: refused" in done.stderr,
          done.stderr)
    check("each header as it stands", seen == wanted,
          [(one, query) for one, query in zip(seen, wanted) if one != query])


# Small lists of the shape of DUO's; all schools and boards are invented.
DUO = {
    "besturen_per_jaar_2014_2019.csv": ("utf-8", """bevoegd_gezag;jaar;naam;sector;lonen_eur
99951;2019;Stichting Nieuwe Naam;PO;1
99951;2014;Stichting Oude Naam;PO;1
99952;2016;Stichting Later;VO;1
99952;2017;Stichting Later, ook weg;VO;1
99953;2014;Stichting In Een Lijst;MBO;1
99953;2015;Stichting In Een Lijst;MBO;1
99954;2014;Universiteit;WO;1
"""),
    "03-alle-vestigingen-bo.csv": ("windows-1252",
                                   """PROVINCIE;BEVOEGD GEZAG NUMMER;BRIN NUMMER;VESTIGINGSNUMMER;VESTIGINGSNAAM
Drenthe;99951;98AA;98AA01;Vestiging één
Drenthe;99951;98AA;98AA00;Basisschool Zoë
Drenthe;99953;98AB;98AB00;"Plein; 40"
"""),
    "instellingenvo.csv": ("utf-8", '''"PROVINCIE","BEVOEGD GEZAG NUMMER","BRIN NUMMER","INSTELLINGSNAAM"
"Drenthe","99955","98VA","College ""De Brink"", Ons Dorp"
'''),
    "brin_vestiging_register_alle.csv": ("utf-8", """brin;vestigingsnummer;naam;datum_oprichting;datum_opheffing
98AA;00;BASISSCHOOL ZOË;18501231;
98AA;01;VESTIGING EEN;19950801;20170801
98AB;00;PLEIN;19900801;20100801
98AB;01;PLEIN 2;19800801;20180801
98AB;02;NOOIT GEOPEND;19990801;19000101
98VA;00;DE BRINK;19900801;
98XX;00;IN GEEN LIJST;19900801;
"""),
    "vakcodes_vo_1cho.csv": ("utf-8",
                             "vakcode;omschrijving;roepnaam\n1002;Aardrijkskunde;ak\n0010;Nederlandse taal (oud);ne\n"),
}
BUILT = {
    "besturen.csv": """bestuur;naam;geldig_van;geldig_tot
99951;Stichting Nieuwe Naam;19000101;
99952;Stichting Later, ook weg;20160101;20180101
99953;Stichting In Een Lijst;19000101;
99955;Bestuur 99955;20200101;
""",
    "scholen.csv": """brin;naam;sector;schoolsoort;geldig_van;geldig_tot
98AA;Basisschool Zoë;PO;BO;19000101;
98AB;"Plein; 40";PO;BO;19800801;20180801
98VA;"College ""De Brink"", Ons Dorp";VO;VO;19900801;
""",
    "vestigingen.csv": """brin;vestiging;naam;geldig_van;geldig_tot
98AA;00;BASISSCHOOL ZOË;19000101;
98AA;01;VESTIGING EEN;19950801;20170801
98AB;00;PLEIN;19900801;20100801
98AB;01;PLEIN 2;19800801;20180801
98VA;00;DE BRINK;19900801;
""",
    "bestuur_school.csv": """bestuur;brin;geldig_van;geldig_tot
99951;98AA;19000101;
99953;98AB;19000101;
99955;98VA;19000101;
""",
    "onderwijsterreinen.csv": """code;sector;omschrijving;geldig_van;geldig_tot
V0010;VO;Nederlandse taal (oud);19000101;
V1002;VO;Aardrijkskunde;19000101;
P001;PO;leraar primair onderwijs;19000101;
P002;PO;bewegingsonderwijs;19000101;
M001;MBO;beroepsgericht onderwijs;19000101;
M002;MBO;algemeen vormend onderwijs;19000101;
""",
}


def reference_build(data):
    """specification 9, from invented lists, and from DUO's own where they are."""
    lists, made = data / "duo", data / "built"
    lists.mkdir()
    for name, (encoding, text) in DUO.items():
        (lists / name).write_bytes(text.encode(encoding))
    expect("tables are built", run(CTL, "reference", "build", "--duo", lists, "--out", made), 0, "besturen.csv")
    for name, text in BUILT.items():
        check(f"{name} as specification 9 has it", (made / name).read_text("utf-8") == text,
              (made / name).read_text("utf-8"))
    broken_lists(data, lists)
    shared = ROOT.parent / "shared"
    if not (shared / "reference").exists():
        print("    DUO's own lists: skipped, there is no ../shared/reference")
        return
    expect("tables are built from DUO's lists",
           run(CTL, "reference", "build", "--duo", shared / "reference", "--out", made), 0)
    for name, lines in (("03-alle-vestigingen-bo.csv", 100), ("instellingenvo.csv", 300),
                        ("besturen_per_jaar_2014_2019.csv", 8000), ("brin_vestiging_register_alle.csv", 24000)):
        cut = data / f"cut-{lines}"
        shutil.copytree(shared / "reference", cut)
        cut.chmod(0o755), (cut / name).unlink()
        (cut / name).write_bytes(b"".join((shared / "reference" / name).read_bytes().splitlines(True)[:lines]))
        expect(f"{name} cut at a line end is refused",
               run(CTL, "reference", "build", "--duo", cut, "--out", data / "none"), 1, name)
    for name in (*BUILT, "benoemingsgrondslagen.csv"):
        rows = (made / name).read_text("utf-8").splitlines()
        wanted = (shared / "cases/reference" / name).read_text("utf-8").splitlines()
        # the cases add invented boards 999xx and schools 99xx
        lacking = [row for row in sorted(set(rows) ^ set(wanted))
                   if not row.startswith("999") and not row.startswith("99")]
        check(f"{name} equals the rows of the cases", not lacking and len(rows) == len(set(rows)), lacking[:5])


def broken_lists(data, lists):
    """Lists that a person saved anew, or that did not arrive whole."""
    def build(name, content, *options):
        broken, made = data / "broken", data / "from-broken"
        shutil.rmtree(broken, ignore_errors=True)
        shutil.copytree(lists, broken)
        (broken / name).write_bytes(content)
        return run(CTL, "reference", "build", "--duo", broken, "--out", made, *options), made
    primary, sites = "03-alle-vestigingen-bo.csv", "brin_vestiging_register_alle.csv"
    text = DUO[primary][1]
    for encoding in ("utf-8", "utf-8-sig"):
        done, made = build(primary, text.encode(encoding))
        expect(f"a list saved as {encoding}", done, 0)
        check("is read as that", (made / "scholen.csv").read_text("utf-8") == BUILT["scholen.csv"],
              (made / "scholen.csv").read_text())
    expect("one saved so twice is refused", build(primary, text.encode().decode("cp1252").encode())[0], 1,
           "saved as UTF-8 again")
    expect("one cut in a line", build(primary, text[:-5].encode("cp1252"))[0], 1, "is cut off")
    expect("one of which only the header came", build(primary, text.splitlines(True)[0].encode())[0], 1, "has no rows")
    cut = "".join(DUO[sites][1].splitlines(True)[:3]).encode()
    expect("one cut at a line end", build(sites, cut)[0], 1, "1 of 3 schools of the other lists: is it cut off?")
    expect("unless it is meant", build(sites, cut, "--allow-smaller")[0], 0)


def before_migration(workers):
    expect("a missing migration", workers.ctl("ledger", capture_output=True, text=True), 78)
    expect("migrate", workers.ctl("migrate", capture_output=True, text=True), 0, "0001-register.sql")
    again = workers.ctl("migrate", capture_output=True, text=True)
    expect("migrate again applies nothing", again, 0, "up to date")
    check("and says so", "applied" not in again.stdout, again.stdout)
    expect("nothing to publish yet", workers.ctl("reference", "publish", capture_output=True, text=True), 1,
           "reference import")


def topic_settings(workers, data):
    """Topics that another tool made: migrate names each difference and sets it when asked; workers refuse what they
    cannot live with."""
    port = workers.stack.port("kafka1")

    def alter(topic, **settings):
        kafka_wire.alter_topic(port, topic, {name.replace("_", "."): value for name, value in settings.items()})
    alter("instroom.raw.1", cleanup_policy="compact", retention_ms="3600000", max_message_bytes="100000",
          segment_ms="777000", flush_messages="9223372036854775807")
    alter("instroom.verdict.1", message_timestamp_type="CreateTime", retention_bytes="1000000",
          unclean_leader_election_enable="true")
    done = workers.ctl("migrate", capture_output=True, text=True)
    expect("topics with other settings", done, 78, "run instroomctl migrate --fix")
    for words in ("instroom.raw.1: cleanup.policy is compact, and must be delete",
                  "retention.ms is 3600000, and must be at least 7776000000",
                  "max.message.bytes is 100000, and must be at least 33554432",
                  "flush.messages is 9223372036854775807, and must be at most 1",
                  "instroom.verdict.1: message.timestamp.type is CreateTime",
                  "retention.bytes is 1000000, and must be -1",
                  "unclean.leader.election.enable is true, and must be false"):
        check(f"named: {words}", words in done.stderr, done.stderr)
    for program in ("gateway", "validate", "write"):
        done = run(BUILD / f"workers/{program}/instroom-{program}", "--config", workers.dir / f"{program}1.conf")
        expect(f"{program} ends at a compacted topic", done, 78, "cleanup.policy=compact and needs delete")
    done = workers.ctl("migrate", "--fix", capture_output=True, text=True)
    expect("are set when asked", done, 0, "cleanup.policy is compact, and must be delete: it is set")
    again = workers.ctl("migrate", capture_output=True, text=True)
    check("and stay so", again.returncode == 0 and "must be" not in again.stderr, again.stderr)
    check("what is no business of ours stays",
          kafka_wire.describe_topic(port, "instroom.raw.1")["segment.ms"] == "777000")


def wrong_credentials(workers, data):
    conf = data / "wrong.conf"
    text = (workers.dir / "instroomctl.conf").read_text()
    passfile = data / "pgpass"
    passfile.write_text("*:*:*:*:wrong\n")
    passfile.chmod(0o600)
    lines = [line if "conninfo" not in line else line.partition("passfile=")[0] + f"passfile={passfile}"
             for line in text.splitlines()]
    conf.write_text("\n".join(lines) + "\n")
    expect("a wrong password", run(CTL, "--config", conf, "ledger"), 77)


def writers_that_cannot_work(workers, data):
    """Told once, with what to do, and an exit status after which nobody starts them again."""
    conf, env = workers.dir / "write1.conf", workers.stack.env()
    run("psql", "-qX", env["INSTROOM_PG_ADMIN"], "-c", "create database without_tables")
    conninfo = env["INSTROOM_PG_WRITER"].replace("dbname=instroom", "dbname=without_tables")
    expect("a writer without tables", run(WRITE, "--config", conf, f"--pg.conninfo={conninfo}"), 78,
           "run instroomctl migrate")
    conninfo = env["INSTROOM_PG_WRITER"].partition("passfile=")[0] + f"passfile={data / 'pgpass'}"
    expect("a writer with a wrong password", run(WRITE, "--config", conf, f"--pg.conninfo={conninfo}"), 77,
           "refuses our user")
    expect("a writer of a topic that is not there", run(WRITE, "--config", conf, "--topic.verdict=nergens.1"), 78,
           "nergens.1")


def registers_that_must_not_be(workers):
    """Refused, or told with what to do: never taken for right."""
    env = workers.stack.env()

    def sql(*statements, database="instroom"):
        words = [word for statement in statements for word in ("-c", statement)]
        admin = env["INSTROOM_PG_ADMIN"].replace("dbname=instroom", f"dbname={database}")
        return run("psql", "-qXAt", "-v", "ON_ERROR_STOP=1", admin, *words)

    def migrate(database):
        owner = env["INSTROOM_PG_OWNER"].replace("dbname=instroom", f"dbname={database}")
        return workers.ctl(f"--pg.owner.conninfo={owner}", "migrate", capture_output=True, text=True)

    sql("create database latin owner instroom_owner template template0 encoding 'LATIN1' locale 'C'")
    expect("migrate of a database in LATIN1", migrate("latin"), 78, "encoding 'UTF8'")
    made = sql("select count(*) from pg_namespace where nspname = 'register'",
               "select to_regclass('public.instroom_migration') is null", database="latin")
    check("makes nothing in it", made.stdout.split() == ["0", "t"], made)
    sql("create database loud owner instroom_owner template template0 encoding 'UTF8' locale 'C'",
        "alter database loud set log_parameter_max_length = 100",
        "alter database loud set log_error_verbosity = 'default'")
    done = migrate("loud")
    expect("migrate where the server's log takes values", done, 78, "log_parameter_max_length is 100B, and must be 0")
    check("names each setting", "log_error_verbosity is default, and must be terse: alter system set" in done.stderr,
          done.stderr)
    sql("alter database loud reset all",
        "alter role instroom_writer in database loud set log_error_verbosity = 'default'")
    expect("nor where it takes those of one role", migrate("loud"), 78,
           "log_error_verbosity is default for the role instroom_writer, and must be terse: alter role instroom_writer")
    sql("alter role instroom_writer in database loud reset all")
    expect("and takes it when they are set", migrate("loud"), 0, "up to date")
    newest = sql("delete from public.instroom_migration where name = (select max(name) from public.instroom_migration)"
                 " returning name", database="loud").stdout.strip()
    conninfo = env["INSTROOM_PG_WRITER"].replace("dbname=instroom", "dbname=loud")
    done = run(WRITE, "--config", workers.dir / "write1.conf", f"--pg.conninfo={conninfo}")
    expect("a writer on a register of the release before", done, 78, newest or "no migration")


SLOW_TABLES = """alter table register.reference_table rename to kept;
create view register.reference_table as select * from register.kept
  where pg_sleep(case name when 'scholen.csv' then 1 else 0 end) is not null"""
IMPORT_MEANWHILE = """update register.kept set body = body || convert_to(
  case name when 'besturen.csv' then E'99898;x;19000101;\\n' else E'P998;PO;x;19000101;\\n' end, 'UTF8')
where name in ('besturen.csv', 'onderwijsterreinen.csv')"""
AS_IT_WAS = """drop view register.reference_table; alter table register.kept rename to reference_table;
update register.reference_table set version = '' where name in ('besturen.csv', 'onderwijsterreinen.csv')"""


def publish_beside_an_import(workers, published):
    """The first and the last table change while those between are read: what is published holds neither change."""
    def sql(text):
        return run("psql", "-tAqX", workers.stack.env()["INSTROOM_PG_OWNER"], "-c", text)
    sql(SLOW_TABLES)
    publisher = subprocess.Popen([workers.program("instroomctl"), "--config", str(workers.dir / "instroomctl.conf"),
                                  "reference", "publish", "--reason", "a trial"], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
    asleep = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and sql(asleep).stdout != "1\n" and publisher.poll() is None:
        time.sleep(0.02)
    changed = sql(IMPORT_MEANWHILE)
    told, _ = publisher.communicate(timeout=PATIENCE_S)
    check("an import meanwhile leaves a snapshot whole", changed.returncode == 0 and told == published,
          f"{told}{changed.stderr}")
    sql(AS_IT_WAS)


def references(workers, folder, data):
    bad = data / "bad-reference"
    shutil.copytree(folder / "reference", bad)
    with open(bad / "besturen.csv", "a") as file:
        file.write((bad / "besturen.csv").read_text().splitlines()[1] + "\n")
    expect("rows that overlap are refused",
           workers.ctl("reference", "import", str(bad), capture_output=True, text=True), 1, "besturen.csv")
    expect("and nothing was taken", workers.ctl("reference", "publish", capture_output=True, text=True), 1)
    large = data / "large-reference"
    shutil.copytree(folder / "reference", large)
    with open(large / "onderwijsterreinen.csv", "a") as file:
        file.write("".join(f"P{number};PO;x;19000101;\n" for number in range(100, 300)))
    expect("a large table is taken", workers.ctl("reference", "import", str(large), capture_output=True, text=True), 0)
    expect("one much smaller is not",
           workers.ctl("reference", "import", str(folder / "reference"), capture_output=True, text=True), 1,
           "onderwijsterreinen.csv has")
    expect("unless it is meant",
           workers.ctl("reference", "import", "--allow-smaller", str(folder / "reference"), capture_output=True,
                      text=True), 0)
    cut = large / "besturen.csv"
    cut.write_bytes(cut.read_bytes().rstrip(b"\n"))
    expect("one cut in a line is not taken",
           workers.ctl("reference", "import", str(large), capture_output=True, text=True), 1,
           "besturen.csv has no line end at its end")
    expect("good tables are taken",
           workers.ctl("reference", "import", str(folder / "reference"), capture_output=True, text=True), 0,
           "besturen.csv")
    port = workers.stack.port("kafka1")
    kafka_wire.alter_topic(port, "instroom.reference.1", {"max.message.bytes": 500})
    expect("what Kafka will not take until somebody mends that is told so",
           workers.ctl("reference", "publish", capture_output=True, text=True), 78, "mends topic instroom.reference.1")
    kafka_wire.alter_topic(port, "instroom.reference.1", {"max.message.bytes": 32 << 20})
    published = workers.ctl("reference", "publish", capture_output=True, text=True)
    expect("and published", published, 0, "published")
    publish_beside_an_import(workers, published.stdout)
    expect("the next import puts right what the test changed",
           workers.ctl("reference", "import", str(folder / "reference"), capture_output=True, text=True), 0,
           "besturen.csv")


def wrong_types(workers, folder):
    """What header_types saw sent, the gateway refuses by the field's name (specification 14.2)."""
    wrong = folder / "wrong"
    wrong.mkdir()
    for field, value in (("regels", 7.5), ("proef", "ja"), ("volgnummer", "7"), ("contact_naam", 7)):
        (wrong / f"{field}.csv").write_text("bsn\n123456782\n")
        (wrong / f"{field}.json").write_text(json.dumps({"bestuur": "99901", "soort": "INTREKKING", "volgnummer": 7,
                                                         "extractiedatum": "2018-06-01"} | {field: value}))
    done = workers.ctl("deliver", "--json", "--quiet", str(wrong), capture_output=True, text=True)
    expect("wrong types are refused", done, 1, '"refused": 4')
    for field in ("regels", "proef", "volgnummer", "contact_naam"):
        check(f"{field} by its name", f"LR-K08 Het veld {field} in de kop" in done.stderr, done.stderr)


def deliveries(workers, folder):
    counts = json.loads((folder / "counts.txt").read_text())
    done = workers.ctl("deliver", "--json", "--quiet", str(folder), capture_output=True, text=True)
    expect("a folder is delivered", done, 0)
    check("all accepted", json.loads(done.stdout)["accepted"] == counts["deliveries"], done.stdout)
    expect("wait", workers.ctl("wait", "--quiet", capture_output=True, text=True), 0)
    again = json.loads(workers.ctl("deliver", "--json", "--quiet", str(folder), capture_output=True, text=True).stdout)
    check("a second run sends nothing", again["accepted"] == 0 and again["lines"] == 0, again)
    (folder / "acknowledged.jsonl").write_text("{\"file\": \"cut o")
    again = json.loads(workers.ctl("deliver", "--json", "--quiet", str(folder), capture_output=True, text=True).stdout)
    check("a damaged list sends all again, and the gateway knows them", again["known"] == counts["deliveries"], again)
    ledger = workers.ctl("ledger", "--check", "--json", capture_output=True, text=True)
    expect("the ledger balances", ledger, 0)
    numbers = json.loads(ledger.stdout)
    for name in ("deliveries", "lines", "nieuw", "afgekeurd"):
        check(f"the ledger's {name} are the generator's", numbers[name] == counts[name], numbers)
    stranger = folder / "stranger"
    stranger.touch(0o600)
    stranger.write_text("nobody-knows-me\n")
    (folder / "acknowledged.jsonl").rename(folder / "kept")
    done = workers.ctl(f"--gateway.token.file={stranger}", "deliver", "--quiet", str(folder), capture_output=True,
                       text=True)
    expect("a token nobody knows", done, 77, "geldig token")
    (folder / "kept").rename(folder / "acknowledged.jsonl")
    wrong_types(workers, folder)
    first = json.loads((folder / "acknowledged.jsonl").read_text().splitlines()[1])
    return first["file"][:5], first["leveringsid"]


def wait_for_lock(workers, which):
    """Until the table of deliveries has such a lock."""
    asked = f"select count(*) from pg_locks where relation = 'register.delivery'::regclass and {which}"
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if run("psql", "-tAqX", workers.stack.env()["INSTROOM_PG_OWNER"], "-c", asked).stdout not in ("0\n", ""):
            return
        time.sleep(0.05)


def a_register_that_hangs(workers):
    """A question that waits for PostgreSQL can be broken off."""
    holder = subprocess.Popen(["psql", "-qX", workers.stack.env()["INSTROOM_PG_OWNER"], "-c", "begin",
                               "-c", "lock table register.delivery in access exclusive mode", "-c",
                               "select pg_sleep(600)"], stdout=subprocess.DEVNULL)
    wait_for_lock(workers, "granted and mode = 'AccessExclusiveLock'")
    asker = subprocess.Popen([workers.program("instroomctl"), "--config", str(workers.dir / "instroomctl.conf"),
                              "ledger"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for_lock(workers, "not granted")
    waits = asker.poll() is None
    asker.terminate()
    try:
        _, told = asker.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        told = "it waits on"
    check("TERM breaks off a question that hangs", waits and asker.poll() == 1 and "stopped" in told,
          f"{waits} {asker.poll()} {told}")
    run("psql", "-qX", workers.stack.env()["INSTROOM_PG_OWNER"], "-c",  # it sleeps on when its client has gone
        "select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(600)'")
    holder.wait()
    asker.kill()
    asker.wait()


def questions(workers, board, delivery):
    def ctl(*words):
        return workers.ctl(*words, capture_output=True, text=True)
    expect("report as text", ctl("report", board, delivery), 0, "Status: verwerkt")
    expect("with its date as people write it", ctl("report", board, delivery), 0, "gegevens van 2018-06-01\n")
    expect("report as CSV", ctl("report", board, delivery, "--format", "csv"), 0,
           "regel;personeelsnummer;benoemingssleutel")
    report = json.loads(ctl("report", board, delivery, "--format", "json").stdout)
    check("report as JSON has the lines", len(report["terugmelding"]) == report["regels"], report["regels"])
    expect("an unknown delivery", ctl("report", board, "no-such-delivery-0"), 1, "no-such-delivery-0")
    stand = ctl("stand", "--board", board)
    expect("stand with pseudonyms", stand, 0, "bestuur;pseudoniem;status")
    check("which holds no other board", all(line.startswith(board) for line in stand.stdout.splitlines()[1:]))
    expect("stand with BSN", ctl("stand", "--all", "--with-bsn"), 0, "bestuur;bsn;status")
    env = workers.stack.env()
    seen = run("psql", "-tAX", env["INSTROOM_PG_OWNER"], "-c", "select who, what, board from register.access")
    who = pwd.getpwuid(os.getuid()).pw_name
    check("which leaves a row", f"{who}|stand --with-bsn|" in seen.stdout.splitlines(), seen.stdout + seen.stderr)
    check("as each report that was shown does",
          seen.stdout.splitlines().count(f"{who}|report {delivery}|{int(board)}") == 4 and
          "no-such" not in seen.stdout, seen.stdout)
    expect("stand wants to know of whom", ctl("stand"), 64, "--all")
    for words in (["stand", "--all"], ["status", "--json"], ["report", board, delivery]):
        with open("/dev/full", "w") as full:
            done = workers.ctl(*words, stdout=full, stderr=subprocess.PIPE, text=True)
        check(f"{words[0]} cut short is a fault",
              done.returncode == 70 and done.stderr.count("could not be written whole") == 1, done)
    expect("coverage", ctl("coverage"), 0, "delivered")
    a_register_that_hangs(workers)
    covered = json.loads(ctl("coverage", "--output", "json").stdout)
    check("with board numbers as text, and a day",
          next(one for one in covered if one["board"] == board)["received_on"][4] == "-", covered[:2])
    expect("coverage as CSV", ctl("coverage", "--output", "csv"), 0,
           "board;delivered;received_on;contact;waiting;rejected_lines;")
    expect("--format is --output", ctl("ledger", "--format", "csv"), 0, "deliveries;lines;nieuw;")
    status = json.loads(ctl("status", "--json").stdout)
    check("times are ISO 8601 in UTC",
          all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["moved_at"]) for one in status), status)
    check("status shows every partition at its end", all(one["raw_end"] == one["raw_applied"] for one in status),
          status)
    expect("confirming what does not wait", ctl("confirm", board, delivery, "--reason", "x"), 0, "uitgevoerd: nee")
    expect("nor is there anything with an id of another form", ctl("confirm", board, "kort", "--reason", "x"), 0,
           "uitgevoerd: nee")
    expect("an id may look like an option", ctl("confirm", "--reason", "x", "--", board, "--" + "a" * 14), 0,
           "uitgevoerd: nee")
    expect("without a reason nothing is confirmed", ctl("confirm", board, delivery), 1)
    expect("a digest has its form", ctl("confirm", board, delivery, "--reason", "x", "--digest", "ab"), 64)
    expect("but not before the --", ctl("confirm", board, "--" + "a" * 14), 64, "--aaaa")
    partition = next(one["partition"] for one in status if one["raw_end"] > 0)
    refill = ("refill", str(partition), "--reason", "a test", "--validators-are-stopped")
    expect("a refill beside a validator is refused, whatever was said", ctl(*refill), 1, "stop all validators first")
    workers.end(workers.named("validate"), signal.SIGTERM, PATIENCE_S)
    expect("and one without Redis changes nothing", ctl("--redis.address=127.0.0.1:1", *refill), 69, "")
    count = run("psql", "-tAX", env["INSTROOM_PG_OWNER"], "-c", "select count(*) from register.refill")
    check("nor did the first", count.stdout == "0\n", count.stdout)
    expect("a refill of what is whole promises nothing", ctl(*refill), 0, "no raw message waits")
    workers.start(workers.named("validate"), PATIENCE_S)
    dump = ctl("dump", "instroom.raw.1", str(partition), "0")
    expect("dump masks", dump, 0, "\"cells\": \"***")
    expect("dump of nothing", ctl("dump", "instroom.raw.1", str(partition), "999999"), 1)


def main():
    data = Path(tempfile.mkdtemp(prefix="instroom-ctl-"))
    stack = stacks.Stack(f"ctl-{os.getpid()}")
    try:
        without_servers(data)
        header_types(data)
        foreign_answers(data)
        pauses(data)
        folders(data)
        spellings(data)
        installations(data)
        reference_build(data)
        folder = data / "set"
        run(GEN, "--out", folder, "--boards", "6", "--teachers", "120", "--errors", "10%")
        busy_gateway(folder, data)
        stack.up({"partitions": 4, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False, "base_port": None,
                  "wait": PATIENCE_S})
        workers = programs.Workers(stack)
        counts = {"gateway": 1, "validate": 1, "write": 1}
        workers.set_up(BUILD.resolve(), counts, True, {})
        before_migration(workers)
        topic_settings(workers, data)
        wrong_credentials(workers, data)
        writers_that_cannot_work(workers, data)
        registers_that_must_not_be(workers)
        references(workers, folder, data)
        workers.start(workers.all(counts), PATIENCE_S)
        board, delivery = deliveries(workers, folder)
        questions(workers, board, delivery)
        workers.end(workers.all(), signal.SIGTERM, PATIENCE_S)
    finally:
        if stack.record is not None and (stack.dir / "workers").exists():
            programs.Workers(stack).end_all()
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
