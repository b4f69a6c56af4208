# SPDX-License-Identifier: Apache-2.0
"""Ray clusters: one that is there, or nodes of this machine started for a while."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import tempfile
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from windrow.errors import StorageError, UserError

_LEAST_STORE_BYTES = 100 << 20
_PATIENCE_SECONDS = 60
_CONNECT_SECONDS = 10
# Ray remembers the first one that a process has.
_TOKEN = secrets.token_hex(32)


def is_cluster(on: object) -> bool:
    """Whether a job with this `on` runs on Ray."""
    return isinstance(on, Cluster) or (isinstance(on, str) and on.startswith("ray"))


def import_ray() -> Any:
    """The module, with settings that must be there before it is imported."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise UserError(
            "on='ray…': found no Ray; expected it installed: pip install 'windrow[ray]'"
        ) from None
    return ray


class Cluster:
    """A Ray cluster for one or more runs, which name it as their `on`.

    "ray:3" starts three nodes on this machine, which end with it; "ray://HOST:PORT" and
    "ray:auto" connect to one that is there. `settings` are Ray's own system settings of
    nodes that are started, such as how soon a silent node counts as lost.

    >>> with wr.Cluster("ray:1") as cluster:
    ...     wr.from_dict({"a": [1, 2]}).collect(on=cluster).num_rows
    2
    """

    def __init__(self, on: str, *, settings: dict[str, Any] | None = None) -> None:
        self.name = on
        self._nodes: Any = None
        self._folder: Path | None = None
        self._is_connected = False
        self._old_environment: dict[str, str | None] = {}
        started = re.fullmatch(r"ray:(\d+)", on)
        try:
            if started and int(started[1]) > 0:
                self._start(int(started[1]), settings or {})
            elif on == "ray:auto" or on.startswith("ray://"):
                self._connect("auto" if on == "ray:auto" else on)
            else:
                raise UserError(f"on={on!r}: expected ray:N, ray:auto or ray://HOST:PORT")
        except BaseException:
            self.close()
            raise

    def _set(self, name: str, value: str) -> None:
        self._old_environment.setdefault(name, os.environ.get(name))
        os.environ[name] = value

    def _start(self, nodes: int, settings: dict[str, Any]) -> None:
        # Ray's sockets need a short path.
        self._folder = Path(tempfile.mkdtemp(prefix="wr", dir="/tmp"))
        token = self._folder / "token"
        token.touch(mode=0o600)
        token.write_text(_TOKEN, encoding="ascii")
        self._set("RAY_TMPDIR", str(self._folder))
        self._set("RAY_AUTH_MODE", "token")
        self._set("RAY_AUTH_TOKEN_PATH", str(token))
        ray = import_ray()
        if ray.is_initialized():
            raise UserError(
                f"on={self.name!r}: this process is connected to a Ray cluster already; "
                "expected on='ray:auto' to use that one"
            )
        from ray.cluster_utils import Cluster as RayNodes

        cores = len(os.sched_getaffinity(0))
        store = shutil.disk_usage("/dev/shm").free * 3 // 10 // nodes
        node = {
            "num_cpus": max(cores // nodes, 1),
            "object_store_memory": max(min(store, 4 << 30), _LEAST_STORE_BYTES),
            "include_dashboard": False,
        }
        self._nodes = RayNodes(
            initialize_head=True,
            head_node_args={
                **node,
                "node_ip_address": "127.0.0.2",
                # What is larger does not live in the driver, which may have very many.
                "_system_config": {"max_direct_call_object_size": 8 << 10, **settings},
            },
        )
        for number in range(1, nodes):
            self._nodes.add_node(wait=False, node_ip_address=f"127.0.0.{number + 2}", **node)
        self._init(address=self._nodes.address, _node_ip_address="127.0.0.2")
        self._nodes.wait_for_nodes(timeout=_PATIENCE_SECONDS)

    def _connect(self, address: str) -> None:
        ray = import_ray()
        if address == "auto" and ray.is_initialized():
            return
        # Ray itself takes minutes to find that nobody listens there.
        place = os.environ.get("RAY_ADDRESS", "") if address == "auto" else address
        host, _, port = place.removeprefix("ray://").rpartition(":")
        if host and port.isdigit():
            try:
                socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
            except OSError as error:
                raise StorageError(
                    f"on={self.name!r}: the Ray cluster is out of reach: {place}: {error.strerror}"
                ) from None
        self._init(address=address)

    def _init(self, **arguments: Any) -> None:
        ray = import_ray()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the error says it
                ray.init(logging_level="ERROR", log_to_driver=False, **arguments)
        except (ConnectionError, RuntimeError, TimeoutError) as error:
            reason = str(error).strip().partition("\n")[0] or "no answer"
            raise StorageError(
                f"on={self.name!r}: the Ray cluster is out of reach: {reason}"
            ) from None
        self._is_connected = True

    def close(self) -> None:
        """Disconnects, and ends the nodes that were started.

        >>> cluster = wr.Cluster("ray:1")
        >>> cluster.close()
        """
        if self._is_connected:
            self._is_connected = False
            import_ray().shutdown()
        if self._nodes is not None:
            self._nodes.shutdown()
            self._nodes = None
        for name, value in self._old_environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._old_environment = {}
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
