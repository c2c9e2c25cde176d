"""machine: what the figures were measured on. Absolute figures mean nothing without it."""
import os
import platform
import time


def first_of(path, key):
    try:
        with open(path) as file:
            for line in file:
                if line.startswith(key):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return "unknown"


def load_average():
    return os.getloadavg()[0]


def fsync_rate(directory, seconds=0.5):
    """Durable writes of 8 KiB a second, one after the other: what a commit waits for."""
    path = directory / "fsync.probe"
    block = b"\0" * 8192
    count, begun = 0, time.monotonic()
    with open(path, "wb", buffering=0) as file:
        while time.monotonic() - begun < seconds:
            file.write(block)
            os.fdatasync(file.fileno())
            count += 1
        took = time.monotonic() - begun
    path.unlink()
    return count / took


def describe(directory):
    """[(what, text)]"""
    memory_kib = int(first_of("/proc/meminfo", "MemTotal").split()[0])
    return [
        ("processor", first_of("/proc/cpuinfo", "model name")),
        ("cores", str(len(os.sched_getaffinity(0)))),
        ("memory", f"{memory_kib / (1 << 20):.1f} GiB"),
        ("durable 8 KiB writes", f"{fsync_rate(directory):,.0f} a second"),
        ("load before the first run", f"{load_average():.2f}"),
        ("system", f"{platform.system()} {platform.release()}"),
    ]
