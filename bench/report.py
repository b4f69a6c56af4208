# SPDX-License-Identifier: Apache-2.0
"""Prints results and aims as text, and keeps them as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cases import Aim

Outcome = dict[str, Any]

HEADER = (
    "case",
    "peer",
    "completed",
    "peer s",
    "ours s",
    "ratio",
    "min..max",
    "peer CPU s",
    "ours CPU s",
    "peer MB",
    "ours MB",
    "before MB",
    "output MB",
    "effic.",
    "pairs",
)
SERVER_HEADER = (
    "case",
    "peer",
    "peer server CPU s",
    "ours",
    "peer server MB",
    "ours",
    "peer wire MB",
    "ours",
    "peer wire GB/s",
    "ours",
    "wire can",
)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Aligns rows: the first two columns left, figures right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def seconds(value: float) -> str:
    """Formats seconds with three digits that matter."""
    return f"{value:.4f}" if value < 0.1 else f"{value:.3f}" if value < 10 else f"{value:.1f}"


def megabytes(value: float) -> str:
    """Formats bytes as MB."""
    return f"{value / 1e6:,.0f}" if value >= 1e6 or value == 0 else f"{value / 1e6:.3f}"


def is_timed(outcome: Outcome) -> bool:
    """Says whether the peer finished."""
    return "ratio" in outcome


def note_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """Returns why peers were skipped or failed, one line each, and what cases tell."""
    return [line for each in outcomes for line in each.get("notes", [])] + [
        f"{each['case']}: {each['peer']} {word}: {each[word]}"
        for each in outcomes
        for word in ("skipped", "failed")
        if word in each
    ]


def outcome_row(outcome: Outcome) -> list[str]:
    """Returns the cells of one case against one peer."""
    head = [outcome["case"], outcome["peer"]]
    if not is_timed(outcome):
        word = "skipped" if "skipped" in outcome else "failed"
        return [*head, "no", word, *[""] * (len(HEADER) - 4)]
    ours, peer = outcome["ours"], outcome["peer_figures"]
    efficiency = outcome["efficiency"]
    pairs = str(outcome["pairs"])
    if outcome["noisy_kept"]:
        pairs += f" ({outcome['noisy_kept']} noisy)"
    before = f"{megabytes(peer['memory_before'])}/{megabytes(ours['memory_before'])}"
    return [
        *head,
        "yes",
        seconds(peer["wall"]),
        seconds(ours["wall"]),
        f"{outcome['ratio']:.2f}x",
        f"{outcome['ratio_min']:.2f}..{outcome['ratio_max']:.2f}",
        seconds(peer["cpu"]),
        seconds(ours["cpu"]),
        megabytes(peer["memory_peak"]),
        megabytes(ours["memory_peak"]),
        before,
        megabytes(outcome["output_bytes"]),
        "-" if efficiency is None else f"{100 * efficiency:.0f} %",
        pairs,
    ]


def server_row(outcome: Outcome) -> list[str]:
    """Returns the cells on the servers of one case against one peer."""
    both = (outcome["peer_figures"], outcome["ours"])
    cells = [outcome["case"], outcome["peer"]]
    cells += [seconds(side["server_cpu"]) for side in both]
    cells += [megabytes(side["server_memory_peak"]) for side in both]
    cells += [megabytes(side["wire_bytes"]) for side in both]
    cells += [f"{side['wire_bytes'] / side['wall'] / 1e9:.2f}" for side in both]
    wire = outcome["wire_gb_s"]
    return [*cells, "-" if wire is None else f"{wire:.2f}"]


def server_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """Returns a table of what servers took and what went over the wire to them."""
    rows = [
        server_row(each)
        for each in outcomes
        if is_timed(each) and each["ours"].get("wire_bytes", 0) > 0
    ]
    return table([SERVER_HEADER, *rows]).splitlines() if rows else []


def judge(aim: Aim, outcomes: Sequence[Outcome]) -> tuple[str, float | None, str]:
    """Returns met, missed or not measured, with the least ratio and where it was."""
    least: float | None = None
    where = ""
    for outcome in outcomes:
        if not is_timed(outcome) or not outcome["case"].startswith(tuple(aim.cases)):
            continue
        if aim.peers and not outcome["peer"].startswith(tuple(aim.peers)):
            continue
        ratio = outcome["ratio"]
        if aim.at_peak_memory:
            mine = max(1, outcome["ours"]["memory_peak"])
            ratio = outcome["peer_figures"]["memory_peak"] / mine
        if least is None or ratio < least:
            least, where = ratio, f"{outcome['case']}, {outcome['peer']}"
    if least is None:
        return "not measured", None, ""
    return ("met" if least >= aim.ratio else "missed"), least, where


def aim_lines(aims: Sequence[Aim], outcomes: Sequence[Outcome]) -> list[str]:
    """Returns one line per aim."""
    rows = []
    for aim in aims:
        verdict, ratio, where = judge(aim, outcomes)
        got = "-" if ratio is None else f"{ratio:.2f}x"
        rows.append([verdict, aim.text, f"aim {aim.ratio:g}x", got, where])
    return table(rows).splitlines() if rows else []


def machine_lines(place: dict[str, Any], slots: int) -> list[str]:
    """Returns what the figures were measured on."""
    constants = place["constants"]
    versions = ", ".join(f"{name} {text}" for name, text in place["versions"].items())
    return [
        f"{place['cpu']}, {place['cpus']} CPUs, {place['memory_bytes'] / 1e9:.1f} GB, "
        f"{slots} threads each, warm; commit {place['commit'][:12] or 'unknown'}",
        versions,
        f"one thread reads {constants['read_gb_s']:.1f} GB/s and copies "
        f"{constants['copy_gb_s']:.1f} GB/s ({constants['source']}); the roofline's "
        "other constants are documented ones",
    ]


def print_report(
    document: dict[str, Any], aims: Sequence[Aim], verdicts: Sequence[str] = ()
) -> None:
    """Prints machine, table and aims. Every answer in it has been checked before."""
    print("\n".join(machine_lines(document["machine"], document["slots"])))
    print()
    outcomes = document["outcomes"]
    print(table([HEADER, *[outcome_row(each) for each in outcomes]]))
    print()
    print(
        "ratio: median over pairs of peer wall / our wall; MB: peak of anonymous and "
        "shared memory in the runs; before: the same just before a run, peer/ours"
    )
    groups = (
        server_lines(outcomes),
        note_lines(outcomes),
        aim_lines(aims, outcomes),
        verdicts,
    )
    for lines in groups:
        if lines:
            print()
            print("\n".join(lines))


def save(document: dict[str, Any], folder: Path) -> Path:
    """Writes the result file, named after the benchmark and the time in UTC."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = folder / f"{document['name']}-{stamp}.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return path
