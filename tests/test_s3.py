# SPDX-License-Identifier: Apache-2.0
"""Objects in an S3 store as inputs: the rows of the local files, few requests, clear failures."""

import datetime
import ipaddress
import signal
import ssl
import time
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.fault_proxy import Answer, Cut, Fault, FaultProxy, Hang, Request, Slow
from support.s3_server import ACCESS_KEY, SECRET_KEY, S3Server, environment

BUCKET = "inputs"
SMALL_FILES = 24
ROWS_OF_SMALL = 50
# Above the size that is fetched with one request.
LARGE_ROWS = 600_000
STOP_SECONDS = 1.5


def _table(rows: int, first: int = 0) -> pa.Table:
    ids = range(first, first + rows)
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "mixed": pa.array([(i * 2654435761) % 2**32 for i in ids], pa.int64()),
            "name": [f"name {i % 97}" for i in ids],
        }
    )


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Path:
    """The files that the bucket holds under data/."""
    folder = tmp_path_factory.mktemp("local") / "data"
    days = folder / "days"
    for number in range(SMALL_FILES):
        day = days / f"day=2024-05-{number + 1:02}"
        day.mkdir(parents=True)
        pq.write_table(_table(ROWS_OF_SMALL, number * ROWS_OF_SMALL), day / "part.parquet")
    (days / "_SUCCESS").write_bytes(b"")
    large = _table(LARGE_ROWS)
    pq.write_table(large, folder / "large.parquet", row_group_size=60_000)
    with pa.ipc.new_file(folder / "large.arrow", large.schema) as writer:
        writer.write_table(large, max_chunksize=100_000)
    pq.write_table(large.slice(0, 5), folder / "odd [1].parquet")
    return folder


@pytest.fixture(scope="module")
def server(local: Path):
    with S3Server() as server:
        server.make_bucket(BUCKET)
        server.put_folder(BUCKET, "data/", local)
        server.put(BUCKET, "empty/", b"")
        yield server


def _job(folder: Path, scan: str, steps: str = "", last: str = "t") -> Path:
    job = folder / "job.yaml"
    job.write_text(
        f"windrow: 1\nsources:\n  t: {{scan: {scan}}}\n{steps}"
        f"sinks:\n  - {{write: out.parquet, from: {last}}}\n",
        encoding="utf-8",
    )
    return job


def _run(folder: Path, scan: str, endpoint: str, *words: str, **env: str | None):
    outcome = command.run(
        "run",
        _job(folder, scan),
        "--progress",
        "none",
        *words,
        cwd=folder,
        env=environment(endpoint, **env),
    )
    assert SECRET_KEY not in outcome.stdout + outcome.stderr
    assert ACCESS_KEY not in outcome.stdout + outcome.stderr
    return outcome


def _rows(folder: Path, scan: str, endpoint: str, *words: str) -> pa.Table:
    outcome = _run(folder, scan, endpoint, *words)
    assert outcome.exit_code == 0, outcome.stderr
    return pq.read_table(folder / "out.parquet")


PATHS = {
    "file": "large.parquet",
    "ipc": "large.arrow",
    "folder": "days",
    "folder_with_slash": "days/",
    "one_glob": "days/day=2024-05-0[1-4]/part.parquet",
    "any_depth": "**/part.parquet",
    "stars": "d?ys/*1/*",
    "glob_names_folders": "days/day=2024-05-1*",
    "glob_characters_in_a_name": "odd [1].parquet",
}


@pytest.mark.parametrize("name", PATHS)
def test_the_rows_are_those_of_the_local_files(name, server, local, tmp_path: Path):
    path = PATHS[name]
    found = _rows(tmp_path, f'"s3://{BUCKET}/data/{path}"', server.url)
    (tmp_path / "out.parquet").rename(tmp_path / "remote.parquet")
    expected = _rows(tmp_path, f'"{local}/{path}"', server.url)
    assert found.num_rows > 0
    assert found.equals(expected)
    remote = (tmp_path / "remote.parquet").read_bytes()
    assert remote == (tmp_path / "out.parquet").read_bytes()


def test_a_list_mixes_stores(server, local, tmp_path: Path):
    scan = f'["s3://{BUCKET}/data/large.parquet", "{local}/large.arrow"]'
    found = _rows(tmp_path, scan, server.url)
    assert found.equals(pa.concat_tables([_table(LARGE_ROWS), _table(LARGE_ROWS)]))


def test_the_endpoint_may_be_an_option(server, tmp_path: Path):
    scan = f'"s3://{BUCKET}/data/days"'
    outcome = _run(tmp_path, scan, "http://127.0.0.1:1", "--s3-endpoint", server.url)
    assert outcome.exit_code == 0, outcome.stderr
    for words in (["explain", "job.yaml"], ["inspect", f"s3://{BUCKET}/data/large.parquet"]):
        shown = command.run_well(
            *words, "--s3-endpoint", server.url, cwd=tmp_path, env=environment()
        )
        assert SECRET_KEY not in shown.stdout
        assert "parquet" in shown.stdout


def _certificate(folder: Path) -> ssl.SSLContext:
    """Makes cert.pem for 127.0.0.1, signed by itself, and what a server needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "windrow test")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_https_needs_a_certificate_that_is_trusted(server, tmp_path: Path):
    with FaultProxy(server.port, tls=_certificate(tmp_path)) as proxy:
        scan = f'"s3://{BUCKET}/data/days"'
        trusted = str(tmp_path / "cert.pem")
        outcome = _run(tmp_path, scan, proxy.url, AWS_CA_BUNDLE=trusted)
        assert outcome.exit_code == 0, outcome.stderr
        (tmp_path / "out.parquet").unlink()
        outcome = _run(tmp_path, scan, proxy.url, WINDROW_STORE_TRIES="1")
        assert outcome.exit_code == 4
        assert "certificate" in outcome.stderr


@pytest.mark.parametrize("words", [[], ["--set", "prefetch=off"], ["--memory", "64MiB"]])
def test_the_rows_depend_on_no_setting(words, server, tmp_path: Path):
    scan = f'["s3://{BUCKET}/data/large.parquet", "s3://{BUCKET}/data/large.parquet"]'
    found = _rows(tmp_path, scan, server.url, *words)
    assert found.equals(pa.concat_tables([_table(LARGE_ROWS), _table(LARGE_ROWS)]))


def test_a_late_payload_is_read_from_the_store(server, local, tmp_path: Path):
    pq.write_table(_table(LARGE_ROWS).select(["id"]).slice(1000, 500), tmp_path / "few.parquet")
    steps = "steps:\n  j: {join: {left: few, right: t, on: id}}\n"
    outputs = []
    for scan in (f"s3://{BUCKET}/data/large.parquet", f"{local}/large.parquet"):
        job = _job(tmp_path, f'"{scan}"}}\n  few: {{scan: few.parquet', steps, "j")
        command.run_well("run", job, cwd=tmp_path, env=environment(server.url))
        outputs.append((tmp_path / "out.parquet").read_bytes())
    assert outputs[0] == outputs[1]


def test_many_small_files_are_one_request_each_and_many_at_once(server, tmp_path: Path):
    with FaultProxy(server.port, lambda _: Slow(0.2)) as proxy:
        found = _rows(tmp_path, f'"s3://{BUCKET}/data/days"', proxy.url)
        assert found.num_rows == SMALL_FILES * ROWS_OF_SMALL
        assert sorted(r.path for r in proxy.of_kind("get")) == [
            f"/{BUCKET}/data/days/day=2024-05-{n + 1:02}/part.parquet" for n in range(SMALL_FILES)
        ]
        assert proxy.of_kind("head") == []
        # Before and after the reading.
        assert len(proxy.of_kind("list")) == 2
        assert proxy.most_in_flight >= 16


def test_a_large_file_is_its_end_and_then_its_row_groups_at_once(server, tmp_path: Path):
    with FaultProxy(server.port, lambda _: Slow(0.2)) as proxy:
        scan = f'"s3://{BUCKET}/data/large.parquet"'
        found = _rows(tmp_path, f"[{', '.join([scan] * 3)}]", proxy.url)
        assert found.num_rows == 3 * LARGE_ROWS
        gets = proxy.of_kind("get")
        # The end of each of the three, and each of their ten row groups.
        assert len(gets) == 3 + 3 * 10
        assert proxy.most_in_flight >= 16


def test_prefetch_off_asks_for_one_thing_at_a_time(server, tmp_path: Path):
    with FaultProxy(server.port) as proxy:
        _rows(tmp_path, f'"s3://{BUCKET}/data/days"', proxy.url, "--set", "prefetch=off")
        assert proxy.most_in_flight == 1


def test_only_asked_columns_and_row_groups_are_fetched(server, local, tmp_path: Path):
    steps = "steps:\n  few: {filter: 'id < 1000', from: t}\n  p: {select: [id], from: few}\n"
    with FaultProxy(server.port) as proxy:
        job = _job(tmp_path, f'"s3://{BUCKET}/data/large.parquet"', steps, "p")
        command.run_well("run", job, cwd=tmp_path, env=environment(proxy.url))
        assert pq.read_table(tmp_path / "out.parquet").num_rows == 1000
        end, column = proxy.of_kind("get")
        first, last = map(int, column.range.removeprefix("bytes=").split("-"))
        chunk = pq.read_metadata(local / "large.parquet").row_group(0).column(0)
        assert last - first + 1 == chunk.total_compressed_size
        assert end.range.endswith(f"-{(local / 'large.parquet').stat().st_size - 1}")


# What does not pass: exit code 4, and at once.

LARGE = f"s3://{BUCKET}/data/large.parquet"


def _fails(folder: Path, scan: str, endpoint: str, *words: str, **env: str | None) -> str:
    outcome = _run(folder, f'"{scan}"', endpoint, *words, **env)
    assert outcome.exit_code == 4, outcome.stderr
    assert command.is_one_line(outcome.stderr), outcome.stderr
    assert not (folder / "out.parquet").exists()
    return outcome.stderr


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
def test_what_is_not_there_is_named(path, found, server, tmp_path: Path):
    assert found in _fails(tmp_path, f"s3://{path}", server.url)


def test_no_credentials_are_an_error_of_their_own(server, tmp_path: Path):
    stderr = _fails(tmp_path, LARGE, server.url, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert "no credentials" in stderr
    assert "AWS_ACCESS_KEY_ID" in stderr
    stderr = _fails(tmp_path, LARGE, server.url, AWS_SECRET_ACCESS_KEY=None)
    assert "only AWS_ACCESS_KEY_ID is set" in stderr


@pytest.mark.parametrize("url", ["127.0.0.1:9000", "ftp://x", "http://u:secret@x", "http://x/y"])
def test_an_endpoint_that_is_no_server_is_a_usage_error(url, tmp_path: Path):
    outcome = _run(tmp_path, f'"{LARGE}"', None, "--s3-endpoint", url)
    assert outcome.exit_code == 2
    assert "expected http://HOST:PORT" in outcome.stderr
    assert "secret" not in outcome.stderr


@pytest.mark.parametrize(
    "code", ["SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", ""]
)
def test_wrong_credentials_are_not_tried_twice(code, server, tmp_path: Path):
    with FaultProxy(server.port, lambda _: Answer(403, code)) as proxy:
        stderr = _fails(tmp_path, f"s3://{BUCKET}/data/days", proxy.url)
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
def test_what_does_not_pass_ends_after_some_tries(name, server, tmp_path: Path):
    fault, cause = LASTING[name]
    with FaultProxy(server.port, _in_row_groups(fault)) as proxy:
        began = time.monotonic()
        stderr = _fails(tmp_path, LARGE, proxy.url, WINDROW_STORE_TRIES="3")
        assert f"{LARGE}: after 3 tries: " in stderr
        assert cause in stderr
        assert time.monotonic() - began < 15


@pytest.mark.parametrize("name", LASTING)
def test_what_passes_is_tried_again(name, server, local, tmp_path: Path):
    fault, _ = LASTING[name]
    spoiled: set[tuple[str, str, str]] = set()

    def once_each(request: Request) -> Fault:
        key = (request.kind, request.path, request.range)
        if key in spoiled:
            return None
        spoiled.add(key)
        return fault

    with FaultProxy(server.port, once_each) as proxy:
        found = _rows(tmp_path, f'"{LARGE}"', proxy.url)
        assert found.equals(pq.read_table(local / "large.parquet"))
        assert len(spoiled) >= 12


def test_no_server_is_an_error_after_some_tries(tmp_path: Path):
    stderr = _fails(tmp_path, LARGE, "http://127.0.0.1:1", WINDROW_STORE_TRIES="2")
    assert f"{LARGE}: after 2 tries: NETWORK_CONNECTION" in stderr


def test_a_server_that_is_silent_is_an_error_in_time(server, tmp_path: Path):
    with FaultProxy(server.port, _in_row_groups(Hang())) as proxy:
        stderr = _fails(
            tmp_path, LARGE, proxy.url, WINDROW_STORE_TRIES="2", WINDROW_STORE_REQUEST_SECONDS="1"
        )
        assert "after 2 tries" in stderr


def test_the_limits_of_trying_are_checked(server, tmp_path: Path):
    outcome = _run(tmp_path, f'"{LARGE}"', server.url, WINDROW_STORE_TRIES="many")
    assert outcome.exit_code == 2
    assert "WINDROW_STORE_TRIES=many: expected a number above 0" in outcome.stderr


@pytest.fixture
def own_copy(server, local):
    """An object that a test may change."""
    content = (local / "large.parquet").read_bytes()
    server.put(BUCKET, "copies/large.parquet", content)
    yield f"s3://{BUCKET}/copies/large.parquet"
    server.client.delete_object(Bucket=BUCKET, Key="copies/large.parquet")


def test_an_object_deleted_while_it_is_read_is_an_error(server, own_copy, tmp_path: Path):
    in_row_groups = _in_row_groups(None)
    gets = 0

    def rule(request: Request) -> Fault:
        nonlocal gets
        gets += request.kind == "get"
        if gets == 4:
            server.client.delete_object(Bucket=BUCKET, Key="copies/large.parquet")
        return in_row_groups(request)

    with FaultProxy(server.port, rule) as proxy:
        stderr = _fails(tmp_path, own_copy, proxy.url, "--set", "prefetch=off")
        assert f"{own_copy}: the object was deleted while it was read" in stderr


@pytest.mark.parametrize("is_shorter", [True, False])
def test_an_object_changed_while_it_is_read_is_an_error(
    is_shorter, server, own_copy, local, tmp_path: Path
):
    content = (local / "large.parquet").read_bytes()
    gets = 0

    def rule(request: Request) -> Fault:
        nonlocal gets
        gets += request.kind == "get"
        if gets == 11:
            changed = content[:1000] if is_shorter else content + b"more"
            server.put(BUCKET, "copies/large.parquet", changed)
        return None

    with FaultProxy(server.port, rule) as proxy:
        stderr = _fails(tmp_path, own_copy, proxy.url, "--set", "prefetch=off")
        assert f"{own_copy}: the object was changed while it was read" in stderr


@pytest.mark.parametrize("kind", ["list", "head", "get"])
def test_ctrl_c_ends_the_wait_for_a_silent_server(kind, server, tmp_path: Path):
    def rule(request: Request) -> Fault:
        return Hang() if request.kind == kind else None

    path = f"s3://{BUCKET}/data/days" if kind == "list" else LARGE
    with FaultProxy(server.port, rule) as proxy:
        job = _job(tmp_path, f'"{path}"')
        process = command.start("run", job, cwd=tmp_path, env=environment(proxy.url))
        proxy.wait_for_request(kind)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        _, stderr = process.communicate(timeout=20)
        assert process.returncode == 130, stderr
        assert time.monotonic() - sent < STOP_SECONDS
        assert command.names_in(tmp_path) == ["job.yaml"]


def test_ctrl_c_ends_a_run_that_waits_for_row_groups(server, tmp_path: Path):
    with FaultProxy(server.port, _in_row_groups(Hang())) as proxy:
        job = _job(tmp_path, f'"{LARGE}"')
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


def test_a_limit_does_not_wait_for_what_was_fetched_ahead(server, tmp_path: Path):
    calls = 0

    def rule(request: Request) -> Fault:
        nonlocal calls
        calls += request.kind == "get"
        return Hang() if calls > 6 else None

    with FaultProxy(server.port, rule) as proxy:
        job = _job(tmp_path, f'"{LARGE}"', "steps:\n  few: {limit: 10, from: t}\n", "few")
        command.run_well("run", job, cwd=tmp_path, env=environment(proxy.url))
        assert pq.read_table(tmp_path / "out.parquet").num_rows == 10


def test_secrets_are_in_no_output(server, tmp_path: Path):
    job = _job(tmp_path, f'"{LARGE}"')
    words = ["run", job, "--report", "report.json", "--log-level", "debug"]
    outcome = command.run_well(*words, cwd=tmp_path, env=environment(server.url))
    shown = command.run_well("run", job, "--print-job", cwd=tmp_path, env=environment(server.url))
    texts = [outcome.stdout, outcome.stderr, shown.stdout, (tmp_path / "report.json").read_text()]
    for text in texts:
        assert SECRET_KEY not in text
        assert ACCESS_KEY not in text
