"""UPS, offline: a mock of its own for each test."""

from ._control import Entry, MockUpsError
from ._mock import Fault, MockUps
from ._program import program

__all__ = ["Entry", "Fault", "MockUps", "MockUpsError", "program"]
__version__ = "@VERSION@"
