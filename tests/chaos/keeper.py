"""keeper: starts the workers of a trial and starts again what died, as a service manager would.

One thread a worker waits on its pidfd, so a death is seen at once. A fault gives a worker a list of crash plans, one a
life; later lives have none. How each life ended is kept: an end that no fault asked for (settings, a bug of ours, a
signal of the kernel) is a finding of the trial. So is 70, by which a worker asks to be started again, unless Kafka was
the fault and may have ended its producer for good: all else a worker waits for.
"""
import os
import select
import signal
import threading
import time

from private_stack.process import tail_of

RESTART_S = 0.15
LIVES_MAX = 40
LAST_WORDS = 3  # lines
CRASHED, DRAINED = 137, 0  # of a crash point; TERM
EXPECTED = {CRASHED, DRAINED, -signal.SIGKILL}


class Keeper:
    def __init__(self, workers, lives_max=LIVES_MAX, may_end_with=()):
        """may_end_with: sets of exit statuses."""
        self.workers = workers
        self.lives_max = lives_max
        self.expected = EXPECTED.union(*may_end_with)
        self.plans = {worker.name: [] for worker in workers}  # of lives to come; a list may grow while its worker lives
        self.is_over = threading.Event()
        self.ends = []        # (name, status)
        self.findings = []
        self.threads = []

    def start(self, crash_at, wait_s):
        """crash_at: {name of a worker: [INSTROOM_CRASH_AT of each life]}. Waits until those without any are ready."""
        for worker in self.workers:
            self.plans[worker.name] += crash_at.get(worker.name, [])
            thread = threading.Thread(target=self.keep, args=(worker, self.plans[worker.name]), name=worker.name,
                                      daemon=True)
            self.threads.append(thread)
            thread.start()
        deadline = time.monotonic() + wait_s
        while not all(worker.is_ready() for worker in self.workers if worker.name not in crash_at):
            if time.monotonic() > deadline or self.findings:
                return
            time.sleep(0.03)

    def keep(self, worker, plans):
        for life in range(1, self.lives_max + 1):
            worker.start([f"INSTROOM_CRASH_AT={plans.pop(0)}"] if plans else [])
            status = self.wait_for_end(worker)
            if self.is_over.is_set():
                return
            self.ends.append((worker.name, status))
            if status is not None and status not in self.expected:
                self.findings.append(f"{worker.name} ended with {status}, which no fault asked for; its log ends:\n" +
                                     tail_of(worker.process.log_file, LAST_WORDS))
            if self.is_over.wait(RESTART_S * min(life, 10)):
                return
        self.findings.append(f"{worker.name} died {self.lives_max} times")

    def wait_for_end(self, worker):
        """Exit status, minus a signal's number; None when somebody else collected it."""
        found = worker.process.open_pidfd()
        if found is None:
            return None
        pid, pidfd = found
        try:
            while not select.select([pidfd], [], [], 0.5)[0]:
                if self.is_over.is_set():
                    return None
            ended = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        except ChildProcessError:
            return None
        finally:
            os.close(pidfd)
        if ended is None or ended.si_pid != pid:
            return None
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status

    def crashes_of(self, kind):
        return sum(1 for name, status in self.ends if name.rstrip("0123456789") == kind and status == CRASHED)

    def stop(self, number, wait_s):
        self.is_over.set()
        for thread in self.threads:
            thread.join(5)
        for worker in self.workers:
            worker.process.signal(signal.SIGCONT)
        deadline = time.monotonic() + wait_s
        for worker in self.workers:
            worker.process.signal(number)
        for worker in self.workers:
            worker.process.end(number, max(0.0, deadline - time.monotonic()))
