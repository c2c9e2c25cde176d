"""walk: the trials that are walked one after the other instead of drawn: each crash point and each fault with its row
in README.md. short_plan() is what CI has time for; full_plan() is every point, hit and theme.

Each trial must strike: a fault that did nothing is a failure.
"""
import itertools
import os
import random
from collections import Counter

from . import (cache_faults, faults, loss_faults, patroni_faults, rotation_faults, standby_faults, topic_faults,
               workloads)
from .trial import Trial

SEED = 1
# Some points need a life before them that makes the situation they stand in.
WAY_TO = {"validate.folded": ("validate.delivered",)}
# Or a theme in which they are passed at all.
ONLY_IN = {"write.isolating": "refused"}
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
        [faults.Kill("write", again=2, **EARLY)], [faults.Term("write", **LATE)],
        [faults.Zombie("validate", at=0.2, lasts_s=faults.ZOMBIE_S)],
        [faults.Zombie("write", at=0.2, lasts_s=faults.ZOMBIE_S)],
        [faults.ZombieByName("validate", at=0.2, lasts_s=faults.ZOMBIE_S)],
        [faults.RolledByName(at=0.1, lasts_s=0.1)],
        [faults.TwoOwners("validate"), faults.TwoOwners("write")],
        [faults.RedisKill(**EARLY)], [faults.RedisDropKeys(**LATE)],
        [faults.RedisOld(at=0.3, lasts_s=1.5), faults.TwoOwners("validate")], [faults.RedisAway()],
        [faults.RedisFull(**EARLY)],
        [faults.RedisStaysFull()],
        [cache_faults.RedisEntriesBack(at=0.05, lasts_s=8.0)],
        [cache_faults.RedisRefusesPassword(**EARLY)], [cache_faults.RedisDeadAddress()],
        [cache_faults.RedisClusterNodeLost(at=0.3, lasts_s=LONG_S)],
        [cache_faults.RedisClusterMoves(at=0.1, lasts_s=LONG_S)],
        [faults.RedisOldRdb(**EARLY)], [faults.RedisEvicts(**EARLY)],
        [faults.WireSlow("redis", at=0.1, lasts_s=LONG_S)],
        [faults.WireDrops("redis", at=0.2, lasts_s=LONG_S)],
        [faults.PgKill(**EARLY)], [faults.PgRestart(**LATE)], [faults.PgReadOnly(**EARLY)],
        [faults.PgMoved(**EARLY)], [faults.PgLimit(at=0.0, lasts_s=LONG_S)], [faults.PgMuteHost()],
        [faults.PgTerminate(**EARLY)],
        [faults.PgPassword(at=0.1, lasts_s=6.0)], [faults.PgRenamed(at=0.1, lasts_s=4.0)], [faults.Hangup(**EARLY)],
        [faults.PgConnections(**EARLY)], [faults.PgLocked(at=0.1, lasts_s=LONG_S)],
        [faults.PgOld(at=0.3, lasts_s=1.5), faults.RedisFlush(at=0.6, lasts_s=0.1)],
        [faults.PgDeadlock(at=0.0, lasts_s=LONG_S)], [faults.PgAwayIdle(at=0.0, lasts_s=LONG_S)],
        [faults.CommitCut("before", at=0.0, lasts_s=LONG_S)], [faults.CommitCut("after", at=0.0, lasts_s=LONG_S)],
        [faults.WireCuts("pg-write", **EARLY)],
        [faults.WireHalfCloses("pg-write", **EARLY)],
        [faults.KafkaRestart(at=0.4, lasts_s=0.1)],
        [faults.KafkaPause(at=0.2, lasts_s=LONG_S)],
        [faults.TopicAway("raw", at=0.0, lasts_s=LONG_S)], [faults.TopicAway("verdict", at=0.0, lasts_s=LONG_S)],
        [faults.LogReplaced()],
        [loss_faults.VerdictsDeleted(at=0.3, lasts_s=0.1), rotation_faults.BodiesSealed(at=0.6, lasts_s=0.1)],
        [loss_faults.RawDeleted(at=0.3, lasts_s=0.5)],
        [faults.Garbage(11, at=0.1, lasts_s=0.1), faults.Garbage(12, at=0.5, lasts_s=0.1)],
        [faults.Markers(at=0.2, lasts_s=0.1), faults.Markers(at=0.9, lasts_s=0.1), faults.Kill("validate", at=0.95)],
    ] + ([[faults.PgPooled()]] if faults.HAS_POOLER else []) + ([
        [faults.PgDiskFull(at=0.1, lasts_s=LONG_S)], [faults.KafkaDiskFull(at=0.2, lasts_s=LONG_S)]]
         if os.geteuid() == 0 else []) + [
        [topic_faults.SizeRefused("raw", at=0.2, lasts_s=LONG_S)],
        [topic_faults.SizeRefused("verdict", at=0.2, lasts_s=LONG_S)],
        [topic_faults.TopicCompacted(at=0.0, lasts_s=LONG_S)],
        [rotation_faults.PgRotated(at=0.2, lasts_s=0.1)], [rotation_faults.RedisRotated(at=0.2, lasts_s=0.1)],
        [rotation_faults.TokensRotated(at=0.3, lasts_s=0.1)],
        [rotation_faults.KafkaRotated(at=0.2, lasts_s=0.1)], [rotation_faults.HmacRotated(at=0.3, lasts_s=0.1)],
        [standby_faults.PgPrimaryKilled(at=0.3, lasts_s=0.1)], [standby_faults.PgStandbyLost(at=0.2, lasts_s=0.1)],
        [standby_faults.PgSplit(at=0.3, lasts_s=0.1)]]


def single_faults():
    """Those that the short plan has only together with another."""
    return [
        [faults.Rolled(at=0.1, lasts_s=0.1)], [faults.ZombieByName("write", at=0.2, lasts_s=faults.ZOMBIE_S)],
        [faults.Term("validate", **LATE)], [faults.TwoOwners("validate")], [faults.TwoOwners("write")],
        [faults.RedisFlush(**LATE)], [faults.RedisOld(**EARLY)], [faults.PgOld(**EARLY)], [faults.PgBackup(**EARLY)],
        [faults.WireCuts("kafka", **EARLY)], [faults.KafkaKill(at=0.3, lasts_s=0.5)],
    ]


def replay_faults():
    """What an operator's replay meets, beside all the others that a full walk puts it to."""
    return [[faults.PgBackup(at=0.4, lasts_s=1.0), faults.OperatorKill(at=0.3, lasts_s=LONG_S),
             rotation_faults.BodiesSealed(at=0.6, lasts_s=0.1)],
            [faults.RedisOld(at=0.3, lasts_s=1.5), faults.TwoOwners("validate")],
            [faults.KafkaKill(at=0.5, lasts_s=0.5), faults.Kill("write", at=0.5, lasts_s=0.5)]]


def set_back_faults():
    """What a volgnummer set back in the middle of the load meets."""
    return [[faults.KillAtSetBack("validate"), faults.KillAtSetBack("write")]]


def more_set_back_faults():
    return [[faults.KillAtSetBack("validate")], [faults.KillAtSetBack("write")],
            [faults.KillAtSetBack("validate"), faults.RedisFlush(at=0.4, lasts_s=0.1)],
            [faults.KillAtSetBack("write"), faults.OperatorKill(at=0.1, lasts_s=LONG_S)],
            [faults.KillAtSetBack("validate"), faults.PgOld(at=0.5, lasts_s=1.5)],
            [faults.KillAtSetBack("write"), faults.RedisOld(at=0.5, lasts_s=1.5)]]


def trial_of(bench, number, chosen, theme):
    rng = random.Random(f"walk-{number}")
    counts = {kind: max([fault.needs.get(kind, 1) for fault in chosen]) for kind in ("gateway", "validate", "write")}
    # small turns and batches: each step is passed often
    settings = {"validate": {"batch.messages.max": rng.choice(("1", "4"))},
                "write": {"batch.rows.max": rng.choice(("1", "40"))}}
    return Trial(f"walk-{number}", bench.workload(theme, SEED), chosen, counts, settings, must_strike=True)


def trials(bench, plan, themes=()):
    """Those of the themes; without any, all."""
    for number, (chosen, theme) in enumerate(plan, 1):
        if not themes or theme in themes:
            yield trial_of(bench, number, chosen, theme)


def lanes(themes, count):
    """themes: of each trial. Those of each of so many lanes, with about as many trials in each. A theme stays in one
    lane, as each lane needs the undisturbed run of its own."""
    found = [[0, []] for _ in range(count)]
    for theme, size in Counter(themes).most_common():
        lane = min(found, key=lambda one: one[0])
        lane[0] += size
        lane[1].append(theme)
    return [chosen for _, chosen in found if chosen]


def short_plan():
    themes = itertools.cycle(("mixed", "one-board", "absent", "refused"))
    for point in faults.KIND_OF_POINT:
        yield [crash(point, 1)], ONLY_IN.get(point) or next(themes)
    # a board alone has a single partition, which may be the other instance's
    for point, theme in zip(("validate.judged", "validate.delivered", "write.fenced", "write.before-commit",
                             "write.committed"),
                            itertools.cycle(("mixed", "absent", "refused"))):
        yield [faults.StopAt(point, 1)], theme
    yield [faults.StopAt("write.isolating", 1)], "refused"
    for chosen in dependency_faults():
        yield chosen, next(themes)
    for chosen in replay_faults():
        yield chosen, "replay"
    for chosen in set_back_faults():
        yield chosen, "volgnummer"


def full_plan():
    for theme in sorted(workloads.THEMES):
        for point, hit in itertools.product(faults.KIND_OF_POINT, (1, 3)):
            if ONLY_IN.get(point, theme) == theme:
                yield [crash(point, hit)], theme
        for point in stop_points():
            if ONLY_IN.get(point, theme) != theme:
                continue
            yield [faults.StopAt(point, 1)], theme if theme != "one-board" else "mixed"
        for chosen in dependency_faults() + single_faults() + (replay_faults() if theme == "replay" else []):
            yield chosen, theme
    yield [faults.OperatorKill(at=0.0, lasts_s=5.0)], "replay"
    for chosen in set_back_faults() + more_set_back_faults():
        yield chosen, "volgnummer"


def standby_plan():
    """With a synchronous standby: who leads changes, in each theme once or twice."""
    themes = itertools.cycle(("mixed", "one-board", "absent", "refused", "first-load", "replay"))
    for kind in (standby_faults.PgSwitchover, standby_faults.PgPrimaryKilled, standby_faults.PgPrimaryKilledTwice,
                 standby_faults.PgStandbyLost, standby_faults.PgStandbyLostLong, standby_faults.PgSplit):
        for at in (0.1, 0.5):
            yield [kind(at=at, lasts_s=0.5)], next(themes)
    yield [standby_faults.PgPrimaryKilled(at=0.3, lasts_s=0.5), faults.Kill("write", at=0.3, lasts_s=0.5)], "mixed"
    yield [standby_faults.PgPrimaryKilled(at=0.3, lasts_s=0.5), faults.RedisFlush(at=0.4, lasts_s=0.1)], "absent"
    yield [standby_faults.PgSplit(at=0.3, lasts_s=0.5), faults.TwoOwners("write")], "mixed"
    yield [standby_faults.PgDroppingHost()], "mixed"
    yield [faults.PgMuteHost()], "absent"


def patroni_plan():
    """The standby's trials, with Patroni as the one that decides."""
    yield [patroni_faults.PatroniSwitchover(at=0.2, lasts_s=0.5)], "mixed"
    yield [patroni_faults.PatroniLeaderKilled(at=0.3, lasts_s=0.5)], "absent"
    yield [patroni_faults.PatroniStandbyKilled(at=0.2, lasts_s=0.5)], "refused"
    yield [patroni_faults.PatroniStopped(at=0.3, lasts_s=0.5)], "mixed"
    yield [patroni_faults.PatroniSwitchover(at=0.4, lasts_s=0.5)], "replay"


def cluster_plan():
    """On three brokers: each is lost once, killed, stopped and paused, while the others lead on."""
    themes = itertools.cycle(("mixed", "one-board", "absent", "refused", "first-load", "replay"))
    for kind in (faults.BrokerKill, faults.BrokerStop, faults.BrokerPause):
        for node in (1, 2, 3):
            yield [kind(node, at=0.2, lasts_s=LONG_S)], next(themes)
    yield [faults.BrokersLost(1, at=0.2, lasts_s=12.0)], "mixed"
    yield [faults.BrokersLost(2, at=0.2, lasts_s=12.0)], "absent"
    yield [faults.TooFewCopies(2, at=0.2, lasts_s=0.1)], "mixed"
    yield [faults.BrokersRolled(at=0.1, lasts_s=0.1)], "mixed"
    yield [faults.LeadersMoved(at=0.1, lasts_s=0.1)], "refused"
    yield [faults.BrokerKill(2, at=0.2, lasts_s=1.0), faults.Kill("validate", at=0.3, lasts_s=0.5)], "mixed"
    yield [faults.BrokerKill(3, at=0.2, lasts_s=1.0), faults.PgOld(at=0.3, lasts_s=1.0)], "absent"
