# SPDX-License-Identifier: Apache-2.0
"""Lets the site show the examples of docstrings as code: an extension of griffe."""

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"^>>> .*(?:\n(?!>>> ).+)*(?:\n>>> .*(?:\n(?!>>> ).+)*)*", re.MULTILINE)
_DIRECTIVE = re.compile(r"  # doctest: .*$", re.MULTILINE)


class DocstringExamples(griffe.Extension):
    """Puts fences around the examples of every docstring."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Takes each class, function, module and attribute, once it is complete."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    """The text with its examples as blocks of Markdown, without words meant for doctest."""

    def block(example: re.Match[str]) -> str:
        code = _DIRECTIVE.sub("", example[0]).replace("<BLANKLINE>", "")
        return f"```pycon\n{code.rstrip()}\n```"

    return _EXAMPLE.sub(block, text)
