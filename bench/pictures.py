# SPDX-License-Identifier: Apache-2.0
"""Draws results of `run.py` as bars: how many times as long as Windrow each peer takes.

pictures.py bench/results/probe-rows-*.json --to docs/pictures

writes a picture NAME.svg for each result file, with machine, versions and date.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import report

# Narrow enough for the text to be read on a phone.
WIDTH = 440
LEFT, RIGHT, TOP = 8, 8, 30
BARS_WIDTH = WIDTH - LEFT - RIGHT - 52  # the ratio stands behind the bar
BAR_HEIGHT, PEER_HEIGHT, CASE_HEIGHT, NOTE_HEIGHT = 14, 42, 30, 15

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #212121 }
.case { font-weight: bold }
.note { font-size: 11px; fill: #616161 }
.slower { fill: #00897b }
.faster { fill: #ef6c00 }
.one { stroke: #616161; stroke-dasharray: 3 3 }
.range { stroke: #212121 }
@media (prefers-color-scheme: dark) {
  text { fill: #e0e0e0 }
  .note { fill: #9e9e9e }
  .slower { fill: #26a69a }
  .faster { fill: #ffa726 }
  .one { stroke: #9e9e9e }
  .range { stroke: #e0e0e0 }
}
"""


class Picture:
    """Lines of an SVG that grows downwards."""

    def __init__(self, ratio_max: float):
        self.height = TOP
        self._scale = BARS_WIDTH / ratio_max
        self._lines: list[str] = []

    def place(self, ratio: float) -> str:
        """The horizontal place of a ratio."""
        return f"{LEFT + ratio * self._scale:.1f}"

    def text(self, words: str, up: float = 0, left: float | str = LEFT, kind: str = "") -> None:
        """Writes words at the current height, or somewhat above it."""
        named = f" class={quoteattr(kind)}" if kind else ""
        line = f'<text x="{left}" y="{self.height - up:g}"{named}>{escape(words)}</text>'
        self._lines.append(line)

    def bar(self, outcome: report.Outcome) -> None:
        """Draws a peer: its ratio as a bar, the range of the pairs on it, and where 1 is."""
        ratio, low, high = (outcome[key] for key in ("ratio", "ratio_min", "ratio_max"))
        top = self.height + 6
        kind = "slower" if ratio >= 1 else "faster"
        width = f"{ratio * self._scale:.1f}"
        self._lines.append(
            f'<rect class="{kind}" x="{LEFT}" y="{top:g}" width="{width}" height="{BAR_HEIGHT}"/>'
        )
        middle = top + BAR_HEIGHT / 2
        self._lines.append(
            f'<path class="range" d="M{self.place(low)} {middle:g}H{self.place(high)}"/>'
        )
        self._lines.append(f'<path class="one" d="M{self.place(1)} {top - 3:g}v{BAR_HEIGHT + 6}"/>')
        behind = float(self.place(max(ratio, high, 1))) + 5
        self.text(f"{ratio:.1f}x", up=-17.5, left=f"{behind:.1f}")

    def svg(self, title: str) -> str:
        """The whole picture; `title` is what is read aloud instead of it."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height:g}" '
            f'width="{WIDTH}" height="{self.height:g}" role="img">'
        )
        style = f"<style>{STYLE}</style>"
        lines = [head, f"<title>{escape(title)}</title>", style, *self._lines, "</svg>", ""]
        return "\n".join(lines)


def draw(document: dict[str, Any], date: str) -> str:
    """Draws the outcomes of a result document, those of a case beside each other."""
    outcomes = document["outcomes"]
    timed = [each for each in outcomes if report.is_timed(each)]
    if not timed:
        raise ValueError("no peer finished; expected at least one")
    picture = Picture(max(1.0, *(each["ratio_max"] for each in timed)))
    picture.text("times as long as Windrow; the dashed line is 1", up=10, kind="note")
    for case, found in itertools.groupby(outcomes, key=lambda each: each["case"]):
        draw_case(picture, case, list(found))
    for line in notes(document, date):
        picture.height += NOTE_HEIGHT
        picture.text(line, kind="note")
    picture.height += NOTE_HEIGHT / 2
    summary = ", ".join(f"{o['case']} {o['peer']} {o['ratio']:.1f}x" for o in timed)
    return picture.svg(f"{document['name']}: times as long as Windrow: {summary}")


def draw_case(picture: Picture, case: str, outcomes: Sequence[report.Outcome]) -> None:
    """Draws a case: a title, then each peer."""
    timed = [each for each in outcomes if report.is_timed(each)]
    ours = f", Windrow {report.seconds(timed[0]['ours']['wall'])} s" if timed else ""
    picture.height += CASE_HEIGHT - 12
    picture.text(case + ours, kind="case")
    for each in outcomes:
        picture.height += PEER_HEIGHT / 2
        if report.is_timed(each):
            picture.text(f"{each['peer']}, {report.seconds(each['peer_figures']['wall'])} s")
            picture.bar(each)
        else:
            picture.text(f"{each['peer']}: did not finish")
        picture.height += PEER_HEIGHT / 2
    picture.height += 12


def notes(document: dict[str, Any], date: str) -> Iterator[str]:
    """Says where, when and with what the figures were measured."""
    place = document["machine"]
    versions = place["versions"]
    yield (
        f"{date}; {place['cpu']}, {place['cpus']} CPUs, {place['memory_bytes'] / 1e9:.0f} GB; "
        f"{document['slots']} threads each"
    )
    yield f"DuckDB {versions['duckdb']}, Polars {versions['polars']}, Arrow {versions['pyarrow']}"
    yield "bar: median of the pairs of runs; line on it: least to most"
    noisy = sum(each.get("noisy_kept", 0) for each in document["outcomes"])
    pairs = sum(each.get("pairs", 0) for each in document["outcomes"])
    if noisy:
        yield f"{noisy} of {pairs} pairs ran while others used the machine"


def date_of(path: Path) -> str:
    """The day that the name of a result file holds."""
    stamp = re.search(r"-(\d{8})T\d{6}Z$", path.stem)
    if stamp is None:
        raise ValueError(f"{path}: found no time in the name; expected NAME-TIME.json")
    return datetime.strptime(stamp[1], "%Y%m%d").date().isoformat()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULT.json")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    for path in options.results:
        document = json.loads(path.read_text(encoding="utf-8"))
        try:
            picture = draw(document, date_of(path))
        except ValueError as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 1
        target = options.to / f"{document['name']}.svg"
        target.write_text(picture, encoding="utf-8")
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
