//! Which bodies UPS's back end can read at all.

/// Whether the body is JSON at all, whatever it says.
pub(crate) fn is_json(body: &[u8]) -> bool {
    // Without building anything: only whether it parses matters.
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// Whether the JSON text holds a control character that UPS's back end cannot digest, raw or as an
/// escape. Tab, line feed and carriage return pass.
pub(crate) fn holds_control_character(body: &[u8]) -> bool {
    // Two comparisons settle a byte of nearly every body: it is a letter, a digit or a mark, and no backslash.
    let is_plain = |byte: u8| (byte.wrapping_sub(0x20) < 0x5f) & (byte != b'\\');
    // Line breaks and letters of other languages need a closer look. A backslash is frequent in harmless escapes,
    // so only the third look decides.
    let is_harmless = |byte: u8| {
        (byte >= 0x20 || byte == b'\t' || byte == b'\n' || byte == b'\r')
            & (byte != 0x7f)
            & (byte != b'\\')
    };
    !every(body, is_plain) && !every(body, is_harmless) && holds_control_escape(body)
}

/// Whether this holds for every byte. Without branches inside a chunk the compiler compares many bytes at a time.
#[inline(always)]
fn every(body: &[u8], holds: impl Fn(u8) -> bool) -> bool {
    let all = |bytes: &[u8]| bytes.iter().fold(true, |all, byte| all & holds(*byte));
    let (chunks, rest) = body.as_chunks::<64>();
    let (short_chunks, rest) = rest.as_chunks::<8>();
    chunks.iter().all(|chunk| all(chunk))
        && short_chunks.iter().all(|chunk| all(chunk))
        && all(rest)
}

/// Checks byte by byte. Most bodies hold no suspicious byte and never get here.
fn holds_control_escape(body: &[u8]) -> bool {
    if body
        .iter()
        .any(|byte| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r') || *byte == 0x7f)
    {
        return true;
    }
    let mut rest = body;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        match rest.get(at + 1) {
            Some(b'b' | b'f') => return true,
            Some(b'u') if is_control_escape(&rest[at + 2..]) => return true,
            // Two bytes at once: the character after a backslash begins no escape of its own.
            Some(_) => rest = &rest[at + 2..],
            None => return false,
        }
    }
    false
}

fn is_control_escape(digits: &[u8]) -> bool {
    let Some([b'0', b'0', high @ (b'0' | b'1'), low]) = digits.first_chunk::<4>() else {
        return false;
    };
    // Tab, line feed and carriage return pass, as raw ones do.
    !(*high == b'0' && matches!(low, b'9' | b'a' | b'A' | b'd' | b'D'))
}
