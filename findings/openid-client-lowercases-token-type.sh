#!/usr/bin/env bash
# openid-client hands out "bearer" where the token endpoint said "Bearer".
#
# Package: openid-client 6.9.0 (npm), with simple-oauth2 5.1.0 beside it.
# UPS answers a client-credentials request with "token_type": "Bearer" and with numbers as strings ("expires_in": "3599").
# Guess before the run: openid-client refuses the string, and gives the other members as they were sent.
# Seen: it turns expires_in into a number, and token_type into small letters; simple-oauth2 changes neither.
#   openid-client {"token_type":"bearer","expires_in":3599}
#   simple-oauth2 {"token_type":"Bearer","expires_in":"3599"}
# Code that builds the field from both members sends "Authorization: bearer …". A scheme has no case (RFC 9110 section
# 11.1), but middlewares and tests that compare with "Bearer " exist. A mock or a gateway must accept either.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-fund --no-audit --prefix "$work" openid-client@6.9.0 simple-oauth2@5.1.0 > /dev/null
cat > "$work/ask.mjs" <<'JS'
import { createServer } from "node:http";
import * as openid from "openid-client";
import oauth from "simple-oauth2";
const answer = JSON.stringify({ token_type: "Bearer", access_token: "token", expires_in: "3599", status: "approved" });
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => response.setHeader("content-type", "application/json").end(answer));
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;
const show = (name, token) =>
  console.log(name, JSON.stringify({ token_type: token.token_type, expires_in: token.expires_in }));

const issuer = { issuer: origin, token_endpoint: `${origin}/token` };
const client = new openid.Configuration(issuer, "id", "secret", openid.ClientSecretBasic("secret"));
openid.allowInsecureRequests(client);
show("openid-client", await openid.clientCredentialsGrant(client));
const simple = new oauth.ClientCredentials({
  client: { id: "id", secret: "secret" }, auth: { tokenHost: origin, tokenPath: "/token" },
});
show("simple-oauth2", (await simple.getToken({})).token);
server.close();
server.closeAllConnections();
JS
cd "$work"
node ask.mjs | tee seen
cat > expected <<'TXT'
openid-client {"token_type":"bearer","expires_in":3599}
simple-oauth2 {"token_type":"Bearer","expires_in":"3599"}
TXT
cmp -s seen expected || { echo "the behaviour has changed" >&2; exit 1; }
