"""Cases of ps2 that no release has: other sizes, other p, other axes."""

from course.autograder.checks.dropout import forward_modes, masks
from course.autograder.checks.dropout.apply import applied
from course.autograder.checks.dropout.backward import passes
from course.autograder.checks.dropout.connections import connected
from course.autograder.checks.dropout.draws import layer
from course.autograder.checks.dropout.monte_carlo import predictions
from course.autograder.checks.dropout.units import units
from course.autograder.checks.dropout.weights import weights
from course.autograder.checks.language import Case
from course.reference.dropout import DOWNSCALE, UPSCALE

HIDDEN: dict[str, tuple[Case, ...]] = {
    "dropout_mask": (
        Case("p = 0.75, five axes", masks.coins((3, 5, 4, 2, 3), 0.75)),
        Case("p = 0.15, a tall matrix", masks.coins((120, 3), 0.15)),
    ),
    "dropout_mask.generator": (Case("p = 0.6, three axes", masks.twins((9, 11, 8), 0.6)),),
    "dropout_apply.train": (
        Case("upscale_in_train, p = 0.9", applied((9, 4), 0.9, "train", UPSCALE)),
        Case("downscale_in_infer, p = 1", applied((3, 2, 4), 1.0, "train", DOWNSCALE)),
    ),
    "dropout_apply.test": (
        Case("downscale_in_infer, p = 0.15, five axes", applied((2, 3, 2, 4, 3), 0.15, "test", DOWNSCALE)),
        Case("p = 0", applied((3, 4), 0.0, "test", DOWNSCALE)),
    ),
    "dropout_forward.train": (
        Case("upscale_in_train, p = 0.85, a tall matrix", layer((97, 4), 0.85, UPSCALE)),
        Case("scaling not given, float32, p = 0.15", layer((15, 22), 0.15, None, dtype="float32")),
    ),
    "dropout_forward.generator": (
        Case("scaling of the other kind, p = 0.2", forward_modes.twins((6, 13, 9), 0.2, DOWNSCALE)),
    ),
    "dropout_forward.test": (
        Case(
            "downscale_in_infer, p = 0.15, a view",
            layer((7, 11), 0.15, DOWNSCALE, "test", strided=True, count=1),
        ),
        Case("p = 0", layer((6, 4), 0.0, DOWNSCALE, "test", count=1)),
    ),
    "dropout_backward": (
        Case("upscale_in_train, p = 0.65, a tall matrix", passes((61, 3), 0.65, UPSCALE)),
        Case("downscale_in_infer, p = 1", passes((4, 5), 1.0, DOWNSCALE)),
        Case("upscale_in_train, p = 1, test mode", passes((5, 4), 1.0, UPSCALE, "test")),
        Case("upscale_in_train, p = 0.3, test mode", passes((4, 6), 0.3, UPSCALE, "test")),
    ),
    "convert_weights": (
        Case("from upscale_in_train, p = 0.9", weights((7, 3), 0.9, UPSCALE, DOWNSCALE)),
        Case("one axis, to upscale_in_train, p = 0.15", weights((9,), 0.15, DOWNSCALE, UPSCALE)),
    ),
    "spatial_dropout_forward": (
        Case(
            "axis (1, 3): the same in all samples and rows",
            layer((2, 17, 3, 12), 0.25, DOWNSCALE, axis=(1, 3)),
        ),
        Case("every axis listed", layer((8, 5, 9), 0.8, UPSCALE, axis=(0, 1, 2))),
        Case("five axes", layer((15, 12, 2, 3, 2), 0.4, UPSCALE)),
        Case("test mode, axis given", layer((3, 4, 2), 0.7, DOWNSCALE, "test", axis=(0,))),
    ),
    "dropconnect_forward": (
        Case("scaling not given, p = 0.2", connected((9, 4, 4), 0.2, None)),
        Case("test mode, p = 1", connected((3, 4, 2), 1.0, DOWNSCALE, "test")),
    ),
    "mc_dropout": (
        Case("one prediction", predictions(1, (5, 3, 2))),
        Case("13 predictions", predictions(13, (11, 4, 3))),
    ),
    "affine_relu_dropout": (
        Case("downscale_in_infer, p = 0.25", units((57, 3, 26), 0.25, DOWNSCALE)),
        Case("p = 0: nothing is dropped", units((5, 3, 4), 0.0, UPSCALE)),
    ),
}
