"""Numbers out of a study's result, as the lessons say them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course.languages.saying import filled, said
from course.studies.eight_settings import AXES, watched
from course.studies.record import Result, Row
from course.teaching.prose import range_of, verdict


def by_seed(result: Result, column: str, along: str | None = None, **wanted: Any) -> np.ndarray:
    """A column of the rows that have the wanted values, one line for each seed.

    Args:
        result: of a study.
        column: which; numbers or lists of them.
        along: a column whose values become the second axis, in their order of appearance; rows that share one
            are averaged, what is None left out.
        wanted: values of other columns.

    Returns:
        [seeds], or [seeds, T] for lists or with `along`.

    Raises:
        ValueError: without `along`, when a seed does not have exactly one row.
    """
    lines = []
    for seed in result.seeds:
        rows = [row for row in result.where(seed=seed, **wanted) if row[column] is not None]
        if along is None:
            if len(rows) != 1:
                raise ValueError(
                    f"{result.study}: {len(rows)} rows for seed {seed} and {wanted}; name more columns"
                )
            lines.append(np.asarray(rows[0][column], dtype=float))
        else:
            shared = {row[along]: [r[column] for r in rows if r[along] == row[along]] for row in rows}
            lines.append(np.array([np.mean(values) for values in shared.values()]))
    return np.stack(lines)


def spread_of(values: np.ndarray, form: str = ".1%") -> str:
    """'mean (smallest to largest)', or the mean alone where all read alike."""
    mean, ends = f"{values.mean():{form}}", range_of(values, form)
    return mean if ends == mean else filled("{mean} ({ends})", mean=mean, ends=ends)


def reached(steps: Sequence[int], curves: np.ndarray, level: float) -> str:
    """At which of the steps the curves [seeds, T] were first at the level, earliest to latest; or 'never'."""
    at = [steps[int((curve >= level).argmax())] for curve in curves if curve.max() >= level]
    if not at:
        return said("never")
    steps_of = range_of(np.array(at), ",")
    if len(at) == len(curves):
        return steps_of
    return filled("{steps} ({k} of {n} seeds)", steps=steps_of, k=len(at), n=len(curves))


def eight_curves(
    result: Result, std: float, rate: float, activation: str, net: str
) -> tuple[list[int], np.ndarray]:
    """(steps, accuracies [seeds, T]) of one net of the eight settings."""
    case: dict[str, Any] = dict(zip(AXES, (std, rate, activation), strict=True))
    return watched(result.settings, case), by_seed(result, "accuracy", net=net, **case)


def promise(row: Row, lengths: Sequence[float]) -> np.ndarray:
    """For a row of the landscape: how much of the fall t |g|**2 that the gradient promises each length t brings."""
    fall = row["losses"][0] - np.array(row["losses"][1:])
    return fall / (np.array(lengths) * row["gradient"] ** 2)


def kept_promise(
    result: Result, std: float | None, net: str, losses: tuple[float, float] = (0.0, np.inf), since: int = 50
) -> np.ndarray:
    """For the landscape, [seeds, lengths]: what a net keeps of its gradient's promise, the median over moments.

    Args:
        result: of the study `landscape`.
        std, net: which start and which net.
        losses: only moments whose loss lies in [low, high): nets compared so are equally far trained.
        since: only moments from this step on.
    """
    low, high = losses
    by_seed = [
        [
            r
            for r in result.where(std=std, net=net, seed=s)
            if r["step"] >= since and low <= r["losses"][0] < high
        ]
        for s in result.seeds
    ]
    lengths = result.settings["lengths"]
    return np.array([np.median([promise(r, lengths) for r in rows], axis=0) for rows in by_seed])


def banded(
    result: Result, column: str, by: str, band: tuple[float, float], **wanted: Any
) -> tuple[np.ndarray, int]:
    """A column averaged over the rows whose value of `by` lies in [low, high), and how many looks there were.

    Returns:
        (one mean for each seed that has such rows, the number of different steps at which any seed had them,
        added up over the seeds).
    """
    found, looks = [], 0
    for seed in result.seeds:
        rows = [r for r in result.where(seed=seed, **wanted) if band[0] <= r[by] < band[1]]
        looks += len({r["step"] for r in rows})
        if values := [r[column] for r in rows if r[column] is not None]:
            found.append(np.mean(values))
    return np.array(found), looks


def percents(result: Result, net: str, norm: str, column: str = "accuracy") -> np.ndarray:
    """For the batch sizes, [seeds, sizes]: the accuracy of one normaliser in a net, in percent."""
    return 100 * by_seed(result, column, along="batch", net=net, norm=norm)


def means(values: np.ndarray, form: str = ".1f") -> list[str]:
    """Of values [seeds, T], the mean and half the range over the seeds, for each T."""
    return [f"{v.mean():{form}} ± {(v.max() - v.min()) / 2:{form}}" for v in values.T]


def beside(curve: np.ndarray, others: Mapping[str, np.ndarray]) -> list[tuple[str, ...]]:
    """How the seeds of a curve [seeds, T] stand to those of others, a row for each: a dash where they overlap."""
    told = {
        name: [verdict(a, b) for a, b in zip(curve.T, other.T, strict=True)] for name, other in others.items()
    }
    return [(name, *("-" if word == "overlap" else word for word in words)) for name, words in told.items()]


def turned_by(row: Row) -> np.ndarray:
    """For a row of the landscape: how far the gradient changed at each length, in its own."""
    return np.array(row["distances"]) / row["gradient"]
