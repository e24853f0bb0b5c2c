"""Cases of ps2 that no release has: other sizes, other p, other axes."""

from course.autograder.checks.dropout import forward_modes, masks, net
from course.autograder.checks.dropout.apply import all_kept, applied
from course.autograder.checks.dropout.backward import passes
from course.autograder.checks.dropout.connections import connected
from course.autograder.checks.dropout.draws import layer
from course.autograder.checks.dropout.monte_carlo import predictions
from course.autograder.checks.dropout.units import units
from course.autograder.checks.dropout.weights import weights
from course.autograder.checks.language import Case
from course.autograder.checks.language.spent import asked_twice
from course.reference.dropout import DOWNSCALE, UPSCALE

HIDDEN: dict[str, tuple[Case, ...]] = {
    "dropout_mask": (
        Case("p = 0.75, five axes", masks.coins((3, 5, 4, 2, 3), 0.75)),
        Case("p = 0.15, a tall matrix", masks.coins((120, 3), 0.15)),
        Case("p = 0.003, hardly any", masks.coins((26, 28), 0.003)),
        Case("p = 0.9, one axis", masks.coins((401,), 0.9)),
        Case("p = 0.125, an axis of one", masks.coins((30, 1, 9), 0.125)),
    ),
    "dropout_mask.generator": (
        Case("p = 0.6, three axes", masks.twins((9, 11, 8), 0.6)),
        Case("p = 0.96, four axes", masks.twins((8, 9, 7, 6), 0.96)),
    ),
    "dropout_apply.train": (
        Case("upscale_in_train, p = 0.9", applied((9, 4), 0.9, "train", UPSCALE)),
        Case("downscale_in_infer, p = 1", applied((3, 2, 4), 1.0, "train", DOWNSCALE)),
        Case("upscale_in_train, p = 0.347", applied((4, 7), 0.347, "train", UPSCALE)),
        Case("upscale_in_train, p = 0.004, images", applied((2, 4, 7, 9), 0.004, "train", UPSCALE)),
        Case("downscale_in_infer, p = 0.996, images", applied((2, 5, 7, 8), 0.996, "train", DOWNSCALE)),
        Case("upscale_in_train, p = 0.65, one axis", applied((12,), 0.65, "train", UPSCALE)),
        Case("downscale_in_infer, p = 0.35, three axes", applied((4, 3, 2), 0.35, "train", DOWNSCALE)),
        Case("p = 0.3, and nothing happens to be dropped", all_kept((3, 4), 0.3, UPSCALE)),
        Case("p = 0.3, and everything happens to be dropped", all_kept((4, 3), 0.3, UPSCALE, 0.0)),
    ),
    "dropout_apply.test": (
        Case("downscale_in_infer, p = 0.15, five axes", applied((2, 3, 2, 4, 3), 0.15, "test", DOWNSCALE)),
        Case("p = 0", applied((3, 4), 0.0, "test", DOWNSCALE)),
        Case("downscale_in_infer, p = 0.347, one axis", applied((8,), 0.347, "test", DOWNSCALE)),
        Case("upscale_in_train, p = 0.2, images", applied((2, 4, 3, 5), 0.2, "test", UPSCALE)),
        Case("downscale_in_infer, p = 0.004", applied((4, 7), 0.004, "test", DOWNSCALE)),
        Case("downscale_in_infer, p = 0.96875, three axes", applied((4, 3, 2), 0.96875, "test", DOWNSCALE)),
    ),
    "dropout_forward.train": (
        Case("upscale_in_train, p = 0.85, a tall matrix", layer((97, 4), 0.85, UPSCALE)),
        Case("scaling not given, float32, p = 0.15", layer((15, 22), 0.15, None, dtype="float32")),
        Case("upscale_in_train, p = 0.003", layer((28, 26), 0.003, UPSCALE)),
        Case("upscale_in_train, p = 0.997", layer((26, 28), 0.997, UPSCALE)),
        Case("upscale_in_train, p = 0.347, images", layer((4, 5, 6, 3), 0.347, UPSCALE)),
        Case("downscale_in_infer, p = 0.65, one axis", layer((290,), 0.65, DOWNSCALE)),
        Case("downscale_in_infer, p = 0.35, an axis of one", layer((33, 1, 9), 0.35, DOWNSCALE)),
    ),
    "dropout_forward.generator": (
        Case("scaling of the other kind, p = 0.2", forward_modes.twins((6, 13, 9), 0.2, DOWNSCALE)),
        Case("one axis, p = 0.35", forward_modes.twins((701,), 0.35, UPSCALE)),
        Case("images, p = 0.65", forward_modes.twins((4, 6, 5, 7), 0.65, UPSCALE)),
    ),
    "dropout_forward.test": (
        Case(
            "downscale_in_infer, p = 0.15, a view",
            layer((7, 11), 0.15, DOWNSCALE, "test", strided=True, count=1),
        ),
        Case("p = 0", layer((6, 4), 0.0, DOWNSCALE, "test", count=1)),
        Case("downscale_in_infer, p = 0.347, images", layer((2, 4, 5, 3), 0.347, DOWNSCALE, "test", count=1)),
        Case("upscale_in_train, p = 0.65, one axis", layer((9,), 0.65, UPSCALE, "test", count=1)),
        Case(
            "downscale_in_infer, p = 0.96875, one sample",
            layer((1, 4, 6), 0.96875, DOWNSCALE, "test", count=1),
        ),
    ),
    "dropout_backward": (
        Case("upscale_in_train, p = 0.65, a tall matrix", passes((61, 3), 0.65, UPSCALE)),
        Case("downscale_in_infer, p = 1", passes((4, 5), 1.0, DOWNSCALE)),
        Case("upscale_in_train, p = 1, test mode", passes((5, 4), 1.0, UPSCALE, "test")),
        Case("upscale_in_train, p = 0.3, test mode", passes((4, 6), 0.3, UPSCALE, "test")),
        Case("scaling not given, p = 0.347", passes((14, 8), 0.347, None)),
        Case("scaling not given, test mode, p = 0.6", passes((5, 6), 0.6, None, "test")),
        Case(
            "downscale_in_infer, test mode, p = 0.347, images", passes((2, 3, 4, 5), 0.347, DOWNSCALE, "test")
        ),
        Case("upscale_in_train, test mode, p = 0.7, one axis", passes((9,), 0.7, UPSCALE, "test")),
        Case("downscale_in_infer, p = 0.35, images", passes((3, 4, 5, 6), 0.35, DOWNSCALE)),
        Case("upscale_in_train, p = 0.65, one axis", passes((120,), 0.65, UPSCALE)),
    ),
    "convert_weights": (
        Case("from upscale_in_train, p = 0.9", weights((7, 3), 0.9, UPSCALE, DOWNSCALE)),
        Case("one axis, to upscale_in_train, p = 0.15", weights((9,), 0.15, DOWNSCALE, UPSCALE)),
        Case("one axis, from upscale_in_train, p = 0.347", weights((8,), 0.347, UPSCALE, DOWNSCALE)),
        Case(
            "a kernel, from upscale_in_train, p = 0.96875", weights((3, 2, 4, 5), 0.96875, UPSCALE, DOWNSCALE)
        ),
        Case("to upscale_in_train, p = 0.004", weights((4, 7), 0.004, DOWNSCALE, UPSCALE)),
    ),
    "spatial_dropout_forward": (
        Case(
            "axis (1, 3): the same in all samples and rows",
            layer((2, 17, 3, 12), 0.25, DOWNSCALE, axis=(1, 3)),
        ),
        Case("every axis listed", layer((8, 5, 9), 0.8, UPSCALE, axis=(0, 1, 2))),
        Case("five axes", layer((15, 12, 2, 3, 2), 0.4, UPSCALE)),
        Case("test mode, upscale_in_train, p = 1", layer((2, 3, 5, 4), 1.0, UPSCALE, "test")),
        Case("test mode, axis given", layer((3, 4, 2), 0.7, DOWNSCALE, "test", axis=(0,))),
        Case("test mode, downscale_in_infer, p = 0.347", layer((4, 3, 2, 5), 0.347, DOWNSCALE, "test")),
        Case(
            "axis (0, 3): whole columns of samples, p = 0.65",
            layer((13, 2, 3, 14), 0.65, UPSCALE, axis=(0, 3)),
        ),
    ),
    "dropconnect_forward": (
        Case("scaling not given, p = 0.2", connected((9, 4, 4), 0.2, None)),
        Case("test mode, p = 1", connected((3, 4, 2), 1.0, DOWNSCALE, "test")),
        Case("test mode, upscale_in_train, p = 1", connected((4, 2, 3), 1.0, UPSCALE, "test")),
        Case("test mode, downscale_in_infer, p = 0.347", connected((4, 5, 2), 0.347, DOWNSCALE, "test")),
        Case("upscale_in_train, p = 0.347", connected((8, 3, 6), 0.347, UPSCALE)),
    ),
    "mc_dropout": (
        Case("one prediction", predictions(1, (5, 3, 2))),
        Case("13 predictions", predictions(13, (11, 4, 3))),
        Case("one sample, one output, 12 predictions", predictions(12, (1, 4, 1))),
    ),
    "affine_relu_dropout": (
        Case("downscale_in_infer, p = 0.25", units((57, 3, 26), 0.25, DOWNSCALE)),
        Case("p = 0: nothing is dropped", units((5, 3, 4), 0.0, UPSCALE)),
        Case("test mode, upscale_in_train, p = 1", units((4, 5, 3), 1.0, UPSCALE, "test")),
        Case("test mode, downscale_in_infer, p = 0.347", units((8, 3, 6), 0.347, DOWNSCALE, "test")),
        Case("some hidden values are 0", units((56, 4, 25), 0.35, UPSCALE, zeros=True)),
        asked_twice(
            "upscale_in_train, p = 0.4, the gradient asked for twice",
            units((11, 4, 6), 0.4, UPSCALE),
            net.STEPS,
            gradient=2,
        ),
    ),
}
