"""What a corner costs, and that nothing but a corner is paid in part."""

import numpy as np
import pytest

from course.autograder import judge
from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import perform
from course.autograder.judging.answers import functions_of
from course.autograder.judging.deciding import judge_with
from course.autograder.judging.seal import ENDING
from course.autograder.judging.sealed import SealedBank

CORNERED = [name for name in list_checks() if find_check(name).corners]


@pytest.mark.parametrize("name", CORNERED)
def test_corners_are_few_and_most_cases_lie_in_none(name):
    check = find_check(name)
    inside = {case for corner in check.corners for case in corner.cases}
    normal = [case for case in check.cases if case.name not in inside]
    assert len(normal) >= 2 and check.cases[0] in normal and len(normal) >= len(check.cases) / 3
    assert all(0 < corner.share <= 0.25 for corner in check.corners)
    assert round(sum(corner.share for corner in check.corners), 9) <= 0.75
    assert len({corner.name for corner in check.corners}) == len(check.corners)


def apply(at_one=True, at_some=True):
    def dropout_apply(x, mask, p, mode, scaling):
        kept = 1 - p
        if mode == "test":
            return x * kept if scaling == "downscale_in_infer" else x
        if not at_some:
            kept = 1.0
        if scaling == "downscale_in_infer":
            return x * mask
        if p == 1 and at_one:
            return np.zeros_like(x)
        with np.errstate(all="ignore"):
            return (x * mask / x.dtype.type(kept)).astype(x.dtype)

    return dropout_apply


def raising(x, mask, p, mode, scaling):
    if p == 1:
        raise ZeroDivisionError
    return apply()(x, mask, p, mode, scaling)


@pytest.mark.parametrize(
    ("function", "points"),
    [(apply(), 8), (apply(at_one=False), 6.4), (raising, 6.4), (apply(at_some=False), 0)],
)
def test_a_corner_costs_its_share_and_any_other_case_all(function, points):
    verdict = judge("dropout_apply.train", function)
    assert verdict.points == points and verdict.passed == (points == 8)
    assert bool(verdict.findings) == (points < 8)
    assert verdict.corners == (("p = 1",) if points == 6.4 else ())
    assert ("Only at the edge (p = 1) is something wrong" in verdict.text()) == bool(verdict.corners)


@pytest.mark.parametrize(
    ("raises", "points"), [("never", 0), ("always", 0), ("size", 2), ("size channels", 4), ("all", 8)]
)
def test_each_kind_of_misfit_earns_its_share(raises, points):
    def conv2d_output_shape(input_shape, weight_shape, stride=1, padding=0, dilation=1, groups=1):
        pair = lambda v: (v, v) if isinstance(v, int) else tuple(v)  # noqa: E731
        if raises == "always":
            raise ValueError
        (n, c, *size), (o, per, *kernel) = input_shape, weight_shape
        s, d = pair(stride), pair(dilation)
        if raises in ("size channels", "all") and c != per * groups:
            raise ValueError
        if raises == "all" and o % groups:
            raise ValueError
        if padding == "SAME":
            return (n, o, *(-(-a // b) for a, b in zip(size, s, strict=True)))
        p = (0, 0) if padding == "VALID" else tuple(np.ravel(pair(padding))[-4:])
        both = (p[0] + p[1], p[2] + p[3]) if len(p) == 4 else (2 * p[0], 2 * p[1])
        out = []
        for a, k, b, q, e in zip(size, kernel, s, both, d, strict=True):
            reach = e * (k - 1) + 1 if raises == "all" else k
            if raises != "never" and a + q < reach:
                raise ValueError
            out.append((a + q - (e * (k - 1) + 1)) // b + 1)
        return (n, o, *out)

    assert judge("conv2d_output_shape.errors", conv2d_output_shape).points == points


@pytest.mark.parametrize(
    ("entry", "default", "points"),
    [("d_max", 5.0, {"train": 14.08, "back": 15.2}), ("momentum", 0.9, {"train": 14.72, "back": 16})],
)
def test_a_default_taken_where_0_is_given_is_one_slip_and_costs_as_one(entry, default, points):
    """Whichever entry of bn_param it is, and in however many cases it is 0."""
    functions = functions_of("ps4_normalizers")

    def forward(x, gamma, beta, bn_param):
        own = {**bn_param, entry: bn_param.get(entry) or default}
        out, cache = functions["batch_renorm_forward"](x, gamma, beta, own)
        bn_param.update({key: own[key] for key in ("running_mean", "running_std") if key in own})
        return out, cache

    train = judge("batch_renorm_forward.train", forward)
    back = judge("batch_renorm_backward", forward, functions["batch_renorm_backward"])
    assert {"train": train.points, "back": back.points} == points
    assert train.misconceptions == (f"a {entry} of 0 taken for none",)


def test_what_would_be_said_of_every_case_earns_no_corner():
    """The run ends at the first case then: what is right on the others is not known."""
    for name in CORNERED:
        check = find_check(name)

        def blank(*_, **__):
            raise NotImplementedError

        assert judge(name, *(blank for _ in check.functions)).points == 0, name


@pytest.mark.slow
def test_a_release_pays_the_same_and_has_no_name_of_a_hidden_case(tmp_path, sealed_file):
    (tmp_path / f"ps2_dropout{ENDING}").write_bytes(sealed_file("ps2_dropout"))
    bank = SealedBank(tmp_path)
    for name in list_checks("ps2_dropout"):
        hidden = {case.name for case in find_check(name).hidden} - {
            case.name for case in find_check(name).cases
        }
        told = {case for corner in bank.find(name).corners for case in corner.cases}
        assert not hidden & told
    check = bank.find("dropout_apply.train")

    def points(function):
        ask = lambda *asked: perform(*asked, {"dropout_apply": function})  # noqa: E731
        return judge_with(check, ask, questions=lambda index: bank.question(check, index)).points

    assert [points(apply()), points(apply(at_one=False)), points(apply(at_some=False))] == [8, 6.4, 0]


def test_the_documentation_has_each_corner_and_its_share(root):
    text = (root / "docs" / "grading.md").read_text(encoding="utf-8")
    for name in CORNERED:
        told = "; ".join(f"{corner.name}: {corner.share:.0%}" for corner in find_check(name).corners)
        assert f"| `{name}` | {told} |" in text


def test_a_call_of_one_case_that_a_function_does_not_take_costs_that_case_alone():
    def parameters(i, o, k, groups, bias):  # without the default that a corner asks for
        return int(o * (i // groups) * np.prod(np.broadcast_to(k, 2)) + o * bias)

    verdict = judge("conv2d_parameters", parameters, graded=True)
    assert verdict.points == 6.4 and "groups) cannot be made with your function" in verdict.text()
    assert judge("conv2d_parameters", lambda: 0, graded=True).points == 0
