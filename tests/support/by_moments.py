"""by_moments: a process that runs a moment at a time, so that a trial meets it where it wants to, however slow the
machine.
"""
import signal
import time

MOMENT_S = 0.05


def run_until(process, is_there, wait_s):
    """Looks while the process is stopped, so that it cannot run on meanwhile. It is stopped afterwards."""
    deadline = time.monotonic() + wait_s
    process.send_signal(signal.SIGSTOP)
    while not is_there() and time.monotonic() < deadline and process.poll() is None:
        process.send_signal(signal.SIGCONT)
        time.sleep(MOMENT_S)
        process.send_signal(signal.SIGSTOP)
