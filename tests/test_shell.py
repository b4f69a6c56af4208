# SPDX-License-Identifier: Apache-2.0
"""Completion in bash and zsh, and colours where a person looks."""

import os
import subprocess
from pathlib import Path

import command
import pytest
import terminal

JOB = "{windrow: 1, sources: {a: {scan: a.arrow}}, sinks: [{write: b.arrow, from: a}]}"


def _completed(line: str, folder: Path) -> list[str]:
    """What bash offers for the last word of `line`."""
    words = line.split(" ")
    script = (
        f"source <({command.find_binary()} completion bash); "
        f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; "
        '_windrow 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


LINES = {
    "windrow pro": ["probe-rows"],
    "windrow se": ["serve"],
    "windrow enrich --sec": ["--securities"],
    "windrow run --progress ": ["auto", "plain", "none"],
    "windrow run job.yaml --log-format j": ["json"],
    "windrow run --set dense": ["dense_keys="],
    "windrow help s": ["switches"],
    "windrow completion ": ["bash", "zsh"],
    "windrow run jo": ["job.yaml"],
    "windrow run --wait": [],
    "windrow enrich --quotes qu": ["quotes.arrow"],
}


@pytest.mark.parametrize("line", LINES)
def test_bash_completes(line: str, tmp_path: Path):
    for name in ("job.yaml", "quotes.arrow"):
        (tmp_path / name).touch()
    assert _completed(line, tmp_path) == LINES[line]


def test_hidden_options_are_not_completed(tmp_path: Path):
    assert "--listen" in _completed("windrow serve --", tmp_path)
    assert "--ticket-seconds" not in _completed("windrow serve --", tmp_path)


def test_zsh_takes_the_script(tmp_path: Path):
    script = command.run_well("completion", "zsh", cwd=tmp_path).stdout
    (tmp_path / "_windrow").write_text(script, encoding="utf-8")
    subprocess.run(["zsh", "-n", "_windrow"], cwd=tmp_path, check=True)
    loads = "autoload -Uz compinit && compinit -u -d dump; source _windrow; print $_comps[windrow]"
    done = subprocess.run(
        ["zsh", "-f", "-c", loads], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("_windrow\n", "")


def _shown(folder: Path, *words: str, **env: str) -> str:
    """What a command writes to a terminal."""
    env = {**os.environ, "TERM": "xterm", "NO_COLOR": "", **env}
    return terminal.run([str(command.find_binary()), *words], folder, env)[1]


def test_colours_are_for_terminals_alone(tmp_path: Path):
    command.run_well("generate", "quotes", "--rows", "10", "-o", "a.arrow", cwd=tmp_path)
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    plain = command.run_well("explain", "job.yaml", cwd=tmp_path).stdout
    assert "\033" not in plain
    coloured = _shown(tmp_path, "explain", "job.yaml")
    assert "\033[1mscan\033[0m" in coloured
    for code in ("[0m", "[1m", "[2m"):
        coloured = coloured.replace("\033" + code, "")
    assert coloured == plain
    assert _shown(tmp_path, "explain", "job.yaml", NO_COLOR="1") == plain
    assert _shown(tmp_path, "explain", "job.yaml", TERM="dumb") == plain
    assert _shown(tmp_path, "explain", "absent.yaml").startswith("\033[1;31mwindrow:\033[0m absent")
    assert "\033" not in command.run("explain", "absent.yaml", cwd=tmp_path).stderr
