"""Nothing but loops over single numbers, as one would write it in C."""

import numpy as np


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    O, _, kh, kw = w.shape
    Ho, Wo = (H + 2 * p - kh) // s + 1, (W + 2 * p - kw) // s + 1
    out = np.zeros((N, O, Ho, Wo), x.dtype)
    for n in range(N):
        for o in range(O):
            for i in range(Ho):
                for j in range(Wo):
                    total = 0.0
                    for c in range(C):
                        for u in range(kh):
                            for v in range(kw):
                                r, q = i * s + u - p, j * s + v - p
                                if 0 <= r < H and 0 <= q < W:
                                    total += x[n, c, r, q] * w[o, c, u, v]
                    out[n, o, i, j] = total + b[o]
    return out, [x, w, b, s, p]


def conv_backward_naive(dout, cache):
    x, w, b, s, p = cache
    dx, dw, db = np.zeros(x.shape, x.dtype), np.zeros(w.shape, w.dtype), np.zeros(b.shape, b.dtype)
    N, C, H, W = x.shape
    for n in range(N):
        for o in range(w.shape[0]):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    g = dout[n, o, i, j]
                    db[o] += g
                    for c in range(C):
                        for u in range(w.shape[2]):
                            for v in range(w.shape[3]):
                                r, q = i * s + u - p, j * s + v - p
                                if r >= 0 and q >= 0 and r < H and q < W:
                                    dx[n, c, r, q] += g * w[o, c, u, v]
                                    dw[o, c, u, v] += g * x[n, c, r, q]
    return dx, dw, db


def im2col(x, kernel_height, kernel_width, stride, pad):
    N, C, H, W = x.shape
    Ho, Wo = (H + 2 * pad - kernel_height) // stride + 1, (W + 2 * pad - kernel_width) // stride + 1
    columns = np.zeros((N, C * kernel_height * kernel_width, Ho * Wo), x.dtype)
    for n in range(N):
        for c in range(C):
            for u in range(kernel_height):
                for v in range(kernel_width):
                    for i in range(Ho):
                        for j in range(Wo):
                            r, q = i * stride + u - pad, j * stride + v - pad
                            if 0 <= r < H and 0 <= q < W:
                                columns[n, (c * kernel_height + u) * kernel_width + v, i * Wo + j] = x[
                                    n, c, r, q
                                ]
    return columns


def conv_forward_im2col(x, w, b, conv_param):
    return conv_forward_naive(x, w, b, conv_param)


def max_pool_forward(x, pool_param):
    ph, pw, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H, W = x.shape
    Ho, Wo = 1 + (H - ph) // s, 1 + (W - pw) // s
    out = np.full((N, C, Ho, Wo), -np.inf, x.dtype)
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    for u in range(ph):
                        for v in range(pw):
                            if x[n, c, i * s + u, j * s + v] > out[n, c, i, j]:
                                out[n, c, i, j] = x[n, c, i * s + u, j * s + v]
    return out, (x, out, pool_param)


def max_pool_backward(dout, cache):
    x, out, pool_param = cache
    ph, pw, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros(x.shape, x.dtype)
    for n, c, i, j in np.ndindex(*dout.shape):
        for u in range(ph):
            for v in range(pw):
                if x[n, c, i * s + u, j * s + v] == out[n, c, i, j]:
                    dx[n, c, i * s + u, j * s + v] += dout[n, c, i, j]
    return dx
