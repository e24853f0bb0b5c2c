"""Runs a notebook's cells as a Jupyter kernel would, in this very process, and keeps what they put out.

Magics, the display hook, rich outputs, figures, top-level await: all IPython's own. What a kernel would send
to a front end is collected as nbformat outputs instead. Nothing in here is trusted by the judge.
"""

import ast
import os
import re
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from traitlets.config import Config

from course.autograder.at_home.lone_shell import LoneShell
from course.autograder.at_home.stand_ins import is_python
from course.autograder.engine.recorder import Recorder, place_of

# Text that IPython may clean up even where it is Python: space in front, prompts that were copied along. And what the
# parser may warn of: it would, once more.
CLEANED_UP = re.compile(
    r"\A\s|^[ \t\f]*(?:>>>|\.\.\.|In \[)|\\|\b\d\w*(?:and|else|for|if|in|is|not|or)\b", re.MULTILINE
)
# By a word of it a cell may need an event loop; or the compiler may warn of it, which it does once more where a cell is
# compiled to find that out: `assert (x, y)`, `x is 1`, and a text, a number or a list that is called or indexed.
LOOKED_INTO = re.compile(r"\b(?:async|await|assert|is)\b|(?:[\"'\])}]|\b\d[\w.]*)\s*[(\[]")
NOT_TO_BE_READ = (OverflowError, SyntaxError, ValueError, TypeError, MemoryError, RecursionError)


def recorder_of(shell: Any) -> Recorder:
    """The recorder of a `Shell`."""
    return shell.recorder


class _Hook(DisplayHook):
    """The value of a cell's last expression."""

    @staticmethod
    def semicolon_at_end_of_expression(expression: str) -> bool:
        """Whether the value is not to be shown; IPython would cut every cell into tokens to see that it has no `;` at all."""
        return ";" in expression and bool(DisplayHook.semicolon_at_end_of_expression(expression))

    def write_output_prompt(self) -> None:
        """No prompt in a notebook."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        """Keep every form of it."""
        recorder_of(self.shell).rich("execute_result", _texts(format_dict))

    def log_output(self, format_dict: dict[str, Any]) -> None:
        """No log."""


class _Publisher(DisplayPublisher):
    """`display(...)`."""

    def publish(self, data: Any, metadata: Any = None, source: Any = None, **_: Any) -> None:
        """Keep every form of it."""
        recorder_of(self.shell).rich("display_data", _texts(data))

    def clear_output(self, wait: bool = False) -> None:
        """Drop what the cell has put out so far."""
        recorder_of(self.shell).outputs.clear()


def _texts(data: dict[str, Any]) -> dict[str, str]:
    from base64 import b64encode

    kept = {mime: value for mime, value in data.items() if isinstance(value, (str, bytes))}
    return {m: b64encode(v).decode() if isinstance(v, bytes) else v for m, v in kept.items()}


class _Compiler(CachingCompiler):
    """IPython's compiler, which takes a cell's syntax tree from where the cell was told to be Python."""

    ahead: tuple[str, int, Any] = ("", 0, None)

    def reads(self, source: str) -> bool:
        """Whether a text is Python. Its tree is kept, for who asks next."""
        try:
            self.ahead = (source, self.flags, super().ast_parse(source))
        except NOT_TO_BE_READ:
            return False
        return True

    def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> ast.AST:
        """The tree of a text: a fresh one, or the one that was kept, once."""
        (text, flags, tree), self.ahead = self.ahead, ("", 0, None)
        if tree is not None and text == source and flags == self.flags and symbol == "exec":
            kept: ast.AST = tree
            return kept
        return super().ast_parse(source, filename, symbol)


class Shell(LoneShell):
    """The shell of a grading run: its outputs go to a recorder."""

    recorder: Recorder
    compiler_class = _Compiler
    transformations: tuple[int, ...] = ()  # how many IPython brings, of each kind
    plain = ""  # a cell as Python, of which a look at its text has told that it needs no event loop

    def transform_cell(self, raw_cell: str) -> str:
        """The cell as Python. One that is Python stays as it is: IPython would cut it into tokens to find no magic there."""
        text = raw_cell if raw_cell.endswith("\n") else raw_cell + "\n"
        if self._as_it_came() and not CLEANED_UP.search(raw_cell) and self._reads(text):
            self.plain = "" if LOOKED_INTO.search(text) else text
            return text
        return super().transform_cell(raw_cell)

    def _reads(self, text: str) -> bool:
        mine = isinstance(self.compile, _Compiler)
        return (mine and self.compile.reads(text)) or is_python(text)

    def should_run_async(self, raw_cell: str, *, transformed_cell: Any = None, **more: Any) -> bool:
        """Whether a cell awaits something; IPython would compile every cell to see that it does not."""
        if transformed_cell and transformed_cell == self.plain:
            return False
        return bool(super().should_run_async(raw_cell, transformed_cell=transformed_cell, **more))

    def _as_it_came(self) -> bool:
        """Whether nobody has added a transformation of their own."""
        manager = self.input_transformer_manager
        mine = (manager.cleanup_transforms, manager.line_transforms, manager.token_transformers)
        return tuple(map(len, mine)) == self.transformations and not self.input_transformers_post

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        self.recorder.error(etype.__name__, str(evalue), stb, *place_of(evalue))

    def show_usage_error(self, exc: BaseException) -> None:
        """A magic was used wrongly: as IPython says it, and as the reason why the cell stopped."""
        super().show_usage_error(exc)
        self.recorder.failure = ("UsageError", str(exc), *place_of(exc))

    def leave(self, what: str) -> None:
        """Say that something was left undone."""
        self.recorder.remark(f"(not run while grading: {what[:200]})")

    def asked(self) -> None:
        """Note that somebody at the keyboard was asked, where nobody is."""
        self.recorder.asked = True


def make_shell() -> Shell:
    """The shell of this process, without history, profile or colours."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.displayhook_class = _Hook
    config.InteractiveShell.display_pub_class = _Publisher
    config.ProfileDir.location = os.devnull
    shell = Shell.instance(config=config, displayhook_class=_Hook, display_pub_class=_Publisher)
    shell.recorder = Recorder(0, 0)
    manager = shell.input_transformer_manager
    brought = (manager.cleanup_transforms, manager.line_transforms, manager.token_transformers)
    shell.transformations = tuple(map(len, brought))
    shell.set_hook(
        "show_in_pager", lambda *_, **__: None
    )  # `name?` opens a pane beside the notebook, not an output
    return shell
