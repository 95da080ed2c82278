//! UPS's OAuth endpoints: `/security/v1/oauth/{validate-client,authorize,token,refresh}` and the
//! login page they lead to. One grant per file.
//!
//! | method and path | file |
//! |---|---|
//! | `POST token`, `grant_type=client_credentials` | `client_credentials.rs` |
//! | `POST token`, `grant_type=authorization_code`, with Basic or PKCE | `authorization_code.rs` |
//! | `POST refresh` | `refresh_token.rs` |
//! | `GET authorize`, `GET validate-client` | `authorize.rs` |
//! | `GET`/`POST /lasso/signin` | `consent.rs` |

mod authorization_code;
mod authorize;
mod bounded;
mod client_credentials;
mod consent;
mod errors;
mod form;
pub(crate) mod grants;
pub(crate) mod issuer;
pub(crate) mod quota;
mod refresh_token;
mod token_response;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::api::{ApiResponse, Environment, UpsError};
use crate::endpoint::LOGIN_PATH;
use crate::journal::RequestFacts;
use crate::mock_state::MockState;
use crate::registry::App;

use form::{Basic, Form, NoBasic};

// No `/api` in front: UPS published such paths once by mistake, and generated clients broke.
const PREFIX: &str = "/security/v1/oauth/";

/// One call to an OAuth endpoint.
pub(crate) struct OauthCall<'a> {
    pub(crate) mock: &'a MockState,
    pub(crate) environment: Environment,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    pub(crate) now_ms: i64,
    /// `https` on a TLS listener.
    pub(crate) scheme: &'static str,
}

impl OauthCall<'_> {
    fn query_form(&self) -> Form {
        self.query
            .map(|query| Form::parse(query.as_bytes()))
            .unwrap_or_default()
    }

    /// The mock as the caller reached it, for `Location` fields.
    fn own_origin(&self) -> String {
        let host = self
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        // HTTP/1.0 clients send no `Host`; the loopback address is as good a guess as any.
        format!("{}://{}", self.scheme, host.unwrap_or("127.0.0.1"))
    }
}

/// Whether a path is answered here.
pub(crate) fn owns(path: &str) -> bool {
    // All of `/security/` is taken, so that an unknown path there gets no bearer check.
    path.starts_with("/security/") || path == LOGIN_PATH
}

/// The client id that a query or form names.
pub(crate) fn client_id_in(query: Option<&str>, body: &[u8]) -> Option<String> {
    let in_query = query.map(|query| Form::parse(query.as_bytes()));
    let found = in_query.as_ref().and_then(|form| form.get("client_id"));
    found
        .map(str::to_owned)
        // The query wins: `authorize` has no body to look into.
        .or_else(|| Form::parse(body).get("client_id").map(str::to_owned))
}

/// Answers a call below `/security` or to the login page.
pub(crate) fn answer(call: &OauthCall<'_>, facts: &mut RequestFacts) -> ApiResponse {
    // Before the table of endpoints: the login page is no part of `/security`.
    if call.path == LOGIN_PATH {
        return consent::answer(call, facts);
    }
    // CustomsDetailV2.yaml names v2 for the token, and only there.
    let endpoint = match call.path {
        "/security/v2/oauth/token" => "token",
        path => path.strip_prefix(PREFIX).unwrap_or_default(),
    };
    let wanted = match endpoint {
        "token" | "refresh" => Method::POST,
        "authorize" | "validate-client" => Method::GET,
        _ => return crate::standard_responses::not_found(),
    };
    if *call.method != wanted {
        return crate::standard_responses::method_not_allowed(&wanted);
    }
    // Only the token endpoints forbid caching here; `authorize` sends browsers away.
    match endpoint {
        "token" => finish(token(call, facts)),
        "refresh" => finish(refresh_token::answer(call, facts)),
        "authorize" => authorize::answer(call, facts),
        _ => authorize::validate_client(call, facts),
    }
}

fn token(call: &OauthCall<'_>, facts: &mut RequestFacts) -> Result<ApiResponse, UpsError> {
    let form = Form::parse(call.body);
    match form.get("grant_type") {
        Some("client_credentials") => client_credentials::answer(call, &form, facts),
        Some("authorization_code") => authorization_code::answer(call, &form, facts),
        _ => {
            // Credentials first: a client with a wrong secret is told so, whatever grant type it names.
            authenticate(call, &form, facts)?;
            Err(errors::bad_request("Invalid/Missing grant_type"))
        }
    }
}

fn finish(outcome: Result<ApiResponse, UpsError>) -> ApiResponse {
    let answer = outcome.unwrap_or_else(ApiResponse::error);
    answer
        // Errors too: a cache in between must not keep a refusal any more than a token.
        .with_header(
            header::CACHE_CONTROL,
            HeaderValue::from_static("max-age=0, no-cache, no-store"),
        )
        .with_header(header::PRAGMA, HeaderValue::from_static("no-cache"))
}

/// The app behind the Basic credentials, or UPS's refusal.
fn authenticate(
    call: &OauthCall<'_>,
    form: &Form,
    facts: &mut RequestFacts,
) -> Result<Arc<App>, UpsError> {
    let basic = match Basic::from_headers(call.headers) {
        Ok(basic) => basic,
        // Only without the header: a client that sends both is judged by its Basic credentials.
        Err(NoBasic::Absent) if form.names_any(&["client_id", "client_secret"]) => {
            form.get("client_id").inspect(|id| facts.set_client(id));
            facts.note = Some("client credentials in the body");
            return Err(errors::credentials_in_body(
                call.mock.settings().body_credentials,
            ));
        }
        Err(NoBasic::Absent | NoBasic::Malformed) => return Err(errors::missing_basic()),
    };
    // Before the secret is checked, so that the journal names the client of a refused call too.
    facts.set_client(&basic.client_id);
    let registry = &call.mock.registry;
    // RFC 6749 has clients form-encode both parts and many do not: either reading may be meant.
    let decoded = basic.form_decoded();
    // Both readings are always looked up and compared: how long that takes tells nothing about either.
    let raw_app = registry.app_in(call.environment, &basic.client_id);
    let decoded_app = registry.app_in(call.environment, &decoded.client_id);
    let matches = |app: &Option<Arc<App>>, secret: &str| {
        app.as_ref().is_some_and(|app| app.secret_matches(secret))
    };
    let raw_matches = matches(&raw_app, &basic.client_secret);
    let decoded_matches = matches(&decoded_app, &decoded.client_secret);
    let is_known = raw_app.is_some() || decoded_app.is_some();
    let found = match (raw_matches, decoded_matches) {
        // The raw reading wins, as it is what nearly every client means.
        (true, _) => raw_app,
        (false, true) => decoded_app.inspect(|app| facts.set_client(&app.client_id)),
        (false, false) => None,
    };
    let Some(app) = found else {
        if is_known {
            facts.note = Some("wrong client secret");
        }
        // One answer for an unknown id and a wrong secret, as at UPS: it does not tell which ids exist.
        return Err(errors::invalid_client());
    };
    // After the secret: an outsider must not learn who is blocked nor use up a client's quota.
    admit(call, &app)?;
    Ok(app)
}

/// Blocked clients and the quota, which hold whatever the grant.
fn admit(call: &OauthCall<'_>, app: &App) -> Result<(), UpsError> {
    // Blocked before the quota: such a client's requests must not count.
    if app.is_blocked() {
        return Err(errors::blocked_merchant());
    }
    let quota = call.mock.settings().token_quota;
    if !call.mock.quota.admit(quota, &app.client_id, call.now_ms) {
        return Err(errors::too_many_requests());
    }
    Ok(())
}

/// An answer without content but with the given `Location`.
fn redirect(location: &str) -> ApiResponse {
    let answer = ApiResponse::json(Bytes::new()).with_status(StatusCode::FOUND);
    match HeaderValue::from_str(location) {
        Ok(value) => answer.with_header(header::LOCATION, value),
        // Redirect URIs are registered text, and a URL in a field has no control characters.
        Err(_) => ApiResponse::error(errors::invalid_redirect()),
    }
}
