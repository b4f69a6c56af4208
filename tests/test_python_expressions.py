# SPDX-License-Identifier: Apache-2.0
"""Expressions mean what their operators say, whatever the nesting."""

import datetime
import decimal
import random

import pytest

import windrow as wr

ROWS = {"a": [1, -2, None, 7, 0], "b": [3, 0, 5, None, -4], "p": [True, False, None, True, False]}
FRAME = wr.from_dict(ROWS)


def number(generator: random.Random, depth: int) -> tuple[wr.Expr, str]:
    """An expression and its SQL with every parenthesis there can be."""
    if depth == 0:
        name = generator.choice("ab")
        value = generator.randint(-3, 9)
        return generator.choice([(wr.col(name), name), (wr.lit(value), f"({value})")])
    left, left_sql = number(generator, depth - 1)
    sign = generator.choice("+ - * / // % neg abs when".split())
    if sign == "neg":
        return -left, f"(-{left_sql})"
    if sign == "abs":
        return left.abs(), f"abs({left_sql})"
    right, right_sql = number(generator, generator.randrange(depth))
    if sign == "when":
        test, test_sql = condition(generator, depth - 1)
        expression = wr.when(test).then(left).otherwise(right)
        return expression, f"(CASE WHEN {test_sql} THEN {left_sql} ELSE {right_sql} END)"
    operate = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
        "//": lambda: left // right,
        "%": lambda: left % right,
    }
    return operate[sign](), f"({left_sql} {sign} {right_sql})"


def condition(generator: random.Random, depth: int) -> tuple[wr.Expr, str]:
    if depth == 0:
        return wr.col("p"), "p"
    sign = generator.choice("and or not = <> < >= null in between".split())
    if sign in ("and", "or", "not"):
        left, left_sql = condition(generator, depth - 1)
        if sign == "not":
            return ~left, f"(NOT {left_sql})"
        right, right_sql = condition(generator, generator.randrange(depth))
        both = left & right if sign == "and" else left | right
        return both, f"({left_sql} {sign} {right_sql})"
    left, left_sql = number(generator, depth - 1)
    if sign == "null":
        return left.is_null(), f"({left_sql} IS NULL)"
    right, right_sql = number(generator, generator.randrange(depth))
    if sign == "in":
        return left.is_in([right, 1]), f"({left_sql} IN ({right_sql}, 1))"
    if sign == "between":
        return left.is_between(right, 5), f"({left_sql} BETWEEN {right_sql} AND 5)"
    operate = {
        "=": lambda: left == right,
        "<>": lambda: left != right,
        "<": lambda: left < right,
        ">=": lambda: left >= right,
    }
    return operate[sign](), f"({left_sql} {sign} {right_sql})"


@pytest.mark.parametrize("seed", range(8))
def test_text_keeps_the_nesting_of_operators(seed):
    for case in range(25):
        generator = random.Random(1000 * seed + case)
        make = generator.choice([number, condition])
        expression, text = make(generator, generator.randint(1, 4))
        try:
            wanted = FRAME.select(x=text).collect().to_pydict()
        except wr.WindrowError as error:
            with pytest.raises(type(error)):
                FRAME.select(x=expression).collect()
            continue
        found = FRAME.select(x=expression).collect().to_pydict()
        replay = f"seed {1000 * seed + case}: {expression.sql} against {text}"
        assert str(found) == str(wanted), replay


def test_python_values_on_the_left():
    a = wr.col("a")
    made = [1 + a, 1 - a, 2 * a, 2 / a, 7 // a, 7 % a, True & (a > 0), False | (a > 0)]
    wanted = [
        "1 + a",
        "1 - a",
        "2 * a",
        "2 / a",
        "7 // a",
        "7 % a",
        "TRUE AND a > 0",
        "FALSE OR a > 0",
    ]
    assert [expression.sql for expression in made] == wanted
    assert (a - (wr.col("b") - 1)).sql == "a - (b - 1)"
    negative = -a
    assert (-negative).sql == "-(-a)"
    assert ((a == 1) == wr.lit(True)).sql == "(a = 1) = TRUE"


LITERALS = [
    None,
    True,
    -5,
    2**62,
    1.5,
    -2.5e-300,
    float("inf"),
    'it\'s "quoted" -- $x ${y} \\ é\n',
    datetime.date(2024, 2, 29),
    datetime.datetime(2025, 1, 31, 12, 0, 1, 500),
    decimal.Decimal("-12.340"),
    decimal.Decimal("0.001"),
    decimal.Decimal("1E+3"),
]


@pytest.mark.parametrize("value", LITERALS, ids=repr)
def test_a_literal_comes_out_as_it_is(value):
    found = FRAME.limit(1).select(x=wr.lit(value)).collect().to_pydict()["x"][0]
    assert found == value
    assert isinstance(found, type(value))


def test_times_with_a_zone_are_instants():
    zone = datetime.timezone(datetime.timedelta(hours=2))
    noon = datetime.datetime(2025, 1, 31, 12, tzinfo=zone)
    assert FRAME.limit(1).select(x=wr.lit(noon)).collect().to_pydict()["x"][0] == noon


TEXTS = wr.from_dict({"t": [" Äb-c ", None], "u": ["x:1|y:2", "z:3"]})
TEXT = wr.col("t").str
LABELS = wr.col("u").labels.parse_pipes().labels
TEXT_RESULTS = {
    " äb-c ": TEXT.lower(),
    " ÄB-C ": TEXT.upper(),
    6: TEXT.length(),
    "Äb-c": TEXT.strip(),
    "Äb-c ": TEXT.strip_start(),
    " Äb-c": TEXT.strip_end(" "),
    " Äb_c ": TEXT.replace("-", "_"),
    "Äb": TEXT.slice(1, 2),
    "c ": TEXT.slice(-2),
    True: TEXT.contains("b-") & TEXT.starts_with(" ") & TEXT.ends_with(" ") & TEXT.like("%b_c%"),
    "1": LABELS.get("x"),
    '{"y":"2"}': LABELS.keep("y"),
    '{"x":"9","y":"2"}': LABELS.merge(wr.lit('{"x":"9"}')),
}


@pytest.mark.parametrize("wanted", TEXT_RESULTS, ids=repr)
def test_functions_of_text_and_labels(wanted):
    column = TEXTS.select(x=TEXT_RESULTS[wanted]).collect().to_pydict()["x"]
    assert column[0] == wanted


def test_functions_of_dates():
    t = wr.lit(datetime.datetime(2024, 2, 29, 13, 14, 15))
    parts = FRAME.limit(1).select(
        year=t.dt.year(),
        month=t.dt.month(),
        day=t.dt.day(),
        hour=t.dt.hour(),
        minute=t.dt.minute(),
        second=t.dt.second(),
        weekday=t.dt.weekday(),
        days=t.dt.days_in_month(),
        start=t.dt.truncate("month"),
        date=t.dt.date(),
    )
    assert list(parts.collect().to_pylist()[0].values()) == [
        2024, 2, 29, 13, 14, 15, 4, 29, datetime.datetime(2024, 2, 1), datetime.date(2024, 2, 29),
    ]  # fmt: skip


def test_every_function_of_the_language_can_be_written():
    x = wr.col("a")
    numbers = [x.abs(), x.ceil(), x.floor(), x.round(), x.round(2), x.sign(), x.sqrt(), x.exp()]
    numbers += [x.log(), x**2, abs(x), x.fill_null(0), x.null_if(1), x.cast(float).is_nan()]
    numbers += [wr.greatest(x, 3), wr.least(x, 3), wr.coalesce(x, 3), wr.concat_str(x, "!")]
    FRAME.select(**{f"c{i}": made for i, made in enumerate(numbers)}).collect()
    aggregates = [x.sum(), x.mean(), x.min(), x.max(), x.first(), x.last(), x.count()]
    aggregates += [x.n_unique(), wr.count()]
    grouped = FRAME.group_by().agg(**{f"c{i}": made for i, made in enumerate(aggregates)})
    assert list(grouped.collect().to_pylist()[0].values()) == [6, 1.5, -2, 7, 1, 0, 4, 4, 5]
    assert len(FRAME.select(u=wr.uuid()).collect().to_pydict()["u"][0]) == 36


def test_no_value_is_in_an_empty_list():
    assert FRAME.filter(wr.col("a").is_in([])).collect().num_rows == 0
    assert FRAME.filter(wr.col("a").is_not_null()).collect().num_rows == 4
    assert wr.col("and").sql == '"and"'
    odd = wr.from_dict({'a "b"': [1]})
    assert odd.filter(wr.col('a "b"') == 1).collect().num_rows == 1
