"""soak: the same boards night after night on one register, while faults strike; does anything grow, slow down or get
lost?

    Nights       what the generator makes of a night, and its own counts
    Meter        memory, descriptors and processor time of the workers; what Redis and PostgreSQL hold
    Soak         the nights one after the other, what is checked after each, and the verdict over all of them

Two workers of each kind run. Faults that end a process take the first of them, so that the second lives through the
whole run and shows what grows in it. Nights come in cycles: FAULTS with faults, one in which the cache fills again,
MEASURED whose time counts. A night in which a worker ended, for whatever reason, or one after it, does not count.
"""
import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import time
from dataclasses import dataclass, field

from . import faults
from .keeper import Keeper
from .machine import Machine, StackError
from .trial import READY_S, wait_for_gateway

COUNTS = {"gateway": 2, "validate": 2, "write": 2}
FAULTS, MEASURED = 2, 2                # nights of a cycle; one more lies between them
LIVES_MAX = 100000
SEND_S, REST_S = 240, 120              # longest upload and longest wait for the writer, of a night
PARALLEL = 32
SAMPLE_EVERY, SAMPLE_BOARDS = 10, 20   # nights; boards that are derived again from the log
NIGHT_OPTIONS = ["--date", "2018-06-01", "--received", "2018-06-02", "--errors", "2%", "--changed", "1.5%", "--joined",
                 "0.1%",
                 "--left", "0.1%"]
COMPARED = ("deliveries", "lines", "nieuw", "gewijzigd", "ongewijzigd", "afgekeurd")
# Bytes of a schema nobody knows are given up in time, as Garbage brings them.
SETTINGS = {"validate": {"missing.wait.max": "1s"}}
# They last a whole run, or longer than a night, or need a register or a log that does not grow, or an operator.
LEFT_OUT = {"TwoOwners", "RedisAway", "PgDiskFull", "KafkaDiskFull", "TopicAway", "PgAwayIdle", "OperatorKill"}
CRASHES = (faults.Crash, faults.StopAt)

# --- what is allowed ---

# Memory goes up in stairs, each time a fault makes a worker catch up on more than ever before: in the first nights of a
# process
# that is its buffers finding their size. What leaks goes on in its later half, so that is what the line is fitted
# through.
WARM_NIGHTS = 30            # of a process, at least; one that lived shorter has no say
RSS_GROWTH_MIB = 4          # over the nights of the longest fit, or a share of its mean
RSS_GROWTH_SHARE = 0.1
DESCRIPTOR_GROWTH = 3       # likewise; connections to peers that came back
SPEED_MIN = 0.7             # of the last tenth, of the first


class Nights:
    def __init__(self, build, folder, boards, teachers, seed):
        self.build, self.folder = build, folder
        self.options = ["--boards", str(boards), "--teachers", str(teachers), "--seed", str(seed), *NIGHT_OPTIONS]
        self.sums = dict.fromkeys(COMPARED, 0)

    def make(self, night):
        """[(number of a gateway, folder)], and the lines in all of them. Each gateway gets half of the boards."""
        out = self.folder / f"night-{night}"
        subprocess.run([self.build / "workers/gen/instroom-gen", "--out", out, "--night", str(night), *self.options],
                       check=True, stdout=subprocess.DEVNULL)
        counts = json.loads((out / "counts.txt").read_text())
        for name in COMPARED:
            self.sums[name] += counts[name]
        halves = [(number, out / str(number)) for number in range(1, COUNTS["gateway"] + 1)]
        for _, half in halves:
            half.mkdir()
        for place, path in enumerate(sorted(out.glob("*.csv"))):
            half = halves[place % len(halves)][1]
            path.rename(half / path.name)
            path.with_suffix(".json").rename(half / path.with_suffix(".json").name)
        return halves, counts["lines"]

    def drop(self, night):
        shutil.rmtree(self.folder / f"night-{night}", ignore_errors=True)

    def tables(self):
        """The reference tables that go with the boards."""
        out = self.folder / "tables"
        subprocess.run([self.build / "workers/gen/instroom-gen", "--out", out, *self.options], check=True,
                       stdout=subprocess.DEVNULL)
        return out / "reference"


# --- measuring ---


@dataclass
class Sample:
    """One worker after a night."""
    pid: int
    rss_mib: float
    descriptors: int
    cpu_s: float


@dataclass
class Night:
    number: int
    faults: list
    seconds: float = 0.0
    lines: int = 0
    counts_for_speed: bool = False
    samples: dict = field(default_factory=dict)  # by worker
    cpu_ms_per_klines: float = 0.0
    redis_mib: float = 0.0
    wal_mib: float = 0.0
    tables_mib: float = 0.0
    tables: dict = field(default_factory=dict)

    def speed(self):
        return self.lines / self.seconds


def sample_of(worker):
    """None: it is between two lives."""
    pid = worker.process.pid()
    try:
        with open(f"/proc/{pid}/statm") as file:
            pages = int(file.read().split()[1])
        with open(f"/proc/{pid}/stat") as file:
            times = file.read().rpartition(")")[2].split()[11:13]
        return Sample(pid, pages * os.sysconf("SC_PAGESIZE") / 2**20, len(os.listdir(f"/proc/{pid}/fd")),
                      sum(map(int, times)) / os.sysconf("SC_CLK_TCK"))
    except OSError:
        return None


class Meter:
    def __init__(self, machine, workers):
        self.machine, self.workers = machine, workers
        self.lsn = None

    def samples(self):
        found = {worker.name: sample_of(worker) for worker in self.workers}
        return {name: sample for name, sample in found.items() if sample}

    def measure(self, night, before):
        night.samples = self.samples()
        if night.counts_for_speed:
            spent = sum(sample.cpu_s - before[name].cpu_s for name, sample in night.samples.items())
            night.cpu_ms_per_klines = 1e6 * spent / night.lines
        info = self.machine.redis("INFO", "memory")
        night.redis_mib = int(next(line for line in info.splitlines()
                                   if line.startswith("used_memory:")).split(":")[1]) / 2**20
        lsn = int(self.machine.sql("select pg_current_wal_lsn() - '0/0'::pg_lsn"))
        night.wal_mib = max(0, lsn - self.lsn) / 2**20 if self.lsn is not None else 0  # an older register has less
        self.lsn = lsn
        rows = self.machine.sql("select relname, pg_total_relation_size(oid) from pg_class where relkind = 'r' and "
                                "relnamespace = 'register'::regnamespace order by 1").splitlines()
        night.tables = {name: int(size) for name, size in (row.split("\t") for row in rows)}
        night.tables_mib = sum(night.tables.values()) / 2**20


def slope(series):
    """A linear fit through the later half of each life of a process: lives may stand at different heights, the slope is
    one. series: [(pid, night, value)]. Returns slope a night, mean, and the nights of the longest half; 0: none lived
    that long."""
    lives = {}
    for pid, night, value in series:
        lives.setdefault(pid, []).append((night, value))
    points, longest = [], 0
    for life in lives.values():
        warm = life[max(WARM_NIGHTS, len(life) // 2):]
        if len(warm) < 2:
            continue
        longest = max(longest, warm[-1][0] - warm[0][0])
        mean_x, mean_y = statistics.fmean(x for x, _ in warm), statistics.fmean(y for _, y in warm)
        points += [(x - mean_x, y - mean_y, y) for x, y in warm]
    if not points:
        return 0.0, 0.0, 0
    steep = sum(x * y for x, y, _ in points) / sum(x * x for x, _, _ in points)
    return steep, statistics.fmean(y for _, _, y in points), longest


# --- the nights ---


class Soak:
    def __init__(self, options, evidence):
        self.options, self.evidence = options, evidence
        self.rng = random.Random(f"soak-{options.seed}")
        self.machine = Machine(f"soak-{os.getpid()}", options.build)
        self.nights = Nights(options.build, evidence / "data", options.boards, options.teachers, options.seed)
        self.done = []
        self.findings = []
        self.latest = "none"
        with open(options.build / "workers/write/instroom-write", "rb") as file:
            has_crash_points = b"INSTROOM_CRASH_AT" in file.read()
        self.mix = {kind: weight for kind, weight in faults.MIX.items()
                    if kind.__name__ not in LEFT_OUT and (has_crash_points or not issubclass(kind, CRASHES))}

    def run(self):
        self.nights.folder.mkdir(parents=True)
        try:
            self.machine.up()
            self.machine.begin(COUNTS, SETTINGS, self.nights.tables())
            workers = self.machine.workers.all(COUNTS)
            self.keeper = Keeper(workers, LIVES_MAX, [fault.may_end_with for fault in self.mix])
            self.meter = Meter(self.machine, workers)
            try:
                self.keeper.start({}, READY_S)
                self.go()
                self.check_all()
            except (StackError, OSError, subprocess.SubprocessError) as error:
                self.findings.append(f"{type(error).__name__}: {error}; last: {self.latest}")
            finally:
                self.keeper.stop(signal.SIGTERM, 10)
            self.findings += self.keeper.findings
            if self.findings:
                self.keep_logs()
        finally:
            self.machine.wipe()
            shutil.rmtree(self.nights.folder, ignore_errors=True)
        self.judge()
        for finding in self.findings:
            print(f"FAILED {finding}")
        return not self.findings

    def go(self):
        print_head(self.keeper.workers)
        deadline = time.monotonic() + 60 * self.options.minutes
        number, lately = 0, 0  # nights since the last disturbance
        while time.monotonic() < deadline and not self.findings and not self.keeper.findings:
            chosen = self.draw() if number and number % (FAULTS + MEASURED + 1) < FAULTS else []
            night = Night(number, chosen)
            self.latest = f"night {number}, " + (", ".join(fault.text() for fault in chosen) or "undisturbed")
            with self.lock():
                self.play(night, lately)
            lately = 0 if night.faults or self.has_died else lately + 1
            self.done.append(night)
            print_row(night, self.keeper.workers)
            with open(self.evidence / "nights.jsonl", "a") as file:
                file.write(json.dumps(night.__dict__ | {"faults": [fault.text() for fault in chosen]},
                                      default=lambda sample: sample.__dict__) + "\n")
            number += 1

    @contextlib.contextmanager
    def lock(self):
        """Shared, a night at a time, so that a benchmark on this machine may have it for itself between two."""
        if self.options.lock is None:
            yield
            return
        with open(self.options.lock, "a") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield

    def draw(self):
        """One or two faults, at most one that ends a validator or writer on purpose: a message that did it three times
        would rightly be given up."""
        chosen, taken = [], set()
        for _ in range(self.rng.choice((1, 1, 2))):
            fault = self.rng.choices(list(self.mix), list(self.mix.values()))[0].draw(self.rng)
            resource = fault.resource or ("worker" if isinstance(fault, (*CRASHES, faults.Kill, faults.Zombie))
                                          else "bytes")
            if resource not in taken:
                taken.add(resource)
                chosen.append(fault)
        return chosen

    def play(self, night, lately):
        halves, night.lines = self.nights.make(night.number)
        self.arm(night)
        before, ends = self.meter.samples(), len(self.keeper.ends)
        begun = time.monotonic()
        with contextlib.ExitStack() as stack:
            senders = [self.send(stack, number, half) for number, half in halves]
            self.disturb(night)
            self.finish(stack, halves, senders, begun + SEND_S)
        for fault in night.faults:
            fault.end(self.machine)
        if not self.machine.wait_until_written(REST_S):
            raise StackError(f"night {night.number}: not everything was judged and written after {REST_S} s")
        night.seconds = time.monotonic() - begun
        self.disarm(night)
        self.has_died = len(self.keeper.ends) > ends
        night.counts_for_speed = not night.faults and not self.has_died and lately > 0 and night.number > 0
        wait_for_gateway(self.keeper)
        self.check(night)
        self.meter.measure(night, before)
        self.nights.drop(night.number)

    # --- faults ---

    def arm(self, night):
        """A crash point is told to a process when it starts: the first of its kind is ended and comes back with it."""
        for fault in night.faults:
            if isinstance(fault, CRASHES):
                crash_at = {}
                fault.prepare(self.machine, crash_at)
                for name, lives in crash_at.items():
                    self.keeper.plans[name] += lives
                    self.restart(name)

    def disarm(self, night):
        """A plan that was not reached would strike another night."""
        for fault in night.faults:
            if isinstance(fault, CRASHES):
                name = f"{faults.KIND_OF_POINT[fault.point]}{fault.number}"
                self.keeper.plans[name].clear()
                self.restart(name)

    def restart(self, name):
        worker = self.machine.workers.named(name)[0]
        pid = worker.process.pid()
        worker.process.signal(signal.SIGCONT)
        worker.process.signal(signal.SIGTERM)
        deadline = time.monotonic() + READY_S
        while worker.process.pid() in (pid, None) and time.monotonic() < deadline:
            time.sleep(0.02)

    def disturb(self, night):
        """Each strikes at its share of a usual night, and ends by itself after its time or when all is written."""
        usual = statistics.median([one.seconds for one in self.done if one.counts_for_speed] or [5.0])
        strikes = sorted((fault for fault in night.faults if fault.at is not None), key=lambda fault: fault.at)
        begun, open_faults = time.monotonic(), []
        while strikes or open_faults:
            now = time.monotonic()
            if strikes and now - begun >= strikes[0].at * usual:
                fault = strikes.pop(0)
                fault.strike(self.machine)
                open_faults.append((time.monotonic() + fault.lasts_s, fault))
            for ends_at, fault in list(open_faults):
                if now >= ends_at:
                    open_faults.remove((ends_at, fault))
                    fault.heal(self.machine)
            time.sleep(0.01)

    # --- uploads ---

    def send(self, stack, number, folder):
        """Ended with the stack, whatever happens."""
        workers = self.machine.workers
        gateway = workers.named(f"gateway{number}")[0]
        sender = subprocess.Popen([workers.program("instroomctl"), "--config", str(workers.dir / "instroomctl.conf"),
                                   "deliver",
                                 "--quiet", "--parallel", str(PARALLEL), str(folder)],
                                env=os.environ | {"INSTROOM_GATEWAY_URL": f"http://127.0.0.1:{gateway.port}"},
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        stack.callback(sender.kill)
        return sender

    def finish(self, stack, halves, senders, deadline):
        """An upload that gave up on a gateway in trouble is taken up again; a refusal is none of ours."""
        for (number, half), sender in zip(halves, senders):
            said = sender.communicate(timeout=SEND_S)[0]
            while sender.returncode != 0:
                if sender.returncode == 1 or time.monotonic() > deadline:
                    raise StackError(f"{half}: uploads ended with {sender.returncode}: {said.strip()[-400:]}")
                sender = self.send(stack, number, half)
                said = sender.communicate(timeout=SEND_S)[0]

    # --- checks ---

    def ctl(self, *words):
        done = self.machine.workers.ctl(*words, capture_output=True, text=True)
        if done.returncode != 0:
            raise StackError(f"instroomctl {' '.join(words)} ended with {done.returncode}: "
                             f"{(done.stdout + done.stderr)[-600:]}")
        return done.stdout

    def check(self, night):
        """After each night all is in the register once: the ledger balances, and has what the generator made."""
        ledger = json.loads(self.ctl("ledger", "--check", "--json"))
        wrong = [f"{ledger[name]} {name} instead of {self.nights.sums[name]}" for name in COMPARED
                 if ledger[name] != self.nights.sums[name]]
        if wrong:
            raise StackError(f"night {night.number}: the ledger has " + ", ".join(wrong))
        if night.number and night.number % SAMPLE_EVERY == 0:
            self.ctl("verify", "--sample", str(SAMPLE_BOARDS))

    def check_all(self):
        if not self.keeper.findings:
            print(self.ctl("verify", "--all").strip())
            print("the ledger has what the generator made: " + ", ".join(f"{value:,} {name}"
                                                                        for name, value in self.nights.sums.items()))

    def keep_logs(self):
        logs = self.evidence / "logs"
        logs.mkdir()
        for path in [*self.machine.workers.dir.glob("*.log"), *self.machine.workers.dir.glob("*.conf"),
                     *self.machine.stack.dir.glob("log/*.log")]:
            shutil.copy(path, logs)

    # --- the verdict ---

    def judge(self):
        """Prints the slopes and the ratio, and adds what is beyond the limits."""
        for worker in self.keeper.workers:
            rows = [(night.number, night.samples[worker.name]) for night in self.done if worker.name in night.samples]
            rss, mean, nights = slope([(one.pid, number, one.rss_mib) for number, one in rows])
            held, _, _ = slope([(one.pid, number, one.descriptors) for number, one in rows])
            if nights == 0:
                print(f"{worker.name:10} never lived {WARM_NIGHTS + 2} nights on end: nothing to fit")
                continue
            print(f"{worker.name:10} {rss * 1024:+8.1f} KiB and {held:+7.4f} descriptors a night, mean {mean:.1f} MiB, "
                  f"over the last {nights} nights of its longest life")
            allowed = max(RSS_GROWTH_MIB, RSS_GROWTH_SHARE * mean)
            if rss * nights > allowed:
                self.findings.append(f"{worker.name} grew by {rss * nights:.1f} MiB in {nights} nights: more than "
                                     f"{allowed:.1f}")
            if held * nights > DESCRIPTOR_GROWTH:
                self.findings.append(f"{worker.name} has {held * nights:.1f} descriptors more after {nights} nights: "
                                     f"more than {DESCRIPTOR_GROWTH}")
        self.judge_speed()
        if self.done:
            first, last = self.done[0].tables, self.done[-1].tables
            grown = sorted(last, key=lambda name: first.get(name, 0) - last[name])[:6]
            print("tables, MiB after the first and after the last night: " +
                  ", ".join(f"{name} {first.get(name, 0) / 2**20:.1f} {last[name] / 2**20:.1f}" for name in grown))
        disturbed = sum(bool(night.faults) for night in self.done)
        print(f"{len(self.done)} nights, {disturbed} of them with faults, "
              f"{sum(night.counts_for_speed for night in self.done)} counted for speed")

    def judge_speed(self):
        counted = [night for night in self.done if night.counts_for_speed]
        tenth = max(3, len(counted) // 10)
        if len(counted) < 2 * tenth:
            print("too few undisturbed nights to compare speeds")
            return
        first, last = counted[:tenth], counted[-tenth:]
        speeds = [statistics.median(night.speed() for night in some) for some in (first, last)]
        costs = [statistics.median(night.cpu_ms_per_klines for night in some) for some in (first, last)]
        print(f"undisturbed: first tenth {speeds[0]:,.0f} lines/s and {costs[0]:.1f} ms of the workers' processor "
              f"time per 1,000 lines, last tenth {speeds[1]:,.0f} and {costs[1]:.1f}: "
              f"ratio {speeds[1] / speeds[0]:.2f} and "
              f"{costs[1] / costs[0]:.2f}")
        if speeds[1] < SPEED_MIN * speeds[0]:
            self.findings.append(f"the last tenth is slower than {SPEED_MIN:g} of the first")


def print_head(workers):
    print("per worker: resident MiB/descriptors; * counts for speed")
    print(f"{'night':>5}  {'s':>6} {'lines/s':>8}  " + " ".join(f"{worker.name:>10}" for worker in workers) +
          f" {'redis':>6} {'WAL':>6} {'tables':>7} {'load':>5}  faults", flush=True)


def print_row(night, workers):
    cells = [f"{night.samples[worker.name].rss_mib:.1f}/{night.samples[worker.name].descriptors}"
             if worker.name in night.samples else "-" for worker in workers]
    print(f"{night.number:>5}{'*' if night.counts_for_speed else ' '} {night.seconds:>6.2f} {night.speed():>8,.0f}  " +
          " ".join(f"{cell:>10}" for cell in cells) +
          f" {night.redis_mib:>6.1f} {night.wal_mib:>6.1f} {night.tables_mib:>7.1f} {os.getloadavg()[0]:>5.1f}  " +
          ", ".join(fault.text() for fault in night.faults), flush=True)
