# SPDX-License-Identifier: Apache-2.0
"""The case format and its runner, against a stand-in for the command."""

import stat
import sys
from pathlib import Path

import case_file
import case_tables
import pyarrow as pa
import pytest
from case_file import NULL, CaseError
from case_run import CaseRun

CASES = Path(__file__).resolve().parent / "cases"

COPY = """# the output is the input
job: |
  windrow: 1
  sources: {a: {scan: a.arrow}}
  sinks: [{write: out.arrow, from: a}]
input a.arrow: x:int64,s:utf8 | 1,a | -,''
"""


def parse_input(text: str) -> case_file.Input:
    return case_file.parse(f"# title\ncommand: x\ninput {text}\nerror: 2\n").inputs[0]


@pytest.mark.parametrize("path", sorted(CASES.rglob("*.case")), ids=lambda path: path.stem)
def test_cases_can_be_prepared(path: Path, tmp_path: Path):
    case = case_file.parse(path.read_text(encoding="utf-8"))
    for source in case.inputs:
        case_tables.write_input(tmp_path, source)
    for expected in case.outputs.values():
        case_tables.check_types(expected.columns or [])


def test_values():
    source = parse_input("a.arrow [batch=2]: a:utf8,b:list<int64> | -,[1,2] | '',[] | \"-, | x\",-")
    assert source.rows == [[NULL, "[1,2]"], ["", "[]"], ["-, | x", NULL]]
    assert source.options == {"batch": 2}


def test_types():
    names = "utf8 large_utf8 int8 uint64 float32 bool date32 null binary"
    kinds = ["timestamp[ns]", "timestamp[us,UTC]", "decimal128(10,2)", "dictionary<utf8>"]
    for name in [*names.split(), *kinds, "list<int64>", "struct<a:int64,b:list<utf8>>"]:
        case_tables.read_type(name)
    with pytest.raises(ValueError, match="unknown type 'text'"):
        case_tables.read_type("text")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("job: x\n", "no '# title'"),
        ("# t\nerror: 2\n", "one of job and command"),
        ("# t\njob: x\ncommand: y\nerror: 2\n", "one of job and command"),
        ("# t\njob: x\n", "nothing is expected"),
        ("# t\njob: x\nexpected out: 1\n", "not an entry"),
        ("# t\njob: x\nmatrix: twice\nerror: 2\n", "expected once or full"),
        ("# t\njob: x\nerror: 0\n", "exit code above 0"),
        ("# t\njob: x\nerror: 2 has x\n", "expected contains"),
        ("# t\njob: x\nerror: 2\nrows out: 1\n", "not both"),
        ("# t\njob: x\nrows out: many\n", "expected a number"),
        ("# t\njob: x\ninput a: x:int64 | 1,2\nerror: 2\n", "2 values for 1 columns"),
        ("# t\njob: x\ninput a [speed=2]: x:int64\nerror: 2\n", "unknown option"),
        ("# t\njob: x\ninput a: x\nerror: 2\n", "no name:type"),
        ("# t\njob: x\ninput a: x:list<int64\nerror: 2\n", "no closing >"),
        ("# t\njob: x\ninput a: x:utf8,y:utf8 | a,\nerror: 2\n", "empty value"),
    ],
)
def test_malformed(text: str, message: str):
    with pytest.raises(CaseError, match=message):
        case_file.parse(text)


def test_timestamps_keep_nanoseconds(tmp_path: Path):
    source = parse_input("a.arrow: t:timestamp[ns] | 1969-12-31T23:59:59.999999999 | -")
    case_tables.write_input(tmp_path, source)
    table = case_tables.read_output(tmp_path / "a.arrow")
    assert table["t"].cast(pa.int64()).to_pylist() == [-1, None]


@pytest.mark.parametrize("file", ["a.arrow", "a.arrows", "a.parquet"])
def test_formats_and_damage(file: str, tmp_path: Path):
    text = f"{file} [OPTIONS]: x:int64,s:utf8 | 1,a | 2,- | 3,c"
    source = parse_input(text.replace("OPTIONS", "compression=zstd"))
    case_tables.write_input(tmp_path, source)
    assert case_tables.read_output(tmp_path / file).num_rows == 3
    case_tables.write_input(tmp_path, parse_input(text.replace("OPTIONS", "truncate=-40")))
    with pytest.raises((pa.ArrowInvalid, OSError)):
        case_tables.read_output(tmp_path / file)


def stand_in(folder: Path, body: str) -> Path:
    """A command that runs `body` with `words`, its arguments, and `Path`."""
    command = folder / "stand_in"
    lines = [
        f"#!{sys.executable}",
        "import sys",
        "from pathlib import Path",
        "words = sys.argv[1:]",
    ]
    command.write_text("\n".join([*lines, body, ""]), encoding="utf-8")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return command


def run(tmp_path: Path, text: str, body: str) -> str:
    folder = tmp_path / "case"
    folder.mkdir()
    command = stand_in(tmp_path, body)
    return "\n".join(CaseRun(case_file.parse(text), folder, command).complaints())


COPIES = 'Path("out.arrow").write_bytes(Path("a.arrow").read_bytes())'


def test_right_answer(tmp_path: Path):
    text = COPY + "expect unordered out.arrow: -,'' | 1,a\nschema out.arrow: x:int64,s:utf8\n"
    assert run(tmp_path, text, COPIES) == ""


@pytest.mark.parametrize(
    ("expectation", "message"),
    [
        ("expect out.arrow: -,'' | 1,a", "has other rows"),
        ("expect out.arrow: 1,a", "found 2 rows"),
        ("expect out.arrow: 1 | 2", "does not fit the columns"),
        ("rows out.arrow: 3", "has 2 rows, expected 3"),
        ("schema out.arrow: x:int32,s:utf8", "has other columns"),
        ("rows other.arrow: 2", "other.arrow was not written"),
    ],
)
def test_wrong_answer(tmp_path: Path, expectation: str, message: str):
    shown = run(tmp_path, f"{COPY}{expectation}\n", COPIES)
    assert message in shown
    assert "replay: cd " in shown
    assert "--slots 1 --set morsel_rows=1" in shown


def test_matrix_reaches_the_command(tmp_path: Path):
    body = COPIES + '\nif words[3:] == ["4", "--set", "morsel_rows=1024"]: sys.exit(1)'
    shown = run(tmp_path, COPY + "rows out.arrow: 2\n", body)
    assert "exit code 1, expected 0" in shown
    assert "--slots 4 --set morsel_rows=1024" in shown


FAILS = 'print("job.yaml:1: bad", file=sys.stderr)\n'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (FAILS + "sys.exit(2)", ""),
        (FAILS + "sys.exit(1)", "exit code 1, expected 2"),
        ("sys.exit(2)", "no message on stderr"),
        (FAILS + 'Path("out.arrow").unlink(missing_ok=True)\nsys.exit(2)', "lost its old content"),
        (FAILS + 'Path("out.arrow.partial").touch()\nsys.exit(2)', "left out.arrow.partial behind"),
        ('raise SystemExit("Traceback (most recent call last)")', "crash or a stack"),
    ],
)
def test_errors(tmp_path: Path, body: str, message: str):
    shown = run(tmp_path, COPY + 'error: 2 contains "bad"\n', body)
    assert message in shown
    assert bool(shown) == bool(message)


def test_explain_and_stdout(tmp_path: Path):
    text = COPY + 'explain: contains "hash" lacks "sort"\n'
    assert run(tmp_path, text, 'print("hash join" if words[0] == "explain" else "")') == ""


def test_floats_compare_with_tolerance(tmp_path: Path):
    text = COPY.replace("x:int64", "x:float64").replace("1,a", "0.1,a | nan,b | -0.0,c")
    text += "expect out.arrow: 0.1000000000000001,a | nan,b | 0.0,c | -,''\n"
    assert run(tmp_path, text, COPIES) == ""
