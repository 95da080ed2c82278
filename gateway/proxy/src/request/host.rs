//! What a request's `Host` must be, and what it means here.

use crate::{
    directory::view::DirectoryView,
    error::Problem,
    message::Request,
    upstream::body::AppBody,
    worker::{Connection, HostMemo},
};
use http::Version;

/// Checks that exactly one name tells the server, and learns what it means here. The same connection mostly sends the same name.
pub(super) fn check(
    connection: &Connection,
    directory: &DirectoryView,
    request: &Request<AppBody>,
    (hosts, host): (usize, Option<&[u8]>),
) -> Result<(), Problem> {
    let authority = request.uri.authority().map(|a| a.as_str().as_bytes());
    let http2 = request.version == Version::HTTP_2;
    let name = match (host, authority) {
        // HTTP/2 names the server in `:authority`, so `Host` alone is not enough there.
        (Some(host), None) if hosts == 1 && !http2 => host,
        (None, Some(authority)) if http2 => authority,
        (Some(host), Some(authority)) if hosts == 1 && host.eq_ignore_ascii_case(authority) => host,
        // Two names for the server: a proxy in front may have routed by the other one.
        (Some(_) | None, Some(_) | None) => {
            return Err(Problem::bad("exactly one Host must name the server").closing());
        }
    };
    // A client mostly sends the same Host on one connection; the version guards against a directory that
    // changed since.
    if let Some(memo) = &*connection.host_memo.borrow()
        && memo.version == directory.version
        && *memo.value == *name
    {
        return Ok(());
    }
    let Some(host) = std::str::from_utf8(name).ok().filter(|host| is_host(host)) else {
        return Err(
            Problem::bad("the Host is not a name or address with an optional port").closing(),
        );
    };
    *connection.host_memo.borrow_mut() = Some(HostMemo {
        version: directory.version,
        value: name.into(),
        route: directory.index.route_by_host(host),
        local: is_local(host),
    });
    Ok(())
}

/// `uri-host [ ":" port ]` of RFC 9110 section 7.2, without user information.
fn is_host(text: &str) -> bool {
    let (name, port) = split_port(text);
    let name_ok = match name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
    {
        Some(literal) => literal.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            // 253 bytes are the longest name that DNS can carry.
            let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            !name.is_empty() && name.len() <= 253 && name.bytes().all(allowed)
        }
    };
    // `u16::from_str` accepts a leading plus sign; the grammar does not.
    name_ok && port.is_none_or(|port| port.parse::<u16>().is_ok() && !port.starts_with('+'))
}

fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        // A colon inside brackets belongs to the address.
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        Some(_) | None => (text, None),
    }
}

/// A name or address that only this machine answers to; a web page's own name never does.
fn is_local(host: &str) -> bool {
    let (name, _) = split_port(host);
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let literal = name.trim_start_matches('[').trim_end_matches(']');
    literal
        .parse::<std::net::IpAddr>()
        // Canonical: `::ffff:127.0.0.1` is a loopback address too.
        .is_ok_and(|ip| ip.to_canonical().is_loopback())
}
