//! Finds the operation of a control request.

use http::{Method, StatusCode};

use super::people;
use super::request::{ControlError, ControlRequest, ControlResult};
use super::routes::{ROUTES, Route};

/// Runs the operation of a method and path.
pub(super) fn run(control: &ControlRequest<'_>, method: &Method, path: &str) -> ControlResult {
    let path = path.strip_prefix("/__mock/").unwrap_or_default();
    let mut allowed = Vec::new();
    for route in &ROUTES {
        let Some(parameter) = matches(route, path) else {
            continue;
        };
        if method.as_str() == route.method {
            return (route.handler)(control, &parameter);
        }
        // Collected for the 405: one path may have several methods.
        allowed.push(route.method);
    }
    if allowed.is_empty() {
        return Err(ControlError::not_found(
            "no such control path; /__mock/openapi.json lists them",
        ));
    }
    let reason = format!("{method} is not for this path; {} is", allowed.join(" or "));
    Err(ControlError {
        status: StatusCode::METHOD_NOT_ALLOWED,
        reason,
    })
}

/// The segment in braces (empty if the path has none), or `None` if the path is another one.
fn matches(route: &Route, path: &str) -> Option<String> {
    let (mut wanted, mut given) = (route.path.split('/'), path.split('/'));
    let mut parameter = String::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameter),
            (Some(wanted), Some(given)) if wanted.starts_with('{') => {
                // Decoded after the split: a name may hold an encoded slash.
                parameter = people::decode(given);
            }
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}
