# SPDX-License-Identifier: Apache-2.0
"""Our own command as a contestant: a process for each run, its start included."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from serve import Case, Query, serve_works
from written_files import ArrowFile, ParquetFile, RecordFiles


def prepare() -> dict[str, Any]:
    """Has nothing to get ready."""
    return {}


def command(case: Case) -> Query:
    """Runs `words`; what they write at `output` is the result.

    `environment` adds variables. The run report of each run goes to the folder `reports`.
    """
    environment = {**os.environ, **case.get("environment", {})}
    reports = case.get("reports")

    def run() -> Any:
        words = list(case["words"])
        if reports is not None:
            number = len(os.listdir(reports))
            words += ["--report", f"{reports}/{number}.json"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
        if done.returncode == 5:
            raise MemoryError(done.stderr.strip())
        if done.returncode != 0:
            raise RuntimeError(f"ended with {done.returncode}: {done.stderr.strip()}")
        output = Path(case["output"])
        if output.suffix == ".parquet":
            return ParquetFile(str(output))
        return RecordFiles(str(output)) if output.is_dir() else ArrowFile(str(output))

    return run


if __name__ == "__main__":
    serve_works(prepare, {"command": command})
