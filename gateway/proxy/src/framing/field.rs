//! One field line at a time, and what the framing fields among them say.

use super::{Violation, bytes, host, limits};

/// What the field lines of one head said so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields {
    count: u16,
    /// The length of the last one's name.
    pub(super) name: usize,
    pub(super) host: bool,
    pub(super) length: Option<u64>,
    pub(super) chunked: bool,
    expect: bool,
}

/// Whose fields they are: some are ruled in requests only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Downstream,
    Upstream,
}

impl Fields {
    /// Checks one line (without its line end) and remembers what matters for framing.
    pub(super) fn line(&mut self, line: &[u8], sender: Sender) -> Result<(), Violation> {
        if self.count == limits::FIELDS {
            return Err(Violation::TooManyFields);
        }
        self.count += 1;
        let (length, underscore) = bytes::token_prefix(line);
        self.name = length;
        let (name, rest) = line.split_at(length);
        let value = match rest {
            [b':', value @ ..] if !name.is_empty() => value,
            _ => return Err(malformed(name, rest)),
        };
        match (sender, name.len()) {
            (Sender::Downstream, 4) if name.eq_ignore_ascii_case(b"host") => self.host(value),
            (Sender::Downstream, 6) if name.eq_ignore_ascii_case(b"expect") => self.expect(value),
            (_, 14) if name.eq_ignore_ascii_case(b"content-length") => self.length(value),
            (_, 17) if name.eq_ignore_ascii_case(b"transfer-encoding") => self.encoding(value),
            (Sender::Downstream, _) if underscore && imitates_protected(name) => {
                Err(Violation::ImitatedField)
            }
            _ => Ok(()),
        }
    }

    fn host(&mut self, value: &[u8]) -> Result<(), Violation> {
        if std::mem::replace(&mut self.host, true) {
            return Err(Violation::RepeatedHost);
        }
        if host::is_valid(bytes::trim_ows(value)) {
            Ok(())
        } else {
            Err(Violation::Host)
        }
    }

    fn expect(&mut self, value: &[u8]) -> Result<(), Violation> {
        let known = bytes::trim_ows(value).eq_ignore_ascii_case(b"100-continue");
        if std::mem::replace(&mut self.expect, true) || !known {
            return Err(Violation::Expectation);
        }
        Ok(())
    }

    fn length(&mut self, value: &[u8]) -> Result<(), Violation> {
        if self.length.is_some() {
            return Err(Violation::RepeatedContentLength);
        }
        if self.chunked {
            return Err(Violation::LengthAndEncoding);
        }
        self.length = Some(decimal(bytes::trim_ows(value)).ok_or(Violation::ContentLength)?);
        Ok(())
    }

    fn encoding(&mut self, value: &[u8]) -> Result<(), Violation> {
        if self.chunked {
            return Err(Violation::RepeatedTransferEncoding);
        }
        if self.length.is_some() {
            return Err(Violation::LengthAndEncoding);
        }
        let value = bytes::trim_ows(value);
        if value.eq_ignore_ascii_case(b"chunked") {
            self.chunked = true;
            return Ok(());
        }
        Err(if is_other_coding(value) {
            Violation::UnknownTransferCoding
        } else {
            Violation::TransferEncoding
        })
    }
}

fn malformed(name: &[u8], rest: &[u8]) -> Violation {
    match rest {
        [b' ' | b'\t', ..] if name.is_empty() => Violation::FoldedField,
        [b' ' | b'\t', ..] => Violation::SpaceBeforeColon,
        _ => Violation::FieldName,
    }
}

/// Digits only, no sign, no leading zero, and small enough for every signed 64-bit reader.
fn decimal(digits: &[u8]) -> Option<u64> {
    // Nineteen digits cannot overflow 64 bits.
    if digits.is_empty() || digits.len() > 19 || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    let mut value = 0_u64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(digit - b'0');
    }
    (value <= i64::MAX.unsigned_abs()).then_some(value)
}

/// A list of codings that is well-formed and ends in `chunked`: honest, but not for us. Whatever
/// else is not `chunked` alone leaves the end of the body unknown.
fn is_other_coding(value: &[u8]) -> bool {
    let mut codings = value.rsplit(|&byte| byte == b',').map(bytes::trim_ows);
    let chunked_last = codings
        .next()
        .is_some_and(|last| last.eq_ignore_ascii_case(b"chunked"));
    let mut others = 0;
    for coding in codings {
        if coding.is_empty()
            || !bytes::all_token(coding)
            || coding.eq_ignore_ascii_case(b"chunked")
            || coding.eq_ignore_ascii_case(b"identity")
        {
            return false;
        }
        others += 1;
    }
    chunked_last && others > 0
}

/// Fields whose look-alike with `_` for `-` a CGI-minded upstream takes for the real one.
const PROTECTED: [&str; 26] = [
    "accept-encoding",
    "access-license-number",
    "alt-used",
    "content-encoding",
    "content-length",
    "content-type",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "set-cookie",
    "transfer-encoding",
    "user-agent",
    "www-authenticate",
    "x-account-number",
    "x-api-key",
    "x-auth-token",
    "x-authorization",
    "x-client-id",
    "x-client-secret",
    "x-merchant-id",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
];
const PROTECTED_PREFIXES: [&str; 3] = ["x-forwarded-", "x-waybill-", "waybill-"];

fn imitates_protected(name: &[u8]) -> bool {
    // `authorization`, `host`, `cookie` and the like have no dash to imitate, but some readers
    // drop a lone underscore around them.
    let bare = trim_underscores(name);
    let single = bare.len() < name.len()
        && [
            "authorization",
            "connection",
            "cookie",
            "expect",
            "host",
            "te",
            "trailer",
            "upgrade",
        ]
        .iter()
        .any(|protected| bare.eq_ignore_ascii_case(protected.as_bytes()));
    single
        || PROTECTED.iter().any(|protected| {
            protected.len() == name.len() && starts_like(name, protected.as_bytes())
        })
        || PROTECTED_PREFIXES
            .iter()
            .any(|prefix| starts_like(name, prefix.as_bytes()))
}

fn trim_underscores(mut name: &[u8]) -> &[u8] {
    while let [b'_', rest @ ..] = name {
        name = rest;
    }
    while let [rest @ .., b'_'] = name {
        name = rest;
    }
    name
}

fn starts_like(name: &[u8], prefix: &[u8]) -> bool {
    name.len() >= prefix.len()
        && name.iter().zip(prefix).all(|(&byte, &wanted)| {
            let byte = if byte == b'_' {
                b'-'
            } else {
                byte.to_ascii_lowercase()
            };
            byte == wanted
        })
}
