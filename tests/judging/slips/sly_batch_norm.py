"""Wrong answers to ps1 that passed once: right but for what no case asked.

Each is a right function (of the odd ones, or the solution's formula) with one thing wrong at an edge that the text
states: what it leaves in the caller's dict, how arrays lie in memory, sizes, zeros, what is absent.
"""

import numpy as np

from tests.judging.slips import Slips

SLIPS = Slips()
IN_PLACE = ("input changed in place",)


# --- right functions -----------------------------------------------------------------------------------------


def axes_of(x):
    return (0, 2, 3)[: x.ndim - 1]


def wide(v, x):
    return np.reshape(v, (1, -1) + (1,) * (x.ndim - 2))


def state(q, c):
    """mean, var, momentum and epsilon of a bn_param, or what stands for them."""
    mean, var = q.get("running_mean", np.zeros(c)), q.get("running_var", np.ones(c))
    return mean, var, q.get("momentum", 0.9), q.get("eps", 1e-5)


def normalize(x, mean, var, eps):
    return (x - mean) / np.sqrt(var + eps)


def scale_shift(x_hat, gamma, beta):
    return gamma * x_hat + beta


def forward(x, gamma, beta, q):
    mean, var, m, eps = state(q, x.shape[1])
    if q["mode"] == "train":
        new, spread = x.mean(axes_of(x)), x.var(axes_of(x))
        q["running_mean"], q["running_var"] = m * mean + (1 - m) * new, m * var + (1 - m) * spread
        mean, var = new, spread
    x_hat = (x - wide(mean, x)) / np.sqrt(wide(var, x) + eps)
    return wide(gamma, x) * x_hat + wide(beta, x), (x_hat, gamma, var + eps)


def backward(dout, cache, n=None):
    x_hat, gamma, var = cache
    axes = axes_of(dout)
    n = n or dout.size // dout.shape[1]
    dgamma, dbeta = (dout * x_hat).sum(axes), dout.sum(axes)
    inside = dout - wide(dbeta, dout) / n - x_hat * wide(dgamma, dout) / n
    return wide(gamma / np.sqrt(var), dout) * inside, dgamma, dbeta


FORWARD = {
    "batchnorm_forward.train": forward,
    "batchnorm_forward.running": forward,
    "batchnorm_forward.test": forward,
    "spatial_batchnorm_forward": forward,
}
BACKWARD = ("batchnorm_backward", "batchnorm_backward_alt", "spatial_batchnorm_backward")


# --- the caller's dict ---------------------------------------------------------------------------------------


def popping(x, gamma, beta, q):
    """Takes epsilon and momentum out of bn_param: the next call with it has the defaults."""
    eps, momentum = q.pop("eps", 1e-5), q.pop("momentum", 0.9)
    own = {**q, "eps": eps, "momentum": momentum}
    found = forward(x, gamma, beta, own)
    q.update({name: own[name] for name in ("running_mean", "running_var") if name in own})
    return found


def switching(x, gamma, beta, q):
    """Leaves bn_param in test mode."""
    found = forward(x, gamma, beta, q)
    q["mode"] = "test"
    return found


for _check in ("batchnorm_forward.train", "batchnorm_forward.test", "spatial_batchnorm_forward"):
    SLIPS.add("epsilon and momentum taken out of bn_param", _check, popping, named=IN_PLACE)
for _check in ("batchnorm_forward.train", "spatial_batchnorm_forward"):
    SLIPS.add("bn_param left in test mode", _check, switching, named=IN_PLACE)


# --- how arrays lie in memory --------------------------------------------------------------------------------


def filled(like: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Written value by value into an array like another: lost where that one's first axis is the fastest."""
    made = np.zeros_like(like)
    made.reshape(-1)[:] = values.reshape(-1)
    return made


def by_hand(dout, cache):
    dx, *parameters = backward(dout, cache)
    return filled(dout, dx), *parameters


def filled_forward(x, gamma, beta, q):
    out, cache = forward(x, gamma, beta, q)
    return filled(x, out), cache


def as_in_memory(x):
    """Takes the values in the order in which they lie in memory."""
    rows = x.ravel(order="K").reshape(x.shape)
    return rows.mean(0), rows.var(0)


ZEROS = "written into a flat copy"
SLIPS.add("rows read as they lie in memory", "batch_moments", as_in_memory)
for _check in ("batchnorm_forward.train", "spatial_batchnorm_forward"):
    SLIPS.add(ZEROS, _check, filled_forward, said="0 everywhere")
for _check in BACKWARD:
    SLIPS.add(ZEROS, _check, forward, by_hand, said="0 everywhere")


# --- what bn_param holds, and what it lacks ------------------------------------------------------------------


def falsy(x, gamma, beta, q):
    """`or` for what is absent: a momentum of 0 is taken for none."""
    own = {**q, "momentum": q.get("momentum") or 0.9}
    found = forward(x, gamma, beta, own)
    q.update({name: own[name] for name in ("running_mean", "running_var") if name in own})
    return found


def both_or_none(x, gamma, beta, q):
    """Starts both running statistics where the mean is not there."""
    if "running_mean" not in q:
        q.update(running_mean=np.zeros(x.shape[1]), running_var=np.ones(x.shape[1]))
    return forward(x, gamma, beta, q)


def shared_start():
    """Starts every bn_param with the same two arrays, and writes into them."""
    start = {}

    def sharing(x, gamma, beta, q):
        zeros, ones = start.setdefault(x.shape[1], (np.zeros(x.shape[1]), np.ones(x.shape[1])))
        mean, var = q.setdefault("running_mean", zeros), q.setdefault("running_var", ones)
        found = forward(x, gamma, beta, q)
        mean[:], var[:] = q["running_mean"], q["running_var"]
        q["running_mean"], q["running_var"] = mean, var
        return found

    return sharing


def unset(x, gamma, beta, q):
    """A running variance of 0 taken for one that was never set: `or` with an array of one value."""
    if "running_var" in q and not np.any(q["running_var"]):
        return forward(x, gamma, beta, {**q, "running_var": np.ones(x.shape[1])})
    return forward(x, gamma, beta, q)


OVERWRITTEN, HARD_CODED = "running statistics overwritten by the batch", "momentum hard-coded"
for _check in ("batchnorm_forward.train", "spatial_batchnorm_forward"):
    SLIPS.add("a momentum of 0 taken for none", _check, falsy, named=("a momentum of 0 taken for none",))
    SLIPS.add(
        "a running variance alone is not read",
        _check,
        both_or_none,
        named=("running variance reset beside an absent mean",),
    )
    SLIPS.add("all start from the same arrays", _check, shared_start())
SLIPS.add("all start from the same arrays", "batchnorm_forward.running", shared_start())
SLIPS.add("a running variance of 0 taken for none", "batchnorm_forward.test", unset)


def in_the_dict(x, gamma, beta, q):
    """Keeps what the backward pass needs in bn_param."""
    out, q["cache"] = forward(x, gamma, beta, q)
    return out, q


for _check in BACKWARD:
    SLIPS.add(
        "cache kept in bn_param", _check, in_the_dict, lambda dout, cache: backward(dout, cache["cache"])
    )


# --- sizes, zeros, large values ------------------------------------------------------------------------------


def gamma_or_one(gamma):
    return np.where(gamma == 0, 1, gamma)


SLIPS.add("rows of a lone sample dropped", "normalize", lambda *i: np.squeeze(normalize(*i)))
SLIPS.add("rows of a lone sample dropped", "scale_shift", lambda *i: np.squeeze(scale_shift(*i)))
SLIPS.add("cut off at 10", "normalize", lambda *i: np.clip(normalize(*i), -10, 10), said="cut off")
SLIPS.add("cut off at 10", "scale_shift", lambda *i: np.clip(scale_shift(*i), -10, 10), said="cut off")
SLIPS.add("cut off at 10", "batchnorm_forward.test", lambda *i: (np.clip(forward(*i)[0], -10, 10), None))
SLIPS.add("a gamma of 0 taken for none", "scale_shift", lambda h, g, b: scale_shift(h, gamma_or_one(g), b))
for _check in ("batchnorm_forward.train", "spatial_batchnorm_forward"):
    SLIPS.add("a gamma of 0 taken for none", _check, lambda x, g, b, q: forward(x, gamma_or_one(g), b, q))
for _check in BACKWARD:
    SLIPS.add("n is the larger size", _check, forward, lambda dout, cache: backward(
        dout, cache, n=max(dout.size // dout.shape[1], dout.shape[1])))  # fmt: skip


def pixels_dropped(function):
    """Axes of length 1 are lost."""

    def squeezed(*given):
        first, *others = function(*given)
        return np.squeeze(first), *others

    return squeezed


SLIPS.add("axes of one pixel dropped", "spatial_batchnorm_forward", pixels_dropped(forward))
SLIPS.add("axes of one pixel dropped", "spatial_batchnorm_backward", forward, pixels_dropped(backward))


def fold(weight, bias, gamma, beta, mean, var, eps):
    factor = gamma / np.sqrt(var + eps)
    return weight * wide(factor, weight.swapaxes(0, 1)).swapaxes(0, 1), (bias - mean) * factor + beta


SLIPS.add("a lone kernel's axis dropped", "fold_batchnorm", pixels_dropped(fold))
SLIPS.add(
    "a gamma of 0 taken for none", "fold_batchnorm", lambda w, b, g, *i: fold(w, b, gamma_or_one(g), *i)
)
SLIPS.add("written into a flat copy", "fold_batchnorm", lambda w, *i: (
    lambda folded, bias: (filled(w, folded), bias))(*fold(w, *i)))  # fmt: skip


# --- the block and the net -----------------------------------------------------------------------------------


def block(x, w, b, gamma, beta, q, *, passes=np.greater):
    z, cache = forward(x @ w + b, gamma, beta, q)
    return np.maximum(z, 0), (x, w, cache, passes(z, 0))


def block_backward(dout, cache, n=None):
    x, w, inner, passed = cache
    dz, dgamma, dbeta = backward(dout * passed, inner, n)
    return dz @ w.T, x.T @ dz, dz.sum(0), dgamma, dbeta


def block_in_the_dict(*given):
    out, given[-1]["cache"] = block(*given)
    return out, given[-1]


BLOCK = "affine_bn_relu_backward"
SLIPS.add(
    "gradient where the ReLU is given 0",
    BLOCK,
    lambda *i: block(*i, passes=np.greater_equal),
    block_backward,
    named=("gradient where ReLU's input is 0",),
)
SLIPS.add(
    "n is the larger size", BLOCK, block, lambda dout, cache: block_backward(dout, cache, max(dout.shape))
)
SLIPS.add(
    "cache kept in bn_param", BLOCK, block_in_the_dict, lambda dout, q: block_backward(dout, q["cache"])
)


def net(x, y, params, *, classes=None):
    """The six layers; one may count the classes by the labels that came."""
    h, caches = x, []
    for k in range(1, 6):
        h, cache = block(
            h, *(params[f"{name}{k}"] for name in ("W", "b", "gamma", "beta")), {"mode": "train"}
        )
        caches.append(cache)
    scores = h @ params["W6"] + params["b6"]
    scores = scores[:, : classes(y)] if classes else scores
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    rows = np.arange(len(y))
    loss, d = -np.log(p[rows, y]).mean(), p
    d[rows, y] -= 1
    d = np.pad(d / len(y), ((0, 0), (0, len(params["b6"]) - d.shape[1])))
    grads = {"W6": h.T @ d, "b6": d.sum(0)}
    d = d @ params["W6"].T
    for k in range(5, 0, -1):
        d, *found = block_backward(d, caches[k - 1])
        grads |= {f"{name}{k}": found[j] for j, name in enumerate(("W", "b", "gamma", "beta"))}
    return loss, grads


SLIPS.add("classes counted by the labels", "six_layer_net", lambda *i: net(*i, classes=lambda y: y.max() + 1))
