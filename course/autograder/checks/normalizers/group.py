"""ps4, group norm: runs of neighbouring channels share a mean and a variance, sample by sample."""

import functools
import math
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.forward_making import out_making
from course.autograder.checks.batch_norm.gradient_parts import Parts
from course.autograder.checks.batch_norm.normalised import of_parts
from course.autograder.checks.batch_norm.normalising import apart, normalising, spreads, zero_epsilon
from course.autograder.checks.batch_norm.variants import output
from course.autograder.checks.language import BATCH_NORM, Arrays, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.wrong import instead, other_defaults, picked, where
from course.autograder.checks.normalizers import variants as v
from course.autograder.checks.normalizers.centres import other_centres, out_of_order
from course.reference import normalizers


def eps_of(i: Inputs) -> float:
    """The case's epsilon."""
    return i["gn_param"].get("eps", 1e-5)


@draws.draw
def given(
    r: draws.Generator, shape: tuple[int, ...], groups: int, *, sd: float = 1.0, dtype: str = "float64",
    **gn_param: Any,
) -> Inputs:  # fmt: skip
    """x [N, C, ...] whose groups have unlike means and spreads, parameters, and a gradient from above."""
    x = v.groups_of(r, shape, groups, sd, dtype)
    gamma, beta = draws.scales(r, shape[1]), draws.shifts(r, shape[1])
    given = {"x": x, "gamma": gamma, "beta": beta, "G": groups, "gn_param": gn_param}
    return draws.as_type({**given, "dout": draws.upstream(r, shape, dtype)}, dtype)


# --- which values share a mean ---


def groups_taken(i: Inputs, how_many: str) -> int:
    """A number of groups by what it is taken for."""
    channels = len(i["gamma"])
    return {"G": i["G"], "C": channels, "1": 1, "C / G": channels // i["G"]}[how_many]


def sharing(answer: Any) -> dict[str, Mistake]:
    """The mistakes in who shares a mean; `answer` makes them from the number of groups and the view."""
    return {
        "batch included in the group": Mistake(
            "Your means run over the samples too; group norm normalises each sample by itself.",
            answer("G", "batch too"),
        ),
        "channels dealt to the groups in turn": Mistake(
            "A group is a run of neighbouring channels (0, 1, 2 | 3, 4, 5); you dealt them out like cards.",
            answer("G", "dealt in turn"),
        ),
        "values dealt to the groups in turn": Mistake(
            "reshape(N, G, -1) keeps a group's values together; reshape(N, -1, G) deals them out one by one.",
            answer("G", "value by value"),
        ),
        "channels dealt to C / G groups in turn": Mistake(
            "A group is a run of C / G neighbouring channels; you dealt them out, to C / G groups.",
            answer("C / G", "dealt in turn"),
        ),
        "G taken for the channels in a group": Mistake(
            "G is the number of groups; each has C / G channels.", answer("C / G", "runs")
        ),
        "each position by itself": Mistake(
            "A group's mean runs over its channels and all positions; yours leaves the positions apart.",
            answer("G", "each position"),
        ),
        "one group whatever G is": Mistake(
            "You normalise each sample over all its channels (layer norm); split them into G groups.",
            answer("1", "runs"),
        ),
        "one group for each channel whatever G is": Mistake(
            "You normalise each channel by itself (instance norm); G groups have C / G channels each.",
            answer("C", "runs"),
        ),
        "values dealt to columns by a reshape": Mistake(
            "reshape(N * G, -1) makes a row of each group; a reshape to (-1, N * G) deals the values out, transposed or not.",
            answer("G", "dealt by a reshape"),
        ),
        "statistics down the groups": Mistake(
            "With a group in each row the moments run along the row (axis 1); yours run down the rows.",
            answer("G", "down the groups"),
        ),
        "one mean and variance for the whole array": Mistake(
            "You normalise by the moments of everything; each group of each sample has its own.",
            answer("G", "everything"),
        ),
        "batch norm's axes": Mistake(
            "You normalise each channel over the batch; group norm stays within the sample.",
            answer("G", "batch norm"),
        ),
    }


# --- the forward pass ---


def _parts(i: Inputs) -> Parts:
    return v.group_parts(i, i["G"], eps_of(i))


def _out(groups: str = "G", view: str = "runs", **switches: Any) -> Any:
    return lambda i: {"out": output(i, v.group(groups_taken(i, groups), eps_of(i), view, **switches))}


def _reference(i: Inputs) -> Arrays:
    return {"out": normalizers.group_norm(i["x"], i["gamma"], i["beta"], i["G"], eps_of(i))}


def _flat_group(draw: draws.Draw) -> draws.Draw:
    return draws.constant(draw, (1, slice(0, 2)), 1.25)


def _shuffled(view: str) -> Any:
    """x_hat's channels in another order on the way back than on the way there."""

    def wrong(i: Inputs) -> Arrays:
        n, c, h, w = i["x"].shape
        x_hat = output({**i, "gamma": np.ones(c), "beta": np.zeros(c)}, v.group(i["G"], eps_of(i), view))
        seen = (n, i["G"], c // i["G"], h, w) if view == "runs" else (n, c // i["G"], i["G"], h, w)
        moved = x_hat.reshape(seen).swapaxes(1, 2).reshape(i["x"].shape)
        return {"out": i["gamma"][:, None, None] * moved + i["beta"][:, None, None]}

    return wrong


def _grouped_pixels(i: Inputs) -> Arrays:
    """[N, H, W, C] cut into G runs, and taken back for [N, C, H, W]."""
    moved = np.ascontiguousarray(i["x"].transpose(0, 2, 3, 1)).reshape(i["x"].shape)
    return {"out": output({**i, "x": moved}, v.group(i["G"], eps_of(i)))}


def _mixed(mean: Any, var: Any) -> Any:
    """A mean and a variance of x seen as [N, G, C / G, H, W], each over values of its own."""

    def wrong(i: Inputs) -> Arrays:
        n, c, h, w = i["x"].shape
        x = i["x"].astype(np.float64).reshape(n, i["G"], c // i["G"], h, w)
        x_hat = ((x - mean(x)) / np.sqrt(var(x) + eps_of(i))).reshape(i["x"].shape)
        return {"out": i["gamma"][:, None, None] * x_hat + i["beta"][:, None, None]}

    return wrong


def _first_repeated(name: str) -> Any:
    return lambda i: np.repeat(i[name][: i["G"]], len(i[name]) // i["G"])


def _first_of_group(name: str) -> Any:
    return lambda i: np.repeat(i[name][:: len(i[name]) // i["G"]], len(i[name]) // i["G"])


GROUP = (2, 3, 4)  # of x seen as [N, G, C / G, H, W]
OVER = {
    "each channel": (3, 4),
    "each position": (2,),
    "the whole sample": (1, 2, 3, 4),
    "the group in all samples": (0, 2, 3, 4),
    "the channel in all samples": (0, 3, 4),
    "the whole array": (0, 1, 2, 3, 4),
}


def _moment(name: str, axes: tuple[int, ...]) -> Any:
    take = np.mean if name == "mean" else np.var
    return lambda x: take(x, axis=axes, keepdims=True)


def _around(axes: tuple[int, ...]) -> Any:
    """The mean of other values, and the variance of a group around it."""
    mean = _moment("mean", axes)
    return _mixed(mean, lambda x: ((x - mean(x)) ** 2).mean(axis=GROUP, keepdims=True))


COUNTS = {
    "the pixels of a channel": (3, 4),
    "the channels of a group": (2,),
    "the values of a sample": (1, 2, 3, 4),
}


def _divided(axes: tuple[int, ...]) -> Any:
    """A group's sums divided by the number of values along other axes; the variance around the mean that this makes."""

    def mean(x: np.ndarray) -> np.ndarray:
        return np.asarray(x.sum(axis=GROUP, keepdims=True) / math.prod(x.shape[a] for a in axes))

    def var(x: np.ndarray) -> np.ndarray:
        squares = ((x - mean(x)) ** 2).sum(axis=GROUP, keepdims=True)
        return np.asarray(squares / math.prod(x.shape[a] for a in axes))

    return _mixed(mean, var)


def _without_last_group(i: Inputs) -> Arrays:
    """x_hat stays 0 in the last group."""
    start = len(i["gamma"]) - len(i["gamma"]) // i["G"]
    out = np.array(_reference(i)["out"])
    out[:, start:] = i["beta"][start:, None, None]
    return {"out": out}


def _along_the_width(i: Inputs) -> Arrays:
    """gamma and beta left as (C,), which numpy lines up with the last axis."""
    ones, zeros = np.ones(len(i["gamma"])), np.zeros(len(i["beta"]))
    return {"out": i["gamma"] * _reference({**i, "gamma": ones, "beta": zeros})["out"] + i["beta"]}


def _by_group(name: str) -> Any:
    return lambda i: np.repeat(i[name].reshape(i["G"], -1).mean(axis=1), len(i[name]) // i["G"])


def _dealt(name: str) -> Any:
    return lambda i: i[name].reshape(-1, i["G"]).T.reshape(-1)


FORWARD = "out, cache = groupnorm_forward(x, gamma, beta, G, gn_param)"

FORWARD_CHECK = check(
    v.ASSIGNMENT,
    "groupnorm_forward",
    14,
    (FORWARD,),
    outputs=(Output("out", BATCH_NORM),),
    cases=(
        Case("six channels in two groups", given((3, 6, 4, 5), 2, eps=1e-5)),
        Case("six channels in three groups, a spread of 0.01, no eps given", given((2, 6, 3, 4), 3, sd=0.01)),
        Case("one group: layer norm over C, H, W", given((3, 4, 2, 5), 1, eps=1e-4)),
        Case("as many groups as channels: instance norm", given((2, 4, 5, 3), 4, eps=1e-4)),
        Case("another epsilon beside a small spread", given((3, 8, 2, 5), 4, sd=0.1, eps=1e-2)),
        Case("a single sample", given((1, 6, 4, 3), 3, eps=1e-5)),
        Case("float32 input", given((3, 8, 2, 4), 2, dtype="float32", eps=1e-3)),
        Case("a view that is not contiguous", draws.views(given((2, 6, 3, 5), 2), "x")),
        Case(
            "as many samples as channels, as many groups as channels in each",
            given((4, 4, 3, 2), 2, eps=1e-4),
        ),
        Case("samples, channels, rows and columns all alike", given((4, 4, 4, 4), 2, eps=1e-4)),
        Case("a group whose values are all alike", _flat_group(given((3, 6, 2, 4), 3, eps=1e-4))),
    ),
    reference=_reference,
    makings={"out": out_making(functools.partial(of_parts, _parts), "gn_param")},
    mistakes={
        **sharing(_out),
        **{
            name: Mistake(
                f"Mean and variance both run over a group in one sample; your {moment} is that of {what}.",
                _mixed(*(_moment(one, axes if one == moment else GROUP) for one in ("mean", "variance"))),
            )
            for what, axes in OVER.items()
            for moment, name in (("mean", f"mean of {what}"), ("variance", f"variance of {what}"))
        },
        **{
            f"moments over the axes {axes} of the groups": Mistake(
                f"Seen as [N, G, C / G, H, W], the moments run over the axes (2, 3, 4); yours run over {axes}.",
                _mixed(_moment("mean", axes), _moment("variance", axes)),
            )
            for axes in ((1,), (4,), (1, 2), (2, 3), (1, 2, 3), (0, 2, 3))
        },
        **{
            f"the first G of {name} for the groups": Mistake(
                f"{name} has a value for each channel, whatever G is; yours repeats the first G.",
                instead(_reference, **{name: _first_repeated(name)}),
            )
            for name in ("gamma", "beta")
        },
        **{
            f"{name} of the group's first channel": Mistake(
                f"{name} has a value for each channel, whatever G is; yours is that of the group's first channel.",
                instead(_reference, **{name: _first_of_group(name)}),
            )
            for name in ("gamma", "beta")
        },
        "variances of the channels averaged": Mistake(
            "One variance over all values of the group: its channels' means differ too.",
            _mixed(
                lambda x: x.mean(axis=(2, 3, 4), keepdims=True),
                lambda x: x.var(axis=(3, 4), keepdims=True).mean(axis=2, keepdims=True),
            ),
        ),
        "squares not centred": Mistake(
            "The variance averages the squares of x minus the mean; yours averages the squares of x.",
            _out(second=True),
        ),
        "the channels put back in another order": Mistake(
            "The groups are right and the channels come back in another order: undo the reshape the way it was made.",
            _shuffled("runs"),
        ),
        "channels dealt to the groups in turn, and left so": Mistake(
            "A group is a run of neighbouring channels; you dealt them out, and they come back in that order.",
            _shuffled("dealt in turn"),
        ),
        "channels moved last before grouping": Mistake(
            "Leave the channels on axis 1: after a transpose a reshape to groups cuts the pixels, not the channels.",
            _grouped_pixels,
        ),
        "gamma and beta along the width": Mistake(
            "gamma and beta run along the channels (axis 1): give them the shape (1, C, 1, 1).",
            where(lambda i: i["x"].shape[-1] == len(i["gamma"]), _along_the_width),
        ),
        "one gamma for each group": Mistake(
            "gamma belongs to the channels, whatever G is; yours is averaged over the group.",
            instead(_reference, gamma=_by_group("gamma")),
        ),
        "one gamma and beta for each group": Mistake(
            "gamma and beta belong to the channels, whatever G is; yours are averaged over the group.",
            instead(_reference, gamma=_by_group("gamma"), beta=_by_group("beta")),
        ),
        "gamma and beta dealt to the groups in turn": Mistake(
            "gamma and beta go with the channels in their order, run by run; you dealt them out to the groups like cards.",
            instead(_reference, gamma=_dealt("gamma"), beta=_dealt("beta")),
        ),
        **{
            f"variance around the mean of {what}": Mistake(
                f"A group in one sample has a mean of its own; yours is that of {what}, and the variance is taken around it.",
                _around(axes),
            )
            for what, axes in OVER.items()
        },
        **{
            f"moments divided by {what}": Mistake(
                f"The sums run over C / G channels of H x W values; you divide them by {what}.",
                _divided(axes),
            )
            for what, axes in COUNTS.items()
        },
        "the last group left out": Mistake(
            "The last group is not normalised: your loop over the groups ends too early.",
            where(lambda i: i["G"] > 1, _without_last_group),
        ),
        "variance of the channels' means": Mistake(
            "The variance runs over all values of the group; yours is that of its channels' means.",
            _mixed(
                _moment("mean", GROUP),
                lambda x: x.mean(axis=(3, 4), keepdims=True).var(axis=2, keepdims=True),
            ),
        ),
        **other_centres(_mixed, GROUP),
        **out_of_order(_reference, lambda i, name: i[name][:, None, None]),
        **picked(apart(_out), "root of the deviation"),
        **zero_epsilon(_out, "gn_param"),
        **spreads(_out),
        **normalising(_out, "gn_param"),
        **other_defaults(_reference, "gn_param", eps=(1e-3, 1e-6, 1e-8)),
    },
)

CHECKS = (FORWARD_CHECK,)
