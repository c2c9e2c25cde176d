#!/usr/bin/python3
"""A cache that lies, seen by the writer (design 5): of the teachers found unchanged a share is compared with their
rows, and all of the delivery as soon as one differs. What the cache believes is made wrong by changing rows behind the
log's back, which to the writer is the same. And a field of the cache's head that somebody removed. All persons are
invented."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import replay_test  # noqa: E402
from replay_test import COUNTS, ROOT, WAIT_S, check, line, results, stacks  # noqa: E402

TEACHERS, LIED_OF, NIGHTS, SHARE = 120, 30, 20, 100  # of a thousand: with 30 that differ, a night misses all in 24


class Machine(replay_test.Machine):
    def share(self, share):
        path = self.workers.dir / "write1.conf"
        path.write_text(path.read_text() + f"unchanged.check.share = {share}\n")

    def figure(self, kind, series):
        port = self.workers.named(kind)[0].port
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
        return next(float(row.split()[-1]) for row in page.splitlines() if row.startswith(series + "{"))

    def night(self, board, sequence, lines):
        name = self.deliver(board, sequence, "MUTATIE", lines)
        found = list(self.outcomes(board, name).values())
        return {outcome: found.count(outcome) for outcome in sorted(set(found))}

    def redis(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.stack.port("redis")), *words], check=True, text=True,
                              capture_output=True).stdout


def teachers(count, name="Jansen"):
    return [line(number, "99ZZ", name=name) for number in range(1, count + 1)]


def a_lie_is_found(machine):
    rows = teachers(TEACHERS)
    check("new", machine.night("99901", 1, rows) == {"nieuw": TEACHERS})
    check("unchanged", machine.night("99901", 2, rows) == {"ongewijzigd": TEACHERS})
    content = machine.sql("select string_agg(content, ',' order by bsn) from register.teacher where board = 99901")
    machine.sql("update register.teacher set hash = md5(bsn::text)::uuid, content = replace(content, 'Jansen',"
                f" 'Pietersen') where bsn in (select bsn from register.teacher order by bsn limit {LIED_OF})")
    seen = {}
    for night in range(3, 3 + NIGHTS):
        seen = machine.night("99901", night, rows)
        if "quarantaine" in seen:
            break
    check("the writer finds the lie, and then compares all of the delivery",
          seen == {"ongewijzigd": TEACHERS - LIED_OF, "quarantaine": LIED_OF}, seen)
    log = (machine.workers.dir / "write1.log").read_text()
    lines = [row for row in log.splitlines() if "event=cache.contradicted" in row]
    check("the log says so once", len(lines) == 1 and "level=error" in lines[0] and "board=99901" in lines[0], lines)
    check("and the metric of InstroomCacheContradicted", machine.figure("write", "instroom_unchanged_differing_total")
          == LIED_OF)
    check("all of it was compared", machine.figure("write", "instroom_unchanged_checked_total") >= TEACHERS)
    seen = machine.night("99901", 50, rows)
    check("whom the cache lied of is written again", seen == {"gewijzigd": LIED_OF, "ongewijzigd": TEACHERS - LIED_OF},
          seen)
    check("so the register is right again", machine.sql(
        "select string_agg(content, ',' order by bsn) from register.teacher where board = 99901") == content)
    check("and the night after is unchanged", machine.night("99901", 51, rows) == {"ongewijzigd": TEACHERS})


def a_removed_field_is_no_new_board(machine, board, school, with_entries):
    """Without its field the head knows no volgnummer of the board: a late delivery would be taken for the newest, and
    the night behind it for unchanged. with_entries: what would tell it from a board nobody has seen is gone, too."""
    old, new = ([row.replace("99ZZ", school) for row in teachers(5, name)] for name in ("Oud", "Nieuw"))
    machine.night(board, 1, old)
    machine.night(board, 10, new)
    head = next(key for key in machine.redis("--scan", "--pattern", "*:head").split("\n")
                if key and machine.redis("hexists", key, "b" + board).strip() == "1")
    machine.redis("hdel", head, "b" + board)
    if with_entries:
        entries = machine.redis("--scan", "--pattern", "*:" + board).split()
        check("it has entries", entries != [] and machine.redis("unlink", *entries).strip() != "0", entries)
    late = machine.night(board, 5, old)
    check("a late delivery is late", late == {"verouderd": 5}, late)
    back = machine.night(board, 11, old)
    check("and the next one is no lost update", back == {"gewijzigd": 5}, back)
    machine.expect("verify finds nothing", 0, " 0 differences", "verify", "--board", board)


def main():
    data = Path(tempfile.mkdtemp(prefix="instroom-cache-"))
    stack = stacks.Stack(f"cache-{os.getpid()}")
    try:
        stack.up({"partitions": 3, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False, "base_port": None,
                  "wait": WAIT_S})
        machine = Machine(stack, data)
        machine.share(SHARE)
        machine.workers.prepare(ROOT / "tests" / "cases" / "reference")
        machine.workers.start(machine.workers.all(COUNTS), WAIT_S)
        a_lie_is_found(machine)
        a_removed_field_is_no_new_board(machine, "99902", "99QB", False)
        a_removed_field_is_no_new_board(machine, "99906", "99QF", True)
        machine.workers.end(machine.workers.all(COUNTS), signal.SIGTERM, 30)
    finally:
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
