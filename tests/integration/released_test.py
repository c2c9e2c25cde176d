#!/usr/bin/python3
"""What each release left behind (tests/released): this build reads its log and its register, finishes what was under way,
and carries on as that release would have."""
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "upgrade"))
from release import RELEASED, Failure, Machine, Run, cases  # noqa: E402

BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev")).resolve()
SHOWN_LINES = 12
results = {"passed": 0, "failed": 0}


def check(what, is_so, seen=""):
    results["passed" if is_so else "failed"] += 1
    if not is_so:
        print(f"failed: {what}\n    saw: {seen}", flush=True)


def compare(run, what):
    """Every summary, terugmelding and the stand with what the release made of the same."""
    out = Path(tempfile.mkdtemp(prefix="instroom-released-"))
    try:
        run.write(out)
        different = dict(cases.differences(run.folder / "expected", out))
        for name in sorted(path.name for path in (run.folder / "expected").iterdir()):
            check(f"{what}: {name} is as the release made it", name not in different,
                  "\n    ".join(different.get(name, [])[2:2 + SHOWN_LINES]))
    finally:
        shutil.rmtree(out)


def proofs(machine, what):
    check(f"{what}: the ledger balances", "the ledger balances" in machine.ctl("ledger", "--check"))
    check(f"{what}: the register is what the log says", " 0 differences" in machine.ctl("verify", "--all"))


def carry_on(machine, folder):
    machine.up((folder / "hmac.key").read_text())
    machine.load_register(folder / "register.sql")
    machine.ctl("migrate")
    machine.load_log(folder / "log.jsonl")
    machine.start("gateway", "validate", "write")
    machine.wait()
    before = Run(machine, folder / "before").take_up()
    compare(before, f"{folder.name}, what was there and under way")
    proofs(machine, f"{folder.name}, migrated")
    after = Run(machine, folder / "after", previous=before)
    after.events()
    machine.wait()
    compare(after, f"{folder.name}, carried on")
    proofs(machine, f"{folder.name}, carried on")


def main():
    for folder in sorted(path.parent for path in RELEASED.glob("*/log.jsonl")):
        machine = Machine(f"released-{os.getpid()}", BUILD)
        try:
            carry_on(machine, folder)
        except Failure as error:
            check(f"{folder.name}: this build carries on", False, error)
        finally:
            machine.stack.wipe()
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] or not results["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
