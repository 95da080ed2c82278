//! The bodies of a token endpoint.

use super::number::seconds;
use oauth2::{
    AccessToken, EmptyExtraTokenFields, ErrorResponse, ExtraTokenFields, RefreshToken, Scope,
    TokenResponse, TokenType,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use std::{fmt, time::Duration};

/// A token answer. Its `Debug` shows no token.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(bound = "F: ExtraTokenFields")]
pub struct CarrierTokenResponse<F: ExtraTokenFields = EmptyExtraTokenFields> {
    access_token: AccessToken,
    #[serde(default)]
    token_type: TokenKind,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default, skip_serializing, deserialize_with = "scopes")]
    scope: Option<Vec<Scope>>,
    #[serde(flatten)]
    extra: F,
}

impl<F: ExtraTokenFields> CarrierTokenResponse<F> {
    /// The carrier's own fields.
    pub const fn extra(&self) -> &F {
        &self.extra
    }
}

impl<F: ExtraTokenFields> TokenResponse for CarrierTokenResponse<F> {
    type TokenType = TokenKind;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &TokenKind {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.scope.as_ref()
    }
}

fn scopes<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Scope>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(|text| {
        let words = text.split_whitespace();
        words.map(|word| Scope::new(word.to_owned())).collect()
    }))
}

/// What kind of token came. A carrier that does not say means a bearer token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// RFC 6750.
    #[default]
    Bearer,
    /// Something that is not to be sent as a bearer token.
    Other,
}

impl TokenType for TokenKind {}

impl<'de> Deserialize<'de> for TokenKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        // RFC 6749, 5.1: case does not matter. FedEx says "bearer", UPS "Bearer", USPS "Bearer".
        let bearer = text.is_none_or(|text| text.eq_ignore_ascii_case("bearer"));
        Ok(if bearer { Self::Bearer } else { Self::Other })
    }
}

/// An error body of any JSON shape. It keeps the one thing that is safe and worth showing: the
/// standard `error` word, if there is one.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CarrierErrorBody {
    error: Option<String>,
}

impl CarrierErrorBody {
    /// RFC 6749, 5.2: `invalid_client`, `invalid_grant` …; `None` for a shape of its own.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}

impl ErrorResponse for CarrierErrorBody {}

impl fmt::Display for CarrierErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.error()
                .unwrap_or("an error of the carrier's own shape"),
        )
    }
}

impl<'de> Deserialize<'de> for CarrierErrorBody {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Shape {
            Standard { error: String },
            Own(IgnoredAny),
        }
        Ok(match Shape::deserialize(deserializer)? {
            Shape::Standard { error } => Self {
                error: known(&error).map(str::to_owned),
            },
            Shape::Own(IgnoredAny) => Self::default(),
        })
    }
}

/// Only words of the standard: anything else is text that the carrier chose.
fn known(word: &str) -> Option<&'static str> {
    const WORDS: [&str; 6] = [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    ];
    WORDS.into_iter().find(|known| *known == word)
}
