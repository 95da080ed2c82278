//! The `Host` field: `uri-host [ ":" port ]` and nothing else.

use std::net::Ipv6Addr;

use super::bytes;

/// Whether the value names one host, with or without a port.
///
/// Narrower than the grammar: no percent-encoding, no sub-delimiters (a comma would make two hosts
/// for somebody), no empty port. No name in DNS needs them.
pub(super) fn is_valid(value: &[u8]) -> bool {
    let (host, port) = match value {
        [b'[', rest @ ..] => match memchr::memchr(b']', rest) {
            Some(end) if is_ipv6(&rest[..end]) => return is_port_suffix(&rest[end + 1..]),
            _ => return false,
        },
        _ => match memchr::memchr(b':', value) {
            Some(colon) => value.split_at(colon),
            None => (value, &[][..]),
        },
    };
    !host.is_empty() && bytes::all_host(host) && is_port_suffix(port)
}

fn is_ipv6(literal: &[u8]) -> bool {
    str::from_utf8(literal).is_ok_and(|literal| literal.parse::<Ipv6Addr>().is_ok())
}

/// Nothing, or a colon and a port number.
fn is_port_suffix(suffix: &[u8]) -> bool {
    let [b':', digits @ ..] = suffix else {
        return suffix.is_empty();
    };
    (1..=5).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && digits
            .iter()
            .fold(0_u32, |port, digit| port * 10 + u32::from(digit - b'0'))
            <= u32::from(u16::MAX)
}
