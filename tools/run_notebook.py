#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the cells of a notebook one after the other, without a kernel, and stores what they
print and draw: `tools/run_notebook.py NOTEBOOK`. Works in a new folder, so that nothing is
left behind."""

import ast
import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any


def run_cell(source: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    """Runs a cell among `names`; its outputs as a notebook has them."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    value = None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        text = printed.getvalue().splitlines(keepends=True)
        outputs.append({"output_type": "stream", "name": "stdout", "text": text})
    if value is not None:
        data = {"text/plain": [repr(value)]}
        if hasattr(value, "_repr_svg_"):
            data["image/svg+xml"] = value._repr_svg_().splitlines(keepends=True)
        outputs.append(
            {"output_type": "execute_result", "metadata": {}, "execution_count": None, "data": data}
        )
    return outputs


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """Fills in the outputs of all cells; what a cell raises comes through."""
    names: dict[str, Any] = {"__name__": "__main__"}
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for number, cell in enumerate(notebook["cells"], 1):
                if cell["cell_type"] == "code":
                    cell["outputs"] = run_cell("".join(cell["source"]), names)
                    cell["execution_count"] = number
                    for output in cell["outputs"]:
                        if "execution_count" in output:
                            output["execution_count"] = number
        finally:
            os.chdir(before)
    return notebook


def main() -> None:
    path = Path(sys.argv[1])
    notebook = run(json.loads(path.read_text(encoding="utf-8")))
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
