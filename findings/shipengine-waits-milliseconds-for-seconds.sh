#!/usr/bin/env bash
# ShipEngine's SDK for Node.js reads "Retry-After: 2" as 2 milliseconds; its SDK for Python waits, or fails.
#
# Packages: shipengine 1.0.7 (npm), shipengine 2.1.1 (PyPI).
# Guess before the run: after a 429 with Retry-After: 2, both wait about 2 seconds and repeat the request. (The unit of
# that field is the second: RFC 9110 section 10.2.3.)
# Seen, in milliseconds between the tries, with three retries allowed:
#   npm   list of carriers (GET)   27, 17, 17 and then RateLimitExceededError with retryAfter 2
#   PyPI  list of carriers (GET)   2002, and then the answer
#   PyPI  rates (POST)             no second try: TypeError, "'>' not supported between instances of 'str' and 'int'"
# For Node.js the retries are spent within a tenth of a second, while the limit still holds, and may count against it.
# For Python, GET is repeated by urllib3, and the SDK's own code, which a POST reaches, compares the field's text with a
# number. Set the retries to 0 and wait yourself; in Python, catch TypeError around a POST.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check shipengine==2.1.1
npm install --silent --no-fund --no-audit --prefix "$work" shipengine@1.0.7 > /dev/null
cat > "$work/server.py" <<'PY'
import http.server, json, pathlib, time

free_from = {}

class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        now, client = time.monotonic(), self.headers["api-key"]
        limited = now < free_from.setdefault(client, now + 1.9)
        with open(f"{client}.times", "a") as times:
            times.write(f"{now}\n")
        error = {"error_source": "shipengine", "error_type": "system", "error_code": "rate_limit_exceeded", "message": "Wait."}
        body = json.dumps({"request_id": "1", "carriers": [], "errors": [error] if limited else []}).encode()
        self.send_response(429 if limited else 200)
        if limited:
            self.send_header("Retry-After", "2")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
pathlib.Path("port").write_text(str(server.server_port))
server.serve_forever()
PY
cat > "$work/ask.cjs" <<'JS'
const ShipEngine = require("shipengine");
const client = new ShipEngine({ apiKey: "npm", baseURL: `http://127.0.0.1:${process.argv[2]}/`, retries: 3, timeout: 20000 });
client.listCarriers()
  .then(() => "the answer", (error) => `${error.name}, retryAfter ${error.retryAfter}`)
  .then((end) => { console.log("npm, GET:  ", end); process.exit(0); });
JS
cat > "$work/ask.py" <<'PY'
import sys
from shipengine import ShipEngine

def client(key):
    return ShipEngine({"api_key": key, "base_uri": f"http://127.0.0.1:{sys.argv[1]}", "retries": 3, "timeout": 20})

client("pypi").list_carriers()
print("PyPI, GET:  the answer")
try:
    client("post").get_rates_from_shipment({"rate_options": {"carrier_ids": ["se-1"]}, "shipment_id": "se-2"})
    sys.exit("the behaviour has changed: POST has an answer")
except TypeError as error:
    print("PyPI, POST: TypeError,", error)
PY
cat > "$work/judge.py" <<'PY'
import sys

waits = {}
for client in ("npm", "pypi", "post"):
    times = [float(line) for line in open(f"{client}.times")]
    waits[client] = [round((after - before) * 1000) for before, after in zip(times, times[1:])]
    print(client, "waits in ms:", *waits[client])
as_seen = len(waits["npm"]) == 3 and max(waits["npm"]) < 500 and len(waits["pypi"]) == 1 and waits["pypi"][0] > 1900
as_seen = as_seen and not waits["post"]
sys.exit(0 if as_seen else "the behaviour has changed")
PY
cd "$work"
venv/bin/python server.py & server=$!
for _ in $(seq 50); do [ -s port ] && break; sleep 0.1; done
node ask.cjs "$(cat port)"
venv/bin/python -W ignore ask.py "$(cat port)"
venv/bin/python judge.py
