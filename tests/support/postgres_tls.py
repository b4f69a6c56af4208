# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server for 127.0.0.1 with a certificate, and the authority that signed it."""

import subprocess
from pathlib import Path

from support.postgres_server import PostgresServer


def create_tls_server(folder: Path) -> PostgresServer:
    """Not started. `folder` gets root.pem, which signed it, and other.pem, which did not."""
    for name in ("root", "other"):
        _openssl(
            folder, *"req -x509 -newkey rsa:2048 -nodes -days 2".split(),
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem",
        )  # fmt: skip
    _openssl(
        folder, *"req -newkey rsa:2048 -nodes -subj /CN=server -keyout".split(), "server.key",
        "-out", "server.csr",
    )  # fmt: skip
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
    _openssl(
        folder, *"x509 -req -in server.csr -CA root.pem -CAkey root.key -CAcreateserial".split(),
        *"-days 2 -extfile names -out server.pem".split(),
    )  # fmt: skip
    server = PostgresServer.create(
        ssl="on", ssl_cert_file="'server.pem'", ssl_key_file="'server.key'"
    )
    for name in ("server.pem", "server.key"):
        server.put_file(name, (folder / name).read_bytes())
    return server


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)
