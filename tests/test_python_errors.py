# SPDX-License-Identifier: Apache-2.0
"""Mistakes are raised where they are made, by the class of who has to act."""

import pickle

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import windrow as wr

FRAME = wr.from_dict({"price": [1.5], "name": ["a"], "day": [None]}, name="quotes")
OTHER = wr.from_dict({"price": [1.5], "ID": ["a"]}, name="other")

SCHEMA_MISTAKES = {
    "filter": lambda: FRAME.filter(wr.col("prise") > 1),
    "filter text": lambda: FRAME.filter("prise > 1"),
    "select": lambda: FRAME.select("prise"),
    "with_columns": lambda: FRAME.with_columns(x=wr.col("prise") * 2),
    "sort": lambda: FRAME.sort("prise"),
    "group_by": lambda: FRAME.group_by("prise").agg(n=wr.count()),
    "agg": lambda: FRAME.group_by("name").agg(n=wr.col("prise").sum()),
    "collect": lambda: FRAME.group_by("name").collect("prise"),
    "join": lambda: FRAME.join(OTHER, left_on="prise", right_on="price"),
    "rename": lambda: FRAME.rename({"prise": "x"}),
    "drop": lambda: FRAME.drop("prise"),
    "distinct": lambda: FRAME.distinct("prise"),
}


@pytest.mark.parametrize("name", SCHEMA_MISTAKES)
def test_a_missing_column_is_found_when_the_frame_is_built(name):
    with pytest.raises(wr.SchemaError, match=r"'prise'.*did you mean 'price'") as caught:
        SCHEMA_MISTAKES[name]()
    assert isinstance(caught.value, wr.UserError)
    assert caught.value.column == "prise"
    assert "<frame>" not in str(caught.value)


TYPE_MISTAKES = {
    "comparison": (lambda: FRAME.filter(wr.col("price") > "x"), "found double"),
    "predicate": (lambda: FRAME.filter(wr.col("price")), "boolean"),
    "function": (lambda: FRAME.select(x=wr.col("price").str.lower()), "lower"),
    "join": (lambda: FRAME.join(OTHER, left_on="price", right_on="ID"), "price = ID"),
    "same name": (lambda: FRAME.join(OTHER, left_on="name", right_on="ID"), "suffix"),
    "union": (lambda: FRAME.union(FRAME.select(price="name")), "price"),
    "aggregate": (lambda: FRAME.group_by().agg(x=wr.col("name").sum()), "sum"),
}


@pytest.mark.parametrize("name", TYPE_MISTAKES)
def test_a_type_that_does_not_fit_is_found_when_the_frame_is_built(name):
    build, said = TYPE_MISTAKES[name]
    with pytest.raises(wr.SchemaError, match=said):
        build()


def test_a_wrong_form_of_an_expression_is_found_at_once():
    for text in ("price >", "", "1 +* 2", "f("):
        with pytest.raises(wr.UserError, match="expected") as caught:
            wr.sql_expr(text)
        assert not isinstance(caught.value, wr.SchemaError)


PYTHON_MISTAKES = {
    "truth": lambda: bool(wr.col("a") > 1),
    "and": lambda: wr.col("a") > 1 and wr.col("b") > 1,
    "chain": lambda: 1 < wr.col("a") < 3,
    "literal": lambda: wr.lit(object()),
    "cast": lambda: wr.col("a").cast(list),
    "no name": lambda: FRAME.with_columns(wr.lit(1)),
    "two names": lambda: FRAME.with_columns(wr.col("price"), price=1),
    "sort by": lambda: FRAME.sort(wr.col("price") * 2),
    "descending": lambda: FRAME.sort("price", descending=[True, False]),
    "keys": lambda: FRAME.join(OTHER),
    "cross keys": lambda: FRAME.join(OTHER, "price", how="cross"),
    "as many keys": lambda: FRAME.join(OTHER, left_on=["price"], right_on=["price", "ID"]),
    "frame": wr.LazyFrame,
    "option": lambda: FRAME.collect(memroy="1GiB"),
    "slots": lambda: FRAME.collect(slots=0),
    "computed key": lambda: FRAME.group_by(k="price + 1").collect(),
}


@pytest.mark.parametrize("name", PYTHON_MISTAKES)
def test_arguments_that_make_no_sense_are_type_errors(name):
    with pytest.raises(TypeError):
        PYTHON_MISTAKES[name]()


def test_options_are_called_by_their_python_names(tmp_path):
    with pytest.raises(wr.UserError, match=r"^memory 1KiB: expected at least 64"):
        FRAME.collect(memory="1KiB")
    with pytest.raises(wr.UserError, match=r"^temp_dir .*: expected a folder"):
        FRAME.collect(temp_dir=tmp_path / "nowhere")
    with pytest.raises(wr.UserError, match=r"^on mars: expected local"):
        FRAME.collect(on="mars")
    with pytest.raises(wr.UserError, match=r"push_filter.*did you mean"):
        FRAME.collect(switches={"push_filter": False})
    assert FRAME.collect(switches={"push_filters": False, "morsel_rows": 1024}).num_rows == 1


def test_defaults_of_the_process_hold_for_what_says_nothing_else():
    wr.configure(slots=1, memory="128MiB")
    try:
        report = FRAME.collect().report
        assert (report["slots"], report["memory_budget_bytes"]) == (1, 128 << 20)
        assert FRAME.collect(slots=2).report["slots"] == 2
    finally:
        wr.configure()
    assert FRAME.collect(slots=2).report["memory_budget_bytes"] != 128 << 20


def test_storage_and_data_errors_name_the_file(tmp_path):
    with pytest.raises(wr.StorageError) as caught:
        wr.scan(tmp_path / "nowhere.parquet")
    assert caught.value.file == str(tmp_path / "nowhere.parquet")
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    with pytest.raises(wr.DataError) as caught:
        wr.scan(damaged)
    assert caught.value.file == str(damaged)


def test_damage_in_the_middle_names_row_group(tmp_path):
    path = tmp_path / "numbers.parquet"
    table = pa.table({"x": list(range(2000))})
    options = {"write_page_checksum": True, "compression": "none", "use_dictionary": False}
    pq.write_table(table, path, row_group_size=1000, **options)
    chunk = pq.ParquetFile(path).metadata.row_group(1).column(0)
    data = bytearray(path.read_bytes())
    data[chunk.data_page_offset + chunk.total_compressed_size - 5] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(wr.DataError) as caught:
        wr.scan(path).collect()
    assert caught.value.file == str(path)
    assert caught.value.row_group == 1


def test_values_that_do_not_fit_name_the_column():
    frame = wr.from_dict({"n": [1, None, 70000]})
    with pytest.raises(wr.DataError) as caught:
        frame.sink_parquet("/dev/null", types={"n": "smallint"})
    assert caught.value.column == "n"


def test_every_problem_of_a_document_comes_with_its_line(tmp_path):
    path = tmp_path / "job.yaml"
    path.write_text("windrow: 1\nsources: {}\nsteps:\n  a: {filtr: x}\nsinks: []\n")
    with pytest.raises(wr.UserError) as caught:
        wr.run(path)
    assert caught.value.file == str(path)
    assert caught.value.line in (2, 4, 5)
    assert len(str(caught.value).splitlines()) > 1
    with pytest.raises(FileNotFoundError):
        wr.run(tmp_path / "nowhere.yaml")


def test_errors_survive_pickling():
    error = wr.DataError("f.parquet: row group 3: column 'x' is bad")
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), str(copied)) == (wr.DataError, str(error))
    assert (copied.file, copied.row_group, copied.column) == ("f.parquet", 3, "x")
