# SPDX-License-Identifier: Apache-2.0
"""What the machine is, how fast its memory is, and how much others disturb it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import mmap
import os
import platform
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cases import GIB, ROOT, Traffic

TICKS = os.sysconf("SC_CLK_TCK")

# Measured once on 2 virtual CPUs of an EPYC Zen 5 and used where Python cannot measure.
# To measure again: a batched random gather from 512 MB; streaming into fresh pages;
# zstd level 3 over Arrow buffers of mixed types; iperf3 on loopback; O_DIRECT reads.
L3_TOUCH_NS = 2.0
DRAM_TOUCH_NS = 10.0
FRESH_GB_S = 2.7
DECODE_GB_S = 1.2
WIRE_GB_S = 5.2
DISK_GB_S = 1.28

# Others must leave the CPUs this free for measured bandwidths to be believed; on a busy
# machine they come out low, and an efficiency computed from them too high.
FOREIGN_SHARE_MAX = 0.10
READ_GB_S_DOCUMENTED = 42.0
COPY_GB_S_DOCUMENTED = 21.6


@dataclass(frozen=True)
class Clock:
    """Machine-wide CPU seconds since boot: spent by anyone, and stolen by the host."""

    busy: float
    stolen: float

    @staticmethod
    def now() -> Clock:
        """Reads the first line of /proc/stat; it counts in steps of 10 ms."""
        with open("/proc/stat", encoding="ascii") as file:
            values = [int(value) / TICKS for value in file.readline().split()[1:9]]
        user, nice, system, _, _, irq, softirq, steal = values
        return Clock(user + nice + system + irq + softirq, steal)


@dataclass(frozen=True)
class Constants:
    """Bandwidths of one thread in GB/s (bytes read, bytes copied)."""

    read_gb_s: float
    copy_gb_s: float
    source: str

    def roofline(self, traffic: Traffic, threads: int, wire_gb_s: float | None = None) -> float:
        """Returns the least seconds the traffic takes on that many threads."""
        alone = (
            traffic.bytes_read / self.read_gb_s
            + traffic.bytes_copied / self.copy_gb_s
            + traffic.fresh_bytes / FRESH_GB_S
            + traffic.decoded_bytes / DECODE_GB_S
            + traffic.random_touches * L3_TOUCH_NS
        ) / threads
        shared = traffic.wire_bytes / (wire_gb_s or WIRE_GB_S) + traffic.disk_bytes / DISK_GB_S
        return (alone + shared) * 1e-9


def measure_constants(nbytes: int = GIB // 2, repeats: int = 7) -> Constants:
    """Measures reading (memchr) and copying (memmove) on one thread, best of several.

    Where others are using the machine, returns the documented figures.
    """
    with mmap.mmap(-1, nbytes) as source, mmap.mmap(-1, nbytes) as target:
        chunk = bytes(1 << 20)
        for offset in range(0, nbytes, len(chunk)):
            source[offset : offset + len(chunk)] = chunk
            target[offset : offset + len(chunk)] = chunk
        view, into = memoryview(source), memoryview(target)
        read = copy = 0.0
        clock, begin, own = Clock.now(), time.perf_counter(), time.process_time()
        for _ in range(repeats):
            start = time.perf_counter()
            source.find(b"\x01")
            middle = time.perf_counter()
            into[:] = view
            read = max(read, nbytes / (middle - start) * 1e-9)
            copy = max(copy, nbytes / (time.perf_counter() - middle) * 1e-9)
        after, spent = Clock.now(), time.process_time() - own
        capacity = (time.perf_counter() - begin) * len(os.sched_getaffinity(0))
        foreign = after.busy - clock.busy - spent + after.stolen - clock.stolen
        view.release()
        into.release()
    if foreign > FOREIGN_SHARE_MAX * capacity:
        return Constants(READ_GB_S_DOCUMENTED, COPY_GB_S_DOCUMENTED, "documented")
    return Constants(read, copy, "measured")


def involuntary_switches(pid: int) -> int:
    """Adds up the involuntary context switches of the process's living threads."""
    total = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        try:
            text = status.read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(text.rpartition("nonvoluntary_ctxt_switches:")[2])
    return total


def process_tree(pid: int) -> list[int]:
    """Returns a process and all below it."""
    found = [pid]
    for parent in found:
        # A process may end at any time, and its folders with it.
        with contextlib.suppress(OSError):
            for children in Path(f"/proc/{parent}/task").glob("*/children"):
                found += map(int, children.read_text(encoding="ascii").split())
    return found


def anonymous_bytes(pid: int) -> int:
    """Returns RssAnon + RssShmem of a process and all below it."""
    return sum(map(anonymous_bytes_alone, process_tree(pid)))


def anonymous_bytes_alone(pid: int) -> int:
    """Returns RssAnon + RssShmem, or 0 when the process is gone."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            text = file.read()
        total = 0
        for name in (b"RssAnon:", b"RssShmem:"):
            total += int(text[text.index(name) + len(name) :].split(None, 1)[0])
        return total << 10
    except (OSError, ValueError):
        return 0


def cpu_seconds(pid: int | None) -> float:
    """Returns what a process has spent so far; 0 without one, or when it is gone."""
    if pid is None:
        return 0.0
    try:
        # The kernel's number for the CPU clock of another process.
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def wire_bytes(pid: int | None) -> int:
    """Returns what the interfaces of a process's network namespace have carried so far.

    Headers and acknowledgements count. What the loopback interface carries counts once,
    though it is sent and received.
    """
    total = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/net/dev").read_text(encoding="ascii").splitlines()[2:]:
            name, _, counters = line.partition(":")
            received, sent = (int(counters.split()[i]) for i in (0, 8))
            total += received if name.strip() == "lo" else received + sent
    return total


def memory_bytes() -> int:
    """Returns the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def cpu_model() -> str:
    """Returns the first processor's name."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def commit() -> str:
    """Returns the tree's commit, with a plus when it has changes; empty outside Git."""
    where = ["git", "-C", str(ROOT)]
    head = subprocess.run(
        [*where, "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        [*where, "status", "--porcelain"], capture_output=True, text=True, check=False
    )
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def describe(constants: Constants) -> dict[str, Any]:
    """Returns what a result file says about the place it was made in."""
    versions = {"python": platform.python_version(), "kernel": platform.release()}
    for name in ("duckdb", "polars", "pyarrow"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "absent"
    return {
        "commit": commit(),
        "cpu": cpu_model(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_bytes": memory_bytes(),
        "versions": versions,
        "constants": asdict(constants),
    }
