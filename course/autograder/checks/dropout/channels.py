"""ps2, dropout along axes: whole channels, whole samples, the same features at every time."""

from collections.abc import Callable

from course.autograder.checks.chance.properties import SharedAlong
from course.autograder.checks.dropout.chance import CALLS, ONE_EACH, ONE_MASK, batch_sharing, coins
from course.autograder.checks.dropout.draws import ASSIGNMENT, Axes, layer, repeated, settings
from course.autograder.checks.dropout.factors import nan_at_one
from course.autograder.checks.dropout.forward import OUTS, alike, happened, outputs
from course.autograder.checks.dropout.layer import (
    AGAIN,
    AGAIN_CALLED,
    Layer,
    observe_survivors,
    same_again,
    told,
    twice,
    with_again,
)
from course.autograder.checks.language import DROPOUT, Case, Inputs, Mistake, Mistakes, Output, check
from course.autograder.checks.language.seen import Property
from course.reference.dropout import DOWNSCALE, UPSCALE


def _axis(i: Inputs) -> Axes:
    return tuple(i["dropout_param"].get("axis", (0, 1)))


def _others(i: Inputs, axes: Axes) -> Axes:
    return tuple(a for a in range(i["x"].ndim) if a not in axes)


LAYER = Layer(lambda i: i["x"].shape, outputs, _axis)


def _channels(axes: Axes) -> Callable[[Inputs], Axes | None]:
    """Where whole channels are asked for: these axes (those beyond x's rank left out)."""
    return lambda i: tuple(a for a in axes if a < i["x"].ndim) if _axis(i) == (0, 1) else None


def _varying(advice: str, axes: Callable[[Inputs], Axes | None]) -> Mistake:
    return Mistake(advice, LAYER.varying(axes))


ONE_BY_ONE, THE_OTHERS = "every value has its own draw", "axis taken for the axes that share"
THROUGH_CHANNELS, AXIS_IGNORED = "pixels dropped through all channels", "axis ignored"
SHARING: Mistakes = {
    ONE_BY_ONE: _varying(
        "Values that are not apart along `axis` share one draw; yours are drawn one by one.",
        lambda i: tuple(range(i["x"].ndim)),
    ),
    THE_OTHERS: _varying(
        "The axes listed are those along which the mask VARIES; the others share it.",
        lambda i: _others(i, _axis(i)),
    ),
    AXIS_IGNORED: _varying("You drop whole channels whatever `axis` says.", lambda i: (0, 1)),
    **told(ONE_MASK, LAYER.varying(_channels((1,)))),
    **told(ONE_EACH, LAYER.varying(_channels((0,)))),
    THROUGH_CHANNELS: _varying(
        "You drop a place in all channels at once; a whole channel goes or stays.", _channels((0, 2, 3, 4))
    ),
}


def _properties(i: Inputs) -> tuple[Property, ...]:
    """How the coins are shared; the ways to share them wrongly by the axes of x along which every mask is constant."""
    if settings(i).mode != "train":
        return ()
    axes = _axis(i)
    misplaced: list[tuple[Axes, str]] = [((), ONE_BY_ONE), (axes, THE_OTHERS)]
    misplaced += [((1,), THROUGH_CHANNELS)] if axes == (0, 1) else []
    misplaced += [(_others(i, (0, 1)), AXIS_IGNORED)]
    named = tuple((along, name, SHARING[name].advice) for along, name in misplaced)
    sharing = batch_sharing(2) if {0, 1} <= set(axes) else ()
    shared = SharedAlong(alike(i), _others(i, axes), named, coins("out", settings(i).p, sharing))
    return (shared, *same_again(i))


SPATIAL_CHECK = check(
    ASSIGNMENT, "spatial_dropout_forward", 8,
    (
        *repeated("out = spatial_dropout_forward(x, dropout_param)", CALLS),
        "again = spatial_dropout_forward(x_again, twin_param)",
    ),
    outputs=(Output("out", DROPOUT, weight=4.0), AGAIN),
    also=OUTS[1:],
    called=AGAIN_CALLED,
    cases=(
        Case("channels of images, p = 0.3", layer((14, 11, 2, 3), 0.3, UPSCALE)),
        Case("channels of sequences, downscale_in_infer, p = 0.8", layer((11, 13, 4), 0.8, DOWNSCALE)),
        Case("axis (0, 2): the same features at all times", layer((12, 3, 14), 0.7, UPSCALE, axis=(0, 2))),
        Case("axis (1,): the same features in all samples", layer((3, 120, 2), 0.2, DOWNSCALE, axis=(1,))),
        Case("axis (0,): whole samples", layer((110, 2, 3), 0.75, UPSCALE, axis=(0,))),
        Case("p = 1: everything is dropped", layer((2, 3, 4, 5), 1.0, UPSCALE)),
        Case("test mode, upscale_in_train", layer((4, 5, 3, 2), 0.3, UPSCALE, "test")),
        Case("test mode, downscale_in_infer", layer((3, 6, 4), 0.8, DOWNSCALE, "test")),
        Case("test mode, scaling not given", layer((4, 3, 5), 0.6, None, "test")),
        Case("float32 input", layer((10, 15, 3, 2), 0.6, UPSCALE, dtype="float32")),
        Case("a view that is not contiguous, scaling not given", layer((12, 12, 2, 3), 0.4, None, strided=True)),
        Case("two axes: a coin for every value", layer((18, 17), 0.3, UPSCALE)),
        Case("all sizes 5", layer((5, 5, 5, 5), 0.7, DOWNSCALE)),
    ),
    reference=twice(LAYER.right),
    observe=observe_survivors(OUTS),
    properties=_properties,
    mistakes=with_again({
        **LAYER.factors(),
        **LAYER.default(),
        **LAYER.as_keep(),
        **SHARING,
            **happened(LAYER),
        **LAYER.same_mask(),
        **LAYER.random_at_test("Channels are dropped at test time: there the layer is deterministic."),
        **nan_at_one("out", lambda i: i["x"].shape),
    }, LAYER.otherwise),
)  # fmt: skip

CHECKS = (SPATIAL_CHECK,)
