# SPDX-License-Identifier: Apache-2.0
"""Finds function bodies in C++ text by counting braces; no parser, good enough for a limit."""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""//[^\n]*
      | /\*.*?\*/
      | R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'
    """,
    re.DOTALL | re.VERBOSE,
)
CONTAINER = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b[^;()]*$")
ACCESS = ("public:", "protected:", "private:")
CALL_NAME = re.compile(r"([~\w:]+)\s*\(")


@dataclass(frozen=True)
class Function:
    name: str
    line: int
    length: int


def _blank(match: re.Match) -> str:
    """Same lines, no content: comments become spaces, literals become an empty literal."""
    text = match[0]
    filler = " " if text.startswith("/") else '""'
    return filler + "\n" * text.count("\n")


def functions(lines: list[str]) -> list[Function]:
    """Functions defined at namespace or class level, from head to closing brace.

    Lambdas and local classes count as part of the function around them.
    """
    text = TOKEN.sub(_blank, "\n".join(lines) + "\n")
    text = re.sub(r"(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", _keep_newlines, text)
    found: list[Function] = []
    depth = 0  # braces open inside the current body; 0 at namespace or class level
    head, head_line, line = "", 1, 1
    for char in text:
        if char == "{" and depth == 0 and CONTAINER.search(head):
            head = ""
        elif char == "{":
            depth += 1
        elif char == "}" and depth > 0:
            depth -= 1
            if depth == 0 and _is_function(head):
                found.append(Function(_name(head), head_line, line - head_line + 1))
                head = ""
            elif depth == 0:
                head += "{}"
        elif depth == 0 and char in ";}":
            head = ""
        elif depth == 0:
            if not head.strip():
                head, head_line = "", line
            head += char
            if head.strip() in ACCESS:
                head = ""
        line += char == "\n"
    return found


def _keep_newlines(match: re.Match) -> str:
    return "\n" * match[0].count("\n")


def _is_function(head: str) -> bool:
    """False for the braces that initialise a variable or, in `Type(...) : member_{value}`, a
    member: there the body is still to come."""
    if "(" not in head or re.search(r"\)\s*(?:noexcept\s*)?:(?!:)[^?]*[\w>]$", head.rstrip()):
        return False
    is_variable = "=" in re.sub(r"\([^()]*\)|operator\W+", "", head)
    return not is_variable or "[" in head


def _name(head: str) -> str:
    names = CALL_NAME.findall(head)
    if not names:
        return "lambda"
    if re.fullmatch(r"TEST(?:_[FP])?", names[0]):
        return re.sub(r"\s", "", head)
    return names[0]
