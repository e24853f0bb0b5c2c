"""A case may demand an exception, an output may be a column of a table, and integers are compared exactly."""

from dataclasses import replace

import numpy as np
import pytest

from course.autograder.checks import find_check
from course.autograder.checks.language.plain import REFUSED, Problem, rows_together
from course.autograder.checks.language.protocol import Call, Reply, perform
from course.autograder.checks.language.spec import Case, Check, Misconception, Output
from course.autograder.checks.language.tolerances import EXACT
from course.autograder.engine.cleaning import clean_reply
from course.autograder.engine.wire import LENGTHS, decode, encode
from course.autograder.judging import judge, judge_with
from course.autograder.judging.comparing import difference, rows_differ
from course.autograder.judging.computing import Computed

HALF = Check(
    name="half",
    assignment="ps3_conv",
    points=1,
    functions=("half",),
    steps=(Call("half", ("n",), ("out",)),),
    outputs=(Output("out", EXACT),),
    cases=(Case("even", lambda r: {"n": 6}), Case("odd", lambda r: {"n": 7}, raises="ValueError")),
    reference=lambda i: {"out": i["n"] // 2},
    misconceptions=(
        Misconception("rounded down", "Refuse odd numbers, please.", lambda i: {"out": i["n"] // 2}),
        Misconception("rounded up", "Refuse odd numbers, please.", lambda i: {"out": (i["n"] + 1) // 2}),
    ),
)


def question(index):
    case = HALF.cases[index]
    return Computed(HALF, case, case.draw(np.random.default_rng(0)))


def verdict(half):
    def ask(steps, inputs, wanted):
        return perform(steps, inputs, wanted, {"half": half})

    return judge_with(HALF, ask, questions=question)


def refusing(error):
    def half(n):
        if n % 2:
            raise error
        return n // 2

    return half


class Odd(ValueError):
    pass


@pytest.mark.parametrize("error", [ValueError("odd"), Odd(), UnicodeError("a subclass")])
def test_the_exception_asked_for_or_a_subclass_is_right(error):
    assert verdict(refusing(error)).passed


@pytest.mark.parametrize(
    "error", [TypeError("odd"), AssertionError(), Exception("ValueError"), KeyError("ValueError")]
)
def test_another_exception_is_told_apart(error):
    found = verdict(refusing(error))
    assert found.points == 0
    assert [f.kind for f in found.findings] == ["raised"]
    assert type(error).__name__ in found.findings[0].message
    assert found.findings[0].message.endswith("ValueError is wanted.")


def test_an_answer_where_an_exception_is_wanted_is_rejected_and_named():
    for half, name in ((lambda n: n // 2, "rounded down"), (lambda n: -(-n // 2), "rounded up")):
        found = verdict(half)
        assert found.points == 0
        assert found.misconceptions == (name,)
        assert found.findings[0].kind == "not raised"


def test_none_or_nonsense_where_an_exception_is_wanted_is_rejected():
    for value in (None, "odd", -1, [[1], [2, 3]], np.zeros((0,) * 9)):
        found = verdict(lambda n, value=value: value if n % 2 else n // 2)
        assert found.points == 0
        assert [f.kind for f in found.findings] == ["not raised"]


def test_an_exception_where_an_answer_is_wanted_is_rejected():
    def half(n):
        raise ValueError("always")

    found = verdict(half)
    assert found.points == 0
    assert found.findings[0].case == "even"


def test_a_stub_says_that_it_is_not_written():
    found = verdict(refusing(NotImplementedError()))
    assert found.findings[-1].kind == "blank"


def test_the_name_of_an_exception_travels():
    reply = perform(HALF.steps, {"n": 7}, ("out",), {"half": refusing(Odd("seven"))})
    assert reply.problem.exceptions == ("Odd", "ValueError", "Exception", "BaseException")
    frame = encode(reply)
    head, body = LENGTHS.unpack(frame[: LENGTHS.size])
    start = LENGTHS.size
    travelled = clean_reply(decode(frame[start : start + head], frame[start + head :]), ("out",))
    assert travelled.problem == reply.problem
    assert len(frame) == start + head + body


def test_what_a_hostile_process_calls_an_exception_is_cut_short():
    for names in (None, 7, "ValueError", ["ValueError"]):
        cleaned = clean_reply(Reply(problem=Problem("raised", "", names)), ())
        assert cleaned.problem.exceptions == ()
    many = clean_reply(Reply(problem=Problem("raised", "", ("x" * 500,) * 500)), ())
    assert len(many.problem.exceptions) == 20
    assert len(many.problem.exceptions[0]) == 80


# --- columns of a table ---


def test_a_column_of_numbers_is_one_array():
    assert rows_together([3, np.int64(4), 5.0], "n").tolist() == [3, 4, 5]


def test_a_column_of_shapes_is_filled_up():
    column = rows_together([(1, 2, 3), None, [4], np.array([5, 6])], "shape")
    wanted = [[1, 2, 3], [np.nan] * 3, [4, np.nan, np.nan], [5, 6, np.nan]]
    assert np.array_equal(column, wanted, equal_nan=True)
    assert rows_together([(1, 2), (3, 4)], "shape").dtype.kind == "i"
    assert rows_together([(), None], "shape").shape == (2, 0)


def table(value):
    steps = (Call("f", (), ("table",)),)
    return perform(steps, {}, ("table.*.n",), {"f": lambda: value}).outputs["table.*.n"]


def test_what_is_no_table_is_told_in_one_sentence():
    assert "return" in table(None).message
    assert "list with one dict" in table({"n": 3}).message
    assert "row without 'n'" in table([{"n": 3}, {"m": 4}]).message
    assert "row without 'n'" in table([[3]]).message
    assert "in row 1" in table([{"n": 3}, {"n": "three"}]).message
    assert "a number in some rows" in table([{"n": 3}, {"n": (3, 4)}]).message
    assert table([{"n": 3}, {"n": 4}]).tolist() == [3, 4]
    assert table(({"n": 3},)).tolist() == [3]


def said(got, wanted):
    return rows_differ(rows_together(got, "n"), rows_together(wanted, "n"), EXACT.float64)


def test_the_first_wrong_row_is_told_with_what_the_student_has_there():
    assert said([1, 2, 3], [1, 2, 3]) == ""
    assert said([(1, 2), (), (3,)], [(1, 2), None, (3,)]) == ""
    several = said([1, 2000, 3], [1, 2, 4])
    assert several.startswith("2 rows of the table are wrong, the first of them row 1 (counted from 0)")
    assert several.endswith("yours says 2,000 there.")
    assert said([(1, 2), (3, 4)], [(1, 2), (3,)]).startswith("Row 1 of")
    assert "yours says (3, 4)" in said([(1, 2), (3, 4), ()], [(1, 2), (3,), ()])
    assert "yours says ()" in said([(1, 2), ()], [(1, 2), (3,)])
    assert said([1, 2], [1, 2, 3]) == "The table has 2 rows; 3 are wanted, one for each layer."


@pytest.mark.parametrize(
    "sent", [np.asarray(3), np.zeros((0,)), np.full((5, 2), np.nan), np.zeros((2, 2, 2))]
)
def test_whatever_arrives_as_a_column_is_judged(sent):
    check = find_check("network_table.shapes")
    verdict = judge_with(check, lambda steps, inputs, wanted: Reply(dict.fromkeys(wanted, sent)))
    assert verdict.points == 0


# --- integers ---


@pytest.mark.parametrize(
    "value", [867041280, 867041280.0, np.int64(867041280), np.uint32(867041280), np.float64(867041280)]
)
def test_an_integer_of_any_numeric_type_is_right(value):
    assert difference(np.asarray(value), np.asarray(867041280), EXACT.float64) is None


@pytest.mark.parametrize(
    "value", [867041281, 8.67e8, 867041280.5, np.float32(2**24 + 1), np.nan, np.inf, -867041280]
)
def test_a_rounded_integer_is_wrong(value):
    wanted = 2**24 + 1 if isinstance(value, np.float32) else 867041280
    assert difference(np.asarray(value), np.asarray(wanted), EXACT.float64) is not None


def test_integers_beyond_the_reach_of_a_float_are_told_apart():
    large = 2**53 + 1
    assert difference(np.asarray(float(large)), np.asarray(large), EXACT.float64) is not None
    assert difference(np.asarray(large), np.asarray(large), EXACT.float64) is None


def counts_as(change):
    """A verdict on right counts that went through `change`."""
    check = find_check("conv2d_operations")

    def ask(steps, inputs, wanted):
        right = check.reference(inputs)
        with np.errstate(over="ignore"):
            return Reply({k: np.asarray(change(right[k])) for k in wanted})

    return judge_with(check, ask)


@pytest.mark.parametrize("change", [int, float, np.int64, np.uint64])
def test_a_check_takes_any_type_of_integer(change):
    assert counts_as(change).passed


@pytest.mark.parametrize(
    "change", [lambda n: n + 1, lambda n: n * (1 + 1e-9), lambda n: round(n, -3), np.float16]
)
def test_a_check_takes_no_rounded_integer(change):
    assert counts_as(change).points == 0


def test_hidden_and_visible_cases_alike_may_raise():
    check = find_check("conv2d_output_shape.errors")
    assert any(case.raises for case in check.cases)
    assert any(case.raises for case in check.hidden)
    assert replace(check.cases[0], raises="").raises == ""

    def never(*args):
        raise ValueError

    assert judge("conv2d_output_shape.errors", never).points == 0


STRICT = replace(
    HALF,
    name="strict",
    cases=(
        *HALF.cases,
        Case("four", lambda r: {"n": 4}),
        Case("thirteen", lambda r: {"n": 13}, raises="ValueError"),
        Case("fifteen", lambda r: {"n": 15}, raises="ValueError"),
        Case("seventeen", lambda r: {"n": 17}, raises="ValueError"),
    ),
    misconceptions=(
        *HALF.misconceptions,
        Misconception("four refused", "Four is even.", lambda i: {"out": REFUSED} if i["n"] == 4 else {}),
        Misconception(
            "all even refused", "Even ones are fine.", lambda i: {} if i["n"] % 2 else {"out": REFUSED}
        ),
    ),
)


def strict(refused, given=lambda n: n // 2):
    def half(n):
        if n in refused:
            raise ValueError(f"not {n}")
        return given(n)

    def drawn(index):
        case = STRICT.cases[index]
        return Computed(STRICT, case, case.draw(np.random.default_rng(0)))

    return judge_with(STRICT, lambda *asked: perform(*asked, {"half": half}), questions=drawn)


@pytest.mark.parametrize(
    ("refused", "named"), [({4}, ("four refused",)), ({4, 6}, ("all even refused",)), ({6}, ())]
)
def test_what_is_refused_and_should_not_be_has_a_name_where_one_mistake_explains_it_all(refused, named):
    found = strict({7, 13, 15, 17} | refused)
    assert found.misconceptions == named
    assert {f.kind for f in found.findings} == {"raised"}
    assert "raised ValueError: not" in found.text()


def test_a_refusal_beside_another_mistake_has_no_name():
    assert not {"four refused", "all even refused"} & set(strict({4, 15, 17}).misconceptions)


def test_of_four_that_are_to_be_refused_one_alone_that_is_let_through_names_no_mistake():
    assert strict({13, 15, 17}).misconceptions == ()
    assert strict(set()).misconceptions == ("rounded down",)
