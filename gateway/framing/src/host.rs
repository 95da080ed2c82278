//! The `Host` field: `uri-host [ ":" port ]` and nothing else (RFC 9110 section 7.2).

use std::net::Ipv6Addr;

use crate::octets;

/// Whether the value names one host, with or without a port.
///
/// Stricter than the grammar: no percent-encoding, no sub-delimiters and no empty port. DNS names need
/// none of them, and a comma makes some readers see two hosts.
pub(crate) fn is_valid(value: &[u8]) -> bool {
    // Only IPv6 stands in brackets; future kinds of addresses have no reader here.
    if let [b'[', literal @ ..] = value {
        return match memchr::memchr(b']', literal) {
            Some(end) => is_ipv6(&literal[..end]) && is_port_suffix(&literal[end + 1..]),
            None => false,
        };
    }
    let name = octets::host_prefix(value);
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
    // Before the loop: more than five digits could not be a port, and might overflow.
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
