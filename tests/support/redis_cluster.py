"""redis_cluster: a Redis Cluster of its own on loopback: three masters with a replica each, without persistence.

Nodes are ended by their pid. Failover takes a second or two, as a node counts as lost after NODE_TIMEOUT_MS. Where none
is wanted, PATIENT_MS: on a busy machine a node that is asked for ten megabytes is silent for longer than a second.
"""
import os
import shutil
import socket
import subprocess
import time

from private_stack.places import TooSlow

NODE_TIMEOUT_MS, PATIENT_MS = 1000, 60000
WAIT_S = 120  # only says when to give up
# Below those of stacks, and of the connections that anybody makes meanwhile.
PORT_FIRST, PORT_LAST = 10000, 15000
BUS_STEP = PORT_LAST - PORT_FIRST  # the bus of a node is at its port and this
BLOCK = 30
MASTERS = 3


class ClusterError(TooSlow):
    pass


def is_free(port):
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    found, blocks = [], (PORT_LAST - PORT_FIRST) // BLOCK
    for port in range(PORT_FIRST + os.getpid() % blocks * BLOCK, PORT_LAST):
        if is_free(port) and is_free(port + BUS_STEP):
            found.append(port)
        if len(found) == count:
            return found
    raise ClusterError(f"no {count} free ports below {PORT_LAST}")


class RedisCluster:
    def __init__(self, directory, node_timeout_ms=NODE_TIMEOUT_MS):
        self.dir = directory
        self.node_timeout_ms = node_timeout_ms
        self.ports = free_ports(2 * MASTERS)
        self.nodes = {}

    @property
    def address(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def start_node(self, port):
        folder = self.dir / f"redis-{port}"
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "log", "ab") as log:
            self.nodes[port] = subprocess.Popen(
                # ended with us, whatever ends us
                ["setpriv", "--pdeathsig", "KILL", "redis-server", "--port", str(port), "--bind", "127.0.0.1",
                 "--dir", str(folder), "--save", "", "--cluster-enabled", "yes", "--cluster-port", str(port + BUS_STEP),
                 "--cluster-node-timeout", str(self.node_timeout_ms),
                 "--cluster-replica-validity-factor", "0", "--cluster-require-full-coverage", "no",
                 "--repl-diskless-sync-delay", "0"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def start(self):
        shutil.rmtree(self.dir, ignore_errors=True)
        for port in self.ports:
            self.start_node(port)
        for port in self.ports:
            self.wait(lambda port=port: self.ask(port, "PING") == "PONG", f"node {port} does not answer")
        done = subprocess.run(["redis-cli", "--cluster", "create", *self.address.split(","), "--cluster-replicas", "1",
                               "--cluster-yes"], capture_output=True, text=True, timeout=WAIT_S)
        if done.returncode != 0:
            raise ClusterError(f"the cluster could not be made: {done.stdout} {done.stderr}")
        self.wait(self.is_whole, "the cluster is not whole")

    def stop(self):
        for node in self.nodes.values():
            node.kill()
        for node in self.nodes.values():
            node.wait()
        self.nodes = {}

    def wait(self, condition, what):
        deadline = time.monotonic() + WAIT_S
        while not condition():
            if time.monotonic() > deadline:
                raise ClusterError(f"{what} after {WAIT_S} s")
            time.sleep(0.05)

    def set_node_timeout(self, node_timeout_ms):
        for port in self.living():
            self.ask(port, "CONFIG", "SET", "cluster-node-timeout", node_timeout_ms)

    # --- asking ---

    def ask(self, port, *words):
        done = subprocess.run(["redis-cli", "-p", str(port), *map(str, words)], capture_output=True, text=True,
                              timeout=WAIT_S)
        return done.stdout.strip()

    def living(self):
        return [port for port, node in self.nodes.items() if node.poll() is None]

    def rows(self):
        """[(id, port, flags, master's id, link is up, [slot ranges])] as the first living node sees it."""
        found = []
        for line in self.ask(self.living()[0], "CLUSTER", "NODES").splitlines():
            name, address, flags, master, _, _, _, link, *slots = line.split()
            found.append((name, int(address.split("@")[0].rsplit(":")[-1]), flags.split(","), master,
                          link == "connected", [slot for slot in slots if not slot.startswith("[")]))
        return found

    def is_whole(self):
        """Each master that lives has its replica beside it, and all slots are served."""
        replicas = [row for row in self.rows() if "slave" in row[2] and row[1] in self.living()]
        return all("cluster_state:ok" in self.ask(port, "CLUSTER", "INFO") for port in self.living()) and all(
            "master_link_status:up" in self.ask(row[1], "INFO", "replication") for row in replicas) and \
            len(replicas) == len(self.living()) - MASTERS

    def slot_of(self, key):
        return int(self.ask(self.living()[0], "CLUSTER", "KEYSLOT", key))

    def master_of(self, slot):
        """(id, port)"""
        for name, port, flags, _, _, ranges in self.rows():
            for text in ranges:
                first, _, last = text.partition("-")
                if "master" in flags and "fail" not in flags and int(first) <= slot <= int(last or first):
                    return name, port
        return None, None

    # --- what may happen to it ---

    def kill_master_of(self, slot):
        """Its port."""
        _, port = self.master_of(slot)
        self.nodes[port].kill()
        self.nodes[port].wait()
        return port

    def wait_for_failover(self, slot, lost):
        self.wait(lambda: self.master_of(slot)[1] not in (None, lost), f"no replica took slot {slot} over")

    def move_slot(self, slot, pause_s=0.0):
        """To another master, key by key, as redis-cli --cluster reshard does it; keys that came up there are replaced,
        as with --cluster-replace."""
        source, source_port = self.master_of(slot)
        target, target_port = next((row[0], row[1]) for row in self.rows()
                                   if "master" in row[2] and "fail" not in row[2] and row[0] != source)
        self.ask(target_port, "CLUSTER", "SETSLOT", slot, "IMPORTING", source)
        self.ask(source_port, "CLUSTER", "SETSLOT", slot, "MIGRATING", target)
        while True:
            keys = self.ask(source_port, "CLUSTER", "GETKEYSINSLOT", slot, 1).split()
            if not keys:
                break
            said = self.ask(source_port, "MIGRATE", "127.0.0.1", target_port, "", 0, 5000, "REPLACE", "KEYS", *keys)
            if said not in ("OK", "NOKEY"):
                raise ClusterError(f"MIGRATE of {keys} said {said}")
            time.sleep(pause_s)
        for port in (target_port, source_port):
            self.ask(port, "CLUSTER", "SETSLOT", slot, "NODE", target)
