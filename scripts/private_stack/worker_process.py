"""worker_process: the processes of Instroom's programs on a stack. Each is known by its settings file in DIR/workers of
the stack, so that a stack can end them without knowing what a worker is; workers.py starts them.
"""
import time

from .process import Process

KINDS = ("gateway", "validate", "write")


def process_of(config):
    """config: NAME.conf; pid and log lie beside it. It stands in the command line of that process and in no other."""
    return Process(config.stem, config.with_suffix(".pid"), config.with_suffix(".log"), config)


def kind_of(config):
    return config.stem.rstrip("0123456789")


def configs_in(folder):
    return [path for path in sorted(folder.glob("*.conf")) if kind_of(path) in KINDS]


def end(processes, number, wait_s):
    """The signal to all of them first, then the wait: a writer may wait for a validator."""
    for process in processes:
        process.signal(number)
    deadline = time.monotonic() + wait_s
    return [process.end(number, max(0.0, deadline - time.monotonic()))
            for process in processes if process.pid() is not None]
