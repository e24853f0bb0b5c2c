"""Right answers beside the sly wrong ones of `tests/judging/slips`: as near to them as a right answer can be."""

from functools import partial

import numpy as np

from tests.judging.odd import OddOnes
from tests.judging.slips import sly_convolution as c
from tests.judging.slips import sly_normalizers as n
from tests.judging.slips.sly_batch_norm import (
    BACKWARD,
    BLOCK,
    FORWARD,
    backward,
    block,
    block_backward,
    fold,
    forward,
    net,
    normalize,
    scale_shift,
)

ODD = OddOnes()


# --- the caller's dict: what is added is the function's own affair ---


def defaults_written_down(x, gamma, beta, q):
    q.setdefault("eps", 1e-5)
    q.setdefault("momentum", 0.9)
    found = forward(x, gamma, beta, q)
    q["seen"] = q.get("seen", 0) + len(x)
    return found


def settings_as_numpy_has_them(x, gamma, beta, q):
    q.update({name: np.float64(q[name]) for name in ("eps", "momentum") if name in q})
    return forward(x, gamma, beta, q)


def dict_emptied_and_filled_again(x, gamma, beta, q):
    own = dict(q)
    q.clear()
    found = forward(x, gamma, beta, own)
    q.update(own)
    return found


# --- how arrays lie in memory ---


def rows_in_order(values, like):
    made = np.zeros_like(like, order="C")
    made.reshape(-1)[:] = values.reshape(-1)
    return made


def written_through_flat(dout, cache):
    dx, *parameters = backward(dout, cache)
    made = np.zeros_like(dout)
    made.flat[:] = dx.ravel()
    return made, *parameters


def written_in_order(dout, cache):
    dx, *parameters = backward(dout, cache)
    return rows_in_order(dx, dout), *parameters


def last_axis_fastest_in_memory(dout, cache):
    return backward(np.ascontiguousarray(dout), cache)


for _check in FORWARD:
    for _right in (defaults_written_down, settings_as_numpy_has_them, dict_emptied_and_filled_again):
        ODD.add(_check, _right.__name__.replace("_", " "), _right)
for _check in BACKWARD:
    for _right in (written_through_flat, written_in_order, last_axis_fastest_in_memory):
        ODD.add(_check, _right.__name__.replace("_", " "), forward, _right)


# --- what bn_param holds, and what it lacks ---


def none_is_absent(x, gamma, beta, q):
    own = {**q, "momentum": 0.9 if q.get("momentum") is None else q["momentum"]}
    found = forward(x, gamma, beta, own)
    q.update({name: own[name] for name in ("running_mean", "running_var") if name in own})
    return found


def each_started_by_itself(x, gamma, beta, q):
    given = set(q)
    for name, start in (("running_mean", np.zeros), ("running_var", np.ones)):
        q.setdefault(name, start(x.shape[1], dtype=x.dtype))
    found = forward(x, gamma, beta, q)
    if q["mode"] == "test" and "running_var" not in given:
        q["running_var"] = np.ones(x.shape[1])
    return found


def running_values_moved_where_they_lie(x, gamma, beta, q):
    mean, var = (np.array(q.get(name, start)) for name, start in starts(x).items())
    own = {**q, "running_mean": mean, "running_var": var}
    found = forward(x, gamma, beta, own)
    mean[:], var[:] = own["running_mean"], own["running_var"]
    if q["mode"] == "train":
        q["running_mean"], q["running_var"] = mean, var
    return found


def starts(x):
    return {"running_mean": np.zeros(x.shape[1]), "running_var": np.ones(x.shape[1])}


for _check in FORWARD:
    for _right in (none_is_absent, each_started_by_itself, running_values_moved_where_they_lie):
        ODD.add(_check, _right.__name__.replace("_", " "), _right)


# --- one bn_param for two forward passes ---


def with_the_dict_in_its_cache(x, gamma, beta, q):
    return forward(x, gamma, beta, q)[0], (x, gamma, beta, q)


def computed_again(dout, cache):
    return backward(dout, forward(*cache)[1])


def numbered_in_the_dict(x, gamma, beta, q):
    out, cache = forward(x, gamma, beta, q)
    q.setdefault("caches", []).append(cache)
    return out, (q, len(q["caches"]) - 1)


def looked_up(dout, cache):
    q, number = cache
    return backward(dout, q["caches"][number])


for _check in BACKWARD:
    ODD.add(_check, "forward pass made again", with_the_dict_in_its_cache, computed_again)
    ODD.add(_check, "caches numbered in the dict", numbered_in_the_dict, looked_up)


# --- sizes, zeros, large values ---

ODD.add("normalize", "sample by sample", lambda x, *s: np.stack([normalize(row, *s) for row in x]))
ODD.add("normalize", "feature by feature", lambda x, m, v, e: np.column_stack(
    [normalize(x[:, j], m[j], v[j], e) for j in range(x.shape[1])]))  # fmt: skip
ODD.add("normalize", "turned round", lambda x, m, v, e: normalize(x.T, m[:, None], v[:, None], e).T)
ODD.add("scale_shift", "turned round", lambda h, g, b: (h.T * g[:, None] + b[:, None]).T)
ODD.add("scale_shift", "a diagonal matrix", lambda h, g, b: h @ np.diag(g) + b)
ODD.add("scale_shift", "sample by sample", lambda h, g, b: [scale_shift(row, g, b) for row in h])


def kernel_by_kernel(weight, *per_kernel):
    *per_kernel, eps = per_kernel
    folded = [fold(*(v[o : o + 1] for v in (weight, *per_kernel)), eps) for o in range(len(weight))]
    return tuple(np.concatenate(parts) for parts in zip(*folded, strict=True))


def kernels_as_rows(weight, bias, gamma, beta, mean, var, eps):
    factor = gamma / np.sqrt(var + eps)
    rows = weight.reshape(len(weight), -1) * factor[:, None]
    return rows.reshape(weight.shape), beta + factor * (bias - mean)


def diagonal(weight, bias, gamma, beta, mean, var, eps):
    factor = np.diag(gamma * (var + eps) ** -0.5)
    return np.einsum("po,ocij->pcij", factor, weight), factor @ (bias - mean) + beta


for _right in (kernel_by_kernel, kernels_as_rows, diagonal):
    ODD.add("fold_batchnorm", _right.__name__.replace("_", " "), _right)


# --- the block and the net ---


def half_of_nothing(z, zero):
    return np.heaviside(z, 0.0)


def what_is_left(z, zero):
    return np.maximum(z, zero) != zero


def not_below(z, zero):
    return ~(z <= zero)


for _passes in (half_of_nothing, what_is_left, not_below):
    ODD.add(BLOCK, _passes.__name__.replace("_", " "), partial(block, passes=_passes), block_backward)
ODD.add("six_layer_net", "all classes that there are", net)


# --- shapes in any spelling ---


def array_pair(value):
    return np.broadcast_to(np.asarray(value), 2).tolist()


def counted_pair(value):
    return [value] * 2 if np.ndim(value) == 0 else [value[0], value[-1]]


def read_as_an_array(padding):
    flat = np.ravel(padding)
    return {1: flat.repeat(4), 2: flat.repeat(2), 4: flat, 8: flat[-4:]}[flat.size].reshape(2, 2).tolist()


def of_numpy(*given):
    return np.array(c.shape(*given))


for _check in (c.SHAPE, c.PADDING, c.ERRORS):
    ODD.add(_check, "pairs by broadcasting", c.with_(pairs=array_pair))
    ODD.add(_check, "pairs by their first and last", c.with_(pairs=counted_pair, edges=read_as_an_array))
    ODD.add(_check, "an array for a shape", of_numpy)
for _pairs in (array_pair, counted_pair, c.pair):
    ODD.add("pool2d_output_shape", f"pairs by {_pairs.__name__}", partial(c.pooled_shape, pairs=_pairs))
    ODD.add("conv2d_operations", f"pairs by {_pairs.__name__}", partial(c.operations, pairs=_pairs))
    ODD.add("receptive_field", f"pairs by {_pairs.__name__}", partial(c.field, pairs=_pairs))


# --- windows, whatever their size and however x lies in memory ---


def pointwise(x, w, b, q):
    """A kernel of 1 by 1 as a product of matrices, at the places that stride and padding ask for."""
    out, cache = c.conv(x, w, b, q)
    if w.shape[2:] == (1, 1):
        p, s = q["pad"], q["stride"]
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))[:, :, ::s, ::s]
        out = np.einsum("nchw,oc->nohw", padded, w[:, :, 0, 0]) + b[:, None, None]
    return out, cache


def tap_by_tap(x, w, b, q):
    p, s = q["pad"], q["stride"]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    rows, columns = ((n + 2 * p - k) // s + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True))
    out = np.zeros((len(x), len(w), rows, columns), x.dtype) + b[:, None, None]
    for i, j in np.ndindex(w.shape[2:]):
        seen = padded[:, :, i : i + rows * s : s, j : j + columns * s : s][:, :, :rows, :columns]
        out = out + np.einsum("nchw,oc->nohw", seen, w[:, :, i, j])
    return out, (x, w, b, q)


def by_their_strides(x, w, b, q):
    p, s = q["pad"], q["stride"]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    rows, columns = ((n - k) // s + 1 for n, k in zip(padded.shape[2:], w.shape[2:], strict=True))
    a, f, g, h = padded.strides
    shape, strides = (*x.shape[:2], rows, columns, *w.shape[2:]), (a, f, g * s, h * s, g, h)
    windows = np.lib.stride_tricks.as_strided(padded, shape, strides)
    return np.einsum("ncijab,ocab->noij", windows, w) + b[:, None, None], (x, w, b, q)


def kept_beside(forward):
    """What a pass needs stands in its cache; the dict only counts the passes."""

    def counting(*given):
        out, cache = forward(*given)
        given[-1]["passes"] = given[-1].get("passes", 0) + 1
        return out, cache

    return counting


for _right in (pointwise, tap_by_tap, by_their_strides):
    for _check in (c.FORWARD, "conv_forward_im2col"):
        ODD.add(_check, _right.__name__.replace("_", " "), _right)
    ODD.add(c.BACKWARD, f"{_right.__name__.replace('_', ' ')}, passes counted", kept_beside(_right), c.back)


def as_rows(x, height, width, stride, pad):
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad))), (height, width), (2, 3)
    )[:, :, ::stride, ::stride]
    n, _, rows, columns = windows.shape[:4]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n, rows * columns, -1).swapaxes(1, 2)


ODD.add("im2col", "a transposed view of rows", as_rows)
ODD.add("im2col", "in Fortran's order", lambda *given: np.asfortranarray(as_rows(*given)))
ODD.add("im2col", "x in order first", lambda x, *given: as_rows(np.ascontiguousarray(x), *given))


def flat_maxima(x, q):
    out, cache = c.pool(x, q)
    return out.reshape(x.shape[0], x.shape[1], *out.shape[2:]), cache


def in_order(dout, cache):
    return rows_in_order(c.pool_back(dout, cache), cache[0])


def through_flat(dout, cache):
    made = np.zeros_like(cache[0])
    made.flat[:] = c.pool_back(dout, cache).ravel()
    return made


for _forward in (c.pool, kept_beside(c.pool), flat_maxima):
    ODD.add("max_pool_forward", "maxima by windows", _forward)
    ODD.add("max_pool_backward", "written in order", _forward, in_order)
ODD.add("max_pool_backward", "written through flat", c.pool, through_flat)


# --- the normalizers of ps4 ---


def started_apart(x, gamma, beta, q):
    own = {"running_mean": np.zeros(x.shape[1]), "running_std": np.ones(x.shape[1]), **q}
    found = n.renorm(x, gamma, beta, own)
    if q["mode"] == "train":
        q.update(running_mean=own["running_mean"], running_std=own["running_std"])
    return found


def asked_for_none(x, gamma, beta, q):
    own = {**q, "momentum": 0.9 if q.get("momentum") is None else q["momentum"]}
    found = n.renorm(x, gamma, beta, own)
    q.update({name: own[name] for name in ("running_mean", "running_std") if name in own})
    return found


def defaults_added(x, gamma, beta, q):
    for name, default in (("eps", 1e-5), ("momentum", 0.9), ("r_max", 3), ("d_max", 5)):
        q.setdefault(name, default)
    return n.renorm(x, gamma, beta, q)


for _right in (started_apart, asked_for_none, defaults_added):
    ODD.add(n.TRAIN, _right.__name__.replace("_", " "), _right)
    ODD.add(n.TEST, _right.__name__.replace("_", " "), _right)
    ODD.add(n.BACK, _right.__name__.replace("_", " "), kept_beside(_right), n.renorm_back)


def in_rows(function):
    """dx written row by row, whatever the layout of dout."""

    def writing(dout, cache):
        dx, *parameters = function(dout, cache)
        return rows_in_order(dx, dout), *parameters

    return writing


def flatly(function):
    """dx written through the flat iterator of an array that lies as dout does."""

    def writing(dout, cache):
        dx, *parameters = function(dout, cache)
        made = np.zeros_like(dout)
        made.flat[:] = dx.ravel()
        return made, *parameters

    return writing


def ordered(function):
    """From a dout that is put in order first."""
    return lambda dout, cache: function(np.ascontiguousarray(dout), cache)


for _style in (in_rows, flatly, ordered):
    for _check, _forward, _back in (
        ("layernorm_backward", n.layer, n.layer_back),
        ("groupnorm_backward", n.group, n.group_back),
        (n.BACK, n.renorm, n.renorm_back),
    ):
        ODD.add(_check, _style.__name__.replace("_", " "), _forward, _style(_back))


def spread_out(z, weight):
    mean, second, first, other = n.moments(z, weight)
    return mean, second, np.broadcast_to(first[:, :1], weight.shape), np.asfortranarray(other)


def channel_by_channel(z, weight):
    found = [n.moments(z, weight[:, [k]]) for k in range(weight.shape[1])]
    return tuple(np.concatenate(parts, axis=-1) for parts in zip(*found, strict=True))


ODD.add("linear_moments", "views of few numbers", spread_out)
ODD.add("linear_moments", "channel by channel", channel_by_channel)
ODD.add("linear_moments", "a weight put in order", lambda z, w: n.moments(z, np.ascontiguousarray(w)))
ODD.add("compensate_moment", "a product's diagonal", lambda m, g, a, b: m + np.diag(g.T @ (b - a)))
ODD.add("compensate_moment", "by einsum", lambda m, g, a, b: m + np.einsum("ic,ic->c", g, b - a))
ODD.add(
    "compensate_moment",
    "both in the same order",
    lambda m, g, a, b: m + (g.ravel() * (b - a).ravel()).reshape(g.shape).sum(0),
)
ODD.add(
    "cross_iteration_moments",
    "a history of its own",
    lambda x, w, h, k: n.window(x, w, [dict(p) for p in h], k),
)
ODD.add("cross_iteration_moments", "a tuple of steps", lambda x, w, h, k: n.window(x, w, tuple(h), k))
ODD.add("cross_iteration_moments", "lists of numbers", lambda *given: [v.tolist() for v in n.window(*given)])
for _eps in (
    lambda q: q.get("eps", 1e-5),
    lambda q: {"eps": 1e-5, **q}["eps"],
    lambda q: q.setdefault("eps", 1e-5),
):
    ODD.add(
        "groupnorm_forward",
        "epsilon read",
        lambda x, g, b, G, q, eps=_eps: n.group(x, g, b, G, {"eps": eps(q)}),
    )
