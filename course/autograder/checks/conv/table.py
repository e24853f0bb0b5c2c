"""ps3, counting a net: the whole table, layer by layer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import ASSIGNMENT
from course.autograder.checks.conv.nets import NETS
from course.autograder.checks.language import EXACT, Arrays, Inputs, Mistake, Output, check
from course.autograder.checks.language.plain import rows_together
from course.autograder.checks.language.wrong import Wrong
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


def _unread(advice: str, option: str) -> Mistake:
    """An option of a layer that is not looked at."""

    def rest(layer: Layer) -> Layer:
        return {key: value for key, value in layer.items() if key != option}

    return Mistake(advice, _columns(SHAPES, read=rest))


def _pool_by_one(layer: Layer) -> Layer:
    return {"stride": 1, **layer} if layer["type"] == "max_pool2d" else layer


def _always_biased(kind: str) -> Mistake:
    """Layers of a kind read as if each had a bias."""

    def read(layer: Layer) -> Layer:
        return {**layer, "bias": True} if layer["type"] == kind else layer

    return Mistake(
        "A layer with bias False has no bias, and nothing to count for it.", _columns(SHAPES, read=read)
    )


def _unbiased(kind: str) -> Mistake:
    """Layers of a kind read as if they had no bias where they do not name one."""

    def read(layer: Layer) -> Layer:
        return {"bias": False, **layer} if layer["type"] == kind else layer

    return Mistake(
        "A layer has a bias unless it says bias=False: 'bias' is True where it is absent.",
        _columns(SHAPES, read=read),
    )


def _walked(onward: Callable[[LayerCount], tuple[LayerCount, tuple[int, ...]]]) -> Wrong:
    """The table of a student who hands on another shape than comes out of a layer; nothing where that fails.

    Args:
        onward: from the right row of a layer, the row as it is written and the shape that the next layer sees.
    """

    def wrong(i: Inputs) -> Arrays:
        rows: list[LayerCount] = []
        shape = tuple(i["input_shape"])
        for layer in i["layers"]:
            if layer["type"] == "linear" and len(shape) != 2:
                return {}
            try:
                row, shape = onward(count_plan([layer], shape)[0])
            except ValueError:
                return {}
            rows.append(row)
        return _of_rows(rows, SHAPES)

    return wrong


def _not_carried_on(kind: str) -> Mistake:
    """The layer behind one of this kind still sees that one's input."""
    return Mistake(
        "A layer's output is the next one's input: carry the shape on after every layer.",
        _walked(lambda row: (row, row.input_shape if row.kind == kind else row.output_shape)),
    )


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
        "bias counted although there is none": _unread(
            "A layer with bias False has no bias, and nothing to count for it.", "bias"
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
        "stride 1 where a pooling layer names none": Mistake(
            "Without a stride, pooling windows stand side by side.", _columns(SHAPES, read=_pool_by_one)
        ),
        "ceil_mode ignored": _unread("A pooling layer with ceil_mode rounds up.", "ceil_mode"),
        "dilation ignored": _unread("A convolution's dilation is not used.", "dilation"),
        "no bias where a layer does not say": Mistake(
            "A layer has a bias unless it says bias=False: 'bias' is True where it is absent.",
            _columns(SHAPES, read=lambda layer: {"bias": False, **layer}),
        ),
        "no bias where a convolution does not say": _unbiased("conv2d"),
        "no bias where a linear layer does not say": _unbiased("linear"),
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
        "bias counted in a convolution without one": _always_biased("conv2d"),
        "bias counted in a linear layer without one": _always_biased("linear"),
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
