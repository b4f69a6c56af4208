# SPDX-License-Identifier: Apache-2.0
"""Fixtures that several test files share."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.postgres_server import PostgresServer
from support.postgres_tls import create_tls_server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL, one for all tests. Stop or kill one of your own instead."""
    server = PostgresServer.create()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """An empty data base of the test's own on the shared server."""
    name = f"test {next(_numbers)}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A running server that a test may kill."""
    server = PostgresServer.create()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory) -> Iterator[tuple[PostgresServer, Path]]:
    """A running server with a certificate, and the folder of its authority's."""
    folder = tmp_path_factory.mktemp("authority")
    server = create_tls_server(folder)
    try:
        server.start()
        yield server, folder
    finally:
        server.remove()
