"""mix: what a seed of scripts/chaos stands for: a workload, faults, numbers of workers, sizes of turns and batches.

SHARED seeds in a row share a workload, so that its undisturbed run is made once.
"""
import random

from . import faults, workloads
from .trial import Trial

SHARED = 6


def draw_settings(rng):
    """Small batches put more steps into a trial; a long linger puts many deliveries into one transaction."""
    validate = {"batch.messages.max": rng.choice(("1", "3", "2000", "2000")),
                "batch.linger.max": rng.choice(("0ms", "20ms", "200ms"))}
    write = {"batch.rows.max": rng.choice(("1", "20", "20k", "20k")),
             "batch.linger.max": rng.choice(("0ms", "100ms", "1s"))}
    return {"validate": validate, "write": write}


def counts_for(chosen, rng):
    counts = {"gateway": rng.choice((1, 1, 2)), "validate": rng.choice((1, 1, 2)), "write": rng.choice((1, 1, 2))}
    for fault in chosen:
        counts = {kind: max(count, fault.needs.get(kind, 1)) for kind, count in counts.items()}
    return counts


def draw(seed, bench):
    theme = random.Random(f"theme-{seed // SHARED}").choice(sorted(workloads.THEMES))
    rng = random.Random(f"chaos-{seed}")
    chosen = faults.draw_mix(rng)
    return Trial(seed, bench.workload(theme, seed // SHARED), chosen, counts_for(chosen, rng), draw_settings(rng))
