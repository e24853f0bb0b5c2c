"""ps1, images: batch norm per channel on [N, C, H, W], and its gradients."""

from typing import Any

from course.autograder.checks.batch_norm import backward as b
from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.forward import KEEPING, NORMALISING, given, only_mode
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN, RUNNING_VAR
from course.autograder.checks.language import BATCH_NORM, RUNNING, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import but, limited, where

FORWARD = "out, cache = spatial_batchnorm_forward(x, gamma, beta, bn_param)"


def _flat(i: Inputs, *names: str) -> Inputs:
    """[N, C, H, W] read as [-1, C] without moving the channels last: the values of channels mix."""
    return {**i, **{name: i[name].reshape(-1, i["x"].shape[1]) for name in names}}


def _mixed_channels(i: Inputs) -> Arrays:
    step = v.trained(_flat(i, "x"))
    return {**step, "out": step["out"].reshape(i["x"].shape)}


def _training(i: Inputs) -> bool:
    return i["bn_param"]["mode"] == "train"


def _over(*axes: int) -> Any:
    return lambda i: {"out": v.forward(i, axes=axes)}


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
}

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
    ),
    reference=lambda i: v.trained(i) if _training(i) else v.served(i),
    mistakes={
        **limited(TRAINING_MISTAKES, _training),
        "batch statistics at test time": Mistake(
            "In test mode normalise by the running statistics; you used the batch's own.",
            where(lambda i: not _training(i), v.trained),
        ),
        **limited(NORMALISING, _training),
        **limited(but(KEEPING, "epsilon in the running variance", "running sum, not average"), _training),
    },
    may_change=v.STATE,
)


# --- gradients -----------------------------------------------------------------------------------------------


def _mixed_gradients(i: Inputs) -> Arrays:
    found = b.right_gradients(_flat(i, "x", "dout"))
    return {**found, "dx": found["dx"].reshape(i["x"].shape)}


def _n_is_the_batch(i: Inputs) -> Any:
    p, (h, w) = b.parts(i), i["x"].shape[2:]
    inner = p.dout - h * w * p.mean(p.dout) - h * w * p.x_hat * p.mean(p.dout * p.x_hat)
    return {"dx": (p.gamma / p.sd * inner).numpy()}


SPATIAL_BACKWARD = check(
    ASSIGNMENT,
    "spatial_batchnorm_backward",
    6,
    (FORWARD, "dx, dgamma, dbeta = spatial_batchnorm_backward(dout, cache)"),
    outputs=b.GRADIENTS,
    cases=(
        Case("two images of three channels, 4 x 5", b.with_upstream((2, 3, 4, 5))),
        Case("a spread of 0.01 and another epsilon", b.with_upstream((3, 2, 4, 3), sd=0.01, eps=1e-4)),
        Case("float32 input", b.with_upstream((2, 4, 3, 5), dtype="float32", eps=1e-3)),
        Case("views that are not contiguous", draws.views(b.with_upstream((3, 2, 2, 5)), "x", "dout")),
    ),
    reference=b.right_gradients,
    rests_on=SPATIAL_FORWARD,
    mistakes={
        "reshaped without moving the channels last": Mistake(
            "Reading [N, C, H, W] as (-1, C) mixes the channels: move axis 1 of dout to the end first, and dx back.",
            _mixed_gradients,
        ),
        "n counts the images only": Mistake(
            "Each channel's mean runs over N * H * W values; you divided by N.", _n_is_the_batch
        ),
        "gradient of per-pixel statistics": Mistake(
            "You went back through one mean per pixel; a channel shares one over N, H and W.", b.dx(axes=(0,))
        ),
        "parameter gradients per image": Mistake(
            "Sum over the images too: gamma and beta have one value per channel.",
            lambda i: b.parameters_over(i, 2, 3),
        ),
        "parameter gradients per pixel": Mistake(
            "Sum over height and width too: gamma and beta have one value per channel.",
            lambda i: b.parameters_over(i, 0),
        ),
        **but(b.DX, "means over the whole matrix", "gradient of layer norm"),
        **but(
            b.DPARAMETERS,
            "parameter gradients summed over the features",
            "parameter gradients keep the summed axis",
        ),
    },
    may_change=v.STATE,
)

CHECKS = (SPATIAL_FORWARD, SPATIAL_BACKWARD)
