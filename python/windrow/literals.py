# SPDX-License-Identifier: Apache-2.0
"""Python values as literals of the expression language."""

import datetime
import decimal
import math
from typing import TypeAlias

Scalar: TypeAlias = bool | int | float | str | decimal.Decimal | datetime.date | None


def literal_text(value: Scalar) -> str:
    """The value in SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and not math.isfinite(value):
        return f"CAST('{value}' AS double)"
    if isinstance(value, float):
        return float.__repr__(value)
    if hasattr(value, "__index__"):  # whole numbers of NumPy, too
        return str(value.__index__())
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, decimal.Decimal):
        return _decimal_text(value)
    if isinstance(value, datetime.datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, datetime.date):
        return f"DATE '{value.isoformat()}'"
    raise TypeError(f"found {value!r} of {type(value).__name__}; expected a number, text or date")


def _decimal_text(value: decimal.Decimal) -> str:
    if not value.is_finite():
        raise TypeError(f"found {value}; expected a finite decimal")
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    scale = max(0, -exponent)
    precision = max(len(digits) + max(0, exponent), scale, 1)
    return f"CAST('{value:f}' AS decimal({precision},{scale}))"
