"""ps2, the closed form: weights that carry a net from one convention to the other."""

from collections.abc import Callable

from course.autograder.checks.dropout.draws import ASSIGNMENT
from course.autograder.checks.dropout.factors import P_AS_KEEP, product
from course.autograder.checks.language import DROPOUT, Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Generator, away_from_zero, draw, views
from course.autograder.checks.language.wrong import Wrong
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE


@draw
def weights(
    r: Generator, shape: tuple[int, ...], p: float, source: str, target: str, dtype: str = "float64"
) -> Inputs:
    """Weights, p and two scalings."""
    w = away_from_zero(r, shape, 0.3, 2.0).astype(dtype)
    return {"w": w, "p": p, "from_scaling": source, "to_scaling": target}


def _times(factor: Callable[[float, bool], float | None], *, between: bool = True) -> Wrong:
    """A wrong factor from p and whether the net was trained with upscale_in_train; only where the conventions differ."""

    def wrong(i: Inputs) -> Arrays:
        if (i["from_scaling"] != i["to_scaling"]) != between or i["p"] == 0:
            return {}
        found = factor(i["p"], i["from_scaling"] == UPSCALE)
        return {} if found is None else {"converted": product(i["w"], 1.0, found)}

    return wrong


def _taken_away(i: Inputs) -> Arrays:
    differ = i["from_scaling"] != i["to_scaling"] and i["p"] > 0
    return {"converted": i["w"] - i["p"]} if differ else {}


CONVERT_CHECK = check(
    ASSIGNMENT, "convert_weights", 6,
    ("converted = convert_weights(w, p, from_scaling, to_scaling)",),
    outputs=(Output("converted", DROPOUT),),
    cases=(
        Case("from upscale_in_train to downscale_in_infer, p = 0.3", weights((5, 4), 0.3, UPSCALE, DOWNSCALE)),
        Case("from downscale_in_infer to upscale_in_train, p = 0.8", weights((4, 6), 0.8, DOWNSCALE, UPSCALE)),
        Case("from upscale_in_train to itself", weights((3, 5), 0.3, UPSCALE, UPSCALE)),
        Case("from downscale_in_infer to itself", weights((5, 3), 0.7, DOWNSCALE, DOWNSCALE)),
        Case("a convolution's kernel, p = 0.2", weights((4, 3, 2, 5), 0.2, DOWNSCALE, UPSCALE)),
        Case("p = 0: nothing to make up for", weights((4, 2), 0.0, UPSCALE, DOWNSCALE)),
        Case("float32 input", weights((6, 3), 0.6, UPSCALE, DOWNSCALE, "float32")),
        Case("a view that is not contiguous", views(weights((3, 4), 0.4, DOWNSCALE, UPSCALE), "w")),
    ),
    reference=lambda i: {"converted": dropout.convert_weights(i["w"], i["p"], i["from_scaling"], i["to_scaling"])},
    mistakes={
        "multiplied in both directions": Mistake(
            "The way back undoes the way there: one of the two divides.",
            _times(lambda p, up: 1 - p if up else None),
        ),
        "divided in both directions": Mistake(
            "The way back undoes the way there: one of the two multiplies.",
            _times(lambda p, up: None if up else 1 / (1 - p)),
        ),
        "converted the wrong way round": Mistake(
            "Served with downscale_in_infer the inputs come out smaller, so the weights must make up for it.",
            _times(lambda p, up: 1 - p if up else 1 / (1 - p)),
        ),
        P_AS_KEEP: Mistake(
            "p is the probability to DROP: the two conventions differ by the factor 1 - p.",
            _times(lambda p, up: 1 / p if up else p),
        ),
        "weights left as they are": Mistake(
            "The same weights predict something else under the other convention: write both predictions down.",
            _times(lambda p, up: 1.0),
        ),
        "converted twice": Mistake(
            "The conventions differ by 1 - p once, not squared.",
            _times(lambda p, up: (1 - p) ** -2 if up else (1 - p) ** 2),
        ),
        "converted like a variance": Mistake(
            "The prediction is linear in the weights: the factor is 1 - p, not its root.",
            _times(lambda p, up: (1 - p) ** -0.5 if up else (1 - p) ** 0.5),
        ),
        "1 + p for 1 / (1 - p)": Mistake(
            "To undo a multiplication by 1 - p divide by it; 1 + p is another number.",
            _times(lambda p, up: 1 + p if up else None),
        ),
        "p taken away": Mistake(
            "w / 1 - p divides by 1 and takes p away afterwards: 1 - p belongs in brackets.", _taken_away
        ),
        "only to_scaling looked at": Mistake(
            "From a convention to itself nothing changes: you look at to_scaling alone.",
            _times(lambda p, up: 1 - p if up else 1 / (1 - p), between=False),
        ),
        "converted between equal conventions": Mistake(
            "From a convention to itself nothing changes: look at both scalings.",
            _times(lambda p, up: 1 / (1 - p) if up else 1 - p, between=False),
        ),
    },
)  # fmt: skip

CHECKS = (CONVERT_CHECK,)
