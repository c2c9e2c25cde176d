#!/usr/bin/python3
"""One person over all boards, against the real machine: what every store holds of him; how long persons are kept; and
that nothing is left of one who is erased. All persons are invented."""
import json
import os
import re
import shutil
import subprocess
import signal
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "support")]
import kafka_produce  # noqa: E402
from questions_test import (COUNTS, LACKING, ROOT, WAIT_S, Machine, bsn, check, line, programs, results,  # noqa: E402
                            stacks)
from private_stack import amsterdam  # noqa: E402

HE = 1  # the person whom all of this is about
OTHER = 2


def file_of(data, teacher):
    path = data / f"bsn-{teacher}"
    path.write_text(bsn(teacher) + "\n", encoding="utf-8")
    return path


def report(machine, path):
    return machine.json("person", "report", "--bsn-file", path, "--reason", "verzoek 2018-17")


def stores(rows):
    return {row["store"] for row in rows}


def a_problem_of(machine, board):
    """What a board reported in its own words."""
    machine.sql("insert into register.problem (reference, board, codes, words) values ('P-' || substr('BCDFGHJKLMN',"
                f" {board % 10 + 1}, 1), {board}, '{{}}', 'Jansen ontbreekt')")


def load(machine):
    """He works at two boards: at one he was changed, and a delivery that waits leaves him out; at the other his line
    is rejected."""
    names = {"first": machine.deliver("99901", 1, "VOLLEDIG", [line(one) for one in range(1, 10)],
                                      contact="A.%20Eerste"),
             "change": machine.deliver("99901", 2, "MUTATIE", [line(HE, name="Pietersen")], contact="B.%20Tweede"),
             "waits": machine.deliver("99901", 3, "VOLLEDIG", [line(OTHER)]),
             "rejected": machine.deliver("99902", 1, "MUTATIE", [line(OTHER, "99QB"), line(HE, LACKING)])}
    kafka_produce.produce(machine.stack.nodes()[0].port, "instroom.raw.1", 0, b"99901",
                          f"no delivery at all, and {bsn(HE)} in it".encode(), [])
    machine.wait()
    a_problem_of(machine, 99901)
    return names


def everything_about_him_is_shown(machine, data, names):
    rows = report(machine, file_of(data, HE))
    found = {(row["store"], row["board"], row["field"], row["value"]) for row in rows}
    for wanted in (("register", "99901", "bsn", bsn(HE)), ("register", "99901", "geslachtsnaam", "Pietersen"),
                   ("register", "99901", "brin 1", "99ZZ"), ("register", "99901", "doel 1", "REGISTER"),
                   ("history", "99901", "geslachtsnaam", "Jansen"), ("history", "99901", "status", "ACTIEF"),
                   ("ledger", "99901", "uitkomst", "nieuw"), ("ledger", "99901", "uitkomst", "gewijzigd"),
                   ("ledger", "99902", "leveringsid", names["rejected"]), ("ledger", "99902", "uitkomst", "afgekeurd"),
                   ("terugmelding", "99901", "personeelsnummer", str(1000 + HE)),
                   ("terugmelding", "99901", "benoemingssleutel", f"A-{HE}"),
                   ("terugmelding", "99902", "code", "LR-S02"),
                   ("confirmation", "99901", "vervalt bij bevestiging van", names["waits"]),
                   ("raw log", "99901", f"regels van {names['first']}", "2"),
                   ("raw log", "99902", f"regels van {names['rejected']}", "3"),
                   ("raw log", "00000", "onleesbaar", "bevat het BSN"),
                   ("quarantine", "00000", "onleesbaar", "bevat het BSN"),
                   ("verdict log", "99902", "levering", names["rejected"])):
        check(f"he is found: {wanted[:3]}", wanted in found, sorted(found))
    keys = {row["value"] for row in rows if row["field"] == "benoemingssleutel" and row["store"] == "terugmelding"}
    check("lines of others are not in it", keys == {f"A-{HE}"}, keys)
    check("the delivery without him is not his", not [row for row in rows if names["waits"] in row["value"] and
                                                      row["store"] != "confirmation"], rows)
    check("cache and backups are named", {"cache", "backups"} <= stores(rows), stores(rows))
    words = [row["place"] for row in rows if row["store"] == "problems"]
    check("and that the words of his board may name him", words == ["problems list --all --board 99901"], words)
    place = [row["place"] for row in rows if row["store"] == "raw log" and row["board"] == "99902"]
    topic, partition, offset = place[0].split("/")
    shown = machine.ctl("dump", topic, partition, offset, "--with-personal-data")
    check("the place is that of a message with him", bsn(HE) in shown.stdout, shown)
    key = machine.sql(f"select key from register.teacher where bsn = {int(bsn(HE))} and board = 99901").strip()
    by_key = machine.json("person", "report", "99901", key, "--reason", "verzoek 2018-17")
    check("his key says the same", by_key == rows, by_key)


def nobody_else_is_in_it(machine, data):
    other = report(machine, file_of(data, OTHER))
    texts = " ".join(row["value"] for row in other)
    check("nor is he in that of another", bsn(HE) not in texts and "Pietersen" not in texts, other)
    done = machine.ctl("person", "report", "--bsn-file", file_of(data, 700), "--reason", "verzoek")
    check("of somebody unknown there is nothing", done.returncode == 1 and not done.stdout, done)


def looks_leave_a_row(machine):
    rows = [row for row in machine.json("audit") if row["what"] == "person report"]
    check("each look has a row with its reason, also one that found nothing",
          [row["reason"] for row in rows] == ["verzoek"] + ["verzoek 2018-17"] * 3, rows)
    check("which says nobody's number", not re.search(r"\d{9}", str([row["detail"] for row in rows])), rows)


def words_that_are_wrong(machine, data):
    path = data / "no-bsn"
    path.write_text("12345\n", encoding="utf-8")
    for words, status, text in ((("--bsn-file", path, "--reason", "x"), 1, "BSN of 9 digits"),
                                (("--reason", "x"), 64, "--bsn-file"),
                                (("99901", "x", "--reason", "x"), 64, "key has 32"),
                                (("--bsn-file", path), 64, "--reason")):
        machine.expect(f"person report {words}", status, text, "person", "report", *words)
    other = data / "other.key"
    other.write_text("f" * 64 + "\n", encoding="utf-8")
    other.chmod(0o600)
    machine.expect("with another key nobody would be found", 78, "another key than the register's",
                   f"--hmac.key.file={other}", "person", "report", "--bsn-file", file_of(data, HE), "--reason", "x")
    rotated = ("insert into register.key_rotation (topic, partition, new_key_id, old_key_id, from_position, below,"
               " teachers, started_at, who) values ('x', 0, 1, 2, 0, 0, 0, now(), 'x')")
    machine.sql(rotated)
    told = machine.ctl("person", "report", "--bsn-file", file_of(data, HE), "--reason", "verzoek").stderr
    check("what names him by a key of before is not passed over in silence", "hmac.key.old.file" in told, told)
    machine.sql("delete from register.key_rotation")
    machine.expect("a reason names nobody, whatever the command", 64, "names nobody", "retention", "--reason",
                   f"verzoek van {bsn(HE)}")


def due(machine, *words):
    return {row["what"]: row["rows"] for row in machine.json("retention", *words)}


def all_is_well(machine, when):
    machine.expect(f"verify finds nothing {when}", 0, " 0 differences", "verify", "--all")
    machine.expect(f"nothing is to be put right {when}", 0, " 0 rows of 0 boards", "verify", "--all", "--repair")
    machine.expect(f"statements hold {when}", 0, "", "statement", "--check")
    seen = [one for one in machine.ctl("ledger", "--check").stdout.splitlines() if re.match(r"\s*[1-9]\d* ", one)]
    check(f"all balances {when} but for the foreign message", len(seen) <= 1, seen)


def today():
    return amsterdam.today().isoformat()


def what_waits_is_kept(machine, names):
    first = due(machine)
    check("what came before a delivery that waits is due, it and what is behind it not",
          first["history"] == 1 and first["lapsed"] == 0 and first["contact"] == 1, first)
    stored = int(machine.sql("select count(*) from register.feedback"))
    check("nor is its terugmelding", 0 < first["feedback"] < stored, (first, stored))
    machine.expect("it is confirmed", 0, "", "confirm", "99901", names["waits"], "--reason", "a test")
    machine.wait()
    names["fresh"] = machine.deliver("99901", 4, "MUTATIE", [line(3), line(OTHER, name="Bakker")], today(),
                                     contact="C.%20Derde")
    machine.expect("a statement is made", 0, "", "statement")
    all_is_well(machine, "before retention")


def an_older_log_is_there(machine):
    """Of a generation with one partition, which had all boards; nothing of it waits."""
    machine.sql("insert into register.cursor select (jsonb_populate_record(c, jsonb_build_object('topic',"
                " regexp_replace(c.topic, '[0-9]+$', '0'), 'next_raw', 5))).* from register.cursor c"
                " where c.partition = (select min(partition) from register.cursor)")


def with_another_clock(machine, hours, word):
    """PostgreSQL's, where retention looks at it."""
    mods, kept = "set allow_system_table_mods = on; ", "pg_catalog.clock_of_before()"
    machine.admin(f"{mods} alter function pg_catalog.clock_timestamp() rename to clock_of_before;"
                  " create function pg_catalog.clock_timestamp() returns timestamptz language sql as"
                  f" 'select {kept} + interval ''{hours} hours'' '")
    try:
        done = machine.expect(f"{hours} hours apart nothing is removed", 78, "", "retention", "--reason", "x")
        check("it says whose clock it is",
              re.search(rf"PostgreSQL's clock is 7\d\d\d s {word} of this", done.stderr), done)
        check("what is due may be looked at", due(machine))
    finally:
        machine.admin(f"{mods} drop function pg_catalog.clock_timestamp();"
                      f" alter function {kept} rename to clock_timestamp")


def terms_are_kept(machine, names):
    an_older_log_is_there(machine)
    machine.sql("update register.access set at = now() - interval '7 years' where request_id is not null")
    machine.sql("insert into register.access (at, who, what) values (now() - interval '7 years', 'iemand', 'stand')")
    before = due(machine)
    check("who lapsed more than five years ago is due, but not who came back", before["lapsed"] == 7, before)
    check("and what they were", before["history"] == 9 and before["contact"] == 1, before)
    check("and who looked seven years ago, but not who confirmed what is kept", before["audit"] == 1, before)
    check("without a term nothing is", due_with(machine, "--retention.lapsed.months=0").get("lapsed") is None)
    check("with a longer one nothing is", due_with(machine, "--retention.lapsed.months=1200")["lapsed"] == 0)
    check("looking removes nothing", due(machine) == before, before)
    for hours, word in ((2, "ahead"), (-2, "behind")):
        with_another_clock(machine, hours, word)
    check("and nothing is", due(machine) == before, before)
    done = due(machine, "--reason", "bewaartermijnen")
    check("it removes what was due; what lapsed teachers were goes with them",
          done == before | {"history": 1}, (done, before))
    check("and then nothing", not any(due(machine, "--reason", "again").values()))
    left = machine.sql("select string_agg(bsn || ' ' || status, ',' order by bsn) from register.teacher").strip()
    check("two teachers are left, one of them at two boards",
          left == f"{int(bsn(OTHER))} 1,{int(bsn(OTHER))} 1,{int(bsn(3))} 1", left)
    left = machine.sql("select string_agg(name, ',') from register.contact where board = 99901").strip()
    check("and the contact person before the last, who came this day", left == "B. Tweede,C. Derde", left)
    all_is_well(machine, "after retention")
    a_contact_that_stays_is_put_right(machine)
    expired = machine.ctl("report", "99901", names["first"])
    check("a terugmelding is gone and says so", expired.returncode == 1 and "its term was over" in expired.stderr,
          expired)
    machine.expect("a fresh one is there", 0, "A-3", "report", "99901", names["fresh"])
    kept = machine.json("delivery", "99901", names["first"])
    check("the delivery and its counts stay", kept["lines"] == 9 and kept["afgekeurd"] == 0, kept)
    rows = [row for row in machine.json("audit") if row["what"] == "retention"]
    check("who did it and why is kept", {row["reason"] for row in rows} == {"bewaartermijnen"} and
          any(row["detail"].startswith("lapsed until 2") for row in rows), rows)


def a_contact_that_stays_is_put_right(machine):
    """Of before the term, but the one after him came within it: until then he was the contact person."""
    kept = machine.sql("select below from register.retained where what = 'contact' order by log").split()
    machine.sql("update register.retained r set below = c.since + 1 from register.contact c"
                " where r.what = 'contact' and r.log = c.since >> 40 and c.name = 'B. Tweede'")
    machine.sql("delete from register.contact where name = 'B. Tweede'")
    machine.expect("he is missing", 1, "is missing", "verify", "--board", "99901")
    machine.expect("he is put right", 0, "1 row", "verify", "--board", "99901", "--repair", "--reason", "a test")
    machine.expect("and there", 0, " 0 differences", "verify", "--board", "99901")
    machine.sql("; ".join(f"update register.retained set below = {below} where ctid = (select ctid from"
                          f" register.retained where what = 'contact' order by log offset {number} limit 1)"
                          for number, below in enumerate(kept)))


def due_with(machine, setting):
    return {row["what"]: row["rows"] for row in json.loads(machine.ctl(setting, "retention", "--json").stdout)}


def who_went_is_new_when_he_comes_back(machine):
    machine.deliver("99901", 5, "MUTATIE", [line(HE)], today())
    late = machine.deliver("99901", 2, "VOLLEDIG", [line(4, name="Laat")], today())
    told = machine.ctl("report", "99901", late).stdout
    check("a late delivery too finds nothing of him", ";A-4;nieuw;" in told, told)
    all_is_well(machine, "when some came back")


def what_is_missing_is_found(machine, names):
    """What is younger than its term may not be missing, nor who was not removed."""
    for table, where in (("feedback", f"digest = (select feedback from register.delivery where delivery_id = "
                          f"'{names['fresh']}')"), ("teacher_history", "true"), ("contact", "name = 'B. Tweede'"),
                         ("removed_teacher", "true")):
        machine.sql(f"create table public.kept as select * from register.{table} where {where}")
        machine.sql(f"delete from register.{table} where {where}")
        machine.expect(f"{table} that is missing is found", 1, "", "verify", "--all")
        machine.sql(f"insert into register.{table} select * from public.kept; drop table public.kept")
    all_is_well(machine, "when all is back")


GONE, NEIGHBOUR, AT = 50, 51, "99QF"  # who is erased, and another of his board


def load_to_erase(machine):
    """At one board he was changed, is in the list of the unchanged and in a delivery that is rejected; at another he
    is, too."""
    full = [line(one, AT) for one in range(GONE, GONE + 9)]
    names = {"first": machine.deliver("99906", 1, "VOLLEDIG", full, contact="D.%20Vierde"),
             "change": machine.deliver("99906", 2, "MUTATIE", [line(GONE, AT, name="Weg")]),
             "unchanged": machine.deliver("99906", 3, "VOLLEDIG", [line(GONE, AT, name="Weg"), *full[1:]]),
             "rejected": machine.deliver("99906", 4, "MUTATIE", [line(one, LACKING) for one in (GONE, NEIGHBOUR)])}
    machine.deliver("99907", 1, "VOLLEDIG", [line(GONE, "99QG"), line(60, "99QG")])
    return names


def erase(machine, path, *words):
    done = machine.ctl("person", "erase", "--bsn-file", path, "--json", *words)
    return done, {row["store"] for row in json.loads(done.stdout)} if done.stdout else set()


def traces(machine, teacher, keys):
    """Rows of the register that hold anything of him; the row of his removal holds his key."""
    number, ours = f"A-{teacher}".encode().hex(), ",".join(f"'{key}'::uuid" for key in keys)
    return machine.sql(
        f"select 'teacher' from register.teacher where bsn = {int(bsn(teacher))}"
        f" union all select 'history' from register.teacher_history where key in ({ours})"
        f" union all select 'disowned' from register.disowned where key in ({ours})"
        f" union all select 'feedback' from register.feedback where position('\\x{number}'::bytea in body) > 0"
        f" union all select 'list' from register.key_list, unnest(array[{ours}]) k"
        " where position(uuid_send(k) in keys) > 0"
    ).split()


def keys_of(machine, teacher):
    return machine.sql(f"select key from register.teacher where bsn = {int(bsn(teacher))} order by board").split()


class Session:
    """A connection that has made a statement and stays."""

    def __init__(self, machine, statement):
        self.machine, self.statement = machine, statement

    def __enter__(self):
        self.psql = subprocess.Popen(["psql", "-qX", self.machine.stack.env()["INSTROOM_PG_ADMIN"]], text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.psql.stdin.write(f"{self.statement};\n\\echo made\n")
        self.psql.stdin.flush()
        while "made" not in self.psql.stdout.readline():
            pass

    def __exit__(self, *_):
        self.psql.stdin.close()
        self.psql.wait(60)
        self.psql.stdout.close()


def looking_erases_nothing(machine, path):
    a_problem_of(machine, 99906)
    done, seen = erase(machine, path)
    check("without a reason it shows what would go", done.returncode == 0 and "--reason does it" in done.stderr and
          {"register", "history", "ledger", "terugmelding", "raw log", "verdict log", "cache", "backups",
           "problems"} <= seen, (done, seen))
    check("and nothing goes", len(keys_of(machine, GONE)) == 2)
    machine.expect("a reason names nobody", 64, "names nobody", "person", "erase", "--bsn-file", path, "--reason",
                   f"verzoek van {bsn(GONE)}")
    job = re.search(r'"job": "([0-9a-f-]+)"', machine.ctl("replay", "plan", "--board", "99906", "--json").stdout)[1]
    machine.expect("nor is he erased while a job may bring him back", 1, job[:8], "person", "erase", "--bsn-file", path,
                   "--reason", "verzoek 2018-18")
    machine.expect("it is cancelled", 0, "", "replay", "cancel", job)
    with Session(machine, f"select pg_advisory_lock(hashtextextended('instroom replay {job}', 0))"):
        machine.expect("nor while its publisher has not seen that", 1, job[:8], "person", "erase", "--bsn-file", path,
                       "--reason", "verzoek 2018-18")
    with Session(machine, "select pg_advisory_lock(hashtextextended('instroom undo ' || 99907, 0))"):
        machine.expect("nor while an undo is under way", 1, "an undo at board 99907", "person", "erase", "--bsn-file",
                       path, "--reason", "verzoek 2018-18")
    check("and he is there", len(keys_of(machine, GONE)) == 2)


def nothing_of_him_is_left(machine, path, names):
    keys = keys_of(machine, GONE)
    before = machine.ctl("report", "99906", names["first"]).stdout
    check("he is there", {"teacher", "history", "feedback", "list"} <= set(traces(machine, GONE, keys)))
    done, seen = erase(machine, path, "--reason", "verzoek 2018-18")
    check("the logs alone hold him, and copies", done.returncode == 0 and seen == {"raw log", "verdict log", "cache",
          "backups"} and "must no longer deliver him" in done.stderr, done)
    check("until when is said", re.search(r"stays until \d{4}-\d\d-\d\d", done.stdout), done.stdout)
    check("nothing of him is left in the register", not traces(machine, GONE, keys), traces(machine, GONE, keys))
    check("nor by what shows all of him", stores(report(machine, path)) == seen, report(machine, path))
    after = machine.ctl("report", "99906", names["first"]).stdout
    check("his line keeps its outcome alone", after == before.replace(f"{1000 + GONE};A-{GONE};", ";;", 1) != before,
          (before, after))
    all_is_well(machine, "when he is erased")
    rows = [row for row in machine.json("audit") if row["what"] == "person erase"]
    check("who did it and why is kept, and not of whom", any(row["reason"] == "verzoek 2018-18" for row in rows) and
          not re.search(r"\d{9}", str([row["detail"] for row in rows])), rows)


def he_comes_back_as_new_and_not_by_what_was(machine, path, names):
    plan = json.loads(machine.ctl("replay", "plan", "--board", "99906", "--json").stdout)
    check("a replay of what was leaves him out", plan["lines"] == 1, plan)
    machine.expect("and runs", 0, "", "replay", "start", plan["job"], "--reason", "a test")
    machine.wait()
    all_is_well(machine, "behind a replay")
    full = [line(GONE, AT, name="Weg"), *(line(one, AT) for one in range(GONE + 1, GONE + 9))]
    names["again"] = machine.deliver("99906", 5, "VOLLEDIG", full)
    told = machine.ctl("report", "99906", names["again"]).stdout
    outcomes = [row.split(";")[3] for row in told.splitlines() if re.match(r"\d+;", row)]
    check("delivered again he is new, the others are unchanged", outcomes == ["nieuw"] + ["ongewijzigd"] * 8, told)
    all_is_well(machine, "when he came back")
    keys = keys_of(machine, GONE) + keys_of(machine, NEIGHBOUR)
    for teacher in (NEIGHBOUR, GONE):
        done, _ = erase(machine, path.parent / f"bsn-{teacher}", "--reason", "verzoek 2018-19")
        check(f"{teacher} is erased too", done.returncode == 0, done)
    check("nothing is left of both", not traces(machine, GONE, keys) and not traces(machine, NEIGHBOUR, keys))
    all_is_well(machine, "when two are erased")


def put_right_he_stays_away(machine, data):
    machine.sql("update register.delivery set absent = absent + 1 where board = 99906")
    repair = ("verify", "--board", "99906", "--repair", "--reason", "a test")
    machine.expect("it is put right", 0, "were put right", *repair)
    left = traces(machine, GONE, ["00000000-0000-0000-0000-000000000000"])
    check("and he stays away", not left, left)
    machine.sql("delete from register.feedback where board = 99906; delete from register.key_list where board = 99906")
    machine.expect("so are lists", 0, "were put right", *repair)
    left = traces(machine, GONE, ["00000000-0000-0000-0000-000000000000"])
    check("without him", not left and stores(report(machine, file_of(data, GONE))) ==
          {"raw log", "verdict log", "cache", "backups"}, left)
    all_is_well(machine, "when it was put right")


def what_retention_took_does_not_bring_him_back(machine, data):
    """The same lines again have the terugmelding that retention took, under its digest: with his numbers."""
    teacher, full = 70, [line(70, "99QH"), line(71, "99QH")]
    first, path = machine.deliver("99908", 1, "VOLLEDIG", full), file_of(data, 70)
    machine.expect("terms are kept", 0, "", "retention", "--reason", "bewaartermijnen")
    for sequence in (2, 3):
        done, _ = erase(machine, path, "--reason", f"verzoek 2018-{sequence}")
        check(f"he is erased before {sequence}", done.returncode == 0, done)
        keys = ["00000000-0000-0000-0000-000000000000"]
        check("and nothing is left", not traces(machine, teacher, keys), traces(machine, teacher, keys))
        machine.deliver("99908", sequence, "VOLLEDIG", full)
        machine.expect("the first terugmelding stays away", 1, "its term was over", "report", "99908", first)
        all_is_well(machine, f"when he came back by {sequence}")


def main():
    stack = stacks.Stack(f"person-{os.getpid()}")
    data = Path(tempfile.mkdtemp(prefix="instroom-person-"))
    try:
        stack.up({"partitions": 2, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False, "base_port": None,
                  "wait": WAIT_S})
        machine = Machine(stack)
        machine.workers.prepare(ROOT / "tests/cases/reference")
        machine.workers.start(machine.workers.all(COUNTS), WAIT_S)
        names = load(machine)
        everything_about_him_is_shown(machine, data, names)
        nobody_else_is_in_it(machine, data)
        looks_leave_a_row(machine)
        words_that_are_wrong(machine, data)
        what_waits_is_kept(machine, names)
        terms_are_kept(machine, names)
        who_went_is_new_when_he_comes_back(machine)
        what_is_missing_is_found(machine, names)
        names = load_to_erase(machine)
        path, _ = file_of(data, GONE), file_of(data, NEIGHBOUR)
        looking_erases_nothing(machine, path)
        nothing_of_him_is_left(machine, path, names)
        he_comes_back_as_new_and_not_by_what_was(machine, path, names)
        put_right_he_stays_away(machine, data)
        what_retention_took_does_not_bring_him_back(machine, data)
        machine.workers.end(machine.workers.all(), signal.SIGTERM, 30)
    finally:
        if stack.record is not None and (stack.dir / "workers").exists():
            programs.Workers(stack).end_all()
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
