//! One account's configuration, checked.

use crate::{
    key::{Algorithm, Encoding, Key, KeyEncoding},
    template::{Place, Template},
};
use http::HeaderName;
use plugins_sdk::{Result, Secret, settings::Setting};
use serde::Deserialize;
use std::collections::BTreeMap;

const CLIENT_ID: Setting = Setting::new("client_id", "the id of the key");
const CLIENT_SECRET: Setting = Setting::new("client_secret", "the key");
const ACCOUNT_NUMBER: Setting = Setting::new("account_number", "the account number");
const CANONICAL: Setting = Setting::new("canonical", "the text that is signed");
const PROBE: Setting = Setting::new("probe", "the path of a harmless call");
const FIELDS: Setting = Setting::new("fields", "the header fields of a signature");

/// The gateway takes no more from a signature.
const MAX_FIELDS: usize = 16;
/// Longer than any carrier's text, and short enough for microseconds.
const MAX_TEMPLATE: usize = 4096;
/// The carrier chooses the key; anything shorter is a password or a mistake.
const MIN_KEY: usize = 8;

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    client_id: String,
    client_secret: Secret,
    account_number: Option<String>,
    #[serde(default)]
    algorithm: Algorithm,
    #[serde(default)]
    encoding: Encoding,
    #[serde(default)]
    key_encoding: KeyEncoding,
    canonical: Option<String>,
    fields: Option<BTreeMap<String, String>>,
    probe: Option<String>,
}

/// A configuration that can work.
pub(crate) struct Account {
    pub(crate) key: Key,
    pub(crate) encoding: Encoding,
    pub(crate) text: Template,
    pub(crate) fields: Vec<(HeaderName, Template)>,
    pub(crate) client_id: String,
    pub(crate) account_number: String,
}

impl Account {
    pub(crate) fn new(config: Config) -> Result<Self> {
        CLIENT_ID.credential(&config.client_id)?;
        if let Some(path) = &config.probe {
            PROBE.probe_path(path)?;
        }
        let account = Self {
            key: key(&config)?,
            encoding: config.encoding,
            text: template(CANONICAL, config.canonical.as_deref().unwrap_or_default())?,
            fields: fields(config.fields.unwrap_or_default())?,
            client_id: config.client_id,
            account_number: config.account_number.unwrap_or_default(),
        };
        account.check()?;
        Ok(account)
    }

    /// Whether a template uses the place.
    pub(crate) fn uses(&self, place: Place) -> bool {
        self.text.has(place) || self.is_sent(place)
    }

    fn is_sent(&self, place: Place) -> bool {
        self.fields.iter().any(|(_, template)| template.has(place))
    }

    /// Mistakes that only the carrier would notice otherwise, by an answer that says no more than 401.
    fn check(&self) -> Result<()> {
        if self.text.places().next().is_none() {
            return Err(CANONICAL.error(
                "has no place for a part of the request, as in \"{method}\\n{target}\\n{date}\\n{body_sha256}\"",
            ));
        }
        if self.text.has(Place::Signature) {
            return Err(CANONICAL.error("has {signature}, which is made of it"));
        }
        if !self.is_sent(Place::Signature) {
            return Err(FIELDS.error(
                "has no {signature} in any field, as in { \"Authorization\" = \"HMAC {client_id}:{signature}\" }",
            ));
        }
        let lost = self
            .text
            .places()
            .find(|place| place.is_drawn_here() && !self.is_sent(*place));
        if let Some(place) = lost {
            let name = place.name();
            return Err(CANONICAL.error(&format!(
                "has {{{name}}}, but no field sends it, so the carrier cannot check the signature"
            )));
        }
        if self.uses(Place::AccountNumber) && self.account_number.is_empty() {
            return Err(ACCOUNT_NUMBER.error("is missing, but a template has {account_number}"));
        }
        Ok(())
    }
}

fn key(config: &Config) -> Result<Key> {
    let text = CLIENT_SECRET.credential(config.client_secret.expose())?;
    let Some(key) = config.key_encoding.read(text) else {
        return Err(CLIENT_SECRET.error("is not written as key_encoding says"));
    };
    if key.len() < MIN_KEY {
        return Err(CLIENT_SECRET.error("is shorter than 8 bytes"));
    }
    Key::new(config.algorithm, &key).ok_or_else(|| CLIENT_SECRET.error("is not a key"))
}

fn template(setting: Setting, text: &str) -> Result<Template> {
    if text.len() > MAX_TEMPLATE {
        return Err(setting.error("is longer than 4096 bytes"));
    }
    Template::parse(text).map_err(|fault| setting.error(&fault))
}

fn fields(written: BTreeMap<String, String>) -> Result<Vec<(HeaderName, Template)>> {
    if written.is_empty() || written.len() > MAX_FIELDS {
        return Err(FIELDS.error("has to name 1 to 16 fields"));
    }
    let mut fields: Vec<(HeaderName, Template)> = Vec::new();
    for (name, text) in written {
        let name = FIELDS.field_name(&name)?;
        if fields.iter().any(|(known, _)| *known == name) {
            return Err(FIELDS.error(&format!("names {name} twice")));
        }
        if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(FIELDS.error(&format!("{name} has a character that no header field has")));
        }
        fields.push((name, template(FIELDS, &text)?));
    }
    Ok(fields)
}
