# SPDX-License-Identifier: Apache-2.0
"""Groups of rows with equal keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windrow.columns import IntoColumn, named, sort_keys, sql_of
from windrow.expr import Expr
from windrow.literals import Scalar

if TYPE_CHECKING:
    from windrow.frame import LazyFrame


class GroupBy:
    """Rows of a frame by their keys; see `LazyFrame.group_by`.

    >>> frame = wr.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
    >>> frame.group_by("k").agg(x="sum(x)").collect().to_pydict()
    {'k': ['a', 'b'], 'x': [4, 2]}
    """

    __slots__ = ("_frame", "_keys")

    def __init__(self, frame: LazyFrame, keys: dict[str, str | None]) -> None:
        self._frame = frame
        self._keys = keys

    def agg(self, *columns: Expr, **named_columns: Expr | Scalar) -> LazyFrame:
        """A row for each key, in the order in which keys first appear.

        Columns are expressions over aggregates and keys; texts are SQL. Without any the
        distinct keys are left.

        >>> frame = wr.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> mean = wr.col("x").sum() / wr.count()
        >>> frame.group_by("k").agg(wr.col("x").max(), mean=mean).collect().to_pydict()
        {'k': ['a', 'b'], 'x': [3, 2], 'mean': [2.0, 2.0]}
        """
        value = {
            "by": [_key(name, text) for name, text in self._keys.items()],
            "columns": named(columns, named_columns),
        }
        return self._frame._step("aggregate", value)

    def collect(
        self,
        *columns: str,
        order_by: IntoColumn | list[IntoColumn] | None = None,
        descending: bool | list[bool] = False,
        nulls_last: bool | list[bool] = True,
        max_rows: int | None = None,
    ) -> LazyFrame:
        """A row for each key, in ascending order of the keys, with its rows as lists.

        `columns` become lists, all but the keys when none is named, each ordered by
        `order_by`, or in the order of the input. A key with more than `max_rows` rows comes
        out as several rows. Keys must be columns.

        >>> frame = wr.from_dict({"k": ["b", "a", "b"], "x": [3, 2, 1]})
        >>> frame.group_by("k").collect("x", order_by="x").collect().to_pydict()
        {'k': ['a', 'b'], 'x': [[2], [1, 3]]}
        """
        keys = self._keys
        if any(text is not None for text in keys.values()):
            raise TypeError("collect: found a computed key; expected columns of the frame")
        value: dict[str, Any] = {"by": list(keys)}
        if columns:
            value["columns"] = list(columns)
        if order_by is not None:
            by = order_by if isinstance(order_by, list) else [order_by]
            value["order"] = sort_keys(by, descending, nulls_last)
        if max_rows is not None:
            value["max_rows"] = max_rows
        return self._frame._step("collect", value)


def group_keys(
    keys: tuple[IntoColumn, ...], named_keys: dict[str, Expr | Scalar]
) -> dict[str, str | None]:
    """Keys by name, with the text of those that are computed."""
    found: dict[str, str | None] = {}
    for key in keys:
        if isinstance(key, str):
            found[key] = None
        elif key.name is None:
            raise TypeError(f"group_by: {key!r} has no name; give it one with alias")
        else:
            found[key.name] = sql_of(key, key.name)
    found.update((name, sql_of(key, name)) for name, key in named_keys.items())
    return found


def _key(name: str, text: str | None) -> str | dict[str, str]:
    return name if text is None else {name: text}
