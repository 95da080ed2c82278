#!/usr/bin/env bash
# simple-oauth2 forgets the refresh token when a refresh is answered without a new one, then sends an empty one.
#
# Packages: simple-oauth2 5.1.0, client-oauth2 4.3.3, @badgateway/oauth2-client 3.3.1 (npm), authlib 1.9.10 (PyPI).
# Guess before the run: all of them keep the old refresh token, because RFC 6749 section 6 lets a server answer a
# refresh without a new one, and section 5.1 makes the member optional.
# Seen: after a refresh that was answered with an access token only:
#   simple-oauth2 none    client-oauth2 r0    @badgateway/oauth2-client r0    authlib r0
# The second refresh of simple-oauth2 sends grant_type=refresh_token with an empty refresh_token, which a server refuses:
# with such a carrier, a consent ends at the first renewal but one.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check authlib==1.9.10 requests==2.32.5
npm install --silent --no-fund --no-audit --prefix "$work" \
  simple-oauth2@5.1.0 client-oauth2@4.3.3 @badgateway/oauth2-client@3.3.1 > /dev/null
cat > "$work/server.py" <<'PY'
import http.server, json, pathlib

class TokenEndpoint(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        form = self.rfile.read(int(self.headers["content-length"])).decode()
        with open("forms", "a") as forms:
            forms.write(form + "\n")
        body = json.dumps({"access_token": "new", "token_type": "Bearer", "expires_in": 3600}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), TokenEndpoint)
pathlib.Path("address").write_text(f"http://127.0.0.1:{server.server_port}")
server.serve_forever()
PY
cat > "$work/refresh.mjs" <<'JS'
import { readFileSync } from "node:fs";
import simple from "simple-oauth2";
import { OAuth2Client } from "@badgateway/oauth2-client";
import ClientOAuth2 from "client-oauth2";

const host = readFileSync("address", "utf8");
const old = { access_token: "old", refresh_token: "r0", expires_in: 1 };
const client = new simple.AuthorizationCode({ client: { id: "app", secret: "s" }, auth: { tokenHost: host, tokenPath: "/token" } });
const refreshed = await client.createToken(old).refresh();
console.log("simple-oauth2", refreshed.token.refresh_token ?? "none");
await refreshed.refresh();
const other = new ClientOAuth2({ clientId: "app", clientSecret: "s", accessTokenUri: `${host}/token` });
console.log("client-oauth2", (await other.createToken("old", "r0", "bearer", {}).refresh()).refreshToken ?? "none");
const third = new OAuth2Client({ server: host, tokenEndpoint: "/token", clientId: "app", clientSecret: "s" });
const kept = await third.refreshToken({ accessToken: "old", refreshToken: "r0", expiresAt: 1 });
console.log("@badgateway/oauth2-client", kept.refreshToken ?? "none");
JS
cat > "$work/refresh.py" <<'PY'
import pathlib
from authlib.integrations.requests_client import OAuth2Session

url = pathlib.Path("address").read_text() + "/token"
session = OAuth2Session("app", "s", token={"access_token": "old", "refresh_token": "r0", "expires_in": 1})
print("authlib", session.refresh_token(url).get("refresh_token", "none"))
PY
cd "$work"
venv/bin/python server.py & server=$!
until [ -s address ]; do sleep 0.1; done
{ node refresh.mjs; venv/bin/python refresh.py; } | tee seen
echo "second form of simple-oauth2: $(sed -n 2p forms)"
printf '%s\n' "simple-oauth2 none" "client-oauth2 r0" "@badgateway/oauth2-client r0" "authlib r0" | diff - seen
! sed -n 2p forms | grep -q 'refresh_token=r0'
