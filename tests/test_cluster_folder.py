# SPDX-License-Identifier: Apache-2.0
"""Folders of local clusters: which stay, and which are removed by the next one."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import python_process
from windrow.cluster_folder import ClusterFolder

from windrow import cluster_folder

CODE = """
import time
from windrow import cluster_folder
cluster_folder._ROOT = __import__("pathlib").Path({root!r})
folder = cluster_folder.ClusterFolder()
(folder.path / "spilled").write_bytes(b"rows")
print(folder.path, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cluster_folder, "_ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def owner(root: Path) -> Iterator[tuple[subprocess.Popen, Path]]:
    """A process and its folder, which looks as if it were made long ago."""
    process = python_process.start(CODE.format(root=str(root)), root)
    path = Path(process.stdout.readline().strip())
    long_ago = time.time() - 3600
    os.utime(path / "windrow.lock", (long_ago, long_ago))
    yield process, path
    process.kill()
    process.communicate()


def test_a_folder_of_a_process_that_lives_stays(owner):
    _, path = owner
    ClusterFolder().remove()
    assert (path / "spilled").exists()


def test_a_folder_of_a_process_that_was_killed_goes(owner):
    process, path = owner
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (path / "spilled").exists()
    ClusterFolder().remove()
    assert not path.exists()


def test_a_folder_goes_with_its_process(owner):
    process, path = owner
    process.send_signal(signal.SIGINT)
    process.wait()
    assert not path.exists()


@pytest.mark.parametrize("name", ["windrow.lock", "another"])
def test_young_and_other_folders_stay(name: str, root: Path):
    (root / "wrabc").mkdir()
    (root / "wrabc" / name).touch()
    ClusterFolder().remove()
    assert (root / "wrabc" / name).exists()
