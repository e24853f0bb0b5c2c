"""An answer that is built on a wrong one is judged a second time, with a right one in its place."""

import pytest

from course.autograder.checks import find_check, list_checks
from course.autograder.engine.engine import Engine, RunResult
from course.autograder.judging import answers
from course.autograder.judging.rules import Rules
from course.autograder.judging.verdict import Verdict
from course.autograder.sandbox import confinement
from tests.attacks.suite import ASSIGNMENT
from tests.engine.answered import answered, asked

pytestmark = [
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("engine"),
]
BLANK = "    raise NotImplementedError()\n"
OWN = "\n\ndef _own(x, mean, var, eps):\n    return (x - mean) / np.sqrt(var + eps)\n"
CALLS = "\nprint('still mine:', batch_moments.__name__, batch_moments(np.ones((2, 1)))[0])\n"


def cells(assignment: str, changed: dict[str, str]) -> list[str]:
    """The instructor's cells, in which some functions are answered otherwise."""
    given = answers.solutions(assignment)
    locked = {name: cell.source for name, cell in answers._source_cells(assignment).items()}
    sources = {name: given.get(name, source) for name, source in locked.items()}
    return [changed.get(name.removeprefix("code-"), source) for name, source in sources.items()]


def run(
    grader: Engine,
    changed: dict[str, str],
    *checks: str,
    assignment: str = ASSIGNMENT,
    rules: Rules | None = None,
    last: str = "",
) -> RunResult:
    tests = [asked(name) for name in checks]
    made = answered(*cells(assignment, changed), *tests, *([last] if last else []))
    return grader.run(made, assignment=assignment, student_seed=3, rules=rules)


def whole(verdict: Verdict) -> bool:
    return verdict.points == verdict.max_points


UNBIASED = {"batch_moments": "def batch_moments(x):\n    return x.mean(axis=0), x.var(axis=0, ddof=1)\n"}
ABOVE = (
    "batchnorm_forward.train", "batchnorm_backward_alt", "spatial_batchnorm_forward", "spatial_batchnorm_backward",
    "affine_bn_relu_forward", "affine_bn_relu_backward",
)  # fmt: skip


@pytest.mark.slow
def test_what_rests_on_a_wrong_function_is_paid_for_once(grader: Engine) -> None:
    result = run(grader, UNBIASED, "batch_moments", *ABOVE, last=CALLS)
    assert result.incidents == () and result.restarts == 0
    wrong, *above = result.ledger.values()
    assert wrong.points == 2.5 and not wrong.follow_up, "its own points stay as they were"
    assert all(map(whole, above)) and not any(verdict.passed for verdict in above)
    for verdict in above:
        assert "Follow-up marks: judged again" in verdict.text() and "batch_moments" in verdict.follow_up[0]
    assert "still mine: batch_moments" in result.notebook.cells[-1].outputs[0].text


def test_switched_off_all_is_as_before(grader: Engine) -> None:
    result = run(grader, UNBIASED, "batch_moments", *ABOVE[:3], rules=Rules(0.0, False))
    assert [v.points for v in result.ledger.values()] == [2.5, 2.0, 2.0, 1.17]


def test_a_function_that_is_not_written_takes_nothing_else_down(grader: Engine) -> None:
    """Its cache is nothing that the student's code has made; the backward pass that reads it has one of its own."""
    forward = {"batchnorm_forward": f"def batchnorm_forward(x, gamma, beta, bn_param):\n{BLANK}"}
    checks = ("batchnorm_forward.train", "batchnorm_forward.running", "batchnorm_forward.test")
    result = run(grader, forward, *checks, *ABOVE[1:])
    earned = {name: verdict.points for name, verdict in result.ledger.items()}
    assert not any(earned[name.replace(".", "-")] for name in checks), "what is not written earns nothing"
    assert earned["batchnorm_backward_alt"] == 0
    assert all(whole(result.ledger[name]) for name in ABOVE[2:]), earned


def test_a_cell_that_does_not_run_takes_nothing_else_down(grader: Engine) -> None:
    broken = {"normalize": "def normalize(x, mean, var, eps)\n    return x\n"}
    result = run(grader, broken, "normalize", "batchnorm_forward.train", last="normalize")
    assert result.ledger["normalize"].points == 0 and result.ledger["batchnorm_forward-train"].points == 10
    assert result.notebook.cells[-1].outputs[0].ename == "NameError", "the stand-in is gone again"


ENDS = {"normalize": "def normalize(x, mean, var, eps):\n    import os; os._exit(1)\n"}


def test_a_function_that_ends_the_process_takes_nothing_else_down(grader: Engine) -> None:
    result = run(grader, ENDS, "normalize", *ABOVE[:3], "fold_batchnorm", last="normalize")
    *above, apart, ended = result.ledger.values()
    assert ended.points == 0 and apart.passed and not apart.follow_up
    assert result.restarts == 1, "no check calls it a second time"
    assert all(map(whole, above)) and not any(verdict.passed for verdict in above)
    for verdict in above:
        assert "normalize was stopped in its own check, and is not called again." in verdict.text()
        assert "with right answers in the place of your normalize" in verdict.text()


def test_a_function_that_ends_the_process_does_not_matter_to_who_calls_it_not(grader: Engine) -> None:
    source = "batchnorm_forward"
    own = {
        source: answers.solutions(ASSIGNMENT)[answers.cell_of(source)].replace("normalize(", "_own(") + OWN
    }
    result = run(grader, {**ENDS, **own}, "normalize", "batchnorm_forward.train")
    above, ended = result.ledger.values()
    assert ended.points == 0 and above.passed and not above.follow_up and result.restarts == 1


def test_switched_off_it_is_called_and_stopped(grader: Engine) -> None:
    result = run(grader, ENDS, "normalize", "batchnorm_forward.train", rules=Rules(0.0, False))
    assert [verdict.points for verdict in result.ledger.values()] == [0, 0] and result.restarts == 2


def test_its_own_mistake_is_still_one(grader: Engine) -> None:
    spatial = answers.solutions(ASSIGNMENT)["code-spatial_batchnorm_forward"]
    twice = {**UNBIASED, "spatial_batchnorm_forward": spatial.replace("return ", "return 2 * ", 1)}
    assert twice["spatial_batchnorm_forward"] != spatial
    result = run(grader, twice, "batch_moments", "batchnorm_forward.train", "spatial_batchnorm_forward")
    verdict = result.ledger["spatial_batchnorm_forward"]
    assert 0 < verdict.points < verdict.max_points, "the running statistics alone are right then"
    assert {finding.output for finding in verdict.findings} == {"out"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("assignment", "wrong", "above"),
    [
        ("ps2_dropout", "divided-by-p", ("dropout_forward.train",)),
        ("ps3_conv", "shape-no-plus-one", ("conv2d_operations", "conv_forward_naive", "conv_forward_im2col")),
        ("ps4_normalizers", "rc-no-clip", ("batch_renorm_forward.train",)),
    ],
)  # fmt: skip
def test_in_every_assignment(grader: Engine, assignment: str, wrong: str, above: tuple[str, ...]) -> None:
    mistake = next(one for one in answers.wrong_answers(assignment) if one.id == wrong)
    changed = {mistake.function: answers.sources_with(assignment, [mistake])[mistake.grade_id]}
    own = [name for name in list_checks(assignment) if find_check(name).functions == (mistake.function,)]
    result = run(grader, changed, *own, *above, assignment=assignment)
    assert all(whole(result.ledger[name.replace(".", "-")]) for name in above), [
        verdict.text() for verdict in result.ledger.values()
    ]


def test_what_was_earned_stands_where_the_process_is_lost_in_a_second_judgement(grader: Engine) -> None:
    spoilt = f"""
{UNBIASED["batch_moments"]}
def scale_shift(x_hat, gamma, beta):
    if type(batch_moments).__name__ == "StandIn":
        import os; os._exit(1)
    return gamma * x_hat + beta
"""
    result = run(
        grader, {"batch_moments": spoilt, "scale_shift": ""}, "batch_moments", "batchnorm_forward.train"
    )
    assert result.ledger["batchnorm_forward-train"].points == 2.0 and result.restarts == 1


RAISES = """
def batchnorm_forward(x, gamma, beta, bn_param):
    mean, var = batch_moments(x)
    root = np.sqrt(var + bn_param.get("eps", 1e-5))
    x_hat = (x - mean) / root
    {cache}
    bn_param["running_mean"] = bn_param["momentun"] * mean
    return gamma * x_hat + beta, cache
"""
READS = """
def batchnorm_backward(dout, cache):
    x_hat, root, gamma = cache
    g = gamma * dout
    return (g - g.mean(0) - x_hat * (g * x_hat).mean(0)) / root, (dout * x_hat).sum(0), dout.sum(0)
"""


@pytest.mark.parametrize(
    ("cache", "points"), [("cache = (x_hat, root, gamma)", 12.0), ("cache = None", 0.0), ("", 0.0)]
)
def test_a_forward_pass_that_raises_after_it_made_its_cache_leaves_it_to_the_backward_pass(
    grader: Engine, cache: str, points: float
) -> None:
    changed = {"batchnorm_forward": RAISES.format(cache=cache), "batchnorm_backward": READS}
    result = run(grader, changed, "batchnorm_forward.train", "batchnorm_backward")
    assert [verdict.points for verdict in result.ledger.values()] == [0.0, points]
    told = result.ledger["batchnorm_backward"].text()
    assert ("judged again with the cache that it had made" in told) == bool(points)
    assert "batchnorm_forward raised KeyError" in told
