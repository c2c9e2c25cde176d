#!/usr/bin/python3
"""What each release left behind (tests/released): this build reads its log and its register, finishes what was under
way, and carries on as that release would have."""
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "upgrade"))
from release import RELEASED, Checks, Failure, Machine, Run, keys_of  # noqa: E402

BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev")).resolve()


def carry_on(machine, folder, checks):
    machine.up(keys_of(folder))
    machine.load_register(folder / "register.sql")
    machine.ctl("migrate")
    machine.load_log(folder / "log.jsonl")
    machine.start("gateway", "validate", "write")
    machine.wait()
    before = Run(machine, folder / "before").take_up()
    checks.compare(before, f"{folder.name}, what was there and under way")
    checks.prove(machine, f"{folder.name}, migrated")
    after = Run(machine, folder / "after", previous=before)
    after.events()
    machine.wait()
    checks.compare(after, f"{folder.name}, carried on")
    checks.prove(machine, f"{folder.name}, carried on")


def main():
    checks = Checks()
    for folder in sorted(path.parent for path in RELEASED.glob("*/log.jsonl")):
        machine = Machine(f"released-{os.getpid()}", BUILD)
        try:
            carry_on(machine, folder, checks)
        except Failure as error:
            checks.check(f"{folder.name}: this build carries on", False, error)
        finally:
            machine.stack.wipe()
    return checks.close()


if __name__ == "__main__":
    sys.exit(main())
