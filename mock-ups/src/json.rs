//! A JSON writer for answers: appends to one buffer, in the style in which the live service writes.
//!
//! A rating answer has some three hundred members and is written on every request of a load test,
//! so this goes around `serde`: no tree, no map, no temporary strings.

/// How members are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `", "` between members, as rating and shipping answer.
    Spaced,
    /// `","`, as time in transit and tracking answer.
    Compact,
}

/// The writer. Containers are closures, so brackets always match.
///
/// The small methods are forced inline: keys are constants, and only where the compiler sees that
/// does it copy them without a call. That alone halves the time of an answer.
#[derive(Debug)]
pub(crate) struct Json {
    out: Vec<u8>,
    style: Style,
    /// Whether the next member is the first of its container.
    first: bool,
}

impl Json {
    /// A whole document: one object.
    pub(crate) fn document(style: Style, capacity: usize, body: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut json = Self {
            out: Vec::with_capacity(capacity),
            style,
            first: true,
        };
        json.braces(body);
        json.out
    }

    #[inline(always)]
    fn separate(&mut self) {
        if self.first {
            self.first = false;
        } else {
            match self.style {
                Style::Spaced => self.out.extend_from_slice(b", "),
                Style::Compact => self.out.push(b','),
            }
        }
    }

    /// The separator, the name and its colon.
    #[inline(always)]
    fn key(&mut self, key: &str) {
        self.name(key);
        self.out.extend_from_slice(b"\":");
    }

    /// The separator and the name. What follows begins with `":`, so that constants are
    /// appended whole.
    #[inline(always)]
    fn name(&mut self, key: &str) {
        match (self.first, self.style) {
            (true, _) => self.out.push(b'"'),
            (false, Style::Spaced) => self.out.extend_from_slice(b", \""),
            (false, Style::Compact) => self.out.extend_from_slice(b",\""),
        }
        self.first = false;
        self.out.extend_from_slice(key.as_bytes());
    }

    #[inline(always)]
    fn braces(&mut self, body: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        self.first = true;
        body(self);
        // An empty object must not make the next member the first.
        self.first = false;
        self.out.push(b'}');
    }

    /// `"key":{…}`.
    #[inline(always)]
    pub(crate) fn object(&mut self, key: &str, body: impl FnOnce(&mut Self)) {
        self.name(key);
        self.out.extend_from_slice(b"\":{");
        self.first = true;
        body(self);
        self.first = false;
        self.out.push(b'}');
    }

    /// `"key":{"CurrencyCode":"USD", "MonetaryValue":"12.34"}` from hundredths.
    #[inline(always)]
    pub(crate) fn money(&mut self, key: &str, currency: &'static str, value: i64) {
        self.name(key);
        self.money_value(currency, value);
    }

    /// Most of an answer is this, so nearly all of it is put together beside the document and appended in one piece.
    fn money_value(&mut self, currency: &'static str, value: i64) {
        // Where the digits begin.
        const NUMBER: usize = 42;
        // All currencies have three letters.
        let [a, b, c] = *currency.as_bytes() else {
            return;
        };
        let mut text = *b"\":{\"CurrencyCode\":\"...\", \"MonetaryValue\":\"0.00\"}..";
        // The three dots stand where the currency goes, and the two at the end make room for larger numbers.
        [text[19], text[20], text[21]] = [a, b, c];
        let (start, number) = text.split_at_mut(NUMBER);
        let length = match number.first_chunk_mut() {
            // A third of all money is nothing.
            Some(_) if value == 0 => Some(6),
            Some(number) => closed_hundredths(number, value),
            None => None,
        };
        match (self.style, length) {
            (Style::Spaced, Some(length)) => {
                let end = self.out.len() + start.len() + length;
                self.out.extend_from_slice(&text);
                self.out.truncate(end);
            }
            (style, _) => {
                // Left out is the blank between the two members.
                let blank = usize::from(style == Style::Compact);
                self.out.extend_from_slice(&start[..24]);
                self.out.extend_from_slice(&start[24 + blank..]);
                push_closed(&mut self.out, value, hundredths);
            }
        }
    }

    /// `"key":[{…}, …]`, one object per item.
    #[inline(always)]
    pub(crate) fn array<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        self.key(key);
        self.out.push(b'[');
        self.first = true;
        for item in items {
            self.separate();
            self.braces(|json| each(json, item));
        }
        self.first = false;
        self.out.push(b']');
    }

    /// A list that older versions write as a bare object when it has one item: nothing when empty.
    pub(crate) fn list<T>(
        &mut self,
        key: &str,
        always_array: bool,
        items: impl ExactSizeIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        // An empty list is left out, as in live answers.
        match items.len() {
            0 => {}
            1 if !always_array => {
                for item in items {
                    self.object(key, |json| each(json, item));
                }
            }
            _ => self.array(key, items, each),
        }
    }

    /// `"key":["…", …]`.
    pub(crate) fn strings<'s>(&mut self, key: &str, items: impl IntoIterator<Item = &'s str>) {
        self.key(key);
        self.out.push(b'[');
        self.first = true;
        for item in items {
            self.separate();
            self.quoted(item);
        }
        self.first = false;
        self.out.push(b']');
    }

    /// `"key":"value"`, escaped.
    #[inline(always)]
    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.quoted(value);
    }

    /// `"key":true`.
    #[inline(always)]
    pub(crate) fn boolean(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// `"key":7`, a JSON number.
    #[inline(always)]
    pub(crate) fn number(&mut self, key: &str, value: i64) {
        self.key(key);
        push_integer(&mut self.out, value);
    }

    /// `"key":"7"`, a number as a string.
    #[inline(always)]
    pub(crate) fn integer_text(&mut self, key: &str, value: i64) {
        self.name(key);
        self.out.extend_from_slice(b"\":\"");
        push_integer(&mut self.out, value);
        self.out.push(b'"');
    }

    /// `"key":"12.34"` from hundredths.
    #[inline(always)]
    pub(crate) fn hundredths(&mut self, key: &str, value: i64) {
        self.name(key);
        self.out.extend_from_slice(b"\":\"");
        push_hundredths(&mut self.out, value);
        self.out.push(b'"');
    }

    /// Members that were rendered before and are always the same, without the outer separator.
    /// `members` must be `"key":value` text in this writer's style.
    #[inline(always)]
    pub(crate) fn prepared(&mut self, members: &str) {
        self.separate();
        self.out.extend_from_slice(members.as_bytes());
    }

    /// Prepared members with a number in tenths, as text, at the end of the object that they close.
    #[inline(always)]
    pub(crate) fn prepared_tenths(&mut self, before: &str, value: i64) {
        self.prepared(before);
        push_closed(&mut self.out, value, tenths);
    }

    /// Prepared members with a word in their middle that needs no escape.
    #[inline(always)]
    pub(crate) fn prepared_around(&mut self, before: &str, word: &str, after: &str) {
        self.prepared(before);
        self.out.extend_from_slice(word.as_bytes());
        self.out.extend_from_slice(after.as_bytes());
    }

    /// `"key":"value"` for text that needs no escape: a constant of the program, or a number.
    #[inline(always)]
    pub(crate) fn word(&mut self, key: &str, value: &str) {
        self.name(key);
        self.out.extend_from_slice(b"\":\"");
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'"');
    }

    /// `"key":"value"` in two parts that need no escape.
    #[inline(always)]
    pub(crate) fn word_with(&mut self, key: &str, value: &str, end: &str) {
        self.name(key);
        self.out.extend_from_slice(b"\":\"");
        self.out.extend_from_slice(value.as_bytes());
        self.out.extend_from_slice(end.as_bytes());
        self.out.push(b'"');
    }

    fn quoted(&mut self, text: &str) {
        self.out.push(b'"');
        let bytes = text.as_bytes();
        // A look first: nearly no text has anything to escape.
        if bytes.iter().any(|byte| needs_escape(*byte)) {
            self.escaped(bytes);
        } else {
            self.out.extend_from_slice(bytes);
        }
        self.out.push(b'"');
    }

    fn escaped(&mut self, bytes: &[u8]) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        for &byte in bytes {
            match byte {
                b'"' => self.out.extend_from_slice(b"\\\""),
                b'\\' => self.out.extend_from_slice(b"\\\\"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                0..0x20 => {
                    self.out.extend_from_slice(b"\\u00");
                    self.out.push(HEX[usize::from(byte >> 4)]);
                    self.out.push(HEX[usize::from(byte & 15)]);
                }
                _ => self.out.push(byte),
            }
        }
    }
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Room for the digits of an `i64`, a sign and a point.
const DIGITS: usize = 24;

/// `00` to `99`.
static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + number as u8 / 10, b'0' + number as u8 % 10];
        number += 1;
    }
    pairs
};

/// The last two decimal digits.
const fn pair(value: u64) -> [u8; 2] {
    PAIRS[(value % 100) as usize]
}

/// Writes a whole number to the end of `out`, which is full of `-`, and says where it begins.
fn integer(out: &mut [u8; DIGITS], end: usize, value: u64) -> usize {
    let mut at = end;
    let mut rest = value;
    loop {
        let [first, second] = pair(rest);
        out[at - 1] = second;
        if rest < 10 {
            return at - 1;
        }
        out[at - 2] = first;
        at -= 2;
        rest /= 100;
        if rest == 0 {
            return at;
        }
    }
}

/// Writes tenths with a point, and says where the digits begin.
fn tenths(out: &mut [u8; DIGITS], value: i64) -> usize {
    let magnitude = value.unsigned_abs();
    [out[22], out[23]] = [b'.', pair(magnitude)[1]];
    integer(out, 22, magnitude / 10) - usize::from(value < 0)
}

/// Writes hundredths with a point, and says where the digits begin.
fn hundredths(out: &mut [u8; DIGITS], value: i64) -> usize {
    let magnitude = value.unsigned_abs();
    let [first, second] = pair(magnitude);
    [out[21], out[22], out[23]] = [b'.', first, second];
    integer(out, 21, magnitude / 100) - usize::from(value < 0)
}

fn push_integer(out: &mut Vec<u8>, value: i64) {
    let mut digits = [b'-'; DIGITS];
    let at = integer(&mut digits, DIGITS, value.unsigned_abs()) - usize::from(value < 0);
    push_from(out, &digits, at);
}

fn push_hundredths(out: &mut Vec<u8>, value: i64) {
    let mut digits = [b'-'; DIGITS];
    let at = hundredths(&mut digits, value);
    push_from(out, &digits, at);
}

/// Appends a decimal number, then closes the text that it is in and the object around that.
#[inline(always)]
fn push_closed(out: &mut Vec<u8>, value: i64, write: fn(&mut [u8; DIGITS], i64) -> usize) {
    let mut digits = [b'-'; DIGITS + 2];
    [digits[DIGITS], digits[DIGITS + 1]] = *b"\"}";
    if let Some(number) = digits.first_chunk_mut() {
        let at = write(number, value);
        push_from(out, &digits, at);
    }
}

/// Writes hundredths, the end of their text and of the object around it, if eight bytes are enough; gives their number.
fn closed_hundredths(out: &mut [u8; 8], value: i64) -> Option<usize> {
    let mut digits = [b'-'; DIGITS];
    let at = hundredths(&mut digits, value);
    let unused = at.checked_sub(DIGITS - 6)?;
    let moved = u64::from_le_bytes(*digits.last_chunk()?) >> (8 * (2 + unused));
    let length = 6 - unused;
    let end = u64::from(u16::from_le_bytes(*b"\"}")) << (8 * length);
    *out = (moved | end).to_le_bytes();
    Some(length + 2)
}

/// Appends the digits from `at` on, and what stands behind them.
fn push_from<const LENGTH: usize>(out: &mut Vec<u8>, digits: &[u8; LENGTH], at: usize) {
    match (digits.last_chunk::<8>(), at.checked_sub(LENGTH - 8)) {
        // Nearly always: appending eight bytes and taking back some is quicker than a copy of
        // unknown length.
        (Some(last), Some(unused)) => {
            let moved = u64::from_le_bytes(*last) >> (8 * unused);
            let end = out.len() + 8 - unused;
            out.extend_from_slice(&moved.to_le_bytes());
            out.truncate(end);
        }
        _ => out.extend_from_slice(&digits[at..]),
    }
}

#[cfg(test)]
mod tests;
