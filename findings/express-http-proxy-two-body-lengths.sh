#!/usr/bin/env bash
# A POST in chunks through express-http-proxy or koa-better-http-proxy is refused with 400 by Node.js and by gunicorn.
#
# Packages: express-http-proxy 2.1.2, express 5.3.0, koa-better-http-proxy 0.2.10, koa 3.3.0, http-proxy-middleware
# 4.2.2 (npm), gunicorn 27.0.1, waitress 3.0.2 (PyPI).
# Guess before the run: the upstream gets the body and answers 200, whichever way the client framed it.
# Seen, for the same JSON body:
#                             upstream Node.js       gunicorn               waitress
#                             length    chunked      length    chunked      length    chunked
#   express-http-proxy        200       400          200       400          200       200
#   koa-better-http-proxy     200       400          200       400          200       200
#   http-proxy-middleware     200       200          200       200          200       200
# Both collect the body, add Content-Length, and keep the client's Transfer-Encoding. A sender must not send both (RFC
# 9112 section 6.2), and strict servers refuse such a request. Clients choose chunks for a body that is streamed, such
# as a file, so small calls work. Take Transfer-Encoding away in proxyReqOptDecorator, or stream (parseReqBody: false).
set -euo pipefail
work=$(mktemp -d)
trap 'kill ${servers:-} 2> /dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check gunicorn==27.0.1 waitress==3.0.2
npm install --silent --no-fund --no-audit --prefix "$work" express-http-proxy@2.1.2 express@5.3.0 \
  koa-better-http-proxy@0.2.10 koa@3.3.0 http-proxy-middleware@4.2.2 > /dev/null
cat > "$work/app.py" <<'PY'
def echo(environ, start_response):
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]
PY
cat > "$work/ports.py" <<'PY'
import socket

taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(one.getsockname()[1] for one in taken))
PY
cat > "$work/proxies.mjs" <<'JS'
import http from "node:http";
import express from "express";
import expressProxy from "express-http-proxy";
import Koa from "koa";
import koaProxy from "koa-better-http-proxy";
import { createProxyMiddleware } from "http-proxy-middleware";

const listen = (handler) => new Promise((resolve) => {
  const server = http.createServer(handler).listen(0, "127.0.0.1", () => resolve(server.address().port));
});
const body = '{"weight":"1.0"}';
const post = (port, framing) => new Promise((resolve, reject) => {
  const headers = { "Content-Type": "application/json", ...framing };
  const request = http.request({ port, host: "127.0.0.1", path: "/", method: "POST", headers }, (response) => {
    let text = "";
    response.on("data", (part) => { text += part; });
    response.on("end", () => resolve(response.statusCode === 200 && text !== body ? "lost" : response.statusCode));
  });
  request.on("error", reject);
  request.end(body);
});
const echo = await listen((request, response) => request.pipe(response));
const upstreams = { "Node.js": echo, gunicorn: process.argv[2], waitress: process.argv[3] };
const strict = { "Node.js": 400, gunicorn: 400, waitress: 200 };
let changed = false;
for (const [upstream, port] of Object.entries(upstreams)) {
  const target = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 100; tries += 1) {
    if (await post(port, { "Content-Length": body.length }).catch(() => false)) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const proxies = {
    "express-http-proxy": [await listen(express().use(expressProxy(target))), strict[upstream]],
    "koa-better-http-proxy": [await listen(new Koa().use(koaProxy(target)).callback()), strict[upstream]],
    "http-proxy-middleware": [await listen(express().use(createProxyMiddleware({ target }))), 200],
  };
  for (const [name, [proxy, expected]] of Object.entries(proxies)) {
    const length = await post(proxy, { "Content-Length": body.length });
    const chunked = await post(proxy, { "Transfer-Encoding": "chunked" });
    console.log(`${upstream.padEnd(10)}${name.padEnd(24)} length: ${length}   chunked: ${chunked}`);
    changed ||= length !== 200 || chunked !== expected;
  }
}
process.exit(changed ? 1 : 0);
JS
cd "$work"
read -r gunicorn waitress < <(python3 ports.py)
venv/bin/gunicorn --log-level critical --bind "127.0.0.1:$gunicorn" app:echo & servers=$!
venv/bin/waitress-serve --listen "127.0.0.1:$waitress" app:echo > /dev/null 2>&1 & servers="$servers $!"
node proxies.mjs "$gunicorn" "$waitress" 2> log || { tail -n 3 log >&2; echo "the behaviour has changed" >&2; exit 1; }
