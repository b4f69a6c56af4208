# SPDX-License-Identifier: Apache-2.0
"""How arguments of frames say columns."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from windrow.expr import Expr, col, into_expr, sql_expr
from windrow.literals import Scalar

IntoColumn: TypeAlias = str | Expr
"""A column's name, or an expression."""


def text_of(value: Expr | Scalar) -> str:
    """The SQL of an expression; a text is SQL already."""
    return sql_expr(value).sql if isinstance(value, str) else into_expr(value).sql


def sql_of(value: Expr | Scalar, name: str) -> str | None:
    """The SQL of a column called `name`; nothing for the column of that name itself."""
    text = text_of(value)
    return None if text == col(name).sql else text


def named(columns: Iterable[Expr], named_columns: Mapping[str, Expr | Scalar]) -> dict[str, str]:
    """The SQL of computed columns by their names."""
    found: dict[str, str] = {}
    for column in columns:
        if not isinstance(column, Expr):
            raise TypeError(f"found {column!r}; expected an expression, or name=...")
        if column.name is None:
            raise TypeError(f"{column!r} has no name; give it one with alias, or name=...")
        if column.name in found:
            raise TypeError(f"found two columns '{column.name}'; expected different names")
        found[column.name] = column.sql
    for name, value in named_columns.items():
        if name in found:
            raise TypeError(f"found two columns '{name}'; expected different names")
        found[name] = text_of(value)
    return found


def sort_keys(
    by: Iterable[IntoColumn], descending: bool | list[bool], nulls_last: bool | list[bool]
) -> list[dict[str, Any]]:
    """Sort keys of a job document."""
    names = [column_name(column) for column in by]
    down = _each(descending, len(names), "descending")
    last = _each(nulls_last, len(names), "nulls_last")
    keys = []
    for name, is_down, is_last in zip(names, down, last, strict=True):
        key: dict[str, Any] = {"column": name}
        if is_down:
            key["descending"] = True
        if not is_last:
            key["nulls"] = "first"
        keys.append(key)
    return keys


def column_name(column: IntoColumn) -> str:
    """The name of a column given as such or as `col`."""
    if isinstance(column, str):
        return column
    if column.name is None or column.sql != col(column.name).sql:
        raise TypeError(f"found {column!r}; expected a column, or compute it before")
    return column.name


def _each(value: bool | list[bool], count: int, name: str) -> list[bool]:
    if isinstance(value, bool):
        return [value] * count
    if len(value) != count:
        raise TypeError(f"{name}: found {len(value)} values; expected {count}, one a key")
    return value
