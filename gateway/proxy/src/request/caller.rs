//! Phase 4: who is calling.

use super::{hygiene::Found, legacy_key};
use crate::{
    directory::{
        RouteView,
        app_token::{Holder, Verdict},
        view::DirectoryView,
    },
    error::{Code, Problem},
    field_names as names,
    worker::Connection,
};
use http::{HeaderMap, HeaderValue, header};

/// On whose behalf a request is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A registered app, by its place in the index.
    App(usize),
    /// Whoever sends a retired key of the carrier: it stands for an account, and may be an app's.
    Legacy { app: Option<usize>, account: usize },
    /// Somebody on this machine, over a listener that trusts it.
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

/// Identifies the caller by its key, its token, its retired key, or its place, in this order.
pub(super) fn identify(
    connection: &Connection,
    directory: &DirectoryView,
    (route, view): (usize, &RouteView),
    headers: &HeaderMap,
    found: &Found,
) -> Result<Caller, Problem> {
    let (worker, index) = (&connection.worker, &directory.index);
    if found.removed & names::KEY_BIT != 0
        && let Some(key) = headers.get(names::WAYBILL_KEY)
    {
        let key = key.to_str().ok();
        return match key.and_then(|key| index.app_by_key(key)) {
            Some(app) => Ok(Caller::App(app)),
            None => Err(unauthenticated("the Waybill-Key is not known here")),
        };
    }
    if found.removed & names::AUTHORIZATION_BIT != 0
        && let Some(token) = bearer(headers)
    {
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
                return Err(unauthenticated("the token has expired: fetch a new one"));
            }
            // Not ours: on a trusted listener it is ignored, and removed like every credential.
            Verdict::Good(Holder::Anonymous) | Verdict::Foreign => {}
        }
    }
    if let Some(legacy) = &view.profile.legacy
        && found.lengths.may_hold(legacy.key_header.as_str())
        && let Some(caller) = legacy_key::caller(directory, legacy, route, headers)?
    {
        return Ok(Caller::Legacy {
            app: caller.app,
            account: caller.account,
        });
    }
    if connection.trusted {
        return refuse_web_pages(found).map(|()| Caller::Anonymous);
    }
    Err(unauthenticated(
        "who is calling? Send a token from this gateway's token endpoint, or Waybill-Key",
    ))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| std::str::from_utf8(token).ok())
        .flatten()
}

/// A caller without credentials must not be a web page in the browser of somebody on this machine
/// (cross-site requests, DNS rebinding): any page could ship parcels.
pub(super) fn refuse_web_pages(found: &Found) -> Result<(), Problem> {
    if found.browser {
        return Err(Problem::new(
            Code::BrowserRefused,
            "requests from web pages need credentials, even on this machine",
        ));
    }
    if found.own_host {
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

/// The user and password of Basic authentication (RFC 7617).
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let value = headers
        .get(header::AUTHORIZATION)
        .map(HeaderValue::as_bytes)?;
    let (scheme, encoded) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim_ascii()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
