# SPDX-License-Identifier: Apache-2.0
"""Rows in memory, and the columns they have."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from windrow import _native

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

_SHOWN_ROWS = 10
_SHOWN_COLUMNS = 12
_SHOWN_CHARACTERS = 32


class Schema(Mapping[str, str]):
    """The columns of a frame or table: their types by their names, in order.

    >>> wr.from_dict({"id": [1], "name": ["a"]}).schema
    Schema({'id': 'int64', 'name': 'string'})
    """

    __slots__ = ("_native", "_types")

    def __init__(self, native: _native.Schema) -> None:
        self._native = native
        self._types = dict(zip(native.names, native.types, strict=True))

    @property
    def names(self) -> list[str]:
        """The names, in order; one that comes twice is there twice.

        >>> wr.from_dict({"id": [1], "name": ["a"]}).schema.names
        ['id', 'name']
        """
        return self._native.names

    def __getitem__(self, name: str) -> str:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def __repr__(self) -> str:
        return f"Schema({self._types})"

    def __arrow_c_schema__(self) -> object:
        return self._native.__arrow_c_schema__()

    def to_arrow(self) -> pyarrow.Schema:
        """The same as a `pyarrow.Schema`.

        >>> wr.from_dict({"id": [1]}).schema.to_arrow().field("id").type
        DataType(int64)
        """
        import pyarrow

        return pyarrow.schema(self)


class Table:
    """The rows of a result, in memory. Immutable.

    Any library that speaks the Arrow PyCapsule interface takes it as it is, without a
    copy: ``pyarrow.table(rows)``, ``polars.DataFrame(rows)``,
    ``duckdb.sql("from rows")``.

    >>> table = wr.from_dict({"id": [1, 2], "name": ["a", None]}).collect()
    >>> table
    2 rows, 2 columns, 26 B
    id     name
    int64  string
        1  a
        2  null
    """

    __slots__ = ("_native", "_report")

    def __init__(self, native: _native.Table, report: dict[str, Any] | None = None) -> None:
        self._native = native
        self._report = report

    @property
    def schema(self) -> Schema:
        """The columns and their types.

        >>> wr.from_dict({"id": [1]}).collect().schema
        Schema({'id': 'int64'})
        """
        return Schema(self._native.schema)

    @property
    def columns(self) -> list[str]:
        """The names of the columns.

        >>> wr.from_dict({"id": [1]}).collect().columns
        ['id']
        """
        return self._native.schema.names

    @property
    def num_rows(self) -> int:
        """The number of rows.

        >>> wr.from_dict({"id": [1, 2]}).collect().num_rows
        2
        """
        return self._native.num_rows

    def __len__(self) -> int:
        return self._native.num_rows

    @property
    def nbytes(self) -> int:
        """Bytes of its values in memory; buffers that columns share count once.

        >>> wr.from_dict({"id": [1, 2]}).collect().nbytes
        16
        """
        return self._native.num_bytes

    @property
    def report(self) -> dict[str, Any] | None:
        """The report of the run that made it: times, bytes, memory, steps.

        >>> wr.from_dict({"id": [1, 2]}).collect().report["rows_out"]
        {'result': 2}
        """
        return self._report

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._native.__arrow_c_stream__()

    def slice(self, offset: int, rows: int) -> Table:
        """`rows` rows from `offset` on, without a copy.

        >>> wr.from_dict({"id": [1, 2, 3]}).collect().slice(1, 1).to_pylist()
        [{'id': 2}]
        """
        if offset < 0 or rows < 0:
            raise ValueError(f"slice({offset}, {rows}): expected numbers not below 0")
        return Table(self._native.slice(offset, rows))

    def head(self, rows: int = 5) -> Table:
        """The first rows.

        >>> wr.from_dict({"id": [1, 2, 3]}).collect().head(1).num_rows
        1
        """
        return self.slice(0, rows)

    def to_arrow(self) -> pyarrow.Table:
        """The same as a `pyarrow.Table`, without a copy.

        >>> wr.from_dict({"id": [1]}).collect().to_arrow().num_rows
        1
        """
        import pyarrow

        return pyarrow.table(self)

    def to_polars(self) -> polars.DataFrame:
        """The same as a `polars.DataFrame`.

        >>> wr.from_dict({"id": [1]}).collect().to_polars().shape
        (1, 1)
        """
        import polars

        return polars.DataFrame(self)

    def to_pandas(self) -> pandas.DataFrame:
        """The same as a `pandas.DataFrame`; needs pandas, which Windrow itself does not.

        >>> frame = wr.from_dict({"id": [1]}).collect().to_pandas()  # doctest: +SKIP
        """
        return self.to_arrow().to_pandas()

    def to_pylist(self) -> list[dict[str, Any]]:
        """A dict for each row.

        >>> wr.from_dict({"id": [1], "name": ["a"]}).collect().to_pylist()
        [{'id': 1, 'name': 'a'}]
        """
        rows: list[dict[str, Any]] = self.to_arrow().to_pylist()
        return rows

    def to_pydict(self) -> dict[str, list[Any]]:
        """A list for each column.

        >>> wr.from_dict({"id": [1, 2]}).collect().to_pydict()
        {'id': [1, 2]}
        """
        columns: dict[str, list[Any]] = self.to_arrow().to_pydict()
        return columns

    def __repr__(self) -> str:
        title, names, types, rows, is_right, more = self._excerpt()
        widths = [
            max(len(cell) for cell in (name, kind, *(row[i] for row in rows)))
            for i, (name, kind) in enumerate(zip(names, types, strict=True))
        ]
        lines = [title, _line(names, widths, []), _line(types, widths, [])]
        lines += [_line(row, widths, is_right) for row in rows]
        if more:
            lines.append(more)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        title, names, types, rows, is_right, more = self._excerpt()
        head = "".join(
            f"<th>{html.escape(name)}<br><small>{html.escape(kind)}</small></th>"
            for name, kind in zip(names, types, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align:{"right" if right else "left"}">{html.escape(cell)}</td>'
                for cell, right in zip(row, is_right, strict=True)
            )
            + "</tr>"
            for row in rows
        )
        foot = f"<p><small>{html.escape(more)}</small></p>" if more else ""
        return (
            f"<div><p><small>{html.escape(title)}</small></p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}</div>"
        )

    def _excerpt(
        self,
    ) -> tuple[str, list[str], list[str], list[list[str]], list[bool], str]:
        schema = self._native.schema
        columns = len(schema.names)
        title = f"{self.num_rows:,} rows, {columns:,} columns, {size_text(self.nbytes)}"
        names = schema.names[:_SHOWN_COLUMNS]
        types = [_short(kind) for kind in schema.types[:_SHOWN_COLUMNS]]
        shown = self.head(_SHOWN_ROWS).to_arrow()
        cells = [[_cell(value) for value in shown.column(i).to_pylist()] for i in range(len(names))]
        rows = [list(row) for row in zip(*cells, strict=True)]
        is_right = [kind.startswith(("int", "uint", "double", "float", "dec")) for kind in types]
        left_out = []
        if self.num_rows > _SHOWN_ROWS:
            left_out.append(f"{self.num_rows - _SHOWN_ROWS:,} more rows")
        if columns > _SHOWN_COLUMNS:
            left_out.append(f"{columns - _SHOWN_COLUMNS:,} more columns")
        return title, names, types, rows, is_right, ", ".join(left_out)


def size_text(size: int) -> str:
    """Bytes as people read them.

    >>> size_text(29), size_text(1 << 20)
    ('29 B', '1.0 MiB')
    """
    if size < 1024:
        return f"{size} B"
    amount = float(size)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1024:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1024:.1f} TiB"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def _cell(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return _short(str(value).replace("\n", "⏎"))


def _line(cells: list[str], widths: list[int], is_right: list[bool]) -> str:
    padded = [
        cell.rjust(width) if i < len(is_right) and is_right[i] else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()
