# SPDX-License-Identifier: Apache-2.0
"""Writes the files of a Case as koku lays them out, in the types their Form asks for.

    FOLDER/data/parquet/{account}/OCP/{report}/source=S/year=Y/month=M/NAME.parquet
    FOLDER/data/parquet/daily/{account}/OCP/{report}/source=S/year=Y/month=M/NAME.parquet

The partition columns are in the path alone.
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from support.pod_usage.case import (
    ACCOUNT,
    LABELS,
    NAMESPACE_LABELS,
    NODE_LABELS,
    PARTITIONS,
    POD_DAYS,
    POD_HOURS,
    STORAGE_DAYS,
    TIMES,
    Case,
    DataFile,
    Form,
    is_number,
)

FOLDERS = {
    POD_HOURS: ("", "pod_usage"),
    POD_DAYS: ("daily", "pod_usage"),
    STORAGE_DAYS: ("daily", "storage_usage"),
    NODE_LABELS: ("daily", "node_labels"),
    NAMESPACE_LABELS: ("daily", "namespace_labels"),
}
DOUBLE_EXACT = 2**53


def write_koku(case: Case, folder: Path, account: str = ACCOUNT) -> list[Path]:
    """The files written, in the order of the case's; `FOLDER/data/parquet` always exists."""
    (folder / "data/parquet").mkdir(parents=True, exist_ok=True)
    return [
        write_file(file, _partition_folder(file, folder, account) / f"{number:03}_0.parquet")
        for number, file in enumerate(case.files)
    ]


def _partition_folder(file: DataFile, folder: Path, account: str) -> Path:
    daily, report = FOLDERS[file.table]
    names = (f"{name}={value}" for name, value in zip(PARTITIONS, file.partition, strict=True))
    return folder.joinpath("data/parquet", daily, account, "OCP", report, *names)


def write_file(file: DataFile, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        to_table(file),
        path,
        compression="snappy",
        row_group_size=file.form.row_group_rows,
        use_dictionary=file.form.is_dictionary,
        use_deprecated_int96_timestamps=file.form.time == "int96",
    )
    return path


def to_table(file: DataFile) -> pa.Table:
    names = sorted({name for row in file.rows for name in row} - set(PARTITIONS))
    return pa.table({name: _column(name, file) for name in names})


def _column(name: str, file: DataFile) -> pa.Array:
    values = [row.get(name) for row in file.rows]
    if name in TIMES:
        return pa.array(values, _time_type(values, file.form))
    if is_number(name):
        return pa.array(values, _number_type(values, file.form.number))
    if name in LABELS and file.form.label != "json":
        return _label_column(values, file.form.label)
    if file.form.text == "int64" and name not in LABELS and _are_digits(values):
        return pa.array([None if v is None else int(v) for v in values], pa.int64())
    return pa.array(values, pa.string())


def _time_type(values: list, form: Form) -> pa.DataType:
    if form.time == "int96":
        return pa.timestamp("ns")
    if form.time in ("us", "ns"):
        return pa.timestamp(form.time)
    is_fine = any(v is not None and v.microsecond % 1000 for v in values)
    return pa.timestamp("us" if is_fine else "ms", "UTC" if form.time == "utc" else None)


def _number_type(values: list, form: str) -> pa.DataType:
    present = [value for value in values if value is not None]
    is_whole = all(float(v).is_integer() for v in present)
    if form == "float" and all(_is_float32(v) for v in present):
        return pa.float32()
    if form == "int32" and is_whole and all(abs(v) < 2**31 for v in present):
        return pa.int32()
    if form in ("int32", "int64") and is_whole and all(abs(v) <= DOUBLE_EXACT for v in present):
        return pa.int64()
    return pa.float64()


def _is_float32(value: float) -> bool:
    return pa.scalar(value, pa.float64()).cast(pa.float32()).as_py() == value


def _are_digits(values: list[str | None]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(v.isascii() and v.isdigit() and str(int(v)) == v for v in present)


def _label_column(values: list[str | None], form: str) -> pa.Array:
    """As text when a value has no such form."""
    objects = [None if v is None else json.loads(v) for v in values]
    present = [labels for labels in objects if labels is not None]
    members = [item for labels in present for item in labels.values()]
    names = sorted({name for labels in present for name in labels})
    if form == "map" and all(item is None or _is_text(item) for item in members):
        pairs = [None if labels is None else list(labels.items()) for labels in objects]
        return pa.array(pairs, pa.map_(pa.string(), pa.string()))
    if form == "struct" and names and all(map(_is_text, members)):
        return pa.array(objects, pa.struct([(name, pa.string()) for name in names]))
    return pa.array(values, pa.string())


def _is_text(item: object) -> bool:
    """Says whether a text column can hold it: a lone surrogate cannot be."""
    return isinstance(item, str) and not any("\ud800" <= sign <= "\udfff" for sign in item)
