#!/usr/bin/python3
"""Bodies encrypted in Kafka: clear deliveries, the switch, a gateway without a key for today, deliveries that leave
nothing of a person on the broker's disk, programs that lack the keys, a message that was tampered with, another master,
replay and verify over the mixed log, off again, and keys of days that are over. All persons are invented."""
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
from replay_test import COUNTS, ROOT, WAIT_S, check, line, results, stacks  # noqa: E402

BOARD, SCHOOL = "99901", "99VO"
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
    machine.expect("all keys are wrapped by the new master", 0, "5 keys wrapped", "day-keys", "rewrap")
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
    machine.expect("wraps none", 1, "5 keys are wrapped by a master that encrypt.key.file does not hold",
                   "day-keys", "rewrap")
    machine.expect("says which are locked", 1, "locked", "day-keys", "list")
    check("and has written nothing", len(machine.values(DAY_KEYS)) == count)
    machine.end("gateway")
    machine.start("gateway", wait_s=0)
    machine.until("a gateway with that file says what it lacks", lambda: "the master key that today's day key is "
                  "wrapped by" in machine.log("gateway"))
    check("and that days lack a key", 'instroom_day_keys_missing{stage="gateway"} 4\n' in machine.metrics("gateway1"),
          machine.metrics("gateway1"))
    machine.expect("when the master is lost they are made beside the others", 0, "6 keys made", "day-keys", "make", "6",
                   "--reason", "a master that is lost")
    master.write_text(ours)
    machine.expect("a day that only they have a key of is in nobody's way either", 0, "2 keys made", "day-keys", "make",
                   "7")
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
    finally:
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
