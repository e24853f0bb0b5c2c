"""An IPython shell that is alone: it starts no programs, opens no windows and asks nobody, as in a grading run."""

from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from course.autograder.at_home import stand_ins


class LoneShell(InteractiveShell):
    """What reaches out is left undone and said; it never stops its cell."""

    drawing = False  # figures are set up, and stay as they are

    def leave(self, what: str) -> None:
        """Say that something was left undone."""
        raise NotImplementedError

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
