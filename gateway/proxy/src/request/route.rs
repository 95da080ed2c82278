//! Phase 2: choosing the route by `Host`, by path prefix, or because it is the catch-all route.

use crate::{
    directory::{index::Index, view::DirectoryView},
    error::{Code, Problem},
    worker::Connection,
};
use http::{Uri, uri::PathAndQuery};

/// The route of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChosenRoute {
    pub(crate) route: usize,
    /// How many bytes of the path selected the route; they are not sent.
    pub(crate) strip: usize,
}

/// Chooses the route.
pub(crate) fn choose(
    connection: &Connection,
    directory: &DirectoryView,
    uri: &Uri,
) -> Result<ChosenRoute, Problem> {
    let index = &*directory.index;
    let by_host = connection
        .host_memo
        .borrow()
        .as_ref()
        .and_then(|memo| memo.route);
    // The Host first: an app that uses the carrier's own name sends the carrier's own paths.
    if let Some(route) = by_host {
        return Ok(ChosenRoute { route, strip: 0 });
    }
    if let Some(route) = index.route_by_prefix(uri.path()) {
        let strip = index.routes[route].prefix.as_ref().map_or(0, String::len);
        return Ok(ChosenRoute { route, strip });
    }
    if let Some(route) = index.catch_all {
        return Ok(ChosenRoute { route, strip: 0 });
    }
    match index.routes.len() {
        0 => Err(Problem::new(
            Code::RouteUnknown,
            "this gateway has no route yet: add a [[route]] to its configuration",
        )),
        _ => Err(no_route(index)),
    }
}

#[cold]
fn no_route(index: &Index) -> Problem {
    let prefixes: Vec<&str> = (index.routes.iter())
        .filter_map(|route| route.prefix.as_deref())
        // A few are enough to show the way, and the list may be long.
        .take(10)
        .collect();
    let code = if prefixes.is_empty() {
        Code::Misdirected
    } else {
        Code::RouteUnknown
    };
    let ways = if prefixes.is_empty() {
        "send the route's host name in Host".to_owned()
    } else {
        format!(
            "begin the path with one of {}, or send the route's host name in Host",
            prefixes.join(", ")
        )
    };
    Problem::owned(
        code,
        format!("this gateway serves several carriers: {ways}"),
    )
}

/// The target as it is sent: origin-form, without the prefix.
pub(crate) fn target(uri: &Uri, strip: usize) -> Option<PathAndQuery> {
    let whole = uri.path_and_query()?;
    if strip == 0 {
        return Some(whole.clone());
    }
    let remainder = &whole.as_str()[strip..];
    if remainder.starts_with('/') {
        remainder.parse().ok()
    } else {
        // A prefix without anything behind it asks for the carrier's root.
        format!("/{remainder}").parse().ok()
    }
}
