"""cache_faults: what a Redis can do to validators beside being away: refuse, move, fail over, bring old entries back.

Each leaves validators that use the cache again: `afterwards` waits until no partition is judged without it.
"""
import socket
import threading
import time
import urllib.request

from redis_cluster import RedisCluster

from .faults import Fault
from .machine import PARTITIONS, StackError, TooSlow

BACK_WAIT_S = 90
PAUSE_S = 0.05


def wait_for_cache(machine):
    """Until every partition is judged with the cache."""
    deadline = time.monotonic() + BACK_WAIT_S
    while any(bypassing(worker) for worker in machine.workers.named("validate")):
        if time.monotonic() > deadline:
            raise TooSlow(f"validators go without the cache {BACK_WAIT_S} s after it is well")
        time.sleep(0.1)


def bypassing(worker):
    """How many partitions; a worker that does not answer counts."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/metrics", timeout=2) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return 1
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines
               if line.startswith("instroom_partitions{") and 'state="bypass"' in line)


class RedisRefusesPassword(Fault):
    """NOAUTH for a moment: somebody sets a password that validators do not have, and takes it back. In mid-connection:
    a user whose password changes is not logged out, so they are cut."""

    resource = "redis"
    password = "nobody knows"

    def begin(self, machine):
        machine.redis("CONFIG", "SET", "requirepass", self.password)
        machine.redis("-a", self.password, "--no-auth-warning", "CLIENT", "KILL", "TYPE", "normal")

    def cure(self, machine):
        machine.redis("-a", self.password, "--no-auth-warning", "CONFIG", "SET", "requirepass", "")

    def afterwards(self, machine):
        super().afterwards(machine)
        wait_for_cache(machine)


class RedisDeadAddress(Fault):
    """The first address of Redis is dead from before the start: connections to it are neither accepted nor refused."""

    resource = "line redis"

    def prepare(self, machine, crash_at):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        dead = self.listener.getsockname()
        self.fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(dead)
            self.fillers.append(filler)
        for worker in machine.workers.named("validate"):
            address = f"127.0.0.1:{dead[1]},127.0.0.1:{machine.proxies['redis'].port}"
            machine.change_settings(worker, {"redis.address": address})

    def afterwards(self, machine):
        wait_for_cache(machine)
        for line in (self.listener, *self.fillers):
            line.close()


class RedisEntriesBack(Fault):
    """What a board's entries were a moment ago comes back under their keys, again and again; the heads go on."""

    resource = "redis"
    SAVE = ("for _, key in ipairs(redis.call('KEYS', '{*')) do"
            "  if redis.call('TYPE', key).ok == 'string' then redis.call('COPY', key, 'saved:' .. key, 'REPLACE') end "
            "end")
    PUT_BACK = ("local count = 0 "
                "for _, saved in ipairs(redis.call('KEYS', 'saved:*')) do"
                "  local key = saved:sub(7)"
                "  if redis.call('GET', key) ~= redis.call('GET', saved) then count = count + 1 end"
                "  redis.call('COPY', saved, key, 'REPLACE') "
                "end return count")
    HELD_S = 0.3

    def begin(self, machine):
        self.count = 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.put_back, args=(machine,), daemon=True)
        self.thread.start()

    def put_back(self, machine):
        while not self.is_over.is_set():
            machine.redis("EVAL", self.SAVE, "0")
            self.is_over.wait(self.HELD_S)
            self.count += int(machine.redis("EVAL", self.PUT_BACK, "0"))

    def has_struck(self, keeper):
        return self.was_open and self.count > 0

    def cure(self, machine):
        self.is_over.set()
        self.thread.join(20)

    def afterwards(self, machine):
        super().afterwards(machine)
        wait_for_cache(machine)


class InCluster(Fault):
    """Validators have a Redis Cluster: three masters with a replica each."""

    resource = "redis"

    def prepare(self, machine, crash_at):
        self.cluster = RedisCluster(machine.stack.dir / "redis-cluster")
        self.cluster.start()
        for worker in machine.workers.named("validate"):
            machine.change_settings(worker, {"redis.address": self.cluster.address})

    def slots(self, machine):
        return [self.cluster.slot_of(f"{{{machine.topic('raw')}/{partition}}}") for partition in range(PARTITIONS)]

    def afterwards(self, machine):
        super().afterwards(machine)
        wait_for_cache(machine)
        self.cluster.stop()


class RedisClusterNodeLost(InCluster):
    """A master that holds partitions is killed, its replica takes over; later it comes back as a replica."""

    def begin(self, machine):
        self.slot = self.slots(machine)[0]
        self.lost = self.cluster.kill_master_of(self.slot)

    def cure(self, machine):
        self.cluster.wait_for_failover(self.slot, self.lost)
        self.cluster.start_node(self.lost)


class RedisClusterMoves(InCluster):
    """The slots of all partitions move to another master, key by key, while they are used: back and forth."""

    def begin(self, machine):
        self.moves, self.error = 0, None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.move, args=(self.slots(machine),), daemon=True)
        self.thread.start()

    def move(self, slots):
        try:
            while not self.is_over.is_set() or self.moves == 0:
                for slot in slots:
                    self.cluster.move_slot(slot, PAUSE_S)
                    self.moves += 1
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def has_struck(self, keeper):
        return self.was_open and self.moves > 0

    def cure(self, machine):
        self.is_over.set()
        self.thread.join(60)
        if self.error or self.thread.is_alive():
            raise StackError(f"slots did not move: {self.error}")
