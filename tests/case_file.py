# SPDX-License-Identifier: Apache-2.0
"""Reads text cases: a job or command, its inputs, and what must come of it.

A case is one file, `tests/cases/<area>/<name>.case`:

    # left join keeps unmatched rows; null keys never match
    job: |
      windrow: 1
      ...
    input a.arrow [batch=2]: host:utf8,t:int64 | x,1 | -,2 | y,3
    expect out.arrow: x,1 | y,3

The first line is the title. Every other entry is `key: text`; a block after `key: |` and
indented lines after an entry belong to it. Entries:

    job             the job document, run by `windrow run`
    command         words after `windrow` instead; {dir} stands for the case's folder
    matrix: once    run once with default settings, not under every setting
    input FILE      `name:type,... | value,... | ...`, written before the run
    expect FILE     the rows of an output, in order; `expect unordered FILE` in any order
    schema FILE     the columns of an output, `name:type,...`
    rows FILE       the number of rows of an output
    text FILE       the whole text of an output
    error           `CODE contains "text" ...`: exit code and words on stderr
    explain, stdout `contains "text" ...` or `lacks "text" ...`

Values: `-` is null, `''` the empty string, `"..."` a JSON string for anything with commas,
bars or outer spaces. Lists and structs are JSON. Options of an input, in brackets:
batch=ROWS, empty=yes (an empty batch around each), compression=NAME, format=file|stream|
parquet (else by suffix), row_group=ROWS, dictionary=COLUMN, repeat=TIMES, rows=N (of a
table without columns), truncate=BYTES kept, corrupt=OFFSET of inverted bytes; both count
from the end when negative.
"""

import json
import re
import shlex
from dataclasses import dataclass, field

ENTRY = re.compile(r"(?P<key>[a-z]+)(?P<rest>(?:\s[^:]*)?):(?P<text>.*)")
OPTIONS = re.compile(r"(?P<name>.*?)\s*\[(?P<options>[^\]]*)\]$")
CLAUSE = re.compile(r'\s*(contains|lacks)\s+("(?:\\.|[^"\\])*")')
INTEGER_OPTIONS = {"batch", "row_group", "repeat", "rows", "truncate", "corrupt"}
WORD_OPTIONS = {"empty", "compression", "format", "dictionary"}
FORMATS = ("file", "stream", "parquet")
FILE_KEYS = ("input", "expect", "schema", "rows", "text")
TEXT_KEYS = ("job", "command", "matrix", "error", "explain", "stdout")
PLAN_COMMANDS = ("run", "enrich", "probe-rows", "pod-usage")


class CaseError(Exception):
    def __init__(self, line: int, message: str):
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


@dataclass(frozen=True)
class Null:
    """The value written `-`, apart from a string that looks like it."""


NULL = Null()


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class Input:
    file: str
    columns: list[Column]
    rows: list[list[str | Null]]
    options: dict[str, int | str]


@dataclass(frozen=True)
class Words:
    contains: list[str]
    lacks: list[str]

    def complaints(self, text: str) -> list[str]:
        absent = [f'lacks "{words}"' for words in self.contains if words not in text]
        return absent + [f'contains "{words}"' for words in self.lacks if words in text]


@dataclass
class Expectation:
    """What is said of one output; None where nothing is."""

    rows: list[list[str | Null]] | None = None
    is_ordered: bool = True
    columns: list[Column] | None = None
    num_rows: int | None = None
    text: str | None = None


@dataclass
class Case:
    title: str
    job: str | None = None
    command: list[str] | None = None
    runs_once: bool = False
    inputs: list[Input] = field(default_factory=list)
    outputs: dict[str, Expectation] = field(default_factory=dict)
    exit_code: int = 0
    error: Words | None = None
    explain: list[Words] = field(default_factory=list)
    stdout: list[Words] = field(default_factory=list)


@dataclass(frozen=True)
class _Entry:
    line: int
    key: str
    name: str
    text: str


def parse(text: str) -> Case:
    """Reads one case; CaseError says which line is wrong."""
    lines = text.splitlines()
    if not lines or not re.match(r"# \S", lines[0]):
        raise CaseError(1, "the first line is no '# title'")
    case = Case(title=lines[0][2:].strip())
    has_matrix = False
    for entry in _entries(lines):
        has_matrix |= entry.key == "matrix"
        _add(case, entry)
    _check_whole(case, len(lines))
    if case.command and not has_matrix:
        case.runs_once = case.command[0] not in PLAN_COMMANDS
    return case


def _entries(lines: list[str]) -> list[_Entry]:
    entries: list[_Entry] = []
    index = 1
    while index < len(lines):
        line = index + 1
        text = lines[index]
        index += 1
        if not text.strip() or text.startswith("#"):
            continue
        match = ENTRY.fullmatch(text)
        if not match or match["key"] not in FILE_KEYS + TEXT_KEYS:
            raise CaseError(line, f"not an entry of a case: {text.strip()[:40]!r}")
        block = []
        while index < len(lines) and (not lines[index].strip() or lines[index][0] == " "):
            block.append(lines[index])
            index += 1
        value = match["text"].strip()
        value = _dedent(block) if value == "|" else " ".join([value, *block]).strip()
        entries.append(_Entry(line, match["key"], match["rest"].strip(), value))
    return entries


def _dedent(block: list[str]) -> str:
    while block and not block[-1].strip():
        block = block[:-1]
    indent = min((len(line) - len(line.lstrip()) for line in block if line.strip()), default=0)
    return "".join(line[indent:] + "\n" for line in block)


def _add(case: Case, entry: _Entry) -> None:
    key, line, text = entry.key, entry.line, entry.text
    if key in TEXT_KEYS and entry.name:
        raise CaseError(line, f"'{key}' takes no name, found {entry.name!r}")
    if key in FILE_KEYS and not entry.name:
        raise CaseError(line, f"'{key}' needs the name of a file")
    if key == "job":
        case.job = text
    elif key == "command":
        case.command = shlex.split(text)
    elif key == "matrix":
        if text not in ("once", "full"):
            raise CaseError(line, f"matrix is {text!r}, expected once or full")
        case.runs_once = text == "once"
    elif key == "error":
        match = re.match(r"\d+", text)
        if not match or not int(match[0]):
            raise CaseError(line, "expected an exit code above 0 after 'error:'")
        case.exit_code = int(match[0])
        case.error = _words(text[match.end() :], line)
    elif key in ("explain", "stdout"):
        getattr(case, key).append(_words(text, line))
    elif key == "input":
        case.inputs.append(_input(entry))
    else:
        _add_expectation(case, entry)


def _add_expectation(case: Case, entry: _Entry) -> None:
    is_ordered = not entry.name.startswith("unordered ")
    file = entry.name.removeprefix("unordered ").strip()
    output = case.outputs.setdefault(file, Expectation())
    if entry.key == "expect":
        output.rows = _rows(entry.text, entry.line)
        output.is_ordered = is_ordered
    elif entry.key == "text":
        output.text = entry.text
    elif entry.key == "schema":
        output.columns = _columns(entry.text, entry.line)
    elif not entry.text.isdecimal():
        raise CaseError(entry.line, f"rows is {entry.text!r}, expected a number")
    else:
        output.num_rows = int(entry.text)


def _check_whole(case: Case, last_line: int) -> None:
    if (case.job is None) == (case.command is None):
        raise CaseError(1, "expected one of job and command")
    if not (case.outputs or case.error or case.explain or case.stdout):
        raise CaseError(last_line, "nothing is expected")
    if case.error and case.outputs:
        raise CaseError(last_line, "a case expects an error or outputs, not both")
    if case.explain and case.job is None:
        raise CaseError(last_line, "explain needs a job")


def _words(text: str, line: int) -> Words:
    words = Words([], [])
    position = 0
    while position < len(text.rstrip()):
        match = CLAUSE.match(text, position)
        if not match:
            raise CaseError(line, f'expected contains "..." or lacks "...", found {text!r}')
        getattr(words, match[1]).append(json.loads(match[2]))
        position = match.end()
    return words


def _input(entry: _Entry) -> Input:
    file, options = entry.name, {}
    if match := OPTIONS.fullmatch(file):
        file = match["name"]
        options = dict(_option(word, entry.line) for word in match["options"].split(","))
    head, _, body = entry.text.partition("|")
    columns = _columns(head, entry.line)
    rows = _rows(body, entry.line)
    for row in rows:
        if len(row) != len(columns):
            raise CaseError(
                entry.line, f"row {row} has {len(row)} values for {len(columns)} columns"
            )
    return Input(file, columns, rows * int(options.get("repeat", 1)), options)


def _option(word: str, line: int) -> tuple[str, int | str]:
    name, _, value = (part.strip() for part in word.partition("="))
    if name in INTEGER_OPTIONS and re.fullmatch(r"-?\d+", value):
        return name, int(value)
    if name not in WORD_OPTIONS or (name == "format" and value not in FORMATS):
        raise CaseError(line, f"unknown option or value {word.strip()!r}")
    return name, value


def _columns(text: str, line: int) -> list[Column]:
    columns = []
    for part in split(text, ",", "[(<{", line) if text.strip() else []:
        name, colon, type_name = part.strip().partition(":")
        if not colon or not type_name:
            raise CaseError(line, f"column {part.strip()!r} is no name:type")
        columns.append(Column(name.strip(), type_name.strip()))
    return columns


def _rows(text: str, line: int) -> list[list[str | Null]]:
    if not text.strip():
        return []
    return [
        [_value(value.strip(), line) for value in split(row, ",", "[{", line)]
        for row in split(text, "|", "[{", line)
    ]


def _value(text: str, line: int) -> str | Null:
    if text == "-":
        return NULL
    if text == "''":
        return ""
    if text.startswith('"'):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise CaseError(line, f"value {text} is no JSON string: {error}") from error
    if not text:
        raise CaseError(line, "empty value; write - for null or '' for the empty string")
    return text


def split(text: str, separator: str, openers: str, line: int) -> list[str]:
    """Splits at separators outside quotes and outside brackets of the kinds in `openers`."""
    closers = {"[": "]", "(": ")", "<": ">", "{": "}"}
    parts, start, expected, quoted = [], 0, [], False
    skip = False
    for index, char in enumerate(text):
        if skip:
            skip = False
        elif quoted:
            skip = char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in openers:
            expected.append(closers[char])
        elif expected and char == expected[-1]:
            expected.pop()
        elif char == separator and not expected:
            parts.append(text[start:index])
            start = index + 1
    if quoted or expected:
        raise CaseError(line, f"no closing {expected[-1] if expected else 'quote'} in {text!r}")
    return [*parts, text[start:]]
