"""ps1, at work: the affine - batch norm - ReLU block and the six-layer net."""

from itertools import pairwise
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.forward import given
from course.autograder.checks.language.draws import Generator, away_from_zero, scales, shifts, upstream
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM, RUNNING
from course.reference import batch_norm, batch_norm_net
from course.reference.batch_norm import tensor
from course.reference.framework import paddle

ASSIGNMENT = "ps1_batchnorm"
RUNNING_MEAN = "bn_param.running_mean"
STATE = (RUNNING_MEAN, "bn_param.running_var")


def _block_case(n: int, d: int, m: int, dtype: str = "float64", **state: Any) -> Any:
    def draw(r: Generator) -> Inputs:
        i = given(r, (n, m), "train", dtype=dtype, **state)
        arrays = {"x": r.normal(size=(n, d)), "w": away_from_zero(r, (d, m), 0.2, 1.0), "b": shifts(r, m)}
        return {**i, **{k: a.astype(dtype) for k, a in arrays.items()}, "dout": upstream(r, (n, m), dtype)}

    return draw


def _block(i: Inputs, **changes: Any) -> Arrays:
    a = {**i, **changes}
    s = {"eps": 1e-5, "momentum": 0.9, **a["bn_param"]}
    return batch_norm_net.affine_bn_relu(
        a["x"],
        a["w"],
        a["b"],
        a["gamma"],
        a["beta"],
        s["running_mean"],
        s["running_var"],
        a["dout"],
        s["eps"],
        s["momentum"],
    )


def _forward(i: Inputs, **changes: Any) -> Arrays:
    step = _block(i, **changes)
    return {"out": step["out"], RUNNING_MEAN: step["running_mean"]}


def _normalised(i: Inputs, z: np.ndarray) -> np.ndarray:
    s = i["bn_param"]
    step = batch_norm.batch_norm_train(
        z, i["gamma"], i["beta"], s["running_mean"], s["running_var"], s.get("eps", 1e-5)
    )
    return step["out"]


def _affine(i: Inputs) -> np.ndarray:
    return (paddle.matmul(tensor(i["x"]), tensor(i["w"])) + tensor(i["b"])).numpy()


def _relu(z: np.ndarray) -> np.ndarray:
    return paddle.nn.functional.relu(tensor(z)).numpy()


def _eval_block(i: Inputs) -> Arrays:
    s = i["bn_param"]
    z = batch_norm.batch_norm_eval(
        _affine(i), i["gamma"], i["beta"], s["running_mean"], s["running_var"], s.get("eps", 1e-5)
    )
    return {"out": _relu(z), RUNNING_MEAN: s["running_mean"]}


ARGUMENTS = ("x", "w", "b", "gamma", "beta", "bn_param")
BLOCK = Call("affine_bn_relu_forward", ARGUMENTS, ("out", "cache"))

BLOCK_FORWARD = Check(
    name="affine_bn_relu_forward",
    assignment=ASSIGNMENT,
    points=3,
    functions=("affine_bn_relu_forward",),
    steps=(BLOCK,),
    outputs=(Output("out", BATCH_NORM, 2), Output(RUNNING_MEAN, RUNNING)),
    cases=(
        Case("six samples, four features in, five out", _block_case(6, 4, 5)),
        Case("another epsilon and momentum", _block_case(7, 3, 4, eps=1e-2, momentum=0.6)),
        Case("float32 input", _block_case(9, 5, 3, "float32", eps=1e-3)),
    ),
    reference=_forward,
    misconceptions=(
        Misconception(
            "ReLU missing", "The last step of the block is the ReLU.", lambda i: {"out": _normalised(i, _affine(i))}
        ),
        Misconception(
            "ReLU before batch norm",
            "The order is affine, batch norm, ReLU; yours cuts off the negatives before normalising.",
            lambda i: {"out": _normalised(i, _relu(_affine(i)))},
        ),
        Misconception("batch norm missing", "Between the affine step and the ReLU comes batch norm.",
                      lambda i: {"out": _relu(_affine(i))}),
        Misconception(
            "bias forgotten",
            "Batch norm takes the bias out of the output again, but not out of the running mean: add it.",
            lambda i: {RUNNING_MEAN: _forward(i, b=np.zeros_like(i["b"]))[RUNNING_MEAN]},
        ),
        Misconception(
            "running statistics not updated",
            "After a train step bn_param must hold the new running statistics: hand the dict itself on, not a copy.",
            lambda i: {RUNNING_MEAN: i["bn_param"]["running_mean"]},
        ),
        Misconception(
            "block run in test mode",
            "bn_param's mode is 'train': normalise by the batch and update the running statistics.",
            _eval_block,
        ),
    ),
    may_change=STATE,
)  # fmt: skip


# --- backward ------------------------------------------------------------------------------------------------


def _grads(i: Inputs, **changes: Any) -> Arrays:
    step = _block(i, **changes)
    return {k: step[k] for k in ("dx", "dw", "db", "dgamma", "dbeta")}


def _linear_block(i: Inputs, **changes: Any) -> Arrays:
    """The gradients where nothing is cut off by the ReLU."""
    a = {**i, **changes}
    z = _affine(a)
    bn = batch_norm.batch_norm_gradients(z, a["gamma"], a["beta"], a["dout"], a["bn_param"].get("eps", 1e-5))
    dz = tensor(bn["dx"])
    return {
        "dx": paddle.matmul(dz, tensor(a["w"]), transpose_y=True).numpy(),
        "dw": paddle.matmul(tensor(a["x"]), dz, transpose_x=True).numpy(),
        "db": paddle.sum(dz, axis=0).numpy(),
        "dgamma": bn["dgamma"], "dbeta": bn["dbeta"],
    }  # fmt: skip


def _masked_by(mask: Any) -> Any:
    """dout cut off where something else than the block's output is positive."""

    def wrong(i: Inputs) -> Arrays:
        kept = {**i, "dout": i["dout"] * (mask(i) > 0)}
        return {k: a for k, a in _linear_block(kept).items() if k != "db"}

    return wrong


def _direct_db(i: Inputs) -> Arrays:
    kept = i["dout"] * (_block(i)["out"] > 0)
    return {"db": paddle.sum(tensor(kept), axis=0).numpy()}


BLOCK_BACKWARD = Check(
    name="affine_bn_relu_backward",
    assignment=ASSIGNMENT,
    points=4,
    functions=("affine_bn_relu_forward", "affine_bn_relu_backward"),
    steps=(BLOCK, Call("affine_bn_relu_backward", ("dout", "cache"), ("dx", "dw", "db", "dgamma", "dbeta"))),
    outputs=(
        Output("dx", BATCH_NORM, 2),
        Output("dw", BATCH_NORM, 2),
        Output("db", BATCH_NORM, guard=True),
        Output("dgamma", BATCH_NORM),
        Output("dbeta", BATCH_NORM),
    ),
    cases=BLOCK_FORWARD.cases,
    reference=_grads,
    rests_on=BLOCK_FORWARD,
    misconceptions=(
        Misconception(
            "ReLU's mask missing",
            "Where the ReLU put out 0, no gradient passes: cut dout off there first.",
            lambda i: {k: a for k, a in _linear_block(i).items() if k != "db"},
        ),
        Misconception(
            "ReLU's mask from dout",
            "The ReLU passes gradient where its INPUT was positive, whatever the sign of dout.",
            _masked_by(lambda i: i["dout"]),
        ),
        Misconception(
            "ReLU's mask from the affine output",
            "The ReLU saw batch norm's output: cut off by its sign, not by that of the affine step.",
            _masked_by(_affine),
        ),
        Misconception(
            "batch norm skipped on the way back",
            "db is the sum over what comes back through batch norm, which is 0; yours sums what comes in.",
            _direct_db,
        ),
        Misconception(
            "dw transposed",
            "dw has the shape of w, [D, M]; yours is its transpose.",
            lambda i: {"dw": _grads(i)["dw"].T},
        ),
        Misconception(
            "dgamma and dbeta swapped",
            "The order asked for is (dx, dw, db, dgamma, dbeta).",
            lambda i: {"dgamma": _grads(i)["dbeta"], "dbeta": _grads(i)["dgamma"]},
        ),
    ),
    may_change=STATE,
)


# --- six layers ----------------------------------------------------------------------------------------------

SHOWN = ("W1", "gamma1", "beta3", "W4", "gamma5", "W6", "b6")


def _net_case(n: int, sizes: tuple[int, ...], dtype: str = "float64") -> Any:
    def draw(r: Generator) -> Inputs:
        params: dict[str, np.ndarray] = {}
        for layer, (d, m) in enumerate(pairwise(sizes), start=1):
            params[f"W{layer}"], params[f"b{layer}"] = away_from_zero(r, (d, m), 0.1, 0.8), shifts(r, m)
            if layer < batch_norm_net.LAYERS:
                params[f"gamma{layer}"], params[f"beta{layer}"] = abs(scales(r, m)), abs(shifts(r, m)) / 2
        labels = r.permutation(np.arange(n) % sizes[-1]).astype(np.int64)
        return {"x": r.normal(size=(n, sizes[0])).astype(dtype), "y": labels,
                "params": {k: a.astype(dtype) for k, a in params.items()}}  # fmt: skip

    return draw


def _net(i: Inputs, **how: Any) -> Arrays:
    found = batch_norm_net.six_layer_loss(i["x"], i["y"], i["params"], **how)
    return {"loss": found["loss"], **{f"grads.{name}": found[name] for name in SHOWN}}


def _divided(i: Inputs, *keys: str) -> Arrays:
    right = _net(i)
    return {k: right[k] / len(i["y"]) for k in keys or right}


SIX_LAYERS = Check(
    name="six_layer_net",
    assignment=ASSIGNMENT,
    points=4,
    functions=("six_layer_net",),
    steps=(Call("six_layer_net", ("x", "y", "params"), ("loss", "grads")),),
    outputs=(Output("loss", BATCH_NORM, 3), *(Output(f"grads.{name}", BATCH_NORM) for name in SHOWN)),
    cases=(
        Case("eight samples, layers of 5 to 7 units", _net_case(8, (4, 6, 5, 7, 6, 5, 3))),
        Case("another width in each layer", _net_case(11, (3, 5, 8, 4, 7, 6, 5))),
        Case("float32 input", _net_case(9, (5, 4, 6, 5, 4, 6, 4), "float32")),
    ),
    reference=_net,
    misconceptions=(
        Misconception(
            "batch norm missing",
            "This is the net without batch norm: build the five hidden layers from your affine_bn_relu block.",
            lambda i: {
                k: a for k, a in _net(i, normalised=False).items() if "gamma" not in k and "beta" not in k
            },
        ),
        Misconception(
            "loss summed over the batch",
            "The loss is a mean over the batch; yours, or its gradient, is N times that.",
            lambda i: _net(i, reduction="sum"),
        ),
        Misconception(
            "averaged over the batch twice",
            "The loss's own gradient is averaged already: do not divide the gradients by N again.",
            lambda i: {k: a for k, a in _divided(i).items() if k != "loss"},
        ),
    ),
)

CHECKS = (BLOCK_FORWARD, BLOCK_BACKWARD, SIX_LAYERS)
