# SPDX-License-Identifier: Apache-2.0
"""Runs `windrow pod-usage` on a Case in a folder of its own."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import command
from case_run import Outcome
from support.pod_usage.case import ACCOUNT, Case, Row
from support.pod_usage.comparison import difference
from support.pod_usage.parquet_files import write_koku
from support.pod_usage.reference import summary

OUTPUT = "out.ndjson"


def prepare(case: Case, folder: Path) -> list[Path]:
    """Writes the input files and the reference data; the input files, in the case's order."""
    case.settings.write_reference(folder / "reference.json")
    return write_koku(case, folder / "in")


def words(
    case: Case,
    *more: str,
    layout: str = "koku",
    reports: str = "in",
    reference: str = "reference.json",
    to: str = OUTPUT,
) -> list[str]:
    return [
        *("pod-usage", "--input", reports, "--layout", layout, "--account", ACCOUNT),
        *case.settings.arguments(),
        *("--reference", reference, "--to", to),
        *more,
    ]


def run(
    case: Case, folder: Path, *more: str, env: dict[str, str] | None = None, **places: str
) -> Outcome:
    """`places` are layout, reports, reference and to, as `words` takes them."""
    return command.run(*words(case, *more, **places), cwd=folder, env=env)


def read_rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def wrong(
    case: Case, folder: Path, *more: str, layout: str = "koku", expected: Sequence[Row] = ()
) -> str:
    """What is wrong with a run of the command, with the line that repeats it; else nothing.

    The rows must be `expected`, or those of the reference.
    """
    outcome = run(case, folder, *more, layout=layout)
    if outcome.exit_code:
        fault = f"exit code {outcome.exit_code}: {outcome.stderr.strip()}"
    else:
        fault = difference(read_rows(folder / OUTPUT), expected or summary(case))
    repeat = (
        f"cd {shlex.quote(str(folder))} && windrow {shlex.join(words(case, *more, layout=layout))}"
    )
    return f"{fault}\ncommand: {repeat}" if fault else ""
