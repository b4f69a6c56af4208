# SPDX-License-Identifier: Apache-2.0
"""The wheel works in an environment that has nothing but what it depends on.

Building it takes seconds where ccache holds the objects of build/release, minutes elsewhere.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from case_run import ROOT
from support.postgres_server import PostgresServer

BUILD_SECONDS = 1200


def call(*words: str | Path, cwd: Path, timeout: float = 120, **environment: str) -> str:
    done = subprocess.run(
        [*map(str, words)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder of programs of a new environment with the wheel."""
    folder = tmp_path_factory.mktemp("install")
    # As make builds, so that ccache knows the objects.
    ccache = {"CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1", "CC": "cc", "CXX": "c++"}
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    wheel = ("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", folder, ROOT)
    call(*pip, *wheel, cwd=folder, timeout=BUILD_SECONDS, **ccache)
    (built,) = folder.glob("windrow-*.whl")
    call(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    programs = folder / "venv/bin"
    call(programs / "pip", "install", "--quiet", built, cwd=folder, timeout=300)
    return programs


def readme_example() -> tuple[str, str]:
    """The commands that make its inputs, and the Python program."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    program = re.search(r"^```python file=\S+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    inputs = re.findall(r"^windrow generate (?:securities|quotes) .*$", text, re.MULTILINE)
    assert program
    return "\n".join(inputs), program[1]


def test_the_readme_example_runs(installed, tmp_path):
    inputs, program = readme_example()
    path = f"{installed}:{os.environ['PATH']}"
    call("bash", "-ec", inputs, cwd=tmp_path, PATH=path, PYTHONPATH="")
    shown = call(installed / "python", "-c", program, cwd=tmp_path, PYTHONPATH="")
    assert shown.startswith("100 rows, ")
    assert len(program.splitlines()) < 15


def test_versions_agree_and_only_the_dependency_is_there(installed, tmp_path):
    command = call(installed / "windrow", "--version", cwd=tmp_path, PYTHONPATH="")
    code = "import windrow; print('windrow', windrow.__version__)"
    assert call(installed / "python", "-c", code, cwd=tmp_path, PYTHONPATH="") == command
    listed = call(installed / "pip", "list", "--format=freeze", cwd=tmp_path)
    packages = {line.split("==")[0] for line in listed.split()}
    assert packages - {"pip", "setuptools"} == {"windrow", "pyarrow"}


def test_postgres_over_tls_from_the_command_and_from_python(
    installed, tmp_path, tls_server: tuple[PostgresServer, Path]
):
    server, authority = tls_server
    url = server.url(sslmode="verify-full", sslrootcert=str(authority / "root.pem"))
    code = (
        f"import windrow as wr, pyarrow;"
        f"print(wr.scan_postgres({url!r}, query='select 40 + 2 as x').collect().to_pydict())"
    )
    found = call(installed / "python", "-c", code, cwd=tmp_path, PYTHONPATH="")
    assert found == "{'x': [42]}\n"
    job = tmp_path / "job.yaml"
    job.write_text(
        f'windrow: 1\nsources: {{q: {{scan: "{url}", query: select 40 + 2 as x}}}}\n'
        "sinks: [{write: out.ndjson}]\n"
    )
    call(installed / "windrow", "run", job, cwd=tmp_path, PYTHONPATH="")
    assert (tmp_path / "out.ndjson").read_text() == '{"x":42}\n'
