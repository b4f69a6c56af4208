# SPDX-License-Identifier: Apache-2.0
"""Ray nodes in network namespaces of this machine: each with an address, a /dev/shm, a
folder for what is spilled, and a limit of memory of its own. Needs root; all of it goes
with the object."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 60
_STORE_BYTES = 80_000_000
_CGROUP = Path("/sys/fs/cgroup")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@dataclass
class Node:
    """One node; `process` is the whole of it."""

    number: int
    space: str
    process: subprocess.Popen

    def cut(self) -> None:
        _ip("-n", self.space, "link", "set", "eth0", "down")

    def mend(self) -> None:
        _ip("-n", self.space, "link", "set", "eth0", "up")

    def kill(self) -> None:
        """The node crashes: every process of it ends at once."""
        self.process.kill()
        self.process.wait()

    def processes(self) -> list[int]:
        """Those of the node, as this machine numbers them."""
        found, new = [], [self.process.pid]
        while new:
            found += new
            parents, new = new, []
            for parent in parents:
                with contextlib.suppress(OSError):
                    for task in Path(f"/proc/{parent}/task").iterdir():
                        new += map(int, (task / "children").read_text().split())
        return found

    def workers(self) -> list[int]:
        names = {pid: _name(pid) for pid in self.processes()}
        return [
            pid for pid, name in names.items() if name.startswith(b"ray::") and b"Agent" not in name
        ]


def _name(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


class RayNetwork:
    """A head without slots and nodes with one each. `environment` is for drivers, which run
    with `prefix` before their words."""

    def __init__(self, nodes: int, *, spill_bytes: int = 4 << 30):
        self._mark = secrets.token_hex(2)
        self._folder = Path(tempfile.mkdtemp(prefix="wr", dir="/tmp"))
        self._spill_bytes = spill_bytes
        self._bridge = f"wr{self._mark}"
        self._cgroups: list[Path] = []
        self.nodes: list[Node] = []
        token = self._folder / "token"
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(32), encoding="ascii")
        self.environment = {
            **os.environ,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_ADDRESS": f"{self._address(1)}:6379",
        }
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
            _ip("link", "set", self._bridge, "up")
            self.head = self._start(1, is_head=True)
            for _ in range(nodes):
                self.add_node()
        except BaseException:
            self.close()
            raise

    @property
    def prefix(self) -> list[str]:
        """Runs a driver on the head."""
        pid = str(self._inside(self.head))
        return ["nsenter", "--target", pid, "--net", "--mount", "--uts", "--pid"]

    def _inside(self, node: Node) -> int:
        return next(pid for pid in node.processes() if pid != node.process.pid)

    def _address(self, number: int) -> str:
        return f"10.231.9.{number}"

    def add_node(self) -> Node:
        number = 2 + len(self.nodes)
        node = self._start(number, is_head=False)
        self.nodes.append(node)
        return node

    def _start(self, number: int, *, is_head: bool) -> Node:
        space = f"wr{self._mark}n{number}"
        wire = f"{space}w"
        _ip("netns", "add", space)
        _ip("link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("link", "set", wire, "master", self._bridge)
        _ip("link", "set", wire, "up")
        _ip("-n", space, "addr", "add", f"{self._address(number)}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            _ip("-n", space, "link", "set", device, "up")
        place = self._folder / f"n{number}"
        place.mkdir()
        ray = [
            "ray",
            "start",
            "--block",
            f"--node-ip-address={self._address(number)}",
            f"--num-cpus={0 if is_head else 1}",
            f"--object-store-memory={_STORE_BYTES}",
            f"--temp-dir={place}",
        ]
        if is_head:
            ray += ["--head", "--port=6379", "--include-dashboard=false"]
        else:
            ray += [f"--address={self._address(1)}:6379"]
        ray[0] = str(Path(sys.executable).parent / "ray")
        setup = (
            "mount -t proc proc /proc && mount -t tmpfs -o size=400m tmpfs /dev/shm && "
            f"mount -t tmpfs -o size={self._spill_bytes} tmpfs {place} && "
            f"hostname {space} && exec {' '.join(ray)}"
        )
        words = ["ip", "netns", "exec", space, "unshare", "--mount", "--uts", "--pid", "--fork"]
        log = open(self._folder / f"n{number}.log", "wb")  # noqa: SIM115
        process = subprocess.Popen(
            [*words, "--kill-child", "sh", "-c", setup],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        node = Node(number, space, process)
        self._await(node)
        return node

    def _await(self, node: Node) -> None:
        deadline = time.monotonic() + _START_SECONDS
        log = self._folder / f"n{node.number}.log"
        while b"Ray runtime started" not in log.read_bytes():
            if node.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"node {node.number} did not start: {log.read_text()[-2000:]}")
            time.sleep(0.1)

    def limit_memory(self, node: Node, limit: int) -> None:
        """Holds all processes of the node in a cgroup."""
        group = _CGROUP / f"wr{self._mark}n{node.number}"
        group.mkdir()
        self._cgroups.append(group)
        (group / "memory.max").write_text(str(limit))
        for pid in node.processes():
            with contextlib.suppress(OSError):
                (group / "cgroup.procs").write_text(str(pid))

    def close(self) -> None:
        for node in [*self.nodes, *([self.head] if hasattr(self, "head") else [])]:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(node.process.pid, signal.SIGKILL)
            node.process.wait()
        time.sleep(0.5)
        for number in range(1, 2 + len(self.nodes) + 1):
            space = f"wr{self._mark}n{number}"
            subprocess.run(["ip", "netns", "delete", space], capture_output=True, check=False)
        words = ["ip", "link", "delete", self._bridge]
        subprocess.run(words, capture_output=True, check=False)
        for group in self._cgroups:
            with contextlib.suppress(OSError):
                group.rmdir()
        shutil.rmtree(self._folder, ignore_errors=True)
