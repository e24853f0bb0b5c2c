"""Classes, as in a framework: the cache is the layer itself."""

import numpy as np


class Axis:
    """One axis of a window that moves."""

    def __init__(self, size, kernel, stride=1, before=0, after=0, dilation=1):
        self.room, self.reach, self.stride = size + before + after, (kernel - 1) * dilation + 1, stride
        if self.reach > self.room:
            raise ValueError("too small an input")

    def __len__(self):
        return (self.room - self.reach + self.stride) // self.stride


def conv2d_output_shape(input_shape, weight_shape, stride=1, padding=0, dilation=1, groups=1):
    N, C, H, W = input_shape
    O, Cg, kh, kw = weight_shape
    if Cg * groups - C or O % groups:
        raise ValueError("channels, kernels and groups disagree")
    two = lambda v: [v, v] if np.isscalar(v) else list(v)
    (sh, sw), (dh, dw) = two(stride), two(dilation)
    if isinstance(padding, str):
        if padding.upper() == "SAME":
            return [N, O, int(np.ceil(H / sh)), int(np.ceil(W / sw))]
        padding = 0
    flat = np.ravel(np.asarray(padding)).tolist()
    t, b, l, r = {1: flat * 4, 2: flat[:1] * 2 + flat[-1:] * 2, 4: flat}.get(len(flat), flat[-4:])
    return [N, O, len(Axis(H, kh, sh, t, b, dh)), len(Axis(W, kw, sw, l, r, dw))]


class Convolution:
    def __init__(self, w, b, conv_param):
        self.w, self.b, self.s, self.p = w, b, conv_param["stride"], conv_param["pad"]

    def forward(self, x):
        self.x = x
        n, o, rows, columns = conv2d_output_shape(x.shape, self.w.shape, self.s, self.p)
        out = np.empty((n, o, rows, columns), np.result_type(x, self.w))
        padded = self.padded()
        for place in np.ndindex(rows, columns):
            window = padded[self.window(*place)].reshape(n, -1)
            out[(..., *place)] = window @ self.w.reshape(o, -1).T + self.b
        return out

    def padded(self):
        return np.pad(self.x, [(0, 0), (0, 0), (self.p, self.p), (self.p, self.p)])

    def window(self, i, j):
        rows, columns = self.w.shape[2:]
        return np.s_[:, :, i * self.s : i * self.s + rows, j * self.s : j * self.s + columns]

    def backward(self, dout):
        padded = self.padded()
        dx, dw = np.zeros_like(padded), np.zeros_like(self.w)
        for i, j in np.ndindex(dout.shape[2:]):
            g = dout[:, :, i, j]
            dx[self.window(i, j)] += np.einsum("no,ocuv->ncuv", g, self.w)
            dw += np.einsum("no,ncuv->ocuv", g, padded[self.window(i, j)])
        inner = slice(self.p, -self.p or None)
        return dx[:, :, inner, inner], dw, np.add.reduce(dout, axis=(0, 2, 3))


def conv_forward_naive(x, w, b, conv_param):
    layer = Convolution(w, b, conv_param)
    return layer.forward(x), layer


def conv_backward_naive(dout, cache):
    return cache.backward(dout)


class MaxPool:
    def __init__(self, pool_height, pool_width, stride):
        self.k, self.s = (pool_height, pool_width), stride

    def forward(self, x):
        self.x = x
        size = [len(Axis(n, k, self.s)) for n, k in zip(x.shape[2:], self.k)]
        out = np.zeros(x.shape[:2] + tuple(size), x.dtype)
        self.winners = []
        for i, j in np.ndindex(*size):
            window = x[:, :, i * self.s :, j * self.s :][:, :, : self.k[0], : self.k[1]]
            flat = window.reshape(*x.shape[:2], -1)
            winner = flat.argmax(-1)
            self.winners.append(winner)
            out[:, :, i, j] = np.take_along_axis(flat, winner[..., None], -1)[..., 0]
        return out

    def backward(self, dout):
        dx = np.zeros(self.x.shape, self.x.dtype)
        n, c = np.ogrid[: dx.shape[0], : dx.shape[1]]
        for (i, j), winner in zip(np.ndindex(dout.shape[2:]), self.winners):
            u, v = np.unravel_index(winner, self.k)
            dx[n, c, i * self.s + u, j * self.s + v] += dout[:, :, i, j]
        return dx


def max_pool_forward(x, pool_param):
    layer = MaxPool(**pool_param)
    return layer.forward(x), layer


def max_pool_backward(dout, cache):
    return cache.backward(dout)
