# SPDX-License-Identifier: Apache-2.0
"""Every public name of the Python package has a docstring whose example runs."""

import doctest
import inspect
import subprocess
import sys
from collections.abc import Iterator

import pytest
from case_run import ROOT

import windrow
from windrow import functions, namespaces

CLASSES_BEHIND = [
    namespaces.TextFunctions,
    namespaces.DateFunctions,
    namespaces.LabelFunctions,
    functions.When,
    functions.Then,
]
OPTION_FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


def members(kind: type) -> Iterator[tuple[str, object]]:
    for owner in kind.__mro__:
        if not owner.__module__.startswith("windrow"):
            continue
        for name, member in vars(owner).items():
            if not name.startswith("_") and (inspect.isroutine(member) or _is_property(member)):
                yield f"{kind.__name__}.{name}", member


def _is_property(member: object) -> bool:
    return isinstance(member, property | classmethod | staticmethod)


def public_names() -> dict[str, object]:
    found: dict[str, object] = {"windrow": windrow}
    for name in windrow.__all__:
        found[name] = getattr(windrow, name)
    for name in windrow.recipes.__all__:
        found[f"recipes.{name}"] = getattr(windrow.recipes, name)
    for kind in [*filter(inspect.isclass, list(found.values())), *CLASSES_BEHIND]:
        found.setdefault(kind.__name__, kind)
        found.update(members(kind))
    return found


PUBLIC = public_names()


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_of_a_public_name_runs(name, tmp_path, monkeypatch):
    text = inspect.getdoc(PUBLIC[name]) or ""
    examples = doctest.DocTestParser().get_doctest(text, {"wr": windrow}, name, None, None)
    assert examples.examples, f"{name} has no docstring with an example"
    monkeypatch.chdir(tmp_path)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=OPTION_FLAGS)
    assert runner.run(examples, out=report.append).failed == 0, "".join(report)


def test_the_package_is_typed_throughout():
    words = [sys.executable, "-m", "mypy", "--no-error-summary"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stub_names_what_the_extension_has():
    from windrow import _native

    stub = (ROOT / "python/windrow/_native.pyi").read_text(encoding="utf-8")
    for name in vars(_native):
        if not name.startswith("__"):
            assert f"class {name}:" in stub or f"def {name}(" in stub or f"{name}: " in stub, name
