"""Runs a notebook's cells as a Jupyter kernel would, in this very process, and keeps what they put out.

Magics, the display hook, rich outputs, figures, top-level await: all IPython's own. What a kernel would send
to a front end is collected as nbformat outputs instead. Nothing in here is trusted by the judge.
"""

import io
import os
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

Output = dict[str, Any]


class Recorder:
    """The outputs of the cell that runs, up to a size."""

    def __init__(self, characters: int, image_bytes: int) -> None:
        """Start with nothing."""
        self.caps = (characters, image_bytes)
        self.start()

    def start(self) -> None:
        """Begin another cell."""
        self.outputs: list[Output] = []
        self.characters, self.image_bytes = self.caps
        self.full = False

    def _room(self, text: str) -> str:
        kept = text[: max(0, self.characters)]
        self.characters -= len(kept)
        self.full = self.full or len(kept) < len(text)
        return kept

    def stream(self, name: str, text: str) -> None:
        """Something was written to stdout or stderr."""
        text = self._room(text)
        if not text:
            return
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["parts"].append(text)
        else:
            self.outputs.append({"output_type": "stream", "name": name, "parts": [text]})

    def rich(self, kind: str, data: dict[str, Any]) -> None:
        """A display or a cell's value: texts and images by MIME type."""
        kept: dict[str, str] = {}
        for mime, value in data.items():
            if not isinstance(value, str):
                continue
            if mime.startswith("image/"):
                self.image_bytes -= len(value)
                if self.image_bytes > 0:
                    kept[mime] = value
            else:
                kept[mime] = self._room(value)
        self.outputs.append({"output_type": kind, "data": kept})

    def error(self, name: str, value: str, lines: list[str]) -> None:
        """An exception reached the top."""
        text = self._room("\n".join(lines)[-20_000:])
        self.outputs.append(
            {"output_type": "error", "ename": name, "evalue": value[:2000], "traceback": [text]}
        )

    def taken(self) -> list[Output]:
        """What the cell put out, streams joined."""
        for output in self.outputs:
            if "parts" in output:
                output["text"] = "".join(output.pop("parts"))
        return self.outputs


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of a cell."""

    def __init__(self, recorder: Recorder, name: str, descriptor: int) -> None:
        """Write to a recorder under a name; `descriptor` is what fileno() tells."""
        self._recorder, self._name, self._descriptor = recorder, name, descriptor

    encoding = "utf-8"

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def fileno(self) -> int:
        """The descriptor behind it."""
        return self._descriptor

    def write(self, text: str) -> int:
        """Keep the text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._recorder.stream(self._name, text)
        return len(text)


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
    """An IPython shell whose outputs go to a recorder, and which starts no programs."""

    recorder: Recorder

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        self.recorder.error(etype.__name__, str(evalue), stb)

    def system(self, cmd: str) -> None:
        """`!command`: says that it was not run and goes on; `!pip install numpy` must not cost points."""
        self.recorder.stream("stdout", f"(not run while grading: {cmd[:200]})\n")
        self.user_ns["_exit_code"] = 127

    system_piped = system_raw = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """`lines = !command`: nothing, with the same remark."""
        self.system(cmd)
        from IPython.utils.text import SList

        return SList([]) if split else ""

    def ask_exit(self) -> None:
        """`exit` and `quit` end nothing: the cells below are graded all the same."""

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
    return shell
