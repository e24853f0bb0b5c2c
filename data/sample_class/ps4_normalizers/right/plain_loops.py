"""Every value by itself, in loops, as the formula is read aloud."""

import math

import numpy as np


def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    out = np.zeros_like(x)
    rows = {}
    for at in np.ndindex(x.shape[:-1]):
        row = x[at]
        mean = sum(row) / len(row)
        var = sum((v - mean) ** 2 for v in row) / len(row)
        rows[at] = [(v - mean) / math.sqrt(var + eps) for v in row], math.sqrt(var + eps)
        for j, v in enumerate(rows[at][0]):
            out[at + (j,)] = gamma[j] * v + beta[j]
    return out, (rows, gamma)


def layernorm_backward(dout, cache):
    rows, gamma = cache
    d = dout.shape[-1]
    dx, dgamma, dbeta = np.zeros_like(dout), np.zeros(d), np.zeros(d)
    for at, (x_hat, std) in rows.items():
        g = [dout[at][j] * gamma[j] for j in range(d)]
        mean_g = sum(g) / d
        mean_gx = sum(a * b for a, b in zip(g, x_hat)) / d
        for j in range(d):
            dgamma[j] += dout[at][j] * x_hat[j]
            dbeta[j] += dout[at][j]
            dx[at + (j,)] = (g[j] - mean_g - x_hat[j] * mean_gx) / std
    return dx, dgamma, dbeta


def groupnorm_forward(x, gamma, beta, G, gn_param):
    eps = gn_param.get("eps", 1e-5)
    n, c, h, w = x.shape
    size = c // G
    out, x_hat, stds = np.zeros(x.shape), np.zeros(x.shape), np.zeros((n, G))
    for i in range(n):
        for k in range(G):
            block = x[i, k * size : (k + 1) * size].astype(float)
            mean = block.sum() / block.size
            stds[i, k] = math.sqrt(((block - mean) ** 2).sum() / block.size + eps)
            for j in range(size):
                channel = k * size + j
                x_hat[i, channel] = (block[j] - mean) / stds[i, k]
                out[i, channel] = gamma[channel] * x_hat[i, channel] + beta[channel]
    return out, {"x_hat": x_hat, "stds": stds, "gamma": gamma, "G": G}


def groupnorm_backward(dout, cache):
    x_hat, stds, gamma, groups = cache["x_hat"], cache["stds"], cache["gamma"], cache["G"]
    n, c = dout.shape[:2]
    size = c // groups
    dx, dgamma, dbeta = np.zeros(dout.shape), np.zeros(c), np.zeros(c)
    for i in range(n):
        for channel in range(c):
            dgamma[channel] += (dout[i, channel] * x_hat[i, channel]).sum()
            dbeta[channel] += dout[i, channel].sum()
        for k in range(groups):
            part = slice(k * size, (k + 1) * size)
            g = np.stack([dout[i, j] * gamma[j] for j in range(k * size, (k + 1) * size)])
            h = x_hat[i, part]
            dx[i, part] = (g - g.mean() - h * (g * h).mean()) / stds[i, k]
    return dx, dgamma, dbeta


def renorm_correction(mean, std, running_mean, running_std, r_max, d_max):
    r, d = [], []
    for m, s, rm, rs in zip(mean, std, running_mean, running_std):
        ratio = s / rs
        if ratio > r_max:
            ratio = r_max
        elif ratio < 1.0 / r_max:
            ratio = 1.0 / r_max
        shift = (m - rm) / rs
        if shift > d_max:
            shift = d_max
        elif shift < -d_max:
            shift = -d_max
        r.append(ratio)
        d.append(shift)
    return np.array(r), np.array(d)


def linear_moments(z, weight):
    n, d = z.shape
    c = weight.shape[1]
    mean, second = np.zeros(c), np.zeros(c)
    mean_gradient, second_gradient = np.zeros((d, c)), np.zeros((d, c))
    for k in range(c):
        for s in range(n):
            value = sum(z[s, i] * weight[i, k] for i in range(d))
            mean[k] += value / n
            second[k] += value * value / n
            for i in range(d):
                mean_gradient[i, k] += z[s, i] / n
                second_gradient[i, k] += 2 * value * z[s, i] / n
    return mean, second, mean_gradient, second_gradient


def compensate_moment(moment, gradient, weight_then, weight_now):
    result = []
    for c in range(len(moment)):
        total = moment[c]
        for i in range(gradient.shape[0]):
            total = total + gradient[i, c] * (weight_now[i, c] - weight_then[i, c])
        result.append(total)
    return np.array(result)


def cross_iteration_moments(x, weight, history, k):
    n, channels = x.shape
    mean, var = np.zeros(channels), np.zeros(channels)
    for c in range(channels):
        mus = [sum(x[i, c] for i in range(n)) / n]
        nus = [sum(x[i, c] ** 2 for i in range(n)) / n]
        for j in range(min(k - 1, len(history))):
            step = history[j]
            mu, nu = step["mean"][c], step["second"][c]
            for i in range(weight.shape[0]):
                change = weight[i, c] - step["weight"][i, c]
                mu = mu + step["mean_gradient"][i, c] * change
                nu = nu + step["second_gradient"][i, c] * change
            mus.append(mu)
            nus.append(nu)
        nus = [nu if nu > mu * mu else mu * mu for mu, nu in zip(mus, nus)]
        mean[c] = sum(mus) / len(mus)
        var[c] = sum(nus) / len(nus) - mean[c] ** 2
    return mean, var
