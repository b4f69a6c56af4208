# SPDX-License-Identifier: Apache-2.0
"""Random label texts that the SQL takes, written in many ways."""

import json
import random

KEYS = ["app", "env", "tier", "", "App", "a.b/c", "größe", "vm_kubevirt_io_name", "off", "😀"]
STRINGS = ["", "a", "b", "A", "x y", "tab\t", 'a "quote"', "back\\slash", "é", "😀", "5", "日本"]
# Number texts; some stand for the same label value, some only look as if they did.
NUMBERS = "0 -0 5 12345678901234567890123 1.0 1e3 1E+3 1000.0 0.1 -0.0 0.0 1.5e-7 2.5 1e400".split()
WORDS = ["true", "false", "null"]
BLANKS = ["", "", "", " ", "\n", "\t ", "  "]


class LabelMaker:
    """Texts of one case: few distinct ones, so that rows meet in groups."""

    def __init__(self, draw: random.Random):
        self._draw = draw
        self._keys = draw.sample(KEYS, draw.randint(1, 5))
        self._has_strings_only = draw.random() < 0.35
        self._strings = draw.sample(STRINGS, draw.randint(1, 4))
        self._null_share = draw.choice([0.0, 0.05, 0.2])
        self._texts = [self._make() for _ in range(draw.choice([1, 3, 8, 40]))]

    def keys(self) -> list[str]:
        return self._keys

    def text(self) -> str | None:
        if self._draw.random() < self._null_share:
            return None
        return self._draw.choice(self._texts)

    def _make(self) -> str:
        if not self._has_strings_only and self._draw.random() < 0.05:
            return self._blank() + "null" + self._blank()
        keys = self._draw.sample(self._keys, self._draw.randint(0, len(self._keys)))
        separator = self._draw.choice([", ", ","])
        colon = self._draw.choice([": ", ":"])
        pairs = [f"{self._string(k)}{self._blank()}{colon}{self._value()}" for k in keys]
        inside = separator.join(pairs)
        return f"{self._blank()}{{{self._blank()}{inside}{self._blank()}}}{self._blank()}"

    def _blank(self) -> str:
        return self._draw.choice(BLANKS)

    def _value(self) -> str:
        if self._has_strings_only or self._draw.random() < 0.7:
            if not self._has_strings_only and self._draw.random() < 0.03:
                return r'"lone \ud83d surrogate"'
            return self._string(self._draw.choice(self._strings))
        return self._draw.choice(NUMBERS + WORDS)

    def _string(self, text: str) -> str:
        """The string as JSON, with more or fewer escapes than needed."""
        how = self._draw.random()
        if how < 0.3:
            return json.dumps(text)
        if how < 0.4 and text and max(text) < "\U00010000":
            return '"' + "".join(f"\\u{ord(sign):04X}" for sign in text) + '"'
        return json.dumps(text, ensure_ascii=False).replace("/", self._draw.choice(["/", "\\/"]))
