"""ps2, the gradient: for the mask of the student's own forward pass, exactly Paddle's."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.chance.forms import Drawn, Masked
from course.autograder.checks.chance.properties import CachesKept, SomethingDropped, ZerosTossed
from course.autograder.checks.chance.readers import (
    OWN_MASK_ALL_KEPT,
    OWN_MASK_KNOWN,
    SOMETHING_KEPT,
    ForwardAndBack,
)
from course.autograder.checks.dropout.chance import NOTHING, coins
from course.autograder.checks.dropout.draws import (
    ASSIGNMENT,
    at_test,
    param,
    seed_of,
    settings,
    tossed,
    values,
)
from course.autograder.checks.dropout.factors import P_AS_KEEP, factor_mistakes, nan_at_one, product
from course.autograder.checks.dropout.forward import TRAIN_CHECK
from course.autograder.checks.dropout.layer import (
    FIRST,
    LATER_CALLED,
    Mask,
    Masks,
    elementwise,
    possible,
    told,
    under,
)
from course.autograder.checks.language import DROPOUT, Answers, Case, Inputs, Mistake, Mistakes, Output, check
from course.autograder.checks.language.draws import Generator, draw, views
from course.autograder.checks.language.seen import Property, unseen
from course.autograder.checks.language.spent import SPENT
from course.autograder.checks.language.wrong import Wrong, of, picked, where
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE

LATER, OF_GRADIENT = Drawn("later"), Drawn("gradient")


@draw
def passes(
    r: Generator, shape: tuple[int, ...], p: float, scaling: str | None, mode: str = "train", *,
    dtype: str = "float64", zeros: bool = False,
) -> Inputs:  # fmt: skip
    """x, a later x of the same shape, and a gradient from above with no value near 0 or 1; half of x 0 if `zeros`."""
    x, later, dout, third = (values(r, shape, dtype) for _ in range(4))
    if zeros:
        x = x * (r.permutation(x.size).reshape(shape) % 2)
    passed = {"x": x, "later": later, "third": third, "dout": dout, "later_dout": dout, "dout_again": dout}
    return {**passed, "dropout_param": param(r, p, mode, scaling)}


def _masks(i: Inputs) -> Masks:
    """The masks of the two forward passes, even where p forbids them: those are judged elsewhere."""
    return dropout.masks(i["x"].shape, settings(i).p, seed_of(i), 3) if unseen(i) else [FIRST, LATER]


def _right(i: Inputs) -> Answers:
    asked = settings(i)
    first, later, *_ = masks = _masks(i)

    def gradient(mask: np.ndarray) -> np.ndarray:
        return dropout.gradient(i["x"], i["dout"], mask, *asked)

    if asked.mode == "test":
        ones = np.ones(())
        outs = {
            path: dropout.apply(i[name], ones, *asked)
            for path, name in (("out", "x"), ("later_out", "later"))
        }
        return _asked_again(i, {"dx": gradient(ones), **outs})
    answers = {
        "dx": elementwise(gradient, first),
        "out": elementwise(lambda mask: dropout.apply(i["x"], mask, *asked), first),
        "later_out": elementwise(lambda mask: dropout.apply(i["later"], mask, *asked), later),
    }
    if asked.p == 1 and not unseen(i):  # there is no gradient of a forward pass that keeps something here
        return under(answers, unless=(SOMETHING_KEPT,))
    if unseen(i):
        second, third = (np.asarray(mask) for mask in masks[1:])
        answers |= {"third_out": dropout.apply(i["third"], third, *asked), "later_dx": gradient(second)}
    return _asked_again(i, answers)


def _asked_again(i: Inputs, answers: Answers) -> Answers:
    """The answers with what follows from them before any of a student's was read: the same gradient once more, say."""
    if not unseen(i):
        return answers
    more = {"again": answers["dx"]} if "dx" in answers else {}
    if settings(i).mode == "test" and more:
        more |= {"later_dx": answers["dx"], "third_out": answers["dx"]}
    elif "later_out" in answers and "third_out" not in answers:
        more["later_dx"] = i["dout"] * (np.asarray(answers["later_out"]) != 0)
    return {**answers, **more}


def _observe(i: Inputs) -> ForwardAndBack:
    return ForwardAndBack(i["x"], "out", "later_out", "dx")


def _properties(i: Inputs) -> tuple[Property, ...]:
    """What must be true of the masks, where coins decide."""
    third = "third_out" if tossed(i) else ""
    kept = CachesKept("dx", "again", "later_out", "later_dx", third, SPENT, REWOUND)
    if not tossed(i):
        return (kept,)
    dropped = SomethingDropped(coins("dx", settings(i).p))
    zeros = ZerosTossed("dx", i["x"] == 0, (FROM_OUTPUT, ADVICE_FROM_OUTPUT))
    return (dropped, kept) if i["x"].all() else (dropped, zeros, kept)


# --- mistakes ------------------------------------------------------------------------------------------------

OWN = "gradient of a forward pass that is wrong"
FROM_OUTPUT = "mask read from the output"
REWOUND = (
    "the generator set back",
    "After the gradient the generator tosses old coins again: keep the mask in the cache, and leave rng alone.",
)
ADVICE_FROM_OUTPUT = (
    "A value of x may be 0 before it meets dropout, as after a ReLU: keep the mask itself, out does not tell."
)


def _upscaled(i: Inputs) -> bool:
    return settings(i).scaling == UPSCALE


def _training(change: Callable[[Inputs, Mask, float], np.ndarray]) -> Wrong:
    """A wrong dx in training, from (the inputs, the mask, the right factor)."""
    return where(tossed, of("dx", lambda i: change(i, _masks(i)[0], settings(i).factor)))


def _throughout(change: Callable[[Inputs, Mask, float], np.ndarray]) -> Wrong:
    """The same where nothing is dropped as well."""
    trained = of("dx", lambda i: change(i, _masks(i)[0], settings(i).factor))
    return where(lambda i: settings(i).mode == "train" and settings(i).p < 1, trained)


def _untouched(i: Inputs) -> Answers:
    return {"dx": product(i["dout"], 1.0, 1.0)}


def _inverted(mask: Mask) -> Mask:
    return Drawn("inverted") if isinstance(mask, Drawn) else 1.0 - mask


def _anew(i: Inputs) -> Answers:
    """A mask that is not the forward pass's: the one that the student's own dx shows, or another of Paddle's."""
    p, factor = settings(i).p, settings(i).factor
    if unseen(i):
        (mask,) = dropout.masks(i["x"].shape, p, seed_of(i) + 1)
        return {"dx": product(i["dout"], mask, factor)}
    own = {"dx": product(i["dout"], OF_GRADIENT, factor)}
    return under(own, unless=(OWN_MASK_KNOWN, OWN_MASK_ALL_KEPT))


def _masked_at_test(i: Inputs) -> Answers:
    return _masked_by(i, settings(i).training)


def _masked_by(i: Inputs, factor: float) -> Answers:
    """dout times a mask and a factor, in test mode."""
    if unseen(i):
        return {"dx": product(i["dout"], _masks(i)[0], factor)}
    own = {"dx": product(i["dout"], possible(i, OF_GRADIENT, i["x"].shape), factor)}
    return under(own, unless=(OWN_MASK_ALL_KEPT,))


def _own(i: Inputs) -> Answers:
    """The derivative of the student's own forward pass, where that is not the right one."""
    if not unseen(i):
        return {"dx": Masked(i["dout"], "own")}
    asked, factor = settings(i), settings(i).factor / 3
    masks = _masks(i) if asked.mode == "train" else [np.ones(())] * 2
    pairs = (("dx", "dout", masks[0]), ("out", "x", masks[0]), ("later_out", "later", masks[1]))
    return {path: product(i[name], mask, factor) for path, name, mask in pairs} if asked.p < 1 else {}


def _nothing_dropped(i: Inputs) -> Answers:
    """Neither pass drops a value; where a student's own draw is looked at, that shows in the draw."""
    pairs = (("dx", "dout"), ("out", "x"), ("later_out", "later"))
    return {path: product(i[name], 1.0, settings(i).factor) for path, name in pairs}


# The wrong factors of the forward pass, met again in the gradient.
TRAINING = factor_mistakes("train", lambda i, f: {"dx": product(i["dout"], _masks(i)[0], f)})
AT_TEST = factor_mistakes("test", lambda i, f: {"dx": product(i["dout"], 1.0, f)})


def _both_modes(name: str) -> Mistakes:
    at_test = AT_TEST[name].wrong
    return {name: Mistake(TRAINING[name].advice, lambda i: {**TRAINING[name].wrong(i), **at_test(i)})}


def _rewound(i: Inputs) -> Answers:
    """The first pass's coins once more."""
    return {"third_out": dropout.apply(i["third"], np.asarray(_masks(i)[0]), *settings(i))}


def _asked_again_too(mistakes: Mistakes) -> Mistakes:
    """The mistakes, made whenever the gradient is asked for."""

    def again(wrong: Wrong) -> Wrong:
        return lambda i: _asked_again(i, found) if (found := wrong(i)) else {}

    return {name: m.by(again(m.wrong)) for name, m in mistakes.items()}


BACKWARD_CHECK = check(
    ASSIGNMENT, "dropout_backward", 10,
    (
        "out, cache = dropout_forward(x, dropout_param)",
        "later_out, later_cache = dropout_forward(later, dropout_param)",
        "dx = dropout_backward(dout, cache)",
        "later_dx = dropout_backward(later_dout, later_cache)",
        "again = dropout_backward(dout_again, cache)",
        "third_out, third_cache = dropout_forward(third, dropout_param)",
    ),
    outputs=(Output("dx", DROPOUT, weight=4.0), Output("again", DROPOUT, guard=True)),
    also=("out", "later_out", "later_dx", "third_out"),
    called={
        "again": "dx asked for once more",
        **LATER_CALLED,
        "later_dx": "dx of the second forward pass",
        "third_out": "the output of the third forward pass",
    },
    cases=(
        Case("upscale_in_train, p = 0.3", passes((12, 9), 0.3, UPSCALE)),
        Case("downscale_in_infer, p = 0.7", passes((9, 12), 0.7, DOWNSCALE)),
        Case("upscale_in_train, p = 0.8, images", passes((4, 3, 5, 6), 0.8, UPSCALE)),
        Case("downscale_in_infer, p = 0.2, one axis", passes((101,), 0.2, DOWNSCALE)),
        Case("upscale_in_train, test mode", passes((7, 5), 0.3, UPSCALE, "test")),
        Case("downscale_in_infer, test mode", passes((5, 7), 0.8, DOWNSCALE, "test")),
        Case("p = 0: nothing is dropped", passes((4, 3), 0.0, UPSCALE)),
        Case("p = 1: everything is dropped", passes((3, 4), 1.0, UPSCALE)),
        Case("float32 input", passes((8, 4, 5), 0.6, UPSCALE, dtype="float32")),
        Case("a gradient that is not contiguous", views(passes((11, 10), 0.4, UPSCALE), "dout")),
        Case("downscale_in_infer, as many rows as columns", passes((10, 10), 0.6, DOWNSCALE)),
        Case("half of x is 0, as after a ReLU", passes((16, 17), 0.3, UPSCALE, zeros=True)),
    ),
    reference=_right,
    observe=_observe,
    properties=_properties,
    rests_on=TRAIN_CHECK,
    mistakes=_asked_again_too({
        **told(NOTHING, where(tossed, where(unseen, _nothing_dropped))),
        OWN: Mistake("dx fits your own dropout_forward, and it is that which is wrong here: put it right first.", _own),
        FROM_OUTPUT: Mistake(
            ADVICE_FROM_OUTPUT, _training(lambda i, m, f: product(i["dout"] * (i["x"] != 0), m, f))
        ),
        "gradient without the mask": Mistake(
            "A dropped value has no say in the output, so its gradient is 0: apply the forward pass's mask.",
            _training(lambda i, m, f: product(i["dout"], 1.0, f)),
        ),
        "gradient without the scale": Mistake(
            "What multiplied x in the forward pass multiplies the gradient too: the scale is missing.",
            where(_upscaled, _training(lambda i, m, f: product(i["dout"], m, 1.0))),
        ),
        "gradient passed through": Mistake(
            "dx is dout as it came: the derivative of the forward pass, mask and scale, is missing.",
            where(_upscaled, where(tossed, _untouched)),
        ),
        "mask of a later call": Mistake(
            "You use the mask of the last forward pass there was; the cache that comes in has the right one.",
            _training(lambda i, m, f: product(i["dout"], _masks(i)[1], f)),
        ),
        "sign of the gradient": Mistake(
            "dx has the right size and the opposite sign: a value that was kept passes its gradient on as it is.",
            _throughout(lambda i, m, f: product(-i["dout"], m, f)),
        ),
        "gradient averaged over the samples": Mistake(
            "You divide by the number of samples: the mean belongs to the loss.",
            _throughout(lambda i, m, f: product(i["dout"] / len(i["x"]), m, f)),
        ),
        "gradient times the input": Mistake(
            "dropout is linear: its derivative is mask times scale, and x does not come into it.",
            _training(lambda i, m, f: product(i["dout"] * i["x"], m, f)),
        ),
        "negative values taken for dropped": Mistake(
            "You tell what was dropped by out > 0; a negative value may well have been kept.",
            _throughout(lambda i, m, f: product(i["dout"] * (i["x"] > 0), m, f)),
        ),
        "mask inverted": Mistake(
            "You let the gradient through where values were dropped, and stop it where they were kept.",
            _training(lambda i, m, f: product(i["dout"], _inverted(m), f)),
        ),
        "scaled twice": TRAINING["scaled twice"],
        **_both_modes(P_AS_KEEP),
        **picked(TRAINING, "multiplied where it must be divided", "scaling ignored while training",
                 "test-time scale while training"),
        **picked(AT_TEST, "scaled again at test time"),
        "no gradient at test time": Mistake(
            "At test time the output is x times a number: its gradient is that number, not 0.",
            where(at_test, lambda i: {"dx": np.zeros(i["dout"].shape)}),
        ),
        "gradient masked at test time": Mistake(
            "At test time nothing is dropped, so no gradient is either.", where(at_test, _masked_at_test)
        ),
        "gradient masked at test time, without the scale": Mistake(
            "At test time nothing is dropped, so no gradient is either; and while training the scale belongs to it.",
            where(at_test, where(_upscaled, lambda i: _masked_by(i, 1.0))),
        ),
        "test-time scale missing in the gradient": Mistake(
            "With downscale_in_infer the output at test time is (1 - p) x, and so is the gradient's factor.",
            where(at_test, where(lambda i: not _upscaled(i), _untouched)),
        ),
        "training's scale at test time": Mistake(
            "The cache has to remember the mode: at test time the forward pass did not divide by 1 - p.",
            where(at_test, where(_upscaled, of("dx", lambda i: product(i["dout"], 1.0, settings(i).training)))),
        ),
        "mask drawn anew for the gradient": Mistake(
            "The gradient is zero elsewhere than the output: keep the mask in the cache, do not draw another.",
            where(tossed, _anew),
        ),
        **nan_at_one("dx", lambda i: i["x"].shape),
        SPENT[0]: Mistake(SPENT[1], _training(lambda i, m, f: product(i["dout"] * i["dout"], m, f))),
        REWOUND[0]: Mistake(REWOUND[1], where(unseen, where(tossed, _rewound))),
    }),
)  # fmt: skip

CHECKS = (BACKWARD_CHECK,)
