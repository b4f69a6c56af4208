# SPDX-License-Identifier: Apache-2.0
"""What the columns of koku's output table can hold."""

from support.pod_usage.case import RefusedInput, Row

TEXT_LENGTHS = {
    "cluster_id": 50,
    "cluster_alias": 256,
    "namespace": 253,
    "node": 253,
    "resource_id": 253,
    "persistentvolumeclaim": 253,
    "persistentvolume": 253,
    "storageclass": 253,
}
LARGEST = 1e18  # numeric(33,15): 18 digits before the point


def within_limits(row: Row) -> Row:
    """The row as the table stores it; RefusedInput when it cannot."""
    return {name: _stored(name, value) for name, value in row.items()}


def _stored(name: str, value: object) -> object:
    if isinstance(value, float) and not abs(value) < LARGEST:
        raise RefusedInput(f"{name} is {value}")
    texts = [*value, *value.values()] if isinstance(value, dict) else [value]
    if any(isinstance(text, str) and "\0" in text for text in texts):
        raise RefusedInput(f"{name} has a NUL")
    length = TEXT_LENGTHS.get(name)
    if length is None or not isinstance(value, str):
        return value
    if value[length:].strip(" "):
        raise RefusedInput(f"{name} has {len(value)} characters, {length} fit")
    return value[:length]
