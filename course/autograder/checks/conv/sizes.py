"""Outputs of the wrong height and width, whatever is in them: the formula of the size, misread."""

import math
from collections.abc import Callable
from typing import NamedTuple

from course.autograder.checks.language import Inputs, Mistake
from course.autograder.checks.language.wrong import of_shape


class Geometry(NamedTuple):
    """What the size of an output is made of: batch and channels, and by axis the input's, the kernel's, stride, pad."""

    lead: tuple[int, int]
    sizes: tuple[int, int]
    kernel: tuple[int, int]
    stride: int
    pad: int = 0

    def shape(self, formula: "Formula") -> tuple[int, ...]:
        """The output's shape by a formula for each axis."""
        axes = zip(self.sizes, self.kernel, strict=True)
        return (*self.lead, *(formula(n, k, self.stride, self.pad) for n, k in axes))


Formula = Callable[[int, int, int, int], int]  # of the input's size, the kernel's, stride and pad


def right_size(n: int, k: int, s: int, p: int) -> int:
    """How many windows fit."""
    return (n + 2 * p - k) // s + 1


FORMULAS: dict[str, tuple[str, Formula]] = {
    "one output row and column too few": (
        "The shape needs its plus one: there is one window more than steps.",
        lambda n, k, s, p: (n + 2 * p - k) // s,
    ),
    "rounded up": (
        "A window that hangs over the edge is not read: round the quotient down.",
        lambda n, k, s, p: -((k - n - 2 * p) // s) + 1,
    ),
    "rounded to the nearest": (
        "Round the quotient down (//): round() rounds up where more than half a step is left over.",
        lambda n, k, s, p: round((n + 2 * p - k) / s + 1),
    ),
    "rounded to the nearest before the plus one": (
        "Round the quotient down (//): round() rounds up where more than half a step is left over.",
        lambda n, k, s, p: round((n + 2 * p - k) / s) + 1,
    ),
    "padding counted once in the size": (
        "Padding is put on both ends of an axis: the size grows by twice the padding.",
        lambda n, k, s, p: (n + p - k) // s + 1,
    ),
    "padding left out of the size": (
        "The windows move over the padded input: count its padding in the output's size.",
        lambda n, k, s, p: (n - k) // s + 1,
    ),
    "plus one inside the division": (
        "The plus one is the first window: add it after the division by the stride.",
        lambda n, k, s, p: (n + 2 * p - k + 1) // s,
    ),
    "size of the input divided by the stride": (
        "The output's size is the number of windows that fit: the input's size less the window's, over the stride, plus 1.",
        lambda n, k, s, p: n // s,
    ),
    "size of the input divided by the window's": (
        "The output's size is the number of windows that fit: the input's size less the window's, over the stride, plus 1.",
        lambda n, k, s, p: n // k,
    ),
    "stride left out of the size": (
        "The windows start `stride` values apart, so that fewer fit: divide by the stride.",
        lambda n, k, s, p: n + 2 * p - k + 1,
    ),
    "size for a padding of 1": (
        "The padding is an argument: use it, not 1.",
        lambda n, k, s, p: (n + 2 - k) // s + 1,
    ),
    "a window for each step on the input": (
        "Only windows that fit count: end before those that would hang over the edge.",
        lambda n, k, s, p: -(-n // s),
    ),
    "a window for each step on the padded input": (
        "Only windows that fit count: end before those that would hang over the edge.",
        lambda n, k, s, p: -(-(n + 2 * p) // s),
    ),
    "output of the input's size": (
        "The output has a row for each window that fits, not for each row of the input.",
        lambda n, k, s, p: n,
    ),
}


OF_PADDING = (
    "padding counted once in the size",
    "padding left out of the size",
    "size for a padding of 1",
    "a window for each step on the padded input",
)


def size_mistakes(
    geometry: Callable[[Inputs], Geometry],
    output: str = "out",
    laid_out: Callable[[Inputs, tuple[int, ...]], tuple[int, ...]] = lambda i, shape: shape,
) -> dict[str, Mistake]:
    """The mistakes in an output's size; `laid_out` gives the shape in which windows of this shape are returned."""

    def by(change: Callable[[Geometry], tuple[int, ...]]) -> Callable[[Inputs], dict[str, object]]:
        def wrong(i: Inputs) -> dict[str, object]:
            g = geometry(i)
            if min(change(g)) < 0:
                return {}
            shape = laid_out(i, change(g))
            as_it_should_be = shape == laid_out(i, g.shape(right_size))
            return {} if as_it_should_be or math.prod(shape) > 10**6 else {output: of_shape(shape)}

        return wrong

    def formula(name: str) -> Callable[[Inputs], dict[str, object]]:
        return by(lambda g: g.shape(FORMULAS[name][1]))

    def square(side: int) -> Callable[[Inputs], dict[str, object]]:
        return by(lambda g: g._replace(kernel=(g.kernel[side],) * 2).shape(right_size))

    return {
        **{name: Mistake(advice, formula(name)) for name, (advice, _) in FORMULAS.items()},
        "output's height and width swapped": Mistake(
            "Height comes before width: [N, C, H', W'].",
            by(lambda g: (*g.lead, *g.shape(right_size)[:1:-1])),
        ),
        "the output's height for its width": Mistake(
            "The output's width is made of the width of the input and of the window.",
            by(lambda g: (*g.lead, *(g.shape(right_size)[2],) * 2)),
        ),
        "the input's height in both sizes": Mistake(
            "The output's width is made of the input's width, not of its height.",
            by(lambda g: g._replace(sizes=(g.sizes[0],) * 2).shape(right_size)),
        ),
        "the output's width for its height": Mistake(
            "The output's height is made of the height of the input and of the window.",
            by(lambda g: (*g.lead, *(g.shape(right_size)[3],) * 2)),
        ),
        "the window's height in both sizes": Mistake(
            "The output's width is made of the window's width, not of its height.", square(0)
        ),
        "the window's width in both sizes": Mistake(
            "The output's height is made of the window's height, not of its width.", square(1)
        ),
    }
