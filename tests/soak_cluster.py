#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs of one job on Ray nodes in network namespaces, with a fault each.

Every run must end with the rows of a local run, or with a clear error and the old output in
place. Prints a line for each and ends with exit code 1 if one did neither.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from support.ray_network import RayNetwork

import windrow as wr

JOB = """
windrow: 1
sources:
  clicks: {{scan: {folder}/clicks.arrow}}
  users: {{scan: {folder}/users.arrow}}
steps:
  joined: {{join: {{left: clicks, right: users, on: user_id, how: inner}}}}
  ranked: {{sort: [country, event_time, user_id]}}
sinks:
  - {{write: {folder}/{output}, from: ranked}}
"""
OLD = b"what was there before"
SWITCHES = ["split_rows=50000", "piece_bytes=1000000", "broadcast=off"]
RUN_SECONDS = 180
CLEAR_EXIT_CODES = (3, 4, 5)

Fault = Callable[[RayNetwork], None]


def _nothing(network: RayNetwork) -> None:
    pass


def _kill_workers(network: RayNetwork) -> None:
    for worker in network.nodes[0].workers():
        os.kill(worker, signal.SIGKILL)


def _remove_node(network: RayNetwork) -> None:
    network.nodes[-1].kill()


def _add_node(network: RayNetwork) -> None:
    network.add_node()


def _cut_link(network: RayNetwork) -> None:
    network.nodes[0].cut()
    time.sleep(5)
    network.nodes[0].mend()


def _cap_memory(network: RayNetwork) -> None:
    network.limit_memory(network.nodes[0], 600 << 20)


FAULTS: dict[str, tuple[Fault, int]] = {
    "none": (_nothing, 4 << 30),
    "a worker is killed": (_kill_workers, 4 << 30),
    "a link is cut for 5 s": (_cut_link, 4 << 30),
    "a node comes": (_add_node, 4 << 30),
    "a node's memory is capped": (_cap_memory, 4 << 30),
    "a node goes": (_remove_node, 4 << 30),
    "the disks for spilling are full": (_nothing, 24 << 20),
}


def _run(network: RayNetwork, folder: Path, fault: Fault) -> tuple[int, str, float]:
    """Exit code, messages and seconds of a run during which the fault happens."""
    (folder / "out.parquet").write_bytes(OLD)
    binary = os.environ.get("WINDROW_BINARY", "build/release/windrow")
    words = [str(Path(binary).resolve()), "run", str(folder / "job.yaml"), "--on", "ray:auto"]
    for switch in SWITCHES:
        words += ["--set", switch]
    started = time.monotonic()
    run = subprocess.Popen(
        [*network.prefix, *words],
        env={**network.environment, "WINDROW_PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    trouble = threading.Timer(6, fault, [network])
    trouble.start()
    try:
        _, errors = run.communicate(timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired:
        run.kill()
        _, errors = run.communicate()
        errors = f"no end after {RUN_SECONDS} s; {errors}"
    trouble.join()
    return run.returncode, errors.strip(), time.monotonic() - started


def _judge(code: int, errors: str, output: bytes, expected: bytes) -> str:
    """What is wrong; empty when nothing is."""
    if code == 0:
        return "" if output == expected else "other rows than locally"
    if code not in CLEAR_EXIT_CODES or not errors or "Traceback" in errors:
        return f"exit code {code}, and no clear error"
    return "" if output == OLD else "the old output is gone"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--only", default="", help="faults whose name holds this")
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory(prefix="wr") as name:
        folder = Path(name)
        wr.generate("clicks", options.rows).sink_ipc(folder / "clicks.arrow")
        wr.generate("users", 100_000).sink_ipc(folder / "users.arrow")
        wr.run(JOB.format(folder=folder, output="expected.parquet"))
        expected = (folder / "expected.parquet").read_bytes()
        (folder / "job.yaml").write_text(JOB.format(folder=folder, output="out.parquet"))
        for fault_name, (fault, spill_bytes) in FAULTS.items():
            if options.only not in fault_name:
                continue
            network = RayNetwork(3, spill_bytes=spill_bytes)
            try:
                code, errors, seconds = _run(network, folder, fault)
            finally:
                network.close()
            wrong = _judge(code, errors, (folder / "out.parquet").read_bytes(), expected)
            failures += bool(wrong)
            told = next((line for line in errors.splitlines() if "windrow:" in line), "")[:160]
            if wrong:
                print(errors)
            print(f"{fault_name}: {wrong or 'well'}, exit code {code}, {seconds:.0f} s {told}")
            sys.stdout.flush()
    print(f"{len(FAULTS) - failures} well, {failures} not")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
