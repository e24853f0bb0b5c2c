"""Habits of other libraries and other courses: conventions that are right there and not here, and what they leave out."""

from typing import Any

import numpy as np

from tests.judging.slips import Slips

SLIPS = Slips()
Array = np.ndarray


# --- batch norm ----------------------------------------------------------------------------------------------


def by_weight_of_the_new(x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]):
    """A momentum that weights the batch, and Bessel's correction in what is remembered."""
    n, d = x.shape
    alpha, eps = bn_param.get("momentum", 0.9), bn_param.get("eps", 1e-5)
    kept = bn_param.get("running_mean", np.zeros(d)), bn_param.get("running_var", np.ones(d))
    mean, var = kept
    if bn_param["mode"] == "train":
        mean, var = np.mean(x, axis=0), np.var(x, axis=0)
        seen = mean, np.var(x, axis=0, ddof=1)
        moved = (old + alpha * (new - old) for old, new in zip(kept, seen, strict=True))
        bn_param["running_mean"], bn_param["running_var"] = moved
    return (x - mean) / np.sqrt(var + eps) * gamma + beta, None


for check in ("batchnorm_forward.train", "batchnorm_forward.running"):
    SLIPS.add(
        "momentum and variance of another library",
        check,
        by_weight_of_the_new,
        named=("momentum the other way round", "unbiased running variance"),
    )


def step(
    x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any], eps: float, momentum: float, var_0: Array
):
    """A right step by the settings that are given."""
    old = bn_param.get("running_mean", np.zeros(x.shape[1])), bn_param.get("running_var", var_0)
    if bn_param["mode"] == "test":
        return (x - old[0]) * gamma / np.sqrt(old[1] + eps) + beta, None
    now = x.mean(axis=0), x.var(axis=0)
    for name, before, after in zip(("running_mean", "running_var"), old, now, strict=True):
        bn_param[name] = momentum * before + (1 - momentum) * after
    return (x - now[0]) * gamma / np.sqrt(now[1] + eps) + beta, None


def truth_of_momentum(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum") or 0.9
    return step(x, gamma, beta, bn_param, eps, momentum, np.ones(x.shape[1]))


def zeros_for_both(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    return step(x, gamma, beta, bn_param, eps, momentum, np.zeros(x.shape[1]))


def by_the_running_variance(x, gamma, beta, bn_param):
    if bn_param["mode"] == "train":
        return zeros_for_both(x, gamma, beta, bn_param)
    rm, rv = bn_param.get("running_mean", 0.0), bn_param.get("running_var", 1.0)
    return gamma * ((x - rm) / rv) + beta, None


SLIPS.add(
    "momentum or 0.9",
    "batchnorm_forward.train",
    truth_of_momentum,
    named=("a momentum of 0 taken for none",),
)
SLIPS.add(
    "zeros for both running statistics, served at once",
    "batchnorm_forward.test",
    zeros_for_both,
    named=("running variance started at 0",),
)
SLIPS.add(
    "no root and no epsilon in test mode",
    "batchnorm_forward.test",
    by_the_running_variance,
    named=("divided by the variance, without epsilon",),
)


def block(x, w, b, gamma, beta, bn_param):
    eps, a = bn_param.get("eps", 1e-5), x.dot(w) + b
    sd = np.sqrt(a.var(axis=0) + eps)
    a_hat = (a - a.mean(axis=0)) / sd
    z = gamma * a_hat + beta
    bn_param.setdefault("running_mean", np.zeros_like(gamma))
    return z * (z > 0), (x, w, a_hat, sd, gamma, z)


def cut_where_negative(dout, cache):
    x, w, a_hat, sd, gamma, z = cache
    d = np.array(dout)
    d[z < 0] = 0
    dgamma, dbeta = (d * a_hat).sum(axis=0), d.sum(axis=0)
    da = gamma / sd * (d - dbeta / len(d) - a_hat * dgamma / len(d))
    return da.dot(w.T), x.T.dot(da), da.sum(axis=0), dgamma, dbeta


SLIPS.add(
    "a gradient of 1 where the ReLU is given 0",
    "affine_bn_relu_backward",
    block,
    cut_where_negative,
    named=("gradient where ReLU's input is 0",),
)


# --- layer and group norm ------------------------------------------------------------------------------------


def sample_deviation(x, gamma, beta, ln_param):
    n = x.shape[-1]
    centred = x - x.sum(axis=-1, keepdims=True) / n
    deviation = ((centred**2).sum(axis=-1, keepdims=True) / (n - 1)) ** 0.5
    return gamma * centred / (deviation + ln_param.get("eps", 1e-5)) + beta, None


SLIPS.add(
    "the sample's deviation, and epsilon beside it",
    "layernorm_forward",
    sample_deviation,
    named=("variance divided by n - 1", "epsilon outside the root"),
)


def grouped(x, gamma, beta, G, gn_param):
    rows = x.reshape(len(x) * G, -1)
    sd = np.sqrt(rows.var(axis=1, keepdims=True) + gn_param.get("eps", 1e-5))
    x_hat = (rows - rows.mean(axis=1, keepdims=True)) / sd
    return x_hat.reshape(x.shape), (x_hat, sd, gamma.reshape(1, -1, 1, 1))


def parameters_as_they_came(x, gamma, beta, G, gn_param):
    x_hat, cache = grouped(x, gamma, beta, G, gn_param)
    return x_hat * gamma + beta, cache


def parameters_by_channel(x, gamma, beta, G, gn_param):
    x_hat, cache = grouped(x, gamma, beta, G, gn_param)
    return x_hat * cache[2] + beta.reshape(1, -1, 1, 1), cache


def sums_over_the_channels(dout, cache):
    rows, sd, gamma = cache
    g = (dout * gamma).reshape(rows.shape)
    dx = (g - g.mean(axis=1, keepdims=True) - rows * (g * rows).mean(axis=1, keepdims=True)) / sd
    return dx.reshape(dout.shape), (dout * rows.reshape(dout.shape)).sum(axis=1), dout.sum(axis=1)


SLIPS.add(
    "gamma and beta as they came",
    "groupnorm_forward",
    parameters_as_they_came,
    named=("gamma and beta along the width",),
)
SLIPS.add(
    "axis 1 summed away",
    "groupnorm_backward",
    parameters_by_channel,
    sums_over_the_channels,
    named=("parameter gradients summed over the channels",),
)


# --- dropout and shapes --------------------------------------------------------------------------------------


def nothing_at_one(x, mask, p, mode, scaling):
    if p == 1.0:
        return 0 * x
    kept = x * mask if mode == "train" else x
    upscales = scaling == "upscale_in_train"
    return (
        kept / (1 - p)
        if mode == "train" and upscales
        else kept
        if upscales or mode == "train"
        else kept * (1 - p)
    )


SLIPS.add(
    "p = 1 seen to before the mode",
    "dropout_apply.test",
    nothing_at_one,
    named=("everything dropped at test time where p is 1",),
)


def height_from_both(x, w, b, conv_param):
    stride, pad, side = conv_param["stride"], conv_param["pad"], x.shape[2] + 2 * conv_param["pad"]
    rows, columns = ((side - k) // stride + 1 for k in w.shape[2:])
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, side)))
    out = np.zeros((len(x), len(w), rows, columns)) + b[:, None, None]
    for i, j in np.ndindex(*w.shape[2:]):
        seen = padded[:, :, i : i + rows * stride : stride, j : j + columns * stride : stride]
        out += np.einsum("nchw,oc->nohw", seen[:, :, :rows, :columns], w[:, :, i, j])
    return out, None


SLIPS.add(
    "the width counted from the height",
    "conv_forward_naive",
    height_from_both,
    named=("the input's height in both sizes",),
)


def _two(value):
    return tuple(value) if isinstance(value, list | tuple) else (value, value)


def one_padding(input_shape, weight_shape, stride=1, padding=0, dilation=1, groups=1):
    s, d, p = _two(stride), _two(dilation), _two(padding)[0]
    sizes = (
        (n + 2 * p - d[a] * (weight_shape[a + 2] - 1) - 1) // s[a] + 1 for a, n in enumerate(input_shape[2:])
    )
    return (input_shape[0], weight_shape[0], *sizes)


def true_division(input_shape, weight_shape, stride=1, padding=0, dilation=1, groups=1):
    s, d, p = _two(stride), _two(dilation), _two(padding)
    sizes = (
        (n + 2 * p[a] - d[a] * (weight_shape[a + 2] - 1) - 1) / s[a] + 1
        for a, n in enumerate(input_shape[2:])
    )
    return (input_shape[0], weight_shape[0], *sizes)


SLIPS.add(
    "the first padding twice",
    "conv2d_output_shape",
    one_padding,
    named=("padding of the height for both axes",),
)
SLIPS.add("true division", "conv2d_output_shape", true_division, named=("not rounded",))
