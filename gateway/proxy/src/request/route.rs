//! Which route a request takes: by `Host`, by path prefix, or because it takes the rest.

use crate::{
    directory::{index::Index, view::DirectoryView},
    error::{Code, Problem},
    worker::Connection,
};
use http::{Uri, uri::PathAndQuery};

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) route: usize,
    /// Bytes of the path that only selected the route and are not sent.
    pub(crate) strip: usize,
}

/// Chooses the route.
pub(crate) fn choose(
    connection: &Connection,
    directory: &DirectoryView,
    uri: &Uri,
) -> Result<Choice, Problem> {
    let index = &*directory.index;
    let by_host = connection
        .host_memo
        .borrow()
        .as_ref()
        .and_then(|memo| memo.route);
    if let Some(route) = by_host {
        return Ok(Choice { route, strip: 0 });
    }
    if let Some(route) = index.route_by_prefix(uri.path()) {
        let strip = index.routes[route].prefix.as_ref().map_or(0, String::len);
        return Ok(Choice { route, strip });
    }
    if let Some(route) = index.rest {
        return Ok(Choice { route, strip: 0 });
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
    let rest = &whole.as_str()[strip..];
    if rest.starts_with('/') {
        rest.parse().ok()
    } else {
        format!("/{rest}").parse().ok()
    }
}
