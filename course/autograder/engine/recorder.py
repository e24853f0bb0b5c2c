"""What the cell that runs has put out so far, up to a size, in nbformat's terms."""

import contextlib
import io
from collections.abc import Iterator
from typing import Any

from course.autograder.checks.language.own_code import own_frames

Output = dict[str, Any]
Failure = tuple[
    str, str, int, str
]  # an error's name and text, the line of the cell and its number, 0 for none


class Recorder:
    """The outputs of the cell that runs, up to a size."""

    def __init__(self, characters: int, image_bytes: int) -> None:
        """Start with nothing."""
        self.caps = (characters, image_bytes)
        self.muted = False
        self.start()

    @contextlib.contextmanager
    def quiet(self, quiet: bool = True) -> Iterator[None]:
        """Keep nothing meanwhile: functions that are asked again would say all of it again."""
        before, self.muted = self.muted, quiet
        try:
            yield
        finally:
            self.muted = before

    def start(self) -> None:
        """Begin another cell."""
        self.outputs: list[Output] = []
        self.characters, self.image_bytes = self.caps
        self.full = self.asked = False
        self.failure: Failure | None = None
        self.remarks: set[str] = set()

    def _room(self, text: str) -> str:
        kept = text[: max(0, self.characters)]
        self.characters -= len(kept)
        self.full = self.full or len(kept) < len(text)
        return kept

    def stream(self, name: str, text: str) -> None:
        """Something was written to stdout or stderr."""
        text = "" if self.muted else self._room(text)
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
        if self.muted:
            return
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

    def error(self, name: str, value: str, lines: list[str], line: int, source: str) -> None:
        """An exception reached the top, from this line of the cell."""
        self.failure = (name, value, line, source)
        text = self._room("\n".join(lines)[-20_000:])
        self.outputs.append(
            {"output_type": "error", "ename": name, "evalue": value[:2000], "traceback": [text]}
        )

    def remark(self, text: str) -> None:
        """Something that the run has to say, once in a cell."""
        if text not in self.remarks and len(self.remarks) < 50:
            self.remarks.add(text)
            self.stream("stdout", text + "\n")

    def taken(self) -> list[Output]:
        """What the cell put out, streams joined."""
        for output in self.outputs:
            if "parts" in output:
                output["text"] = "".join(output.pop("parts"))
        return self.outputs


def place_of(error: BaseException) -> tuple[int, str]:
    """Number and text of the line of its cell where an error came up; 0 and '' where there is none."""
    frames = own_frames(error)
    if frames:
        return frames[0].lineno or 0, frames[0].line or ""
    if isinstance(error, SyntaxError):  # of the cell's own text, which has not run
        return error.lineno or 0, (error.text or "").strip()
    return 0, ""


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
