# SPDX-License-Identifier: Apache-2.0
"""The part of an expression that aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windrow.expr import Expr


class Aggregates:
    """Methods of `Expr` that make one value of all of a group's; nulls are left out."""

    __slots__ = ()

    def _apply(self, function: str) -> Expr:
        raise NotImplementedError

    def sum(self) -> Expr:
        """The sum of a group's values, nulls left out; null of none.

        >>> wr.col("qty").sum()
        Expr(sum(qty))
        """
        return self._apply("sum")

    def mean(self) -> Expr:
        """The average of a group's values, as double.

        >>> wr.col("price").mean()
        Expr(avg(price))
        """
        return self._apply("avg")

    def min(self) -> Expr:
        """The smallest value of a group.

        >>> wr.col("price").min()
        Expr(min(price))
        """
        return self._apply("min")

    def max(self) -> Expr:
        """The greatest value of a group.

        >>> wr.col("price").max()
        Expr(max(price))
        """
        return self._apply("max")

    def first(self) -> Expr:
        """The value of a group's first row, which may be null.

        >>> wr.col("price").first()
        Expr(first(price))
        """
        return self._apply("first")

    def last(self) -> Expr:
        """The value of a group's last row, which may be null.

        >>> wr.col("price").last()
        Expr(last(price))
        """
        return self._apply("last")

    def count(self) -> Expr:
        """The number of a group's values that are not null.

        >>> wr.col("price").count()
        Expr(count(price))
        """
        return self._apply("count")
