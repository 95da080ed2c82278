"""The fixture `mock_ups`."""

from typing import Iterator

import pytest

from ._mock import MockUps


@pytest.fixture
def mock_ups() -> Iterator[MockUps]:
    """A UPS of this test's own."""
    with MockUps() as mock:
        yield mock
