#!/usr/bin/env bash
# authlib takes a refusal in UPS's format for a token, and saves it in place of the one that it was to renew.
#
# Packages: authlib 1.9.10, requests-oauthlib 2.0.0, oauthlib 4.0.1, requests 2.34.2 (PyPI), simple-oauth2 5.1.0 (npm).
# UPS says why it refuses a login in {"response":{"errors":[…]}}, without the member "error" of RFC 6749 section 5.2.
# Guess before the run: a status of 401 or 429 is an error for each client, whatever the body says, and a renewal that
# is refused with 429 leaves the old token where it was.
# Seen:
#                       login, 401                renewal, 429           the next call, after the limit
#   authlib             "token" without a token   error body is saved    UnsupportedTokenTypeError, no second renewal
#   requests-oauthlib   MissingTokenError         MissingTokenError      renewed
#   simple-oauth2       error 401                 error 429              renewed
# authlib raises for "error" in the body, and for a status of 500 or more. Anything else is the token, and goes to
# update_token, whose job is to write it to the shop's database. The new "token" has no time of expiry, so it is never
# renewed: one rate limit ends the session, with a message about token types. The refresh token is still in it. Register
# a hook for access_token_response and refresh_token_response that calls raise_for_status; both then raise HTTPError.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  authlib==1.9.10 requests-oauthlib==2.0.0 oauthlib==4.0.1 requests==2.34.2
npm install --silent --no-fund --no-audit --prefix "$work" simple-oauth2@5.1.0 > /dev/null
cat > "$work/server.py" <<'PY'
import http.server, json, pathlib, urllib.parse

def refusal(code, message):
    return {"response": {"errors": [{"code": code, "message": message}]}}

class Carrier(http.server.BaseHTTPRequestHandler):
    refused = set()

    def answer(self, status, body):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, {"state": "in transit"})

    def do_POST(self):
        form = self.rfile.read(int(self.headers["content-length"])).decode()
        if "refresh_token" not in form:
            return self.answer(401, refusal("10401", "ClientId is Invalid"))
        token = urllib.parse.parse_qs(form)["refresh_token"][0]
        if token not in Carrier.refused:  # The first renewal of each token is one too many.
            Carrier.refused.add(token)
            return self.answer(429, refusal("10429", "Too Many Requests"))
        self.answer(200, {"access_token": "new", "refresh_token": "r1", "token_type": "Bearer", "expires_in": 3600})

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Carrier)
pathlib.Path("address").write_text(f"http://127.0.0.1:{server.server_port}")
server.serve_forever()
PY
cat > "$work/clients.py" <<'PY'
import os, pathlib

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
import authlib.integrations.requests_client as authlib
import requests_oauthlib
from oauthlib.oauth2 import BackendApplicationClient

host = pathlib.Path("address").read_text()

def old(client):
    return {"access_token": "old", "refresh_token": client, "token_type": "Bearer", "expires_at": 1, "expires_in": -1}

def tell(what, action):
    try:
        print(what, action())
    except Exception as error:
        print(what, type(error).__name__)

saved = []
login = authlib.OAuth2Session("app", "s")
tell("authlib, login:", lambda: dict(login.fetch_token(f"{host}/token", grant_type="client_credentials")))
session = authlib.OAuth2Session("app", "s", token=old("session"), token_endpoint=f"{host}/token",
                                update_token=lambda token, **_: saved.append(sorted(token)))
tell("authlib, a call during the limit:", lambda: session.get(f"{host}/track").status_code)
print("authlib, saved:", *saved)
tell("authlib, a call after it:", lambda: session.get(f"{host}/track").status_code)
print("authlib, saved:", *saved)

def checked(answer):
    answer.raise_for_status()
    return answer

hooked = authlib.OAuth2Session("app", "s", token=old("hooked"))
hooked.register_compliance_hook("access_token_response", checked)
hooked.register_compliance_hook("refresh_token_response", checked)
tell("authlib with the hook, login:", lambda: hooked.fetch_token(f"{host}/token", grant_type="client_credentials"))
tell("authlib with the hook, renewal:", lambda: hooked.refresh_token(f"{host}/token"))

backend = requests_oauthlib.OAuth2Session(client=BackendApplicationClient("app"))
tell("requests-oauthlib, login:", lambda: backend.fetch_token(f"{host}/token", client_secret="s"))
written = []
other = requests_oauthlib.OAuth2Session("app", token=old("other"), auto_refresh_url=f"{host}/token",
                                        token_updater=lambda token: written.append(token["access_token"]))
tell("requests-oauthlib, a call during the limit:", lambda: other.get(f"{host}/track").status_code)
tell("requests-oauthlib, a call after it:", lambda: other.get(f"{host}/track").status_code)
print("requests-oauthlib, saved:", *written)
PY
cat > "$work/client.mjs" <<'JS'
import { readFileSync } from "node:fs";
import simple from "simple-oauth2";

const auth = { tokenHost: readFileSync("address", "utf8"), tokenPath: "/token" };
const options = { client: { id: "app", secret: "s" }, auth };
const tell = async (what, action) => console.log(what, await action().catch((error) => error.message));
await tell("simple-oauth2, login:", () => new simple.ClientCredentials(options).getToken({}));
const client = new simple.AuthorizationCode(options);
const old = client.createToken({ access_token: "old", refresh_token: "simple", expires_in: -1 });
await tell("simple-oauth2, renewal:", () => old.refresh());
await tell("simple-oauth2, after the limit:", async () => (await old.refresh()).token.access_token);
JS
cd "$work"
venv/bin/python server.py & server=$!
until [ -s address ]; do sleep 0.1; done
{ venv/bin/python -W ignore clients.py; node client.mjs; } | tee seen
cat > expected <<'TXT'
authlib, login: {'response': {'errors': [{'code': '10401', 'message': 'ClientId is Invalid'}]}}
authlib, a call during the limit: UnsupportedTokenTypeError
authlib, saved: ['refresh_token', 'response']
authlib, a call after it: UnsupportedTokenTypeError
authlib, saved: ['refresh_token', 'response']
authlib with the hook, login: HTTPError
authlib with the hook, renewal: HTTPError
requests-oauthlib, login: MissingTokenError
requests-oauthlib, a call during the limit: MissingTokenError
requests-oauthlib, a call after it: 200
requests-oauthlib, saved: new
simple-oauth2, login: Response Error: 401 Unauthorized
simple-oauth2, renewal: Response Error: 429 Too Many Requests
simple-oauth2, after the limit: new
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
