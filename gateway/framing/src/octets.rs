//! Which octets may appear in which part of a head: one table, looked up once per byte.

const TOKEN: u8 = 1;
const UNDERSCORE: u8 = 2;
const TARGET: u8 = 4;
const HOST: u8 = 8;

const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = class(byte);
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

const fn class(byte: u8) -> u8 {
    let mut class = 0;
    if byte.is_ascii_alphanumeric() {
        class |= TOKEN | TARGET | HOST;
    }
    if matches!(
        byte,
        b'!' | b'#'
            | b'$'
            | b'%'
            | b'&'
            | b'\''
            | b'*'
            | b'+'
            | b'-'
            | b'.'
            | b'^'
            | b'_'
            | b'`'
            | b'|'
            | b'~'
    ) {
        class |= TOKEN;
    }
    if byte == b'_' {
        class |= UNDERSCORE;
    }
    // Visible ASCII without what RFC 3986 keeps out of every URI, and without `#`: hyper's URI type
    // would drop the fragment silently.
    if byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'#' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        )
    {
        class |= TARGET;
    }
    if matches!(byte, b'-' | b'.' | b'_' | b'~') {
        class |= HOST;
    }
    class
}

pub(crate) const fn is_token(byte: u8) -> bool {
    CLASSES[byte as usize] & TOKEN != 0
}

pub(crate) fn are_token_octets(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| is_token(byte))
}

/// Whether a request target may hold these bytes.
#[must_use]
pub fn are_target_octets(bytes: &[u8]) -> bool {
    // No early exit: almost every target is valid, and without a branch the loop is vectorised.
    bytes
        .iter()
        .fold(TARGET, |seen, &byte| seen & CLASSES[byte as usize])
        == TARGET
}

/// The length of the host name or IPv4 address at the start.
pub(crate) fn host_prefix(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at)
        && CLASSES[byte as usize] & HOST != 0
    {
        at += 1;
    }
    at
}

/// The length of the token at the start, and whether it contains an underscore.
pub(crate) fn token_prefix(bytes: &[u8]) -> (usize, bool) {
    let mut at = 0;
    // Eight bytes at a time as long as they are letters and dashes, which almost every name is.
    while let Some(word) = bytes[at..].first_chunk::<8>() {
        let plain = plain_prefix(u64::from_le_bytes(*word));
        at += plain;
        if plain < 8 {
            break;
        }
    }
    let mut seen = 0;
    while let Some(&byte) = bytes.get(at) {
        let class = CLASSES[byte as usize];
        if class & TOKEN == 0 {
            break;
        }
        seen |= class;
        at += 1;
    }
    (at, seen & UNDERSCORE != 0)
}

/// One in each of eight bytes, and the high bit of each.
const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES << 7;

/// How many of eight bytes, from the lowest, are letters or dashes, as in almost every field name.
///
/// Eight comparisons in one word: an addition to the lower seven bits carries into the eighth exactly when
/// the byte is large enough, and never into the next byte.
const fn plain_prefix(word: u64) -> usize {
    const SMALL: u64 = ONES * 0x20;
    const DASHES: u64 = ONES * b'-' as u64;
    let letters = (word & !HIGH) | SMALL;
    let from_a = letters + ONES * (0x80 - b'a' as u64);
    let past_z = letters + ONES * (0x7f - b'z' as u64);
    let not_dash = ((word ^ DASHES) & !HIGH) + ONES * 0x7f;
    let plain = ((from_a & !past_z) | !not_dash) & !word & HIGH;
    ((plain ^ HIGH).trailing_zeros() / 8) as usize
}

/// Whether a field value may hold this byte: any byte but a control byte; HTAB is allowed.
pub(crate) const fn is_value(byte: u8) -> bool {
    (byte >= b' ' && byte != 0x7f) || byte == b'\t'
}

/// The offset of the first control byte other than HTAB.
pub(crate) fn first_control(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    // Most lines end within four words. Only longer ones repay the start of the vectorised loop.
    while let Some(word) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        let controls = if may_hold_control(word) {
            controls(word)
        } else {
            0
        };
        if controls != 0 {
            return Some(at + (controls.trailing_zeros() / 8) as usize);
        }
        at += 8;
        if at == 32 {
            while let Some(block) = bytes[at..].first_chunk::<32>()
                && is_clean(block)
            {
                at += 32;
            }
        }
    }
    let tail = bytes[at..].iter().position(|&byte| !is_value(byte));
    tail.map(|offset| at + offset)
}

/// Whether no byte is a control byte other than HTAB. Written so that the compiler vectorises it.
fn is_clean(block: &[u8; 32]) -> bool {
    let mut seen = 0;
    for &byte in block {
        seen |= (u8::from(byte < b' ') & u8::from(byte != b'\t')) | u8::from(byte == 0x7f);
    }
    seen == 0
}

/// Whether one of eight bytes is a control byte or HTAB: half the work of [`controls`].
const fn may_hold_control(word: u64) -> bool {
    let small = word.wrapping_sub(ONES * b' ' as u64) & !word;
    let from_delete = word ^ !HIGH;
    let delete = from_delete.wrapping_sub(ONES) & !from_delete;
    (small | delete) & HIGH != 0
}

/// Sets the high bit of each of eight bytes that is a control byte other than HTAB.
const fn controls(word: u64) -> u64 {
    const SPACES: u64 = ONES * (0x80 - b' ' as u64);
    const TABS: u64 = ONES * b'\t' as u64;
    let small = !(((word & !HIGH) + SPACES) | word);
    let not_tab = ((word ^ TABS) & !HIGH) + !HIGH;
    let not_delete = (((word ^ !HIGH) & !HIGH) + !HIGH) | word;
    ((small & not_tab) | !not_delete) & HIGH
}

/// The value without the optional white space around it (OWS, RFC 9110 section 5.6.3).
#[must_use]
pub fn trim_ows(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', inner @ ..] = bytes {
        bytes = inner;
    }
    while let [inner @ .., b' ' | b'\t'] = bytes {
        bytes = inner;
    }
    bytes
}

/// Whether a comma-separated list has this member, in any case (RFC 9110 section 5.6.1).
#[must_use]
pub fn has_list_member(list: &[u8], member: &str) -> bool {
    list.split(|&byte| byte == b',')
        .any(|found| trim_ows(found).eq_ignore_ascii_case(member.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each byte at each place of a word, compared with the definitions for single bytes.
    #[test]
    fn words_are_judged_as_bytes_are() {
        for length in [8, 9, 40, 100] {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'a'; length];
                    bytes[at] = byte;
                    let control = (!is_value(byte)).then_some(at);
                    assert_eq!(first_control(&bytes), control, "{byte} at {at}");
                    let token = if is_token(byte) { length } else { at };
                    let underscore = byte == b'_';
                    assert_eq!(token_prefix(&bytes), (token, underscore), "{byte} at {at}");
                }
            }
        }
    }
}
