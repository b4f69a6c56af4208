# SPDX-License-Identifier: Apache-2.0
"""Records of ArrayRecord files in any order, for loaders of training data."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator, Sequence
from typing import SupportsIndex, overload

from windrow import _native
from windrow.table import Table


class ArrayRecords(Sequence[bytes]):
    """The records of ArrayRecord files: a sequence that Grain and PyTorch take as a source.

    An item is the bytes of a record. Any number of threads may read at once; a copy that
    another process unpickles opens the files itself.

    >>> done = wr.from_dict({"record": [b"first", b"second"]}).sink_array_record("two.arrayrecord")
    >>> records = wr.read_array_record("two.arrayrecord")
    >>> len(records), records[-1]
    (2, b'second')
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = list(paths)
        self._reader = _native.RecordReader(self._paths)

    def __len__(self) -> int:
        return len(self._reader)

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> bytes: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[bytes]: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return self.__getitems__(range(*index.indices(len(self))))
        return self._reader.read(self._number(index))

    def __getitems__(self, numbers: Sequence[SupportsIndex]) -> list[bytes]:
        """Several records, in the order of `numbers`; PyTorch asks for batches so."""
        return [self._reader.read(self._number(number)) for number in numbers]

    def __iter__(self) -> Iterator[bytes]:
        return (self._reader.read(number) for number in range(len(self)))

    def rows(self, *numbers: SupportsIndex, column: str = "") -> Table:
        """The rows of records that are Arrow IPC streams, one record after the other.

        With `column`, the rows of the streams that this binary column of each record holds:
        `records.rows(7, column="measurements")` are those of the eighth probe that
        `probe-rows` wrote. No Python object is made for a row, and values lie where the
        record was read to.

        Raises `DataError` when a record holds something else, or columns of other types
        than the first one.

        >>> pings = wr.generate("pings", 1000).sink_parquet("pings.parquet")
        >>> done = wr.recipes.probe_rows("pings.parquet", "probes")
        >>> records = wr.read_array_record("probes/train.arrayrecord")
        >>> records.rows(0, 1).schema.names[:3]
        ['src_id', 'measurements', 'n_measurements']
        >>> first = records.rows(0, column="measurements")
        >>> records.rows(0).to_pydict()["n_measurements"] == [first.num_rows]
        True
        """
        return Table(self._reader.read_rows([self._number(n) for n in numbers], column))

    def decoded(self, column: str = "") -> DecodedRecords:
        """The same records as a sequence of tables; see `rows`.

        >>> pings = wr.generate("pings", 1000).sink_parquet("pings.parquet")
        >>> done = wr.recipes.probe_rows("pings.parquet", "probes")
        >>> records = wr.read_array_record("probes/train.arrayrecord")
        >>> records.decoded("measurements")[0].schema.names
        ['event_time', 'src_addr', 'dst_addr', 'ip_version', 'rtt']
        """
        return DecodedRecords(self, column)

    def _number(self, index: SupportsIndex) -> int:
        number = operator.index(index)
        count = len(self)
        if not -count <= number < count:
            raise IndexError(f"record {number}: expected {-count} to {count - 1}")
        return number + count if number < 0 else number

    def __repr__(self) -> str:
        return f"ArrayRecords({self._paths}): {len(self):,} records"

    def __reduce__(self) -> tuple[type[ArrayRecords], tuple[list[str]]]:
        return ArrayRecords, (self._paths,)


class DecodedRecords(Sequence[Table]):
    """The records of an `ArrayRecords` as tables, each read when it is asked for.

    >>> pings = wr.generate("pings", 1000).sink_parquet("pings.parquet")
    >>> done = wr.recipes.probe_rows("pings.parquet", "probes")
    >>> tables = wr.read_array_record("probes/*.arrayrecord").decoded("measurements")
    >>> sum(table.num_rows for table in tables)
    1000
    """

    def __init__(self, records: ArrayRecords, column: str) -> None:
        self._records = records
        self._column = column

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> Table: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[Table]: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> Table | list[Table]:
        if isinstance(index, slice):
            return self.__getitems__(range(*index.indices(len(self))))
        return self._records.rows(index, column=self._column)

    def __getitems__(self, numbers: Sequence[SupportsIndex]) -> list[Table]:
        """Several records, in the order of `numbers`."""
        return [self._records.rows(number, column=self._column) for number in numbers]

    def __repr__(self) -> str:
        return f"DecodedRecords({self._records!r}, {self._column!r})"


def read_array_record(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
) -> ArrayRecords:
    """Opens local ArrayRecord files for reading in any order: paths, folders or globs.

    Their records are numbered through, file by file. Raises `DataError` for what is no
    whole ArrayRecord file and `StorageError` for what cannot be read.

    >>> done = wr.from_dict({"record": [b"first", b"second"]}).sink_array_record("two.arrayrecord")
    >>> wr.read_array_record("two.arrayrecord")
    ArrayRecords(['two.arrayrecord']): 2 records
    """
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    return ArrayRecords([os.fspath(path) for path in paths])
