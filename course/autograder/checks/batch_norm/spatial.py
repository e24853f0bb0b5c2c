"""ps1, images: batch norm per channel on [N, C, H, W]."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm import eval_mode
from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.forward import KEEPING, NORMALISING, given, mixed, only_mode
from course.autograder.checks.batch_norm.forward_making import out_making
from course.autograder.checks.batch_norm.normalised import by_mode
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.batch_norm.running_making import RUNNING_MAKINGS
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN, RUNNING_VAR
from course.autograder.checks.language import BATCH_NORM, RUNNING, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import (
    Wrong,
    after,
    but,
    limited,
    only,
    other_defaults,
    picked,
    where,
)

FORWARD = "out, cache = spatial_batchnorm_forward(x, gamma, beta, bn_param)"


def read_as_rows(i: Inputs, *names: str) -> Inputs:
    """[N, C, H, W] read as [-1, C] without moving the channels last: the values of channels mix."""
    return {**i, **{name: i[name].reshape(-1, i["x"].shape[1]) for name in names}}


def _mixed_channels(i: Inputs) -> Arrays:
    step = v.trained(read_as_rows(i, "x"))
    return {**step, "out": step["out"].reshape(i["x"].shape)}


def _channels_by_reshape(i: Inputs) -> Arrays:
    """[N, C, H, W] read as [C, -1] and transposed: the values of channels mix."""
    step = v.trained({**i, "x": np.ascontiguousarray(i["x"].reshape(i["x"].shape[1], -1).T)})
    return {**step, "out": step["out"].T.reshape(i["x"].shape)}


def _channels_in_front(i: Inputs) -> Arrays:
    """[C, N, H, W] read as [-1, C]: each row has values of one channel, not of one pixel."""
    front = np.ascontiguousarray(i["x"].transpose(1, 0, 2, 3))
    step = v.trained({**i, "x": front.reshape(-1, len(front))})
    return {**step, "out": step["out"].reshape(front.shape).transpose(1, 0, 2, 3)}


def _training(i: Inputs) -> bool:
    return i["bn_param"]["mode"] == "train"


def _testing(i: Inputs) -> bool:
    return not _training(i)


def _over(*axes: int) -> Any:
    return lambda i: {"out": v.forward(i, axes=axes)}


def _variance_averaged(within: tuple[int, ...], then: tuple[int, ...]) -> Wrong:
    """Variances over some axes, averaged over the others that are left: without the spread of their means."""

    def wrong(i: Inputs) -> Arrays:
        var = i["x"].astype(np.float64).var(axis=within).mean(axis=then)
        out = v.with_statistics(i, v.batch_part(i)["mean"], var)
        return {"out": out, RUNNING_VAR: mixed(v.state(i), {"var": var})["var"]}

    return wrong


def _variance_divided_by(count: Callable[[Inputs], int]) -> Wrong:
    """The sum of the squares divided by another number than there are: infinite where that is 0."""

    def wrong(i: Inputs) -> Arrays:
        batch = v.batch_part(i)
        with np.errstate(all="ignore"):
            var = batch["var"] * (i["x"].size / len(i["gamma"]) / np.float64(count(i)))
        out = v.with_statistics(i, batch["mean"], var)
        return {"out": out, RUNNING_VAR: mixed(v.state(i), {"var": var})["var"]}

    return wrong


def _handed_on(i: Inputs) -> Arrays:
    """The running values of channels that go through one dict one after the other, as they stand behind each."""
    s, batch = v.state(i), v.batch_part(i)
    found = {}
    for name, values in batch.items():
        running, passed = s[f"running_{name}"][0], []
        for value in values:
            running = mixed({**s, f"running_{name}": running}, {name: value})[name]
            passed.append(running)
        found[f"bn_param.running_{name}"] = np.array(passed)
    return found


TRAINING_MISTAKES = {
    "statistics per pixel": Mistake(
        "You took a mean for each pixel; a channel shares one over N, H and W.", _over(0)
    ),
    "statistics per image and channel": Mistake(
        "You normalised each image by itself (that is instance norm); the batch shares its channels' statistics.",
        _over(2, 3),
    ),
    "statistics per image": Mistake(
        "You normalised each image over all its channels (that is layer norm); a channel has its own statistics.",
        _over(1, 2, 3),
    ),
    "one mean and variance for the whole batch": Mistake(
        "Each channel has its own mean and variance; yours run over the channels too.", _over(0, 1, 2, 3)
    ),
    "reshaped without moving the channels last": Mistake(
        "Reading [N, C, H, W] as (-1, C) mixes the channels: move axis 1 to the end first, and back afterwards.",
        _mixed_channels,
    ),
    "channels brought to the front by a reshape": Mistake(
        "A reshape to (C, -1) mixes the channels of several images: move axis 1 by transpose.",
        _channels_by_reshape,
    ),
    "channels moved to the front and read as rows": Mistake(
        "With the channels in front, (-1, C) cuts each of them into rows: move axis 1 to the end, not to the front.",
        _channels_in_front,
    ),
    "variances of the images averaged": Mistake(
        "One variance over all N * H * W values of a channel: the images' means differ too.",
        _variance_averaged((2, 3), (0,)),
    ),
    "variances of the rows averaged": Mistake(
        "One variance over all N * H * W values of a channel: the rows' means differ too.",
        _variance_averaged((0, 3), (1,)),
    ),
    "variances of the columns averaged": Mistake(
        "One variance over all N * H * W values of a channel: the columns' means differ too.",
        _variance_averaged((0, 2), (1,)),
    ),
    "variances of the pixels averaged": Mistake(
        "One variance over all N * H * W values of a channel: the pixels' means differ too.",
        _variance_averaged((0,), (1, 2)),
    ),
    **{
        name: Mistake(advice, _variance_divided_by(count))
        for name, (advice, count) in {
            "variance divided by the images": (
                "The squares of a channel are N * H * W many; you divide their sum by the number of images.",
                lambda i: len(i["x"]),
            ),
            "variance divided by the images less one": (
                "The squares of a channel are N * H * W many; you divide their sum by the number of images, less one.",
                lambda i: len(i["x"]) - 1,
            ),
            "variance divided by the pixels": (
                "The squares of a channel are N * H * W many; you divide their sum by the pixels of one image.",
                lambda i: i["x"][0, 0].size,
            ),
        }.items()
    },
    "running statistics of the last channel for all": Mistake(
        "Each channel has a running mean and a running variance of its own; all of yours are the last one's.",
        lambda i: {path: np.full_like(a, a[-1]) for path, a in only(v.trained, *v.STATE)(i).items()},
    ),
    "running statistics of the first channel for all": Mistake(
        "Each channel has a running mean and a running variance of its own; all of yours are the first one's.",
        lambda i: {path: np.full_like(a, a[0]) for path, a in only(v.trained, *v.STATE)(i).items()},
    ),
    "running statistics handed on from channel to channel": Mistake(
        "Each channel goes on from its own running values; yours from those of the channel before, in one dict.",
        _handed_on,
    ),
}
OF_ITS_OWN = "Each channel has a gamma and a beta of its own; yours uses the first for all."
ALONG_THE_WIDTH = "gamma and beta run along the channels (axis 1): give them the shape (1, C, 1, 1)."


def _of_the_first(*names: str) -> Wrong:
    return lambda i: only(_reference, "out")({**i, **{k: np.full_like(i[k], i[k][0]) for k in names}})


def _along_the_width(*names: str) -> Wrong:
    """Some of gamma and beta broadcast along the last axis, where there are as many columns as channels."""

    def wrong(i: Inputs) -> Arrays:
        if i["x"].shape[3] != i["x"].shape[1]:
            return {}
        plain = {"gamma": np.ones_like(i["gamma"]), "beta": np.zeros_like(i["beta"])}
        x_hat = _reference({**i, **plain})["out"].astype(np.float64)
        gamma, beta = (i[k] if k in names else i[k][:, None, None] for k in ("gamma", "beta"))
        return {"out": x_hat * gamma + beta}

    return wrong


# In both modes.
OF_ONE_CHANNEL = {
    "gamma of the first channel for all": Mistake(OF_ITS_OWN, _of_the_first("gamma")),
    "beta of the first channel for all": Mistake(OF_ITS_OWN, _of_the_first("beta")),
    "gamma and beta of the first channel for all": Mistake(OF_ITS_OWN, _of_the_first("gamma", "beta")),
    "gamma along the width": Mistake(ALONG_THE_WIDTH, _along_the_width("gamma")),
    "gamma and beta along the width": Mistake(ALONG_THE_WIDTH, _along_the_width("gamma", "beta")),
}


def moved_back(right: Wrong, output: str) -> dict[str, Mistake]:
    """Mistakes on the way back from rows [N * H * W, C], when all before was right."""

    def put(change: Callable[[np.ndarray], np.ndarray]) -> Wrong:
        return after(right, output, change=change)

    return {
        "moved back without a transpose": Mistake(
            "Rows of channels become [N, H, W, C] first, and the C moves to axis 1 after that: reshape alone mixes them.",
            put(lambda value: value.transpose(0, 2, 3, 1).reshape(value.shape)),
        ),
        **{
            f"folded back from [{', '.join(order)}]": Mistake(
                f"Your values lie as [{', '.join(order)}] and are read as [N, C, H, W]: move the axes by transpose first.",
                put(_folded(order)),
            )
            for order in FOLDED
        },
        "channels left last": Mistake(
            f"{output} has the shape of x, [N, C, H, W]: move the channels back to axis 1.",
            put(lambda value: value.transpose(0, 2, 3, 1)),
        ),
        "the same transpose back as forth": Mistake(
            f"The way back undoes the transpose: from [N, H, W, C] to the shape of {output}, [N, C, H, W].",
            put(lambda value: value.transpose(0, 3, 1, 2)),
        ),
        "left as rows": Mistake(
            f"{output} has the shape of x, [N, C, H, W]: yours is still [N * H * W, C].",
            put(lambda value: value.transpose(0, 2, 3, 1).reshape(-1, value.shape[1])),
        ),
        "height and width swapped": Mistake(
            f"The last two axes of {output} are in each other's place: the transpose back undoes the one before.",
            put(lambda value: value.swapaxes(2, 3)),
        ),
        "height and width swapped on the way": Mistake(
            "Your transpose puts the width before the height, and your reshape back reads the height first.",
            put(lambda value: _through_rows(value, (0, 3, 2, 1))),
        ),
        "height and width swapped on the way back": Mistake(
            "Your rows go through the height first, and your reshape back reads the width first.",
            put(_read_as_columns),
        ),
    }


# Orders of the axes N, C, H, W in which values may lie when a reshape alone is to bring them back.
FOLDED = ("CNHW", "CHWN", "HWNC", "HWCN", "NWHC")


def _folded(order: str) -> Callable[[np.ndarray], np.ndarray]:
    axes = ["NCHW".index(axis) for axis in order]
    return lambda value: value.transpose(axes).reshape(value.shape)


def _through_rows(value: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Rows made by one transpose and taken for those of another."""
    n, c, h, w = value.shape
    return value.transpose(axes).reshape(n, h, w, c).transpose(0, 3, 1, 2)


def _read_as_columns(value: np.ndarray) -> np.ndarray:
    """Rows read back as [N, W, H, C]."""
    n, c, h, w = value.shape
    return value.transpose(0, 2, 3, 1).reshape(n, w, h, c).transpose(0, 3, 2, 1)


def _reference(i: Inputs) -> Arrays:
    return v.trained(i) if _training(i) else v.served(i)


_in_test_mode = {
    f"{name} in test mode": mistake
    for name, mistake in picked(
        eval_mode.OUT, "epsilon outside the root", "no epsilon", "epsilon hard-coded", "divided by the variance",
        "mean not subtracted", "gamma forgotten", "beta forgotten", "gamma and beta forgotten",
    ).items()
}  # fmt: skip

SPATIAL_FORWARD = check(
    ASSIGNMENT,
    "spatial_batchnorm_forward",
    7,
    (FORWARD,),
    outputs=(Output("out", BATCH_NORM, 4), Output(RUNNING_MEAN, RUNNING), Output(RUNNING_VAR, RUNNING)),
    cases=(
        Case("two images of three channels, 4 x 5", given((2, 3, 4, 5), "train")),
        Case("another epsilon and momentum", given((3, 2, 3, 4), "train", eps=1e-2, momentum=0.6)),
        Case("a spread of 0.01", given((2, 5, 3, 2), "train", sd=0.01, momentum=0.8)),
        Case("bn_param holds only the mode", only_mode("train", (2, 4, 3, 3))),
        Case("test mode", given((2, 3, 5, 4), "test")),
        Case("float32 input", given((2, 4, 3, 5), "train", dtype="float32", eps=1e-3, momentum=0.75)),
        Case("a view that is not contiguous", draws.views(given((3, 4, 2, 5), "train"), "x")),
        Case(
            "test mode, a running variance near 0.01 and another epsilon",
            eval_mode.small_variance(given((3, 2, 4, 3), "test", sd=0.1, eps=1e-3), 1e-2),
        ),
        Case("as many images as channels", given((4, 4, 2, 3), "train", eps=1e-3)),
        Case("images, channels, rows and columns all alike", given((3, 3, 3, 3), "train", eps=1e-3)),
        Case("all alike in test mode", given((3, 3, 3, 3), "test", eps=1e-2)),
        Case("a single channel", given((2, 1, 3, 4), "train", momentum=0.7)),
    ),
    reference=_reference,
    makings={"out": out_making(by_mode, "bn_param"), **RUNNING_MAKINGS},
    mistakes={
        **limited(TRAINING_MISTAKES, _training),
        "batch statistics at test time": Mistake(
            "In test mode normalise by the running statistics; you used the batch's own.",
            where(_testing, only(v.trained, "out")),
        ),
        **limited(eval_mode.MOVED, _testing),
        **limited(but(NORMALISING, "epsilon squared", "epsilon for the smallest variance"), _training),
        **limited(but(KEEPING, "running mean reset beside an absent variance"), _training),
        **limited(other_defaults(v.trained, "bn_param", momentum=(0.99, 0.1)), _training),
        "running statistics keep all axes": Mistake(
            "The values are right, the summed axes are still there: running statistics have shape (C,), as gamma has.",
            where(_training, after(v.trained, *v.STATE, change=lambda value: value.reshape(1, -1, 1, 1))),
        ),
        **limited(_in_test_mode, _testing),
        **OF_ONE_CHANNEL,
        **moved_back(_reference, "out"),
    },
    may_change=v.STATE,
)

CHECKS = (SPATIAL_FORWARD,)
