# SPDX-License-Identifier: Apache-2.0
"""Tables of other libraries go in and come out by the Arrow PyCapsule interface."""

import datetime
import decimal
import random

import duckdb
import nanoarrow as na
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import python_process

import windrow as wr


def columns(rows: int, seed: int) -> dict[str, list]:
    generator = random.Random(seed)

    def some(make):
        return [None if generator.random() < 0.2 else make(i) for i in range(rows)]

    day = datetime.date(2025, 1, 1)
    return {
        "number": some(lambda i: i - 3),
        "real": some(lambda i: generator.random()),
        "flag": some(lambda i: i % 3 == 0),
        "text": some(lambda i: "é" * (i % 17) + str(i)),
        "blob": some(lambda i: bytes([i % 256]) * (i % 5)),
        "day": some(lambda i: day + datetime.timedelta(i)),
        "moment": some(lambda i: datetime.datetime(2025, 1, 1, 12, 0, i % 60, i)),
        "amount": some(lambda i: decimal.Decimal(i).scaleb(-2)),
        "words": some(lambda i: [str(i)] * (i % 4)),
        "pair": some(lambda i: {"a": i, "b": str(i)}),
    }


SCHEMA = pa.schema(
    {
        "number": pa.int64(),
        "real": pa.float64(),
        "flag": pa.bool_(),
        "text": pa.string(),
        "blob": pa.binary(),
        "day": pa.date32(),
        "moment": pa.timestamp("us"),
        "amount": pa.decimal128(20, 2),
        "words": pa.list_(pa.string()),
        "pair": pa.struct({"a": pa.int64(), "b": pa.string()}),
    }
)


@pytest.fixture(params=[0, 1, 257], ids=lambda rows: f"{rows} rows")
def table(request) -> pa.Table:
    return pa.table(columns(request.param, seed=request.param), schema=SCHEMA)


def test_pyarrow(table):
    chunked = pa.concat_tables([table.slice(0, 100), table.slice(100)])
    assert wr.from_arrow(chunked).collect().to_arrow().to_pylist() == table.to_pylist()
    for batch in table.to_batches():
        assert wr.from_arrow(batch).collect().to_pylist() == batch.to_pylist()
    assert pa.table(wr.from_arrow(table)).schema.equals(SCHEMA)
    reader = pa.RecordBatchReader.from_stream(wr.from_arrow(table))
    assert reader.read_all().to_pylist() == table.to_pylist()


def test_slices(table):
    for start in (0, 1, 9, 200):
        part = table.slice(start, 40)
        frame = wr.from_arrow(part)
        assert frame.collect().to_pylist() == part.to_pylist()
        other = wr.from_arrow(part.select(["number"]).slice(3))
        joined = other.join(frame, "number").collect().to_pylist()
        keys = other.collect().to_pydict()["number"]
        assert joined == [
            row for row in part.to_pylist() if row["number"] in keys and row["number"] is not None
        ]


def test_types_without_kernels_come_out_flat():
    table = pa.table(
        {
            "view": pa.array(["a", None, "longer than twelve bytes"], pa.string_view()),
            "blob": pa.array([b"a", None, b"longer than twelve bytes"], pa.binary_view()),
            "views": pa.array(
                [["x"], None, ["longer than twelve bytes"]], pa.list_(pa.string_view())
            ),
            "runs": pa.RunEndEncodedArray.from_arrays([2, 3], [7, None]),
            "codes": pa.array(["u", "v", "u"]).dictionary_encode(),
            "nothing": pa.nulls(3),
        }
    )
    frame = wr.from_arrow(table)
    assert frame.collect().to_pylist() == table.to_pylist()
    assert frame.schema["view"] == "string"
    assert frame.schema["runs"] == "int64"
    assert frame.sort("view", descending=True).collect().to_pydict()["view"][0].startswith("l")
    assert frame.join(frame.head(2).select("codes"), "codes").collect().num_rows == 3


def test_polars(table):
    frame = pl.DataFrame(table)
    there = wr.from_arrow(frame)
    assert there.collect().to_pylist() == table.to_pylist()
    assert there.collect().to_polars().equals(frame)
    assert pl.DataFrame(there).equals(frame)
    assert pl.from_arrow(there.collect().to_arrow()).equals(frame)


def test_duckdb(table):
    relation = duckdb.from_arrow(table)
    frame = wr.from_arrow(relation.select("number, text, day"))
    wanted = table.select(["number", "text", "day"]).to_pylist()
    assert frame.collect().to_pylist() == wanted
    assert frame.collect().to_pylist() == wanted, "a relation can be read again"
    result = wr.from_arrow(table).collect()
    lazy = wr.from_arrow(table).filter("number > 3")
    assert result.num_rows == table.num_rows
    assert duckdb.sql("from result").to_arrow_table().num_rows == table.num_rows
    rows = duckdb.sql("select number, text from lazy").fetchall()
    assert rows == [(row["number"], row["text"]) for row in lazy.collect().to_pylist()]


def test_pandas(table):
    plain = table.select(["number", "real", "text", "moment"])
    frame = plain.to_pandas()
    collected = wr.from_arrow(frame).collect()
    assert collected.num_rows == len(frame)
    pd.testing.assert_frame_equal(collected.to_pandas(), frame)


def test_nanoarrow(table):
    plain = table.select(["number", "text"])
    assert wr.from_arrow(na.ArrayStream(plain)).collect().to_pylist() == plain.to_pylist()
    assert wr.from_arrow(na.Array(plain)).collect().to_pylist() == plain.to_pylist()
    assert na.ArrayStream(wr.from_arrow(plain)).read_all().to_pylist() == plain.to_pylist()


def test_windrow_itself(table):
    result = wr.from_arrow(table).collect()
    assert wr.from_arrow(result).collect().to_pylist() == table.to_pylist()
    capsule = result.__arrow_c_stream__()
    assert wr.from_arrow(capsule).collect().to_pylist() == table.to_pylist()
    frame = wr.from_arrow(table)
    assert wr.from_arrow(frame) is frame


def test_schemas_go_along():
    frame = wr.from_dict({"a": [1]})
    assert pa.schema(frame).names == ["a"]
    assert pa.schema(frame.schema).field("a").type == pa.int64()


def test_what_is_no_table_is_refused():
    for thing in (1, "text", [1, 2], object()):
        with pytest.raises(TypeError, match="expected an object with __arrow_c_stream__"):
            wr.from_arrow(thing)


def test_arrow_has_nothing_to_say_about_windrow(tmp_path):
    code = "import warnings; warnings.simplefilter('error'); import windrow; import pyarrow.compute"
    done = python_process.run(code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
