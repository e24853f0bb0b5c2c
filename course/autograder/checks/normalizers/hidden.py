"""Hidden cases of ps4: other sizes, and the edges that its text states."""

from course.autograder.checks.batch_norm.forward import lacking
from course.autograder.checks.language import Case, draws
from course.autograder.checks.language.draws import constant, views
from course.autograder.checks.normalizers import cross, group, layer
from course.autograder.checks.normalizers import renorm_variants as renorm
from course.autograder.checks.normalizers import window_variants as window
from course.autograder.checks.normalizers.correction import statistics
from course.autograder.checks.normalizers.renorm_backward import backward_case


def _constant_channel(r: draws.Generator) -> draws.Inputs:
    i = window.given((4, 3), 2, 2, 1)(r)
    return {**i, "x": constant(lambda r: {"x": draws.batch(r, (4, 3))}, (slice(None), 1), -0.5)(r)["x"]}


_standing_still = draws.altered(cross.moved(4, 3, 0.3), lambda i: {"weight_then": i["weight_now"].copy()})
FIRST_CHANNEL = (slice(None), 0)
ONE_PIXEL = "images of one pixel"


def no_gamma(draw: draws.Draw) -> draws.Draw:
    """The same draw with a gamma of 0."""
    return constant(draw, 1, 0.0, "gamma")


HIDDEN = {
    "layernorm_forward": (
        Case("four axes", layer.given((2, 3, 2, 5), eps=3e-5)),
        Case("many features", layer.given((3, 40))),
        Case("an epsilon of 0", layer.given((4, 3), sd=0.05, eps=0.0)),
    ),
    "layernorm_backward": (
        layer.backward_case("four axes", layer.given((2, 3, 2, 5), eps=3e-5)),
        layer.backward_case("a row that is constant", constant(layer.given((6, 4), eps=1e-3), 2, 0.75)),
    ),
    "groupnorm_forward": (
        Case("a single position", group.given((5, 12, 1, 1), 3, eps=1e-4)),
        Case("a single channel", group.given((3, 1, 2, 4), 1, eps=1e-3)),
        Case("an epsilon of 0", group.given((2, 4, 2, 2), 2, sd=0.05, eps=0.0)),
        Case("a group that is constant", constant(group.given((3, 4, 2, 3), 2), (1, slice(0, 2)), 1.25)),
    ),
    "groupnorm_backward": (
        layer.backward_case("a single position", group.given((5, 12, 1, 1), 3, eps=1e-4)),
        layer.backward_case("a single channel", group.given((3, 1, 2, 4), 1, eps=1e-3)),
        layer.backward_case("one row of pixels", group.given((2, 8, 1, 5), 4, eps=1e-3)),
    ),
    "renorm_correction": (
        Case("many channels", statistics(24, 1.2, 2.5)),
        Case("one channel, wide bounds", statistics(1, 8.0, 9.0)),
    ),
    "batch_renorm_forward.train": (
        Case(
            "a constant channel",
            constant(renorm.given((7, 4), r_max=2.0, d_max=1.0), FIRST_CHANNEL, 0.5),
        ),
        Case(
            "a momentum of 0 and a gamma of 0",
            no_gamma(renorm.given((6, 4), r_max=2.0, d_max=1.0, momentum=0.0)),
        ),
        Case(
            "bn_param holds no running mean and no d_max",
            lacking(renorm.given((5, 3), r_max=1.5, d_max=0.4), "running_mean", "d_max"),
        ),
        Case(
            "bn_param holds no running deviation and no r_max",
            lacking(renorm.given((4, 6), r_max=1.5, d_max=0.4), "running_std", "r_max"),
        ),
        Case("an epsilon of 0", renorm.given((6, 3), sd=0.05, r_max=1.5, d_max=0.5, eps=0.0)),
        Case(ONE_PIXEL, renorm.given((5, 3, 1, 1), r_max=1.5, d_max=0.5)),
        Case("momentum 0.99", renorm.given((20, 3), r_max=1.3, d_max=0.2, momentum=0.99)),
    ),
    "batch_renorm_forward.test": (
        Case("many samples of two features", renorm.given((30, 2), "test", r_max=3.0, d_max=5.0)),
        Case("one image", renorm.given((1, 4, 3, 2), "test", r_max=1.5, d_max=0.5)),
        Case("images of one pixel, a view", views(renorm.given((5, 3, 1, 1), "test"), "x")),
    ),
    "batch_renorm_backward": (
        backward_case("a single sample", renorm.given((1, 4), r_max=2.0, d_max=1.0, eps=1e-3)),
        backward_case(ONE_PIXEL, renorm.given((3, 6, 1, 1), r_max=1.5, d_max=0.5, eps=1e-3)),
        backward_case(
            "a constant channel",
            constant(renorm.given((7, 4), r_max=2.0, d_max=1.0, eps=1e-3), FIRST_CHANNEL, 0.5),
        ),
    ),
    "linear_moments": (
        Case("a single sample", cross.layer(1, 3, 4)),
        Case("one input, one channel", cross.layer(6, 1, 1)),
    ),
    "compensate_moment": (
        Case("a weight that stood still", _standing_still),
        Case("one input", cross.moved(1, 5, 0.4)),
    ),
    "cross_iteration_moments": (
        Case("a window of two, one input", window.given((3, 4), 1, 5, 2)),
        Case("as many earlier steps as the window takes", window.given((2, 3), 4, 7, 8)),
        Case("impossible moments in a short history", window.impossible((3, 4), 2, 2, 5)),
        Case("one sample of one channel", window.given((1, 1), 3, 3, 3)),
        Case("k = 1 and a channel that is constant", _constant_channel),
    ),
}
