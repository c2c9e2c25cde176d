#!/usr/bin/env python3
"""The workers as programs, with every peer away: settings, the service manager, exit status, metrics, and the pages of
docs/ that list settings and metrics.

  programs_test.py BUILD              BUILD: the folder that holds workers/
  programs_test.py BUILD --renew      writes docs/settings.md anew
"""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

NOWHERE = "127.0.0.1:1"
WORKERS = ("gateway", "validate", "write")
ROOT = Path(__file__).resolve().parents[2]
SETTINGS_HEAD = """# Settings

From `--config-help` of each program, by `tests/unit/programs_test.py BUILD --renew`. A setting comes from its default,
then the file of `--config`, then the environment, then the arguments; the last one stands. All faults are listed at
once, and end the start with 78.
"""
OF_THE_PROCESS = ("instroom_build_info", "instroom_ready", "process_", "instroom_reload_failures",
                  "instroom_peer_failures", "instroom_kafka_throttled")
# shown when a partition is ours
LAZY = {"instroom_consumer_lag_records", "instroom_oldest_waiting_timestamp_seconds"}
WAIT_S = 30
failures = []


def expect(is_so, what):
    if not is_so:
        failures.append(what)


class Place:
    """A folder with the files and the socket a worker needs."""

    def __init__(self, build, folder):
        self.build, self.folder = Path(build), Path(folder)
        (self.folder / "key").write_text("a key of the tests, which is long enough for all of them\n")
        (self.folder / "tokens").write_text("a-token-of-the-tests-long-enough-for-it 41211\n")
        for name in ("key", "tokens"):
            (self.folder / name).chmod(0o600)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(self.folder / "notify"))
        self.manager.settimeout(WAIT_S)

    def command(self, worker, *settings):
        own = {"gateway": ["--listen=127.0.0.1:0", f"--tokens.file={self.folder}/tokens",
                           f"--stand.key.file={self.folder}/key"],
               "validate": [f"--hmac.key.file={self.folder}/key", f"--redis.address={NOWHERE}",
                            "--status.address=127.0.0.1:0"],
               "write": ["--status.address=127.0.0.1:0"]}[worker]
        return [str(self.build / f"workers/{worker}/instroom-{worker}"), f"--kafka.brokers={NOWHERE}",
                "--pg.conninfo=host=127.0.0.1 port=1 dbname=none", "--drain.max=5s", *own, *settings]

    def start(self, worker, *settings):
        environment = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify")}
        return subprocess.Popen(self.command(worker, *settings), env=environment, stderr=subprocess.PIPE, text=True)

    def hear(self):
        return self.manager.recv(4096).decode()

    def hear_ready(self):
        """Nothing but status lines comes before it."""
        while (word := self.hear()) != "READY=1":
            if not word.startswith("STATUS="):
                raise TimeoutError(f"before READY=1: {word}")


def test_notify(place, worker):
    """READY=1 when the loop runs, although no peer is there; STOPPING=1 when a signal came; status 0."""
    process = place.start(worker)
    try:
        place.hear_ready()
        heard = {place.hear() for _ in range(2)}
        expect("WATCHDOG=1" in heard, f"{worker}: no heartbeat among {heard}")
        process.send_signal(signal.SIGTERM)
        while (word := place.hear()) != "STOPPING=1":
            expect(word == "WATCHDOG=1" or word.startswith("STATUS="), f"{worker}: {word}")
        status = process.wait(WAIT_S)
        expect(status == 0, f"{worker}: ended with {status}")
    finally:
        if process.poll() is None:
            process.kill()
        errors = process.communicate()[1]
    expect("event=worker.drained" in errors, f"{worker}: {errors}")


def test_manual(place, worker):
    """The manual page has every setting, and is of section 8."""
    program = place.command(worker)[0]
    page = subprocess.run([program, "--manual"], capture_output=True, text=True, check=True).stdout
    table = subprocess.run([program, "--config-help"], capture_output=True, text=True, check=True).stdout
    keys = re.findall(r"^\| `([a-z._]+)`", table, re.M)
    expect(page.split("\n")[1].startswith(f".TH INSTROOM\\-{worker.upper()} 8 "), f"{worker}: {page[:200]}")
    lacking = [key for key in keys if f"\\fB{key}\\fR" not in page]
    expect(keys and not lacking, f"{worker}: its manual page lacks {lacking}")


def test_old_name(place, worker):
    """A renamed setting is taken by its old name, and said once."""
    old, new = {"gateway": ("kafka.delivery.time.max", "kafka.delivery.max"),
                "validate": ("late.wait.max", "missing.wait.max"),
                "write": ("batch.gather.max", "batch.linger.max")}[worker]
    process = place.start(worker, f"--{old}=1234ms")
    try:
        place.hear_ready()
    finally:
        process.kill()
        errors = process.communicate()[1]
    expect(errors.count("event=setting.deprecated") == 1, f"{worker}: {errors}")
    expect(f"{new}=1234ms" in errors, f"{worker}: {new} is not set: {errors}")


def test_faults(place, worker):
    """Wrong settings end with 78 before anything is opened, each with what is allowed."""
    old = {"gateway": "kafka.delivery.time.max=2s", "validate": "turn.lines.max=5",
           "write": "batch.gather.max=1s"}[worker]
    new = {"gateway": "kafka.delivery.max=2s", "validate": "batch.lines.max=5", "write": "batch.linger.max=1s"}[worker]
    done = subprocess.run(place.command(worker, "--log.level=warm", f"--{old}", f"--{new}"), capture_output=True,
                          text=True, timeout=WAIT_S, check=False)
    expect(done.returncode == 78, f"{worker}: ended with {done.returncode}")
    expect("log.level: there is no such word; it takes debug, info, warn or error" in done.stderr, done.stderr)
    expect("and both are given" in done.stderr, done.stderr)


def test_password(place, worker):
    """A password of 300 bytes is taken by each."""
    (place.folder / "password").write_text("x" * 300 + "\r\n")
    (place.folder / "password").chmod(0o600)
    process = place.start(worker, f"--kafka.sasl.password.file={place.folder}/password",
                          f"--pg.password.file={place.folder}/password")
    try:
        place.hear_ready()
    finally:
        process.kill()
        process.communicate()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def read_series(place, worker):
    """The metrics a worker shows: [(name, {label: value})]."""
    port = free_port()
    process = place.start(worker, f"--{'listen' if worker == 'gateway' else 'status.address'}=127.0.0.1:{port}")
    try:
        place.hear_ready()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=WAIT_S) as answer:
            lines = answer.read().decode().splitlines()
    finally:
        process.kill()
        process.communicate()
    found = [re.fullmatch(r"(\w+)(?:\{(.*)\})? \S+", line) for line in lines if not line.startswith("#")]
    return [(match[1], dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))) for match in found]


def check_metrics(series):
    """Each has its stage, and stands in docs/metrics.md; each that an alert asks for is shown by some worker."""
    page = (ROOT / "docs/metrics.md").read_text()
    for worker, (name, labels) in ((worker, one) for worker in series for one in series[worker]):
        if name.startswith(OF_THE_PROCESS):
            continue
        expect(labels.get("stage") == worker, f"{worker}: {name} has stage {labels.get('stage')}")
        expect(f"`{re.sub('_(bucket|sum|count)$', '', name)}`" in page, f"docs/metrics.md does not know {name}")
    shown = [one for worker in series.values() for one in worker]
    for name, wanted in re.findall(r"(instroom_\w+)(?:\{(.*?)\})?", "".join(
            re.findall(r"^ *expr:(.*(?:\n {10}\S.*)*)$", (ROOT / "deploy/alerts.yaml").read_text(), re.M))):
        pairs = re.findall(r'(\w+)="([^"]*)"', wanted)
        expect(name in LAZY or
               any(name == at and all(labels.get(key) == value for key, value in pairs) for at, labels in shown),
               f"deploy/alerts.yaml: no worker shows {name}{{{wanted}}}")


def settings_page(build):
    programs = [*(f"{worker}/instroom-{worker}" for worker in WORKERS), "ctl/instroomctl"]
    parts = [subprocess.run([Path(build) / "workers" / program, "--config-help"], capture_output=True, text=True,
                            check=True).stdout
             for program in programs]
    return SETTINGS_HEAD + "".join("\n" + part for part in parts)


def main():
    page = settings_page(sys.argv[1])
    if sys.argv[2:] == ["--renew"]:
        (ROOT / "docs/settings.md").write_text(page)
        return 0
    expect((ROOT / "docs/settings.md").read_text() == page,
           "docs/settings.md is not what the programs say: programs_test.py build/dev --renew writes it")
    series = {}
    for worker in WORKERS:
        with tempfile.TemporaryDirectory() as folder:
            series[worker] = read_series(Place(sys.argv[1], folder), worker)
    check_metrics(series)
    for worker in WORKERS:
        for test in (test_notify, test_manual, test_old_name, test_faults, test_password):
            with tempfile.TemporaryDirectory() as folder:
                place = Place(sys.argv[1], folder)
                try:
                    test(place, worker)
                except (TimeoutError, subprocess.TimeoutExpired) as error:
                    failures.append(f"{worker}: {test.__name__}: {error}")
                place.manager.close()
    print(*failures, sep="\n", end="\n" if failures else "")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
