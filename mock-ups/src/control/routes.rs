//! The routes of the control API, as data: the dispatcher, the OpenAPI document and the answer to a
//! wrong method all come from this one table.

use serde_json::json;

use super::request::{ControlRequest, ControlResult};
use super::{clock, faults, journal, people, state, tokens, track_alert};

/// One operation.
pub(super) struct Route {
    pub(super) method: &'static str,
    /// Below `/__mock/`; a segment in braces matches anything and is handed over.
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    /// Query parameters: name and meaning.
    pub(super) query: &'static [(&'static str, &'static str)],
    /// The members of the JSON body: name, type, meaning.
    pub(super) body: &'static [(&'static str, &'static str, &'static str)],
    pub(super) handler: Handler,
}

type Handler = fn(&ControlRequest<'_>, &str) -> ControlResult;

const JOURNAL_QUERY: &[(&str, &str)] = &[
    (
        "endpoint",
        "token, refresh, authorize, api, rating, shipping, tracking, time-in-transit, \
      address-validation or other",
    ),
    ("client_id", "requests of this oauth client"),
    ("environment", "cie or production"),
    ("status", "requests answered with this status"),
    ("path", "requests whose path and query contain this text"),
    ("after", "requests after the one with this number"),
    (
        "findings",
        "true: only requests in which the lint found something",
    ),
    ("limit", "entries at most; the newest ones"),
];

const APP: &[(&str, &str, &str)] = &[
    ("client_secret", "string", "the secret"),
    ("name", "string", "shown on the consent page"),
    (
        "owner",
        "string",
        "the user behind client-credentials tokens",
    ),
    ("redirect_uris", "array", "compared as text"),
    (
        "products",
        "array",
        "first path segments below /api; absent: all",
    ),
    (
        "environments",
        "array",
        "cie, production; absent: both (at registration only)",
    ),
    ("blocked", "boolean", "10403 at every token request"),
];

const FAULT: &[(&str, &str, &str)] = &[
    (
        "play",
        "object",
        "what happens; a string for actions without parameters",
    ),
    ("name", "string", "the name in the journal"),
    ("endpoint", "string", "only this endpoint"),
    ("path", "string", "only targets that contain this text"),
    ("client_id", "string", "only this oauth client"),
    ("environment", "string", "cie or production"),
    (
        "after",
        "integer",
        "lets this many matching calls pass first",
    ),
    ("times", "integer", "ends after this many hits"),
    ("probability", "number", "from 0 to 1"),
    ("starts_in", "string", "begins this long after it was added"),
    ("lasts", "string", "ends this long after it began"),
    (
        "carry_out",
        "boolean",
        "carries the call out first and spoils the answer only",
    ),
];

const fn route(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    handler: Handler,
) -> Route {
    Route {
        method,
        path,
        summary,
        query: &[],
        body: &[],
        handler,
    }
}

impl Route {
    const fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }

    const fn body(mut self, body: &'static [(&'static str, &'static str, &'static str)]) -> Self {
        self.body = body;
        self
    }
}

/// All operations.
pub(super) const ROUTES: [Route; 30] = [
    route("GET", "openapi.json", "This description", |_, _| {
        Ok(super::openapi::document())
    }),
    route(
        "GET",
        "state",
        "Clock, apps, users, live tokens and grants",
        |control, _| Ok(state::show(control)),
    ),
    route(
        "GET",
        "credentials",
        "The secrets and passwords of apps and users",
        |control, _| Ok(people::credentials(control)),
    ),
    route(
        "POST",
        "reset",
        "Back to the state of the start: clock, settings, users, apps, and nothing that calls created",
        reset,
    ),
    route("GET", "settings", "The settings", |control, _| {
        state::show_settings(control)
    }),
    route(
        "PATCH",
        "settings",
        "Changes the settings that the body names",
        |control, _| state::change_settings(control),
    ),
    route("GET", "clock", "The mock's time", |control, _| {
        Ok(clock::show(control))
    }),
    route(
        "POST",
        "clock",
        "Moves, sets, freezes or unfreezes the clock",
        |control, _| clock::change(control),
    )
    .body(&[
        ("advance", "string", "a length of time such as 2h 30m"),
        ("set", "string", "a time as in RFC 3339"),
        (
            "freeze",
            "boolean",
            "true stops the clock, false lets it run",
        ),
    ]),
    route(
        "POST",
        "tokens/revoke",
        "Revokes live access tokens",
        |control, _| tokens::revoke(control),
    )
    .body(&[("client_id", "string", "only this client's")]),
    route(
        "GET",
        "grants",
        "Grants, and how often each refresh token was presented, with what outcome",
        |control, _| people::list_grants(control),
    )
    .query(&[
        ("client_id", "grants to this oauth client"),
        ("user", "grants of this user"),
    ]),
    route(
        "POST",
        "grants/revoke",
        "Revokes grants and their tokens",
        |control, _| people::revoke_grants(control),
    )
    .body(&[
        ("client_id", "string", "only this client's"),
        ("user", "string", "only this user's"),
    ]),
    route("GET", "journal", "The requests received", |control, _| {
        journal::show(control)
    })
    .query(JOURNAL_QUERY),
    route(
        "DELETE",
        "journal",
        "Forgets the requests received",
        journal::clear,
    ),
    route(
        "PATCH",
        "journal",
        "Sets how many requests are kept; 0 keeps none",
        |control, _| journal::resize(control),
    )
    .body(&[("capacity", "integer", "requests kept")]),
    route(
        "GET",
        "lint",
        "The rules that requests are checked by",
        |_, _| Ok(journal::rules()),
    ),
    route("GET", "faults", "The faults in force", |control, _| {
        faults::list(control)
    }),
    route("POST", "faults", "Adds a fault", |control, _| {
        faults::add(control)
    })
    .body(FAULT),
    route("DELETE", "faults", "Removes all faults", |control, _| {
        Ok(faults::clear(control))
    }),
    route("DELETE", "faults/{id}", "Removes a fault", faults::remove),
    route("GET", "scenarios", "The ready scenarios", |_, _| {
        faults::scenarios()
    }),
    route(
        "POST",
        "scenarios",
        "Plays a ready scenario, or the TOML in the body",
        |control, _| faults::play(control),
    )
    .body(&[("name", "string", "a ready scenario")]),
    route(
        "PUT",
        "apps/{client_id}",
        "Registers or replaces an app",
        people::put_app,
    )
    .body(APP),
    route(
        "PATCH",
        "apps/{client_id}",
        "Changes an app",
        people::change_app,
    )
    .body(APP),
    route(
        "POST",
        "apps/{client_id}/redirect-uris",
        "Adds a redirect URI to an app",
        people::add_redirect_uri,
    )
    .body(&[("uri", "string", "compared as text")]),
    route(
        "PUT",
        "users/{name}",
        "Adds or replaces a user",
        people::put_user,
    )
    .body(&[
        ("password", "string", "for the login page"),
        (
            "account",
            "array",
            "objects with number and negotiated_rates",
        ),
    ]),
    route(
        "POST",
        "users/{name}/password",
        "Changes a password, which kills grants",
        people::change_password,
    )
    .body(&[("password", "string", "the new one")]),
    route(
        "GET",
        "track-alert",
        "The subscriptions of Track Alert, and the names of events",
        |control, _| Ok(track_alert::show(control)),
    ),
    route(
        "POST",
        "track-alert/events",
        "Pushes an event of a package now, or the body as it is",
        |control, _| track_alert::push(control),
    )
    .body(&[
        ("tracking_number", "string", "the package"),
        (
            "event",
            "string",
            "one of the names that GET track-alert lists",
        ),
        ("body", "object", "pushed in place of the two"),
    ]),
    route("GET", "health", "Whether the mock answers", |_, _| {
        Ok(json!({ "ok": true }))
    }),
    route("GET", "version", "The mock's version", |_, _| {
        Ok(json!({ "version": env!("CARGO_PKG_VERSION") }))
    }),
];

fn reset(control: &ControlRequest<'_>, _: &str) -> ControlResult {
    control.mock.reset();
    Ok(json!({ "reset": true }))
}
