# SPDX-License-Identifier: Apache-2.0
"""Expressions: what is computed for each row or each group, as SQL text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from windrow import _native
from windrow.aggregates import Aggregates
from windrow.literals import Scalar, literal_text

if TYPE_CHECKING:
    from windrow.namespaces import DateFunctions, LabelFunctions, TextFunctions

IntoExpr: TypeAlias = "Expr | Scalar"
Text: TypeAlias = str  # inside Expr, `str` is its functions of text

# How tightly the operators of the expression language bind.
_OR, _AND, _NOT, _COMPARE, _JOIN, _ADD, _MULTIPLY, _SIGN, _CAST, _ATOM = range(10)

_TYPES = {bool: "boolean", int: "bigint", float: "double", str: "varchar"}


class Expr(Aggregates):
    """An expression over the columns of a frame. Holds SQL text and computes nothing.

    Operators work as in SQL: a null operand gives null, division by zero gives null,
    ``/`` gives double and ``//`` truncates towards zero. Combine conditions with ``&``,
    ``|`` and ``~``. Python values beside an expression are literals.

    >>> 100 * wr.col("spread") / (wr.col("bid") + wr.col("ask"))
    Expr(100 * spread / (bid + ask))
    """

    __slots__ = ("_binds", "_name", "_text")

    def __init__(self, text: Text, binds: int = _ATOM, name: Text | None = None) -> None:
        self._text = text
        self._binds = binds
        self._name = name

    @property
    def sql(self) -> Text:
        """The text of the expression.

        >>> (wr.col("a") == "it's").sql
        "a = 'it''s'"
        """
        return self._text

    @property
    def name(self) -> Text | None:
        """The column it becomes when nobody names it: its alias, or its first column.

        >>> wr.col("price").sum().name, (wr.lit(1) + 2).name
        ('price', None)
        """
        return self._name

    def alias(self, name: Text) -> Expr:
        """The same with another name for the column it becomes.

        >>> wr.from_dict({"a": [1]}).select((wr.col("a") + 1).alias("b")).columns
        ['b']
        """
        return Expr(self._text, self._binds, name)

    def __repr__(self) -> Text:
        return f"Expr({self._text})"

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} has no truth value; combine conditions with & | ~ in parentheses"
        )

    __hash__ = object.__hash__

    def _within(self, binds: int) -> Text:
        return self._text if self._binds >= binds else f"({self._text})"

    # Comparisons do not chain, so both sides must bind tighter; other operators are left
    # to right.
    def _operate(self, sign: Text, other: IntoExpr, binds: int, left: int, right: int) -> Expr:
        value = into_expr(other)
        text = f"{self._within(left)} {sign} {value._within(right)}"
        return Expr(text, binds, self._name or value._name)

    def _compare(self, sign: Text, other: IntoExpr) -> Expr:
        return self._operate(sign, other, _COMPARE, _JOIN, _JOIN)

    def _add(self, sign: Text, other: IntoExpr) -> Expr:
        return self._operate(sign, other, _ADD, _ADD, _MULTIPLY)

    def _multiply(self, sign: Text, other: IntoExpr) -> Expr:
        return self._operate(sign, other, _MULTIPLY, _MULTIPLY, _SIGN)

    def __eq__(self, other: IntoExpr) -> Expr:  # type: ignore[override]
        return self._compare("=", other)

    def __ne__(self, other: IntoExpr) -> Expr:  # type: ignore[override]
        return self._compare("<>", other)

    def __lt__(self, other: IntoExpr) -> Expr:
        return self._compare("<", other)

    def __le__(self, other: IntoExpr) -> Expr:
        return self._compare("<=", other)

    def __gt__(self, other: IntoExpr) -> Expr:
        return self._compare(">", other)

    def __ge__(self, other: IntoExpr) -> Expr:
        return self._compare(">=", other)

    def __and__(self, other: IntoExpr) -> Expr:
        return self._operate("AND", other, _AND, _AND, _NOT)

    def __rand__(self, other: Scalar) -> Expr:
        return into_expr(other) & self

    def __or__(self, other: IntoExpr) -> Expr:
        return self._operate("OR", other, _OR, _OR, _AND)

    def __ror__(self, other: Scalar) -> Expr:
        return into_expr(other) | self

    def __invert__(self) -> Expr:
        return Expr(f"NOT {self._within(_NOT)}", _NOT, self._name)

    def __neg__(self) -> Expr:
        return Expr(f"-{self._within(_CAST)}", _SIGN, self._name)

    def __add__(self, other: IntoExpr) -> Expr:
        return self._add("+", other)

    def __radd__(self, other: Scalar) -> Expr:
        return into_expr(other) + self

    def __sub__(self, other: IntoExpr) -> Expr:
        return self._add("-", other)

    def __rsub__(self, other: Scalar) -> Expr:
        return into_expr(other) - self

    def __mul__(self, other: IntoExpr) -> Expr:
        return self._multiply("*", other)

    def __rmul__(self, other: Scalar) -> Expr:
        return into_expr(other) * self

    def __truediv__(self, other: IntoExpr) -> Expr:
        return self._multiply("/", other)

    def __rtruediv__(self, other: Scalar) -> Expr:
        return into_expr(other) / self

    def __floordiv__(self, other: IntoExpr) -> Expr:
        return self._multiply("//", other)

    def __rfloordiv__(self, other: Scalar) -> Expr:
        return into_expr(other) // self

    def __mod__(self, other: IntoExpr) -> Expr:
        return self._multiply("%", other)

    def __rmod__(self, other: Scalar) -> Expr:
        return into_expr(other) % self

    def __pow__(self, other: IntoExpr) -> Expr:
        return call("pow", self, other)

    def __abs__(self) -> Expr:
        return self.abs()

    def cast(self, to: Text | type) -> Expr:
        """The value as another type: ``bool``, ``int``, ``float``, ``str`` or the name of one.

        A value that does not convert ends the run with `DataError`.

        >>> wr.col("id").cast(str), wr.col("price").cast("decimal(10,2)")
        (Expr(CAST(id AS varchar)), Expr(CAST(price AS decimal(10,2))))
        """
        name = to if isinstance(to, str) else _TYPES.get(to)
        if name is None:
            raise TypeError(f"cannot cast to {to!r}; expected bool, int, float, str or a name")
        return Expr(f"CAST({self._text} AS {name})", _ATOM, self._name)

    def is_null(self) -> Expr:
        """True where the value is null.

        >>> wr.col("node").is_null()
        Expr(node IS NULL)
        """
        return Expr(f"{self._within(_JOIN)} IS NULL", _COMPARE, self._name)

    def is_not_null(self) -> Expr:
        """True where the value is not null.

        >>> wr.col("node").is_not_null()
        Expr(node IS NOT NULL)
        """
        return Expr(f"{self._within(_JOIN)} IS NOT NULL", _COMPARE, self._name)

    def is_in(self, values: Iterable[IntoExpr]) -> Expr:
        """True where the value is one of `values`; false where there are none.

        >>> wr.col("side").is_in(["BID", "ASK"])
        Expr(side IN ('BID', 'ASK'))
        """
        texts = [into_expr(value)._text for value in values]
        if not texts:
            return lit(False).alias(self._name) if self._name else lit(False)
        return Expr(f"{self._within(_JOIN)} IN ({', '.join(texts)})", _COMPARE, self._name)

    def is_between(self, low: IntoExpr, high: IntoExpr) -> Expr:
        """True where the value lies between two others, both included.

        >>> wr.col("price").is_between(1, 2)
        Expr(price BETWEEN 1 AND 2)
        """
        bounds = f"{into_expr(low)._within(_JOIN)} AND {into_expr(high)._within(_JOIN)}"
        return Expr(f"{self._within(_JOIN)} BETWEEN {bounds}", _COMPARE, self._name)

    def is_nan(self) -> Expr:
        """True where the value is not a number.

        >>> wr.col("price").is_nan()
        Expr(is_nan(price))
        """
        return call("is_nan", self)

    def fill_null(self, value: IntoExpr) -> Expr:
        """The value, or another where it is null.

        >>> wr.col("price").fill_null(0)
        Expr(coalesce(price, 0))
        """
        return call("coalesce", self, value)

    def null_if(self, value: IntoExpr) -> Expr:
        """Null where it equals `value`, else itself.

        >>> wr.col("node").null_if("")
        Expr(nullif(node, ''))
        """
        return call("nullif", self, value)

    def abs(self) -> Expr:
        """The absolute value.

        >>> wr.col("change").abs()
        Expr(abs(change))
        """
        return call("abs", self)

    def ceil(self) -> Expr:
        """The least whole number not below the value.

        >>> wr.col("price").ceil()
        Expr(ceil(price))
        """
        return call("ceil", self)

    def floor(self) -> Expr:
        """The greatest whole number not above the value.

        >>> wr.col("price").floor()
        Expr(floor(price))
        """
        return call("floor", self)

    def round(self, digits: int = 0) -> Expr:
        """Rounded to so many digits, halves away from zero.

        >>> wr.col("price").round(2)
        Expr(round(price, 2))
        """
        return call("round", self, digits) if digits else call("round", self)

    def sign(self) -> Expr:
        """-1, 0 or 1.

        >>> wr.col("change").sign()
        Expr(sign(change))
        """
        return call("sign", self)

    def sqrt(self) -> Expr:
        """The square root.

        >>> wr.col("area").sqrt()
        Expr(sqrt(area))
        """
        return call("sqrt", self)

    def exp(self) -> Expr:
        """e to the power of the value.

        >>> wr.col("rate").exp()
        Expr(exp(rate))
        """
        return call("exp", self)

    def log(self) -> Expr:
        """The natural logarithm.

        >>> wr.col("price").log()
        Expr(ln(price))
        """
        return call("ln", self)

    def _apply(self, function: Text) -> Expr:
        return call(function, self)

    def n_unique(self) -> Expr:
        """The number of a group's distinct values, nulls left out.

        >>> wr.col("pod").n_unique()
        Expr(count(distinct pod))
        """
        return Expr(f"count(distinct {self._text})", _ATOM, self._name)

    @property
    def str(self) -> TextFunctions:
        """Functions of text.

        >>> wr.col("name").str.lower().str.starts_with("a")
        Expr(starts_with(lower(name), 'a'))
        """
        from windrow.namespaces import TextFunctions

        return TextFunctions(self)

    @property
    def dt(self) -> DateFunctions:
        """Functions of dates and timestamps.

        >>> wr.col("event_time").dt.truncate("hour")
        Expr(date_trunc('hour', event_time))
        """
        from windrow.namespaces import DateFunctions

        return DateFunctions(self)

    @property
    def labels(self) -> LabelFunctions:
        """Functions of label sets.

        >>> wr.col("pod_labels").labels.parse().labels.get("app")
        Expr(label_value(labels(pod_labels), 'app'))
        """
        from windrow.namespaces import LabelFunctions

        return LabelFunctions(self)


def col(name: str) -> Expr:
    """A column by its name, whatever characters that has.

    >>> wr.col("price"), wr.col("unit price")
    (Expr(price), Expr("unit price"))
    """
    return Expr(_native.column_text(name), _ATOM, name)


def lit(value: Scalar) -> Expr:
    """A value that is the same in every row.

    >>> import datetime
    >>> wr.lit(None), wr.lit("it's"), wr.lit(datetime.date(2025, 1, 31))
    (Expr(NULL), Expr('it''s'), Expr(DATE '2025-01-31'))
    """
    text = literal_text(value)
    return Expr(text, _SIGN if text.startswith("-") else _ATOM)


def sql_expr(text: str) -> Expr:
    """An expression written in SQL; its form is checked at once.

    >>> wr.sql_expr("CASE WHEN qty > 100 THEN 'large' ELSE 'small' END").alias("size").name
    'size'
    """
    _native.check_expression(text)
    return Expr(text, _OR - 1)


def into_expr(value: IntoExpr) -> Expr:
    """The expression itself, or the literal."""
    return value if isinstance(value, Expr) else lit(value)


def call(function: str, *arguments: IntoExpr) -> Expr:
    """A call of a function of the expression language."""
    expressions = [into_expr(argument) for argument in arguments]
    name = next((expression.name for expression in expressions if expression.name), None)
    texts = ", ".join(expression.sql for expression in expressions)
    return Expr(f"{function}({texts})", _ATOM, name)
