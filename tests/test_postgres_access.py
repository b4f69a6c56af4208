# SPDX-License-Identifier: Apache-2.0
"""URLs, passwords, rights and TLS of PostgreSQL."""

import os
import subprocess
from pathlib import Path

import command
import postgres_jobs
import pyarrow as pa
import pyarrow.parquet
import pytest
from case_run import find_binary
from support.postgres_server import PASSWORD, PostgresServer

IDS = pa.table({"id": pa.array([1, 2], pa.int32())})
READ = {"table": "t"}


def read_job(folder: Path, url: str) -> str:
    return postgres_jobs.write_job(folder, {"scan": url, **READ}, {"write": "out.parquet"})


def run_with(environment: dict[str, str], folder: Path, job: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [find_binary(), "run", job, "--progress", "none"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_password_is_never_shown(database: PostgresServer, tmp_path: Path):
    database.execute("create table t (id integer)")
    sources = f'{{scan: "{database.url()}", table: t}}'
    sink = f'{{write: "{database.url()}", table: t, replace_where: "true"}}'
    job = f"windrow: 1\nsources:\n  rows: {sources}\nsinks:\n  - {sink}\n"
    (tmp_path / "job.yaml").write_text(job, encoding="utf-8")
    told = []
    for words in (
        ["run", "job.yaml", "--print-job"],
        ["explain", "job.yaml"],
        ["explain", "job.yaml", "--json"],
        ["run", "job.yaml", "--log-level", "debug", "--report", "report.json"],
    ):
        outcome = command.run_well(*words, cwd=tmp_path)
        told += [outcome.stdout, outcome.stderr]
    told.append((tmp_path / "report.json").read_text(encoding="utf-8"))
    (tmp_path / "job.yaml").write_text(job.replace("table: t", "table: none"), encoding="utf-8")
    told.append(command.run("run", "job.yaml", cwd=tmp_path).stderr)
    (tmp_path / "job.yaml").write_text(job + f"  - {sink}\n", encoding="utf-8")
    told.append(command.run("run", "job.yaml", cwd=tmp_path).stderr)
    encoded = database.url().split("@")[0].rsplit(":", 1)[1]
    for text in told:
        assert text == "" or database.safe_url() in text or "t" in text
        for secret in (PASSWORD, encoded):
            assert secret not in text
    assert database.safe_url() in told[0]


def test_a_printed_job_runs_with_the_password_of_the_environment(
    database: PostgresServer, tmp_path: Path
):
    database.execute("create table t as select 1 as id")
    printed = command.run_well(
        "run", read_job(tmp_path, database.url()), "--print-job", cwd=tmp_path
    ).stdout
    (tmp_path / "printed.yaml").write_text(printed, encoding="utf-8")
    without = run_with({"PGPASSFILE": "none"}, tmp_path, "printed.yaml")
    assert without.returncode == 4
    assert "no password supplied" in without.stderr
    assert run_with({"PGPASSWORD": PASSWORD}, tmp_path, "printed.yaml").returncode == 0
    passwords = tmp_path / "passwords"
    escaped = PASSWORD.replace(":", "\\:")
    passwords.write_text(f"*:{database.port}:*:*:{escaped}\n", encoding="utf-8")
    passwords.chmod(0o600)
    assert run_with({"PGPASSFILE": str(passwords)}, tmp_path, "printed.yaml").returncode == 0


@pytest.mark.parametrize("url", ["postgresql://me:sec@ret@h/d", "postgres://me:sec/ret@h/d"])
def test_a_url_that_cannot_be_read_is_not_quoted(url: str, tmp_path: Path):
    outcome = command.run("run", read_job(tmp_path, url), cwd=tmp_path)
    assert outcome.exit_code == 2
    assert "expected postgres" in outcome.stderr
    assert "ret" not in outcome.stderr


def test_wrong_passwords_and_names(database: PostgresServer, tmp_path: Path):
    database.execute("create table t (id integer)")
    for url, message in (
        (database.url(password="wrong"), "password authentication failed"),
        (database.url(user="nobody"), "password authentication failed"),
        (database.url("none"), 'database "none" does not exist'),
    ):
        outcome = command.run("run", read_job(tmp_path, url), cwd=tmp_path)
        assert outcome.exit_code == 4
        assert message in outcome.stderr
        assert command.is_one_line(outcome.stderr)
    unknown = read_job(tmp_path, database.url(sslmodus="require"))
    outcome = command.run("run", unknown, cwd=tmp_path)
    assert outcome.exit_code == 2
    assert 'invalid URI query parameter: "sslmodus"' in outcome.stderr


def test_missing_rights_are_named(database: PostgresServer, tmp_path: Path):
    database.execute(
        "drop role if exists guest; create role guest login password 'g';"
        "create table t (id integer); grant select on t to guest; create table u (id integer);"
        "create table v (id integer); grant insert, select on v to guest;"
        "revoke create on schema public from public"
    )
    guest = database.url(user="guest", password="g")
    rows = tmp_path / "rows.parquet"
    pa.parquet.write_table(IDS, rows)

    def outcome_of(source: dict, sink: dict):
        job = postgres_jobs.write_job(tmp_path, source, sink)
        return command.run("run", job, "--progress", "none", cwd=tmp_path)

    refused = [
        ({"scan": guest, "table": "u"}, {"write": "out.parquet"}, "table u"),
        ({"scan": str(rows)}, {"write": guest, "table": "t"}, "table public.t"),
        ({"scan": str(rows)}, {"write": guest, "table": "v", "replace_where": "true"}, "table v"),
        ({"scan": str(rows)}, {"write": guest, "table": "v", "parallel": 2}, "schema public"),
    ]
    for source, sink, what in refused:
        outcome = outcome_of(source, sink)
        assert outcome.exit_code == 4, outcome.stderr
        assert f"permission denied for {what}" in outcome.stderr
        assert command.is_one_line(outcome.stderr)
    assert outcome_of({"scan": str(rows)}, {"write": guest, "table": "v"}).exit_code == 0
    assert database.value("select count(*) from v") == "2"
    database.execute("drop owned by guest; drop role guest")


def test_the_schema_of_the_url_is_where_names_are_looked_up(
    database: PostgresServer, tmp_path: Path
):
    database.execute(
        'create schema "Org-1"; create table "Org-1".t as select 5 as id; create table only_public'
        ' (id integer); create schema "o""x"; create table "o""x".t as select 6 as id'
    )
    for schema, expected in (("Org-1", 5), ('o"x', 6)):
        job = read_job(tmp_path, database.url(schema=schema))
        command.run_well("run", job, cwd=tmp_path)
        assert pa.parquet.read_table(tmp_path / "out.parquet")["id"].to_pylist() == [expected]
    source = {"scan": database.url(schema="Org-1"), "table": "only_public"}
    job = postgres_jobs.write_job(tmp_path, source, {"write": "out.parquet"})
    outcome = command.run("run", job, cwd=tmp_path)
    assert outcome.exit_code == 2
    assert "no table 'only_public'" in outcome.stderr


def test_verify_full_accepts_the_right_authority_only(tls_server, tmp_path: Path):
    server, folder = tls_server
    server.execute("create table t as select 1 as id")
    for root, host, exit_code, message in (
        ("root.pem", "127.0.0.1", 0, ""),
        ("other.pem", "127.0.0.1", 4, "certificate verify failed"),
        ("root.pem", "localhost", 4, 'does not match host name "localhost"'),
        ("none.pem", "127.0.0.1", 4, "none.pem"),
    ):
        url = server.url(host=host, sslmode="verify-full", sslrootcert=str(folder / root))
        outcome = command.run("run", read_job(tmp_path, url), cwd=tmp_path)
        assert outcome.exit_code == exit_code, outcome.stderr
        assert message in outcome.stderr
    url = server.url(sslmode="verify-full", sslrootcert=str(folder / "root.pem"))
    sink = {"write": url, "table": "t", "replace_where": "true", "parallel": 2}
    rows = {"scan": url, "query": "select 7 as id from pg_stat_ssl where ssl limit 1"}
    command.run_well("run", postgres_jobs.write_job(tmp_path, rows, sink), cwd=tmp_path)
    assert server.rows("select id from t") == [("7",)]
