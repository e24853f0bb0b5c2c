"""Inputs that a device is tried on besides the cases of the checks: shapes and options of every kind, and bad luck.

Badly conditioned is a batch whose values lie close together far from 0 (mean 5, standard deviation 0.001): what the
mean takes away are the leading digits, and a precision that has few left shows it there first.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.spec import Arrays, Case, Check
from course.autograder.checks.language.stand_ins import without_views
from course.autograder.checks.language.tolerances import (
    BATCH_NORM,
    CONVOLUTION,
    DROPOUT,
    EXACT,
    RUNNING,
    Tolerances,
)
from course.autograder.judging.computing import arrays, case_generator
from course.reference import (
    batch_norm,
    batch_norm_net,
    batch_renorm,
    convolution,
    cross_iteration,
    dropout,
    normalizers,
    warmup,
)

Drawn = np.random.Generator
SEED = 7


@dataclass(frozen=True)
class Tried:
    """One call, or a few, of references.

    Attributes:
        op: what is computed, e.g. 'convolution'.
        case: on what.
        compute: draws the inputs, the same each time, and computes the outputs by name.
        tolerances: what grading allows such outputs.
        own: what it allows some of them.
    """

    op: str
    case: str
    compute: Callable[[], Arrays]
    tolerances: Tolerances
    own: dict[str, Tolerances] = field(default_factory=dict)

    def allowed(self, output: str) -> Tolerances:
        """What grading allows this output."""
        return self.own.get(output, RUNNING if output.startswith("running_") else self.tolerances)


def _affine(rng: Drawn, channels: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.uniform(0.5, 1.5, size=channels), rng.normal(size=channels)


def _batch_norm(rng: Drawn, shape: tuple[int, ...], mean: float, std: float) -> Arrays:
    x, dout = rng.normal(mean, std, size=shape), rng.normal(size=shape)
    c = shape[1]
    gamma, beta = _affine(rng, c)
    running = rng.normal(size=c), rng.uniform(0.5, 2.0, size=c)
    return {
        **batch_norm.batch_norm_train(x, gamma, beta, *running),
        "out at prediction": batch_norm.batch_norm_eval(x, gamma, beta, *running),
        **batch_norm.batch_norm_gradients(x, gamma, beta, dout),
    }


def _pieces(rng: Drawn, mean: float, std: float) -> Arrays:
    x = rng.normal(mean, std, size=(40, 6))
    moments = batch_norm.batch_moments(x)
    normal = batch_norm.normalize(x, moments["mean"], moments["var"])
    gamma, beta = _affine(rng, 6)
    weight, bias = rng.normal(size=(6, 3, 3, 2)), rng.normal(size=6)
    folded = batch_norm.fold_batch_norm(weight, bias, gamma, beta, moments["mean"], moments["var"])
    folded = {f"folded {name}": value for name, value in folded.items()}
    return {**moments, "x_hat": normal, "out": batch_norm.scale_shift(normal, gamma, beta), **folded}


def _convolution(rng: Drawn, x: tuple[int, ...], w: tuple[int, ...], **options: Any) -> Arrays:
    image, weight, bias = rng.normal(size=x), rng.normal(size=w), rng.normal(size=w[0])
    out = convolution.conv2d(image, weight, bias, **options)
    dout = rng.normal(size=out.shape)
    return {"out": out, **convolution.conv2d_gradients(image, weight, bias, dout, **options)}


def _windows(rng: Drawn) -> Arrays:
    x = rng.normal(size=(3, 4, 9, 8))
    out = convolution.max_pool(x, (3, 2), 2)
    return {
        "columns": convolution.im2col(x, (3, 2), 2, 1),
        "largest": out,
        "dx of the largest": convolution.max_pool_gradient(x, rng.normal(size=out.shape), (3, 2), 2),
    }


def _dropout(rng: Drawn, scaling: str, mode: str) -> Arrays:
    """Dropout and its relatives, given a mask."""
    n, d, m, p = 6, 5, 4, 0.3
    x, w, b = rng.normal(size=(n, d)), rng.normal(size=(d, m)), rng.normal(size=m)
    dout, mask = rng.normal(size=(n, m)), rng.random((n, d)) >= p
    connections = rng.random((n, d + 1, m)) >= p
    block = dropout.affine_relu_dropout(x, w, b, dout, rng.random((n, m)) >= p, p, mode, scaling)
    return {
        "out": dropout.apply(x, mask, p, mode, scaling),
        "dx": dropout.gradient(x, rng.normal(size=x.shape), mask, p, mode, scaling),
        "connections": dropout.dropconnect(x, w, b, connections, p, mode, scaling),
        "weights": dropout.convert_weights(w, p, scaling, dropout.UPSCALE),
        **{f"block's {name}": value for name, value in block.items()},
        **{f"spread's {name}": value for name, value in dropout.spread(rng.normal(size=(7, n, m))).items()},
    }


def _normalizers(rng: Drawn, mean: float, std: float) -> Arrays:
    x, c = rng.normal(mean, std, size=(5, 6, 4, 3)), 6
    dout, (gamma, beta) = rng.normal(size=x.shape), _affine(rng, c)
    last = _affine(rng, x.shape[-1])
    found = {
        "layer's out": normalizers.layer_norm(x, *last),
        "instance's out": normalizers.instance_norm(x, gamma, beta),
        **{f"layer's {k}": v for k, v in normalizers.layer_norm_gradients(x, *last, dout).items()},
    }
    for groups in (1, 3, c):
        back = normalizers.group_norm_gradients(x, gamma, beta, groups, dout)
        found[f"{groups} groups' out"] = normalizers.group_norm(x, gamma, beta, groups)
        found |= {f"{groups} groups' {name}": value for name, value in back.items()}
    return found


def _renorm(rng: Drawn, shape: tuple[int, ...], mean: float, std: float) -> Arrays:
    x, dout, c = rng.normal(mean, std, size=shape), rng.normal(size=shape), shape[1]
    affine, running = _affine(rng, c), (rng.normal(size=c), rng.uniform(0.5, 2.0, size=c))
    moments = batch_norm.batch_moments(x, tuple(a for a in range(x.ndim) if a != 1))
    return {
        **batch_renorm.renorm_correction(moments["mean"], np.sqrt(moments["var"] + 1e-5), *running),
        **batch_renorm.batch_renorm_train(x, *affine, *running),
        "out at prediction": batch_renorm.batch_renorm_eval(x, *affine, *running),
        **batch_renorm.batch_renorm_gradients(x, *affine, dout, *running),
    }


def _window_of_batches(rng: Drawn, mean: float, std: float) -> Arrays:
    def step(weight: np.ndarray) -> dict[str, np.ndarray]:
        return cross_iteration.linear_moments(rng.normal(mean, std, size=(9, 5)), weight) | {"weight": weight}

    weight = rng.normal(size=(5, 4))
    history = [step(weight + rng.normal(0, 1e-2, size=weight.shape)) for _ in range(3)]
    x = rng.normal(mean, std, size=(9, 5)) @ weight
    found = cross_iteration.cross_iteration_moments(x, weight, history, 3)
    return {**found, **{f"past {name}": value for name, value in history[0].items() if name != "weight"}}


def _nets(rng: Drawn, mean: float, std: float) -> Arrays:
    x, sizes = rng.normal(mean, std, size=(12, 7)), (7, 8, 8, 8, 8, 8, 5)
    params: dict[str, np.ndarray] = {}
    for layer, (d, m) in enumerate(itertools.pairwise(sizes), 1):
        params |= {f"W{layer}": rng.normal(0, d**-0.5, size=(d, m)), f"b{layer}": rng.normal(size=m)}
        if layer < batch_norm_net.LAYERS:
            params[f"gamma{layer}"], params[f"beta{layer}"] = _affine(rng, m)
    w, b, gamma, beta = (params[f"{name}1"] for name in ("W", "b", "gamma", "beta"))
    running, dout = (rng.normal(size=8), rng.uniform(0.5, 2.0, size=8)), rng.normal(size=(12, 8))
    block = batch_norm_net.affine_bn_relu(x, w, b, gamma, beta, *running, dout)
    loss = batch_norm_net.six_layer_loss(x, rng.integers(5, size=12), params)
    return {**{f"block's {k}": v for k, v in block.items()}, **{f"net's {k}": v for k, v in loss.items()}}


def _warmup(rng: Drawn) -> Arrays:
    x = rng.normal(size=(40, 30))
    return {"relu": warmup.relu(x), "norm": warmup.norm(x, 2), "norm of all": warmup.norm(x, 1, None)}


CONVOLUTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "plain": ((3, 4, 9, 8), (5, 4, 3, 2), {}),
    "padding by edge, stride 2": ((3, 4, 9, 8), (5, 4, 3, 2), {"stride": 2, "padding": [1, 0, 2, 1]}),
    "padding SAME": ((2, 3, 7, 10), (4, 3, 4, 3), {"stride": [2, 3], "padding": "SAME"}),
    "dilation": ((2, 3, 12, 11), (4, 3, 3, 3), {"padding": 2, "dilation": [2, 3]}),
    "groups": ((2, 6, 8, 7), (9, 2, 3, 3), {"padding": 1, "groups": 3}),
    "a channel by itself": ((2, 6, 8, 7), (6, 1, 3, 3), {"padding": 1, "groups": 6}),
    "many windows": ((4, 16, 40, 40), (16, 16, 3, 3), {"padding": 1}),
    "1 x 1": ((4, 24, 10, 10), (32, 24, 1, 1), {}),
}
SPREADS = {"well conditioned": (0.0, 1.0), "far from 0": (5.0, 3.0), "badly conditioned": (5.0, 0.001)}
SHAPES = {
    "[2, 3]": (2, 3),
    "[9, 5]": (9, 5),
    "[5000, 7]": (5000, 7),
    "[4, 3, 7]": (4, 3, 7),
    "images": (4, 3, 5, 6),
}


def tried() -> Iterator[Tried]:
    """What is tried besides the cases of the checks; every call is small."""
    for luck, (mean, std) in SPREADS.items():
        spread = {"mean": mean, "std": std}
        for name, shape in SHAPES.items():
            about = {"shape": shape, **spread}
            yield Tried("batch norm", f"{name}, {luck}", _of(_batch_norm, **about), BATCH_NORM)
            yield Tried("batch renorm", f"{name}, {luck}", _of(_renorm, **about), BATCH_NORM)
        yield Tried("batch norm's pieces", luck, _of(_pieces, **spread), BATCH_NORM)
        yield Tried("layer, group and instance norm", luck, _of(_normalizers, **spread), BATCH_NORM)
        yield Tried("cross-iteration norm", luck, _of(_window_of_batches, **spread), BATCH_NORM)
        yield Tried("nets", luck, _of(_nets, **spread), BATCH_NORM)
    for name, (x, w, options) in CONVOLUTIONS.items():
        yield Tried("convolution", name, _of(_convolution, x=x, w=w, **options), CONVOLUTION)
    yield Tried("windows and pooling", "3 x 2, stride 2", _of(_windows), CONVOLUTION)
    for scaling in (dropout.UPSCALE, dropout.DOWNSCALE):
        for mode in ("train", "test"):
            yield Tried(
                "dropout given a mask",
                f"{scaling}, {mode}",
                _of(_dropout, scaling=scaling, mode=mode),
                DROPOUT,
            )
    yield Tried("warm-up", "[40, 30]", _of(_warmup), CONVOLUTION)


def _of(compute: Callable[..., Arrays], **about: Any) -> Callable[[], Arrays]:
    return lambda: compute(np.random.default_rng(SEED), **about)


def of_the_checks() -> Iterator[Tried]:
    """Every case of every check, those that only grading knows included."""
    for check in map(find_check, list_checks()):
        own = {output.path: output.tolerances for output in check.outputs}
        for case in check.cases + check.hidden:
            if not case.raises:
                yield Tried(check.name, case.name, _asked(check, case), EXACT, own)


def _asked(check: Check, case: Case) -> Callable[[], Arrays]:
    def compute() -> Arrays:
        inputs = case.draw(case_generator(SEED, check.name, case.name))
        found = arrays(check.reference(without_views(inputs)))
        return {output.path: found[output.path] for output in check.outputs if output.path in found}

    return compute
