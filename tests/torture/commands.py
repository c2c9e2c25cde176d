"""commands: instroomctl with each of its calls failed once, in a command that makes it."""
import json
import random
import re
import subprocess
import time

from chaos.machine import programs
from chaos.workloads import TABLES
from . import sites, work
from .program import Program, interposed, take_leaks
from .trials import Row

DOCUMENTED = {66, 69, 70, 77, 78}
# deliver tells of a file that cannot be read and goes on with the others: 1.
OF_ONE_FILE = {"stat", "access", "fread", "fopen", "opendir"}
WAIT_S = 60


def commands_of(machine, first, folder, tables):
    """Those whose output is the same each time."""
    return [("help", "ledger"), ("--version",), ("completion", "bash"), ("status",), ("status", "--json"),
            ("wait", "--timeout", "20"), ("ledger",), ("ledger", "--json"), ("ledger", "--check"),
            ("stand", "--all", "--with-bsn"), ("stand", "--board", work.BOARD), ("coverage",),
            ("report", work.BOARD, first), ("report", work.BOARD, first, "--output", "json"),
            ("verify", "--all"), ("quarantine", "list"),
            ("dump", machine.topic("raw"), "0", "0"), ("dump", machine.topic("raw"), "1", "0"),
            ("dump", machine.topic("raw"), "2", "0"),
            ("replay", "plan", "--board", work.BOARD, "--output", "json"), ("replay", "list"),  # of one job or more
            ("confirm", work.BOARD, first, "--reason", "a trial"),
            ("migrate",), ("reference", "import", str(tables)), ("reference", "publish"), ("deliver", str(folder))]


def make_folder(folder, number):
    folder.mkdir(exist_ok=True)
    for index, kind in enumerate(("MUTATIE", "MUTATIE")):
        (folder / f"{index}.csv").write_text(work.COLUMNS + work.line(index))
        (folder / f"{index}.json").write_text(json.dumps(
            {"bestuur": work.BOARD, "soort": kind, "volgnummer": number * 10 + index, "extractiedatum": "2018-07-01",
             "leveringsid": f"torturectl-{number:05}-{index}"}))


def normal(text):
    text = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", "MOMENT", text)
    text = re.sub(r" in [0-9.]+ s\b", " in a moment", text)
    text = re.sub(r"[0-9]+ messages", "N messages", text)
    text = re.sub(r"[0-9a-f]{8}-?[0-9a-f-]{8,}", "HEX", text)
    text = re.sub(r" +", " ", text)
    text = re.sub(r"MOMENT \w+ ", "MOMENT WHO ", text)  # a name that could not be looked up is "unknown"
    if "HEX" in text:
        text = "\n".join(dict.fromkeys(text.splitlines()))  # one more job than before
    return re.sub(r"\d+", "N", text) if "lag" in text or "MOMENT" in text or "HEX" in text else text


class Ctl:
    def __init__(self, machine, preload, depth):
        self.machine, self.preload, self.depth = machine, preload, depth
        self.program = machine.workers.program("instroomctl")
        self.state = sites.State(machine.workers.dir / "instroomctl.sites")
        self.leaks = machine.workers.dir / "instroomctl.leaks"

    def run(self, words, prepare=None):
        """(exit status, stdout, stderr)"""
        if prepare:
            prepare()
        environment = interposed(self.preload, self.state, self.depth, self.leaks)
        command = [self.program, "--config", str(self.machine.workers.dir / "instroomctl.conf"), *words]
        try:
            done = subprocess.run(["/usr/bin/env", *(f"{key}={value}" for key, value in environment.items()), *command],
                                  check=False, capture_output=True, timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            return -9, "", f"it did not end within {WAIT_S} s"
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def torture(machine, options, preload, table, rounds, deadline):
    workers = [Program(worker) for worker in machine.workers.all({name: 1 for name in programs.KINDS})]
    try:
        for one in workers:
            one.start()
        if not all(one.wait_until_ready() for one in workers):
            raise work.WorkError("the workers were not ready")
        token = (machine.workers.dir / "token").read_text().strip()
        first = work.Round(next(rounds), work.Door(workers[0].worker.port, token), WAIT_S)
        first.play()
        fail_each(Ctl(machine, preload, options.depth), options, table, first, next(rounds), deadline)
    finally:
        for one in workers:
            one.end()


def fail_each(ctl, options, table, first, number, deadline):
    folder = ctl.machine.workers.dir / "deliveries"
    make_folder(folder, number)

    def forget():
        for path in folder.glob("acknowledged*"):
            path.unlink()

    commands = commands_of(ctl.machine, first.name(work.WAITS), folder, TABLES)
    for words in commands[-1:]:
        ctl.run(words, forget)
    ctl.run(("wait", "--quiet"))
    expected, users = {}, {}
    for words in commands:
        before = ctl.state.calls()
        expected[words] = ctl.run(words, forget)
        for site, calls in sites.since(ctl.state.calls(), before).items():
            users.setdefault(site, {})[words] = calls
    known_leaks = take_leaks(ctl.leaks)
    table.name(ctl.program, users)
    table.found["instroomctl", "work"] = len(users)
    rng = random.Random(options.seed)
    for site in sites.shuffled(users, options.seed):
        if not re.search(options.only, table.texts[site]):
            continue
        if time.monotonic() > deadline:
            return
        words = rng.choice(sorted(users[site]))
        row = Row("instroomctl", "work", site, users[site][words], "")
        fail_one(ctl, row, words, expected[words], rng, forget, known_leaks)
        table.tell(row)


def fail_one(ctl, row, words, expected, rng, forget, known_leaks):
    ctl.state.arm(row.site, rng.randrange(min(row.calls, 20)))
    status, said, complaint = ctl.run(words, forget)
    has_struck = ctl.state.has_struck()
    ctl.state.disarm()
    leaks = take_leaks(ctl.leaks) - known_leaks
    command = " ".join(words[:2])
    if status == expected[0]:
        row.came = "no trace" if has_struck else "not reached again"
        row.is_wrong = normal(said) != normal(expected[1])
        row.details = [f"{command}: its output is another: {differing(expected[1], said)}"] if row.is_wrong else []
    else:
        row.came = f"ended with {status}"
        is_of_one_file = words[0] == "deliver" and status == 1 and row.site.name in OF_ONE_FILE
        row.is_wrong = not (status in DOCUMENTED or is_of_one_file) or not complaint.strip()
        row.details = [f"{command}: {complaint.strip()[-300:]}"]
        again = ctl.run(words, forget)
        take_leaks(ctl.leaks)
        if (again[0], normal(again[1])) != (expected[0], normal(expected[1])):
            row.is_wrong = True
            row.details.append(f"and again, undisturbed: {again[0]}: {differing(expected[1], again[1])} "
                               f"{again[2][-200:]}")
    if leaks and row.site.name != "json_pack":  # it drops what it was given; here it was never called
        row.is_wrong = True
        row.details += [f"{command}: leak: {leak}" for leak in sorted(leaks)]
    if row.is_wrong:
        row.came = "WRONG: " + row.came


def differing(old, new):
    return "; ".join(work.differences({"stdout": normal(old)}, {"stdout": normal(new)}))
