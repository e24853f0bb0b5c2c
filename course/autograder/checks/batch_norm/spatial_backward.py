"""ps1, images: batch norm per channel on [N, C, H, W]: its gradients."""

import numpy as np

from course.autograder.checks.batch_norm import backward as b
from course.autograder.checks.batch_norm.forward import no_gamma
from course.autograder.checks.batch_norm.gradient_making import dx_making
from course.autograder.checks.batch_norm.gradient_parts import counted, dx_by, with_parts
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.batch_norm.spatial import FORWARD, SPATIAL_FORWARD, moved_back, read_as_rows
from course.autograder.checks.language import draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, check
from course.autograder.checks.language.spent import asked_twice, spent
from course.autograder.checks.language.wrong import (
    Wrong,
    after,
    only,
)


def _mixed_gradients(i: Inputs) -> Arrays:
    found = b.right_gradients(read_as_rows(i, "x", "dout"))
    return {**found, "dx": found["dx"].reshape(i["x"].shape)}


def _dout_turned(i: Inputs) -> Arrays:
    """The gradients of a student who reads dout's pixels down the columns beside a cache that goes along the rows."""
    turned = i["dout"].swapaxes(2, 3).reshape(i["dout"].shape)
    found = b.right_gradients({**i, "dout": turned})
    n, c, h, w = i["x"].shape
    return {**found, "dx": found["dx"].reshape(n, c, w, h).swapaxes(2, 3)}


def _dout_by_pixel(i: Inputs) -> Arrays:
    """The gradients of a student whose rows of dout go through the pixels first, beside a cache of image after image."""
    n, c, h, w = i["x"].shape
    rows = i["dout"].transpose(2, 3, 0, 1).reshape(-1, c)
    found = b.right_gradients({**i, "dout": rows.reshape(n, h, w, c).transpose(0, 3, 1, 2)})
    back = found["dx"].transpose(0, 2, 3, 1).reshape(h, w, n, c).transpose(2, 3, 0, 1)
    return {**found, "dx": back} if n > 1 else {}


def _per_image(i: Inputs) -> Arrays:
    return b.parameters_over(i, 2, 3)


def _by_image(value: np.ndarray) -> np.ndarray:
    """The average over the pixels of each image and channel."""
    return value.mean(axis=(2, 3), keepdims=True)


def _over(*axes: int) -> Wrong:
    return lambda i: b.parameters_over(i, *axes)


def _over_pixels(name: str) -> Wrong:
    return only(lambda i: {k: a / i["x"][0, 0].size for k, a in b.right_gradients(i).items()}, name)


def _over_images(name: str) -> Wrong:
    return only(lambda i: {k: a / len(i["x"]) for k, a in b.right_gradients(i).items()}, name)


FOR_EACH_CHANNEL = "There is one gradient for each channel: sum over axes 0, 2 and 3, all but the channels'."
STEPS = (
    FORWARD,
    b.later_forward("spatial_batchnorm_forward"),
    "dx, dgamma, dbeta = spatial_batchnorm_backward(dout, cache)",
)

SPATIAL_BACKWARD = check(
    ASSIGNMENT,
    "spatial_batchnorm_backward",
    6,
    STEPS,
    outputs=b.GRADIENTS,
    cases=(
        Case("two images of three channels, 4 x 5", b.with_upstream((2, 3, 4, 5))),
        asked_twice(
            "a spread of 0.01 and another epsilon, the gradient asked for twice",
            b.with_upstream((3, 2, 4, 3), sd=0.01, eps=1e-4),
            STEPS,
        ),
        Case("float32 input", b.with_upstream((2, 4, 3, 5), dtype="float32", eps=1e-3)),
        Case("views that are not contiguous", draws.views(b.with_upstream((3, 2, 2, 5)), "x", "dout")),
        Case(
            "as many images as channels, a gamma of 0",
            no_gamma(b.with_upstream((4, 4, 2, 3), eps=1e-3)),
        ),
        Case("images, channels, rows and columns all alike", b.with_upstream((3, 3, 3, 3), eps=1e-2)),
        Case("a single channel", b.with_upstream((2, 1, 3, 4), eps=1e-3)),
        b.one_state("one bn_param for both forward passes", STEPS, b.with_upstream((2, 5, 1, 3), eps=1e-3)),
    ),
    reference=b.right_gradients,
    rests_on=SPATIAL_FORWARD,
    makings={"dx": dx_making(b.parts)},
    mistakes={
        "reshaped without moving the channels last": Mistake(
            "Reading [N, C, H, W] as (-1, C) mixes the channels: move axis 1 of dout to the end first, and dx back.",
            _mixed_gradients,
        ),
        "height and width swapped in dout": Mistake(
            "dout and x must be read in the same order, height before width: yours is read the other way round.",
            _dout_turned,
        ),
        "dout gone through pixel by pixel": Mistake(
            "dout and x must be read in the same order, image after image: yours goes through the pixels first.",
            _dout_by_pixel,
        ),
        **{
            f"{name} averaged over the images": Mistake(
                f"{name} sums over images and pixels; the images are not averaged.", _over_images(name)
            )
            for name in ("dgamma", "dbeta")
        },
        "n counts the images only": Mistake(
            "Each channel's mean runs over N * H * W values; you divided by N.",
            counted(b.parts, lambda i: i["x"].shape[0]),
        ),
        "n without the width": Mistake(
            "Each channel's mean runs over N * H * W values; you divided by N * H.",
            counted(b.parts, lambda i: i["x"][:, 0, :, 0].size),
        ),
        "n without the height": Mistake(
            "Each channel's mean runs over N * H * W values; you divided by N * W.",
            counted(b.parts, lambda i: i["x"][:, 0, 0].size),
        ),
        "n counts the pixels only": Mistake(
            "Each channel's mean runs over N * H * W values; you divided by H * W.",
            counted(b.parts, lambda i: i["x"].shape[2] * i["x"].shape[3]),
        ),
        "n counts all channels": Mistake(
            "Each channel's mean runs over N * H * W values; you divided by those of all channels.",
            counted(b.parts, lambda i: i["x"].size),
        ),
        "gradient of per-pixel statistics": Mistake(
            "You went back through one mean per pixel; a channel shares one over N, H and W.",
            dx_by(with_parts(b.parts, axes=(0,))),
        ),
        "gradient of per-image statistics": Mistake(
            "You went back through one mean per image and channel; the batch shares its channels' statistics.",
            dx_by(with_parts(b.parts, axes=(2, 3))),
        ),
        "averages of each image alone": Mistake(
            "The averages in dx run over all images of a channel, N * H * W values; yours run over each image alone.",
            dx_by(b.parts, lambda p: p.g - _by_image(p.g) - p.x_hat * _by_image(p.g * p.x_hat)),
        ),
        **{
            f"{name} for the columns": Mistake(FOR_EACH_CHANNEL, only(_over(0, 1, 2), name))
            for name in ("dgamma", "dbeta")
        },
        "parameter gradients per image": Mistake(
            "Sum over the images too: gamma and beta have one value per channel.", _per_image
        ),
        "parameter gradients of the first image": Mistake(
            "Sum over the images too: yours are those of the first image alone.",
            after(_per_image, change=lambda gradient: gradient[0]),
        ),
        "dgamma averaged over the pixels": Mistake(
            "dgamma sums over images and pixels; the pixels are not averaged.", _over_pixels("dgamma")
        ),
        "dbeta averaged over the pixels": Mistake(
            "dbeta sums over images and pixels; the pixels are not averaged.", _over_pixels("dbeta")
        ),
        "parameter gradients per pixel": Mistake(
            "Sum over height and width too: gamma and beta have one value per channel.",
            lambda i: b.parameters_over(i, 0),
        ),
        **b.DX,
        **b.DPARAMETERS,
        **b.WITH_OUT,
        **moved_back(b.right_gradients, "dx"),
        "cache of a later forward pass": b.LATER,
        **spent(b.right_gradients),
    },
    may_change=b.MAY_CHANGE,
)

CHECKS = (SPATIAL_BACKWARD,)
