# SPDX-License-Identifier: Apache-2.0
"""Makes pages of docstrings: an extension of griffe, which reads them for the site."""

import re
from collections.abc import Iterator
from typing import Any

import griffe

_EXAMPLE = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)
_DIRECTIVE = re.compile(r"  # doctest: .*$", re.MULTILINE)
_NAME = re.compile(r"(?<!`)`(\w+(?:\.\w+)?)`(?!`)")


class PagesOfDocstrings(griffe.Extension):
    """Puts fences around examples, and links to what the package exports."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Takes the package, once it is complete."""
        exported = {str(name) for name in pkg.exports or ()}
        for item in objects(pkg):
            if item.docstring:
                own = {item.name, *(parameter.name for parameter in parameters(item))}
                text = linked(item.docstring.value, pkg.name, exported - own)
                item.docstring.value = fenced(text)


def objects(parent: griffe.Object) -> Iterator[griffe.Object]:
    """`parent` and what is defined within it."""
    yield parent
    for member in parent.members.values():
        if not member.is_alias:
            yield from objects(member)


def parameters(item: griffe.Object) -> list[griffe.Parameter]:
    """The parameters of a function; names in its text mean them first."""
    return list(item.parameters) if isinstance(item, griffe.Function) else []


def linked(text: str, package: str, exported: set[str]) -> str:
    """The text with links from names in it, such as `scan` and `LazyFrame.join`."""

    def link(name: re.Match[str]) -> str:
        is_known = name[1].split(".")[0] in exported
        return f"[{name[0]}][{package}.{name[1]}]" if is_known else name[0]

    return _NAME.sub(link, text)


def fenced(text: str) -> str:
    """The text with its examples as blocks of Markdown, without words meant for doctest."""

    def block(example: re.Match[str]) -> str:
        code = _DIRECTIVE.sub("", example[0]).replace("<BLANKLINE>", "")
        return f"```pycon\n{code.rstrip()}\n```"

    return _EXAMPLE.sub(block, text)
