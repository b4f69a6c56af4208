# SPDX-License-Identifier: Apache-2.0
"""Judges two result files: whether we got faster or slower against the same peers.

    compare.py BEFORE.json AFTER.json

The figure compared is the ratio to the peer, which cancels much of the machine's mood.
Its noise is the spread of the pairs' ratios: half the distance between the quartiles,
by the root of the number of pairs, both files together, three times; never less than
5 %. A change within it is no change. Exit code 1 when anything became slower.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from report import is_timed, table

NOISE_LEAST = 0.05
NOISE_FACTOR = 3.0
# Peaks of the same program differ by a few buffers.
MEMORY_NOISE = 0.10

Outcomes = dict[tuple[str, str], dict[str, Any]]


def load(path: Path) -> tuple[dict[str, Any], Outcomes]:
    """Reads a result file; outcomes are keyed by case and peer."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return document, {(o["case"], o["peer"]): o for o in document["outcomes"]}


def relative_noise(outcome: dict[str, Any]) -> float:
    """Returns the relative standard error of the median ratio, from the quartiles."""
    pairs = zip(outcome["runs_ours"], outcome["runs_peer"], strict=True)
    ratios = [theirs["wall"] / ours["wall"] for ours, theirs in pairs]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return (high - low) / 2 / middle / math.sqrt(len(ratios))


def verdict(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, list[str]]:
    """Returns faster, slower or same, and the cells that say why."""
    if not (is_timed(before) and is_timed(after)):
        ends = ["finished" if is_timed(o) else "did not" for o in (before, after)]
        return "peer did not finish", [*ends, "", "", "", ""]
    change = after["ratio"] / before["ratio"] - 1
    both = math.hypot(relative_noise(before), relative_noise(after))
    noise = max(NOISE_LEAST, NOISE_FACTOR * both)
    word = "same"
    if abs(change) > noise:
        word = "faster" if change > 0 else "slower"
    peaks = [max(1, o["ours"]["memory_peak"]) for o in (before, after)]
    memory = peaks[1] / peaks[0] - 1
    note = ""
    if abs(memory) > MEMORY_NOISE:
        note = f"memory {memory:+.0%}"
    if before["noisy_kept"] or after["noisy_kept"]:
        note = (note + ", noisy pairs kept").lstrip(", ")
    return word, [
        f"{before['ratio']:.2f}x",
        f"{after['ratio']:.2f}x",
        f"{change:+.1%}",
        f"{noise:.1%}",
        f"{before['ours']['wall']:.4f} -> {after['ours']['wall']:.4f} s",
        note,
    ]


def place_differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Says what makes the two files hard to compare."""
    found = [
        f"{name} differs: {before[name]}, {after[name]}"
        for name in ("size", "slots")
        if before[name] != after[name]
    ]
    for name in ("cpu", "cpus", "memory_bytes", "versions"):
        was, now = before["machine"][name], after["machine"][name]
        if was != now:
            found.append(f"{name} differs: {was}, {now}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    options = parser.parse_args(arguments)
    (first, before), (second, after) = load(options.before), load(options.after)
    for line in place_differences(first, second):
        print(f"warning: {line}")
    rows = [["case", "peer", "verdict", "before", "after", "change", "noise", "ours", ""]]
    slower = 0
    for key in before.keys() | after.keys():
        if key not in before or key not in after:
            only = "before" if key in before else "after"
            rows.append([*key, f"only {only}", *[""] * 6])
            continue
        word, cells = verdict(before[key], after[key])
        slower += word == "slower"
        rows.append([*key, word, *cells])
    rows[1:] = sorted(rows[1:])
    print(table(rows))
    print(f"\n{slower} slower" if slower else "\nnothing slower")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
