//! Phase 4: identifying the caller.

use super::{client_authentication, hygiene::HeadInspection, legacy_key};
use crate::{
    directory::{
        RouteView,
        app_token::{Holder, Verdict},
        view::DirectoryView,
    },
    error::{Code, Problem},
    field_names,
    fields::Fields,
    worker::Connection,
};
use gateway_model::CarrierProfile;
use http::header;

/// The app or account on whose behalf a request is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A registered app, by its place in the index.
    App(usize),
    /// A caller with a retired key of the carrier. The key stands for an account, and may belong to an app.
    Legacy { app: Option<usize>, account: usize },
    /// A caller on this machine without credentials, over a listener with `trust_loopback`.
    Anonymous,
}

impl Caller {
    /// The app, if it is one.
    pub(super) const fn app(self) -> Option<usize> {
        match self {
            Self::App(app) => Some(app),
            Self::Legacy { app, .. } => app,
            Self::Anonymous => None,
        }
    }
}

/// Identifies the caller by its key, its token, its retired key, or its listener, in this order.
pub(super) fn identify(
    connection: &Connection,
    directory: &DirectoryView,
    (route, view): (usize, &RouteView),
    fields: &Fields,
    inspection: &HeadInspection,
) -> Result<Caller, Problem> {
    let (worker, index) = (&connection.worker, &directory.index);
    if inspection.removed & field_names::KEY_BIT != 0
        && let Some(key) = fields.get(&field_names::WAYBILL_KEY)
    {
        // A wrong key is refused even on a trusted listener: the caller meant to be an app.
        let key = key.to_str().ok();
        return match key.and_then(|key| index.app_by_key(key)) {
            Some(app) => Ok(Caller::App(app)),
            None => Err(unauthenticated(
                "the Waybill-Key is not registered at this gateway: register it, or send a valid one",
            )),
        };
    }
    let has_authorization = inspection.removed & field_names::AUTHORIZATION_BIT != 0;
    let token = token_of_fields(fields, inspection, &view.profile)
        .or_else(|| has_authorization.then(|| bearer(fields)).flatten());
    if let Some(token) = token {
        let verdict = worker.app_tokens.verify(
            &mut directory.remembered.borrow_mut(),
            token,
            worker.now(),
            || worker.clock.wall(),
            |subject| index.app_by_subject(subject),
        );
        match verdict {
            Verdict::Good(Holder::App(app)) => return Ok(Caller::App(app)),
            Verdict::Stale => {
                return Err(unauthenticated(
                    "the token has expired, or its app or secret was replaced: request a new one",
                ));
            }
            // A token that another server issued is no error: a client library may send one to every
            // server. It identifies nobody here, and phase 6 removes it.
            Verdict::Good(Holder::Anonymous) | Verdict::Foreign => {}
        }
    }
    if has_authorization
        && view.profile.downstream_basic
        && let Some(app) = client_authentication::app_by_basic(connection, index, fields)
    {
        return Ok(Caller::App(app));
    }
    if let Some(legacy) = &view.profile.legacy
        && inspection.lengths.may_contain(legacy.key_header.as_str())
        && let Some(caller) = legacy_key::caller(directory, legacy, route, fields)?
    {
        return Ok(Caller::Legacy {
            app: caller.app,
            account: caller.account,
        });
    }
    if connection.is_trusted() {
        return refuse_web_pages(inspection).map(|()| Caller::Anonymous);
    }
    Err(unidentified(fields, &view.profile))
}

/// What the credentials of a caller lack that none of the ways identified.
#[cold]
fn unidentified(fields: &Fields, profile: &CarrierProfile) -> Problem {
    let scheme = fields.get(&header::AUTHORIZATION);
    let scheme = scheme.and_then(|value| value.as_bytes().split(|b| *b == b' ').next());
    unauthenticated(match scheme {
        Some(scheme) if scheme.eq_ignore_ascii_case(b"bearer") => {
            "the bearer token names no registered app of this gateway; another server issued it, or the \
             gateway's key has changed since: request one from this gateway's token endpoint, or send \
             Waybill-Key"
        }
        Some(scheme) if scheme.eq_ignore_ascii_case(b"basic") && profile.downstream_basic => {
            "the client id of Basic authentication is unknown at this gateway, or the secret is wrong; \
             register the app with `waybill app add`, or replace its secret with `waybill app rotate`"
        }
        Some(scheme) if scheme.eq_ignore_ascii_case(b"basic") => {
            "Basic credentials count at the token endpoint only: request a token there, or send Waybill-Key"
        }
        Some(_) | None if profile.downstream_basic => {
            "the request has no credentials: send the app's client id and secret with Basic authentication, \
             or Waybill-Key"
        }
        Some(_) | None => {
            "the request has no credentials: send a token from this gateway's token endpoint, or Waybill-Key"
        }
    })
}

/// The token in the field where this carrier's clients have it.
fn token_of_fields<'a>(
    fields: &'a Fields,
    inspection: &HeadInspection,
    profile: &CarrierProfile,
) -> Option<&'a str> {
    let field = profile.downstream_token.as_ref()?.fields.carried.as_ref()?;
    // By the set of lengths first, as for every field that few requests have.
    if !inspection.lengths.may_contain(field.as_str()) {
        return None;
    }
    fields.get(field)?.to_str().ok()
}

fn bearer(fields: &Fields) -> Option<&str> {
    let value = fields.get(&header::AUTHORIZATION)?;
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| std::str::from_utf8(token).ok())
        .flatten()
}

/// Refuses a caller without credentials that is a web page in a browser on this machine (cross-site
/// requests, DNS rebinding). Otherwise any page that a user opens could ship parcels.
pub(super) fn refuse_web_pages(inspection: &HeadInspection) -> Result<(), Problem> {
    if inspection.browser {
        return Err(Problem::new(
            Code::BrowserRefused,
            "requests from web pages need credentials, even on this machine",
        ));
    }
    if inspection.known_host {
        Ok(())
    } else {
        Err(Problem::new(
            Code::HostRefused,
            "without credentials the Host must be localhost, a loopback address or a route's host",
        ))
    }
}

const fn unauthenticated(message: &'static str) -> Problem {
    Problem::new(Code::AppUnauthenticated, message)
}
