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
