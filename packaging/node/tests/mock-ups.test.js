// The package as its users have it: installed, with nothing beside it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MockUps, MockUpsError } from "mock-ups";

async function start(t, options) {
  const ups = await MockUps.start(options);
  t.after(() => ups.stop());
  return ups;
}

async function token(ups) {
  const basic = Buffer.from(`${ups.clientId}:${ups.clientSecret}`).toString("base64");
  const response = await fetch(`${ups.baseUrl}/security/v1/oauth/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  // The answer has a member `status` as well.
  return { ...(await response.json()), status: response.status };
}

test("a token of the credentials is counted", async (t) => {
  const ups = await start(t);
  assert.equal((await token(ups)).status, 200);
  await ups.verify({ endpoint: "token", status: 200 }, { exactly: 1 });
  const [entry] = await ups.journal({ endpoint: "token" });
  assert.equal(entry.client_id, ups.credentials.clientId);
});

test("a failed check lists what came", async (t) => {
  const ups = await start(t);
  await token(ups);
  await assert.rejects(ups.verify({ endpoint: "rating" }), /oauth\/token/);
});

test("lost requests are no proof", async (t) => {
  const ups = await start(t, { flags: ["--journal", "1"] });
  await token(ups);
  await token(ups);
  await assert.rejects(ups.verify({ endpoint: "token" }, { exactly: 2 }), /lost/);
});

test("a fault ends when it is removed", async (t) => {
  const ups = await start(t);
  const down = { answer: { status: 503, code: "10004", message: "down" } };
  const fault = await ups.fault(down, { endpoint: "token" });
  assert.equal((await token(ups)).status, 503);
  await fault.remove();
  assert.equal((await token(ups)).status, 200);
});

test("a token expires when the clock moves", async (t) => {
  const ups = await start(t);
  await ups.freeze("2026-12-24T10:00:00Z");
  const { access_token } = await token(ups);
  assert.match(await ups.now(), /^2026-12-24T10:00:00/);
  await ups.advance("2h");
  const response = await fetch(`${ups.baseUrl}/api/rating/v2409/Shop`, {
    method: "POST",
    headers: { Authorization: `Bearer ${access_token}`, "Content-Type": "application/json" },
    body: "{}",
  });
  assert.equal(response.status, 401);
});

test("a taken port and a wrong flag are named", async (t) => {
  const ups = await start(t);
  const { host } = new URL(ups.baseUrl);
  await assert.rejects(MockUps.start({ listen: host }), (error) => {
    assert.ok(error instanceof MockUpsError);
    return error.message.includes(host);
  });
  await assert.rejects(MockUps.start({ flags: ["--no-such-flag"] }), /--no-such-flag/);
});

test("the mock ends with a process that is killed", async () => {
  const script = 'import { MockUps } from "mock-ups"; console.log((await MockUps.start()).baseUrl); setInterval(() => {}, 1e6);';
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [url] = await once(child.stdout.setEncoding("utf8"), "data");
  child.kill("SIGKILL");
  for (let tries = 0; tries < 100; tries++) {
    const answered = await fetch(`${url.trim()}/__mock/clock`).then(() => true, () => false);
    if (!answered) return;
    await sleep(50);
  }
  assert.fail("the mock still answers");
});
