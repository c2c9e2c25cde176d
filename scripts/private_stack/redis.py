"""redis: the cache server of a private stack."""
import shutil
import signal
import socket
import ssl

from . import secure
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
        pki = self.stack.pki
        if pki is not None:
            commands = " ".join(f"+{word}" for word in secure.REDIS_COMMANDS.split())
            settings |= {
                "port": 0, "tls-port": self.port, "tls-auth-clients": "no",
                "tls-cert-file": f'"{pki.path("redis.crt")}"', "tls-key-file": f'"{pki.path("redis.key")}"',
                "tls-ca-cert-file": f'"{pki.ca}"',
                "user default": "off",
                "user admin": f"on >{pki.password(secure.ADMIN)} ~* &* +@all",  # of tests, which do what others might
                "user little": f"on >{pki.password('redis')} -@all +auth +ping",
                "user instroom": f"on >{pki.password('redis')} ~{{instroom.raw.*}}* resetchannels -@all {commands}",
            }
        self.settings.touch(mode=0o600)
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
                if self.stack.pki is not None:
                    with self.stack.pki.context().wrap_socket(line, server_hostname="127.0.0.1") as tls:
                        tls.sendall(f"AUTH instroom {self.stack.pki.password('redis')}\r\nPING\r\n".encode())
                        return tls.recv(64).startswith(b"+OK")
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith(b"+PONG")
        except (OSError, ssl.SSLError):
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
