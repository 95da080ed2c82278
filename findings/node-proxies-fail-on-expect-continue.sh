#!/usr/bin/env bash
# Three reverse proxies for Node.js answer an upload 500 because the client asked with "Expect: 100-continue".
#
# Packages: @fastify/http-proxy 11.6.3, fastify 5.12.8, express-http-proxy 2.1.2, http-proxy-middleware 4.2.2, express
# 5.3.0, hono 4.13.19, @hono/node-server 2.1.9, httpxy 0.5.6 (npm).
# Guess before the run: each proxy passes the request on, with the field or without it, and the client gets 200.
# Seen, for one POST of two bytes, with the field and without it:
#   httpxy, http-proxy-middleware    100 Continue, then 200    without the field: 200
#   @fastify/http-proxy              100 Continue, then 500    without the field: 200
#   express-http-proxy               100 Continue, then 500    without the field: 200
#   hono (proxy helper)              100 Continue, then 500    without the field: 200
# Node.js itself has said "continue" by then, so the client sends all of the body in vain. The upstream gets nothing in
# the three cases. curl and .NET set this field for large bodies only, so rates and labels work and the upload of a
# customs document fails. Remove the field in front of the proxy; the answer 100 was already given.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-fund --no-audit --prefix "$work" @fastify/http-proxy@11.6.3 fastify@5.12.8 \
  express-http-proxy@2.1.2 http-proxy-middleware@4.2.2 express@5.3.0 hono@4.13.19 @hono/node-server@2.1.9 \
  httpxy@0.5.6 > /dev/null
cat > "$work/proxies.mjs" <<'JS'
import http from "node:http";
import net from "node:net";
import express from "express";
import expressProxy from "express-http-proxy";
import fastify from "fastify";
import fastifyProxy from "@fastify/http-proxy";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { proxy as honoProxy } from "hono/proxy";
import { createProxyMiddleware } from "http-proxy-middleware";
import { createProxyServer } from "httpxy";

const listen = (handler) => new Promise((resolve) => {
  const server = http.createServer(handler).listen(0, "127.0.0.1", () => resolve(server.address().port));
});
let reached = 0;
const upstream = await listen((request, response) => {
  reached += 1;
  request.resume().on("end", () => response.end("ok"));
});
const target = `http://127.0.0.1:${upstream}`;

const plain = createProxyServer({ target });
const fast = fastify();
fast.register(fastifyProxy, { upstream: target });
await fast.listen({ port: 0, host: "127.0.0.1" });
const hono = new Hono();
hono.all("*", (context) => honoProxy(target + context.req.path, { ...context.req }));
hono.onError((error, context) => context.text(error.message, 500));
const quiet = (error, request, response, next) => response.status(500).end(error.message);
const ports = {
  "httpxy": await listen((request, response) => plain.web(request, response)),
  "http-proxy-middleware": await listen(express().use(createProxyMiddleware({ target }))),
  "@fastify/http-proxy": fast.server.address().port,
  "express-http-proxy": await listen(express().use(expressProxy(target)).use(quiet)),
  "hono": await listen(getRequestListener(hono.fetch)),
};

// The client waits for the answer 100 before it sends the body, as RFC 9110 section 10.1.1 has it.
const post = (port, expect) => new Promise((resolve) => {
  const seen = [];
  const headers = { "Content-Type": "text/plain", "Content-Length": 2, ...(expect ? { Expect: "100-continue" } : {}) };
  const request = http.request({ port, host: "127.0.0.1", path: "/upload", method: "POST", headers }, (response) => {
    seen.push(response.statusCode);
    response.resume().on("end", () => resolve(seen.join(" then ")));
  });
  request.on("continue", () => { seen.push(100); request.end("hi"); });
  request.on("error", (error) => resolve(error.code));
  if (!expect) request.end("hi");
});

const passes = ["httpxy", "http-proxy-middleware"];
let changed = false;
for (const [name, port] of Object.entries(ports)) {
  reached = 0;
  const without = await post(port, false);
  const before = reached;
  const withField = await post(port, true);
  const arrived = reached > before;
  console.log(`${name.padEnd(22)} without the field: ${without}   with it: ${withField}   upstream: ${arrived}`);
  const expected = passes.includes(name) ? "100 then 200" : "100 then 500";
  changed ||= without !== "200" || withField !== expected || arrived !== passes.includes(name);
}
process.exit(changed ? 1 : 0);
JS
cd "$work" && node proxies.mjs 2> log || { tail -n 3 log >&2; echo "the behaviour has changed" >&2; exit 1; }
