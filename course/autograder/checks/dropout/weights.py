"""ps2, the closed form: weights that carry a net from one convention to the other."""

from collections.abc import Callable

from course.autograder.checks.dropout.variants import ASSIGNMENT, P_AS_KEEP
from course.autograder.checks.language.draws import Generator, away_from_zero
from course.autograder.checks.language.protocol import Call, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import DROPOUT
from course.reference import dropout
from course.reference.batch_norm import tensor
from course.reference.device import device, on_device
from course.reference.dropout import DOWNSCALE, UPSCALE


def case(
    name: str,
    shape: tuple[int, ...],
    p: float,
    source: str,
    target: str,
    dtype: str = "float64",
    strided: bool = False,
) -> Case:
    """Weights, p and two scalings."""

    def draw(r: Generator) -> Inputs:
        w = away_from_zero(r, shape, 0.3, 2.0).astype(dtype)
        return {"w": Strided(w) if strided else w, "p": p, "from_scaling": source, "to_scaling": target}

    return Case(name, draw)


def _times(
    factor: Callable[[float, bool], float | None], *, between: bool = True
) -> Callable[[Inputs], Arrays]:
    """A wrong factor from p and whether the net was trained with upscale_in_train; only where the conventions differ."""

    def wrong(i: Inputs) -> Arrays:
        if (i["from_scaling"] != i["to_scaling"]) != between or i["p"] == 0:
            return {}
        found = factor(i["p"], i["from_scaling"] == UPSCALE)
        with on_device(device().name):
            return {} if found is None else {"converted": (tensor(i["w"]) * found).numpy()}

    return wrong


CONVERT_CHECK = Check(
    name="convert_weights",
    assignment=ASSIGNMENT,
    points=6,
    functions=("convert_weights",),
    steps=(Call("convert_weights", ("w", "p", "from_scaling", "to_scaling"), ("converted",)),),
    outputs=(Output("converted", DROPOUT),),
    cases=(
        case("from upscale_in_train to downscale_in_infer, p = 0.3", (5, 4), 0.3, UPSCALE, DOWNSCALE),
        case("from downscale_in_infer to upscale_in_train, p = 0.8", (4, 6), 0.8, DOWNSCALE, UPSCALE),
        case("from upscale_in_train to itself", (3, 5), 0.3, UPSCALE, UPSCALE),
        case("from downscale_in_infer to itself", (5, 3), 0.7, DOWNSCALE, DOWNSCALE),
        case("a convolution's kernel, p = 0.2", (4, 3, 2, 5), 0.2, DOWNSCALE, UPSCALE),
        case("p = 0: nothing to make up for", (4, 2), 0.0, UPSCALE, DOWNSCALE),
        case("float32 input", (6, 3), 0.6, UPSCALE, DOWNSCALE, dtype="float32"),
        case("a view that is not contiguous", (3, 4), 0.4, DOWNSCALE, UPSCALE, strided=True),
    ),
    reference=lambda i: {"converted": dropout.convert_weights(i["w"], i["p"], i["from_scaling"], i["to_scaling"])},
    misconceptions=(
        Misconception(
            "multiplied in both directions",
            "The way back undoes the way there: one of the two divides.",
            _times(lambda p, up: 1 - p if up else None),
        ),
        Misconception(
            "divided in both directions",
            "The way back undoes the way there: one of the two multiplies.",
            _times(lambda p, up: None if up else 1 / (1 - p)),
        ),
        Misconception(
            "converted the wrong way round",
            "Served with downscale_in_infer the inputs come out smaller, so the weights must make up for it.",
            _times(lambda p, up: 1 - p if up else 1 / (1 - p)),
        ),
        Misconception(
            P_AS_KEEP,
            "p is the probability to DROP: the two conventions differ by the factor 1 - p.",
            _times(lambda p, up: 1 / p if up else p),
        ),
        Misconception(
            "weights left as they are",
            "The same weights predict something else under the other convention: write both predictions down.",
            _times(lambda p, up: 1.0),
        ),
        Misconception(
            "converted twice",
            "The conventions differ by 1 - p once, not squared.",
            _times(lambda p, up: (1 - p) ** -2 if up else (1 - p) ** 2),
        ),
        Misconception(
            "converted like a variance",
            "The prediction is linear in the weights: the factor is 1 - p, not its root.",
            _times(lambda p, up: (1 - p) ** -0.5 if up else (1 - p) ** 0.5),
        ),
        Misconception(
            "converted between equal conventions",
            "From a convention to itself nothing changes: look at both scalings.",
            _times(lambda p, up: 1 / (1 - p) if up else 1 - p, between=False),
        ),
    ),
)  # fmt: skip

CHECKS = (CONVERT_CHECK,)
