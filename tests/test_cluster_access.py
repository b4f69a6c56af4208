# SPDX-License-Identifier: Apache-2.0
"""Clusters that are there, that are not, and what is wrong with how they are named."""

import os
import sys
from pathlib import Path

import command
import pyarrow.ipc as ipc
import pytest
from support.ray_cluster import three_nodes

import windrow as wr

JOB = """
windrow: 1
sources: {clicks: {generate: clicks, rows: 1000}}
steps: {counted: {aggregate: {by: [], columns: {n: count(*)}}}}
sinks: [{write: out.arrow, from: counted}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "job.yaml").write_text(JOB)
    return tmp_path


def _run(folder: Path, on: str, **environment: str) -> command.Outcome:
    words = ["run", "job.yaml", "--on", on]
    return command.run(*words, cwd=folder, env={**os.environ, **environment})


def test_a_cluster_that_is_there(folder: Path):
    with three_nodes() as cluster:
        outcome = _run(folder, "ray:auto", RAY_ADDRESS=cluster._nodes.address)
        assert outcome.exit_code == 0, outcome.stderr
        with wr.Cluster("ray:auto") as same:
            assert wr.from_dict({"a": [1]}).collect(on=same).num_rows == 1
    assert ipc.open_file(folder / "out.arrow").read_all().to_pydict() == {"n": [1000]}


@pytest.mark.parametrize("on", ["ray", "ray:0", "ray:x", "ray://", "local:0"])
def test_names_of_no_cluster(on: str, folder: Path):
    outcome = _run(folder, on)
    assert outcome.exit_code == 2
    assert f"--on {on}: expected local, local:N, ray:N" in outcome.stderr


@pytest.mark.parametrize("on", ["ray://127.0.0.1:1", "ray:auto"])
def test_a_cluster_that_is_out_of_reach(on: str, folder: Path):
    outcome = _run(folder, on, RAY_ADDRESS="127.0.0.1:1")
    assert outcome.exit_code == 4
    assert command.is_one_line(outcome.stderr)
    assert "the Ray cluster is out of reach" in outcome.stderr
    assert not (folder / "out.arrow").exists()


def test_a_python_without_the_package(folder: Path):
    outcome = _run(folder, "ray:2", WINDROW_PYTHON=str(folder / "no-python"))
    assert outcome.exit_code == 2
    assert "expected WINDROW_PYTHON to name the Python" in outcome.stderr


def test_without_ray(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(wr.UserError, match=r"pip install 'windrow\[ray\]'"):
        wr.Cluster("ray:1")


def test_nodes_of_another_version(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("windrow._native.version", "0.0.0")
    filtered = wr.generate("clicks", 10).filter(wr.col("user_id") > 0)
    with (
        wr.Cluster("ray:1") as cluster,
        pytest.raises(wr.UserError, match=r"found Windrow .* and 0\.0\.0 on the driver"),
    ):
        filtered.collect(on=cluster)
