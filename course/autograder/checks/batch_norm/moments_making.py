"""The moments of a batch, piece by piece: what is summed, what it is divided by."""

import numpy as np

from course.autograder.checks.language import Inputs
from course.autograder.checks.language.makings import Making, Piece, Stead


def _x(i: Inputs) -> np.ndarray:
    return np.asarray(i["x"], dtype=np.float64)


def _squares(x: np.ndarray, centre: np.ndarray | float) -> np.ndarray:
    return np.asarray(((x - centre) ** 2).sum(axis=0))


AROUND = "The deviations are from the mean of the feature's own samples: yours are from {}."
ONE_PASS = "The variance is the mean of the squares less the square of the mean: {}"

SQUARES = Piece(
    lambda x: _squares(x, x.mean(axis=0)),
    {
        "variance not centred": Stead(
            "You averaged the squares of x itself; subtract the mean before squaring.", lambda x: _squares(x, 0.0)
        ),
        "variance round the first sample": Stead(AROUND.format("the first sample"), lambda x: _squares(x, x[0])),
        "variance round the last sample": Stead(AROUND.format("the last sample"), lambda x: _squares(x, x[-1])),
        "variance round the mean of everything": Stead(
            AROUND.format("the mean of the whole matrix"), lambda x: _squares(x, x.mean())
        ),
        "variance round the mean of each row": Stead(
            AROUND.format("that of the sample's own features"), lambda x: _squares(x, x.mean(axis=1, keepdims=True))
        ),
        "variance round the sum": Stead(AROUND.format("the sum"), lambda x: _squares(x, x.sum(axis=0))),
        "variance round the median": Stead(AROUND.format("the median"), lambda x: _squares(x, np.median(x, axis=0))),
        "variance round the root of the mean square": Stead(
            AROUND.format("the root of the mean square"), lambda x: _squares(x, np.sqrt((x * x).mean(axis=0)))
        ),
        "mean added before squaring": Stead(
            "The mean is taken away before the squares, not added.", lambda x: _squares(x, -x.mean(axis=0))
        ),
        "absolute deviation for variance": Stead(
            "You averaged the absolute deviations; the variance averages their squares.",
            lambda x: np.abs(x - x.mean(axis=0)).sum(axis=0),
        ),
        "differences from sample to sample": Stead(
            AROUND.format("the sample before"), lambda x: (np.diff(x, axis=0) ** 2).sum(axis=0)
        ),
        "squared sum divided by n once": Stead(
            ONE_PASS.format("the square of a sum is divided by n twice, yours only once."),
            lambda x: _squares(x, 0.0) - x.sum(axis=0) ** 2,
        ),
        "mean of the squares divided by N - 1": Stead(
            ONE_PASS.format("both means are over N values."),
            lambda x: _squares(x, 0.0) * len(x) / (len(x) - 1) - len(x) * x.mean(axis=0) ** 2 if len(x) > 1 else np.nan,
        ),
        "one variance for all features": Stead(
            "Each feature has a variance of its own: yours averages over the features, too.",
            lambda x: np.full(x.shape[1], _squares(x, x.mean(axis=0)).mean()),
        ),
        "mean square taken away twice": Stead(
            ONE_PASS.format("yours takes twice that square away."),
            lambda x: _squares(x, 0.0) - 2 * len(x) * x.mean(axis=0) ** 2,
        ),
        "square of the mean added": Stead(
            ONE_PASS.format("yours adds the two."), lambda x: _squares(x, 0.0) + len(x) * x.mean(axis=0) ** 2
        ),
        "mean not squared before it is subtracted": Stead(
            ONE_PASS.format("yours takes the mean itself away."), lambda x: _squares(x, 0.0) - x.sum(axis=0)
        ),
        "cubes for squares": Stead(
            "The variance averages squares: yours averages third powers.",
            lambda x: (np.abs(x - x.mean(axis=0)) ** 3).sum(axis=0),
        ),
        "first sample left out of the squares": Stead(
            "Counting begins at 0: your sum leaves the first sample out.", lambda x: _squares(x[1:], x.mean(axis=0))
        ),
        "last sample left out of the squares": Stead(
            "A range leaves its end out already: your sum leaves the last sample out.",
            lambda x: _squares(x[:-1], x.mean(axis=0)),
        ),
    },
)  # fmt: skip

COUNT = Piece(
    len,
    {
        "unbiased variance": Stead(
            "You divided by N - 1; batch norm normalises by the biased variance, divided by N.",
            lambda x: len(x) - 1 if len(x) > 1 else np.nan,
        ),
        "divided by N + 1": Stead("The average is over N values: yours is divided by N + 1.", lambda x: len(x) + 1),
        "variance divided by the number of features": Stead(
            "The mean of the squares is over the N samples, x.shape[0] of them, not over the features.",
            lambda x: x.shape[1],
        ),
        "divided by the number of all values": Stead(
            "The average is over the N values of one feature: yours is divided by N * D.", lambda x: x.size
        ),
        "divided by 2 N": Stead("The average is over N values: no factor 2 is in it.", lambda x: 2 * len(x)),
        "variance twice as large": Stead("The average is over N values: no factor 2 is in it.", lambda x: len(x) / 2),
        "squares summed, not averaged": Stead(
            "Your variance is N times too large: average the squared deviations, do not add them up.",
            lambda x: 1.0,
        ),
        "divided by N twice": Stead(
            "The sum is divided by N once: yours is divided by it twice.", lambda x: len(x) ** 2
        ),
    },
)  # fmt: skip

POWER = Piece(
    lambda x: 1.0,
    {
        "standard deviation for variance": Stead(
            "You returned the standard deviation; the variance is its square.", lambda x: 0.5
        ),
        "variance squared": Stead("The variance is a square already; yours is squared again.", lambda x: 2.0),
    },
)

MOMENTS_MAKING = {
    "var": Making(
        _x,
        {"squares": SQUARES, "count": COUNT, "power": POWER},
        lambda squares, count, power: np.asarray((squares / count) ** power),
    ),
}
