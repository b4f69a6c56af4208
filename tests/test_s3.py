# SPDX-License-Identifier: Apache-2.0
"""Objects in an S3 store as inputs: the rows of the local files, in few requests, many at once."""

from pathlib import Path

import command
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.fault_proxy import Fault, FaultProxy, Hang, Request, Slow
from support.s3_inputs import (
    BUCKET,
    LARGE,
    LARGE_ROWS,
    ROWS_OF_SMALL,
    SMALL_FILES,
    rows_of,
    run,
    serve,
    table,
    write_files,
    write_job,
)
from support.s3_server import ACCESS_KEY, SECRET_KEY, environment

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


@pytest.fixture(scope="module")
def s3_files(tmp_path_factory) -> Path:
    return write_files(tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="module")
def s3_server(s3_files: Path):
    with serve(s3_files) as server:
        yield server


@pytest.mark.parametrize("name", PATHS)
def test_the_rows_are_those_of_the_local_files(name, s3_server, s3_files, tmp_path: Path):
    path = PATHS[name]
    found = rows_of(tmp_path, f'"s3://{BUCKET}/data/{path}"', s3_server.url)
    (tmp_path / "out.parquet").rename(tmp_path / "remote.parquet")
    expected = rows_of(tmp_path, f'"{s3_files}/{path}"', s3_server.url)
    assert found.num_rows > 0
    assert found.equals(expected)
    remote = (tmp_path / "remote.parquet").read_bytes()
    assert remote == (tmp_path / "out.parquet").read_bytes()


def test_a_list_mixes_stores(s3_server, s3_files, tmp_path: Path):
    scan = f'["s3://{BUCKET}/data/large.parquet", "{s3_files}/large.arrow"]'
    found = rows_of(tmp_path, scan, s3_server.url)
    assert found.equals(pa.concat_tables([table(LARGE_ROWS), table(LARGE_ROWS)]))


def test_the_endpoint_may_be_an_option(s3_server, tmp_path: Path):
    scan = f'"s3://{BUCKET}/data/days"'
    outcome = run(tmp_path, scan, "http://127.0.0.1:1", "--s3-endpoint", s3_server.url)
    assert outcome.exit_code == 0, outcome.stderr
    for words in (["explain", "job.yaml"], ["inspect", f"s3://{BUCKET}/data/large.parquet"]):
        shown = command.run_well(
            *words, "--s3-endpoint", s3_server.url, cwd=tmp_path, env=environment()
        )
        assert SECRET_KEY not in shown.stdout
        assert "parquet" in shown.stdout


@pytest.mark.parametrize("words", [[], ["--set", "prefetch=off"], ["--memory", "96MiB"]])
def test_the_rows_depend_on_no_setting(words, s3_server, tmp_path: Path):
    scan = f'["s3://{BUCKET}/data/large.parquet", "s3://{BUCKET}/data/large.parquet"]'
    found = rows_of(tmp_path, scan, s3_server.url, *words)
    assert found.equals(pa.concat_tables([table(LARGE_ROWS), table(LARGE_ROWS)]))


def test_a_late_payload_is_read_from_the_store(s3_server, s3_files, tmp_path: Path):
    few = table(LARGE_ROWS).select(["id"]).take(list(range(0, LARGE_ROWS, 1000)))
    pq.write_table(few, tmp_path / "few.parquet")
    steps = "steps:\n  j: {join: {left: few, right: t, on: id}}\n"
    outputs = []
    with FaultProxy(s3_server.port, lambda _: Slow(0.2)) as proxy:
        for scan in (LARGE, f"{s3_files}/large.parquet"):
            for prefetch in ("on", "off"):
                job = write_job(tmp_path, f'"{scan}"}}\n  few: {{scan: few.parquet', steps, "j")
                words = ["run", job, "--set", f"prefetch={prefetch}"]
                command.run_well(*words, cwd=tmp_path, env=environment(proxy.url))
                outputs.append((tmp_path / "out.parquet").read_bytes())
                if len(outputs) == 1:
                    # Two columns of ten row groups.
                    assert proxy.most_in_flight >= 16
    assert outputs.count(outputs[0]) == 4


def test_many_small_files_are_one_request_each_and_many_at_once(s3_server, tmp_path: Path):
    with FaultProxy(s3_server.port, lambda _: Slow(0.2)) as proxy:
        found = rows_of(tmp_path, f'"s3://{BUCKET}/data/days"', proxy.url)
        assert found.num_rows == SMALL_FILES * ROWS_OF_SMALL
        assert sorted(r.path for r in proxy.of_kind("get")) == [
            f"/{BUCKET}/data/days/day=2024-05-{n + 1:02}/part.parquet" for n in range(SMALL_FILES)
        ]
        assert proxy.of_kind("head") == []
        # Before and after the reading.
        assert len(proxy.of_kind("list")) == 2
        assert proxy.most_in_flight >= 16


def test_a_large_file_is_its_end_and_then_its_row_groups_at_once(s3_server, tmp_path: Path):
    with FaultProxy(s3_server.port, lambda _: Slow(0.2)) as proxy:
        scan = f'"s3://{BUCKET}/data/large.parquet"'
        found = rows_of(tmp_path, f"[{', '.join([scan] * 3)}]", proxy.url)
        assert found.num_rows == 3 * LARGE_ROWS
        gets = proxy.of_kind("get")
        # The end of each of the three, and each of their ten row groups.
        assert len(gets) == 3 + 3 * 10
        assert proxy.most_in_flight >= 16


def test_prefetch_off_asks_for_one_thing_at_a_time(s3_server, tmp_path: Path):
    with FaultProxy(s3_server.port) as proxy:
        rows_of(tmp_path, f'"s3://{BUCKET}/data/days"', proxy.url, "--set", "prefetch=off")
        assert proxy.most_in_flight == 1


def test_only_asked_columns_and_row_groups_are_fetched(s3_server, s3_files, tmp_path: Path):
    steps = "steps:\n  few: {filter: 'id < 1000', from: t}\n  p: {select: [id], from: few}\n"
    with FaultProxy(s3_server.port) as proxy:
        job = write_job(tmp_path, f'"s3://{BUCKET}/data/large.parquet"', steps, "p")
        command.run_well("run", job, cwd=tmp_path, env=environment(proxy.url))
        assert pq.read_table(tmp_path / "out.parquet").num_rows == 1000
        end, column = proxy.of_kind("get")
        first, last = map(int, column.range.removeprefix("bytes=").split("-"))
        chunk = pq.read_metadata(s3_files / "large.parquet").row_group(0).column(0)
        assert last - first + 1 == chunk.total_compressed_size
        assert end.range.endswith(f"-{(s3_files / 'large.parquet').stat().st_size - 1}")


def test_a_limit_does_not_wait_for_what_was_fetched_ahead(s3_server, s3_files, tmp_path: Path):
    middle = (s3_files / "large.parquet").stat().st_size // 2
    end_has_come = False

    def rule(request: Request) -> Fault:
        nonlocal end_has_come
        if request.kind != "get":
            return None
        first = int(request.range.removeprefix("bytes=").split("-")[0])
        is_hung = end_has_come and first > middle
        end_has_come = True
        return Hang() if is_hung else None

    with FaultProxy(s3_server.port, rule) as proxy:
        job = write_job(tmp_path, f'"{LARGE}"', "steps:\n  few: {limit: 10, from: t}\n", "few")
        words = ["run", job, "--slots", "1"]
        command.run_well(*words, cwd=tmp_path, env=environment(proxy.url))
        assert pq.read_table(tmp_path / "out.parquet").num_rows == 10
        assert len(proxy.of_kind("get")) > 7


def test_secrets_are_in_no_output(s3_server, tmp_path: Path):
    job = write_job(tmp_path, f'"{LARGE}"')
    words = ["run", job, "--report", "report.json", "--log-level", "debug"]
    outcome = command.run_well(*words, cwd=tmp_path, env=environment(s3_server.url))
    shown = command.run_well(
        "run", job, "--print-job", cwd=tmp_path, env=environment(s3_server.url)
    )
    texts = [outcome.stdout, outcome.stderr, shown.stdout, (tmp_path / "report.json").read_text()]
    for text in texts:
        assert SECRET_KEY not in text
        assert ACCESS_KEY not in text
