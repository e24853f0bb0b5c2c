"""A notebook file without its saved outputs, before anybody parses it: they may be a thousand times the rest.

It works on bytes, in one pass, and needs no memory but for what is kept. Outputs that show a picture are kept up to a size.
"""

import re

PICTURES = 16 * 2**20  # bytes of outputs with pictures that are kept of one file
PICTURE = 6 * 2**20  # bytes of one cell's
MOST_BRACKETS = 4_000_000
# An escaped quote stands inside of a JSON string, so this is never found in one.
OUTPUTS = re.compile(rb'"outputs"\s*+:\s*+\[')
BETWEEN = re.compile(rb'[^\[\]{}"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^\[\]{}"]*+)*+', re.DOTALL)
BRACKETS = re.compile(rb"[\[{]++|[\]}]++")
SHOWS = re.compile(rb'"(?:image/)?(?:png|jpeg)"')


def without_outputs(content: bytes) -> bytes:
    """The file with each cell's outputs as an empty list, but for pictures.

    Raises:
        ValueError: when the outputs are cut into more pieces than anybody's are.
    """
    kept: list[bytes] = []
    position, room, pieces = 0, PICTURES, MOST_BRACKETS
    view = memoryview(content)
    while found := OUTPUTS.search(content, position):
        end, used = _end(content, found.end(), pieces)
        pieces -= used
        kept.append(bytes(view[position : found.end() - 1]))
        size = end - found.end()
        if size <= min(PICTURE, room) and SHOWS.search(content, found.end(), end):
            kept.append(bytes(view[found.end() - 1 : end]))
            room -= size
        else:
            kept.append(b"[]")
        position = end
    return b"".join(kept) + bytes(view[position:]) if kept else content


def _end(content: bytes, start: int, most: int) -> tuple[int, int]:
    """Where the list that begins before `start` ends, and in how many steps that was found; at a cut, the file's end."""
    position, depth = start, 1
    for step in range(most):
        between = BETWEEN.match(content, position)
        position = between.end() if between else position
        found = BRACKETS.match(content, position)
        if found is None:
            return len(content), step  # cut off, or a string that does not end
        opening = found[0][:1] in b"[{"
        run = len(found[0])
        if not opening and run >= depth:
            return position + depth, step
        depth += run if opening else -run
        position = found.end()
    raise ValueError("its outputs are in too many pieces")
