"""What travels between the judge and the student's process: plain data out, plain arrays back.

A question is data: inputs (arrays, numbers, strings, dicts and stand-ins), and steps that say which of the
student's functions to call with what. `perform` carries it out beside the student's code and answers with
base-class numeric arrays or with problems, each one sentence. It imports numpy alone and never a framework.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course.autograder.checks.language.own_code import own_line

MAX_BYTES = 64 * 2**20  # of one array: the largest honest answer of the course is below 8 MB
MAX_DIMENSIONS = 8
MAX_ITEMS = 100_000  # of a list or tuple that stands for an array
# What a student's code may raise without ending the cell: all but an interrupt, which a person or the clock sends.
ESCAPING = (Exception, SystemExit, GeneratorExit)


# --- what goes out -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """Call one of the student's functions.

    Attributes:
        function: its name, as the check lists it.
        arguments: names of values in the workspace, passed by position.
        results: names for what comes back; one name takes the whole result, several unpack it.
    """

    function: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]


@dataclass(frozen=True)
class Put:
    """Set an entry of a dict in the workspace: Put("bn_param.mode", "test")."""

    path: str
    value: Any


Step = Call | Put


@dataclass(frozen=True)
class Strided:
    """Stand-in for an array handed over as a non-contiguous view of a larger one."""

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


# --- what comes back -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """Why there is no array: a kind for the judge, a sentence for the student, and what was there."""

    kind: str  # 'raised', 'arity', 'unpack', 'none', 'type', 'huge', 'missing', 'function'
    message: str
    exceptions: tuple[str, ...] = ()  # of kind 'raised': the names of the exception's class and its bases


@dataclass(frozen=True)
class Reply:
    """The student's side of one case.

    Attributes:
        outputs: the wanted paths, each a base-class numeric array or a Problem.
        inputs_after: the input arrays as they are after the calls, for telling whether they were changed.
        problem: what stopped the steps, if anything did.
    """

    outputs: dict[str, np.ndarray | Problem] = field(default_factory=dict)
    inputs_after: dict[str, np.ndarray | Problem] = field(default_factory=dict)
    problem: Problem | None = None


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


# --- the student's side --------------------------------------------------------------------------------------


def lay_out(value: Any) -> Any:
    """Build the real arguments from data: fresh arrays, and what each stand-in stands for."""
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if isinstance(value, Strided):
        wide = np.zeros((*value.array.shape[:-1], 2 * value.array.shape[-1]), dtype=value.array.dtype)
        wide[..., ::2] = value.array
        return wide[..., ::2]
    if isinstance(value, Seeded):
        return np.random.default_rng(value.seed)
    if isinstance(value, Affine):
        weight, bias = value.weight.copy(), value.bias.copy()
        return lambda x: x @ weight + bias
    if isinstance(value, Thinned):
        return ThinnedNet(value)
    if isinstance(value, Mapping):
        return {key: lay_out(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(lay_out(item) for item in value)
    return value


def without_views(value: Any) -> Any:
    """The same inputs with each `Strided` replaced by the array it shows."""
    if isinstance(value, Strided):
        return value.array
    if isinstance(value, Mapping):
        return {key: without_views(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(without_views(item) for item in value)
    return value


def input_arrays(value: Any, path: str = "") -> dict[str, np.ndarray]:
    """Every array among laid-out inputs, by its path ('x', 'bn_param.running_mean', 'layers.0')."""
    if isinstance(value, np.ndarray):
        return {path: value}
    if isinstance(value, Strided):
        return {path: value.array}
    items: list[tuple[Any, Any]] = []
    if isinstance(value, (str, int, float)):
        return {}
    if isinstance(value, Mapping):
        items = list(value.items())
    elif isinstance(value, (list, tuple)):
        items = list(enumerate(value))
    found: dict[str, np.ndarray] = {}
    for key, item in items:
        found |= input_arrays(item, f"{path}.{key}" if path else str(key))
    return found


def look_up(workspace: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path. Raises KeyError, naming the part that is missing."""
    try:
        return _walk(workspace, path)
    except KeyError:
        raise
    except ESCAPING as error:  # a container of the student's own making
        raise KeyError(f"{path} ({type(error).__name__})") from None


def _walk(workspace: Mapping[str, Any], path: str) -> Any:
    value: Any = workspace
    for part in path.split("."):
        if isinstance(value, Mapping):
            if part not in value:
                raise KeyError(part)
            value = value[part]
        elif isinstance(value, (list, tuple)) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(part)
    return value


def plain(value: Any, name: str) -> np.ndarray | Problem:
    """A base-class numeric array with the same values, or the Problem with it.

    Arrays of any subclass, numpy scalars, Python numbers and (nested) lists of numbers are taken; tensors of a
    framework, strings, objects and whatever is larger than the caps are not.
    """
    try:
        return _plain(value, name)
    except MemoryError:
        return Problem("huge", f"{name} does not fit into memory")
    except ESCAPING as error:  # a class of the student's own making, or lists in lists in lists
        about = f"{type(value).__name__} that cannot be read as an array ({type(error).__name__})"
        return Problem("type", f"{name} is a {about}")


def _plain(value: Any, name: str) -> np.ndarray | Problem:
    if value is None:
        return Problem("none", f"{name} is None; is a `return` missing?")
    if isinstance(value, (list, tuple)) and len(value) > MAX_ITEMS:
        return Problem(
            "huge", f"{name} is a {type(value).__name__} of {len(value):,} items; return a numpy array"
        )
    if not isinstance(value, (np.ndarray, np.generic, int, float, list, tuple)):
        kind = type(value)
        return Problem("type", f"{name} is a {kind.__module__}.{kind.__name__}; wanted a numpy array")
    try:
        array = np.asarray(value)
    except ValueError:
        return Problem(
            "type", f"{name} is a {type(value).__name__} whose rows have different lengths; wanted an array"
        )
    except OverflowError:
        return Problem("type", f"{name} is a number too large for any numpy type")
    if array.dtype.kind not in "fiub":
        if array.dtype.kind == "O" and isinstance(value, int):
            return Problem("type", f"{name} is a number too large for any numpy type")
        what = "object array" if array.dtype.kind == "O" else f"array of dtype {array.dtype}"
        return Problem("type", f"{name} is an {what}; wanted numbers (float64, float32 or integers)")
    if array.ndim > MAX_DIMENSIONS or array.nbytes > MAX_BYTES:
        return Problem(
            "huge",
            f"{name} has shape {array.shape} ({array.nbytes:,} bytes), far larger than any answer here",
        )
    return np.array(array, copy=True, subok=False, order="C").astype(
        array.dtype.newbyteorder("="), copy=False
    )


def rows_together(values: Sequence[Any], name: str) -> np.ndarray | Problem:
    """One value from each row of a table as one array: (rows,), or (rows, longest) where each row has a tuple.

    Rows of unlike lengths (shapes of unlike rank, say) are filled up with NaN; None counts as an empty tuple.
    """
    rows = [plain(() if value is None else value, f"{name} in row {i}") for i, value in enumerate(values)]
    arrays = []
    for row in rows:
        if isinstance(row, Problem):
            return row
        arrays.append(row)
    if len({a.shape for a in arrays}) < 2:
        return plain(arrays, name)
    if any(a.ndim != 1 for a in arrays):
        return Problem("type", f"{name} is a number in some rows and a tuple in others")
    together = np.full((len(arrays), max(a.size for a in arrays)), np.nan)
    for line, row in zip(together, arrays, strict=True):
        line[: row.size] = row
    return together


def _fetch(workspace: Mapping[str, Any], path: str) -> np.ndarray | Problem:
    """The array at a path; `table.*.parameters` takes that entry of each row of a table."""
    try:
        return _found(workspace, path)
    except ESCAPING as error:  # a list of the student's own making
        return Problem("type", f"{path} cannot be read ({type(error).__name__})")


def _found(workspace: Mapping[str, Any], path: str) -> np.ndarray | Problem:
    before, star, after = path.partition(".*.")
    try:
        value = look_up(workspace, before)
        if not star:
            return plain(value, path)
    except KeyError as missing:
        return Problem("missing", f"{path} is not there: {missing} was never set")
    if value is None:
        return Problem("none", f"{before} is None; is a `return` missing?")
    if not isinstance(value, (list, tuple)):
        return Problem(
            "type", f"{before} is a {type(value).__name__}; wanted a list with one dict for each layer"
        )
    if len(value) > MAX_ITEMS:
        return Problem("huge", f"{before} has {len(value):,} rows")
    try:
        return rows_together([look_up(row, after) for row in value], path)
    except KeyError as missing:
        return Problem("missing", f"{before} has a row without {missing}")


def _told(error: BaseException) -> str:
    """The error in one line, even where its own __str__ fails."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:
        lines = []
    return type(error).__name__ + (f": {lines[0][:200]}" if lines else "")


def _call(step: Call, function: Callable[..., Any], workspace: dict[str, Any]) -> Problem | None:
    arguments = [look_up(workspace, name) for name in step.arguments]
    called_as = f"{step.function}({', '.join(a.split('.')[-1] for a in step.arguments)})"
    if not callable(function):
        return Problem("function", f"{step.function} is a {type(function).__name__}, not a function")
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        return Problem("arity", f"it is called as {called_as}, but yours cannot be: {error}")
    except Exception:
        pass  # some callables have no signature to ask
    try:
        result = function(*arguments)
    except NotImplementedError:
        return Problem("blank", f"{step.function} is not written yet (it raises NotImplementedError)")
    except ESCAPING as error:
        kinds = tuple(kind.__name__ for kind in type(error).__mro__ if kind is not object)
        return Problem("raised", f"{step.function} raised {_told(error)}{own_line(error)}", kinds)
    if len(step.results) == 1:
        workspace[step.results[0]] = result
        return None
    wanted = f"({', '.join(step.results)})"
    if result is None:
        return Problem("none", f"{step.function} returned None; wanted {wanted}. Is a `return` missing?")
    if not isinstance(result, (tuple, list)):
        return Problem("unpack", f"{step.function} returned one {type(result).__name__}; wanted {wanted}")
    try:
        values = list(result)
    except ESCAPING as error:
        return Problem(
            "unpack",
            f"{step.function} returned a {type(result).__name__} that cannot be unpacked ({_told(error)})",
        )
    if len(values) != len(step.results):
        return Problem(
            "unpack", f"{step.function} returned {len(values)} values; wanted {len(step.results)}: {wanted}"
        )
    workspace.update(zip(step.results, values, strict=True))
    return None


def _put(step: Put, workspace: dict[str, Any]) -> None:
    *parents, last = step.path.split(".")
    target = look_up(workspace, ".".join(parents)) if parents else workspace
    target[last] = lay_out(step.value)


def _as_left(start: Mapping[str, Any], path: str, array: np.ndarray, meant: bool) -> np.ndarray | Problem:
    """What an input's path leads to after the calls: entries can be replaced in a dict, or moved in a list.

    Where a change is meant, the array that was handed over counts, whatever stands in its place.
    """
    if meant:
        return plain(array, path)
    try:
        return plain(look_up(start, path), path)
    except KeyError:
        return Problem("missing", f"{path} is gone")


def perform(
    steps: tuple[Step, ...],
    inputs: Mapping[str, Any],
    wanted: tuple[str, ...],
    functions: Mapping[str, Callable[..., Any]],
) -> Reply:
    """Carry out one case with the student's functions.

    Args:
        steps: what to do, in order.
        inputs: the workspace to start from, as data.
        wanted: paths whose values the judge asks for.
        functions: the student's functions by name.

    Returns:
        A Reply. Nothing that an ordinary exception in the student's code can do leaves this function.
    """
    start = dict(lay_out(inputs))
    workspace, given = dict(start), input_arrays(start)
    for step in steps:
        if isinstance(step, Put):
            _put(step, workspace)
            continue
        problem = _call(step, functions[step.function], workspace)
        if problem is not None:
            return Reply(problem=problem)
    outputs = {path: _fetch(workspace, path) for path in wanted}
    meant = {*wanted, *(step.path for step in steps if isinstance(step, Put))}
    return Reply(
        outputs, {path: _as_left(start, path, array, path in meant) for path, array in given.items()}
    )
