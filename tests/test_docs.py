# SPDX-License-Identifier: Apache-2.0
"""The documents tell the truth: their examples run, their tables equal what the command knows.

Fenced blocks say what they are after the language: `sh run` and `python run` are run,
`yaml file=NAME` is written to NAME first, `text output` is what the block run last prints, with
`...` for what differs from run to run, `text values` holds lines EXPRESSION => JSON. The blocks of
one document share a folder and run in the document's order; Python blocks without a shell block
between them are one script.
"""

import doctest
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pyarrow.ipc
import pytest
from case_run import ROOT, find_binary

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(r"^```(\w+) ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TIMEOUT_SECONDS = 60


def windrow(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        [find_binary(), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[tuple[str, str]]:
    for _, kind, body in FENCE.findall(text):
        yield kind, body


class Examples:
    """The blocks of a document that run, as one shell script, and what they print.

    Each block prints into the file of its number in the folder $OUTPUTS.
    """

    def __init__(self, text: str):
        self._parts = ["set -euo pipefail"]
        self._python: list[str] = []
        self.outputs: dict[int, str] = {}
        number = 0
        for language, kind, body in FENCE.findall(text):
            if kind == "output":
                self.outputs[number] = body
                continue
            if kind == "run":
                number += 1
            self._add(language, kind, body, number)
        self._end_python()
        self.script = "\n".join(self._parts) + "\n"

    def _add(self, language: str, kind: str, body: str, number: int) -> None:
        if kind.startswith("file="):
            name = kind.removeprefix("file=")
            self._parts.append(f"cat >{name} <<'END_OF_FILE'\n{body}END_OF_FILE")
        elif kind == "run" and language == "python":
            opened = f"open(os.environ['OUTPUTS'] + '/{number}', 'w')"
            self._python.append(f"import os, sys; sys.stdout = {opened}\n{body}")
        elif kind == "run":
            self._end_python()
            self._parts.append(f'{{\n{body}}} >"$OUTPUTS/{number}"')

    def _end_python(self) -> None:
        if self._python:
            script = "".join(self._python)
            self._parts.append(f"python - <<'END_OF_SCRIPT'\n{script}END_OF_SCRIPT")
            self._python.clear()


def section(text: str, title: str) -> str:
    """What stands under the heading that starts with `title`, deeper headings included."""
    heading = re.search(rf"^(#+) {re.escape(title)}.*$", text, re.MULTILINE)
    assert heading, f"no heading '{title}'"
    end = re.compile(rf"^#{{1,{len(heading[1])}}} ", re.MULTILINE).search(text, heading.end())
    return text[heading.end() : end.start() if end else len(text)]


def rows(text: str) -> list[list[str]]:
    """Cells of the table rows whose first cell holds code."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def code_words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", text))


@pytest.mark.parametrize(
    "name",
    [path.relative_to(ROOT).as_posix() for path in DOCUMENTS if "run\n" in path.read_text()],
)
def test_examples_run(name: str, tmp_path: Path):
    examples = Examples(text_of(name))
    done = run_script(examples.script, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for number, wanted in examples.outputs.items():
        printed = (tmp_path / "outputs" / str(number)).read_text(encoding="utf-8")
        is_right = doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS)
        assert is_right, f"found:\n{printed}expected:\n{wanted}"


def run_script(script: str, folder: Path) -> subprocess.CompletedProcess:
    """Runs it in a folder that looks like a built tree, with command and package at hand."""
    command = folder / "build/release/windrow"
    command.parent.mkdir(parents=True)
    command.symlink_to(find_binary())
    outputs = folder / "outputs"
    outputs.mkdir()
    path = [str(command.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    package = str(ROOT / "build/release/python")
    more = {"PATH": ":".join(path), "PYTHONPATH": package, "OUTPUTS": str(outputs)}
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )


@pytest.mark.parametrize(
    "command", ["run", "explain", "enrich", "probe-rows", "serve", "generate", "inspect"]
)
def test_options_are_documented(command: str):
    text = text_of("docs/COMMAND_LINE.md")
    own = section(text, f"windrow {command}")
    documented = {option for row in rows(own) for option in options_in(row[0])}
    if "#engine-options" in own:
        engine = rows(section(text, "Engine options"))
        documented |= {option for row in engine for option in options_in(row[0])}
    lines = windrow(command, "--help").stdout.splitlines()
    known = [re.match(r"  (-[\w,-]+)", line) for line in lines]
    offered = {option for match in known if match for option in match[1].split(",")}
    assert documented == offered - {"-h", "--help"}


def test_commands_are_documented():
    titles = re.findall(r"^## windrow ([\w-]+)", text_of("docs/COMMAND_LINE.md"), re.MULTILINE)
    subcommands = windrow("--help").stdout.split("Subcommands:")[1].split("Examples:")[0]
    assert titles == re.findall(r"^  ([\w-]+)", subcommands, re.MULTILINE)


def test_switches_are_documented():
    table = rows(section(text_of("docs/COMMAND_LINE.md"), "Switches"))
    documented = [f"{code_words(row[0])[0]}={code_words(row[1])[0]}" for row in table]
    listed = windrow("help", "switches").stdout.splitlines()
    assert documented == [line for line in listed if not line.startswith(" ")]


def test_data_set_options_are_documented():
    documented: dict[str, set[str]] = {}
    for option, data_sets, *_ in rows(section(text_of("docs/COMMAND_LINE.md"), "Data sets")):
        for data_set in data_sets.split(", "):
            documented.setdefault(data_set, set()).add(option.strip("`"))
    listed: dict[str, set[str]] = {}
    for line in windrow("help", "datasets").stdout.splitlines():
        if line.startswith(" "):
            listed[data_set].add(line.strip())
        else:
            data_set = line
            listed[data_set] = set()
    assert documented == listed


def job_with(expressions: list[str]) -> str:
    columns = [{f"c{number}": expression} for number, expression in enumerate(expressions)]
    return json.dumps(
        {
            "windrow": 1,
            "sources": {"quotes": {"generate": "quotes", "rows": 1}},
            "steps": {"values": {"select": columns}},
            "sinks": [{"write": "values.arrow"}],
        }
    )


def test_functions_are_documented(tmp_path: Path):
    table = rows(section(text_of("docs/JOB_DOCUMENT.md"), "Functions"))
    documented = [word.split("(")[0] for row in table for word in code_words(row[0])]
    (tmp_path / "job.json").write_text(job_with(["no_such_function()"]))
    refusal = windrow("run", "job.json", folder=tmp_path).stderr
    assert documented == refusal.strip().split("the functions are ")[1].split(", ")


def test_values_of_expressions(tmp_path: Path):
    lines = [
        line.split(" => ")
        for kind, body in blocks(text_of("docs/JOB_DOCUMENT.md"))
        if kind == "values"
        for line in body.splitlines()
    ]
    (tmp_path / "job.json").write_text(job_with([expression.strip() for expression, _ in lines]))
    done = windrow("run", "job.json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    with pyarrow.ipc.open_file(tmp_path / "values.arrow") as file:
        found = list(file.read_all().to_pylist()[0].values())
    assert len(found) > 20
    for (expression, value), result in zip(lines, found, strict=True):
        assert json.dumps(result, ensure_ascii=False) == value, expression


def test_run_report_is_documented(tmp_path: Path):
    fields = rows(section(text_of("docs/COMMAND_LINE.md"), "Run report"))
    names = [word for row in fields for word in code_words(row[0])]
    end = names.index("timeline") + 1
    (tmp_path / "job.json").write_text(job_with(["1"]))
    windrow("run", "job.json", "--report", "report.json", folder=tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert names[:end] == list(report)
    assert names[end:] == list(report["steps"][0])


def test_layer_table_equals_the_rules():
    documented = {}
    for line in section(text_of("docs/ARCHITECTURE.md"), "Layers").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].isdigit():
            own = cells[2].split(";")[0]
            documented[cells[1].strip("`")] = (int(cells[0]), own)
    rules = tomllib.loads(text_of("tools/layers.toml"))
    wanted = {}
    for folder, rule in rules.items():
        below = {name for name, other in rules.items() if other["layer"] < rule["layer"]}
        is_all = rule["layer"] == 7 and set(rule["may"]) == below
        own = "everything below" if is_all else " ".join(f"`{name}`" for name in rule["may"])
        wanted[folder] = (rule["layer"], own)
    assert documented == wanted


def test_map_of_the_tree():
    folders = [row[0].strip("`") for row in rows(section(text_of("README.md"), "The tree"))]
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []
    sources = [path.name for path in (ROOT / "src/windrow").iterdir() if path.is_dir()]
    mapped = {folder.removeprefix("src/windrow/") for folder in folders}
    assert set(sources) <= mapped


def anchors_of(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_resolve(path: Path):
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.is_file(), link
        assert not anchor or anchor in anchors_of(target), link


def test_files_named_in_the_architecture_exist():
    text = text_of("docs/ARCHITECTURE.md")
    folders = [path.name for path in (ROOT / "src/windrow").iterdir() if path.is_dir()]
    pattern = rf"`((?:{'|'.join(folders)})/[\w*]+(?:\.\w+)?)`"
    for name in set(re.findall(pattern, text)):
        assert list((ROOT / "src/windrow").glob(name + ("" if "." in name else ".*"))), name
