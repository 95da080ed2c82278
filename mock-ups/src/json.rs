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

    #[inline(always)]
    fn key(&mut self, key: &str) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    #[inline(always)]
    fn braces(&mut self, body: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        self.first = true;
        body(self);
        self.first = false;
        self.out.push(b'}');
    }

    /// `"key":{…}`.
    #[inline(always)]
    pub(crate) fn object(&mut self, key: &str, body: impl FnOnce(&mut Self)) {
        self.key(key);
        self.braces(body);
    }

    /// `"key":{"CurrencyCode":"USD", "MonetaryValue":"12.34"}` from hundredths.
    #[inline(always)]
    pub(crate) fn money(&mut self, key: &str, currency: &str, value: i64) {
        self.key(key);
        self.out.extend_from_slice(b"{\"CurrencyCode\":\"");
        self.out.extend_from_slice(currency.as_bytes());
        self.out.extend_from_slice(match self.style {
            Style::Spaced => b"\", \"MonetaryValue\":\"",
            Style::Compact => b"\",\"MonetaryValue\":\"",
        });
        push_hundredths(&mut self.out, value);
        self.out.extend_from_slice(b"\"}");
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
        self.key(key);
        self.out.push(b'"');
        push_integer(&mut self.out, value);
        self.out.push(b'"');
    }

    /// `"key":"12.34"` from hundredths.
    #[inline(always)]
    pub(crate) fn hundredths(&mut self, key: &str, value: i64) {
        self.key(key);
        self.out.push(b'"');
        push_hundredths(&mut self.out, value);
        self.out.push(b'"');
    }

    /// `"key":"5.0"` from tenths.
    #[inline(always)]
    pub(crate) fn tenths(&mut self, key: &str, value: i64) {
        self.key(key);
        self.out.push(b'"');
        push_tenths(&mut self.out, value);
        self.out.push(b'"');
    }

    /// Members that were rendered before and are always the same, without the outer separator.
    /// `members` must be `"key":value` text in this writer's style.
    #[inline(always)]
    pub(crate) fn prepared(&mut self, members: &str) {
        self.separate();
        self.out.extend_from_slice(members.as_bytes());
    }

    /// `"key":"value"` for text that needs no escape: a constant of the program.
    #[inline(always)]
    pub(crate) fn word(&mut self, key: &str, value: &'static str) {
        self.key(key);
        self.out.push(b'"');
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'"');
    }

    fn quoted(&mut self, text: &str) {
        self.out.push(b'"');
        let bytes = text.as_bytes();
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

/// The last decimal digit of `value` as a character.
const fn digit(value: u64) -> u8 {
    b'0' + (value % 10) as u8
}

/// Room for the digits of an `i64`, a sign and a point.
type Digits = [u8; 24];

/// Fills `digits` from the end and says where they begin.
fn integer_digits(digits: &mut Digits, end: usize, value: u64) -> usize {
    let mut at = end;
    let mut rest = value;
    loop {
        at -= 1;
        digits[at] = digit(rest);
        rest /= 10;
        if rest == 0 {
            return at;
        }
    }
}

fn push_integer(out: &mut Vec<u8>, value: i64) {
    let mut digits: Digits = [b'-'; 24];
    let at = integer_digits(&mut digits, 24, value.unsigned_abs());
    out.extend_from_slice(&digits[at - usize::from(value < 0)..]);
}

fn push_tenths(out: &mut Vec<u8>, value: i64) {
    let magnitude = value.unsigned_abs();
    let mut digits: Digits = [b'-'; 24];
    digits[23] = digit(magnitude);
    digits[22] = b'.';
    let at = integer_digits(&mut digits, 22, magnitude / 10);
    out.extend_from_slice(&digits[at - usize::from(value < 0)..]);
}

fn push_hundredths(out: &mut Vec<u8>, value: i64) {
    // A third of all money in an answer is nothing.
    if value == 0 {
        out.extend_from_slice(b"0.00");
        return;
    }
    let magnitude = value.unsigned_abs();
    let mut digits: Digits = [b'-'; 24];
    digits[23] = digit(magnitude);
    digits[22] = digit(magnitude / 10);
    digits[21] = b'.';
    let at = integer_digits(&mut digits, 21, magnitude / 100);
    out.extend_from_slice(&digits[at - usize::from(value < 0)..]);
}

#[cfg(test)]
mod tests {
    use super::{Json, Style};

    #[test]
    fn document_in_live_style_has_spaces_between_members_only() {
        let body = Json::document(Style::Spaced, 64, |json| {
            json.object("Status", |json| {
                json.text("Code", "1");
                json.text("Description", "Success");
            });
            json.array("Alert", [1, 2], |json, item| json.integer_text("n", item));
            json.strings("Lines", ["a", "b\u{8}\""]);
            json.hundredths("Money", -1205);
            json.tenths("Weight", 50);
            json.hundredths("Nothing", 0);
            json.hundredths("Most", i64::MIN);
            json.tenths("Least", -7);
        });
        assert_eq!(
            String::from_utf8(body).expect("text"),
            r#"{"Status":{"Code":"1", "Description":"Success"}, "Alert":[{"n":"1"}, {"n":"2"}], "#
                .to_owned()
                + r#""Lines":["a", "b\u0008\""], "Money":"-12.05", "Weight":"5.0", "#
                + r#""Nothing":"0.00", "Most":"-92233720368547758.08", "Least":"-0.7"}"#
        );
    }

    #[test]
    fn list_with_one_item_is_an_object_unless_told_otherwise() {
        let render = |always: bool, items: &[i64]| {
            let body = Json::document(Style::Compact, 64, |json| {
                json.list("L", always, items.iter(), |json, item| {
                    json.number("n", *item)
                });
            });
            String::from_utf8(body).expect("text")
        };
        assert_eq!(render(false, &[]), "{}");
        assert_eq!(render(false, &[7]), r#"{"L":{"n":7}}"#);
        assert_eq!(render(true, &[7]), r#"{"L":[{"n":7}]}"#);
        assert_eq!(render(false, &[7, 8]), r#"{"L":[{"n":7},{"n":8}]}"#);
    }
}
