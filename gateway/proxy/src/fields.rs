//! The fields of a message: a list, in the order in which they came.
//!
//! A message has a dozen fields, and a handful of them is looked for. To compare names takes fewer instructions than to
//! hash each name and to find its place in a map (docs/performance-notes.md). The framing check bounds the number.

use gateway_framing::{FieldSpan, Violation, trim_ows};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Fields that the gateway adds to a message of another's.
const OURS: usize = 6;

/// How many names of a peer's last message are kept, and how long each may be.
const NAMES: usize = 32;
const NAME_BYTES: usize = 64;

/// The fields of a message (RFC 9110 section 5), in their order. A name may occur several times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(HeaderName, HeaderValue)>);

impl Fields {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// The fields of a head, from where the framing check found them. Their values share its memory. `spare` is empty,
    /// and gives the list its memory.
    ///
    /// # Errors
    /// When a name or a value is not one, which the framing check refuses before.
    pub(crate) fn of_head(
        bytes: &bytes::Bytes,
        spans: &[FieldSpan],
        spare: Self,
        names: &mut LastNames,
    ) -> Result<Self, Violation> {
        let mut fields = spare;
        fields.0.reserve(spans.len() + OURS);
        for (at, &FieldSpan { start, colon, end }) in spans.iter().enumerate() {
            let name = names.name(at, &bytes[start..colon])?;
            let value = bytes.slice_ref(trim_ows(&bytes[colon + 1..end]));
            let value =
                HeaderValue::from_maybe_shared(value).map_err(|_| Violation::ControlByte)?;
            // What occurs several times is for the phases to judge.
            fields.0.push((name, value));
        }
        Ok(fields)
    }

    /// The list without its fields, for the memory of it.
    pub(crate) fn emptied(mut self) -> Self {
        self.0.clear();
        self
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.0.iter()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.0.iter().map(|(name, _)| name)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &HeaderValue> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The first value of this name.
    pub(crate) fn get<'a>(&'a self, name: &HeaderName) -> Option<&'a HeaderValue> {
        let named = self.0.iter().find(|(other, _)| other == name);
        named.map(|(_, value)| value)
    }

    /// All values of this name.
    pub(crate) fn get_all(&self, name: &HeaderName) -> impl Iterator<Item = &HeaderValue> {
        let named = self.0.iter().filter(move |(other, _)| other == name);
        named.map(|(_, value)| value)
    }

    pub(crate) fn contains(&self, name: &HeaderName) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    /// Adds a field behind those that are there.
    pub(crate) fn append(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push((name, value));
    }

    /// Sets the only field of this name, in the place of the first one.
    pub(crate) fn insert(&mut self, name: HeaderName, value: HeaderValue) {
        let mut value = Some(value);
        self.0.retain_mut(|(other, place)| {
            if *other != name {
                return true;
            }
            // The first one takes the value, and nothing is left for the others.
            value.take().map(|value| *place = value).is_some()
        });
        self.0.extend(value.map(|value| (name, value)));
    }

    /// Removes all fields of this name.
    pub(crate) fn remove(&mut self, name: &HeaderName) {
        self.retain(|other, _| other != name);
    }

    /// Removes the fields that are not to be kept.
    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(&HeaderName, &HeaderValue) -> bool) {
        self.0.retain(|(name, value)| keeps(name, value));
    }
}

impl Extend<(HeaderName, HeaderValue)> for Fields {
    fn extend<I: IntoIterator<Item = (HeaderName, HeaderValue)>>(&mut self, fields: I) {
        self.0.extend(fields);
    }
}

impl From<HeaderMap> for Fields {
    fn from(headers: HeaderMap) -> Self {
        let mut fields = Vec::with_capacity(headers.len() + OURS);
        // A map gives the name with the first of its values only.
        let mut last = None;
        for (name, value) in headers {
            last = name.or(last);
            fields.extend(last.clone().map(|name| (name, value)));
        }
        Self(fields)
    }
}

impl From<Fields> for HeaderMap {
    fn from(fields: Fields) -> Self {
        let mut headers = Self::with_capacity(fields.len());
        for (name, value) in fields.0 {
            headers.append(name, value);
        }
        headers
    }
}

/// The names of the last message of one peer, as they were written and as they are read. Most peers send the same fields
/// in the same order each time, so that a name is compared with the last one in its place, and not parsed. A few usual names
/// only: a peer must not choose how much is kept of it.
#[derive(Debug, Default)]
pub(crate) struct LastNames(Vec<(Box<[u8]>, HeaderName)>);

impl LastNames {
    fn name(&mut self, at: usize, written: &[u8]) -> Result<HeaderName, Violation> {
        if let Some((last, name)) = self.0.get(at)
            && **last == *written
        {
            return Ok(name.clone());
        }
        let name = HeaderName::from_bytes(written).map_err(|_| Violation::FieldName)?;
        self.0.truncate(at);
        // In its own place, which it has only if all before it are kept.
        if self.0.len() == at && at < NAMES && written.len() <= NAME_BYTES {
            self.0.push((written.into(), name.clone()));
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::header::{ACCEPT, HOST, VIA};

    fn texts(fields: &Fields) -> Vec<(&str, &[u8])> {
        let pairs = fields.iter();
        pairs
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect()
    }

    fn value(text: &'static str) -> HeaderValue {
        HeaderValue::from_static(text)
    }

    fn some() -> Fields {
        let mut fields = Fields::new();
        for (name, text) in [
            (VIA, "a"),
            (HOST, "h"),
            (VIA, "b"),
            (ACCEPT, "x"),
            (VIA, "c"),
        ] {
            fields.append(name, value(text));
        }
        fields
    }

    #[test]
    fn inserted_field_stands_alone_where_the_first_one_stood() {
        let mut fields = some();
        fields.insert(VIA, value("only"));
        assert_eq!(
            texts(&fields),
            [("via", &b"only"[..]), ("host", b"h"), ("accept", b"x")]
        );
        fields.remove(&VIA);
        fields.insert(VIA, value("new"));
        assert_eq!(
            texts(&fields),
            [("host", &b"h"[..]), ("accept", b"x"), ("via", b"new")]
        );
    }

    #[test]
    fn all_fields_of_a_name_are_found_and_removed() {
        let mut fields = some();
        assert_eq!(fields.get(&VIA), Some(&value("a")));
        assert_eq!(fields.get_all(&VIA).count(), 3);
        fields.remove(&VIA);
        assert!(!fields.contains(&VIA) && fields.contains(&HOST));
        assert_eq!(fields.len(), 2);
    }

    #[test]
    fn map_and_list_hold_the_same_fields() {
        let fields = Fields::from(HeaderMap::from(some()));
        // A map keeps the fields of one name together.
        let expected: [(&str, &[u8]); 5] = [
            ("via", b"a"),
            ("via", b"b"),
            ("via", b"c"),
            ("host", b"h"),
            ("accept", b"x"),
        ];
        let mut found = texts(&fields);
        found.sort_by_key(|(name, _)| expected.iter().position(|(other, _)| other == name));
        assert_eq!(found, expected);
    }

    #[test]
    fn names_are_those_of_this_head_whatever_the_last_one_had() {
        let mut names = LastNames::default();
        for head in [
            ["Host", "Accept", "Trans-Id"],
            ["host", "ACCEPT", "trans-id"],
            ["Host", "Trans-Id", "Accept"],
            ["Hosts", "Accep", "Trans-Id"],
        ] {
            let bytes = Bytes::from(head.join(":\r\n") + ":\r\n");
            let mut start = 0;
            let spans = head.map(|name| {
                let colon = start + name.len();
                let span = FieldSpan {
                    start,
                    colon,
                    end: colon + 1,
                };
                start = colon + 3;
                span
            });
            let fields = Fields::of_head(&bytes, &spans, Fields::new(), &mut names);
            let fields = fields.expect("they are names");
            let found: Vec<&str> = fields.names().map(HeaderName::as_str).collect();
            assert_eq!(found, head.map(str::to_ascii_lowercase));
        }
    }

    #[test]
    fn peer_cannot_have_much_kept_of_its_names() {
        let mut names = LastNames::default();
        let long = [b'a'; NAME_BYTES + 1];
        for _ in 0..2 {
            for at in 0..3 * NAMES {
                let written = if at == NAMES / 2 { &long[..] } else { b"name" };
                let name = names.name(at, written).expect("a name");
                assert_eq!(name.as_str().as_bytes(), written);
            }
            assert_eq!(names.0.len(), NAMES / 2, "those before the long one");
        }
    }
}
