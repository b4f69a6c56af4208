# SPDX-License-Identifier: Apache-2.0
"""Fixtures that several test files share."""

import itertools
from collections.abc import Iterator

import pytest
from support.postgres_server import PostgresServer

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
