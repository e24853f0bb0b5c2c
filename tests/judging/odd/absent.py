"""Right answers to what may be absent, to an epsilon of 0, to a batch of one and to values beyond 6, in odd dress."""

from collections import ChainMap

import numpy as np

from tests.judging.odd import OddOnes

ODD = OddOnes()


def rooted(var, eps):
    """The root of the sum as a hypotenuse."""
    return np.hypot(np.sqrt(var), np.sqrt(eps))


def tried(q, key, default):
    try:
        return q[key]
    except KeyError:
        return default


# --- batch norm ---


@ODD.each("batchnorm_forward.train", "batchnorm_forward.running", "batchnorm_forward.test")
def defaults_in_a_chain_of_maps(x, gamma, beta, bn_param):
    own = {
        "eps": 1e-5,
        "momentum": 0.9,
        "running_mean": np.zeros(len(gamma)),
        "running_var": np.ones(len(gamma)),
    }
    q = ChainMap(bn_param, own)
    mean, var = q["running_mean"], q["running_var"]
    if q["mode"] == "train":
        mean = np.average(x, axis=0)
        var = np.linalg.norm(x - mean, axis=0) ** 2 / len(x)
        for name, new in (("running_mean", mean), ("running_var", var)):
            bn_param[name] = q[name] + (1 - q["momentum"]) * (new - q[name])
    return gamma * ((x - mean) / rooted(var, q["eps"])) + beta, None


@ODD.each("batchnorm_forward.train", "batchnorm_forward.running", "batchnorm_forward.test")
def each_key_tried(x, gamma, beta, bn_param):
    eps, momentum = tried(bn_param, "eps", 1e-5), tried(bn_param, "momentum", 0.9)
    old = tried(bn_param, "running_mean", 0 * gamma), tried(bn_param, "running_var", 0 * gamma + 1)
    if bn_param["mode"] == "test":
        factor = gamma * (old[1] + eps) ** -0.5
        return x * factor + (beta - old[0] * factor), None
    now = x.mean(axis=0), x.var(axis=0)
    bn_param["running_mean"], bn_param["running_var"] = (
        momentum * before + (1 - momentum) * new for before, new in zip(old, now, strict=True)
    )
    return np.power(now[1] + eps, -0.5) * (x - now[0]) * gamma + beta, None


def block_with(relu):
    def block(x, w, b, gamma, beta, bn_param):
        out, cache = defaults_in_a_chain_of_maps(np.dot(x, w) + b, gamma, beta, bn_param)
        return relu(out), cache

    return block


for _words, _relu in {
    "half of the sum with its magnitude": lambda z: (z + np.abs(z)) / 2,
    "clipped from below alone": lambda z: z.clip(0),
    "by the heaviside step": lambda z: z * np.heaviside(z, 0.0),
    "fmax": lambda z: np.fmax(0, z),
}.items():
    ODD.add("affine_bn_relu_forward", f"ReLU {_words}", block_with(_relu))


# --- layer and group norm ---


@ODD.each("layernorm_forward")
def rows_by_their_length(x, gamma, beta, ln_param):
    eps = dict(ln_param).pop("eps", 1e-5)
    centred = x - np.average(x, axis=-1)[..., None]
    deviation = np.linalg.norm(centred, axis=-1, keepdims=True) / x.shape[-1] ** 0.5
    return centred / rooted(deviation**2, eps) * gamma + beta, None


@ODD.each("groupnorm_forward")
def groups_by_their_length(x, gamma, beta, G, gn_param):
    eps = {"eps": 1e-5, **gn_param}["eps"]
    parts = []
    for part, g, b in zip(
        *(np.split(a, G, axis) for a, axis in ((x, 1), (gamma, 0), (beta, 0))), strict=True
    ):
        centred = part - part.mean(axis=(1, 2, 3), keepdims=True)
        var = np.einsum("nchw,nchw->n", centred, centred) / part[0].size
        x_hat = centred / rooted(var, eps)[:, None, None, None]
        parts.append(x_hat * g[:, None, None] + b[:, None, None])
    return np.concatenate(parts, axis=1), None


# --- batch renormalisation ---


def renorm(x, gamma, beta, q):
    c = x.shape[1]
    rows = np.moveaxis(x, 1, -1).reshape(-1, c)
    eps, momentum = tried(q, "eps", 1e-5), tried(q, "momentum", 0.9)
    r_max, d_max = tried(q, "r_max", 3.0), tried(q, "d_max", 5.0)
    kept = tried(q, "running_mean", np.zeros(c)), tried(q, "running_std", np.ones(c))
    if q["mode"] == "test":
        h, cache = (rows - kept[0]) / kept[1], None
    else:
        mean, var = rows.mean(axis=0), rows.var(axis=0)
        std = rooted(var, eps)
        r = np.minimum(r_max, np.maximum(1 / r_max, std / kept[1]))
        d = np.maximum(-d_max, np.minimum(d_max, (mean - kept[0]) / kept[1]))
        plain = (rows - mean) / std
        h = plain * r + d
        q["running_mean"] = kept[0] + (1 - momentum) * (mean - kept[0])
        q["running_std"] = kept[1] + (1 - momentum) * (std - kept[1])
        cache = plain, h, r, std, gamma
    shape = x.shape[:1] + x.shape[2:] + (c,)
    return np.moveaxis((gamma * h + beta).reshape(shape), -1, 1), cache


def renorm_back(dout, cache):
    plain, h, r, std, gamma = cache
    n, c = plain.shape
    rows = np.moveaxis(dout, 1, -1).reshape(-1, c)
    g = rows * gamma * r
    # each channel's Jacobian: the unit matrix without the two directions that the moments take out
    dx = np.empty_like(rows)
    for k in range(c):
        out_of = np.eye(n) - 1 / n - np.outer(plain[:, k], plain[:, k]) / n
        dx[:, k] = out_of @ g[:, k] / std[k]
    shape = dout.shape[:1] + dout.shape[2:] + (c,)
    return np.moveaxis(dx.reshape(shape), -1, 1), (rows * h).sum(axis=0), rows.sum(axis=0)


ODD.add("batch_renorm_forward.train", "rows, each key tried", renorm)
ODD.add("batch_renorm_forward.test", "rows, each key tried", renorm)
ODD.add("batch_renorm_backward", "a Jacobian for each channel", renorm, renorm_back)


# --- a list that is only read, in ways that copy it ---


@ODD.each("cross_iteration_moments")
def window_on_a_copy_of_the_list(x, weight, history, k):
    steps = list(history)
    steps.insert(0, None)
    del steps[k:]
    means, seconds = [], []
    for past in steps:
        if past is None:
            means.append(x.mean(axis=0))
            seconds.append(np.square(x).mean(axis=0))
            continue
        change = weight - past["weight"]
        means.append(past["mean"] + np.einsum("dc,dc->c", past["mean_gradient"], change))
        seconds.append(past["second"] + np.einsum("dc,dc->c", past["second_gradient"], change))
    mean = sum(means) / len(means)
    second = sum(np.fmax(s, m**2) for m, s in zip(means, seconds, strict=True)) / len(means)
    return mean, second - mean**2
