"""Runs a notebook's cells as a Jupyter kernel would, in this very process, and keeps what they put out.

Magics, the display hook, rich outputs, figures, top-level await: all IPython's own. What a kernel would send
to a front end is collected as nbformat outputs instead. Nothing in here is trusted by the judge.
"""

import os
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course.autograder.engine import stand_ins
from course.autograder.engine.recorder import Recorder, place_of


def recorder_of(shell: Any) -> Recorder:
    """The recorder of a `Shell`."""
    return shell.recorder


class _Hook(DisplayHook):
    """The value of a cell's last expression."""

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


class Shell(InteractiveShell):
    """An IPython shell whose outputs go to a recorder, and which starts no programs and opens no windows."""

    recorder: Recorder
    drawing = False  # figures are set up, and stay as they are

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        self.recorder.error(etype.__name__, str(evalue), stb, *place_of(evalue))

    def show_usage_error(self, exc: BaseException) -> None:
        """A magic was used wrongly: as IPython says it, and as the reason why the cell stopped."""
        super().show_usage_error(exc)
        self.recorder.failure = ("UsageError", str(exc), *place_of(exc))

    def leave(self, what: str) -> None:
        """Say that something was left undone."""
        self.recorder.remark(f"(not run while grading: {what[:200]})")

    # --- magics ----------------------------------------------------------------------------------------------

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        """`%name line`: as IPython does it, but one that reaches out, or fails, does not stop its cell."""
        if stand_ins.reaches_out(self, magic_name):
            return self.leave(f"%{magic_name} {line}".rstrip())
        if magic_name in stand_ins.RUNS_CODE:
            return super().run_line_magic(magic_name, line, _stack_depth + 1)
        try:
            return super().run_line_magic(magic_name, line, _stack_depth + 1)
        except Exception as error:
            return self.leave(f"%{magic_name} {line}".rstrip() + f" ({type(error).__name__}: {error})")

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        """`%%name line`: other languages are left out, and an unknown one leaves the cell as plain Python."""
        if magic_name in stand_ins.OTHER_LANGUAGES:
            return self.leave(f"%%{magic_name} {line}".rstrip())
        if magic_name != "debug" and self.find_cell_magic(magic_name) is not None:
            return super().run_cell_magic(magic_name, line, cell)
        self.leave(f"%%{magic_name} {line}".rstrip())
        if stand_ins.is_python(self.transform_cell(cell)):
            self.run_cell("\n" + cell)
        return None

    def enable_matplotlib(self, gui: str | None = None) -> Any:
        """`%matplotlib`: figures are drawn inline, whatever window is asked for."""
        if not self.drawing:
            self.drawing = True
            return super().enable_matplotlib("inline")
        if gui not in (None, "auto", "inline"):
            self.leave(f"%matplotlib {gui}; figures are drawn inline")
        return None, "inline"

    # --- programs, windows, people ---------------------------------------------------------------------------

    def system(self, cmd: str) -> None:
        """`!command`: says that it was not run and goes on; `!pip install numpy` must not cost points."""
        self.leave(cmd)
        self.user_ns["_exit_code"] = 127

    system_piped = system_raw = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """`lines = !command`: nothing, with the same remark."""
        self.system(cmd)
        from IPython.utils.text import SList

        return SList([]) if split else ""

    def ask_exit(self) -> None:
        """`exit` and `quit` end nothing: the cells below are graded all the same."""

    def ask_yes_no(self, prompt: str, default: str | None = None, interrupt: str | None = None) -> bool:
        """Nobody is there to ask; whoever wrote the line meant it."""
        return True

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window to wait for."""


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
    shell.set_hook(
        "show_in_pager", lambda *_, **__: None
    )  # `name?` opens a pane beside the notebook, not an output
    return shell
