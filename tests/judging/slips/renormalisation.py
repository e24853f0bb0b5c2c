"""Slips in batch renormalisation and in moments over several steps."""

import numpy as np

from tests.judging.slips import Slips

SLIPS = Slips()


def correction(slip):
    """r and d."""

    def f(m, s, rm, rs, R, D):
        r, d = (s / rs, (m - rm) / rs)
        if slip == "inverse":
            r = rs / s
        if slip == "d by std":
            d = (m - rm) / s
        if slip == "d sign":
            d = (rm - m) / rs
        if slip == "squared":
            r = (s / rs) ** 2
        if slip == "lower 0":
            return (np.clip(r, 0, R), np.clip(d, -D, D))
        if slip == "upper only":
            return (np.minimum(r, R), np.minimum(d, D))
        if slip == "d positive":
            return (np.clip(r, 1 / R, R), np.clip(d, 0, D))
        if slip == "lower -R":
            return (np.clip(r, -R, R), np.clip(d, -D, D))
        if slip == "abs":
            return (np.clip(r, 1 / R, R), np.clip(np.abs(d), -D, D))
        if slip == "none":
            return (r, d)
        if slip == "dmax inv":
            return (np.clip(r, 1 / R, R), np.clip(d, -1 / D if D else 0, D))
        return (np.clip(r, 1 / R, R), np.clip(d, -D, D))

    return f


for slip, named in {
    "inverse": ("r upside down",),
    "d by std": ("d divided by the batch's deviation",),
    "d sign": ("sign of d",),
    "squared": ("ratio of variances",),
    "lower 0": ("r goes below 1 / r_max",),
    "upper only": ("r goes below 1 / r_max", "no lower bound for d"),
    "d positive": ("d not negative",),
    "abs": ("sign of d lost",),
    "none": ("r not clipped", "d not clipped"),
}.items():
    SLIPS.add("rc " + slip, "renorm_correction", correction(slip), named=named)


def renorm(slip=None):
    """Batch renormalisation."""

    def f(x, g, b, q):
        ax = (0,) if x.ndim == 2 else (0, 2, 3)
        sh = (1, -1) + (1,) * (x.ndim - 2)
        k = lambda t: np.reshape(t, sh)
        C = x.shape[1]
        rm, rs = (q.get("running_mean", np.zeros(C, x.dtype)), q.get("running_std", np.ones(C, x.dtype)))
        eps = q.get("eps", 1e-05)
        mo = q.get("momentum", 0.9)
        if q["mode"] == "test":
            if slip == "test eps":
                return (k(g) * (x - k(rm)) / np.sqrt(k(rs) ** 2 + eps) + k(b), None)
            if slip == "test root":
                return (k(g) * (x - k(rm)) / np.sqrt(k(rs)) + k(b), None)
            if slip == "test std+eps":
                return (k(g) * (x - k(rm)) / (k(rs) + eps) + k(b), None)
            return (k(g) * (x - k(rm)) / k(rs) + k(b), None)
        mu, sd = (x.mean(ax), np.sqrt(x.var(ax) + eps))
        nm, ns = (mo * rm + (1 - mo) * mu, mo * rs + (1 - mo) * sd)
        if slip == "updated first":
            rm, rs = (nm, ns)
        r, d = correction(None)(mu, sd, rm, rs, q.get("r_max", 3), q.get("d_max", 5))
        if slip == "var averaged":
            ns = np.sqrt(mo * rs**2 + (1 - mo) * sd**2)
        if slip == "std without eps kept":
            ns = mo * rs + (1 - mo) * x.std(ax)
        if slip == "momentum swapped":
            nm, ns = ((1 - mo) * rm + mo * mu, (1 - mo) * rs + mo * sd)
        if slip == "d first":
            xh = ((x - k(mu)) / k(sd) + k(d)) * k(r)
        elif slip == "no d":
            xh = (x - k(mu)) / k(sd) * k(r)
        elif slip == "d after gamma":
            xh = (x - k(mu)) / k(sd) * k(r)
            q["running_mean"], q["running_std"] = (nm, ns)
            return (k(g) * xh + k(d) + k(b), None)
        else:
            xh = (x - k(mu)) / k(sd) * k(r) + k(d)
        if slip == "ema delta":
            nm = rm + mo * (mu - rm)
        q["running_mean"], q["running_std"] = (nm, ns)
        z = (x - k(mu)) / k(sd)
        return (k(g) * xh + k(b), (z, xh, k(g), k(r), k(sd), ax))

    return f


for slip, named in {
    "updated first": ("r and d from the updated running values",),
    "var averaged": ("root of the averaged variances",),
    "std without eps kept": ("running deviation without epsilon",),
    "momentum swapped": ("momentum the other way round",),
    "d first": ("d added before r",),
    "no d": ("d forgotten",),
    "d after gamma": ("d not multiplied by gamma",),
    "ema delta": ("momentum the other way round",),
}.items():
    SLIPS.add("rn " + slip, "batch_renorm_forward.train", renorm(slip), named=named)
for slip, named in {
    "test eps": ("epsilon added again",),
    "test root": ("running_std taken for a variance",),
    "test std+eps": ("epsilon added to the deviation",),
}.items():
    SLIPS.add("rn " + slip, "batch_renorm_forward.test", renorm(slip), named=named)


def renorm_gradients(slip):
    """Its gradients."""

    def f(d, c):
        z, xh, g, r, sd, ax = c
        m = lambda t: t.mean(ax, keepdims=True)
        dg, db = ((d * xh).sum(ax), d.sum(ax))
        if slip == "no r":
            dx = g / sd * (d - m(d) - z * m(d * z))
        elif slip == "xhat for z":
            dx = g * r / sd * (d - m(d) - xh * m(d * xh))
        elif slip == "dgamma of z":
            dx = g * r / sd * (d - m(d) - z * m(d * z))
            dg = (d * z).sum(ax)
        elif slip == "through rd":
            dx = g * r / sd * d
        elif slip == "divided r":
            dx = g / r / sd * (d - m(d) - z * m(d * z))
        elif slip == "r only on direct":
            dx = g / sd * (r * d - m(d) - z * m(d * z))
        elif slip == "r squared":
            dx = g * r * r / sd * (d - m(d) - z * m(d * z))
        elif slip == "dgamma / r":
            dx = g * r / sd * (d - m(d) - z * m(d * z))
            dg = (d * z * r).sum(ax)
        return (dx, dg, db)

    return f


for slip, named in {
    "no r": ("dx without r",),
    "xhat for z": ("x_hat with r and d in the last term",),
    "dgamma of z": ("dgamma without r and d",),
    "through rd": ("statistics taken for constants",),
    "divided r": ("dx divided by r",),
    "r only on direct": ("r on the direct path alone",),
    "r squared": ("r twice in dx",),
    "dgamma / r": ("dgamma without d",),
}.items():
    SLIPS.add("rnb " + slip, "batch_renorm_backward", renorm(), renorm_gradients(slip), named=named)


def linear(slip):
    """Moments of a linear layer."""

    def f(z, w):
        x = z @ w
        N = len(z)
        mg = np.repeat(z.mean(0)[:, None], w.shape[1], 1)
        sg = 2 * z.T @ x / N
        if slip == "no 2":
            sg = z.T @ x / N
        if slip == "no N":
            sg = 2 * z.T @ x
        if slip == "mg T":
            mg = np.repeat(z.mean(0)[None], w.shape[1], 0)
        if slip == "product of means":
            sg = 2 * np.outer(z.mean(0), x.mean(0))
        if slip == "variance":
            return (x.mean(0), x.var(0), mg, sg)
        if slip == "mean squared":
            return (x.mean(0), x.mean(0) ** 2, mg, sg)
        if slip == "mg w":
            mg = mg * w
        return (x.mean(0), (x * x).mean(0), mg, sg)

    return f


for slip, named in {
    "no 2": ("factor 2 forgotten",),
    "no N": ("gradients not divided by N",),
    "mg T": ("gradients transposed",),
    "product of means": ("product of the averages",),
    "variance": ("variance for second moment",),
    "mean squared": ("squared mean for second moment",),
    "mg w": (),
}.items():
    SLIPS.add("lm " + slip, "linear_moments", linear(slip), named=named)


def expanded(m, g, a, b):
    """The right expansion."""

    return m + (g * (b - a)).sum(0)


SLIPS.add(
    "cm sign",
    "compensate_moment",
    lambda m, g, a, b: m + (g * (a - b)).sum(0),
    named=("weight change with the wrong sign",),
)
SLIPS.add(
    "cm mean",
    "compensate_moment",
    lambda m, g, a, b: m + (g * (b - a)).mean(0),
    named=("averaged over the weights",),
)
SLIPS.add(
    "cm axis",
    "compensate_moment",
    lambda m, g, a, b: m + (g * (b - a)).sum(),
    named=("all channels' changes in each",),
)
SLIPS.add(
    "cm dot", "compensate_moment", lambda m, g, a, b: m + (g.T @ (b - a)).sum(0), named=("matrix product",)
)
SLIPS.add(
    "cm now only",
    "compensate_moment",
    lambda m, g, a, b: m + (g * b).sum(0),
    named=("the weight in place of its change",),
)


def window(slip):
    """Moments of a window of steps."""

    def f(x, w, h, k):
        M, S = ([x.mean(0)], [(x * x).mean(0)])
        past = h[: k - 1]
        if slip == "k":
            past = h[:k]
        if slip == "all":
            past = h
        if slip == "oldest":
            past = h[::-1][: k - 1]
        for p in past:
            if slip == "raw":
                M.append(p["mean"])
                S.append(p["second"])
                continue
            M.append(expanded(p["mean"], p["mean_gradient"], p["weight"], w))
            S.append(expanded(p["second"], p["second_gradient"], p["weight"], w))
            if slip == "second raw":
                S[-1] = p["second"]
        M, S = (np.stack(M), np.stack(S))
        n = len(M)
        if slip == "by k":
            n = k
        mean = M.sum(0) / n
        if slip == "no max":
            return (mean, S.sum(0) / n - mean**2)
        if slip == "max after":
            return (mean, np.maximum(S.sum(0) / n, mean**2) - mean**2)
        if slip == "mean of var":
            return (mean, np.maximum(S - M**2, 0).mean(0))
        if slip == "clip 0":
            return (mean, np.maximum(S.mean(0) - mean**2, 0))
        if slip == "current only":
            return (M[0], np.maximum(S, M**2).sum(0) / n - mean**2)
        return (mean, np.maximum(S, M**2).sum(0) / n - mean**2)

    return f


for slip, named in {
    "k": ("k earlier steps",),
    "all": ("k ignored",),
    "oldest": ("oldest steps taken",),
    "raw": ("not compensated",),
    "second raw": ("second moment not compensated",),
    "by k": ("always divided by k",),
    "no max": ("no maximum",),
    "max after": ("maximum taken after averaging",),
    "mean of var": ("variances averaged",),
    "clip 0": ("maximum taken after averaging",),
    "current only": ("mean of the current batch",),
}.items():
    SLIPS.add("xm " + slip, "cross_iteration_moments", window(slip), named=named)
