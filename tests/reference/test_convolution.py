"""Convolution, pooling and receptive field by Paddle, against numpy written from the formulas."""

import ctypes
import itertools

import numpy as np
import pytest

from course.autograder.checks.conv.variants import overwritten, windows_one_by_one
from course.reference import convolution
from course.reference.device import device
from course.reference.framework import paddle

RNG = np.random.default_rng(7)
STEP = 1e-6


# --- the truth, by loops ---


def windows_of(n, k, stride=1, before=0, after=0, dilation=1):
    """Count the places of a kernel one by one."""
    places, start = 0, -before
    while start + dilation * (k - 1) < n + after:
        places, start = places + 1, start + stride
    return places


def loops(x, w, b, stride, pad):
    """Place by place and kernel cell by kernel cell; at each, all samples and channels together."""
    n, _, h, width = x.shape
    o, _, kh, kw = w.shape
    out = np.zeros((n, o, windows_of(h, kh, stride, pad, pad), windows_of(width, kw, stride, pad, pad)))
    for i, j in np.ndindex(out.shape[2:]):
        out[:, :, i, j] = b
        for u, v in np.ndindex(kh, kw):
            row, column = i * stride + u - pad, j * stride + v - pad
            if 0 <= row < h and 0 <= column < width:
                out[:, :, i, j] += x[:, :, row, column] @ w[:, :, u, v].T
    return out


def pooled(x, kernel, stride):
    shape = [windows_of(n, k, stride) for n, k in zip(x.shape[2:], kernel, strict=True)]
    out = np.zeros((*x.shape[:2], *shape))
    for n, c, i, j in np.ndindex(out.shape):
        cells = itertools.product(range(kernel[0]), range(kernel[1]))
        out[n, c, i, j] = max(x[n, c, i * stride + u, j * stride + v] for u, v in cells)
    return out


def slopes(f, x):
    """Central differences of the scalar f at every index of x."""
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += STEP
        down[index] -= STEP
        grad[index] = (f(up) - f(down)) / (2 * STEP)
    return grad


GEOMETRIES = [((3, 2), 1, 1, (5, 6)), ((3, 4), 2, 2, (4, 7)), ((2, 3), 3, 0, (7, 8)), ((1, 1), 2, 1, (3, 4))]


@pytest.mark.slow
@pytest.mark.parametrize(("kernel", "stride", "pad", "size"), GEOMETRIES)
def test_convolution_and_its_gradients_agree_with_the_definition(kernel, stride, pad, size):
    x, w, b = RNG.normal(size=(2, 3, *size)), RNG.normal(size=(4, 3, *kernel)), RNG.normal(size=4)
    out = convolution.conv2d(x, w, b, stride, pad)
    np.testing.assert_allclose(out, loops(x, w, b, stride, pad), rtol=1e-10, atol=1e-12)
    dout = RNG.normal(size=out.shape)
    found = convolution.conv2d_gradients(x, w, b, dout, stride, pad)
    for name, at in (("dx", x), ("dw", w), ("db", b)):
        given = {"dx": (None, w, b), "dw": (x, None, b), "db": (x, w, None)}[name]

        def loss(v, given=given):
            return np.sum(dout * loops(*(v if g is None else g for g in given), stride, pad))

        np.testing.assert_allclose(found[name], slopes(loss, at), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("kernel", "stride", "pad", "size"), GEOMETRIES)
def test_columns_times_the_weight_are_the_convolution(kernel, stride, pad, size):
    x, w, b = RNG.normal(size=(2, 3, *size)), RNG.normal(size=(4, 3, *kernel)), RNG.normal(size=4)
    columns = convolution.im2col(x, kernel, stride, pad)
    wanted = loops(x, w, b, stride, pad)
    assert columns.shape == (2, 3 * kernel[0] * kernel[1], wanted.shape[2] * wanted.shape[3])
    product = w.reshape(4, -1) @ columns + b[:, None]
    np.testing.assert_allclose(product.reshape(wanted.shape), wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("kernel", "stride", "size"), [((2, 3), 1, (5, 6)), ((3, 2), 2, (6, 7)), ((2, 4), 3, (7, 8))]
)
def test_max_pooling_and_its_gradient_agree_with_the_definition(kernel, stride, size):
    x = RNG.permutation(2 * 3 * size[0] * size[1]).reshape(2, 3, *size) / 7.0 - 5
    out = convolution.max_pool(x, kernel, stride)
    np.testing.assert_array_equal(out, pooled(x, kernel, stride))
    dout = RNG.normal(size=out.shape)
    found = convolution.max_pool_gradient(x, dout, kernel, stride)
    slope = slopes(lambda v: np.sum(dout * pooled(v, kernel, stride)), x)
    np.testing.assert_allclose(found, slope, rtol=1e-6, atol=1e-7)


# --- shapes ---


def test_output_shapes_agree_with_windows_counted_one_by_one():
    seen = 0
    for n, k, stride, p, d in itertools.product((4, 7, 10), (1, 2, 3), (1, 2, 3), (0, 1, 3), (1, 2, 3)):
        extent = d * (k - 1) + 1
        if extent > n + p:
            continue
        shape = convolution.conv2d_output_shape((2, 3, n, 9), (5, 3, k, 2), (stride, 1), [p, 0, 0, 0], (d, 1))
        assert shape == (2, 5, windows_of(n, k, stride, p, 0, d), 8)
        seen += 1
    assert seen > 150


SPELLINGS = [
    (2, (2, 2), (2, 2)),
    ([1, 3], (1, 1), (3, 3)),
    ((1, 3), (1, 1), (3, 3)),
    ([1, 4, 0, 2], (1, 4), (0, 2)),
    ((1, 4, 0, 2), (1, 4), (0, 2)),
    ([[0, 0], [0, 0], [1, 4], [0, 2]], (1, 4), (0, 2)),
    (((0, 0), (0, 0), (1, 4), (0, 2)), (1, 4), (0, 2)),
    ("VALID", (0, 0), (0, 0)),
]


@pytest.mark.parametrize(("padding", "rows", "columns"), SPELLINGS)
def test_every_spelling_of_padding_means_what_paddle_makes_of_it(padding, rows, columns):
    assert convolution.padding_edges(padding, (9, 8), (3, 2), (1, 1)) == (rows, columns)
    shape = convolution.conv2d_output_shape((1, 1, 9, 8), (1, 1, 3, 2), 1, padding)
    assert shape == (1, 1, windows_of(9, 3, 1, *rows), windows_of(8, 2, 1, *columns))


@pytest.mark.parametrize(("n", "k", "stride"), itertools.product((5, 6, 7, 12), (1, 2, 3, 4), (1, 2, 3, 4)))
def test_same_padding_gives_one_window_for_each_stride_begun(n, k, stride):
    shape = convolution.conv2d_output_shape((1, 1, n, n), (1, 1, k, k), stride, "SAME", 2)
    assert shape[2:] == (-(-n // stride),) * 2
    before, after = convolution.same_padding(n, k, stride)
    assert after - before in (0, 1)
    assert windows_of(n, k, stride, before, after) == shape[2]


def test_sizes_that_are_kept_are_those_of_the_op_asked_anew():
    """Asked one after another, with one thing changed at a time, in each way to write it."""
    for image, kernel, stride, padding in itertools.product(
        [(9, 8), (8, 9)], [(3, 2), (2, 3)], [1, 2, (1, 2)], [0, 1, (0, 1), [1, 4, 0, 2], "VALID", "SAME"]
    ):
        steps = convolution.pair(stride)
        for dilation in (1, (2, 1)):
            kept = convolution.conv2d_output_shape((1, 1, *image), (1, 1, *kernel), stride, padding, dilation)
            spread = (1, 1) if padding == "SAME" else convolution.pair(dilation)
            anew = convolution._conv2d_size.__wrapped__(device(), image, kernel, steps, padding, spread)
            assert kept[2:] == anew
        for ceil in (False, True) if not isinstance(padding, str) else ():
            kept = convolution.pool2d_output_shape((1, 1, *image), kernel, stride, padding, ceil)
            assert kept[2:] == convolution._pool2d_size.__wrapped__(
                device(), image, kernel, steps, padding, ceil
            )


def test_padding_that_paddle_does_not_know_is_refused():
    for wrong in ("FULL", [1, 2, 3], [1, 2, 3, 4, 5]):
        with pytest.raises(ValueError):
            convolution.padding_edges(wrong, (9, 8), (3, 2), (1, 1))


@pytest.mark.parametrize(("n", "k", "stride"), itertools.product((6, 7, 8, 9), (1, 2, 3), (1, 2, 3)))
@pytest.mark.parametrize("ceil", [False, True])
def test_pooling_shapes_agree_with_windows_counted_one_by_one(n, k, stride, ceil):
    wanted = windows_of(n, k, stride)
    hanging = (wanted - 1) * stride + k < n
    shape = convolution.pool2d_output_shape((2, 3, n, 12), (k, 4), (stride, 4), 0, ceil)
    assert shape == (2, 3, wanted + (ceil and hanging), 3)


def test_pooling_without_a_stride_moves_by_its_own_window():
    assert convolution.pool2d_output_shape((2, 3, 9, 8), (3, 2)) == (2, 3, 3, 4)


@pytest.mark.parametrize(
    "arguments",
    [
        ((1, 2, 3, 9), (4, 2, 4, 2)),
        ((1, 2, 9, 3), (4, 2, 2, 4), 2),
        ((1, 2, 3, 9), (4, 2, 3, 2), 1, 0, (2, 1)),
        ((1, 2, 3, 9), (4, 2, 5, 2), 1, [1, 0, 0, 0]),
        ((1, 5, 9, 9), (4, 2, 3, 2), 1, 0, 1, 2),
        ((1, 4, 9, 9), (5, 2, 3, 2), 1, 0, 1, 2),
    ],
)
def test_what_does_not_fit_is_refused(arguments):
    with pytest.raises(ValueError):
        convolution.conv2d_output_shape(*arguments)


def test_a_pooling_window_that_does_not_fit_is_refused():
    with pytest.raises(ValueError):
        convolution.pool2d_output_shape((1, 2, 3, 9), (4, 2), 3)


def test_paddle_itself_invents_a_row_for_a_kernel_that_does_not_fit():
    """The trap that the assignment tells of; when Paddle mends it, its text must change."""
    pool = paddle.nn.functional.max_pool2d(paddle.zeros([1, 1, 3, 9]), [4, 3], stride=2)
    assert pool.shape[2] == 1


# --- receptive field ---


def reached(layers, size=64):
    """Rows of the input that reach the first row of the output, by following sets of indices back."""
    rows = {0}
    for layer in reversed(layers):
        k, s, d = layer["kernel_size"], layer.get("stride", 1), layer.get("dilation", 1)
        rows = {row * s + tap * d for row in rows for tap in range(k)}
    return max(rows) - min(rows) + 1


@pytest.mark.parametrize("seed", range(12))
def test_receptive_field_agrees_with_indices_followed_back(seed):
    rng = np.random.default_rng(seed)
    draw = [
        {
            "kernel_size": int(rng.integers(1, 5)),
            "stride": int(rng.integers(1, 4)),
            "dilation": int(rng.integers(1, 4)),
        }
        for _ in range(rng.integers(1, 4))
    ]
    tall = reached(draw)
    assert convolution.receptive_field([{"type": "conv2d", **layer} for layer in draw]) == (tall, tall)


def test_receptive_field_of_simplenet_and_of_nothing():
    from course.reference.layer_plan import SIMPLENET

    assert convolution.receptive_field(SIMPLENET[:6]) == (16, 16)
    assert convolution.receptive_field([{"type": "relu"}]) == (1, 1)
    assert convolution.receptive_field([{"type": "max_pool2d", "kernel_size": (3, 2)}] * 2) == (9, 4)


# --- the wrong answers that are hardest to write right ---


def case(stride=2):
    x, w, b = RNG.normal(size=(2, 3, 7, 8)), RNG.normal(size=(4, 3, 3, 4)), RNG.normal(size=4)
    dout = RNG.normal(size=loops(x, w, b, stride, 1).shape)
    return {"x": x, "w": w, "b": b, "dout": dout, "conv_param": {"stride": stride, "pad": 1}}


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("last_kernel", [False, True])
def test_overwritten_is_what_assigning_in_a_loop_leaves(stride, last_kernel):
    i = case(stride)
    w, dout = i["w"], i["dout"]
    dx = np.zeros((2, 3, 9, 10))
    for row, column in np.ndindex(dout.shape[2:]):
        here = np.s_[:, :, row * stride : row * stride + 3, column * stride : column * stride + 4]
        if last_kernel:
            dx[here] = dout[:, -1, row, column, None, None, None] * w[-1]
        else:
            dx[here] = np.einsum("no,ocuv->ncuv", dout[:, :, row, column], w)
    np.testing.assert_allclose(
        overwritten(i, last_kernel=last_kernel), dx[:, :, 1:-1, 1:-1], rtol=1e-9, atol=1e-11
    )


@pytest.mark.parametrize("whole_window", [False, True])
def test_pooling_gradients_written_over_each_other(whole_window):
    x = RNG.permutation(2 * 3 * 6 * 5).reshape(2, 3, 6, 5) / 3.0
    param = {"pool_height": 3, "pool_width": 2, "stride": 1}
    i = {"x": x, "dout": RNG.normal(size=(2, 3, 4, 4)), "pool_param": param}
    dx = np.zeros_like(x)
    for n, c, row, column in np.ndindex(i["dout"].shape):
        window = x[n, c, row : row + 3, column : column + 2]
        u, v = np.unravel_index(window.argmax(), window.shape)
        if whole_window:
            dx[n, c, row : row + 3, column : column + 2] = 0
        dx[n, c, row + u, column + v] = i["dout"][n, c, row, column]
    np.testing.assert_allclose(windows_one_by_one(i, whole_window), dx, rtol=1e-9, atol=1e-12)


def test_a_kernel_one_too_long_gives_an_empty_result_and_prints_nothing(capfd):
    x, w = np.ones((2, 3, 2, 5)), np.ones((4, 3, 3, 1))
    assert convolution.conv2d(x, w, np.ones(4)).shape == (2, 4, 0, 5)
    assert convolution.conv2d(x, w, None, padding=1).shape == (2, 4, 2, 7)
    assert convolution.conv2d(x, w, None, padding=(0, 1, 0, 0)).shape == (2, 4, 1, 5)
    ctypes.CDLL(None).fflush(None)
    assert capfd.readouterr().out == ""
