"""What tests of the gradebook share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def sealed_once(released) -> Iterator[None]:
    """Releases that tests make take the answers that the first one has sealed: they are the same, and take ten seconds."""
    from course.autograder.gradebook import release_folder
    from course.autograder.judging.seal import ENDING

    folder = released.folder("release") / release_folder.SEALED
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            release_folder, "sealed_answers", lambda name: (folder / f"{name}{ENDING}").read_bytes()
        )
        yield
