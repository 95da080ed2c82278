//! Decimal numbers as clients send them, without floating point.

/// A decimal number in thousandths, rounded up beyond the third digit: `"7.874"` is 7874. `None`
/// for anything that is not a plain decimal or has more than nine digits before the point.
pub(crate) fn thousandths(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &[][..]),
    };
    // Bounded on both sides, so that the number fits and hostile digits cost nothing.
    if whole.is_empty() && fraction.is_empty() || whole.len() > 9 || fraction.len() > 18 {
        return None;
    }
    let mut value = 0_i64;
    for byte in whole {
        value = value * 10 + decimal(*byte)?;
    }
    for place in 0..3 {
        value = value * 10 + fraction.get(place).map_or(Some(0), |byte| decimal(*byte))?;
    }
    let mut more = false;
    for byte in fraction.iter().skip(3) {
        // Rounded up, since weights beyond a limit must not be cut down to it.
        more |= decimal(*byte)? > 0;
    }
    let value = value + i64::from(more);
    Some(if negative { -value } else { value })
}

fn decimal(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}
