# SPDX-License-Identifier: Apache-2.0
"""Ray clusters: one that is there, or nodes of this machine started for a while."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from windrow import _native
from windrow.cluster_folder import ClusterFolder
from windrow.errors import StorageError, UserError

_LEAST_STORE_BYTES = 100 << 20
_PATIENCE_SECONDS = 60
_CONNECT_SECONDS = 10
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # An error is raised where a task's result is taken; its pieces nobody asks for.
    "RAY_IGNORE_UNHANDLED_ERRORS": "1",
    # On SIGTERM nodes of this process end at once.
    "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
}
# Ray remembers the first one that a process has.
_TOKEN = secrets.token_hex(32)
_knows_token = False


def is_cluster(on: object) -> bool:
    """Whether a job with this `on` runs on Ray."""
    return isinstance(on, Cluster) or (isinstance(on, str) and on.startswith("ray"))


def import_ray() -> Any:
    """The module, with settings that must be there before it is imported."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise UserError(
            "on='ray…': found no Ray; expected it installed: pip install 'windrow[ray]'"
        ) from None
    return ray


def _paths(name: str) -> list[str]:
    return [path for path in os.environ.get(name, "").split(os.pathsep) if path]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or "no answer"


@contextlib.contextmanager
def _own_sigterm() -> Iterator[None]:
    """Ray takes SIGTERM for itself; a handler that was there gets it back."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and before not in (signal.SIG_DFL, None):
            signal.signal(signal.SIGTERM, before)


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
        self._folder: ClusterFolder | None = None
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
        global _knows_token
        if sys.modules.get("ray") is not None and not _knows_token:
            raise UserError(
                f"on={self.name!r}: found Ray imported already, which reads tokens once; "
                "expected the first cluster that a process starts before `import ray`"
            )
        self._folder = ClusterFolder()
        token = self._folder.path / "token"
        token.touch(mode=0o600)
        token.write_text(_TOKEN, encoding="ascii")
        self._set("RAY_TMPDIR", str(self._folder.path))
        self._set("RAY_AUTH_MODE", "token")
        self._set("RAY_AUTH_TOKEN_PATH", str(token))
        # The nodes' processes find the package where this one did.
        package = str(Path(__file__).absolute().parents[1])
        self._set("PYTHONPATH", os.pathsep.join([package, *_paths("PYTHONPATH")]))
        ray = import_ray()
        _knows_token = True
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
            "memory": _native.default_memory() // nodes,
            "include_dashboard": False,
        }
        head = {
            **node,
            "node_ip_address": "127.0.0.2",
            # What is larger does not live in the driver, which may have very many.
            "_system_config": {"max_direct_call_object_size": 8 << 10, **settings},
        }
        try:
            with _own_sigterm():
                self._nodes = RayNodes(initialize_head=True, head_node_args=head)
            for number in range(1, nodes):
                with _own_sigterm():
                    self._nodes.add_node(
                        wait=False, node_ip_address=f"127.0.0.{number + 2}", **node
                    )
            self._init(address=self._nodes.address, _node_ip_address="127.0.0.2")
            self._nodes.wait_for_nodes(timeout=_PATIENCE_SECONDS)
        except (RuntimeError, TimeoutError) as error:
            raise StorageError(
                f"on={self.name!r}: Ray's nodes do not start: {_first_line(error)}"
            ) from error

    def _connect(self, address: str) -> None:
        ray = import_ray()
        if address == "auto" and ray.is_initialized():
            return
        given = os.environ.get("RAY_ADDRESS", "") if address == "auto" else address
        if given not in ("", "auto", "local"):
            self._check_reachable(given)
        self._init(address=address)

    def _check_reachable(self, address: str) -> None:
        """Ray itself would try for minutes, and tell of it."""
        host, _, port = address.removeprefix("ray://").rpartition(":")
        if not host or not port.isdigit():
            raise UserError(f"on={self.name!r}: found the address {address}; expected HOST:PORT")
        try:
            socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
        except OSError as error:
            raise StorageError(
                f"on={self.name!r}: the Ray cluster is out of reach: {host}:{port}: "
                f"{error.strerror or error}"
            ) from None

    def _init(self, **arguments: Any) -> None:
        ray = import_ray()
        self._is_connected = not ray.is_initialized()
        try:
            with _own_sigterm(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the error says it
                ray.init(logging_level="ERROR", log_to_driver=False, **arguments)
        except (ConnectionError, RuntimeError, TimeoutError, ray.exceptions.RayError) as error:
            raise StorageError(
                f"on={self.name!r}: the Ray cluster is out of reach: {_first_line(error)}"
            ) from None
        except ValueError as error:
            raise UserError(f"on={self.name!r}: {_first_line(error)}") from None

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
            self._folder.remove()
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
