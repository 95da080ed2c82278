// Fills the page from the control API. Text from requests only ever becomes text nodes.
"use strict";

const find = (id) => document.getElementById(id);

async function ask(method, path, body) {
  const options = { method, headers: { "content-type": "application/json" } };
  if (body !== undefined) options.body = body;
  const answer = await fetch("/__mock/" + path, options);
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.error || answer.statusText);
  return value;
}

const shown = new Map();

// Whether a part of the page changes: what is replaced loses the keyboard's focus.
function isNew(part, value) {
  const text = JSON.stringify(value);
  if (shown.get(part) === text) return false;
  shown.set(part, text);
  return true;
}

function fill(id, rows) {
  const heads = [...find(id).closest("table").tHead.rows[0].cells];
  find(id).replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    for (const [at, cell] of cells.entries()) {
      const place = document.createElement("td");
      if (cells.length === heads.length) place.dataset.label = heads[at].textContent;
      place.append(cell instanceof Node ? cell : String(cell ?? ""));
      row.append(place);
    }
    return row;
  }));
}

function button(text, action) {
  const made = document.createElement("button");
  made.textContent = text;
  made.addEventListener("click", () => act(action));
  return made;
}

async function act(action) {
  try {
    const value = await action();
    find("said").textContent = JSON.stringify(value).slice(0, 300);
    find("said").className = "";
  } catch (error) {
    find("said").textContent = error.message;
    find("said").className = "bad";
  }
  await refresh().catch(() => {});
}

const path = (text) => encodeURIComponent(text);

function showPeople(state, credentials) {
  if (!isNew("people", [state.apps, state.users, credentials])) return;
  const secrets = new Map(credentials.apps.map((app) => [app.client_id, app.client_secret]));
  fill("apps", state.apps.map((app) => [
    app.client_id, secrets.get(app.client_id), app.name, app.redirect_uris.join("\n"),
    button(app.blocked ? "Unblock" : "Block", () =>
      ask("PATCH", "apps/" + path(app.client_id), JSON.stringify({ blocked: !app.blocked }))),
  ]));
  const passwords = new Map(credentials.users.map((user) => [user.name, user.password]));
  fill("users", state.users.map((user) => [
    user.name, passwords.get(user.name),
    user.accounts.map((a) => a.number + (a.negotiated_rates ? " (negotiated)" : "")).join(", "),
  ]));
  const app = credentials.apps[0];
  if (app) {
    find("try").textContent =
      `curl -u ${app.client_id}:${app.client_secret} -d grant_type=client_credentials \\\n` +
      `  ${location.origin}/security/v1/oauth/token`;
  }
}

function showState(state) {
  find("now").textContent = state.clock.now;
  find("frozen").textContent = state.clock.frozen ? "(frozen)" : "";
  find("token-count").textContent = state.live_tokens.length;
  find("grant-count").textContent = state.grants.filter((grant) => !grant.revoked).length;
  fill("tokens", state.live_tokens.slice(0, 10).map((token) =>
    ["#" + token.token, token.client_id, token.user, token.environment, token.seconds_left]));
}

function showFaults(faults) {
  if (!isNew("faults", faults)) return;
  fill("faults", faults.map((item) => [
    item.name,
    [item.fault.endpoint, item.fault.path, item.fault.client_id].filter(Boolean).join(" ") || "all",
    item.hits + " played, " + item.matched + " matched",
    button("Remove", () => ask("DELETE", "faults/" + item.id)),
  ]));
}

const open = new Set();

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function quoted(text) {
  return "'" + text.replaceAll("'", "'\\''") + "'";
}

// Secrets are masked in the journal, so the copied command needs them filled in.
function asCurl(entry) {
  const parts = ["curl", "-X", entry.method, quoted(location.origin + entry.target)];
  for (const line of entry.headers) {
    if (!/^(host|content-length|connection):/i.test(line)) parts.push("-H", quoted(line));
  }
  if (entry.body) parts.push("--data-binary", quoted(entry.body));
  return parts.join(" ");
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function body(title, text, bytes) {
  const made = element("div");
  const cut = bytes > text.length && text.length > 0 ? ", the beginning" : "";
  made.append(element("h3", title + " (" + bytes + " bytes" + cut + ")"));
  made.append(element("pre", pretty(text) || "empty or not kept"));
  return made;
}

function story(entry) {
  const made = element("div", undefined, "story");
  const copy = element("button", "Copy as curl");
  copy.addEventListener("click", () => navigator.clipboard.writeText(asCurl(entry)));
  made.append(copy);
  for (const finding of entry.findings) {
    made.append(element("p", finding.rule + ": " + finding.advice, "problem"));
  }
  made.append(element("h3", "Request"), element("pre", entry.headers.join("\n")));
  made.append(body("Its body", entry.body, entry.body_bytes));
  made.append(body("Answer " + (entry.status || "none"), entry.answer, entry.answer_bytes));
  return made;
}

// A state by colour, by shape and in words.
function badge(entry) {
  const status = entry.status || 0;
  const [kind, shape] = status === 0 || status >= 500 ? ["bad", "\u25a0"]
    : status >= 400 ? ["warn", "\u25c6"] : ["good", "\u25cf"];
  return element("span", `${shape} ${entry.status || "none"} ${entry.code}`.trim(), "badge " + kind);
}

function showJournal(journal) {
  fill("journal", journal.entries.slice().reverse().flatMap((entry) => {
    const toggle = element("button", (open.has(entry.seq) ? "\u25be " : "\u25b8 ") + entry.seq);
    toggle.dataset.seq = entry.seq;
    toggle.setAttribute("aria-expanded", String(open.has(entry.seq)));
    toggle.addEventListener("click", () => {
      if (!open.delete(entry.seq)) open.add(entry.seq);
      showJournal(journal);
      find("journal").querySelector(`[data-seq="${entry.seq}"]`)?.focus();
    });
    const row = [
      toggle, entry.at.slice(11, 19), entry.method + " " + entry.target, entry.client_id,
      entry.token ? (entry.minted ? "new #" : "#") + entry.token : "",
      badge(entry),
      [entry.fault && "fault: " + entry.fault, entry.note]
        .concat(entry.findings.map((finding) => finding.rule))
        .filter(Boolean).join("; "),
    ];
    return open.has(entry.seq) ? [row, [story(entry)]] : [row];
  }));
  for (const shown of document.querySelectorAll("#journal .story")) {
    shown.parentElement.colSpan = 7;
  }
}

async function refresh() {
  const only = find("only-findings").checked ? "&findings=true" : "";
  const [state, credentials, faults, journal] = await Promise.all([
    ask("GET", "state"), ask("GET", "credentials"), ask("GET", "faults"),
    ask("GET", "journal?limit=30" + only),
  ]);
  showState(state);
  showPeople(state, credentials);
  showFaults(faults.faults);
  if (isNew("journal", journal)) showJournal(journal);
}

async function start() {
  find("base").textContent = location.origin;
  find("version").textContent = "version " + (await ask("GET", "version")).version;
  find("lifetime").value = (await ask("GET", "settings")).access_token_lifetime;
  const scenarios = (await ask("GET", "scenarios")).scenarios;
  const select = find("scenario");
  select.replaceChildren(...scenarios.map((scenario) => new Option(scenario.name)));
  const describe = () => {
    find("scenario-text").textContent = scenarios[select.selectedIndex].description;
  };
  select.addEventListener("change", describe);
  describe();
  find("play").addEventListener("click", () =>
    act(() => ask("POST", "scenarios", JSON.stringify({ name: select.value }))));
  find("set-lifetime").addEventListener("click", () =>
    act(() => ask("PATCH", "settings",
      JSON.stringify({ access_token_lifetime: Number(find("lifetime").value) }))));
  find("only-findings").addEventListener("change", () => refresh());
  for (const made of document.querySelectorAll("button[data-post]")) {
    made.addEventListener("click", () =>
      act(() => ask("POST", made.dataset.post, made.dataset.body || "{}")));
  }
  for (const made of document.querySelectorAll("button[data-delete]")) {
    made.addEventListener("click", () => act(() => ask("DELETE", made.dataset.delete)));
  }
  await refresh();
  setInterval(() => refresh().catch((error) => { find("said").textContent = error.message; }), 2000);
}

start().catch((error) => { find("said").textContent = error.message; });
