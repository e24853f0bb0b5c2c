"""Wrong functions as students write them, one slip in each, written before anybody looked which mistakes have a name.

`named` are the names that the judge must give and the only ones it may; where it is empty the answer must be rejected
without any. A factory takes the slip's words, so that what is right stands once for all of them.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Slip:
    """A wrong answer: the slip in a few words, the check that must reject it, its functions, and its true names."""

    about: str
    check: str
    functions: tuple[Callable[..., Any], ...]
    named: tuple[str, ...]
    said: str = ""  # what the verdict says of how wrong and right are related


class Slips(list[Slip]):
    """The slips of one module."""

    def add(
        self,
        about: str,
        check: str,
        *functions: Callable[..., Any],
        named: tuple[str, ...] = (),
        said: str = "",
    ) -> None:
        """Take in one more."""
        self.append(Slip(about, check, functions, named, said))


MODULES = (
    "at_one", "batch_norm", "batch_norm_gradients", "channels", "convolution", "counting", "dropout",
    "dropout_relatives", "edited_solutions", "fresh_batch_norm", "fresh_convolution", "fresh_dropout", "fresh_normalizers", "habits",
    "layer_and_group", "own_epsilon", "pooling", "renormalisation", "second_calls", "sly_batch_norm",
    "sly_convolution", "sly_dropout", "sly_normalizers", "usual_answers", "whole_functions", "window_loops", "within",
)  # fmt: skip


def every_slip() -> list[Slip]:
    """The slips of all modules."""
    return [slip for name in MODULES for slip in importlib.import_module(f"{__name__}.{name}").SLIPS]
