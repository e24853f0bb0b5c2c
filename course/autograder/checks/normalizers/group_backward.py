"""ps4, the gradients of group norm: the closed form with the bars over a group."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.batch_norm.gradient_making import dx_making
from course.autograder.checks.batch_norm.gradient_parts import Parts, counted, dx_by
from course.autograder.checks.batch_norm.gradient_paths import dx_mistakes
from course.autograder.checks.batch_norm.parameter_gradients import later_cache, parameter_mistakes
from course.autograder.checks.language import Arrays, Inputs, Mistake, check, draws
from course.autograder.checks.language.spent import asked_twice, spent
from course.autograder.checks.language.wrong import Wrong, after, but, only, scaled
from course.autograder.checks.normalizers import variants as v
from course.autograder.checks.normalizers.group import (
    FORWARD,
    FORWARD_CHECK,
    eps_of,
    given,
    groups_taken,
    sharing,
)
from course.autograder.checks.normalizers.layer import backward_case
from course.reference import normalizers


def parts(i: Inputs) -> Parts:
    """The parts of a case's gradients."""
    return v.group_parts(i, i["G"], eps_of(i))


def _gradients(i: Inputs) -> Arrays:
    return normalizers.group_norm_gradients(i["x"], i["gamma"], i["beta"], i["G"], i["dout"], eps_of(i))


def _shared_dx(groups: str, view: str) -> Wrong:
    return dx_by(lambda i: v.group_parts(i, groups_taken(i, groups), eps_of(i), view))


def _parameters(i: Inputs, *axes: int) -> Arrays:
    p = parts(i)
    arrays = {"dgamma": p.dout * p.x_hat, "dbeta": p.dout}
    return {name: value.reshape(i["x"].shape).sum(axis=axes) for name, value in arrays.items()}


def _left_in_groups(i: Inputs) -> Arrays:
    n, c, h, w = i["x"].shape
    return after(_gradients, "dx", change=lambda dx: dx.reshape(n, i["G"], c // i["G"], h, w))(i)


def _pixels(i: Inputs) -> int:
    return i["x"].shape[2] * i["x"].shape[3]


def _averaged(mean: Callable[[Inputs, np.ndarray], np.ndarray]) -> Wrong:
    """Other averages beside group norm's x_hat and root."""

    def wrong(i: Inputs) -> Arrays:
        p = parts(i)
        g, x_hat, sd = (np.broadcast_to(a, p.x.shape).reshape(i["x"].shape) for a in (p.g, p.x_hat, p.sd))
        return {"dx": (g - mean(i, g) - x_hat * mean(i, g * x_hat)) / sd}

    return wrong


def _with_gamma(gamma: Callable[[Inputs], np.ndarray]) -> Wrong:
    """dx by a gamma that is not the case's."""
    return lambda i: only(_gradients, "dx")({**i, "gamma": gamma(i)})


def _over(*axes: int) -> Callable[[Inputs, np.ndarray], np.ndarray]:
    return lambda i, value: value.mean(axis=axes, keepdims=True)


def _in_view(view: str) -> Callable[[Inputs, np.ndarray], np.ndarray]:
    """Averages over what shares statistics in one of the views, in the shape of x."""
    shape, axes = v.VIEWS[view]

    def mean(i: Inputs, value: np.ndarray) -> np.ndarray:
        seen = value.reshape(shape(*value.shape[:2], i["G"]))
        return np.broadcast_to(seen.mean(axis=axes, keepdims=True), seen.shape).reshape(value.shape)

    return mean


def _for_the_group(output: str) -> Wrong:
    """A parameter's gradient summed over the channels of its group, the same for all of them."""

    def wrong(i: Inputs) -> Arrays:
        groups = _gradients(i)[output].reshape(i["G"], -1)
        return {output: np.broadcast_to(groups.sum(axis=1, keepdims=True), groups.shape).reshape(-1)}

    return wrong


STEPS = (
    FORWARD,
    "later_out, later_cache = groupnorm_forward(later_x, gamma, beta, G, gn_param)",
    "dx, dgamma, dbeta = groupnorm_backward(dout, cache)",
)

BACKWARD_CHECK = check(
    v.ASSIGNMENT,
    "groupnorm_backward",
    6,
    STEPS,
    extra=True,
    outputs=v.GRADIENTS,
    cases=(
        backward_case("six channels in two groups", given((3, 6, 4, 5), 2, eps=1e-5)),
        asked_twice(
            "six channels in three groups, a spread of 0.05, the gradient asked for twice",
            draws.twice(given((2, 6, 3, 4), 3, sd=0.05, eps=1e-3), "x"),
            STEPS,
        ),
        backward_case("one group: layer norm over C, H, W", given((3, 4, 2, 5), 1)),
        backward_case("as many groups as channels: instance norm", given((2, 4, 5, 3), 4, eps=1e-4)),
        backward_case("a single sample", given((1, 6, 4, 3), 3)),
        backward_case("float32 input", given((3, 8, 2, 4), 2, dtype="float32", eps=1e-3)),
        backward_case("views that are not contiguous", draws.views(given((2, 6, 3, 5), 2), "x", "dout")),
        backward_case(
            "as many samples as channels, as many groups as channels in each",
            given((4, 4, 3, 2), 2, sd=0.1, eps=1e-3),
        ),
        backward_case("samples, channels, rows and columns all alike", given((4, 4, 4, 4), 2, eps=1e-3)),
        backward_case("a gamma of 0", draws.constant(given((2, 6, 3, 2), 3, eps=1e-3), 1, 0.0, "gamma")),
    ),
    reference=_gradients,
    rests_on=FORWARD_CHECK,
    makings={"dx": dx_making(parts)},
    mistakes={
        "parameter gradients summed over the channels": Mistake(
            "gamma and beta belong to the channels: keep axis 1, and sum over the samples and the positions.",
            lambda i: _parameters(i, 1),
        ),
        "gamma taken out of the averages": Mistake(
            "gamma differs within a group, so it belongs inside the averages: take dout * gamma first.",
            v.gamma_outside(parts),
        ),
        **sharing(_shared_dx),
        "averages over the channel": Mistake(
            "The averages in dx run over the group, within one sample; yours run over N, H and W as in batch norm.",
            _averaged(_over(0, 2, 3)),
        ),
        "averages over each channel alone": Mistake(
            "The averages in dx run over all channels of the group; yours leave its channels apart.",
            _averaged(_over(2, 3)),
        ),
        "averages over the whole sample": Mistake(
            "The averages in dx run over the group; yours run over all channels of the sample.",
            _averaged(_over(1, 2, 3)),
        ),
        "averages over the samples too": Mistake(
            "The averages in dx stay within one sample; yours run over the group in all of them.",
            _averaged(_in_view("batch too")),
        ),
        "averages over channels dealt in turn": Mistake(
            "A group is a run of neighbouring channels; the averages in your dx run over channels dealt out in turn.",
            _averaged(_in_view("dealt in turn")),
        ),
        "averages at each position": Mistake(
            "The averages in dx run over all positions of the group; yours leave the positions apart.",
            _averaged(_in_view("each position")),
        ),
        "sums down the groups": Mistake(
            "With a group in each row the sums in dx run along the row (axis 1); yours run down the rows.",
            _averaged(
                lambda i, value: _in_view("down the groups")(i, value) * len(i["x"]) * i["G"] / parts(i).n
            ),
        ),
        "averages down the groups": Mistake(
            "With a group in each row the averages in dx run along the row (axis 1); yours run down the rows.",
            _averaged(_in_view("down the groups")),
        ),
        "n counts the groups": Mistake(
            "The averages are over the values of a group: you divided by the number of groups in the batch.",
            counted(parts, lambda i: len(i["x"]) * i["G"]),
        ),
        "sums over each channel alone": Mistake(
            "The sums in dx run over all channels of the group; yours leave its channels apart.",
            _averaged(lambda i, value: _over(2, 3)(i, value) * i["G"] / len(i["gamma"])),
        ),
        "sums over the whole sample": Mistake(
            "The sums in dx run over the group; yours run over all channels of the sample.",
            _averaged(lambda i, value: _over(1, 2, 3)(i, value) * i["G"]),
        ),
        "sums over the samples too": Mistake(
            "The sums in dx stay within one sample; yours run over the group in all of them.",
            _averaged(lambda i, value: _in_view("batch too")(i, value) * len(i["x"])),
        ),
        "n counts the group in all samples": Mistake(
            "The averages stay within one sample, over C / G * H * W values: you divided by N times as many.",
            counted(parts, lambda i: len(i["x"]) * len(i["gamma"]) // i["G"] * _pixels(i)),
        ),
        "the first group's gamma for all in dx": Mistake(
            "Each channel has a gamma of its own; yours are those of the first group, again and again.",
            _with_gamma(lambda i: np.resize(i["gamma"][: len(i["gamma"]) // i["G"]], len(i["gamma"]))),
        ),
        "gamma of the group's first channel in dx": Mistake(
            "Each channel has a gamma of its own; yours is that of its group's first channel.",
            _with_gamma(
                lambda i: np.repeat(i["gamma"][:: len(i["gamma"]) // i["G"]], len(i["gamma"]) // i["G"])
            ),
        ),
        "dgamma for the group": Mistake(
            "gamma has one value per channel, whatever G is: sum dgamma over everything but the channel.",
            _for_the_group("dgamma"),
        ),
        **{
            f"{name} averaged over the samples": Mistake(
                f"{name} sums over samples and positions; the samples are not averaged.",
                scaled(_gradients, name, by=lambda i: 1 / len(i["x"])),
            )
            for name in ("dgamma", "dbeta")
        },
        "dbeta for the group": Mistake(
            "beta has one value per channel, whatever G is: sum dbeta over everything but the channel.",
            _for_the_group("dbeta"),
        ),
        "n counts all channels": Mistake(
            "The averages are over the C / G channels of a group and its positions: you divided by C * H * W.",
            counted(parts, lambda i: len(i["gamma"]) * _pixels(i)),
        ),
        "n counts the channels of a group": Mistake(
            "The averages are over the C / G channels of a group AND its positions: you divided by C / G.",
            counted(parts, lambda i: len(i["gamma"]) // i["G"]),
        ),
        "n counts one channel": Mistake(
            "The averages are over the C / G channels of a group and its positions: you divided by H * W.",
            counted(parts, _pixels),
        ),
        "n counts G channels": Mistake(
            "A group has C / G channels, not G: the averages are over C / G * H * W values.",
            counted(parts, lambda i: i["G"] * _pixels(i)),
        ),
        "n counts the samples": Mistake(
            "The averages stay within one sample, over C / G * H * W values: you divided by N * H * W.",
            counted(parts, lambda i: len(i["x"]) * _pixels(i)),
        ),
        "dgamma for the columns": Mistake(
            "There is one gradient for each channel: sum over axes 0, 2 and 3, all but the channels'.",
            only(lambda i: _parameters(i, 0, 1, 2), "dgamma"),
        ),
        **dx_mistakes(parts),
        "dx left in groups": Mistake(
            "The values are right: bring dx back into the shape of x, [N, C, H, W].", _left_in_groups
        ),
        "parameter gradients per sample": Mistake(
            "Sum over the samples too: gamma and beta have one value per channel.",
            lambda i: _parameters(i, 2, 3),
        ),
        "parameter gradients per pixel": Mistake(
            "Sum over height and width too: gamma and beta have one value per channel.",
            lambda i: _parameters(i, 0),
        ),
        **but(parameter_mistakes(parts, _gradients, axis=1), "parameter gradients keep the summed axis"),
        "cache of a later forward pass": later_cache(_gradients, "x"),
        **spent(_gradients),
    },
)

CHECKS = (BACKWARD_CHECK,)
