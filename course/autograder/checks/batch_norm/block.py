"""ps1, at work: the affine - batch norm - ReLU block, there and back."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.batch_norm import eval_mode, forward
from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.backward import (
    DPARAMETERS,
    DX,
    MAY_CHANGE,
    OF_A_MATRIX,
    gamma_of_zero,
)
from course.autograder.checks.batch_norm.forward import given
from course.autograder.checks.batch_norm.normalising import scaling
from course.autograder.checks.batch_norm.parameter_gradients import later_cache
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.batch_norm.variants import STATE
from course.autograder.checks.language import BATCH_NORM, RUNNING, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import (
    Wrong,
    after,
    but,
    inside,
    instead,
    negated,
    of,
    ones,
    only,
    scaled,
    swapped,
    where,
    without,
    zeros,
)
from course.reference import batch_norm, batch_norm_net
from course.reference.batch_norm import tensor
from course.reference.framework import paddle


@draws.draw
def _given(r: draws.Generator, n: int, d: int, m: int, dtype: str = "float64", **state: float) -> Inputs:
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


def _affine(i: Inputs) -> np.ndarray:
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
        given = {**i, "x": between(_affine(i))}
        step = v.trained(given) if training(i) else v.served(given)
        return {**step, "out": end(step["out"])}

    return wrong


_forward = _chain()


def _bias_late(i: Inputs) -> Arrays:
    """The bias added to what batch norm puts out."""
    late = _chain(end=lambda z: _relu(z + i["b"]))
    return late({**i, "b": np.zeros_like(i["b"])})


def _by_batch_norm(training: Wrong, testing: Wrong | None = None) -> Wrong:
    """A mistake of the batch norm within, which shows in what the block puts out and keeps."""

    def wrong(i: Inputs) -> Arrays:
        step = training if _training(i) else testing
        found = step({**i, "x": _affine(i)}) if step else {}
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
TRAINING_CASES = (
    Case("six samples, four features in, five out", _given(6, 4, 5)),
    Case("another epsilon and momentum", _given(7, 3, 4, eps=1e-2, momentum=0.6)),
    Case("float32 input", _given(9, 5, 3, "float32", eps=1e-3)),
    Case("as many samples as features in and out", _given(5, 5, 5, eps=1e-3)),
)

BLOCK_FORWARD = check(
    ASSIGNMENT,
    "affine_bn_relu_forward",
    3,
    (BLOCK,),
    outputs=(Output("out", BATCH_NORM, 4), *(Output(path, RUNNING) for path in STATE)),
    cases=(*TRAINING_CASES, Case("test mode", draws.altered(_given(6, 3, 4, eps=1e-2), _tested))),
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
        "absolute value for ReLU": Mistake(
            "A ReLU makes the negatives 0; yours turns their sign.", _chain(end=np.abs)
        ),
        "leaky ReLU": Mistake(
            "A ReLU makes the negatives 0; yours keeps a hundredth of them.",
            _chain(end=lambda z: np.where(z > 0, z, 0.01 * z)),
        ),
        "minimum for maximum": Mistake(
            "A ReLU keeps the positives: it is the larger of 0 and z.", _chain(end=lambda z: np.minimum(z, 0))
        ),
        "ReLU's derivative for ReLU": Mistake(
            "You return where z is positive; the ReLU returns z there.", _chain(end=lambda z: (z > 0) * 1.0)
        ),
        "batch norm missing": Mistake(
            "Between the affine step and the ReLU comes batch norm.", of("out", lambda i: _relu(_affine(i)))
        ),
        "bias forgotten": Mistake(
            "Batch norm takes the bias out of the output again, but not out of the running mean: add it.",
            instead(_forward, b=zeros("b")),
        ),
        "bias subtracted": Mistake("The bias is added.", instead(_forward, b=negated("b"))),
        "bias added after batch norm": Mistake(
            "The bias belongs to the affine step, before batch norm.", _bias_late
        ),
        "gamma and beta not handed on": Mistake(
            "Hand gamma and beta on to batch norm.",
            instead(_forward, "out", gamma=ones("gamma"), beta=zeros("beta")),
        ),
        "running statistics not updated": Mistake(
            "After a train step bn_param must hold the new running statistics: hand the dict itself on, not a copy.",
            lambda i: {path: v.served({**i, "x": _affine(i)})[path] for path in STATE},
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


# --- backward ------------------------------------------------------------------------------------------------

GRADIENTS = ("dx", "dw", "db", "dgamma", "dbeta")


def _block(i: Inputs) -> Arrays:
    names = ("x", "w", "b", "gamma", "beta", "running_mean", "running_var", "dout", "eps", "momentum")
    given = {**i, **v.state(i)}
    return batch_norm_net.affine_bn_relu(*(given[name] for name in names))


_gradients = only(_block, *GRADIENTS)


def _through_affine(i: Inputs, dz: np.ndarray) -> Arrays:
    """What comes out of the affine step for a gradient that comes in."""
    return {
        "dx": dz @ i["w"].T.astype(np.float64),
        "dw": i["x"].T.astype(np.float64) @ dz,
        "db": dz.sum(axis=0),
    }


def _linear_block(i: Inputs) -> Arrays:
    """The gradients where nothing is cut off by the ReLU."""
    bn = batch_norm.batch_norm_gradients(_affine(i), i["gamma"], i["beta"], i["dout"], v.eps_of(i))
    return {**_through_affine(i, bn["dx"]), "dgamma": bn["dgamma"], "dbeta": bn["dbeta"]}


def _positive(i: Inputs) -> np.ndarray:
    return _block(i)["out"] > 0


def _arriving(change: Callable[[Inputs], np.ndarray]) -> Wrong:
    """Another gradient arriving at batch norm than the ReLU lets through."""
    return without(instead(_linear_block, dout=lambda i: change(i).astype(i["dout"].dtype)), "db")


def _masked_late(i: Inputs) -> Arrays:
    """The ReLU's mask laid on what batch norm sends back."""
    bn = batch_norm.batch_norm_gradients(_affine(i), i["gamma"], i["beta"], i["dout"], v.eps_of(i))
    return {**_through_affine(i, bn["dx"] * _positive(i)), "dgamma": bn["dgamma"], "dbeta": bn["dbeta"]}


def _arriving_inside(i: Inputs) -> Inputs:
    return {**i, "x": _affine(i), "dout": i["dout"] * _positive(i)}


def _on_to_affine(i: Inputs, found: Arrays) -> Arrays:
    return found | _through_affine(i, found["dx"]) if "dx" in found else found


# A block calls batch norm's backward pass, or repeats it: its mistakes have the same names here.
OF_BACKWARD = inside(
    but(
        {**DX, **OF_A_MATRIX, **DPARAMETERS},
        "dx returned last",
        "dgamma and dbeta swapped",
        "parameter gradients keep all axes",
    ),
    _arriving_inside,
    _on_to_affine,
)

BLOCK_BACKWARD = check(
    ASSIGNMENT,
    "affine_bn_relu_backward",
    4,
    (
        BLOCK,
        "later_out, later_cache = affine_bn_relu_forward(later_x, w, b, gamma, beta, later_bn_param)",
        f"{', '.join(GRADIENTS)} = affine_bn_relu_backward(dout, cache)",
    ),
    outputs=(
        Output("dx", BATCH_NORM, 2),
        Output("dw", BATCH_NORM, 2),
        Output("db", BATCH_NORM, guard=True),
        Output("dgamma", BATCH_NORM),
        Output("dbeta", BATCH_NORM),
    ),
    cases=(
        *(Case(case.name, draws.twice(case.draw, "x", "bn_param")) for case in TRAINING_CASES),
        Case("a gamma of 0", draws.twice(gamma_of_zero(_given(8, 3, 5, eps=1e-3)), "x", "bn_param")),
    ),
    reference=_gradients,
    rests_on=BLOCK_FORWARD,
    mistakes={
        "ReLU's mask missing": Mistake(
            "Where the ReLU put out 0, no gradient passes: cut dout off there first.",
            without(_linear_block, "db"),
        ),
        "ReLU's mask from dout": Mistake(
            "The ReLU passes gradient where its INPUT was positive, whatever the sign of dout.",
            _arriving(lambda i: i["dout"] * (i["dout"] > 0)),
        ),
        "ReLU's mask from the affine output": Mistake(
            "The ReLU saw batch norm's output: cut off by its sign, not by that of the affine step.",
            _arriving(lambda i: i["dout"] * (_affine(i) > 0)),
        ),
        "ReLU's mask inverted": Mistake(
            "The ReLU passes gradient where its input was positive; yours passes it where it was not.",
            _arriving(lambda i: i["dout"] * ~_positive(i)),
        ),
        "dout multiplied by the output": Mistake(
            "The ReLU's derivative is 1 where its input was positive, not the output itself.",
            _arriving(lambda i: i["dout"] * _block(i)["out"]),
        ),
        "ReLU's mask after batch norm": Mistake(
            "Backwards the ReLU comes first: cut dout off before it goes through batch norm.", _masked_late
        ),
        "batch norm skipped on the way back": Mistake(
            "What the affine step gets is what comes back through batch norm; yours gets what comes in there.",
            lambda i: _through_affine(i, i["dout"].astype(np.float64) * _positive(i)),
        ),
        "dout handed straight to the affine step": Mistake(
            "What the affine step gets has come back through the ReLU and batch norm; yours gets dout.",
            lambda i: _through_affine(i, i["dout"].astype(np.float64)),
        ),
        "dw transposed": Mistake(
            "dw has the shape of w, [D, M]; yours is its transpose.",
            after(_gradients, "dw", change=np.transpose),
        ),
        "dw averaged over the batch": Mistake(
            "dw sums over the samples: the mean, if any, is in dout already.",
            scaled(_gradients, "dw", by=lambda i: 1 / len(i["x"])),
        ),
        "dx cut off where x is negative": Mistake(
            "x came into the affine step as it is: only the block's own ReLU cuts gradients off.",
            lambda i: {"dx": _gradients(i)["dx"] * (i["x"] > 0)},
        ),
        "dw and db swapped": Mistake(
            "The order asked for is (dx, dw, db, dgamma, dbeta).", swapped(_gradients, "dw", "db")
        ),
        "dgamma and dbeta swapped": Mistake(
            "The order asked for is (dx, dw, db, dgamma, dbeta).", swapped(_gradients, "dgamma", "dbeta")
        ),
        "cache of a later forward pass": later_cache(_gradients, "x", "bn_param"),
        **OF_BACKWARD,  # last: of two that fit alike, the block's own is said
    },
    may_change=MAY_CHANGE,
)

CHECKS = (BLOCK_FORWARD, BLOCK_BACKWARD)
