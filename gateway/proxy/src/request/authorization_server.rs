//! Phase 3, for all requests to the carrier's authorization server but the token request: refusing them.

use crate::{
    directory::RouteView,
    error::{Code, Problem},
    path_rules::Spelling,
};
use http::uri::PathAndQuery;

/// Refuses a request that the carrier, or a server on the way to it, could take for one to its authorization
/// server. `prefix` is the route's, if the request used it.
pub(super) fn refuse(
    route: &RouteView,
    target: &PathAndQuery,
    spelling: Spelling,
    prefix: Option<&str>,
) -> Result<(), Problem> {
    let path = target.path();
    // Almost every path is spelled plainly, and its first bytes tell. All other readings of a path cost
    // allocations.
    let begins = |root: &String| {
        let start = path.as_bytes().get(..root.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(root.as_bytes()))
    };
    let elsewhere = spelling == Spelling::Plain && !route.authorization_roots.iter().any(begins);
    if elsewhere || !route.profile.api.is_authorization_path(path) {
        return Ok(());
    }
    Err(refusal(route, prefix.unwrap_or_default()))
}

#[cold]
fn refusal(route: &RouteView, prefix: &str) -> Problem {
    let carrier = &route.profile.display_name;
    let token = match &route.profile.downstream_token {
        Some(endpoint) => format!(
            "request a token by POST to {prefix}{}, or send Waybill-Key",
            endpoint.path
        ),
        None => "send Waybill-Key".to_owned(),
    };
    Problem::owned(
        Code::AuthorizationServer,
        format!(
            "this path belongs to the authorization server of {carrier}, to which the gateway forwards \
             nothing: {token}"
        ),
    )
}
