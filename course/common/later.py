"""Modules that large packages import and hardly ever use, made ready only when somebody asks something of them."""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# What Python itself looks up in a module without wanting anything of it, where there is none.
LOOKED_UP = ("__path__", "__file__", "__cached__", "__warningregistry__", "__wrapped__")


class _Later(ModuleType):
    """A module whose code has not run: the first thing that is asked of it runs the code."""

    def __getattr__(self, name: str) -> Any:
        if name in LOOKED_UP:
            raise AttributeError(name)
        self._run()
        return getattr(self, name)

    def __dir__(self) -> list[str]:
        self._run()
        return list(ModuleType.__dir__(self))

    def _run(self) -> None:
        spec = self.__spec__
        self.__class__ = ModuleType  # type: ignore[assignment]
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module(self)


class _Loader:
    """Stands before a module's own loader, which gets its turn later."""

    def __init__(self, own: Any) -> None:
        self.own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Later(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.own
        if module.__spec__ is not None:
            module.__spec__.loader = self.own


class _Finder:
    """Finds the modules of a list as all others are found, and puts off the running of their code."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in self.names else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
        return spec


@contextlib.contextmanager
def later(*names: str) -> Iterator[None]:
    """Import meanwhile: modules of these names are there at once, and their code runs on their first use.

    An `import httpx` at the top of a file that needs it for downloads alone costs nothing then; who uses it notices nothing.
    One that is used while the block runs is made ready as ever.

    Args:
        names: of modules that take long to import. A package may be among them: what lies below it is imported as ever.
    """
    finder = _Finder(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@contextlib.contextmanager
def without(*names: str) -> Iterator[None]:
    """Import meanwhile as if these modules were not installed: for what others take where it is there, and nobody here needs.

    Args:
        names: of modules; one that is there already stays.
    """
    held_back = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(held_back))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in held_back:
            sys.modules.pop(name, None)


# By which jsonschema, that nbformat brings, tells addresses and spans of time: patterns and tables that no notebook needs.
FORMATS = ("rfc3986_validator", "isoduration")
