# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of the tests' own: a cluster in a temporary folder, loopback only.

    server = PostgresServer.create()
    server.start()
    server.execute("create table t (a integer)")
    server.rows("select a, b from t order by a")    # [("1", None), ...], texts as psql has them
    server.value("select count(*) from t")          # "3"
    windrow run job.yaml -D db={server.url()}
    server.kill()                                   # kill -9 of every process of the server
    server.start()                                  # with recovery
    server.remove()

`connect_as(...)` and `url(database=..., user=..., password=...)` name other roles and data
bases. The superuser and its password are in the URL, so nothing depends on the environment.
Tests get a running server by the session fixture `postgres_server` and a data base of their
own by the fixture `database` (conftest.py).
"""

import contextlib
import csv
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote, urlencode

SUPERUSER = "windrow"
PASSWORD = "se:cr/et@%"  # every sign of it must be written with % in a URL
WAIT_SECONDS = 60
NULL = "\\N"


def bin_folder() -> Path | None:
    """Where initdb and postgres are, newest version first; None where there are none."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda p: int(p.parts[-3]),
        reverse=True,
    )
    if found:
        return found[0].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def encoded(password: str) -> str:
    """As a URL holds it."""
    return quote(password, safe="")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PostgresServer:
    """One cluster, started and stopped at will. Not thread-safe."""

    def __init__(self, folder: Path, binaries: Path, port: int):
        self.folder = folder
        self.port = port
        self.host = "127.0.0.1"
        self.database = "postgres"
        self._binaries = binaries
        self._process: subprocess.Popen | None = None

    @classmethod
    def create(cls, **settings: str) -> "PostgresServer":
        """Makes a cluster; `settings` go to postgresql.conf. It is not started."""
        binaries = bin_folder()
        if binaries is None:
            raise FileNotFoundError("initdb: install the Debian package postgresql")
        folder = Path(tempfile.mkdtemp(prefix="windrow_postgres_"))
        server = cls(folder, binaries, free_port())
        password_file = folder / "password"
        password_file.write_text(PASSWORD + "\n", encoding="utf-8")
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        words = [binaries / "initdb", "-D", folder / "data", "-U", SUPERUSER, "-E", "UTF8"]
        words += ["--locale=C", "--auth=scram-sha-256", f"--pwfile={password_file}", "-N"]
        subprocess.run(
            [str(word) for word in words],
            check=True,
            capture_output=True,
            cwd=folder,
            timeout=WAIT_SECONDS,
            **_as_postgres(),
        )
        fixed = {
            "port": str(server.port),
            "listen_addresses": "'127.0.0.1'",
            "unix_socket_directories": f"'{folder}'",
            "max_connections": "40",
            "shared_buffers": "'64MB'",
            "fsync": "off",  # killed processes lose nothing; only a power cut would
            "log_statement": "ddl",
        }
        lines = [f"{name} = {value}\n" for name, value in {**fixed, **settings}.items()]
        with (folder / "data/postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(lines)
        return server

    def start(self, wait: bool = True) -> None:
        """Starts the server; after kill() it recovers first."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._binaries / "postgres"), "-D", str(self.folder / "data")],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_as_postgres(),
            )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            assert self._process is not None
            assert self._process.poll() is None, f"postgres ended: {self.log()[-2000:]}"
            if self._psql("select 1").returncode == 0:
                return
            time.sleep(0.05)
        raise TimeoutError(f"postgres is not ready after {WAIT_SECONDS} s: {self.log()[-2000:]}")

    def stop(self) -> None:
        """Ends the server in order; open connections are closed."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """kill -9 of the server and all its processes: no word to clients, no checkpoint."""
        if self._process is None:
            return
        processes = [self._process.pid, *_children(self._process.pid)]
        for process in processes:
            _signal(process, signal.SIGKILL)
        self._process.wait(WAIT_SECONDS)
        self._process = None
        end = time.monotonic() + WAIT_SECONDS
        while any(_is_running(process) for process in processes) and time.monotonic() < end:
            time.sleep(0.01)

    def pause(self) -> None:
        """Stops every process of the server as a hung machine would; see resume()."""
        assert self._process is not None
        for process in [self._process.pid, *_children(self._process.pid)]:
            _signal(process, signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        for process in [*_children(self._process.pid), self._process.pid]:
            _signal(process, signal.SIGCONT)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def put_file(self, name: str, content: bytes) -> None:
        """A file of the data folder, such as a key: the server's own and for it alone."""
        path = self.folder / "data" / name
        path.write_bytes(content)
        path.chmod(0o600)
        if os.getuid() == 0:
            shutil.chown(path, "postgres", "postgres")

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def url(
        self,
        database: str | None = None,
        user: str = SUPERUSER,
        password: str | None = PASSWORD,
        host: str | None = None,
        **parameters: str,
    ) -> str:
        """A postgresql:// URL; password=None leaves it out, `parameters` follow the ?."""
        secret = "" if password is None else ":" + encoded(password)
        name = quote(database or self.database, safe="")
        query = "?" + urlencode(parameters, quote_via=quote) if parameters else ""
        host = host or self.host
        return f"postgresql://{quote(user, safe='')}{secret}@{host}:{self.port}/{name}{query}"

    def safe_url(self, database: str | None = None, **parameters: str) -> str:
        """The URL as windrow shows it: without the password."""
        return self.url(database, password=None, **parameters)

    def execute(self, sql: str, database: str | None = None) -> None:
        """Runs statements in one session; the first that fails fails the test."""
        done = self._psql(sql, database)
        assert done.returncode == 0, f"{done.stderr}\nin: {sql}"

    def rows(self, sql: str, database: str | None = None) -> list[tuple[str | None, ...]]:
        """The rows of a query: texts as psql prints them, None for null."""
        done = self._psql(sql, database, "--csv", "-t", "-P", f"null={NULL}")
        assert done.returncode == 0, f"{done.stderr}\nin: {sql}"
        read = csv.reader(io.StringIO(done.stdout, newline=""))
        # The reader takes the line of a single empty text for an empty row.
        return [tuple(None if text == NULL else text for text in row or [""]) for row in read]

    def value(self, sql: str, database: str | None = None) -> str | None:
        """The only value of a query's only row."""
        [[value]] = self.rows(sql, database)
        return value

    def copy_bytes(self, sql: str, database: str | None = None) -> bytes:
        """What COPY (`sql`) TO STDOUT (FORMAT binary) gives."""
        words = self._words(database, "-c", f"copy ({sql}) to stdout (format binary)")
        done = subprocess.run(words, capture_output=True, timeout=WAIT_SECONDS, check=True)
        return done.stdout

    def create_database(self, name: str) -> "PostgresServer":
        """A data base of that name, as the default of the object returned, which shares
        this server and is not to be started or stopped."""
        self.execute(f'create database "{name}"')
        other = PostgresServer(self.folder, self._binaries, self.port)
        other.database = name
        return other

    def drop_database(self, name: str) -> None:
        self.execute(f'drop database if exists "{name}" with (force)')

    def open_session(self, database: str | None = None) -> "Session":
        """A session that stays open, for locks and transactions under way."""
        return Session(self._words(database))

    def wait_until(self, sql: str, seconds: float = 20) -> None:
        """Until the query, which gives one boolean, is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.value(sql) == "t":
                return
            time.sleep(0.02)
        raise TimeoutError(f"not true after {seconds} s: {sql}")

    def _words(self, database: str | None, *options: str) -> list[str]:
        psql = str(self._binaries / "psql")
        settings = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)]
        return [psql, *settings, *options]

    def _psql(self, sql: str, database: str | None = None, *options: str):
        done = subprocess.run(
            self._words(database, *options),
            input=sql.encode(),
            capture_output=True,
            timeout=WAIT_SECONDS,
            check=False,
        )
        # Not by text=True, which would change line ends within values.
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        return done


class Session:
    """psql kept open. `run` returns when the statement has ended."""

    def __init__(self, words: list[str]):
        self._process = subprocess.Popen(
            [*words, "-At"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, sql: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{sql};\n\\echo end of statement\n")
        self._process.stdin.flush()
        lines = []
        for line in self._process.stdout:
            if line == "end of statement\n":
                return "".join(lines)
            lines.append(line)
        raise AssertionError(f"psql ended: {''.join(lines)}")

    def close(self) -> None:
        self._process.communicate("\\q\n", timeout=WAIT_SECONDS)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.close()


def _as_postgres() -> dict:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _signal(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def _is_running(process: int) -> bool:
    state = re.search(r"\) (\S)", _stat(process))
    return state is not None and state[1] != "Z"


def _stat(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            match = re.search(r"\) \S (\d+)", _stat(int(folder.name)))
            if match and int(match[1]) == parent:
                found.append(int(folder.name))
    return found
