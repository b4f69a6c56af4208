# SPDX-License-Identifier: Apache-2.0
"""Tables and queries of PostgreSQL as sources."""

import datetime
import decimal
from pathlib import Path

import command
import postgres_jobs
import pyarrow as pa
import pyarrow.parquet
import pytest
from support.postgres_server import PostgresServer

UTC = datetime.UTC
# type -> (Arrow type, {SQL expression: value}); each also with a null and as an array.
TYPES = {
    "boolean": (pa.bool_(), {"true": True, "false": False}),
    "smallint": (pa.int16(), {"-32768": -32768, "32767": 32767}),
    "integer": (pa.int32(), {"-2147483648": -(2**31), "7": 7}),
    "bigint": (pa.int64(), {"-9223372036854775808": -(2**63), "7": 7}),
    "real": (pa.float32(), {"0.5": 0.5, "'Infinity'": float("inf")}),
    "double precision": (pa.float64(), {"0.1": 0.1, "-1e308": -1e308}),
    "numeric(33,15)": (
        pa.decimal128(33, 15),
        {
            text: decimal.Decimal(text)
            for text in (
                "0 0.000000000000001 -0.000000000000001 999999999999999999.999999999999999 "
                "-123456789012345.123 10000 0.0001 100000000 -99999999"
            ).split()
        },
    ),
    "numeric(38,0)": (pa.decimal128(38, 0), {"9" * 38: decimal.Decimal("9" * 38)}),
    "numeric(38,38)": (
        pa.decimal128(38, 38),
        {"-0." + "9" * 38: decimal.Decimal("-0." + "9" * 38)},
    ),
    "numeric(5,4)": (pa.decimal128(5, 4), {"1.2345": decimal.Decimal("1.2345")}),
    "numeric": (
        pa.string(),
        {text: text for text in "0 0.10 -12345678.000012345 1 10000 0.00001 123456789".split()}
        | {"'NaN'": "NaN", "'-Infinity'": "-Infinity", "1e20": "1" + "0" * 20},
    ),
    "text": (pa.string(), {"''": "", "E'é\\t\\n\\\\\"'": 'é\t\n\\"'}),
    "varchar(5)": (pa.string(), {"'abc  '": "abc  "}),
    "char(3)": (pa.string(), {"'ab'": "ab "}),
    "jsonb": (pa.string(), {"""'{"b": [1, "x"], "a": null}'""": '{"a": null, "b": [1, "x"]}'}),
    "json": (pa.string(), {"""'{"b":1}'""": '{"b":1}'}),
    "uuid": (
        pa.string(),
        {"'A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11'": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    ),
    "bytea": (pa.binary(), {"'\\x00ff'": b"\x00\xff", "''": b""}),
    "date": (
        pa.date32(),
        {"'1969-12-31'": datetime.date(1969, 12, 31), "'9999-01-02'": datetime.date(9999, 1, 2)},
    ),
    "time": (pa.time64("us"), {"'12:34:56.000001'": datetime.time(12, 34, 56, 1)}),
    "timestamp": (
        pa.timestamp("us"),
        {"'1999-12-31 23:59:59.999999'": datetime.datetime(1999, 12, 31, 23, 59, 59, 999999)},
    ),
    "timestamptz": (
        pa.timestamp("us", "UTC"),
        {"'2025-10-01 02:00:00+02'": datetime.datetime(2025, 10, 1, tzinfo=UTC)},
    ),
    "interval": (pa.string(), {"'1 day 2 hours'": "1 day 02:00:00"}),
    "inet": (pa.string(), {"'10.0.0.1'": "10.0.0.1/32"}),
}


@pytest.mark.parametrize("name", TYPES)
def test_every_type_is_read(name: str, database: PostgresServer, tmp_path: Path):
    arrow_type, values = TYPES[name]
    database.execute(f"create table t (n serial, v {name}, a {name}[])")
    for expression in [*values, "null"]:
        array = f"array[{expression}, null]::{name}[]"
        database.execute(f"insert into t (v, a) values ({expression}, {array})")
    database.execute("insert into t (a) values (null), ('{}')")
    table = postgres_jobs.read(tmp_path, database, query="select * from t order by n")
    expected = [*values.values(), None]
    assert table.schema.field("v").type == arrow_type
    assert table["v"].to_pylist() == [*expected, None, None]
    if table.schema.field("a").type == pa.string():
        return  # arrays of what is read as text are texts
    assert table.schema.field("a").type.value_type == arrow_type
    assert table["a"].to_pylist() == [*([value, None] for value in expected), None, []]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("date", "'infinity'", "infinity"),
        ("timestamp", "'-infinity'", "-infinity"),
        ("timestamptz", "'infinity'", "infinity"),
        ("numeric(5,2)", "'NaN'", "NaN"),
        ("integer[]", "'{{1,2},{3,4}}'", "2 dimensions"),
    ],
)
def test_values_without_a_like_are_bad_data(
    name: str, value: str, found: str, database: PostgresServer, tmp_path: Path
):
    database.execute(f"create table t (v {name}); insert into t values ({value})")
    source = {"scan": database.url(), "table": "t"}
    job = postgres_jobs.write_job(tmp_path, source, {"write": "out.parquet"})
    outcome = command.run("run", job, cwd=tmp_path)
    assert outcome.exit_code == 3
    assert f"{database.safe_url()} t: column 'v': found " in outcome.stderr
    assert found in outcome.stderr
    assert command.is_one_line(outcome.stderr)


def test_a_table_is_read_in_pieces_and_only_its_asked_columns(
    database: PostgresServer, tmp_path: Path
):
    database.execute(
        'create schema "S 1"; create table "S 1"."T" (id integer, pad text, "Q""x" real);'
        'insert into "S 1"."T" select i, repeat(\'x\', 100), i / 2.0 '
        "from generate_series(1, 5000) i"
    )
    job = f"""
windrow: 1
sources:
  rows: {{scan: "{database.url(schema="S 1")}", table: '"T"'}}
steps:
  asked: {{filter: "id > 10", from: rows}}
  few: {{select: [id, 'Q"x'], from: asked}}
sinks:
  - {{write: out.parquet, from: few}}
"""
    (tmp_path / "job.yaml").write_text(job, encoding="utf-8")
    for pieces in (["--set", "morsel_rows=7"], ["--set", "morsel_bytes=1024"], ["--slots", "4"]):
        command.run_well("run", "job.yaml", *pieces, "--report", "report.json", cwd=tmp_path)
        table = pa.parquet.read_table(tmp_path / "out.parquet")
        assert sorted(table["id"].to_pylist()) == list(range(11, 5001))
        assert table['Q"x'].to_pylist() == [i / 2 for i in table["id"].to_pylist()]
    assert '"bytes_read": 100' not in (tmp_path / "report.json").read_text(encoding="utf-8")
    explained = command.run_well("explain", "job.yaml", cwd=tmp_path).stdout
    assert "postgresql, 2 of 3 columns" in explained


def test_rows_are_counted_without_columns(database: PostgresServer, tmp_path: Path):
    database.execute("create table t as select generate_series(1, 1000) as id")
    job = f"""
windrow: 1
sources:
  rows: {{scan: "{database.url()}", table: t}}
steps:
  none: {{select: [], from: rows}}
sinks:
  - {{collect: rows_only, from: none}}
"""
    (tmp_path / "job.yaml").write_text(job, encoding="utf-8")
    outcome = command.run_well("run", "job.yaml", cwd=tmp_path)
    assert "rows_only: 1000 rows, 0 columns" in outcome.stdout


def test_a_limit_ends_the_reading(database: PostgresServer, tmp_path: Path):
    job = f"""
windrow: 1
sources:
  rows: {{scan: "{database.url()}", query: "select generate_series(1, 100000000) as id;"}}
steps:
  few: {{limit: 3, from: rows}}
sinks:
  - {{write: out.parquet, from: few}}
"""
    (tmp_path / "job.yaml").write_text(job, encoding="utf-8")
    command.run_well("run", "job.yaml", cwd=tmp_path, timeout=20)
    assert pa.parquet.read_table(tmp_path / "out.parquet")["id"].to_pylist() == [1, 2, 3]


ERRORS = {
    "missing table": ({"table": "nodez"}, 2, "no table 'nodez'; did you mean 'nodes'?"),
    "missing schema": ({"table": "other.nodes"}, 2, "no table 'other.nodes'"),
    "bad name": ({"table": "a..b"}, 2, "invalid name syntax"),
    "syntax": ({"query": "selec 1"}, 2, 'syntax error at or near "selec"'),
    "missing column": ({"query": "select x from nodes"}, 2, 'column "x" does not exist'),
    "two statements": ({"query": "select 1; drop table nodes"}, 2, "multiple commands"),
    "no rows": ({"query": "delete from nodes returning *"}, 2, "syntax error"),
    "equal names": ({"query": "select 1 as a, 2 as a"}, 2, "found the column 'a' twice"),
    "while reading": ({"query": "select 1 / (3 - i) from generate_series(1, 5) i"}, 3, "by zero"),
    "both": ({"table": "nodes", "query": "select 1"}, 2, "found both of 'table' and 'query'"),
    "neither": ({}, 2, "found neither of 'table' and 'query'"),
    "format": ({"table": "nodes", "format": "parquet"}, 2, "found 'format' for a database"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_read(name: str, database: PostgresServer, tmp_path: Path):
    keys, exit_code, message = ERRORS[name]
    database.execute("create table nodes (node text)")
    job = postgres_jobs.write_job(
        tmp_path, {"scan": database.url(), **keys}, {"write": "out.parquet"}
    )
    outcome = command.run("run", job, cwd=tmp_path)
    assert outcome.exit_code == exit_code, outcome.stderr
    assert message in outcome.stderr
    assert command.is_one_line(outcome.stderr)
    assert not (tmp_path / "out.parquet").exists()
    assert database.value("select count(*) from pg_class where relname = 'nodes'") == "1"
