# SPDX-License-Identifier: Apache-2.0
"""Lazy frames: jobs that are being written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, Unpack

from windrow import _native
from windrow.cluster import is_cluster
from windrow.columns import IntoColumn, column_name, named, sort_keys, sql_of, text_of
from windrow.expr import Expr
from windrow.group_by import GroupBy, group_keys
from windrow.job import DOCUMENT, RESULT, Job, Node, Source, Step, bind
from windrow.literals import Scalar
from windrow.options import RunOptions, native_options, place_of
from windrow.running import Work, execute
from windrow.sinks import Sinks
from windrow.table import Schema, Table

How: TypeAlias = Literal["inner", "left", "semi", "anti", "cross"]


class LazyFrame(Sinks):
    """Rows that a job would give. Immutable: each method makes a frame with one step more.

    Nothing is read but metadata until the rows are asked for by `collect`, `iter_batches`,
    a sink, or another library: a frame is an Arrow stream, too. Columns and types are
    checked at once, so that a mistake is a `SchemaError` where it is made.

    Columns are given by name or as expressions. A text given by keyword is an expression in
    SQL; beside an expression, as in ``wr.col("side") == "BID"``, it is a value.

    >>> quotes = wr.from_dict({"id": [1, 2], "bid": [9.0, 5.0], "ask": [11.0, 5.5]})
    >>> spreads = quotes.with_columns(spread=wr.col("ask") - wr.col("bid"))
    >>> spreads.filter(wr.col("spread") > 1).select("id", "spread").collect().to_pylist()
    [{'id': 1, 'spread': 2.0}]
    """

    __slots__ = ("_node", "_schema")
    _node: Node
    _schema: _native.Schema

    def __init__(self) -> None:
        raise TypeError("frames begin with scan, from_arrow or generate")

    @classmethod
    def _of(cls, node: Node) -> LazyFrame:
        frame = cls.__new__(cls)
        frame._node = node
        known = node.schema if isinstance(node, Source) else None
        # Views of other libraries come out flat, so rows in memory are bound, too.
        is_final = known is not None and isinstance(node, Source) and node.rows is None
        frame._schema = known if is_final and known is not None else bind(node)
        return frame

    def _step(self, kind: str, value: Any, *others: LazyFrame) -> LazyFrame:
        inputs = (self._node, *(other._node for other in others))
        return LazyFrame._of(Step(kind, value, inputs))

    @property
    def schema(self) -> Schema:
        """The columns and their types.

        >>> wr.from_dict({"id": [1]}).with_columns(half="id / 2").schema
        Schema({'id': 'int64', 'half': 'double'})
        """
        return Schema(self._schema)

    @property
    def columns(self) -> list[str]:
        """The names of the columns.

        >>> wr.from_dict({"id": [1], "name": ["a"]}).columns
        ['id', 'name']
        """
        return self._schema.names

    def filter(self, *conditions: Expr | str) -> LazyFrame:
        """The rows for which all conditions are true; neither false nor null.

        >>> frame = wr.from_dict({"x": [1, 2, None]})
        >>> frame.filter(wr.col("x") > 1).collect().to_pydict()
        {'x': [2]}
        >>> frame.filter("x is null or x < 2").collect().num_rows
        2
        """
        texts = [text_of(condition) for condition in conditions]
        if not texts:
            return self
        text = texts[0] if len(texts) == 1 else " AND ".join(f"({text})" for text in texts)
        return self._step("filter", text)

    def select(self, *columns: IntoColumn, **named_columns: Expr | Scalar) -> LazyFrame:
        """These columns, in this order, and no others.

        >>> frame = wr.from_dict({"a": [1], "b": [2]})
        >>> frame.select("b", wr.col("a").alias("c"), d="a + b").collect().to_pylist()
        [{'b': 2, 'c': 1, 'd': 3}]
        """
        items: list[str | dict[str, str]] = []
        for column in columns:
            if isinstance(column, str):
                items.append(column)
                continue
            (name,) = named([column], {})
            items.append(_item(name, column))
        items += [_item(name, value) for name, value in named_columns.items()]
        return self._step("select", items)

    def with_columns(self, *columns: Expr, **named_columns: Expr | Scalar) -> LazyFrame:
        """All columns, with these replaced in place or appended. They see the input only.

        >>> frame = wr.from_dict({"a": [1], "b": [2]})
        >>> frame.with_columns(wr.col("a") * 10, c="a + b").collect().to_pylist()
        [{'a': 10, 'b': 2, 'c': 3}]
        """
        return self._step("with_columns", named(columns, named_columns))

    def rename(self, names: Mapping[str, str]) -> LazyFrame:
        """The same columns, some with other names.

        >>> wr.from_dict({"a": [1], "b": [2]}).rename({"a": "x"}).columns
        ['x', 'b']
        """
        missing = [name for name in names if name not in self.columns]
        # What is missing is selected all the same, for the engine to say so.
        items = [_item(names.get(name, name), _column(name)) for name in self.columns]
        return self._step("select", items + list(missing))

    def drop(self, *columns: IntoColumn) -> LazyFrame:
        """All columns but these.

        >>> wr.from_dict({"a": [1], "b": [2]}).drop("a").columns
        ['b']
        """
        dropped = [column_name(column) for column in columns]
        missing = [name for name in dropped if name not in self.columns]
        return self._step("select", [n for n in self.columns if n not in dropped] + missing)

    def join(
        self,
        other: LazyFrame,
        on: str | Sequence[str] | None = None,
        *,
        left_on: str | Sequence[str] | None = None,
        right_on: str | Sequence[str] | None = None,
        how: How = "inner",
        columns: Sequence[str] | None = None,
        suffix: str | None = None,
        where: Expr | str | None = None,
        nulls_equal: bool = False,
    ) -> LazyFrame:
        """Rows joined with those of another frame, in this one's order.

        Keys that `on` names are in both frames; `left_on` and `right_on` name pairs of them.
        `how`: "left" keeps rows without partner, with nulls; "semi" keeps rows that have
        one, "anti" those that have none; "cross" pairs all rows. `columns` are those of
        `other` that come out, all of them otherwise. Keys with different names both stay;
        keys with equal names come out once. Other equal names are an error unless `suffix`
        is given, which goes to those of `other`. `where` must be true of a pair, too. A null
        key matches nothing without `nulls_equal`.

        >>> quotes = wr.from_dict({"id": [1, 2, 1], "bid": [9.0, 5.0, 8.0]})
        >>> names = wr.from_dict({"ID": [1], "name": ["a"]})
        >>> quotes.join(names, left_on="id", right_on="ID").collect().to_pydict()
        {'id': [1, 1], 'bid': [9.0, 8.0], 'ID': [1, 1], 'name': ['a', 'a']}
        """
        value: dict[str, Any] = {"on": _join_keys(on, left_on, right_on, how)}
        if how != "cross":
            value["how"] = how
        if columns is not None:
            value["columns"] = list(columns)
        if suffix is not None:
            value["suffix"] = suffix
        if where is not None:
            value["where"] = text_of(where)
        if nulls_equal:
            value["nulls_equal"] = True
        return self._step("join", value, other)

    def group_by(self, *keys: IntoColumn, **named_keys: Expr | Scalar) -> GroupBy:
        """Groups of rows with equal keys; nulls are equal. `agg` or `collect` follows.

        >>> frame = wr.from_dict({"k": [1, 2, 1], "x": [5, 6, 7]})
        >>> frame.group_by("k").agg(n=wr.count(), x=wr.col("x").sum()).collect().to_pydict()
        {'k': [1, 2], 'n': [2, 1], 'x': [12, 6]}
        >>> frame.group_by(odd="x % 2").agg(n=wr.count()).collect().to_pydict()
        {'odd': [1, 0], 'n': [2, 1]}
        """
        return GroupBy(self, group_keys(keys, named_keys))

    def sort(
        self,
        *by: IntoColumn,
        descending: bool | list[bool] = False,
        nulls_last: bool | list[bool] = True,
    ) -> LazyFrame:
        """The rows in order; equal ones keep theirs. Text sorts by its bytes.

        >>> frame = wr.from_dict({"x": [2, None, 3]})
        >>> frame.sort("x", descending=True).collect().to_pydict()
        {'x': [3, 2, None]}
        """
        return self._step("sort", sort_keys(by, descending, nulls_last))

    def limit(self, rows: int) -> LazyFrame:
        """The first rows.

        >>> wr.from_dict({"x": [1, 2, 3]}).limit(2).collect().to_pydict()
        {'x': [1, 2]}
        """
        return self._step("limit", rows)

    def head(self, rows: int = 5) -> LazyFrame:
        """The first rows: `limit`.

        >>> wr.from_dict({"x": [1, 2, 3]}).head(1).collect().to_pydict()
        {'x': [1]}
        """
        return self.limit(rows)

    def union(self, *others: LazyFrame) -> LazyFrame:
        """The rows of all frames, one after the other.

        Columns go together by name; one that a frame lacks is null there.

        >>> a, b = wr.from_dict({"x": [1]}), wr.from_dict({"x": [2], "y": ["b"]})
        >>> a.union(b).collect().to_pydict()
        {'x': [1, 2], 'y': [None, 'b']}
        """
        return self._step("union", None, *others)

    def distinct(self, *columns: IntoColumn) -> LazyFrame:
        """The first row of those that are equal in these columns, or in all.

        Rows come in the order in which they first appear.

        >>> frame = wr.from_dict({"k": [1, 2, 1], "x": [5, 6, 7]})
        >>> frame.distinct("k").collect().to_pydict()
        {'k': [1, 2], 'x': [5, 6]}
        >>> frame.union(frame).distinct().collect().num_rows
        3
        """
        keys = [column_name(column) for column in columns] or self.columns
        others = [name for name in self.columns if name not in keys]
        firsts = {name: _column(name).first().sql for name in others}
        groups = self._step("aggregate", {"by": keys, "columns": firsts})
        return groups if groups.columns == self.columns else groups.select(*self.columns)

    def named(self, name: str) -> LazyFrame:
        """The same frame with a name for its last step, as plans and reports show it.

        >>> frame = wr.from_dict({"x": [1]}).filter("x > 0").named("kept")
        >>> print(frame.to_job())
        windrow: 1
        sources:
          rows: {scan: "memory:rows"}
        steps:
          kept: {filter: "x > 0", from: rows}
        sinks:
          - {collect: result, from: kept}
        <BLANKLINE>
        """
        node = self._node
        if isinstance(node, Source):
            return LazyFrame._of(Source(name, node.spec, node.schema, node.rows))
        return LazyFrame._of(Step(node.kind, node.value, node.inputs, name))

    def to_job(self, write: str | None = None) -> str:
        """The job document, as YAML: what the command runs.

        Its sink writes the file `write`, or without one collects the result. Rows in memory
        are sources with the path ``memory:NAME``, which `run` takes as ``inputs``.

        >>> print(wr.generate("pings", 5).limit(2).to_job("pings.parquet"))
        windrow: 1
        sources:
          pings: {generate: pings, rows: 5}
        steps:
          limit: {limit: 2, from: pings}
        sinks:
          - {write: pings.parquet, from: limit}
        <BLANKLINE>
        """
        sink = {"collect": RESULT} if write is None else {"write": write}
        return _native.format_job(Job.of(self._node, sink).text, DOCUMENT, {})

    def explain(self, *, as_json: bool = False, **options: Unpack[RunOptions]) -> str:
        """The plan as a tree, with what was decided and why. Reads no rows.

        >>> print(wr.generate("pings", 5).limit(2).explain())  # doctest: +ELLIPSIS
        result...
        """
        job = Job.of(self._node)
        return _native.explain(job.text, DOCUMENT, job.inputs, native_options(options), as_json)

    def collect(self, **options: Unpack[RunOptions]) -> Table:
        """Runs the job and keeps its rows in memory, within the memory of the run.

        What is larger goes to a file by a sink, or bit by bit through `iter_batches`.

        >>> wr.from_dict({"x": [1, 2]}).collect().num_rows
        2
        """
        report, run = execute(self._work(), options)
        return Table(run.table(), report)

    def iter_batches(self, **options: Unpack[RunOptions]) -> Iterator[Table]:
        """Runs the job and gives its rows bit by bit, as they are asked for.

        The run is a few batches ahead. It ends when the iterator is closed or goes away.
        Batches that are kept count in the memory of the run.

        >>> sum(batch.num_rows for batch in wr.generate("pings", 1000).iter_batches())
        1000
        """
        if is_cluster(place_of(options)):
            yield self.collect(**options)
            return
        run = self._work().start(options, is_stream=True)
        try:
            while (batch := run.next()) is not None:
                yield Table(batch)
        finally:
            run.close()

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        if is_cluster(place_of({})):
            return self.collect().__arrow_c_stream__()
        return self._work().start({}, is_stream=True).__arrow_c_stream__()

    def __repr__(self) -> str:
        columns = ", ".join(f"{name}: {kind}" for name, kind in self.schema.items())
        return f"LazyFrame({Job.of(self._node).result}: {columns})"

    def _work(self, sink: Mapping[str, Any] | None = None) -> Work:
        job = Job.of(self._node, sink)
        return Work(job.text, DOCUMENT, {}, job.inputs)

    def _write(self, sink: Mapping[str, Any], options: RunOptions) -> dict[str, Any]:
        report, _ = execute(self._work(sink), options)
        return report


def _column(name: str) -> Expr:
    from windrow.expr import col

    return col(name)


def _item(name: str, value: Expr | Scalar) -> str | dict[str, str]:
    text = sql_of(value, name)
    return name if text is None else {name: text}


def _join_keys(
    on: str | Sequence[str] | None,
    left_on: str | Sequence[str] | None,
    right_on: str | Sequence[str] | None,
    how: How,
) -> list[str] | dict[str, str]:
    if how == "cross":
        if on is not None or left_on is not None or right_on is not None:
            raise TypeError("join: found keys for how='cross'; expected none")
        return []
    if on is not None:
        if left_on is not None or right_on is not None:
            raise TypeError("join: found both on and left_on or right_on; expected one of them")
        return [on] if isinstance(on, str) else list(on)
    if left_on is None or right_on is None:
        raise TypeError("join: expected on, or both left_on and right_on")
    left = [left_on] if isinstance(left_on, str) else list(left_on)
    right = [right_on] if isinstance(right_on, str) else list(right_on)
    if len(left) != len(right):
        raise TypeError(
            f"join: found {len(left)} columns in left_on and {len(right)} in right_on; "
            "expected as many"
        )
    return dict(zip(left, right, strict=True))
