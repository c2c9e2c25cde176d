#!/usr/bin/python3
"""Bodies encrypted in Kafka: clear deliveries, the switch, a gateway without a key for today, deliveries that leave
nothing of a person on the broker's disk, programs that lack the keys, a message that was tampered with, another master,
replay and verify over the mixed log, off again, keys of days that are over, and a key whose record somebody deleted
past instroomctl: each says which key and what to do, one partition waits and the others go on, nothing is quarantined
until an operator gives the key up. All persons are invented."""
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import replay_test  # noqa: E402
import kafka_log  # noqa: E402  its path is replay_test's
import kafka_produce  # noqa: E402
from private_stack import kafka_wire  # noqa: E402
from replay_test import COUNTS, ROOT, WAIT_S, check, line, programs, results, stacks  # noqa: E402

BOARD, SCHOOL = "99901", "99VO"
OTHER, OTHER_SCHOOL = "99902", "99ZX"  # in another partition of twelve
GENERATION, PARTITIONS, PARTITION = 2, 12, 6  # of BOARD
SEVERAL_LOOKS_S = 5
RAW, VERDICT, QUARANTINE = "instroom.raw.1", "instroom.verdict.1", "instroom.quarantine.1"
DAY_KEYS = "instroom.daykeys.1"
PROGRAMS = ("gateway1.conf", "validate1.conf", "write1.conf", "instroomctl.conf")
MARKER = b"\xc3\x01" + 0x3165646F426C6153.to_bytes(8, "little")
OLD_DAY = (20200101).to_bytes(4, "big") + bytes(7) + b"\1"


class Machine(replay_test.Machine):
    def conf(self, name, settings):
        path = self.workers.dir / name
        kept = [row for row in path.read_text().splitlines() if row.partition(" =")[0] not in settings]
        path.write_text("\n".join([*kept, *(f"{key} = {value}" for key, value in settings.items())]) + "\n")

    def end(self, *kinds):
        for kind in kinds or COUNTS:
            self.workers.end(self.workers.named(kind), signal.SIGTERM, WAIT_S)

    def start(self, *kinds, wait_s=WAIT_S):
        for kind in kinds or COUNTS:
            self.workers.start(self.workers.named(kind), wait_s)

    def log(self, kind):
        return self.workers.named(kind)[0].process.log_file.read_text()

    def until(self, what, holds):
        deadline = time.monotonic() + WAIT_S
        while not holds():
            if time.monotonic() > deadline:
                check(what, False, "not in time")
                return
            time.sleep(0.2)
        check(what, True)

    def metrics(self, name):
        with urllib.request.urlopen(f"{self.workers.named(name)[0].address}/metrics", timeout=WAIT_S) as answer:
            return answer.read().decode()

    @property
    def port(self):
        return self.stack.nodes()[0].port

    def values(self, topic):
        return [value for _, _, _, value, _ in kafka_log.read(self.port, topic, 0)]

    def on_disk(self, word):
        """Which topics have it in their files."""
        found = set()
        for path in (self.stack.nodes()[0].dir / "data").glob("instroom.*/*.log"):
            if word.encode() in path.read_bytes():
                found.add(path.parent.name.rpartition("-")[0])
        return found


def says_no_key(machine):
    """Not yet while the gateway reads the reference tables: then it lacks those first."""
    try:
        machine.deliver(BOARD, 90, "MUTATIE", [line(1, SCHOOL)], waits=False)
    except urllib.error.HTTPError as refusal:
        return refusal.code == 503 and "sleutel" in refusal.read().decode()
    return False


def switched_on(machine, master):
    machine.end()
    for name in PROGRAMS:
        machine.conf(name, {"encrypt.key.file": master, "encrypt.bodies": "yes"})
    machine.expect("the topic of day keys is made", 0, "", "migrate")
    machine.expect("it has no keys", 1, "", "day-keys", "list")
    machine.start(wait_s=0)
    machine.until("without a key for today nobody is ready", lambda: "event=day_key.missing" in machine.log("gateway"))
    machine.until("a gateway without a key refuses, and says so", lambda: says_no_key(machine))
    check("nothing of it is in the log", len(machine.values(RAW)) == 1, len(machine.values(RAW)))
    machine.expect("keys are made", 0, "2 keys made", "day-keys", "make", "2")
    machine.until("a metric says how many are missing", lambda: 'instroom_day_keys_missing{stage="gateway"} 2\n' in
                  machine.metrics("gateway1"))
    machine.expect("too few", 1, "here", "day-keys", "list")
    machine.expect("and more", 0, "3 keys made", "day-keys", "make", "5")
    machine.expect("once", 0, "0 keys made", "day-keys", "make", "5")
    machine.expect("for days enough", 0, "here", "day-keys", "list")
    for worker in machine.workers.all(COUNTS):
        worker.wait(WAIT_S)
    machine.until("and when none is", lambda: 'instroom_day_keys_missing{stage="gateway"} 0\n' in
                  machine.metrics("gateway1"))


def nothing_clear(machine):
    """What was delivered since the switch is on no disk of the broker; what was before is, so the look can see."""
    name = machine.deliver(BOARD, 3, "VOLLEDIG", [line(1, SCHOOL, name="Wacht"), line(2, SCHOOL, name="Zegelaar")])
    check("outcomes are those of clear bodies", machine.outcomes(BOARD, name) == {2: "ongewijzigd", 3: "nieuw"},
          machine.outcomes(BOARD, name))
    machine.deliver(BOARD, 4, "MUTATIE", [line(2, SCHOOL, name="Zegelmans")])
    check("a clear name is found on the disk", RAW in machine.on_disk("Klaarblijk"))
    for word in ("Zegelaar", "Zegelmans", replay_test.bsn(2), f"A-{2}-1"):
        check(f"{word} is on no disk of the broker", not machine.on_disk(word), machine.on_disk(word))
    sealed = {topic: [value.startswith(MARKER) for value in machine.values(topic)] for topic in (RAW, VERDICT)}
    check("the first message of each topic is clear, and no other",
          all(values[0] is False and all(values[1:]) and len(values) == 4 for values in sealed.values()), sealed)


def without_keys(machine):
    """A validator and a writer that do not have the keys yet wait, and quarantine nothing."""
    machine.end("validate", "write")
    for name in ("validate1.conf", "write1.conf"):
        machine.conf(name, {"topic.day_keys": "instroom.daykeys.9", "encrypt.bodies": "no"})
    name = machine.deliver(BOARD, 2, "MUTATIE", [line(1, SCHOOL, name="Wacht")], waits=False)
    machine.start("validate", wait_s=0)
    machine.until("the validator waits for the key", lambda: "why=no-day-key" in machine.log("validate"))
    check("and makes no verdict", len(machine.values(VERDICT)) == 1)
    machine.end("validate")
    machine.conf("validate1.conf", {"topic.day_keys": DAY_KEYS, "encrypt.bodies": "yes"})
    machine.start("validate")
    machine.start("write", wait_s=0)
    machine.until("the writer waits for the key", lambda: "event=verdict.waiting" in machine.log("write"))
    machine.end("write")
    machine.conf("write1.conf", {"topic.day_keys": DAY_KEYS, "encrypt.bodies": "yes"})
    machine.start("write")
    machine.wait()
    check("with the keys it is written", machine.outcomes(BOARD, name) == {2: "gewijzigd"},
          machine.outcomes(BOARD, name))


def tampered(machine):
    """The last delivery once more: with a byte changed, cut off, and under the headers of another one."""
    _, _, key, value, headers = kafka_log.read(machine.port, RAW, 0)[-1]
    changed = value[:-1] + bytes([value[-1] ^ 1])
    moved = [(name, b"7" if name == "instroom-sequence" else text) for name, text in headers]
    for one, theirs in ((changed, headers), (value[:40], headers), (value, moved)):
        kafka_produce.produce(machine.port, RAW, 0, key, one, theirs)
    machine.wait()
    reasons = [row["reason"] for row in machine.json("quarantine", "list")]
    check("each is quarantined as tampered with", reasons == ["tampered"] * 3, reasons)
    check("sealed again", all(value.startswith(MARKER) for value in machine.values(QUARANTINE)))
    check("and logged", machine.log("validate").count("event=body.tampered") >= 3)


def another_master(machine, master):
    old = master.read_text().strip()
    master.write_text(f"{old}\n{secrets.token_hex(32)}\n")
    machine.expect("until then a new key gets the master that all have", 0, "1 keys made", "day-keys", "make", "6")
    masters = {row["master"] for row in machine.json("day-keys", "list")}
    check("so whoever lacks the new one can unwrap it", len(masters) == 1, masters)
    machine.expect("all keys are wrapped by the new master", 0, "6 keys wrapped", "day-keys", "rewrap")
    master.write_text(master.read_text().splitlines()[1] + "\n")
    machine.expect("the old one is not needed any more", 0, "0 keys wrapped", "day-keys", "rewrap")
    name = machine.deliver(BOARD, 10, "MUTATIE", [line(1, SCHOOL, name="Meester")])
    check("programs that run go on", machine.outcomes(BOARD, name) == {2: "gewijzigd"}, machine.outcomes(BOARD, name))
    machine.end()
    machine.start()
    name = machine.deliver(BOARD, 11, "MUTATIE", [line(1, SCHOOL, name="Meester")])
    check("and those that start have the new master alone", machine.outcomes(BOARD, name) == {2: "ongewijzigd"},
          machine.outcomes(BOARD, name))


def wrong_master(machine, master):
    """A machine whose file is not that of the others makes nothing that would be in their way."""
    ours = master.read_text()
    count = len(machine.values(DAY_KEYS))
    machine.conf("instroomctl.conf", {"encrypt.bodies": "no"})
    master.write_text(secrets.token_hex(32) + "\n")
    machine.expect("a file with another master makes no keys", 78, "take the file that the other machines have",
                   "day-keys", "make", "5")
    machine.expect("wraps none", 1, "6 keys are wrapped by a master that encrypt.key.file does not hold",
                   "day-keys", "rewrap")
    machine.expect("says which are locked", 1, "locked", "day-keys", "list")
    locked = [row["key"] for row in machine.json("day-keys", "list") if row["state"] == "locked"]
    machine.expect("gives none up that the others have", 78, "take the file that the other machines have",
                   "day-keys", "lost", locked[-1], "--reason", "a test")
    check("and has written nothing", len(machine.values(DAY_KEYS)) == count)
    machine.end("gateway")
    machine.start("gateway", wait_s=0)
    machine.until("a gateway with that file says what it lacks", lambda: "the master key that today's day key is "
                  "wrapped by" in machine.log("gateway"))
    check("and that days lack a key", 'instroom_day_keys_missing{stage="gateway"} 4\n' in machine.metrics("gateway1"),
          machine.metrics("gateway1"))
    machine.expect("when the master is lost they are made beside the others", 0, "7 keys made", "day-keys", "make", "7",
                   "--reason", "a master that is lost")
    machine.expect("and then one of that master can be given up", 0, "counts as shredded", "day-keys", "lost",
                   locked[-1], "--reason", "a master that is lost")
    master.write_text(ours)
    machine.expect("a day that only they have a key of is in nobody's way either", 0, "3 keys made", "day-keys", "make",
                   "8")
    machine.conf("instroomctl.conf", {"encrypt.bodies": "yes"})
    machine.end("gateway")
    machine.start("gateway")
    name = machine.deliver(BOARD, 12, "MUTATIE", [line(1, SCHOOL, name="Meester")])
    check("which are in nobody's way", machine.outcomes(BOARD, name) == {2: "ongewijzigd"},
          machine.outcomes(BOARD, name))


def broken_files(machine, master):
    """Each has its own sentence and status, before anything is asked of Kafka."""
    ours = master.read_text()
    for what, text, mode, said in (
            ("cut off", ours[:40] + "\n", 0o600, "line 1 is no key of 64 hex digits"),
            ("empty", "", 0o600, "encrypt.bodies wants encrypt.key.file"),
            ("of comments", "# none yet\n", 0o600, "holds no key"),
            ("of nine keys", ours * 9, 0o600, "more than 8 keys"),
            ("that others may read", ours, 0o644, "may be used by others"),
            ("that its group may write", ours, 0o660, "may be written by its group")):
        master.write_text(text)
        master.chmod(mode)
        machine.expect(f"a file {what} is refused", 78, said, "day-keys", "rewrap")
    master.unlink()
    machine.expect("a file that is not there is refused", 78, "does not exist", "day-keys", "make")
    master.mkdir()
    machine.expect("and a folder in its place", 78, "is a folder", "day-keys", "make")
    master.rmdir()
    master.write_text(ours)
    master.chmod(0o600)


def off_again(machine):
    machine.end()
    for name in PROGRAMS:
        machine.conf(name, {"encrypt.bodies": "no"})
    machine.start()
    name = machine.deliver(BOARD, 13, "MUTATIE", [line(1, SCHOOL, name="Openbaar")])
    check("off again, it is delivered and written", machine.outcomes(BOARD, name) == {2: "gewijzigd"},
          machine.outcomes(BOARD, name))
    check("in the clear", not machine.values(RAW)[-1].startswith(MARKER))
    machine.expect("the mixed log gives the same register", 0, " 0 differences", "verify", "--all")
    machine.conf("instroomctl.conf", {"encrypt.key.file": ""})
    machine.expect("who has no master is told why he cannot read it", 69, "encrypt.key.file", "verify", "--all")
    machine.conf("instroomctl.conf", {"encrypt.key.file": machine.workers.dir / "encrypt.key"})


def shredded(machine):
    """A key of 2020, and a message that it sealed: first in the way, then gone."""
    machine.end()
    _, _, _, value, _ = kafka_log.read(machine.port, DAY_KEYS, 0)[-1]
    kafka_produce.produce(machine.port, DAY_KEYS, 0, b"20200101-0000000000000001", value, [])
    _, _, key, value, headers = next(row for row in kafka_log.read(machine.port, RAW, 0) if row[3].startswith(MARKER))
    offset = kafka_produce.produce(machine.port, RAW, 0, key, value[:11] + OLD_DAY + value[23:], headers)
    kafka_produce.delete_before(machine.port, RAW, 0, offset)
    machine.conf("instroomctl.conf", {"retention.timer": "remove"})
    machine.expect("the timer leaves the key of a day of which a message is there", 0,
                   "0 keys of days before 2020-01-01", "day-keys", "shred", "--timer")
    machine.conf("instroomctl.conf", {"retention.timer": "show"})
    machine.expect("days within the retention are kept", 64, "at the latest", "day-keys", "shred", "2099-01-01")
    machine.expect("a message of that day is in the way", 1, f"{RAW}/0 still holds 1 messages", "day-keys", "shred",
                   "2020-02-01", "--reason", "a test")
    kafka_produce.delete_before(machine.port, RAW, 0, offset + 1)
    machine.expect("nor does the timer go without the setting", 0, "1 keys of days before", "day-keys", "shred",
                   "--timer")
    machine.expect("without a reason it is shown", 0, "with --reason they are shredded", "day-keys", "shred",
                   "2020-02-01")
    machine.expect("a timer gives no other reason", 64, "--timer does what", "day-keys", "shred", "--timer", "--reason",
                   "a test")
    machine.conf("instroomctl.conf", {"retention.timer": "remove"})
    machine.expect("with the setting the timer shreds it", 0, "1 keys are shredded", "day-keys", "shred", "--timer")
    row = machine.json("day-keys", "list")[0]
    check("which the list says, by whom and why", row["by"] and
          (row["state"], row["why"], row["left"]) == ("shredded", "retention.timer = remove", True), row)
    machine.expect("once", 0, "0 keys of days before 2020-02-01", "day-keys", "shred", "2020-02-01",
                   "--reason", "a test")


# --- a key that is gone ---

def flush(machine):
    subprocess.run(["redis-cli", "-p", str(machine.stack.port("redis")), "flushall"], check=True, capture_output=True)


def new_generation(machine):
    """Other topics, of twelve partitions, and an empty register: what was before is in nobody's way."""
    machine.end()
    machine.workers.empty_register()
    flush(machine)
    settings = programs.generation(GENERATION)
    settings["instroomctl"] |= {"topic.partitions": PARTITIONS, "retention.timer": "show", "checkpoint.dir": ""}
    for name in PROGRAMS:
        kind = "instroomctl" if name == "instroomctl.conf" else name.rstrip("1.conf")
        machine.conf(name, settings[kind] | {"encrypt.bodies": "yes"})
    for words in (["migrate"], ["reference", "import", "--allow-smaller", ROOT / "tests/cases/reference"],
                  ["reference", "publish"], ["day-keys", "make"]):
        machine.expect(f"a new generation: {words[0]}", 0, "", *words)
    machine.start()


def todays_record(machine):
    """(key, value) of the day key that seals now."""
    today = machine.sql("select rights.day_of(now())").encode()
    newest = {key: value for _, _, key, value, _ in kafka_log.read(machine.port, DAY_KEYS, 0)}
    sealed = next(value for _, _, _, value, _ in kafka_log.read(machine.port, f"instroom.raw.{GENERATION}", PARTITION))
    ident = int.from_bytes(sealed[11:15], "big"), sealed[15:23].hex()
    key = b"%08d-%s" % (ident[0], ident[1].encode())
    check("the first message is sealed with a key of today", key.startswith(today) and newest[key], key)
    return key, newest[key]


def delete_beginning(machine):
    """As a wrong cleanup.policy would."""
    kafka_wire.alter_topic(machine.port, DAY_KEYS, {"cleanup.policy": "compact,delete"})
    kafka_produce.delete_before(machine.port, DAY_KEYS, 0, kafka_log.end_of(machine.port, DAY_KEYS, 0))
    kafka_wire.alter_topic(machine.port, DAY_KEYS, {"cleanup.policy": "compact"})


def refuses_for_want_of_a_key(machine, board, school, sequence):
    try:
        machine.deliver(board, sequence, "MUTATIE", [line(6, school)], waits=False)
    except urllib.error.HTTPError as refusal:
        return refusal.code == 503 and "sleutel" in refusal.read().decode()
    return False


def record_deleted(machine):
    """By a message without value, while programs run: nothing more is sealed with it, and make puts it back."""
    name = machine.deliver(BOARD, 1, "VOLLEDIG", [line(1, SCHOOL, name="Ring"), line(2, "99QF", name="Ringeling")])
    check("one line waits for a school", machine.outcomes(BOARD, name) == {2: "nieuw", 3: "afgekeurd"},
          machine.outcomes(BOARD, name))
    plan = machine.json("replay", "plan", "--board", BOARD)
    key, value = todays_record(machine)
    kafka_produce.produce(machine.port, DAY_KEYS, 0, key, None, [])
    for kind in COUNTS:
        machine.until(f"{kind} says which record was deleted", lambda kind=kind: "event=day_key.deleted offset=" in
                      machine.log(kind) and key.decode() in machine.log(kind))
    machine.until("a gateway seals nothing with it", lambda: refuses_for_want_of_a_key(machine, BOARD, SCHOOL, 2))
    machine.expect("the list says so", 1, "deleted", "day-keys", "list")
    done = machine.expect("and the check, with the messages that need it", 1, key.decode(), "day-keys", "check")
    check("and what puts it back", "deleted" in done.stdout and "day-keys make puts it back" in done.stderr, done)
    machine.expect("as make does", 0, "1 keys put back", "day-keys", "make")
    machine.expect("which is then well", 0, "", "day-keys", "check")
    machine.until("and the gateway takes again", lambda: not refuses_for_want_of_a_key(machine, BOARD, SCHOOL, 2))
    machine.wait()
    return plan["job"], key, value


def each_says_which(machine, job, key):
    """key: as text. What was sealed with it waits in its partition alone."""
    name = machine.deliver(OTHER, 3, "MUTATIE", [line(7, OTHER_SCHOOL, name="Anders")], waits=False)
    machine.until("the other partition goes on", lambda: machine.outcomes(OTHER, name) == {2: "nieuw"})
    machine.until("the validator says which key, for which message, and where to look", lambda:
                  f'partition={PARTITION} offset=2 why=no-day-key message="is sealed with day key {key}, which the'
                  in machine.log("validate") and "day-keys check" in machine.log("validate"))
    machine.until("and the writer", lambda: f"event=partition.waiting partition={PARTITION} raw_offset=1" in
                  machine.log("write") and key in machine.log("write"))
    done = machine.expect("verify leaves one partition unproven", 1, "1 partitions are unproven", "verify", "--all")
    check("and says for want of which key", key in done.stderr and " 0 differences" in done.stdout and
          "day-keys check" in done.stderr, done)
    machine.expect("of others it proves all", 0, " 0 differences", "verify", "--board", OTHER)
    machine.expect("the ledger balances", 0, "balances", "ledger", "--check")
    done = machine.expect("status is no fault of Kafka", 0, "raw message 1 is sealed with day key", "status")
    check("and knows the others", "Kafka is away" not in done.stdout and "1 to write" in done.stdout, done)
    machine.expect("a plan leaves the delivery out", 1, "deliveries left out", "replay", "plan", "--board", BOARD)
    machine.expect("a replay that was planned waits", 69, "of 1 the day key is missing", "replay", "start", job,
                   "--reason", "a test")
    done = machine.expect("the check names the messages", 1, "missing", "day-keys", "check")
    check("of both topics", [row.split()[2:] for row in done.stdout.splitlines() if key in row] ==
          [[f"instroom.raw.{GENERATION}", str(PARTITION), "0", "2", "3"],
           [f"instroom.verdict.{GENERATION}", str(PARTITION), "0", "1", "2"]], done.stdout)
    check("and what to do", "RUNBOOK.md, A day key is gone" in done.stderr, done.stderr)
    check("nothing is quarantined", machine.json("quarantine", "list") == [], machine.json("quarantine", "list"))


def rests(machine):
    """Started anew validators and writers come to the same, and what waits is logged once."""
    logged = {kind: len(machine.log(kind)) for kind in ("validate", "write")}
    machine.end("validate", "write")
    machine.start("validate", "write", wait_s=0)
    said = {kind: lambda kind=kind: machine.log(kind)[logged[kind]:].count("waiting partition=") for kind in logged}
    for kind, count in said.items():
        machine.until(f"{kind} says it again when it starts", count)
    time.sleep(SEVERAL_LOOKS_S)
    counts = {kind: count() for kind, count in said.items()}
    check("and once, however often it looks", counts == {"validate": 1, "write": 1}, counts)
    check("nothing is quarantined by that either", machine.json("quarantine", "list") == [])


def given_up(machine):
    """The records are gone for good, and an operator says so. One delivery was judged and not written, one not even
    judged."""
    machine.end("write")
    ends = kafka_log.end_of(machine.port, f"instroom.verdict.{GENERATION}", PARTITION)
    judged = machine.deliver(BOARD, 4, "MUTATIE", [line(1, SCHOOL, name="Kwijt")], waits=False)
    machine.until("one is judged", lambda: kafka_log.end_of(machine.port, f"instroom.verdict.{GENERATION}",
                                                            PARTITION) > ends)
    machine.end("validate")
    name = machine.deliver(BOARD, 5, "MUTATIE", [line(1, SCHOOL, name="Zoek")], waits=False)
    delete_beginning(machine)
    machine.expect("keys are made", 0, "14 keys made", "day-keys", "make")
    machine.end()
    machine.start("gateway")
    machine.start("validate", "write", wait_s=0)
    machine.until("it waits again", lambda: machine.log("validate").count("offset=5 why=no-day-key") == 1 or
                  machine.log("validate").count('code=day_key why="instroom.verdict') > 0)
    missing = sorted({row["key"] for row in machine.json("day-keys", "check")})
    machine.expect("a key is not given up without a reason", 64, "--reason", "day-keys", "lost", missing[0])
    machine.expect("nor by another name", 64, "KEY is a day", "day-keys", "lost", "20261130", "--reason", "a test")
    here = next(row["key"] for row in machine.json("day-keys", "list") if row["state"] == "here")
    machine.expect("nor one that is here", 1, "nothing is given up", "day-keys", "lost", here, "--reason", "a test")
    machine.end("validate")
    for key in missing:
        machine.expect("one that is gone is", 0, "counts as shredded", "day-keys", "lost", key, "--reason", "a test")
    machine.until("a verdict that was not written counts for nobody", lambda: "event=verdict.skipped" in
                  machine.log("write"))
    flush(machine)
    machine.start("validate")
    machine.wait()
    reasons = [row["reason"] for row in machine.json("quarantine", "list")]
    check("what was not written is quarantined now, and nothing else", reasons == ["shredded"] * 2, reasons)
    for one in (judged, name):
        check("its terugmelding says so", machine.outcomes(BOARD, one) == {2: "quarantaine"},
              machine.outcomes(BOARD, one))
    name = machine.deliver(BOARD, 6, "MUTATIE", [line(1, SCHOOL, name="Weer")])
    check("the board delivers again", machine.outcomes(BOARD, name) == {2: "gewijzigd"}, machine.outcomes(BOARD, name))
    machine.expect("the ledger names what an operator has to decide", 1, "2 lines in quarantaine", "ledger", "--check")


def key_gone(machine):
    new_generation(machine)
    job, key, value = record_deleted(machine)
    machine.end("validate")
    name = machine.deliver(BOARD, 3, "MUTATIE", [line(1, SCHOOL, name="Ringers")], waits=False)
    delete_beginning(machine)
    for kind in ("gateway", "write"):
        machine.until(f"{kind} says that the beginning of the topic is gone",
                      lambda kind=kind: "event=day_keys.deleted" in machine.log(kind))
    machine.until("nothing is sealed with a key that nobody else has",
                  lambda: refuses_for_want_of_a_key(machine, OTHER, OTHER_SCHOOL, 2))
    machine.expect("keys are made", 0, "14 keys made", "day-keys", "make")
    machine.until("a program that runs seals with the new one",
                  lambda: not refuses_for_want_of_a_key(machine, OTHER, OTHER_SCHOOL, 2))
    machine.end()
    machine.start("gateway")
    machine.start("validate", "write", wait_s=0)
    each_says_which(machine, job, key.decode())
    rests(machine)
    kafka_produce.produce(machine.port, DAY_KEYS, 0, key, value, [])
    machine.wait()
    check("the record is back, and what waited is written", machine.outcomes(BOARD, name) == {2: "gewijzigd"},
          machine.outcomes(BOARD, name))
    machine.expect("the replay goes on", 0, "1 of 1 messages are in the ledger", "replay", "resume", job)
    machine.expect("and all is proved", 0, " 0 differences", "verify", "--all")
    given_up(machine)


# --- what starts from a checkpoint ---

def checkpointed(machine, data):
    """Made over sealed bodies; what they hold is sealed too. Then the older log is gone, and after it the register."""
    for name, words in (("seal", ("rand", "-hex", "32")), ("sign", ("genpkey", "-algorithm", "ed25519"))):
        (data / name).touch(0o600)
        (data / name).write_bytes(subprocess.run(["openssl", *words], check=True, capture_output=True).stdout)
    machine.conf("instroomctl.conf", {"checkpoint.dir": data / "checkpoints", "checkpoint.key.file": data / "seal",
                                      "checkpoint.sign.key.file": data / "sign", "encrypt.bodies": "yes"})
    for name in PROGRAMS[:3]:
        machine.conf(name, {"encrypt.bodies": "yes"})
    machine.end()
    machine.start()
    machine.expect("one is made over sealed and clear bodies", 0, "1 checkpoints were made", "checkpoint", "make")
    everything = b"".join(one.read_bytes() for one in (data / "checkpoints").iterdir())
    check("and nothing of them is clear in it", b"Zegel" not in everything and replay_test.bsn(2).encode()
          not in everything)
    for topic in (RAW, VERDICT):
        kafka_produce.delete_before(machine.port, topic, 0, kafka_log.end_of(machine.port, topic, 0))
    machine.deliver(BOARD, 20, "MUTATIE", [line(1, SCHOOL, name="Nadien")])
    check("what came since is sealed", all(value.startswith(MARKER) for value in machine.values(RAW)))
    machine.expect("from it, and from sealed bodies since, all is proved", 0, " 0 differences", "verify", "--all")
    teachers = "select md5(string_agg(t::text, '|' order by bsn)) from (select bsn, status, content from" \
        " register.teacher) t"
    before = machine.sql(teachers)
    machine.end("validate", "write")
    machine.workers.empty_register()
    machine.expect("an empty register is made", 0, "", "migrate")
    machine.expect("it comes back from the checkpoint", 0, "rows put right", "checkpoint", "restore", "--reason",
                   "a test")
    machine.start("validate", "write")
    machine.wait()
    check("and from sealed bodies since", machine.sql(teachers) == before)
    machine.expect("which is what the log says", 0, " 0 differences", "verify", "--all")


def main():
    data = Path(tempfile.mkdtemp(prefix="instroom-encryption-"))
    stack = stacks.Stack(f"encryption-{os.getpid()}")
    try:
        stack.up({"partitions": 1, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False, "base_port": None,
                  "wait": WAIT_S})
        machine = Machine(stack, data)
        machine.workers.prepare(ROOT / "tests" / "cases" / "reference")
        machine.start()
        machine.deliver(BOARD, 1, "VOLLEDIG", [line(1, SCHOOL, name="Klaarblijk")])
        master = machine.workers.secret("encrypt.key", lambda: secrets.token_hex(32) + "\n")
        switched_on(machine, master)
        without_keys(machine)
        nothing_clear(machine)
        tampered(machine)
        another_master(machine, master)
        wrong_master(machine, master)
        broken_files(machine, master)
        off_again(machine)
        checkpointed(machine, data)
        shredded(machine)
        key_gone(machine)
    finally:
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
