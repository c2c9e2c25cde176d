"""sender: the boards of a workload, each sending its events one after the other, the next after the answer to the one
before.

Like instroomctl deliver, a board sends again when the line breaks or the gateway has no room or time (503): a repeat is
harmless. Boards send side by side, each to a gateway of its choice. A pause between events spreads the load, so that
faults fall into it.
"""
import collections
import http.client
import importlib.machinery
import importlib.util
import json
import random
import subprocess
import threading
import time

from . import TESTS

RETRY_S = 0.15
STOP_S = 20
WRITTEN_S = 5
RATE = "20/s"
NOTHING = "nothing"
AGAIN = {401, 500, 502, 503, 504}


def load_cases():
    """scripts/cases: how an event becomes a request."""
    path = TESTS.parent / "scripts" / "cases"
    loader = importlib.machinery.SourceFileLoader("instroom_cases", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


cases = load_cases()


class Sender:
    def __init__(self, workload, machine, gateways, token, seed):
        self.workload = workload
        self.machine = machine
        self.counts = collections.Counter()  # answers by status
        self.gateways = [cases.Gateway(port, token) for port in gateways]
        self.seed = seed
        self.answers = {}        # number: (status, answer, how often it was sent)
        self.findings = []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.run_lane, args=(board, lane), name=f"board-{board}", daemon=True)
                        for board, lane in sorted(workload.lanes.items())]

    def start(self):
        for thread in self.threads:
            thread.start()

    def progress(self):
        return len(self.answers) / max(1, self.workload.event_count())

    def is_done(self):
        return not any(thread.is_alive() for thread in self.threads)

    def wait(self, wait_s):
        """false: not everything was taken in time."""
        deadline = time.monotonic() + wait_s
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return self.is_done()

    def stop(self):
        """Nothing is sent any more; a request under way ends with the workers, if not before."""
        self.is_over.set()
        for thread in self.threads:
            thread.join(STOP_S)

    # --- one board ---

    def run_lane(self, board, lane):
        rng = random.Random(f"{self.seed}-{board}")
        for number, event in lane:
            answer = self.do(rng, event)
            if answer is None:
                return
            self.answers[number] = answer
            if self.is_over.wait(rng.uniform(0, self.workload.pause_s)):
                return

    def do(self, rng, event):
        """(status, answer, how often it was tried). None: the trial is over before."""
        if event["type"] == "naspelen":
            return self.replay(event["bestuur"])
        return self.set_back(event) if event["type"] == "herstel" else self.send(rng, event)

    def send(self, rng, event):
        path, body, headers = self.request(event)
        for times in range(1, 100000):
            gateway = rng.choice(self.gateways)
            try:
                status, _, content = gateway.ask(path, body, headers)
            except (OSError, http.client.HTTPException):
                status = 0
            self.counts[status] += 1
            if status == 401:  # the token may be another one by now
                gateway.token = (self.machine.workers.dir / "token").read_text()
            if status and status not in AGAIN:
                return status, json.loads(content), times
            if self.is_over.wait(RETRY_S):
                return None
        return None

    # --- an operator, for a board ---

    def replay(self, board):
        """Plans and publishes until it is done, whatever dies in between."""
        while not self.is_over.wait(RETRY_S):
            with self.machine.restoring:
                job = self.plan(board)
            if job == NOTHING or job and self.publish(job):
                return 200, {}, 1
        return None

    def set_back(self, event):
        """The volgnummer of the board, again until the register has answered: once it is back, again does nothing."""
        words = ["set-back", "--reason", "a test", "--", event["bestuur"], str(event["volgnummer"])]
        for times in range(1, 100000):
            status, _ = self.machine.operate("volgnummer", *words)
            if status in (0, 1):
                return 200, {"uitgevoerd": status == 0}, times
            if self.is_over.wait(RETRY_S):
                return None
        return None

    def plan(self, board):
        """The job, NOTHING to replay, or None: try again."""
        status, _ = self.machine.operate("wait", "--quiet", "--timeout", str(WRITTEN_S))
        if status != 0:
            return None
        status, said = self.machine.operate(self.machine.mended_option, "replay", "plan", "--board", board, "--json")
        if status == 1:
            return NOTHING
        return json.loads(said)["job"] if status == 0 else None

    def publish(self, job):
        """false: the register was set back to before the plan."""
        start = words = ["start", job, "--reason", "a test"]
        while not self.is_over.is_set():
            if self.machine.operate("replay", *words, "--rate", RATE)[0] == 0:
                return True
            try:
                state = self.machine.sql(f"select state from register.replay_job where id = '{job}'").strip()
            except (OSError, subprocess.SubprocessError):
                state = "unknown"
            if state in ("published", ""):
                return state == "published"
            words = start if state == "planned" else ["resume", job]  # also when it could not be asked
            self.is_over.wait(RETRY_S)
        return True

    # --- one event ---

    def request(self, event):
        if event["type"] == "bevestiging":
            path = f"/v1/besturen/{event['bestuur']}/leveringen/{event['leveringsid']}/bevestiging"
            return path, b"", {"Content-Type": "application/json"}
        content = (self.workload.folder / event["bestand"]).read_bytes()
        return cases.delivery_path(event), content, {"Content-Type": "text/csv"} | cases.field_headers(event)
