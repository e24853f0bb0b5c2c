"""Cases of ps2 that no release has: other sizes, other p, other axes."""

from course.autograder.checks.dropout import (
    backward,
    channels,
    connections,
    masks,
    monte_carlo,
    units,
    weights,
)
from course.autograder.checks.dropout import forward_modes as modes
from course.autograder.checks.dropout.apply import apply_case
from course.autograder.checks.dropout.forward import layer_case
from course.autograder.checks.language.spec import Case
from course.reference.dropout import DOWNSCALE, UPSCALE

HIDDEN: dict[str, tuple[Case, ...]] = {
    "dropout_mask": (
        masks.case("p = 0.75, five axes", (3, 5, 4, 2, 3), 0.75),
        masks.case("p = 0.15, a tall matrix", (120, 3), 0.15),
    ),
    "dropout_mask.generator": (Case("p = 0.6, three axes", masks.twins((9, 11, 8), 0.6)),),
    "dropout_apply.train": (
        apply_case("upscale_in_train, p = 0.9", (9, 4), 0.9, "train", UPSCALE),
        apply_case("downscale_in_infer, p = 1", (3, 2, 4), 1.0, "train", DOWNSCALE),
    ),
    "dropout_apply.test": (
        apply_case("downscale_in_infer, p = 0.15, five axes", (2, 3, 2, 4, 3), 0.15, "test", DOWNSCALE),
        apply_case("p = 0", (3, 4), 0.0, "test", DOWNSCALE),
    ),
    "dropout_forward.train": (
        layer_case("upscale_in_train, p = 0.85, a tall matrix", (97, 4), 0.85, UPSCALE),
        layer_case("scaling not given, float32, p = 0.15", (15, 22), 0.15, None, dtype="float32"),
    ),
    "dropout_forward.generator": (
        Case("scaling of the other kind, p = 0.2", modes.twins((6, 13, 9), 0.2, DOWNSCALE)),
    ),
    "dropout_forward.test": (
        layer_case(
            "downscale_in_infer, p = 0.15, a view", (7, 11), 0.15, DOWNSCALE, "test", strided=True, count=1
        ),
        layer_case("p = 0", (6, 4), 0.0, DOWNSCALE, "test", count=1),
    ),
    "dropout_backward": (
        backward.case("upscale_in_train, p = 0.65, a tall matrix", (61, 3), 0.65, UPSCALE),
        backward.case("downscale_in_infer, p = 1", (4, 5), 1.0, DOWNSCALE),
    ),
    "convert_weights": (
        weights.case("from upscale_in_train, p = 0.9", (7, 3), 0.9, UPSCALE, DOWNSCALE),
        weights.case("one axis, to upscale_in_train, p = 0.15", (9,), 0.15, DOWNSCALE, UPSCALE),
    ),
    "spatial_dropout_forward": (
        channels.case(
            "axis (1, 3): the same in all samples and rows", (2, 17, 3, 12), 0.25, DOWNSCALE, axis=(1, 3)
        ),
        channels.case("every axis listed", (8, 5, 9), 0.8, UPSCALE, axis=(0, 1, 2)),
    ),
    "dropconnect_forward": (
        connections.case("scaling not given, p = 0.2", (9, 4, 4), 0.2, None),
        connections.case("test mode, p = 1", (3, 4, 2), 1.0, DOWNSCALE, "test"),
    ),
    "mc_dropout": (
        monte_carlo.case("one prediction", 1, (5, 3, 2)),
        monte_carlo.case("13 predictions", 13, (11, 4, 3)),
    ),
    "affine_relu_dropout": (
        units.case("downscale_in_infer, p = 0.25", (57, 3, 26), 0.25, DOWNSCALE),
        units.case("p = 0: nothing is dropped", (5, 3, 4), 0.0, UPSCALE),
    ),
}
