"""ps3, counting a net: the whole table, layer by layer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import ASSIGNMENT
from course.autograder.checks.conv.nets import NETS
from course.autograder.checks.conv.shapes import fitting
from course.autograder.checks.language import EXACT, Arrays, Inputs, Mistake, Output, check
from course.autograder.checks.language.plain import rows_together
from course.autograder.checks.language.wrong import Wrong, but
from course.reference.convolution import pair
from course.reference.counting import LayerCount
from course.reference.layer_plan import count_plan

SHAPES = ("output_shape", "weight_shape", "bias_shape", "parameters")
OPERATIONS = ("multiplications", "additions", "paddle_flops")
STEPS = ("table = network_table(layers, input_shape)",)

Change = Callable[[LayerCount], dict[str, Any]]
Layer = dict[str, Any]


def _table(
    i: Inputs, change: Change = lambda count: {}, read: Callable[[Layer], Layer] = lambda layer: layer
) -> Arrays:
    """The table as the judge reads it, one array for each column.

    Args:
        i: the case.
        change: which fields of a row differ, for a student who gets the rows wrong.
        read: the layer as it is read, for a student who reads the layers differently.
    """
    counts = count_plan([read(layer) for layer in i["layers"]], i["input_shape"])
    return _of_rows([replace(count, **change(count)) for count in counts], (*SHAPES, *OPERATIONS))


def _of_rows(rows: list[LayerCount], names: tuple[str, ...]) -> Arrays:
    """Columns of a table."""
    columns = {name: rows_together([getattr(row, name) for row in rows], name) for name in names}
    return {f"table.*.{name}": column for name, column in columns.items() if isinstance(column, np.ndarray)}


def _columns(names: tuple[str, ...], **how: Any) -> Wrong:
    """Some columns of a table, the right one or one that is made or read wrongly."""
    wanted = {f"table.*.{name}" for name in names}
    return lambda i: {path: column for path, column in _table(i, **how).items() if path in wanted}


def _rows(names: tuple[str, ...]) -> Callable[..., Mistake]:
    """A mistake in these columns, made in the rows of some kinds of layer, or in all."""

    def mistake(advice: str, change: Change, *kinds: str) -> Mistake:
        def changed(count: LayerCount) -> dict[str, Any]:
            return change(count) if not kinds or count.kind in kinds else {}

        return Mistake(advice, _columns(names, change=changed))

    return mistake


Read = Callable[[Layer], Layer]
Reading = tuple[str, Read]  # the advice, and a layer as it is read


def _unread(option: str, *kinds: str) -> Read:
    """An option that is not looked at, in layers of some types, or in all."""

    def rest(layer: Layer) -> Layer:
        return {key: value for key, value in layer.items() if key != option}

    return lambda layer: rest(layer) if not kinds or layer["type"] in kinds else layer


def _with(kind: str, change: Callable[[Layer], Layer]) -> Read:
    """Layers of a type with other options."""
    return lambda layer: {**layer, **change(layer)} if layer["type"] == kind else layer


def _where_absent(kind: str, **options: Any) -> Read:
    """Layers of a type with other defaults."""
    return lambda layer: {**options, **layer} if layer["type"] == kind else layer


def _first_padding(layer: Layer) -> Layer:
    padding = layer.get("padding", 0)
    return {"padding": padding[0] if isinstance(padding, (list, tuple)) else padding}


NO_BIAS = "A layer has a bias unless it says bias=False: 'bias' is True where it is absent."
HAS_NONE = "A layer with bias False has no bias, and nothing to count for it."

# By name: layers that are read otherwise, which shows in shapes and operations alike.
READINGS: dict[str, Reading] = {
    "stride 1 where a pooling layer names none": (
        "Without a stride, pooling windows stand side by side.", _where_absent("max_pool2d", stride=1)
    ),
    "stride 2 where a convolution names none": (
        "A convolution's stride is 1 where the layer names none.", _where_absent("conv2d", stride=2)
    ),
    "the kernel's size for the stride of a convolution": (
        "Only pooling windows stand side by side: a convolution's stride is 1 where the layer names none.",
        lambda layer: {"stride": layer["kernel_size"], **layer} if layer["type"] == "conv2d" else layer,
    ),
    "ceil_mode ignored": ("A pooling layer with ceil_mode rounds up.", _unread("ceil_mode")),
    "dilation ignored": ("A convolution's dilation is not used.", _unread("dilation")),
    "padding of a convolution ignored": (
        "A convolution's padding is not used: hand it on to conv2d_output_shape.", _unread("padding", "conv2d")
    ),
    "padding of a pooling layer ignored": (
        "A pooling layer may have a padding too: hand it on to pool2d_output_shape.", _unread("padding", "max_pool2d")
    ),
    "first number of a convolution's padding for all edges": (
        "A convolution's padding may be a list: hand it on as it is, not its first number.", _with("conv2d", _first_padding)
    ),
    "pooling windows taken for square": (
        "A pooling window may have another width than height: hand kernel_size on as it is.",
        _with("max_pool2d", lambda layer: {"kernel_size": pair(layer["kernel_size"])[0]}),
    ),
    "kernels read as (width, height)": (
        "A pair is (height, width): the weight has shape (O, C / groups, kh, kw).",
        _with("conv2d", lambda layer: {"kernel_size": pair(layer["kernel_size"])[::-1]}),
    ),
    "no bias where a layer does not say": (NO_BIAS, lambda layer: {"bias": False, **layer}),
    "no bias where a convolution does not say": (NO_BIAS, _where_absent("conv2d", bias=False)),
    "no bias where a linear layer does not say": (NO_BIAS, _where_absent("linear", bias=False)),
    "bias counted although there is none": (HAS_NONE, _unread("bias")),
    "bias counted in a convolution without one": (HAS_NONE, _with("conv2d", lambda layer: {"bias": True})),
    "bias counted in a linear layer without one": (HAS_NONE, _with("linear", lambda layer: {"bias": True})),
}  # fmt: skip


def _readings(names: tuple[str, ...]) -> dict[str, Mistake]:
    """The mistakes of those who read the layers otherwise, in some columns; nothing where no window fits then."""

    def read(how: Read) -> Wrong:
        return fitting(_columns(names, read=how))

    return {name: Mistake(advice, read(how)) for name, (advice, how) in READINGS.items()}


def _in_one_dict(names: tuple[str, ...]) -> Mistake:
    """One dict that is filled anew for each layer, and stands in the table as often."""
    wanted = {f"table.*.{name}" for name in names}

    def wrong(i: Inputs) -> Arrays:
        rows = count_plan(i["layers"], i["input_shape"])
        return {
            path: column for path, column in _of_rows([rows[-1]] * len(rows), names).items() if path in wanted
        }

    return Mistake(
        "Make a new dict for each layer: all of your rows are one and the same, with the last layer's entries.",
        wrong,
    )


def _walked(
    onward: Callable[[LayerCount], tuple[LayerCount, tuple[int, ...]]], names: tuple[str, ...] = SHAPES
) -> Wrong:
    """The table of a student who hands on another shape than comes out of a layer; nothing where that fails.

    Args:
        onward: from the right row of a layer, the row as it is written and the shape that the next layer sees.
        names: the columns.
    """

    def wrong(i: Inputs) -> Arrays:
        rows: list[LayerCount] = []
        shape = tuple(i["input_shape"])
        for layer in i["layers"]:
            seen = shape[:2] if layer["type"] == "linear" else shape  # that is what a linear layer looks at
            try:
                row, shape = onward(replace(count_plan([layer], seen)[0], input_shape=shape))
            except ValueError:
                return {}
            rows.append(row)
        return _of_rows(rows, names)

    return wrong


def _not_carried_on(*kinds: str, names: tuple[str, ...] = SHAPES) -> Mistake:
    """The layer behind one of these kinds still sees that one's input; without any, all see the first one's."""
    return Mistake(
        "A layer's output is the next one's input: carry the shape on after every layer.",
        _walked(
            lambda row: (row, row.input_shape if not kinds or row.kind in kinds else row.output_shape), names
        ),
    )


def _without_channels(row: LayerCount) -> tuple[LayerCount, tuple[int, ...]]:
    flat = (row.input_shape[0], _size(row.input_shape[2:])) if row.kind == FLAT else row.output_shape
    return replace(row, output_shape=flat), flat


def _in_one_row(row: LayerCount) -> tuple[LayerCount, tuple[int, ...]]:
    flat = (1, _size(row.input_shape)) if row.kind == FLAT else row.output_shape
    return replace(row, output_shape=flat), flat


def _compared(i: Inputs) -> Arrays:
    """A pooling layer's additions with a comparison for each value of a window but the first."""
    rows = [
        replace(row, additions=_size(row.output_shape) * (_size(pair(layer["kernel_size"])) - 1))
        if row.kind == POOL
        else row
        for row, layer in zip(count_plan(i["layers"], i["input_shape"]), i["layers"], strict=True)
    ]
    return _of_rows(rows, OPERATIONS)


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _groups_ignored(c: LayerCount) -> dict[str, Any]:
    weight = (c.weight_shape[0], c.input_shape[1], *c.weight_shape[2:])
    return {"weight_shape": weight, "parameters": _size(weight) + sum(c.bias_shape)}


def _products_of_all_channels(c: LayerCount) -> dict[str, Any]:
    products = c.multiplications * c.input_shape[1] // c.weight_shape[1]
    return {"multiplications": products, "paddle_flops": c.paddle_flops - c.multiplications + products}


def _biased(c: LayerCount) -> int:
    """Additions of a bias, where there is one."""
    return _size(c.output_shape) * bool(c.bias_shape)


CONV, LINEAR, NORM, POOL, FLAT = "Conv2D", "Linear", "BatchNorm2D", "MaxPool2D", "Flatten"
shape_mistake, operation_mistake = _rows(SHAPES), _rows(OPERATIONS)

SHAPES_CHECK = check(
    ASSIGNMENT, "network_table.shapes", 3, STEPS,
    extra=True,
    outputs=tuple(Output(f"table.*.{name}", EXACT) for name in SHAPES),
    cases=NETS,
    reference=_columns(SHAPES),
    mistakes={
        "input's shape in the output's place": shape_mistake(
            "A row shows what comes out of its layer.", lambda c: {"output_shape": c.input_shape}
        ),
        "batch left out of the output's shape": shape_mistake(
            "The output's shape begins with the batch.", lambda c: {"output_shape": c.output_shape[1:]}
        ),
        "linear weight as [out, in]": shape_mistake(
            "Paddle's Linear keeps its weight as [in_features, out_features].",
            lambda c: {"weight_shape": c.weight_shape[::-1]}, LINEAR,
        ),
        "convolution weight begins with the input channels": shape_mistake(
            "Paddle's weight is [O, C / groups, kh, kw].",
            lambda c: {"weight_shape": (c.weight_shape[1], c.weight_shape[0], *c.weight_shape[2:])}, CONV,
        ),
        "groups ignored": shape_mistake(
            "In a grouped convolution the weight has C / groups channels.", _groups_ignored, CONV
        ),
        "bias forgotten in the parameters": shape_mistake(
            "The parameters are the weight's and the bias's together.",
            lambda c: {"parameters": _size(c.weight_shape) if c.weight_shape else 0},
        ),
        "running statistics counted as parameters": shape_mistake(
            "Training does not change running mean and variance by gradients: batch norm has gamma and beta, 2 C.",
            lambda c: {"parameters": 2 * c.parameters}, NORM,
        ),
        "batch norm without parameters": shape_mistake(
            "Batch norm has a weight (gamma) and a bias (beta) for each channel.",
            lambda c: {"parameters": 0, "weight_shape": (), "bias_shape": ()}, NORM,
        ),
        "parameters counted for each sample": shape_mistake(
            "All samples share the parameters: the batch is no factor.",
            lambda c: {"parameters": c.parameters * c.output_shape[0]},
        ),
        "parameters of a pooling window": shape_mistake(
            "Pooling takes the maximum: it has no weights.", lambda c: {"parameters": c.input_shape[1] * 4}, POOL
        ),
        "channels left out where it is flattened": shape_mistake(
            "Flattening a sample multiplies all its axes: channels, height and width.",
            lambda c: {"output_shape": (c.input_shape[0], _size(c.input_shape[2:]))}, FLAT,
        ),
        "flatten swallows the batch": shape_mistake(
            "Flattening keeps the first axis: each sample has a row of its own.",
            lambda c: {"output_shape": (_size(c.input_shape),)}, FLAT,
        ),
        "flatten makes one row of the batch": Mistake(
            "Flattening keeps the first axis: each sample has a row of its own.", _walked(_in_one_row)
        ),
        "layers without weights counted as parameters": shape_mistake(
            "The product of an empty shape is 1: a layer without weights has 0 parameters.",
            lambda c: {"parameters": c.parameters + (not c.weight_shape) + (not c.bias_shape)},
        ),
        "shape not carried on after a convolution": _not_carried_on(CONV),
        "shape not carried on after pooling": _not_carried_on(POOL),
        "shape never carried on": _not_carried_on(),
        **_readings(SHAPES),
        "one dict for all rows": _in_one_dict(SHAPES),
        "biases counted twice": shape_mistake(
            "The parameters are the weight's and the bias's together, each counted once.",
            lambda c: {"parameters": c.parameters + sum(c.bias_shape)},
        ),
        "batch norm without its bias": shape_mistake(
            "Batch norm has a bias, beta, beside its weight, gamma: one of each for a channel.",
            lambda c: {"bias_shape": (), "parameters": _size(c.weight_shape)}, NORM,
        ),
        "batch norm's weight and bias of 2 C values": shape_mistake(
            "Batch norm has a gamma and a beta for each channel: both have shape (C,), and running statistics are neither.",
            lambda c: {
                "weight_shape": (2 * c.weight_shape[0],), "bias_shape": (2 * c.bias_shape[0],),
                "parameters": 2 * c.parameters,
            }, NORM,
        ),
        "weight and bias exchanged": shape_mistake(
            "The weight's shape belongs under weight_shape, the bias's under bias_shape: yours are in each other's place.",
            lambda c: {"weight_shape": c.bias_shape, "bias_shape": c.weight_shape},
        ),
        "flatten changes nothing": shape_mistake(
            "Flatten makes [N, C * H * W] of [N, C, H, W].", lambda c: {"output_shape": c.input_shape}, FLAT
        ),
    },
)  # fmt: skip


OPERATIONS_CHECK = check(
    ASSIGNMENT, "network_table.operations", 3, STEPS,
    extra=True,
    outputs=tuple(Output(f"table.*.{name}", EXACT) for name in OPERATIONS),
    cases=NETS,
    reference=_columns(OPERATIONS),
    mistakes={
        "batch forgotten": operation_mistake(
            "You counted one sample; the table is for the whole batch.",
            lambda c: {name: getattr(c, name) // c.output_shape[0] for name in OPERATIONS},
        ),
        "one sample in a linear layer": operation_mistake(
            "A linear layer multiplies for every sample of the batch.",
            lambda c: {name: getattr(c, name) // c.output_shape[0] for name in OPERATIONS}, LINEAR,
        ),
        "multiplied at every input value": operation_mistake(
            "A convolution multiplies once for each output value and tap.",
            lambda c: {"multiplications": c.input_shape[0] * _size(c.input_shape[2:]) * _size(c.weight_shape)}, CONV,
        ),
        "groups ignored": operation_mistake(
            "In a grouped convolution an output value has C / groups * kh * kw products.",
            _products_of_all_channels, CONV,
        ),
        "as many additions as products without a bias": operation_mistake(
            "k products without a bias are summed by k - 1 additions.",
            lambda c: {"additions": c.multiplications}, CONV, LINEAR,
        ),
        "two additions for each product of a linear layer": operation_mistake(
            "k products are summed by k - 1 additions, or k with a bias.",
            lambda c: {"additions": c.additions + c.multiplications}, LINEAR,
        ),
        "two additions for each product of a convolution": operation_mistake(
            "k products are summed by k - 1 additions, or k with a bias.",
            lambda c: {"additions": c.additions + c.multiplications}, CONV,
        ),
        "bias addition of a linear layer forgotten": operation_mistake(
            "A bias costs one addition for each output value.", lambda c: {"additions": c.additions - _biased(c)}, LINEAR
        ),
        "bias addition of a convolution forgotten": operation_mistake(
            "A bias costs one addition for each output value.", lambda c: {"additions": c.additions - _biased(c)}, CONV
        ),
        "bias added in a linear layer without one": operation_mistake(
            "k products without a bias are summed by k - 1 additions.", lambda c: {"additions": c.multiplications}, LINEAR
        ),
        "bias added in a convolution without one": operation_mistake(
            "k products without a bias are summed by k - 1 additions.", lambda c: {"additions": c.multiplications}, CONV
        ),
        # A linear layer's bias that is not there costs additions alone, which "bias added ..." says.
        **but(_readings(OPERATIONS), "bias counted in a linear layer without one"),
        "one dict for all rows": _in_one_dict(OPERATIONS),
        "shape not carried on after a convolution": _not_carried_on(CONV, names=OPERATIONS),
        "shape not carried on after pooling": _not_carried_on(POOL, names=OPERATIONS),
        "shape never carried on": _not_carried_on(names=OPERATIONS),
        "channels left out where it is flattened": Mistake(
            "Flattening a sample multiplies all its axes: channels, height and width.", _walked(_without_channels, OPERATIONS)
        ),
        "one addition too many in a linear layer": operation_mistake(
            "k products need k - 1 additions, the bias one: you have one too many for each output value.",
            lambda c: {"additions": c.additions + _size(c.output_shape)}, LINEAR,
        ),
        "paddle.flops with two for each product": operation_mistake(
            "paddle.flops counts a product and its sum as one.",
            lambda c: {"paddle_flops": c.paddle_flops + c.multiplications}, CONV,
        ),
        "paddle.flops with one bias for each kernel": operation_mistake(
            "For a convolution with a bias paddle.flops adds one for each output value, not for each kernel.",
            lambda c: {"paddle_flops": c.macs + sum(c.bias_shape)}, CONV,
        ),
        "every comparison of a window counted": Mistake(
            "Pooling's comparisons are neither multiplications nor additions.", _compared
        ),
        "ReLU counted": operation_mistake(
            "ReLU is neither a multiplication nor an addition, and paddle.flops agrees.",
            lambda c: dict.fromkeys(OPERATIONS, _size(c.output_shape)), "ReLU",
        ),
        "sigmoid counted": operation_mistake(
            "Sigmoid is neither a multiplication nor an addition, and paddle.flops agrees.",
            lambda c: dict.fromkeys(OPERATIONS, _size(c.output_shape)), "Sigmoid",
        ),
        "batch norm counted twice": operation_mistake(
            "In eval mode batch norm is one multiplication and one addition a value.",
            lambda c: {"multiplications": 2 * c.multiplications, "additions": 2 * c.additions}, NORM,
        ),
        "bias addition forgotten": operation_mistake(
            "A bias costs one addition for each output value.",
            lambda c: {"additions": c.additions - _biased(c)}, CONV, LINEAR,
        ),
        "batch norm costs nothing": operation_mistake(
            "In eval mode batch norm is one multiplication and one addition a value.",
            lambda c: {"multiplications": 0, "additions": 0}, NORM,
        ),
        "comparisons counted": operation_mistake(
            "Pooling's comparisons are neither multiplications nor additions.",
            lambda c: {"additions": _size(c.output_shape) * 3}, POOL,
        ),
        "pooling counted at its outputs": operation_mistake(
            "paddle.flops counts nothing for max pooling.", lambda c: {"paddle_flops": _size(c.output_shape)}, POOL
        ),
        "activations counted": operation_mistake(
            "ReLU and sigmoid are neither multiplications nor additions, and paddle.flops agrees.",
            lambda c: dict.fromkeys(("multiplications", "paddle_flops"), _size(c.output_shape)), "ReLU", "Sigmoid",
        ),
        "paddle.flops taken for the multiplications": operation_mistake(
            "For a convolution with a bias paddle.flops adds one for each output value.",
            lambda c: {"paddle_flops": c.macs}, CONV,
        ),
        "paddle.flops with the bias of a linear layer": operation_mistake(
            "paddle.flops leaves the bias of a linear layer out.",
            lambda c: {"paddle_flops": c.macs + _biased(c)}, LINEAR,
        ),
        "paddle.flops with a bias that is not there": operation_mistake(
            "paddle.flops adds one an output only where there is a bias.",
            lambda c: {"paddle_flops": c.macs + _size(c.output_shape)}, CONV,
        ),
        "paddle.flops of a linear layer with its additions": operation_mistake(
            "paddle.flops counts a product and its sum as one.", lambda c: {"paddle_flops": c.operations}, LINEAR
        ),
        "paddle.flops as multiplications and additions": operation_mistake(
            "paddle.flops counts a product and its sum as one.", lambda c: {"paddle_flops": c.operations}, CONV, LINEAR
        ),
        "paddle.flops without batch norm": operation_mistake(
            "paddle.flops counts 2 for each value that goes through BatchNorm2D.",
            lambda c: {"paddle_flops": 0}, NORM,
        ),
        "paddle.flops with one for each value of batch norm": operation_mistake(
            "paddle.flops counts 2 for each value that goes through BatchNorm2D.",
            lambda c: {"paddle_flops": c.paddle_flops // 2}, NORM,
        ),
    },
)  # fmt: skip

CHECKS = (SHAPES_CHECK, OPERATIONS_CHECK)
