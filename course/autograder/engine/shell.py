"""Runs a notebook's cells as a Jupyter kernel would, in this very process, and keeps what they put out.

Magics, the display hook, rich outputs, figures, top-level await: all IPython's own. What a kernel would send
to a front end is collected as nbformat outputs instead. Nothing in here is trusted by the judge.
"""

import os
import re
from typing import Any

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


class Shell(LoneShell):
    """The shell of a grading run: its outputs go to a recorder."""

    recorder: Recorder
    transformations: tuple[int, ...] = ()  # how many IPython brings, of each kind

    def transform_cell(self, raw_cell: str) -> str:
        """The cell as Python. One that is Python stays as it is: IPython would cut it into tokens to find no magic there."""
        if self._as_it_came() and not CLEANED_UP.search(raw_cell) and is_python(raw_cell):
            return raw_cell if raw_cell.endswith("\n") else raw_cell + "\n"
        return super().transform_cell(raw_cell)

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
