"""Batch norm."""

import fractions
import functools
import itertools
import math
import operator
import types

import numpy as np

from tests.judging.odd import OddOnes

ODD = OddOnes()
TRAIN, TEST, MANY = "batchnorm_forward.train", "batchnorm_forward.test", "batchnorm_forward.running"
MEMORY = {}


# --- moments, x_hat, scale and shift ---


@ODD.each("batch_moments")
def one_einsum(x):
    n = len(x)
    mean = np.einsum("nd->d", x) / n
    return mean, np.einsum("nd,nd->d", x - mean, x - mean) / n


@ODD.each("batch_moments")
def product_with_ones(x):
    ones = np.full((1, x.shape[0]), 1 / x.shape[0], dtype=x.dtype)
    mean = (ones @ x).ravel()
    return mean, (ones @ np.square(x - mean)).ravel()


@ODD.each("batch_moments")
def pairs_of_samples(x):
    """var = mean of (x_i - x_j)^2 over all pairs / 2."""
    return np.average(x, axis=0), ((x[:, None] - x[None]) ** 2).mean((0, 1)) / 2


@ODD.each("batch_moments")
def exact_sums_of_python(x):
    means = [math.fsum(column) / len(column) for column in x.T.tolist()]
    squares = zip(x.T.tolist(), means, strict=True)
    return np.array(means), np.array([math.fsum((v - m) ** 2 for v in c) / len(c) for c, m in squares])


@ODD.each("batch_moments")
def fractions_of_integers(x):
    columns = [[fractions.Fraction(v) for v in column] for column in x.T.tolist()]
    means = [sum(c) / len(c) for c in columns]
    variances = [sum((v - m) ** 2 for v in c) / len(c) for c, m in zip(columns, means, strict=True)]
    return [float(m) for m in means], [float(v) for v in variances]


@ODD.each("batch_moments")
def halves_by_recursion(x):
    def total(a):
        return a[0] if len(a) == 1 else total(a[: len(a) // 2]) + total(a[len(a) // 2 :])

    mean = total(x) / len(x)
    return mean, total((x - mean) ** 2) / len(x)


@ODD.each("batch_moments")
def covariance_diagonal(x):
    centred = x - x.mean(0)
    return x.mean(0), np.diag(centred.T @ centred) / x.shape[0]


@ODD.each("batch_moments")
def complex_squares(x):
    z = (x - x.mean(0)).astype(complex)
    return x.mean(0), (z * z.conj()).real.mean(0)


@ODD.each("batch_moments")
def reduced_with_operators(x):
    mean = functools.reduce(operator.add, list(x)) / len(x)
    return mean, functools.reduce(np.add, ((row - mean) ** 2 for row in x)) / len(x)


@ODD.each("batch_moments")
def vectorized_over_columns(x):
    mean = np.vectorize(np.mean, signature="(n)->()")(x.T)
    return mean, np.vectorize(np.var, signature="(n)->()")(x.T)


@ODD.each("batch_moments")
def named_tuple_of_extended_precision(x):
    wide = x.astype(np.longdouble)
    return types.SimpleNamespace(pair=(wide.mean(0), wide.var(0))).pair


@ODD.each("normalize")
def logarithms_and_exponents(x, mean, var, eps):
    return (x - mean) * np.exp(-0.5 * np.log(var + eps))


@ODD.each("normalize")
def hypotenuse_for_the_root(x, mean, var, eps):
    return (x - mean) / np.hypot(np.sqrt(var), math.sqrt(eps))


@ODD.each("normalize")
def diagonal_matrix(x, mean, var, eps):
    return (x - mean) @ np.diag((var + eps) ** -0.5).astype(x.dtype)


@ODD.each("normalize")
def written_in_place(x, mean, var, eps):
    out = np.array(x, copy=True)
    out -= mean
    out /= np.sqrt(var + eps)
    return out


@ODD.each("normalize")
def keyword_arguments_with_defaults(x, mean=None, var=None, eps=1e-5, *, power=-0.5):
    return (x - mean) * (var + eps) ** power


@ODD.each("normalize")
def iterator_over_both(x, mean, var, eps):
    out = np.empty_like(x)
    for index in np.ndindex(x.shape):
        out[index] = (x[index] - mean[index[1]]) / math.sqrt(var[index[1]] + eps)
    return out


@ODD.each("scale_shift")
def fused_by_homogeneous_coordinates(x_hat, gamma, beta):
    ones = np.ones((len(x_hat), 1), dtype=x_hat.dtype)
    return np.hstack([x_hat, ones]) @ np.vstack([np.diag(gamma), beta])


@ODD.each("scale_shift")
def nditer_with_external_output(x_hat, gamma, beta):
    with np.nditer([x_hat, gamma, beta, None]) as it:
        for x, g, b, out in it:
            out[...] = g * x + b
        return it.operands[3]


@ODD.each("scale_shift")
def transposes_and_polynomials(x_hat, gamma, beta):
    return np.array([np.polyval([g, b], row) for row, g, b in zip(x_hat.T, gamma, beta, strict=True)]).T


# --- the forward pass ---


def state(q, x):
    c = x.shape[1]
    old = q.setdefault("running_mean", np.zeros(c)), q.setdefault("running_var", np.ones(c))
    return *old, q.get("momentum", 0.9), q.get("eps", 1e-5)


def over(x):
    return tuple(a for a in range(x.ndim) if a != 1)


def wide(v, x):
    return v.reshape([-1 if a == 1 else 1 for a in range(x.ndim)])


@ODD.each(TRAIN, TEST, MANY, "spatial_batchnorm_forward")
def state_moved_in_place(x, gamma, beta, bn_param):
    rm, rv, m, eps = state(bn_param, x)
    mean, var = rm, rv
    if bn_param["mode"] == "train":
        mean, var = x.mean(over(x)), x.var(over(x))
        bn_param.update(running_mean=rm + (1 - m) * (mean - rm), running_var=rv + (1 - m) * (var - rv))
    return wide(gamma, x) * (x - wide(mean, x)) / np.sqrt(wide(var, x) + eps) + wide(beta, x), {}


@ODD.each(TRAIN, TEST, MANY, "spatial_batchnorm_forward")
def one_scale_and_one_offset(x, gamma, beta, bn_param):
    rm, rv, m, eps = state(bn_param, x)
    if bn_param["mode"] == "train":
        flat = np.moveaxis(x, 1, 0).reshape(x.shape[1], -1)
        new = flat.mean(1), flat.var(1)
        bn_param["running_mean"], bn_param["running_var"] = (
            np.average([old, now], axis=0, weights=[m, 1 - m]) for old, now in zip((rm, rv), new, strict=True)
        )
        rm, rv = new
    scale = gamma / np.sqrt(rv + eps)
    return x * wide(scale, x) + wide(beta - rm * scale, x), None


@ODD.each(TRAIN, TEST, MANY)
def match_on_the_mode(x, gamma, beta, bn_param):
    rm, rv, m, eps = state(bn_param, x)
    match bn_param:
        case {"mode": "train"}:
            mean, var = np.mean(x, 0), np.var(x, 0)
            mixed = functools.partial(np.average, axis=0, weights=[m, 1 - m])
            bn_param |= {"running_mean": mixed([rm, mean]), "running_var": mixed([rv, var])}
        case {"mode": "test"}:
            mean, var = rm, rv
        case _:
            raise ValueError("mode")
    return gamma * (x - mean) / (var + eps) ** 0.5 + beta, (x, mean, var)


@ODD.each(TRAIN, TEST)
def lists_for_the_state(x, gamma, beta, bn_param):
    rm, rv, m, eps = state(bn_param, x)
    mean, var = (rm, rv) if bn_param["mode"] != "train" else (x.mean(0), x.var(0))
    if bn_param["mode"] == "train":
        bn_param["running_mean"] = [m * a + (1 - m) * b for a, b in zip(rm, mean, strict=True)]
        bn_param["running_var"] = [m * a + (1 - m) * b for a, b in zip(rv, var, strict=True)]
    return np.asfortranarray(gamma * (x - mean) / np.sqrt(var + eps) + beta), []


class Layer:
    """A callable that keeps its own cache."""

    def __call__(self, x, gamma, beta, bn_param):
        out, _ = match_on_the_mode(x, gamma, beta, bn_param)
        self.seen = x
        return out, self


ODD.add(TRAIN, "an object that is called", Layer())
ODD.add(TEST, "a partial", functools.partial(match_on_the_mode))
ODD.add(
    MANY,
    "a lambda in a decorator",
    functools.wraps(match_on_the_mode)(lambda *a, **k: match_on_the_mode(*a, **k)),
)


# --- the gradients ---


def forward(x, gamma, beta, bn_param):
    out, _ = state_moved_in_place(x, gamma, beta, bn_param)
    return out, (x, gamma, bn_param.get("eps", 1e-5))


def cached_by_key(x, gamma, beta, bn_param):
    key = next(COUNTER)
    out, MEMORY[key] = forward(x, gamma, beta, bn_param)
    return out, key


COUNTER = itertools.count()


def projection(dout, cache):
    """dx by the matrix that takes out the mean and the direction of x_hat."""
    x, gamma, eps = cache
    n = len(x)
    sd = np.sqrt(x.var(0) + eps)
    h = (x - x.mean(0)) / sd
    out = np.empty_like(dout)
    for j in range(x.shape[1]):
        p = np.eye(n) - 1 / n - np.outer(h[:, j], h[:, j]) / n
        out[:, j] = p @ dout[:, j] * gamma[j] / sd[j]
    return out, np.diag(dout.T @ h), np.ones(n) @ dout


def through_the_key(dout, cache):
    return closed(dout, MEMORY[cache])


def closed(dout, cache):
    x, gamma, eps = cache
    axes, n = over(x), x.size // x.shape[1]
    d = (x - x.mean(axes, keepdims=True)).astype(np.longdouble)
    v = x.var(axes, keepdims=True).astype(np.longdouble) + eps
    s, t = dout.sum(axes, keepdims=True), (dout * d).sum(axes, keepdims=True)
    dx = wide(gamma, x) / (n * np.sqrt(v)) * (n * dout - s - d / v * t)
    return dx, (t / np.sqrt(v)).ravel(), s.ravel()


def complex_step(dout, cache):
    """The derivative as the imaginary part of a step along each sample: exact to rounding."""
    x, gamma, eps = cache
    wide_x = x.astype(complex)
    dx = np.zeros(x.shape)
    for i in range(len(x)):
        moved = wide_x.copy()
        moved[i] += 1e-30j
        c = moved - moved.mean(0)
        dx[i] = (dout * (gamma * c / np.sqrt((c * c).mean(0) + eps)).imag).sum(0) / 1e-30
    h = (x - x.mean(0)) / np.sqrt(x.var(0) + eps)
    return dx, np.sum(dout * h, axis=0), np.sum(dout, axis=0)


def by_columns(dout, cache):
    x, gamma, eps = cache
    made = [closed(dout[:, j : j + 1], (x[:, j : j + 1], gamma[j : j + 1], eps)) for j in range(x.shape[1])]
    return tuple(np.concatenate(part, axis=-1) for part in zip(*made, strict=True))


def a_generator_of_three(dout, cache):
    return tuple(part for part in closed(dout, cache))


for name in ("batchnorm_backward", "batchnorm_backward_alt"):
    ODD.add(name, "a projection for each feature", forward, projection)
    ODD.add(name, "a cache in a dictionary of its own", cached_by_key, through_the_key)
    ODD.add(name, "complex steps", forward, complex_step)
    ODD.add(name, "column by column", forward, by_columns)
    ODD.add(name, "a tuple from a generator", forward, a_generator_of_three)
ODD.add("spatial_batchnorm_backward", "a closed form over three axes", forward, closed)


def rows_of_pixels(dout, cache):
    x, gamma, eps = cache
    flat = [np.moveaxis(a, 1, -1).reshape(-1, a.shape[1]) for a in (dout, x)]
    dx, dg, db = projection(flat[0], (flat[1], gamma, eps))
    n, c, h, w = x.shape
    return dx.reshape(n, h, w, c).transpose(0, 3, 1, 2), dg, db


ODD.add("spatial_batchnorm_backward", "a projection on rows of pixels", forward, rows_of_pixels)


@ODD.each("fold_batchnorm")
def a_diagonal_on_the_kernels(weight, bias, gamma, beta, mean, var, eps):
    s = np.diag(gamma / np.sqrt(var + eps))
    b = 0 if bias is None else bias
    return np.tensordot(s, weight, 1), s @ (b - mean) + beta
