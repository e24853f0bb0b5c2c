"""ps4, group norm: runs of neighbouring channels share a mean and a variance, sample by sample."""

from typing import Any

from course.autograder.checks.language.draws import Generator, scales, shifts, upstream
from course.autograder.checks.language.protocol import Call, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import BATCH_NORM
from course.autograder.checks.normalizers import variants as v
from course.reference import normalizers


def _eps(i: Inputs) -> float:
    return i["gn_param"].get("eps", 1e-5)


def given(
    r: Generator,
    shape: tuple[int, ...],
    groups: int,
    *,
    sd: float = 1.0,
    dtype: str = "float64",
    **gn_param: Any,
) -> Inputs:
    """x [N, C, ...] whose groups have unlike means and spreads, parameters, and a gradient from above."""
    c = shape[1]
    return {
        "x": v.groups_of(r, shape, groups, sd, dtype),
        "gamma": scales(r, c).astype(dtype),
        "beta": shifts(r, c).astype(dtype),
        "G": groups,
        "gn_param": gn_param,
        "dout": upstream(r, shape, dtype),
    }


def drawn(shape: tuple[int, ...], groups: int, **keywords: Any) -> Any:
    """`given` as the draw of a Case."""
    return lambda r: given(r, shape, groups, **keywords)


def strided(shape: tuple[int, ...], groups: int) -> Any:
    """The same with a view for x."""

    def draw(r: Generator) -> Inputs:
        i = given(r, shape, groups)
        return {**i, "x": Strided(i["x"])}

    return draw


# --- which values share a mean ---


def _groups_taken(i: Inputs, how_many: str) -> int:
    channels = len(i["gamma"])
    return {"G": i["G"], "C": channels, "1": 1, "C / G": channels // i["G"]}[how_many]


def _sharing(answer: Any) -> tuple[Misconception, ...]:
    """The mistakes in who shares a mean; `answer` makes them from the number of groups and the view."""
    return (
        Misconception(
            "batch included in the group",
            "Your means run over the samples too; group norm normalises each sample by itself.",
            answer("G", "batch too"),
        ),
        Misconception(
            "channels dealt to the groups in turn",
            "A group is a run of neighbouring channels (0, 1, 2 | 3, 4, 5); you dealt them out like cards.",
            answer("G", "dealt in turn"),
        ),
        Misconception(
            "G taken for the channels in a group",
            "G is the number of groups; each has C / G channels.",
            answer("C / G", "runs"),
        ),
        Misconception(
            "each position by itself",
            "A group's mean runs over its channels and all positions; yours leaves the positions apart.",
            answer("G", "each position"),
        ),
        Misconception(
            "one group whatever G is",
            "You normalise each sample over all its channels (layer norm); split them into G groups.",
            answer("1", "runs"),
        ),
        Misconception(
            "one group for each channel whatever G is",
            "You normalise each channel by itself (instance norm); G groups have C / G channels each.",
            answer("C", "runs"),
        ),
        Misconception(
            "batch norm's axes",
            "You normalise each channel over the batch; group norm stays within the sample.",
            answer("G", "batch norm"),
        ),
    )


# --- the forward pass ---


def _out(**switches: Any) -> Any:
    return lambda i: {"out": v.output(i, v.group(i["G"], _eps(i), **switches))}


def _shared_out(how_many: str, view: str) -> Any:
    return lambda i: {"out": v.output(i, v.group(_groups_taken(i, how_many), _eps(i), view))}


def _swapped(i: Inputs) -> Arrays:
    return _out()({**i, "gamma": i["beta"], "beta": i["gamma"]})


FORWARD = Call("groupnorm_forward", ("x", "gamma", "beta", "G", "gn_param"), ("out", "cache"))

FORWARD_CHECK = Check(
    name="groupnorm_forward",
    assignment=v.ASSIGNMENT,
    points=10,
    functions=("groupnorm_forward",),
    steps=(FORWARD,),
    outputs=(Output("out", BATCH_NORM),),
    cases=(
        Case("six channels in two groups", drawn((3, 6, 4, 5), 2, eps=1e-5)),
        Case("six channels in three groups, a spread of 0.01, no eps given", drawn((2, 6, 3, 4), 3, sd=0.01)),
        Case("one group: layer norm over C, H, W", drawn((3, 4, 2, 5), 1, eps=1e-4)),
        Case("as many groups as channels: instance norm", drawn((2, 4, 5, 3), 4, eps=1e-4)),
        Case("another epsilon beside a small spread", drawn((3, 8, 2, 5), 4, sd=0.1, eps=1e-2)),
        Case("a single sample", drawn((1, 6, 4, 3), 3, eps=1e-5)),
        Case("float32 input", drawn((3, 8, 2, 4), 2, dtype="float32", eps=1e-3)),
        Case("a view that is not contiguous", strided((2, 6, 3, 5), 2)),
    ),
    reference=lambda i: {"out": normalizers.group_norm(i["x"], i["gamma"], i["beta"], i["G"], _eps(i))},
    misconceptions=(
        *_sharing(_shared_out),
        *v.normalising(_out, "gn_param"),
        Misconception(
            "gamma and beta swapped",
            "gamma multiplies and beta is added; you have it the other way round.",
            _swapped,
        ),
    ),
)


# --- the backward pass ---


def _slopes(**switches: Any) -> Any:
    return lambda i: v.gradients(i, v.group(i["G"], _eps(i), **switches))


def _shared_dx(how_many: str, view: str) -> Any:
    return lambda i: {"dx": v.gradients(i, v.group(_groups_taken(i, how_many), _eps(i), view))["dx"]}


def _gamma_outside(i: Inputs) -> Arrays:
    """gamma pulled out of the averages; with one channel in a group that is right."""
    gamma = i["gamma"].reshape(1, -1, *[1] * (i["x"].ndim - 2))
    return {"dx": gamma * _slopes(gamma="forgotten")(i)["dx"]}


BACKWARD_CHECK = Check(
    name="groupnorm_backward",
    assignment=v.ASSIGNMENT,
    points=11,
    functions=("groupnorm_forward", "groupnorm_backward"),
    steps=(FORWARD, Call("groupnorm_backward", ("dout", "cache"), ("dx", "dgamma", "dbeta"))),
    outputs=(Output("dx", BATCH_NORM, 2), Output("dgamma", BATCH_NORM), Output("dbeta", BATCH_NORM)),
    cases=(
        Case("six channels in two groups", drawn((3, 6, 4, 5), 2, eps=1e-5)),
        Case("six channels in three groups, a spread of 0.05", drawn((2, 6, 3, 4), 3, sd=0.05, eps=1e-3)),
        Case("one group: layer norm over C, H, W", drawn((3, 4, 2, 5), 1)),
        Case("as many groups as channels: instance norm", drawn((2, 4, 5, 3), 4, eps=1e-4)),
        Case("a single sample", drawn((1, 6, 4, 3), 3)),
        Case("float32 input", drawn((3, 8, 2, 4), 2, dtype="float32", eps=1e-3)),
        Case("a view that is not contiguous", strided((2, 6, 3, 5), 2)),
    ),
    reference=lambda i: normalizers.group_norm_gradients(
        i["x"], i["gamma"], i["beta"], i["G"], i["dout"], _eps(i)
    ),
    rests_on=FORWARD_CHECK,
    misconceptions=(
        Misconception(
            "gamma taken out of the averages",
            "gamma differs within a group, so it belongs inside the averages: take dout * gamma first.",
            _gamma_outside,
        ),
        *_sharing(_shared_dx),
        *v.backward_mistakes(
            _slopes, lambda x, g, b: g.reshape([1, -1, 1, 1]) * x + b.reshape([1, -1, 1, 1])
        ),
    ),
)

CHECKS = (FORWARD_CHECK, BACKWARD_CHECK)
