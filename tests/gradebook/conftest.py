"""What tests of the gradebook share."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def sealed_before(sealed_once) -> None:
    """Nearly all of them make a release, and few ask how its answers are sealed."""
