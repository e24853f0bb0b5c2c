"""No window at all: one tap of the kernel at a time, on the whole image moved by that much."""

import numpy as np


def _taps(shape, s, rows, columns):
    for u in range(shape[2]):
        for v in range(shape[3]):
            yield u, v, np.s_[:, :, u : u + s * rows : s, v : v + s * columns : s]


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param["stride"], conv_param["pad"]
    n, c, h, width = x.shape
    padded = np.zeros((n, c, h + 2 * p, width + 2 * p), x.dtype)
    padded[:, :, p : p + h, p : p + width] = x
    rows, columns = (h + 2 * p - w.shape[2]) // s + 1, (width + 2 * p - w.shape[3]) // s + 1
    out = np.zeros((n, len(w), rows, columns), x.dtype) + b[None, :, None, None]
    for u, v, here in _taps(w.shape, s, rows, columns):
        out += np.tensordot(padded[here], w[:, :, u, v], axes=([1], [1])).transpose(0, 3, 1, 2)
    return out, (padded, w, s, p)


def conv_backward_naive(dout, cache):
    padded, w, s, p = cache
    dpadded, dw = np.zeros_like(padded), np.empty(w.shape, w.dtype)
    for u, v, here in _taps(w.shape, s, *dout.shape[2:]):
        dw[:, :, u, v] = np.tensordot(dout, padded[here], axes=([0, 2, 3], [0, 2, 3]))
        dpadded[here] += np.tensordot(dout, w[:, :, u, v], axes=([1], [0])).transpose(0, 3, 1, 2)
    h, width = dpadded.shape[2:]
    return dpadded[:, :, p : h - p, p : width - p], dw, dout.sum((0, 2, 3))


def im2col(x, kernel_height, kernel_width, stride, pad):
    n, c, h, width = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows, columns = (
        (h + 2 * pad - kernel_height) // stride + 1,
        (width + 2 * pad - kernel_width) // stride + 1,
    )
    found = np.empty((n, c, kernel_height, kernel_width, rows, columns), x.dtype)
    for u, v, here in _taps((0, 0, kernel_height, kernel_width), stride, rows, columns):
        found[:, :, u, v] = padded[here]
    return found.reshape(n, -1, rows * columns)


def max_pool_forward(x, pool_param):
    s = pool_param["stride"]
    window = (0, 0, pool_param["pool_height"], pool_param["pool_width"])
    rows, columns = ((n - k) // s + 1 for n, k in zip(x.shape[2:], window[2:]))
    out = None
    for _, _, here in _taps(window, s, rows, columns):
        out = x[here].copy() if out is None else np.maximum(out, x[here])
    return out, (x, out, window, s)


def max_pool_backward(dout, cache):
    x, out, window, s = cache
    dx = np.zeros_like(x)
    for _, _, here in _taps(window, s, *out.shape[2:]):
        dx[here] += np.where(x[here] == out, dout, 0)
    return dx
