# SPDX-License-Identifier: Apache-2.0
"""Proves the slow reference of probe-rows on an example small enough to do by hand."""

from dataclasses import replace

import pyarrow as pa
import pytest
from support.reference_probe_rows import (
    NullSourceError,
    Options,
    Record,
    Row,
    expected_files,
    inner_size,
    src_id,
)

# Of 2^60 that is 0.816, 0.115, 0.098 and 0.829; only 2001:db8::1 has an odd number.
IDS = {
    "192.0.2.1": 941121303211370278,
    "2001:db8::1": 132377974462938913,
    "10.0.0.1": 112830761024292518,
    "": 955282973525019424,
}
PINGS = pa.table(
    {
        "msm_id": [1, 2, 3, 4, 5],
        "event_time": pa.array([7_000, 5_000, 5_000, 1_999, 5_000], pa.timestamp("ns", "UTC")),
        "src_addr": ["192.0.2.1", "192.0.2.1", "192.0.2.1", "2001:db8::1", None],
        "dst_addr": ["192.0.2.9", "192.0.2.8", None, "2001:db8::2", "192.0.2.7"],
        "ip_version": pa.array([4, 4, 4, 6, 4], pa.int64()),
        "rtt": [0.1, -1.0, 2.5, 3.0, 4.0],
    }
)
V4 = "192.0.2.1"
FIRST = Row(5, V4, None, 4, 2.5)
SECOND = Row(5, V4, "192.0.2.8", 4, -1.0)
THIRD = Row(7, V4, "192.0.2.9", 4, 0.10000000149011612)
OTHER = Row(1, "2001:db8::1", "2001:db8::2", 6, 3.0)
NAMELESS = Row(5, "", "192.0.2.7", 4, 4.0)


@pytest.mark.parametrize("address", IDS)
def test_ids_are_the_published_ones(address: str):
    assert src_id(address) == IDS[address]


def test_sizes_are_those_of_arrow_streams():
    assert inner_size([SECOND]) == 792
    assert inner_size([SECOND, THIRD]) == 832
    assert inner_size([FIRST, SECOND]) == 832  # 8 less of text, 8 more of validity


def test_the_sizes_are_those_that_pyarrow_writes():
    rows = [FIRST, SECOND, THIRD] * 7
    columns = zip(*(row.values() for row in rows), strict=True)
    types = [pa.timestamp("us"), pa.utf8(), pa.utf8(), pa.int8(), pa.float32()]
    arrays = [pa.array(values, type_) for values, type_ in zip(columns, types, strict=True)]
    names = ["event_time", "src_addr", "dst_addr", "ip_version", "rtt"]
    batch = pa.record_batch(arrays, names=names)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    assert inner_size(rows) == sink.getvalue().size


V4_RECORD = Record(IDS[V4], [FIRST, SECOND, THIRD])
V6_RECORD = Record(IDS["2001:db8::1"], [OTHER])


@pytest.mark.parametrize(
    ("options", "files"),
    [
        (Options(), {"train.arrayrecord": [V4_RECORD, V6_RECORD], "test.arrayrecord": []}),
        (
            Options(train_ratio=0.5),
            {"train.arrayrecord": [V6_RECORD], "test.arrayrecord": [V4_RECORD]},
        ),
        (
            Options(train_ratio=0.5, split="sorted"),
            {"train.arrayrecord": [V4_RECORD], "test.arrayrecord": [V6_RECORD]},
        ),
        (
            Options(train_ratio=0.9, split="sorted"),
            {"train.arrayrecord": [V4_RECORD], "test.arrayrecord": [V6_RECORD]},
        ),
        (
            Options(null_src="empty"),
            {
                "train.arrayrecord": [Record(IDS[""], [NAMELESS]), V4_RECORD, V6_RECORD],
                "test.arrayrecord": [],
            },
        ),
        (
            Options(shards=2),
            {
                "train-00000-of-00002.arrayrecord": [V4_RECORD],
                "train-00001-of-00002.arrayrecord": [V6_RECORD],
                "test-00000-of-00002.arrayrecord": [],
                "test-00001-of-00002.arrayrecord": [],
            },
        ),
        (
            Options(max_row_size_mb=832 / 1048576),
            {
                "train.arrayrecord": [
                    Record(IDS[V4], [FIRST, SECOND]),
                    Record(IDS[V4], [THIRD]),
                    V6_RECORD,
                ],
                "test.arrayrecord": [],
            },
        ),
        (
            Options(max_row_size_mb=831 / 1048576),
            {
                "train.arrayrecord": [
                    *(Record(IDS[V4], [row]) for row in (FIRST, SECOND, THIRD)),
                    V6_RECORD,
                ],
                "test.arrayrecord": [],
            },
        ),
        (
            Options(max_row_size_mb=0.0001),
            {
                "train.arrayrecord": [
                    *(Record(IDS[V4], [row]) for row in (FIRST, SECOND, THIRD)),
                    V6_RECORD,
                ],
                "test.arrayrecord": [],
            },
        ),
    ],
    ids=str,
)
def test_files_are_those_found_by_hand(options: Options, files: dict[str, list[Record]]):
    assert expected_files(PINGS, options) == files


def test_a_null_source_may_be_an_error():
    with pytest.raises(NullSourceError):
        expected_files(PINGS, Options(null_src="error"))


def test_nulls_and_low_values_come_first():
    rows = [replace(FIRST, rtt=rtt) for rtt in (3.0, None, 1.0)]
    assert [row.rtt for row in sorted(rows, key=Row.order)] == [None, 1.0, 3.0]
