# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with an S3 store: tried again where it may pass, else one clear line."""

import signal
import ssl
import time
from pathlib import Path

import command
import pyarrow.parquet as pq
import pytest
from support.certificates import make_certificate
from support.fault_proxy import Answer, Cut, Fault, FaultProxy, Hang, Request
from support.s3_inputs import BUCKET, LARGE, fails, rows_of, run, serve, write_files, write_job
from support.s3_server import environment

STOP_SECONDS = 1.5


@pytest.fixture(scope="module")
def s3_files(tmp_path_factory) -> Path:
    return write_files(tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="module")
def s3_server(s3_files: Path):
    with serve(s3_files) as server:
        yield server


def _certificate(folder: Path) -> ssl.SSLContext:
    """Makes cert.pem for 127.0.0.1, signed by itself, and what a s3_server needs."""
    made = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert, made.key)
    return context


def test_https_needs_a_certificate_that_is_trusted(s3_server, tmp_path: Path):
    with FaultProxy(s3_server.port, tls=_certificate(tmp_path)) as proxy:
        scan = f'"s3://{BUCKET}/data/days"'
        trusted = str(tmp_path / "cert.pem")
        outcome = run(tmp_path, scan, proxy.url, AWS_CA_BUNDLE=trusted)
        assert outcome.exit_code == 0, outcome.stderr
        (tmp_path / "out.parquet").unlink()
        outcome = run(tmp_path, scan, proxy.url, WINDROW_STORE_TRIES="1")
        assert outcome.exit_code == 4
        assert "certificate" in outcome.stderr


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("nowhere/data", "s3://nowhere/data: no such bucket"),
        ("nowhere/data/x.parquet", "s3://nowhere/data/x.parquet: no such bucket"),
        ("nowhere/data/*.parquet", "s3://nowhere/data: no such bucket"),
        (f"{BUCKET}/data/none.parquet", f"s3://{BUCKET}/data/none.parquet: no such file"),
        (f"{BUCKET}/none", f"s3://{BUCKET}/none: no such file"),
        (f"{BUCKET}/data/*.none", f"s3://{BUCKET}/data/*.none: no file matches"),
        (f"{BUCKET}/empty/", "the folder holds no data file"),
        ("", "names no bucket"),
        ("in*/x.parquet", "expected a bucket's name"),
    ],
)
def test_what_is_not_there_is_named(path, found, s3_server, tmp_path: Path):
    assert found in fails(tmp_path, f"s3://{path}", s3_server.url)


def test_no_credentials_are_an_error_of_their_own(s3_server, tmp_path: Path):
    stderr = fails(
        tmp_path, LARGE, s3_server.url, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None
    )
    assert "no credentials" in stderr
    assert "AWS_ACCESS_KEY_ID" in stderr
    stderr = fails(tmp_path, LARGE, s3_server.url, AWS_SECRET_ACCESS_KEY=None)
    assert "only AWS_ACCESS_KEY_ID is set" in stderr


def test_array_record_objects_are_refused(s3_server, tmp_path: Path):
    s3_server.put(BUCKET, "records/x.arrayrecord", b"0123")
    outcome = run(tmp_path, f'"s3://{BUCKET}/records/x.arrayrecord"', s3_server.url)
    assert outcome.exit_code == 2
    assert "ArrayRecord files are read from local folders only" in outcome.stderr


def test_a_damaged_object_is_bad_data(s3_server, s3_files, tmp_path: Path):
    content = (s3_files / "large.parquet").read_bytes()
    for name, damaged in {
        "cut": content[:-5],
        "short": b"PAR1",
        "footer": content[:-8] + b"\xff\xff\xff\x7fPAR1",
        "empty": b"",
    }.items():
        s3_server.put(BUCKET, f"damaged/{name}.parquet", damaged)
        scan = f"s3://{BUCKET}/damaged/{name}.parquet"
        outcome = run(tmp_path, f'"{scan}"', s3_server.url)
        assert outcome.exit_code == 3, outcome.stderr
        assert scan in outcome.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:9000", "ftp://x", "http://u:secret@x", "http://x/y"])
def test_an_endpoint_that_is_no_server_is_a_usage_error(url, tmp_path: Path):
    outcome = run(tmp_path, f'"{LARGE}"', None, "--s3-endpoint", url)
    assert outcome.exit_code == 2
    assert "expected http://HOST:PORT" in outcome.stderr
    assert "secret" not in outcome.stderr


@pytest.mark.parametrize(
    "code", ["SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", ""]
)
def test_wrong_credentials_are_not_tried_twice(code, s3_server, tmp_path: Path):
    with FaultProxy(s3_server.port, lambda _: Answer(403, code)) as proxy:
        stderr = fails(tmp_path, f"s3://{BUCKET}/data/days", proxy.url)
        assert "access denied" in stderr
        assert "AWS_SECRET_ACCESS_KEY" in stderr
        assert len(proxy.requests) == 1


def _in_row_groups(fault: Fault):
    """A rule for the reads after the first one, which is of the file's end."""
    seen: list[Request] = []

    def rule(request: Request) -> Fault:
        if request.kind != "get":
            return None
        seen.append(request)
        return fault if len(seen) > 1 else None

    return rule


LASTING = {
    "cut": (Cut(1000), "partial"),
    "no_answer": (Cut(0), "partial"),
    "busy": (Answer(503, "SlowDown"), "SLOW_DOWN"),
    "busy_without_words": (Answer(503), "HTTP status 503"),
    "too_many": (Answer(429), "HTTP status 429"),
    "broken": (Answer(500, "InternalError"), "INTERNAL_FAILURE"),
}


@pytest.mark.parametrize("name", LASTING)
def test_what_does_not_pass_ends_after_some_tries(name, s3_server, tmp_path: Path):
    fault, cause = LASTING[name]
    with FaultProxy(s3_server.port, _in_row_groups(fault)) as proxy:
        limits = {"WINDROW_STORE_TRIES": "3", "WINDROW_STORE_RETRY_SECONDS": "60"}
        stderr = fails(tmp_path, LARGE, proxy.url, **limits)
        assert f"{LARGE}: after 3 tries: " in stderr
        assert cause in stderr


@pytest.mark.parametrize("name", LASTING)
def test_what_passes_is_tried_again(name, s3_server, s3_files, tmp_path: Path):
    fault, _ = LASTING[name]
    spoiled: set[tuple[str, str, str]] = set()

    def once_each(request: Request) -> Fault:
        key = (request.kind, request.path, request.range)
        if key in spoiled:
            return None
        spoiled.add(key)
        return fault

    with FaultProxy(s3_server.port, once_each) as proxy:
        found = rows_of(tmp_path, f'"{LARGE}"', proxy.url)
        assert found.equals(pq.read_table(s3_files / "large.parquet"))
        assert len(spoiled) >= 12


def test_no_server_is_an_error_after_some_tries(tmp_path: Path):
    stderr = fails(tmp_path, LARGE, "http://127.0.0.1:1", WINDROW_STORE_TRIES="2")
    assert f"{LARGE}: after 2 tries: NETWORK_CONNECTION" in stderr


def test_a_server_that_is_silent_is_an_error_in_time(s3_server, tmp_path: Path):
    with FaultProxy(s3_server.port, _in_row_groups(Hang())) as proxy:
        stderr = fails(
            tmp_path, LARGE, proxy.url, WINDROW_STORE_TRIES="2", WINDROW_STORE_REQUEST_SECONDS="1"
        )
        assert "after 2 tries" in stderr


def test_the_limits_of_trying_are_checked(s3_server, tmp_path: Path):
    outcome = run(tmp_path, f'"{LARGE}"', s3_server.url, WINDROW_STORE_TRIES="many")
    assert outcome.exit_code == 2
    assert "WINDROW_STORE_TRIES=many: expected a number above 0" in outcome.stderr


@pytest.fixture
def own_copy(s3_server, s3_files):
    """An object that a test may change."""
    content = (s3_files / "large.parquet").read_bytes()
    s3_server.put(BUCKET, "copies/large.parquet", content)
    yield f"s3://{BUCKET}/copies/large.parquet"
    s3_server.client.delete_object(Bucket=BUCKET, Key="copies/large.parquet")


def test_an_object_deleted_while_it_is_read_is_an_error(s3_server, own_copy, tmp_path: Path):
    in_row_groups = _in_row_groups(None)
    gets = 0

    def rule(request: Request) -> Fault:
        nonlocal gets
        gets += request.kind == "get"
        if gets == 4:
            s3_server.client.delete_object(Bucket=BUCKET, Key="copies/large.parquet")
        return in_row_groups(request)

    with FaultProxy(s3_server.port, rule) as proxy:
        stderr = fails(tmp_path, own_copy, proxy.url, "--set", "prefetch=off")
        assert f"{own_copy}: the object was deleted while it was read" in stderr


@pytest.mark.parametrize("is_shorter", [True, False])
def test_an_object_changed_while_it_is_read_is_an_error(
    is_shorter, s3_server, own_copy, s3_files, tmp_path: Path
):
    content = (s3_files / "large.parquet").read_bytes()
    gets = 0

    def rule(request: Request) -> Fault:
        nonlocal gets
        gets += request.kind == "get"
        if gets == 11:
            changed = content[:1000] if is_shorter else content + b"more"
            s3_server.put(BUCKET, "copies/large.parquet", changed)
        return None

    with FaultProxy(s3_server.port, rule) as proxy:
        stderr = fails(tmp_path, own_copy, proxy.url, "--set", "prefetch=off")
        assert f"{own_copy}: the object was changed while it was read" in stderr


def test_what_looks_damaged_may_have_changed(s3_server, own_copy, s3_files, tmp_path: Path):
    content = (s3_files / "large.parquet").read_bytes()
    s3_server.put(BUCKET, "copies/large.parquet", content)

    def replace_after_the_end(request: Request) -> Fault:
        if len(proxy.of_kind("get")) == 2:
            middle = len(content) // 2
            s3_server.put(BUCKET, "copies/large.parquet", content[middle:] + content)
        return None

    with FaultProxy(s3_server.port, replace_after_the_end) as proxy:
        stderr = fails(tmp_path, own_copy, proxy.url, "--set", "prefetch=off")
        assert f"{own_copy}: the object was changed while it was read" in stderr


@pytest.mark.parametrize("kind", ["list", "head", "get"])
def test_ctrl_c_ends_the_wait_for_a_silent_server(kind, s3_server, tmp_path: Path):
    def rule(request: Request) -> Fault:
        return Hang() if request.kind == kind else None

    path = f"s3://{BUCKET}/data/days" if kind == "list" else LARGE
    with FaultProxy(s3_server.port, rule) as proxy:
        job = write_job(tmp_path, f'"{path}"')
        process = command.start("run", job, cwd=tmp_path, env=environment(proxy.url))
        proxy.wait_for_request(kind)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        _, stderr = process.communicate(timeout=20)
        assert process.returncode == 130, stderr
        assert time.monotonic() - sent < STOP_SECONDS
        assert command.names_in(tmp_path) == ["job.yaml"]


def test_ctrl_c_ends_a_run_that_waits_for_row_groups(s3_server, tmp_path: Path):
    with FaultProxy(s3_server.port, _in_row_groups(Hang())) as proxy:
        job = write_job(tmp_path, f'"{LARGE}"')
        process = command.start("run", job, cwd=tmp_path, env=environment(proxy.url))
        deadline = time.monotonic() + 20
        while len(proxy.of_kind("get")) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        _, stderr = process.communicate(timeout=20)
        assert process.returncode == 130, stderr
        assert time.monotonic() - sent < STOP_SECONDS
        assert command.names_in(tmp_path) == ["job.yaml"]
