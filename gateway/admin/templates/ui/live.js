"use strict";
// Every page works without this file. It shows news as they come, and nothing else.

// The code of an invitation stands in the fragment, which no server gets. It goes into the form, and out of
// the address: a bookmark or a look over the shoulder must not hold it.
const invitation = document.querySelector("input[data-invitation]");
if (invitation && location.hash.length > 1) {
  invitation.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}

// Times are shown in the reader's zone: the browser tells its own, unless the reader has chosen one.
if (!/(^|; )waybill-zone=/.test(document.cookie)) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `waybill-zone=${zone}; path=/; max-age=34560000; samesite=lax`;
}

const MAX_ROWS = 200;

// Follows one address as long as the page is looked at: a browser opens few connections to one host, and
// forgotten tabs must not keep them.
function follow(place) {
  const rows = place.querySelector("[data-live-rows]");
  const most = Number(rows && rows.dataset.liveMost) || MAX_ROWS;
  const status = place.querySelector("[data-live-status]");
  let source = null;
  let last = null;
  const say = (text) => {
    if (status) status.textContent = text;
  };
  const close = () => {
    if (source) source.close();
    source = null;
  };
  const open = () => {
    const address = new URL(place.dataset.live, location.origin);
    if (last) address.searchParams.set("since", last);
    source = new EventSource(address);
    source.addEventListener("open", () => say("New requests appear by themselves."));
    source.addEventListener("row", (event) => {
      last = event.lastEventId;
      if (!rows) return;
      // The gateway made this row as it makes those of the page: text of others is escaped in it.
      rows.insertAdjacentHTML("afterbegin", event.data);
      rows.closest("table").hidden = false;
      const empty = place.querySelector("[data-live-empty]");
      if (empty) empty.hidden = true;
      while (rows.rows.length > most) rows.deleteRow(-1);
    });
    source.addEventListener("plot", (event) => {
      place.querySelector("[data-live-plot]").innerHTML = event.data;
    });
    source.addEventListener("end", (event) => {
      close();
      say("No more news: " + event.data + ".");
    });
    source.addEventListener("error", () => {
      if (source && source.readyState === EventSource.CLOSED) {
        close();
        say("No more news: load the page again.");
      } else if (source) {
        say("Connecting again…");
      }
    });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (!source) open();
  });
  // A page that the browser keeps for "back" holds no connection, either.
  addEventListener("pagehide", close);
  if (!document.hidden) open();
}

for (const place of document.querySelectorAll("[data-live]")) follow(place);

// Sends a form and shows the results as they come. If that does not work, the form is sent as without a script.
async function send(form, place) {
  const button = form.querySelector("button");
  const response = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "text/event-stream" },
    body: new URLSearchParams(new FormData(form)),
  });
  const type = response.headers.get("content-type") || "";
  if (!response.ok || !type.startsWith("text/event-stream")) return false;
  button.disabled = true;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
    let end;
    while ((end = text.indexOf("\n\n")) >= 0) {
      show(place, text.slice(0, end));
      text = text.slice(end + 2);
    }
  }
  button.disabled = false;
  return true;
}

function show(place, event) {
  const field = (name) =>
    event.split("\n").filter((line) => line.startsWith(name + ": ")).map((line) => line.slice(name.length + 2)).join("\n");
  if (field("event") === "row") place.querySelector("tbody").insertAdjacentHTML("beforeend", field("data"));
  if (field("event") === "page") place.innerHTML = field("data");
}

for (const form of document.querySelectorAll("form[data-live-form]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const place = document.querySelector("[data-live-results]");
    send(form, place).catch(() => false).then((shown) => {
      if (!shown) form.submit();
    });
  });
}
