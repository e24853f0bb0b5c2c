"""ps4, group norm: runs of neighbouring channels share a mean and a variance, sample by sample."""

from typing import Any

from course.autograder.checks.batch_norm.variants import output, slopes
from course.autograder.checks.language import BATCH_NORM, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.wrong import exchanged, only
from course.autograder.checks.normalizers import variants as v
from course.reference import normalizers


def _eps(i: Inputs) -> float:
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


def _groups_taken(i: Inputs, how_many: str) -> int:
    channels = len(i["gamma"])
    return {"G": i["G"], "C": channels, "1": 1, "C / G": channels // i["G"]}[how_many]


def _sharing(answer: Any) -> dict[str, Mistake]:
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
        "batch norm's axes": Mistake(
            "You normalise each channel over the batch; group norm stays within the sample.",
            answer("G", "batch norm"),
        ),
    }


# --- the forward pass ---


def _out(groups: str = "G", view: str = "runs", **switches: Any) -> Any:
    return lambda i: {"out": output(i, v.group(_groups_taken(i, groups), _eps(i), view, **switches))}


FORWARD = "out, cache = groupnorm_forward(x, gamma, beta, G, gn_param)"

FORWARD_CHECK = check(
    v.ASSIGNMENT,
    "groupnorm_forward",
    10,
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
    ),
    reference=lambda i: {"out": normalizers.group_norm(i["x"], i["gamma"], i["beta"], i["G"], _eps(i))},
    mistakes={
        **_sharing(_out),
        **v.normalising(_out, "gn_param"),
        "gamma and beta swapped": Mistake(
            "gamma multiplies and beta is added; you have it the other way round.",
            exchanged(_out(), "gamma", "beta"),
        ),
    },
)


# --- the backward pass ---


def _gradients(groups: str = "G", view: str = "runs", **switches: Any) -> Any:
    return lambda i: slopes(i, v.group(_groups_taken(i, groups), _eps(i), view, **switches))


BACKWARD_CHECK = check(
    v.ASSIGNMENT,
    "groupnorm_backward",
    11,
    (FORWARD, "dx, dgamma, dbeta = groupnorm_backward(dout, cache)"),
    outputs=v.GRADIENTS,
    cases=(
        Case("six channels in two groups", given((3, 6, 4, 5), 2, eps=1e-5)),
        Case("six channels in three groups, a spread of 0.05", given((2, 6, 3, 4), 3, sd=0.05, eps=1e-3)),
        Case("one group: layer norm over C, H, W", given((3, 4, 2, 5), 1)),
        Case("as many groups as channels: instance norm", given((2, 4, 5, 3), 4, eps=1e-4)),
        Case("a single sample", given((1, 6, 4, 3), 3)),
        Case("float32 input", given((3, 8, 2, 4), 2, dtype="float32", eps=1e-3)),
        Case("a view that is not contiguous", draws.views(given((2, 6, 3, 5), 2), "x")),
    ),
    reference=lambda i: normalizers.group_norm_gradients(
        i["x"], i["gamma"], i["beta"], i["G"], i["dout"], _eps(i)
    ),
    rests_on=FORWARD_CHECK,
    mistakes={
        "gamma taken out of the averages": Mistake(
            "gamma differs within a group, so it belongs inside the averages: take dout * gamma first.",
            v.gamma_outside(_gradients, 1),
        ),
        **_sharing(lambda groups, view: only(_gradients(groups, view), "dx")),
        **v.backward_mistakes(_gradients),
    },
)

CHECKS = (FORWARD_CHECK, BACKWARD_CHECK)
