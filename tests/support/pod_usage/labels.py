# SPDX-License-Identifier: Apache-2.0
"""Label text to label map, as the SQL reads it: the same texts, the same failures.

A map is a dict of text to text or None; NULL labels are None.
"""

import json
import math
from collections.abc import Collection
from decimal import Decimal

from support.pod_usage.case import RefusedInput

Labels = dict[str, str | None] | None


class _Number(str):
    """A number's text, told apart from a string of the same letters."""


def double_text(value: float) -> str:
    """As Trino prints a double in JSON: `1.0E3`, `1.0E-1`, `0E0`, `Infinity`."""
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0E0" if math.copysign(1, value) < 0 else "0E0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    fraction = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{fraction}E{int(exponent) + len(digits) - 1}"


def parse(text: str | None) -> Labels:
    if text is None:
        return None
    try:
        value = json.loads(
            text,
            parse_int=_Number,
            parse_float=lambda number: _Number(double_text(float(number))),
            parse_constant=_refuse,
            object_pairs_hook=_distinct,
        )
    except json.JSONDecodeError as error:
        raise RefusedInput(f"{text!r}: {error}") from error
    if value is None:
        return None
    if not isinstance(value, dict):
        raise RefusedInput(f"{text!r} is no object")
    return {_decoded(key): _value_text(item, text) for key, item in value.items()}


def _refuse(word: str) -> None:
    raise RefusedInput(f"{word} is no JSON")


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise RefusedInput(f"a key comes twice in {pairs}")
    return dict(pairs)


def _value_text(value: object, text: str) -> str | None:
    if isinstance(value, dict | list):
        raise RefusedInput(f"a nested value in {text!r}")
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else _decoded(str(value))


def _decoded(text: str) -> str:
    """A lone surrogate becomes `?`."""
    return text.encode("utf-8", "replace").decode()


def enabled(labels: Labels, keys: Collection[str]) -> Labels:
    return None if labels is None else {k: v for k, v in labels.items() if k in keys}


def merged(*parts: Labels) -> Labels:
    """Later parts win; NULL when any part is."""
    together: dict[str, str | None] = {}
    for part in parts:
        if part is None:
            return None
        together.update(part)
    return together


def group_key(labels: Labels) -> tuple | None:
    """Equal for equal maps, whatever their order."""
    return None if labels is None else tuple(sorted(labels.items(), key=lambda pair: pair[0]))


def is_like(text: str | None, pattern: str | None) -> bool:
    """SQL LIKE without an escape character: `%` any run, `_` one code point."""
    if text is None or pattern is None:
        return False
    matches = [True] + [False] * len(text)  # [n]: the pattern so far matches the first n
    for sign in pattern:
        if sign == "%":
            first = matches.index(True) if True in matches else len(matches)
            matches = [n >= first for n in range(len(matches))]
        else:
            steps = zip(matches, text, strict=False)
            matches = [False] + [was and sign in ("_", letter) for was, letter in steps]
    return matches[-1]
