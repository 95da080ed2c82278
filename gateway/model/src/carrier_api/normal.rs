//! Paths as a forgiving server may read them.
//!
//! For the question whether a path leads to the authorization server, every reading counts that any server on
//! the way could have: one that decodes twice, one that resolves dot segments, one that does not.

use super::template::{PathTemplate, Segment};

/// Rounds of decoding. More than any chain of servers does; each round makes an escaped path shorter.
const ROUNDS: usize = 8;

/// The segments of one reading of a path, none of them empty.
pub(super) enum NormalPath<'a> {
    /// The path needs no other reading than its plain one.
    Plain(&'a str),
    /// Segments without escapes and parameters.
    Read(Vec<String>),
}

impl<'a> NormalPath<'a> {
    /// All readings of a path: one, if it is spelled plainly.
    pub(super) fn readings(path: &'a str) -> Readings<'a> {
        if is_plain(path.as_bytes()) {
            return Readings::Plain(NormalPath::Plain(path));
        }
        // Decoded before it is split: an encoded slash separates for a server that decodes early.
        let literal = segments(&decode(path.as_bytes()));
        let resolved = resolve(&literal);
        let literal = literal
            .into_iter()
            // A server that keeps dot segments may also drop them without going up.
            .filter(|segment| segment != ".." && segment != ".");
        Readings::Several([Self::Read(literal.collect()), Self::Read(resolved)])
    }

    /// Whether its first segments are those of the template, whatever the case of their letters.
    pub(super) fn begins_with(&self, template: &PathTemplate) -> bool {
        match self {
            Self::Plain(path) => {
                let path = path.strip_prefix('/').unwrap_or(path);
                fits(path.split('/'), template)
            }
            Self::Read(segments) => fits(segments.iter().map(String::as_str), template),
        }
    }
}

/// One reading or two.
pub(super) enum Readings<'a> {
    Plain(NormalPath<'a>),
    Several([NormalPath<'a>; 2]),
}

impl<'a> Readings<'a> {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, NormalPath<'a>> {
        match self {
            Self::Plain(path) => std::slice::from_ref(path).iter(),
            Self::Several(paths) => paths.iter(),
        }
    }
}

fn fits<'a>(mut segments: impl Iterator<Item = &'a str>, template: &PathTemplate) -> bool {
    template.segments().iter().all(|wanted| {
        // A path that ends before the template does leads elsewhere.
        segments.next().is_some_and(|segment| match wanted {
            Segment::Literal(text) => text.eq_ignore_ascii_case(segment),
            Segment::Placeholder(_) => !segment.is_empty(),
        })
    })
}

/// Whether every server reads the same segments: no escape, backslash or parameter, nothing that is dropped at
/// a segment's edge, no empty segment, no segment that begins with a dot.
fn is_plain(path: &[u8]) -> bool {
    let mut last = 0;
    for byte in path {
        let odd = match byte {
            b'%' | b'\\' | b';' | b'?' | b'#' => true,
            // Two slashes, or a dot at the beginning of a segment: servers differ in what they make of these.
            b'/' | b'.' => last == b'/',
            byte => *byte <= b' ' || *byte >= 0x7f,
        };
        if odd {
            return false;
        }
        last = *byte;
    }
    true
}

/// Decodes escapes until none is left.
fn decode(path: &[u8]) -> Vec<u8> {
    let mut path = path.to_vec();
    for _ in 0..ROUNDS {
        let mut decoded = Vec::with_capacity(path.len());
        let mut left = path.as_slice();
        while let Some((byte, width)) = unescape(left) {
            decoded.push(byte);
            left = &left[width..];
        }
        // Equal length means that no escape was found, since each makes the path shorter.
        if decoded.len() == path.len() {
            break;
        }
        path = decoded;
    }
    path
}

/// The first byte with its escape decoded, and how many bytes it takes.
pub(super) fn unescape(bytes: &[u8]) -> Option<(u8, usize)> {
    let hex = |at: usize| {
        let digit = char::from(*bytes.get(at)?).to_digit(16)?;
        u8::try_from(digit).ok()
    };
    let first = *bytes.first()?;
    match (first, hex(1), hex(2)) {
        (b'%', Some(high), Some(low)) => Some((high << 4 | low, 3)),
        // A percent sign without two digits stays, as lenient servers leave it.
        _ => Some((first, 1)),
    }
}

/// The segments of a decoded path. Backslashes separate like slashes; a parameter, a query or a fragment ends
/// its segment; white space and control characters vanish, as some servers cut at them or strip them.
fn segments(path: &[u8]) -> Vec<String> {
    let parts = path.split(|byte| matches!(byte, b'/' | b'\\'));
    let text = |part: &[u8]| {
        let end = part.iter().position(|b| matches!(b, b';' | b'?' | b'#'));
        let part = &part[..end.unwrap_or(part.len())];
        let kept: Vec<u8> = part
            .iter()
            .copied()
            .filter(|b| *b > b' ' && *b != 0x7f)
            .collect();
        // Lossy: bytes that are no UTF-8 cannot be part of a literal, and the rest must still be compared.
        String::from_utf8_lossy(&kept).into_owned()
    };
    parts
        .map(text)
        .filter(|segment| !segment.is_empty())
        .collect()
}

/// The segments with dot segments resolved (RFC 3986 section 5.2.4).
fn resolve(segments: &[String]) -> Vec<String> {
    let mut resolved: Vec<String> = Vec::new();
    for segment in segments {
        match segment.as_str() {
            "." => {}
            // Above the root nothing happens, as RFC 3986 says; a path cannot escape that way.
            ".." => drop(resolved.pop()),
            _ => resolved.push(segment.clone()),
        }
    }
    resolved
}
