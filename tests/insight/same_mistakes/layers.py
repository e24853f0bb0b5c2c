"""Of layers: layer and group normalisation, dropout."""

import numpy as np

# --- layernorm_forward: the largest size in place of the deviation ------------------------------------------------


def by_largest(x, gamma, beta, ln_param):
    centred = x - x.mean(axis=-1, keepdims=True)
    size = np.abs(centred).max(axis=-1, keepdims=True) + ln_param.get("eps", 1e-5)
    return gamma * (centred / size) + beta, None


def by_largest_of_both_ends(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    flat = x.reshape(-1, x.shape[-1])
    mean = flat.sum(axis=1) / flat.shape[1]
    ends = np.maximum(flat.max(axis=1) - mean, mean - flat.min(axis=1)) + eps
    out = (flat - mean[:, None]) / ends[:, None] * gamma + beta
    return out.reshape(x.shape), ends


def by_largest_norm(x, gamma, beta, ln_param):
    x_hat = np.empty_like(x)
    for place in np.ndindex(*x.shape[:-1]):
        row = x[place] - np.average(x[place])
        x_hat[place] = row / (np.linalg.norm(row, np.inf) + ln_param.get("eps", 1e-5))
    return x_hat * gamma + beta, x_hat


# --- layernorm_forward: the mean comes off at the end -------------------------------------------------------------


def mean_at_the_end(x, gamma, beta, ln_param):
    std = np.sqrt(x.var(axis=-1, keepdims=True) + ln_param.get("eps", 1e-5))
    return gamma * x / std + beta - x.mean(axis=-1, keepdims=True), std


def mean_at_the_end_in_steps(x, gamma, beta, ln_param):
    n = x.shape[-1]
    mean = np.sum(x, -1, keepdims=True) / n
    var = np.sum((x - mean) ** 2, -1, keepdims=True) / n
    out = x * (var + ln_param.get("eps", 1e-5)) ** -0.5
    out = out * gamma
    out = out - mean
    return out + beta, (mean, var)


def mean_at_the_end_by_rows(x, gamma, beta, ln_param):
    flat = x.reshape(-1, x.shape[-1])
    rows = [
        gamma * row / np.sqrt(np.var(row) + ln_param.get("eps", 1e-5)) + (beta - np.mean(row)) for row in flat
    ]
    return np.array(rows, dtype=x.dtype).reshape(x.shape), None


# --- groupnorm_forward: the square root of gamma's size -----------------------------------------------------------


def _pots(x, groups, eps):
    pots = x.reshape(len(x), groups, -1)
    return ((pots - pots.mean(2, keepdims=True)) / np.sqrt(pots.var(2, keepdims=True) + eps)).reshape(x.shape)


def root_of_gamma(x, gamma, beta, G, gn_param):
    x_hat = _pots(x, G, gn_param.get("eps", 1e-5))
    scale = np.sqrt(np.abs(gamma))
    return scale[:, None, None] * x_hat + beta[:, None, None], None


def root_of_gamma_as_power(x, gamma, beta, G, gn_param):
    c = x.shape[1]
    x_hat = _pots(x, G, gn_param.get("eps", 1e-5))
    out = x_hat * np.power(gamma * gamma, 0.25).reshape(1, c, 1, 1)
    return out + beta.reshape(1, c, 1, 1), None


def root_of_gamma_by_channels(x, gamma, beta, G, gn_param):
    n, c = x.shape[:2]
    eps, size = gn_param.get("eps", 1e-5), c // G
    out = np.zeros_like(x)
    for i in range(n):
        for g in range(G):
            part = x[i, g * size : (g + 1) * size]
            mean, var = np.mean(part), np.mean(part**2) - np.mean(part) ** 2
            for k in range(size):
                j = g * size + k
                out[i, j] = abs(gamma[j]) ** 0.5 * (part[k] - mean) / (var + eps) ** 0.5 + beta[j]
    return out, None


# --- dropout_apply: divided by p ----------------------------------------------------------------------------------


def divided_by_p(x, mask, p, mode, scaling):
    if mode == "train":
        kept = x * mask
        return kept / p if scaling == "upscale_in_train" and p > 0 else kept
    return x.copy() if scaling == "upscale_in_train" else x * (1 - p)


def divided_by_p_as_factor(x, mask, p, mode, scaling):
    if scaling == "upscale_in_train":
        if mode == "test":
            return np.array(x)
        return np.where(np.asarray(mask) == 1, x, 0) * (1.0 / p if p else 1.0)
    return np.where(mask, x, 0 * x) if mode == "train" else x - p * x


def divided_by_p_in_place(x, mask, p, mode, scaling):
    out = np.array(x, copy=True)
    if mode == "train":
        out[np.asarray(mask) == 0] = 0
        if scaling == "upscale_in_train" and p != 0:
            out /= p
    elif scaling != "upscale_in_train":
        out *= 1 - p
    return out


# --- dropout_forward: scaled three times ----------------------------------------------------------------------------


def scaled_thrice(x, dropout_param):
    p, mode, rng = dropout_param["p"], dropout_param["mode"], dropout_param["rng"]
    up = dropout_param.get("scaling", "upscale_in_train") == "upscale_in_train"
    if mode == "test":
        return (x.copy() if up else x * (1 - p)), None
    mask = rng.random(x.shape) >= p
    return x * mask * ((1 - p) ** -3 if up and p < 1 else 1.0), mask


def scaled_thrice_with_less_than(x, dropout_param):
    p = dropout_param["p"]
    up = dropout_param.get("scaling", "upscale_in_train") == "upscale_in_train"
    if dropout_param["mode"] == "train":
        keep = dropout_param["rng"].uniform(size=x.size).reshape(x.shape) < 1 - p
        out = np.where(keep, x, 0.0)
        if up and p < 1:
            for _ in range(3):
                out = out / (1 - p)
        return out, keep
    return (np.array(x) if up else (1 - p) * x), None


def scaled_thrice_by_binomial(x, dropout_param):
    q = 1 - dropout_param["p"]
    up = dropout_param.get("scaling", "upscale_in_train") == "upscale_in_train"
    if dropout_param["mode"] != "train":
        return x * (1.0 if up else q), None
    mask = dropout_param["rng"].binomial(1, q, size=x.shape)
    factor = 1 / (q * q * q) if up and q > 0 else 1
    return x * (mask * factor), mask


WAYS = {
    "layernorm_forward": {
        "largest size for deviation": (by_largest, by_largest_of_both_ends, by_largest_norm),
        "mean taken off at the end": (mean_at_the_end, mean_at_the_end_in_steps, mean_at_the_end_by_rows),
    },
    "groupnorm_forward": {
        "root of gamma": (root_of_gamma, root_of_gamma_as_power, root_of_gamma_by_channels),
    },
    "dropout_apply.train": {
        "divided by p": (divided_by_p, divided_by_p_as_factor, divided_by_p_in_place),
    },
    "dropout_forward.train": {
        "scaled three times": (scaled_thrice, scaled_thrice_with_less_than, scaled_thrice_by_binomial),
    },
}
