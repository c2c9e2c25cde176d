"""postgres: the register's server in a private stack, with the database instroom and its roles.

Schema objects are not made here: that is instroomctl migrate. Passwords are random per stack and stand in the pass
file.
"""
import glob
import os
import re
import secrets
import shutil
import signal

from .places import StackError, give_to
from .process import Process, children_of, processes_in, run_helper, send, start_time, wait_for_end_of

ADMIN = "postgres"
LOGINS = ("instroom_gateway", "instroom_validator", "instroom_writer", "instroom_reader")  # all but the owner's
ROLES = ("instroom_owner", *LOGINS)
TASKS = tuple(f"instroom_{task}" for task in ("look", "persons", "replay", "repair", "reference", "access"))
SOCKET_PATH_MAX = 107  # of sun_path, without its NUL

SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "wal_compression": "lz4",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "512MB",
    "dynamic_shared_memory_type": "mmap",  # in the data directory: nothing of a killed server stays in /dev/shm
    "wal_buffers": "16MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "4GB",
    "max_connections": "100",
    "autovacuum": "on",
    "jit": "off",
    "lc_messages": "'C'",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] %q%u '",
    # no text of a statement or an error may bring data into the log
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
}

HBA = """local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""

MAKE_ROLES = """
select format('create role %I login password %L', name, password)
  from (values {values}) as wanted(name, password)
 where not exists (select from pg_roles where rolname = name)
\\gexec
select 'create database instroom owner instroom_owner template template0 encoding ''UTF8'' locale ''C'''
 where not exists (select from pg_database where datname = 'instroom')
\\gexec
revoke all on database instroom from public;
grant connect on database instroom to {roles};
select format('create role %I', name) from unnest(array[{tasks}]) as name
 where not exists (select from pg_roles where rolname = name)
\\gexec
grant temporary on database instroom to instroom_repair;
"""


def find_programs():
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
    places = [place for place in places if int(place.split("/")[-2]) >= 15]
    for place in ["/usr/lib/postgresql/15/bin"] + places[::-1]:
        if os.access(f"{place}/initdb", os.X_OK):
            return place
    found = shutil.which("initdb")
    if found is None:
        raise StackError("there is no PostgreSQL server: run scripts/install")
    return os.path.dirname(os.path.realpath(found))


def quote(value):
    """A value in a libpq conninfo string."""
    text = str(value)
    return text if re.fullmatch(r"[^\s'\\]+", text) else "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Postgres:
    name = "postgres"

    def __init__(self, stack):
        self.stack = stack
        self.port = stack.port("postgres")
        self.dir = stack.dir / "postgres"
        self.data = self.dir / "data"
        self.sockets = self.dir / "s"  # short: a socket's path has its limit
        self.pass_file = stack.dir / "pgpass"
        self.process = Process(self.name, stack.pid_file(self.name), stack.log_file(self.name), self.data)

    def conninfo(self, role):
        tls = "" if self.stack.pki is None else f" sslmode=verify-full sslrootcert={quote(self.stack.pki.ca)}"
        return f"host=127.0.0.1 port={self.port} dbname=instroom user={role} passfile={quote(self.pass_file)}{tls}"

    def passwords(self):
        if not self.pass_file.exists():
            part = self.pass_file.with_suffix(".part")
            part.touch(mode=0o600)
            part.write_text("".join(f"127.0.0.1:*:*:{role}:{secrets.token_hex(24)}\n" for role in (ADMIN, *ROLES)))
            part.replace(self.pass_file)
        return dict(line.split(":")[3:] for line in self.pass_file.read_text().split())

    def run(self, command, user=None, text=None):
        return run_helper(command, user, self.dir, {"PGPASSFILE": str(self.pass_file)}, text)

    def prepare(self):
        self.dir.mkdir(mode=0o700, exist_ok=True)
        give_to(self.stack.user, self.dir)
        if not (self.data / "PG_VERSION").exists() or (self.dir / "initdb.open").exists():
            self.make_cluster()
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        give_to(self.stack.user, self.sockets)
        fits = len(os.fsencode(f"{self.sockets}/.s.PGSQL.{self.port}.lock")) <= SOCKET_PATH_MAX
        settings = SETTINGS | {
            "listen_addresses": "'127.0.0.1'",
            "port": self.port,
            "unix_socket_directories": "'" + str(self.sockets).replace("'", "''") + "'" if fits else "''",
            "cluster_name": f"'instroom-{self.stack.name}'",
        }
        if self.stack.pki is not None:
            settings |= {"ssl": "on", "ssl_cert_file": f"'{self.stack.pki.path('postgres.crt')}'",
                         "ssl_key_file": f"'{self.stack.pki.path('postgres.key')}'"}
        (self.data / "stack.conf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        (self.data / "pg_hba.conf").write_text(
            HBA if self.stack.pki is None else HBA.replace("\nhost ", "\nhostssl "))

    def make_cluster(self):
        mark = self.dir / "initdb.open"  # stands until the cluster is whole
        mark.touch()
        shutil.rmtree(self.data, ignore_errors=True)
        secret = self.dir / "admin"
        secret.touch(mode=0o600)
        give_to(self.stack.user, secret)
        secret.write_text(self.passwords()[ADMIN] + "\n")
        status, said = self.run([f"{find_programs()}/initdb", "-D", self.data, "-U", ADMIN, f"--pwfile={secret}",
                                 "-E", "UTF8", "--locale=C", "--auth=scram-sha-256", "--no-instructions"],
                                 self.stack.user)
        secret.unlink()
        if status != 0:
            raise StackError(f"postgres: initdb failed:\n{said}")
        with open(self.data / "postgresql.conf", "a") as settings:  # what initdb found out about the machine stays
            settings.write("include 'stack.conf'\n")
        mark.unlink()

    def start(self):
        self.clear_the_dead()
        self.process.start([f"{find_programs()}/postgres", "-D", self.data], self.dir, self.stack.user)

    def clear_the_dead(self):
        """After kill -9 backends may live a moment longer, and a server that nobody has waited for (a zombie) looks
        alive to its lock files: wait for the first, remove the second."""
        wait_for_end_of(processes_in(self.data), 10)
        for lock in (self.data / "postmaster.pid", self.sockets / f".s.PGSQL.{self.port}.lock"):
            try:
                pid = int(lock.read_text().split()[0])
            except (OSError, ValueError, IndexError):
                continue
            if start_time(pid) is None:
                lock.unlink()

    def is_ready(self):
        return self.run([f"{find_programs()}/pg_isready", "-q", "-h", "127.0.0.1", "-p", self.port, "-t", "2"])[0] == 0

    def wait(self, wait_s):
        self.process.wait_until(self.is_ready, wait_s)

    def make_roles(self):
        passwords = self.passwords()
        values = ", ".join(f"('{role}', '{passwords[role]}')" for role in ROLES)
        status, said = self.run([f"{find_programs()}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
                                 "-p", self.port, "-U", ADMIN, "-d", "postgres", "-f", "-"],
                                text=MAKE_ROLES.format(values=values, roles=", ".join(ROLES),
                                                        tasks=", ".join(f"'{task}'" for task in TASKS)))
        if status != 0:
            raise StackError(f"postgres: roles and database could not be made:\n{said}")

    def stop(self):
        return self.end(signal.SIGINT, 20)  # fast: clients are sent away

    def kill(self):
        return self.end(signal.SIGKILL, 10)

    def discard(self):
        """At once, but shared memory is given back."""
        return self.end(signal.SIGQUIT, 5)

    def end(self, number, wait_s):
        pid = self.process.pid()
        children = children_of(pid) if pid else []
        for child in children:
            send(child, signal.SIGCONT)
        was_there = self.process.end(number, wait_s)
        wait_for_end_of(children, 10)
        return was_there

    def signal(self, number):
        """To the server and its backends: a pause stops them all."""
        pid = self.process.pid()
        if pid is None:
            return False
        self.process.signal(number)
        for child in children_of(pid):
            send(child, number)
        return True
