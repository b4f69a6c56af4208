# SPDX-License-Identifier: Apache-2.0
"""Gives a block that is a file its name as a title: a hook of mkdocs."""

import re
from typing import Any

_FILE = re.compile(r"^```(\w+) file=(\S+)$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Takes the text of each page before it is read as Markdown."""
    return _FILE.sub(r'```\1 title="\2"', markdown)
