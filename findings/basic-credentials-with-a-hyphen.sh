#!/usr/bin/env bash
# openid-client escapes the hyphen of a client id, and @node-oauth/oauth2-server looks the escaped id up.
#
# Packages: openid-client 6.9.0, @badgateway/oauth2-client 3.3.1, simple-oauth2 5.1.0, @node-oauth/oauth2-server 5.3.0
# (npm), authlib 1.9.10, flask 3.1.3 (PyPI).
# Guess before the run: an OAuth client and an OAuth server that both follow RFC 6749 understand each other's Basic.
# Section 2.3.1 has the client form-encode the id and the secret. The hyphen needs no escape there.
# Seen, for the client id "shop-app" and the secret "s-1" (refused: 401 invalid_client):
#                              on the wire       node-oauth   authlib
#   openid-client              shop%2Dapp:s%2D1  refused      token
#   @badgateway/oauth2-client  shop%2Dapp:s%2D1  refused      token
#   simple-oauth2              shop-app:s-1      token        token
# (With ClientSecretBasic and client_secret_basic; the defaults of the two are the form, and Basic that escapes colons.)
# An escaped hyphen decodes to the same id, but @node-oauth/oauth2-server does not decode. The login works as long as id
# and secret have letters and digits only, and fails for the first app whose id has a hyphen, an underscore or a dot.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check authlib==1.9.10 flask==3.1.3
npm install --silent --no-fund --no-audit --prefix "$work" openid-client@6.9.0 @badgateway/oauth2-client@3.3.1 \
  simple-oauth2@5.1.0 @node-oauth/oauth2-server@5.3.0 > /dev/null
cat > "$work/server.py" <<'PY'
import pathlib
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from flask import Flask
from werkzeug.serving import make_server

class App(ClientMixin):
    def get_client_id(self):
        return "shop-app"

    def get_allowed_scope(self, scope):
        return scope or ""

    def check_client_secret(self, secret):
        return secret == "s-1"

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_grant_type(self, grant_type):
        return grant_type == "client_credentials"

flask = Flask("server")
authlib = AuthorizationServer(flask, query_client={"shop-app": App()}.get, save_token=lambda token, request: None)
authlib.register_grant(grants.ClientCredentialsGrant)
flask.add_url_rule("/token", view_func=authlib.create_token_response, methods=["POST"])
server = make_server("127.0.0.1", 0, flask)
pathlib.Path("address").write_text(f"http://127.0.0.1:{server.port}/token")
server.serve_forever()
PY
cat > "$work/ask.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import OAuth2Server from "@node-oauth/oauth2-server";
import { OAuth2Client } from "@badgateway/oauth2-client";
import * as openid from "openid-client";
import simple from "simple-oauth2";

const [id, secret] = ["shop-app", "s-1"];
const model = {
  getClient: async (given, proof) => given === id && proof === secret && { id, grants: ["client_credentials"] },
  getUserFromClient: async () => ({}),
  saveToken: async (token, client, user) => ({ ...token, client, user }),
};
const nodeOauth = new OAuth2Server({ model });
let wire;
const server = createServer(async (request, response) => {
  let form = "";
  for await (const part of request) form += part;
  wire = atob(request.headers.authorization.slice("Basic ".length));
  const asked = new OAuth2Server.Request({ ...request, headers: request.headers, method: "POST", query: {}, body: Object.fromEntries(new URLSearchParams(form)) });
  const answer = new OAuth2Server.Response(response);
  const failed = await nodeOauth.token(asked, answer).then(() => null, (error) => error);
  response.writeHead(failed?.code ?? 200, { "content-type": "application/json" });
  response.end(JSON.stringify(failed ? { error: failed.name } : answer.body));
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.on("listening", resolve));

const clients = {
  "openid-client": async (url) => {
    const known = new openid.Configuration({ issuer: url, token_endpoint: url }, id, undefined, openid.ClientSecretBasic(secret));
    openid.allowInsecureRequests(known);
    return (await openid.clientCredentialsGrant(known)).access_token;
  },
  "@badgateway/oauth2-client": async (url) => {
    const client = new OAuth2Client({ server: url, tokenEndpoint: url, clientId: id, clientSecret: secret, authenticationMethod: "client_secret_basic" });
    return (await client.clientCredentials()).accessToken;
  },
  "simple-oauth2": async (url) => {
    const client = new simple.ClientCredentials({ client: { id, secret }, auth: { tokenHost: url, tokenPath: "/token" } });
    return (await client.getToken({})).token.access_token;
  },
};
const urls = [`http://127.0.0.1:${server.address().port}/token`, readFileSync("address", "utf8")];
for (const [name, ask] of Object.entries(clients)) {
  const outcomes = [];
  for (const url of urls) outcomes.push(await ask(url).then((token) => (token ? "token" : "none"), () => "refused"));
  console.log(name, wire, outcomes.join(" "));
}
server.close();
process.exit(0);
JS
cd "$work"
AUTHLIB_INSECURE_TRANSPORT=1 venv/bin/python server.py 2> /dev/null & server=$!
until [ -s address ]; do sleep 0.1; done
node ask.mjs | tee seen
cat > expected <<'TXT'
openid-client shop%2Dapp:s%2D1 refused token
@badgateway/oauth2-client shop%2Dapp:s%2D1 refused token
simple-oauth2 shop-app:s-1 token token
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
