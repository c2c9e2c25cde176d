"""trials: what a call that fails does to a worker, in each part of its life: its start, its work, its end."""
import random
import threading
import time
from dataclasses import dataclass, field

from . import sites, work

DOCUMENTED = {0, 70, 77, 78}  # exit statuses of a worker (common/run/exit_status.h); in mid-work only 70
MIDWAY = {70}
ROUND_S = 25
NOT_REACHED = "not reached again"
BATCH = 40           # sites in one life, then its leaks are counted
WARM_ROUNDS = 3


@dataclass
class Row:
    """Of the table: a call, and what came of its failure."""
    program: str
    part: str
    site: object
    calls: int
    came: str
    is_wrong: bool = False
    details: list = field(default_factory=list)


class Torture:
    """One kind of worker under test; the others run beside it, undisturbed."""

    def __init__(self, name, program, others, door, seed, deadline, rounds, tell):
        self.name, self.program, self.others = name, program, others
        self.door = door
        self.seed, self.deadline, self.rounds, self.tell = seed, deadline, rounds, tell
        self.rng = random.Random(f"{seed}-{name}")
        self.reference = None
        self.parts = {}
        self.known_leaks = set()

    # --- the measure ---

    def measure(self):
        """Counts the calls of a whole life without a fault, and takes the outcome that all others must equal."""
        state = self.program.state
        self.begin()
        started = state.calls()
        for number in range(WARM_ROUNDS):
            outcome, _ = self.play()
            if number == WARM_ROUNDS - 1 and (found := work.differences(self.reference, outcome)):
                raise work.WorkError("two undisturbed rounds differ: " + "; ".join(found))
            if number > 0:
                self.reference = outcome
        worked = state.calls()
        status = self.program.end()
        if status != 0:
            raise work.WorkError(f"undisturbed, it ended with {status}: {self.program.last_words()}")
        self.parts = {"start": started, "work": sites.since(worked, started), "end": sites.since(state.calls(), worked)}
        self.known_leaks = self.program.take_leaks()

    def begin(self):
        self.program.start()
        if not self.program.wait_until_ready():
            raise work.WorkError(f"{self.program.worker.name} was not ready: {self.program.last_words()}")

    def play(self):
        """(outcome, signs) of a round; the program is started again when it ended."""
        round_of_work = work.Round(next(self.rounds), self.door, ROUND_S)
        return round_of_work.play(), round_of_work.signs

    def has_time(self):
        return time.monotonic() < self.deadline

    # --- in mid-work ---

    def work_trials(self, chosen):
        rows = []
        for number, site in enumerate(chosen):
            if not self.has_time():
                break
            if number % BATCH == 0:
                self.end_of_batch(rows)
                self.begin()
            calls = self.parts["work"][site]
            row = Row(self.name, "work", site, calls, "")
            self.work_trial(row, max(1, calls // WARM_ROUNDS))
            rows.append(row)
            self.tell(row)
        self.end_of_batch(rows)
        for row in [row for row in rows if row.came == NOT_REACHED and self.has_time()]:
            self.first_time_trial(row)
            self.end_of_batch(rows)
        return rows

    def first_time_trial(self, row):
        """What a life does once only, such as taking memory that it keeps: the first call of a life fails."""
        self.program.state.arm(row.site, 0)
        self.work_trial(row, 1, self.program.start)
        self.tell(row)

    def end_of_batch(self, rows):
        if self.program.child is None:
            return
        status = self.program.end()
        leaks = self.program.take_leaks() - self.known_leaks
        if any(row.site and row.site.name == "json_pack" for row in rows[-BATCH:]):
            # the real one drops what it was given, and was never called
            leaks = {leak for leak in leaks if "json" not in leak and "jansson" not in leak}
        if status != 0 or leaks:
            rows.append(Row(self.name, "batch", None, 0,
                            f"ended with {status}, {len(leaks)} leaks", True,
                            sorted(leaks) + ([self.program.last_words()] if status else [])))
            self.tell(rows[-1])

    def work_trial(self, row, calls, begin=None):
        state = self.program.state
        keeper = Restarter(self.program)
        state.arm(row.site, self.rng.randrange(min(calls, 50)))
        if begin:
            begin()
        keeper.start()
        try:
            outcome, signs = self.play()
            if not state.has_struck():
                state.arm(row.site, 0)
                outcome, signs = self.play()
            found = work.differences(self.reference, outcome)
        except work.WorkError as error:
            found, signs = [str(error)], []
        keeper.stop()
        has_struck = state.has_struck()
        state.disarm()
        self.judge(row, has_struck, found, signs, keeper.ends)

    def judge(self, row, has_struck, found, signs, ends):
        wrong = [f"ended with {status}: {words}" for status, words in ends if status not in MIDWAY]
        row.details = found + wrong
        row.is_wrong = bool(row.details)
        told = sorted(set(signs)) + [f"ended with {status}" for status, _ in ends]
        row.came = NOT_REACHED if not has_struck else ", ".join(told) if told else "no trace"
        if row.is_wrong:
            row.came = "WRONG: " + row.came
            if not ends:
                row.details.append(self.program.last_words())
            self.recover()

    def recover(self):
        """After a difference: the register may be another now. Two rounds bring it back; if not, all ends here."""
        self.program.state.disarm()
        self.program.end()
        self.program.take_leaks()
        self.begin()
        self.play()
        outcome, _ = self.play()
        if found := work.differences(self.reference, outcome):
            raise work.WorkError("what failed before is not made good by two rounds: " + "; ".join(found))

    # --- at the start and at the end ---

    def start_trials(self, chosen):
        rows = []
        for site in chosen:
            if not self.has_time():
                break
            row = Row(self.name, "start", site, self.parts["start"][site], "")
            self.program.state.arm(site, self.rng.randrange(min(row.calls, 20)))
            self.program.start()
            is_ready = self.program.wait_until_ready()
            status = self.program.status()
            has_struck = self.program.state.has_struck()
            self.program.state.disarm()
            if is_ready:
                self.after_start(row, has_struck)
            elif status is None:
                row.came, row.is_wrong = "WRONG: neither ready nor ended", True
                row.details = [self.program.last_words()]
                self.program.end()
            else:
                row.is_wrong = status not in DOCUMENTED - {0} or not self.program.last_words()
                row.came = ("WRONG: " if row.is_wrong else "") + f"ended with {status}"
                row.details = [self.program.last_words()]
                self.program.child = None
            leaks = self.program.take_leaks() - self.known_leaks
            row.details += sorted(leaks)
            row.is_wrong |= bool(leaks) and is_ready
            rows.append(row)
            self.tell(row)
        return rows

    def after_start(self, row, has_struck):
        """It may be ready and end a moment later, when its partitions come."""
        keeper = Restarter(self.program)
        keeper.start()
        try:
            outcome, _ = self.play()
            row.details = work.differences(self.reference, outcome)
        except work.WorkError as error:
            row.details = [str(error)]
        keeper.stop()
        row.details += [f"ended with {status}: {words}" for status, words in keeper.ends if status not in MIDWAY]
        status = self.program.end()
        if status != 0:
            row.details.append(f"ended with {status}: {self.program.last_words()}")
        row.is_wrong = bool(row.details)
        came = [f"ended with {status}" for status, _ in keeper.ends] or ["serves" if has_struck else NOT_REACHED]
        row.came = ("WRONG: " if row.is_wrong else "") + ", ".join(came)
        if row.is_wrong:
            self.recover()
            self.program.end()

    def end_trials(self, chosen):
        rows = []
        for site in chosen:
            if not self.has_time():
                break
            self.begin()
            row = Row(self.name, "end", site, self.parts["end"][site], "")
            self.program.state.arm(site, self.rng.randrange(min(row.calls, 5)))
            status = self.program.end()
            has_struck = self.program.state.has_struck()
            self.program.state.disarm()
            leaks = self.program.take_leaks() - self.known_leaks
            row.is_wrong = status not in (0, 70) or bool(leaks)
            row.came = ("WRONG: " if row.is_wrong else "") + (f"ended with {status}" if has_struck else NOT_REACHED)
            row.details = sorted(leaks) + ([self.program.last_words()] if status else [])
            rows.append(row)
            self.tell(row)
        return rows


class Restarter:
    """Starts a program again that ended in mid-work, as a service manager would."""

    def __init__(self, program):
        self.program = program
        self.ends = []
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()

    def run(self):
        while not self.is_over.wait(0.05):
            status = self.program.status()
            if status is None:
                continue
            self.ends.append((status, self.program.last_words()))
            if len(self.ends) > 5:
                return
            self.program.start()

    def stop(self):
        self.is_over.set()
        if self.thread.is_alive():
            self.thread.join(5)
