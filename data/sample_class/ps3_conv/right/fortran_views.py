"""Arrays in column-major order, results that are views, work done in place on copies of its own."""

import numpy as np


def im2col(x, kernel_height, kernel_width, stride, pad):
    n, c, h, w = x.shape
    padded = np.zeros((n, c, h + 2 * pad, w + 2 * pad), dtype=x.dtype, order="F")
    padded[:, :, pad : pad + h, pad : pad + w] = x
    rows = (h + 2 * pad - kernel_height) // stride + 1
    columns = (w + 2 * pad - kernel_width) // stride + 1
    by_window = np.empty((rows * columns, n, c * kernel_height * kernel_width), dtype=x.dtype)
    for number in range(rows * columns):
        i, j = divmod(number, columns)
        window = padded[:, :, i * stride :, j * stride :][:, :, :kernel_height, :kernel_width]
        by_window[number] = window.reshape(n, -1)
    return np.moveaxis(by_window, 0, 2)


def conv_forward_im2col(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    columns = im2col(x, w.shape[2], w.shape[3], stride, pad)
    rows = (x.shape[2] + 2 * pad - w.shape[2]) // stride + 1
    product = np.asfortranarray(np.tensordot(w.reshape(len(w), -1), columns, axes=(1, 1)))
    product += b[:, np.newaxis, np.newaxis]
    out = product.swapaxes(0, 1).reshape(len(x), len(w), rows, -1)
    return out.view(), (x, w, b, conv_param)


def conv_forward_naive(x, w, b, conv_param):
    x, w = x.copy(order="F"), w.copy()
    out, _ = conv_forward_im2col(x, w, b, conv_param)
    return out, (x, w, b.copy(), dict(conv_param))


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    w, b = w.copy(), b.copy()
    s, p = conv_param["stride"], conv_param["pad"]
    kh, kw = w.shape[2:]
    flat = dout.transpose(1, 0, 2, 3).reshape(len(w), -1)
    columns = im2col(x, kh, kw, s, p).transpose(1, 0, 2).reshape(-1, flat.shape[1])
    b[:] = flat.sum(axis=1)
    dcolumns = (w.reshape(len(w), -1).T @ flat).reshape(x.shape[1], kh, kw, *dout.shape[:1], *dout.shape[2:])
    dx = np.zeros((x.shape[0], x.shape[1], x.shape[2] + 2 * p, x.shape[3] + 2 * p), x.dtype)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dx[:, :, i * s : i * s + kh, j * s : j * s + kw] += dcolumns[..., i, j].transpose(3, 0, 1, 2)
    w[...] = (flat @ columns.T).reshape(w.shape)
    return dx[:, :, p : p + x.shape[2], p : p + x.shape[3]], w, b


def max_pool_forward(x, pool_param):
    h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    shape = x.shape[:2] + ((x.shape[2] - h) // s + 1, (x.shape[3] - w) // s + 1, h, w)
    strides = x.strides[:2] + (x.strides[2] * s, x.strides[3] * s) + x.strides[2:]
    windows = np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)
    return np.asfortranarray(windows.max(axis=5).max(axis=4)), (windows, x.shape, s)


def max_pool_backward(dout, cache):
    windows, shape, s = cache
    dx = np.zeros(shape, dout.dtype)
    for index in np.ndindex(*dout.shape):
        n, c, i, j = index
        window = windows[index]
        u, v = divmod(int(window.argmax()), window.shape[1])
        dx[n, c, i * s + u, j * s + v] += dout[index]
    return dx
