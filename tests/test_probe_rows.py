# SPDX-License-Identifier: Apache-2.0
"""windrow probe-rows against the slow reference, read as its users read it."""

import hashlib
import json
import shlex
from pathlib import Path

import command
import probe_rows_output
import pyarrow as pa
import pyarrow.parquet
import pytest
from support.reference_probe_rows import Options, expected_files, inner_size, src_id

pytestmark = pytest.mark.skipif(
    not command.exists("probe-rows"), reason="this windrow has no command probe-rows"
)

BYTE_IN_MB = 1 / 1048576


def generate(folder: Path, name: str, rows: int, *options: str) -> Path:
    words = [word for option in options for word in ("--option", option)]
    command.run_well(
        "generate", "pings", "--rows", str(rows), *words, "-o", name, cwd=folder, timeout=120
    )
    return folder / name


@pytest.fixture(scope="module")
def pings(tmp_path_factory) -> Path:
    """20,000 rows of up to 700 probes; some with null addresses and equal times."""
    folder = tmp_path_factory.mktemp("pings")
    return generate(folder, "pings.parquet", 20_000, "probes=700", "null_keys=0.01")


@pytest.fixture(scope="module")
def ping_table(pings: Path) -> pa.Table:
    return pa.parquet.read_table(pings)


def probe_rows(pattern: str | Path, *words: str | Path, cwd: Path, output: str = "out"):
    return command.run(
        "probe-rows", "--input", pattern, "--output", output, *words, cwd=cwd, timeout=120
    )


def probe_rows_well(pattern: str | Path, *words: str | Path, cwd: Path, output: str = "out"):
    outcome = probe_rows(pattern, *words, cwd=cwd, output=output)
    assert outcome.exit_code == 0, outcome.stderr
    return outcome


def check(table: pa.Table, options: Options, folder: Path, words: str = "") -> None:
    """Runs the command over the table alone and compares all that it wrote."""
    pa.parquet.write_table(table, folder / "in.parquet")
    probe_rows_well("in.parquet", *shlex.split(words), cwd=folder)
    probe_rows_output.check_files(folder / "out", expected_files(table, options))


def ping(**values: list) -> pa.Table:
    """A small table of pings; columns that are not given repeat one value."""
    count = len(next(iter(values.values())))
    columns = {
        "event_time": (pa.timestamp("us", "UTC"), 1_750_723_200_000_000),
        "src_addr": (pa.utf8(), "192.0.2.1"),
        "dst_addr": (pa.utf8(), "192.0.2.9"),
        "ip_version": (pa.int64(), 4),
        "rtt": (pa.float64(), 1.5),
    }
    return pa.table(
        {
            name: pa.array(values.get(name, [value] * count), type_)
            for name, (type_, value) in columns.items()
        }
    )


# What it writes.


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("", Options()),
        ("--verify", Options()),
        ("--train-ratio 0", Options(train_ratio=0)),
        ("--train-ratio 1", Options(train_ratio=1)),
        ("--train-ratio 0.333", Options(train_ratio=0.333)),
        ("--split sorted", Options(split="sorted")),
        ("--split sorted --train-ratio 0.5", Options(split="sorted", train_ratio=0.5)),
        ("--split sorted --train-ratio 1", Options(split="sorted", train_ratio=1)),
        ("--shards 1", Options(shards=1)),
        ("--shards 3 --verify", Options(shards=3)),
        ("--split sorted --shards 7", Options(split="sorted", shards=7)),
        ("--null-src empty", Options(null_src="empty")),
        ("--max-row-size-mb 0.002", Options(max_row_size_mb=0.002)),
        ("--max-row-size-mb 0.0001", Options(max_row_size_mb=0.0001)),
        (
            "--max-row-size-mb 0.003 --shards 2 --verify --compression zstd:1",
            Options(max_row_size_mb=0.003, shards=2),
        ),
    ],
)
def test_records_are_those_of_the_reference(
    words: str, options: Options, ping_table: pa.Table, tmp_path: Path
):
    check(ping_table, options, tmp_path, words)


@pytest.mark.parametrize(("spare", "records"), [(0, 1), (-1, 2)])
def test_the_limit_may_be_reached_exactly(spare: int, records: int, tmp_path: Path):
    table = ping(rtt=[1.0, 2.0, 3.0])
    whole = expected_files(table, Options())["train.arrayrecord"]
    limit = (inner_size(whole[0].rows) + spare) * BYTE_IN_MB
    options = Options(max_row_size_mb=limit)
    assert len(expected_files(table, options)["train.arrayrecord"]) == records
    check(table, options, tmp_path, f"--max-row-size-mb {limit!r}")


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "-08:00"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_of_any_unit_and_zone(
    unit: str, zone: str | None, ping_table: pa.Table, tmp_path: Path
):
    table = ping_table.slice(0, 3000)
    times = table["event_time"].cast(pa.int64())
    # Digits behind the microsecond depend on the time alone, so cutting them off before or
    # after sorting is the same.
    if unit == "ns":
        ticks = [value * 1000 + value // 1_000_000 % 1000 for value in times.to_pylist()]
    else:
        ticks = [value // {"ms": 1000, "us": 1}[unit] for value in times.to_pylist()]
    column = pa.array(ticks, pa.int64()).cast(pa.timestamp(unit, zone))
    check(table.set_column(0, "event_time", column), Options(), tmp_path)


@pytest.mark.parametrize(
    "types",
    [
        {"ip_version": pa.int8()},
        {"ip_version": pa.int16(), "rtt": pa.float32()},
        {"ip_version": pa.int32()},
        {"src_addr": pa.large_utf8()},
        {"src_addr": pa.large_utf8(), "dst_addr": pa.large_utf8(), "rtt": pa.float32()},
        {"src_addr": pa.dictionary(pa.int32(), pa.utf8())},
    ],
    ids=str,
)
def test_other_types_of_the_same_values(types: dict, ping_table: pa.Table, tmp_path: Path):
    table = ping_table.slice(0, 3000)
    for name, type_ in types.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].combine_chunks().cast(type_))
    check(table, Options(), tmp_path)


def test_columns_may_come_in_any_order_without_the_others(ping_table: pa.Table, tmp_path: Path):
    names = ["rtt", "ip_version", "dst_addr", "src_addr", "event_time"]
    check(ping_table.slice(0, 3000).select(names), Options(), tmp_path)


@pytest.mark.parametrize("shards", [None, 2])
def test_no_rows_give_empty_files(shards: int | None, ping_table: pa.Table, tmp_path: Path):
    words = f"--shards {shards} --verify" if shards else "--verify"
    check(ping_table.slice(0, 0), Options(shards=shards), tmp_path, words)


def test_one_row(tmp_path: Path):
    check(ping(rtt=[2.5]), Options(), tmp_path)


def test_ties_are_ordered_by_the_other_columns(tmp_path: Path):
    table = ping(
        dst_addr=["b", "a", None, "a", "ä", "B", "a", "a"],
        ip_version=[4, 6, 4, 4, 4, 4, 4, 4],
        rtt=[1.0, 1.0, 9.0, 7.0, 1.0, 1.0, -1.0, 7.0],
    )
    check(table, Options(), tmp_path)


def test_an_empty_address_is_a_probe_like_others(tmp_path: Path):
    table = ping(src_addr=["", None, "10.0.0.1", ""])
    check(table, Options(), tmp_path)
    (tmp_path / "empty").mkdir()
    check(table, Options(null_src="empty"), tmp_path / "empty", "--null-src empty")


def test_only_null_sources(tmp_path: Path):
    check(ping(src_addr=[None, None]), Options(), tmp_path)


def test_spellings_of_an_address_are_probes_of_their_own(tmp_path: Path):
    check(ping(src_addr=["2001:db8::1", "2001:DB8::1", "2001:db8:0::1"]), Options(), tmp_path)


def numbers_in(value: object, path: str = "") -> dict[str, float]:
    """Every number in a JSON document, by its path."""
    if isinstance(value, dict):
        pairs = [numbers_in(item, f"{path}.{key}") for key, item in value.items()]
        return {key: number for pair in pairs for key, number in pair.items()}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {path: value}
    return {}


def test_odd_values_are_kept_and_counted(tmp_path: Path):
    table = ping(
        src_addr=["192.0.2.1", "192.0.2.1", "probe 7", "192.0.2.300", "::ffff:1.2.3.4"],
        ip_version=[5, 5, 4, 4, 6],
    )
    check(table, Options(), tmp_path)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    numbers = numbers_in(manifest)
    assert [path for path, number in numbers.items() if "version" in path and number == 2]
    assert [path for path, number in numbers.items() if "addr" in path and number == 2]


def test_dropped_rows_are_counted_in_the_report(pings: Path, ping_table: pa.Table, tmp_path: Path):
    probe_rows_well(pings, "--report", "report.json", cwd=tmp_path)
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert sum(report["rows_in"].values()) == ping_table.num_rows
    assert sum(report["rows_rejected"].values()) == ping_table["src_addr"].null_count > 0


# That it writes the same bytes again.


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.glob("*.arrayrecord")
    }


@pytest.fixture(scope="module")
def many_pings(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """Rows for more than the least budget, and the digests of their records."""
    folder = tmp_path_factory.mktemp("many")
    path = generate(folder, "pings.parquet", 3_000_000, "probes=3000")
    probe_rows_well(path, "--shards", "2", "--max-row-size-mb", "0.05", cwd=folder)
    return path, digests(folder / "out")


@pytest.mark.parametrize(
    "words",
    [
        "--slots 1",
        "--slots 2",
        "--slots 8",
        "--set morsel_rows=1024",
        "--set morsel_rows=65536 --slots 8",
        "--memory 64MiB",
        "--memory 64MiB --slots 1",
    ],
)
def test_bytes_do_not_depend_on_how_it_runs(words: str, many_pings, tmp_path: Path):
    path, expected = many_pings
    limits = ["--shards", "2", "--max-row-size-mb", "0.05"]
    probe_rows_well(path, *limits, *words.split(), cwd=tmp_path)
    assert len(expected) == 4
    assert digests(tmp_path / "out") == expected


def test_a_small_budget_spills(many_pings, tmp_path: Path):
    words = ["--memory", "64MiB", "--report", "report.json"]
    probe_rows_well(many_pings[0], *words, cwd=tmp_path)
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["spill_bytes"] > 0


def test_bytes_do_not_depend_on_the_files(pings: Path, ping_table: pa.Table, tmp_path: Path):
    probe_rows_well(pings, cwd=tmp_path, output="whole")
    half = ping_table.num_rows // 2
    pa.parquet.write_table(ping_table.slice(half), tmp_path / "a.parquet")
    pa.parquet.write_table(ping_table.slice(0, half), tmp_path / "b.parquet", row_group_size=999)
    probe_rows_well("[ab].parquet", cwd=tmp_path, output="halves")
    backwards = ping_table.take(list(range(ping_table.num_rows))[::-1])
    pa.parquet.write_table(backwards, tmp_path / "backwards.parquet")
    probe_rows_well("backwards.parquet", cwd=tmp_path, output="backwards")
    assert digests(tmp_path / "halves") == digests(tmp_path / "whole")
    assert digests(tmp_path / "backwards") == digests(tmp_path / "whole")


def test_a_second_run_replaces_the_first(pings: Path, ping_table: pa.Table, tmp_path: Path):
    probe_rows_well(pings, "--null-src", "empty", "--split", "sorted", cwd=tmp_path)
    probe_rows_well(pings, cwd=tmp_path)
    probe_rows_output.check_files(tmp_path / "out", expected_files(ping_table, Options()))


# That training can read it.


def test_grain_reads_the_records(pings: Path, ping_table: pa.Table, tmp_path: Path):
    from grain.sources import ArrayRecordDataSource

    probe_rows_well(pings, "--shards", "3", cwd=tmp_path)
    expected = expected_files(ping_table, Options(shards=3))
    names = sorted(name for name in expected if name.startswith("train"))
    source = ArrayRecordDataSource([str(tmp_path / "out" / name) for name in names])
    records = [record for name in names for record in expected[name]]
    assert len(source) == len(records)
    for index in (0, len(records) // 2, len(records) - 1):
        assert probe_rows_output.read_record(source[index]) == records[index]


def test_ids_of_the_original(tmp_path: Path):
    check(ping(src_addr=["192.0.2.1", "2001:db8::1"]), Options(), tmp_path)
    contents = probe_rows_output.read_file(tmp_path / "out" / "train.arrayrecord")
    found = [probe_rows_output.read_record(content).src_id for content in contents]
    assert found == [src_id("192.0.2.1"), src_id("2001:db8::1")]
    assert [len(content) for content in contents] == [1672, 1672]


# What it refuses.


def refuse(outcome, codes: tuple[int, ...], *words: str) -> None:
    assert outcome.exit_code in codes, outcome.stderr
    assert command.is_one_line(outcome.stderr)
    assert [word for word in words if word not in outcome.stderr] == []


@pytest.mark.parametrize("name", ["event_time", "src_addr", "dst_addr", "ip_version", "rtt"])
def test_a_missing_column(name: str, tmp_path: Path):
    pa.parquet.write_table(ping(rtt=[1.0]).drop_columns(name), tmp_path / "in.parquet")
    refuse(probe_rows("in.parquet", cwd=tmp_path), (2, 3), "in.parquet", name)
    assert command.names_in(tmp_path) == ["in.parquet"]


@pytest.mark.parametrize(
    ("name", "values", "type_"),
    [
        ("event_time", [1], pa.int64()),
        ("event_time", ["2025-06-24"], pa.utf8()),
        ("src_addr", [1], pa.int64()),
        ("dst_addr", [1.5], pa.float64()),
        ("ip_version", ["4"], pa.utf8()),
        ("ip_version", [4.0], pa.float64()),
        ("rtt", ["1.5"], pa.utf8()),
        ("rtt", [True], pa.bool_()),
    ],
)
def test_a_column_of_another_type(name: str, values: list, type_: pa.DataType, tmp_path: Path):
    table = ping(rtt=[1.0])
    at = table.schema.get_field_index(name)
    table = table.set_column(at, name, pa.array(values, type_))
    pa.parquet.write_table(table, tmp_path / "in.parquet")
    refuse(probe_rows("in.parquet", cwd=tmp_path), (2, 3), "in.parquet", name)
    assert command.names_in(tmp_path) == ["in.parquet"]


def test_an_ip_version_that_does_not_fit(tmp_path: Path):
    pa.parquet.write_table(ping(ip_version=[4, 300]), tmp_path / "in.parquet")
    refuse(probe_rows("in.parquet", cwd=tmp_path), (3,), "ip_version", "300")
    assert command.names_in(tmp_path) == ["in.parquet"]


def test_a_null_source_on_request(tmp_path: Path):
    pa.parquet.write_table(ping(src_addr=["192.0.2.1", None]), tmp_path / "in.parquet")
    refuse(probe_rows("in.parquet", "--null-src", "error", cwd=tmp_path), (3,), "src_addr")
    assert command.names_in(tmp_path) == ["in.parquet"]


@pytest.mark.parametrize("pattern", ["absent.parquet", "absent/*.parquet", "*.parquet"])
def test_no_file_matches(pattern: str, tmp_path: Path):
    refuse(probe_rows(pattern, cwd=tmp_path), (4,), pattern)
    assert command.names_in(tmp_path) == []


def test_a_damaged_file_leaves_the_old_output(pings: Path, tmp_path: Path):
    probe_rows_well(pings, cwd=tmp_path)
    before = digests(tmp_path / "out")
    (tmp_path / "bad.parquet").write_bytes(pings.read_bytes()[:-100])
    refuse(probe_rows("bad.parquet", cwd=tmp_path), (3,), "bad.parquet")
    assert digests(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("--train-ratio 1.5", ["train-ratio", "1.5"]),
        ("--train-ratio -0.1", ["train-ratio"]),
        ("--train-ratio nan", ["train-ratio"]),
        ("--split random", ["split", "random", "sorted"]),
        ("--shards 0", ["shards", "0"]),
        ("--shards -1", ["shards", "-1"]),
        ("--max-row-size-mb 0", ["max-row-size-mb", "0"]),
        ("--null-src keep", ["null-src", "keep", "empty"]),
        ("--compression lzma", ["compression", "lzma"]),
    ],
)
def test_options_out_of_range(words: str, found: list[str], pings: Path, tmp_path: Path):
    refuse(probe_rows(pings, *words.split(), cwd=tmp_path), (2,), *found)
    assert command.names_in(tmp_path) == []
