"""floors: what the parts cost alone, on the rows and messages of the run itself, between A and B of a chain.

  pg-upsert    the register's teacher rows: COPY to a temporary table, INSERT .. ON CONFLICT ordered by key, 10,000 rows
               a transaction, one session, into an empty table of the same shape
  pg-copy      the same rows by COPY straight into such a table, one transaction
  kafka-raw, kafka-verdict   the same messages consumed, and produced with acks=all
  codecs       each pure stage alone on one core (codec_bench)
"""
import json
import os
import subprocess
import time

from private_stack.places import StackError

from .meter import Meter
from .sample import Sample

BATCH_ROWS = 10_000
SHAPE = "like register.teacher including all"


def tool(rig, name):
    path = rig.build / "scripts/bench.d" / name
    return path if path.exists() else None


def script_of(rows_file, out):
    """psql's words and data in one file: batches of the peers' size."""
    with open(rows_file) as rows, open(out, "w") as script:
        script.write(f"create temp table staging ({SHAPE} excluding indexes) on commit delete rows;\n")
        batch = []
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH_ROWS:
                write_batch(script, batch)
                batch = []
        if batch:
            write_batch(script, batch)


def write_batch(script, batch):
    script.write("begin;\ncopy staging from stdin;\n")
    script.writelines(batch)
    script.write("\\.\ninsert into floor.teacher as t select * from staging order by board, key on conflict (board, "
                 "key) do update set bsn = excluded.bsn, status = excluded.status, sequence = excluded.sequence, "
                 "since = excluded.since, lapsed_on = excluded.lapsed_on, hash = excluded.hash, content = "
                 "excluded.content, targets = excluded.targets where t.sequence < excluded.sequence;\ncommit;\n")


class Floors:
    def __init__(self, rig, data):
        self.rig, self.data = rig, data
        self.lines = data.lines["first"]

    def metered(self, subject, work):
        """work returns the seconds it took, or None: the wall clock's."""
        self.rig.quiet()
        wal = self.rig.lsn()
        meter = Meter(self.rig.processes)
        meter.start()
        begun = time.monotonic()
        seconds = work()
        seconds = seconds or time.monotonic() - begun
        cpu, peak = meter.stop()
        return Sample("A", "log", subject, self.data.size, self.lines, seconds, cpu, peak, meter.load,
                      {"wal_bytes": self.rig.lsn() - wal})

    def postgres(self):
        rows, script = self.data.dir / "teacher.rows", self.data.dir / "teacher.sql"
        self.rig.psql("-c", f"\\copy (select * from register.teacher) to '{rows}'", role="OWNER")
        script_of(rows, script)
        samples = []
        for subject, words in (("pg-upsert", ["-f", str(script)]),
                               ("pg-copy", ["-c", f"\\copy floor.teacher from '{rows}'"])):
            self.rig.psql("-c",
                          f"drop schema if exists floor cascade; create schema floor; create table floor.teacher "
                          f"({SHAPE}) "
                          "with (fillfactor = 90)")
            samples.append(self.metered(subject, lambda words=words: self.rig.psql(*words) and None))
        self.rig.psql("-c", "drop schema floor cascade")
        return samples

    def kafka(self):
        program = tool(self.rig, "kafka_bench")
        if program is None:
            return []
        samples = []
        for name in ("raw", "verdict"):
            source = self.rig.topics[f"topic.{name}"]
            into = f"floor.{name}.{self.rig.number}"
            self.rig.make_topic(into)
            answer = {}

            def work(source=source, into=into, answer=answer):
                done = subprocess.run([program, self.rig.env["INSTROOM_KAFKA_BROKERS"], source, into], check=False,
                                      capture_output=True, text=True)
                if done.returncode != 0:
                    raise StackError(f"kafka_bench failed: {done.stderr.strip()}")
                answer.update(json.loads(done.stdout))
                return answer["consume_seconds"] + answer["produce_seconds"]

            sample = self.metered(f"kafka-{name}", work)
            sample.extra |= {"in_lines_s": round(self.lines / answer["produce_seconds"]),
                             "out_lines_s": round(self.lines / answer["consume_seconds"]), "bytes": answer["bytes"]}
            samples.append(sample)
        return samples

    def all(self):
        return self.postgres() + self.kafka()


def codecs(rig, data, rounds=3):
    """{stage: nanoseconds a line}, or why not."""
    program = tool(rig, "codec_bench")
    if program is None:
        return {"skipped": "codec_bench is not built"}
    done = subprocess.run([program, data.folder("first"), data.reference, str(rounds)], check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise StackError(f"codec_bench failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def usage_of(command, environment):
    """Runs a program to its end: (its output, CPU seconds with its children, largest peak in bytes)."""
    child = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
    said, complained = child.stdout.read(), child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise StackError(f"{command[0]} ended with {child.returncode}: {complained.strip()[-500:]}")
    return said, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
