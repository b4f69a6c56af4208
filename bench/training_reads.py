# SPDX-License-Identifier: Apache-2.0
"""The training-reads benchmark: probes in random order, as a training loader asks for them.

    arrays/2M  times and round trips of every probe of the training file, as arrays

The pings are of probes with about 4,400 each, as many as the full data set has.

A loader decodes one record at a time. The peers read with the official ArrayRecord reader:
one makes Python dictionaries of the rows, as the system that this format came from did,
the other only arrays.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cases import Aim, Case, Contestant, Settings, peer_command

NAME = "training-reads"
ROWS = 2_000_000
ROWS_OF_PROBE = 4_400
DICTIONARIES = "official reader, row dictionaries"
ARRAYS = "official reader, arrays"


def make_records(settings: Settings) -> Path:
    """Makes the training file unless it is there."""
    rows = settings.rows or ROWS
    folder = settings.data / f"training-{rows}"
    if not folder.exists():
        making = folder.with_name("making-" + folder.name)
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        probes = max(1, rows // ROWS_OF_PROBE)
        pings = ["pings", "--rows", str(rows), "--option", f"probes={probes}"]
        records = ["probe-rows", "--input", "pings.parquet", "--output", "."]
        for words in (["generate", *pings, "-o", "pings.parquet"], records):
            command = [str(settings.windrow), *words, "--progress", "none"]
            subprocess.run(command, check=True, cwd=making)
        making.rename(folder)
    return folder / "train.arrayrecord"


def cases(settings: Settings) -> list[Case]:
    """Returns the one case."""
    name = f"{NAME}/arrays/2M"
    if settings.only not in name:
        return []
    path = make_records(settings)
    manifest = json.loads((path.parent / "manifest.json").read_text(encoding="utf-8"))
    (records,) = (f["rows"] for f in manifest["files"] if f["path"] == path.name)
    order = list(range(records))
    random.Random(1).shuffle(order)
    case = settings.scratch / "training-reads.json"
    case.write_text(json.dumps({"path": str(path), "order": order}), encoding="utf-8")

    def contestant(name: str, work: str) -> Contestant:
        argument = json.dumps({"case": str(case)})
        return Contestant(name, peer_command("training_reads_peer.py", work, argument))

    peers = [contestant(DICTIONARIES, "dictionaries"), contestant(ARRAYS, "arrays")]
    return [Case(name, contestant("Windrow", "windrow"), peers, [path])]


def aims() -> list[Aim]:
    """Returns the figures this benchmark is held to."""
    case = [f"{NAME}/arrays/2M"]
    return [
        Aim("arrays of a probe: rows as dictionaries", case, 10, [DICTIONARIES]),
        Aim("arrays of a probe: level with arrays of the official reader", case, 1, [ARRAYS]),
    ]


def verdicts(outcomes: Sequence[dict[str, Any]]) -> list[str]:
    """Nothing but ratios."""
    return []
