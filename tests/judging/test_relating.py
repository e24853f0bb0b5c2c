"""How wrong and right are related: what is said is true on every case, and nothing that comes breaks the saying."""

import itertools

import numpy as np
import pytest

from course.autograder.checks.language.tolerances import BATCH_NORM, EXACT
from course.autograder.judging.facts import fact
from course.autograder.judging.relating import pair, relation

TOLERANCE = BATCH_NORM.float64
SHAPES = ((4, 3, 5, 6), (2, 5, 4, 4), (6, 2, 3, 7))


def said(change, *, shapes=SHAPES, strong=False, tolerance=TOLERANCE, path="out"):
    """What is said where each case's answer is the right one, changed."""
    r = np.random.default_rng(0)
    made = []
    for shape in shapes:
        right = r.normal(size=shape)
        made.append(pair(np.asarray(change(right)), right, tolerance, {"x": right}, path))
    return relation(made, strong=strong)


def at(place, axis=2):
    """Change one slice."""

    def change(a):
        changed = a.copy()
        np.moveaxis(changed, axis, 0)[place] += 3
        return changed

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: 1.25 * a, "Yours is 1.25 times the right one everywhere, on each of these 3 cases."),
        (lambda a: -a, "opposite sign"),
        (lambda a: a / len(a), "divided by x.shape[0]"),
        (lambda a: a * a.size, "multiplied by the number of values in x"),
        (lambda a: a * a[0, 0].size, "multiplied by the number of pixels in a channel of a sample of x"),
        (lambda a: a * a.size**0.5, "times a number that depends on the case"),
        (lambda a: a + 0.5, "by +0.5 everywhere"),
        (lambda a: a + a.size, "a number that is the same everywhere on a case"),
        (lambda a: a.transpose(1, 0, 2, 3), "axes 0 and 1 swapped"),
        (lambda a: a.transpose(0, 2, 3, 1), "axes 1, 2 and 3 in another order"),
        (lambda a: a[:, :, ::-1, ::-1], "reversed along axes 2 and 3"),
        (lambda a: np.roll(a, 1, axis=3), "one place later along axis 3"),
        (lambda a: np.roll(a, -1, axis=0), "one place earlier along axis 0"),
        (lambda a: a * (a > 0), "right wherever it is not 0"),
        (lambda a: np.where(a > 0, a, 0.1 * a), "wherever the right value is positive"),
        (lambda a: np.abs(a), "absolute value"),
        (lambda a: np.minimum(a, 0.5), "right up to 0.5, and cut off there"),
        (lambda a: np.clip(a, -0.75, 0.5), "right up to 0.5, and cut off there"),
        (lambda a: np.maximum(a, -0.75), "right down to -0.75, and cut off there"),
        (lambda a: a**2, "the square of"),
        (lambda a: 1 / a, "1 divided by"),
        (np.rint, "rounded to whole numbers"),
        (at(-1), "but for the last row"),
        (at(0, 3), "but for the first column"),
        (lambda a: np.pad(a[:, :, 1:-1, 1:-1], ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=9.0), "but for the border"),
        (lambda a: np.concatenate([a[:1], a[1:] ** 3]), "right for the first sample alone"),
        (at(-1, 1), "right for every channel but the last"),
        (lambda a: a * np.arange(2.0, 2 + a.shape[1])[:, None, None], "each channel times a number of its own"),
        (lambda a: a + np.arange(2.0, 2 + a.shape[1])[:, None, None], "a number of its own for each channel"),
        (lambda a: np.random.default_rng(1).permutation(a.ravel()).reshape(a.shape), "in other places"),
        (lambda a: a**3, "right sign"),
        (lambda a: np.random.default_rng(1).normal(size=a.shape), ""),
        (lambda a: a[None], "axes of length 1"),
        (lambda a: a.reshape(-1), "in another shape"),
        (lambda a: a.mean(0), "averaged over axis 0"),
        (lambda a: np.stack([a, a]), "averaged over axis 0"),
        (lambda a: a[:, :, :-1, :-1], "values at the end of axes 2 and 3 missing"),
        (lambda a: np.pad(a, ((0, 0), (0, 0), (1, 1), (1, 1))), "values at the edges of axes 2 and 3 too many"),
        (lambda a: np.ones((*a.shape[:2], a.shape[2] + 1, a.shape[3] + 1)), "Axes 2 and 3 are 1 too long"),
        (lambda a: np.ones((*a.shape[:2], a.shape[2] + 1, a.shape[3] + 2)), "Axes 2 and 3 are too long"),
        (lambda a: np.ones((2, 2)), ""),
    ],
)  # fmt: skip
def test_a_relation_that_holds_on_every_case_is_said(change, words):
    told = said(change)
    assert words in told if words else told == ""
    assert not told or told.endswith("on each of these 3 cases.")


@pytest.mark.parametrize(
    ("path", "shape", "words"),
    [
        ("out", (4, 3, 5, 6), ("sample", "channel")),
        ("dw", (4, 3, 5, 6), ("kernel", "input channel")),
        ("folded_weight", (4, 3, 5, 6), ("kernel", "input channel")),
        ("columns", (4, 3, 5), ("sample", "row")),
        ("dw", (4, 3), ("row", "column")),
        ("grads.W2", (4, 3), ("row", "column")),
        ("out", (4, 3), ("sample", "column")),
        *[(path, (4,), ("channel",)) for path in ("dgamma", "dbeta", "db", "grads.beta3", "grads.b1")],
        ("mask", (4,), ("value",)),
    ],
)
def test_axes_are_called_by_what_they_run_over(path, shape, words):
    for axis, word in enumerate(words):
        told = said(lambda a, axis=axis: at(-1, axis)(a), shapes=(shape,), path=path)
        assert told == f"Yours is right for every {word} but the last.", told


def test_what_holds_on_some_cases_only_is_not_said():
    first = iter([True, False, False])
    assert said(lambda a: 2 * a if next(first) else a + 1) == ""
    first = iter([True, False, False])
    assert said(lambda a: 2 * a if next(first) else 2 * a[:, :, :-1]) == ""


def test_a_case_with_too_few_values_to_tell_does_not_speak_against_the_others():
    shapes = ((4, 3), (1, 3), (5, 2))
    by_column = said(lambda a: a * np.arange(2.0, 2 + a.shape[1]), shapes=shapes)
    assert (
        by_column
        == "Yours is the right one with each column times a number of its own, on each of these 3 cases."
    )
    assert said(lambda a: a * np.arange(2.0, 5), shapes=((1, 3),)).find("each column") == -1
    one_wrong = iter([False, True, False])
    assert "right sign" not in said(
        lambda a: -(a**3) if next(one_wrong) else a**3, shapes=((4, 3), (1, 1), (5, 3))
    )


def test_a_factor_of_its_own_on_each_case_is_no_plain_relation():
    assert said(lambda a: a * a.size**0.5, strong=True) == ""
    assert said(lambda a: 2 * a, strong=True) != ""


def test_two_sizes_that_are_alike_are_not_cut_off():
    shape = np.array([4.0, 6, 8, 8]), np.array([4.0, 6, 12, 9])
    assert relation([pair(*shape, EXACT.float64, {})]) == ""
    shape = np.array([4.0, 6, 4, 4]), np.array([4.0, 6, 3, 2])
    assert relation([pair(*shape, EXACT.float64, {})]) == ""


def test_nothing_is_said_of_what_is_as_good_as_nothing():
    right = np.array([1e-12, -2e-12, 1e-13])
    assert relation([pair(np.zeros(()), right, TOLERANCE, {})]).startswith(
        "The values are right, but each must"
    )
    assert relation([pair(3e12 * right, right, TOLERANCE, {})]) == ""


def test_factors_that_are_one_number_but_for_rounding_do_not_depend_on_the_case():
    r = np.random.default_rng(1)
    single = BATCH_NORM.float32
    rights = [r.normal(size=(4, 3)) for _ in range(3)]
    made = [pair(-a * (1 + 3e-6 * k), a, single, {"x": a}) for k, a in enumerate(rights)]
    assert relation(made).startswith("Yours has the right magnitude and the opposite sign")
    apart = [pair(1.5 * a * (1 + 2e-5 * k), a, single, {}) for k, a in enumerate(rights)]
    assert "depends on the case" not in relation(apart)


def test_one_number_alone_is_a_multiple_of_anything():
    assert said(lambda a: 3 * a, shapes=((),)) == ""
    assert "3 times" in said(lambda a: 3 * a, shapes=((), ()))


@pytest.mark.slow
def test_nothing_that_comes_breaks_the_saying():
    r = np.random.default_rng(2)
    shapes = [
        (),
        (1,),
        (0,),
        (3,),
        (4, 1),
        (2, 3),
        (0, 3),
        (1, 1, 1),
        (2, 3, 4),
        (2, 1, 3, 3),
        (2, 3, 4, 5, 2),
        (1,) * 8,
    ]
    kinds = ["f8", "f4", "i8", "?"]
    with np.errstate(all="ignore"):
        for (one, a), (other, b) in itertools.product(itertools.product(shapes, kinds), repeat=2):
            got, wanted = (r.normal(size=one) * 3).astype(a), (r.normal(size=other) * 3).astype(b)
            for tolerance in (TOLERANCE, EXACT.float64):
                assert isinstance(relation([pair(got, wanted, tolerance, {"x": wanted})]), str)
            if got.shape == wanted.shape:
                fact(got, wanted, {"x": wanted})


# --- what strikes the eye ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (np.zeros((4, 3)), "Yours is 0 everywhere."),
        (np.full((4, 3), np.nan), "All 12 values are NaN."),
        (np.full((4, 3), -np.inf), "All 12 values are infinite."),
        (np.array([[np.nan, 1, 2]] * 4), "4 of 12 values are NaN."),
        (np.array([[np.nan, np.inf, 2]] * 4), "8 of 12 values are NaN or infinite."),
        (np.full((4, 3), 0.5), "Yours is 0.5 everywhere."),
        (np.full((4, 3), 4.6e-310), "12 of 12 values look like memory that was never written (4.6e-310)."),
        (np.arange(12.0).reshape(4, 3), "Yours is x as it came."),
        (np.eye(4, 3) > 0, "Yours holds True and False where numbers are wanted."),
        (np.arange(12.0).reshape(4, 3) ** 2, None),
    ],
)
def test_what_an_array_is_comes_first(got, words):
    x = np.arange(12.0).reshape(4, 3)
    seen = fact(got, np.sin(x), {"x": x})
    assert (seen and seen.message) == words


def test_zeros_where_zeros_are_right_are_no_fact():
    assert fact(np.zeros(3), np.zeros(3), {}) is None


def test_two_numbers_of_a_shape_that_are_alike_are_not_cut_off():
    two_alike = pair(np.array([4, 8, 8, 8]), np.array([4, 8, 9, 12]), EXACT.float64, {})
    assert "cut off" not in relation([two_alike])


def test_a_sign_that_was_measured_in_single_precision_is_a_sign():
    r = np.random.default_rng(1)
    rights = [r.normal(size=n) for n in (9, 7)]
    gots = [-rights[0], -rights[1] * (1 + 5e-6)]
    held_to = (BATCH_NORM.float64, BATCH_NORM.float32)
    pairs = [pair(g, w, t, {}, "out") for g, w, t in zip(gots, rights, held_to, strict=True)]
    assert "the opposite sign" in relation(pairs)


def test_a_number_0_is_no_sum_of_zeros():
    right = np.array([0.0, 1e-17, -2e-17])
    pairs = [pair(np.zeros(()), right, TOLERANCE, {}, "db") for _ in range(2)]
    assert "summed" not in relation(pairs)
