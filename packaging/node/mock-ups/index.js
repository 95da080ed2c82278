import assert from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { program } from "./program.js";

export { program };

/** The mock did not start, or refused something. */
export class MockUpsError extends Error {
  name = "MockUpsError";
}

/** A fault that was added. */
class Fault {
  #ups;

  constructor(ups, id) {
    this.#ups = ups;
    this.id = id;
  }

  async remove() {
    try {
      await this.#ups.control("DELETE", `faults/${this.id}`);
    } catch (error) {
      // A fault that is over is gone already.
      if (!String(error).includes("no such fault")) throw error;
    }
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.remove();
  }
}

/** A UPS of its own on a free port. */
export class MockUps {
  clientId = "mock-client";
  clientSecret = "mock-secret";
  #process;

  constructor(process, baseUrl) {
    this.#process = process;
    this.baseUrl = baseUrl;
  }

  static async start({ listen = "127.0.0.1:0", flags = [] } = {}) {
    // The mock ends when its standard input closes, so it never outlives this process.
    const child = spawn(program(), ["--listen", listen, "--until-stdin-closes", ...flags], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (said += text));
    const line = await Promise.race([
      once(createInterface({ input: child.stdout }), "line").then(([line]) => line),
      once(child, "close").then(() => ""),
    ]);
    const [, baseUrl] = /^listening on (http:\S+)/.exec(line) ?? [];
    if (!baseUrl) {
      child.kill();
      throw new MockUpsError(`the mock did not start: ${said.trim() || line || "it said nothing"}`);
    }
    // A test that forgets to stop the mock still ends.
    child.unref();
    for (const pipe of child.stdio) pipe.unref?.();
    return new MockUps(child, baseUrl);
  }

  get credentials() {
    return { clientId: this.clientId, clientSecret: this.clientSecret };
  }

  async stop() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.ref();
    const closed = once(this.#process, "exit");
    this.#process.kill();
    await closed;
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.stop();
  }

  async control(method, path, body) {
    const response = await fetch(`${this.baseUrl}/__mock/${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new MockUpsError(`the mock refused ${method} ${path}: ${answer.error}`);
    return answer;
  }

  async reset() {
    await this.control("POST", "reset");
  }

  async fault(play, limits = {}) {
    const { id } = await this.control("POST", "faults", { play, ...limits });
    return new Fault(this, id);
  }

  async playScenario(name) {
    await this.control("POST", "scenarios", { name });
  }

  async now() {
    return (await this.control("GET", "clock")).now;
  }

  async advance(time) {
    await this.control("POST", "clock", { advance: time });
  }

  async freeze(at) {
    await this.control("POST", "clock", { freeze: true, ...(at === undefined ? {} : { set: at }) });
  }

  async unfreeze() {
    await this.control("POST", "clock", { freeze: false });
  }

  async journal(filter = {}) {
    return (await this.#journal(filter)).entries;
  }

  async verify(filter, { exactly, atLeast = 1, atMost = Infinity } = {}) {
    if (exactly !== undefined) [atLeast, atMost] = [exactly, exactly];
    const { entries, lost } = await this.#journal(filter);
    assert.equal(
      lost,
      0,
      `the journal has lost ${lost} requests, so nothing can be said of all: start the mock with a larger one, such ` +
        'as { flags: ["--journal", "100000"] }',
    );
    const count = entries.length;
    if (count >= atLeast && count <= atMost) return;
    const wanted = exactly ?? `${atLeast} to ${atMost === Infinity ? "any number" : atMost}`;
    const received = (await this.journal()).map((entry) =>
      ["", entry.seq, entry.method, entry.target, entry.status, entry.code, entry.client_id].join(" "),
    );
    assert.fail(
      `${wanted} requests of ${JSON.stringify(filter)} were expected and ${count} came; received:\n` +
        (received.join("\n") || " nothing"),
    );
  }

  async #journal(filter) {
    const query = new URLSearchParams({ limit: "100000" });
    for (const [name, value] of Object.entries(filter)) query.set(name, String(value));
    return this.control("GET", `journal?${query}`);
  }
}
