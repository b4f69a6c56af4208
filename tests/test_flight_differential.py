# SPDX-License-Identifier: Apache-2.0
"""The random joins of test_differential.py with their right sides on a server."""

from pathlib import Path

import pytest
import random_join
import random_runs
import yaml
from support.flight_server import FlightServer
from test_differential import difference


@pytest.mark.parametrize("seed", random_runs.seeds(60))
def test_random_join_with_a_server(seed: int, tmp_path: Path):
    join = random_join.make(seed, tmp_path)
    path = tmp_path / join.job["sources"]["right"]["scan"]
    # Small messages, so that even small tables have several.
    with FlightServer({"right": path}, "--message-bytes", "4KiB") as server:
        join.job["sources"]["right"] = {"scan": server.uri("right")}
        text = yaml.safe_dump(join.job, sort_keys=False, allow_unicode=True)
        (tmp_path / "job.yaml").write_text(text, encoding="utf-8")
        output = tmp_path / join.job["sinks"][0]["write"]
        random_runs.check(
            seed,
            __file__,
            tmp_path,
            join.arguments,
            lambda: difference(output, join.expected),
        )
