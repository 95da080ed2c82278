"""The package as its users have it: installed, with nothing beside it but pytest."""

import base64
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from mock_ups import MockUps, MockUpsError

TOKEN = "/security/v1/oauth/token"


def call(ups: MockUps, path: str, body: bytes, authorization: str, kind: str):
    headers = {"Authorization": authorization, "Content-Type": kind}
    request = urllib.request.Request(ups.base_url + path, body, headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def token(ups: MockUps) -> str:
    basic = base64.b64encode(":".join(ups.credentials).encode()).decode()
    form = b"grant_type=client_credentials"
    return call(ups, TOKEN, form, f"Basic {basic}", "application/x-www-form-urlencoded")["access_token"]


def test_token_of_the_credentials_is_counted(mock_ups: MockUps) -> None:
    assert token(mock_ups).count(".") == 2
    mock_ups.verify(1, endpoint="token", status=200)
    assert mock_ups.journal(endpoint="token")[0]["client_id"] == mock_ups.client_id


def test_failed_check_lists_what_came(mock_ups: MockUps) -> None:
    token(mock_ups)
    with pytest.raises(AssertionError, match=TOKEN):
        mock_ups.verify(endpoint="rating")


def test_lost_requests_are_no_proof() -> None:
    with MockUps("--journal", "1") as ups:
        token(ups)
        token(ups)
        with pytest.raises(AssertionError, match="lost"):
            ups.verify(2, endpoint="token")


def test_fault_ends_with_its_block(mock_ups: MockUps) -> None:
    down = {"answer": {"status": 503, "code": "10004", "message": "down"}}
    with mock_ups.fault(down, endpoint="token"):
        with pytest.raises(urllib.error.HTTPError, match="503"):
            token(mock_ups)
    token(mock_ups)


def test_token_expires_when_the_clock_moves(mock_ups: MockUps) -> None:
    mock_ups.freeze("2026-12-24T10:00:00Z")
    bearer = token(mock_ups)
    assert mock_ups.now.startswith("2026-12-24T10:00:00")
    mock_ups.advance("2h")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        call(mock_ups, "/api/rating/v2409/Shop", b"{}", f"Bearer {bearer}", "application/json")


def test_reset_forgets_faults_and_requests(mock_ups: MockUps) -> None:
    mock_ups.play_scenario("token-endpoint-down")
    mock_ups.reset()
    token(mock_ups)
    mock_ups.verify(1, endpoint="token")


def test_taken_port_and_wrong_flag_are_named(mock_ups: MockUps) -> None:
    port = mock_ups.base_url.rsplit("/", 1)[1]
    with pytest.raises(MockUpsError, match=port):
        MockUps(listen=port)
    with pytest.raises(MockUpsError, match="--no-such-flag"):
        MockUps("--no-such-flag")


def test_mock_ends_with_a_process_that_is_killed() -> None:
    script = "from mock_ups import MockUps; print(MockUps().base_url, flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().strip()
    process.kill()
    process.wait()
    for _ in range(100):
        try:
            urllib.request.urlopen(url + "/__mock/clock")
        # Refused, or reset in the middle of its end.
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail("the mock still answers")
