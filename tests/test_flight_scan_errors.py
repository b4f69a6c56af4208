# SPDX-License-Identifier: Apache-2.0
"""Scans of Flight servers that cannot be: one line, an exit code, and no trace."""

import os
from collections.abc import Iterator
from pathlib import Path

import command
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from support import flight_tables
from support.certificates import Certificate, make_certificate
from support.flight_server import FlightServer, free_port

TOKEN = "a-token-of-the-tests"
OLD_CONTENT = b"what the output held before\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with what the commands name."""
    folder = tmp_path_factory.mktemp("tables")
    flight_tables.write_ipc(folder / "plain.arrow", flight_tables.plain_table())
    flight_tables.write_ipc(folder / "other.arrow", flight_tables.plain_table().drop(["name"]))
    quotes = pa.table({"key": pa.array([3, 5, None, 7000], pa.int64())})
    flight_tables.write_ipc(folder / "quotes.arrow", quotes)
    (folder / "token").write_text(TOKEN, encoding="utf-8")
    (folder / "wrong").write_text("another-token", encoding="utf-8")
    (folder / "empty").write_text("\n", encoding="utf-8")
    make_certificate(folder, "strange")
    return folder


@pytest.fixture(scope="module")
def certificate(folder: Path) -> Certificate:
    return make_certificate(folder, "root")


@pytest.fixture(scope="module")
def addresses(folder: Path, certificate: Certificate) -> Iterator[dict[str, str]]:
    """Of a server, one that speaks TLS, and a port without any."""
    tables = {"plain": folder / "plain.arrow", "other": folder / "other.arrow"}
    with (
        FlightServer(tables, token=TOKEN) as server,
        FlightServer(tables, token=TOKEN, certificate=certificate) as tls,
    ):
        nobody = f"grpc://127.0.0.1:{free_port()}"
        yield {
            "SERVER": server.address,
            "TLS": tls.address,
            "NOTLS": tls.address.replace("+tls", ""),
            "NOBODY": nobody,
        }


def _enrich(folder: Path, addresses: dict[str, str], words: str) -> command.Outcome:
    for name, address in addresses.items():
        words = words.replace(f"{name}/", f"{address}/")
    options = ["--quotes", "quotes.arrow", "--on", "key=id", "-o", "out.arrow"]
    return command.run("enrich", *options, *words.split(), cwd=folder, timeout=20)


RIGHT = {
    "token": "--securities SERVER/plain --token-file token",
    "tls": "--securities TLS/plain --token-file token --tls-ca root.pem",
    "mixed": "--securities TLS/plain --securities SERVER/plain --tls-ca root.pem "
    "--token-file token",
}
# The exit code, the words, and a part of the message.
WRONG = {
    "no_token": (4, "--securities SERVER/plain", "SERVER/plain: found no token; expected"),
    "wrong_token": (4, "--securities SERVER/plain --token-file wrong", "found another token"),
    "no_token_file": (2, "--securities SERVER/plain --token-file none", "--token-file none: "),
    "empty_token": (2, "--securities SERVER/plain --token-file empty", "--token-file empty: "),
    "wrong_root": (
        4,
        "--securities TLS/plain --token-file token --tls-ca strange.pem",
        "certificate verify failed",
    ),
    "no_root": (4, "--securities TLS/plain --token-file token", "certificate verify failed"),
    "no_root_file": (2, "--securities TLS/plain --tls-ca none", "--tls-ca none: cannot be read"),
    "no_pem": (2, "--securities TLS/plain --tls-ca token", "--tls-ca token: found no certificate"),
    "plain_to_tls": (4, "--securities NOTLS/plain --token-file token", "NOTLS/plain: "),
    "nobody": (4, "--securities NOBODY/plain", "NOBODY/plain: "),
    "table": (
        2,
        "--securities SERVER/plane --token-file token",
        "SERVER/plane: found no table 'plane' here; did you mean 'plain'?",
    ),
    "path": (
        2,
        "--securities SERVER/../plain --token-file token",
        "found no table '../plain' here",
    ),
    "no_table": (2, "--securities SERVER/ --token-file token", "the table is missing"),
    "no_port": (2, "--securities grpc://127.0.0.1/plain", "the port is missing"),
    "user": (
        2,
        "--securities grpc://me:secret@127.0.0.1:1/plain",
        "give the token by --token-file",
    ),
    "column": (
        2,
        "--securities SERVER/plain --token-file token --columns nam",
        "no column 'nam' in securities; did you mean 'name'?",
    ),
    "filter": (2, "--securities SERVER/plain --token-file token --filter prise>3", "'price'?"),
    "schemas": (
        3,
        "--securities SERVER/plain --securities SERVER/other --token-file token",
        "SERVER/other: expected the columns of SERVER/plain; found that column 2 is price: ",
    ),
    "both_kinds": (
        2,
        "--securities SERVER/plain --securities plain.arrow --token-file token",
        "plain.arrow",
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_asked_for_rightly(name: str, folder: Path, addresses: dict[str, str]):
    outcome = _enrich(folder, addresses, RIGHT[name])
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    rows = pa.ipc.open_file(folder / "out.arrow").read_all().num_rows
    assert rows == (4 if name == "mixed" else 2)
    (folder / "out.arrow").unlink()


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be(name: str, folder: Path, addresses: dict[str, str]):
    exit_code, words, message = WRONG[name]
    for place, address in addresses.items():
        message = message.replace(f"{place}/", f"{address}/")
    before = command.names_in(folder)
    (folder / "out.arrow").write_bytes(OLD_CONTENT)
    outcome = _enrich(folder, addresses, words)
    assert outcome.exit_code == exit_code, outcome.stderr
    assert command.is_one_line(outcome.stderr), outcome.stderr
    assert message in outcome.stderr
    assert TOKEN not in outcome.stderr
    assert "secret" not in outcome.stderr
    assert (folder / "out.arrow").read_bytes() == OLD_CONTENT
    (folder / "out.arrow").unlink()
    assert command.names_in(folder) == before


class _Refusing(flight.FlightServerBase):
    """Describes a table, but delivers it not, or other than described."""

    def __init__(self, delivers):
        super().__init__("grpc://127.0.0.1:0")
        self._delivers = delivers
        self.calls = 0

    def get_flight_info(self, context, descriptor):
        schema = flight_tables.plain_table().schema
        endpoint = flight.FlightEndpoint(b"ticket", [])
        return flight.FlightInfo(schema, descriptor, [endpoint], 1000, 10_000)

    def do_get(self, context, ticket):
        self.calls += 1
        return self._delivers()


def _refuse():
    raise flight.FlightServerError("I will not")


def _fail():
    raise flight.FlightInternalError("I broke")


DELIVERIES = {
    "refused": (_refuse, 4, "I will not"),
    "broken": (_fail, 4, "I broke"),
    "columns": (
        lambda: flight.RecordBatchStream(flight_tables.plain_table().drop(["price"])),
        3,
        "price",
    ),
    "types": (
        lambda: flight.RecordBatchStream(
            flight_tables.plain_table().set_column(0, "id", pa.array(["x"] * 1000))
        ),
        3,
        "id",
    ),
}


@pytest.mark.parametrize("name", DELIVERIES)
def test_a_strange_server_that_does_not_keep_its_word(name: str, folder: Path):
    delivers, exit_code, message = DELIVERIES[name]
    with _Refusing(delivers) as server:
        places = {"SERVER": f"grpc://127.0.0.1:{server.port}"}
        outcome = _enrich(folder, places, "--securities SERVER/plain")
    assert outcome.exit_code == exit_code, outcome.stderr
    assert command.is_one_line(outcome.stderr), outcome.stderr
    assert places["SERVER"] in outcome.stderr
    assert message in outcome.stderr
    assert not (folder / "out.arrow").exists()


def test_patience_is_a_number(folder: Path, tmp_path: Path):

    for text in ("0", "-1", "x", "1s", "nan", "1e99"):
        env = {**os.environ, "WINDROW_FLIGHT_PATIENCE_SECONDS": text}
        words = [
            "enrich",
            "--quotes",
            folder / "quotes.arrow",
            "--securities",
            "grpc://127.0.0.1:1/x",
        ]
        outcome = command.run(*words, "-o", "out.arrow", cwd=tmp_path, env=env)
        assert outcome.exit_code == 2
        assert outcome.stderr == (
            f"windrow: WINDROW_FLIGHT_PATIENCE_SECONDS={text}: "
            "expected a number of seconds above 0\n"
        )
