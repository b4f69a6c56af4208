# SPDX-License-Identifier: Apache-2.0
"""Arithmetic and aggregates of SQL: NULL is None, and aggregates pass over it."""

import math
from collections.abc import Iterable

GIBIBYTE = 2.0**30


def total(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return math.fsum(present) if present else None


def greatest_of(values: Iterable):
    """The aggregate max; text in the order of code points, which is that of UTF-8."""
    present = [value for value in values if value is not None]
    return max(present) if present else None


def quotient(dividend: float | None, divisor: float | None) -> float | None:
    if dividend is None or divisor is None:
        return None
    if divisor == 0:
        is_undefined = dividend == 0 or math.isnan(dividend)
        return math.nan if is_undefined else math.copysign(math.inf, dividend)
    return dividend / divisor


def difference(minuend: float | None, subtrahend: float | None) -> float | None:
    return None if minuend is None or subtrahend is None else minuend - subtrahend


def greater(left: float | None, right: float | None) -> float | None:
    """The function greatest: NULL when either is."""
    return None if left is None or right is None else max(left, right)


def hours(seconds: float | None) -> float | None:
    return quotient(seconds, 3600.0)


def gigabytes(byte_count: float | None) -> float | None:
    return None if byte_count is None else byte_count / GIBIBYTE


def gigabyte_hours(byte_seconds: float | None) -> float | None:
    return gigabytes(hours(byte_seconds))
