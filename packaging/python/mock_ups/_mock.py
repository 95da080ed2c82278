"""A running mock."""

from types import TracebackType
from typing import Any, List, Mapping, Optional, Tuple, Type, Union

from ._control import Control, Entry, MockUpsError
from ._program import Process

#: What a filter of the journal takes: text, a status, or whether the lint found something.
_Filter = Union[str, int, bool]


class Fault:
    """A fault that was added; it ends with its `with` block."""

    def __init__(self, control: Control, number: int) -> None:
        self._control = control
        self.id = number

    def remove(self) -> None:
        """Ends the fault; a fault that is over already stays so."""
        try:
            self._control.call("DELETE", f"faults/{self.id}")
        except MockUpsError as error:
            if "no such fault" not in str(error):
                raise

    def __enter__(self) -> "Fault":
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class MockUps:
    """A UPS of its own on a free port.

    `flags` are flags of the program, such as `"--seed", "7"`. Use it in a `with` statement, or call `stop`.
    """

    #: The app that every mock begins with.
    client_id = "mock-client"
    client_secret = "mock-secret"

    def __init__(self, *flags: str, listen: str = "127.0.0.1:0") -> None:
        self._process = Process(listen, flags)
        #: Such as `http://127.0.0.1:40123`, in the place of `https://wwwcie.ups.com`.
        self.base_url = self._process.base_url
        self._control = Control(self.base_url)

    @property
    def credentials(self) -> Tuple[str, str]:
        """Client id and secret."""
        return self.client_id, self.client_secret

    def stop(self) -> None:
        """Ends the mock."""
        self._process.stop()

    def __enter__(self) -> "MockUps":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()

    def control(self, method: str, path: str, body: Optional[Mapping[str, Any]] = None) -> Any:
        """Calls an operation of the control API, such as `control("GET", "state")`."""
        return self._control.call(method, path, body)

    def reset(self) -> None:
        """Everything as at the start."""
        self.control("POST", "reset")

    def fault(self, play: Union[str, Mapping[str, Any]], **limits: Any) -> Fault:
        """Adds a fault: what to play, and `endpoint`, `times`, `after` and other limits."""
        added = self.control("POST", "faults", {"play": play, **limits})
        return Fault(self._control, added["id"])

    def play_scenario(self, name: str) -> None:
        """Plays a ready scenario, such as `quota`."""
        self.control("POST", "scenarios", {"name": name})

    @property
    def now(self) -> str:
        """The time of the mock's clock, as in RFC 3339."""
        return str(self.control("GET", "clock")["now"])

    def advance(self, time: str) -> None:
        """Moves the mock's clock, such as by `"59d"` or `"2h 30m"`."""
        self.control("POST", "clock", {"advance": time})

    def freeze(self, at: Optional[str] = None) -> None:
        """Stops the mock's clock, now or at a time as in RFC 3339."""
        self.control("POST", "clock", {"freeze": True, **({} if at is None else {"set": at})})

    def unfreeze(self) -> None:
        """Lets the mock's clock run on."""
        self.control("POST", "clock", {"freeze": False})

    def journal(self, **filters: _Filter) -> List[Entry]:
        """The requests that came, by `endpoint`, `client_id`, `environment`, `status`, `path`, `after`, `findings`."""
        entries: List[Entry] = self._journal(filters)["entries"]
        return entries

    def verify(
        self,
        exactly: Optional[int] = None,
        *,
        at_least: int = 0,
        at_most: Optional[int] = None,
        **filters: _Filter,
    ) -> None:
        """Fails with a list of the requests unless so many came; without a count at least one."""
        if exactly is not None:
            at_least, at_most = exactly, exactly
        elif at_most is None and at_least == 0:
            at_least = 1
        journal = self._journal(filters)
        count = len(journal["entries"])
        if journal["lost"]:
            raise AssertionError(
                f"the journal has lost {journal['lost']} requests, so nothing can be said of all: start the mock with "
                "a larger one, such as MockUps('--journal', '100000')"
            )
        if count < at_least or (at_most is not None and count > at_most):
            wanted = str(at_least) if at_least == at_most else f"{at_least} to {'any number' if at_most is None else at_most}"
            received = "\n".join(f"  {_line(entry)}" for entry in self.journal()) or "  nothing"
            raise AssertionError(f"{wanted} requests of {filters} were expected and {count} came; received:\n{received}")

    def _journal(self, filters: Mapping[str, _Filter]) -> Any:
        def text(value: _Filter) -> str:
            return str(value).lower() if isinstance(value, bool) else str(value)

        query = {"limit": "100000", **{name: text(value) for name, value in filters.items()}}
        return self._control.call("GET", "journal", query=query)


def _line(entry: Entry) -> str:
    return " ".join(str(entry.get(name, "")) for name in ("seq", "method", "target", "status", "code", "client_id"))
