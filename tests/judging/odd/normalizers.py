"""Layer norm, group norm, batch renormalisation, moments across iterations."""

import functools
import math

import numpy as np

from tests.judging.odd import OddOnes

ODD = OddOnes()


# --- layer norm ---


def _eps(q):
    return q.get("eps", 1e-5)


@ODD.each("layernorm_forward")
def rows_one_by_one(x, gamma, beta, ln_param):
    out = np.empty(x.shape)
    for index in np.ndindex(x.shape[:-1]):
        row = x[index].astype(float)
        centred = row - math.fsum(row) / len(row)
        out[index] = gamma * centred / math.sqrt(math.fsum(centred**2) / len(row) + _eps(ln_param)) + beta
    return out, None


@ODD.each("layernorm_forward")
def apply_along_axis(x, gamma, beta, ln_param):
    return np.apply_along_axis(
        lambda row: gamma * (row - row.mean()) / np.sqrt(row.var() + _eps(ln_param)) + beta, -1, x
    ), ()


@ODD.each("layernorm_forward")
def centring_matrix(x, gamma, beta, ln_param):
    d = x.shape[-1]
    c = x @ (np.eye(d) - 1 / d)
    return np.einsum(
        "...d,d->...d", c / np.sqrt((c * c).mean(-1) + _eps(ln_param))[..., None], gamma
    ) + beta, c


@ODD.each("layernorm_forward")
def batch_norm_of_the_transpose(x, gamma, beta, ln_param):
    y = np.moveaxis(x, -1, 0)
    return np.moveaxis((y - y.mean(0)) / (y.var(0) + _eps(ln_param)) ** 0.5, 0, -1) * gamma + beta, {"x": x}


@ODD.each("layernorm_forward")
def vectorized_with_a_signature(x, gamma, beta, ln_param):
    one = np.vectorize(
        lambda r, g, b: g * (r - r.mean()) / np.sqrt(r.var() + _eps(ln_param)) + b,
        signature="(d),(d),(d)->(d)",
    )
    return one(x, gamma, beta), None


@ODD.each("layernorm_forward")
def recursion_over_the_axes(x, gamma, beta, ln_param):
    if x.ndim > 1:
        return np.stack([recursion_over_the_axes(part, gamma, beta, ln_param)[0] for part in x]), None
    return gamma * (x - x.mean()) / np.hypot(x.std(), math.sqrt(_eps(ln_param))) + beta, None


@ODD.each("layernorm_forward")
def in_extended_precision_in_place(x, gamma, beta, ln_param):
    y = np.array(x, dtype=np.longdouble, order="F")
    y -= y.mean(-1, keepdims=True)
    y /= np.sqrt((y**2).mean(-1, keepdims=True) + _eps(ln_param))
    y *= gamma
    y += beta
    return y, y


@ODD.each("layernorm_forward")
def mean_square_less_squared_mean(x, gamma, beta, ln_param):
    wide = x.astype(np.longdouble)
    mean, square = wide.mean(-1, keepdims=True), np.square(wide).mean(-1, keepdims=True)
    return (wide - mean) * gamma * (square - mean**2 + _eps(ln_param)) ** -0.5 + beta, None


@ODD.each("layernorm_forward")
def keywords_and_a_nested_helper(x, gamma, *, beta=None, ln_param=None):
    def moments(of, **how):
        return of.mean(**how), of.var(**how)

    mean, var = moments(x, axis=-1, keepdims=True)
    return np.add(np.multiply((x - mean) / np.sqrt(var + _eps(ln_param)), gamma), beta), None


def ln(x, gamma, beta, ln_param):
    sd = np.sqrt(x.var(-1, keepdims=True) + _eps(ln_param))
    return gamma * (x - x.mean(-1, keepdims=True)) / sd + beta, (x, gamma, _eps(ln_param))


def ln_rows(dout, cache):
    x, gamma, eps = cache
    d = x.shape[-1]
    dx, dgamma = np.empty(x.shape), np.zeros(d)
    for index in np.ndindex(x.shape[:-1]):
        sd = math.sqrt(x[index].var() + eps)
        h = (x[index] - x[index].mean()) / sd
        dx[index] = (np.eye(d) - (1 + np.outer(h, h)) / d) @ (dout[index] * gamma) / sd
        dgamma += dout[index] * h
    return dx, dgamma, dout.reshape(-1, d).sum(0)


def ln_complex(dout, cache):
    x, gamma, eps = cache
    dx = np.empty(x.shape)
    for k in range(x.shape[-1]):
        moved = x.astype(complex)
        moved[..., k] += 1e-30j
        c = moved - moved.mean(-1, keepdims=True)
        out = gamma * c / np.sqrt((c * c).mean(-1, keepdims=True) + eps)
        dx[..., k] = (dout * out.imag).sum(-1) / 1e-30
    h = ((x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)).reshape(-1, x.shape[-1])
    flat = dout.reshape(h.shape)
    return dx, np.einsum("nd,nd->d", flat, h), np.einsum("nd->d", flat)


def ln_steps(dout, cache):
    x, gamma, eps = cache
    d, rest = x.shape[-1], tuple(range(x.ndim - 1))
    xmu = x - x.mean(-1, keepdims=True)
    ivar = 1 / np.sqrt((xmu**2).mean(-1, keepdims=True) + eps)
    dxhat = dout * gamma
    dvar = (dxhat * xmu * -0.5 * ivar**3).sum(-1, keepdims=True)
    dmean = -(dxhat * ivar).sum(-1, keepdims=True) + dvar * (-2 * xmu).mean(-1, keepdims=True)
    return dxhat * ivar + dvar * 2 * xmu / d + dmean / d, (dout * xmu * ivar).sum(rest), dout.sum(rest)


for about, back in {
    "a matrix for each row": ln_rows,
    "complex steps": ln_complex,
    "node by node": ln_steps,
    "lists for arrays": lambda dout, cache: [part.tolist() for part in ln_steps(dout, cache)],
}.items():
    ODD.add("layernorm_backward", about, ln, back)


# --- group norm ---


@ODD.each("groupnorm_forward")
def split_and_joined(x, gamma, beta, G, gn_param):
    parts = np.split(x, G, axis=1)
    done = [
        (y - y.mean((1, 2, 3), keepdims=True)) / np.sqrt(y.var((1, 2, 3), keepdims=True) + _eps(gn_param))
        for y in parts
    ]
    return gamma[:, None, None] * np.concatenate(done, 1) + beta[:, None, None], None


@ODD.each("groupnorm_forward")
def membership_matrix(x, gamma, beta, G, gn_param):
    c, h, w = x.shape[1:]
    own = (np.arange(c)[:, None] // (c // G) == np.arange(G)) * 1.0
    size = c // G * h * w
    mean = np.einsum("nchw,cg->ng", x, own) / size
    centred = x - (mean @ own.T)[..., None, None]
    var = np.einsum("nchw,cg->ng", centred**2, own) / size
    scale = gamma / np.sqrt(var @ own.T + _eps(gn_param))
    return centred * scale[..., None, None] + beta.reshape(1, c, 1, 1), own


@ODD.each("groupnorm_forward")
def samples_and_groups_in_loops(x, gamma, beta, G, gn_param):
    out, step = x.astype(float), x.shape[1] // G
    for n in range(len(x)):
        for first in range(0, x.shape[1], step):
            y = out[n, first : first + step]
            y[...] = (y - y.mean()) / math.sqrt(y.var() + _eps(gn_param))
    return np.moveaxis(np.moveaxis(out, 1, -1) * gamma + beta, -1, 1), "nothing"


@ODD.each("groupnorm_forward")
def layer_norm_of_rows(x, gamma, beta, G, gn_param):
    rows = x.reshape(len(x) * G, -1)
    out, _ = ln(rows, np.ones(1), np.zeros(1), gn_param)
    return out.reshape(x.shape) * gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1), None


@ODD.each("groupnorm_forward")
def swapped_to_the_front(x, gamma, beta, G, gn_param):
    n, c, h, w = x.shape
    y = x.reshape(n, G, c // G, h, w).transpose(2, 3, 4, 0, 1).reshape(-1, n, G)
    y = (y - y.mean(0)) / np.sqrt(y.var(0) + _eps(gn_param))
    y = y.reshape(c // G, h, w, n, G).transpose(3, 4, 0, 1, 2).reshape(n, c, h, w)
    return y * gamma[None, :, None, None] + beta[None, :, None, None], None


@ODD.each("groupnorm_forward")
def moments_from_cumulative_sums(x, gamma, beta, G, gn_param):
    n, c = x.shape[:2]
    flat = x.reshape(n, G, -1).astype(np.longdouble)
    mean = np.cumsum(flat, -1)[..., -1:] / flat.shape[-1]
    var = np.cumsum((flat - mean) ** 2, -1)[..., -1:] / flat.shape[-1]
    out = ((flat - mean) / np.sqrt(var + _eps(gn_param))).reshape(x.shape)
    return out * gamma.reshape(1, c, 1, 1) + beta.reshape(1, c, 1, 1), None


@ODD.each("groupnorm_forward")
def a_generator_of_samples(x, gamma, beta, G, gn_param):
    made = (split_and_joined(one[None], gamma, beta, G, gn_param)[0][0] for one in x)
    return np.array(list(made)), None


@ODD.each("groupnorm_forward")
def scale_and_offset_for_each_channel(x, gamma, beta, G, gn_param):
    n, c = x.shape[:2]
    pots = x.reshape(n, G, -1)
    repeat = functools.partial(np.repeat, repeats=c // G, axis=1)
    scale = gamma / np.sqrt(repeat(pots.var(2)) + _eps(gn_param))
    offset = beta - repeat(pots.mean(2)) * scale
    return x * scale[:, :, None, None] + offset[:, :, None, None], None


@ODD.each("groupnorm_forward")
def complex_magnitudes(x, gamma, beta, G, gn_param):
    pots = x.reshape(len(x), G, -1)
    centred = pots - pots.mean(2, keepdims=True)
    sd = np.abs(np.sqrt((centred**2).mean(2, keepdims=True)) + 1j * math.sqrt(_eps(gn_param)))
    return (centred / sd).reshape(x.shape) * gamma[:, None, None] + beta[:, None, None], None


def gn(x, gamma, beta, G, gn_param):
    out, _ = layer_norm_of_rows(x, gamma, beta, G, gn_param)
    return out, {"x": x, "gamma": gamma, "G": G, "eps": _eps(gn_param)}


def gn_as_rows(dout, cache):
    x, gamma, G = cache["x"], cache["gamma"][:, None, None], cache["G"]
    rows = x.reshape(len(x) * G, -1)
    dx, _, _ = ln_steps((dout * gamma).reshape(rows.shape), (rows, np.ones(1), cache["eps"]))
    h = ((rows - rows.mean(1, keepdims=True)) / np.sqrt(rows.var(1, keepdims=True) + cache["eps"])).reshape(
        x.shape
    )
    return (
        dx.reshape(x.shape),
        np.tensordot(dout * h, np.ones(1), 0)[..., 0].sum((0, 2, 3)),
        dout.sum((0, 2, 3)),
    )


def gn_in_loops(dout, cache):
    x, step = cache["x"], cache["x"].shape[1] // cache["G"]
    dx, dgamma = np.zeros(x.shape), np.zeros(x.shape[1])
    for n in range(len(x)):
        for first in range(0, x.shape[1], step):
            at = (n, slice(first, first + step))
            sd = math.sqrt(x[at].var() + cache["eps"])
            h = (x[at] - x[at].mean()) / sd
            g = dout[at] * cache["gamma"][first : first + step, None, None]
            dx[at] = (g - g.mean() - h * (g * h).mean()) / sd
            dgamma[first : first + step] += (dout[at] * h).sum((1, 2))
    return dx, dgamma, np.add.reduce(dout, (0, 2, 3))


for about, back in {
    "rows for groups": gn_as_rows,
    "loops over samples and groups": gn_in_loops,
    "keyword arguments": lambda dout, cache: gn_as_rows(cache=cache, dout=dout),
    "Fortran order": lambda dout, cache: tuple(np.asfortranarray(a) for a in gn_in_loops(dout, cache)),
}.items():
    ODD.add("groupnorm_backward", about, gn, back)


# --- batch renormalisation and moments ---


@ODD.each("renorm_correction")
def medians_of_three(mean, std, running_mean, running_std, r_max, d_max):
    d = (mean - running_mean) / running_std
    r = std / running_std
    bounds = ((r, 1 / r_max, r_max), (d, -d_max, d_max))
    return [np.median([np.full_like(v, low), v, np.full_like(v, high)], axis=0) for v, low, high in bounds]


@ODD.each("renorm_correction")
def minimum_of_maximum(mean, std, running_mean, running_std, r_max, d_max):
    return (
        np.minimum(np.maximum(std / running_std, r_max**-1), r_max),
        np.fmin(np.fmax((mean - running_mean) / running_std, -d_max), d_max),
    )


@ODD.each("renorm_correction")
def logarithm_of_the_ratio(mean, std, running_mean, running_std, r_max, d_max):
    r = np.exp(np.clip(np.log(std) - np.log(running_std), -math.log(r_max), math.log(r_max)))
    return r, np.sign(mean - running_mean) * np.minimum(abs(mean - running_mean) / running_std, d_max)


@ODD.each("linear_moments")
def gram_matrix(z, weight):
    gram = z.T @ z / len(z)
    mean = z.mean(0)
    return (
        mean @ weight,
        np.einsum("ij,ik,kj->j", weight, gram, weight),
        np.outer(mean, np.ones(weight.shape[1])),
        2 * gram @ weight,
    )


@ODD.each("linear_moments")
def column_by_column(z, weight):
    parts = []
    for column in weight.T:
        x = z @ column
        parts.append((x.mean(), (x**2).mean(), z.mean(0), 2 * (z * x[:, None]).mean(0)))
    return tuple(np.stack(part, -1) for part in zip(*parts, strict=True))


@ODD.each("compensate_moment")
def einsum_of_a_difference(moment, gradient, weight_then, weight_now):
    return moment + np.einsum("ij,ij->j", gradient, weight_now - weight_then)


@ODD.each("compensate_moment")
def diagonal_of_a_product(moment, gradient, weight_then, weight_now):
    return moment + np.diag(gradient.T @ weight_now) - np.diag(gradient.T @ weight_then)


@ODD.each("compensate_moment")
def folded_over_rows(moment, gradient, weight_then, weight_now):
    rows = zip(gradient, weight_now, weight_then, strict=True)
    return functools.reduce(lambda so_far, row: so_far + row[0] * (row[1] - row[2]), rows, moment)


@ODD.each("compensate_moment")
def trace_of_each_column(moment, gradient, weight_then, weight_now):
    step = np.subtract(weight_now, weight_then)
    return np.array([m + float(np.dot(g, s)) for m, g, s in zip(moment, gradient.T, step.T, strict=True)])


@ODD.each("cross_iteration_moments")
def running_window(x, weight, history, k):
    mean, square = x.mean(0), (x**2).mean(0)
    means, squares = [mean], [np.maximum(square, mean**2)]
    for old in list(history)[: max(k - 1, 0)]:
        step = weight - old["weight"]
        m = old["mean"] + np.sum(old["mean_gradient"] * step, 0)
        s = old["second"] + np.sum(old["second_gradient"] * step, 0)
        means.append(m)
        squares.append(np.where(s > m * m, s, m * m))
    mean = sum(means) / len(means)
    return mean, sum(squares) / len(squares) - mean**2


def wide(v, x):
    return np.expand_dims(v, tuple(range(1, x.ndim - 1)))


@ODD.each("batch_renorm_forward.train", "batch_renorm_forward.test")
def one_affine_map(x, gamma, beta, bn_param):
    c = x.shape[1]
    rm, rs = bn_param.setdefault("running_mean", np.zeros(c)), bn_param.setdefault("running_std", np.ones(c))
    if bn_param["mode"] == "test":
        scale, shift = gamma / rs, beta - gamma * rm / rs
        return x * wide(scale, x) + wide(shift, x), None
    flat = np.moveaxis(x, 1, 0).reshape(c, -1)
    mean, std = flat.mean(1), np.sqrt(flat.var(1) + _eps(bn_param))
    r, d = minimum_of_maximum(mean, std, rm, rs, bn_param.get("r_max", 3), bn_param.get("d_max", 5))
    m = bn_param.get("momentum", 0.9)
    bn_param["running_mean"], bn_param["running_std"] = rm + (1 - m) * (mean - rm), rs + (1 - m) * (std - rs)
    scale = gamma * r / std
    return x * wide(scale, x) + wide(beta + gamma * d - mean * scale, x), None


def renorm(x, gamma, beta, bn_param):
    c, axes = x.shape[1], tuple(a for a in range(x.ndim) if a != 1)
    rm, rs = bn_param.get("running_mean", np.zeros(c)), bn_param.get("running_std", np.ones(c))
    mean, std = x.mean(axes), np.sqrt(x.var(axes) + _eps(bn_param))
    r, d = logarithm_of_the_ratio(mean, std, rm, rs, bn_param.get("r_max", 3), bn_param.get("d_max", 5))
    kept = (x, mean, std, r, d, gamma)
    return one_affine_map(x, gamma, beta, bn_param)[0], kept


def renorm_back(dout, cache):
    x, mean, std, r, d, gamma = cache
    axes = tuple(a for a in range(x.ndim) if a != 1)
    n = x.size // x.shape[1]
    z = (x - wide(mean, x)) / wide(std, x)
    h = wide(r, x) * z + wide(d, x)
    g = dout * wide(gamma * r / std, x)
    dx = g - wide(g.sum(axes) / n, x) - z * wide((g * z).sum(axes) / n, x)
    return dx, (dout * h).sum(axes), dout.sum(axes)


ODD.add("batch_renorm_backward", "everything from the moments", renorm, renorm_back)
ODD.add(
    "batch_renorm_backward",
    "a generator's list",
    renorm,
    lambda d, c: [*(part for part in renorm_back(d, c))],
)
