//! UPS's OAuth endpoints: `/security/v1/oauth/{validate-client,authorize,token,refresh}` and the
//! login page they lead to. One grant per file.
//!
//! | method and path | file |
//! |---|---|
//! | `POST token`, `grant_type=client_credentials` | `client_credentials.rs` |
//! | `POST token`, `grant_type=authorization_code`, with Basic or PKCE | `authorization_code.rs` |
//! | `POST refresh` | `refresh_token.rs` |
//! | `GET authorize`, `GET validate-client` | `authorize.rs` |
//! | `GET`/`POST /lasso/signin` | `consent.rs`, its cookie `signed_in.rs` |

mod authenticate;
mod authorization_code;
mod authorize;
mod call;
mod client_credentials;
mod consent;
mod errors;
mod form;
mod refresh_token;
mod signed_in;
mod token_response;

use http::{HeaderValue, Method, header};

use crate::api::{ApiResponse, UpsError};
use crate::endpoint::LOGIN_PATH;
use crate::journal::RequestFacts;

pub(crate) use call::OauthCall;
pub(crate) use token_response::accept;

use authenticate::authenticate;
use form::Form;

// No `/api` in front: UPS published such paths once by mistake, and generated clients broke.
const PREFIX: &str = "/security/v1/oauth/";

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
