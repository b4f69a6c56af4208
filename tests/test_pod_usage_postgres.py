# SPDX-License-Identifier: Apache-2.0
"""windrow pod-usage into koku's tables of a real PostgreSQL, compared with the slow reference.

WINDROW_FUZZ_SEEDS and WINDROW_FUZZ_FIRST choose the random cases (see random_runs).
"""

import datetime as dt
import itertools
import random
import uuid
from collections.abc import Iterator
from pathlib import Path

import command
import pytest
import random_runs
from case_run import Outcome
from support.pod_usage import random_case, run
from support.pod_usage.case import Case, RefusedInput
from support.pod_usage.comparison import difference
from support.pod_usage.edge_cases import claim, edge_cases, make, node_labels, pod, stored_rows
from support.pod_usage.faults import Fault, faults
from support.pod_usage.output_table import TABLE
from support.pod_usage.reference import summary
from support.pod_usage.summary_tables import SummaryTables, shows_password
from support.postgres_server import PostgresServer

EDGE_CASES = edge_cases()
TEXT_COPY = ("--set", "binary_copy=off")
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def summaries(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """A data base that the tests share, each with a schema of its own."""
    yield postgres_server.create_database("summaries")
    postgres_server.drop_database("summaries")


@pytest.fixture
def tables(summaries: PostgresServer) -> SummaryTables:
    return SummaryTables(summaries, f"org{next(_numbers)}")


def months(case: Case) -> list[dt.date]:
    return [case.settings.start, case.settings.end]


def load(case: Case, folder: Path, tables: SummaryTables, *more: str, **places: str) -> Outcome:
    places = {"to": tables.url(), **places}
    outcome = run.run(case, folder, "--progress", "none", *more, **places)
    assert not shows_password(outcome.stdout + outcome.stderr)
    return outcome


def load_well(case: Case, folder: Path, tables: SummaryTables, *more: str, **places: str) -> None:
    outcome = load(case, folder, tables, *more, **places)
    assert outcome.exit_code == 0, outcome.stderr


@pytest.mark.parametrize("name", sorted(EDGE_CASES))
def test_edge_case(name: str, tables: SummaryTables, tmp_path: Path):
    case = EDGE_CASES[name]
    run.prepare(case, tmp_path)
    tables.create(months(case), with_indexes=len(name) % 2 == 0)
    places = {}
    if case.settings.storage_exists:
        tables.put_reference(case.settings)
        places["reference"] = tables.url()
    load_well(case, tmp_path, tables, **places)
    assert difference(tables.rows(), stored_rows(name)) == ""


@pytest.mark.parametrize("seed", random_runs.seeds(25))
def test_random_case(seed: int, tables: SummaryTables, tmp_path: Path):
    """In any way to load, from either reference, over rows that were there before."""
    case = random_case.make(seed)
    run.prepare(case, tmp_path)
    draw = random.Random(seed)
    tables.create(months(case), with_indexes=draw.random() < 0.5)
    tables.put_row(case.settings.end, case.settings.source, alias="former")
    settings = ["--slots", draw.choice("124"), "--set", f"morsel_rows={draw.choice([1, 7, 9999])}"]
    settings += draw.choice([[], ["--parallel", "1"], ["--parallel", "2"], ["--parallel", "4"]])
    settings += draw.choice([(), TEXT_COPY])
    places = {}
    if case.settings.storage_exists and draw.random() < 0.5:
        tables.put_reference(case.settings)
        places["reference"] = tables.url()
    before = tables.state()
    outcome = load(case, tmp_path, tables, *settings, **places)
    try:
        expected = summary(case)
    except RefusedInput as refusal:
        is_well = outcome.exit_code == 3 and tables.state() == before
        found = "" if is_well else f"exit code {outcome.exit_code}, but {refusal}"
    else:
        found = outcome.stderr if outcome.exit_code else difference(tables.rows(), expected)
    repeat = f"WINDROW_FUZZ_FIRST={seed} WINDROW_FUZZ_SEEDS=1 pytest test_pod_usage_postgres.py"
    assert not found, f"{found}\nreplay: {repeat}"


def some_case() -> Case:
    """Every kind of row on two days."""
    days = ["2025-10-01", "2025-10-02"]
    return make(
        [pod(day, name=name, labels='{"app": "é\\t\\\\"}') for day in days for name in "ab"],
        claims=[claim(day, pod="a") for day in days],
        of_nodes=[node_labels('{"tier": "x"}', day) for day in days],
    )


@pytest.fixture
def case(tables: SummaryTables, tmp_path: Path) -> Case:
    """`some_case` with its files written and its tables made."""
    made = some_case()
    run.prepare(made, tmp_path)
    tables.create(months(made))
    return made


def test_other_rows_stay_and_a_second_run_replaces_the_first(
    case: Case, tables: SummaryTables, tmp_path: Path
):
    expected = summary(case)
    bystanders = tables.put_bystanders(case.settings)
    for cost in ("null", "0", "0.000000000000000"):
        tables.put_row(case.settings.start, case.settings.source, cost, "former")
    for options in ((), (), ("--parallel", "4"), ("--parallel", "4", *TEXT_COPY), TEXT_COPY):
        before = tables.state()
        load_well(case, tmp_path, tables, *options)
        assert difference(tables.rows(), expected) == ""
        assert tables.bystanders() == bystanders
        assert tables.stagings() == 0
        assert tables.state() != before, "rows of another run have other identifiers"
    identifiers = [uuid.UUID(str(row["uuid"])) for row in tables.rows()]
    assert len(set(identifiers)) == len(expected)
    assert {identifier.version for identifier in identifiers} == {4}


def test_a_day_is_replaced_alone(case: Case, tables: SummaryTables, tmp_path: Path):
    load_well(case, tmp_path, tables)
    first_day = {row["uuid"] for row in tables.rows() if row["usage_start"] == "2025-10-01"}
    words = run.words(case, to=tables.url())
    words[words.index("--start") + 1] = "2025-10-02"
    command.run_well(*words, cwd=tmp_path)
    assert difference(tables.rows(), summary(case)) == ""
    kept = {row["uuid"] for row in tables.rows() if row["usage_start"] == "2025-10-01"}
    assert kept == first_day


def test_rows_go_to_the_partition_of_their_month(tables: SummaryTables, tmp_path: Path):
    case = make([pod("2025-10-31")], start=dt.date(2025, 10, 31), end=dt.date(2025, 11, 1))
    run.prepare(case, tmp_path)
    tables.create([dt.date(2025, 10, 1)])
    load_well(case, tmp_path, tables)
    query = f"select tableoid::regclass::text, count(*) from {tables.table} group by 1"
    [(partition, count)] = tables.database.rows(query)
    assert partition is not None
    assert partition.endswith("_2025_10")
    assert count == str(len(summary(case)))


def test_a_month_without_reports_empties_its_days(
    case: Case, tables: SummaryTables, tmp_path: Path
):
    load_well(case, tmp_path, tables)
    assert tables.rows()
    empty = make([])
    (tmp_path / "none/data/parquet").mkdir(parents=True)
    load_well(empty, tmp_path, tables, reports="none")
    assert tables.rows() == []


class TestRefusals:
    """One table for all of them, with rows that must stay."""

    @pytest.fixture(scope="class")
    def held(self, summaries: PostgresServer, tmp_path_factory) -> tuple[SummaryTables, str]:
        made, folder = some_case(), tmp_path_factory.mktemp("held")
        tables = SummaryTables(summaries, "held")
        run.prepare(made, folder)
        tables.create(months(made))
        load_well(made, folder, tables)
        tables.put_bystanders(made.settings)
        state = tables.state()
        assert state is not None
        return tables, state

    @pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
    def test_the_former_rows_stay(
        self, fault: Fault, held: tuple[SummaryTables, str], tmp_path: Path
    ):
        tables, state = held
        fault.write(tmp_path)
        options = ("--parallel", "2") if len(fault.name) % 3 == 0 else ()
        outcome = load(fault.case, tmp_path, tables, *options)
        assert outcome.exit_code in fault.exit_codes, outcome.stderr
        assert command.is_one_line(outcome.stderr)
        for word in fault.words:
            assert word in outcome.stderr
        assert tables.state() == state


def test_keys_that_do_not_count(tables: SummaryTables, tmp_path: Path):
    """Disabled keys and those of other providers are not kept, though rows have them."""
    case = make([pod(labels='{"app": "a", "zzz": "z", "off": "o", "APP": "A"}')])
    run.prepare(case, tmp_path)
    tables.create(months(case))
    tables.put_reference(case.settings)
    load_well(case, tmp_path, tables, reference=tables.url())
    expected = summary(case)
    assert {"app": "a"} in [row.get("pod_labels") for row in expected]
    assert difference(tables.rows(), expected) == ""


def test_a_reference_with_nulls_or_without_rows(tables: SummaryTables, tmp_path: Path):
    case = make(
        [pod(labels='{"app": "a"}', namespace="o'x\\"), pod(name="p2", namespace=None)],
        cost_categories=((None, 4), ("o'x\\", None), ("o%", 5), ("", 6)),
        nodes=((None, "i-1", "worker"), ("n1", None, "infra"), ("n1", "i-1", None)),
    )
    run.prepare(case, tmp_path)
    tables.create(months(case))
    tables.put_reference(case.settings)
    load_well(case, tmp_path, tables, reference=tables.url())
    assert difference(tables.rows(), summary(case)) == ""
    names = "enabledtagkeys ocp_cost_category_namespace ocp_nodes".split()
    schema = tables.table.split(".")[0]
    tables.database.execute("; ".join(f"delete from {schema}.reporting_{name}" for name in names))
    bare = make([], enabled_keys=(), cost_categories=(), nodes=())
    bare.files = case.files
    load_well(bare, tmp_path, tables, reference=tables.url())
    assert difference(tables.rows(), summary(bare)) == ""


def test_what_is_not_there(case: Case, tables: SummaryTables, tmp_path: Path):
    load_well(case, tmp_path, tables)
    before = tables.state()
    database = tables.database
    nowhere = SummaryTables(database, "nowhere")
    for places, exit_code, found in (
        ({"reference": tables.url()}, 2, "reporting_enabledtagkeys"),
        ({"to": nowhere.url()}, 2, TABLE),
        ({"to": database.url("none")}, 4, 'database "none" does not exist'),
        ({"to": database.url(password="wr0ng")}, 4, "password authentication failed"),
        ({"reference": database.url(password="wr0ng")}, 4, "password authentication failed"),
        ({"to": "postgresql://me:secret@127.0.0.1:1/d?connect_timeout=1"}, 4, "127.0.0.1"),
        ({"reference": "postgresql://me:secret@127.0.0.1:1/d?connect_timeout=1"}, 4, "127.0.0.1"),
        ({"to": "postgresql://me:sec@ret@h/d"}, 2, "expected"),
    ):
        outcome = load(case, tmp_path, tables, **places)
        assert outcome.exit_code == exit_code, outcome.stderr
        assert found in outcome.stderr
        for secret in ("wr0ng", "secret", "ret@h"):
            assert secret not in outcome.stderr
    assert tables.state() == before


def test_a_table_of_another_form(case: Case, tables: SummaryTables, tmp_path: Path):
    load_well(case, tmp_path, tables)
    for change, exit_code, found in (
        ("alter column namespace type varchar(2)", 3, "namespace"),
        ("rename column all_labels to labels", 2, "all_labels"),
    ):
        tables.database.execute(f"truncate {tables.table}; alter table {tables.table} {change}")
        outcome = load(case, tmp_path, tables)
        assert outcome.exit_code == exit_code, outcome.stderr
        assert found in outcome.stderr
        assert tables.state() is None


def test_the_password_is_in_no_output(case: Case, tables: SummaryTables, tmp_path: Path):
    tables.put_reference(case.settings)
    url = tables.url()
    options = ("--log-level", "debug", "--report", "report.json", "--metrics", "metrics.prom")
    for more in (("--print-job",), options, (*options, "--log-format", "json")):
        outcome = load(case, tmp_path, tables, *more, reference=url)
        assert outcome.exit_code == 0, outcome.stderr
    printed = load(case, tmp_path, tables, "--print-job").stdout
    assert tables.safe_url() in printed
    for name in ("report.json", "metrics.prom"):
        assert not shows_password((tmp_path / name).read_text(encoding="utf-8"))
