"""float32 in, float32 out, float64 otherwise; sums in another order, and the larger loop inside."""

import numpy as np


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = (
        conv_param.values()
        if list(conv_param) == ["stride", "pad"]
        else (conv_param["stride"], conv_param["pad"])
    )
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    x_pad = np.zeros((N, C, H + pad + pad, W + pad + pad), dtype=x.dtype)
    x_pad[..., pad : H + pad, pad : W + pad] = x
    out = np.zeros((N, F, 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride), dtype=x.dtype)
    for c in reversed(range(C)):
        for f in range(F):
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    block = x_pad[:, c, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    out[:, f, i, j] += (block * w[f, c]).reshape(N, -1).sum(1)
    out += np.asarray(b, dtype=x.dtype)[:, None, None]
    return out, (x_pad, w, stride, pad, b.dtype)


def conv_backward_naive(dout, cache):
    x_pad, w, stride, pad, kind = cache
    dx, dw = np.zeros(x_pad.shape, x_pad.dtype), np.zeros(w.shape, w.dtype)
    for c in range(x_pad.shape[1]):
        for f in range(len(w)):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    rows, columns = np.arange(w.shape[2]) + i * stride, np.arange(w.shape[3]) + j * stride
                    here = np.ix_(range(len(x_pad)), [c], rows, columns)
                    g = dout[:, f, i, j].reshape(-1, 1, 1, 1)
                    dx[here] += g * w[f, c]
                    dw[f, c] += (g * x_pad[here]).sum(axis=(0, 1))
    db = np.array([dout[:, f].sum() for f in range(len(w))], dtype=kind)
    if pad > 0:
        dx = dx[:, :, pad:-pad, pad:-pad]
    return dx, dw, db


def conv_forward_im2col(x, w, b, conv_param):
    out, cache = conv_forward_naive(x, w, b, conv_param)
    return out, cache


def max_pool_forward(x, pool_param):
    hh, ww, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    tops, lefts = range(0, x.shape[2] - hh + 1, s), range(0, x.shape[3] - ww + 1, s)
    rows = [np.stack([x[:, :, t : t + hh, l : l + ww].max((2, 3)) for l in lefts], axis=-1) for t in tops]
    return np.stack(rows, axis=2), {"x": x, "where": [(t, l) for t in tops for l in lefts], "size": (hh, ww)}


def max_pool_backward(dout, cache):
    x, (hh, ww) = cache["x"], cache["size"]
    dx = np.zeros(x.shape)
    for number, (t, l) in enumerate(cache["where"]):
        i, j = divmod(number, dout.shape[3])
        window = x[:, :, t : t + hh, l : l + ww]
        largest = window == window.max(axis=(2, 3), keepdims=True)
        dx[:, :, t : t + hh, l : l + ww] += largest * dout[:, :, i, j, None, None]
    return dx.astype(x.dtype)
