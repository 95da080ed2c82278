#!/usr/bin/env bash
# karrio's ThreadSafeTokenManager asks UPS for a token in each thread, and never keeps a token of half an hour.
#
# Package: karrio and karrio-ups 2026.1.32 (PyPI).
# Guess before the run: eight threads that use one new gateway ask for one token, as the class says of itself; and a
# token of 1,800 seconds serves the three calls that follow each other within a second.
# Seen, in token requests:
#   three calls in a row    token of 3,600 s: 1    token of 1,800 s: 3
#   eight calls at once     token of 3,600 s: 8
# The lock is a member of the manager, and each call makes a manager of its own, so no two threads share a lock. A token
# counts as expired 30 minutes before its end. After a restart, and at each renewal, the token endpoint sees a burst as
# large as the number of threads, and a rate limit there may refuse it. An authorization server or a mock whose tokens
# live for 30 minutes or less gets a token request with every call.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check karrio==2026.1.32 karrio-ups==2026.1.32
cat > "$work/calls.py" <<'PY'
import http.server, json, sys, threading, time
import karrio.sdk as karrio
from karrio.core.models import TrackingRequest
from karrio.mappers.ups.settings import Settings

number, lifetime, token_requests = "1Z999AA10123456784", 3600, 0
scan = {"date": "20260105", "time": "101500", "status": {"type": "I", "code": "DP", "description": "Departed"},
        "location": {"address": {"city": "NEW YORK", "countryCode": "US"}}}
tracked = {"trackResponse": {"shipment": [{"inquiryNumber": number,
           "package": [{"trackingNumber": number, "activity": [scan]}]}]}}

class Carrier(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global token_requests
        self.rfile.read(int(self.headers["content-length"]))
        token_requests += 1
        time.sleep(0.2)
        self.answer({"access_token": "token", "token_type": "Bearer", "status": "approved",
                     "issued_at": str(int(time.time() * 1000)), "expires_in": str(lifetime)})

    def do_GET(self):
        self.answer(tracked)

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

carrier = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Carrier)
threading.Thread(target=carrier.serve_forever, daemon=True).start()
Settings.server_url = property(lambda settings: f"http://127.0.0.1:{carrier.server_port}")

def count(seconds, threads, calls):
    global lifetime, token_requests
    lifetime, token_requests = seconds, 0
    gateway = karrio.gateway["ups"].create(
        {"client_id": "id", "client_secret": "secret", "account_number": "A1B2C3", "test_mode": True})
    start = threading.Barrier(threads)

    def work():
        start.wait()
        for _ in range(calls):
            details, _messages = karrio.Tracking.fetch(TrackingRequest(tracking_numbers=[number])).from_(gateway).parse()
            assert details[0].tracking_number == number

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(f"token of {seconds} s, {threads} thread(s) with {calls} call(s) each: {token_requests} token request(s)")
    return token_requests

seen = [count(3600, 1, 3), count(1800, 1, 3), count(3600, 8, 1)]
sys.exit(0 if seen == [1, 3, 8] else "the behaviour has changed")
PY
"$work/venv/bin/python" -W ignore "$work/calls.py" 2> "$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
