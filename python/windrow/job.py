# SPDX-License-Identifier: Apache-2.0
"""What a frame stands for: sources and steps, and the job document made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from windrow import _native
from windrow.errors import FRAME_DOCUMENT, SchemaError, UserError

Inputs: TypeAlias = dict[str, _native.Table | _native.Stream]

DOCUMENT = FRAME_DOCUMENT
RESULT = "result"


@dataclass(frozen=True, eq=False)
class Source:
    """A source of a job; `rows` are there when it is in memory."""

    name: str
    spec: Mapping[str, Any]
    schema: _native.Schema | None = None
    rows: _native.Table | _native.Stream | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """A step of a job: its kind, what it says, and the sources and steps it reads."""

    kind: str
    value: Any
    inputs: tuple[Node, ...]
    name: str | None = None

    def body(self, names: list[str]) -> dict[str, Any]:
        """The step in the document, its inputs under these names."""
        if self.kind == "join":
            return {"join": {"left": names[0], "right": names[1], **self.value}}
        if self.kind == "union":
            return {"union": names}
        return {self.kind: self.value, "from": names[0]}


Node: TypeAlias = Source | Step


@dataclass
class Job:
    """The document that a node stands for, with what it reads from memory."""

    document: dict[str, Any] = field(default_factory=dict)
    result: str = ""
    inputs: Inputs = field(default_factory=dict)
    schemas: dict[str, _native.Schema] = field(default_factory=dict)

    @classmethod
    def of(cls, node: Node, sink: Mapping[str, Any] | None = None) -> Job:
        """The job of `node`, whose rows go to `sink`, or else come back."""
        job = cls()
        names: dict[int, str] = {}
        taken: set[str] = set()
        sources: dict[str, Any] = {}
        steps: dict[str, Any] = {}
        for part in _in_order(node):
            if isinstance(part, Source):
                name = _free(part.name, taken)
                sources[name] = dict(part.spec)
                if part.rows is not None:
                    sources[name] = {"scan": f"memory:{name}"}
                    job.inputs[name] = part.rows
                if part.schema is not None:
                    job.schemas[name] = part.schema
            else:
                name = _free(part.name or part.kind, taken)
                steps[name] = part.body([names[id(read)] for read in part.inputs])
            names[id(part)] = name
        job.result = names[id(node)]
        target = {"collect": RESULT} if sink is None else dict(sink)
        job.document = {
            "windrow": 1,
            "sources": sources,
            "steps": steps,
            "sinks": [{**target, "from": job.result}],
        }
        return job

    @property
    def text(self) -> str:
        """The document as JSON, which is YAML."""
        return document_text(self.document)


def document_text(document: Mapping[str, Any]) -> str:
    """A document as JSON, without anything that would be filled in."""
    return json.dumps(_literal(document), ensure_ascii=False)


def bind(node: Node) -> _native.Schema:
    """The columns of a node whose sources are known; what does not fit is a SchemaError."""
    job = Job.of(node)
    try:
        return _native.schema_of(job.text, DOCUMENT, job.schemas, {})
    except UserError as error:
        raise SchemaError(str(error)) from None


def _in_order(node: Node) -> Iterator[Node]:
    """The nodes below `node` and itself, each once, after those it reads."""
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(node, False)]
    while stack:
        part, is_ready = stack.pop()
        if is_ready:
            yield part
        elif id(part) not in seen:
            seen.add(id(part))
            stack.append((part, True))
            if isinstance(part, Step):
                stack.extend((read, False) for read in reversed(part.inputs))


def _free(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(name)
    return name


def _literal(value: Any) -> Any:
    """The value with its dollars written so that they stay dollars."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: _literal(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_literal(inner) for inner in value]
    return value
