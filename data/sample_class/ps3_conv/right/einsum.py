"""Windows as a six-dimensional view, and einsum for everything."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def _windows(x, kh, kw, stride, pad):
    padded = np.pad(x, [(0, 0)] * 2 + [(pad, pad)] * 2)
    return sliding_window_view(padded, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]


def conv_forward_naive(x, w, b, conv_param):
    windows = _windows(x, *w.shape[2:], conv_param["stride"], conv_param["pad"])
    out = np.einsum("ncijuv,ocuv->noij", windows, w) + b.reshape(1, -1, 1, 1)
    return out, {"windows": windows, "w": w, "x_shape": x.shape, **conv_param}


def conv_backward_naive(dout, cache):
    s, p, w = cache["stride"], cache["pad"], cache["w"]
    n, c, h, width = cache["x_shape"]
    dw = np.einsum("ncijuv,noij->ocuv", cache["windows"], dout)
    shares = np.einsum("noij,ocuv->ncijuv", dout, w)
    dx = np.zeros((n, c, h + 2 * p, width + 2 * p), dtype=dout.dtype)
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            rows = slice(u, u + s * dout.shape[2], s)
            columns = slice(v, v + s * dout.shape[3], s)
            dx[:, :, rows, columns] += shares[..., u, v]
    return dx[:, :, p : p + h, p : p + width], dw, np.einsum("noij->o", dout)


def im2col(x, kernel_height, kernel_width, stride, pad):
    windows = np.einsum("ncijuv->ncuvij", _windows(x, kernel_height, kernel_width, stride, pad))
    n, c, u, v, i, j = windows.shape
    return windows.reshape(n, c * u * v, i * j)


def max_pool_forward(x, pool_param):
    view = _windows(x, pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"], 0)
    return view.max((-2, -1)), (x, view, pool_param["stride"])


def max_pool_backward(dout, cache):
    x, view, s = cache
    flat = view.reshape(*view.shape[:4], -1)
    rows, columns = np.divmod(flat.argmax(-1), view.shape[-1])
    n, c, i, j = np.indices(dout.shape)
    dx = np.zeros_like(x)
    np.add.at(dx, (n, c, i * s + rows, j * s + columns), dout)
    return dx
