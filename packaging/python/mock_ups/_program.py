"""The program `mock-ups`, which the package contains."""

import os
import subprocess
import sys
from pathlib import Path
from typing import List, NoReturn, Sequence

from ._control import MockUpsError


def program() -> Path:
    """The program's file."""
    return Path(__file__).parent / "bin" / "mock-ups"


def main() -> NoReturn:
    """Becomes the program, with the arguments of this process."""
    os.execv(program(), ["mock-ups", *sys.argv[1:]])


class Process:
    """The running program. It ends when its standard input closes, so it never outlives this process."""

    def __init__(self, listen: str, flags: Sequence[str]) -> None:
        command: List[str] = [str(program()), "--listen", listen, "--until-stdin-closes", *flags]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        except OSError as error:
            raise MockUpsError(
                f"cannot start {command[0]}: {error}. This package holds a program for Linux with glibc; on another "
                "system start mock-ups in a container"
            ) from error
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("listening on http://"):
            _, said = self._process.communicate()
            raise MockUpsError(f"the mock did not start: {said.strip() or line.strip() or 'it said nothing'}")
        self.base_url = line.split()[2]

    def stop(self) -> None:
        """Ends the program and waits for its end."""
        self._process.terminate()
        self._process.communicate()
