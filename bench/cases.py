# SPDX-License-Identifier: Apache-2.0
"""What a benchmark hands to the frame: cases, contestants, rooflines and aims."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).resolve().parent / "peers"
GIB = 1 << 30


@dataclass(frozen=True)
class Contestant:
    """A process that speaks the protocol of `harness.py`.

    `columns_left_out` are columns the engine cannot carry; they must be entirely null
    in our answer, so leaving them out changes no value. `server` is the process id of the
    server that it talks to, whose CPU seconds, memory and bytes on the wire are counted.
    """

    name: str
    command: Sequence[str]
    columns_left_out: Sequence[str] = ()
    server: int | None = None


@dataclass(frozen=True)
class Traffic:
    """The least work an answer needs, for the roofline. Bytes and counts, not times."""

    bytes_read: float = 0
    bytes_copied: float = 0
    random_touches: float = 0
    fresh_bytes: float = 0
    decoded_bytes: float = 0
    wire_bytes: float = 0
    disk_bytes: float = 0


@dataclass(frozen=True)
class Case:
    """One question put to us and to every peer.

    `traffic` gets the bytes of our answer and returns the least work for it, or is None
    where no honest lower bound is known. `float_tolerance` is relative; 0 asks for equal
    bits. `ordered_by` is the order of lists in the answer, see `lists.py`.

    Three are for work that is too long or too large for the usual way: seconds of a run,
    pairs (without a warm-up), and bytes of memory that the kernel holds the contestants
    to, page cache included.

    Where a server does part of the work, what it takes of the CPUs is no disturbance. The
    wire to it carries `wire_gb_s`, as measured in this run; None takes a documented rate.
    `notes` returns lines for the report, once the case has run.
    """

    name: str
    ours: Contestant
    peers: Sequence[Contestant]
    inputs: Sequence[Path]
    traffic: Callable[[int], Traffic] | None = None
    float_tolerance: float = 0.0
    ordered_by: str = ""
    time_limit: float | None = None
    pairs: int | None = None
    memory_limit: int | None = None
    has_server: bool = False
    wire_gb_s: float | None = None
    notes: Callable[[], list[str]] | None = None


@dataclass(frozen=True)
class Aim:
    """A ratio we want to reach: the least over the named peers that finished.

    `peers` are name prefixes; none means every peer. With `at_peak_memory` the ratio is
    that of peak memory, otherwise of wall time.
    """

    text: str
    cases: Sequence[str]
    ratio: float
    peers: Sequence[str] = ()
    at_peak_memory: bool = False


@dataclass(frozen=True)
class Settings:
    """How the frame is to run, from the command line; servers end with `until_end`."""

    size: str
    repeat: int
    slots: int
    ours: Sequence[str]
    windrow: Path
    data: Path
    time_limit: float = 60.0
    seconds_per_peer: float = 25.0
    only: str = ""
    rows: int | None = None
    scratch: Path = field(default_factory=Path)
    until_end: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)


class Benchmark(Protocol):
    """A module in bench/ that `run.py` lists."""

    NAME: str

    def cases(self, settings: Settings) -> list[Case]:
        """Makes missing data, writes job documents, returns the cases to run."""

    def aims(self) -> list[Aim]:
        """Returns the figures this benchmark is held to."""

    def verdicts(self, outcomes: Sequence[dict[str, Any]]) -> list[str]:
        """Returns lines about figures that are no ratio to a peer. May be missing."""


def peer_command(script: str, work: str, argument: str) -> list[str]:
    """Returns the command that runs `work` of a peer script in bench/peers."""
    return [sys.executable, str(PEERS / script), work, argument]
