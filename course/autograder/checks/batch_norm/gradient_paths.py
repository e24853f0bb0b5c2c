"""What goes wrong in a normaliser's dx, one factor, term or average at a time.

dx has three paths, each divided by the standard deviation in the end: the direct one, one through the mean and one
through the variance. A student's line of code is a part of one of them.
"""

from dataclasses import replace

import numpy as np

from course.autograder.checks.batch_norm.gradient_parts import Formula, PartsOf, dx_by, with_parts
from course.autograder.checks.language import Mistake

# Of dx before it is divided by the standard deviation: a name, the advice, the formula.
ROADS: dict[str, tuple[str, Formula]] = {
    "statistics taken for constants": (
        "The mean and the variance depend on x too: add the gradients that flow through both.",
        lambda p: p.g,
    ),
    "gradient through the mean missing": (
        "x is also in the mean: the gradient that flows through the mean is missing.",
        lambda p: p.g + p.by_var,
    ),
    "gradient through the variance missing": (
        "x is also in the variance: nothing that flows through the variance is in yours (an average of x_hat alone is 0).",
        lambda p: p.g + p.by_mean,
    ),
    "direct gradient missing": (
        "x reaches x_hat directly as well, not only through the mean and the variance: add that term, do not overwrite it.",
        lambda p: p.by_mean + p.by_var,
    ),
    "direct gradient overwritten": (
        "What x - mean gets directly and what it gets through the variance add up (+=): in yours only the latter is left.",
        lambda p: p.by_var,
    ),
    "sign of the variance's gradient": (
        "The gradient through the variance has the wrong sign: 1/sqrt falls when the variance grows.",
        lambda p: p.g + p.by_mean - p.by_var,
    ),
    "sign of the mean's gradient": (
        "The gradient through the mean has the wrong sign: the mean is subtracted.",
        lambda p: p.g - p.by_mean + p.by_var,
    ),
    "sums over the batch not divided by n": (
        "The gradient reaches each value through a mean over n values: divide both sums by n.",
        lambda p: p.g + p.n * p.by_mean + p.n * p.by_var,
    ),
    "the mean's gradient not divided by n": (
        "A mean over n values hands each of them 1/n of its gradient: the mean's share is n times too large.",
        lambda p: p.g + p.n * p.by_mean + p.by_var,
    ),
    "the variance's gradient not divided by n": (
        "The variance is a mean over n squares: its share in dx is n times too large.",
        lambda p: p.g + p.by_mean + p.n * p.by_var,
    ),
    "the mean's gradient divided by n twice": (
        "The mean's gradient is a sum over the values, and only what is handed on is divided by n.",
        lambda p: p.g + p.by_mean / p.n + p.by_var,
    ),
    "the variance's gradient divided by n twice": (
        "The variance's gradient is a sum over the values, and only what is handed on is divided by n.",
        lambda p: p.g + p.by_mean + p.by_var / p.n,
    ),
    "the mean's gradient not summed": (
        "One mean serves all values, so its gradient sums theirs; you kept each value's own.",
        lambda p: p.g - p.g / p.n + p.by_var,
    ),
    "the variance's gradient not summed": (
        "One variance serves all values, so its gradient sums theirs; you kept each value's own.",
        lambda p: p.g + p.by_mean - p.x_hat**2 * p.g / p.n,
    ),
    "the mean's gradient of the last value only": (
        "One mean serves all values: add each one's gradient, do not assign it.",
        lambda p: p.g - p.last(p.g) / p.n + p.by_var,
    ),
    "the variance's gradient of the last value only": (
        "One variance serves all values: add each one's gradient, do not assign it.",
        lambda p: p.g + p.by_mean - p.x_hat * p.last(p.g * p.x_hat) / p.n,
    ),
    "factor 2 of the square forgotten": (
        "The variance averages squares: its derivative has a factor 2 that is missing on that path.",
        lambda p: p.g + p.by_mean + p.by_var / 2,
    ),
    "factor 1/2 of the root forgotten": (
        "The derivative of the root has a factor 1/2 that is missing on the path through the variance.",
        lambda p: p.g + p.by_mean + 2 * p.by_var,
    ),
    "factor -1/2 of the root forgotten": (
        "The derivative of (var + eps) ** -0.5 has a factor -1/2 that is missing on the path through the variance.",
        lambda p: p.g + p.by_mean - 2 * p.by_var,
    ),
    "sign and factor 2 of the variance's gradient": (
        "The path through the variance has the factors -1/2, of the root, and 2, of the square: yours lacks sign and 2.",
        lambda p: p.g + p.by_mean - p.by_var / 2,
    ),
    "x - mean squared where the variance hands on": (
        "The variance hands each value its own x - mean; yours hands on its square.",
        lambda p: p.g + p.by_mean + p.by_var * p.centred,
    ),
    "x - mean squared, handed on to the mean as well": (
        "The derivative of the square is 2 (x - mean), with no square left.",
        lambda p: p.g + p.by_mean + p.by_var * p.centred - p.mean(p.by_var * p.centred),
    ),
    "the variance's gradient not divided by the variance": (
        "The path through the variance has x_hat twice, or x - mean twice and the power -1.5; yours lacks a division by the variance.",
        lambda p: p.g + p.by_mean + p.by_var * p.sd**2,
    ),
    "the variance's gradient without what arrives there": (
        "Each step multiplies what arrives by its own derivative; on the path through the variance yours has only the latter.",
        lambda p: p.g + p.by_mean + p.centred / p.n,
    ),
    "direct gradient multiplied by the deviation": (
        "x - mean was divided by the standard deviation, and so is its gradient; yours is multiplied by it.",
        lambda p: (p.g + p.by_mean) * p.sd**2 + p.by_var,
    ),
    "root's derivative multiplied by 2 sd": (
        "The derivative of the root is 1 / (2 sd): divide by 2 sd, do not multiply.",
        lambda p: p.g + p.by_mean + p.by_var * 4 * p.sd**2,
    ),
    "power -3 in the variance's gradient": (
        "The derivative of (var + eps) ** -0.5 has the power -1.5, which is 1 / sd ** 3; yours is 1 / (var + eps) ** 3.",
        lambda p: p.g + p.by_mean + p.by_var / p.sd**3,
    ),
    "the variance's gradient not divided by the deviation": (
        "The path through the variance lacks a division by the standard deviation: x_hat, not x - mean, or the power -1.5.",
        lambda p: p.g + p.by_mean + p.by_var * p.sd,
    ),
    "the variance's gradient divided by the deviation again": (
        "The path through the variance has one division by the standard deviation too many: x - mean belongs where x_hat is.",
        lambda p: p.g + p.by_mean + p.by_var / p.sd,
    ),
    "direct gradient not divided by the deviation": (
        "All three terms are divided by the standard deviation; in yours the first is not.",
        lambda p: p.g * p.sd + p.by_mean + p.by_var,
    ),
    "the mean's gradient not divided by the deviation": (
        "The path through the mean has passed the division by the standard deviation too: divide its sum as well.",
        lambda p: p.g + p.by_mean * p.sd + p.by_var,
    ),
    "the mean's gradient divided by the deviation again": (
        "The path through the mean has one division by the standard deviation too many.",
        lambda p: p.g + p.by_mean / p.sd + p.by_var,
    ),
    "the variance's gradient kept apart for each value": (
        "One variance serves all values: sum its gradient over them before you hand it back.",
        lambda p: p.g + p.by_mean - (p.x_hat**2 * p.g - p.mean(p.x_hat**2 * p.g)) / p.n,
    ),
    "the two averages exchanged": (
        "dx takes away the average of dout, and x_hat times the average of dout * x_hat; yours has the two exchanged.",
        lambda p: p.g - p.mean(p.g * p.x_hat) - p.x_hat * p.mean(p.g),
    ),
    "x not centred in the variance's gradient": (
        "The variance's gradient sums dout times (x - mean); yours uses x itself.",
        lambda p: p.g + p.by_mean - p.x_hat * p.mean(p.g * p.x) / p.sd,
    ),
    "x not centred where the variance hands on": (
        "The variance hands each value its own (x - mean); yours uses x itself.",
        lambda p: p.g + p.by_mean - p.x / p.sd * p.mean(p.g * p.x_hat),
    ),
    "mean of x for the mean of x - mean": (
        "What the variance hands to the mean is a sum over x - mean, which is 0; yours sums x.",
        lambda p: p.right + p.mean(p.g * p.x_hat) * p.mean(p.x) / p.sd,
    ),
    "x_hat replaced by x": (
        "The path through the variance needs x_hat, the normalised x; yours uses x itself.",
        lambda p: p.g + p.by_mean - p.x * p.mean(p.g * p.x),
    ),
    "x for the x_hat before the bar": (
        "The last term is x_hat times the average of dout * x_hat; the x_hat before the average is x in yours.",
        lambda p: p.g + p.by_mean - p.x * p.mean(p.g * p.x_hat),
    ),
    "x for the x_hat under the bar": (
        "The last term is x_hat times the average of dout * x_hat; the x_hat under the average is x in yours.",
        lambda p: p.g + p.by_mean - p.x_hat * p.mean(p.g * p.x),
    ),
    "x_hat missing in the last term": (
        "The last term is x_hat times the average of dout * x_hat; the x_hat before the average is missing.",
        lambda p: p.g + p.by_mean - p.mean(p.g * p.x_hat),
    ),
    "x_hat squared in the last term": (
        "The last term is x_hat times the average of dout * x_hat, with no square.",
        lambda p: p.g + p.by_mean + p.x_hat * p.by_var,
    ),
    "dout not multiplied by n": (
        "With 1/n in front, dout itself is multiplied by n: of the three terms only the two sums are averages.",
        lambda p: p.g / p.n + p.by_mean + p.by_var,
    ),
    "factor 1/n forgotten": (
        "Your dx is n times too large: the n in front of dout goes with a 1/n in front of the bracket.",
        lambda p: p.n * p.right,
    ),
    "dx divided by n once more": (
        "The 1/n belongs to the two averages alone; yours stands before the direct term as well.",
        lambda p: p.right / p.n,
    ),
    "the mean's gradient not summed, the variance's share in it": (
        "One mean serves all values: what goes back through it is a SUM over them, and yours is each value's own.",
        lambda p: (p.g + p.by_var) * (1 - 1 / p.n),
    ),
    "n - 1 for n in the averages": (
        "The averages are over n values: you divided the two sums by n - 1.",
        lambda p: p.g + (p.by_mean + p.by_var) * p.n / max(p.n - 1, 1),
    ),
    "n - 1 for n": (
        "The averages are over n values: you divided by n - 1.",
        lambda p: p.right * p.n / max(p.n - 1, 1),
    ),
    "gamma missing in dx": (
        "dout reaches x_hat through gamma: multiply by it on the way back.",
        lambda p: p.without_gamma.right,
    ),
    "gamma twice in dx": (
        "gamma multiplies dout once; in your dx it is there twice.",
        lambda p: replace(p, gamma=p.gamma**2).right,
    ),
    "gamma missing on the path through the mean": (
        "What flows through the mean has passed gamma as well: use dout * gamma there too.",
        lambda p: p.g - p.mean(p.dout) + p.by_var,
    ),
    "gamma missing on the path through the variance": (
        "What flows through the variance has passed gamma as well: use dout * gamma there too.",
        lambda p: p.g + p.by_mean - p.x_hat * p.mean(p.dout * p.x_hat),
    ),
    "dout on the direct path without gamma": (
        "All three terms start from dout * gamma; in yours the first is dout as it came.",
        lambda p: p.dout + p.by_mean + p.by_var,
    ),
    "gamma on the direct path alone": (
        "All three terms start from dout * gamma; in yours only the first has the gamma.",
        lambda p: p.g - p.mean(p.dout) - p.x_hat * p.mean(p.dout * p.x_hat),
    ),
    "dx not divided by the standard deviation": (
        "The outermost division of the forward pass is missing on the way back.",
        lambda p: p.right * p.sd,
    ),
    "dx divided by the variance": (
        "dx divides by the standard deviation once; yours divides by it twice.",
        lambda p: p.right / p.sd,
    ),
    "dx multiplied by the standard deviation": (
        "The forward pass divides by the standard deviation, and so does the backward pass; you multiply.",
        lambda p: p.right * p.sd**2,
    ),
    "epsilon missing in the last division": (
        "The root that dx is divided by is the forward pass's, epsilon included.",
        lambda p: p.right * p.sd / np.sqrt(p.var),
    ),
    "epsilon outside the root in the last division": (
        "The root that dx is divided by has epsilon beside the variance, under the root.",
        lambda p: p.right * p.sd / (np.sqrt(p.var) + p.eps),
    ),
    "epsilon hard-coded in the last division": (
        "The root that dx is divided by has the eps of the forward pass; yours has 1e-5 whatever came.",
        lambda p: p.right * p.sd / np.sqrt(p.var + 1e-5),
    ),
    "epsilon missing in the root's derivative": (
        "The derivative of the root is 1 / (2 sqrt(var + eps)): epsilon stands beside the variance there too.",
        lambda p: p.g + p.by_mean + p.by_var * p.sd / np.sqrt(p.var),
    ),
    "epsilon missing in the variance's gradient": (
        "The power of the variance on its path has epsilon beside the variance too.",
        lambda p: p.g + p.by_mean + p.by_var * (p.sd / np.sqrt(p.var)) ** 3,
    ),
    "epsilon missing beside the variance": (
        "Where the derivative of 1 / sqrt(var + eps) is divided by the variance, epsilon stands beside it as well.",
        lambda p: p.g + p.by_mean + p.by_var * p.sd**2 / p.var,
    ),
    "epsilon missing in the direct gradient": (
        "The direct term is divided by the forward pass's root, epsilon included.",
        lambda p: p.g * p.sd / np.sqrt(p.var) + p.by_mean + p.by_var,
    ),
}  # fmt: skip


def dx_mistakes(parts: PartsOf) -> dict[str, Mistake]:
    """What goes wrong in dx, from the parts of a case."""
    return {
        **{name: Mistake(advice, dx_by(parts, formula)) for name, (advice, formula) in ROADS.items()},
        "unbiased variance in the backward pass": Mistake(
            "Forward and backward must use one variance: the biased one, divided by n.",
            dx_by(with_parts(parts, ddof=1)),
        ),
        "unbiased variance in x_hat and the root": Mistake(
            "Forward and backward must use one variance: the biased one, divided by n.",
            dx_by(with_parts(parts, ddof=1), lambda p: p.g + p.by_mean - p.x_hat * p.mean(p.g * p.x_hat)),
        ),
        "epsilon forgotten in the backward pass": Mistake(
            "The standard deviation that dx is divided by has epsilon under its root.",
            dx_by(with_parts(parts, eps=0.0)),
        ),
        "epsilon hard-coded in the backward pass": Mistake(
            "You use 1e-5 whatever came: the root of the backward pass has the eps of the forward pass.",
            dx_by(with_parts(parts, eps=1e-5)),
        ),
    }
