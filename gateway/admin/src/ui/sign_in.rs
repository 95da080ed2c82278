//! Signing in with an admin token, and out.

use super::{
    ROOT,
    cookie::SessionCookie,
    fields::{Fields, LIST},
    page::{Frame, PageError, PageResult, Section, after, page, render},
    visitor::Visitor,
};
use crate::{
    context::{AdminContext, Peer},
    error::AdminError,
    sessions::{Session, SessionKey},
};
use askama::Template;
use axum::{
    Extension,
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use gateway_model::Role;
use http::{StatusCode, header};
use jiff::tz::TimeZone;
use serde::Deserialize;

/// The path of the sign-in page.
pub(super) const PATH: &str = "/ui/sign-in";

/// The form that waits for a sign-in.
struct Kept {
    path: String,
    fields: Vec<(String, String)>,
    secrets: Vec<String>,
}

#[derive(Template)]
#[template(path = "ui/sign_in.html")]
struct SignInPage {
    frame: Frame,
    next: String,
    error: Option<String>,
    kept: Option<Kept>,
}

/// The form that a person sent without a session, to be sent again.
#[derive(Template)]
#[template(path = "ui/resume.html")]
struct ResumePage {
    frame: Frame,
    kept: Kept,
}

#[derive(Template)]
#[template(path = "ui/session.html")]
struct SessionPage {
    frame: Frame,
    actor: String,
    role: &'static str,
    zone: String,
    sessions: usize,
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// The sign-in page.
pub(super) async fn form(Query(query): Query<Next>) -> PageResult {
    page(&SignInPage {
        frame: Frame::anybody("Sign in"),
        next: own_path(&query.next),
        error: None,
        kept: None,
    })
}

/// Leads to the sign-in page, and from there back.
pub(super) fn redirect_to_form(path: &str) -> Response {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", path)
        .finish();
    Redirect::to(&format!("{PATH}?{query}")).into_response()
}

/// The page for a form without a session.
pub(super) fn lost(path: String, fields: &Fields) -> Response {
    let page = SignInPage {
        frame: Frame::anybody("Sign in again"),
        next: ROOT.to_owned(),
        error: Some("Your session is over. Sign in, and send the form again.".to_owned()),
        kept: Some(Kept::of(path, fields)),
    };
    render(StatusCode::FORBIDDEN, &page)
}

/// The page for a form without a session whose content is too long to be kept.
pub(super) fn lost_content(path: &str) -> Response {
    // A form's own page is one level up, if not at the form's path itself.
    let parent = path.rsplit_once('/').map_or(ROOT, |(parent, _)| parent);
    let page = SignInPage {
        frame: Frame::anybody("Sign in again"),
        next: own_path(parent),
        error: Some(
            "Your session is over, and what you sent was too long to be kept here. Sign in, and send it \
             again."
                .to_owned(),
        ),
        kept: None,
    };
    render(StatusCode::FORBIDDEN, &page)
}

impl Kept {
    fn of(path: String, fields: &Fields) -> Self {
        Self {
            path: own_path(&path),
            fields: fields.typed().cloned().collect(),
            secrets: fields.secrets().into_iter().map(str::to_owned).collect(),
        }
    }

    /// What the sign-in form carried for the form that waits.
    fn carried(fields: &Fields) -> Option<Self> {
        let path = fields.text("kept-path");
        if path.is_empty() {
            return None;
        }
        let inner = Fields::parse(fields.text("kept-fields").as_bytes());
        let secrets = fields.text("kept-secrets").split_whitespace();
        Some(Self {
            path: own_path(path),
            fields: inner.typed().cloned().collect(),
            secrets: secrets.map(str::to_owned).collect(),
        })
    }

    /// Whether a field may have several lines, which a one-line field would join.
    fn has_lines(name: &str) -> bool {
        name == LIST
    }

    fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.fields)
            .finish()
    }
}

/// A path of these pages; a path that leads elsewhere becomes the first page.
fn own_path(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.~?=&%+".contains(&b);
    let own = path == ROOT || path.starts_with("/ui/") || path.starts_with("/ui?");
    if own && path.len() <= 512 && path.bytes().all(plain) {
        path.to_owned()
    } else {
        ROOT.to_owned()
    }
}

/// Signs in.
pub(super) async fn sign_in(
    State(context): State<AdminContext>,
    Extension(Peer(peer)): Extension<Peer>,
    cookie: SessionCookie,
    fields: Fields,
) -> PageResult {
    let control = context.control.clone().ok_or(AdminError::NoControl)?;
    let token = fields.secret("token");
    let Some(identity) = control.authenticate(&token).await? else {
        let now = context.clock.now();
        (context.throttle.guess(peer, now)).map_err(AdminError::TooMany)?;
        // With the address and never with the text: it may be a right token with a typing error.
        tracing::warn!(%peer, "a sign-in had an unknown admin token");
        let page = SignInPage {
            frame: Frame::anybody("Sign in"),
            next: own_path(fields.text("next")),
            error: Some("This admin token is unknown. It was mistyped or removed.".to_owned()),
            kept: Kept::carried(&fields),
        };
        return Ok(render(StatusCode::FORBIDDEN, &page));
    };
    let value = control.random_text();
    let session = Session {
        token,
        csrf: control.random_text(),
        zone: TimeZone::UTC,
    };
    let csrf = session.csrf.clone();
    let (key, now) = (SessionKey::of(&value), context.clock.now());
    tracing::info!(actor = %identity.actor.0, %peer, "signed in to the web interface");
    context
        .sessions
        .begin(key, identity.actor.clone(), session, now);
    let mut response = match Kept::carried(&fields) {
        Some(kept) => {
            let frame = Frame::of_sign_in(&identity, csrf, "Send the form again");
            render(StatusCode::OK, &ResumePage { frame, kept })
        }
        None => Redirect::to(&own_path(fields.text("next"))).into_response(),
    };
    let cookie = cookie.set(&value);
    let cookie = cookie.ok_or(AdminError::Internal)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The page about the session.
pub(super) async fn session(visitor: Visitor) -> PageResult {
    page(&SessionPage {
        frame: Frame::new(&visitor, Section::Other, "Your session"),
        actor: visitor.actor.0.clone(),
        role: match visitor.role {
            Role::Admin => "may change everything",
            Role::ReadOnly => "may look, and change nothing",
        },
        zone: visitor.zone.iana_name().unwrap_or("UTC").to_owned(),
        sessions: visitor.sessions.count(&visitor.actor),
    })
}

/// Shows times in another zone from now on.
pub(super) async fn set_zone(visitor: Visitor, fields: Fields) -> Response {
    let zone = TimeZone::get(fields.text("zone"));
    let done = zone
        .map(|zone| {
            visitor.sessions.set_zone(visitor.key, zone);
            "Times are in this zone now."
        })
        .map_err(|_unknown| {
            let message = "this time zone is unknown: write it as in Europe/Berlin".to_owned();
            PageError(AdminError::Invalid("unknown_zone", message))
        });
    after(&visitor, done, "/ui/session")
}

/// Ends the session.
pub(super) async fn sign_out(visitor: Visitor, cookie: SessionCookie) -> Response {
    visitor.sessions.end(visitor.key);
    signed_out(&cookie)
}

/// Ends every session that was begun with the same token.
pub(super) async fn sign_out_everywhere(visitor: Visitor, cookie: SessionCookie) -> Response {
    visitor.sessions.end_all(&visitor.actor);
    signed_out(&cookie)
}

fn signed_out(cookie: &SessionCookie) -> Response {
    let mut response = Redirect::to(PATH).into_response();
    if let Some(cookie) = cookie.remove() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_leads_to_own_pages_only() {
        for path in ["/ui", "/ui/accounts?q=a%20b", "/ui/requests/abc"] {
            assert_eq!(own_path(path), path);
        }
        for path in [
            "",
            "https://evil.example",
            "//evil.example/ui/",
            "/uix",
            "/ui/\\evil",
            "/ui/a\nb",
            "/api/v1/backup",
        ] {
            assert_eq!(own_path(path), ROOT, "{path}");
        }
    }
}
