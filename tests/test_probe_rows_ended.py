# SPDX-License-Identifier: Apache-2.0
"""probe-rows that is killed, stopped or runs out of disk, while it spills and writes."""

import random
import signal
import time
from pathlib import Path

import command
import pytest
from test_limits import small_disk  # noqa: F401  (a fixture)

ROWS = 1_500_000
SPILLING = ["--memory", "64MiB", "--temp-dir", "temp", "--progress", "none"]
KILLS = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Pings for more than the least budget, and the records of a few of other ones."""
    folder = tmp_path_factory.mktemp("ended")
    for name, rows, seed in (("pings.parquet", ROWS, "1"), ("few.parquet", 20_000, "2")):
        words = ["generate", "pings", "--rows", str(rows), "--seed", seed, "-o", name]
        command.run_well(*words, cwd=folder, timeout=120)
    (folder / "temp").mkdir()
    return folder


def words_for(pings: str, output: str = "out") -> list[str]:
    return ["probe-rows", "--input", pings, "--output", output]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_killed_at_any_moment_it_leaves_the_old_records_or_the_new(folder: Path):
    command.run_well(*words_for("few.parquet"), cwd=folder)
    old = contents(folder / "out")
    (folder / "out").rename(folder / "kept")
    start = time.monotonic()
    command.run_well(*words_for("pings.parquet"), *SPILLING, cwd=folder)
    seconds = time.monotonic() - start
    new = contents(folder / "out")
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"replay with seed {seed}")
    moments = random.Random(seed)
    for kill in range(KILLS):
        # Half of the kills go where the records are complete and get their names.
        late = kill % 2
        share = moments.uniform(0.85, 1.1) if late else moments.uniform(0, 1)
        if contents(folder / "out") != old:
            command.run_well(*words_for("few.parquet"), cwd=folder)
        process = command.start(*words_for("pings.parquet"), *SPILLING, cwd=folder)
        time.sleep(share * seconds)
        process.kill()
        process.communicate()
        assert contents(folder / "out") in (old, new)
        assert command.names_in(folder / "temp") == []
    command.run_well(*words_for("pings.parquet"), *SPILLING, cwd=folder)
    assert contents(folder / "out") == new
    # What dead runs left went with the last one.
    assert command.names_in(folder) == ["few.parquet", "kept", "out", "pings.parquet", "temp"]


def test_stopped_it_ends_within_a_second_and_leaves_nothing(folder: Path, tmp_path: Path):
    output = str(tmp_path / "stopped")
    process = command.start(*words_for("pings.parquet", output), *SPILLING, cwd=folder)
    time.sleep(0.4)
    stopped = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - stopped < 5  # a guard, not a measurement
    assert command.names_in(tmp_path) == []
    assert command.names_in(folder / "temp") == []


def test_a_full_folder_for_temporary_files_is_a_resource_error(
    folder: Path,
    small_disk: Path,  # noqa: F811
):
    words = [*words_for("pings.parquet", "full"), *SPILLING, "--temp-dir", small_disk]
    words.remove("temp")
    words.remove("--temp-dir")
    outcome = command.run(*words, cwd=folder, timeout=120)
    assert outcome.exit_code == 5, outcome.stderr
    assert command.is_one_line(outcome.stderr)
    assert str(small_disk) in outcome.stderr
    assert "--temp-dir" in outcome.stderr
    assert command.names_in(small_disk) == []
    assert "full" not in command.names_in(folder)


def test_a_full_disk_for_the_records_is_a_resource_error(
    folder: Path,
    small_disk: Path,  # noqa: F811
):
    outcome = command.run(
        *words_for("pings.parquet", str(small_disk / "out")), cwd=folder, timeout=120
    )
    assert outcome.exit_code == 5, outcome.stderr
    assert "No space left" in outcome.stderr
    assert command.names_in(small_disk) == []
