"""ps3, counting a net: the whole table, layer by layer."""

from dataclasses import replace
from typing import Any

import numpy as np

from course.autograder.checks.conv.nets import NETS
from course.autograder.checks.conv.shapes import ASSIGNMENT
from course.autograder.checks.language.protocol import Call, rows_together
from course.autograder.checks.language.spec import Arrays, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import EXACT
from course.reference.counting import LayerCount
from course.reference.layer_plan import count_plan

SHAPES = ("output_shape", "weight_shape", "bias_shape", "parameters")
OPERATIONS = ("multiplications", "additions", "paddle_flops")
STEPS = (Call("network_table", ("layers", "input_shape"), ("table",)),)


def _columns(counts: list[LayerCount], names: tuple[str, ...]) -> Arrays:
    """The table as the judge reads it: one array for each column."""
    together = {name: rows_together([getattr(count, name) for count in counts], name) for name in names}
    return {f"table.*.{name}": column for name, column in together.items() if isinstance(column, np.ndarray)}


def _rows(change: Any, names: tuple[str, ...]) -> Any:
    """A student who gets the rows wrong: change(count) returns the fields that differ."""

    def wrong(i: Inputs) -> Arrays:
        counts = count_plan(i["layers"], i["input_shape"])
        return _columns([replace(count, **change(count)) for count in counts], names)

    return wrong


def _plan(change: Any, names: tuple[str, ...]) -> Any:
    """A student who reads the layers differently: change(layer) returns the layer as it is read."""
    return lambda i: _columns(count_plan([change(layer) for layer in i["layers"]], i["input_shape"]), names)


def _but(*keys: str) -> Any:
    return lambda layer: {key: value for key, value in layer.items() if key not in keys}


def _is(*kinds: str) -> Any:
    return lambda count: count.kind in kinds


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _when(test: Any, change: Any) -> Any:
    return lambda count: change(count) if test(count) else {}


CONV, LINEAR, NORM, POOL = _is("Conv2D"), _is("Linear"), _is("BatchNorm2D"), _is("MaxPool2D")
COUNTED = _is("Conv2D", "Linear")


def _shape_mistake(name: str, advice: str, test: Any, change: Any) -> Misconception:
    return Misconception(name, advice, _rows(_when(test, change), SHAPES))


def _operation_mistake(name: str, advice: str, test: Any, change: Any) -> Misconception:
    return Misconception(name, advice, _rows(_when(test, change), OPERATIONS))


def _every(count: LayerCount) -> bool:
    return True


SHAPES_CHECK = Check(
    name="network_table.shapes",
    assignment=ASSIGNMENT,
    points=7,
    functions=("network_table",),
    steps=STEPS,
    outputs=tuple(Output(f"table.*.{name}", EXACT) for name in SHAPES),
    cases=NETS,
    reference=lambda i: _columns(count_plan(i["layers"], i["input_shape"]), SHAPES),
    misconceptions=(
        _shape_mistake(
            "input's shape in the output's place", "A row shows what comes out of its layer.",
            _every, lambda c: {"output_shape": c.input_shape},
        ),
        _shape_mistake(
            "batch left out of the output's shape", "The output's shape begins with the batch.",
            _every, lambda c: {"output_shape": c.output_shape[1:]},
        ),
        _shape_mistake(
            "linear weight as [out, in]", "Paddle's Linear keeps its weight as [in_features, out_features].",
            LINEAR, lambda c: {"weight_shape": c.weight_shape[::-1]},
        ),
        _shape_mistake(
            "convolution weight begins with the input channels", "Paddle's weight is [O, C / groups, kh, kw].",
            CONV, lambda c: {"weight_shape": (c.weight_shape[1], c.weight_shape[0], *c.weight_shape[2:])},
        ),
        Misconception(
            "groups ignored", "In a grouped convolution the weight has C / groups channels.",
            _rows(_when(CONV, lambda c: {
                "weight_shape": (c.weight_shape[0], c.input_shape[1], *c.weight_shape[2:]),
                "parameters": c.weight_shape[0] * c.input_shape[1] * _size(c.weight_shape[2:]) + sum(c.bias_shape),
            }), SHAPES),
        ),
        Misconception(
            "bias counted although there is none", "A layer with bias False has no bias, and nothing to count for it.",
            _plan(_but("bias"), SHAPES),
        ),
        _shape_mistake(
            "bias forgotten in the parameters", "The parameters are the weight's and the bias's together.",
            _every, lambda c: {"parameters": _size(c.weight_shape) if c.weight_shape else 0},
        ),
        _shape_mistake(
            "running statistics counted as parameters",
            "Training does not change running mean and variance by gradients: batch norm has gamma and beta, 2 C.",
            NORM, lambda c: {"parameters": 2 * c.parameters},
        ),
        _shape_mistake(
            "batch norm without parameters", "Batch norm has a weight (gamma) and a bias (beta) for each channel.",
            NORM, lambda c: {"parameters": 0, "weight_shape": (), "bias_shape": ()},
        ),
        _shape_mistake(
            "parameters counted for each sample", "All samples share the parameters: the batch is no factor.",
            _every, lambda c: {"parameters": c.parameters * c.output_shape[0]},
        ),
        _shape_mistake(
            "parameters of a pooling window", "Pooling takes the maximum: it has no weights.",
            POOL, lambda c: {"parameters": c.input_shape[1] * 4},
        ),
        Misconception(
            "stride 1 where a pooling layer names none", "Without a stride, pooling windows stand side by side.",
            lambda i: _columns(count_plan(
                [{"stride": 1, **layer} if layer["type"] == "max_pool2d" else layer for layer in i["layers"]],
                i["input_shape"]), SHAPES),
        ),
        Misconception(
            "ceil_mode ignored", "A pooling layer with ceil_mode rounds up.", _plan(_but("ceil_mode"), SHAPES)
        ),
        Misconception(
            "dilation ignored", "A convolution's dilation is not used.", _plan(_but("dilation"), SHAPES)
        ),
        _shape_mistake(
            "flatten swallows the batch", "Flattening keeps the first axis: each sample has a row of its own.",
            _is("Flatten"), lambda c: {"output_shape": (_size(c.input_shape),)},
        ),
        _shape_mistake(
            "flatten changes nothing", "Flatten makes [N, C * H * W] of [N, C, H, W].",
            _is("Flatten"), lambda c: {"output_shape": c.input_shape},
        ),
    ),
)  # fmt: skip


OPERATIONS_CHECK = Check(
    name="network_table.operations",
    assignment=ASSIGNMENT,
    points=7,
    functions=("network_table",),
    steps=STEPS,
    outputs=tuple(Output(f"table.*.{name}", EXACT) for name in OPERATIONS),
    cases=NETS,
    reference=lambda i: _columns(count_plan(i["layers"], i["input_shape"]), OPERATIONS),
    misconceptions=(
        _operation_mistake(
            "batch forgotten", "You counted one sample; the table is for the whole batch.", _every,
            lambda c: {name: getattr(c, name) // c.output_shape[0] for name in OPERATIONS},
        ),
        _operation_mistake(
            "multiplied at every input value", "A convolution multiplies once for each output value and tap.", CONV,
            lambda c: {"multiplications": c.input_shape[0] * _size(c.input_shape[2:]) * _size(c.weight_shape)},
        ),
        _operation_mistake(
            "groups ignored", "In a grouped convolution an output value has C / groups * kh * kw products.", CONV,
            lambda c: {
                "multiplications": c.multiplications * c.input_shape[1] // c.weight_shape[1],
                "paddle_flops": (c.paddle_flops - c.multiplications)
                + c.multiplications * c.input_shape[1] // c.weight_shape[1],
            },
        ),
        _operation_mistake(
            "as many additions as products without a bias", "k products without a bias are summed by k - 1 additions.",
            COUNTED, lambda c: {"additions": c.multiplications},
        ),
        _operation_mistake(
            "bias addition forgotten", "A bias costs one addition for each output value.", COUNTED,
            lambda c: {"additions": c.additions - _size(c.output_shape) * bool(c.bias_shape)},
        ),
        _operation_mistake(
            "batch norm costs nothing", "In eval mode batch norm is one multiplication and one addition a value.",
            NORM, lambda c: {"multiplications": 0, "additions": 0},
        ),
        _operation_mistake(
            "comparisons counted", "Pooling's comparisons are neither multiplications nor additions.", POOL,
            lambda c: {"additions": _size(c.output_shape) * 3},
        ),
        _operation_mistake(
            "pooling counted at its outputs", "paddle.flops counts nothing for max pooling.", POOL,
            lambda c: {"paddle_flops": _size(c.output_shape)},
        ),
        _operation_mistake(
            "activations counted", "ReLU and sigmoid are neither multiplications nor additions, and paddle.flops agrees.",
            _is("ReLU", "Sigmoid"),
            lambda c: {"multiplications": _size(c.output_shape), "paddle_flops": _size(c.output_shape)},
        ),
        _operation_mistake(
            "paddle.flops taken for the multiplications",
            "For a convolution with a bias paddle.flops adds one for each output value.", CONV,
            lambda c: {"paddle_flops": c.macs},
        ),
        _operation_mistake(
            "paddle.flops with the bias of a linear layer", "paddle.flops leaves the bias of a linear layer out.", LINEAR,
            lambda c: {"paddle_flops": c.macs + _size(c.output_shape) * bool(c.bias_shape)},
        ),
        _operation_mistake(
            "paddle.flops with a bias that is not there", "paddle.flops adds one an output only where there is a bias.",
            CONV, lambda c: {"paddle_flops": c.macs + _size(c.output_shape)},
        ),
        _operation_mistake(
            "paddle.flops as multiplications and additions", "paddle.flops counts a product and its sum as one.",
            COUNTED, lambda c: {"paddle_flops": c.operations},
        ),
        _operation_mistake(
            "paddle.flops without batch norm", "paddle.flops counts 2 for each value that goes through BatchNorm2D.",
            NORM, lambda c: {"paddle_flops": 0},
        ),
        _operation_mistake(
            "paddle.flops with one for each value of batch norm",
            "paddle.flops counts 2 for each value that goes through BatchNorm2D.",
            NORM, lambda c: {"paddle_flops": c.paddle_flops // 2},
        ),
    ),
)  # fmt: skip

CHECKS = (SHAPES_CHECK, OPERATIONS_CHECK)
