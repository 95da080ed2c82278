"""The mock's control API."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Dict, Mapping, Optional, Union

#: A request in the journal, as the control API writes it.
Entry = Dict[str, Any]

# A proxy of the environment cannot reach this machine's loopback address.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class MockUpsError(Exception):
    """The mock did not start, or refused something."""


class Control:
    """Operations below `/__mock/`."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url + "/__mock/"

    def call(
        self,
        method: str,
        path: str,
        body: Optional[Mapping[str, Any]] = None,
        query: Optional[Mapping[str, Union[str, int]]] = None,
    ) -> Any:
        """Calls an operation and returns its JSON."""
        url = self._base + path
        if query:
            url += "?" + urllib.parse.urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with _OPENER.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            raise MockUpsError(f"the mock refused {method} {path}: {said}") from error
        except OSError as error:
            raise MockUpsError(f"the mock does not answer {method} {path}: {error}") from error
