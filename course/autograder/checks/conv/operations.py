"""ps3, counting one layer: multiplications and additions, to the unit."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import ASSIGNMENT
from course.autograder.checks.conv.operations_making import OPERATIONS_MAKING
from course.autograder.checks.conv.shapes import arguments, homework, question
from course.autograder.checks.language import EXACT, Answers, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Draw, Generator, altered
from course.autograder.checks.language.wrong import Wrong, instead, of, swapped, where
from course.reference import convolution
from course.reference.convolution import conv2d_output_shape, pair
from course.reference.counting import Layer, LayerCount, count_layer

COUNTS = ("multiplications", "additions")


def _count(i: Inputs, output_shape: tuple[int, ...] | None = None) -> LayerCount:
    """The layer counted, for the output that it has or for another."""
    shape = output_shape or conv2d_output_shape(**{key: value for key, value in i.items() if key != "bias"})
    bias = tuple(i["weight_shape"][:1]) if i["bias"] else ()
    return count_layer(Layer("Conv2D", tuple(i["input_shape"]), shape, tuple(i["weight_shape"]), bias))


def _both(count: LayerCount) -> Answers:
    return {name: getattr(count, name) for name in COUNTS}


def _right(i: Inputs) -> Answers:
    return _both(_count(i))


def _biased(draw: Draw, bias: bool = True) -> Draw:
    return altered(draw, lambda i: {"bias": bias})


def operations(bias: bool = True, **options: Any) -> Draw:
    """Inputs of `conv2d_operations`; the options are those of `shapes.question`."""
    return _biased(question(**options), bias)


def many(r: Generator) -> Inputs:
    """Many large images of odd size."""
    return arguments((61 + 2 * int(r.integers(0, 8)), 5, 333, 251), (13, 5, 3, 5))


def _weight(i: Inputs, channels: int) -> tuple[int, ...]:
    """The weight's shape with another number of channels that a kernel reads."""
    return (i["weight_shape"][0], channels, *i["weight_shape"][2:])


def _scaled(change: Callable[[Inputs, int], Any]) -> Wrong:
    """A student whose two counts are both off, from the inputs and the right count."""
    return lambda i: {key: change(i, value) for key, value in _right(i).items()}


def _outputs_and_taps(i: Inputs) -> tuple[int, int]:
    """How many output values there are, and how many taps go into each."""
    return int(np.prod(_count(i).output_shape)), int(np.prod(i["weight_shape"][1:]))


def _added(change: Callable[[Inputs, int, int], int]) -> Wrong:
    """A student whose additions alone are wrong, from the inputs, the number of outputs, and of taps of each."""
    return of("additions", lambda i: change(i, *_outputs_and_taps(i)))


def _fewer(share: Callable[[Inputs], int]) -> Wrong:
    """One addition less than products for one in so many output values, and one for each bias."""
    return _added(lambda i, size, taps: size * (taps + i["bias"]) - size // share(i))


def _multiplied(change: Callable[[Inputs, LayerCount], int]) -> Wrong:
    """A student whose multiplications alone are wrong, from the inputs and the right counts."""
    return of("multiplications", lambda i: change(i, _count(i)))


def _divided_again(i: Inputs) -> Answers:
    size, taps = _outputs_and_taps(i)
    fewer = taps // i["groups"]
    return {"multiplications": size * fewer, "additions": size * (fewer - 1 + i["bias"])}


def _with_taps(taps: Callable[[Inputs], int]) -> Wrong:
    """Both counts by another number of taps."""

    def wrong(i: Inputs) -> Answers:
        size, _ = _outputs_and_taps(i)
        return {"multiplications": size * taps(i), "additions": size * (taps(i) - 1 + i["bias"])}

    return wrong


_channels_divided_again = _with_taps(
    lambda i: i["weight_shape"][1] // i["groups"] * int(np.prod(i["weight_shape"][2:]))
)


def _spread_taps(i: Inputs) -> int:
    sides = zip(pair(i["dilation"]), i["weight_shape"][2:], strict=True)
    return int(i["weight_shape"][1] * np.prod([d * (k - 1) + 1 for d, k in sides]))


def _with_output(shape: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Wrong:
    """Both counts for an output of another shape than it has."""
    return lambda i: _both(_count(i, shape(_count(i).output_shape)))


def _padded_by_the_dilation(i: Inputs) -> Answers:
    """Both counts of a student who hands padding and dilation on in each other's place; nothing where no window fits."""
    if not all(isinstance(i[name], int) or len(i[name]) == 2 for name in ("padding", "dilation")):
        return {}
    axes = zip(
        i["input_shape"][2:],
        i["weight_shape"][2:],
        *(pair(i[name]) for name in ("stride", "dilation", "padding")),
        strict=True,
    )
    sizes = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes]
    return _both(_count(i, (i["input_shape"][0], i["weight_shape"][0], *sizes))) if min(sizes) > 0 else {}


def _at_every_input(i: Inputs) -> Answers:
    n, _, h, w = i["input_shape"]
    return _both(_count(i, (n, i["weight_shape"][0], h, w)))


def _without_zeros(i: Inputs) -> Answers:
    """How many taps meet a real pixel: a convolution of ones with ones, summed."""
    (n, _, *size), (o, c, *kernel) = i["input_shape"], i["weight_shape"]
    if pair(i["dilation"]) != (1, 1):
        return {}
    met = convolution.conv2d(
        np.ones((1, 1, *size)), np.ones((1, 1, *kernel)), None, i["stride"], i["padding"]
    )
    return {"multiplications": int(met.sum()) * n * o * c}


OPERATIONS_CHECK = check(
    ASSIGNMENT, "conv2d_operations", 14,
    ("multiplications, additions = "
     "conv2d_operations(input_shape, weight_shape, stride, padding, dilation, groups, bias)",),
    outputs=tuple(Output(name, EXACT) for name in COUNTS),
    cases=(
        Case("a kernel of 3 by 2, padding 2, stride 2", operations(
            out=(6, 9), kernel=(3, 2), stride=2, padding=2, left_over=(1, 1))),
        Case("stride 3, padding 2: neither divides by the stride alone", operations(
            out=(4, 5), kernel=(2, 3), stride=3, padding=2, left_over=(0, 1))),
        Case("no bias", operations(False, out=(7, 5), kernel=(3, 4), padding=1)),
        Case("three groups, no bias", operations(False, out=(4, 9), kernel=(2, 3), groups=3)),
        Case("two groups, with bias", operations(out=(5, 8), kernel=(4, 3), padding=[1, 2], groups=2)),
        Case("dilation 2", operations(out=(6, 7), kernel=(3, 2), dilation=2)),
        Case("as many groups as channels and kernels, all sizes 4",
             _biased(lambda r: arguments((4, 4, 4, 4), (4, 1, 4, 4), groups=4))),
        Case("many large images of odd size, whose counts need every digit", _biased(many)),
        Case("the homework: 10 images of 224 by 224, 64 kernels of 3 by 3, padding 1", _biased(homework)),
        Case("the homework without bias", _biased(homework, False)),
    ),
    reference=_right,
    makings=OPERATIONS_MAKING,
    mistakes={
        "batch forgotten": Mistake(
            "You counted one sample; every sample of the batch costs the same again.",
            _scaled(lambda i, v: v // i["input_shape"][0]),
        ),
        "batch counted twice": Mistake(
            "The batch is in the output's shape already: do not multiply by it again.",
            _scaled(lambda i, v: v * i["input_shape"][0]),
        ),
        "output channels forgotten": Mistake(
            "You counted one kernel; each output channel has a kernel of its own.",
            _scaled(lambda i, v: v // i["weight_shape"][0]),
        ),
        "input channels forgotten": Mistake(
            "Each output value sums over all input channels that its kernel reads.",
            instead(_right, weight_shape=lambda i: _weight(i, 1),
                    input_shape=lambda i: (i["input_shape"][0], i["groups"], *i["input_shape"][2:])),
        ),
        "multiplied at every input value": Mistake(
            "Count where the kernel stops: once for each output value, not for each value of the input.",
            _at_every_input,
        ),
        "stride ignored": Mistake("With a stride there are fewer output values.", instead(_right, stride=1)),
        "padding ignored": Mistake("Padding adds output values.", instead(_right, padding=0)),
        "groups ignored": Mistake(
            "In a grouped convolution a kernel reads only the channels of its group: weight_shape[1] says how many.",
            instead(_right, groups=1, weight_shape=lambda i: _weight(i, i["input_shape"][1])),
        ),
        "groups divided twice": Mistake(
            "weight_shape[1] is C / groups already: do not divide by the groups again.",
            _divided_again,
        ),
        "groups divide weight_shape[1] again": Mistake(
            "weight_shape[1] is C / groups already: do not divide it by the groups.",
            where(lambda i: i["weight_shape"][1] % i["groups"], _channels_divided_again),
        ),
        "dilation ignored": Mistake(
            "The dilation is not used: it spreads the taps, so that fewer windows fit.", instead(_right, dilation=1)
        ),
        "dilated kernel counted whole": Mistake(
            "Dilation spreads the taps and makes no more of them: the gaps between them are not multiplied.",
            _with_taps(_spread_taps),
        ),
        "padding and dilation exchanged": Mistake(
            "conv2d_output_shape takes stride, padding, dilation, groups, in this order: you hand two of them on exchanged.",
            _padded_by_the_dilation,
        ),
        "output taken for square": Mistake(
            "You use the output's height twice; its width is the last number of its shape.",
            _with_output(lambda s: (s[0], s[1], s[2], s[2])),
        ),
        "output channels divided by the groups": Mistake(
            "weight_shape[0] counts all kernels, those of every group: do not divide it by the groups.",
            _scaled(lambda i, v: v // i["groups"]),
        ),
        "bias the wrong way round": Mistake(
            "A bias is one addition more for each output value: yours has it where there is none, and not where there is.",
            _added(lambda i, size, taps: size * (taps - i["bias"])),
        ),
        "bias added once for each channel of each sample": Mistake(
            "The bias is added at every place of its channel.",
            _added(lambda i, size, taps: size * (taps - 1) + i["bias"] * i["input_shape"][0] * i["weight_shape"][0]),
        ),
        "padded zeros not multiplied": Mistake(
            "You left out the products with padding; by the rule of this sheet they are multiplied too.",
            _without_zeros,
        ),
        "a bias multiplied": Mistake(
            "A bias is added, never multiplied (this is what paddle.flops gives, which counts both in one number).",
            _multiplied(lambda i, count: count.paddle_flops),
        ),
        "additions among the multiplications": Mistake(
            "Products and sums have a number each: yours has the additions among the multiplications.",
            _multiplied(lambda i, count: count.multiplications + _right(i)["additions"]),
        ),
        "two for each product": Mistake(
            "You counted a multiplication and an addition in one number; here each has its own.",
            _multiplied(lambda i, count: 2 * count.multiplications),
        ),
        "as many additions as products": Mistake(
            "k products are summed by k - 1 additions; only a bias makes it k.",
            _added(lambda i, size, taps: size * taps),
        ),
        "two additions for each product": Mistake(
            "The additions are a number of their own: k products are summed by k - 1 of them, and not by 2k.",
            _added(lambda i, size, taps: size * (2 * taps - 1 + i["bias"])),
        ),
        "one addition more with a bias": Mistake(
            "k products need k - 1 additions, the bias one: you have one too many for each output value.",
            _added(lambda i, size, taps: size * (taps + i["bias"])),
        ),
        "bias addition forgotten": Mistake(
            "The bias costs one addition for each output value.", _added(lambda i, size, taps: size * (taps - 1))
        ),
        "bias added for one sample": Mistake(
            "The bias is added at every output value, those of all samples included.",
            _added(lambda i, size, taps: size * (taps - 1) + size // i["input_shape"][0] * i["bias"]),
        ),
        "one addition less in all": Mistake(
            "Each output value needs one addition less than it has products, not the layer as a whole.",
            _added(lambda i, size, taps: size * taps - 1 + size * i["bias"]),
        ),
        "one addition less in all, the bias left out": Mistake(
            "Each output value needs one addition less than it has products, and one more for its bias.",
            _added(lambda i, size, taps: size * taps - 1),
        ),
        **{
            f"one addition less for each {what}": Mistake(
                "Each output value, of every sample, needs one addition less than it has products.", _fewer(share)
            )
            for what, share in {
                "kernel": lambda i: _outputs_and_taps(i)[0] // i["weight_shape"][0],
                "value of one sample": lambda i: i["input_shape"][0],
                "place of the output": lambda i: i["weight_shape"][0],
            }.items()
        },
        "kernels counted for channels": Mistake(
            "An output value sums over the channels that its kernel reads, weight_shape[1], not over the kernels.",
            _with_taps(lambda i: i["weight_shape"][0] * int(np.prod(i["weight_shape"][2:]))),
        ),
        "kernel taken for square": Mistake(
            "You use the kernel's height twice; its width is the last number of weight_shape.",
            _with_taps(lambda i: i["weight_shape"][1] * i["weight_shape"][2] ** 2),
        ),
        "the kernel's width for both sides": Mistake(
            "You use the kernel's width twice; its height is weight_shape[2].",
            _with_taps(lambda i: i["weight_shape"][1] * i["weight_shape"][3] ** 2),
        ),
        "an addition for the bias at each tap": Mistake(
            "k products are summed by k - 1 additions; the bias is one more, and not as many again.",
            _added(lambda i, size, taps: size * (taps - 1) * (1 + i["bias"])),
        ),
        "kernel's height and width added": Mistake(
            "A kernel has height times width taps.",
            _with_taps(lambda i: i["weight_shape"][1] * sum(i["weight_shape"][2:])),
        ),
        "two additions less than products": Mistake(
            "k products are summed by k - 1 additions; a bias is one more.",
            _added(lambda i, size, taps: size * (taps - 2 + i["bias"])),
        ),
        "bias added once for each channel": Mistake(
            "The bias is added at every place of its channel, in every sample.",
            _added(lambda i, size, taps: size * (taps - 1) + i["weight_shape"][0] * i["bias"]),
        ),
        "channels not added together": Mistake(
            "You sum within each channel; the sums of the channels have to be added as well.",
            _added(lambda i, size, taps: size * (taps - i["weight_shape"][1] + i["bias"])),
        ),
        "multiplications and additions swapped": Mistake(
            "Return (multiplications, additions), in this order.", swapped(_right, *COUNTS)
        ),
        "counted in 32 bits": Mistake(
            "The count has run over: 32-bit integers end at 2,147,483,647. Use Python's integers, or int64.",
            _scaled(lambda i, v: int(np.int64(v).astype(np.int32))),
        ),
        "counted in single precision": Mistake(
            "float32 keeps 24 binary digits, too few for this count: use Python's integers, or int64.",
            _scaled(lambda i, v: int(np.float32(v))),
        ),
        "rounded": Mistake("A count is exact: give every digit.", _scaled(lambda i, v: float(f"{v:.1e}"))),
    },
)  # fmt: skip

CHECKS = (OPERATIONS_CHECK,)
