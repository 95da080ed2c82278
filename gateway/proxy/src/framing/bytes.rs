//! Which bytes may stand where: one table, looked up once per byte.

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
    // Visible ASCII without what RFC 3986 keeps out of every URI and without the fragment mark,
    // which hyper's URI type would cut off in silence.
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

pub(super) const fn is_token(byte: u8) -> bool {
    CLASSES[byte as usize] & TOKEN != 0
}

pub(super) fn all_token(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| is_token(byte))
}

pub(crate) fn all_target(bytes: &[u8]) -> bool {
    // No early exit: the loop stays branch-free, and almost every target is fine.
    bytes
        .iter()
        .fold(TARGET, |seen, &byte| seen & CLASSES[byte as usize])
        == TARGET
}

/// How many bytes at the start a plain host name or IPv4 address may hold.
pub(super) fn host_prefix(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at)
        && CLASSES[byte as usize] & HOST != 0
    {
        at += 1;
    }
    at
}

/// The length of the token at the start, and whether it has an underscore.
pub(super) fn token_prefix(bytes: &[u8]) -> (usize, bool) {
    let mut at = 0;
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
/// Eight comparisons in one word: adding to seven bits carries into the eighth when the byte is at
/// least so large, and never into the next byte.
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

/// Whether a field value may hold this byte: everything but control bytes, HTAB allowed.
pub(super) const fn is_value(byte: u8) -> bool {
    (byte >= b' ' && byte != 0x7f) || byte == b'\t'
}

/// Where the first control byte is, tabs left aside.
pub(super) fn first_control(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    // Most lines end within four words. In a long one, a block at a time is vectorised.
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
    let rest = bytes[at..].iter().position(|&byte| !is_value(byte));
    rest.map(|offset| at + offset)
}

/// Whether no byte is a control byte, tabs left aside. Written so that it is vectorised.
fn is_clean(block: &[u8; 32]) -> bool {
    let mut seen = 0;
    for &byte in block {
        seen |= (u8::from(byte < b' ') & u8::from(byte != b'\t')) | u8::from(byte == 0x7f);
    }
    seen == 0
}

/// Whether a control byte or a tab is among eight bytes; half the work of [`controls`].
const fn may_hold_control(word: u64) -> bool {
    let small = word.wrapping_sub(ONES * b' ' as u64) & !word;
    let from_delete = word ^ !HIGH;
    let delete = from_delete.wrapping_sub(ONES) & !from_delete;
    (small | delete) & HIGH != 0
}

/// The high bit of each of eight bytes that is a control byte and no tab.
const fn controls(word: u64) -> u64 {
    const SPACES: u64 = ONES * (0x80 - b' ' as u64);
    const TABS: u64 = ONES * b'\t' as u64;
    let small = !(((word & !HIGH) + SPACES) | word);
    let not_tab = ((word ^ TABS) & !HIGH) + !HIGH;
    let not_delete = (((word ^ !HIGH) & !HIGH) + !HIGH) | word;
    ((small & not_tab) | !not_delete) & HIGH
}

/// The value without the white space around it.
pub(crate) fn trim_ows(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at every place of a word, against the plain definitions.
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
