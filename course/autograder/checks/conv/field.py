"""ps3, the receptive field: how much of the image one output value has seen."""

from itertools import pairwise
from typing import Any

from course.autograder.checks.conv.shapes import ASSIGNMENT
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Answers, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import EXACT
from course.reference.convolution import pair, receptive_field


def _full(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The layers with windows, every option a pair."""
    return [
        {
            "type": layer["type"],
            "kernel_size": pair(layer["kernel_size"]),
            "stride": pair(layer.get("stride", layer["kernel_size"] if layer["type"] == "max_pool2d" else 1)),
            "dilation": pair(layer.get("dilation", 1)),
        }
        for layer in layers
        if "kernel_size" in layer
    ]


def _each(change: Any) -> Any:
    """A student who reads each layer differently: change(layer) gives the options that differ, None drops it."""

    def wrong(i: Inputs) -> Answers:
        read = ((layer, change(layer)) for layer in _full(i["layers"]))
        return {"field": receptive_field([{**layer, **new} for layer, new in read if new is not None])}

    return wrong


def _result(change: Any) -> Any:
    return lambda i: {"field": change(*receptive_field(i["layers"]))}


def _own_stride(i: Inputs) -> Answers:
    """Each layer's step already multiplied by its own stride: all strides one layer too early."""
    layers = _full(i["layers"])
    if not layers:
        return {}
    first = {"type": "conv2d", "kernel_size": (1, 1), "stride": layers[0]["stride"]}
    strides = [layer["stride"] for layer in layers[1:]] + [(1, 1)]
    return {
        "field": receptive_field([first, *({**a, "stride": s} for a, s in zip(layers, strides, strict=True))])
    }


def _last_stride_only(i: Inputs) -> Answers:
    """Each layer's reach multiplied by the stride of the layer before it, not by all strides before it."""
    layers = _full(i["layers"])
    if not layers:
        return {}
    height, width = receptive_field(layers[:1])
    for before, layer in pairwise(layers):
        h, w = receptive_field([{**before, "kernel_size": (1, 1), "dilation": (1, 1)}, layer])
        height, width = height + h - 1, width + w - 1
    return {"field": (height, width)}


def _backwards(i: Inputs) -> Answers:
    return {"field": receptive_field(_full(i["layers"])[::-1])}


def stack(*layers: dict[str, Any]) -> Any:
    """A draw of some layers, with a first convolution of another size for each seed."""

    def draw(r: Generator) -> Inputs:
        first = {
            "type": "conv2d",
            "kernel_size": (int(r.integers(2, 5)), int(r.integers(5, 8))),
            "stride": (2, 1),
        }
        return {"layers": [first, *(dict(layer) for layer in layers)]}

    return draw


RECEPTIVE_FIELD_CHECK = Check(
    name="receptive_field",
    assignment=ASSIGNMENT,
    points=4,
    functions=("receptive_field",),
    steps=(Call("receptive_field", ("layers",), ("field",)),),
    outputs=(Output("field", EXACT),),
    cases=(
        Case("SimpleNet's windows", lambda r: {"layers": [
            {"type": "conv2d", "out_channels": 6, "kernel_size": 5, "padding": 2}, {"type": "relu"},
            {"type": "max_pool2d", "kernel_size": 2, "stride": 2},
            {"type": "conv2d", "out_channels": 16, "kernel_size": 5, "padding": 2}, {"type": "relu"},
            {"type": "max_pool2d", "kernel_size": 2, "stride": 2},
        ]}),
        Case("three strides in a row", stack(
            {"type": "conv2d", "kernel_size": 3, "stride": 3}, {"type": "conv2d", "kernel_size": (2, 3), "stride": 2},
            {"type": "conv2d", "kernel_size": (4, 2)})),
        Case("dilation", stack(
            {"type": "conv2d", "kernel_size": 3, "dilation": (2, 3)}, {"type": "relu"},
            {"type": "conv2d", "kernel_size": (3, 2), "dilation": 2})),
        Case("pooling without a stride", stack(
            {"type": "max_pool2d", "kernel_size": (3, 2)}, {"type": "conv2d", "kernel_size": (2, 3)})),
        Case("a single layer of 1 by 1", lambda r: {"layers": [{"type": "conv2d", "kernel_size": 1, "stride": 2}]}),
    ),
    reference=lambda i: {"field": receptive_field(i["layers"])},
    misconceptions=(
        Misconception(
            "strides ignored",
            "After a stride of 2 a step of the next layer is two input values wide.",
            _each(lambda layer: {"stride": (1, 1)}),
        ),
        Misconception(
            "a layer's own stride counted for itself",
            "A layer's stride spreads what comes after it; its own window is not touched by it.",
            _own_stride,
        ),
        Misconception(
            "only the stride of the layer before",
            "The steps multiply: all strides before a layer spread it, not only the last one.",
            _last_stride_only,
        ),
        Misconception(
            "layers walked backwards",
            "The strides that spread a layer are those before it, on the input's side.",
            _backwards,
        ),
        Misconception("dilation ignored", "A dilated kernel reaches further than its taps are many.",
                      _each(lambda layer: {"dilation": (1, 1)})),
        Misconception(
            "dilation times the kernel",
            "Dilation widens the gaps between the taps, and there is one gap fewer than taps.",
            _each(lambda layer: {
                "dilation": (1, 1),
                "kernel_size": tuple(d * k for d, k in zip(layer["dilation"], layer["kernel_size"], strict=True)),
            }),
        ),
        Misconception(
            "kernel instead of kernel less one",
            "A window of k values adds k - 1 steps to the field, since its first value is there already.",
            _each(lambda layer: {
                "dilation": (1, 1),
                "kernel_size": tuple(d * (k - 1) + 2 for d, k in
                                     zip(layer["dilation"], layer["kernel_size"], strict=True)),
            }),
        ),
        Misconception(
            "one too few", "One value sees itself: start at 1.", _result(lambda h, w: (h - 1, w - 1))
        ),
        Misconception(
            "pooling layers skipped", "A pooling window widens the field as a kernel does, and has a stride.",
            _each(lambda layer: None if layer["type"] == "max_pool2d" else {}),
        ),
        Misconception(
            "stride 1 where a pooling layer names none", "Without a stride, pooling windows stand side by side.",
            lambda i: {"field": receptive_field([{"stride": 1, **layer} for layer in i["layers"]])},
        ),
        Misconception("height and width swapped", "Return (height, width).", _result(lambda h, w: (w, h))),
        Misconception("height taken for the width", "Kernels and strides may differ along the two axes.",
                      _result(lambda h, w: (h, h))),
        Misconception("area for sides", "Return height and width, not their product.", _result(lambda h, w: h * w)),
    ),
)  # fmt: skip

CHECKS = (RECEPTIVE_FIELD_CHECK,)
