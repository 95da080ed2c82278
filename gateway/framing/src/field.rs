//! Field lines, one at a time, and the fields among them that frame the message.

use crate::violation::Violation;
use crate::{host, limits, octets};

/// What the field lines of one head have said so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FramingFields {
    count: u16,
    /// The length of the last field's name.
    pub(crate) name: usize,
    pub(crate) host: bool,
    pub(crate) length: Option<u64>,
    pub(crate) chunked: bool,
    /// A `Connection` field has the option `close`.
    pub(crate) close: bool,
    /// A `Connection` field has the option `keep-alive`.
    pub(crate) keep_alive: bool,
    /// The client waits for `100 Continue` (RFC 9110 section 10.1.1).
    pub(crate) expect: bool,
}

/// The kind of message that a head belongs to. Some rules hold for requests only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageKind {
    Request,
    Response,
}

impl FramingFields {
    /// Checks one line (without its line end) and remembers what frames the message.
    pub(crate) fn check_line(&mut self, line: &[u8], kind: MessageKind) -> Result<(), Violation> {
        // Before the line is looked at, so that a head of endless fields costs no more than the limit.
        if self.count == limits::FIELDS {
            return Err(Violation::TooManyFields);
        }
        self.count += 1;
        // One pass finds the end of the name and notes an underscore, since every field line takes this path.
        let (length, underscore) = octets::token_prefix(line);
        self.name = length;
        let (name, remainder) = line.split_at(length);
        let value = match remainder {
            [b':', value @ ..] if !name.is_empty() => value,
            _ => return Err(malformed(name, remainder)),
        };
        // By length first: a name of another length is compared with nothing.
        match (kind, name.len()) {
            (MessageKind::Request, 4) if name.eq_ignore_ascii_case(b"host") => self.host(value),
            (MessageKind::Request, 6) if name.eq_ignore_ascii_case(b"expect") => self.expect(value),
            (MessageKind::Request, 10) if name.eq_ignore_ascii_case(b"connection") => {
                self.connection(value);
                Ok(())
            }
            (_, 14) if name.eq_ignore_ascii_case(b"content-length") => self.length(value),
            (_, 17) if name.eq_ignore_ascii_case(b"transfer-encoding") => self.encoding(value),
            (MessageKind::Request, _) if underscore && imitates_protected(name) => {
                Err(Violation::ImitatedField)
            }
            _ => Ok(()),
        }
    }

    fn host(&mut self, value: &[u8]) -> Result<(), Violation> {
        // RFC 9112 section 3.2: more than one Host must be answered with 400.
        if std::mem::replace(&mut self.host, true) {
            return Err(Violation::RepeatedHost);
        }
        if host::is_valid(octets::trim_ows(value)) {
            Ok(())
        } else {
            Err(Violation::Host)
        }
    }

    fn expect(&mut self, value: &[u8]) -> Result<(), Violation> {
        let known = octets::trim_ows(value).eq_ignore_ascii_case(b"100-continue");
        // A second one is refused even if it says the same: another reader may take only one of them.
        if std::mem::replace(&mut self.expect, true) || !known {
            return Err(Violation::Expectation);
        }
        Ok(())
    }

    /// Takes the options that decide whether the connection persists, as hyper does.
    fn connection(&mut self, value: &[u8]) {
        // hyper ignores all options of a value that holds any other byte. A guard that saw `close` there
        // would wait for an end that never comes.
        if value
            .iter()
            .all(|&byte| matches!(byte, b'\t' | b' '..=b'~'))
        {
            self.close |= octets::has_list_member(value, "close");
            self.keep_alive |= octets::has_list_member(value, "keep-alive");
        }
    }

    fn length(&mut self, value: &[u8]) -> Result<(), Violation> {
        // RFC 9110 section 8.6 lets a recipient take equal values as one. Readers that take the first and
        // readers that take the last must not be given the choice.
        if self.length.is_some() {
            return Err(Violation::RepeatedContentLength);
        }
        // In whichever order the two come.
        if self.chunked {
            return Err(Violation::LengthAndEncoding);
        }
        self.length = Some(decimal(octets::trim_ows(value)).ok_or(Violation::ContentLength)?);
        Ok(())
    }

    fn encoding(&mut self, value: &[u8]) -> Result<(), Violation> {
        // Two fields are a list in which `chunked` is not last, or is there twice.
        if self.chunked {
            return Err(Violation::RepeatedTransferEncoding);
        }
        // RFC 9112 section 6.3 item 3: both together might be an attempt at request smuggling.
        if self.length.is_some() {
            return Err(Violation::LengthAndEncoding);
        }
        let value = octets::trim_ows(value);
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

fn malformed(name: &[u8], remainder: &[u8]) -> Violation {
    match remainder {
        // RFC 9112 section 5.2: a server must refuse obs-fold or replace it; readers that see it as a
        // line of its own frame the message differently.
        [b' ' | b'\t', ..] if name.is_empty() => Violation::FoldedField,
        // RFC 9112 section 5.1: such a request must be answered with 400.
        [b' ' | b'\t', ..] => Violation::SpaceBeforeColon,
        _ => Violation::FieldName,
    }
}

/// Digits only, no sign, no leading zero, and small enough for a signed 64-bit counter.
fn decimal(digits: &[u8]) -> Option<u64> {
    // Nineteen digits cannot overflow 64 bits.
    // No leading zero: some readers take such a number for an octal one.
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

/// Whether the value is a well-formed list of codings that ends in `chunked`. RFC 9112 section 6.1 demands
/// 501 for it; with any other list the end of the body is unknown.
fn is_other_coding(value: &[u8]) -> bool {
    let mut codings = value.rsplit(|&byte| byte == b',').map(octets::trim_ows);
    let chunked_last = codings
        .next()
        .is_some_and(|last| last.eq_ignore_ascii_case(b"chunked"));
    let mut others = 0;
    for coding in codings {
        if coding.is_empty()
            || !octets::are_token_octets(coding)
            || coding.eq_ignore_ascii_case(b"chunked")
            // `identity` was a coding once, and readers disagree about what it says of the length.
            || coding.eq_ignore_ascii_case(b"identity")
        {
            return false;
        }
        others += 1;
    }
    chunked_last && others > 0
}

/// Fields that must not have an imitation with `_` for `-`: a CGI-style upstream maps both to the same name.
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
    // Names without a dash have nothing to imitate, but some readers drop an underscore around them.
    let bare = trim_underscores(name);
    // Some readers drop underscores at the edges as well.
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
    while let [b'_', inner @ ..] = name {
        name = inner;
    }
    while let [inner @ .., b'_'] = name {
        name = inner;
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
