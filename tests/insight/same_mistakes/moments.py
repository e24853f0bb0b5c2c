"""Of batch normalisation's pieces, and of the warm-up."""

import math

import numpy as np

# --- batch_moments: the median of the squares -------------------------------------------------------------------


def median_by_numpy(x):
    mean = x.mean(axis=0)
    return mean, np.median((x - mean) ** 2, axis=0)


def median_by_sorting(x):
    n = len(x)
    mean = x.sum(0) / n
    squares = np.sort(np.square(x - mean), axis=0)
    return mean, (squares[(n - 1) // 2] + squares[n // 2]) / 2


def median_by_columns(x):
    mean, var = [], []
    for column in x.T:
        m = np.average(column)
        mean.append(m)
        var.append(np.quantile((column - m) ** 2, 0.5))
    return np.array(mean), np.array(var)


# --- batch_moments: half of it -----------------------------------------------------------------------------------


def half_by_factor(x):
    return np.mean(x, axis=0), 0.5 * np.var(x, axis=0)


def half_by_divisor(x):
    n = x.shape[0]
    mean = x.sum(axis=0) / n
    return mean, ((x - mean) ** 2).sum(axis=0) / (n * 2)


def half_by_loop(x):
    n, d = x.shape
    mean, var = np.zeros(d), np.zeros(d)
    for i in range(n):
        mean += x[i] / n
    for i in range(n):
        var += (x[i] - mean) * (x[i] - mean) / n
    return mean, np.divide(var, 2)


# --- batch_moments: the range -----------------------------------------------------------------------------------


def range_by_ptp(x):
    return x.mean(0), np.ptp(x, axis=0)


def range_by_difference(x):
    return np.add.reduce(x) / len(x), x.max(axis=0) - x.min(axis=0)


def range_by_sorting(x):
    ordered = np.sort(x, axis=0)
    return ordered.mean(axis=0), ordered[-1] - ordered[0]


# --- normalize: by the deviation, three times ---------------------------------------------------------------------


def by_variance_twice(x, mean, var, eps):
    return (x - mean) / (var + eps) / np.sqrt(var + eps)


def by_variance_power(x, mean, var, eps):
    return (x - mean) * (var + eps) ** -1.5


def by_variance_loop(x, mean, var, eps):
    made = np.empty_like(x)
    for i, row in enumerate(x):
        s = np.sqrt(var + eps)
        made[i] = (row - mean) / (s * s * s)
    return made


# --- normalize: epsilon taken off -------------------------------------------------------------------------------


def minus_epsilon(x, mean, var, eps):
    return (x - mean) / np.sqrt(np.abs(var - eps))


def minus_epsilon_power(x, mean, var, eps):
    return (x - mean[None]) * np.power(np.absolute(var - eps), -0.5)


def minus_epsilon_transposed(x, mean, var, eps):
    std = np.hypot(0.0, np.sqrt(abs(var + -eps)))
    return ((x.T - mean[:, None]) / std[:, None]).T


# --- scale_shift: the shift is scaled as well -------------------------------------------------------------------


def shift_scaled(x_hat, gamma, beta):
    return gamma * (x_hat + beta)


def shift_scaled_apart(x_hat, gamma, beta):
    return x_hat * gamma + beta * gamma


def shift_scaled_by_matrix(x_hat, gamma, beta):
    return (x_hat + beta) @ np.diag(gamma)


# --- scale_shift: the square of gamma ---------------------------------------------------------------------------


def gamma_squared(x_hat, gamma, beta):
    return gamma**2 * x_hat + beta


def gamma_twice(x_hat, gamma, beta):
    out = x_hat.copy()
    for _ in range(2):
        out = out * gamma
    return out + beta


def gamma_by_einsum(x_hat, gamma, beta):
    return np.einsum("nd,d,d->nd", x_hat, gamma, gamma) + np.broadcast_to(beta, x_hat.shape)


# --- relu: leaky --------------------------------------------------------------------------------------------------


def leaky_by_where(x):
    return np.where(x > 0, x, 0.01 * x)


def leaky_by_maximum(x):
    return np.maximum(x, x / 100)


def leaky_by_mask(x):
    positive = x > 0
    out = x * positive
    out[~positive] = x[~positive] * 0.01
    return out


# --- l1_norm: divided by the number of rows -----------------------------------------------------------------------


def rows_by_shape(x):
    return np.abs(x).sum(axis=1) / x.shape[0]


def rows_by_len(x):
    return np.array([math.fsum(map(abs, row.tolist())) for row in x]) / len(x)


def rows_by_matrix(x):
    n, d = x.shape
    return np.absolute(x) @ np.full(d, 1 / n)


# --- l1_norm: a median taken for the mean ------------------------------------------------------------------------


def median_of_row(x):
    return np.median(np.abs(x), axis=1)


def median_of_row_by_quantile(x):
    return np.quantile(abs(x), 0.5, axis=-1)


def median_of_row_by_sorting(x):
    d = x.shape[1]
    ordered = np.sort(np.abs(x))
    return 0.5 * (ordered[:, d // 2] + ordered[:, (d - 1) // 2])


WAYS = {
    "batch_moments": {
        "median of the squares": (median_by_numpy, median_by_sorting, median_by_columns),
        "half of the variance": (half_by_factor, half_by_divisor, half_by_loop),
        "range for variance": (range_by_ptp, range_by_difference, range_by_sorting),
    },
    "normalize": {
        "divided by the deviation three times": (by_variance_twice, by_variance_power, by_variance_loop),
        "epsilon taken off": (minus_epsilon, minus_epsilon_power, minus_epsilon_transposed),
    },
    "scale_shift": {
        "beta scaled": (shift_scaled, shift_scaled_apart, shift_scaled_by_matrix),
        "gamma squared": (gamma_squared, gamma_twice, gamma_by_einsum),
    },
    "relu": {"leaky": (leaky_by_where, leaky_by_maximum, leaky_by_mask)},
    "l1_norm": {
        "divided by the number of rows": (rows_by_shape, rows_by_len, rows_by_matrix),
        "median for sum": (median_of_row, median_of_row_by_quantile, median_of_row_by_sorting),
    },
}
