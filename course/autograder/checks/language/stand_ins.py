"""Inputs as data, and what they become beside the student's code: fresh arrays, views, generators, small models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any

import numpy as np

# What stands for itself, by its exact type: most inputs are, and whether something is a `Mapping` takes longest to tell.
PLAIN = frozenset({str, float, int, bool, NoneType})
MAPPINGS = (dict, Mapping)  # a dict is told from the rest by its type, any other in much longer


@dataclass(frozen=True)
class Strided:
    """Stand-in for an array handed over as a view of a larger one, its first axis the fastest in memory.

    An array of one axis has gaps instead.
    """

    array: np.ndarray


@dataclass(frozen=True)
class Seeded:
    """Stand-in for `numpy.random.default_rng(seed)`."""

    seed: int


@dataclass(frozen=True)
class Affine:
    """Stand-in for a small model: the function x -> x @ weight + bias."""

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Thinned:
    """Stand-in for a net whose dropout stays on: the function (x, rng) -> x @ weight + bias.

    Each row of x goes through one of a few thinned nets, picked by rng anew at every call. The net remembers what it
    was given and what it returned, row by row: paths 'given' and 'returned' below its own.

    Attributes:
        weights: [E, D, K], of E thinned nets.
        biases: [E, K].
    """

    weights: np.ndarray
    biases: np.ndarray


class ThinnedNet(dict[str, np.ndarray]):
    """What a `Thinned` stands for: a function with a memory that can be looked up."""

    def __init__(self, net: Thinned) -> None:
        """Take the weights; nothing has been given or returned yet."""
        _, d, k = net.weights.shape
        super().__init__(given=np.zeros((0, d)), returned=np.zeros((0, k)))
        self.net = net

    def __call__(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Predictions (..., K) for x (..., D). Raises TypeError where rng is no generator."""
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"predict(x, rng) draws from a numpy Generator; rng is a {type(rng).__name__}")
        x = np.asarray(x)
        rows = x.reshape(-1, x.shape[-1])
        member = rng.integers(len(self.net.weights), size=len(rows))
        out = np.einsum("nd,ndk->nk", rows, self.net.weights[member]) + self.net.biases[member]
        self["given"] = np.concatenate([self["given"], rows])
        self["returned"] = np.concatenate([self["returned"], out])
        return out.reshape(*x.shape[:-1], -1)


def lay_out(value: Any) -> Any:
    """Build the real arguments from data: fresh arrays, and what each stand-in stands for."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if isinstance(value, Strided):
        *others, last = value.array.shape
        wide = np.zeros((*others, 2 * last), dtype=value.array.dtype, order="F")
        shown = wide[..., :last] if others else wide[::2]
        shown[...] = value.array
        return shown
    if isinstance(value, Seeded):
        return np.random.default_rng(value.seed)
    if isinstance(value, Affine):
        weight, bias = value.weight.copy(), value.bias.copy()
        return lambda x: x @ weight + bias
    if isinstance(value, Thinned):
        return ThinnedNet(value)
    if isinstance(value, MAPPINGS):
        return {key: lay_out(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(lay_out(item) for item in value)
    return value


def without_views(value: Any) -> Any:
    """The same inputs with each `Strided` replaced by the array it shows."""
    if type(value) in PLAIN or isinstance(value, np.ndarray):
        return value
    if isinstance(value, Strided):
        return value.array
    if isinstance(value, MAPPINGS):
        return {key: without_views(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(without_views(item) for item in value)
    return value


def input_arrays(value: Any, path: str = "") -> dict[str, np.ndarray]:
    """Every array among laid-out inputs, by its path ('x', 'bn_param.running_mean', 'layers.0')."""
    found: dict[str, np.ndarray] = {}
    _collect(value, path, found)
    return found


def _collect(value: Any, path: str, found: dict[str, np.ndarray]) -> None:
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, np.ndarray):
        found[path] = value
    elif type(value) in PLAIN:
        return
    elif isinstance(value, Strided):
        found[path] = value.array
    elif isinstance(value, MAPPINGS):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    for key, item in items:
        if type(item) not in PLAIN:
            _collect(item, f"{path}.{key}" if path else str(key), found)


def input_settings(value: Any, path: str = "") -> dict[str, Any]:
    """What a function could change of its inputs beside their arrays, by path: numbers and words that stand in a dict or
    a list ('bn_param.momentum', 'padding.1'), and the length of each list ('layers').
    """
    found: dict[str, Any] = {}
    _settle(value, path, found)
    return found


def _settle(value: Any, path: str, found: dict[str, Any]) -> None:
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, MAPPINGS):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
        if isinstance(value, list):
            found[path] = len(value)
    for key, item in items:
        if type(item) is np.ndarray:  # most are; nothing below it is a setting
            continue
        inside = f"{path}.{key}" if path else str(key)
        if not isinstance(item, (str, int, float, NoneType)):
            _settle(item, inside, found)
        elif path and not isinstance(value, tuple):
            found[inside] = item
