//! The `Host` field: `uri-host [ ":" port ]` and nothing else.

use std::net::Ipv6Addr;

use super::bytes;

/// Whether the value names one host, with or without a port.
///
/// Narrower than the grammar: no percent-encoding, no sub-delimiters (a comma would make two hosts
/// for somebody), no empty port. No name in DNS needs them.
pub(super) fn is_valid(value: &[u8]) -> bool {
    if let [b'[', rest @ ..] = value {
        return match memchr::memchr(b']', rest) {
            Some(end) => is_ipv6(&rest[..end]) && is_port_suffix(&rest[end + 1..]),
            None => false,
        };
    }
    let name = bytes::host_prefix(value);
    name > 0 && is_port_suffix(&value[name..])
}

fn is_ipv6(literal: &[u8]) -> bool {
    str::from_utf8(literal).is_ok_and(|literal| literal.parse::<Ipv6Addr>().is_ok())
}

/// Nothing, or a colon and a port number.
fn is_port_suffix(suffix: &[u8]) -> bool {
    let [b':', digits @ ..] = suffix else {
        return suffix.is_empty();
    };
    if digits.is_empty() || digits.len() > 5 {
        return false;
    }
    let mut port = 0_u32;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return false;
        }
        port = port * 10 + u32::from(digit - b'0');
    }
    port <= u32::from(u16::MAX)
}
