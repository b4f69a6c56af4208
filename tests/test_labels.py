# SPDX-License-Identifier: Apache-2.0
"""Label functions on random texts, compared with Python's own JSON reader."""

import json
import math
import random
import re
from decimal import Decimal
from pathlib import Path

import case_tables
import pyarrow as pa
import pyarrow.ipc
import pytest
import yaml
from command import run, run_well

KEYS = ["", "app", "tier", "é", "z\n", '"', "\\", "a\u0001", "\U0001f600", "app!", "App"]
NUMBERS = ["0", "-0", "12", "-7", "9" * 25, "1.0", "0.1", "-0.0", "1e3", "1E-7", "1e400", "2.50"]
TEXTS = ["", "x", "null", "true", "a b", "\t", "é", "\u0000", "\u2028", "/", "\U0001f600", '"\\']


class Number(str):
    """A number as it becomes a label value."""


def _double_text(text: str) -> Number:
    number = float(text)
    sign = "-" if math.copysign(1, number) < 0 else ""
    if math.isinf(number):
        return Number(sign + "Infinity")
    if number == 0:
        return Number(sign + "0E0")
    _, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    fraction = "".join(map(str, digits[1:])) or "0"
    return Number(f"{sign}{digits[0]}.{fraction}E{exponent + len(digits) - 1}")


def _object(pairs: list[tuple]) -> dict:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key comes twice")
    return dict(pairs)


def _refuse(word: str):
    raise ValueError(word)


def _known(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def read_labels(text: str | None) -> dict | None:
    """What labels(text) is; ValueError when it is an error."""
    value = text and json.loads(
        text,
        parse_int=Number,
        parse_float=_double_text,
        parse_constant=_refuse,
        object_pairs_hook=_object,
    )
    if value is None:
        return None
    if not isinstance(value, dict) or any(isinstance(v, (dict, list)) for v in value.values()):
        raise ValueError("no flat object")
    return {
        _known(key): v if v is None else _known(v) if isinstance(v, str) else json.dumps(v)
        for key, v in value.items()
    }


def canonical(labels: dict | None) -> str | None:
    if labels is None:
        return None
    return json.dumps(labels, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _draw_text(draw: random.Random) -> str | None:
    """A label object, written in one of the many ways JSON has."""
    if draw.random() < 0.1:
        return draw.choice([None, "null", " null ", "{}", "{ }"])
    parts = []
    for key in draw.sample(KEYS, draw.randint(0, len(KEYS))):
        as_json = [draw.choice(TEXTS), draw.choice(["\ud83d", "x\udc00"])][draw.random() < 0.1]
        word = draw.choice(["true", "false", "null", *NUMBERS])
        value = json.dumps(as_json, ensure_ascii=draw.random() < 0.5 or as_json[-1:] >= "\ud800")
        is_text = draw.random() < 0.6
        space = draw.choice(["", " ", "\n\t"])
        key = json.dumps(key, ensure_ascii=draw.random() < 0.5)
        parts.append(f"{key}{space}:{space}{value if is_text else word}{space}")
    return "{" + ",".join(parts) + "}"


def _write_job(folder: Path, columns: dict[str, pa.Array], expressions: dict[str, str]) -> None:
    table = pa.table(columns)
    with pa.ipc.new_file(folder / "in.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=700)
    job = {
        "windrow": 1,
        "sources": {"in": {"scan": "in.arrow"}},
        "steps": {"out": {"select": [{name: text} for name, text in expressions.items()]}},
        "sinks": [{"write": "out.arrow"}],
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(job, sort_keys=False), encoding="utf-8")


def _merged(*sets: dict | None) -> dict | None:
    if None in sets:
        return None
    return {key: value for labels in sets for key, value in labels.items()}


@pytest.mark.parametrize("seed", range(3))
def test_valid_texts(seed: int, tmp_path: Path):
    draw = random.Random(seed)
    distinct = [_draw_text(draw) for _ in range(400)]
    texts = [draw.choice(distinct) for _ in range(2000)]
    others = [draw.choice(distinct) for _ in range(2000)]
    sets, more = [read_labels(text) for text in texts], [read_labels(text) for text in others]
    kept = [s and {k: v for k, v in s.items() if k in ("app", "é", '"')} for s in sets]
    expected = {
        "labels": [canonical(s) for s in sets],
        "kept": [canonical(s) for s in kept],
        "merged": [canonical(_merged(s, k, m)) for s, k, m in zip(sets, kept, more, strict=True)],
        "value": [s.get("z\n") if s else None for s in sets],
    }
    first = pa.array(texts)
    columns = {"x": first.dictionary_encode() if seed % 2 else first, "y": pa.array(others)}
    expressions = {
        "labels": "labels(x)",
        "kept": "label_filter(labels(x), 'app', '\"', 'é')",
        "merged": "label_merge(labels(x), label_filter(labels(x), 'app', 'é', '\"'), labels(y))",
        "value": "label_value(labels(x), 'z\n')",
    }
    _write_job(tmp_path, columns, expressions)
    for memo in ("on", "off"):
        run_well("run", "job.yaml", "--set", f"label_memo={memo}", cwd=tmp_path)
        found = case_tables.read_output(tmp_path / "out.arrow")
        for name, values in expected.items():
            assert found[name].to_pylist() == values, (seed, memo, name)


def test_damaged_texts(tmp_path: Path):
    draw = random.Random(11)
    for _ in range(60):
        text = _draw_text(draw) or "{}"
        place = draw.randrange(len(text))
        insert = draw.choice(["", "", ",", "}", "{", '"', "\\", ":", "0", "[", " ", "\x07", "e"])
        text = text[:place] + insert + text[place + draw.choice([0, 1]) :]
        try:
            wanted = canonical(read_labels(text or "!"))
        except ValueError:
            wanted = ValueError
        _write_job(tmp_path, {"x": pa.array([text])}, {"labels": "labels(x)"})
        outcome = run("run", "job.yaml", cwd=tmp_path)
        if wanted is ValueError:
            assert outcome.exit_code == 3, (text, outcome)
            assert re.search(r"found '.*expected", outcome.stderr), (text, outcome)
        else:
            assert outcome.exit_code == 0, (text, outcome)
            found = case_tables.read_output(tmp_path / "out.arrow")
            assert found["labels"].to_pylist() == [wanted], text


def test_uuids_are_drawn_once(tmp_path: Path):
    _write_job(tmp_path, {"x": pa.array(range(3000))}, {"id": "uuid()", "x": "x"})
    job = yaml.safe_load((tmp_path / "job.yaml").read_text(encoding="utf-8"))
    job["steps"]["half"] = {"filter": "id < '8'"}
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(job, sort_keys=False), encoding="utf-8")
    run_well("run", "job.yaml", "--slots", "4", "--set", "morsel_rows=100", cwd=tmp_path)
    found = case_tables.read_output(tmp_path / "out.arrow")["id"].to_pylist()
    assert 1000 < len(found) < 2000
    assert len(set(found)) == len(found)
    form = re.compile(r"[0-7][0-9a-f]{7}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(form.fullmatch(id_) for id_ in found)
