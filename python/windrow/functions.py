# SPDX-License-Identifier: Apache-2.0
"""Functions of several expressions."""

from __future__ import annotations

from dataclasses import dataclass

from windrow.expr import Expr, IntoExpr, call, into_expr


def count() -> Expr:
    """The number of rows of a group.

    >>> wr.count()
    Expr(count(*))
    """
    return Expr("count(*)", name="count")


def coalesce(*values: IntoExpr) -> Expr:
    """The first value that is not null.

    >>> wr.coalesce(wr.col("a"), wr.col("b"), 0)
    Expr(coalesce(a, b, 0))
    """
    return call("coalesce", *values)


def concat_str(*values: IntoExpr) -> Expr:
    """All values as one text, nulls left out.

    >>> wr.concat_str(wr.col("a"), "-", wr.col("b"))
    Expr(concat(a, '-', b))
    """
    return call("concat", *values)


def greatest(*values: IntoExpr) -> Expr:
    """The largest value of a row, nulls left out.

    >>> wr.greatest(wr.col("bid"), wr.col("ask"))
    Expr(greatest(bid, ask))
    """
    return call("greatest", *values)


def least(*values: IntoExpr) -> Expr:
    """The smallest value of a row, nulls left out.

    >>> wr.least(wr.col("bid"), wr.col("ask"))
    Expr(least(bid, ask))
    """
    return call("least", *values)


def uuid() -> Expr:
    """A random UUID (version 4) for each row.

    >>> wr.uuid()
    Expr(uuid())
    """
    return Expr("uuid()")


@dataclass(frozen=True)
class When:
    """A condition that waits for its value; see `when`.

    >>> wr.when(wr.col("qty") > 100)
    When(cases='WHEN qty > 100')
    """

    cases: str

    def then(self, value: IntoExpr) -> Then:
        """The value where the condition is true.

        >>> wr.when(wr.col("qty") > 100).then("large").otherwise("small").sql
        "CASE WHEN qty > 100 THEN 'large' ELSE 'small' END"
        """
        expression = into_expr(value)
        return Then(f"{self.cases} THEN {expression.sql}", expression.name)


class Then(Expr):
    """A choice between values, null where no condition is true; see `when`.

    >>> wr.when(wr.col("qty") > 100).then(1)
    Expr(CASE WHEN qty > 100 THEN 1 END)
    """

    __slots__ = ("_cases",)

    def __init__(self, cases: str, name: str | None) -> None:
        super().__init__(f"CASE {cases} END", name=name)
        self._cases = cases

    def when(self, condition: Expr) -> When:
        """The next condition, for rows that fulfil none before.

        >>> a = wr.col("a")
        >>> wr.when(a > 9).then(2).when(a > 5).then(1).otherwise(0).sql
        'CASE WHEN a > 9 THEN 2 WHEN a > 5 THEN 1 ELSE 0 END'
        """
        return When(f"{self._cases} WHEN {condition.sql}")

    def otherwise(self, value: IntoExpr) -> Expr:
        """The value of rows that fulfil no condition.

        >>> wr.when(wr.col("a").is_null()).then(0).otherwise(wr.col("a")).sql
        'CASE WHEN a IS NULL THEN 0 ELSE a END'
        """
        expression = into_expr(value)
        return Expr(
            f"CASE {self._cases} ELSE {expression.sql} END", name=self.name or expression.name
        )


def when(condition: Expr) -> When:
    """Begins a choice: ``when(condition).then(value).otherwise(value)``.

    >>> wr.when(wr.col("side") == "BID").then(1).otherwise(-1)
    Expr(CASE WHEN side = 'BID' THEN 1 ELSE -1 END)
    """
    return When(f"WHEN {condition.sql}")
