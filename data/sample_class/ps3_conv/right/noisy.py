"""Prints, warns, logs and writes to standard error on the way, and is right all the same."""

import logging
import sys
import warnings

import numpy as np


def conv2d_parameters(in_channels, out_channels, kernel_size, groups=1, bias=True):
    print("parameters of", in_channels, out_channels)
    warnings.warn("counting", stacklevel=1)
    kh, kw = (kernel_size, kernel_size) if not hasattr(kernel_size, "__len__") else kernel_size
    return int(kh * kw * in_channels * out_channels / groups) + (out_channels if bias else 0)


def conv_forward_naive(x, w, b, conv_param):
    print("x", x.shape, "w", w.shape, file=sys.stderr)
    stride, pad = conv_param.get("stride"), conv_param.get("pad")
    xp = np.pad(x, ((0,), (0,), (pad,), (pad,)), "constant")
    HH, WW = w.shape[2], w.shape[3]
    H_out = int(1 + (x.shape[2] + 2 * pad - HH) / stride)
    W_out = int(1 + (x.shape[3] + 2 * pad - WW) / stride)
    out = np.zeros((x.shape[0], w.shape[0], H_out, W_out))
    for n in range(x.shape[0]):
        for f in range(w.shape[0]):
            for i in range(H_out):
                for j in range(W_out):
                    patch = xp[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    out[n, f, i, j] = (patch * w[f]).sum() + b[f]
    logging.getLogger("noisy").warning("done")
    return out, (x, xp, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, xp, w, b, conv_param = cache
    stride, pad = conv_param.get("stride"), conv_param.get("pad")
    np.log(np.zeros(1))
    dxp, dw, db = np.zeros_like(xp), np.zeros_like(w), np.zeros_like(b)
    for n in range(dout.shape[0]):
        for f in range(dout.shape[1]):
            db[f] += dout[n, f].sum()
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    si, sj = i * stride, j * stride
                    dw[f] += xp[n, :, si : si + w.shape[2], sj : sj + w.shape[3]] * dout[n, f, i, j]
                    dxp[n, :, si : si + w.shape[2], sj : sj + w.shape[3]] += w[f] * dout[n, f, i, j]
    return dxp[:, :, pad : dxp.shape[2] - pad, pad : dxp.shape[3] - pad], dw, db


def receptive_field(layers):
    print(f"{len(layers)} layers")
    r, j = [1, 1], [1, 1]
    for layer in layers:
        k = layer.get("kernel_size", 1)
        k = k if isinstance(k, (tuple, list)) else (k, k)
        default = k if layer["type"] == "max_pool2d" else 1
        s, d = layer.get("stride", default), layer.get("dilation", 1)
        s, d = (v if isinstance(v, (tuple, list)) else (v, v) for v in (s, d))
        r = [r[a] + (k[a] - 1) * d[a] * j[a] for a in (0, 1)]
        j = [j[a] * s[a] for a in (0, 1)]
    return r
