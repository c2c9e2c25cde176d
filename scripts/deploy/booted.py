"""A Debian with a booted systemd in a container of systemd-nspawn, and commands inside it."""
import os
import signal
import subprocess
from pathlib import Path

from trial import Failure, wait_until

ENVIRONMENT = ("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
               "SYSTEMD_PAGER=")


class Booted:
    """Owns the container; end() powers it off. With a network of its own it has loopback, and that is all."""

    def __init__(self, root, console):
        self.root, self.console_path, self.leader = root, console, None
        (root / "etc/hostname").write_text("booted\n")
        (root / "etc/hosts").write_text("127.0.0.1 localhost booted\n")
        environment = dict(os.environ)
        if not Path("/sys/fs/cgroup/cgroup.controllers").exists():
            environment["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] = "1"
        self.console = console.open("w")
        self.process = subprocess.Popen(
            ["systemd-nspawn", "-D", root, "-M", f"instroom-{os.getpid()}", "-b", "--register=no", "--keep-unit",
             "--console=pipe", "--private-network"], stdin=subprocess.DEVNULL, stdout=self.console,
            stderr=self.console, env=environment, start_new_session=True)
        wait_until(self.is_up, f"the container boots, see {console}", 300)

    def is_up(self):
        if self.process.poll() is not None:
            raise Failure(f"the container ended, see {self.console_path}")
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if not children:
            return False
        self.leader = children[0]
        return self.ask("systemctl", "is-system-running")[1].strip() in ("running", "degraded")

    def ask(self, *words, text=None, timeout=None):
        """(status, what it said) of a command inside."""
        command = ["nsenter", "-t", self.leader, "-m", "-u", "-i", "-p", "-n", "-C", "-r", "-w", "env", "-i",
                   *ENVIRONMENT, *map(str, words)]
        try:
            done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  input=text, timeout=timeout)
        except subprocess.TimeoutExpired as expired:
            return 124, f"not within {timeout} s: {(expired.output or b'').decode(errors='replace')}"
        return done.returncode, done.stdout

    def end(self):
        if self.process.poll() is None:
            if self.leader:
                os.kill(int(self.leader), signal.SIGRTMIN + 4)  # systemd: power off
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.console.close()
