"""Modules that large packages import and hardly ever use, made ready only when somebody asks something of them."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import MappingProxyType, ModuleType
from typing import Any

# What Python itself looks up in a module without wanting anything of it, where there is none.
LOOKED_UP = ("__path__", "__file__", "__cached__", "__warningregistry__", "__wrapped__")


class _Later(ModuleType):
    """A module whose code has not run: the first thing that is asked of it runs the code."""

    _called: Sequence[str] = ()

    def __getattr__(self, name: str) -> Any:
        if name in LOOKED_UP:
            raise AttributeError(name)
        if name in self._called:
            return _called_later(self, name)
        self._run()
        return getattr(self, name)

    def __dir__(self) -> list[str]:
        self._run()
        return list(ModuleType.__dir__(self))

    def _run(self) -> None:
        spec = self.__spec__
        self.__class__ = ModuleType  # type: ignore[assignment]
        self.__dict__.pop("_called", None)
        package = sys.modules.get(self.__name__.rpartition(".")[0])
        if isinstance(
            package, _Later
        ):  # whose code comes first, as ever: it may be what lets others be found
            package._run()
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module(self)


def _called_later(module: _Later, name: str) -> Callable[..., Any]:
    """What somebody gets who takes a function out of a module that has not run: its first call runs the module."""

    def stand_in(*arguments: Any, **named: Any) -> Any:
        if isinstance(module, _Later):  # nobody has asked for more of it meanwhile
            module._run()
        return getattr(module, name)(*arguments, **named)

    stand_in.__name__ = stand_in.__qualname__ = name
    stand_in.__module__ = module.__name__
    return stand_in


class _Loader:
    """Stands before a module's own loader, which gets its turn later."""

    def __init__(self, own: Any, called: Sequence[str]) -> None:
        self.own, self.called = own, called

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = _Later(spec.name)
        module._called = self.called
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.own
        if module.__spec__ is not None:
            module.__spec__.loader = self.own


class _Finder:
    """Finds the modules of a list as all others are found, and puts off the running of their code."""

    def __init__(self, called: Mapping[str, Sequence[str]]) -> None:
        self.called = called

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in self.called else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self.called[name])  # type: ignore[assignment]
        return spec


@contextlib.contextmanager
def later(*names: str, called: Mapping[str, Sequence[str]] = MappingProxyType({})) -> Iterator[None]:
    """Import meanwhile: modules of these names are there at once, and their code runs on their first use.

    An `import httpx` at the top of a file that needs it for downloads alone costs nothing then; who uses it notices nothing.
    One that is used while the block runs is made ready as ever.

    Args:
        names: of modules that take long to import. A package may be among them: what lies below it is imported as ever.
        called: further modules, each with the functions that others take from it by name while the block runs
            (`from setuptools.archive_util import unpack_archive`). They get something in its place, the first call of which
            runs the module. A class may be among them where it is only called.
    """
    finder = _Finder(dict.fromkeys(names, ()) | dict(called))
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
