# SPDX-License-Identifier: Apache-2.0
"""windrow pod-usage through its command line, compared with the slow reference.

WINDROW_FUZZ_SEEDS and WINDROW_FUZZ_FIRST choose the random cases (see random_runs).
"""

import random
from pathlib import Path

import command
import pyarrow.parquet as pq
import pytest
import random_runs
from support.pod_usage import invariants, random_case, random_hours, run
from support.pod_usage.case import (
    LABELS,
    STORAGE_DAYS,
    Case,
    DataFile,
    Form,
    RefusedInput,
)
from support.pod_usage.comparison import difference
from support.pod_usage.edge_cases import claim, edge_cases, hour, make, pod, stored_rows
from support.pod_usage.faults import Fault, faults, tolerated
from support.pod_usage.hourly_rows import NODES, PODS, STORAGE, ingested, write_hourly
from support.pod_usage.reference import summary

EDGE_CASES = edge_cases()
TOLERATED = tolerated()


@pytest.mark.parametrize("name", sorted(EDGE_CASES))
def test_edge_case(name: str, tmp_path: Path):
    case = EDGE_CASES[name]
    run.prepare(case, tmp_path)
    assert run.wrong(case, tmp_path, expected=stored_rows(name)) == ""


@pytest.mark.parametrize("seed", random_runs.seeds(60))
def test_random_case(seed: int, tmp_path: Path):
    case = random_case.make(seed)
    run.prepare(case, tmp_path)
    draw = random.Random(seed)
    settings = ["--slots", draw.choice("1248")]
    settings += ["--set", f"morsel_rows={draw.choice([1, 7, 1000, 100_000])}"]
    try:
        expected = summary(case)
    except RefusedInput as refusal:
        outcome = run.run(case, tmp_path, *settings)
        found = "" if outcome.exit_code == 3 else f"exit code {outcome.exit_code}, but {refusal}"
    else:
        found = run.wrong(case, tmp_path, *settings, expected=expected)
    assert not found, f"{found}\n{_replay(seed)}"


def _replay(seed: int) -> str:
    return f"replay: WINDROW_FUZZ_FIRST={seed} WINDROW_FUZZ_SEEDS=1 pytest test_pod_usage.py"


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_refuses(fault: Fault, tmp_path: Path):
    of_table = fault.write(tmp_path)
    outcome = run.run(fault.case, tmp_path)
    assert outcome.exit_code in fault.exit_codes, outcome.stderr
    assert command.is_one_line(outcome.stderr)
    for word in [*fault.words, *(path.name for path in of_table)]:
        assert word in outcome.stderr
    assert not (tmp_path / run.OUTPUT).exists()


def test_a_refusal_leaves_the_former_output(tmp_path: Path):
    case = make([pod(labels="{")])
    run.prepare(case, tmp_path)
    (tmp_path / run.OUTPUT).write_text("former\n", encoding="utf-8")
    assert run.run(case, tmp_path).exit_code == 3
    assert (tmp_path / run.OUTPUT).read_text(encoding="utf-8") == "former\n"
    assert command.names_in(tmp_path) == ["in", run.OUTPUT, "reference.json"]


@pytest.mark.parametrize("name", sorted(TOLERATED))
def test_takes(name: str, tmp_path: Path):
    case = TOLERATED[name]
    run.prepare(case, tmp_path)
    assert run.wrong(case, tmp_path) == ""


@pytest.mark.parametrize("form", ["map", "struct"])
def test_labels_in_columns_of_other_types(form: str, tmp_path: Path):
    texts = ['{"app": "a", "zz": "z"}', '{"app": "b"}', "{}", None]
    rows = [pod(name=f"p{number}", labels=text) for number, text in enumerate(texts)]
    case = make(rows, claims=[claim(pod="p0", volume_labels=texts[0])])
    case.files = [DataFile(file.table, file.rows, Form(label=form)) for file in case.files]
    for path in run.prepare(case, tmp_path):
        names = set(LABELS) & set(pq.read_schema(path).names)
        types = {str(pq.read_schema(path).field(name).type) for name in names}
        assert not types & {"string"} or "storage" in str(path)
    assert run.wrong(case, tmp_path) == ""


def _scattered(case: Case, seed: int) -> Case:
    """The same rows in another order and in several files."""
    draw = random.Random(seed)
    scattered = Case(settings=case.settings)
    for table in {file.table for file in case.files}:
        for part in range(3):
            rows = case.rows(table)
            random.Random(f"{seed} {table}").shuffle(rows)
            scattered.add(table, rows[part::3])
    draw.shuffle(scattered.files)
    return scattered


LARGE = random_case.LARGE_SEED


@pytest.mark.parametrize("seed", [LARGE, 11, 12])
def test_order_and_files_do_not_matter(seed: int, tmp_path: Path):
    case = random_case.make(seed)
    expected = summary(case)
    scattered = _scattered(case, seed)
    run.prepare(scattered, tmp_path)
    assert run.wrong(scattered, tmp_path, expected=expected) == ""


def test_slots_morsels_and_memory_do_not_matter(tmp_path: Path):
    case = random_case.make(LARGE)
    run.prepare(case, tmp_path)
    outputs = set()
    for settings in (
        ("--slots", "1"),
        ("--slots", "2"),
        ("--slots", "8"),
        ("--slots", "8", "--set", "morsel_rows=3"),
        ("--slots", "1", "--set", "morsel_rows=100"),
        ("--slots", "2", "--memory", "64MiB"),
    ):
        command.run_well(*run.words(case, *settings), cwd=tmp_path)
        outputs.add((tmp_path / run.OUTPUT).read_bytes())
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == len(summary(case))


def test_a_day_alone_gives_that_days_rows(tmp_path: Path):
    case = EDGE_CASES["e27-two-days"]
    run.prepare(case, tmp_path)
    arguments = run.words(case)
    arguments[arguments.index("--start") + 1] = "2025-10-02"
    command.run_well(*arguments, cwd=tmp_path)
    days = {row["usage_start"] for row in run.read_rows(tmp_path / run.OUTPUT)}
    assert days == {"2025-10-02"}


def test_nothing_there_gives_no_rows(tmp_path: Path):
    case = make([])
    run.prepare(case, tmp_path)
    assert run.run(case, tmp_path).exit_code == 0
    assert (tmp_path / run.OUTPUT).read_bytes() == b""


def test_no_data_folder_is_an_error(tmp_path: Path):
    case = make([])
    run.prepare(case, tmp_path)
    (tmp_path / "in/data/parquet").rmdir()
    outcome = run.run(case, tmp_path)
    assert outcome.exit_code in (2, 3, 4)
    assert "data/parquet" in outcome.stderr
    assert not (tmp_path / run.OUTPUT).exists()


def test_a_broken_file_is_named(tmp_path: Path):
    case = make([pod()], claims=[claim()])
    paths = run.prepare(case, tmp_path)
    broken = next(path for path in paths if "storage_usage" in str(path))
    broken.write_bytes(broken.read_bytes()[:-8])
    outcome = run.run(case, tmp_path)
    assert outcome.exit_code == 3
    assert broken.name in outcome.stderr


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("{", "reference.json"),
        ('{"enabled_keys": "app"}', "enabled_keys"),
        ('{"enabled_keys": [], "cost_categories": [["a"]], "nodes": []}', "cost_categories"),
        ('{"enabled_keys": [], "cost_categories": [["a", "x"]], "nodes": []}', "cost_categories"),
        ('{"enabled_keys": [], "cost_categories": [], "nodes": [["n1"]]}', "nodes"),
    ],
)
def test_wrong_reference_data(reference: str, found: str, tmp_path: Path):
    case = make([pod()])
    run.prepare(case, tmp_path)
    (tmp_path / "reference.json").write_text(reference, encoding="utf-8")
    outcome = run.run(case, tmp_path)
    assert outcome.exit_code in (2, 3)
    assert command.is_one_line(outcome.stderr)
    assert found in outcome.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--start", "2025-13-01"),
        ("--end", "2025-09-01"),  # before the start
        ("--layout", "weekly"),
        ("--report-period-id", "one"),
        ("--source", "not a uuid"),
    ],
)
def test_wrong_option(option: str, value: str, tmp_path: Path):
    case = make([pod()])
    run.prepare(case, tmp_path)
    arguments = run.words(case)
    arguments[arguments.index(option) + 1] = value
    outcome = command.run(*arguments, cwd=tmp_path)
    assert outcome.exit_code == 2
    assert value in outcome.stderr


@pytest.mark.parametrize("seed", random_runs.seeds(15))
def test_hourly_layout(seed: int, tmp_path: Path):
    hours = random_hours.make(seed)
    case = ingested(hours, random_hours.settings())
    case.settings.write_reference(tmp_path / "reference.json")
    write_hourly(hours, tmp_path / "in")
    found = run.wrong(case, tmp_path, layout="hourly")
    assert not found, f"{found}\n{_replay(seed)}"


def test_both_layouts_give_the_same_rows(tmp_path: Path):
    hours = random_hours.make(3)
    case = ingested(hours, random_hours.settings())
    run.prepare(case, tmp_path)
    assert run.wrong(case, tmp_path) == ""
    write_hourly(hours, tmp_path / "in")
    assert run.wrong(case, tmp_path, layout="hourly") == ""


def test_an_empty_cell_of_the_hourly_layout_is_empty_text(tmp_path: Path):
    unclaimed = {"namespace": "", "pod": "", "node": "", "name": ""}
    hours = {
        PODS: [hour(0, labels=""), hour(0, name="p2", node="", labels="app:x")],
        STORAGE: [claim(), claim(**unclaimed, volume="v2", handle="vol-2")],
        NODES: [{**pod(), "node_labels": ""}],
    }
    for row in [row for rows in hours.values() for row in rows]:
        for name in set(LABELS) & set(row):
            row[name] = "" if row[name] == "{}" else row[name]
    case = ingested(hours, make([]).settings)
    assert {row["namespace"] for row in case.rows(STORAGE_DAYS)} == {"ns1", ""}
    case.settings.write_reference(tmp_path / "reference.json")
    write_hourly(hours, tmp_path / "in")
    assert run.wrong(case, tmp_path, layout="hourly") == ""


def test_generated_clusters(tmp_path: Path):
    """Both layouts of one cluster give its rows: 200 pods, 20 claims and 4 nodes a day."""
    found = {}
    for layout in ("koku", "hourly"):
        folder = tmp_path / layout
        folder.mkdir()
        words = ["--option", "nodes=4", "--option", "pods=50", "--option", "days=2"]
        words += ["--option", f"layout={layout}", "-o", "in"]
        command.run_well("generate", "pod-usage", "--rows", "9600", *words, cwd=folder)
        arguments = run.words(make([]), layout=layout)
        arguments[arguments.index("reference.json")] = "in/reference.json"
        command.run_well(*arguments, cwd=folder)
        found[layout] = run.read_rows(folder / run.OUTPUT)
    assert len(found["koku"]) == 2 * (200 + 20 + 4)
    assert difference(found["hourly"], found["koku"]) == ""
    assert invariants.broken(found["koku"]) == ""
