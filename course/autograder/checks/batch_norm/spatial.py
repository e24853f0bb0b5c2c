"""ps1, images: batch norm per channel on [N, C, H, W], its gradients, and folding it into a convolution."""

from typing import Any

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.backward import (
    DPARAMETERS,
    DX,
    GRADIENTS,
    eps_of,
    parts,
    right_gradients,
    with_upstream,
)
from course.autograder.checks.batch_norm.forward import (
    KEEPING,
    NORMALISING,
    RUNNING_MEAN,
    RUNNING_VAR,
    drawn,
    given,
    only_mode,
    train_reference,
)
from course.autograder.checks.batch_norm.forward import test_reference as eval_reference
from course.autograder.checks.language.draws import (
    Generator,
    away_from_zero,
    means,
    scales,
    shifts,
    variances,
)
from course.autograder.checks.language.protocol import Call, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM, RUNNING
from course.reference import batch_norm
from course.reference.batch_norm import tensor
from course.reference.framework import paddle

ASSIGNMENT = "ps1_batchnorm"
STATE = (RUNNING_MEAN, RUNNING_VAR)
FORWARD = Call("spatial_batchnorm_forward", ("x", "gamma", "beta", "bn_param"), ("out", "cache"))


def _flat(i: Inputs, name: str) -> np.ndarray:
    """[N, C, H, W] read as [-1, C] without moving the channels last: the values of channels mix."""
    return i[name].reshape(-1, i["x"].shape[1])


def _mixed_channels(i: Inputs) -> Arrays:
    step = v.kept(v.trained({**i, "x": _flat(i, "x")}))
    return {**step, "out": step["out"].reshape(i["x"].shape)}


def _training(i: Inputs) -> bool:
    return i["bn_param"]["mode"] == "train"


def _in_training(wrong: Any) -> Any:
    return lambda i: wrong(i) if _training(i) else {}


def _as_in_train_mode(misconceptions: tuple[Misconception, ...]) -> tuple[Misconception, ...]:
    return tuple(Misconception(m.name, m.advice, _in_training(m.wrong)) for m in misconceptions)


def _over(*axes: int) -> Any:
    return _in_training(lambda i: {"out": v.forward(i, eps_of(i), axes=axes)})


def _strided(r: Generator) -> Inputs:
    i = given(r, (3, 4, 2, 5), "train")
    return {**i, "x": Strided(i["x"])}


SPATIAL_FORWARD = Check(
    name="spatial_batchnorm_forward",
    assignment=ASSIGNMENT,
    points=7,
    functions=("spatial_batchnorm_forward",),
    steps=(FORWARD,),
    outputs=(Output("out", BATCH_NORM, 4), Output(RUNNING_MEAN, RUNNING), Output(RUNNING_VAR, RUNNING)),
    cases=(
        Case("two images of three channels, 4 x 5", drawn((2, 3, 4, 5), "train")),
        Case("another epsilon and momentum", drawn((3, 2, 3, 4), "train", eps=1e-2, momentum=0.6)),
        Case("a spread of 0.01", drawn((2, 5, 3, 2), "train", sd=0.01, momentum=0.8)),
        Case("bn_param holds only the mode", only_mode("train", (2, 4, 3, 3))),
        Case("test mode", drawn((2, 3, 5, 4), "test")),
        Case("float32 input", drawn((2, 4, 3, 5), "train", dtype="float32", eps=1e-3, momentum=0.75)),
        Case("a view that is not contiguous", _strided),
    ),
    reference=lambda i: train_reference(i) if _training(i) else eval_reference(i),
    misconceptions=(
        Misconception(
            "statistics per pixel",
            "You took a mean for each pixel; a channel shares one over N, H and W.",
            _over(0),
        ),
        Misconception(
            "statistics per image and channel",
            "You normalised each image by itself (that is instance norm); the batch shares its channels' statistics.",
            _over(2, 3),
        ),
        Misconception(
            "statistics per image",
            "You normalised each image over all its channels (that is layer norm); a channel has its own statistics.",
            _over(1, 2, 3),
        ),
        Misconception(
            "one mean and variance for the whole batch",
            "Each channel has its own mean and variance; yours run over the channels too.",
            _over(0, 1, 2, 3),
        ),
        Misconception(
            "reshaped without moving the channels last",
            "Reading [N, C, H, W] as (-1, C) mixes the channels: move axis 1 to the end first, and back afterwards.",
            _in_training(_mixed_channels),
        ),
        Misconception(
            "batch statistics at test time",
            "In test mode normalise by the running statistics; you used the batch's own.",
            lambda i: {} if _training(i) else v.kept(v.trained(i)),
        ),
        *_as_in_train_mode(NORMALISING),
        *_as_in_train_mode(KEEPING[:8]),
    ),
    may_change=STATE,
)  # fmt: skip


# --- gradients -----------------------------------------------------------------------------------------------


def _mixed_gradients(i: Inputs) -> Arrays:
    flat = {**i, "x": _flat(i, "x"), "dout": _flat(i, "dout")}
    found = right_gradients(flat)
    return {**found, "dx": found["dx"].reshape(i["x"].shape)}


def _n_is_the_batch(i: Inputs) -> Arrays:
    p = parts(i)
    more = i["x"].shape[2] * i["x"].shape[3]
    inner = p["dout"] - more * p["over"](p["dout"]) - more * p["x_hat"] * p["over"](p["dout"] * p["x_hat"])
    return {"dx": (p["gamma"] / p["sd"] * inner).numpy()}


def _per_image(i: Inputs) -> Arrays:
    p = parts(i)
    return {
        "dgamma": paddle.sum(p["dout"] * p["x_hat"], axis=[2, 3]).numpy(),
        "dbeta": paddle.sum(p["dout"], axis=[2, 3]).numpy(),
    }


def _over_the_batch(i: Inputs) -> Arrays:
    p = parts(i)
    return {
        "dgamma": paddle.sum(p["dout"] * p["x_hat"], axis=0).numpy(),
        "dbeta": paddle.sum(p["dout"], axis=0).numpy(),
    }


def _strided_gradient(r: Generator) -> Inputs:
    i = with_upstream((3, 2, 2, 5))(r)
    return {**i, "x": Strided(i["x"]), "dout": Strided(i["dout"])}


_NOT_HERE = {
    "means over the whole matrix", "gradient of layer norm", "parameter gradients summed over the features",
    "parameter gradients keep the summed axis",
}  # fmt: skip

SPATIAL_BACKWARD = Check(
    name="spatial_batchnorm_backward",
    assignment=ASSIGNMENT,
    points=6,
    functions=("spatial_batchnorm_forward", "spatial_batchnorm_backward"),
    steps=(FORWARD, Call("spatial_batchnorm_backward", ("dout", "cache"), ("dx", "dgamma", "dbeta"))),
    outputs=GRADIENTS,
    cases=(
        Case("two images of three channels, 4 x 5", with_upstream((2, 3, 4, 5))),
        Case("a spread of 0.01 and another epsilon", with_upstream((3, 2, 4, 3), sd=0.01, eps=1e-4)),
        Case("float32 input", with_upstream((2, 4, 3, 5), dtype="float32", eps=1e-3)),
        Case("views that are not contiguous", _strided_gradient),
    ),
    reference=right_gradients,
    rests_on=SPATIAL_FORWARD,
    misconceptions=(
        Misconception(
            "reshaped without moving the channels last",
            "Reading [N, C, H, W] as (-1, C) mixes the channels: move axis 1 of dout to the end first, and dx back.",
            _mixed_gradients,
        ),
        Misconception(
            "n counts the images only",
            "Each channel's mean runs over N * H * W values; you divided by N.",
            _n_is_the_batch,
        ),
        Misconception(
            "gradient of per-pixel statistics",
            "You went back through one mean per pixel; a channel shares one over N, H and W.",
            lambda i: {"dx": v.gradients(i, eps_of(i), axes=(0,))["dx"]},
        ),
        Misconception(
            "parameter gradients per image",
            "Sum over the images too: gamma and beta have one value per channel.",
            _per_image,
        ),
        Misconception(
            "parameter gradients per pixel",
            "Sum over height and width too: gamma and beta have one value per channel.",
            _over_the_batch,
        ),
        *(m for m in (*DX, *DPARAMETERS) if m.name not in _NOT_HERE),
    ),
    may_change=STATE,
)


# --- folding -------------------------------------------------------------------------------------------------


def _fold_case(shape: tuple[int, int, int, int], eps: float, dtype: str = "float64") -> Any:
    def draw(r: Generator) -> Inputs:
        o = shape[0]
        arrays = {
            "weight": away_from_zero(r, shape, 0.2, 1.0), "bias": shifts(r, o), "gamma": scales(r, o),
            "beta": shifts(r, o) * 1.5, "mean": means(r, o), "var": variances(r, o),
        }  # fmt: skip
        return {**{k: a.astype(dtype) for k, a in arrays.items()}, "eps": eps}

    return draw


def _folded(i: Inputs, **changes: Any) -> Arrays:
    args = {**i, **changes}
    made = batch_norm.fold_batch_norm(
        *(args[k] for k in ("weight", "bias", "gamma", "beta", "mean", "var", "eps"))
    )
    return {"folded_weight": made["weight"], "folded_bias": made["bias"]}


def _only(key: str, **changes: Any) -> Any:
    return lambda i: {key: _folded(i, **{k: f(i) for k, f in changes.items()})[key]}


def _zeros(i: Inputs) -> np.ndarray:
    return np.zeros_like(i["bias"])


def _by_the_variance(i: Inputs) -> Arrays:
    spread = i["var"].astype(np.float64) + i["eps"]
    return _folded(i, var=spread**2 - i["eps"])


def _along_the_inputs(i: Inputs) -> Arrays:
    if i["weight"].shape[0] != i["weight"].shape[1]:
        return {}
    swapped = _folded(i, weight=i["weight"].swapaxes(0, 1))["folded_weight"]
    return {"folded_weight": swapped.swapaxes(0, 1)}


def _bias_not_scaled(i: Inputs) -> Arrays:
    without = _folded(i, bias=_zeros(i))["folded_bias"]
    return {"folded_bias": (tensor(without) + tensor(i["bias"])).numpy()}


FOLD = Check(
    name="fold_batchnorm",
    assignment=ASSIGNMENT,
    points=6,
    functions=("fold_batchnorm",),
    steps=(
        Call(
            "fold_batchnorm",
            ("weight", "bias", "gamma", "beta", "mean", "var", "eps"),
            ("folded_weight", "folded_bias"),
        ),
    ),
    outputs=(Output("folded_weight", BATCH_NORM), Output("folded_bias", BATCH_NORM)),
    cases=(
        Case("four kernels over three channels", _fold_case((4, 3, 2, 5), 1e-5)),
        Case("as many kernels as channels", _fold_case((3, 3, 2, 4), 1e-3)),
        Case("another epsilon", _fold_case((5, 2, 3, 1), 1e-1)),
        Case("float32 parameters", _fold_case((2, 4, 3, 3), 1e-2, "float32")),
    ),
    reference=_folded,
    misconceptions=(
        Misconception(
            "epsilon forgotten",
            "The layer being folded divides by sqrt(var + eps): without eps the two nets differ.",
            lambda i: _folded(i, eps=0.0),
        ),
        Misconception(
            "epsilon outside the root",
            "Epsilon goes beside the variance, under the root.",
            lambda i: _folded(i, var=(np.sqrt(i["var"].astype(np.float64)) + i["eps"]) ** 2 - i["eps"]),
        ),
        Misconception(
            "divided by the variance",
            "Divide by the standard deviation, the root of the variance.",
            _by_the_variance,
        ),
        Misconception(
            "gamma forgotten",
            "gamma scales each output channel: it goes into the weight, and into the bias.",
            lambda i: _folded(i, gamma=np.ones_like(i["gamma"])),
        ),
        Misconception(
            "scaled along the input channels",
            "gamma and var belong to the OUTPUT channels, axis 0 of the weight.",
            _along_the_inputs,
        ),
        Misconception(
            "weight not scaled",
            "You left the weight as it was: each output channel's kernel is scaled too.",
            lambda i: {"folded_weight": i["weight"]},
        ),
        Misconception(
            "running mean forgotten in the bias",
            "Batch norm subtracts its mean: the new bias must carry that.",
            _only("folded_bias", mean=_zeros),
        ),
        Misconception(
            "running mean added",
            "The mean is subtracted before scaling; your bias adds it.",
            _only("folded_bias", mean=lambda i: -i["mean"]),
        ),
        Misconception(
            "old bias dropped",
            "The convolution's own bias goes through batch norm as well; yours is gone.",
            _only("folded_bias", bias=_zeros),
        ),
        Misconception(
            "old bias not scaled",
            "The convolution's own bias is scaled by batch norm like everything before it.",
            _bias_not_scaled,
        ),
        Misconception(
            "beta forgotten",
            "beta is added at the end: it belongs to the new bias.",
            _only("folded_bias", beta=_zeros),
        ),
    ),
)

CHECKS = (SPATIAL_FORWARD, SPATIAL_BACKWARD, FOLD)
