# SPDX-License-Identifier: Apache-2.0
"""Errors, one class for whoever has to act on it."""

import re

_PLACE = re.compile(r"^(?P<file>[^\s:][^\n:]*):(?P<line>\d+):\d+: ")
_FILE = re.compile(r"^(?P<file>(?:\w+://)?[^\s:][^\n:]*[./][^\n:]*): ")
_COLUMN = re.compile(r"\bcolumn '([^'\n]+)'")
_ROW_GROUP = re.compile(r"\brow group (\d+)")


class WindrowError(Exception):
    """What every error of Windrow is; its text says what was found and what was expected.

    >>> try:
    ...     wr.scan("nowhere.parquet")
    ... except wr.WindrowError as error:
    ...     print(type(error).__name__, error.file)
    StorageError nowhere.parquet
    """

    file: str | None
    """The file or object that the message is about."""
    line: int | None
    """The line of the job document, counted from 1."""
    column: str | None
    """The column that the message names."""
    row_group: int | None
    """The row group of a Parquet file, counted from 0."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        place = _PLACE.match(message)
        file = place or _FILE.match(message)
        column = _COLUMN.search(message)
        row_group = _ROW_GROUP.search(message)
        self.file = file["file"] if file else None
        self.line = int(place["line"]) if place else None
        self.column = column[1] if column else None
        self.row_group = int(row_group[1]) if row_group else None


class UserError(WindrowError):
    """The job is wrong: a path, an expression, an option. Exit code 2 of the command.

    >>> try:
    ...     wr.sql_expr("price >")
    ... except wr.UserError as error:
    ...     print("expected" in str(error))
    True
    """


class SchemaError(UserError):
    """A column that is not there, or has a type that does not go with the use made of it.

    >>> frame = wr.from_dict({"price": [1.5]})
    >>> try:
    ...     frame.filter(wr.col("prise") > 1)
    ... except wr.SchemaError as error:
    ...     print(error.column, "|", error)
    prise | unknown column 'prise'; did you mean 'price'?
    """


class DataError(WindrowError):
    """The content of an input is bad, or does not fit where it goes. Exit code 3.

    >>> frame = wr.from_dict({"text": ["1", "x"]}).select(number=wr.col("text").cast(int))
    >>> try:
    ...     frame.collect()
    ... except wr.DataError as error:
    ...     print("'x'" in str(error))
    True
    """


class StorageError(WindrowError):
    """A disk, network, server or data base refused. Exit code 4.

    >>> issubclass(wr.StorageError, wr.WindrowError)
    True
    """


class ResourceError(WindrowError):
    """Memory within the budget, or disk space, ran out. Exit code 5.

    >>> issubclass(wr.ResourceError, wr.WindrowError)
    True
    """


class InternalError(WindrowError):
    """A defect in Windrow. Exit code 1.

    >>> issubclass(wr.InternalError, wr.WindrowError)
    True
    """


_CLASSES: dict[str, type[WindrowError]] = {
    "user": UserError,
    "data": DataError,
    "storage": StorageError,
    "resource": ResourceError,
    "internal": InternalError,
}
FRAME_DOCUMENT = "<frame>"
"""Name of the document that a frame makes and nobody sees; messages come without it."""

_FRAME_PLACE = re.compile(rf"^{FRAME_DOCUMENT}:\d+:\d+: (?:column \d+: )?", re.MULTILINE)
_OPTION = re.compile(r"^--([a-z0-9-]+)(?=[ :])")


def make_error(blame: str, message: str) -> BaseException:
    """The exception for a failure of the engine; called by the extension."""
    if blame == "cancelled":
        return KeyboardInterrupt(message)
    message = _FRAME_PLACE.sub("", message)
    message = message.replace("raise --memory", "raise memory")
    option = _OPTION.match(message)
    if option:
        message = option[1].replace("-", "_") + message[option.end() :]
    return _CLASSES[blame](message)
