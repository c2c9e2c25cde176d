"""peers: what a user would write instead, on the same records as flat JSON, from a topic filled beforehand.

They take one table with the natural primary key (board, bsn, benoemingssleutel). They do no validation, no dedup before
the database, no second hop, no history, no ledger and no feedback. Their clock starts with their first record, ours
with the assignment of the first partition.
"""
import json
import shutil
import subprocess
import venv
from pathlib import Path

from private_stack.places import StackError, place

from . import data as sets
from .floors import usage_of
from .meter import Meter
from .sample import Sample
from .workloads import STEPS

HERE = Path(__file__).resolve().parent.parent / "peers"
NAMES = {"go2": "Go, two writers", "go1": "Go, one writer", "python": "Python", "kcat": "kcat and psql"}
# of more lines only the fastest, which the goals speak of: the others take minutes
FASTEST, ALL_LINES_MAX = "go2", 500_000
# narrower keys; everything else is text, which costs the least to read and compare
TYPES = {"board": "int", "bsn": "int"}
LEFT_OUT = "no validation, no dedup before the database, no second hop, no history, no ledger, no feedback"


def last_words(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def build_go(out):
    """None, or why there is none."""
    if shutil.which("go") is None:
        return "there is no Go toolchain"
    done = subprocess.run(["go", "build", "-o", out / "peer", "."], cwd=HERE / "go", check=False, capture_output=True,
                          text=True)
    return None if done.returncode == 0 else f"it does not build: {last_words(done.stderr)}"


def build_python(out):
    wanted = (HERE / "python/requirements.txt").read_text()
    mark = out / "venv/.requirements"
    if mark.exists() and mark.read_text() == wanted:
        return None
    try:
        venv.create(out / "venv", with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no virtual environment: {error} (Debian: python3-venv)"
    done = subprocess.run([out / "venv/bin/pip", "install", "--quiet", "-r", HERE / "python/requirements.txt"],
                          check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        return f"its packages cannot be installed: {last_words(done.stderr)}"
    mark.write_text(wanted)
    return None


def has_kcat():
    return None if shutil.which("kcat") else "there is no kcat"


class Peers:
    def __init__(self, rig, wanted):
        self.rig = rig
        self.out = place("bench")
        why = {}
        if wanted & {"go1", "go2"}:
            why["go1"] = why["go2"] = build_go(self.out)
        if "python" in wanted:
            why["python"] = build_python(self.out)
        if wanted:
            why["kcat"] = has_kcat()  # it fills the topics for all of them
        self.skipped = {name: why[name] or why["kcat"] for name in sorted(wanted) if why[name] or why["kcat"]}
        self.names = [name for name in NAMES if name in wanted and name not in self.skipped]
        self.runs = 0

    def names_for(self, size):
        return [name for name in self.names if size <= ALL_LINES_MAX or name == FASTEST]

    def topic(self, data, name):
        return f"flat.{data.size}.{'first' if name == 'night' else name}"

    def fill(self, data):
        """One message a record, keyed by board, in batches as large as a tuned producer makes them."""
        for name in ("first", "changed") if self.names else ():
            topic = self.topic(data, name)
            self.rig.make_topic(topic)
            file = data.flat_file(name)
            with open(file, "rb") as records:
                done = subprocess.run(
                    ["kcat", "-P", "-q", "-b", self.rig.env["INSTROOM_KAFKA_BROKERS"], "-t", topic, "-K", "\t", "-z",
                     "lz4",
                     "-X", "acks=all", "-X", "linger.ms=50", "-X", "batch.size=1000000", "-X",
                     "batch.num.messages=10000",
                     "-X", "partitioner=murmur2_random"], stdin=records, check=False, capture_output=True, text=True)
            if done.returncode != 0:
                raise StackError(f"kcat could not fill {topic}: {last_words(done.stderr)}")
            file.unlink()

    def table(self, name):
        return f"peer_{name}"

    def empty(self, name, data):
        columns = ", ".join(f"{column} {TYPES.get(column, 'text')} not null" for column in data.columns())
        table = self.table(name)
        self.rig.psql("-c", f"set client_min_messages = error; drop table if exists {table}; "
                      f"create table {table} ({columns}, primary key ({', '.join(sets.KEY)})) with (fillfactor = 90)")

    def upsert(self, name, columns):
        rest = [column for column in columns if column not in sets.KEY]
        return (f"insert into {self.table(name)} as t select * from batch order by {', '.join(sets.KEY)} "
                f"on conflict ({', '.join(sets.KEY)}) do update set ({', '.join(rest)}) = "
                f"({', '.join('excluded.' + column for column in rest)}) "
                f"where ({', '.join('t.' + column for column in rest)}) "
                f"is distinct from ({', '.join('excluded.' + column for column in rest)})")

    def command(self, name):
        if name == "python":
            return [str(self.out / "venv/bin/python"), str(HERE / "python/peer.py")]
        return [str(HERE / "kcat_psql.sh")] if name == "kcat" else [str(self.out / "peer")]

    def measure(self, name, workload, step, data):
        columns, lines = data.columns(), data.lines[step]
        self.runs += 1
        environment = {"BENCH_BROKERS": self.rig.env["INSTROOM_KAFKA_BROKERS"], "BENCH_TOPIC": self.topic(data, step),
                       "BENCH_GROUP": f"peer-{self.runs}", "BENCH_PG": self.rig.env["INSTROOM_PG_OWNER"],
                       "BENCH_TABLE": self.table(name), "BENCH_UPSERT": self.upsert(name, columns),
                       "BENCH_COLUMNS": ",".join(columns), "BENCH_RECORDS": str(lines),
                       "BENCH_WRITERS": "2" if name == "go2" else "1"}
        self.rig.quiet()
        wal = self.rig.lsn()
        meter = Meter(lambda: [(label, process) for label, process in self.rig.processes()
                               if label in ("kafka", "postgres")])
        meter.start()
        said, cpu_s, peak_bytes = usage_of(self.command(name), environment)
        cpu, peak = meter.stop()
        return Sample(workload, "log", name, data.size, lines, json.loads(said)["seconds"],
                      cpu | {"peer": round(cpu_s, 3)},
                      peak | {"peer": peak_bytes}, meter.load, {"wal_bytes": self.rig.lsn() - wal})

    def check(self, name, data):
        """A peer that loses records is no peer."""
        found = int(self.rig.sql.one(f"select count(*) from {self.table(name)}"))
        if found != data.lines["changed"]:
            raise StackError(f"peer {name} left {found} rows where {data.lines['changed']} belong")

    def run(self, name, data):
        self.empty(name, data)
        samples = [self.measure(name, workload, step, data) for workload, step in STEPS]
        self.check(name, data)
        self.rig.psql("-c", f"drop table {self.table(name)}; drop table if exists {self.table(name)}_texts")
        return samples


