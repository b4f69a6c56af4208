# SPDX-License-Identifier: Apache-2.0
"""Reports of small clusters, from the generator of reports to rows of the summary."""

from pathlib import Path

import pytest
from support.pod_usage import run
from support.pod_usage.csv_reports import make_reports
from support.pod_usage.hourly_rows import ingested, write_hourly
from support.pod_usage.reference import summary
from support.pod_usage.scenarios import FOLDER, SCENARIOS, Rows


def test_every_scenario_has_its_file():
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(SCENARIOS)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_scenario(name: str, tmp_path: Path):
    scenario = SCENARIOS[name]
    hours = make_reports(FOLDER / f"{name}.yml", scenario.day, tmp_path / "reports")
    scenario.change(hours)
    case = ingested(hours, scenario.settings())
    expected = summary(case)
    scenario.check(Rows(expected))
    run.prepare(case, tmp_path)
    assert run.wrong(case, tmp_path, expected=expected) == ""
    scenario.check(Rows(run.read_rows(tmp_path / run.OUTPUT)))
    write_hourly(hours, tmp_path / "in")
    assert run.wrong(case, tmp_path, layout="hourly", expected=expected) == ""
