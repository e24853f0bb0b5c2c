"""What the tests of languages share: every English text, and every catalogue, read once."""

import pytest

from course.languages import catalogue
from course.languages.translation import po_file, wanted


@pytest.fixture(scope="session")
def texts(root):
    """What wants a translation, by the catalogue's name."""
    return wanted(root)


@pytest.fixture(scope="session")
def catalogues(texts):
    """What has one."""
    return {name: catalogue.read(po_file("zh", name), "zh") for name in texts}
