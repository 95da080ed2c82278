//! PROXY protocol headers: which name a client, and which are refused.

use gateway_framing::{ProxyHeaderError, read_proxy_header};
use tokio::io::AsyncReadExt as _;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const V4: &[u8] = &[203, 0, 113, 9, 10, 0, 0, 1, 0xC8, 0x22, 0, 80];

/// A header of version 2 with these bytes behind its signature.
fn binary(version_command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).expect("short").to_be_bytes();
    [
        SIGNATURE,
        &[version_command, family, length[0], length[1]],
        rest,
    ]
    .concat()
}

fn v6() -> Vec<u8> {
    let mut rest = Vec::new();
    rest.extend(
        "2001:db8::9"
            .parse::<std::net::Ipv6Addr>()
            .expect("an address")
            .octets(),
    );
    rest.extend([0; 16]);
    rest.extend([0xC8, 0x22, 0, 80]);
    rest
}

/// `client`, `nobody`, or the error's kind; and that the bytes behind the header are still there.
async fn read(header: &[u8]) -> String {
    let bytes = [header, b"GET /"].concat();
    let mut io = &bytes[..];
    match read_proxy_header(&mut io).await {
        Ok(client) => {
            let mut rest = Vec::new();
            io.read_to_end(&mut rest).await.expect("memory");
            assert_eq!(rest, b"GET /");
            client.map_or_else(|| "nobody".to_owned(), |client| client.to_string())
        }
        Err(ProxyHeaderError::Missing) => "missing".to_owned(),
        Err(ProxyHeaderError::Malformed) => "malformed".to_owned(),
        Err(ProxyHeaderError::TooLong) => "too long".to_owned(),
        Err(ProxyHeaderError::Cut(_)) => "cut".to_owned(),
    }
}

#[tokio::test]
async fn text_headers_name_a_client_or_are_refused() {
    let long = format!("PROXY UNKNOWN {}\r\n", "a".repeat(100));
    for (header, expected) in [
        (
            "PROXY TCP4 203.0.113.9 10.0.0.1 51234 80\r\n",
            "203.0.113.9:51234",
        ),
        (
            "PROXY TCP6 2001:db8::9 ::1 51234 80\r\n",
            "[2001:db8::9]:51234",
        ),
        (
            "PROXY TCP6 ::ffff:203.0.113.9 ::1 5 80\r\n",
            "203.0.113.9:5",
        ),
        ("PROXY UNKNOWN\r\n", "nobody"),
        ("PROXY UNKNOWN ffff:: ffff:: 1 2\r\n", "nobody"),
        ("PROXY TCP4 203.0.113.9 10.0.0.1 51234 80\n", "malformed"),
        (
            "PROXY TCP4 203.0.113.9 10.0.0.1 51234 80\r\r\n",
            "malformed",
        ),
        ("PROXY TCP4 203.0.113.9 10.0.0.1 51234\r\n", "malformed"),
        (
            "PROXY TCP4 203.0.113.9 10.0.0.1 51234 80 1\r\n",
            "malformed",
        ),
        ("PROXY TCP4  203.0.113.9 10.0.0.1 51234 80\r\n", "malformed"),
        ("PROXY TCP4 2001:db8::9 ::1 51234 80\r\n", "malformed"),
        ("PROXY TCP6 203.0.113.9 10.0.0.1 51234 80\r\n", "malformed"),
        (
            "PROXY TCP4 203.0.113.009 10.0.0.1 51234 80\r\n",
            "malformed",
        ),
        ("PROXY TCP4 203.0.113.9 10.0.0.1 +5 80\r\n", "malformed"),
        ("PROXY TCP4 203.0.113.9 10.0.0.1 05 80\r\n", "malformed"),
        ("PROXY TCP4 203.0.113.9 10.0.0.1 65536 80\r\n", "malformed"),
        ("PROXY TCP4 balancer 10.0.0.1 5 80\r\n", "malformed"),
        ("PROXY UDP4 203.0.113.9 10.0.0.1 5 80\r\n", "malformed"),
        ("PROXY tcp4 203.0.113.9 10.0.0.1 5 80\r\n", "malformed"),
        ("PROXY UNKNOWNS and more\r\n", "malformed"),
        ("proxy TCP4 203.0.113.9 10.0.0.1 5 80\r\n", "missing"),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\n", "missing"),
        (&long, "too long"),
    ] {
        assert_eq!(read(header.as_bytes()).await, expected, "{header:?}");
    }
}

#[tokio::test]
async fn binary_headers_name_a_client_or_are_refused() {
    let extended = [V4, &[0x04, 0, 1, 0]].concat();
    for (name, header, expected) in [
        ("IPv4", binary(0x21, 0x11, V4), "203.0.113.9:51234"),
        ("IPv6", binary(0x21, 0x21, &v6()), "[2001:db8::9]:51234"),
        (
            "with more",
            binary(0x21, 0x11, &extended),
            "203.0.113.9:51234",
        ),
        ("LOCAL", binary(0x20, 0x00, b""), "nobody"),
        ("LOCAL with an address", binary(0x20, 0x11, V4), "nobody"),
        ("unspecified", binary(0x21, 0x00, b""), "nobody"),
        ("Unix", binary(0x21, 0x31, &[0; 216]), "nobody"),
        ("UDP", binary(0x21, 0x12, V4), "malformed"),
        ("no transport", binary(0x21, 0x10, V4), "malformed"),
        ("version 1", binary(0x11, 0x11, V4), "malformed"),
        ("version 3", binary(0x31, 0x11, V4), "malformed"),
        ("unknown command", binary(0x22, 0x11, V4), "malformed"),
        ("unknown family", binary(0x21, 0x41, V4), "malformed"),
        (
            "too short for IPv4",
            binary(0x21, 0x11, &V4[..11]),
            "malformed",
        ),
        ("too short for IPv6", binary(0x21, 0x21, V4), "malformed"),
        ("too long", binary(0x21, 0x11, &[0; 2049]), "too long"),
    ] {
        assert_eq!(read(&header).await, expected, "{name}");
    }
}

#[tokio::test]
async fn headers_that_break_off_are_no_headers() {
    for whole in [
        b"PROXY TCP4 203.0.113.9 10.0.0.1 51234 80\r\n".to_vec(),
        binary(0x21, 0x11, V4),
    ] {
        for end in 0..whole.len() {
            let error = read_proxy_header(&mut &whole[..end]).await;
            assert!(
                matches!(error, Err(ProxyHeaderError::Cut(_))),
                "{end}: {error:?}"
            );
        }
    }
}
