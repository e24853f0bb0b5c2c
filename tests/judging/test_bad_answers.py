"""Answers that are no answers: one clear sentence each, no points for that check, and nothing escapes."""

import numpy as np
import pytest

from course.autograder import judge, list_checks
from course.autograder.checks import find_check
from tests.sharing import of_check

pytestmark = pytest.mark.filterwarnings("ignore")


def right_normalize(x, mean, var, eps):
    return (x - mean) / np.sqrt(var + eps)


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("even saying what went wrong goes wrong")

    __repr__ = __str__


class Liar(np.ndarray):
    """Equal to everything, near everything, and an array of something else when asked."""

    def __eq__(self, other):
        return True

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array here")

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        return np.True_

    def __array_function__(self, function, types, arguments, keywords):
        return True


class LyingList(list):
    def __len__(self):
        return 10**12


class LyingTuple(tuple):
    def __iter__(self):
        raise GeneratorExit


class TwoFaced(tuple):
    def __len__(self):
        return 2


class Nonsense:
    def __array__(self, dtype=None, copy=None):
        raise KeyboardInterrupt

    def __getattr__(self, name):
        raise SystemExit("go away")


class LyingClass:
    @property
    def __class__(self):
        raise RuntimeError("whose class?")


class LyingCallable:
    def __call__(self, *arguments):
        return None

    @property
    def __signature__(self):
        raise RuntimeError("no signature")


def raiser(error):
    def function(*arguments):
        raise error

    return function


def recursion(x, mean, var, eps):
    return recursion(x, mean, var, eps)


def generator(x, mean, var, eps):
    yield right_normalize(x, mean, var, eps)


async def coroutine(x, mean, var, eps):
    return right_normalize(x, mean, var, eps)


def returning(make):
    return lambda x, mean, var, eps: make(x)


def nested(depth):
    value = [1.0]
    for _ in range(depth):
        value = [value]
    return value


ANSWERS = {
    "too few parameters": (lambda x, mean, var: x, "cannot be"),
    "too many parameters": (lambda x, mean, var, eps, momentum: x, "cannot be"),
    "keyword only, by other names": (lambda *, x, mu, var, eps: x, "cannot be"),
    "not a function": (3, "not a function"),
    "None for a function": (None, "not a function"),
    "a string for a function": ("normalize", "not a function"),
    "signature that raises": (LyingCallable(), "None"),
    "returns None": (returning(lambda x: None), "return` missing"),
    "returns a string": (returning(lambda x: "x_hat"), "numbers are wanted"),
    "returns a dict": (returning(lambda x: {"x_hat": x}), "numbers are wanted"),
    "returns a set": (returning(lambda x: {1, 2}), "numbers are wanted"),
    "returns itself": (returning(lambda x: right_normalize), "numbers are wanted"),
    "returns an object array": (returning(lambda x: x.astype(object)), "object array"),
    "returns an array of strings": (returning(lambda x: x.astype(str)), "wanted numbers"),
    "returns dates": (returning(lambda x: x.astype("datetime64[s]")), "wanted numbers"),
    "returns records": (returning(lambda x: np.zeros(3, "f8,f8")), "wanted numbers"),
    "returns complex": (returning(lambda x: x + 0j), "wanted numbers"),
    "returns a Python complex": (returning(lambda x: 1j), "numbers are wanted"),
    "returns a ragged list": (returning(lambda x: [[1.0], [1.0, 2.0]]), "different lengths"),
    "returns an array and a cache": (
        returning(lambda x: (x, None)),
        "a tuple of 2 things; one array is wanted",
    ),
    "returns a list of None": (returning(lambda x: [[None] * 5] * 7), "object array"),
    "returns a list too deep": (returning(lambda x: nested(200)), "x_hat"),
    "returns an endless nesting": (returning(lambda x: nested(5000)), "x_hat"),
    "returns a huge integer": (returning(lambda x: 10**400), "too large"),
    "returns a huge list": (returning(lambda x: [0.0] * 200_000), "items"),
    "returns a huge array": (returning(lambda x: np.zeros(2**27)), "far larger"),
    "returns a huge view": (
        returning(lambda x: np.broadcast_to(np.float64(0), (10**9, 10**6))),
        "far larger",
    ),
    "returns a list of huge views": (returning(lambda x: [np.broadcast_to(1.0, (10**9, 10))] * 3), "x_hat"),
    "returns too many axes": (returning(lambda x: np.zeros((1,) * 40)), "far larger"),
    "returns NaN": (returning(lambda x: x * np.nan), "values are NaN"),
    "returns infinity": (returning(lambda x: np.full(x.shape, np.inf)), "values are infinite"),
    "returns the wrong shape": (returning(lambda x: x.T), "shape"),
    "returns a number": (returning(lambda x: 1.0), "shape"),
    "returns nothing in an array": (returning(lambda x: np.empty((0, 5))), "shape"),
    "returns a bool": (returning(lambda x: True), "shape"),
    "returns a generator": (generator, "numbers are wanted"),
    "returns a coroutine": (coroutine, "numbers are wanted"),
    "returns a liar": (returning(lambda x: np.zeros(x.shape).view(Liar)), "0 everywhere"),
    "returns a lying list": (returning(lambda x: LyingList([1.0])), "items"),
    "returns nonsense": (returning(lambda x: Nonsense()), "numbers are wanted"),
    "returns a list of nonsense": (returning(lambda x: [Nonsense()]), "x_hat"),
    "returns a lying class": (returning(lambda x: LyingClass()), "x_hat"),
    "returns a matrix of the wrong shape": (returning(lambda x: np.matrix([1.0, 2.0])), "shape"),
    "raises": (
        raiser(ValueError("shapes do not match\nand a second line")),
        "ValueError: shapes do not match",
    ),
    "raises without a word": (raiser(KeyError()), "KeyError"),
    "raises the unspeakable": (raiser(Unspeakable()), "Unspeakable"),
    "exits": (raiser(SystemExit("bye")), "SystemExit"),
    "exits by a generator's exit": (raiser(GeneratorExit()), "GeneratorExit"),
    "recurses": (recursion, "RecursionError"),
    "runs out of memory": (raiser(MemoryError()), "MemoryError"),
    "raises a group": (raiser(ExceptionGroup("two", [ValueError(1), ValueError(2)])), "ExceptionGroup"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_bad_answer_gets_a_sentence_and_no_points(what):
    function, told = ANSWERS[what]
    verdict = judge("normalize", function)
    assert verdict.points == 0 and not verdict.passed
    assert told in verdict.text(), verdict.text()
    messages = {finding.message for finding in verdict.findings}
    for message in messages:
        assert message and "\n" not in message and len(message) < 400
    assert "Traceback" not in verdict.text() and "Traceback" not in verdict.html()


MOMENTS = {
    "one array": (lambda x: x.mean(0), "returned one ndarray; wanted (mean, var)"),
    "three results": (lambda x: (x.mean(0), x.var(0), x), "returned 3 values; wanted 2"),
    "one result in a tuple": (lambda x: (x.mean(0),), "returned 1 value; wanted 2"),
    "no result": (lambda x: (), "returned 0 values; wanted 2"),
    "None": (lambda x: None, "returned None; wanted (mean, var)"),
    "a dict": (lambda x: {"mean": x.mean(0), "var": x.var(0)}, "returned one dict"),
    "a tuple that lies about its length": (lambda x: LyingTuple((x, x)), "cannot be unpacked"),
    "a tuple of too many that says two": (lambda x: TwoFaced((x.mean(0), x.var(0), x)), "returned 3 values"),
    "two Nones": (lambda x: (None, None), "mean: It is None"),
}


@pytest.mark.parametrize("what", MOMENTS)
def test_wrong_number_of_results_gets_a_sentence_and_no_points(what):
    function, told = MOMENTS[what]
    verdict = judge("batch_moments", function)
    assert verdict.points == 0
    assert told in verdict.text(), verdict.text()


def test_half_of_the_results_earn_their_share():
    verdict = judge("batch_moments", lambda x: (x.mean(0), None))
    assert verdict.points == 2.5
    assert "var: It is None" in verdict.text()


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(lambda a: np.ma.masked_array(a), id="masked arrays without a mask"),
        pytest.param(lambda a: np.asmatrix(a), id="matrices"),
        pytest.param(lambda a: a.astype(np.longdouble), id="extended precision"),
        pytest.param(lambda a: a.astype(a.dtype.newbyteorder(">")), id="the other byte order"),
        pytest.param(lambda a: a.tolist(), id="lists"),
        pytest.param(lambda a: tuple(map(tuple, a)), id="tuples of numpy scalars"),
        pytest.param(list, id="lists of arrays"),
        pytest.param(lambda a: a[::-1].copy()[::-1], id="negative strides"),
    ],
)
def test_right_numbers_in_odd_containers_are_right(kept):
    verdict = judge("normalize", lambda *arguments: kept(right_normalize(*arguments)))
    assert verdict.passed, verdict.text()


def test_a_mask_does_not_hide_wrong_numbers():
    verdict = judge("normalize", lambda x, mean, var, eps: np.ma.masked_array(np.zeros_like(x), mask=True))
    assert verdict.points == 0


def test_inputs_that_are_made_unusable_are_told_as_changed():
    def vandal(x, mean, var, eps):
        x_hat = right_normalize(x, mean, var, eps)
        x[:] = np.nan
        return x_hat

    verdict = judge("normalize", vandal)
    assert 0 < verdict.points < verdict.max_points
    assert "input changed in place" in verdict.misconceptions


@pytest.mark.parametrize("state", [None, 3, "running", {"running_mean": None, "running_var": "1"}, {}])
def test_a_state_that_is_no_state_gets_a_sentence(state):
    def forward(x, gamma, beta, bn_param):
        bn_param.clear()
        if isinstance(state, dict):
            bn_param.update(state)
        else:
            bn_param["running_mean"] = state
        return x, state

    verdict = judge("batchnorm_forward.train", forward)
    assert verdict.points == 0
    assert "running_mean" in verdict.text()


@pytest.mark.parametrize("name", ["batchnorm_forward.trian", "", "x" * 5000, None, 3, ["normalize"], "норм"])
def test_unknown_check_is_said_so(name):
    verdict = judge(name, right_normalize)
    assert verdict.points == 0 and not verdict.passed
    assert "There is no check called" in verdict.text()
    assert len(verdict.text()) < 500


class LyingDict(dict):
    def __getitem__(self, key):
        raise SystemExit("no such thing")

    __contains__ = __getitem__


@pytest.mark.parametrize("grads", [LyingDict(W1=1), {}, None, [1, 2], {"W1": LyingDict()}])
def test_gradients_that_are_no_dict_of_arrays_get_a_sentence(grads):
    verdict = judge("six_layer_net", lambda x, y, params: (0.0, grads))
    assert verdict.points == 0
    assert "grads.W1" in verdict.text()


def test_unknown_check_is_compared_with_those_there_are():
    assert "is 'batchnorm_forward.train' meant?" in judge("batchnorm_forward.trian", right_normalize).text()


@pytest.mark.parametrize("count", [0, 2, 5])
def test_wrong_number_of_functions_is_said_so(count):
    verdict = judge("normalize", *[right_normalize] * count)
    assert verdict.points == 0
    assert f"takes 1 function (normalize); {count} came" in verdict.text()


NONSENSE = {
    "raises": raiser(ValueError("no")),
    "None": returning(lambda x: None),
    "too many results": lambda *a: (0,) * 5,
    "a number for a function": 7,
}


@pytest.mark.parametrize("name", [of_check(name, name) for name in list_checks()])
def test_no_check_gives_points_for_nonsense(name, each):
    def gets_nothing(function):
        verdict = judge(name, *[function] * len(find_check(name).functions))
        assert verdict.points == 0
        assert all(finding.message for finding in verdict.findings)

    each(gets_nothing, [(what, (function,)) for what, function in NONSENSE.items()])
