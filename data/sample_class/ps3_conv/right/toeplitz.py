"""A convolution is a matrix: build it once from the places of its taps, then multiply, forwards and backwards."""

import numpy as np


def _matrix(shape, w, s, p):
    """The matrix from a flattened, unpadded sample to a flattened output, and the index of the tap in each entry."""
    c, h, width = shape
    o, _, kh, kw = w.shape
    rows, columns = (h + 2 * p - kh) // s + 1, (width + 2 * p - kw) // s + 1
    tap = np.full((o, rows, columns, c, h, width), -1)
    for i, j, u, v in np.ndindex(rows, columns, kh, kw):
        r, q = i * s + u - p, j * s + v - p
        if 0 <= r < h and 0 <= q < width:
            for k, channel in np.ndindex(o, c):
                tap[k, i, j, channel, r, q] = ((k * c + channel) * kh + u) * kw + v
    tap = tap.reshape(o * rows * columns, -1)
    return np.where(tap >= 0, w.ravel()[tap], 0), tap, (o, rows, columns)


def conv_forward_naive(x, w, b, conv_param):
    matrix, tap, shape = _matrix(x.shape[1:], w, conv_param["stride"], conv_param["pad"])
    out = (x.reshape(len(x), -1) @ matrix.T).reshape(-1, *shape)
    return out + b[:, None, None], (x, w, matrix, tap)


def conv_backward_naive(dout, cache):
    x, w, matrix, tap = cache
    flat = dout.reshape(len(dout), -1)
    dx = (flat @ matrix).reshape(x.shape)
    dmatrix = flat.T @ x.reshape(len(x), -1)
    dw = np.zeros(w.size, w.dtype)
    np.add.at(dw, tap[tap >= 0], dmatrix[tap >= 0])
    return dx, dw.reshape(w.shape), dout.sum(axis=3).sum(axis=2).sum(axis=0)
