"""meter: CPU time and peak memory of the processes that share a piece of work, by label.

PostgreSQL counts with all its backends, those that ended included. Peaks begin anew at start() where the kernel lets
us.
"""
import os
import time

from private_stack.process import children_of, stat_fields

from . import machine

TICKS = os.sysconf("SC_CLK_TCK")
UTIME, STIME, CUTIME, CSTIME = 11, 12, 13, 14  # of stat_fields()


def cpu_of(pid, *columns):
    fields = stat_fields(pid)
    return 0.0 if fields is None else sum(int(fields[column]) for column in columns) / TICKS


def peak_of(pid):
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class Meter:
    def __init__(self, processes):
        """processes: function that returns [(label, process of private_stack)]; several may share a label."""
        self.processes = processes

    def pids(self):
        return [(label, process.pid()) for label, process in self.processes() if process.pid() is not None]

    def read(self):
        cpu, peak = {}, {}
        for label, pid in self.pids():
            family = [pid] + (children_of(pid) if label == "postgres" else [])
            seconds = sum(cpu_of(one, UTIME, STIME) for one in family)
            if label == "postgres":
                seconds += cpu_of(pid, CUTIME, CSTIME)
            cpu[label] = cpu.get(label, 0.0) + seconds
            peak[label] = max([peak.get(label, 0)] + [peak_of(one) for one in family])
        return cpu, peak

    def start(self):
        for _, pid in self.pids():
            try:
                with open(f"/proc/{pid}/clear_refs", "w") as file:
                    file.write("5")
            except OSError:
                pass
        self.before = self.read()[0]
        self.load = machine.load_average()

    def stop(self):
        """(cpu seconds by label, peak bytes by label)"""
        after, peak = self.read()
        return {label: round(after[label] - self.before.get(label, 0.0), 3) for label in after}, peak


def wait_for(is_done, wait_s, step_s):
    """Seconds on the monotonic clock when is_done() first said so."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        if is_done():
            return time.monotonic()
        time.sleep(step_s)
    return None
