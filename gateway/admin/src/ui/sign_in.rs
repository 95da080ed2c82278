//! Signing in with an admin token, and out.

use super::{
    cookie::SessionCookie,
    fields::Fields,
    kept::{Kept, own_path},
    page::{Frame, PageError, PageResult, ROOT, Section, after, page, render, with_script},
    visitor::Visitor,
    zone,
};
use crate::{
    context::{AdminContext, Peer},
    error::AdminError,
};
use askama::Template;
use axum::{
    Extension,
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use gateway_model::Role;
use http::{StatusCode, header};
use serde::Deserialize;

/// The path of the sign-in page.
pub(super) const PATH: &str = "/ui/sign-in";

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
    sessions: u64,
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// The sign-in page.
pub(super) async fn form(Query(query): Query<Next>) -> PageResult {
    let page = page(&SignInPage {
        frame: Frame::anybody("Sign in"),
        next: own_path(&query.next),
        error: None,
        kept: None,
    });
    // So that the first page after the sign-in has times in the reader's zone.
    page.map(with_script)
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
    with_script(render(StatusCode::FORBIDDEN, &page))
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
    with_script(render(StatusCode::FORBIDDEN, &page))
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
    let Some(begun) = control.begin_session(&token).await? else {
        context.count_guess(peer)?;
        // With the address and never with the text: it may be a right token with a typing error.
        tracing::warn!(%peer, "a sign-in had an unknown admin token");
        let page = SignInPage {
            frame: Frame::anybody("Sign in"),
            next: own_path(fields.text("next")),
            error: Some("This admin token is unknown. It was mistyped or removed.".to_owned()),
            kept: Kept::carried(&fields),
        };
        return Ok(with_script(render(StatusCode::FORBIDDEN, &page)));
    };
    let (identity, csrf) = (&begun.session.identity, begun.session.csrf);
    tracing::info!(actor = %identity.actor.0, %peer, "signed in to the web interface");
    let mut response = match Kept::carried(&fields) {
        Some(kept) => {
            // What its page has shown, and not what is there now.
            let seen = kept.seen.clone();
            let frame = Frame::of_sign_in(identity, csrf, seen, "Send the form again");
            render(StatusCode::OK, &ResumePage { frame, kept })
        }
        None => Redirect::to(&own_path(fields.text("next"))).into_response(),
    };
    let cookie = cookie.set(&begun.cookie);
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
        sessions: visitor.control.count_sessions(visitor.session).await?,
    })
}

/// Shows times in another zone from now on.
pub(super) async fn set_zone(visitor: Visitor, fields: Fields) -> Response {
    let cookie = zone::set(fields.text("zone"));
    let done = if cookie.is_some() {
        Ok("Times are in this zone now.")
    } else {
        let message = "this time zone is unknown: write it as in Europe/Berlin".to_owned();
        Err(PageError(AdminError::Invalid("unknown_zone", message)))
    };
    let mut response = after(&visitor, done, "/ui/session");
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    std::future::ready(response).await
}

/// Ends the session.
pub(super) async fn sign_out(visitor: Visitor, cookie: SessionCookie) -> PageResult {
    visitor.control.end_session(visitor.session).await?;
    Ok(signed_out(&cookie))
}

/// Ends every session that was begun with the same token, at every gateway.
pub(super) async fn sign_out_everywhere(visitor: Visitor, cookie: SessionCookie) -> PageResult {
    visitor.control.end_sessions(visitor.session).await?;
    Ok(signed_out(&cookie))
}

fn signed_out(cookie: &SessionCookie) -> Response {
    let mut response = Redirect::to(PATH).into_response();
    if let Some(cookie) = cookie.remove() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
