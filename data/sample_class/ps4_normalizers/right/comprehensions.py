"""list comprehensions over samples and channels, np.vectorize, and np.average."""

import numpy as np


def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    flat = [
        (row - np.average(row)) / (np.average((row - np.average(row)) ** 2) + eps) ** 0.5
        for row in x.reshape(-1, x.shape[-1])
    ]
    stds = [(np.average((row - np.average(row)) ** 2) + eps) ** 0.5 for row in x.reshape(-1, x.shape[-1])]
    x_hat = np.array(flat).reshape(x.shape)
    return np.multiply(x_hat, gamma) + beta, (x_hat, np.reshape(stds, (*x.shape[:-1], 1)), gamma)


def groupnorm_forward(x, gamma, beta, G, gn_param):
    eps = gn_param.get("eps", 1e-5)
    samples, spreads = [], []
    for sample in x:
        runs = np.split(sample, G, axis=0)
        roots = [np.sqrt(run.var() + eps) for run in runs]
        samples.append(np.stack([((run - run.mean()) / root).ravel() for run, root in zip(runs, roots)]))
        spreads.append(roots)
    x_hat, std = np.stack(samples), np.array(spreads)[:, :, None]
    out = x_hat.reshape(x.shape) * gamma[:, None, None] + beta[:, None, None]
    return out, (x_hat, std, gamma[:, None, None])


def renorm_correction(mean, std, running_mean, running_std, r_max, d_max):
    clip = np.vectorize(lambda v, low, high: min(max(v, low), high), otypes=[float])
    return clip(std / running_std, 1 / r_max, r_max), clip((mean - running_mean) / running_std, -d_max, d_max)


def linear_moments(z, weight):
    outer = np.stack([np.outer(sample, sample @ weight) for sample in z])
    x = np.stack([sample @ weight for sample in z])
    ones = np.stack([np.tile(sample[:, None], (1, weight.shape[1])) for sample in z])
    return (
        np.average(x, axis=0),
        np.average(x**2, axis=0),
        np.average(ones, axis=0),
        2 * np.average(outer, axis=0),
    )


def compensate_moment(moment, gradient, weight_then, weight_now):
    return moment + np.diag(gradient.T @ (weight_now - weight_then))
