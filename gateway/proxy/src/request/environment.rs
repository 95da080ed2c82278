//! Phase 3, for carriers whose environments share an origin: refusing the paths of the other environment.

use crate::{
    directory::RouteView,
    error::{Code, Problem},
};
use gateway_model::{Environment, PathTemplate};
use http::uri::PathAndQuery;

/// Refuses a request that would leave the route's environment: a test that makes a real shipment costs money.
/// `prefix` is the route's, if the request used it.
pub(super) fn refuse(
    route: &RouteView,
    target: &PathAndQuery,
    prefix: Option<&str>,
) -> Result<(), Problem> {
    match route.only_paths_of {
        Some(environment)
            if !route
                .profile
                .api
                .is_in_environment(environment, target.path()) =>
        {
            Err(refusal(route, environment, prefix.unwrap_or_default()))
        }
        Some(_) | None => Ok(()),
    }
}

#[cold]
fn refusal(route: &RouteView, environment: Environment, prefix: &str) -> Problem {
    let carrier = &route.profile.display_name;
    let own = route.profile.api.environment_path(environment);
    let own = own.map_or("/", PathTemplate::as_str);
    Problem::owned(
        Code::RouteUnknown,
        format!(
            "this route is for the {environment} environment of {carrier}, whose paths begin with \
             {prefix}{own}: send the request there, or use the route of the other environment"
        ),
    )
}
