"""Stand-ins for what a grading run has not got: other programs, windows, a debugger, somebody at the keyboard.

Each does nothing and says so among the cell's outputs: a line that only shows something must not cost an answer.
"""

import ast
import bdb
import builtins
import code
import getpass
import sys
from collections.abc import Callable
from typing import Any

import IPython

# Line magics of IPython, of a kernel and of extensions that install, configure, open or watch something.
_REACHING_OUT = """
    alias autoreload autosave bookmark cd clear cls code_wrap colors conda config connect_info debug ed edit gui
    killbgscripts less load load_ext loadpy logoff logon logstart logstop mamba man micromamba more notebook page
    pastebin pdb pip popd pushd qtconsole rehashx reload_ext subshell unload_ext uv
"""
_OTHER_LANGUAGES = """
    ! bash bigquery bq cmd cpp cu cuda cython dot fish fortran javascript js julia matlab mermaid octave perl powershell
    pypy python python2 python3 R ruby rust script sh shell spark sql sx system
"""
REACHING_OUT = frozenset(_REACHING_OUT.split())
OTHER_LANGUAGES = frozenset(_OTHER_LANGUAGES.split())
RUNS_CODE = frozenset({"time", "timeit", "prun"})  # what these raise is the student's own


def reaches_out(shell: Any, magic: str) -> bool:
    """Whether a line magic is one that does nothing here, an unknown one included."""
    return magic in REACHING_OUT or shell.find_line_magic(magic) is None


def is_python(source: str) -> bool:
    """Whether a text is Python."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def stand_in(leave: Callable[[str], None], asked: Callable[[], None] = lambda: None) -> None:
    """Put the stand-ins in place, for good.

    Args:
        leave: says that something was left undone.
        asked: called when somebody at the keyboard is asked, too.
    """
    _for_windows(leave)
    _for_debuggers(leave)
    _for_people(leave, asked)


def _for_windows(leave: Callable[[str], None]) -> None:
    import matplotlib
    from matplotlib import pyplot

    def use(backend: Any, *, force: bool = True) -> None:
        leave(f"matplotlib.use({backend!r}); figures are drawn inline")

    def switch_backend(newbackend: Any) -> None:
        leave(f"plt.switch_backend({newbackend!r}); figures are drawn inline")

    matplotlib.use = use
    pyplot.switch_backend = switch_backend


def _for_debuggers(leave: Callable[[str], None]) -> None:
    def silent(name: str) -> Callable[..., None]:
        def left(*_: Any, **__: Any) -> None:
            leave(f"{name}()")

        return left

    sys.breakpointhook = sys.__breakpointhook__ = silent("breakpoint")
    for debugger in (bdb.Bdb, *_subclasses(bdb.Bdb)):
        if "set_trace" in vars(debugger):
            debugger.set_trace = silent("set_trace")
    IPython.embed = silent("IPython.embed")
    code.interact = silent("code.interact")


def _subclasses(kind: Any) -> list[Any]:
    return [below for one in kind.__subclasses__() for below in (one, *_subclasses(one))]


def _for_people(leave: Callable[[str], None], asked: Callable[[], None]) -> None:
    def nobody(prompt: object = "", *_: Any, **__: Any) -> str:
        asked()
        leave(f"input({prompt!r}); the answer is ''")
        return ""

    builtins.input = getpass.getpass = nobody
