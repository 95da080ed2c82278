//! MaxiCode (ISO/IEC 16023) in mode 2 and 3: a structured carrier message, as parcels have it.

use anyd::codes::maxicode::{Carrier, MaxiCodeEncoder, MaxiCodeMeta};
use anyd::output::Encoding;
use anyd::traits::Encode as _;
use anyd::{Symbol, SymbolMeta, Symbology};

/// Codewords of the secondary message. The primary message has ten of its own.
pub(super) const SECONDARY: usize = 84;

pub(super) const COLUMNS: usize = 30;
pub(super) const ROWS: usize = 33;

/// What a symbol carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Nine digits (mode 2), or six letters and digits (mode 3).
    pub(super) postal_code: String,
    /// ISO 3166-1 numeric.
    pub(super) country: u16,
    pub(super) class_of_service: u16,
    pub(super) secondary: String,
}

impl Message {
    pub(super) fn mode(&self) -> u8 {
        let is_numeric = self.postal_code.bytes().all(|byte| byte.is_ascii_digit());
        if is_numeric && self.postal_code.len() == 9 {
            2
        } else {
            3
        }
    }

    /// The dark modules, row by row, thirty to the row. A message that does not fit gives none.
    pub(super) fn modules(&self) -> Vec<bool> {
        let Some(body) = codewords(&self.secondary) else {
            return Vec::new();
        };
        let meta = MaxiCodeMeta {
            mode: self.mode(),
            carrier: Some(Carrier {
                postcode: self.postal_code.clone(),
                country: self.country,
                service: self.class_of_service,
            }),
            body,
        };
        let symbol = Symbol::new(Symbology::MaxiCode, Vec::new(), SymbolMeta::MaxiCode(meta));
        let Ok(Encoding::Matrix(matrix)) = MaxiCodeEncoder::new().encode(&symbol) else {
            return Vec::new();
        };
        let cells = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (column, row)));
        cells.map(|(column, row)| matrix.get(column, row)).collect()
    }
}

// Code set A and the shifts out of it.
const SHIFT_B: u8 = 59;
const SHIFT_E: u8 = 62;
const NUMERIC_SHIFT: u8 = 31;
const PAD: u8 = 33;

/// The secondary message in codewords, padded; `None` if it is too long.
///
/// The encoder crate latches between code sets, which takes more codewords than a shift for the few characters
/// outside of set A, so an address would not fit. This makes what `zint` makes.
pub(super) fn codewords(text: &str) -> Option<Vec<u8>> {
    let mut words = Vec::with_capacity(SECONDARY);
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        if let Some((digits, others)) = nine_digits(rest) {
            // Nine digits are a number of thirty bits, in five codewords.
            words.push(NUMERIC_SHIFT);
            words.extend((0..5).rev().map(|word| (digits >> (6 * word) & 0x3f) as u8));
            rest = others;
            continue;
        }
        match *first {
            letter @ b'A'..=b'Z' => words.push(letter - b'A' + 1),
            // Set A has these at their ASCII codes: space, quotation mark to colon, and FS, GS, RS.
            same @ (b' ' | b'"'..=b':' | 28..=30) => words.push(same),
            symbol @ b'['..=b'_' => words.extend([SHIFT_B, symbol - b'[' + 42]),
            symbol @ b';'..=b'?' => words.extend([SHIFT_B, symbol - b';' + 37]),
            control @ 0..=26 => words.extend([SHIFT_E, control]),
            other => {
                debug_assert!(false, "{other} is cleaned away before");
                words.push(b' ');
            }
        }
        rest = others;
    }
    if words.len() > SECONDARY {
        return None;
    }
    words.resize(SECONDARY, PAD);
    Some(words)
}

fn nine_digits(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(9)?;
    let digits = std::str::from_utf8(digits).ok()?;
    let all = digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| all)?, rest))
}

#[cfg(test)]
mod tests;
