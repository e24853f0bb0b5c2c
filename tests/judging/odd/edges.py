"""Right answers beside the sly wrong ones of `tests/judging/slips`: as near to them as a right answer can be."""

from functools import partial

import numpy as np

from tests.judging.odd import OddOnes
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
