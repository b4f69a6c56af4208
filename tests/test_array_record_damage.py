# SPDX-License-Identifier: Apache-2.0
"""Damaged ArrayRecord files are refused, and the message says where."""

import ctypes
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import array_record_files as files
import command
import pytest

DATA = Path(__file__).parent / "data"
BLOCK = 65536
DIGITS = [b"0", b"1", b"2", b"3", b"4"]


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
    file = bytearray(files.write_ours(tmp_path, DIGITS, "uncompressed").read_bytes())
    damage(file)
    path = tmp_path / "damaged.arrayrecord"
    path.write_bytes(file)
    outcome = command.run("inspect", path, "--verify", cwd=tmp_path)
    assert outcome.exit_code == 3
    assert place in outcome.stderr
    assert str(path) in outcome.stderr
    assert command.is_one_line(outcome.stderr)


def riegeli_hash(data: bytes) -> bytes:
    memory = (ctypes.c_uint64 * 8)()
    aligned = -ctypes.addressof(memory) % 32 // 8
    key = (ctypes.c_uint64 * 4).from_buffer(memory, aligned * 8)
    key[:] = (0x2F696C6567656952, 0x0A7364726F636572) * 2
    highway = ctypes.CDLL("libhighwayhash.so.0").HighwayHash64
    highway.restype = ctypes.c_uint64
    return struct.pack("<Q", highway(key, data, ctypes.c_uint64(len(data))))


def make_hashes_fit(file: bytearray, begin: int) -> None:
    """Of a chunk that no block header interrupts."""
    (size,) = struct.unpack_from("<Q", file, begin + 8)
    file[begin + 16 : begin + 24] = riegeli_hash(bytes(file[begin + 40 : begin + 40 + size]))
    file[begin : begin + 8] = riegeli_hash(bytes(file[begin + 8 : begin + 40]))


# What is replaced by what in the digits file, in which chunk, and what is said.
FITTING_DAMAGES = {
    "swapped positions": (
        FOOTER,
        bytes.fromhex("084010011801 086c10011801"),
        bytes.fromhex("086c10011801 084010011801"),
        f"the footer at byte {FOOTER}: chunk 1 begins at byte 64",
    ),
    "unequal groups": (
        FOOTER,
        bytes.fromhex("086c10011801"),
        bytes.fromhex("086c10011802"),
        f"the footer at byte {FOOTER}: chunk 1 at byte 108 has 2 records, expected 1",
    ),
    "lengths off by one": (
        108,
        b"\x00\x01\x01" + b"1",
        b"\x00\x01\x00" + b"1",
        "the record lengths of the chunk at byte 108: the lengths sum to 0 bytes, expected 1",
    ),
    "decoded size": (
        108,
        struct.pack("<QQ", ord("r") | 1 << 8, 1),
        struct.pack("<QQ", ord("r") | 1 << 8, 1 << 60),
        f"the chunk at byte 108 states {1 << 60} bytes of records",
    ),
    "transposed": (
        108,
        b"r\x01" + bytes(6),
        b"t\x01" + bytes(6),
        "the chunk at byte 108 is transposed, which is not supported",
    ),
}


@pytest.mark.parametrize("name", FITTING_DAMAGES)
def test_damage_that_no_hash_shows_is_reported(name, tmp_path):
    chunk, found, replaced, message = FITTING_DAMAGES[name]
    file = bytearray(files.write_ours(tmp_path, DIGITS, "uncompressed").read_bytes())
    place = file.index(found, chunk)
    file[place : place + len(found)] = replaced
    make_hashes_fit(file, chunk)
    path = tmp_path / "damaged.arrayrecord"
    path.write_bytes(file)
    outcome = command.run("inspect", path, "--verify", cwd=tmp_path)
    assert outcome.exit_code == 3
    assert f"{path}: {message}" in outcome.stderr


def test_every_flipped_byte_is_found(tmp_path):
    """Of the bytes that are not zero; a sample of the zeros of the padding."""
    file = files.write_ours(tmp_path, [b"one", b"two" * 20], "zstd:3").read_bytes()
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
    file = bytearray(files.write_ours(tmp_path, files.some_records(300)).read_bytes())
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
    path = files.write_official(
        tmp_path / "t.array_record", files.some_records(50), "group_size:5,transpose:true"
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
