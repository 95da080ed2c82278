//! Texts with places for parts of a request, read once.

use crate::values::Values;

/// A part of a request or of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Method,
    Authority,
    Path,
    Query,
    Target,
    Date,
    Iso8601,
    Unix,
    UnixMs,
    Nonce,
    BodySha256,
    BodySha256Base64,
    ContentType,
    ClientId,
    AccountNumber,
    Signature,
}

const NAMES: [(&str, Place); 16] = [
    ("method", Place::Method),
    ("authority", Place::Authority),
    ("path", Place::Path),
    ("query", Place::Query),
    ("target", Place::Target),
    ("date", Place::Date),
    ("iso8601", Place::Iso8601),
    ("unix", Place::Unix),
    ("unix_ms", Place::UnixMs),
    ("nonce", Place::Nonce),
    ("body_sha256", Place::BodySha256),
    ("body_sha256_base64", Place::BodySha256Base64),
    ("content_type", Place::ContentType),
    ("client_id", Place::ClientId),
    ("account_number", Place::AccountNumber),
    ("signature", Place::Signature),
];

impl Place {
    pub(crate) fn name(self) -> &'static str {
        let named = NAMES.iter().find(|(_, place)| *place == self);
        named.map_or("", |(name, _)| name)
    }

    /// Whether the carrier cannot know the value unless a field sends it.
    pub(crate) const fn is_drawn_here(self) -> bool {
        matches!(
            self,
            Self::Date | Self::Iso8601 | Self::Unix | Self::UnixMs | Self::Nonce
        )
    }
}

enum Part {
    Text(String),
    Place(Place),
}

/// A text with places.
pub(crate) struct Template(Vec<Part>);

impl Template {
    /// Reads a text with places such as `{method}`. The error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err("has a brace without its partner".to_owned());
            };
            let Some((_, place)) = NAMES.iter().find(|(known, _)| *known == name) else {
                let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
                return Err(format!(
                    "has an unknown place: the places are {}",
                    names.join(", ")
                ));
            };
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Place(*place));
            rest = after;
        }
        if rest.contains('}') {
            return Err("has a brace without its partner".to_owned());
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Place(place) => Some(*place),
        })
    }

    pub(crate) fn has(&self, place: Place) -> bool {
        self.places().any(|of| of == place)
    }

    /// The text with its places filled in.
    pub(crate) fn filled(&self, values: &Values<'_>) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        for part in &self.0 {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Place(place) => out.extend_from_slice(values.of(*place)),
            }
        }
        out
    }
}
