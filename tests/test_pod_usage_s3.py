# SPDX-License-Identifier: Apache-2.0
"""windrow pod-usage from an object store: the bytes of a local run, or one clear line."""

from collections.abc import Iterator
from pathlib import Path

import command
import pytest
from case_run import Outcome
from support.fault_proxy import Answer, Cut, Fault, FaultProxy, Request
from support.pod_usage import random_case, random_hours, run
from support.pod_usage.case import ACCOUNT, Case
from support.pod_usage.comparison import difference
from support.pod_usage.edge_cases import edge_cases, make, pod
from support.pod_usage.hourly_rows import ingested, write_hourly
from support.pod_usage.reference import summary
from support.pod_usage.summary_tables import SummaryTables, shows_password
from support.postgres_server import PostgresServer
from support.s3_server import ACCESS_KEY, SECRET_KEY, S3Server, environment

BUCKET = "reports"
CASE = edge_cases()["e12-shared-volume"]


@pytest.fixture(scope="module")
def store() -> Iterator[S3Server]:
    with S3Server() as server:
        server.make_bucket(BUCKET)
        server.make_bucket("bare")
        yield server


@pytest.fixture
def prefix(store: S3Server, tmp_path: Path) -> str:
    """Where the files of CASE are in the bucket."""
    run.prepare(CASE, tmp_path)
    return put(store, tmp_path, "shared")


def put(store: S3Server, folder: Path, name: str) -> str:
    store.put_folder(BUCKET, f"{name}/", folder / "in")
    return f"s3://{BUCKET}/{name}"


def read(
    case: Case, folder: Path, reports: str, endpoint: str, *more: str, **how: str | None
) -> Outcome:
    """A run that reads from the store; `how` are places and variables of the environment."""
    places = {name: how.pop(name) for name in ("layout", "to", "reference") if name in how}
    more = ("--progress", "none", *more)
    env = environment(endpoint, **how)
    outcome = run.run(case, folder, *more, reports=reports, env=env, **places)
    for secret in (ACCESS_KEY, SECRET_KEY):
        assert secret not in outcome.stdout + outcome.stderr
    return outcome


def fails(folder: Path, reports: str, endpoint: str, *more: str, **how: str | None) -> str:
    """The message of a run of CASE that the store fails."""
    outcome = read(CASE, folder, reports, endpoint, *more, **how)
    assert outcome.exit_code == 4, outcome.stderr
    assert command.is_one_line(outcome.stderr), outcome.stderr
    assert command.names_in(folder) == ["in", "reference.json"]
    return outcome.stderr


def both(case: Case, folder: Path, store: S3Server, name: str, layout: str) -> tuple[bytes, bytes]:
    """What a run gives from a folder and from the store."""
    reports = put(store, folder, name)
    command.run_well(*run.words(case, layout=layout), cwd=folder)
    local = (folder / run.OUTPUT).read_bytes()
    outcome = read(case, folder, reports, store.url, layout=layout)
    assert outcome.exit_code == 0, outcome.stderr
    return local, (folder / run.OUTPUT).read_bytes()


@pytest.mark.parametrize("name", ["e12", "random"])
def test_koku_layout(name: str, store: S3Server, tmp_path: Path):
    case = CASE if name == "e12" else random_case.make(11)
    run.prepare(case, tmp_path)
    local, remote = both(case, tmp_path, store, f"koku/{name}", "koku")
    assert local == remote
    assert difference(run.read_rows(tmp_path / run.OUTPUT), summary(case)) == ""


@pytest.mark.parametrize("seed", [3, 4])
def test_hourly_layout(seed: int, store: S3Server, tmp_path: Path):
    hours = random_hours.make(seed)
    case = ingested(hours, random_hours.settings())
    case.settings.write_reference(tmp_path / "reference.json")
    write_hourly(hours, tmp_path / "in")
    local, remote = both(case, tmp_path, store, f"hourly/{seed}", "hourly")
    assert local == remote
    assert difference(run.read_rows(tmp_path / run.OUTPUT), summary(case)) == ""


@pytest.mark.parametrize("place", ["s3://bare", "s3://bare/", f"s3://{BUCKET}/other"])
def test_no_reports_give_no_rows(place: str, store: S3Server, tmp_path: Path):
    """A bucket without reports, or reports of another account."""
    store.put(BUCKET, f"other/data/parquet/daily/{ACCOUNT}2/OCP/pod_usage/x.parquet", b"")
    run.prepare(make([]), tmp_path)
    outcome = read(make([]), tmp_path, place, store.url)
    assert outcome.exit_code == 0, outcome.stderr
    assert "no usage reports" in outcome.stderr
    assert (tmp_path / run.OUTPUT).read_bytes() == b""


def test_what_is_not_there_is_named(prefix: str, store: S3Server, tmp_path: Path):
    assert "s3://nowhere" in fails(tmp_path, "s3://nowhere/x", store.url)
    absent = f"s3://{BUCKET}/absent"
    assert f"input {absent}" in fails(tmp_path, absent, store.url)
    stderr = fails(tmp_path, prefix, "http://127.0.0.1:1", WINDROW_STORE_TRIES="2")
    assert "after 2 tries" in stderr


def test_credentials(prefix: str, store: S3Server, tmp_path: Path):
    none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    assert "no credentials" in fails(tmp_path, prefix, store.url, **none)
    with FaultProxy(store.port, lambda _: Answer(403, "SignatureDoesNotMatch")) as proxy:
        assert "access denied" in fails(tmp_path, prefix, proxy.url)
        asked = [str(request) for request in proxy.requests]
        assert len(set(asked)) == len(asked), "nothing is tried twice"


def of_file(part: str, fault: Fault):
    """A rule for what is read of files with `part` in their path."""

    def rule(request: Request) -> Fault:
        return fault if request.kind == "get" and part in request.path else None

    return rule


LASTING = {
    "cut": Cut(100),
    "no_answer": Cut(0),
    "busy": Answer(503, "SlowDown"),
    "broken": Answer(500),
}


@pytest.mark.parametrize("part", ["storage_usage", "parquet/org1234567"])
@pytest.mark.parametrize("name", LASTING)
def test_what_does_not_pass(name: str, part: str, prefix: str, store: S3Server, tmp_path: Path):
    """Rows of volumes or of capacity cannot be read, so there are none at all."""
    with FaultProxy(store.port, of_file(part, LASTING[name])) as proxy:
        stderr = fails(tmp_path, prefix, proxy.url, WINDROW_STORE_TRIES="2")
        assert "after 2 tries" in stderr
        assert part in stderr
        assert prefix in stderr


def test_lists_that_fail(prefix: str, store: S3Server, tmp_path: Path):
    def rule(request: Request) -> Fault:
        return Answer(503, "SlowDown") if request.kind == "list" else None

    with FaultProxy(store.port, rule) as proxy:
        assert "after 2 tries" in fails(tmp_path, prefix, proxy.url, WINDROW_STORE_TRIES="2")


@pytest.mark.parametrize("name", LASTING)
def test_what_passes(name: str, prefix: str, store: S3Server, tmp_path: Path):
    """The first try of every request fails."""
    tries: dict[tuple, int] = {}

    def rule(request: Request) -> Fault:
        key = (request.kind, request.path, request.range, str(request.query))
        tries[key] = tries.get(key, 0) + 1
        return LASTING[name] if tries[key] == 1 else None

    with FaultProxy(store.port, rule) as proxy:
        outcome = read(CASE, tmp_path, prefix, proxy.url, WINDROW_STORE_RETRY_SECONDS="10")
        assert outcome.exit_code == 0, outcome.stderr
    assert difference(run.read_rows(tmp_path / run.OUTPUT), summary(CASE)) == ""
    assert min(tries.values()) >= 2


@pytest.mark.parametrize("part", ["node_labels", "daily/org1234567/OCP/pod_usage"])
def test_an_object_deleted_after_it_was_listed(part: str, store: S3Server, tmp_path: Path):
    run.prepare(case := edge_cases()["e01-precedence"], tmp_path)
    reports = put(store, tmp_path, "deleted")

    def rule(request: Request) -> Fault:
        if request.kind != "list" and part in request.path:
            key = request.path.removeprefix(f"/{BUCKET}/")
            store.client.delete_object(Bucket=BUCKET, Key=key)
        return None

    with FaultProxy(store.port, rule) as proxy:
        outcome = read(case, tmp_path, reports, proxy.url)
    assert outcome.exit_code == 4, outcome.stderr
    assert command.is_one_line(outcome.stderr)
    assert part in outcome.stderr
    assert not (tmp_path / run.OUTPUT).exists()


def test_an_object_that_is_no_report_is_named(store: S3Server, tmp_path: Path):
    run.prepare(CASE, tmp_path)
    reports = put(store, tmp_path, "damaged")
    listed = store.client.list_objects_v2(Bucket=BUCKET, Prefix="damaged/data/parquet/daily")
    keys = [item["Key"] for item in listed["Contents"] if "storage_usage" in item["Key"]]
    body = store.client.get_object(Bucket=BUCKET, Key=keys[0])["Body"].read()
    store.put(BUCKET, keys[0], body[:-8])
    outcome = read(CASE, tmp_path, reports, store.url)
    assert outcome.exit_code == 3, outcome.stderr
    assert f"s3://{BUCKET}/{keys[0]}" in outcome.stderr
    assert not (tmp_path / run.OUTPUT).exists()


def test_from_s3_to_postgresql(store: S3Server, database: PostgresServer, tmp_path: Path):
    case = make([pod(labels='{"app": "a"}'), pod("2025-10-02")])
    run.prepare(case, tmp_path)
    reports = put(store, tmp_path, "whole")
    tables = SummaryTables(database)
    tables.create([case.settings.start])
    tables.put_reference(case.settings)
    bystanders = tables.put_bystanders(case.settings)
    places = {"to": tables.url(), "reference": tables.url()}
    outcome = read(case, tmp_path, reports, store.url, "--parallel", "2", **places)
    assert outcome.exit_code == 0, outcome.stderr
    assert difference(tables.rows(), summary(case)) == ""
    before = tables.state()
    with FaultProxy(store.port, of_file("pod_usage", Cut(10))) as proxy:
        for parallel in ("1", "2"):
            more = ("--parallel", parallel)
            how = {"WINDROW_STORE_TRIES": "2", **places}
            outcome = read(case, tmp_path, reports, proxy.url, *more, **how)
            assert outcome.exit_code == 4, outcome.stderr
            assert not shows_password(outcome.stderr)
            assert tables.state() == before
    assert tables.bystanders() == bystanders
