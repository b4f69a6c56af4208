# SPDX-License-Identifier: Apache-2.0
"""Signals for a run that the command has on a cluster, at every moment of its life."""

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import command
import pytest
import python_process

JOB = """
windrow: 1
sources:
  clicks: {generate: clicks, rows: 40000000}
  users: {generate: users, rows: 20000}
steps:
  joined: {join: {left: clicks, right: users, on: user_id, how: inner}}
sinks:
  - {write: out.parquet, from: joined}
"""
END_SECONDS = 20


class Run:
    """The command in a session of its own, and all processes that come of it."""

    def __init__(self, folder: Path, before: Callable[[], None] = lambda: None) -> None:
        self._mark = uuid.uuid4().hex
        self._folders: set[Path] = set()
        (folder / "job.yaml").write_text(JOB)
        self.process = subprocess.Popen(
            [command.find_binary(), "run", "job.yaml", "--on", "ray:2", "--progress", "none"],
            cwd=folder,
            env={**python_process.environment(), "WINDROW_TEST": self._mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=before,
        )

    def processes(self) -> dict[int, str]:
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                environment = (process / "environ").read_bytes().split(b"\0")
                name = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if f"WINDROW_TEST={self._mark}".encode() in environment:
                found[int(process.name)] = name.replace(b"\0", b" ").decode()
                for value in environment:
                    if value.startswith(b"RAY_TMPDIR="):
                        self._folders.add(Path(value.partition(b"=")[2].decode()))
        return found

    def await_process(self, part: str) -> None:
        patience = time.monotonic() + END_SECONDS
        while not any(part in name for name in self.processes().values()):
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < patience, self.processes()
            time.sleep(0.05)

    def end(self) -> tuple[int, str]:
        """Exit code and stderr, once nothing of the run is left."""
        started = time.monotonic()
        stdout, stderr = self.process.communicate(timeout=2 * END_SECONDS)
        assert time.monotonic() - started < END_SECONDS
        assert stdout == ""
        while self.processes():  # Ray's agents end by themselves
            assert time.monotonic() - started < 2 * END_SECONDS, self.processes()
            time.sleep(0.2)
        assert not [folder for folder in self._folders if folder.exists()]
        return self.process.returncode, stderr


@pytest.mark.parametrize("moment", ["windrow.runner", "gcs_server", "raylet/raylet", "ray::joined"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
def test_a_signal_for_the_whole_group(number: signal.Signals, moment: str, tmp_path: Path):
    run = Run(tmp_path)
    run.await_process(moment)
    os.killpg(run.process.pid, number)
    assert run.end() == (130, "windrow: cancelled\n")
    assert not (tmp_path / "out.parquet").exists()


def test_a_job_in_the_background(tmp_path: Path):
    run = Run(tmp_path, before=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    run.await_process("gcs_server")
    run.process.terminate()
    assert run.end() == (130, "windrow: cancelled\n")


def test_the_command_is_killed(tmp_path: Path):
    run = Run(tmp_path)
    run.await_process("raylet/raylet")
    run.process.kill()
    assert run.end()[0] == -signal.SIGKILL
