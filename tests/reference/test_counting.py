"""The ledger: the tables of the course to the unit, and agreement with nets that really run and with `paddle.flops`."""

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest

from course.reference.counting import Layer, count_layer, count_network, total
from course.reference.framework import paddle
from course.reference.layer_plan import SIMPLENET, build_network, count_plan

nn = paddle.nn

HOMEWORK = {"input_shape": (10, 3, 224, 224)}
CONV = {"type": "conv2d", "out_channels": 64, "kernel_size": 3, "padding": 1}

# layer, output, weight, bias, parameters, multiplications, paddle.flops
SIMPLENET_TABLE = [
    ("Conv2D", (10, 6, 224, 224), (6, 3, 5, 5), (6,), 456, 225_792_000, 228_802_560),
    ("MaxPool2D", (10, 6, 112, 112), (), (), 0, 0, 0),
    ("Conv2D", (10, 16, 112, 112), (16, 6, 5, 5), (16,), 2_416, 301_056_000, 303_063_040),
    ("MaxPool2D", (10, 16, 56, 56), (), (), 0, 0, 0),
    ("Linear", (10, 64), (50176, 64), (64,), 3_211_328, 32_112_640, 32_112_640),
    ("Linear", (10, 1), (64, 1), (1,), 65, 640, 640),
]


def paddle_flops(net, shape):
    with contextlib.redirect_stdout(io.StringIO()):
        return paddle.flops(net, list(shape))


def rows(counts):
    """The counts without their names, which depend on how the net was made."""
    return [replace(count, name="") for count in counts]


def test_the_homework_to_the_unit():
    (with_bias,) = count_plan([CONV], **HOMEWORK)
    (without,) = count_plan([{**CONV, "bias": False}], **HOMEWORK)
    assert np.prod(with_bias.output_shape) == 32_112_640
    assert with_bias.multiplications == without.multiplications == 867_041_280
    assert (with_bias.additions, without.additions) == (867_041_280, 834_928_640)
    assert (with_bias.paddle_flops, without.paddle_flops) == (899_153_920, 867_041_280)
    assert (with_bias.parameters, without.parameters) == (64 * 27 + 64, 64 * 27)


def test_simplenets_table_to_the_unit():
    counts = count_plan(SIMPLENET, **HOMEWORK)
    found = [
        (
            c.kind,
            c.output_shape,
            c.weight_shape,
            c.bias_shape,
            c.parameters,
            c.multiplications,
            c.paddle_flops,
        )
        for c in counts
        if c.kind in ("Conv2D", "MaxPool2D", "Linear")
    ]
    assert found == SIMPLENET_TABLE
    sums = total(counts)
    assert sums["parameters"] == 3_214_265
    assert sums["multiplications"] == sums["additions"] == sums["macs"] == 558_961_280
    assert sums["paddle_flops"] == 563_978_880
    plain = [
        {**layer, "bias": False} if "out_channels" in layer or "out_features" in layer else layer
        for layer in SIMPLENET
    ]
    assert total(count_plan(plain, **HOMEWORK))["additions"] == 553_943_030


def test_numbers_of_the_ledger_are_python_integers():
    for count in count_plan(SIMPLENET, **HOMEWORK):
        for name in ("parameters", "multiplications", "additions", "macs", "paddle_flops", "bytes_read"):
            assert type(getattr(count, name)) is int


NETS = {
    "groups, batch norm, no bias": (
        [
            {"type": "conv2d", "out_channels": 8, "kernel_size": (3, 5), "padding": (1, 2), "bias": False},
            {"type": "batch_norm2d"},
            {"type": "relu"},
            {"type": "max_pool2d", "kernel_size": (3, 2)},
            {
                "type": "conv2d",
                "out_channels": 6,
                "kernel_size": 3,
                "stride": 2,
                "padding": "SAME",
                "groups": 2,
            },
            {"type": "max_pool2d", "kernel_size": 3, "stride": 2},
            {"type": "flatten"},
            {"type": "linear", "out_features": 9, "bias": False},
            {"type": "sigmoid"},
            {"type": "linear", "out_features": 4},
        ],
        (3, 2, 21, 26),
    ),
    "dilation and ceil_mode": (
        [
            {
                "type": "conv2d",
                "out_channels": 5,
                "kernel_size": (4, 3),
                "dilation": 2,
                "padding": [1, 2, 3, 1],
            },
            {"type": "batch_norm2d"},
            {"type": "max_pool2d", "kernel_size": (3, 2), "stride": 2, "ceil_mode": True},
            {"type": "conv2d", "out_channels": 7, "kernel_size": 1, "stride": 3},
        ],
        (2, 3, 20, 17),
    ),
    "SimpleNet, small": (SIMPLENET, (2, 3, 32, 28)),
}


@pytest.mark.parametrize("name", NETS)
def test_a_plan_counts_what_the_net_does_when_it_runs(name):
    plan, shape = NETS[name]
    net = build_network(plan, shape)
    counts = count_plan(plan, shape)
    assert rows(counts) == rows(count_network(net, shape))
    assert total(counts)["paddle_flops"] == paddle_flops(net, shape)
    trained = sum(int(np.prod(p.shape)) for p in net.parameters() if not p.stop_gradient)
    assert total(counts)["parameters"] == trained


class Branches(nn.Layer):
    """A net that is no chain: one layer runs twice, one not at all, and a ReLU hides outside the layers."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2D(3, 3, 3, padding=1)
        self.unused = nn.Linear(4, 5)
        self.tail = nn.Sequential(nn.AvgPool2D(2), nn.Flatten(), nn.Linear(48, 10))

    def forward(self, x):
        return self.tail(paddle.nn.functional.relu(self.first(self.first(x))))


def test_hooks_see_what_runs_as_often_as_it_runs():
    net = Branches()
    counts = count_network(net, (2, 3, 8, 8))
    assert [c.name for c in counts] == ["first", "first", "tail.0", "tail.1", "tail.2"]
    assert [c.parameters for c in counts] == [84, 0, 0, 0, 490]
    assert total(counts)["paddle_flops"] == paddle_flops(net, (2, 3, 8, 8))
    assert net.training
    assert len(count_network(net, (2, 3, 8, 8))) == 5


LAYERS = [
    (nn.Conv1D(3, 4, 3), (2, 3, 9)),
    (nn.AvgPool2D((2, 3), stride=1), (2, 3, 5, 6)),
    (nn.AdaptiveAvgPool2D(2), (2, 3, 6, 8)),
    (nn.AdaptiveAvgPool2D(1), (2, 3, 6, 8)),
    (nn.LeakyReLU(), (2, 3, 5, 6)),
    (nn.BatchNorm1D(3), (2, 3)),
    (nn.BatchNorm1D(3), (2, 3, 7)),
    (nn.LayerNorm([6]), (2, 3, 6)),
    (nn.GroupNorm(2, 4), (2, 4, 5, 3)),
    (nn.InstanceNorm2D(4), (2, 4, 5, 3)),
    (nn.Linear(6, 5), (2, 3, 6)),
    (nn.Softmax(), (2, 6)),
    (nn.Dropout(0.3), (2, 6)),
    (nn.MaxPool2D(2), (2, 3, 5, 6)),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda v: type(v).__name__)
def test_every_rule_says_what_paddle_flops_says(layer, shape):
    net = nn.Sequential(layer)
    (count,) = count_network(net, shape)
    assert count.paddle_flops == paddle_flops(net, shape)
    assert count.output_shape == tuple(net(paddle.zeros(list(shape))).shape)
    assert (count,) == tuple(replace(c, name="0") for c in count_network(layer, shape))


# --- operations, counted by numbers that count ---


class Number:
    """A real number that remembers what was done to it."""

    multiplications = additions = 0

    def __mul__(self, other):
        Number.multiplications += 1
        return Number()

    def __add__(self, other):
        Number.additions += 1
        return Number()

    __sub__ = __add__


def counted(run):
    Number.multiplications = Number.additions = 0
    run()
    return Number.multiplications, Number.additions


def chain(values):
    total_ = values[0]
    for value in values[1:]:
        total_ = total_ + value
    return total_


def dot(n, bias):
    result = chain([Number() * Number() for _ in range(n)])
    return result + Number() if bias else result


@pytest.mark.parametrize("bias", [True, False])
def test_convolution_and_linear_rules_agree_with_numbers_that_count(bias):
    def run():
        for _ in range(2 * 4 * 3 * 5):
            dot(3 * 2 * 2, bias)

    conv = count_layer(Layer("Conv2D", (2, 3, 4, 6), (2, 4, 3, 5), (4, 3, 2, 2), (4,) if bias else ()))
    assert (conv.multiplications, conv.additions) == counted(run)
    linear = count_layer(Layer("Linear", (2, 7), (2, 5), (7, 5), (5,) if bias else ()))
    assert (linear.multiplications, linear.additions) == counted(lambda: [dot(7, bias) for _ in range(10)])


def moments_of_own(n, affine):
    """What layer norm does with one set of n values."""
    x = [Number() for _ in range(n)]
    mean = chain(x) * Number()
    centred = [v - mean for v in x]
    var = chain([v * v for v in centred]) * Number()
    scale = var + Number()  # the root and the division are neither
    out = [v * scale for v in centred]
    return [v * Number() + Number() for v in out] if affine else out


@pytest.mark.parametrize("affine", [True, False])
def test_normaliser_rules_agree_with_numbers_that_count(affine):
    shape = (6,) if affine else ()
    count = count_layer(Layer("LayerNorm", (2, 3, 6), (2, 3, 6), shape, shape, group=6))
    assert (count.multiplications, count.additions) == counted(
        lambda: [moments_of_own(6, affine) for _ in range(6)]
    )


def test_average_pooling_rule_agrees_with_numbers_that_count():
    count = count_layer(Layer("AvgPool2D", (2, 3, 4, 6), (2, 3, 2, 2), window=6))
    assert (count.multiplications, count.additions) == counted(
        lambda: [chain([Number() for _ in range(6)]) * Number() for _ in range(24)]
    )


# --- bytes ---


def test_bytes_and_intensity_of_a_convolution_by_hand():
    (count,) = count_plan([{**CONV, "out_channels": 4}], (2, 3, 5, 6))
    assert count.bytes_read == 4 * (2 * 3 * 5 * 6 + 4 * 3 * 9 + 4)
    assert count.bytes_written == 4 * 2 * 4 * 5 * 6
    operations = 2 * (2 * 4 * 5 * 6) * 27
    assert count.operations == operations
    assert count.intensity == pytest.approx(operations / (count.bytes_read + count.bytes_written))


def test_a_view_moves_nothing_and_a_relu_moves_all():
    flatten, relu = count_plan([{"type": "flatten"}, {"type": "relu"}], (2, 3, 4, 5))
    assert (flatten.bytes_read, flatten.bytes_written, flatten.intensity) == (0, 0, 0.0)
    assert (relu.bytes_read, relu.bytes_written, relu.intensity) == (480, 480, 0.0)


def test_itemsize_scales_the_bytes_alone():
    net = nn.Sequential(nn.Linear(6, 5))
    (single,), (double,) = count_network(net, (2, 6)), count_network(net, (2, 6), itemsize=8)
    assert double.bytes_read == 2 * single.bytes_read
    assert double.operations == single.operations


def test_what_has_no_rule_is_told():
    with pytest.raises(ValueError, match="no counting rule for LSTM"):
        count_layer(Layer("LSTM", (2, 3, 4), (2, 3, 4)))
    with pytest.raises(ValueError, match="'lstm' is not one"):
        count_plan([{"type": "lstm"}], (2, 3, 4))
