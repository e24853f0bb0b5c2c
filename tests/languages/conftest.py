"""What the tests of languages share: every English text, and every catalogue, read once."""

import pytest

from course.languages import catalogue
from course.languages.translation import po_file, wanted


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items):
    """What asks for all texts or catalogues runs in one of pytest-xdist's workers: reading them takes seconds."""
    for item in items:
        if {"texts", "catalogues"} & {*getattr(item, "fixturenames", ())}:
            item.add_marker(pytest.mark.xdist_group("languages"))


@pytest.fixture(scope="session")
def texts(root):
    """What wants a translation, by the catalogue's name."""
    return wanted(root)


@pytest.fixture(scope="session")
def catalogues(texts):
    """What has one."""
    return {name: catalogue.read(po_file("zh", name), "zh") for name in texts}
