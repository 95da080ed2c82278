//! Checks of single values of an account's configuration.
//!
//! An error names the key of the configuration and what the carrier calls it, because that is what a person
//! finds on the carrier's page. It never shows the value.

use crate::{Error, Result};
use http::{Uri, uri::Scheme};
use oauth2::url::Url;
use serde::Deserialize;

/// Far longer than any that a carrier issues; two of them still fit into a header field.
const MAX_CREDENTIAL: usize = 1024;

/// Which of the carrier's worlds an account is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real shipments, real money.
    Production,
    /// The carrier's world for tests.
    Test,
}

/// One value, by the names that people know it by.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key in the configuration: `client_secret`.
    pub key: &'static str,
    /// What the carrier calls it: `FedEx: Secret Key`.
    pub called: &'static str,
}

impl Setting {
    /// A value that this key has.
    pub const fn new(key: &'static str, called: &'static str) -> Self {
        Self { key, called }
    }

    /// An error about the value; `fault` continues the sentence: `is empty`.
    pub fn error(&self, fault: &str) -> Error {
        Error::config(self.key, format!("{} ({}) {fault}", self.key, self.called))
    }

    /// Catches what copying from a web page adds: the carrier would only say that it is wrong.
    pub fn credential<'a>(&self, text: &'a str) -> Result<&'a str> {
        let fault = if text.is_empty() {
            "is empty"
        } else if text.len() > MAX_CREDENTIAL {
            "is longer than 1024 bytes, so the carrier did not issue it"
        } else if text.chars().any(char::is_control) {
            "contains a control character: copy it again without line breaks"
        } else if text.trim() != text {
            "begins or ends with white space: copy it again without"
        } else {
            return Ok(text);
        };
        Err(self.error(fault))
    }

    /// As [`Setting::credential`], of a value that has to be there.
    pub fn required<'a>(&self, text: Option<&'a str>) -> Result<&'a str> {
        let text = text
            .ok_or_else(|| self.error("is missing: write it into the `settings` of the account"))?;
        self.credential(text)
    }
}

/// Scheme and host of the carrier's API. `default` is the carrier's own origin.
pub fn origin(text: Option<&str>, default: &str) -> Result<Url> {
    let text = text.unwrap_or(default);
    let bad = || {
        let message = format!("origin: write a scheme and a host only, as in {default}");
        Error::config("origin", message)
    };
    let uri: Uri = text.parse().map_err(|_| bad())?;
    let web = [Some(&Scheme::HTTPS), Some(&Scheme::HTTP)].contains(&uri.scheme());
    // Looked for in the text, because the parser hides some of them.
    let bare = uri.path() == "/" && uri.query().is_none() && !text.contains(['@', '?', '#']);
    if !web || !bare {
        return Err(bad());
    }
    text.parse().map_err(|_| bad())
}
