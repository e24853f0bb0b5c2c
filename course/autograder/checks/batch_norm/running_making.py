"""The running statistics after one batch, piece by piece: what of the old ones is kept, what of the batch comes in."""

from dataclasses import dataclass

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN, RUNNING_VAR
from course.autograder.checks.language import Inputs
from course.autograder.checks.language.makings import Making, Piece, Stead, Value


@dataclass(frozen=True)
class Moved:
    """A state and a batch, in float64.

    Attributes:
        x: [n, C], every value of a feature in a column.
        momentum, eps: of the state.
        mean, var: the running ones that came in.
    """

    x: np.ndarray
    momentum: float
    eps: float
    mean: np.ndarray
    var: np.ndarray

    @property
    def longer(self) -> float:
        """n / (n - 1)."""
        return len(self.x) / (len(self.x) - 1) if len(self.x) > 1 else np.nan

    @property
    def batch_mean(self) -> np.ndarray:
        """Of the batch, by feature."""
        return np.asarray(self.x.mean(axis=0))

    @property
    def batch_var(self) -> np.ndarray:
        """Of the batch, by feature, the biased one."""
        return np.asarray(self.x.var(axis=0))

    def around(self, centre: np.ndarray) -> np.ndarray:
        """The mean of the squares round another centre."""
        return np.asarray(((self.x - centre) ** 2).mean(axis=0))


def moved(i: Inputs) -> Moved:
    """What the running statistics of a case are made of."""
    s, c = v.state(i), len(i["gamma"])
    rows = np.moveaxis(i["x"].astype(np.float64), 1, -1).reshape(-1, c)
    mean, var = (np.asarray(s[f"running_{name}"], dtype=np.float64) for name in ("mean", "var"))
    if s["mode"] == "test":  # nothing moves there: no piece has a value
        mean = var = np.full(c, np.nan)
    return Moved(rows, s["momentum"], s["eps"], mean, var)


EXCHANGED = "In Paddle momentum weights the OLD running value: new = momentum * old + (1 - momentum) * batch."
AWAY = (
    "The running value moves towards the batch's: the batch's moments are added with the weight 1 - momentum."
)
HARD_CODED = "You use a momentum of your own whatever bn_param says: read it from there."

KEPT = Piece(
    lambda p: p.momentum,
    {
        "momentum the other way round": Stead(EXCHANGED, lambda p: 1 - p.momentum),
        "old running value not weighted": Stead(
            "The old running value comes in with the weight momentum; yours comes in whole.", lambda p: 1.0
        ),
        "old running value dropped": Stead(
            "The new running value is a mixture: momentum times the old one belongs in it.", lambda p: 0.0
        ),
        "old running value weighted twice": Stead(
            "The old running value comes in with the weight momentum, once; yours is multiplied by it twice.",
            lambda p: p.momentum**2,
        ),
        "moved away from the batch": Stead(AWAY, lambda p: 2 - p.momentum),
        "momentum hard-coded": Stead(HARD_CODED, lambda p: 0.9),
        "momentum hard-coded as 0.1": Stead(HARD_CODED, lambda p: 0.1),
        "momentum hard-coded as 0.99": Stead(HARD_CODED, lambda p: 0.99),
    },
)

TAKEN = Piece(
    lambda p: 1 - p.momentum,
    {
        "momentum the other way round": Stead(EXCHANGED, lambda p: p.momentum),
        "the batch's moments not weighted": Stead(
            "The batch's moments come in with the weight 1 - momentum; yours come in whole.", lambda p: 1.0
        ),
        "the batch's moments left out": Stead(
            "The batch's moments belong in the mixture, with the weight 1 - momentum.", lambda p: 0.0
        ),
        "the batch's moments weighted twice": Stead(
            "The batch's moments come in with the weight 1 - momentum, once; yours are multiplied by it twice.",
            lambda p: (1 - p.momentum) ** 2,
        ),
        "moved away from the batch": Stead(AWAY, lambda p: p.momentum - 1),
        "momentum hard-coded": Stead(HARD_CODED, lambda p: 0.1),
        "momentum hard-coded as 0.1": Stead(HARD_CODED, lambda p: 0.9),
        "momentum hard-coded as 0.99": Stead(HARD_CODED, lambda p: 0.01),
    },
)

AFTER = Piece(
    lambda p: 1.0,
    {
        "divided by 1 - momentum": Stead(
            "The mixture is complete: nothing makes up for its start.", lambda p: 1 / (1 - p.momentum)
        ),
        "multiplied by n / (n - 1) after the mixture": Stead(
            "Nothing of the running statistics has n - 1 in it: the variance is the biased one.",
            lambda p: p.longer,
        ),
    },
)

OLD_MEAN = Piece(
    lambda p: p.mean,
    {
        "the running mean goes on from the running variance": Stead(
            "Each running statistic goes on from itself: the running mean from the old running mean.",
            lambda p: p.var,
        ),
    },
)

NEW_MEAN = Piece(
    lambda p: p.batch_mean,
    {
        "the sum for the mean": Stead("The running mean takes in the batch's mean; yours takes in its sum.",
                                      lambda p: p.x.sum(axis=0)),
        "the mean of all features": Stead("Each feature has a running mean of its own: yours takes in the mean of all.",
                                          lambda p: p.x.mean()),
        "the batch's variance in the running mean": Stead(
            "You mix the batch's variance into the running mean: its mean belongs there.", lambda p: p.batch_var
        ),
        "the last sample in the running mean": Stead(
            "The running mean takes in the mean of the whole batch, not one value of it.", lambda p: p.x[-1]
        ),
        "the first sample in the running mean": Stead(
            "The running mean takes in the mean of the whole batch, not one value of it.", lambda p: p.x[0]
        ),
    },
)  # fmt: skip

OLD_VAR = Piece(
    lambda p: p.var,
    {
        "the running variance goes on from the running mean": Stead(
            "Each running statistic goes on from itself: the running variance from the old running variance.",
            lambda p: p.mean,
        ),
        "the running variance goes on from its root": Stead(
            "The running variance goes on from the old one as it is, without a root.",
            lambda p: np.sqrt(p.var),
        ),
        "the old running variance squared": Stead(
            "The running variance goes on from the old one as it is, without a square.", lambda p: p.var**2
        ),
    },
)

_BATCHS: dict[str, tuple[str, Value]] = {
    "unbiased running variance": (
        "Your running variance takes in the unbiased estimate, n/(n-1) too large; Paddle keeps the biased one.",
        lambda p: p.batch_var * p.longer,
    ),
    "running standard deviation": (
        "You keep a running standard deviation; keep the variance, and take the root when you normalise.",
        lambda p: np.sqrt(p.batch_var),
    ),
    "running standard deviation with epsilon": (
        "You keep the root that x is divided by; keep the variance, without epsilon and without the root.",
        lambda p: np.sqrt(p.batch_var + p.eps),
    ),
    "unbiased running standard deviation": (
        "You keep the unbiased standard deviation; keep the biased variance.",
        lambda p: np.sqrt(p.batch_var * p.longer),
    ),
    "epsilon in the running variance": (
        "The running variance is kept without epsilon; add it only when you normalise.",
        lambda p: p.batch_var + p.eps,
    ),
    "variance round the running mean": (
        "The batch's variance is taken round the batch's own mean, not round the running one.",
        lambda p: p.around(p.mean),
    ),
    "variance round the new running mean": (
        "The batch's variance is taken round the batch's own mean, not round the running one.",
        lambda p: p.around(p.momentum * p.mean + (1 - p.momentum) * p.batch_mean),
    ),
    "the batch's mean in the running variance": (
        "You mix the batch's mean into the running variance: its variance belongs there.",
        lambda p: p.batch_mean,
    ),
    "second moment in the running variance": (
        "You keep the mean of the squares of x: take the squared mean away, that is the variance.",
        lambda p: p.around(np.zeros(1)),
    ),
    "the batch's variance squared": (
        "The running variance takes in the batch's variance, which is a square already; yours is squared again.",
        lambda p: p.batch_var**2,
    ),
    "the sum of squares for the variance": (
        "The variance averages the squares: yours takes in their sum.",
        lambda p: p.batch_var * len(p.x),
    ),
    "the batch's variance divided by n again": (
        "The batch's variance is an average already: yours is divided by n once more.",
        lambda p: p.batch_var / len(p.x),
    ),
    "the variance of all features": (
        "Each feature has a running variance of its own: yours takes in that of all features together.",
        lambda p: p.x.var(),
    ),
    "the reciprocal of the deviation": (
        "You keep 1 / sqrt(var + eps), which x is multiplied by; keep the variance.",
        lambda p: 1 / np.sqrt(p.batch_var + p.eps),
    ),
}
NEW_VAR = Piece(
    lambda p: p.batch_var, {name: Stead(advice, value) for name, (advice, value) in _BATCHS.items()}
)


def _mixed(
    kept: np.ndarray, old: np.ndarray, taken: np.ndarray, new: np.ndarray, after: np.ndarray
) -> np.ndarray:
    return np.asarray(after * (kept * old + taken * new))


RUNNING_MAKINGS = {
    path: Making(moved, {"kept": KEPT, "old": old, "taken": TAKEN, "new": new, "after": AFTER}, _mixed)
    for path, old, new in ((RUNNING_MEAN, OLD_MEAN, NEW_MEAN), (RUNNING_VAR, OLD_VAR, NEW_VAR))
}
