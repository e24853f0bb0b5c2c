"""Files that are there whole or not at all, whatever happens while they are written."""

from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Write a file beside its place and move it there last. Raises OSError, and leaves no half of it behind.

    What a link leads to is written, and the link stays. A device or a pipe (`/dev/stdout`) is written to, never replaced.
    """
    direct = path.exists() and not path.is_file()
    if direct or str(path).startswith(("/dev/", "/proc/")):
        with path.open("wb") as file:
            file.write(data)
        return
    target = path.resolve()
    partial = target.with_name(target.name + ".partial")
    try:
        partial.write_bytes(data)
        partial.replace(target)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
