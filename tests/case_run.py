# SPDX-License-Identifier: Apache-2.0
"""Runs one text case through the real command under every setting of the matrix."""

import itertools
import os
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import case_tables
import yaml
from case_file import Case

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS = 60
MATRIX = [
    ["--slots", slots, "--set", f"morsel_rows={rows}"]
    for slots in ("1", "4")
    for rows in ("1", "1024")
]
# The fragments of a cluster, one task after the other in one process, over tiny pieces.
FRAGMENTS = [["--on", "local:3", "--set", "split_rows=1", "--set", "piece_bytes=8"]]
OLD_CONTENT = b"what the output held before\n"
CRASH_SIGNS = re.compile(
    r"Traceback \(most|terminate called|Sanitizer|Segmentation fault|core dumped|^\s*#\d+ 0x",
    re.MULTILINE,
)


def find_binary() -> Path:
    return Path(os.environ.get("WINDROW_BINARY", ROOT / "build/release/windrow")).resolve()


@dataclass(frozen=True)
class Outcome:
    exit_code: int
    stdout: str
    stderr: str


class CaseRun:
    """One case in one folder of its own. `complaints` is what a failing test shows."""

    def __init__(self, case: Case, folder: Path, binary: Path):
        self._case = case
        self._folder = folder
        self._binary = binary
        self._matrix = MATRIX
        self._chunk_rows: int | None = None

    def as_fragments(self) -> "CaseRun":
        """The same as a cluster runs it, over inputs in chunks of two rows."""
        self._matrix = FRAGMENTS
        if not self._is_damaged():
            self._chunk_rows = 2
        return self

    @property
    def runs_a_plan(self) -> bool:
        commands = ("run", "enrich", "probe-rows", "pod-usage")
        return not self._case.runs_once and self._command()[0] in commands

    def _is_damaged(self) -> bool:
        return any({"corrupt", "truncate"} & set(source.options) for source in self._case.inputs)

    def complaints(self) -> list[str]:
        for source in self._case.inputs:
            case_tables.write_input(self._folder, source, self._chunk_rows)
        if self._case.job is not None:
            (self._folder / "job.yaml").write_text(self._place(self._case.job), encoding="utf-8")
        found = self._explain() if self._case.explain else []
        if not (self._case.outputs or self._case.error or self._case.stdout):
            return found
        for number, settings in enumerate([[]] if self._case.runs_once else self._matrix):
            found = found or self._run_once([*self._command(), *settings], number)
        return found

    def _place(self, text: str) -> str:
        return text.replace("{dir}", str(self._folder))

    def _command(self) -> list[str]:
        if self._case.command is None:
            return ["run", "job.yaml"]
        return [self._place(word) for word in self._case.command]

    def _run(self, words: list[str]) -> Outcome:
        process = subprocess.Popen(
            [str(self._binary), *words],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            stdout, stderr = process.communicate(timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            _, stderr = process.communicate()
            return Outcome(-signal.SIGKILL, "", f"{stderr}\nno end after {TIMEOUT_SECONDS} s")
        return Outcome(process.returncode, stdout, stderr)

    def _explain(self) -> list[str]:
        words = ["explain", "job.yaml"]
        outcome = self._run(words)
        if outcome.exit_code:
            return self._report(words, outcome, ["explain failed"])
        found = [
            line for expected in self._case.explain for line in expected.complaints(outcome.stdout)
        ]
        return self._report(words, outcome, [f"the plan {line}" for line in found])

    def _run_once(self, words: list[str], number: int) -> list[str]:
        kept = self._prepare_outputs(has_old_content=bool(self._case.error) and number % 2 == 0)
        before = self._files()
        outcome = self._run(words)
        if self._case.error:
            found = self._judge_error(outcome)
            found += self._judge_outputs_kept(kept, before)
        else:
            found = self._judge_success(outcome)
        return self._report(words, outcome, found)

    def _prepare_outputs(self, has_old_content: bool) -> list[Path]:
        """Removes outputs of an earlier run; leaves old content where asked. Returns the
        outputs that hold it."""
        kept = []
        inputs = {self._folder / source.file for source in self._case.inputs}
        for path in self._output_paths():
            if path in inputs or not path.parent.is_dir():
                continue
            path.unlink(missing_ok=True)
            if has_old_content:
                path.write_bytes(OLD_CONTENT)
                kept.append(path)
        return kept

    def _output_paths(self) -> list[Path]:
        names = set(self._case.outputs)
        words = self._command()
        names |= {after for word, after in itertools.pairwise(words) if word == "-o"}
        try:
            document = yaml.safe_load(self._case.job or "")
            names |= {str(sink["write"]) for sink in document["sinks"]}
        except (yaml.YAMLError, KeyError, TypeError):
            pass  # the case is about a document that cannot be read
        return [self._folder / self._place(name) for name in sorted(names)]

    def _files(self) -> set[Path]:
        return {path for path in self._folder.rglob("*") if path.is_file()}

    def _judge_error(self, outcome: Outcome) -> list[str]:
        found = []
        if outcome.exit_code != self._case.exit_code:
            found.append(f"exit code {outcome.exit_code}, expected {self._case.exit_code}")
        found += [f"the message {line}" for line in self._case.error.complaints(outcome.stderr)]
        if not outcome.stderr.strip():
            found.append("no message on stderr")
        if CRASH_SIGNS.search(outcome.stderr):
            found.append("stderr shows a crash or a stack, expected a message")
        return found

    def _judge_outputs_kept(self, kept: list[Path], before: set[Path]) -> list[str]:
        found = [
            f"{path.name} lost its old content"
            for path in kept
            if not path.is_file() or path.read_bytes() != OLD_CONTENT
        ]
        left = sorted(str(path.relative_to(self._folder)) for path in self._files() - before)
        return found + [f"left {name} behind" for name in left]

    def _judge_success(self, outcome: Outcome) -> list[str]:
        if outcome.exit_code:
            return [f"exit code {outcome.exit_code}, expected 0"]
        found = [
            f"stdout {line}"
            for expected in self._case.stdout
            for line in expected.complaints(outcome.stdout)
        ]
        for name, expected in self._case.outputs.items():
            path = self._folder / name
            if not path.is_file():
                found.append(f"{name} was not written")
            elif expected.text is not None:
                if (text := path.read_text(encoding="utf-8")) != expected.text:
                    found += [f"{name} holds other text:", *text.splitlines()[:40]]
            else:
                found += case_tables.complaints(name, case_tables.read_output(path), expected)
        return found

    def _report(self, words: list[str], outcome: Outcome, found: list[str]) -> list[str]:
        """`found` with what a reader needs beside it; empty when nothing was found."""
        if not found:
            return []
        replay = f"cd {shlex.quote(str(self._folder))} && {shlex.join([str(self._binary), *words])}"
        streams = [
            f"{name}: {line}"
            for name, text in (("stderr", outcome.stderr), ("stdout", outcome.stdout))
            for line in text.strip().splitlines()[:40]
        ]
        job = (self._case.job or "").splitlines()
        return [
            f"# {self._case.title}",
            *[f"  {line}" for line in job],
            *found,
            *streams,
            f"replay: {replay}",
        ]
