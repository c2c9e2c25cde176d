"""process: a server process of ours, known by its pid file across calls of the script.

A pid alone may by now be somebody else's. The file also holds the start time of the process, and the command line must
name our directory; signals go through a pidfd, so that between look and kill the pid cannot change hands.
"""
import os
import select
import signal
import subprocess
import threading
import time

from .places import StackError, TooSlow, as_user

CLEAN_ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
if "LD_LIBRARY_PATH" in os.environ:  # another version of a library is tried
    CLEAN_ENVIRONMENT["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]


class Interrupts:
    """Leaves at once on INT and TERM, but never between the start of a server and the writing of its pid file.

    Servers that run stay; helpers (initdb, the formatting of storage) are killed."""

    def __init__(self):
        self.lock = threading.Lock()
        self.open_starts = 0
        self.is_wanted = False
        self.helpers = set()

    def install(self):
        signal.signal(signal.SIGINT, self.handle)
        signal.signal(signal.SIGTERM, self.handle)

    def handle(self, _number, _frame):
        self.is_wanted = True
        if self.open_starts == 0:
            self.leave()

    def leave(self):
        for helper in list(self.helpers):
            send(helper, signal.SIGKILL)
        os.write(2, b"scripts/stack: interrupted; what runs goes on, scripts/stack down ends it\n")
        os._exit(130)

    def __enter__(self):
        with self.lock:
            self.open_starts += 1

    def __exit__(self, *_):
        with self.lock:
            self.open_starts -= 1
        if self.is_wanted and self.open_starts == 0:
            self.leave()


INTERRUPTS = Interrupts()


def run_helper(command, user, directory, environment=None, text=None, wait_s=120):
    """Runs a program to its end. Returns (exit status, what it said)."""
    child = subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=directory, umask=0o077,
        env=CLEAN_ENVIRONMENT | (environment or {}), **as_user(user))
    INTERRUPTS.helpers.add(child.pid)
    try:
        said, _ = child.communicate(text, timeout=wait_s)
        return child.returncode, said.strip()
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return -1, f"it took longer than {wait_s} s"
    finally:
        INTERRUPTS.helpers.discard(child.pid)


def stat_fields(pid):
    """state, ppid .. of /proc/PID/stat, without pid and name; None: no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return None


def start_time(pid):
    fields = stat_fields(pid)
    return None if fields is None or fields[0] in (b"Z", b"X") else int(fields[19])


def children_of(pid):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat_fields(entry)
            if fields is not None and int(fields[1]) == pid:
                found.append(int(entry))
    return found


def processes_in(directory):
    """Processes whose working directory it is, zombies left out."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/cwd") == str(directory) and \
               start_time(entry) is not None:
                found.append(int(entry))
        except OSError:
            pass
    return found


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def tail_of(path, lines=8):
    try:
        with open(path, errors="replace") as file:
            return "".join("    " + line for line in file.readlines()[-lines:]).rstrip()
    except OSError:
        return ""


class Process:
    def __init__(self, name, pid_file, log_file, mark):
        """mark: text that stands in the command line of this server and of no other."""
        self.name = name
        self.pid_file = pid_file
        self.log_file = log_file
        self.mark = os.fsencode(str(mark))

    def open_pidfd(self):
        """(pid, pidfd) of the running process, or None. The caller closes the fd."""
        try:
            pid, started = (int(word) for word in self.pid_file.read_text().split())
            pidfd = os.pidfd_open(pid)
        except (OSError, ValueError):
            return None
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                # empty for an instant within exec: the program's own, and that of /usr/bin/env before it
                command = file.read()
            is_ours = start_time(pid) == started and (not command or self.mark in command)
        except OSError:
            is_ours = False
        if is_ours:
            return pid, pidfd
        os.close(pidfd)
        return None

    def pid(self):
        found = self.open_pidfd()
        if found is None:
            return None
        os.close(found[1])
        return found[0]

    def is_paused(self):
        pid = self.pid()
        fields = pid and stat_fields(pid)
        return bool(fields) and fields[0] in (b"T", b"t")

    def start(self, command, directory, user):
        self.log_file.parent.mkdir(exist_ok=True)
        with INTERRUPTS, open(self.log_file, "ab") as log:
            log.write(f"--- {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} start of {self.name}\n".encode())
            log.flush()
            child = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                cwd=directory, env=CLEAN_ENVIRONMENT | {"HOME": str(directory)}, start_new_session=True, umask=0o077,
                **as_user(user))
            part = self.pid_file.with_suffix(".part")
            part.write_text(f"{child.pid} {start_time(child.pid) or 0}\n")
            part.replace(self.pid_file)

    def signal(self, number):
        """False: it does not run."""
        found = self.open_pidfd()
        if found is None:
            return False
        try:
            signal.pidfd_send_signal(found[1], number)
        finally:
            os.close(found[1])
        return True

    def end(self, number, wait_s):
        """Sends the signal and waits; KILL when it does not go in time. False: it did not run."""
        found = self.open_pidfd()
        if found is None:
            self.pid_file.unlink(missing_ok=True)
            return False
        pidfd = found[1]
        try:
            signal.pidfd_send_signal(pidfd, number)
            signal.pidfd_send_signal(pidfd, signal.SIGCONT)
            if not select.select([pidfd], [], [], wait_s)[0]:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                select.select([pidfd], [], [], 10)
        except ProcessLookupError:
            pass
        finally:
            os.close(pidfd)
        self.pid_file.unlink(missing_ok=True)
        return True

    def wait_until(self, is_ready, wait_s):
        deadline = time.monotonic() + wait_s
        while not is_ready():
            if self.pid() is None:
                raise StackError(f"{self.name} ended while it started; the end of "
                                 f"{self.log_file}:\n{tail_of(self.log_file)}")
            if time.monotonic() > deadline:
                raise TooSlow(f"{self.name} was not ready within {wait_s:g} s (--wait gives it longer); "
                              f"the end of {self.log_file}:\n{tail_of(self.log_file)}")
            time.sleep(0.03)


def wait_for_end_of(pids, wait_s):
    """Waits for processes that are not our children; those still there at the end are killed."""
    deadline = time.monotonic() + wait_s
    born = {pid: start_time(pid) for pid in pids}
    left = [pid for pid in pids if born[pid] is not None]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [pid for pid in left if start_time(pid) == born[pid]]
    for pid in left:
        send(pid, signal.SIGKILL)
