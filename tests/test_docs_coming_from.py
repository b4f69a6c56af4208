# SPDX-License-Identifier: Apache-2.0
"""What docs/COMING_FROM.md shows side by side runs and gives equal rows."""

import datetime
import math
import re
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow
import pyarrow.parquet
import pytest
import python_process
from test_docs import FENCE, code_words, rows, section, text_of

import windrow

TEXT = text_of("docs/COMING_FROM.md")
FIRST_TASKS = {
    kind.removeprefix("first="): body
    for _, kind, body in FENCE.findall(TEXT)
    if kind.startswith("first=")
}
QUOTES = pyarrow.table(
    {
        "id": [3, 1, 2, 3, 1, None],
        "side": ["BID", "OFFER", "BID", None, "BID", "MID"],
        "price": [4.5, 2.25, None, 1.0, 1.5, 8.0],
        "day": [datetime.date(2025, month, 11) for month in (5, 4, 6, 1, 3, 2)],
    }
)
NAMES = pyarrow.table({"id": [1, 3, 5], "name": ["one", "three", "five"]})


def code_lines(code: str) -> int:
    return sum(bool(line.strip()) and not line.startswith("#") for line in code.splitlines())


def pairs(title: str) -> list[list[str]]:
    """What stands side by side in the table of two columns under a heading."""
    cells = [row for row in rows(section(TEXT, title)) if len(row) == 2]
    assert len(cells) > 10
    return [[code_words(cell)[0] for cell in row] for row in cells]


def in_no_order(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: [str(value) for value in row.values()])


@pytest.fixture
def frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pyarrow.parquet.write_table(QUOTES, "quotes.parquet")
    pyarrow.parquet.write_table(NAMES, "names.parquet")


def rows_of_windrow(code: str) -> list[dict[str, Any]]:
    quotes, names = windrow.from_arrow(QUOTES), windrow.from_arrow(NAMES)
    value = eval(code, {"wr": windrow, "quotes": quotes, "names": names})
    return rows_of(value)


def rows_of(value: Any) -> list[dict[str, Any]]:
    """Rows of a frame, table or relation; those that were written where it is none."""
    if hasattr(value, "collect"):
        value = value.collect()
    is_table = hasattr(value, "__arrow_c_stream__")
    table = pyarrow.table(value) if is_table else pyarrow.parquet.read_table("out.parquet")
    return table.to_pylist()


def assert_equal(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], is_ordered: bool):
    assert ours, "no rows, which would equal no other's"
    if is_ordered:
        assert ours == theirs
    else:
        assert in_no_order(ours) == in_no_order(theirs)


@pytest.mark.usefixtures("frames")
@pytest.mark.parametrize(("theirs", "ours"), pairs("From Polars"))
def test_polars(theirs: str, ours: str):
    scope = {
        "pl": polars,
        "quotes": polars.from_arrow(QUOTES).lazy(),
        "names": polars.from_arrow(NAMES).lazy(),
    }
    assert_equal(rows_of_windrow(ours), rows_of(eval(theirs, scope)), ".sort(" in theirs)


@pytest.mark.usefixtures("frames")
@pytest.mark.parametrize(("theirs", "ours"), pairs("From DuckDB"))
def test_duckdb(theirs: str, ours: str):
    with duckdb.connect() as connection:
        connection.register("quotes", QUOTES)
        connection.register("names", NAMES)
        if theirs.startswith("COPY"):
            connection.execute(theirs)
            found = rows_of(None)
        else:
            found = rows_of(connection.sql(theirs))
    assert_equal(rows_of_windrow(ours), found, "ORDER BY" in theirs)


@pytest.mark.usefixtures("frames")
@pytest.mark.parametrize(("_theirs", "ours"), pairs("From Spark"))
def test_spark(_theirs: str, ours: str):
    code = re.sub(r"\.(explain|iter_batches)\(\)$", "", ours)
    assert rows_of_windrow(code)
    if code != ours:
        wanted = {"wr": windrow, "quotes": windrow.from_arrow(QUOTES)}
        assert "".join(str(part) for part in eval(ours, wanted))


@pytest.fixture(scope="module")
def totals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What each library's first task writes."""
    folder = tmp_path_factory.mktemp("first")
    windrow.generate("securities", 1000).sink_parquet(folder / "securities.parquet")
    windrow.generate("quotes", 5000, securities=1000).sink_parquet(folder / "quotes.parquet")
    written = {}
    for name, code in FIRST_TASKS.items():
        done = python_process.run(code, folder)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        written[name] = rows_of_file(folder / "totals.parquet")
        (folder / "totals.parquet").unlink()
    return written


def rows_of_file(path: Path) -> list[dict[str, Any]]:
    found = pyarrow.parquet.read_table(path).to_pylist()
    for row in found:
        if isinstance(row["top"], float) and math.isnan(row["top"]):
            row["top"] = None
    return in_no_order(found)


@pytest.mark.parametrize("name", ["polars", "duckdb", "pandas"])
def test_the_first_task_gives_equal_rows(name: str, totals: dict[str, list[dict[str, Any]]]):
    assert len(totals["windrow"]) > 3
    assert totals[name] == totals["windrow"]


def test_the_first_task_takes_no_more_lines_than_in_polars():
    assert code_lines(FIRST_TASKS["windrow"]) <= code_lines(FIRST_TASKS["polars"])


def test_every_library_of_the_first_task_is_there():
    assert set(FIRST_TASKS) == {"windrow", "polars", "duckdb", "pandas"}
