"""ps1, at work: the affine - batch norm - ReLU block."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.batch_norm import eval_mode, forward
from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.forward import given
from course.autograder.checks.batch_norm.normalising import scaling
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.batch_norm.variants import STATE
from course.autograder.checks.language import BATCH_NORM, RUNNING, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import (
    Wrong,
    instead,
    negated,
    of,
    ones,
    where,
    zeros,
)
from course.reference.batch_norm import tensor
from course.reference.framework import paddle


@draws.draw
def block_given(r: draws.Generator, n: int, d: int, m: int, dtype: str = "float64", **state: float) -> Inputs:
    """x of [n, d] and what is right for a block from d to m features: weights, batch norm's state, a gradient."""
    i = given((n, m), "train", dtype=dtype, **state)(r)
    arrays = {
        "x": r.normal(size=(n, d)),
        "w": draws.away_from_zero(r, (d, m), 0.2, 1.0),
        "b": draws.shifts(r, m),
    }
    return {**i, **draws.as_type(arrays, dtype), "dout": draws.upstream(r, (n, m), dtype)}


def _tested(i: Inputs) -> Inputs:
    return {"bn_param": {**i["bn_param"], "mode": "test"}}


def _training(i: Inputs) -> bool:
    return i["bn_param"]["mode"] == "train"


def affine(i: Inputs) -> np.ndarray:
    """x w + b by Paddle, [n, m]."""
    return (paddle.matmul(tensor(i["x"]), tensor(i["w"])) + tensor(i["b"])).numpy()


def _relu(z: np.ndarray) -> np.ndarray:
    return paddle.nn.functional.relu(tensor(z)).numpy()


def _same(z: np.ndarray) -> np.ndarray:
    return z


def _chain(
    between: Callable[[np.ndarray], np.ndarray] = _same,
    end: Callable[[np.ndarray], np.ndarray] = _relu,
    training: Callable[[Inputs], bool] = _training,
) -> Wrong:
    """The affine step, something between, batch norm, and an end."""

    def wrong(i: Inputs) -> Arrays:
        given = {**i, "x": between(affine(i))}
        step = v.trained(given) if training(i) else v.served(given)
        return {**step, "out": end(step["out"])}

    return wrong


_forward = _chain()


def _cut_off_early(i: Inputs) -> Arrays:
    """The ReLU on x_hat, gamma and beta behind it."""
    plain = {"gamma": np.ones_like(i["gamma"]), "beta": np.zeros_like(i["beta"])}
    return {"out": i["gamma"] * _forward({**i, **plain})["out"] + i["beta"]}


def _bias_late(i: Inputs) -> Arrays:
    """The bias added to what batch norm puts out."""
    late = _chain(end=lambda z: _relu(z + i["b"]))
    return late({**i, "b": np.zeros_like(i["b"])})


def _bias_along_the_samples(i: Inputs) -> Arrays:
    z = affine({**i, "b": np.zeros_like(i["b"])}) + i["b"][:, None]
    return _forward({**i, "x": z, "w": np.eye(len(i["b"])), "b": np.zeros(len(i["b"]))})


def _by_batch_norm(training: Wrong, testing: Wrong | None = None) -> Wrong:
    """A mistake of the batch norm within, which shows in what the block puts out and keeps."""

    def wrong(i: Inputs) -> Arrays:
        step = training if _training(i) else testing
        found = step({**i, "x": affine(i)}) if step else {}
        return {path: _relu(value) if path == "out" else value for path, value in found.items()}

    return wrong


# A block calls batch norm, or repeats it: its mistakes have the same names here.
OF_BATCH_NORM = {
    name: Mistake(advice, _by_batch_norm(forward.keep(update)))
    for name, (advice, update) in forward.UPDATES.items()
    if name != "running statistics not updated"  # the block's own advice says more
} | {
    name: Mistake(mistake.advice, _by_batch_norm(mistake.wrong, scaling(eval_mode.out)[name].wrong))
    for name, mistake in scaling(forward.out).items()
    if name != "gamma and beta forgotten"
}

BLOCK = "out, cache = affine_bn_relu_forward(x, w, b, gamma, beta, bn_param)"
ANOTHER_EPSILON = Case("another epsilon and momentum", block_given(7, 3, 4, eps=1e-2, momentum=0.6))
TRAINING_CASES = (
    Case("six samples, four features in, five out", block_given(6, 4, 5)),
    ANOTHER_EPSILON,
    Case("float32 input", block_given(9, 5, 3, "float32", eps=1e-3)),
    Case("as many samples as features in and out", block_given(5, 5, 5, eps=1e-3)),
    Case("fewer samples than features", block_given(3, 6, 5, eps=1e-3, momentum=0.7)),
)

BLOCK_FORWARD = check(
    ASSIGNMENT,
    "affine_bn_relu_forward",
    3,
    (BLOCK,),
    outputs=(Output("out", BATCH_NORM, 4), *(Output(path, RUNNING) for path in STATE)),
    cases=(
        *TRAINING_CASES[:-1],
        Case(
            "fewer samples than features, a large gamma",  # the output goes beyond 6
            draws.altered(TRAINING_CASES[-1].draw, lambda i: {"gamma": 20 * i["gamma"]}),
        ),
        Case("test mode", draws.altered(block_given(6, 3, 4, eps=1e-2), _tested)),
    ),
    reference=_forward,
    mistakes={
        "ReLU missing": Mistake("The last step of the block is the ReLU.", _chain(end=_same)),
        "ReLU before batch norm": Mistake(
            "The order is affine, batch norm, ReLU; yours cuts off the negatives before normalising.",
            _chain(_relu, _same),
        ),
        "ReLU before and after batch norm": Mistake(
            "There is one ReLU, at the end: yours cuts off the negatives before normalising as well.",
            _chain(_relu),
        ),
        "ReLU before gamma and beta": Mistake(
            "The ReLU is the last step: yours cuts x_hat off, and then scales and shifts it.", _cut_off_early
        ),
        "absolute value for ReLU": Mistake(
            "A ReLU makes the negatives 0; yours turns their sign.", _chain(end=np.abs)
        ),
        "leaky ReLU": Mistake(
            "A ReLU makes the negatives 0; yours keeps a hundredth of them.",
            _chain(end=lambda z: np.where(z > 0, z, 0.01 * z)),
        ),
        "the largest of each feature for the ReLU": Mistake(
            "A ReLU compares each value with 0; yours takes the largest value of each feature.",
            _chain(end=lambda z: z.max(axis=0)),
        ),
        "cut off at 6": Mistake(
            "A ReLU lets every positive value through: there is nothing to cut it off at.",
            _chain(end=lambda z: np.clip(z, 0, 6)),
        ),
        "minimum for maximum": Mistake(
            "A ReLU keeps the positives: it is the larger of 0 and z.", _chain(end=lambda z: np.minimum(z, 0))
        ),
        "ReLU's derivative for ReLU": Mistake(
            "You return where z is positive; the ReLU returns z there.", _chain(end=lambda z: (z > 0) * 1.0)
        ),
        "batch norm missing": Mistake(
            "Between the affine step and the ReLU comes batch norm.", of("out", lambda i: _relu(affine(i)))
        ),
        "bias forgotten": Mistake(
            "Batch norm takes the bias out of the output again, but not out of the running mean: add it.",
            instead(_forward, b=zeros("b")),
        ),
        "bias subtracted": Mistake("The bias is added.", instead(_forward, b=negated("b"))),
        "bias added twice": Mistake("The bias is added once.", instead(_forward, b=lambda i: 2 * i["b"])),
        "weight transposed": Mistake(
            "The affine step is x @ w with w of [D, M], one column for each feature that comes out: no transpose.",
            where(
                lambda i: i["w"].shape[0] == i["w"].shape[1], instead(_forward, w=lambda i: i["w"].T.copy())
            ),
        ),
        "bias along the samples": Mistake(
            "b has one entry for each feature that comes out (axis 1); you lined it up with the samples.",
            where(lambda i: len(i["x"]) == len(i["b"]), _bias_along_the_samples),
        ),
        "bias added after batch norm": Mistake(
            "The bias belongs to the affine step, before batch norm.", _bias_late
        ),
        "gamma and beta not handed on": Mistake(
            "Hand gamma and beta on to batch norm.",
            instead(_forward, "out", gamma=ones("gamma"), beta=zeros("beta")),
        ),
        "running statistics not updated": Mistake(
            "After a train step bn_param must hold the new running statistics: hand the dict itself on, not a copy.",
            lambda i: {path: v.served({**i, "x": affine(i)})[path] for path in STATE},
        ),
        "block run in test mode": Mistake(
            "bn_param's mode is 'train': normalise by the batch and update the running statistics.",
            where(_training, _chain(training=lambda i: False)),
        ),
        "block run in train mode": Mistake(
            "bn_param's mode is 'test': normalise by the running statistics and leave them alone.",
            where(lambda i: not _training(i), _chain(training=lambda i: True)),
        ),
        **OF_BATCH_NORM,
    },
    may_change=v.STATE,
)

CHECKS = (BLOCK_FORWARD,)
