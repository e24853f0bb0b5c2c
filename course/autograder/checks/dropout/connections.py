"""ps2, DropConnect: connections are dropped, biases too, anew for each sample."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.chance.coins import Sharing
from course.autograder.checks.chance.forms import Drawn, Masked
from course.autograder.checks.chance.nets import ConnectionsFall
from course.autograder.checks.chance.readers import BIASES_KEPT, RANDOM, Connections
from course.autograder.checks.dropout.chance import CALLS, ONE_MASK, coins
from course.autograder.checks.dropout.draws import (
    ASSIGNMENT,
    at_test,
    copies,
    numbered,
    param,
    repeated,
    settings,
    tossed,
    twins,
)
from course.autograder.checks.dropout.factors import nan_at_one
from course.autograder.checks.dropout.knapsack import connections, readable, terms
from course.autograder.checks.dropout.layer import (
    AGAIN,
    AGAIN_CALLED,
    FIRST,
    Layer,
    Mask,
    Masks,
    same_again,
    twice,
    under,
    with_again,
)
from course.autograder.checks.language import DROPOUT, Answers, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Generator, draw, views
from course.autograder.checks.language.seen import Property, unseen
from course.autograder.checks.language.wrong import Wrong, where
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE

OUTS = numbered("out", CALLS)

SHARING: Sharing = (
    (
        (0,),
        ONE_MASK,
        "All samples share one mask; each sample drops connections of its own.",
    ),
    (
        (1,),
        "outputs dropped",
        "You drop an output with all that leads to it; each connection has a draw of its own.",
    ),
    (
        (2,),
        "inputs dropped",
        "You drop an input for all outputs, which is dropout; DropConnect drops single weights.",
    ),
)

SHARING_OF_BIASES: Sharing = (
    (
        (0,),
        "one mask of the biases for the whole batch",
        "The weights are dropped anew for each sample, and so are the biases: draw them of shape [N, M].",
    ),
    (
        (2,),
        "one draw for all biases of a sample",
        "Each bias has a coin of its own in each sample: draw them of shape [N, M].",
    ),
)


@draw
def connected(
    r: Generator,
    shape: tuple[int, int, int],
    p: float,
    scaling: str | None,
    mode: str = "train",
    dtype: str = "float64",
) -> Inputs:
    """x [N, D] for each call, w [D, M] and b (M,), for shape (N, D, M)."""
    i = connections(r, *shape, dtype)
    return {**i, **copies(i["x"], CALLS), **twins(param(r, p, mode, scaling))}


def _observe(i: Inputs) -> Connections:
    p, mode, _ = settings(i)
    return Connections(OUTS, terms(i), readable(p) if 0 < p < 1 else (), p, mode == "train")


def _with(i: Inputs, masks: Masks, weight: float | None = None, bias: float = 1.0) -> Answers:
    """The outputs for given masks; the weights times another factor, and the bias by one more on top."""
    x, w, b, asked = i["x"], i["w"].astype(np.float64), i["b"].astype(np.float64) * bias, settings(i)
    if weight is not None:  # downscale_in_infer leaves a factor of the caller's own
        w, b, asked = w * weight, b * weight, asked._replace(mode="train", scaling=DOWNSCALE)

    def output(mask: Mask) -> np.ndarray | Masked:
        if not isinstance(mask, Drawn):
            return dropout.dropconnect(x, w, b, mask, *asked)
        return _summed(lambda m: dropout.dropconnect(x, w, b, m, *asked), (len(x), len(w) + 1, len(b)), mask)

    if asked.mode == "test":
        masks = [np.ones(())] * len(masks)
    return {path: output(m) for path, m in zip(OUTS, masks, strict=False)}


def _summed(output: Callable[[np.ndarray], np.ndarray], shape: tuple[int, int, int], mask: Drawn) -> Masked:
    """The output for any mask, from what each row of connections adds to it."""
    rows = np.eye(shape[1])[:, None, :, None] * np.ones((shape[0], 1, shape[2]))
    return Masked(np.stack([output(row) for row in rows], axis=1), mask.name, sums="ndm->nm")


LAYER = Layer(lambda i: (len(i["x"]), len(i["w"]) + 1, len(i["b"])), _with)


BIAS_KEPT = ("bias kept", "In DropConnect the biases are dropped like the weights, with coins of their own.")


BIAS_WITH = (
    "bias drawn with the weights of an input",
    "In each sample the biases fall like the weights of one input: they have coins of their own.",
)


def _properties(i: Inputs) -> tuple[Property, ...]:
    p, mode, _ = settings(i)
    of_biases = coins("out", p, SHARING_OF_BIASES)
    fall = ConnectionsFall(coins("out", p, SHARING), of_biases, BIAS_KEPT, BIAS_WITH)
    return (fall, *same_again(i)) if mode == "train" else ()


def _shared(axis: int, own: tuple[int, ...]) -> dict[str, Mistake]:
    """One draw for all along an axis."""
    _, name, advice = SHARING[axis]
    return {name: Mistake(advice, LAYER.varying(lambda i: own))}


def _biases(change: Callable[[np.ndarray], np.ndarray]) -> Wrong:
    """Weights dropped anew for each sample, and biases as is made of a call's mask [N, D + 1, M]."""

    def make(i: Inputs) -> Masks:
        masks = LAYER.masks(i)
        for m in masks:
            m[:, -1] = change(m)
        return list(masks)

    return LAYER.falling(make)


def _bias_always(i: Inputs) -> Answers:
    p, _, scaling = settings(i)
    factor = 1 - p if scaling == UPSCALE else 1.0
    if not unseen(i):
        return under(_with(i, LAYER.drawn(i), bias=factor), BIASES_KEPT)
    masks = LAYER.masks(i)
    for m in masks:
        m[:, -1] = 1.0
    return _with(i, masks, bias=factor)


def _upscaled(wrong: Wrong) -> Wrong:
    return where(tossed, where(lambda i: settings(i).scaling == UPSCALE, wrong))


def _bias_unscaled(i: Inputs) -> Answers:
    answers = _with(i, LAYER.drawn(i), bias=1 - settings(i).p)
    return answers if unseen(i) else under(answers, unless=(BIASES_KEPT,))


def _random_at_test(i: Inputs) -> Answers:
    """Training's output at test time, where the mask can be read out of it."""
    if unseen(i):
        return _with(i, LAYER.masks(i), settings(i).training)
    return under(_with(i, [FIRST], settings(i).training), RANDOM) if 0 < settings(i).p < 1 else {}


def _bias_unscaled_at_test(i: Inputs) -> Answers:
    p, mode, scaling = settings(i)
    if mode != "test" or scaling != DOWNSCALE or p == 1:
        return {}
    return _with(i, LAYER.ones(i), bias=1 / (1 - p))


def _weights_twice_at_test(i: Inputs) -> Answers:
    p, mode, scaling = settings(i)
    if mode != "test" or scaling != DOWNSCALE or p == 1:
        return {}
    return _with(i, LAYER.ones(i), weight=(1 - p) ** 2, bias=1 / (1 - p))


DROPCONNECT_CHECK = check(
    ASSIGNMENT, "dropconnect_forward", 6,
    (
        *repeated("out = dropconnect_forward(x, w, b, dropout_param)", CALLS),
        "again = dropconnect_forward(x_again, w, b, twin_param)",
    ),
    outputs=(Output("out", DROPOUT, weight=4.0), AGAIN),
    also=OUTS[1:],
    called=AGAIN_CALLED,
    cases=(
        Case("upscale_in_train, p = 0.3", connected((7, 4, 5), 0.3, UPSCALE)),
        Case("downscale_in_infer, p = 0.8", connected((8, 4, 3), 0.8, DOWNSCALE)),
        Case("scaling not given, p = 0.6", views(connected((6, 3, 7), 0.6, None), *numbered("x", CALLS), "x_again")),
        Case("p = 0: nothing is dropped", connected((3, 4, 2), 0.0, UPSCALE)),
        Case("p = 1: everything is dropped", connected((3, 2, 4), 1.0, UPSCALE)),
        Case("test mode, upscale_in_train", connected((5, 4, 3), 0.3, UPSCALE, "test")),
        Case("test mode, downscale_in_infer", connected((4, 3, 5), 0.8, DOWNSCALE, "test")),
        Case("test mode, scaling not given", connected((3, 4, 2), 0.6, None, "test")),
        Case("as many samples as inputs and outputs", connected((4, 4, 4), 0.4, UPSCALE)),
        Case("float32 input", connected((7, 3, 6), 0.7, UPSCALE, dtype="float32")),
    ),
    reference=twice(LAYER.right),
    observe=_observe,
    properties=_properties,
    mistakes=with_again({
        **LAYER.factors(),
        **LAYER.default(),
        **LAYER.as_keep(),
        **_shared(0, (1, 2)),
        **_shared(1, (0, 2)),
        **_shared(2, (0, 1)),
        SHARING_OF_BIASES[0][1]: Mistake(SHARING_OF_BIASES[0][2], _biases(lambda m: m[:1, -1])),
        SHARING_OF_BIASES[1][1]: Mistake(SHARING_OF_BIASES[1][2], _biases(lambda m: m[:, -1, :1])),
        BIAS_WITH[0]: Mistake(BIAS_WITH[1], _biases(lambda m: m[:, 0])),
        BIAS_KEPT[0]: Mistake(BIAS_KEPT[1], where(tossed, _bias_always)),
        "bias not scaled": Mistake(
            "What survives is divided by 1 - p, and that holds for the biases as well.", _upscaled(_bias_unscaled)
        ),
        **LAYER.same_mask(),
        "bias not scaled at test time": Mistake(
            "The biases were dropped while training, so they shrink at test time like the weights.",
            _bias_unscaled_at_test,
        ),
        "weights scaled twice at test time": Mistake(
            "x @ w shrinks by 1 - p once at test time: scale x or w, not both.", _weights_twice_at_test
        ),
        "random at test time": Mistake(
            "Connections are dropped at test time: there the layer is deterministic.",
            where(at_test, _random_at_test),
        ),
        **nan_at_one("out", lambda i: (len(i["x"]), i["w"].shape[1])),
    }, LAYER.otherwise),
)  # fmt: skip

CHECKS = (DROPCONNECT_CHECK,)
