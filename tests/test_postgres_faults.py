# SPDX-License-Identifier: Apache-2.0
"""Runs that are stopped, killed or cut off leave the old rows or the new ones, nothing else."""

import functools
import random
import signal
import subprocess
import threading
import time
from pathlib import Path

import command
import postgres_jobs
import pyarrow as pa
import pyarrow.parquet
import pytest
from support.postgres_server import PostgresServer

OLD, NEW = 500, 40_000
STOP_SECONDS = 1.0
WAITING = "select exists (select from pg_locks where locktype = 'advisory' and not granted)"
COPYING = "select exists (select from pg_stat_progress_copy where tuples_processed > 0)"
ENDLESS = "generate_series(1, 1000000000)"
TARGET = "create table t (id bigint not null, kind text, j jsonb)"


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "new.parquet"
    table = pa.table(
        {
            "id": pa.array(range(NEW)),
            "kind": pa.array(["new"] * NEW),
            "j": pa.array(['{"a": "%s"}' % ("x" * (i % 50)) for i in range(NEW)]),
        }
    )
    pyarrow.parquet.write_table(table, path)
    return path


def put_old_rows(database: PostgresServer) -> None:
    database.execute(
        f"drop table if exists t; {TARGET}; create index on t using gin (j);"
        f"insert into t select i, 'old', '{{}}' from generate_series(1, {OLD}) i"
    )


def kinds(database: PostgresServer) -> dict[str | None, int]:
    return {kind: int(n) for kind, n in database.rows("select kind, count(*) from t group by 1")}


def stagings(database: PostgresServer) -> int:
    return int(database.value("select count(*) from pg_class where relname ~ '^windrow_staging'"))


def start(folder: Path, database: PostgresServer, rows: Path, parallel: int) -> subprocess.Popen:
    job = postgres_jobs.load_job(
        folder, database, "t", rows, parallel=parallel, replace_where="kind = 'old' or true"
    )
    settings = ["--progress", "none", "--set", "morsel_rows=500"]
    return command.start("run", job, *settings, cwd=folder)


@pytest.mark.parametrize("parallel", [1, 4])
def test_a_killed_run_leaves_the_old_rows(
    parallel: int, database: PostgresServer, rows: Path, tmp_path: Path
):
    seed = random.randrange(1 << 32)
    print(f"replay with seed {seed}")
    chance = random.Random(seed)
    ends = set()
    for point in range(8):
        put_old_rows(database)
        process = start(tmp_path, database, rows, parallel)
        time.sleep(chance.random() * 0.7 if point else 0)
        process.kill()
        process.communicate(timeout=20)
        left = kinds(database)
        assert left in ({"old": OLD}, {"new": NEW})
        ends.add(next(iter(left)))
        # The session of the killed run ends within a second of it.
        database.wait_until(
            "select count(*) = 1 from pg_stat_activity where datname = current_database()"
        )
        assert kinds(database) in (left, {"new": NEW})
    assert "old" in ends
    process = start(tmp_path, database, rows, parallel)
    assert process.communicate(timeout=60)[1] == ""
    assert kinds(database) == {"new": NEW}
    assert stagings(database) == (0 if parallel > 1 else stagings(database))


@pytest.mark.parametrize("parallel", [1, 4])
def test_a_killed_server_has_the_old_rows_or_the_new(
    parallel: int, own_server: PostgresServer, rows: Path, tmp_path: Path
):
    seed = random.randrange(1 << 32)
    print(f"replay with seed {seed}")
    chance = random.Random(seed)
    own_server.url = functools.partial(own_server.url, connect_timeout="2")
    put_old_rows(own_server)
    for _ in range(5):
        own_server.execute(
            f"delete from t; insert into t select i, 'old', '{{}}' from generate_series(1, {OLD}) i"
        )
        process = start(tmp_path, own_server, rows, parallel)
        time.sleep(chance.random() * 0.8)
        own_server.kill()
        _, stderr = process.communicate(timeout=30)
        assert process.returncode in (0, 4), stderr
        own_server.start()
        left = kinds(own_server)
        if process.returncode == 0:
            assert left == {"new": NEW}
        elif "no answer to COMMIT" in stderr:
            assert left in ({"old": OLD}, {"new": NEW})
            assert "running again is safe" in stderr
        else:
            assert left == {"old": OLD}
    process = start(tmp_path, own_server, rows, parallel)
    assert process.communicate(timeout=60)[1] == ""
    assert kinds(own_server) == {"new": NEW}


@pytest.mark.parametrize("parallel", [1, 2])
def test_two_runs_at_once_give_the_rows_of_one(
    parallel: int, database: PostgresServer, rows: Path, tmp_path: Path
):
    put_old_rows(database)
    processes = [start(tmp_path, database, rows, parallel) for _ in range(3)]
    for process in processes:
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
    assert kinds(database) == {"new": NEW}
    assert stagings(database) == 0


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("parallel", [1, 2])
def test_a_run_that_waits_for_another_can_be_stopped(
    parallel: int, stop: signal.Signals, database: PostgresServer, rows: Path, tmp_path: Path
):
    put_old_rows(database)
    lock = "select pg_advisory_xact_lock(1464748882, 't'::regclass::oid::integer)"
    with database.open_session() as holder:
        holder.run(f"begin; {lock}")
        process = start(tmp_path, database, rows, parallel)
        database.wait_until(WAITING)
        process.send_signal(stop)
        sent = time.monotonic()
        _, stderr = process.communicate(timeout=20)
        assert time.monotonic() - sent < STOP_SECONDS
    assert process.returncode == 130, stderr
    assert f"{database.safe_url()}: waiting for another run that writes public.t" in stderr
    assert kinds(database) == {"old": OLD}
    database.wait_until(f"select not ({WAITING.removeprefix('select ')})")
    assert stagings(database) == 0


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_run_that_copies_can_be_stopped(
    parallel: int, own_server: PostgresServer, tmp_path: Path
):
    put_old_rows(own_server)
    source = {"scan": own_server.url(), "query": f"select {ENDLESS}::bigint as id"}
    sink = {"write": own_server.url(), "table": "t", "parallel": parallel, "replace_where": "true"}
    job = postgres_jobs.write_job(tmp_path, source, sink)
    for hangs in (False, True):
        process = command.start("run", job, "--progress", "none", cwd=tmp_path)
        own_server.wait_until(COPYING)
        if hangs:
            own_server.pause()
            time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        _, stderr = process.communicate(timeout=20)
        took = time.monotonic() - sent
        if hangs:
            own_server.resume()
        assert process.returncode == 130, stderr
        # A hung server cannot be asked to drop the staging tables, which is given up soon.
        assert took < STOP_SECONDS + (1.0 if hangs and parallel > 1 else 0)
        assert kinds(own_server) == {"old": OLD}
        own_server.wait_until(f"select not ({COPYING.removeprefix('select ')})")


def test_leftovers_of_dead_runs_are_dropped_and_those_of_live_ones_kept(
    database: PostgresServer, rows: Path, tmp_path: Path
):
    put_old_rows(database)
    dead, live = "windrow_staging_00000000000000ff_0", "windrow_staging_fffffffffffffffe_1"
    keep = ["windrow_staging_00000000000000ff", "windrow_staging_00000000000000ff_x"]
    for name in [dead, live, *keep]:
        database.execute(f"create unlogged table {name} (id integer)")
    database.execute("create table windrow_staging_00000000000000fe_0 (id integer)")
    with database.open_session() as holder:
        holder.run("select pg_advisory_lock(-2)")
        process = start(tmp_path, database, rows, parallel=2)
        assert process.communicate(timeout=60)[1] == ""
        names = database.rows("select relname from pg_class where relname ~ '^windrow_staging'")
        assert {name for (name,) in names} == {live, *keep, "windrow_staging_00000000000000fe_0"}


def test_a_deadlock_is_tried_again(database: PostgresServer, rows: Path, tmp_path: Path):
    put_old_rows(database)
    database.execute("create table other (id integer); insert into other values (1)")
    database.execute(
        "create function touch() returns trigger language plpgsql as "
        "$$ begin update other set id = id + 1; return old; end $$;"
        "create trigger touched after delete on t for each statement execute function touch()"
    )
    with database.open_session() as rival:
        rival.run("begin")
        rival.run("set deadlock_timeout = '1h'")
        rival.run("update other set id = 0")
        process = start(tmp_path, database, rows, parallel=1)
        database.wait_until(
            "select exists (select from pg_locks where locktype in ('transactionid', 'tuple') "
            "and not granted)"
        )
        # The run, which has deleted and waits for `other`, is the one to be undone.
        blocked = threading.Thread(target=rival.run, args=["delete from t where id = 1"])
        blocked.start()
        blocked.join(timeout=20)
        rival.run("rollback")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert "deadlock detected" in database.log()
    assert kinds(database) == {"new": NEW}


def test_a_server_that_starts_late_is_waited_for(
    own_server: PostgresServer, rows: Path, tmp_path: Path
):
    put_old_rows(own_server)
    own_server.stop()
    process = start(tmp_path, own_server, rows, parallel=1)
    time.sleep(1)
    assert process.poll() is None
    own_server.start()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert kinds(own_server) == {"new": NEW}


def test_too_many_clients_are_waited_for(own_server: PostgresServer, rows: Path, tmp_path: Path):
    put_old_rows(own_server)
    own_server.stop()
    with (own_server.folder / "data/postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write("max_connections = 4\nsuperuser_reserved_connections = 0\n")
    own_server.start()
    held = [own_server.open_session() for _ in range(4)]
    for session in held:
        session.run("select 1")
    process = start(tmp_path, own_server, rows, parallel=1)
    time.sleep(0.7)
    assert process.poll() is None
    for session in held:
        session.close()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert kinds(own_server) == {"new": NEW}


def test_a_server_that_is_not_there_is_given_up(tmp_path: Path, own_server: PostgresServer):
    own_server.stop()
    source = {"scan": own_server.url(connect_timeout="1"), "table": "t"}
    job = postgres_jobs.write_job(tmp_path, source, {"write": "out.parquet"})
    begun = time.monotonic()
    outcome = command.run("run", job, cwd=tmp_path)
    assert outcome.exit_code == 4
    assert command.is_one_line(outcome.stderr)
    assert "Connection refused" in outcome.stderr
    assert 0.3 < time.monotonic() - begun < 5
