#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the house rules over the files git knows of: layers, sizes, names, comments, litter.

Prints one `file:line: message` per finding and exits 1, or says how many files it read.
Takes the root of another tree as an optional argument.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import case_file
import cpp_text

ROOT_ENTRIES_MAX = 20
BLOB_BYTES_MAX = 256 * 1024
FUNCTION_LINES_MAX = 70
CPP_COLUMNS_MAX = 90
PYTHON_COLUMNS_MAX = 100

TEXT_SUFFIXES = set(
    ".h .cc .py .pyi .sh .md .toml .txt .json .yaml .yml .cmake .case .fbs .cfg".split()
)
BANNED_WORDS = set(
    "util utils helper helpers common misc manager managers handler handlers "
    "processor processors simple optimized optimised".split()
)
# These hold the patterns they look for.
PATTERN_HOLDERS = {"tools/tidy.py", "tests/test_tidy.py"}

INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')
TYPE_NAME = re.compile(
    r"^\s*(?:typedef\s+)?(?:class|struct|union|enum(?:\s+(?:class|struct))?|using|concept)"
    r"\s+([A-Z]\w*)"
)
CAMEL_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
OPEN_TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!\((?:#\d+|https://\S+)\))")
MACHINE_PATH = re.compile(r"(?<![\w.}$])/(root|home|work|tmp)/")
CPP_DEAD_CODE = re.compile(r"\s*//(?!/)\s?.*[;{]$")


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class Tree:
    """The files under `root` that belong to the project, and their text."""

    def __init__(self, root: Path):
        self.root = root
        self.files = sorted(path for path in _list_files(root) if (root / path).is_file())
        self._lines: dict[str, list[str]] = {}

    def lines(self, path: str) -> list[str]:
        if path not in self._lines:
            text = (self.root / path).read_text(encoding="utf-8", errors="replace")
            self._lines[path] = text.splitlines()
        return self._lines[path]

    def with_suffix(self, *suffixes: str) -> list[str]:
        return [path for path in self.files if path.endswith(suffixes)]

    def load_toml(self, path: str) -> dict:
        if not (self.root / path).is_file():
            return {}
        return tomllib.loads((self.root / path).read_text(encoding="utf-8"))


def _list_files(root: Path) -> list[str]:
    """What git tracks or would track; every file where `root` is no work tree."""
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return [path for path in listed.split("\0") if path]
    files = (path for path in root.rglob("*") if path.is_file())
    relative = (path.relative_to(root).as_posix() for path in files)
    return [path for path in relative if not path.startswith((".venv/", "build/"))]


def check_layers(tree: Tree) -> Iterator[Finding]:
    """Includes within src/windrow keep to tools/layers.toml."""
    layers = tree.load_toml("tools/layers.toml")
    for folder, rules in layers.items():
        for name in sorted(set(rules.get("may", [])) - set(layers)):
            yield Finding("tools/layers.toml", 1, f"[{folder}] may include unknown folder {name}")
    for path in tree.with_suffix(".h", ".cc"):
        folder = PurePosixPath(path).parent.name
        inside = path.startswith("src/windrow/")
        if inside and folder not in layers:
            yield Finding(path, 1, f"folder {folder} is not in tools/layers.toml")
            continue
        rules = layers.get(folder, {})
        extra = rules.get("extra", {}).get(PurePosixPath(path).name, [])
        allowed = {folder, *rules.get("may", []), *extra} if inside else set(layers)
        for number, line in enumerate(tree.lines(path), 1):
            if match := INCLUDE.match(line):
                for message in _judge_include(match[1], folder, inside, allowed, layers):
                    yield Finding(path, number, message)


def _judge_include(
    name: str, folder: str, inside: bool, allowed: set[str], layers: dict
) -> Iterator[str]:
    parts = name.split("/")
    if parts[0] != "windrow":
        if inside:
            yield f'include "{name}" by its full path, "windrow/<folder>/<file>"'
        return
    if len(parts) < 3 or parts[1] not in layers:
        yield f'"{name}" is in no folder of tools/layers.toml'
    elif parts[1] not in allowed:
        yield f"{folder} may not include {parts[1]} (tools/layers.toml)"
    elif name.endswith("_internal.h") and not (inside and parts[1] == folder):
        yield f'"{name}" may be included only inside {parts[1]}'


def _file_limit(path: str) -> int | None:
    if path.endswith(("_test.cc", "_test.h")):
        return 600
    return {".h": 250, ".cc": 500, ".py": 400}.get(PurePosixPath(path).suffix)


def check_sizes(tree: Tree) -> Iterator[Finding]:
    """Files and functions keep to their limits, or to the allow-list, which only shrinks."""
    lengths: dict[str, tuple[int, int, int]] = {}  # entry -> line, length, limit
    for path in tree.files:
        if limit := _file_limit(path):
            lengths[path] = (1, len(tree.lines(path)), limit)
        if path.endswith(".cc"):
            for function in cpp_text.functions(tree.lines(path)):
                entry = f"{path}:{function.name}"
                if function.length > lengths.get(entry, (0, 0, 0))[1]:
                    lengths[entry] = (function.line, function.length, FUNCTION_LINES_MAX)

    allow_path = "tools/tidy_allow.toml"
    allowed = tree.load_toml(allow_path).get("length", {})
    for entry, (line, length, limit) in lengths.items():
        ceiling = allowed.get(entry, {}).get("lines", limit)
        if length > max(limit, ceiling):
            path, _, function = entry.partition(":")
            what = f"function {function}" if function else "file"
            yield Finding(path, line, f"{what} has {length} lines, limit {max(limit, ceiling)}")
    for entry, rules in allowed.items():
        _, length, limit = lengths.get(entry, (0, 0, 0))
        if not rules.get("reason"):
            yield Finding(allow_path, 1, f"{entry}: no reason given")
        if length <= limit:
            yield Finding(allow_path, 1, f"{entry}: within its limit; remove the entry")
        elif rules.get("lines", 0) > length:
            yield Finding(allow_path, 1, f"{entry}: now {length} lines; lower the entry")


def check_names(tree: Tree) -> Iterator[Finding]:
    """No file or type name says only that something helps or handles."""
    advice = "say what it is: budget, slots, catalog, codec, reader, planner"
    for path in tree.files:
        for part in PurePosixPath(path).parts:
            for word in re.split(r"[^a-z]+", part.lower()):
                if word in BANNED_WORDS:
                    yield Finding(path, 1, f"'{word}' in a file name; {advice}")
    for path in tree.with_suffix(".h", ".cc", ".py"):
        for number, line in enumerate(tree.lines(path), 1):
            if match := TYPE_NAME.match(line):
                words = CAMEL_WORD.findall(match[1])
                for word in words:
                    if word.lower() in BANNED_WORDS:
                        yield Finding(path, number, f"'{word}' in type {match[1]}; {advice}")
                if words[0] == "Base" and len(words) > 1:
                    yield Finding(path, number, f"'Base' before type {match[1]}; {advice}")


def check_cmake_lists(tree: Tree) -> Iterator[Finding]:
    """Every .cc is listed in the CMakeLists.txt beside it."""
    for path in tree.with_suffix(".cc"):
        file = PurePosixPath(path)
        lists = str(file.parent / "CMakeLists.txt")
        text = "\n".join(tree.lines(lists)) if lists in tree.files else ""
        listed = rf"(?<![\w/]){re.escape(file.name)}\b|\(\s*{re.escape(file.stem)}\b"
        if not re.search(listed, text):
            yield Finding(path, 1, f"not listed in {lists}")


def check_text(tree: Tree) -> Iterator[Finding]:
    """Licence line, white space, widths, open ends, dead code and machine paths."""
    for path in tree.files:
        suffix = PurePosixPath(path).suffix
        if suffix not in TEXT_SUFFIXES and PurePosixPath(path).name != "Makefile":
            continue
        lines = tree.lines(path)
        if suffix in (".h", ".cc", ".py"):
            first = lines[1:2] if lines and lines[0].startswith("#!") else lines[:1]
            if not first or "SPDX-License-Identifier: Apache-2.0" not in first[0]:
                yield Finding(path, 1, "first line is not the SPDX line")
        in_test = path.startswith("tests/") or path.endswith("_test.cc")
        may_name_tmp = in_test and any(
            "tempfile" in line or "temp_directory_path" in line for line in lines
        )
        for number, line in enumerate(lines, 1):
            for message in _judge_line(line, path, suffix, may_name_tmp):
                yield Finding(path, number, message)


def _judge_line(line: str, path: str, suffix: str, may_name_tmp: bool) -> Iterator[str]:
    if line != line.rstrip():
        yield "white space at the end of the line"
    if "\t" in line and PurePosixPath(path).name != "Makefile":
        yield "tab"
    columns_max = {".h": CPP_COLUMNS_MAX, ".cc": CPP_COLUMNS_MAX, ".py": PYTHON_COLUMNS_MAX}
    if len(line) > columns_max.get(suffix, len(line)) and not INCLUDE.match(line):
        yield f"line of {len(line)} columns, limit {columns_max[suffix]}"
    if path in PATTERN_HOLDERS:
        return
    if OPEN_TODO.search(line):
        yield "open end without an issue; write TODO(#number)"
    found = MACHINE_PATH.search(line)
    if found and not (found[1] == "tmp" and may_name_tmp):
        yield f"path of one machine: {found[0]}"
    if suffix in (".h", ".cc") and CPP_DEAD_CODE.match(line):
        yield "looks like commented-out code"


def check_tree_shape(tree: Tree) -> Iterator[Finding]:
    """Few root entries and no large blobs."""
    entries = {PurePosixPath(path).parts[0] for path in tree.files}
    if len(entries) > ROOT_ENTRIES_MAX:
        yield Finding(".", 1, f"{len(entries)} root entries, limit {ROOT_ENTRIES_MAX}")
    for path in tree.files:
        size = (tree.root / path).stat().st_size
        if size > BLOB_BYTES_MAX:
            yield Finding(path, 1, f"{size} bytes, limit {BLOB_BYTES_MAX}; generate it instead")


def check_documents(tree: Tree) -> Iterator[Finding]:
    """Each document has one title; each case file can be read."""
    for path in tree.with_suffix(".md"):
        titles, in_code = [], False
        for number, line in enumerate(tree.lines(path), 1):
            in_code ^= line.lstrip().startswith("```")
            if line.startswith("# ") and not in_code:
                titles.append(number)
        if len(titles) != 1:
            line = titles[1] if titles else 1
            yield Finding(path, line, f"{len(titles)} titles ('# '), expected one")
    for path in tree.with_suffix(".case"):
        try:
            case_file.parse("\n".join(tree.lines(path)) + "\n")
        except case_file.CaseError as error:
            yield Finding(path, error.line, error.message)


CHECKS = (
    check_layers,
    check_sizes,
    check_names,
    check_cmake_lists,
    check_text,
    check_tree_shape,
    check_documents,
)


def findings(tree: Tree) -> list[Finding]:
    found = [finding for check in CHECKS for finding in check(tree)]
    return sorted(found, key=lambda finding: (finding.path, finding.line, finding.message))


def main(arguments: list[str]) -> int:
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    tree = Tree(root)
    found = findings(tree)
    for finding in found:
        print(finding)
    if found:
        print(f"tidy: {len(tree.files)} files, {len(found)} findings")
        return 1
    print(f"tidy: {len(tree.files)} files, no finding")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
