"""Mistakes written as formulas in Paddle."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.language.spec import Inputs
from course.autograder.checks.language.wrong import Wrong
from course.reference.batch_norm import tensor
from course.reference.device import device, on_device


def formula(output: str, *inputs: str) -> Callable[[Callable[..., Any]], Wrong]:
    """Wrong answers for one output, each by a formula from some of the inputs.

    Arrays come as tensors, other inputs as they are: formula("out", "x", "p")(lambda x, p: x * p).
    """

    def by(change: Callable[..., Any]) -> Wrong:
        def wrong(i: Inputs) -> dict[str, np.ndarray]:
            with on_device(device().name):
                values = (tensor(v) if isinstance(v, np.ndarray) else v for v in (i[name] for name in inputs))
                return {output: change(*values).numpy()}

        return wrong

    return by
