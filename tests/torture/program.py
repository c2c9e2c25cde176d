"""program: one of ours as a child that we wait for, with or without the interposed library and the leak checker."""
import http.client
import os
import re
import signal
import subprocess
import time

from private_stack.process import tail_of

READY_S = 25
END_S = 15
LAST_LINES = 2


class Program:
    def __init__(self, worker, preload=(), state=None, depth=1):
        self.worker = worker
        self.preload = preload
        self.state = state
        self.depth = depth
        self.child = None
        self.log = worker.workers.dir / f"{worker.name}.log"
        self.leaks = worker.workers.dir / f"{worker.name}.leaks"
        self.lives = 0

    def start(self):
        environment = os.environ | {"LC_ALL": "C", "TZ": "UTC"}
        if self.preload:
            environment |= interposed(self.preload, self.state, self.depth, self.leaks)
        path = self.worker.workers.program(f"instroom-{self.worker.kind}")
        self.lives += 1
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen([path, "--config", str(self.worker.config)], stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=subprocess.STDOUT, env=environment,
                                          cwd=self.worker.workers.dir)

    def status(self):
        """None: it runs. Minus a signal's number."""
        return self.child.poll() if self.child else None

    def is_ready(self):
        try:
            return self.worker.is_ready()
        except http.client.HTTPException:
            return False  # an answer that broke off

    def wait_until_ready(self, wait_s=READY_S):
        """false: it ended, or was not ready in time."""
        deadline = time.monotonic() + wait_s
        while not self.is_ready():
            if self.status() is not None or time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def end(self, wait_s=END_S):
        """TERM, and the exit status; minus 9: it did not go in time."""
        if self.child is None:
            return 0
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(wait_s)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return self.child.wait()
        finally:
            self.child = None

    def last_words(self):
        return tail_of(self.log, LAST_LINES)

    def take_leaks(self):
        return take_leaks(self.leaks)


def interposed(preload, state, depth, leaks):
    return {"LD_PRELOAD": ":".join(map(str, preload)), "TORTURE_STATE": str(state.path), "TORTURE_DEPTH": str(depth),
            "LSAN_OPTIONS": f"exitcode=0:log_path={leaks}:fast_unwind_on_malloc=1:malloc_context_size=12:"
                            "handle_segv=0:handle_abort=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0"}


def take_leaks(path):
    """What the leak checker complained of since the last time, one text per place; the files go."""
    found = set()
    for file in path.parent.glob(path.name + ".*"):
        for block in re.split(r"\n\n", file.read_text(errors="replace")):
            if " leak of " not in block:
                continue
            frames = re.findall(r"#\d+ 0x[0-9a-f]+ (?:in )?(\S+)", block)
            ours = [frame for frame in frames[1:] if not frame.startswith("(")][:5] or frames[:5]
            found.add(("indirect " if block.lstrip().startswith("Indirect") else "") + " < ".join(ours) +
                      " | " + " ".join(re.findall(r"\((\S+\+0x[0-9a-f]+)\)", block)[:5]))
        file.unlink()
    return found
