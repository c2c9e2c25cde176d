#!/usr/bin/python3
"""The cache in a Redis Cluster: the programs of the adapter against three masters, then while one is lost, then while
slots move. What comes of deliveries then is walked by tests/chaos (RedisClusterNodeLost, RedisClusterMoves).

The last line is "N passed, N failed".
"""
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent / "scripts")]
from redis_cluster import NODE_TIMEOUT_MS, PATIENT_MS, RedisCluster  # noqa: E402

BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev")).absolute()
PROGRAM = BUILD / "tests/integration/instroom_adapters_it"
# one user, made on one node; an address of its own
NOT_HERE = "users_are_taken_refused_or_not_permitted"
PROGRAM_LINE = re.compile(r"Passing: *(\d+).*Failing: *(\d+).*Crashing: *(\d+)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run_adapter(cluster, which, **more):
    """(passed, failed)"""
    env = os.environ | {"INSTROOM_REDIS_ADDRESS": cluster.address} | more
    done = subprocess.run([PROGRAM, "--verbose", "--jobs", "1", "--filter", f"redis/{which}"], env=env,
                          capture_output=True, text=True, timeout=300)
    said = COLOUR.sub("", done.stdout + done.stderr)
    found = PROGRAM_LINE.findall(said)
    passed, failed = (int(found[-1][0]), int(found[-1][1]) + int(found[-1][2])) if found else (0, 1)
    if failed or not passed or os.environ.get("INSTROOM_TEST_TALK"):
        print(f"{which}:\n{said}")
    return passed, failed or not passed


def meanwhile(action, *arguments):
    thread = threading.Thread(target=action, args=arguments)
    thread.start()
    return thread


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="instroom-cluster-") as folder:
        cluster = RedisCluster(Path(folder) / "nodes", PATIENT_MS)
        try:
            cluster.start()
            names = re.findall(r"^Test\(redis, (\w+)\)", (HERE / "adapters_redis_test.c").read_text(), re.M)
            for name in names:
                if name == NOT_HERE or name.startswith("in_a_cluster_"):
                    continue
                good, bad = run_adapter(cluster, name)
                passed, failed = passed + good, failed + bad
            cluster.set_node_timeout(NODE_TIMEOUT_MS)
            slot = cluster.slot_of("{it.cluster/7}")
            for name, action in (("in_a_cluster_a_moving_slot_is_followed", lambda: cluster.move_slot(slot, 0.2)),
                                 ("in_a_cluster_a_failover_is_followed", lambda: cluster.kill_master_of(slot))):
                good, bad = with_event(cluster, name, action)
                passed, failed = passed + good, failed + bad
        finally:
            cluster.stop()
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


def with_event(cluster, name, action):
    """The program works on the cache, again and again; when it says so by a file, the event happens."""
    with tempfile.TemporaryDirectory() as folder:
        mark = Path(folder) / "now"
        os.mkfifo(mark)

        def act():
            with open(mark, "rb"):
                action()
        thread = meanwhile(act)
        result = run_adapter(cluster, name, INSTROOM_CLUSTER_MARK=str(mark))
        if thread.is_alive():
            with open(os.open(mark, os.O_RDWR | os.O_NONBLOCK), "wb"):
                pass
        thread.join(300)
        return result


if __name__ == "__main__":
    sys.exit(main())
