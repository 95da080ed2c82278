#!/usr/bin/env bash
# The mock server Prism and @node-oauth/oauth2-server refuse a right access token if "bearer" is in small letters.
#
# Packages: @stoplight/prism-cli 5.14.2, @node-oauth/oauth2-server 5.3.0, express-oauth2-jwt-bearer 1.10.0,
# passport-http-bearer 1.0.1, openid-client 6.9.0, express 5.3.0, passport 0.7.0, jose 6.2.18 (npm).
# Guess before the run: every server accepts both spellings, because the name of a scheme has no case (RFC 9110 section
# 11.1), and openid-client tells an application "token_type": "bearer" whatever the token endpoint wrote.
# Seen:                          Bearer good    bearer good
#   prism mock                   200            401 OAuth2
#   @node-oauth/oauth2-server    200            400 Bearer realm="Service",error="invalid_request"
#   express-oauth2-jwt-bearer    200            200
#   passport-http-bearer         200            200
# An application that builds the field from token_type works against the carrier and fails against a mock made with
# Prism. Its 401 says nothing of the spelling, so the token is suspected, and renewed at each call. Write "Bearer".
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${mock:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
npm install --silent --no-fund --no-audit --prefix "$work" @stoplight/prism-cli@5.14.2 @node-oauth/oauth2-server@5.3.0 \
  express-oauth2-jwt-bearer@1.10.0 passport-http-bearer@1.0.1 openid-client@6.9.0 express@5.3.0 passport@0.7.0 \
  jose@6.2.18 > /dev/null
cat > "$work/rating.yaml" <<'YAML'
openapi: 3.0.3
info: {title: Rating, version: "1"}
components:
  securitySchemes:
    oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: /token, scopes: {}}}}
paths:
  /rates:
    get:
      security: [{oauth: []}]
      responses:
        "200": {description: Rates, content: {application/json: {schema: {type: object}}}}
YAML
cat > "$work/ask.mjs" <<'JS'
import { createServer } from "node:http";
import OAuth from "@node-oauth/oauth2-server";
import express from "express";
import { auth } from "express-oauth2-jwt-bearer";
import { SignJWT } from "jose";
import * as openid from "openid-client";
import passport from "passport";
import { Strategy } from "passport-http-bearer";

const secret = "k".repeat(32);
const issuer = "https://issuer.example/";
const token = await new SignJWT({ sub: "app" }).setProtectedHeader({ alg: "HS256" }).setIssuer(issuer).setAudience("api")
  .setIssuedAt().setExpirationTime("1h").sign(new TextEncoder().encode(secret));
const later = new Date(Date.now() + 3600_000);
const oauth = new OAuth({
  model: { getAccessToken: () => ({ accessToken: token, accessTokenExpiresAt: later, user: {}, client: {} }) },
});
passport.use(new Strategy((given, done) => done(null, given === token && {})));

const app = express();
const rates = (request, response) => response.json({});
app.post("/token", (request, response) => response.json({ access_token: token, token_type: "Bearer", expires_in: 3600 }));
app.get("/jwt-bearer/rates", auth({ issuer, audience: "api", secret, tokenSigningAlg: "HS256" }), rates);
app.get("/passport/rates", passport.initialize(), passport.authenticate("bearer", { session: false }), rates);
app.get("/node-oauth/rates", async (request, response) => {
  const answer = new OAuth.Response(response);
  await oauth.authenticate(new OAuth.Request(request), answer)
    .then(() => rates(request, response), (error) => response.set(answer.headers).status(error.code).end());
});
const server = createServer(app);
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const here = `http://127.0.0.1:${server.address().port}`;

const config = new openid.Configuration({ issuer, token_endpoint: `${here}/token` }, "app", "secret");
openid.allowInsecureRequests(config);
const { token_type: type } = await openid.clientCredentialsGrant(config);
console.log(`token_type by openid-client: ${type}`);

const expected = { prism: 401, "node-oauth": 400, "jwt-bearer": 200, passport: 200 };
let changed = type !== "bearer";
for (const [name, status] of Object.entries(expected)) {
  const url = name === "prism" ? `http://127.0.0.1:${process.argv[2]}/rates` : `${here}/${name}/rates`;
  const ask = (scheme) => fetch(url, { headers: { authorization: `${scheme} ${token}` } });
  const [usual, small] = [await ask("Bearer"), await ask(type)];
  console.log(name.padEnd(12), usual.status, small.status, small.headers.get("www-authenticate") ?? "");
  changed ||= usual.status !== 200 || small.status !== status;
}
console.log(changed ? "the behaviour has changed" : "as seen before");
process.exit(changed ? 1 : 0);
JS
cd "$work"
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
node_modules/.bin/prism mock --host 127.0.0.1 --port "$port" rating.yaml > log 2>&1 & mock=$!
for _ in $(seq 300); do grep -q "is listening" log && break; sleep 0.1; done
node ask.mjs "$port"
