"""What the trials of deploy/ share: checks that are counted, commands that must succeed, and when a trial last passed.

Long trials are not part of every run: deploy/passed.txt names when and on which commit each last passed.
"""
import datetime
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / ".run" / "deploy"
PASSED = ROOT / "deploy" / "passed.txt"


class Failure(Exception):
    """What ends the run: nothing after it could be judged."""


class Checks:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0

    def expect(self, is_so, what, seen=""):
        self.passed += bool(is_so)
        self.failed += not is_so
        print(f"{'ok' if is_so else 'FAILED'}   {what}" + (f": {seen}" if seen and not is_so else ""), flush=True)

    def skip(self, what, why):
        self.skipped += 1
        print(f"skipped: {what}: {why}", flush=True)

    def end(self, name, more=""):
        """The last line, and the trial's line of passed.txt; name: empty for a short form; more: of what it was."""
        print(f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else ""))
        if name and self.failed == 0 and self.passed > 0:
            remember(name, more + (f", {self.skipped} skipped" if self.skipped else ""))
        return 1 if self.failed else 0


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: {(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def ask(*command, **options):
    """(status, what it said)"""
    done = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True, **options)
    return done.returncode, done.stdout + done.stderr


def wait_until(is_so, what, seconds=180):
    """Generous: the machine may be slow."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(0.3)


def remember(name, more=""):
    commit = run("git", "-C", ROOT, "rev-parse", "--short", "HEAD").strip()
    lines = [line for line in (PASSED.read_text().splitlines() if PASSED.exists() else [])
             if not line.startswith(f"{name} ")]
    lines.append(f"{name} {datetime.datetime.now(datetime.UTC).date().isoformat()} on {commit}{more}")
    PASSED.write_text("".join(f"{line}\n" for line in lines))


def last(name):
    lines = PASSED.read_text().splitlines() if PASSED.exists() else []
    print(next((line for line in lines if line.startswith(f"{name} ")), f"{name} has not passed yet"))
    return 0
