# SPDX-License-Identifier: Apache-2.0
"""Paired benchmarks against peers: checks answers, then times, then judges the aims.

run.py quick                 every benchmark, its quick cases
run.py full                  every benchmark, all cases
run.py enrich --only six     one benchmark, the cases with 'six' in their name
run.py --list
"""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import answers
import cgroup
import enrich
import flight
import harness
import machine
import pod_usage
import probe_rows
import report
import training_reads
from cases import ROOT, Benchmark, Case, Contestant, Settings

BENCHMARKS: dict[str, Benchmark] = {
    module.NAME: module for module in (enrich, probe_rows, pod_usage, flight, training_reads)
}

LEAST_PAIRS = 3
# Kept free of contestants: the kernel, this process, and slack for the page cache.
MEMORY_KEPT_FREE = 2_000_000_000


class WrongAnswerError(RuntimeError):
    """Ours and a peer's answer differ; no time may be printed."""


def progress(text: str) -> None:
    """Tells on stderr what is going on; never a time, the answer may be wrong."""
    print(text, file=sys.stderr, flush=True)


def answer_of(contestant: Contestant, case: Case, settings: Settings) -> answers.Digest:
    """Digests a contestant's answer.

    The process that writes it is not the one timed later, whose memory must not hold
    what writing left behind.
    """
    path = settings.scratch / "answer.arrow"
    try:
        with started(contestant, case, settings) as process:
            process.ask("prepare")
            # Writing the file takes time too, so it gets more than a run.
            process.ask(f"answer {path}", 3 * limits_of(case, settings).seconds)
        return answers.digest_apart(path, case.float_tolerance, case.ordered_by)
    finally:
        path.unlink(missing_ok=True)


def check(case: Case, peer: Contestant, ours: answers.Digest, theirs: answers.Digest) -> None:
    """Raises WrongAnswerError unless both digests agree."""
    found = answers.differences(ours, theirs, case.float_tolerance, peer.columns_left_out)
    if found:
        shown = "\n  ".join(found[:10])
        more = f"\n  and {len(found) - 10} more" if len(found) > 10 else ""
        raise WrongAnswerError(f"{case.name}: answers differ from {peer.name}\n  {shown}{more}")


def limits_of(case: Case, settings: Settings) -> harness.Limits:
    """Leaves room for the inputs in the page cache, or the runs would not be warm."""
    inputs = sum(path.stat().st_size for path in case.inputs)
    memory = machine.memory_bytes() - inputs - MEMORY_KEPT_FREE
    seconds = case.time_limit or settings.time_limit
    return harness.Limits(seconds, max(memory, MEMORY_KEPT_FREE), case.has_server)


@contextlib.contextmanager
def started(contestant: Contestant, case: Case, settings: Settings) -> Iterator[harness.Process]:
    """Starts a contestant, in a group of limited memory if the case asks for one."""
    limits = limits_of(case, settings)
    if case.memory_limit is None:
        with harness.Process(contestant, limits, settings.slots) as process:
            yield process
        return
    limits.memory_bytes = min(limits.memory_bytes, case.memory_limit)
    with cgroup.memory_group(case.memory_limit) as words:
        held = replace(contestant, command=[*words, *contestant.command])
        with harness.Process(held, limits, settings.slots) as process:
            yield process


def pairs_wanted(settings: Settings, warm_pair_seconds: float) -> int:
    """Returns `repeat`, or fewer where a peer is so slow that pairs take minutes."""
    affordable = math.floor(settings.seconds_per_peer / max(warm_pair_seconds, 1e-9))
    return min(settings.repeat, max(LEAST_PAIRS, affordable))


def run_peer(
    case: Case,
    peer: Contestant,
    ours: harness.Process,
    digest: answers.Digest,
    settings: Settings,
    constants: machine.Constants,
) -> dict[str, Any]:
    """Checks and times one peer; one that cannot finish is an outcome, too."""
    head: dict[str, Any] = {"case": case.name, "peer": peer.name}
    progress(f"{case.name}: {peer.name}")
    try:
        check(case, peer, digest, answer_of(peer, case, settings))
        with started(peer, case, settings) as process:
            process.ask("prepare")
            wanted = case.pairs
            if wanted is None:
                warm = process.run().wall + ours.run().wall
                wanted = pairs_wanted(settings, warm)
            pairs = harness.run_pairs(ours, process, wanted)
    except harness.ContestantError as error:
        if error.contestant != peer.name:
            raise
        progress(f"{case.name}: {peer.name}: {error}")
        kind = "skipped" if error.is_over_limit else "failed"
        return {**head, kind: str(error)}
    figures = pairs.to_json()
    roofline = None
    if case.traffic is not None:
        roofline = constants.roofline(case.traffic(digest.bytes), settings.slots, case.wire_gb_s)
    return {
        **head,
        **{key: value for key, value in figures.items() if key != "peer"},
        "peer_figures": figures["peer"],
        "output_bytes": digest.bytes,
        "wire_gb_s": case.wire_gb_s,
        "roofline": roofline,
        "efficiency": None if roofline is None else roofline / figures["ours"]["wall"],
    }


def run_case(case: Case, settings: Settings, constants: machine.Constants) -> list[dict[str, Any]]:
    """Runs one case against each of its peers, one peer's process at a time."""
    try:
        digest = answer_of(case.ours, case, settings)
        with started(case.ours, case, settings) as ours:
            ours.ask("prepare")
            found = [run_peer(case, peer, ours, digest, settings, constants) for peer in case.peers]
    except harness.ContestantError as error:
        raise RuntimeError(f"{case.name}: {error.contestant}: {error}") from error
    if case.notes is not None and found:
        found[0]["notes"] = [f"{case.name}: {line}" for line in case.notes()]
    return found


def run_benchmarks(names: Sequence[str], settings: Settings, name: str) -> int:
    """Runs the named benchmarks, prints the report, returns the exit code."""
    constants = machine.measure_constants()
    outcomes: list[dict[str, Any]] = []
    try:
        for each in names:
            for case in BENCHMARKS[each].cases(settings):
                outcomes += run_case(case, settings, constants)
    except (RuntimeError, OSError) as error:
        progress(f"benchmark failed: {error}")
        return 1
    document = {
        "name": name,
        "size": settings.size,
        "slots": settings.slots,
        "repeat": settings.repeat,
        "machine": machine.describe(constants),
        "outcomes": outcomes,
    }
    modules = [BENCHMARKS[each] for each in names]
    verdicts = [
        line
        for module in modules
        if hasattr(module, "verdicts")
        for line in module.verdicts(outcomes)
    ]
    report.print_report(document, [aim for module in modules for aim in module.aims()], verdicts)
    print(f"\n{report.save(document, ROOT / 'bench' / 'results')}")
    return 1 if any("failed" in each for each in outcomes) else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    choices = ["quick", "full", *BENCHMARKS]
    parser.add_argument("bench", nargs="?", default="quick", choices=choices)
    parser.add_argument("--list", action="store_true", help="list benchmarks and stop")
    parser.add_argument("--repeat", type=int, default=7, help="pairs per peer (7)")
    parser.add_argument("--only", default="", help="run cases with this in their name")
    parser.add_argument("--size", choices=["quick", "full"], help="cases of one BENCH")
    parser.add_argument("--slots", type=int, default=2, help="threads each (2)")
    parser.add_argument("--rows", type=int, help="scale of the data, for trying out")
    parser.add_argument("--time-limit", type=float, default=60, help="seconds per run")
    parser.add_argument("--data", type=Path, default=ROOT / "bench" / "data")
    build = ROOT / "build" / "release"
    parser.add_argument("--windrow", type=Path, default=build / "windrow")
    parser.add_argument(
        "--ours",
        nargs="+",
        default=[str(build / "windrow-bench")],
        metavar="WORD",
        help="command of our contestant; gets JOB.yaml --slots N",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    options = parse(arguments)
    if options.list:
        for name, module in BENCHMARKS.items():
            print(f"{name}: {(module.__doc__ or '').splitlines()[0]}")
        return 0
    if options.repeat < LEAST_PAIRS:
        progress(f"--repeat {options.repeat}: at least {LEAST_PAIRS} pairs are needed")
        return 2
    is_set = options.bench in ("quick", "full")
    settings = Settings(
        size=options.bench if is_set else options.size or "full",
        repeat=options.repeat,
        slots=options.slots,
        ours=options.ours,
        windrow=options.windrow,
        data=options.data.resolve(),
        time_limit=options.time_limit,
        only=options.only,
        rows=options.rows,
    )
    names = list(BENCHMARKS) if is_set else [options.bench]
    with (
        tempfile.TemporaryDirectory(prefix="windrow-bench-") as scratch,
        contextlib.ExitStack() as until_end,
    ):
        settings = replace(settings, scratch=Path(scratch), until_end=until_end)
        return run_benchmarks(names, settings, options.bench)


if __name__ == "__main__":
    sys.exit(main())
