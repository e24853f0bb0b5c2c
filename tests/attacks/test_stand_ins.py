"""The stand-in of a second judgement answers rightly: what a hostile notebook makes of that earns it nothing.

`normalize` is wrong on purpose in each of them, and something tries to get its points, or more than are due elsewhere.
"""

from collections.abc import Iterator

import pytest

from course.autograder.engine.engine import Engine, RunResult
from course.autograder.judging import oracle
from course.autograder.sandbox import confinement
from tests.attacks.suite import ASSIGNMENT, MOMENTS, ORDINARY, WRONG
from tests.engine.answered import answered, asked

pytestmark = [
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("attacks"),
]
FAR = """
import gc
far = next(one for one in gc.get_objects() if type(one).__name__ == "FarJudge")
def judge_says(x, mean, var, eps):
    return far._exchange("normalize", {"x": x, "mean": mean, "var": var, "eps": eps})["x_hat"]
"""
FORWARD = """
def scale_shift(x_hat, gamma, beta):
    return gamma * x_hat + beta
def batchnorm_forward(x, gamma, beta, bn_param):
    mean, var = batch_moments(x)
    m = bn_param.get("momentum", 0.9)
    for name, new, start in (("running_mean", mean, 0.0), ("running_var", var, 1.0)):
        bn_param[name] = m * bn_param.get(name, start) + (1 - m) * new
    return scale_shift(normalize(x, mean, var, bn_param.get("eps", 1e-5)), gamma, beta), None
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(ORDINARY) as started:
        yield started


def run(
    engine: Engine, *cells: str, checks: tuple[str, ...] = ("normalize", "batchnorm_forward.train")
) -> RunResult:
    made = answered(MOMENTS, WRONG, *cells, *map(asked, checks))
    return engine.run(made, assignment=ASSIGNMENT, student_seed=3)


def points(result: RunResult) -> list[float]:
    return [verdict.points for verdict in result.ledger.values()]


@pytest.mark.slow
def test_without_hostility_the_caller_alone_earns_by_it(engine: Engine) -> None:
    assert points(run(engine, FORWARD)) == [0.0, 10.0]


def test_the_judge_is_not_to_be_asked_in_a_first_judgement(engine: Engine) -> None:
    result = run(
        engine, FAR, "def normalize(*given):\n    return judge_says(*given)\n", checks=("normalize",)
    )
    assert points(result) == [0.0]
    assert result.restarts == 1, "a frame that was not asked for ends the process"


def test_nor_between_the_checks(engine: Engine) -> None:
    result = run(engine, FORWARD, FAR, "judge_says(np.ones((2, 2)), np.ones(2), np.ones(2), 1e-5)")
    assert points(result)[0] == 0.0 and result.restarts == 1


def test_what_was_learnt_does_not_serve_the_wrong_function_later(engine: Engine) -> None:
    """The second judgement of another's check hands it over, then it answers for its own check a second time."""
    thief = (
        FORWARD
        + """
kept = []
def scale_shift(x_hat, gamma, beta):
    if type(normalize).__name__ == "StandIn":
        kept.append(normalize)
    return gamma * x_hat + beta
"""
    )
    again = """
if kept:
    kept[0].open = True
    normalize = kept[0]
"""
    tests = ("normalize", "batchnorm_forward.train")
    made = answered(MOMENTS, WRONG, thief, *map(asked, tests), again, asked("batchnorm_forward.test"))
    made.cells.append(asked("normalize"))
    result = engine.run(made, assignment=ASSIGNMENT, student_seed=3)
    ledger = result.ledger
    assert ledger["normalize"].points == 0.0, "it is judged once"
    assert ledger["batchnorm_forward-test"].points == 0.0, "its first judgement met an answer that is none"


@pytest.mark.parametrize(
    "question",
    [
        'far._exchange("batchnorm_forward", {"x": x, "gamma": gamma, "beta": beta, "bn_param": bn_param})',
        'far._exchange("batch_moments", {"x": x})',
        'far._exchange("normalize", {"x": x, "mean": mean})',
        'far._exchange("normalize", {"x": "x", "mean": mean, "var": var, "eps": 1e-5})',
        'far._exchange("normalize", {"x": np.zeros((1000, 1000)), "mean": mean, "var": var, "eps": 1e-5})',
        'far._exchange("normalize", [1, 2])',
        'far._exchange(["normalize"], {})',
        "far._exchange(7, None)",
    ],
)
def test_only_what_the_check_could_ask_of_the_wrong_function_is_answered(
    engine: Engine, question: str
) -> None:
    """Where the oracle says anything, the answer becomes the judge's; it says nothing, so it stays wrong."""
    asks = (
        FAR
        + FORWARD
        + f"""
def scale_shift(x_hat, gamma, beta):
    return gamma * x_hat + beta
def batchnorm_forward(x, gamma, beta, bn_param):
    mean, var = batch_moments(x)
    if type(normalize).__name__ == "StandIn":
        normalize(x, mean, var, 1e-5)  # so that the second judgement goes on
        told = {question}
        if told is not None:
            return told.get("out", gamma * (x - mean) / np.sqrt(var + bn_param.get("eps", 1e-5)) + beta), None
    return x, None
"""
    )
    result = run(engine, asks)
    assert points(result) == [0.0, 0.0] and result.incidents == ()


def test_the_judge_answers_so_many_times_and_no_more(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "MOST", 30)
    greedy = FORWARD.replace(
        "m = bn",
        """
    if type(normalize).__name__ == "StandIn":
        for _ in range(30):
            normalize(x, mean, var, 1e-5)
    m = bn""".strip("\n").strip(),
    )
    assert points(run(engine, greedy)) == [0.0, 4.0], (
        "running statistics alone, as without a second judgement"
    )


def test_an_answer_of_one_line_is_none(engine: Engine) -> None:
    """The same question asked in another way is never answered by a stand-in for the first."""
    lines = """
def batchnorm_backward(dout, cache):
    raise NotImplementedError
def batchnorm_backward_alt(dout, cache):
    return batchnorm_backward(dout, cache)
"""
    result = run(engine, FORWARD, lines, checks=("normalize", "batchnorm_backward", "batchnorm_backward_alt"))
    assert points(result) == [0.0, 0.0, 0.0]


def test_a_stand_in_is_for_what_was_judged_wrong_alone(engine: Engine) -> None:
    """A function whose check has not come yet, or is right, is the student's own in a second judgement."""
    spy = FORWARD.replace(
        "    mean, var",
        "    assert type(batch_moments) is type(scale_shift) is type(batchnorm_forward), 'stood in for'\n    mean, var",
    )
    made = answered(
        MOMENTS, WRONG, spy, *map(asked, ("batch_moments", "normalize", "batchnorm_forward.train"))
    )
    result = engine.run(made, assignment=ASSIGNMENT, student_seed=3)
    assert points(result) == [5.0, 0.0, 10.0]
