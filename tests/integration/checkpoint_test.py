#!/usr/bin/python3
"""Checkpoints: verify starts from them when the older log is gone and verdicts are lost, finds all that it finds in a
whole log and nothing else; what is altered, of others or half written is refused, each with its own words and status;
and who is erased is in none that is made afterwards. All persons are invented.

  checkpoint_test.py [--mutations N]     N mutations of the register, each found from checkpoints; default 6"""
import argparse
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import key_test  # noqa: E402
import mutations  # noqa: E402
from replay_test import (COUNTS, ROOT, WAIT_S, bsn, check, kafka_produce, line, results, stacks,  # noqa: E402
                         without_schools)

PARTITIONS, SEED = 3, int(os.environ.get("INSTROOM_SEED", "20261130"))
BOARD, OTHER = mutations.BOARD, mutations.OTHER
OWNER = 65534  # of the folder for a while, where the test is root's
ERASED = 8  # of BOARD, lapsed by its second VOLLEDIG


class Machine(key_test.Machine):
    """Its instroomctl has the settings of checkpoints, without which nothing of them exists."""

    def __init__(self, stack, data):
        super().__init__(stack, data)
        self.dir, self.settings = data / "checkpoints", {}
        self.key_before = ""  # as manifests of before a rotation name the HMAC key
        for name, words in (("seal", ("rand", "-hex", "32")), ("sign", ("genpkey", "-algorithm", "ed25519"))):
            self.key(name, *words)
        self.settings = {"dir": self.dir, "key.file": data / "seal", "sign.key.file": data / "sign", "keep": 3}

    def key(self, name, *words):
        path = self.data / name
        path.write_bytes(subprocess.run(["openssl", *words], check=True, capture_output=True).stdout)
        path.chmod(0o600)
        return path

    def ctl(self, *words):
        settings = [f"--checkpoint.{name}={value}" for name, value in self.settings.items()]
        return super().ctl(*settings, *words)

    def with_settings(self, changed, *words):
        kept, self.settings = self.settings, {**self.settings, **changed}
        try:
            return self.ctl(*words)
        finally:
            self.settings = kept

    def newest(self, what):
        """By partition."""
        return {int(one.name[:4]): one for one in sorted(self.dir.glob(f"*.{what}"))}


def told(what, done, status, text):
    check(what, done.returncode == status and text in done.stdout + done.stderr,
          f"{done.returncode}: {done.stdout}{done.stderr}")


def ends(machine, topic):
    """By partition: the offset behind which the register has not applied the log yet."""
    column = {"raw": "next_raw", "verdict": "next_verdict"}[topic]
    rows = machine.sql(f"select partition, {column} from register.cursor where topic = 'instroom.raw.1'").splitlines()
    return {int(partition): int(offset) for partition, offset in (row.split("|") for row in rows)}


def delete_before(machine, topic, below):
    for partition, offset in below.items():
        kafka_produce.delete_before(machine.stack.nodes()[0].port, f"instroom.{topic}.1", partition, offset)


# --- making them ---

def made(machine):
    told("without a folder there are none", machine.with_settings({"dir": ""}, "checkpoint", "make"), 64,
         "checkpoint.dir")
    told("no key seals them", machine.with_settings({"key.file": ""}, "checkpoint", "make"), 78, "checkpoint.key.file")
    told("no key signs them", machine.with_settings({"sign.key.file": ""}, "checkpoint", "make"), 78,
         "checkpoint.sign.key.file")
    machine.sql("update register.teacher set bsn = bsn + 9 where content like 'Jansen%' and board = " + BOARD)
    done = machine.ctl("checkpoint", "make", "--json")
    seen = json.loads(done.stdout)
    check("a partition in which something differs gets none, the others do",
          done.returncode == 1 and seen["checkpoints_made"] == PARTITIONS - 1, f"{seen} {done.stderr}")
    machine.sql("update register.teacher set bsn = bsn - 9 where content like 'Jansen%' and board = " + BOARD)
    machine.expect("checkpoints are made", 0, f"{PARTITIONS} checkpoints were made", "checkpoint", "make")
    machine.expect("they are listed", 0, "", "checkpoint", "list")
    listed = machine.json("checkpoint", "list")
    check("each with its place, the newest of a partition first", len(listed) == 2 * PARTITIONS - 1 and
          [one["number"] for one in listed if one["partition"] == listed[0]["partition"]][0] in (1, 2) and
          sum(one["teachers"] for one in listed) > 0 and not any(one["fault"] for one in listed), listed)
    machine.expect("and sound", 0, "0 with a fault", "checkpoint", "check")
    modes = {oct(one.stat().st_mode & 0o777) for one in machine.dir.iterdir()} | {
        oct(machine.dir.stat().st_mode & 0o777)}
    check("nobody else may look", modes == {"0o600", "0o700"}, modes)
    everything = b"".join(one.read_bytes() for one in machine.dir.iterdir())
    check("and there is nothing to see", b"Jansen" not in everything and bsn(1).encode() not in everything)


def killed(machine):
    """At any moment: what was there stays, what is half is none, and is swept away."""
    before = machine.json("checkpoint", "list")
    for wait_s in (0.02, 0.2, 0.4):
        words = [machine.workers.program("instroomctl"), "--config", str(machine.workers.dir / "instroomctl.conf"),
                 *[f"--checkpoint.{name}={value}" for name, value in machine.settings.items()], "checkpoint", "make"]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(wait_s)
            except subprocess.TimeoutExpired:
                process.kill()
        machine.expect(f"killed after {wait_s} s, none is half", 0, "0 with a fault", "checkpoint", "check")
    half = [machine.dir / "0000-0000009999.state", machine.dir / "0000-0000009999.manifest.new"]
    for one in half:
        one.write_bytes(b"half of one")
    check("half a one is none", len(machine.json("checkpoint", "list")) >= len(before))
    machine.expect("the next run goes on", 0, f"{PARTITIONS} checkpoints were made", "checkpoint", "make")
    check("and sweeps it away", not any(one.exists() for one in half))
    machine.expect("checkpoint.keep are kept", 0, "", "checkpoint", "list")
    counts = [len(list(machine.dir.glob(f"{partition:04}-*.manifest"))) for partition in range(PARTITIONS)]
    keep = machine.settings["keep"]
    check("of each partition; the one that got none at first may have one less", min(counts) >= keep - 1 and
          sorted(counts)[1:] == [keep] * (PARTITIONS - 1) and max(counts) == keep, counts)


def refused(machine):
    with open(machine.dir / "lock", "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        machine.expect("two at once", 69, "another process", "checkpoint", "make")
        machine.expect("nor does one prune meanwhile", 69, "another process", "checkpoint", "prune")
    machine.dir.chmod(0o750)
    machine.expect("a folder that others may use", 78, "chmod 700", "checkpoint", "make")
    machine.dir.chmod(0o700)
    before = machine.newest("manifest")
    words = [machine.workers.program("instroomctl"), "--config", str(machine.workers.dir / "instroomctl.conf"),
             *[f"--checkpoint.{name}={value}" for name, value in machine.settings.items()], "checkpoint", "make"]

    def is_full():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))

    done = subprocess.run(words, check=False, capture_output=True, text=True, preexec_fn=is_full)
    told("a disk that is full", done, 70, "cannot be written")
    check("leaves those of before", machine.newest("manifest") == before and not list(machine.dir.glob("*.new")))
    machine.expect("and they are sound", 0, "0 with a fault", "checkpoint", "check")


# --- who is erased ---

def erase(machine, path, *words):
    done = machine.ctl("person", "erase", "--bsn-file", path, "--json", *words)
    rows = {row["store"]: row for row in json.loads(done.stdout)} if done.stdout else {}
    return done, rows


def erased(machine):
    """Behind a checkpoint: it holds him still, and says so; none that is made afterwards does."""
    path = machine.data / "bsn"
    path.write_text(bsn(ERASED))
    path.chmod(0o600)
    told("nobody is erased while nobody can look whether checkpoints hold him", machine.with_settings(
        {"key.file": ""}, "person", "erase", "--bsn-file", path, "--reason", "verzoek 1"), 78, "checkpoint.key.file")
    done, rows = erase(machine, path, "--reason", "verzoek 1")
    check("those that hold him are told", done.returncode == 0 and "prune --keep 1" in
          rows.get("checkpoints", {}).get("effect", ""), f"{done.returncode} {rows} {done.stderr}")
    machine.expect("who went since is no difference", 0, " 0 differences", "verify", "--all", "--from-checkpoint")
    machine.expect("the next ones", 0, "checkpoints were made", "checkpoint", "make", "--from-checkpoint")
    machine.expect("and those of before go", 0, "removed", "checkpoint", "prune", "--keep", 1)
    done, rows = erase(machine, path)
    told("without the setting it is said that nobody looked", machine.with_settings(
        {"dir": ""}, "person", "erase", "--bsn-file", path), 0, "not looked through: checkpoints")
    check("do not hold him", done.returncode == 0 and "checkpoints" not in rows and "raw log" in rows, rows)
    machine.expect("and prove as well", 0, " 0 differences", "verify", "--all", "--from-checkpoint")


# --- starting from them ---

def log_gone(machine):
    """Deliveries behind the checkpoints; then all that they hold is gone from both logs."""
    raw, verdict = ends(machine, "raw"), ends(machine, "verdict")
    machine.deliver(BOARD, 60, "MUTATIE", [line(1, "99ZZ", name="Bakker"), line(40, "99ZZ")])
    machine.deliver(OTHER, 960, "VOLLEDIG", [line(31, "99QB"), line(32, "99QB")])
    delete_before(machine, "raw", raw)
    delete_before(machine, "verdict", verdict)
    told("without them nothing can be proved", machine.with_settings({"dir": ""}, "verify", "--all"), 1,
         "what was before cannot be derived any more")
    done = machine.expect("from them all is proved", 0, " 0 differences", "verify", "--all")
    cut = sum(offset > 0 for offset in raw.values())
    check("and it says so", f"{cut} partitions are derived from a checkpoint" in done.stdout, done.stdout)
    machine.expect("one board alone, too", 0, "1 boards derived", "verify", "--board", BOARD)


def next_one(machine):
    """Made from the one before and what came since."""
    if os.geteuid() == 0:
        os.chown(machine.dir, OWNER, OWNER)
    before = set(machine.dir.iterdir())
    machine.expect("the next one is made from the one before", 0, f"{PARTITIONS} checkpoints were made", "checkpoint",
                   "make", "--from-checkpoint")
    owners = {one.stat().st_uid for one in set(machine.dir.iterdir()) - before}
    check("whoever has the folder has it, when root makes it", owners == {machine.dir.stat().st_uid}, owners)
    machine.expect("all is proved from it", 0, " 0 differences", "verify", "--all")


def found(machine, count):
    register = mutations.Register(machine, SEED)
    for make in register.mutations(count):
        mutations.try_one(register, make())
    machine.expect("nothing else differs", 0, " 0 differences", "verify", "--all")
    machine.sql("update register.teacher set content = 'x' || content where content is not null")
    machine.expect("it is put right from a checkpoint", 0, "rows put right", "verify", "--all", "--repair", "--reason",
                   "a test")
    machine.expect("and is as it was", 0, " 0 differences", "verify", "--all")
    machine.sql("drop schema kept cascade")


# --- faults ---

def sign(machine, path, changes):
    """The manifest with other words, signed as ours are."""
    text = re.sub(r"signature .*\n", "", path.read_text())
    for pattern, words in changes:
        text, count = re.subn(pattern, words, text, flags=re.M)
        assert count == 1, pattern
    unsigned = machine.data / "unsigned"
    unsigned.write_text(text)
    signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(machine.data / "sign"), "-in",
                                str(unsigned)], check=True, capture_output=True).stdout
    path.write_text(f"{text}signature {signature.hex()}\n")


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def faults(machine):
    """Each alone, in the newest of one partition: it is unproven, and the others are proved."""
    manifest, state = (machine.newest(what)[0] for what in ("manifest", "state"))
    number = r"^number .*$"
    cases = (
        ("a byte of a state is altered", 1, "does not open", lambda: flip(state, 60)),
        ("a state is cut off", 1, "its length", lambda: state.write_bytes(state.read_bytes()[:-1])),
        ("a state is missing", 1, "cannot be read", state.unlink),
        ("a byte of a manifest is altered", 1, "signature does not hold", lambda: flip(manifest, 30)),
        ("a manifest is cut off", 1, "cut off or altered", lambda: manifest.write_bytes(manifest.read_bytes()[:-9])),
        ("a manifest has another name", 1, "under another name", lambda: sign(machine, manifest, [(number,
                                                                                                   "number 1")])),
        ("it is of another format", 78, "format 2", lambda: sign(machine, manifest, [("^instroom-checkpoint 1$",
                                                                                      "instroom-checkpoint 2")])),
        ("it is of another cluster", 78, "Kafka cluster", lambda: sign(machine, manifest, [("^cluster .*$",
                                                                                            "cluster another")])),
        ("it is of another generation", 78, "instroom.raw.2", lambda: sign(machine, manifest, [
            (r"^raw instroom.raw.1", "raw instroom.raw.2")])),
        ("its teachers have other keys", 78, "HMAC key", lambda: sign(machine, manifest, [("^key .*$",
                                                                                           "key 00000000")])),
        ("it ends with another verdict", 1, "another verdict", lambda: sign(machine, manifest, [
            ("^tip .*$", f"tip {'0' * 31}1")])),
        ("it lies before the log", 1, "begins at", lambda: sign(machine, manifest, [
            (r"^raw (\S+) \d+$", r"raw \1 0")])),
    )
    for what, status, words, spoil in cases:
        kept = manifest.read_bytes(), state.read_bytes()
        spoil()
        done = machine.ctl("verify", "--all")
        told(what, done, status, words)
        check(f"{what}: the others are proved", "partition 0 is unproven" in done.stderr and
              "1 partitions are unproven" in done.stdout and " 0 differences" in done.stdout, done.stdout + done.stderr)
        manifest.write_bytes(kept[0])
        state.write_bytes(kept[1])
    machine.expect("put back all is proved", 0, " 0 differences", "verify", "--all")
    other = machine.key("other-sign", "genpkey", "-algorithm", "ed25519")
    told("another signer", machine.with_settings({"sign.key.file": other}, "verify", "--all"), 78, "another key")
    other = machine.key("other-seal", "rand", "-hex", "32")
    told("another seal", machine.with_settings({"key.file": other}, "verify", "--all"), 78, "another key")


def rotated(machine):
    """Both keys: those of before open and prove what was made with them."""
    public = machine.data / "public"
    new = {"key.file": machine.key("new-seal", "rand", "-hex", "32"), "key.old.file": machine.data / "seal",
           "sign.key.file": machine.key("new-sign", "genpkey", "-algorithm", "ed25519"), "public.key.file": public}
    halves = [subprocess.run(["openssl", "pkey", "-in", str(machine.data / name), "-pubout"], check=True,
                             capture_output=True).stdout for name in ("new-sign", "sign")]
    public.write_bytes(b"".join(halves))
    told("with new keys one is made from one of before", machine.with_settings(new, "checkpoint", "make"), 0,
         f"{PARTITIONS} checkpoints were made")
    told("and both are sound", machine.with_settings(new, "checkpoint", "check"), 0, "0 with a fault")
    told("who only proves needs no secret", machine.with_settings(
        {"public.key.file": public, "key.file": "", "sign.key.file": ""}, "checkpoint", "check"), 0, "no board's state")
    for name, key in (("seal", "new-seal"), ("sign", "new-sign")):
        (machine.data / name).write_bytes((machine.data / key).read_bytes())
    machine.settings.pop("public.key.file", None)
    machine.expect("those of before go", 0, "removed", "checkpoint", "prune", "--keep", 1)
    machine.expect("and nothing needs their keys", 0, " 0 differences", "verify", "--all")


def named_anew(machine):
    """The HMAC key is rotated: checkpoints of before go on."""
    machine.end("validate")
    machine.wait()
    machine.key_before = re.search(r"^key (\w+)$", machine.newest("manifest")[0].read_text(), re.M)[1]
    machine.new_key()
    machine.expect("the register is named anew", 0, "", "key", "rotate", "--validators-are-stopped")
    machine.start("validate")
    machine.expect("a checkpoint that names by the key before", 0, " 0 differences", "verify", "--all")
    machine.deliver(BOARD, 62, "MUTATIE", [line(2, "99ZZ", name="Visser"), line(3, "99ZZ")])
    machine.expect("and what came since", 0, " 0 differences", "verify", "--all")
    machine.expect("and the next one", 0, f"{PARTITIONS} checkpoints were made", "checkpoint", "make",
                   "--from-checkpoint")
    machine.expect("too", 0, " 0 differences", "verify", "--all")


# --- the end ---

# Without volgnummers of teachers: those of the unchanged may stand in a list; and without the order of outcomes, which
# is that of the key by which a delivery named teachers when it came. verify compares all there is.
CONTENT = ("select md5(string_agg(x, '|' order by x)) from (select (board, bsn, status, content)::text as x"
           " from register.teacher union all select (position, lines, nieuw, gewijzigd, ongewijzigd, verouderd,"
           " afgekeurd, ingetrokken, quarantaine, state)::text from register.delivery) y")
FINDINGS = "select md5(string_agg(f::text, '|' order by f::text)) from register.finding f"
SEQUENCES = "select count(*), count(*) filter (where greatest(sequence_max, sequence_top) = 0) from register.board"
RETAINED = "select what, log, below from register.retained order by 1, 2"
REMOVED = ("select t.board, t.key, t.position, r.what from register.removed_teacher t join register.removal r"
           " on r.id = t.removal order by 1, 2, 3")
RESTORE = ("checkpoint", "restore", "--reason", "a test")


def retained(machine):
    """Terugmeldingen are over their term, and their codes are kept: a repair from a checkpoint keeps them too."""
    codes = machine.sql(FINDINGS)
    machine.expect("terugmeldingen go", 0, "", *(f"--retention.{one}.months=0" for one in (
        "lapsed", "history", "contact", "audit", "problem")), "retention", "--reason", "bewaartermijnen")
    check("all of them", machine.sql("select count(*) from register.feedback") == "0")
    machine.expect("which is no difference", 0, f"{PARTITIONS} checkpoints were made", "checkpoint", "make",
                   "--from-checkpoint")
    machine.sql("update register.teacher set content = 'x' || content where content is not null")
    machine.expect("their boards are put right", 0, "rows put right", "verify", "--all", "--from-checkpoint",
                   "--repair", "--reason", "a test")
    check("and their codes are as they were", machine.sql(FINDINGS) == codes)


def altered(machine):
    """What is wrong with a checkpoint is said before anything is written."""
    manifest, state = (machine.newest(what)[0] for what in ("manifest", "state"))
    cases = (
        ("a state is altered", 1, "its digest", lambda: flip(state, 60)),
        ("a state is missing", 1, "cannot be read", state.unlink),
        ("it names teachers by the key of before", 78, "restore, then key rotate", lambda: sign(machine, manifest, [
            ("^key .*$", f"key {machine.key_before}")])),
    )
    for what, status, words, spoil in cases:
        kept = manifest.read_bytes(), state.read_bytes()
        spoil()
        told(f"nothing is restored when {what}", machine.ctl(*RESTORE), status, words)
        check(f"no cursor moved when {what}", not any(ends(machine, "raw").values()))
        manifest.write_bytes(kept[0])
        state.write_bytes(kept[1])


def restore_ended(machine):
    """Half of the register from an older checkpoint, then from the newest. A writer is there, and waits."""
    aside = [(one, machine.data / one.name) for one in (machine.newest(what)[0] for what in ("manifest", "state"))]
    for one, kept in aside:
        one.rename(kept)
    machine.sql("create function public.ended() returns trigger language plpgsql as $$begin raise exception 'ended';"
                " end$$; create trigger ended before insert on register.delivery execute function public.ended()")
    done = machine.ctl(*RESTORE)
    check("a restore ends on its way", done.returncode not in (0, 1), f"{done.returncode} {done.stderr}")
    why = {one["partition"]: one["parked"] for one in machine.json("status")}
    check("which is seen", why[0] == "checkpoint restore is not finished", why)
    check("a cache that begins now knows the volgnummers", int(machine.sql(SEQUENCES).split("|")[0]) > 0 and
          machine.sql(SEQUENCES).split("|")[1] == "0", machine.sql(SEQUENCES))
    machine.start("write", 0)
    log = machine.workers.dir / "write1.log"
    machine.until("and no writer goes on there", lambda: re.search(
        "event=partition.parked partition=0 .*checkpoint restore is not finished", log.read_text()))
    check("nor says otherwise", {one["partition"]: one["parked"] for one in machine.json("status")}[0] == why[0])
    machine.sql("drop function public.ended() cascade")
    for one, kept in aside:
        kept.rename(one)


def lost(machine):
    """The register is gone: it comes back from checkpoints, and from the log what came since."""
    machine.deliver(OTHER, 963, "MUTATIE", [line(32, "99QB", name="Smit"), line(36, "99QB")])
    before, codes, gone = machine.sql(CONTENT), machine.sql(FINDINGS), machine.sql(RETAINED)
    check("retention has a place", gone != "", gone)
    removed = machine.sql(REMOVED)
    check("somebody was erased", "person" in removed, removed)
    machine.end("write")
    machine.end("validate")
    machine.expect("it is not restored over one that is there", 1, "not empty", *RESTORE)
    check("and nothing changed", machine.sql(CONTENT) == before)
    machine.workers.empty_register()
    machine.expect("an empty one is made", 0, "", "migrate")
    altered(machine)
    restore_ended(machine)
    machine.expect("it is restored", 0, "rows put right", *RESTORE)
    check("with what retention took before the checkpoint", machine.sql(RETAINED) == gone, machine.sql(RETAINED))
    check("who was erased stays so", machine.sql(REMOVED) == removed, machine.sql(REMOVED))
    acts = machine.sql("select what, sum(rows), count(*) from register.removal where reason ="
                       " 'restored from a checkpoint: a test' group by what order by what")
    check("and a row says by what", acts == f"person|{len(removed.splitlines())}|1", acts)
    machine.start("validate")
    machine.until("a writer that waited goes on by itself", lambda: not any(
        one["parked"] or one["raw_end"] > one["raw_applied"] for one in machine.json("status")))
    machine.expect("it is as the checkpoints say", 0, " 0 differences", "verify", "--all", "--from-checkpoint")
    machine.expect("nothing is left to do", 0, " 0 rows of 0 boards", "verify", "--all", "--from-checkpoint",
                   "--repair")
    machine.wait()
    check("what came since comes from the log", machine.sql(CONTENT) == before)
    check("with the codes of terugmeldingen that were gone", machine.sql(FINDINGS) == codes)
    machine.expect("and all is as the log says", 0, " 0 differences", "verify", "--all")
    machine.deliver(OTHER, 964, "MUTATIE", [line(37, "99QB")])
    machine.expect("deliveries go on", 0, " 0 differences", "verify", "--all")


def gap(machine):
    """Retention went past the newest checkpoint: nothing can bridge that, and it is said."""
    machine.deliver(BOARD, 63, "MUTATIE", [line(2, "99ZZ")])
    delete_before(machine, "raw", ends(machine, "raw"))
    told("what is between checkpoint and log is missing", machine.ctl("verify", "--all"), 1, "what was between")


def steps(machine, count):
    machine.deliver(BOARD, 50, "MUTATIE", [line(1, "99ZZ")])
    made(machine)
    killed(machine)
    refused(machine)
    erased(machine)
    log_gone(machine)
    found(machine, count)
    next_one(machine)
    faults(machine)
    rotated(machine)
    named_anew(machine)
    retained(machine)
    lost(machine)
    gap(machine)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=6)
    args = parser.parse_args()
    data = Path(tempfile.mkdtemp(prefix="instroom-checkpoint-"))
    stack = stacks.Stack(f"checkpoint-{os.getpid()}")
    begun = time.monotonic()
    try:
        stack.up({"partitions": PARTITIONS, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False,
                  "base_port": None, "wait": WAIT_S})
        full = ROOT / "tests" / "cases" / "reference"
        machine = Machine(stack, data)
        without_schools(full, data / "less")
        machine.workers.prepare(data / "less")
        machine.workers.start(machine.workers.all(COUNTS), WAIT_S)
        mutations.make_register(machine)
        machine.publish(full)
        machine.replay("what lacked a school comes in", "--board", BOARD, "--code", "LR-S02")
        steps(machine, args.mutations)
    finally:
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed ({time.monotonic() - begun:.0f} s)")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
