#!/usr/bin/python3
"""verify finds whatever somebody changes in the register behind the log's back, says where, and says nothing else.

A small register has something of everything: who changed, lapsed, was withdrawn, was replayed; a proef, a delivery that
waits, one that was confirmed, contact persons. Then each mutation is made alone, verified, and taken back: a column of
a row altered, a row deleted, a row added. Which columns there are comes from the database itself: one that a migration
adds is mutated, or stands in LEFT_OUT with the reason why no log can say it.

Afterwards `verify --repair` puts all of them right at once, is killed on its way, and runs beside writers.

  mutations.py [--mutations N] [--seed N]     on a stack of its own; default: all there are

verify_test.py makes the first 25 in its own register, of each table a row deleted or added, and those with a name.

All persons are invented."""
import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import replay_test  # noqa: E402
from replay_test import COUNTS, ROOT, WAIT_S, check, line, results, stacks, without_schools  # noqa: E402

BOARD, OTHER = "99901", "99902"
MOST_FOUND = 12  # a board's number in another row is missing there and too much here
MOST_FOUND_OF_DELIVERY = 40  # whom it set, what they were before, its findings and replays

# Tables of which no row is a fact of a board.
TABLES_LEFT_OUT = {
    "access": "who looked at what: an operator's act stands in no log",
    "approval_limit": "an operator's act",
    "contact_list": "set by the board or an operator, in no log: it has a seal, see contacts",
    "contact_person": "as contact_list",
    "contact_newest": "as contact_list",
    "cursor": "the position verify ends at; what it says of that place: cursors",
    "disowned": "an order to the cache: a teacher in it is judged anew",
    "foreign_message": "of no board: a message without headers",
    "key_rotation": "an operator's act",
    "loss": "an operator's act",
    "problem": "reported by the board: in no log",
    "problem_mail": "as problem",
    "quarantine_decision": "an operator's act",
    "reference_publication": "an operator's act",
    "reference_snapshot": "which versions were published; the topic has them",
    "reference_table": "the next version, as imported",
    "refill": "an operator's act; verify reads the log by it",
    "removal": "an operator's act",
    "removed_teacher": "an operator's act; verify folds it in, and person_test.py takes it away",
    "repair": "an operator's act",
    "role_right": "of roles, by migrations: migrate and register_test.c look at it",
    "retained": "an operator's act; verify reads by it what may be gone",
    "statement": "made from the ledger; statement --check derives it again",
    "statement_board": "as statement",
    "replay_event": "an operator's act",
    "replay_item": "an operator's plan; verify reads which lines were in it",
    "replay_job": "an operator's plan",
    "undo": "an operator's plan; what came of it are deliveries",
}
COLUMNS_LEFT_OUT = {
    "board.disowned": "counts rows of disowned; ledger --check compares them",
    "board.pending_names": "generated",
    "board.pending_members": "has spare bits; one that counts is tried by name",
    "delivery.committed_at": "when the writer was there: no log says it",
    "delivery.waiting_key_list": "whom a waiting delivery names by a newer HMAC key; key_test has one",
    "replay_change.changed_at": "when the writer was there: no log says it",
    "teacher_history.hash": "read by nobody, and made with a key that may be retired",
}

# By name, with what verify has to say: what the issue asks for, word by word.
NAMED = [
    ("a name", "update register.teacher set content = replace(content, 'Jansen', 'Janssen') where {row}", "teacher",
     "content like 'Jansen%'", "geslachtsnaam differs"),
    ("a BSN", "update register.teacher set bsn = bsn + 9 where {row}", "teacher", "true", "the BSN differs"),
    ("a target", "update register.teacher set targets = translate(targets, 'RV', 'VR') where {row}", "teacher",
     "targets ~ '[RV]'", "doel differs"),
    ("a school", "update register.teacher set content = replace(content, '99ZZ', '99QA') where {row}", "teacher",
     "content like '%99ZZ%'", "brin 1 differs"),
    ("a name in history", "update register.teacher_history set content = 'x' || content where {row}",
     "teacher_history", "content is not null", "in his history geslachtsnaam differs"),
    ("a pending member", "update register.board set pending_members = set_bit(pending_members, 0,"
     " 1 - get_bit(pending_members, 0)) where {row}", "board", "pending_key_list is not null",
     "the volgnummer differs"),
]

VALUES = {"integer": "coalesce({0}, 0) + 7",
          "bigint": "coalesce({0}, 0) + 1000", "smallint": "coalesce({0}, 0) + 40",
          "timestamp with time zone": "coalesce({0}, now()) + interval '7 s'",
          "boolean": "not {0}", "text": "coalesce({0}, '') || 'x'",
          "uuid": "md5(coalesce({0}::text, '') || 'x')::uuid",
          "bytea": "case when length({0}) > 0 then set_byte({0}, 0, get_byte({0}, 0) # 1) else '\\x01' end",
          "ARRAY": "array[{0}[1] + 1] || {0}[2:]"}


class Register:
    """The tables as the database names them, a copy of all rows, and ways to change one."""

    def __init__(self, machine, seed):
        self.machine, self.rng, self.columns, self.keys = machine, random.Random(seed), {}, {}
        for row in machine.sql(
                "select c.table_name, c.column_name, c.data_type, c.is_generated from information_schema.columns c"
                " join information_schema.tables t using (table_schema, table_name) where c.table_schema = 'register'"
                " and t.table_type = 'BASE TABLE' order by c.table_name, c.ordinal_position").splitlines():
            table, column, kind, generated = row.split("|")
            if table not in TABLES_LEFT_OUT and generated == "NEVER":
                self.columns.setdefault(table, {})[column] = kind
        for row in machine.sql("select table_name, column_name from information_schema.key_column_usage where"
                               " table_schema = 'register' and constraint_name like '%_pkey'"
                               " order by table_name, ordinal_position").splitlines():
            self.keys[row.split("|")[0]] = row.split("|")[1]
        machine.sql("drop schema if exists kept cascade; create schema kept; " + "; ".join(
            f"create table kept.{table} as select * from register.{table}" for table in self.columns))

    def restoring(self, table):
        names = ", ".join(self.columns[table])
        return (f"delete from register.{table}; insert into register.{table} ({names}) select {names}"
                f" from kept.{table}")

    def some_row(self, table, condition):
        """By content, so that a seed means the same rows wherever they lie."""
        return (f"ctid = (select ctid from register.{table} x where {condition}"
                f" order by md5(x::text || '{self.rng.random()}') limit 1)")

    # --- mutations: (what, table, statement, words that verify says) ---

    def named(self, what, statement, table, condition, words):
        return what, table, statement.format(row=self.some_row(table, condition)), words

    def altered(self, table, column):
        value = VALUES[self.columns[table][column]].format(column)
        return (f"{table}.{column} altered", table,
                f"update register.{table} set {column} = {value}"
                f" where {self.some_row(table, self.row_that_counts(table, column))}", "")

    def deleted(self, table):
        return (f"a row of {table} deleted", table,
                f"delete from register.{table} where {self.some_row(table, self.row_that_counts(table))}", "")

    def added(self, table):
        """A copy of a row under a key of its own."""
        own, names = self.keys.get(table, "since"), list(self.columns[table])
        value = VALUES["uuid"].format(own) if self.columns[table][own] == "uuid" else (
            f"(select max({own}) + 1 from register.{table})")
        values = ", ".join(value if name == own else name for name in names)
        return (f"a row of {table} added", table,
                f"insert into register.{table} ({', '.join(names)}) select {values} from register.{table}"
                f" where {self.some_row(table, 'true')}", "")

    @staticmethod
    def row_that_counts(table, column=""):
        """One in which the column says something; for key lists and feedback one that a delivery names: of an older one
        nobody says it has to be there."""
        if column.startswith("pending_"):
            return "pending_key_list is not null"
        if table in ("key_list", "feedback"):
            return (f"exists (select from register.delivery d where d.board = x.board and d.{table} = x.digest)"
                    + (" and length(keys) > 0" if table == "key_list" else ""))
        return f"{column} is not null" if column in ("content", "targets", "hash", "feedback") else "true"

    def mutations(self, count):
        """The first 25: those with a name, of each table a row deleted or added, and some columns. 0: all there
        are."""
        columns = [(table, column) for table in self.columns for column in self.columns[table]
                   if f"{table}.{column}" not in COLUMNS_LEFT_OUT]
        both = (self.deleted, self.added)
        self.rng.shuffle(columns)
        ways = [lambda one=one: self.named(*one) for one in NAMED]
        for number, table in enumerate(self.columns):
            ways.append(lambda way=both[number % 2], table=table: way(table))
        ways += [lambda one=one: self.altered(*one) for one in columns[:8]]
        for number, table in enumerate(self.columns):
            ways.append(lambda way=both[(number + 1) % 2], table=table: way(table))
        ways += [lambda one=one: self.altered(*one) for one in columns[8:]]
        count = count or len(ways)
        while len(ways) < count:
            ways += [lambda one=one: self.altered(*one) for one in columns]
        return ways[:count]


def make_register(machine, first=1):
    """Something of everything; see the top. first: above the volgnummers of the boards."""
    board = [line(number, "99ZZ") for number in range(1, 9)]
    contact = {"Instroom-Contact-Naam": "P. de Wit", "Instroom-Contact-Telefoon": "0101234567",
               "Instroom-Contact-Email": "p@example.org"}
    machine.deliver(BOARD, first, "VOLLEDIG", board, contact=contact)
    machine.deliver(BOARD, first + 1, "MUTATIE", [line(1, "99ZZ", name="Pietersen"), line(20, "99VO"),
                                                  line(21, "99ZZ", text="12345678"),
                                                  line(22, "99ZZ").replace("20000801", "20009999")],  # one code, twice
                    contact={**contact, "Instroom-Contact-Naam": "A. Bos"})
    machine.deliver(BOARD, first + 2, "VOLLEDIG", board[:6] + [line(20, "99VO")])  # some lapse
    machine.deliver(BOARD, first + 3, "MUTATIE", [line(9, "99ZZ")], proef="ja")
    other = [line(number, "99QB") for number in range(31, 35)]
    machine.deliver(OTHER, first, "VOLLEDIG", other)
    waits = machine.deliver(OTHER, first + 1, "VOLLEDIG", other[:1])
    machine.expect("a delivery that waits is confirmed", 0, "ja", "confirm", OTHER, waits, "--reason",
                   "a test")
    machine.deliver(OTHER, first + 2, "MUTATIE", other[:3])
    machine.deliver(OTHER, first + 3, "VOLLEDIG", other[:1])
    machine.deliver(OTHER, first + 900, "MUTATIE", other[:1])
    machine.expect("a volgnummer is set back", 0, "it is set back", "volgnummer", "set-back", OTHER, first + 3,
                   "--reason", "a test")
    machine.deliver(BOARD, first + 4, "INTREKKING", board[1:2])
    machine.deliver(BOARD, first + 5, "MUTATIE", board[2:5])


def try_one(register, mutation):
    what, table, statement, words = mutation
    machine = register.machine
    changed = machine.sql(f"with changed as ({statement} returning 1) select count(*) from changed")
    check(f"the register has a row for: {what}", changed == "1", f"{changed}: {statement}")
    done = machine.ctl("verify", "--all")
    found = done.stdout.splitlines()[:-1]
    check(f"verify finds {what}", done.returncode == 1 and found, f"{statement}\n{done.stdout}{done.stderr}")
    check(f"and says so of {what}", words in done.stdout, f"{words}: {done.stdout}")
    if table in ("teacher", "teacher_history"):
        check(f"and whose, of {what}", any(re.match(r"board \d{5}, teacher [0-9a-f-]{36}: ", one) for one in found),
              done.stdout)
    check(f"and not much else of {what}", len(found) <=
          (MOST_FOUND_OF_DELIVERY if table == "delivery" else MOST_FOUND), done.stdout)
    machine.sql(register.restoring(table))


def mutate(machine, count, seed):
    machine.expect("nothing differs yet", 0, " 0 differences", "verify", "--all")
    contacts(machine)
    register = Register(machine, seed)
    for make in register.mutations(count):
        try_one(register, make())
    cursors(machine)
    machine.expect("all is as it was", 0, " 0 differences", "verify", "--all")
    statements(machine)  # before the repair: it may leave a teacher whom the register refused with another outcome
    repair(machine, register, count)
    repair_killed(machine)
    machine.sql("drop schema kept cascade")


def cursors(machine):
    """What a cursor says of the place where it stands, and no --repair puts right."""
    where = "partition = (select min(partition) from register.cursor where next_raw > 0)"
    before = machine.sql(f"select next_raw, tip, digest from register.cursor where {where}").split("|")
    for column, value in (("tip", "md5(tip::text)::uuid"), ("digest", "md5(digest::text)::uuid"),
                          ("next_raw", "next_raw - 1")):
        machine.sql(f"update register.cursor set {column} = {value} where {where}")
        done = machine.ctl("verify", "--all", "--repair", "--reason", "a test") if column != "next_raw" else (
            machine.ctl("verify", "--all"))
        check(f"verify finds another {column} of a cursor", done.returncode == 1 and
              re.search(rf"^partition \d+, the register's cursor: {column}: ", done.stdout, re.M),
              f"{done.returncode}: {done.stdout}{done.stderr}")
        machine.sql(f"update register.cursor set next_raw = {before[0]}, tip = '{before[1]}', digest = '{before[2]}'"
                    f" where {where}")


# --- contact persons that were set ---

def contacts(machine):
    """In no log: what verify finds of them it finds by the seal of each list."""
    file = machine.data / "contacts.json"
    for number in range(1, 4):
        persons = [{"taak": "leveringen", "naam": f"P. de Wit {number}", "telefoon": "0101234567"},
                   {"taak": "techniek", "naam": "A. Bos", "email": "a@example.org"}]
        file.write_text(json.dumps({"personen": persons}))
        machine.expect("contact persons are set", 0, "", "contact", "set", BOARD, file, "--reason", "a test")
    machine.expect("as they were set", 0, " 0 differences", "verify", "--all")
    machine.sql("create table public.lists as select * from register.contact_list;"
                " create table public.persons as select * from register.contact_person;"
                " create table public.newest as select * from register.contact_newest")
    row = "(board, number) = (select board, max(number) from register.contact_list group by board)"
    changes = [f"update register.contact_{table} set {column} = {column} || 'x' where {row}"
               for table, column in (("person", "name"), ("person", "phone"), ("person", "email"), ("list", "sender"),
                                     ("list", "basis"))]
    changes += [f"update register.contact_person set task = 'inhoud' where place = 1 and {row}",
                f"update register.contact_person set place = place + 5 where {row}",
                f"update register.contact_list set set_at = set_at - interval '1 day' where {row}",
                f"update register.contact_list set party = 'KVK:12345678' where {row}",
                f"update register.contact_list set seal = null where {row}",
                f"delete from register.contact_person where place = 2 and {row}",
                f"insert into register.contact_person select board, number, 9, task, name, phone, email from"
                f" register.contact_person where place = 1 and {row}",
                f"insert into register.contact_list select board, number + 1, set_at, sender, party, basis from"
                f" register.contact_list where {row}",
                f"insert into register.contact_list select board, number + 1, set_at, sender, party, basis from"
                f" register.contact_list where {row};"
                f" update register.contact_list l set seal = register.contact_seal(l) where {row}",
                "delete from register.contact_list where number = 2",
                f"delete from register.contact_list where {row}",
                "delete from register.contact_list",
                "update register.contact_newest set number = number - 1",
                "delete from register.contact_newest",
                f"delete from register.contact_list where {row}; select register.set_contact_persons({int(BOARD)},"
                " '[]', 'x', null, 'beheer')"]
    for change in changes:
        machine.sql(change)
        for words in (("--all",), ("--board", BOARD)):
            machine.expect(f"verify {words[0]} finds: {change}", 1, f"board {BOARD}, contact persons, list ", "verify",
                           *words)
        machine.expect("and at another board nothing", 0, " 0 differences", "verify", "--board", OTHER)
        machine.sql("delete from register.contact_list; insert into register.contact_list select * from public.lists;"
                    " insert into register.contact_person select * from public.persons; delete from"
                    " register.contact_newest; insert into register.contact_newest select * from public.newest")
    machine.sql(f"{changes[0]}; delete from register.contact_list where {row}")
    machine.sql(changes[0])
    machine.expect("what they were nobody knows", 1, "taken as they are", "verify", "--all", "--repair")
    machine.expect("so a person decides", 0, "taken as they are", "verify", "--all", "--repair", "--reason",
                   "they agreed")
    machine.expect("and all is as it was", 0, " 0 differences", "verify", "--all")
    machine.expect("which the audit has", 0, "contact persons taken as they are", "audit", "--json")
    machine.sql(changes[0])
    with ThreadPoolExecutor(1) as pool:
        setting = pool.submit(machine.sql, f"begin; select register.set_contact_persons({int(BOARD)}, '[]', 'x', null,"
                              " 'beheer'); select pg_sleep(5); commit")
        while machine.sql("select count(*) from pg_stat_activity where query like '%pg_sleep(5)%'") != "2":
            time.sleep(0.1)
        machine.expect("repaired while a list is being set", 0, "taken as they are", "verify", "--all", "--repair",
                       "--reason", "they agreed")
        setting.result()
    machine.expect("both are as they are to be", 0, " 0 differences", "verify", "--all")
    machine.sql("drop table public.lists, public.persons, public.newest")


# --- verify --repair ---

HANG = """create function register.hang() returns trigger language plpgsql as $$
begin if new.board = {board} then perform pg_sleep(3600); end if; return new; end $$;
create trigger hang before insert on register.repair for each row execute function register.hang()"""
GOES_ON = "drop trigger hang on register.repair; drop function register.hang()"
NAMES = "update register.teacher set content = 'x' || content where board = {board} and content is not null"


def mutate_all(register, count):
    for make in register.mutations(count):
        _, _, statement, _ = make()  # two may want one key
        register.machine.sql(f"do $$ begin {statement}; exception when unique_violation then null; end $$")


def what_is_repaired(told):
    """Without numbers: a row that went to another board's number is put right with either. Without rows of no board:
    what belonged to a delivery that was put right has it again, and what was only shown put nothing right."""
    return re.findall(r"^(.+?)rows (?:that would be )?put right: ", told, re.M)


def differences(machine, *words):
    return machine.json("verify", *words)["differences"]


def repair(machine, register, count):
    """All at once is put right; what is shown before is what is done."""
    mutate_all(register, count)
    found = differences(machine, "--all")
    machine.expect("a repair wants a reason", 64, "--reason", "verify", "--all", "--repair", "--reason", "")
    machine.expect("a reason is for a repair", 64, "--repair", "verify", "--all", "--reason", "a test")
    shown = machine.expect("what would be put right is shown", 1, "that would be put right", "verify", "--all",
                           "--repair").stdout
    check("and nothing was changed", found > 0 and differences(machine, "--all") == found, found)
    done = machine.expect("it is put right", 0, "rows put right", "verify", "--all", "--repair", "--reason",
                          "rows changed by hand").stdout
    check("as was shown", what_is_repaired(shown) == what_is_repaired(done), f"{shown}\n{done}")
    machine.expect("and is as the log says", 0, " 0 differences", "verify", "--all")
    faults = [one for one in machine.ctl("ledger", "--check").stderr.splitlines()
              if "lines in quarantaine that nobody decided" not in one]
    check("balances, too", faults == [], faults)
    machine.expect("a second time there is nothing to do", 0, " 0 rows of 0 boards", "verify", "--all", "--repair",
                   "--reason", "again")
    machine.expect("who and why is kept", 0, "rows changed by hand", "audit", "--json")
    check("once a board", machine.sql("select count(*) > 0 and count(*) = count(distinct board) from register.repair"
                                      " where reason = 'rows changed by hand' and board is not null") == "t")


def repair_killed(machine):
    """Killed behind all its writes of one board, before they are committed: that board is as it was."""
    for board in (BOARD, OTHER):
        machine.sql(NAMES.format(board=board))
    machine.sql(HANG.format(board=OTHER))
    before = differences(machine, "--board", OTHER)
    process = subprocess.Popen([machine.workers.program("instroomctl"), "--config",
                                str(machine.workers.dir / "instroomctl.conf"), "verify", "--all", "--repair",
                                "--reason", "to be killed"], stdout=subprocess.DEVNULL)
    hangs = "select pid from pg_stat_activity where wait_event = 'PgSleep'"
    deadline = time.monotonic() + WAIT_S
    while not machine.sql(hangs) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    process.kill()
    process.wait()
    machine.sql(f"select pg_terminate_backend(pid, {WAIT_S * 1000}) from ({hangs}) x")
    machine.sql(GOES_ON)
    check("a board that was not committed is as it was", before > 0 and
          differences(machine, "--board", OTHER) == before, before)
    machine.expect("run again it is done", 0, "rows put right", "verify", "--all", "--repair", "--reason", "again")
    machine.expect("and all is right", 0, " 0 differences", "verify", "--all")


def repair_beside_writers(machine, first):
    """Deliveries of the same boards are written meanwhile; none is lost, none is undone."""
    for number in range(first, first + 3):
        for board, school in ((BOARD, "99ZZ"), (OTHER, "99QB")):
            machine.sql(NAMES.format(board=board))
            machine.deliver(board, number, "MUTATIE", [line(number, school), line(33, school)], waits=False)
        machine.expect("a repair beside writers", 0, "", "verify", "--all", "--repair", "--reason", "a test")
    machine.wait()
    machine.expect("ends as the log says", 0, "", "verify", "--all", "--repair", "--reason", "a test")
    machine.expect("with all deliveries", 0, " 0 differences", "verify", "--all")
    for board, school in ((BOARD, "99ZZ"), (OTHER, "99QB")):  # the lists of the unchanged begin anew
        machine.deliver(board, first + 3, "MUTATIE", [line(first + 2, school)])


# --- statement ---

# What somebody changes of a day that has its statement, and what statement --check says of it.
PAST = [
    ("a delivery", "update register.delivery set received_on = received_on + 1 where position = {first}",
     "a row of the ledger differs"),
    ("a count", "update register.delivery set nieuw = nieuw - 1, afgekeurd = afgekeurd + 1 where position = {first}",
     "outcomes differ"),
    ("a delivery deleted", "delete from register.delivery where position = {first}", "missing or too many"),
    ("a delivery added", "insert into register.delivery select (x).* from (select jsonb_populate_record(d,"
     " jsonb_build_object('position', (select min(position) from register.confirmation))) as x"
     " from register.delivery d where position = {first}) y", "missing or too many"),
    ("a confirmation", "update register.confirmation set lapsed = lapsed + 1", "a row of the ledger differs"),
    ("a sum of the statement", "update register.statement_board set lines = lines + 1 where day = '{day}'",
     "is not what its hash says"),
    ("where it ended", "update register.statement set ends = ends[2:] where day = '{day}'",
     "is not what its hash says"),
    ("who made it", "update register.statement set who = who || 'x' where day = '{day}'",
     "is not what its hash says"),
    ("when it was made", "update register.statement set made_at = made_at - interval '1 s' where day = '{day}'",
     "is not what its hash says"),
    ("its form", "update register.statement set form = 1 where day = '{day}'", "is not what its hash says"),
    ("the first hash", "update register.statement set hash = '\\x00' where day = '{day}'", "does not follow"),
    ("the first day deleted", "delete from register.statement_board where day = '{day}'; delete from"
     " register.statement where day = '{day}'", "does not follow"),
]


def statements(machine):
    """A day is made once, the next one follows it, and whatever is changed of the first is found."""
    def hashes():
        return [one["hash"] for one in machine.json("statement", "--list")]

    before = hashes()
    machine.expect("a day has one statement", 0, before[0], "statement")
    check("and keeps it", hashes() == before and len(before) == 1, before)
    day = machine.sql("select day from register.statement").strip()
    machine.sql(f"select register.statement_make('{day}'::date + 2, 'a test')")
    done = machine.expect("of a day to come it says so", 1, "", "statement")
    check("and why there is none of today", "the last statement is of a day to come" in done.stderr, done.stderr)
    machine.expect("what came later changes no past statement", 0, "every statement is as", "statement", "--check")
    machine.expect("a day is shown by board", 0, "nation", "statement", "--on", day)
    machine.expect("if it has one", 1, "", "statement", "--on", "2016-01-01")
    tables = ("delivery", "confirmation", "statement", "statement_board")
    machine.sql("; ".join(f"create table kept.{table}_then as select * from register.{table}" for table in tables))
    first = machine.sql("select min(position) from register.delivery where nieuw > 0")
    for what, statement, words in PAST:
        machine.sql(statement.format(first=first, day=day))
        done = machine.expect(f"statement --check finds {what}", 1, words, "statement", "--check")
        check(f"{what} is no fault of ours", done.stderr == "", done.stderr)
        machine.sql("begin; " + "; ".join(f"delete from register.{table}; insert into register.{table}"
                                          f" select * from kept.{table}_then" for table in tables) + "; commit")
    machine.expect("put right there is nothing", 0, "every statement is as", "statement", "--check")
    machine.sql("delete from register.statement_board; delete from register.statement")
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: machine.ctl("statement"), range(8)))
    check("made by eight at once a day has one", {(one.returncode, one.stdout) for one in done} ==
          {(0, done[0].stdout)} and len(hashes()) == 1, [(one.returncode, one.stderr) for one in done])


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=0)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("INSTROOM_SEED", "20261130")))
    return parser.parse_args()


def main():
    args = parse()
    data = Path(tempfile.mkdtemp(prefix="instroom-mutation-"))
    stack = stacks.Stack(f"mutation-{os.getpid()}")
    try:
        stack.up({"partitions": 3, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False, "base_port": None,
                  "wait": WAIT_S})
        full = ROOT / "tests" / "cases" / "reference"
        machine = replay_test.Machine(stack, data)
        without_schools(full, data / "less")
        machine.workers.prepare(data / "less")
        machine.workers.start(machine.workers.all(COUNTS), WAIT_S)
        make_register(machine)
        machine.expect("the statement of a day", 0, "hash", "statement")
        repair_beside_writers(machine, 7)
        machine.publish(full)
        machine.replay("what lacked a school comes in", "--board", BOARD, "--code", "LR-S02")
        machine.workers.end(machine.workers.all(COUNTS), signal.SIGTERM, WAIT_S)
        mutate(machine, args.mutations, args.seed)
    finally:
        stack.wipe()
        shutil.rmtree(data)
    print(f"{results['passed']} passed, {results['failed']} failed (seed {args.seed})")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
