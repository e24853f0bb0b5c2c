"""What the judge answers for a function that was judged wrong, and what it refuses."""

import numpy as np
import pytest

from course.autograder.judging import oracle
from course.autograder.judging.oracle import Oracle, helpers

PS1, PS3 = "ps1_batchnorm", "ps3_conv"
X, MEAN, VAR = np.arange(6.0).reshape(3, 2), np.ones(2), np.full(2, 4.0)
GIVEN = {"x": X, "mean": MEAN, "var": VAR, "eps": 0.0}
LAYER = {"x": X, "gamma": MEAN, "beta": MEAN, "bn_param": {"mode": "train", "eps": 1e-3, "mine": "kept"}}
SERVED = {"mode": "test", "running_mean": MEAN, "running_var": VAR, "eps": 0.0, "momentum": 0.9}
COLUMNS = {"x": np.ones((1, 1, 4, 4)), "kernel_height": 2, "kernel_width": 2, "stride": 1, "pad": 0}


def test_it_answers_as_paddle_does() -> None:
    asked = Oracle(PS1, ["normalize", "batchnorm_forward", "batchnorm_backward"])
    right = asked("normalize", GIVEN)
    assert right is not None and list(right) == ["x_hat"]
    np.testing.assert_allclose(right["x_hat"], (X - 1) / 2)
    forward = asked("batchnorm_forward", LAYER)
    assert forward is not None and set(forward) == {"out", "bn_param.running_mean", "bn_param.running_var"}
    served = asked("batchnorm_forward", {**LAYER, "bn_param": SERVED})
    assert served is not None and np.allclose(served["out"], (X - 1) / 2 + 1)
    backward = asked("batchnorm_backward", {**LAYER, "dout": X})
    assert backward is not None and np.allclose(backward["dbeta"], X.sum(0))
    assert list(asked.used) == ["normalize", "batchnorm_forward", "batchnorm_backward"]


@pytest.mark.parametrize(
    ("assignment", "function", "given"),
    [
        (PS1, "scale_shift", {"x_hat": X, "gamma": MEAN, "beta": MEAN}),  # it was not judged wrong
        (PS1, "normalize", {**GIVEN, "more": 1.0}),
        (PS1, "normalize", {"x": X}),
        (PS1, "normalize", {**GIVEN, "x": "x"}),
        (PS1, "normalize", {**GIVEN, "x": np.array(["x"])}),
        (PS1, "normalize", {**GIVEN, "x": X * 1j}),
        (PS1, "normalize", {**GIVEN, "x": np.zeros((0, 2))}),
        (PS1, "normalize", {**GIVEN, "x": np.zeros((oracle.LARGE, 2))}),
        (PS1, "normalize", {**GIVEN, "eps": np.inf}),
        (PS1, "normalize", {**GIVEN, "mean": np.ones(5)}),  # Paddle itself refuses
        (PS1, "normalize", [GIVEN]),
        (PS1, ["normalize"], GIVEN),
        (PS1, "batchnorm_forward", {**LAYER, "bn_param": {"mode": "both"}}),
        (PS1, "batchnorm_forward", {**LAYER, "bn_param": {}}),
        (PS3, "im2col", {**COLUMNS, "pad": 10_000}),
        (PS3, "im2col", {**COLUMNS, "stride": 0}),
        (PS3, "im2col", {**COLUMNS, "kernel_height": 1.5}),
        (PS3, "im2col", {**COLUMNS, "x": np.ones((1, 1, 400, 400))}),
    ],
)
def test_it_refuses_what_the_check_could_not_have_asked(assignment: str, function, given) -> None:
    asked = Oracle(assignment, ["normalize", "batchnorm_forward", "im2col"])
    assert asked(function, given) is None and not asked.used


def test_it_answers_so_many_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "MOST", 2)
    asked = Oracle(PS1, ["normalize"])
    assert [asked("normalize", GIVEN) is None for _ in range(3)] == [False, False, True]


def test_nothing_answers_for_what_is_random() -> None:
    assert not helpers("ps2_dropout", "dropout_mask") and not helpers("ps2_dropout", "dropout_forward")
    assert helpers("ps2_dropout", "dropout_apply") and helpers(PS3, "im2col")
