# SPDX-License-Identifier: Apache-2.0
"""Functions of one kind of value, as `Expr.str`, `Expr.dt` and `Expr.labels`."""

from windrow.expr import Expr, IntoExpr, call


class _Functions:
    __slots__ = ("_of",)

    def __init__(self, of: Expr) -> None:
        self._of = of


class TextFunctions(_Functions):
    """Functions of text: `Expr.str`.

    >>> wr.col("name").str.upper()
    Expr(upper(name))
    """

    def lower(self) -> Expr:
        """In lower case.

        >>> wr.col("name").str.lower()
        Expr(lower(name))
        """
        return call("lower", self._of)

    def upper(self) -> Expr:
        """In upper case.

        >>> wr.col("name").str.upper()
        Expr(upper(name))
        """
        return call("upper", self._of)

    def length(self) -> Expr:
        """The number of characters.

        >>> wr.col("name").str.length()
        Expr(length(name))
        """
        return call("length", self._of)

    def contains(self, part: str) -> Expr:
        """Whether `part` occurs, letter by letter.

        >>> wr.col("name").str.contains("bank")
        Expr(contains(name, 'bank'))
        """
        return call("contains", self._of, part)

    def starts_with(self, start: str) -> Expr:
        """Whether the text starts so.

        >>> wr.col("name").str.starts_with("A")
        Expr(starts_with(name, 'A'))
        """
        return call("starts_with", self._of, start)

    def ends_with(self, end: str) -> Expr:
        """Whether the text ends so.

        >>> wr.col("name").str.ends_with("Ltd")
        Expr(ends_with(name, 'Ltd'))
        """
        return call("ends_with", self._of, end)

    def like(self, pattern: IntoExpr) -> Expr:
        """SQL's LIKE: ``%`` stands for any text, ``_`` for one character.

        >>> wr.col("name").str.like("A%")
        Expr(name LIKE 'A%')
        """
        return self._of._compare("LIKE", pattern)

    def matches(self, pattern: str) -> Expr:
        """Whether the regular expression (RE2) matches anywhere.

        >>> wr.col("name").str.matches("^A.*z$")
        Expr(regexp_like(name, '^A.*z$'))
        """
        return call("regexp_like", self._of, pattern)

    def replace(self, old: str, new: str) -> Expr:
        """Every occurrence of `old` replaced.

        >>> wr.col("name").str.replace("-", "_")
        Expr(replace(name, '-', '_'))
        """
        return call("replace", self._of, old, new)

    def slice(self, start: int, length: int | None = None) -> Expr:
        """Part of the text; 0 is the first character, -1 the last.

        >>> wr.col("name").str.slice(0, 3)
        Expr(substr(name, 1, 3))
        """
        position = start + 1 if start >= 0 else start
        if length is None:
            return call("substr", self._of, position)
        return call("substr", self._of, position, length)

    def strip(self, characters: str | None = None) -> Expr:
        """Without spaces, or these characters, at both ends.

        >>> wr.col("name").str.strip()
        Expr(trim(name))
        """
        return self._trimmed("trim", characters)

    def strip_start(self, characters: str | None = None) -> Expr:
        """Without spaces, or these characters, at the start.

        >>> wr.col("name").str.strip_start("0")
        Expr(ltrim(name, '0'))
        """
        return self._trimmed("ltrim", characters)

    def strip_end(self, characters: str | None = None) -> Expr:
        """Without spaces, or these characters, at the end.

        >>> wr.col("name").str.strip_end()
        Expr(rtrim(name))
        """
        return self._trimmed("rtrim", characters)

    def _trimmed(self, function: str, characters: str | None) -> Expr:
        if characters is None:
            return call(function, self._of)
        return call(function, self._of, characters)


class DateFunctions(_Functions):
    """Functions of dates and timestamps: `Expr.dt`.

    >>> wr.col("day").dt.year()
    Expr(year(day))
    """

    def year(self) -> Expr:
        """The year.

        >>> wr.col("day").dt.year()
        Expr(year(day))
        """
        return call("year", self._of)

    def month(self) -> Expr:
        """The month, 1 to 12.

        >>> wr.col("day").dt.month()
        Expr(month(day))
        """
        return call("month", self._of)

    def day(self) -> Expr:
        """The day of the month.

        >>> wr.col("day").dt.day()
        Expr(day(day))
        """
        return call("day", self._of)

    def hour(self) -> Expr:
        """The hour, 0 to 23.

        >>> wr.col("t").dt.hour()
        Expr(hour(t))
        """
        return call("hour", self._of)

    def minute(self) -> Expr:
        """The minute, 0 to 59.

        >>> wr.col("t").dt.minute()
        Expr(minute(t))
        """
        return call("minute", self._of)

    def second(self) -> Expr:
        """The second, 0 to 59.

        >>> wr.col("t").dt.second()
        Expr(second(t))
        """
        return call("second", self._of)

    def weekday(self) -> Expr:
        """The day of the week, 1 for Monday to 7.

        >>> wr.col("day").dt.weekday()
        Expr(day_of_week(day))
        """
        return call("day_of_week", self._of)

    def days_in_month(self) -> Expr:
        """28 to 31.

        >>> wr.col("day").dt.days_in_month()
        Expr(days_in_month(day))
        """
        return call("days_in_month", self._of)

    def truncate(self, unit: str) -> Expr:
        """The start of the year, quarter, month, week (Monday), day, hour, minute or second.

        >>> wr.col("t").dt.truncate("hour")
        Expr(date_trunc('hour', t))
        """
        return call("date_trunc", unit, self._of)

    def date(self) -> Expr:
        """The day, without the time.

        >>> wr.col("t").dt.date()
        Expr(CAST(t AS date))
        """
        return self._of.cast("date")


class LabelFunctions(_Functions):
    """Functions of label sets, which are canonical JSON texts: `Expr.labels`.

    >>> labels = wr.col("pod_labels").labels.parse()
    >>> labels.labels.merge(wr.lit('{"a":"1"}'))
    Expr(label_merge(labels(pod_labels), '{"a":"1"}'))
    """

    def parse(self) -> Expr:
        """The label set of a JSON text, map or struct.

        >>> wr.col("pod_labels").labels.parse()
        Expr(labels(pod_labels))
        """
        return call("labels", self._of)

    def parse_pipes(self) -> Expr:
        """The label set of ``key:value|key:value``.

        >>> wr.col("labels").labels.parse_pipes()
        Expr(pipe_labels(labels))
        """
        return call("pipe_labels", self._of)

    def get(self, key: str) -> Expr:
        """The value of a key as text; null where there is none.

        >>> wr.col("set").labels.get("app")
        Expr(label_value(set, 'app'))
        """
        return call("label_value", self._of, key)

    def keep(self, *keys: str) -> Expr:
        """The entries with these keys.

        >>> wr.col("l").labels.keep("app", "tier")
        Expr(label_filter(l, 'app', 'tier'))
        """
        return call("label_filter", self._of, *keys)

    def merge(self, *others: Expr) -> Expr:
        """The entries of all; of equal keys the last counts.

        >>> wr.col("l").labels.merge(wr.col("m"))
        Expr(label_merge(l, m))
        """
        return call("label_merge", self._of, *others)
