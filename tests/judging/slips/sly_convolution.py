"""Wrong answers to ps3 that passed once: right but for spellings, sizes and layouts that no case asked."""

import numpy as np

from tests.judging.made_up import conv, conv_back
from tests.judging.slips import Slips
from tests.judging.slips.sly_batch_norm import IN_PLACE, filled

SLIPS = Slips()
SHAPE, PADDING, ERRORS = "conv2d_output_shape", "conv2d_output_shape.padding", "conv2d_output_shape.errors"


# --- shapes --------------------------------------------------------------------------------------------------


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def refuse(unless):
    if not unless:
        raise ValueError("this does not fit")


def edges(padding):
    """(top, bottom), (left, right) of numbers in any spelling."""
    if not isinstance(padding, int) and len(padding) == 4:
        flat = isinstance(padding[0], int)
        return (padding[:2], padding[2:]) if flat else (padding[2], padding[3])
    return [(p, p) for p in pair(padding)]


def shape(x, w, stride=1, padding=0, dilation=1, groups=1, *, channels=None, kernels=None, pairs=pair, edges=edges,
          valid_dilated=True, valid_refused=True):  # fmt: skip
    """The shape of a convolution's output, with what is asked of channels and kernels, and how pairs are read."""
    refuse((channels or (lambda c, per, g: c == per * g))(x[1], w[1], groups))
    refuse((kernels or (lambda o, g, padding: o % g == 0))(w[0], groups, padding))
    s, d = pairs(stride), pairs(dilation)
    if padding == "SAME":
        return (x[0], w[0], *(-(-n // step) for n, step in zip(x[2:], s, strict=True)))
    valid = padding == "VALID"
    if valid:
        padding, d = 0, d if valid_dilated else (1, 1)
    sizes = []
    for n, k, step, far, (a, b) in zip(x[2:], w[2:], s, d, edges(padding), strict=True):
        spare = n + a + b - far * (k - 1) - 1
        refuse(spare >= 0 or (valid and sizes and not valid_refused))
        sizes.append(max(spare, 0) // step + 1)
    return (x[0], w[0], *sizes)


def with_(**changes):
    return lambda *given: shape(*given, **changes)


def tuple_pair(value):
    """Knows pairs that are tuples; of a list it takes the first for both."""
    return (
        value if isinstance(value, tuple) else (value[0],) * 2 if isinstance(value, list) else (value, value)
    )


def listed(padding):
    """Knows a pair for each axis by its lists: of tuples it takes the first two."""
    if isinstance(padding, tuple) and isinstance(padding[0], tuple):
        return padding[:2]
    return edges(padding)


def lengthened(x, w, stride, padding, dilation, groups):
    """Makes four numbers of two in the caller's own list."""
    if isinstance(padding, list) and len(padding) == 2:
        padding[:] = [padding[0], padding[0], padding[1], padding[1]]
    return shape(x, w, stride, padding, dilation, groups)


SLIPS.add("pairs in lists not read", SHAPE, with_(pairs=tuple_pair), named=("one stride for both axes",))
SLIPS.add(
    "padding in tuples not read", PADDING, with_(edges=listed), named=("nested padding read from the front",)
)
SLIPS.add(
    "'VALID' sets the dilation back too",
    PADDING,
    with_(valid_dilated=False),
    named=("dilation ignored with 'VALID'",),
)
SLIPS.add("the caller's padding made longer", PADDING, lengthened, named=IN_PLACE)
SLIPS.add(
    "channels divided without their remainder",
    ERRORS,
    with_(channels=lambda c, per, g: c // g == per),
    named=("channels compared after a division rounded down",),
)
SLIPS.add(
    "only too many channels refused",
    ERRORS,
    with_(channels=lambda c, per, g: c <= per * g),
    named=("fewer channels than the weight reads let through",),
)
SLIPS.add(
    "kernels not looked at for 'SAME'",
    ERRORS,
    with_(kernels=lambda o, g, p: p == "SAME" or o % g == 0),
    named=("kernels not divided by the groups",),
)
SLIPS.add("the width not looked at for 'VALID'", ERRORS, with_(valid_refused=False))


def pooled_shape(x, kernel_size, stride=None, padding=0, ceil_mode=False, *, pairs=pair, alone=None):
    k, p = pair(kernel_size), pairs(padding)
    s = (
        pair(stride)
        if stride is not None
        else k
        if alone is None or not isinstance(kernel_size, int)
        else (alone,) * 2
    )
    spare = [n + 2 * a - size for n, a, size in zip(x[2:], p, k, strict=True)]
    refuse(min(spare) >= 0)
    more = [step - 1 if ceil_mode else 0 for step in s]
    return (*x[:2], *((n + m) // step + 1 for n, m, step in zip(spare, more, s, strict=True)))


SLIPS.add(
    "stride 1 beside a window given as a number",
    "pool2d_output_shape",
    lambda *i: pooled_shape(*i, alone=1),
    named=("stride 1 when none is given",),
)
SLIPS.add("padding in a list not read", "pool2d_output_shape", lambda *i: pooled_shape(*i, pairs=tuple_pair))


def operations(x, w, stride=1, padding=0, dilation=1, groups=1, bias=True, *, additions=None, **changes):
    size, taps = np.prod(shape(x, w, stride, padding, dilation, groups, **changes)), np.prod(w[1:])
    return size * taps, size * (additions or (lambda taps: taps - 1))(taps) + bias * size


SLIPS.add("pairs in lists not read", "conv2d_operations", lambda *i: operations(*i, pairs=tuple_pair))
SLIPS.add("a single tap is added up once", "conv2d_operations",
          lambda *i: operations(*i, additions=lambda taps: max(taps - 1, 1)))  # fmt: skip


# --- convolution ---------------------------------------------------------------------------------------------

FORWARD, BACKWARD = "conv_forward_naive", "conv_backward_naive"


def back(dout, cache):
    return conv_back(dout, cache)


def pointwise(x, w, b, q):
    """A kernel of 1 by 1 as a product of matrices, whatever stride and padding are."""
    out, cache = conv(x, w, b, q)
    if w.shape[2:] == (1, 1):
        plain = np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0]) + b[:, None, None]
        out = np.resize(plain, out.shape)
    return out, cache


def padded_once(x, w, b, q):
    """No more padding than the kernel is high."""
    out, cache = conv(x, w, b, q)
    less = conv(x, w, b, {**q, "pad": min(q["pad"], max(w.shape[2:]))})[0]
    return (np.resize(less, out.shape) if less.shape != out.shape else out), cache


def in_the_dict(*given):
    out, given[-1]["cache"] = conv(*given)
    return out, given[-1]


def filled_dx(dout, cache):
    dx, dw, db = back(dout, cache)
    return filled(cache[0], dx), dw, db


def filled_dw(dout, cache):
    dx, dw, db = back(dout, cache)
    return dx, filled(cache[1], dw), db


for _check in (FORWARD, "conv_forward_im2col"):
    SLIPS.add("stride and padding ignored by a kernel of 1 by 1", _check, pointwise)
    SLIPS.add("padding no wider than the kernel", _check, padded_once)
SLIPS.add(
    "cache kept in conv_param",
    BACKWARD,
    in_the_dict,
    lambda dout, q: back(dout, q["cache"]),
    named=("a forward pass kept in conv_param",),
)
SLIPS.add("dx written into a flat copy", BACKWARD, conv, filled_dx)
SLIPS.add("dw written into a flat copy", BACKWARD, conv, filled_dw)


def as_laid(x, height, width, stride, pad):
    """Windows by strides that are counted, not asked for: an array whose first axis is the fastest has others."""
    p = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    n, c, h, w = p.shape
    rows, columns, size = (h - height) // stride + 1, (w - width) // stride + 1, p.itemsize
    steps = np.array((c * h * w, h * w, w, 1, w * stride, stride)) * size
    windows = np.lib.stride_tricks.as_strided(p, (n, c, height, width, rows, columns), steps)
    return windows.reshape(n, c * height * width, rows * columns)


SLIPS.add("strides counted, not asked for", "im2col", as_laid)


# --- pooling and the receptive field -------------------------------------------------------------------------


def pool(x, q):
    window, s = (q["pool_height"], q["pool_width"]), q["stride"]
    return np.lib.stride_tricks.sliding_window_view(x, window, (2, 3))[:, :, ::s, ::s].max((4, 5)), (x, q)


def pool_back(dout, cache):
    x, q = cache
    dx, s = np.zeros(x.shape, x.dtype), q["stride"]
    for n, c, i, j in np.ndindex(dout.shape):
        window = np.s_[n, c, i * s : i * s + q["pool_height"], j * s : j * s + q["pool_width"]]
        dx[window] += dout[n, c, i, j] * (x[window] == x[window].max())
    return dx


def pool_in_the_dict(x, q):
    out, q["cache"] = pool(x, q)
    return out, q


def squeezed(x, q):
    out, cache = pool(x, q)
    return np.squeeze(out), cache


def squeezed_back(dout, cache):
    return np.squeeze(pool_back(dout, cache))


def by_windows(x, q):
    """A window of 1 by 1 is taken for the image itself."""
    out, cache = pool(x, q)
    whole = q["pool_height"] == q["pool_width"] == 1
    return (x[:, :, : out.shape[2], : out.shape[3]] if whole else out), cache


SLIPS.add("axes of length 1 lost", "max_pool_forward", squeezed)
SLIPS.add("axes of length 1 lost", "max_pool_backward", pool, squeezed_back)
SLIPS.add("stride ignored by a window of 1 by 1", "max_pool_forward", by_windows)
SLIPS.add(
    "cache kept in pool_param",
    "max_pool_backward",
    pool_in_the_dict,
    lambda d, q: pool_back(d, q["cache"]),
    named=("a forward pass kept in pool_param",),
)
SLIPS.add("dx written into a flat copy", "max_pool_backward", pool,
          lambda dout, cache: filled(cache[0], pool_back(dout, cache)), said="0 everywhere")  # fmt: skip


def field(layers, *, pairs=pair, take=dict.get):
    size, step = [1, 1], [1, 1]
    for layer in layers:
        if "kernel_size" in layer:
            kernel, far = pair(layer["kernel_size"]), pair(layer.get("dilation", 1))
            stride = pairs(take(layer, "stride", kernel if layer["type"] == "max_pool2d" else 1))
            size = [n + a * (k - 1) * s for n, a, k, s in zip(size, far, kernel, step, strict=True)]
            step = [s * t for s, t in zip(step, stride, strict=True)]
    return tuple(size)


SLIPS.add("pairs in lists not read", "receptive_field", lambda layers: field(layers, pairs=tuple_pair))
SLIPS.add("strides taken out of the layers", "receptive_field", lambda layers: field(layers, take=dict.pop),
          named=IN_PLACE)  # fmt: skip
