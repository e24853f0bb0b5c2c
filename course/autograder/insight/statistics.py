"""The statistics of a test, as classical test theory has them; arrays of students (rows) by questions (columns).

Sources: Lord and Novick (1968), Statistical Theories of Mental Test Scores, chapters 4 and 15; Cronbach (1951), Psychometrika 16;
Feldt (1965), Psychometrika 30, for alpha's interval; Bonett and Wright (2000), Psychometrika 65, for that of a rank correlation.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import scipy  # whose `stats` takes a second, and is read when one of these is asked for

FEW = 10  # below this many students the intervals say nothing
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95% confidence interval; `low` and `high` are NaN where there are too few values for one."""

    value: float
    low: float
    high: float

    @property
    def below_zero(self) -> bool:
        """Whether the whole interval lies below zero."""
        return bool(self.high < 0)

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval lies above zero."""
        return bool(self.low > 0)


@dataclass(frozen=True)
class Spread:
    """Five numbers of a distribution, and how many values there are; linear interpolation between neighbours."""

    least: float
    lower_quartile: float
    median: float
    upper_quartile: float
    most: float
    count: int


def spread(values: np.ndarray) -> Spread | None:
    """Of a one-dimensional array; None of an empty one."""
    if values.size == 0:
        return None
    least, lower, median, upper, most = (float(v) for v in np.quantile(values, (0, 0.25, 0.5, 0.75, 1)))
    return Spread(least, lower, median, upper, most, int(values.size))


def difficulty(points: np.ndarray, most: float) -> float:
    """The mean share of a question's points: 1 where everyone has them all. NaN for a question without points."""
    return float(np.mean(points) / most) if most and points.size else float("nan")


def correlation(one: np.ndarray, other: np.ndarray) -> Interval | None:
    """Pearson's r of two columns with Fisher's interval; None where one of them does not vary, or for fewer than 3 rows.

    With a question that is right or wrong and nothing between, this is the point-biserial correlation.
    """
    if one.size < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.stats.NearConstantInputWarning)
        found = scipy.stats.pearsonr(one, other)
    if one.size < 4:
        return Interval(float(found.statistic), float("nan"), float("nan"))
    bounds = found.confidence_interval(CONFIDENCE)
    return Interval(float(found.statistic), float(bounds.low), float(bounds.high))


def discrimination(points: np.ndarray, question: int) -> Interval | None:
    """How a question's points go with the sum of all others' (the item-rest correlation).

    Args:
        points: (students, questions), float64.
        question: the column.
    """
    rest = points.sum(axis=1) - points[:, question]
    return correlation(points[:, question], rest)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> Interval | None:
    """Spearman's rho with Bonett and Wright's interval; None where one does not vary, or for fewer than 3 rows."""
    if one.size < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    rho = float(scipy.stats.spearmanr(one, other).statistic)
    if one.size < 4 or abs(rho) >= 1:
        return Interval(rho, float("nan"), float("nan"))
    half = scipy.stats.norm.ppf(0.5 + CONFIDENCE / 2) * np.sqrt((1 + rho**2 / 2) / (one.size - 3))
    return Interval(rho, float(np.tanh(np.arctanh(rho) - half)), float(np.tanh(np.arctanh(rho) + half)))


def alpha(points: np.ndarray) -> Interval | None:
    """Cronbach's alpha with Feldt's interval; None where it is not defined.

    Args:
        points: (students, questions), float64. It is not defined for fewer than two of either, or where all sums are equal.
    """
    students, questions = points.shape
    if students < 2 or questions < 2:
        return None
    whole = float(np.var(points.sum(axis=1), ddof=1))
    if whole == 0:
        return None
    value = questions / (questions - 1) * (1 - float(np.var(points, axis=0, ddof=1).sum()) / whole)
    freedom = (students - 1, (students - 1) * (questions - 1))
    tail = (1 - CONFIDENCE) / 2
    return Interval(
        value,
        float(1 - (1 - value) * scipy.stats.f.ppf(1 - tail, *freedom)),
        float(1 - (1 - value) * scipy.stats.f.ppf(tail, *freedom)),
    )
