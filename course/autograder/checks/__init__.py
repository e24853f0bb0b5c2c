"""The checks: one file per topic, and hidden cases, where this copy of the course has them, in `hidden/`."""

import functools
import importlib
import importlib.util
import pkgutil
from dataclasses import replace

from course.autograder.spec import Check

TOPICS = (
    "batch_norm_pieces",
    "batch_norm_forward",
    "batch_norm_backward",
    "batch_norm_spatial",
    "batch_norm_net",
    "dropout_masks",
    "dropout_apply",
    "dropout_forward",
    "dropout_forward_modes",
    "dropout_backward",
    "dropout_weights",
    "dropout_channels",
    "dropout_connections",
    "dropout_monte_carlo",
    "dropout_net",
    "conv_shapes",
    "conv_padding",
    "conv_misfits",
    "conv_pool_shape",
    "conv_parameters",
    "conv_operations",
    "conv_table",
    "conv_forward",
    "conv_backward",
    "conv_columns",
    "conv_pool",
    "conv_field",
    "normalizers_layer",
    "normalizers_group",
    "normalizers_correction",
    "normalizers_renorm",
    "normalizers_renorm_predict",
    "normalizers_renorm_backward",
    "normalizers_cross",
    "normalizers_window",
)


def _hidden_cases() -> dict[str, tuple]:
    """Hidden cases by check name. A student's release has none: the folder is not part of it."""
    if importlib.util.find_spec(f"{__name__}.hidden") is None:
        return {}
    found: dict[str, tuple] = {}
    folder = importlib.import_module(f"{__name__}.hidden")
    for module in pkgutil.iter_modules(folder.__path__):
        found |= importlib.import_module(f"{folder.__name__}.{module.name}").HIDDEN
    return found


@functools.cache
def _registry() -> dict[str, Check]:
    checks: dict[str, Check] = {}
    hidden = _hidden_cases()
    for topic in TOPICS:
        for check in importlib.import_module(f"{__name__}.{topic}").CHECKS:
            if check.name in checks:
                raise ValueError(f"two checks are called '{check.name}'")
            checks[check.name] = replace(check, hidden=hidden.get(check.name, ()))
    unknown = set(hidden) - set(checks)
    if unknown:
        raise ValueError(f"hidden cases for checks that do not exist: {sorted(unknown)}")
    return checks


def list_checks(assignment: str | None = None) -> list[str]:
    """Names of all checks, or of one assignment's, in the order of its notebook."""
    return [name for name, check in _registry().items() if assignment in (None, check.assignment)]


def find_check(name: str) -> Check:
    """The check of that name. Raises KeyError when there is none."""
    return _registry()[name]
