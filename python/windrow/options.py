# SPDX-License-Identifier: Apache-2.0
"""Options of a run, given with it or once for the process."""

import os
from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from windrow.cluster import Cluster


class RunOptions(TypedDict, total=False):
    """What may be said about a run, as keywords of whatever runs.

    >>> options: wr.RunOptions = {"memory": "256MiB", "slots": 1}
    >>> wr.from_dict({"a": [1, 2]}).collect(**options).num_rows
    2
    """

    memory: str | int
    """The memory it may hold: bytes, or a size such as "2GiB"; 64 MiB at least. Otherwise
    half of what the process may use."""
    slots: int
    """CPU threads; otherwise one for each core."""
    temp_dir: str | os.PathLike[str]
    """Folder for what does not fit into memory; otherwise TMPDIR, or else /tmp."""
    on: str | Cluster
    """Where it runs: "local", on a `Cluster`, or on one that is started for this run
    ("ray:3") or there already ("ray:auto", "ray://HOST:PORT"). "local:3" runs what a cluster
    of three nodes would, one task after the other in this process."""
    progress: bool
    """Shows how far it is, on stderr or in the notebook."""
    resume: bool
    """On a cluster: keeps what tasks make in `temp_dir`, which all nodes must see, until the
    run ends well, and uses what a run of the same job that was killed has kept there."""
    s3_endpoint: str
    """URL of an object store; otherwise AWS_ENDPOINT_URL, or else AWS."""
    token_file: str | os.PathLike[str]
    """File with the token for Flight servers."""
    tls_ca: str | os.PathLike[str]
    """PEM file of the authorities that Flight servers are checked against."""
    switches: Mapping[str, bool | int | str]
    """Engine switches by name; `windrow help switches` lists them."""


_defaults: RunOptions = {}


def configure(**options: Unpack[RunOptions]) -> None:
    """Sets options for every later run of the process that does not say otherwise.

    They also hold where a frame is read by another library, which can give none. What is
    not named is as at the start again.

    >>> wr.configure(memory="1GiB")
    >>> wr.configure()
    """
    global _defaults
    native_options(options)
    _defaults = options


def native_options(options: RunOptions) -> dict[str, Any]:
    """The options as the extension takes them, with the defaults of the process."""
    merged: dict[str, Any] = {**_defaults, **options}
    for name in ("progress", "resume"):
        merged.pop(name, None)
    switches = merged.pop("switches", {})
    unknown = set(merged) - set(RunOptions.__annotations__)
    if unknown:
        raise TypeError(f"unknown option {min(unknown)!r}; see windrow.RunOptions")
    native: dict[str, Any] = {}
    for name, value in merged.items():
        if name == "slots":
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise TypeError(f"slots={value!r}: expected a whole number, 1 or more")
            native[name] = value
        elif isinstance(value, Cluster):
            native[name] = value.name
        elif name == "memory" and isinstance(value, int):
            native[name] = f"{value}B"
        else:
            native[name] = os.fspath(value)
    native["set"] = [f"{name}={_switch_text(value)}" for name, value in switches.items()]
    return native


def place_of(options: RunOptions) -> str | Cluster:
    """Where a run with these options runs."""
    return options.get("on", _defaults.get("on", "local"))


def resumes(options: RunOptions) -> bool:
    """Whether a run with these options goes on with one that was killed."""
    return options.get("resume", _defaults.get("resume", False))


def shows_progress(options: RunOptions) -> bool:
    """Whether a run with these options shows how far it is."""
    return options.get("progress", _defaults.get("progress", False))


def _switch_text(value: bool | int | str) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
