//! The cookie by which the login page knows a browser again.

use http::{HeaderValue, header};

use crate::api::ApiResponse;
use crate::endpoint::LOGIN_PATH;
use crate::oauth_state::browser_sessions::BrowserSession;

use super::call::OauthCall;

const COOKIE: &str = "mock-ups-session";

/// Who is signed in with this browser.
pub(super) fn user(call: &OauthCall<'_>) -> Option<BrowserSession> {
    let session = call.mock.browser_sessions.get(id(call)?)?;
    let version = call.mock.registry.password_version(&session.user);
    // A password that was changed, and a user who is gone, end it.
    (call.now_ms < session.expires_at_ms && version == Some(session.password_version))
        .then_some(session)
}

/// Remembers in the browser who has signed in, as long as the settings say.
pub(super) fn remember(
    call: &OauthCall<'_>,
    answer: ApiResponse,
    user: &str,
    password_version: u64,
) -> ApiResponse {
    let lifetime = i64::try_from(call.mock.settings().sign_in_lifetime).unwrap_or(i64::MAX);
    if lifetime == 0 {
        return answer;
    }
    // Somebody else may have signed in with this browser before.
    id(call).inspect(|old| call.mock.browser_sessions.end(old));
    let id = call.mock.issuer.alphanumeric(32);
    let session = BrowserSession {
        user: user.to_owned(),
        password_version,
        expires_at_ms: (call.now_ms).saturating_add(lifetime.saturating_mul(1000)),
    };
    call.mock.browser_sessions.add(&id, session);
    // Without a lifetime of its own, so the browser forgets it when it ends.
    with_cookie(call, answer, &id, "")
}

/// Lets the browser forget who has signed in.
pub(super) fn forget(call: &OauthCall<'_>, answer: ApiResponse) -> ApiResponse {
    id(call).inspect(|old| call.mock.browser_sessions.end(old));
    with_cookie(call, answer, "", "; Max-Age=0")
}

fn id<'c>(call: &OauthCall<'c>) -> Option<&'c str> {
    let fields = call.headers.get_all(header::COOKIE).iter();
    let pairs = fields.filter_map(|field| field.to_str().ok());
    pairs
        .flat_map(|field| field.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn with_cookie(call: &OauthCall<'_>, answer: ApiResponse, id: &str, more: &str) -> ApiResponse {
    let secure = if call.scheme == "https" {
        "; Secure"
    } else {
        ""
    };
    // Lax, as the app's site sends the browser here.
    let cookie = format!("{COOKIE}={id}; Path={LOGIN_PATH}; HttpOnly; SameSite=Lax{secure}{more}");
    match HeaderValue::from_str(&cookie) {
        Ok(cookie) => answer.with_header(header::SET_COOKIE, cookie),
        Err(_) => answer, // an id has letters and digits only
    }
}
