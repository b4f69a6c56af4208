# SPDX-License-Identifier: Apache-2.0
"""ArrayRecord files against the official library: both ways, and damaged."""

import hashlib
import random
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
from array_record.python import array_record_module as official

DATA = Path(__file__).parent / "data"
CODECS = ["uncompressed", "zstd:3", "zstd:-5", "brotli:4", "snappy"]
BLOCK = 65536


def write_arrow(path: Path, records: list[bytes], batch_rows: int) -> None:
    schema = pa.schema([pa.field("record", pa.binary())])
    with pa.ipc.new_file(str(path), schema) as writer:
        for begin in range(0, len(records), batch_rows):
            column = pa.array(records[begin : begin + batch_rows], pa.binary())
            writer.write_batch(pa.record_batch([column], schema=schema))


def write_ours(
    folder: Path,
    records: list[bytes],
    codec: str = "zstd:3",
    group_size: int = 1,
    batch_rows: int = 1000,
    slots: int = 2,
    name: str = "ours.arrayrecord",
) -> Path:
    write_arrow(folder / "records.arrow", records, batch_rows)
    (folder / "job.yaml").write_text(
        "{windrow: 1, sources: {records: {scan: records.arrow}}, sinks: [{write: "
        f"{name}, compression: '{codec}', group_size: {group_size}}}]}}"
    )
    command.run_well("run", "job.yaml", "--slots", slots, cwd=folder)
    return folder / name


def write_official(path: Path, records: Iterable[bytes], options: str) -> Path:
    writer = official.ArrayRecordWriter(str(path), options)
    for record in records:
        writer.write(record)
    writer.close()
    return path


def read_official(path: Path, options: str = "") -> list[bytes]:
    reader = official.ArrayRecordReader(str(path), options)
    records = reader.read_all()
    assert reader.num_records() == len(records)
    return records


def read_ours(path: Path, folder: Path) -> list[bytes]:
    (folder / "read.yaml").write_text(
        f"{{windrow: 1, sources: {{a: {{scan: {path}}}}}, sinks: [{{write: read.arrow}}]}}"
    )
    command.run_well("run", "read.yaml", cwd=folder)
    table = pa.ipc.open_file(folder / "read.arrow").read_all()
    assert table.schema == pa.schema([pa.field("record", pa.binary(), False)])
    return table["record"].to_pylist()


def some_records(count: int, seed: int = 7, longest: int = 3000) -> list[bytes]:
    source = random.Random(seed)
    sizes = [source.choice([0, 1, 40, 130, source.randrange(longest)]) for _ in range(count)]
    return [source.randbytes(size // 4) * 4 for size in sizes]


def pattern(size: int) -> bytes:
    return bytes((7 * j + 3) % 256 for j in range(size))


VECTORS = {
    "V1": (1, [], "bb7d9c8ed25aa0ec5f40ee07e444096b2b58697cb675400fdadaedfab1ce2c40"),
    "V2": (1, [b""], "db64944dfee85cfb1ece30245022003792e1c6044ebfd1deab7a83734d3bf13a"),
    "V3": (
        1,
        [bytes([i % 256]) * i for i in range(1000)],
        "94302f7d62c0bf7be1bfd14a56480a00c3e2eb77dd8efc276a12bcd657924c68",
    ),
    "V4": (
        1,
        [pattern(200000)],
        "e836456ca3112e69dac2eae1a60e0c65e8ea322da72c93d63f74f81aff0a5817",
    ),
    "V5": (
        3,
        [pattern(11 * i) for i in range(10)],
        "5e327f804fecf6f30fe8c82cff464c739d9b25a2adce1fd172597077eff4d5e6",
    ),
    "V6": (
        1,
        [pattern(65410), b"x"],
        "b25a8665ff19c959e092ed58d740ec2d9f7a71def0c72043c08e71aac3549943",
    ),
    "V7": (
        1,
        [pattern(65427), b"x"],
        "7c3603cafee426b9179e4c4180f17d6b46cd07ae61298a21ad9dd62f2fe608d0",
    ),
    "V8": (
        70000,
        [b""] * 70000,
        "7e9dfa15314545a9ddb135625f211c1bf74d101372dd75303c9abcae91c11449",
    ),
    "V10": (
        1,
        [pattern(65428), b"x"],
        "7860a39cd1df4ea9a37fcef8006703f32fa3427e3a10d0bc91d2c2ef6e07e070",
    ),
    "digits": (
        1,
        [b"0", b"1", b"2", b"3", b"4"],
        "09711a18831aca78d4af4b09975009a069b0f73ea281fc7ac8ac03872e443f31",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_writes_known_files(name, tmp_path):
    group_size, records, digest = VECTORS[name]
    path = write_ours(tmp_path, records, "uncompressed", group_size)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    command.run_well("inspect", path, "--verify", cwd=tmp_path)
    assert read_official(path) == records


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("group_size", [1, 16])
def test_official_reader_reads_ours(codec, group_size, tmp_path):
    records = some_records(500)
    path = write_ours(tmp_path, records, codec, group_size, batch_rows=37)
    for storage in ("in_memory", "offloaded,footer_prefetch_bytes:0"):
        options = f"index_storage_option:{storage}"
        assert read_official(path, options) == records
        reader = official.ArrayRecordReader(str(path), options)
        assert reader.read([0, 499, 17, 16, 15, 17]) == [
            records[i] for i in (0, 499, 17, 16, 15, 17)
        ]
        assert reader.read(13, 130) == records[13:130]
    command.run_well("inspect", path, "--verify", cwd=tmp_path)
    assert read_ours(path, tmp_path) == records


@pytest.mark.parametrize("codec", ["uncompressed", "zstd:3"])
@pytest.mark.parametrize("group_size", [1, 16])
def test_grain_reads_ours(codec, group_size, tmp_path):
    from grain.sources import ArrayRecordDataSource

    records = some_records(100)
    path = write_ours(tmp_path, records, codec, group_size)
    other = write_ours(tmp_path, records[:30], codec, group_size, name="other.arrayrecord")
    source = ArrayRecordDataSource([str(path), str(other)])
    assert len(source) == 130
    assert [source[i] for i in range(130)] == records + records[:30]
    assert source.__getitems__([129, 3, 100]) == [records[29], records[3], records[0]]


# Larger chunks are compressed piece by piece by the official writer.
@pytest.mark.parametrize(
    ("codec", "group_size"),
    [("uncompressed", 1), ("uncompressed", 16), ("zstd:3", 1), ("zstd:1", 1)],
)
def test_same_bytes_as_the_official_writer(codec, group_size, tmp_path):
    records = some_records(400, longest=2000)
    theirs = write_official(
        tmp_path / "theirs.array_record", records, f"group_size:{group_size},{codec}"
    )
    ours = write_ours(tmp_path, records, codec, group_size, batch_rows=29)
    assert ours.read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        *(f"group_size:{size},{codec}" for size in (1, 16) for codec in CODECS),
        "group_size:3,pad_to_block_boundary:true",
    ],
)
def test_reads_the_official_writer(options, tmp_path):
    records = some_records(200)
    path = write_official(tmp_path / "theirs.array_record", records, options)
    assert read_ours(path, tmp_path) == records
    shown = command.run_well("inspect", path, "--verify", cwd=tmp_path).stdout
    assert f"writer options: {options.split(',')[0]}," in shown


@pytest.mark.parametrize("name", ["empty", "tiny3", "s_group_size16_zstd1"])
def test_reads_stored_files(name, tmp_path):
    path = DATA / f"{name}.array_record"
    records = read_official(path)
    assert read_ours(path, tmp_path) == records
    shown = command.run_well("inspect", path, "--verify", cwd=tmp_path).stdout
    assert f"records: {len(records)}\n" in shown


@pytest.mark.parametrize("batch_rows", [1, 64, 5000])
@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("group_size", [1, 7])
def test_file_does_not_depend_on_the_run(batch_rows, slots, group_size, tmp_path):
    records = some_records(300)
    path = write_ours(tmp_path, records, "zstd:3", group_size, batch_rows, slots)
    reference = write_ours(tmp_path, records, "zstd:3", group_size, name="reference.arrayrecord")
    assert path.read_bytes() == reference.read_bytes()


def test_long_records_and_groups_across_pieces(tmp_path):
    source = random.Random(3)
    records = [source.randbytes(50_000) * 4 for _ in range(150)] + [b"end"]
    path = write_ours(tmp_path, records, "zstd:3", 4, batch_rows=5)
    assert read_official(path) == records
    assert read_ours(path, tmp_path) == records


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.large_binary(), pa.dictionary(pa.int8(), pa.string())],
)
def test_takes_texts_and_dictionaries(kind, tmp_path):
    texts = ["a", "", "bb", "a", "ä"] * 20
    table = pa.table({"text": pa.array(texts).cast(kind)})
    with pa.ipc.new_file(str(tmp_path / "in.arrow"), table.schema) as writer:
        writer.write_table(table)
    (tmp_path / "job.yaml").write_text(
        "{windrow: 1, sources: {a: {scan: in.arrow}}, "
        "sinks: [{write: out.x, format: arrayrecord, group_size: 3}]}"
    )
    command.run_well("run", "job.yaml", cwd=tmp_path)
    expected = [text.encode() for text in texts]
    assert read_official(tmp_path / "out.x") == expected
    assert read_ours(tmp_path / "out.x", tmp_path) == expected, "told by content"


def test_null_record_is_refused_by_row(tmp_path):
    records = [b"x"] * 2500 + [None] + [b"x"]
    write_arrow(tmp_path / "in.arrow", records, 1000)
    for group_size in (1, 16):
        (tmp_path / "job.yaml").write_text(
            "{windrow: 1, sources: {a: {scan: in.arrow}}, "
            f"sinks: [{{write: o.arrayrecord, group_size: {group_size}}}]}}"
        )
        outcome = command.run("run", "job.yaml", cwd=tmp_path)
        assert outcome.exit_code == 3
        assert "o.arrayrecord: row 2500 is null, expected a record" in outcome.stderr
        assert command.names_in(tmp_path) == ["in.arrow", "job.yaml"]


@pytest.mark.parametrize("columns", [["a", "b"], ["n"]])
def test_other_columns_are_refused(columns, tmp_path):
    table = pa.table({"a": [b"x"], "b": ["y"], "n": [1]}).select(columns)
    pa.parquet.write_table(table, tmp_path / "in.parquet")
    (tmp_path / "job.yaml").write_text(
        "{windrow: 1, sources: {a: {scan: in.parquet}}, sinks: [{write: o.arrayrecord}]}"
    )
    outcome = command.run("run", "job.yaml", cwd=tmp_path)
    assert outcome.exit_code == 2
    assert "expected one column of type binary" in outcome.stderr


def test_join_takes_its_payload_from_records(tmp_path):
    """Rows are found again by number: of two files, in groups."""
    records = [f"{i:05}".encode() for i in range(5000)]
    write_ours(tmp_path, records[:3000], group_size=16, name="a.arrayrecord")
    write_ours(tmp_path, records[3000:], group_size=1, name="b.arrayrecord")
    wanted = [4999, 17, 0, 2999, 3000]
    pa.parquet.write_table(pa.table({"k": [records[i] for i in wanted]}), tmp_path / "k.parquet")
    (tmp_path / "job.yaml").write_text(
        """
        {windrow: 1,
         sources: {records: {scan: [a.arrayrecord, b.arrayrecord]}, keys: {scan: k.parquet}},
         steps: {joined: {join: {left: keys, right: records, on: {k: record}}}},
         sinks: [{write: out.parquet}]}
        """
    )
    command.run_well("run", "job.yaml", cwd=tmp_path)
    found = pa.parquet.read_table(tmp_path / "out.parquet")
    assert found["record"].to_pylist() == [records[i] for i in wanted]


def test_inspect_shows_records(tmp_path):
    path = write_ours(tmp_path, [b"a\ttext", "ä".encode(), b"\xff" * 40, b""], group_size=2)
    shown = command.run_well("inspect", path, "--samples", 9, cwd=tmp_path).stdout
    lines = shown.splitlines()
    assert lines[1:5] == ["records: 4", "chunks: 2", "group size: 2", "codec: zstd"]
    assert lines[6] == "decoded: 48 B (48 bytes)"
    assert lines[7].startswith("writer options: group_size:2,")
    assert lines[8:] == [
        "record 0: a\\x09text",
        "record 1: ä",
        "record 2: 40 bytes, " + "ff" * 32 + "…",
        "record 3: ",
    ]


def flip(place: int) -> Callable[[bytearray], None]:
    def damage(file: bytearray) -> None:
        file[place] ^= 1

    return damage


FOOTER = 284  # of the digits file
DAMAGES = {
    "signature": (flip(30), "byte 0"),
    "first block header": (flip(3), "byte 0"),
    "chunk header": (flip(64 + 9), "byte 64"),
    "data": (flip(108 + 42), "byte 108"),
    "footer header": (flip(FOOTER + 1), f"byte {FOOTER}"),
    "footer data": (flip(FOOTER + 60), f"byte {FOOTER}"),
    "padding": (flip(1000), "byte 462"),
    "postscript block header": (flip(BLOCK + 5), f"byte {BLOCK}"),
    "postscript magic": (flip(BLOCK + 24 + 40 + 10), f"byte {BLOCK}"),
    "last byte": (flip(2 * BLOCK - 1), f"byte {BLOCK + 24 + 84}"),
    "cut": (lambda file: file.pop(), "131071 bytes"),
    "appended": (lambda file: file.append(0), "131073 bytes"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_reported_with_its_place(name, tmp_path):
    damage, place = DAMAGES[name]
    file = bytearray(write_ours(tmp_path, VECTORS["digits"][1], "uncompressed").read_bytes())
    damage(file)
    path = tmp_path / "damaged.arrayrecord"
    path.write_bytes(file)
    outcome = command.run("inspect", path, "--verify", cwd=tmp_path)
    assert outcome.exit_code == 3
    assert place in outcome.stderr
    assert str(path) in outcome.stderr
    assert command.is_one_line(outcome.stderr)


def test_every_flipped_byte_is_found(tmp_path):
    """Of the bytes that are not zero; a sample of the zeros of the padding."""
    file = write_ours(tmp_path, [b"one", b"two" * 20], "zstd:3").read_bytes()
    source = random.Random(1)
    places = [i for i, byte in enumerate(file) if byte != 0] + source.sample(range(len(file)), 20)
    path = tmp_path / "damaged.arrayrecord"
    for place in source.sample(places, 60):
        damaged = bytearray(file)
        damaged[place] ^= 1 << source.randrange(8)
        path.write_bytes(damaged)
        outcome = command.run("inspect", path, "--verify", cwd=tmp_path)
        assert outcome.exit_code == 3, f"flipped byte {place}"


def test_damage_ends_a_scan(tmp_path):
    file = bytearray(write_ours(tmp_path, some_records(300)).read_bytes())
    file[5000] ^= 1
    (tmp_path / "ours.arrayrecord").write_bytes(file)
    (tmp_path / "job.yaml").write_text(
        "{windrow: 1, sources: {a: {scan: ours.arrayrecord}}, sinks: [{write: o.arrow}]}"
    )
    outcome = command.run("run", "job.yaml", cwd=tmp_path)
    assert outcome.exit_code == 3
    assert "ours.arrayrecord: " in outcome.stderr
    assert "of the chunk at byte " in outcome.stderr
    assert not (tmp_path / "o.arrow").exists()


def test_transposed_chunks_are_refused_by_name(tmp_path):
    path = write_official(
        tmp_path / "t.array_record", some_records(50), "group_size:5,transpose:true"
    )
    outcome = command.run("inspect", path, "--verify", cwd=tmp_path)
    assert outcome.exit_code == 3
    assert "transposed" in outcome.stderr


def test_other_riegeli_file_is_refused(tmp_path):
    shutil.copy(DATA / "tiny3.array_record", tmp_path / "x")
    file = bytearray((tmp_path / "x").read_bytes())
    (tmp_path / "x").write_bytes(file[:BLOCK])
    outcome = command.run("inspect", "x", cwd=tmp_path)
    assert outcome.exit_code == 3
    assert "expected a multiple of 65536, and 131072 at least" in outcome.stderr
