# SPDX-License-Identifier: Apache-2.0
"""An S3 server on 127.0.0.1 for tests: moto in a process of its own."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config

ACCESS_KEY = "AKWINDROWTEST0000"
SECRET_KEY = "windrow-secret-key-of-the-tests"
START_SECONDS = 60


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class S3Server:
    """Started on entry, ended on exit; objects are kept in its memory."""

    def __enter__(self) -> "S3Server":
        self.port = _free_port()
        words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            self._wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(START_SECONDS)

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                ended = self._process.poll()
                assert ended is None, f"moto ended with {ended}"
                assert time.monotonic() < deadline, "moto did not start"
                time.sleep(0.05)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def make_bucket(self, name: str) -> None:
        self.client.create_bucket(Bucket=name)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=content)

    def put_folder(self, bucket: str, prefix: str, folder: Path) -> None:
        """Uploads every file below `folder`."""
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                key = f"{prefix}{file.relative_to(folder).as_posix()}"
                self.put(bucket, key, file.read_bytes())


def environment(endpoint: str | None = None, **changes: str | None) -> dict[str, str]:
    """The variables of a command that reads from the server; None leaves one out."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    given: dict[str, str | None] = {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ENDPOINT_URL": endpoint,
        "WINDROW_STORE_RETRY_SECONDS": "2",
    }
    given.update(changes)
    return kept | {name: value for name, value in given.items() if value is not None}
