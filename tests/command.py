# SPDX-License-Identifier: Apache-2.0
"""The windrow command as a child process: run to its end, or started and stopped."""

import subprocess
from pathlib import Path

from case_run import CRASH_SIGNS, Outcome, find_binary

TIMEOUT_SECONDS = 60


def run(
    *words: str | Path,
    cwd: Path,
    timeout: float = TIMEOUT_SECONDS,
    env: dict[str, str] | None = None,
) -> Outcome:
    """Runs `windrow WORDS`, in this process's environment or `env`; a crash fails the test."""
    done = subprocess.run(
        [str(find_binary()), *map(str, words)],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
        env=env,
    )
    assert done.returncode >= 0, f"ended by signal {-done.returncode}: {done.stderr}"
    assert not CRASH_SIGNS.search(done.stderr), done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr)


def run_well(
    *words: str | Path,
    cwd: Path,
    timeout: float = TIMEOUT_SECONDS,
    env: dict[str, str] | None = None,
) -> Outcome:
    outcome = run(*words, cwd=cwd, timeout=timeout, env=env)
    assert outcome.exit_code == 0, outcome.stderr
    return outcome


def start(*words: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.Popen:
    return subprocess.Popen(
        [str(find_binary()), *map(str, words)],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )


def exists(name: str) -> bool:
    """Says whether this windrow has a command of that name."""
    try:
        words = [str(find_binary()), "--help"]
        text = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    except OSError:
        return False
    return f"\n  {name} " in text


def is_one_line(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith("\n")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
