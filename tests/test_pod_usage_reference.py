# SPDX-License-Identifier: Apache-2.0
"""Proves what the tests of pod-usage stand on: the slow reference and the comparison."""

import pytest
from support.pod_usage import comparison, invariants, labels, random_case, reference
from support.pod_usage.case import RefusedInput
from support.pod_usage.edge_cases import edge_cases, stored_rows
from support.pod_usage.faults import Fault, faults, tolerated
from support.pod_usage.hourly_rows import label_json

EDGE_CASES = edge_cases()
TOLERATED = tolerated()


@pytest.mark.parametrize("name", sorted(EDGE_CASES))
def test_gives_the_stored_rows(name: str):
    rows = reference.summary(EDGE_CASES[name])
    assert comparison.difference(rows, stored_rows(name)) == ""


def test_random_cases_keep_the_invariants():
    refused = 0
    for seed in range(60):
        try:
            rows = reference.summary(random_case.make(seed))
        except RefusedInput:
            refused += 1
        else:
            assert invariants.broken(rows) == "", f"seed {seed}"
    assert refused < 10


@pytest.mark.parametrize("fault", [f for f in faults() if not f.change], ids=lambda f: f.name)
def test_refuses(fault: Fault):
    with pytest.raises(RefusedInput):
        reference.summary(fault.case)


@pytest.mark.parametrize("name", sorted(TOLERATED))
def test_takes(name: str):
    assert reference.summary(TOLERATED[name])


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1.0", "1.0E0"),
        ("1e3", "1.0E3"),
        ("0.1", "1.0E-1"),
        ("123.456", "1.23456E2"),
        ("0.0", "0E0"),
        ("-0.0", "-0E0"),
        ("1e400", "Infinity"),
        ("-0", "-0"),
        ("12345678901234567890123", "12345678901234567890123"),
    ],
)
def test_prints_label_numbers(number: str, text: str):
    assert labels.parse(f'{{"a": {number}}}') == {"a": text}


def test_reads_label_texts():
    assert labels.parse(None) is None
    assert labels.parse(" null ") is None
    assert labels.parse(r'{"a": "\u00e9\ud83d", "": null, "b": true}') == {
        "a": "é?",
        "": None,
        "b": "true",
    }


@pytest.mark.parametrize(
    ("text", "pattern", "is_like"),
    [
        ("openshift-x", "openshift-%", True),
        ("kubeXa", "kube_a", True),
        ("kube", "kube_", False),
        ("Kube", "kube", False),
        ("", "", True),
        ("a", "", False),
        ("", "%", True),
        ("a\nb", "a_b", True),
        ("a\nb", "%", True),
        ("😀", "_", True),
        ("a%b", "a\\%b", False),
        ("a\\xb", "a\\%b", True),
        ("aXbXc", "%X%c", True),
        ("aXbXd", "%X%c", False),
        (None, "%", False),
        ("a", None, False),
    ],
)
def test_matches_like_sql(text: str | None, pattern: str | None, is_like: bool):
    assert labels.is_like(text, pattern) == is_like


def test_reads_pipe_labels():
    text = "label_app:x|my_label_tier:y|url:http://z|plain|app:last||e:"
    assert label_json(text) == '{"app": "last", "my_tier": "y", "e": ""}'
    assert label_json(None) == "{}"


def _rows() -> list:
    return reference.summary(EDGE_CASES["e12-shared-volume"])


def test_comparison_passes_over_the_order_and_the_last_digits():
    rows = _rows()
    near = [
        {k: v * (1 + 1e-14) if isinstance(v, float) else v for k, v in row.items()} for row in rows
    ]
    assert comparison.difference(near[::-1], rows) == ""


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        ("pod_usage_cpu_core_hours", 1.000000001, "pod_usage_cpu_core_hours is 1.000000001"),
        ("pod_usage_cpu_core_hours", None, "pod_usage_cpu_core_hours is None"),
        ("pod_labels", {"app": "x"}, "only here"),
        ("pod_labels", None, "only here"),
        ("namespace", "", "only here"),
        ("namespace", None, "only here"),
    ],
)
def test_comparison_tells_another_value(column: str, value: object, found: str):
    rows = _rows()
    assert found in comparison.difference([{**rows[0], column: value}, *rows[1:]], rows)


def test_comparison_tells_missing_and_repeated_rows():
    rows = _rows()
    assert "missing" in comparison.difference(rows[1:], rows)
    assert "only here" in comparison.difference([*rows, rows[0]], rows)


def test_invariants_tell_what_is_not_left():
    rows = reference.summary(EDGE_CASES["e01-precedence"])
    wrong = [{**row, "pod_usage_cpu_core_hours": 2.5} for row in rows]
    assert "pod_usage_cpu_core_hours" in invariants.broken(wrong)
