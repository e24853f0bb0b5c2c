"""ps2, in use: affine, ReLU and dropout as one layer, forward and backward."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from course.autograder.checks.chance.coins import SAME_MASK
from course.autograder.checks.chance.forms import Drawn, Masked
from course.autograder.checks.chance.readers import ALL_KEPT, ANOTHER_MASK, ONE_FACTOR, WITHOUT_BIAS
from course.autograder.checks.dropout.chance import ONE_MASK
from course.autograder.checks.dropout.draws import ASSIGNMENT, at_test, seed_of, settings, tossed
from course.autograder.checks.dropout.factors import nan_at_one
from course.autograder.checks.dropout.layer import (
    AGAIN,
    AGAIN_CALLED,
    LATER_CALLED,
    Layer,
    Mask,
    Masks,
    told,
    twice,
    under,
    with_again,
)
from course.autograder.checks.dropout.units import (
    INPUTS_DROPPED,
    NO_BIAS,
    hidden,
    observe,
    properties,
    units,
)
from course.autograder.checks.language import (
    CONVOLUTION,
    Answers,
    Arrays,
    Case,
    Inputs,
    Mistake,
    Output,
    check,
)
from course.autograder.checks.language.draws import views
from course.autograder.checks.language.seen import unseen
from course.autograder.checks.language.spent import spent
from course.autograder.checks.language.tolerances import Tolerance, Tolerances
from course.autograder.checks.language.wrong import Wrong, but, only, where
from course.reference import dropout
from course.reference.batch_norm import backward, tensor
from course.reference.device import device, on_device
from course.reference.dropout import DOWNSCALE, UPSCALE
from course.reference.framework import paddle

F = paddle.nn.functional
GRADIENTS = ("dx", "dw", "db")
# Sums of products, after a division by float32(1 - p) in Paddle's own kernel at test time.
AFFINE = Tolerances(Tolerance(1e-6, 1e-8), CONVOLUTION.float32)

# (z, relu(z), mask, the right factor) -> out, all Paddle tensors but the factor.
Graph = Callable[[Any, Any, Any, float], Any]


def _graph(i: Inputs, mask: Mask, change: Graph) -> Answers:
    """The answers of a graph by Paddle's autograd; forms where the mask is a student's own."""
    if not isinstance(mask, Drawn):
        return _answers(i, mask, change)[0]
    answers, hidden = _answers(i, np.ones(i["dout"].shape), change)
    nothing = _answers(i, np.zeros(i["dout"].shape), change)[0]
    x, w = (i[name].astype(np.float64) for name in ("x", "w"))
    forms = {
        "out": Masked(answers["out"], mask.name),
        "dx": Masked(hidden, mask.name, "nm,dm->nd", (w,)),
        "dw": Masked(hidden, mask.name, "nm,nd->dm", (x,)),
        "db": Masked(hidden, mask.name, "nm->m"),
    }
    # What is there under a mask of nothing has no mask in it.
    return {path: answers[path] if nothing[path].any() else form for path, form in forms.items()}


def _answers(i: Inputs, mask: np.ndarray, change: Graph) -> tuple[Arrays, np.ndarray]:
    """The answers for a mask, and the gradient of the hidden layer."""
    with on_device(device().name):
        leaves = [tensor(i[name], gradient=True) for name in ("x", "w", "b")]
        z = F.linear(*leaves)
        out = change(z, F.relu(z), tensor(mask), settings(i).factor)
        grads = paddle.grad([out], [*leaves, z], grad_outputs=[tensor(i["dout"])])
        *found, hidden = [g.numpy() for g in grads]
        return {"out": out.numpy(), **dict(zip(GRADIENTS, found, strict=True))}, hidden


def _outputs(i: Inputs, masks: Masks, factor: float | None) -> Answers:
    """Paddle's answers for a mask, with its own factor or another."""
    mask, asked = masks[0], settings(i)
    if factor is not None:
        return _graph(i, mask, lambda z, h, m, f: h * m * factor)
    if isinstance(mask, Drawn) and asked.mode == "train":
        return _graph(i, mask, lambda z, h, m, f: dropout.scaled(h * m, *asked))
    known = np.ones(i["dout"].shape) if isinstance(mask, Drawn) else mask
    return dropout.affine_relu_dropout(i["x"], i["w"], i["b"], i["dout"], known, *asked)


LAYER = Layer(lambda i: i["dout"].shape, _outputs)


def _changed(change: Graph) -> Wrong:
    """Output and gradients of another graph, whatever the mode."""

    def wrong(i: Inputs) -> Answers:
        mask = LAYER.drawn(i)[0] if settings(i).mode == "train" else np.ones(i["dout"].shape)
        return _graph(i, mask, change)

    return wrong


def _gradients(change: Graph) -> Wrong:
    """A right output with gradients of another graph."""
    return where(lambda i: tossed(i) or at_test(i), only(_changed(change), *GRADIENTS))


def _random_at_test(i: Inputs) -> Answers:
    answers = _outputs(i, LAYER.drawn(i), settings(i).training)
    return answers if unseen(i) else under(answers, ONE_FACTOR, unless=(ALL_KEPT,))


def _averaged(name: str) -> Wrong:
    """A gradient divided by the number of samples."""

    def wrong(i: Inputs) -> Answers:
        right, share = LAYER.right(i)[name], 1 / len(i["x"])
        return {name: right.times(share) if isinstance(right, Masked) else right * share}

    return wrong


def _stopped_by_sign(i: Inputs) -> Answers:
    """Gradients that go on where they are positive, wherever the hidden value lay."""
    passed = {**i, "dout": np.maximum(i["dout"], 0)}
    return only(_changed(lambda z, h, m, f: z * m * f), *GRADIENTS)(passed)


def _passing_at_0(i: Inputs) -> Answers:
    """ReLU's gradient goes on where its input was just 0 as well."""
    return only(_changed(lambda z, h, m, f: z * (z >= 0).astype(z.dtype) * m * f), *GRADIENTS)(i)


def _gate_without_bias(i: Inputs) -> Answers:
    """ReLU's gradient goes on where x @ w alone is positive."""
    with on_device(device().name):
        passes = (tensor(hidden(i["x"], i["w"], 0 * i["b"])) > 0).astype(i["x"].dtype.name)
        wrong = only(_changed(lambda z, h, m, f: z * passes * m * f), *GRADIENTS)(i)
        return (
            wrong if unseen(i) else under(wrong, ONE_FACTOR)
        )  # the output tells that its own ReLU has the bias


def _without_bias(i: Inputs) -> Answers:
    """The layer of one who leaves the bias out; its gradient is as it should be there."""
    wrong = LAYER.right({**i, "b": 0 * i["b"]})
    return wrong if unseen(i) else under(wrong, WITHOUT_BIAS)


def _straight_through(i: Inputs) -> Answers:
    """Gradients of the affine map for dout itself."""
    return only(_changed(lambda z, h, m, f: z * 1.0), *GRADIENTS)(i)


def _mask_anew(i: Inputs) -> Answers:
    """Gradients under another mask than the output's: the student's own, where it can be read out of dw."""
    if unseen(i):
        return only(LAYER.otherwise, *GRADIENTS)(i)
    other = _outputs(i, [Drawn(ANOTHER_MASK)], None)
    return under({name: other[name] for name in GRADIENTS}, ANOTHER_MASK)


def _weights_transposed(i: Inputs) -> Answers:
    right = LAYER.right(i)["dw"]
    return {"dw": replace(right, sums="nm,nd->md") if isinstance(right, Masked) else right.T}


def _inputs_dropped(i: Inputs) -> Answers:
    """Dropout put before the affine map; in a student's own answer a property finds it."""
    if not tossed(i) or not unseen(i):
        return {}
    (mask,) = dropout.masks(i["x"].shape, settings(i).p, seed_of(i))
    with on_device(device().name):
        leaves = [tensor(i[name], gradient=True) for name in ("x", "w", "b")]
        out = F.relu(F.linear(leaves[0] * tensor(mask) * settings(i).factor, *leaves[1:]))
        grads = backward(out, leaves, tensor(i["dout"]))
        return {"out": out.numpy(), **{n: g.numpy() for n, g in zip(GRADIENTS, grads, strict=True)}}


def _later(i: Inputs, masks: Masks) -> Answers:
    """The output of the later pass, with the second of these masks, or with the only one."""
    x, w, b = (i[f"later_{name}"] for name in "xwb")
    answers = dropout.affine_relu_dropout(x, w, b, i["dout"], np.asarray(masks[-1]), *settings(i))
    return {"later_out": answers["out"]}


def _right(i: Inputs) -> Answers:
    later = _later(i, LAYER.masks(i, count=2)) if unseen(i) else {}
    return {**twice(LAYER.right)(i), **later}


def _same_later(i: Inputs) -> Answers:
    """One mask for every pass."""
    return _later(i, LAYER.masks(i, count=1))


def _gradients_alone(i: Inputs) -> Answers:
    return only(LAYER.right, *GRADIENTS)(i)


FACTORS = LAYER.factors()
UNSCALED = "not scaled while training"


STEPS = (
    "out, cache = affine_relu_dropout_forward(x, w, b, dropout_param)",
    "later_out, later_cache = affine_relu_dropout_forward(later_x, later_w, later_b, dropout_param)",
    "dx, dw, db = affine_relu_dropout_backward(dout, cache)",
    "again, again_cache = affine_relu_dropout_forward(again_x, again_w, again_b, twin_param)",
)

NET_CHECK = check(
    ASSIGNMENT, "affine_relu_dropout", 5,
    STEPS,
    outputs=(Output("out", AFFINE, weight=2.0), *(Output(name, AFFINE) for name in GRADIENTS), AGAIN),
    also=("later_out",),
    called={**AGAIN_CALLED, **LATER_CALLED},
    cases=(
        Case("upscale_in_train, p = 0.3", units((60, 5, 24), 0.3, UPSCALE)),
        Case("downscale_in_infer, p = 0.8", units((62, 4, 23), 0.8, DOWNSCALE)),
        Case("scaling not given, p = 0.6, x not contiguous", views(units((64, 6, 22), 0.6, None), "x")),
        Case("test mode, upscale_in_train", units((9, 5, 7), 0.3, UPSCALE, "test")),
        Case("test mode, downscale_in_infer", units((7, 4, 9), 0.8, DOWNSCALE, "test")),
        Case("test mode, scaling not given, all sizes 6", units((6, 6, 6), 0.6, None, "test")),
        Case("as many samples as inputs and units", units((24, 24, 24), 0.4, DOWNSCALE)),
        Case("p = 1: everything is dropped", units((4, 3, 5), 1.0, UPSCALE)),
        Case("test mode, some hidden values are 0", units((6, 3, 4), 0.3, UPSCALE, "test", zeros=True)),
        Case("float32 input", units((58, 7, 25), 0.7, UPSCALE, dtype="float32")),
    ),
    reference=_right,
    observe=observe,
    properties=properties,
    mistakes=with_again({
        **LAYER.as_keep(),
        **LAYER.default(),
        **told(ONE_MASK, LAYER.varying(lambda i: (1,))),
        INPUTS_DROPPED[0]: Mistake(INPUTS_DROPPED[1], _inputs_dropped),
        "dropout forgotten in the gradient": Mistake(
            "The gradient goes through dropout first: mask and scale act on dout before ReLU does.",
            _gradients(lambda z, h, m, f: h),
        ),
        "gradient without the scale": Mistake(
            "The gradient is masked, but the scale of the forward pass is missing in it.",
            _gradients(lambda z, h, m, f: h * m),
        ),
        "gradient without the mask": Mistake(
            "A dropped unit has no say in the output: its gradient is 0.",
            _gradients(lambda z, h, m, f: h * f),
        ),
        "ReLU forgotten in the gradient": Mistake(
            "Where ReLU put out 0 it stops the gradient: out > 0 says where it passes; out >= 0 is true everywhere.",
            # Where ReLU stopped a unit, its coin is not seen: nothing is known of the gradient that passes there.
            where(lambda i: unseen(i) or not tossed(i), _gradients(lambda z, h, m, f: z * m * f)),
        ),
        "ReLU's output for its slope": Mistake(
            "ReLU's slope is 1 where its input was positive; you multiply by the hidden value itself.",
            _gradients(lambda z, h, m, f: h * h * m * (f / 2)),
        ),
        "ReLU's gradient passes at 0": Mistake(
            "Where x @ w + b is just 0, ReLU put out 0 and passes no gradient: > 0, not >= 0.",
            where(lambda i: unseen(i) or not tossed(i), _passing_at_0),
        ),
        "ReLU's gradient without the bias": Mistake(
            "ReLU passes a gradient where its input was positive, and that is x @ w + b, bias included.",
            where(lambda i: unseen(i) or not tossed(i), _gate_without_bias),
        ),
        NO_BIAS[0]: Mistake(NO_BIAS[1], where(lambda i: unseen(i) or not tossed(i), _without_bias)),
        "gradient from above taken for the affine map's": Mistake(
            "What reaches the affine map has come back through dropout and ReLU: use that, not dout, for dx, dw and db.",
            _straight_through,
        ),
        "mask drawn anew for the gradient": Mistake(
            "The gradient is masked unlike the output: keep the mask of the forward pass in the cache, and draw no other.",
            where(tossed, _mask_anew),
        ),
        "a slope below 0": Mistake(
            "Where the hidden value was negative ReLU passes no gradient at all; yours passes a hundredth.",
            where(lambda i: unseen(i) or not tossed(i), _gradients(lambda z, h, m, f: F.leaky_relu(z, 0.01) * m * f)),
        ),
        "ReLU's mask taken of the gradient": Mistake(
            "ReLU stops the gradient where its own input was negative, not where the gradient is.",
            where(lambda i: unseen(i) or not tossed(i), _stopped_by_sign),
        ),
        "ReLU forgotten": Mistake(
            "There is no ReLU between the affine layer and dropout.",
            where(tossed, _changed(lambda z, h, m, f: z * m * f)),
        ),
        UNSCALED: FACTORS[UNSCALED].by(only(FACTORS[UNSCALED].wrong, "out")),
        **but(FACTORS, UNSCALED),
        "random at test time": Mistake(
            "At test time nothing is dropped: pass `mode` on to dropout_forward.", where(at_test, _random_at_test)
        ),
        "bias gradient averaged": Mistake(
            "db is the sum over the samples; the mean belongs to the loss.",
            _averaged("db"),
        ),
        "weight gradient averaged": Mistake(
            "dw is the sum over the samples; the mean belongs to the loss.",
            _averaged("dw"),
        ),
        "weight gradient transposed": Mistake(
            "dw has the shape of w, [D, M]: the transpose belongs on x.", _weights_transposed
        ),
        **told(SAME_MASK, where(unseen, where(tossed, _same_later))),
        **spent(_gradients_alone),
        **nan_at_one("out", lambda i: i["dout"].shape),
    }, LAYER.otherwise),
)  # fmt: skip

CHECKS = (NET_CHECK,)
