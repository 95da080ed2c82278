//! The login and consent page. A person or a browser signs in, sees the app and the accounts, and
//! approves or refuses; a script can post user, password and decision at once. The page remembers who
//! has signed in with a browser, as carriers' pages do, until that person asks for another login.

use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use crate::api::{ApiResponse, UpsError};
use crate::journal::RequestFacts;

use super::authorize::{AuthorizationRequest, redirect};
use super::call::OauthCall;
use super::errors;
use super::form::Form;
use super::signed_in;
use crate::endpoint::LOGIN_PATH;
use crate::oauth_state::grants::{PendingCode, Ticket};

// Long enough to read the page and decide, too short for a forgotten tab.
const TICKET_LIFETIME_MS: i64 = 10 * 60 * 1000;
const STYLE: &str = include_str!("consent.css");

pub(super) fn answer(call: &OauthCall<'_>, facts: &mut RequestFacts) -> ApiResponse {
    match *call.method {
        Method::GET => {
            let form = call.query_form();
            // Checked before anything is shown: a login page for a forged request would be a phishing page.
            match AuthorizationRequest::parse(call, &form, facts) {
                Ok(request) => match signed_in::user(call) {
                    Some(session) => {
                        facts.note = Some("the browser is signed in already");
                        ask(call, request, &session.user, session.password_version)
                    }
                    None => login_page(&request, None),
                },
                Err(error) => error_page(&error),
            }
        }
        Method::POST => {
            let form = Form::parse(call.body);
            // A ticket stands for a login that was good already; without one the form is the login itself.
            match form.get("ticket") {
                Some(ticket) => decide_by_ticket(call, ticket, &form, facts),
                None => log_in(call, &form, facts),
            }
        }
        _ => crate::standard_responses::method_not_allowed(&Method::GET),
    }
}

fn log_in(call: &OauthCall<'_>, form: &Form, facts: &mut RequestFacts) -> ApiResponse {
    // Checked again: the hidden fields came back through a browser and may have been changed.
    let request = match AuthorizationRequest::parse(call, form, facts) {
        Ok(request) => request,
        Err(error) => return error_page(&error),
    };
    let user = form.get("user").unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    let Some(password_version) = call.mock.registry.log_in(user, password) else {
        facts.note = Some("wrong user or password at the login page");
        // The same words for an unknown user and a wrong password.
        return login_page(&request, Some("Wrong user or password."));
    };
    // Scripts post user, password and decision in one request. They are no browser that is remembered.
    if form.get("decision").is_some() {
        let ticket = ticket(call, request, user, password_version);
        return decide(call, ticket, form, facts);
    }
    let page = ask(call, request, user, password_version);
    signed_in::remember(call, page, user, password_version)
}

/// Asks who has signed in for the decision.
fn ask(
    call: &OauthCall<'_>,
    request: AuthorizationRequest,
    user: &str,
    password_version: u64,
) -> ApiResponse {
    // The page carries only this ticket; what was agreed to stays on this side.
    let id = call.mock.issuer.alphanumeric(32);
    let caller = call.mock.registry.caller(&request.app.client_id, user);
    let numbers: Vec<_> = caller
        .accounts
        .iter()
        .map(|account| &*account.number)
        .collect();
    let page = consent_page(&request.app.name, user, &numbers, &id);
    let ticket = ticket(call, request, user, password_version);
    call.mock.grants.add_ticket(&id, ticket);
    page
}

fn ticket(
    call: &OauthCall<'_>,
    request: AuthorizationRequest,
    user: &str,
    password_version: u64,
) -> Ticket {
    Ticket {
        code: PendingCode {
            client_id: request.app.client_id.to_string(),
            redirect_uri: request.redirect_uri,
            user: user.to_owned(),
            environment: call.environment,
            // Remembered now, so that a change between login and token already counts.
            password_version,
            scope: request.scope,
            challenge: request.challenge,
            expires_at_ms: call.now_ms.saturating_add(TICKET_LIFETIME_MS),
        },
        state: request.state,
    }
}

fn decide_by_ticket(
    call: &OauthCall<'_>,
    id: &str,
    form: &Form,
    facts: &mut RequestFacts,
) -> ApiResponse {
    // Taken whatever its age: a double click must not give two codes.
    let ticket = call.mock.grants.take_ticket(id);
    match ticket.filter(|ticket| call.now_ms < ticket.code.expires_at_ms) {
        Some(ticket) => {
            facts.set_client(&ticket.code.client_id);
            if form.get("decision") == Some("another") {
                return sign_in_anew(call, ticket);
            }
            decide(call, ticket, form, facts)
        }
        None => error_page(&errors::bad_request(
            "This page has expired; start again from the app",
        )),
    }
}

/// Signs the browser out, and leads it to the login page for the same request of the app.
fn sign_in_anew(call: &OauthCall<'_>, ticket: Ticket) -> ApiResponse {
    let code = ticket.code;
    let Some(app) = call.mock.registry.app_in(call.environment, &code.client_id) else {
        return error_page(&errors::invalid_client()); // it was removed meanwhile
    };
    let request = AuthorizationRequest {
        app,
        redirect_uri: code.redirect_uri,
        scope: code.scope,
        state: ticket.state,
        challenge: code.challenge,
    };
    let login_page = format!("{}{LOGIN_PATH}?{}", call.origin(), request.login_query());
    signed_in::forget(call, redirect(&login_page))
}

/// Sends the browser back to the app, with a code or with the refusal.
fn decide(
    call: &OauthCall<'_>,
    ticket: Ticket,
    form: &Form,
    facts: &mut RequestFacts,
) -> ApiResponse {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let redirect_uri = ticket.code.redirect_uri.clone();
    let settings = call.mock.settings();
    if form.get("decision") == Some("approve") {
        // Made only on approval, so a refused consent leaves no code behind.
        let code = call.mock.issuer.code(settings.code_length);
        query.append_pair("code", &code);
        if let Some(scope) = &ticket.code.scope {
            query.append_pair("scope", scope);
        }
        let lifetime = i64::try_from(settings.code_lifetime)
            .unwrap_or(i64::MAX)
            .saturating_mul(1000);
        // From now on the code's own life counts, not the page's.
        let expires_at_ms = call.now_ms.saturating_add(lifetime);
        call.mock.grants.add_code(
            &code,
            PendingCode {
                expires_at_ms,
                ..ticket.code
            },
        );
    } else {
        facts.note = Some("the user refused");
        query.append_pair("error", &settings.refused_consent);
    }
    // Repeated unchanged, or the app could not tell its own request from a forged one.
    if let Some(state) = &ticket.state {
        query.append_pair("state", state);
    }
    // A registered address may have a query of its own.
    let glue = if redirect_uri.contains('?') { '&' } else { '?' };
    redirect(&format!("{redirect_uri}{glue}{}", query.finish()))
}

fn login_page(request: &AuthorizationRequest, problem: Option<&str>) -> ApiResponse {
    let mut hidden = String::new();
    let mut keep = |name: &str, value: &str| {
        hidden.push_str(&format!(
            r#"<input type="hidden" name="{name}" value="{}">"#,
            // Everything in the page is a client's or a user's text.
            escape(value)
        ));
    };
    keep("client_id", &request.app.client_id);
    keep("redirect_uri", &request.redirect_uri);
    for (name, value) in [
        ("scope", &request.scope),
        ("state", &request.state),
        ("code_challenge", &request.challenge),
    ] {
        value.iter().for_each(|value| keep(name, value));
    }
    let problem = problem
        .map(|text| format!(r#"<p class="problem" role="alert">{}</p>"#, escape(text)))
        .unwrap_or_default();
    let body = format!(
        r#"<h1>Sign in</h1>
<p><strong id="app">{app}</strong> asks to use your shipper accounts.</p>
{problem}<form method="post">{hidden}
<label for="user">User</label><input id="user" name="user" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button id="sign-in">Sign in</button></form>"#,
        app = escape(&request.app.name),
    );
    page("Sign in", &body, StatusCode::OK)
}

fn consent_page(app: &str, user: &str, accounts: &[&str], ticket: &str) -> ApiResponse {
    let items: String = accounts
        .iter()
        .map(|number| format!(r#"<li class="account">{}</li>"#, escape(number)))
        .collect();
    let body = format!(
        r#"<h1>Allow access?</h1>
<p>You are signed in as <strong id="signed-in">{user}</strong>.</p>
<p><strong id="app">{app}</strong> will be able to ship, rate and track with these accounts:</p>
<ul id="accounts">{items}</ul>
<form method="post"><input type="hidden" name="ticket" value="{ticket}">
<button id="approve" name="decision" value="approve">Approve</button>
<button id="refuse" name="decision" value="refuse" class="quiet">Refuse</button>
<p class="mark">Not your login? <button id="another" name="decision" value="another" class="link">Use another login</button></p></form>"#,
        user = escape(user),
        app = escape(app),
    );
    page("Allow access?", &body, StatusCode::OK)
}

fn error_page(error: &UpsError) -> ApiResponse {
    let body = format!(
        r#"<h1>This cannot go on</h1><p class="problem" role="alert" id="problem">{} ({})</p>
<p>The app sent something that does not fit its registration. Nothing was granted.</p>"#,
        escape(&error.message),
        escape(&error.code),
    );
    let mut answer = page("Error", &body, error.status);
    // The journal shows the error although the answer is a page.
    answer.error = Some(error.clone());
    answer
}

fn page(title: &str, body: &str, status: StatusCode) -> ApiResponse {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} - mock \
         UPS</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <style>{STYLE}</style></head>\n<body><main><p class=\"mark\">mock UPS, not ups.com</p>\n\
         {body}\n</main></body></html>\n"
    );
    let field = |name, value| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    let mut answer = ApiResponse::json(html).with_status(status);
    answer.headers = vec![
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        // The page asks for a password: no other site may frame it.
        field("x-frame-options", "DENY"),
        field("x-content-type-options", "nosniff"),
        field("referrer-policy", "no-referrer"),
        field("cache-control", "no-store"),
        field(
            "content-security-policy",
            // No script at all, so injected text could not run either.
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
    ];
    answer
}

/// Text for HTML content and quoted attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
