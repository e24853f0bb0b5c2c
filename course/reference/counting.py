"""The ledger of a net: for each layer its shapes, parameters, operations, bytes, and what `paddle.flops` makes of it.

Everything is counted in Python integers, under these rules, on one forward pass in eval mode:

- multiplications and additions are of the real numbers of the layer's formula; a sum of k products is k
  multiplications and k - 1 additions, and a bias one addition more. Padding counts: its zeros are multiplied too.
- comparisons (max pooling, ReLU), exponentials, roots and divisions are neither; a mean over k values multiplies
  once by 1 / k; LeakyReLU multiplies each value once.
- a MAC is one multiplication and the addition that follows it: for convolutions and linear layers the number of
  multiplications, elsewhere 0.
- batch norm in eval mode is one multiplication and one addition for each value; the other normalisers find the
  moments of their input first.
- parameters are those that training changes (no running statistics).
- bytes: each input, weight and bias is read once, each output written once; a view (flatten, identity, dropout in
  eval mode) moves nothing.

`paddle_flops` is what `paddle.flops` (`paddle.hapi.dynamic_flops`) adds for such a layer in Paddle 3.3: MACs and one
bias addition per output for a convolution; MACs without the bias for a linear layer; 2 per value for BatchNorm2D; 1
per output for average pooling, window + 1 for adaptive; 1 per value for LeakyReLU; nothing for max pooling, ReLU,
sigmoid, softmax, BatchNorm1D and the other normalisers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from math import prod
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerCount:
    """One row of the ledger.

    Attributes:
        name: in the net, '0' or 'conv1'.
        kind: Paddle's class name, 'Conv2D'.
        input_shape, output_shape: batch first.
        weight_shape, bias_shape: () where there is none.
        parameters: trained numbers.
        multiplications, additions, macs, paddle_flops: see the module's rules; the whole batch.
        bytes_read, bytes_written: of activations and parameters.
    """

    name: str
    kind: str
    input_shape: Shape
    output_shape: Shape
    weight_shape: Shape
    bias_shape: Shape
    parameters: int
    multiplications: int
    additions: int
    macs: int
    paddle_flops: int
    bytes_read: int
    bytes_written: int

    @property
    def operations(self) -> int:
        """Multiplications and additions together: FLOPs in the sense of a roofline."""
        return self.multiplications + self.additions

    @property
    def intensity(self) -> float:
        """Arithmetic intensity: operations for each byte moved; 0 for a layer that moves none."""
        moved = self.bytes_read + self.bytes_written
        return self.operations / moved if moved else 0.0


@dataclass(frozen=True)
class Layer:
    """What the rules need to know of a layer that has met its input.

    Attributes:
        kind: Paddle's class name.
        inputs, outputs: shapes, batch first.
        weight, bias: shapes, () where there is none.
        window: values under a pooling window.
        group: values that share a mean and a variance, for LayerNorm, GroupNorm, InstanceNorm.
    """

    kind: str
    inputs: Shape
    outputs: Shape
    weight: Shape = ()
    bias: Shape = ()
    window: int = 0
    group: int = 0


Operations = tuple[int, int, int, int]  # multiplications, additions, macs, paddle_flops


def _convolution(layer: Layer) -> Operations:
    size, bias = prod(layer.outputs), bool(layer.bias)
    taps = prod(layer.weight[1:])
    return size * taps, size * (taps - 1 + bias), size * taps, size * (taps + bias)


def _linear(layer: Layer) -> Operations:
    size, taps = prod(layer.outputs), layer.weight[0]
    return size * taps, size * (taps - 1 + bool(layer.bias)), size * taps, size * taps


def _batch_norm(layer: Layer) -> Operations:
    size = prod(layer.outputs)
    return size, size, 0, 2 * size if layer.kind == "BatchNorm2D" else 0


def _own_moments(layer: Layer) -> Operations:
    size = prod(layer.outputs)
    sets = size // layer.group
    # A set of n: mean n - 1 and 1/n, centring n, variance n squares, n - 1 and 1/n, epsilon 1, scaling n.
    multiplications, additions = sets * (2 * layer.group + 2), sets * (3 * layer.group - 1)
    return multiplications + size * bool(layer.weight), additions + size * bool(layer.bias), 0, 0


def _average(layer: Layer) -> Operations:
    size = prod(layer.outputs)
    flops = size if layer.kind.startswith("Avg") else size * (layer.window + 1)
    return size, size * (layer.window - 1), 0, flops


def _leaky(layer: Layer) -> Operations:
    size = prod(layer.outputs)
    return size, 0, 0, size


def _nothing(layer: Layer) -> Operations:
    return 0, 0, 0, 0


RULES: dict[str, Callable[[Layer], Operations]] = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), _convolution),
    "Linear": _linear,
    **dict.fromkeys(("BatchNorm1D", "BatchNorm2D", "BatchNorm3D"), _batch_norm),
    **dict.fromkeys(("LayerNorm", "GroupNorm", "InstanceNorm1D", "InstanceNorm2D"), _own_moments),
    **dict.fromkeys(("AvgPool1D", "AvgPool2D", "AdaptiveAvgPool1D", "AdaptiveAvgPool2D"), _average),
    "LeakyReLU": _leaky,
    **dict.fromkeys(("MaxPool1D", "MaxPool2D", "AdaptiveMaxPool2D"), _nothing),
    **dict.fromkeys(("ReLU", "ReLU6", "Sigmoid", "Tanh", "Softmax", "GELU", "Hardswish"), _nothing),
    **dict.fromkeys(("Flatten", "Identity", "Dropout", "Dropout2D"), _nothing),
}
VIEWS = ("Flatten", "Identity", "Dropout", "Dropout2D")


def count_layer(layer: Layer, name: str = "", itemsize: int = 4) -> LayerCount:
    """The row of one layer.

    Args:
        layer: what is known of it.
        name: for the row.
        itemsize: bytes of one number; 4 for float32.

    Raises:
        ValueError: when there is no rule for that kind.
    """
    if layer.kind not in RULES:
        raise ValueError(
            f"there is no counting rule for {layer.kind}; add one to RULES in course.reference.counting"
        )
    multiplications, additions, macs, flops = RULES[layer.kind](layer)
    parameters = sum(prod(shape) for shape in (layer.weight, layer.bias) if shape)
    moves = 0 if layer.kind in VIEWS else itemsize
    return LayerCount(
        name=name,
        kind=layer.kind,
        input_shape=layer.inputs,
        output_shape=layer.outputs,
        weight_shape=layer.weight,
        bias_shape=layer.bias,
        parameters=parameters,
        multiplications=multiplications,
        additions=additions,
        macs=macs,
        paddle_flops=flops,
        bytes_read=(prod(layer.inputs) + parameters) * moves,
        bytes_written=prod(layer.outputs) * moves,
    )


def total(counts: Sequence[LayerCount]) -> dict[str, int]:
    """The sum of each column of integers over all rows."""
    columns = [field.name for field in fields(LayerCount) if field.type is int or field.type == "int"]
    return {column: sum(getattr(count, column) for count in counts) for column in columns}


def _shape(value: Any) -> Shape:
    return () if value is None else tuple(int(n) for n in value.shape)


def _met(layer: Any, inputs: Any, outputs: Any) -> Layer:
    """What the rules need, read off a Paddle layer and the tensors that went through it."""
    kind, before, after = type(layer).__name__, _shape(inputs), _shape(outputs)
    weight = getattr(layer, "weight", None)
    weight = getattr(layer, "scale", None) if weight is None else weight
    window = group = 0
    if kind.startswith("Adaptive"):
        window = prod(n // m for n, m in zip(before[2:], after[2:], strict=True))
    elif kind.startswith("Avg"):
        size = layer.ksize
        window = prod(size) if isinstance(size, (list, tuple)) else size ** (len(after) - 2)
    elif kind == "LayerNorm":
        group = prod(layer._normalized_shape)
    elif kind == "GroupNorm":
        group = prod(before[1:]) // layer._num_groups
    elif kind.startswith("InstanceNorm"):
        group = prod(before[2:])
    return Layer(kind, before, after, _shape(weight), _shape(getattr(layer, "bias", None)), window, group)


def count_network(net: Any, input_shape: Sequence[int], itemsize: int = 4) -> list[LayerCount]:
    """The ledger of any small Paddle net: one row for each leaf layer, in the order in which they run.

    The net is run once on zeros, in eval mode, with a hook on each leaf; what it does outside its layers
    (`F.relu`, `x + y`, `reshape`) is not seen. A layer that runs twice has two rows, its parameters in the first.

    Args:
        net: a `paddle.nn.Layer` that takes one tensor.
        input_shape: batch first.
        itemsize: bytes of one number.

    Raises:
        ValueError: when a layer has no counting rule.
    """
    from dataclasses import replace

    from course.reference.framework import paddle

    counts: list[LayerCount] = []
    seen: set[int] = set()

    def hook(name: str) -> Callable[..., None]:
        def note(layer: Any, inputs: tuple[Any, ...], outputs: Any) -> None:
            count = count_layer(_met(layer, inputs[0], outputs), name, itemsize)
            counts.append(replace(count, parameters=0) if id(layer) in seen else count)
            seen.add(id(layer))

        return note

    named = list(net.named_sublayers()) or [("", net)]
    handles = [layer.register_forward_post_hook(hook(name)) for name, layer in named if not layer.sublayers()]
    training = net.training
    net.eval()
    try:
        with paddle.no_grad():
            net(paddle.zeros(list(input_shape)))
    finally:
        for handle in handles:
            handle.remove()
        if training:
            net.train()
    return counts
