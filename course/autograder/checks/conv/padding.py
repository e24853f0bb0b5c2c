"""ps3, shapes: padding in all of Paddle's spellings."""

from typing import Any

from course.autograder.checks.conv.shapes import ASSIGNMENT, SHAPE, STEPS, other, question, reshaped, right
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.spec import Answers, Case, Check, Inputs, Misconception
from course.reference.convolution import pair, same_padding


def sized(
    rows: int, columns: int, kernel: tuple[int, int], stride: Any, padding: Any, dilation: Any = 1
) -> Any:
    """A draw with an input of about this size: axes longer than the kernel grow by a multiple of 12, so that rests stay."""

    def draw(r: Generator) -> Inputs:
        more = 12 * int(r.integers(0, 4)) if rows >= kernel[0] else 0
        n, c, o = int(r.integers(2, 6)), int(r.integers(1, 4)), int(r.integers(5, 9))
        return {
            "input_shape": (n, c, rows + more, columns + more),
            "weight_shape": (o, c, *kernel),
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": 1,
        }

    return draw


def _four(order: tuple[int, int, int, int]) -> Any:
    """Four numbers taken in another order; the nested spelling is left alone."""

    def wrong(i: Inputs) -> Answers:
        p = i["padding"]
        if isinstance(p, (int, str)) or len(p) != 4 or not isinstance(p[0], int):
            return {}
        return other(padding=[p[k] for k in order])(i)

    return wrong


def _nested(change: Any) -> Any:
    def wrong(i: Inputs) -> Answers:
        p = i["padding"]
        if isinstance(p, (int, str)) or len(p) != 4 or isinstance(p[0], int):
            return {}
        return other(padding=change(p))(i)

    return wrong


def _pair(change: Any) -> Any:
    def wrong(i: Inputs) -> Answers:
        p = i["padding"]
        return other(padding=change(*p))(i) if isinstance(p, (list, tuple)) and len(p) == 2 else {}

    return wrong


def _word(word: str, **changes: Any) -> Any:
    """What becomes of one of the two words: other arguments, each a value or a function of the inputs."""
    return lambda i: other(**changes)(i) if i["padding"] == word else {}


def _half_the_kernel(i: Inputs) -> list[int]:
    return [(k - 1) // 2 for k in i["weight_shape"][2:]]


def _same_but_dilated(i: Inputs) -> list[int]:
    kernel, stride = i["weight_shape"][2:], pair(i["stride"])
    edges = [same_padding(n, k, s) for n, k, s in zip(i["input_shape"][2:], kernel, stride, strict=True)]
    return [*edges[0], *edges[1]]


def _same_rounds_down(i: Inputs) -> Answers:
    if i["padding"] != "SAME":
        return {}
    s = pair(i["stride"])
    return reshaped(lambda i, shape: [*shape[:2], i["input_shape"][2] // s[0], i["input_shape"][3] // s[1]])(
        i
    )


PADDING_CHECK = Check(
    name="conv2d_output_shape.padding",
    assignment=ASSIGNMENT,
    points=6,
    functions=("conv2d_output_shape",),
    steps=STEPS,
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
    ),
    reference=right,
    misconceptions=(
        Misconception(
            "pair read as (before, after)",
            "Two numbers are (height, width), each for both ends of its axis.",
            _pair(lambda p, q: [p, q, p, q]),
        ),
        Misconception(
            "pair read as (width, height)",
            "Two numbers are (height, width): the first one is for the rows.",
            _pair(lambda p, q: [q, p]),
        ),
        Misconception(
            "first number of a pair for both axes",
            "The second number of a pair is the width's; you use the first one twice.",
            _pair(lambda p, q: p),
        ),
        Misconception(
            "four numbers begin with the width",
            "Paddle's conv2d reads [top, bottom, left, right]: the rows come first.",
            _four((2, 3, 0, 1)),
        ),
        Misconception(
            "four numbers read as (top, left, bottom, right)",
            "The four numbers are [top, bottom, left, right]: the two ends of the rows stand together.",
            _four((0, 2, 1, 3)),
        ),
        Misconception(
            "only the first two of four numbers",
            "There is a number for each edge: you use the first two for both of their axes' ends.",
            _four((0, 0, 1, 1)),
        ),
        Misconception(
            "nested padding read from the front",
            "The first two pairs belong to batch and channels; the rows' and columns' are the last two.",
            _nested(lambda p: [*p[0], *p[1]]),
        ),
        Misconception(
            "nested padding begins with the width",
            "The third pair is (top, bottom) and the fourth (left, right).",
            _nested(lambda p: [*p[3], *p[2]]),
        ),
        Misconception(
            "first number of each nested pair for both ends",
            "Each nested pair is (before, after); you use its first number twice.",
            _nested(lambda p: [p[2][0], p[3][0]]),
        ),
        Misconception(
            "'SAME' keeps the size whatever the stride",
            "'SAME' pads as if the stride were 1 only when it is: the output has ceil(size / stride) values.",
            lambda i: reshaped(lambda i, shape: [*shape[:2], *i["input_shape"][2:]])(i)
            if i["padding"] == "SAME" else {},
        ),
        Misconception(
            "'SAME' as half the kernel on both ends",
            "(k - 1) // 2 on both ends is one too few for a kernel of even size: 'SAME' puts the odd one after.",
            _word("SAME", padding=_half_the_kernel, dilation=1),
        ),
        Misconception(
            "'SAME' rounds down",
            "'SAME' gives ceil(size / stride): a rest is worth a window of its own.",
            _same_rounds_down,
        ),
        Misconception(
            "'SAME' keeps the dilation",
            "Paddle sets the dilation to 1 when padding is 'SAME'.",
            _word("SAME", padding=_same_but_dilated),
        ),
        Misconception(
            "padding ignored",
            "The padding is not used: add it to the input first.",
            lambda i: {} if isinstance(i["padding"], str) else other(padding=0)(i),
        ),
        Misconception("'SAME' taken for 'VALID'", "'SAME' does pad; 'VALID' does not.", _word("SAME", padding=0)),
        Misconception("'VALID' taken for 'SAME'", "'VALID' adds no padding.", _word("VALID", padding="SAME")),
    ),
)  # fmt: skip


CHECKS = (PADDING_CHECK,)
