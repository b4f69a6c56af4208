# SPDX-License-Identifier: Apache-2.0
"""pod-usage that is killed, loses its server or meets another run: old rows or new ones.

WINDROW_FAULT_POINTS is how many random moments are tried, WINDROW_FAULT_SEED which.
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import command
import pytest
from support.pod_usage.summary_tables import SummaryTables, shows_password
from support.pod_usage.two_states import TwoStates
from support.postgres_server import PostgresServer

POINTS = int(os.environ.get("WINDROW_FAULT_POINTS", "10"))
STOP_SECONDS = 1.0
WAITING = "select exists (select from pg_locks where locktype = 'advisory' and not granted)"
ALONE = "select count(*) = 1 from pg_stat_activity where datname = current_database()"


@pytest.fixture
def chance() -> random.Random:
    seed = os.environ.get("WINDROW_FAULT_SEED") or str(random.randrange(1 << 32))
    print(f"replay: WINDROW_FAULT_SEED={seed}")
    return random.Random(int(seed))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("two_states")


@pytest.fixture(scope="module")
def states(postgres_server: PostgresServer, inputs: Path) -> Iterator[TwoStates]:
    yield TwoStates(inputs, SummaryTables(postgres_server.create_database("two states")))
    postgres_server.drop_database("two states")


def test_a_torn_table_is_noticed(states: TwoStates):
    table = states.tables.table
    one_row = f"(select uuid from {table} where cluster_alias = 'old' limit 1)"
    for change in (
        f"delete from {table} where uuid = {one_row}",
        f"update {table} set usage_start = usage_start + 1 where uuid = {one_row}",
        f"delete from {table} where infrastructure_raw_cost = 1.5",
    ):
        states.put("old")
        assert states.held() == "old"
        states.tables.database.execute(change)
        assert states.held().startswith("neither")


def test_a_killed_run(states: TwoStates, chance: random.Random):
    ends = set()
    for point in range(POINTS):
        states.put("old")
        parallel = ("--parallel", "4") if point % 2 else ()
        process = command.start(*states.words("new", *parallel), cwd=states.folder)
        time.sleep(chance.random() * states.seconds if point else 0)
        process.kill()
        process.communicate(timeout=20)
        ends.add(left := states.held())
        assert left in ("old", "new")
        # What the server still had of it takes no effect later.
        states.tables.database.wait_until(ALONE)
        assert states.held() in (left, "new")
    assert "old" in ends
    command.run_well(*states.words("new", "--parallel", "4"), cwd=states.folder)
    assert states.held() == "new"
    assert states.tables.stagings() == 0


def test_a_killed_server(own_server: PostgresServer, inputs: Path, chance: random.Random):
    states = TwoStates(inputs, SummaryTables(own_server))
    for point in range(POINTS):
        states.put("old")
        parallel = ("--parallel", "4") if point % 2 else ()
        words = states.words("new", *parallel, connect_timeout="1")
        process = command.start(*words, cwd=inputs)
        time.sleep(chance.random() * states.seconds)
        own_server.kill()
        stdout, stderr = process.communicate(timeout=30)
        own_server.start()
        assert not shows_password(stdout + stderr)
        assert process.returncode in (0, 4), stderr
        left = states.held()
        if process.returncode == 0:
            assert left == "new"
        elif "no answer to COMMIT" in stderr:
            assert "running again is safe" in stderr
            assert left in ("old", "new")
        else:
            assert command.is_one_line(stderr), stderr
            assert left == "old"
    command.run_well(*states.words("new"), cwd=inputs)
    assert states.held() == "new"


@pytest.mark.parametrize("parallel", ["1", "4"])
def test_two_runs_at_once(parallel: str, states: TwoStates):
    for _ in range(2):
        processes = [
            command.start(*states.words(name, "--parallel", parallel), cwd=states.folder)
            for name in ("old", "new")
        ]
        for process in processes:
            _, stderr = process.communicate(timeout=60)
            assert process.returncode == 0, stderr
        assert states.held() in ("old", "new")
    assert states.tables.stagings() == 0


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_waits_for_another_can_be_stopped(stop: signal.Signals, states: TwoStates):
    states.put("old")
    database, table = states.tables.database, states.tables.table
    with database.open_session() as holder:
        holder.run("begin")
        holder.run(f"select pg_advisory_xact_lock(1464748882, '{table}'::regclass::oid::integer)")
        process = command.start(*states.words("new"), cwd=states.folder)
        database.wait_until(WAITING)
        process.send_signal(stop)
        sent = time.monotonic()
        _, stderr = process.communicate(timeout=20)
        took = time.monotonic() - sent
    assert process.returncode == 130, stderr
    assert took < STOP_SECONDS
    assert not shows_password(stderr)
    assert states.held() == "old"


def test_tls(tls_server: tuple[PostgresServer, Path], inputs: Path):
    server, folder = tls_server
    trusted = {"sslmode": "verify-full", "sslrootcert": str(folder / "root.pem")}
    states = TwoStates(inputs, SummaryTables(server))
    command.run_well(*states.words("old", "--parallel", "2", **trusted), cwd=inputs)
    assert states.held() == "old"
    words = states.words("new", **(trusted | {"sslrootcert": str(folder / "other.pem")}))
    outcome = command.run(*words, cwd=inputs)
    assert outcome.exit_code == 4
    assert "certificate verify failed" in outcome.stderr
    assert states.held() == "old"
