# SPDX-License-Identifier: Apache-2.0
"""The site of the documents is complete, links to what is there and needs no network."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from case_run import ROOT

import windrow

TIMEOUT_SECONDS = 120
# Tags that make a browser fetch, and the attribute that says from where.
FETCHING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}


def build(folder: Path, site: Path) -> subprocess.CompletedProcess:
    """Builds the site of a tree; an outside host could not be reached on the way."""
    nowhere = "http://127.0.0.1:9"
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(site)],
        cwd=folder,
        env={
            **os.environ,
            "NO_MKDOCS_2_WARNING": "1",
            "http_proxy": nowhere,
            "https_proxy": nowhere,
        },
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Page(HTMLParser):
    """What a page fetches, and the names of its places."""

    def __init__(self, path: Path):
        super().__init__()
        self.fetched: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if address := values.get(FETCHING.get(tag, "")):
            self.fetched.append(address)
        if place := values.get("id"):
            self.places.add(place)


def is_outside(address: str) -> bool:
    return address.startswith("//") or "://" in address


def fetched_by_styles(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        yield from re.findall(r"""(?:url\(|@import\s+)["']?([^"')]+)""", text)


def test_pages_fetch_nothing_from_outside(site: Path):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 10
    fetched = [address for page in pages for address in Page(page).fetched]
    assert len(fetched) > len(pages), "pages have styles and scripts"
    assert [address for address in fetched if is_outside(address)] == []
    assert [address for address in fetched_by_styles(site) if is_outside(address)] == []


def test_every_public_name_is_there(site: Path):
    places = Page(site / "API.html").places
    names = [*windrow.__all__, *(f"recipes.{name}" for name in windrow.recipes.__all__)]
    assert [name for name in names if f"windrow.{name}" not in places] == []
    assert "windrow.LazyFrame.sink_parquet" in places


def test_examples_of_docstrings_are_code(site: Path):
    text = (site / "API.html").read_text(encoding="utf-8")
    assert "<blockquote>" not in text
    assert "doctest:" not in text


def test_what_is_wrong_fails_the_build(tmp_path: Path):
    for name in ("docs", "python", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    with (tmp_path / "docs/index.md").open("a", encoding="utf-8") as index:
        index.write("\n[gone](GONE.md) [no place](GLOSSARY.md#no-such-place)\n")
    (tmp_path / "docs/LOST.md").write_text("# Not in the list of pages\n", encoding="utf-8")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    for wrong in ("GONE.md", "no-such-place", "LOST.md"):
        assert wrong in done.stdout + done.stderr, wrong
