"""How near is near enough: one tolerance for each precision, and those that were measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerance:
    """Near enough: |got - wanted| <= rtol * |wanted| + atol * max(1, max |wanted|)."""

    rtol: float
    atol: float


@dataclass(frozen=True)
class Tolerances:
    """One tolerance for each precision that an answer may be computed in."""

    float64: Tolerance
    float32: Tolerance


EXACT = Tolerances(Tolerance(0, 0), Tolerance(0, 0))
# Measured on CPU against an independent float64 truth; see docs/grading.md for how they were chosen.
BATCH_NORM = Tolerances(Tolerance(1e-6, 1e-8), Tolerance(1e-4, 1e-5))
# Of gradients that are 0 because all terms cancel: the terms may be many times as large as 1, and their rounding with them.
CANCELLING = Tolerances(BATCH_NORM.float64, Tolerance(1e-4, 1e-3))
RUNNING = Tolerances(Tolerance(1e-6, 1e-6), Tolerance(1e-5, 1e-6))
CONVOLUTION = Tolerances(Tolerance(1e-9, 1e-11), Tolerance(1e-4, 1e-5))
DROPOUT = Tolerances(Tolerance(1e-6, 1e-9), Tolerance(1e-6, 1e-7))
