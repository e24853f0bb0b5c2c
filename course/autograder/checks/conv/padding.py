"""ps3, shapes: padding in all of Paddle's spellings."""

from collections.abc import Callable
from typing import Any

from course.autograder.checks.conv.draws import ASSIGNMENT
from course.autograder.checks.conv.shape_making import SHAPE_MAKING
from course.autograder.checks.conv.shapes import (
    MISTAKES,
    SHAPE,
    STEPS,
    arguments,
    elsewhere,
    other,
    question,
    reshaped,
    right,
)
from course.autograder.checks.language import Case, Inputs, Mistake, Mistakes, check
from course.autograder.checks.language.draws import Generator, draw
from course.autograder.checks.language.wrong import Wrong, picked, where
from course.reference.convolution import pair, same_padding


@draw
def sized(
    r: Generator, rows: int, columns: int, kernel: tuple[int, int], stride: Any, padding: Any, dilation: Any = 1
) -> Inputs:  # fmt: skip
    """An input of about this size: axes longer than the kernel grow by a multiple of 12, so that rests stay."""
    more = 12 * int(r.integers(0, 4)) if rows >= kernel[0] else 0
    n, c, o = int(r.integers(2, 6)), int(r.integers(1, 4)), int(r.integers(5, 9))
    return arguments((n, c, rows + more, columns + more), (o, c, *kernel), stride, padding, dilation)


def spelling(i: Inputs) -> str:
    """How a case spells its padding: 'number', 'pair', 'four', 'nested', or the word itself."""
    p = i["padding"]
    if isinstance(p, str):
        return p
    if isinstance(p, int):
        return "number"
    return "pair" if len(p) == 2 else "four" if isinstance(p[0], int) else "nested"


def _read(spelt: str, change: Callable[..., Any]) -> Wrong:
    """A student who takes padding of one spelling for something else: change(its parts)."""
    return where(lambda i: spelling(i) == spelt, other(padding=lambda i: change(*i["padding"])))


def _word(word: str, **changes: Any) -> Wrong:
    """What becomes of one of the two words: other arguments, each a value or a function of the inputs."""
    return where(lambda i: spelling(i) == word, other(**changes))


def _half_the_kernel(i: Inputs) -> list[int]:
    return [(k - 1) // 2 for k in i["weight_shape"][2:]]


def _same_edges(i: Inputs) -> list[int]:
    kernel, stride = i["weight_shape"][2:], pair(i["stride"])
    edges = [same_padding(n, k, s) for n, k, s in zip(i["input_shape"][2:], kernel, stride, strict=True)]
    return [*edges[0], *edges[1]]


def _same_size(size: Callable[[int, int], int]) -> Wrong:
    """'SAME' taken for a height and width of its own, each from (the input's, the stride)."""

    def change(i: Inputs, shape: Any) -> list[int]:
        sizes = zip(i["input_shape"][2:], pair(i["stride"]), strict=True)
        return [*shape[:2], *(size(n, s) for n, s in sizes)]

    return where(lambda i: spelling(i) == "SAME", reshaped(change))


OWN: Mistakes = {
    "pair read as (before, after)": Mistake(
        "Two numbers are (height, width), each for both ends of its axis.",
        _read("pair", lambda p, q: [p, q, p, q]),
    ),
    "pair read as (width, height)": Mistake(
        "Two numbers are (height, width): the first one is for the rows.", _read("pair", lambda p, q: [q, p])
    ),
    "first number of a pair for both axes": Mistake(
        "The second number of a pair is the width's; you use the first one twice.", _read("pair", lambda p, q: p)
    ),
    "four numbers begin with the width": Mistake(
        "Paddle's conv2d reads [top, bottom, left, right]: the rows come first.",
        _read("four", lambda a, b, c, d: [c, d, a, b]),
    ),
    "four numbers read as (top, left, bottom, right)": Mistake(
        "The four numbers are [top, bottom, left, right]: the two ends of the rows stand together.",
        _read("four", lambda a, b, c, d: [a, c, b, d]),
    ),
    "only the first two of four numbers": Mistake(
        "There is a number for each edge: you use the first two for both of their axes' ends.",
        _read("four", lambda a, b, c, d: [a, a, b, b]),
    ),
    "nested padding read from the front": Mistake(
        "The first two pairs belong to batch and channels; the rows' and columns' are the last two.",
        _read("nested", lambda n, c, h, w: [*n, *c]),
    ),
    "nested padding read as [N, H, W, C]": Mistake(
        "The pairs stand in the order of the axes of [N, C, H, W]: the rows' pair is the third, the columns' the fourth.",
        _read("nested", lambda n, c, h, w: [*c, *h]),
    ),
    "nested padding begins with the width": Mistake(
        "The third pair is (top, bottom) and the fourth (left, right).",
        _read("nested", lambda n, c, h, w: [*w, *h]),
    ),
    "first number of each nested pair for both ends": Mistake(
        "Each nested pair is (before, after); you use its first number twice.",
        _read("nested", lambda n, c, h, w: [h[0], w[0]]),
    ),
    "'SAME' keeps the size whatever the stride": Mistake(
        "'SAME' pads as if the stride were 1 only when it is: the output has ceil(size / stride) values.",
        _same_size(lambda n, s: n),
    ),
    "'SAME' as half the kernel on both ends": Mistake(
        "(k - 1) // 2 on both ends is one too few for a kernel of even size: 'SAME' puts the odd one after.",
        _word("SAME", padding=_half_the_kernel, dilation=1),
    ),
    "'SAME' as k // 2 on both ends": Mistake(
        "k // 2 on both ends is one too many for a kernel of even size, and 'SAME' knows nothing of dilation.",
        _word("SAME", padding=lambda i: [k // 2 for k in i["weight_shape"][2:]]),
    ),
    "'SAME' rounds down": Mistake(
        "'SAME' gives ceil(size / stride): a rest is worth a window of its own.",
        _same_size(lambda n, s: n // s),
    ),
    "'SAME' with one window more": Mistake(
        "'SAME' gives ceil(size / stride), and that is no plus one where the stride divides.",
        _same_size(lambda n, s: n // s + 1),
    ),
    "'SAME' with the height's stride for both axes": Mistake(
        "'SAME' gives ceil(size / stride) along each axis by its own stride; you use the height's on both axes.",
        _word("SAME", stride=lambda i: pair(i["stride"])[0]),
    ),
    "'SAME' with the strides read as (width, height)": Mistake(
        "'SAME' gives ceil(size / stride) along each axis by its own stride: the first of the two is the height's.",
        _word("SAME", stride=lambda i: pair(i["stride"])[::-1]),
    ),
    "'SAME' with height and width swapped": Mistake(
        "Your last two numbers are in each other's place where padding is 'SAME': height (rows) comes first.",
        where(lambda i: spelling(i) == "SAME", reshaped(lambda i, shape: shape[[0, 1, 3, 2]])),
    ),
    "dilation ignored with 'VALID'": Mistake(
        "With 'VALID' the dilation stays: it is 'SAME' alone that sets it back to 1.", _word("VALID", dilation=1)
    ),
    "'SAME' keeps the dilation": Mistake(
        "Paddle sets the dilation to 1 when padding is 'SAME'.", _word("SAME", padding=_same_edges)
    ),
    "padding ignored": MISTAKES["padding ignored"].by(
        where(lambda i: spelling(i) not in ("SAME", "VALID"), other(padding=0))
    ),
    "'SAME' taken for 'VALID'": Mistake("'SAME' does pad; 'VALID' does not.", _word("SAME", padding=0)),
    "'VALID' as half the kernel on both ends": Mistake(
        "'VALID' adds no padding; half the kernel on both ends is what 'SAME' means where the stride is 1.",
        _word("VALID", padding=lambda i: [k // 2 for k in i["weight_shape"][2:]]),
    ),
    "'VALID' taken for 'SAME'": Mistake("'VALID' adds no padding.", _word("VALID", padding="SAME")),
}  # fmt: skip

# Mistakes that have a name of their own here, or that no case of padding tells: groups, and a dilation misread.
SAID_OTHERWISE = (
    "paddings read as (width, height)", "padding of the height for both axes", "padding divided by the stride apart",
    "minus one forgotten in the kernel's extent",
    *(name for name in MISTAKES if "groups" in name or name.startswith("dilation ")),
)  # fmt: skip

PADDING_CHECK = check(
    ASSIGNMENT, "conv2d_output_shape.padding", 12, STEPS,
    outputs=SHAPE,
    cases=(
        Case("padding [1, 3]", question((6, 9), (3, 2), 1, [1, 3])),
        Case("padding (4, 2), a tuple, with stride 2", question((7, 5), (4, 3), 2, (4, 2), left_over=(1, 0))),
        Case("padding [top, bottom, left, right]", question((8, 6), (3, 5), 1, [1, 4, 0, 2])),
        Case("padding [[0, 0], [0, 0], [top, bottom], [left, right]]",
             question((9, 6), (5, 3), (1, 2), [[0, 0], [0, 0], [3, 1], [0, 5]])),
        Case("'VALID'", question((7, 9), (3, 4), 2, "VALID", left_over=(1, 0))),
        Case("'SAME' with stride 1", sized(10, 13, (4, 3), 1, "SAME")),
        Case("'SAME' with a stride that does not divide", sized(11, 14, (2, 4), 3, "SAME")),
        Case("'SAME' with dilation 3, which it sets back to 1", sized(9, 11, (3, 4), 2, "SAME", 3)),
        Case("'SAME' with a kernel longer than the image", sized(3, 4, (6, 9), 2, "SAME")),
        Case("0", question((5, 8), (3, 2), 1, 0)),
        Case("two equal numbers", question((6, 6), (3, 3), 2, [2, 2], left_over=(1, 1))),
        Case("four zeros, in a tuple", question((5, 8), (3, 2), 1, (0, 0, 0, 0))),
        Case("a pair for each axis, in tuples", question((5, 8), (4, 3), 1, ((0, 0), (0, 0), (2, 0), (1, 3)))),
        Case("'VALID' with dilation, which stays", question((6, 4), (3, 2), 2, "VALID", (4, 5), left_over=(0, 1))),
        Case("'SAME' with another stride for each axis", sized(13, 9, (2, 1), (4, 2), "SAME")),
    ),
    reference=right,
    makings=SHAPE_MAKING,
    mistakes={
        **OWN,
        **elsewhere(*OWN, *SAID_OTHERWISE),
        **picked(elsewhere(), "dilation of the height for both axes"),
    },
)  # fmt: skip

CHECKS = (PADDING_CHECK,)
