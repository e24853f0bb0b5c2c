"""ps3, shapes: pooling windows, rounded down or up."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import ASSIGNMENT, length
from course.autograder.checks.conv.misfits import REFUSED, anyway, fits_along, towards_zero
from course.autograder.checks.conv.shape_making import POOL_MAKING
from course.autograder.checks.conv.shapes import MISTAKES, SHAPE, fitting, once, reshaped, turned
from course.autograder.checks.language import Answers, Case, Inputs, Mistake, check
from course.autograder.checks.language.draws import Generator, draw
from course.autograder.checks.language.plain import REFUSED as REFUSAL
from course.autograder.checks.language.wrong import Wrong, instead, where
from course.reference.convolution import pair, pool2d_output_shape


def _right(i: Inputs) -> Answers:
    return {"shape": pool2d_output_shape(**i)}


def _rounded_down(i: Inputs) -> Answers:
    return _right({**i, "ceil_mode": False})


def _other(**changes: Any) -> Wrong:
    return fitting(instead(_right, **changes))


def _steps(i: Inputs) -> Any:
    """The stride that holds: the window's own size where none is given."""
    return i["kernel_size"] if i["stride"] is None else i["stride"]


def _ceil(i: Inputs) -> bool:
    return bool(i["ceil_mode"])


def _mixed(axis: int) -> Wrong:
    """Rounded up along one axis, and down along the other."""
    return reshaped(lambda i, shape: np.where(np.arange(4) == axis, shape, _rounded_down(i)["shape"]), _right)


def _by_formula(size: Callable[[int, int, int, bool], int]) -> Wrong:
    """Another number of windows, made of the padded size, the window's, the stride, and whether to round up."""

    def change(i: Inputs, shape: Any) -> list[int]:
        padded = np.add(i["input_shape"][2:], np.multiply(2, pair(i["padding"])))
        axes = zip(padded.tolist(), pair(i["kernel_size"]), pair(_steps(i)), strict=True)
        return [*shape[:2], *(size(n, k, s, _ceil(i)) for n, k, s in axes)]

    return reshaped(change, _right)


def _refusing(true: Callable[[int, int, int], bool]) -> Wrong:
    """The answer of a student who raises where this is true of an axis, of its size, its padding and the window."""

    def wrong(i: Inputs) -> Answers:
        axes = zip(i["input_shape"][2:], pair(i["padding"]), pair(i["kernel_size"]), strict=True)
        fits = bool(fitting(_right)(i))
        return {"shape": REFUSAL} if fits and any(true(n, p, k) for n, p, k in axes) else {}

    return wrong


def _fits_along_alone(axis: int, i: Inputs) -> bool:
    """Whether the window fits along the height (axis 2) or the width (axis 3), and not along the other."""
    return fits_along(axis, i, _other) and not fits_along(5 - axis, i, _other)


def _let_through(i: Inputs) -> Answers:
    """What becomes of a window that does not fit."""
    return anyway(_right, lambda i: pair(_steps(i)), lambda size, s: size)(i)


def _size(r: Generator, channels: tuple[int, int], rows: int, columns: int) -> tuple[int, int, int, int]:
    return (int(r.integers(2, 6)), int(r.integers(*channels)), rows, columns)


def pool_arguments(
    input_shape: tuple[int, ...], kernel: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False
) -> Inputs:
    """The arguments of `pool2d_output_shape` by name."""
    return {
        "input_shape": input_shape, "kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode,
    }  # fmt: skip


@draw
def pool_question(
    r: Generator, out: tuple[int, int], kernel: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    left_over: tuple[int, int] = (0, 0),
) -> Inputs:  # fmt: skip
    """Inputs whose output, rounded down, is `out` and a few rows and columns more, as many of each."""
    k, s, p = pair(kernel), pair(kernel if stride is None else stride), pair(padding)
    more = int(r.integers(0, 6))
    size = [length(out[a] + more, k[a], s[a], 2 * p[a], 1, left_over[a]) for a in (0, 1)]
    return pool_arguments(_size(r, (7, 12), *size), kernel, stride, padding, ceil_mode)


@draw
def fixed(
    r: Generator, rows: int, columns: int, kernel: Any, stride: Any, padding: Any = 0, ceil_mode: bool = False
) -> Inputs:
    """Inputs of this height and width, into which the window may not fit."""
    return pool_arguments(_size(r, (3, 9), rows, columns), kernel, stride, padding, ceil_mode)


POOL_SHAPE_CHECK = check(
    ASSIGNMENT, "pool2d_output_shape", 2,
    ("shape = pool2d_output_shape(input_shape, kernel_size, stride, padding, ceil_mode)",),
    extra=True,
    outputs=SHAPE,
    cases=(
        Case("windows of 3 by 2, no stride given", pool_question((5, 8), (3, 2), None, left_over=(2, 1))),
        Case("windows of 3, stride 2, overlapping", pool_question((6, 4), 3, 2, left_over=(1, 0))),
        Case("another stride for each axis", pool_question((7, 5), (2, 4), (1, 3), left_over=(0, 2))),
        Case("padding (1, 2), stride 2", pool_question((6, 9), (3, 5), 2, (1, 2), left_over=(1, 1))),
        Case("padding 2, stride 3: neither divides by the stride alone", pool_question((4, 5), (5, 4), 3, 2, left_over=(0, 1))),
        Case("padding (2, 0), stride 1", pool_question((9, 5), 4, 1, (2, 0))),
        Case("ceil_mode where one axis divides and one does not", pool_question((5, 7), 3, 2, 0, True, (0, 1))),
        Case("ceil_mode with no stride given", pool_question((4, 6), (4, 3), None, 0, True, (1, 2))),
        Case("ceil_mode where nothing is left over", pool_question((4, 6), (3, 2), None, (1, 0), True)),
        Case("a window that just fits", fixed(5, 8, (5, 2), 2)),
        Case("a window that fits by its padding", fixed(2, 3, 4, 1, 1)),
        Case("a window that fits by half of its padding", fixed(3, 9, (4, 2), 1, 1)),
        Case("as many samples and channels as rows and columns, a stride that is the window's size",
             lambda r: pool_arguments((6, 6, 6, 6), 3, 3)),
        Case("a window one row too tall, with stride 3", fixed(4, 9, (5, 2), 3), raises=REFUSED),
        Case("a window far too wide", fixed(9, 2, (2, 6), 1), raises=REFUSED),
        Case("a window one column too wide, with ceil_mode", fixed(9, 4, (2, 5), 3, ceil_mode=True), raises=REFUSED),
    ),
    reference=_right,
    makings=POOL_MAKING,
    mistakes={
        "stride 1 when none is given": Mistake(
            "Without a stride, pooling windows stand side by side: the stride is the kernel's own size.",
            where(lambda i: i["stride"] is None, _other(stride=1)),
        ),
        "stride is always the window's size": Mistake(
            "The stride that is given is not used; only a stride of None means the window's own size.",
            _other(stride=None),
        ),
        "ceil_mode ignored": Mistake(
            "With ceil_mode the quotient is rounded up: a window may hang over the edge.", _other(ceil_mode=False)
        ),
        "rounded up": Mistake("Without ceil_mode the quotient is rounded down.", _other(ceil_mode=True)),
        "ceil_mode taken for one window more": Mistake(
            "Rounding up changes nothing where the stride divides: ceil_mode is no plus one.",
            where(lambda i: i["ceil_mode"], reshaped(lambda i, shape: np.add(shape, [0, 0, 1, 1]), _rounded_down)),
        ),
        "with ceil_mode, the input's size divided by the stride": Mistake(
            "With ceil_mode it is the quotient that is rounded up: take the window's size off first, and add 1 at the end.",
            where(_ceil, _by_formula(lambda n, k, s, up: -(-n // s))),
        ),
        "with ceil_mode, the plus one taken away": Mistake(
            "Round the quotient up and add 1 to it then; a minus in front takes the 1 away, as in -(-room // s + 1).",
            where(_ceil, _by_formula(lambda n, k, s, up: -((k - n) // s) - 1)),
        ),
        "rounded to the nearest with ceil_mode": Mistake(
            "With ceil_mode any rest makes one window more: round() rounds up only what is above a half.",
            where(_ceil, _by_formula(lambda n, k, s, up: round((n - k) / s) + 1)),
        ),
        **{
            f"only the {compared} is compared": Mistake(
                "Where the window is longer than the padded input on one axis, it does not fit: compare both.",
                where(functools.partial(_fits_along_alone, axis), _let_through),
            )
            for compared, axis in (("height", 2), ("width", 3))
        },
        "not tested with ceil_mode": Mistake(
            "A window that is longer than the padded input is a ValueError with ceil_mode too.",
            where(_ceil, _let_through),
        ),
        "ceil_mode turned round": Mistake(
            "You round up without ceil_mode and down with it; it is the other way.",
            _other(ceil_mode=lambda i: not i["ceil_mode"]),
        ),
        "rounded to the nearest": MISTAKES["rounded to the nearest"].by(_by_formula(lambda n, k, s, up: round((n - k) / s + 1))),
        "kernel left out of the size": MISTAKES["kernel left out of the size"].by(
            _by_formula(lambda n, k, s, up: -(-n // s) + 1 if up else n // s + 1)
        ),
        "size of the input divided by the stride": MISTAKES["size of the input divided by the stride"].by(
            _by_formula(lambda n, k, s, up: -(-n // s) if up else n // s)
        ),
        "plus one forgotten with ceil_mode": Mistake(
            "ceil_mode rounds the quotient up, and the first window comes to it all the same: add 1.",
            where(_ceil, reshaped(lambda i, shape: shape - [0, 0, 1, 1], _right)),
        ),
        "padding counted four times": Mistake(
            "`padding` is what each end of an axis gets: the input grows by twice the padding.",
            _other(padding=lambda i: tuple(2 * p for p in pair(i["padding"]))),
        ),
        "ceil_mode along the height alone": Mistake(
            "ceil_mode rounds up along both axes: the width too.", where(_ceil, _mixed(2))
        ),
        "ceil_mode along the width alone": Mistake(
            "ceil_mode rounds up along both axes: the height too.", where(_ceil, _mixed(3))
        ),
        "plus one forgotten": MISTAKES["plus one forgotten"].by(
            reshaped(lambda i, shape: shape - [0, 0, 1, 1], _right)
        ),
        "padding ignored": MISTAKES["padding ignored"].by(_other(padding=0)),
        "padding counted once": MISTAKES["padding counted once"].by(_other(padding=once)),
        "window taken for square": Mistake(
            "You use the window's height on both axes.",
            _other(kernel_size=lambda i: pair(i["kernel_size"])[0], stride=_steps),
        ),
        "the window's height for both strides where none is given": Mistake(
            "Without a stride, windows stand side by side along both axes: the width's stride is the window's width.",
            where(lambda i: i["stride"] is None, _other(stride=lambda i: pair(i["kernel_size"])[0])),
        ),
        "windows read as (width, height)": Mistake(
            "A pair is (height, width): the first number of kernel_size is the window's height.",
            _other(kernel_size=turned("kernel_size")),
        ),
        "strides read as (width, height)": MISTAKES["strides read as (width, height)"].by(_other(stride=turned("stride"))),
        "paddings read as (width, height)": MISTAKES["paddings read as (width, height)"].by(
            _other(padding=turned("padding"))
        ),
        "a window that just fits is refused": Mistake(
            "A window as long as the padded input fits, and is one window: raise only where it is longer.",
            _refusing(lambda n, p, k: k == n + 2 * p),
        ),
        "fit tested without the padding": Mistake(
            "The window must fit into the padded input: add the padding before you compare.",
            _refusing(lambda n, p, k: k > n),
        ),
        "fit tested with the padding counted once": Mistake(
            "Padding is put on both ends of an axis: compare the window with the input and twice the padding.",
            _refusing(lambda n, p, k: k > n + p),
        ),
        "one channel in the output": Mistake(
            "Pooling looks at each channel by itself: all of them come out again.",
            reshaped(lambda i, shape: np.where(np.arange(4) == 1, 1, shape), _right),
        ),
        "one stride for both axes": MISTAKES["one stride for both axes"].by(
            _other(stride=lambda i: pair(_steps(i))[0])
        ),
        "the width's stride for both axes": MISTAKES["the width's stride for both axes"].by(
            _other(stride=lambda i: pair(_steps(i))[1])
        ),
        "height and width swapped": MISTAKES["height and width swapped"].by(
            reshaped(lambda i, shape: shape[[0, 1, 3, 2]], _right)
        ),
        "channels lost": Mistake(
            "Pooling looks at each channel by itself: all of them come out again.",
            reshaped(lambda i, shape: shape[[0, 2, 3]], _right),
        ),
        "window that does not fit is let through": Mistake(
            "Where the window is longer than the padded input there is none: raise ValueError.",
            _let_through,
        ),
        "negative quotient rounded towards zero": Mistake(
            "int() turns -1/2 into 0, and plus one makes a window that is not there: raise ValueError instead.",
            anyway(_right, lambda i: pair(_steps(i)), towards_zero),
        ),
    },
)  # fmt: skip

CHECKS = (POOL_SHAPE_CHECK,)
