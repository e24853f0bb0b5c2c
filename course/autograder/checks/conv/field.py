"""ps3, the receptive field: how much of the image one output value has seen."""

from itertools import pairwise
from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import ASSIGNMENT
from course.autograder.checks.conv.nets import RELU, Layer, conv, pool
from course.autograder.checks.language import EXACT, Answers, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Generator, draw
from course.autograder.checks.language.wrong import Wrong
from course.reference.convolution import pair, receptive_field


def _window(layer: Layer) -> Layer:
    """The options of a layer with a window, each a pair."""
    kernel = pair(layer["kernel_size"])
    by_itself = kernel if layer["type"] == "max_pool2d" else 1
    return {
        "type": layer["type"], "kernel_size": kernel, "stride": pair(layer.get("stride", by_itself)),
        "dilation": pair(layer.get("dilation", 1)),
    }  # fmt: skip


def _full(layers: list[Layer]) -> list[Layer]:
    """The layers with windows, every option a pair."""
    return [_window(layer) for layer in layers if "kernel_size" in layer]


def _each(change: Any) -> Wrong:
    """A student who reads each layer differently: change(layer) gives the options that differ, None drops it."""

    def wrong(i: Inputs) -> Answers:
        read = ((layer, change(layer)) for layer in _full(i["layers"]))
        return {"field": receptive_field([{**layer, **new} for layer, new in read if new is not None])}

    return wrong


def _read(change: Any) -> Wrong:
    """A student who reads each layer with a window differently, as it stands: change(layer) gives what differs."""

    def wrong(i: Inputs) -> Answers:
        layers = [layer for layer in i["layers"] if "kernel_size" in layer]
        return {"field": receptive_field([{**layer, **change(layer)} for layer in layers])}

    return wrong


def _turned(option: str) -> Wrong:
    return _each(lambda layer: {option: layer[option][::-1]})


def _steps_of_the_height(i: Inputs) -> Answers:
    """The field whose steps are the height's along both axes."""
    return _each(lambda layer: {"stride": (layer["stride"][0],) * 2})(i)


def _resized(extent: Any) -> Wrong:
    """A student whose kernels cover extent(dilation, kernel) values on each axis, without a gap."""

    def change(layer: Layer) -> Layer:
        pairs = zip(layer["dilation"], layer["kernel_size"], strict=True)
        return {"dilation": (1, 1), "kernel_size": tuple(extent(d, k) for d, k in pairs)}

    return _each(change)


def _result(change: Any) -> Wrong:
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


def _added(i: Inputs) -> Answers:
    """The steps of the layers grow by each stride less one, where they are to be multiplied by it."""
    seen = np.ones(2, dtype=int)
    wide = np.ones(2, dtype=int)
    for layer in _full(i["layers"]):
        seen += np.multiply(layer["dilation"], np.subtract(layer["kernel_size"], 1)) * wide
        wide += np.subtract(layer["stride"], 1)
    return {"field": tuple(seen.tolist())}


def _multiplied_field(i: Inputs) -> Answers:
    """The field multiplied by each layer's stride before that layer's reach is added."""
    seen = np.ones(2, dtype=int)
    for layer in _full(i["layers"]):
        seen = seen * layer["stride"] + np.multiply(layer["dilation"], np.subtract(layer["kernel_size"], 1))
    return {"field": tuple(seen.tolist())}


def _back_without_the_one(i: Inputs) -> Answers:
    """The recursion from the last layer back, field * stride where (field - 1) * stride + 1 is meant."""
    seen = np.ones(2, dtype=int)
    for layer in _full(i["layers"])[::-1]:
        seen = seen * layer["stride"] + np.multiply(layer["dilation"], np.subtract(layer["kernel_size"], 1))
    return {"field": tuple(seen.tolist())}


def _backwards(i: Inputs) -> Answers:
    return {"field": receptive_field(_full(i["layers"])[::-1])}


@draw
def stack(r: Generator, *layers: Layer) -> Inputs:
    """Some layers, behind a first convolution of another size for each seed."""
    kernel = (int(r.integers(2, 5)), int(r.integers(5, 8)))
    first = {"type": "conv2d", "kernel_size": kernel, "stride": (2, 1)}
    return {"layers": [first, *(dict(layer) for layer in layers)]}


SIMPLENET = (
    conv(out_channels=6, kernel_size=5, padding=2), RELU, pool(kernel_size=2, stride=2),
    conv(out_channels=16, kernel_size=5, padding=2), RELU, pool(kernel_size=2, stride=2),
)  # fmt: skip

RECEPTIVE_FIELD_CHECK = check(
    ASSIGNMENT, "receptive_field", 2,
    ("field = receptive_field(layers)",),
    extra=True,
    outputs=(Output("field", EXACT),),
    cases=(
        Case("SimpleNet's windows", lambda r: {"layers": [dict(layer) for layer in SIMPLENET]}),
        Case("three strides in a row", stack(
            conv(kernel_size=3, stride=3), conv(kernel_size=(2, 3), stride=2), conv(kernel_size=(4, 2)))),
        Case("dilation", stack(
            conv(kernel_size=3, dilation=(2, 3)), RELU, conv(kernel_size=(3, 2), dilation=2))),
        Case("pooling without a stride", stack(pool(kernel_size=(3, 2)), conv(kernel_size=(2, 3)))),
        Case("a single layer of 1 by 1", lambda r: {"layers": [conv(kernel_size=1, stride=2)]}),
        Case("kernels and strides of 2", lambda r: {"layers": [conv(kernel_size=2, stride=2), pool(kernel_size=2)] * 2}),
    ),
    reference=lambda i: {"field": receptive_field(i["layers"])},
    mistakes={
        "strides ignored": Mistake(
            "After a stride of 2 a step of the next layer is two input values wide.",
            _each(lambda layer: {"stride": (1, 1)}),
        ),
        "a layer's own stride counted for itself": Mistake(
            "A layer's stride spreads what comes after it; its own window is not touched by it.", _own_stride
        ),
        "only the stride of the layer before": Mistake(
            "The steps multiply: all strides before a layer spread it, not only the last one.", _last_stride_only
        ),
        "strides added, not multiplied": Mistake(
            "A step is as wide as all strides before multiplied together; you add them up.", _added
        ),
        "field multiplied by each stride": Mistake(
            "A stride spreads what comes after it, and not the field so far: add the window's reach times the step.",
            _multiplied_field,
        ),
        "field times the stride, from the last layer back": Mistake(
            "From the last layer back, n values of a layer's output lie over n - 1 strides and one window.",
            _back_without_the_one,
        ),
        "layers walked backwards": Mistake(
            "The strides that spread a layer are those before it, on the input's side.", _backwards
        ),
        "dilation ignored": Mistake(
            "A dilated kernel reaches further than its taps are many.", _each(lambda layer: {"dilation": (1, 1)})
        ),
        "dilation times the kernel": Mistake(
            "Dilation widens the gaps between the taps, and there is one gap fewer than taps.",
            _resized(lambda d, k: d * k),
        ),
        "dilation widens the steps too": Mistake(
            "Dilation spreads a layer's own taps; what comes after it is spread by the strides alone.",
            _each(lambda layer: {"stride": tuple(np.multiply(layer["stride"], layer["dilation"]).tolist())}),
        ),
        "kernel instead of kernel less one": Mistake(
            "A window of k values adds k - 1 steps to the field, since its first value is there already.",
            _resized(lambda d, k: d * (k - 1) + 2),
        ),
        "one too few": Mistake("One value sees itself: start at 1.", _result(lambda h, w: (h - 1, w - 1))),
        "pooling layers skipped": Mistake(
            "A pooling window widens the field as a kernel does, and has a stride.",
            _each(lambda layer: None if layer["type"] == "max_pool2d" else {}),
        ),
        "pooling windows not counted": Mistake(
            "A pooling window widens the field as a kernel does; yours only takes its stride.",
            _each(lambda layer: {"kernel_size": (1, 1)} if layer["type"] == "max_pool2d" else {}),
        ),
        "pooling strides not counted": Mistake(
            "A pooling layer's stride spreads what comes after it as a convolution's does.",
            _each(lambda layer: {"stride": (1, 1)} if layer["type"] == "max_pool2d" else {}),
        ),
        "stride 1 where a pooling layer names none": Mistake(
            "Without a stride, pooling windows stand side by side.",
            lambda i: {"field": receptive_field([{"stride": 1, **layer} for layer in i["layers"]])},
        ),
        "the window's size for the stride of a convolution": Mistake(
            "Only pooling windows stand side by side without a stride: a convolution's stride is 1 where none is given.",
            _read(lambda layer: {} if "stride" in layer else {"stride": layer["kernel_size"]}),
        ),
        "kernels read as (width, height)": Mistake(
            "A pair is (height, width): the first number of kernel_size is the height's.",
            _read(lambda layer: {"kernel_size": pair(layer["kernel_size"])[::-1]}),
        ),
        "strides read as (width, height)": Mistake(
            "A pair of strides is (height, width): the first one spreads the rows.", _turned("stride")
        ),
        "dilations read as (width, height)": Mistake(
            "A pair of dilations is (height, width): the first one spreads the rows.", _turned("dilation")
        ),
        "the kernel's height for both axes": Mistake(
            "Height and width are counted alike, each with its own numbers: the width's kernel is the second number.",
            _each(lambda layer: {"kernel_size": (layer["kernel_size"][0],) * 2}),
        ),
        "the height's step for both axes": Mistake(
            "Height and width are counted alike, each with its own numbers: the width's step is made of its own strides.",
            _steps_of_the_height,
        ),
        "dilation of the height for both axes": Mistake(
            "A pair of dilations is (height, width); you use the first one on both axes.",
            _each(lambda layer: {"dilation": (layer["dilation"][0],) * 2}),
        ),
        "height and width swapped": Mistake("Return (height, width).", _result(lambda h, w: (w, h))),
        "height taken for the width": Mistake(
            "Kernels and strides may differ along the two axes.", _result(lambda h, w: (h, h))
        ),
        "area for sides": Mistake("Return height and width, not their product.", _result(lambda h, w: h * w)),
    },
)  # fmt: skip

CHECKS = (RECEPTIVE_FIELD_CHECK,)
