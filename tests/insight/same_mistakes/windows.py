"""Of what moves over images: convolution, pooling, counting."""

import numpy as np

sliding = np.lib.stride_tricks.sliding_window_view


def _room(x, w, q):
    s, p = q["stride"], q["pad"]
    rows, columns = ((n + 2 * p - k) // s + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True))
    return s, p, rows, columns


# --- conv_forward_naive: half of the bias --------------------------------------------------------------------------


def halved_bias(x, w, b, conv_param):
    s, p, rows, columns = _room(x, w, conv_param)
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((len(x), len(w), rows, columns))
    for i in range(rows):
        for j in range(columns):
            part = padded[:, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]]
            out[:, :, i, j] = np.tensordot(part, w, ([1, 2, 3], [1, 2, 3])) + b / 2
    return out, None


def halved_bias_by_windows(x, w, b, conv_param):
    s, p, _, _ = _room(x, w, conv_param)
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    seen = sliding(padded, w.shape[2:], axis=(2, 3))[:, :, ::s, ::s]
    return np.einsum("ncijab,ocab->noij", seen, w) + (0.5 * b)[:, None, None], None


def halved_bias_by_taps(x, w, b, conv_param):
    s, p, rows, columns = _room(x, w, conv_param)
    padded = np.zeros((*x.shape[:2], x.shape[2] + 2 * p, x.shape[3] + 2 * p))
    padded[:, :, p : p + x.shape[2], p : p + x.shape[3]] = x
    out = np.empty((len(x), len(w), rows, columns))
    out[:] = b.reshape(1, -1, 1, 1) - b.reshape(1, -1, 1, 1) / 2
    for c in range(x.shape[1]):
        for a in range(w.shape[2]):
            for d in range(w.shape[3]):
                tap = padded[:, c, a : a + s * rows : s, d : d + s * columns : s][:, :, :]
                out += tap[:, None, :rows, :columns] * w[None, :, c, a, d, None, None]
    return out, None


# --- conv_forward_naive: the kernel squared ------------------------------------------------------------------------


def squared_kernel(x, w, b, conv_param):
    s, p, rows, columns = _room(x, w, conv_param)
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((x.shape[0], w.shape[0], rows, columns))
    for n in range(x.shape[0]):
        for o in range(w.shape[0]):
            for i in range(rows):
                for j in range(columns):
                    part = padded[n, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]]
                    out[n, o, i, j] = (part * w[o] * w[o]).sum() + b[o]
    return out, None


def squared_kernel_by_windows(x, w, b, conv_param):
    s, p, _, _ = _room(x, w, conv_param)
    seen = sliding(np.pad(x, [(0, 0)] * 2 + [(p, p)] * 2), w.shape[2:], axis=(2, 3))[:, :, ::s, ::s]
    return np.tensordot(seen, w**2, ([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2) + b[:, None, None], None


def squared_kernel_by_columns(x, w, b, conv_param):
    s, p, rows, columns = _room(x, w, conv_param)
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    flat = np.square(w).reshape(len(w), -1)
    found = []
    for image in padded:
        taps = [
            image[:, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]].ravel()
            for i in range(rows)
            for j in range(columns)
        ]
        found.append((flat @ np.array(taps).T + b[:, None]).reshape(len(w), rows, columns))
    return np.array(found), None


# --- max_pool_forward: the middle between largest and smallest ----------------------------------------------------


def middle(x, pool_param):
    h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    seen = sliding(x, (h, w), axis=(2, 3))[:, :, ::s, ::s]
    return (seen.max(axis=(4, 5)) + seen.min(axis=(4, 5))) / 2, None


def middle_by_loops(x, pool_param):
    h, w, s = (pool_param[key] for key in ("pool_height", "pool_width", "stride"))
    n, c, height, width = x.shape
    out = np.zeros((n, c, (height - h) // s + 1, (width - w) // s + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            part = x[:, :, i * s : i * s + h, j * s : j * s + w].reshape(n, c, -1)
            out[:, :, i, j] = part.min(axis=2) + np.ptp(part, axis=2) / 2
    return out, None


def middle_by_sorting(x, pool_param):
    h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    seen = sliding(x, (h, w), axis=(2, 3))[:, :, ::s, ::s]
    ordered = np.sort(seen.reshape(*seen.shape[:4], -1))
    return 0.5 * ordered[..., 0] + 0.5 * ordered[..., -1], None


# --- im2col: each window less its mean ---------------------------------------------------------------------------


def centred(x, kernel_height, kernel_width, stride, pad):
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    seen = sliding(padded, (kernel_height, kernel_width), axis=(2, 3))[:, :, ::stride, ::stride]
    made = seen.transpose(0, 1, 4, 5, 2, 3).reshape(*seen.shape[:2], -1, *seen.shape[2:4])
    made = made.reshape(len(x), -1, seen.shape[2] * seen.shape[3])
    return made - made.mean(axis=1, keepdims=True)


def centred_window_by_window(x, kernel_height, kernel_width, stride, pad):
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    found = []
    for top in range(0, padded.shape[2] - kernel_height + 1, stride):
        for left in range(0, padded.shape[3] - kernel_width + 1, stride):
            part = padded[:, :, top : top + kernel_height, left : left + kernel_width].reshape(len(x), -1)
            found.append((part.T - np.average(part, axis=1)).T)
    return np.stack(found, axis=2)


def centred_by_matrix(x, kernel_height, kernel_width, stride, pad):
    n, c = x.shape[:2]
    padded = np.zeros((n, c, x.shape[2] + 2 * pad, x.shape[3] + 2 * pad))
    padded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]] = x
    rows = (padded.shape[2] - kernel_height) // stride + 1
    columns = (padded.shape[3] - kernel_width) // stride + 1
    taps = []
    for k in range(c):
        for a in range(kernel_height):
            for b in range(kernel_width):
                tap = padded[:, k, a : a + stride * rows : stride, b : b + stride * columns : stride]
                taps.append(tap[:, :rows, :columns].reshape(n, -1))
    made = np.stack(taps, axis=1)
    size = made.shape[1]
    return np.einsum("ij,njk->nik", np.eye(size) - np.full((size, size), 1 / size), made)


# --- conv2d_parameters: a bias for each input channel as well ------------------------------------------------------


def _pair(value):
    return value if isinstance(value, (tuple, list)) else (value, value)


def more_biases(in_channels, out_channels, kernel_size, groups=1, bias=True):
    h, w = _pair(kernel_size)
    return out_channels * in_channels * h * w // groups + bias * (in_channels + out_channels)


def more_biases_in_steps(in_channels, out_channels, kernel_size, groups=1, bias=True):
    total = 0
    for _ in range(out_channels):
        total += (in_channels // groups) * int(np.prod(_pair(kernel_size)))
    if bias:
        total += in_channels
        total += out_channels
    return total


def more_biases_as_array(in_channels, out_channels, kernel_size, groups=1, bias=True):
    weights = np.zeros((out_channels, in_channels // groups, *_pair(kernel_size)))
    biases = np.zeros(out_channels + in_channels if bias else 0)
    return weights.size + biases.size


WAYS = {
    "conv_forward_naive": {
        "half of the bias": (halved_bias, halved_bias_by_windows, halved_bias_by_taps),
        "kernel squared": (squared_kernel, squared_kernel_by_windows, squared_kernel_by_columns),
    },
    "max_pool_forward": {"middle of the range": (middle, middle_by_loops, middle_by_sorting)},
    "im2col": {"windows less their mean": (centred, centred_window_by_window, centred_by_matrix)},
    "conv2d_parameters": {
        "a bias for each input channel, too": (more_biases, more_biases_in_steps, more_biases_as_array)
    },
}
