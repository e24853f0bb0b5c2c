"""Wrong answers to ps4 that passed once: right but for what bn_param lacks, for layouts and for sizes of 1."""

import numpy as np

from tests.judging.made_up import layer
from tests.judging.slips import Slips
from tests.judging.slips.sly_batch_norm import IN_PLACE, filled, gamma_or_one

SLIPS = Slips()
TRAIN, TEST, BACK = "batch_renorm_forward.train", "batch_renorm_forward.test", "batch_renorm_backward"


# --- right functions -----------------------------------------------------------------------------------------


def column(v, x):
    return np.reshape(v, (1, -1) + (1,) * (x.ndim - 2))


def renorm(x, gamma, beta, q):
    """Batch renormalisation."""
    axes, c = (0, 2, 3)[: x.ndim - 1], x.shape[1]
    mean, std = q.get("running_mean", np.zeros(c)), q.get("running_std", np.ones(c))
    if q["mode"] == "test":
        return column(gamma / std, x) * (x - column(mean, x)) + column(beta, x), None
    new, spread = x.mean(axes), np.sqrt(x.var(axes) + q.get("eps", 1e-5))
    top, far, m = q.get("r_max", 3), q.get("d_max", 5), q.get("momentum", 0.9)
    r, d = np.clip(spread / std, 1 / top, top), np.clip((new - mean) / std, -far, far)
    z = (x - column(new, x)) / column(spread, x)
    x_hat = z * column(r, x) + column(d, x)
    q["running_mean"], q["running_std"] = m * mean + (1 - m) * new, m * std + (1 - m) * spread
    return column(gamma, x) * x_hat + column(beta, x), (z, x_hat, gamma * r / spread, axes)


def renorm_back(dout, cache):
    z, x_hat, factor, axes = cache
    inside = dout - dout.mean(axes, keepdims=True) - z * (dout * z).mean(axes, keepdims=True)
    return column(factor, dout) * inside, (dout * x_hat).sum(axes), dout.sum(axes)


def layer_back(dout, cache):
    x_hat, gamma, var = cache
    g, rest = dout * gamma, tuple(range(dout.ndim - 1))
    inside = g - g.mean(-1, keepdims=True) - x_hat * (g * x_hat).mean(-1, keepdims=True)
    return inside / np.sqrt(var), (dout * x_hat).sum(rest), dout.sum(rest)


def group(x, gamma, beta, G, q):
    pots = x.reshape(len(x), G, -1)
    std = np.sqrt(pots.var(2, keepdims=True) + q.get("eps", 1e-5))
    x_hat = (pots - pots.mean(2, keepdims=True)) / std
    return column(gamma, x) * x_hat.reshape(x.shape) + column(beta, x), (x_hat, std, gamma)


def group_back(dout, cache):
    x_hat, std, gamma = cache
    g = (dout * column(gamma, dout)).reshape(x_hat.shape)
    dx = (g - g.mean(2, keepdims=True) - x_hat * (g * x_hat).mean(2, keepdims=True)) / std
    return dx.reshape(dout.shape), (dout * x_hat.reshape(dout.shape)).sum((0, 2, 3)), dout.sum((0, 2, 3))


def moments(z, weight):
    x = z @ weight
    first = np.repeat(z.mean(0)[:, None], weight.shape[1], axis=1)
    return x.mean(0), (x * x).mean(0), first, 2 * z.T @ x / len(z)


def compensate(moment, gradient, then, now):
    return moment + (gradient * (now - then)).sum(0)


def window(x, weight, history, k):
    past = history[: k - 1]
    firsts, seconds = (
        np.stack([now, *(compensate(p[name], p[f"{name}_gradient"], p["weight"], weight) for p in past)])
        for name, now in (("mean", x.mean(0)), ("second", (x * x).mean(0)))
    )
    mean = firsts.mean(0)
    return mean, np.maximum(seconds, firsts**2).mean(0) - mean**2


# --- the caller's dict ---------------------------------------------------------------------------------------


def popping(function):
    """Takes epsilon out of the last argument."""

    def taking(*given):
        *others, q = given
        own = {**q, "eps": q.pop("eps", 1e-5)}
        found = function(*others, own)
        q.update({name: own[name] for name in ("running_mean", "running_std") if name in own})
        return found

    return taking


def emptying(x, weight, history, k):
    """Takes the steps out of the history one by one."""
    return window(x, weight, [history.pop(0) for _ in range(min(k - 1, len(history)))], k)


for _check, _right in ((TRAIN, renorm), ("layernorm_forward", layer), ("groupnorm_forward", group)):
    SLIPS.add("epsilon taken out of the dict", _check, popping(_right), named=IN_PLACE)
SLIPS.add("history used up", "cross_iteration_moments", emptying, named=IN_PLACE)


def falsy(x, gamma, beta, q):
    own = {**q, "momentum": q.get("momentum") or 0.9}
    found = renorm(x, gamma, beta, own)
    q.update({name: own[name] for name in ("running_mean", "running_std") if name in own})
    return found


def both_or_none(key):
    """Starts both running values where one of them is not there."""

    def starting(x, gamma, beta, q):
        if key not in q:
            q.update(running_mean=np.zeros(x.shape[1]), running_std=np.ones(x.shape[1]))
        return renorm(x, gamma, beta, q)

    return starting


def shared_start():
    """Starts every bn_param with the same two arrays, and writes into them."""
    start = {}

    def sharing(x, gamma, beta, q):
        zeros, ones = start.setdefault(x.shape[1], (np.zeros(x.shape[1]), np.ones(x.shape[1])))
        mean, std = q.setdefault("running_mean", zeros), q.setdefault("running_std", ones)
        found = renorm(x, gamma, beta, q)
        mean[:], std[:] = q["running_mean"], q["running_std"]
        q["running_mean"], q["running_std"] = mean, std
        return found

    return sharing


def in_the_dict(*given):
    out, given[-1]["cache"] = renorm(*given)
    return out, given[-1]


SLIPS.add("a momentum of 0 taken for none", TRAIN, falsy, named=("a momentum of 0 taken for none",))
SLIPS.add("a gamma of 0 taken for none", TRAIN, lambda x, g, b, q: renorm(x, gamma_or_one(g), b, q))
ALONE = "running deviation reset beside an absent mean", "running mean reset beside an absent deviation"
SLIPS.add("a running deviation alone is not read", TRAIN, both_or_none("running_mean"), named=ALONE[:1])
SLIPS.add("a running mean alone is not read", TRAIN, both_or_none("running_std"), named=ALONE[1:])
SLIPS.add("a running deviation alone is not read", TEST, both_or_none("running_mean"), named=ALONE[:1])
SLIPS.add("all start from the same arrays", TRAIN, shared_start())
SLIPS.add("cache kept in bn_param", BACK, in_the_dict, lambda dout, q: renorm_back(dout, q["cache"]))


# --- how arrays lie in memory, and sizes of 1 ----------------------------------------------------------------


def into_a_copy(function):
    """dx written into a flat copy of zeros as dout lies."""

    def writing(dout, cache):
        dx, *parameters = function(dout, cache)
        return filled(dout, dx), *parameters

    return writing


def flat_gradients(z, weight):
    mean, second, *gradients = moments(z, weight)
    return mean, second, *(filled(weight, gradient) for gradient in gradients)


def as_they_lie(moment, gradient, then, now):
    products = gradient.ravel(order="K") * (now - then).ravel(order="K")
    return moment + products.reshape(gradient.shape).sum(0)


SLIPS.add(
    "written into a flat copy", "layernorm_backward", layer, into_a_copy(layer_back), said="0 everywhere"
)
SLIPS.add(
    "written into a flat copy", "groupnorm_backward", group, into_a_copy(group_back), said="0 everywhere"
)
SLIPS.add("written into a flat copy", BACK, renorm, into_a_copy(renorm_back), said="0 everywhere")
SLIPS.add("written into flat copies", "linear_moments", flat_gradients, said="0 everywhere")
SLIPS.add("gradient and weight as they lie in memory", "compensate_moment", as_they_lie)


def squeezed(function):
    """Axes of length 1 are lost."""

    def losing(*given):
        first, *others = function(*given)
        return np.squeeze(first), *others

    return losing


SLIPS.add("axes of one pixel lost", TRAIN, squeezed(renorm))
SLIPS.add("axes of one pixel lost", TEST, squeezed(renorm))
SLIPS.add("axes of one pixel lost", BACK, renorm, squeezed(renorm_back))
SLIPS.add("the axis of one channel lost", "groupnorm_forward", squeezed(group))
SLIPS.add("the axis of one channel lost", "groupnorm_backward", group, squeezed(group_back))
SLIPS.add("the axis of one channel lost", "cross_iteration_moments", squeezed(window))
