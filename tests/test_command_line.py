# SPDX-License-Identifier: Apache-2.0
"""What a new user types, and what the command says."""

import json
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.ipc
import pytest

ENGINE_OPTIONS = "--memory --slots --temp-dir --report --progress --log-level --print-job --set"
OPTIONS = {
    "run": f"--define --on {ENGINE_OPTIONS}",
    "explain": "--define --json --set",
    "enrich": "--quotes --securities --on --how --columns --spread --filter --sort-by --limit "
    f"--output {ENGINE_OPTIONS}",
    "generate": f"--rows --seed --option --compression --output --on {ENGINE_OPTIONS}",
    "inspect": "--samples --verify",
    "help": "switches datasets",
    "completion": "bash zsh",
    "load-report": "--left --right --on --nodes --output --json --network-rate --disk-rate "
    f"--node-memory {ENGINE_OPTIONS}",
}
REPORT_FIELDS = (
    "version job started_at wall_seconds cpu_seconds peak_memory_bytes peak_rss_bytes "
    "memory_budget_bytes slots runner rows_in rows_out rows_rejected bytes_read bytes_written "
    "bytes_on_wire spill_bytes steps timeline"
)
STEP_FIELDS = (
    "name kind rows_in rows_out started_seconds wall_seconds cpu_seconds spill_bytes "
    "predicted_rows predicted_bytes counts strategy reason"
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    for words in ("securities --rows 100", "quotes --rows 1000 --option securities=100"):
        output = f"{words.split()[0]}.arrow"
        command.run_well("generate", *words.split(), "-o", output, cwd=folder)
    return folder


def _enrich(tables: Path, output: str) -> list[str]:
    sides = ["--quotes", tables / "quotes.arrow", "--securities", tables / "securities.arrow"]
    return ["enrich", *map(str, sides), "-o", output]


@pytest.mark.parametrize("name", OPTIONS)
def test_help_of_a_command_names_its_options(name: str, tmp_path: Path):
    outcome = command.run_well(name, "--help", cwd=tmp_path)
    assert [option for option in OPTIONS[name].split() if option not in outcome.stdout] == []
    assert not outcome.stderr


def test_help_names_every_command(tmp_path: Path):
    outcome = command.run_well("--help", cwd=tmp_path)
    assert [name for name in OPTIONS if f"\n  {name} " not in outcome.stdout] == []


def test_every_switch_is_listed_and_can_be_set(tables: Path, tmp_path: Path):
    listed = command.run_well("help", "switches", cwd=tmp_path).stdout.splitlines()
    settings = [line for line in listed if not line.startswith(" ")]
    assert len(settings) >= 10
    words = [word for setting in settings for word in ("--set", setting)]
    command.run_well(*_enrich(tables, "out.arrow"), *words, cwd=tmp_path)


ENRICH = "enrich --quotes q.arrow --securities s.arrow -o out.arrow"
WRONG_LINES = {
    "": ["found no command", "enrich"],
    "enrihc": ["'enrihc'", "did you mean 'enrich'"],
    "enrihc --quotes q": ["'enrihc'", "did you mean 'enrich'"],
    "qwertyuiop": ["'qwertyuiop'", "expected one of run"],
    "--versio": ["'--versio'", "did you mean '--version'"],
    "enrich --quote q.arrow": ["'--quote'", "did you mean '--quotes'", "enrich --help"],
    f"{ENRICH} --fliter a=1": ["'--fliter'", "did you mean '--filter'"],
    "enrich --securities s -o o.arrow": ["--quotes is required"],
    "generate quotes -o o.arrow": ["--rows is required"],
    "generate quotes --rows -1 -o o.arrow": ["--rows", "-1", "0 or more"],
    "generate quotes --rows many -o o.arrow": ["--rows", "many", "whole number"],
    "generate quotes --rows 99999999999999999999 -o o.arrow": ["rows is", "expected"],
    "generate qoutes --rows 1 -o o.arrow": ["'qoutes'", "did you mean 'quotes'"],
    "run": ["JOB is required"],
    "run absent.yaml": ["absent.yaml"],
    "run a.yaml b.yaml": ["b.yaml"],
    f"{ENRICH} --memory 12XB": ["--memory", "12XB"],
    f"{ENRICH} --memory -5": ["--memory", "-5"],
    f"{ENRICH} --memory 1MiB": ["--memory 1MiB", "64.0 MiB"],
    f"{ENRICH} --slots 0": ["--slots", "0"],
    f"{ENRICH} --slots many": ["--slots", "many"],
    f"{ENRICH} --set dense_key=on": ["dense_key=on", "did you mean 'dense_keys'"],
    f"{ENRICH} --set dense_keys=maybe": ["dense_keys=maybe"],
    f"{ENRICH} --set morsel_rows": ["morsel_rows", "NAME=VALUE"],
    f"{ENRICH} --set morsel_rows=0": ["morsel_rows=0", "at least 1"],
    f"{ENRICH} --how outer": ["--how outer", "inner, left, semi or anti"],
    f"{ENRICH} --progress loud": ["--progress", "loud"],
    f"{ENRICH} --temp-dir absent": ["--temp-dir absent"],
    f"{ENRICH} --report report.txt": ["--report report.txt", ".json or .html"],
    "help": ["TOPIC is required"],
}


@pytest.mark.parametrize("line", WRONG_LINES)
def test_a_usage_error_is_one_line_that_says_what_is_wrong(line: str, tmp_path: Path):
    outcome = command.run(*line.split(), cwd=tmp_path)
    assert outcome.exit_code == 2, outcome.stderr
    assert command.is_one_line(outcome.stderr), outcome.stderr
    assert len(outcome.stderr) < 400
    assert [part for part in WRONG_LINES[line] if part not in outcome.stderr] == []
    assert not outcome.stdout
    assert command.names_in(tmp_path) == []


def test_the_report_has_the_promised_fields(tables: Path, tmp_path: Path):
    words = [*_enrich(tables, "out.arrow"), "--report", "report.json", "--slots", "2"]
    command.run_well(*words, "--memory", "1GiB", cwd=tmp_path)
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert list(report) == REPORT_FIELDS.split()
    assert report["steps"]
    assert all(list(step) == STEP_FIELDS.split() for step in report["steps"])
    assert report["rows_in"] == {"quotes": 1000, "securities": 100}
    rows = pa.ipc.open_file(tmp_path / "out.arrow").read_all().num_rows
    assert report["rows_out"] == {"out.arrow": rows}
    assert rows > 0
    assert report["bytes_written"] == (tmp_path / "out.arrow").stat().st_size
    assert report["memory_budget_bytes"] == 1 << 30
    assert report["slots"] == 2
    assert report["peak_rss_bytes"] >= report["peak_memory_bytes"] > 0


@pytest.mark.parametrize("ending", ["arrow", "parquet"])
def test_a_printed_job_gives_the_same_bytes(ending: str, tables: Path, tmp_path: Path):
    words = _enrich(tables, f"out.{ending}")
    words += ["--spread", "--filter", "spread_pct < 100 and price > 1", "--how", "left"]
    words += ["--columns", "ID,NAME", "--sort-by", "price:desc,instrumentId", "--limit", "77"]
    printed = command.run_well(*words, "--print-job", cwd=tmp_path).stdout
    assert command.names_in(tmp_path) == []
    output = tmp_path / f"out.{ending}"
    command.run_well(*words, cwd=tmp_path)
    content = output.read_bytes()
    output.unlink()
    (tmp_path / "job.yaml").write_text(printed, encoding="utf-8")
    command.run_well("run", "job.yaml", cwd=tmp_path)
    assert output.read_bytes() == content


def test_a_run_says_one_line_for_each_sink(tables: Path, tmp_path: Path):
    words = [*_enrich(tables, "out.arrow"), "--progress", "none"]
    outcome = command.run_well(*words, cwd=tmp_path)
    assert command.is_one_line(outcome.stdout)
    assert outcome.stdout.startswith("out.arrow: ")
    assert " rows, 116 columns, " in outcome.stdout
    assert not outcome.stderr
    (tmp_path / "job.yaml").write_text(
        "windrow: 1\nsources: {a: {scan: out.arrow}}\n"
        "sinks: [{write: b.arrow, from: a}, {write: c.parquet, from: a}]\n",
        encoding="utf-8",
    )
    outcome = command.run_well("run", "job.yaml", "--progress", "none", cwd=tmp_path)
    names = [line.partition(":")[0] for line in outcome.stdout.splitlines()]
    assert names == ["b.arrow", "c.parquet"]
    assert not outcome.stderr
