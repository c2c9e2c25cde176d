"""redis: the cache server of a private stack."""
import shutil
import signal
import socket

from .places import StackError, give_to
from .process import Process


class Redis:
    name = "redis"

    def __init__(self, stack):
        self.stack = stack
        self.port = stack.port("redis")
        self.dir = stack.dir / "redis"
        self.settings = self.dir / "redis.conf"
        self.process = Process(self.name, stack.pid_file(self.name), stack.log_file(self.name), self.settings)

    def prepare(self):
        self.dir.mkdir(mode=0o700, exist_ok=True)
        give_to(self.stack.user, self.dir)
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "daemonize": "no",
            "dir": f'"{self.dir}"',
            "set-proc-title": "no",  # the command line keeps our path
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory": 0,
            "maxmemory-policy": "noeviction",
            "enable-debug-command": "local",  # fault tests make it slow
            "databases": 1,
        }
        self.settings.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        give_to(self.stack.user, self.settings)

    def start(self):
        program = shutil.which("redis-server")
        if program is None:
            raise StackError("there is no redis-server: run scripts/install")
        self.process.start([program, self.settings], self.dir, self.stack.user)

    def is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as line:
                line.settimeout(2)
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def wait(self, wait_s):
        self.process.wait_until(self.is_ready, wait_s)

    def stop(self):
        return self.process.end(signal.SIGTERM, 10)

    def kill(self):
        return self.process.end(signal.SIGKILL, 10)

    discard = kill

    def signal(self, number):
        return self.process.signal(number)
