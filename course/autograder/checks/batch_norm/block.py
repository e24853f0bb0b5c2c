"""ps1, at work: the affine - batch norm - ReLU block, there and back."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.forward import given
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN
from course.autograder.checks.language import BATCH_NORM, RUNNING, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import after, instead, of, only, swapped, without, zeros
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


def _block(i: Inputs) -> Arrays:
    names = ("x", "w", "b", "gamma", "beta", "running_mean", "running_var", "dout", "eps", "momentum")
    given = {**i, **v.state(i)}
    return batch_norm_net.affine_bn_relu(*(given[name] for name in names))


def _forward(i: Inputs) -> Arrays:
    step = _block(i)
    return {"out": step["out"], RUNNING_MEAN: step["running_mean"]}


def _affine(i: Inputs) -> np.ndarray:
    return (paddle.matmul(tensor(i["x"]), tensor(i["w"])) + tensor(i["b"])).numpy()


def _relu(z: np.ndarray) -> np.ndarray:
    return paddle.nn.functional.relu(tensor(z)).numpy()


def _normalised(i: Inputs, z: np.ndarray) -> np.ndarray:
    return v.trained(i, x=z)["out"]


def _in_test_mode(i: Inputs) -> Arrays:
    step = v.served({**i, "x": _affine(i)})
    return {"out": _relu(step["out"]), RUNNING_MEAN: step[RUNNING_MEAN]}


BLOCK = "out, cache = affine_bn_relu_forward(x, w, b, gamma, beta, bn_param)"

BLOCK_FORWARD = check(
    ASSIGNMENT,
    "affine_bn_relu_forward",
    3,
    (BLOCK,),
    outputs=(Output("out", BATCH_NORM, 2), Output(RUNNING_MEAN, RUNNING)),
    cases=(
        Case("six samples, four features in, five out", _given(6, 4, 5)),
        Case("another epsilon and momentum", _given(7, 3, 4, eps=1e-2, momentum=0.6)),
        Case("float32 input", _given(9, 5, 3, "float32", eps=1e-3)),
    ),
    reference=_forward,
    mistakes={
        "ReLU missing": Mistake(
            "The last step of the block is the ReLU.", of("out", lambda i: _normalised(i, _affine(i)))
        ),
        "ReLU before batch norm": Mistake(
            "The order is affine, batch norm, ReLU; yours cuts off the negatives before normalising.",
            of("out", lambda i: _normalised(i, _relu(_affine(i)))),
        ),
        "batch norm missing": Mistake(
            "Between the affine step and the ReLU comes batch norm.", of("out", lambda i: _relu(_affine(i)))
        ),
        "bias forgotten": Mistake(
            "Batch norm takes the bias out of the output again, but not out of the running mean: add it.",
            instead(_forward, RUNNING_MEAN, b=zeros("b")),
        ),
        "running statistics not updated": Mistake(
            "After a train step bn_param must hold the new running statistics: hand the dict itself on, not a copy.",
            lambda i: {RUNNING_MEAN: i["bn_param"]["running_mean"]},
        ),
        "block run in test mode": Mistake(
            "bn_param's mode is 'train': normalise by the batch and update the running statistics.",
            _in_test_mode,
        ),
    },
    may_change=v.STATE,
)


# --- backward ------------------------------------------------------------------------------------------------

GRADIENTS = ("dx", "dw", "db", "dgamma", "dbeta")
_gradients = only(_block, *GRADIENTS)


def _linear_block(i: Inputs) -> Arrays:
    """The gradients where nothing is cut off by the ReLU."""
    bn = batch_norm.batch_norm_gradients(_affine(i), i["gamma"], i["beta"], i["dout"], v.eps_of(i))
    dz = tensor(bn["dx"])
    return {
        "dx": paddle.matmul(dz, tensor(i["w"]), transpose_y=True).numpy(),
        "dw": paddle.matmul(tensor(i["x"]), dz, transpose_x=True).numpy(),
        "db": paddle.sum(dz, axis=0).numpy(),
        "dgamma": bn["dgamma"], "dbeta": bn["dbeta"],
    }  # fmt: skip


def _cut_off(where: Callable[[Inputs], np.ndarray]) -> Callable[[Inputs], np.ndarray]:
    """dout as it passes a ReLU that looks at something else than its own input."""
    return lambda i: i["dout"] * (where(i) > 0)


def _direct_db(i: Inputs) -> np.ndarray:
    return paddle.sum(tensor(i["dout"] * (_block(i)["out"] > 0)), axis=0).numpy()


BLOCK_BACKWARD = check(
    ASSIGNMENT,
    "affine_bn_relu_backward",
    4,
    (BLOCK, f"{', '.join(GRADIENTS)} = affine_bn_relu_backward(dout, cache)"),
    outputs=(
        Output("dx", BATCH_NORM, 2),
        Output("dw", BATCH_NORM, 2),
        Output("db", BATCH_NORM, guard=True),
        Output("dgamma", BATCH_NORM),
        Output("dbeta", BATCH_NORM),
    ),
    cases=BLOCK_FORWARD.cases,
    reference=_gradients,
    rests_on=BLOCK_FORWARD,
    mistakes={
        "ReLU's mask missing": Mistake(
            "Where the ReLU put out 0, no gradient passes: cut dout off there first.",
            without(_linear_block, "db"),
        ),
        "ReLU's mask from dout": Mistake(
            "The ReLU passes gradient where its INPUT was positive, whatever the sign of dout.",
            without(instead(_linear_block, dout=_cut_off(lambda i: i["dout"])), "db"),
        ),
        "ReLU's mask from the affine output": Mistake(
            "The ReLU saw batch norm's output: cut off by its sign, not by that of the affine step.",
            without(instead(_linear_block, dout=_cut_off(_affine)), "db"),
        ),
        "batch norm skipped on the way back": Mistake(
            "db is the sum over what comes back through batch norm, which is 0; yours sums what comes in.",
            of("db", _direct_db),
        ),
        "dw transposed": Mistake(
            "dw has the shape of w, [D, M]; yours is its transpose.",
            after(_gradients, "dw", change=np.transpose),
        ),
        "dgamma and dbeta swapped": Mistake(
            "The order asked for is (dx, dw, db, dgamma, dbeta).", swapped(_gradients, "dgamma", "dbeta")
        ),
    },
    may_change=v.STATE,
)

CHECKS = (BLOCK_FORWARD, BLOCK_BACKWARD)
