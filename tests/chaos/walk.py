"""walk: the trials that are walked one after the other instead of drawn: each crash point and each fault with its row in
README.md. short() is what fits ten minutes in CI; full() is every point, hit and theme.

Each trial must strike: a fault that did nothing is a failure.
"""
import itertools
import os
import random

from . import faults, workloads
from .trial import Trial

SEED = 1
# Some points need a life before them that makes the situation they stand in.
WAY_TO = {"validate.folded": ("validate.delivered",)}
EARLY, LATE = {"at": 0.15, "lasts_s": 1.2}, {"at": 0.5, "lasts_s": 1.2}
LONG_S = 3.0


def crash(point, hit):
    way = WAY_TO.get(point, ())
    return faults.Crash(way[0], hit, then=(point,)) if way else faults.Crash(point, hit)


def stop_points():
    return [point for kind in ("validate", "write") for point in faults.CRASH_POINTS[kind] if point not in WAY_TO]


def dependency_faults():
    """One or two of each row of the table."""
    return [
        [faults.Kill("gateway", again=2, **EARLY)], [faults.Kill("validate", again=2, **EARLY)],
        [faults.Kill("write", again=2, **EARLY)], [faults.Term("write", **LATE)], [faults.Term("validate", **LATE)],
        [faults.Zombie("validate", at=0.2, lasts_s=faults.ZOMBIE_S)],
        [faults.Zombie("write", at=0.2, lasts_s=faults.ZOMBIE_S)],
        [faults.TwoOwners("validate")], [faults.TwoOwners("write")],
        [faults.TwoOwners("validate"), faults.TwoOwners("write")],
        [faults.RedisKill(**EARLY)], [faults.RedisFlush(**LATE)], [faults.RedisDropKeys(**LATE)], [faults.RedisOld(**EARLY)],
        [faults.RedisOld(at=0.3, lasts_s=1.5), faults.TwoOwners("validate")], [faults.RedisAway()], [faults.RedisFull(**EARLY)],
        [faults.RedisEvicts(**EARLY)], [faults.WireSlow("redis", at=0.1, lasts_s=LONG_S)],
        [faults.WireDrops("redis", at=0.2, lasts_s=LONG_S)],
        [faults.PgKill(**EARLY)], [faults.PgRestart(**LATE)], [faults.PgReadOnly(**EARLY)], [faults.PgTerminate(**EARLY)],
        [faults.PgConnections(**EARLY)], [faults.PgLocked(at=0.1, lasts_s=LONG_S)], [faults.PgOld(**EARLY)],
        [faults.PgOld(at=0.3, lasts_s=1.5), faults.RedisFlush(at=0.6, lasts_s=0.1)],
        [faults.CommitCut("before", at=0.0, lasts_s=LONG_S)], [faults.CommitCut("after", at=0.0, lasts_s=LONG_S)],
        [faults.WireCuts("pg-write", **EARLY)], [faults.WireCuts("kafka", **EARLY)],
        [faults.WireHalfCloses("pg-write", **EARLY)],
        [faults.KafkaKill(at=0.3, lasts_s=0.5)], [faults.KafkaRestart(at=0.4, lasts_s=0.1)],
        [faults.KafkaPause(at=0.2, lasts_s=LONG_S)],
        [faults.Garbage(11, at=0.1, lasts_s=0.1), faults.Garbage(12, at=0.5, lasts_s=0.1)],
    ] + ([[faults.PgDiskFull(at=0.1, lasts_s=LONG_S)]] if os.geteuid() == 0 else [])


def trial_of(bench, number, chosen, theme):
    rng = random.Random(f"walk-{number}")
    counts = {kind: max([fault.needs.get(kind, 1) for fault in chosen]) for kind in ("gateway", "validate", "write")}
    # small turns and batches: each step is passed often
    settings = {"validate": {"turn.messages.max": rng.choice(("1", "4"))}, "write": {"batch.rows.max": rng.choice(("1", "40"))}}
    return Trial(f"walk-{number}", bench.workload(theme, SEED), chosen, counts, settings, must_strike=True)


def trials(bench, plan):
    for number, (chosen, theme) in enumerate(plan, 1):
        yield trial_of(bench, number, chosen, theme)


def short_plan():
    themes = itertools.cycle(("mixed", "one-board", "absent", "refused"))
    for point in faults.KIND_OF_POINT:
        yield [crash(point, 1)], next(themes)
    # a board alone has a single partition, which may be the other instance's
    for point, theme in zip(("validate.judged", "validate.delivered", "write.fenced", "write.before-commit", "write.committed"),
                            itertools.cycle(("mixed", "absent", "refused"))):
        yield [faults.StopAt(point, 1)], theme
    for chosen in dependency_faults():
        yield chosen, next(themes)


def full_plan():
    for theme in sorted(workloads.THEMES):
        for point, hit in itertools.product(faults.KIND_OF_POINT, (1, 3)):
            yield [crash(point, hit)], theme
        for point in stop_points():
            yield [faults.StopAt(point, 1)], theme if theme != "one-board" else "mixed"
        for chosen in dependency_faults():
            yield chosen, theme


def cluster_plan():
    """On three brokers: each is lost once, killed, stopped and paused, while the others lead on."""
    themes = itertools.cycle(("mixed", "one-board", "absent", "refused", "first-load"))
    for kind in (faults.BrokerKill, faults.BrokerStop, faults.BrokerPause):
        for node in (1, 2, 3):
            yield [kind(node, at=0.2, lasts_s=LONG_S)], next(themes)
    yield [faults.BrokerKill(2, at=0.2, lasts_s=1.0), faults.Kill("validate", at=0.3, lasts_s=0.5)], "mixed"
    yield [faults.BrokerKill(3, at=0.2, lasts_s=1.0), faults.PgOld(at=0.3, lasts_s=1.0)], "absent"
