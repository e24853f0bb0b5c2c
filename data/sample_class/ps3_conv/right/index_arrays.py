"""im2col and its inverse by arrays of indices, and every pass a matrix product."""

import numpy as np


def _places(shape, kh, kw, s, p):
    _, c, h, w = shape
    rows, columns = (h + 2 * p - kh) // s + 1, (w + 2 * p - kw) // s + 1
    channel, u, v = (a.reshape(-1, 1) for a in np.indices((c, kh, kw)))
    i, j = (a.reshape(1, -1) for a in np.indices((rows, columns)))
    return channel, u + s * i, v + s * j, rows, columns


def im2col(x, kernel_height, kernel_width, stride, pad):
    channel, row, column, _, _ = _places(x.shape, kernel_height, kernel_width, stride, pad)
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))[:, channel, row, column]


def conv_forward_im2col(x, w, b, conv_param):
    s, p = conv_param["stride"], conv_param["pad"]
    *_, rows, columns = _places(x.shape, w.shape[2], w.shape[3], s, p)
    cols = im2col(x, w.shape[2], w.shape[3], s, p)
    out = np.matmul(w.reshape(w.shape[0], -1), cols) + b.reshape(-1, 1)
    return out.reshape(len(x), len(w), rows, columns), (x.shape, cols, w, s, p)


def conv_forward_naive(x, w, b, conv_param):
    return conv_forward_im2col(x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    shape, cols, w, s, p = cache
    flat = dout.reshape(*dout.shape[:2], -1)
    dw = np.matmul(flat, cols.transpose(0, 2, 1)).sum(0).reshape(w.shape)
    dcols = w.reshape(len(w), -1).T @ flat
    channel, row, column, _, _ = _places(shape, w.shape[2], w.shape[3], s, p)
    dx = np.zeros((shape[0], shape[1], shape[2] + 2 * p, shape[3] + 2 * p), dout.dtype)
    np.add.at(dx, (slice(None), channel, row, column), dcols)
    return (dx[:, :, p:-p, p:-p] if p else dx), dw, flat.sum((0, 2))


def max_pool_forward(x, pool_param):
    kh, kw, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    n, c = x.shape[:2]
    alone = x.reshape(n * c, 1, *x.shape[2:])
    cols = im2col(alone, kh, kw, s, 0)
    *_, rows, columns = _places(alone.shape, kh, kw, s, 0)
    best = cols.argmax(axis=1)
    out = np.take_along_axis(cols, best[:, None], axis=1)
    return out.reshape(n, c, rows, columns), (x, best, kh, kw, s)


def max_pool_backward(dout, cache):
    x, best, kh, kw, s = cache
    n, c, h, w = x.shape
    _, row, column, _, _ = _places((1, 1, h, w), kh, kw, s, 0)
    windows = np.arange(best.shape[1])
    flat = row[best, windows] * w + column[best, windows]
    dx = np.zeros((n * c, h * w), x.dtype)
    np.add.at(dx, (np.arange(n * c)[:, None], flat), dout.reshape(n * c, -1))
    return dx.reshape(x.shape)
