# SPDX-License-Identifier: Apache-2.0
"""Rows into tables of PostgreSQL: types, limits, what is refused, replacing."""

import datetime
import decimal
import uuid
from pathlib import Path

import command
import postgres_jobs
import pyarrow as pa
import pyarrow.parquet
import pytest
from postgres_jobs import BINARY_COPY, load, load_well
from support.postgres_server import PostgresServer

UTC = datetime.UTC
D = decimal.Decimal
UUID = uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
# type of the column -> (Arrow array, texts as psql has them)
TYPES = {
    "boolean": (pa.array([True, False, None]), ["t", "f", None]),
    "smallint": (pa.array([-32768, 32767, None], pa.int64()), ["-32768", "32767", None]),
    "integer": (pa.array([-(2**31), 5, None], pa.int64()), ["-2147483648", "5", None]),
    "bigint": (pa.array([-(2**63), 5, None]), ["-9223372036854775808", "5", None]),
    "real": (pa.array([0.5, float("-inf"), None], pa.float32()), ["0.5", "-Infinity", None]),
    "double precision": (
        pa.array([0.1, -1e308, float("nan"), None]),
        ["0.1", "-1e+308", "NaN", None],
    ),
    "numeric(33,15)": (
        pa.array([0.1 + 0.2, 1 / 3, 1e-16, 5e-16, 123456789012345.123, -2.5, 1e17, -0.0, None]),
        [
            "0.300000000000000",
            "0.333333333333333",
            "0.000000000000000",
            "0.000000000000001",
            "123456789012345.120000000000000",
            "-2.500000000000000",
            "100000000000000000.000000000000000",
            "0.000000000000000",
            None,
        ],
    ),
    "numeric(38,0)": (pa.array([D("9" * 38), D(-1)], pa.decimal128(38, 0)), ["9" * 38, "-1"]),
    "numeric(38,38)": (
        pa.array([D("0." + "9" * 38), D("-1e-38")], pa.decimal128(38, 38)),
        ["0." + "9" * 38, "-0." + "0" * 37 + "1"],
    ),
    "numeric(5,4)": (pa.array([D("1.2345"), D("-0.0001")]), ["1.2345", "-0.0001"]),
    "numeric": (pa.array([0.1, -1e20, 12345.678, 0.0]), ["0.1", "-1" + "0" * 20, "12345.678", "0"]),
    "text": (pa.array(["", 'é\t\r\n\\"\\N{}', None]), ["", 'é\t\r\n\\"\\N{}', None]),
    "varchar(3)": (pa.array(["abc", "äöü", "ab    ", ""]), ["abc", "äöü", "ab ", ""]),
    "jsonb": (
        pa.array(['{"b": 1, "a": "\\\\x\\n"}', "[]", None]),
        ['{"a": "\\\\x\\n", "b": 1}', "[]", None],
    ),
    "json": (pa.array(['{"b":1}', None]), ['{"b":1}', None]),
    "uuid": (pa.array([str(UUID), None]), [str(UUID), None]),
    "bytea": (pa.array([b"\x00\xff", b"", None]), ["\\x00ff", "\\x", None]),
    "date": (
        pa.array([datetime.date(1969, 12, 31), datetime.date(9999, 1, 2), None]),
        ["1969-12-31", "9999-01-02", None],
    ),
    "timestamp": (
        pa.array([datetime.datetime(1999, 12, 31, 23, 59, 59, 999999), None]),
        ["1999-12-31 23:59:59.999999", None],
    ),
    "timestamptz": (
        pa.array([datetime.datetime(2025, 10, 1, 12, tzinfo=UTC), None]),
        ["2025-10-01 12:00:00+00", None],
    ),
    "integer[]": (pa.array([[1, None], [], None]), ["{1,NULL}", "{}", None]),
    "text[]": (pa.array([["", 'a"\\,b', None, "NULL"]]), ['{"","a\\"\\\\,b",NULL,"NULL"}']),
    "numeric(5,2)[]": (pa.array([[1.005, 2.5]]), ["{1.01,2.50}"]),
    "date[]": (pa.array([[datetime.date(2025, 1, 2)]]), ["{2025-01-02}"]),
}


@pytest.mark.parametrize("form", BINARY_COPY)
@pytest.mark.parametrize("name", TYPES)
def test_every_type_is_written(name: str, form: str, database: PostgresServer, tmp_path: Path):
    values, texts = TYPES[name]
    database.execute(f"set timezone = 'UTC'; create table t (n integer, v {name})")
    rows = pa.table({"v": values, "n": pa.array(range(len(values)))})
    load_well(tmp_path, database, "t", rows, *BINARY_COPY[form])
    written = database.rows("set timezone = 'UTC'; select v from t order by n")
    assert [text for (text,) in written] == texts


# table's column, value -> what the message names
BAD_VALUES = {
    "too many digits": ("numeric(33,15)", pa.array([1e18]), "1e+18"),
    "NaN": ("numeric(33,15)", pa.array([float("nan")]), "NaN"),
    "infinity": ("numeric(33,15)", pa.array([float("inf")]), "inf"),
    "long text": ("varchar(3)", pa.array(["abcd"]), "'abcd'"),
    "NUL": ("text", pa.array(["a\0b"]), "a\\x00b"),
    "no json": ("jsonb", pa.array(["{a}"]), "{a}"),
    "half a pair": ("jsonb", pa.array(['"\\ud800"']), "ud800"),
    "no uuid": ("uuid", pa.array(["a0eebc99"]), "a0eebc99"),
    "overflow": ("smallint", pa.array([32768]), "32768"),
    "null": ("integer not null", pa.array([None], pa.int32()), "null"),
}


@pytest.mark.parametrize("name", BAD_VALUES)
def test_a_bad_value_is_named_and_nothing_is_written(
    name: str, database: PostgresServer, tmp_path: Path
):
    column_type, bad, shown = BAD_VALUES[name]
    database.execute(f"create table t (v {column_type}, n integer)")
    good = {"smallint": 1, "integer not null": 1, "uuid": str(UUID)}.get(column_type)
    if good is None:
        good = 1.5 if pa.types.is_floating(bad.type) else "1"
    values = pa.concat_arrays([pa.array([good] * 999, bad.type), bad])
    rows = pa.table({"n": pa.array(range(1000)), "v": values})
    for settings in (["--set", "morsel_rows=100"], ["--slots", "1"]):
        outcome = load(tmp_path, database, "t", rows, *settings)
        assert outcome.exit_code == 3, outcome.stderr
        assert command.is_one_line(outcome.stderr)
        for part in (f"{database.safe_url()} public.t", "'v'", "row 999", shown):
            assert part.lower() in outcome.stderr.lower()
    assert database.value("select count(*) from t") == "0"


IDS = pa.table({"id": pa.array([1, 2], pa.int32())})
TWO = pa.table({"id": pa.array([1, 2], pa.int32()), "name": pa.array(["x", "y"])})
# definition of t, rows, keys -> exit code, message
REFUSED = {
    "no table": ("create table u (id integer)", IDS, {}, 2, "no table 't'"),
    "no such column": ("create table t (id integer, nam text)", TWO, {}, 2,
                       "column 'name' is not in the table; did you mean 'nam'?"),
    "missing column": ("create table t (id integer, day date not null)", IDS, {}, 2,
                       "column 'day' is NOT NULL and has no default"),
    "wrong type": ("create table t (id date)", IDS, {}, 2, "column 'id'"),
    "unknown type": ("create table t (id inet)", IDS, {}, 2, "inet"),
    "generated": (
        "create table t (id integer generated always as (1) stored)", IDS, {}, 2,
        "column 'id' is generated by the table",
    ),
    "identity": (
        "create table t (id integer generated always as identity)", IDS, {}, 2,
        "column 'id' is generated by the table",
    ),
    "view": ("create view t as select 1 as id", IDS, {}, 2, "public.t is no table"),
    "bad condition": ("create table t (id integer)", IDS, {"replace_where": "di = 1"}, 2,
                      'column "di" does not exist'),
    "no condition": ("create table t (id integer)", IDS, {"replace_where": "id"}, 2,
                     "must be type boolean"),
    "statements": ("create table t (id integer)", IDS,
                   {"replace_where": "true); drop table t; select (1"}, 2, "multiple commands"),
    "parallel": ("create table t (id integer)", IDS, {"parallel": 0}, 2, "expected 1 to 64"),
    "format": ("create table t (id integer)", IDS, {"format": "parquet"}, 2, "'format'"),
    "unique": ("create table t (id integer); create unique index on t ((1))", IDS, {}, 3,
               "duplicate key value"),
    "check": ("create table t (id integer check (id < 2))", IDS, {}, 3, "Failing row contains"),
    "deferred": (
        "create table t (id integer unique deferrable initially deferred);"
        "insert into t values (2)",
        IDS, {}, 3, "Key (id)=(2) already exists",
    ),
}  # fmt: skip


@pytest.mark.parametrize("parallel", [1, 2])
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, parallel: int, database: PostgresServer, tmp_path: Path):
    definition, rows, keys, exit_code, message = REFUSED[name]
    database.execute(definition)
    outcome = load(tmp_path, database, "t", rows, **{"parallel": parallel, **keys})
    assert outcome.exit_code == exit_code, outcome.stderr
    assert message in outcome.stderr
    assert command.is_one_line(outcome.stderr)
    assert _tables(database) <= {"t", "u"}
    if name not in ("no table", "view", "deferred"):
        assert database.value("select count(*) from t") == "0"


def _tables(database: PostgresServer) -> set[str | None]:
    return {
        name
        for (name,) in database.rows(
            "select relname from pg_class where relkind = 'r' "
            "and relnamespace = 'public'::regnamespace"
        )
    }


def test_columns_may_be_left_out_where_the_table_has_a_value(
    database: PostgresServer, tmp_path: Path
):
    database.execute(
        "create type mood as enum ('ok', 'bad'); create domain short as varchar(2);"
        "create table t (id integer, made integer not null default 7, code short,"
        " n integer generated by default as identity, m mood not null,"
        " double integer generated always as (id * 2) stored, maybe text)"
    )
    rows = pa.table({"m": ["ok", "bad"], "id": [1, 2], "code": ["a ", "bc"]})
    for parallel, first in ((1, 1), (3, 3)):
        load_well(tmp_path, database, "t", rows, parallel=parallel, replace_where="id is not null")
        assert database.rows("select * from t order by id") == [
            ("1", "7", "a ", str(first), "ok", "2", None),
            ("2", "7", "bc", str(first + 1), "bad", "4", None),
        ]
    bad = pa.table({"m": ["ok", "sad"], "id": [1, 2]})
    outcome = load(tmp_path, database, "t", bad)
    assert outcome.exit_code == 3
    assert 'invalid input value for enum mood: "sad"' in outcome.stderr


PARTITIONED = """
create schema org1;
create table org1.summary (usage_start date not null, id bigint, total numeric(33,15))
  partition by range (usage_start);
create table org1.summary_default partition of org1.summary default;
create table org1.summary_2025_10 partition of org1.summary
  for values from ('2025-10-01') to ('2025-11-01');
create index on org1.summary (id);
"""


def days(count: int, total: float = 1.5, rows: int = 100) -> pa.Table:
    starts = [datetime.date(2025, 9, 30) + datetime.timedelta(day) for day in range(count)]
    return pa.table(
        {
            "usage_start": pa.array([start for start in starts for _ in range(rows)]),
            "id": pa.array(range(count * rows)),
            "total": pa.array([total] * (count * rows)),
        }
    )


@pytest.mark.parametrize("form", BINARY_COPY)
@pytest.mark.parametrize("parallel", [1, 4])
def test_running_again_replaces_the_same_rows(
    parallel: int, form: str, database: PostgresServer, tmp_path: Path
):
    database.execute(PARTITIONED)
    url = database.url(schema="org1")
    job = postgres_jobs.load_job(tmp_path, database, "summary", days(3))
    text = (tmp_path / job).read_text(encoding="utf-8")
    condition = "usage_start between date '2025-09-30' and date '2025-10-02' -- these days"
    text = text.replace(database.url(), url)
    text += f'  replace_where: "{condition}"\n  parallel: {parallel}\n'
    (tmp_path / job).write_text(text, encoding="utf-8")
    database.execute("insert into org1.summary values ('2025-10-03', -1, 0)")
    for _ in range(3):
        words = ["run", job, "--set", "morsel_rows=7", *BINARY_COPY[form]]
        outcome = command.run_well(*words, cwd=tmp_path)
        target = f"{database.safe_url(schema='org1')} summary"
        assert outcome.stdout.startswith(f"{target}: 300 rows, 3 columns, ")
        assert database.rows(
            "select usage_start, count(*), sum(total) from org1.summary group by 1 order by 1"
        ) == [
            ("2025-09-30", "100", "150.000000000000000"),
            ("2025-10-01", "100", "150.000000000000000"),
            ("2025-10-02", "100", "150.000000000000000"),
            ("2025-10-03", "1", "0.000000000000000"),
        ]
    assert database.value("select count(*) from org1.summary_2025_10") == "201"
    assert database.value("select count(*) from pg_class where relname ~ 'windrow'") == "0"
    report = postgres_jobs.report_of(tmp_path, job)
    assert report["rows_out"] == {target: 300}
    assert report["bytes_written"] > 300 * 20


@pytest.mark.parametrize("parallel", [1, 3])
def test_no_rows_still_replace(parallel: int, database: PostgresServer, tmp_path: Path):
    database.execute("create table t (id integer); insert into t values (1), (2)")
    empty = IDS.slice(0, 0)
    load_well(tmp_path, database, "t", empty, replace_where="id = 1", parallel=parallel)
    assert database.rows("select id from t") == [("2",)]
    load_well(tmp_path, database, "t", IDS, parallel=parallel)
    assert database.rows("select id from t order by id") == [("1",), ("2",), ("2",)]


def test_one_data_base_is_source_and_sink(database: PostgresServer, tmp_path: Path):
    database.execute(
        "create table a as select i as id, i * 0.5 as x from generate_series(1, 3000) i;"
        "create table t (id integer primary key, x numeric(20,3)); insert into t values (1, 7)"
    )
    job = f"""
windrow: 1
sources:
  left: {{scan: "{database.url()}", table: a}}
  right: {{scan: "{database.url()}", query: "select id, 1 as one from t"}}
steps:
  old: {{join: {{left: left, right: right, on: id, how: left}}}}
  rows: {{select: [id, {{x: "cast(x as double) + coalesce(one, 0)"}}], from: old}}
sinks:
  - {{write: "{database.url()}", table: t, replace_where: "true", from: rows}}
  - {{write: copy.parquet, from: rows}}
"""
    (tmp_path / "job.yaml").write_text(job, encoding="utf-8")
    command.run_well("run", "job.yaml", "--set", "morsel_rows=100", cwd=tmp_path)
    assert database.rows("select count(*), sum(x) from t") == [("3000", "2250751.000")]
    assert pa.parquet.read_table(tmp_path / "copy.parquet").num_rows == 3000


def test_other_outputs_appear_only_with_the_rows(database: PostgresServer, tmp_path: Path):
    database.execute("create table t (id integer check (id < 2))")
    job = f"""
windrow: 1
sources:
  rows: {{scan: rows.parquet}}
sinks:
  - {{write: copy.parquet, from: rows}}
  - {{write: "{database.url()}", table: t, from: rows}}
"""
    (tmp_path / "job.yaml").write_text(job, encoding="utf-8")
    pa.parquet.write_table(IDS, tmp_path / "rows.parquet")
    outcome = command.run("run", "job.yaml", cwd=tmp_path)
    assert outcome.exit_code == 3
    assert not (tmp_path / "copy.parquet").exists()
    (tmp_path / "job.yaml").write_text(job.replace("copy.parquet", "no/copy.parquet"))
    database.execute("alter table t drop constraint t_id_check")
    assert command.run("run", "job.yaml", cwd=tmp_path).exit_code == 4
    assert database.value("select count(*) from t") == "0"
