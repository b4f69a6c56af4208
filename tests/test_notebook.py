# SPDX-License-Identifier: Apache-2.0
"""The example notebooks run from top to bottom, and hold the outputs of a run."""

import json
from pathlib import Path

import pytest
import run_notebook

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: Path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    stored = [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    ran = run_notebook.run(notebook)
    outputs = [cell["outputs"] for cell in ran["cells"] if cell["cell_type"] == "code"]
    kinds = [[output["output_type"] for output in cell] for cell in outputs]
    assert kinds == [[output["output_type"] for output in cell] for cell in stored]
    assert any("image/svg+xml" in output.get("data", {}) for cell in outputs for output in cell)
