"""What travels between the judge and the student's process: plain data out, plain arrays back.

A question is data: inputs (arrays, numbers, strings, dicts and stand-ins), and steps that say which of the
student's functions to call with what. `perform` carries it out beside the student's code and answers with
base-class numeric arrays or with problems, each one sentence. It imports numpy alone and never a framework.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course.autograder.checks.language.calling import as_taken
from course.autograder.checks.language.own_code import own_line
from course.autograder.checks.language.plain import ESCAPING, MAX_ITEMS, Problem, plain, rows_together
from course.autograder.checks.language.stand_ins import MAPPINGS, input_arrays, input_settings, lay_out

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


# --- what comes back -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """The student's side of one case.

    Attributes:
        outputs: the wanted paths, each a base-class numeric array or a Problem.
        inputs_after: the input arrays that are not, to the byte, as they came, as they are after the calls; for a
            setting (a number or word in a dict or list, the length of a list) that is not as it came, a Problem.
        problem: what stopped the steps, if anything did.
    """

    outputs: dict[str, np.ndarray | Problem] = field(default_factory=dict)
    inputs_after: dict[str, np.ndarray | Problem] = field(default_factory=dict)
    problem: Problem | None = None


# --- the student's side --------------------------------------------------------------------------------------


def look_up(workspace: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path. Raises KeyError, naming the part that is missing."""
    if type(workspace) is dict and path in workspace and "." not in path:
        return workspace[path]
    try:
        return _walk(workspace, path)
    except KeyError:
        raise
    except ESCAPING as error:  # a container of the student's own making
        raise KeyError(f"{path} ({type(error).__name__})") from None


def _walk(workspace: Mapping[str, Any], path: str) -> Any:
    value: Any = workspace
    for part in path.split("."):
        if isinstance(value, MAPPINGS):
            if part not in value:
                raise KeyError(part)
            value = value[part]
        elif isinstance(value, (list, tuple)) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(part)
    return value


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


def _cache_left(error: BaseException, function: Callable[..., Any]) -> Any:
    """What a function's own variable `cache` held when it raised; None where it had none."""
    code, found, trace = getattr(function, "__code__", None), None, error.__traceback__
    while code is not None and trace is not None:
        if trace.tb_frame.f_code is code:
            found = trace.tb_frame.f_locals.get("cache")
        trace = trace.tb_next
    return found


def _call(
    step: Call, function: Callable[..., Any], workspace: dict[str, Any], rescued: str = ""
) -> Problem | None:
    arguments = [look_up(workspace, name) for name in step.arguments]
    if not callable(function):
        return Problem("function", f"{step.function} is a {type(function).__name__}, not a function")
    try:
        given, named = as_taken(function, step.arguments, arguments)
    except TypeError as error:
        called_as = f"{step.function}({', '.join(a.split('.')[-1] for a in step.arguments)})"
        return Problem("arity", f"The call {called_as} cannot be made with your function: {error}")
    try:
        result = function(*given, **named)
    except NotImplementedError:
        return Problem("blank", f"{step.function} is not written yet (it raises NotImplementedError)")
    except ESCAPING as error:
        cache = _cache_left(error, function) if rescued == step.function else None
        if cache is not None:
            workspace.update({**dict.fromkeys(step.results), step.results[-1]: cache})
            return None
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
            "unpack",
            f"{step.function} returned {len(values)} value{'s' if len(values) != 1 else ''}; wanted {len(step.results)}: {wanted}",
        )
    workspace.update(zip(step.results, values, strict=True))
    return None


def _put(step: Put, workspace: dict[str, Any]) -> None:
    *parents, last = step.path.split(".")
    target = look_up(workspace, ".".join(parents)) if parents else workspace
    target[last] = lay_out(step.value)


def _as_left(start: Mapping[str, Any], path: str) -> Any:
    """What an input's path leads to after the calls: entries can be replaced in a dict, or moved in a list."""
    try:
        return look_up(start, path)
    except KeyError:
        return Problem("missing", f"{path} is gone")


def _untouched(now: Any, came: np.ndarray) -> bool:
    """Whether an array is as it came, to the byte."""
    alike = type(now) is np.ndarray and now.dtype == came.dtype and now.shape == came.shape
    return alike and now.tobytes() == came.tobytes()


def _changed(
    start: Mapping[str, Any], given: Mapping[str, np.ndarray], came: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray | Problem]:
    """The input arrays that are not as they came. Most are, and need not travel back.

    Args:
        start: the workspace as it is now.
        given: the arrays handed over whose change is meant: they count, whatever stands in their place.
        came: the arrays among the inputs.
    """
    changed: dict[str, np.ndarray | Problem] = {}
    for path, array in came.items():
        now = given[path] if path in given else _as_left(start, path)
        if not _untouched(now, array):
            changed[path] = now if isinstance(now, Problem) else plain(now, path)
    return changed


def _set_otherwise(
    start: Mapping[str, Any], came: Mapping[str, Any], meant: frozenset[str]
) -> dict[str, np.ndarray | Problem]:
    """The settings that are not as they came, but for those that the judge's own steps put elsewhere."""
    changed: dict[str, np.ndarray | Problem] = {}
    for path, setting in came.items():
        if path in meant:
            continue
        try:
            now = look_up(start, path)
            alike = bool((len(now) if isinstance(now, (list, tuple)) else now) == setting)
        except ESCAPING:  # it is gone, or something of the student's own making stands there
            alike = False
        if not alike:
            changed[path] = Problem("changed", "")
    return changed


def perform(
    steps: tuple[Step, ...],
    inputs: Mapping[str, Any],
    wanted: tuple[str, ...],
    functions: Mapping[str, Callable[..., Any]],
    rescued: str = "",
) -> Reply:
    """Carry out one case with the student's functions.

    Args:
        steps: what to do, in order.
        inputs: the workspace to start from, as data.
        wanted: paths whose values the judge asks for.
        functions: the student's functions by name.
        rescued: the name of one of them; where it raises, but has made a `cache`, its call counts as come back with that.

    Returns:
        A Reply. Nothing that an ordinary exception in the student's code can do leaves this function.
    """
    start = dict(lay_out(inputs))
    workspace, came = dict(start), input_arrays(inputs)
    put = {step.path for step in steps if isinstance(step, Put)}
    meant = {*wanted, *put}
    given = (
        {}
        if meant.isdisjoint(came)
        else {path: array for path, array in input_arrays(start).items() if path in meant}
    )
    for step in steps:
        if isinstance(step, Put):
            _put(step, workspace)
            continue
        problem = _call(step, functions[step.function], workspace, rescued)
        if problem is not None:
            return Reply(problem=problem)
    outputs = {path: _fetch(workspace, path) for path in wanted}
    otherwise = _set_otherwise(start, input_settings(inputs), frozenset(put))
    return Reply(outputs, {**_changed(start, given, came), **otherwise})
