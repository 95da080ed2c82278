//! One account's configuration, checked.

use crate::template::{Places, fill};
use http::{HeaderName, HeaderValue};
use plugins_sdk::{Credential, Error, Result, Secret, settings::Setting};
use serde::Deserialize;
use std::collections::BTreeMap;

const CLIENT_ID: Setting = Setting::new("client_id", "the id that goes with the key");
const CLIENT_SECRET: Setting = Setting::new("client_secret", "the API key");
const SECOND_SECRET: Setting = Setting::new("second_secret", "a further key");
const PROBE: Setting = Setting::new("probe", "the path of a harmless call");
const FIELDS: Setting = Setting::new("fields", "the header fields that carry the key");

/// More fields than any carrier wants.
const MAX_FIELDS: usize = 16;
/// Longer than any key, with what stands around it.
const MAX_VALUE: usize = 4096;

/// What the gateway hands over for one account. Keys that a newer gateway adds are ignored.
#[derive(Deserialize)]
pub struct Config {
    client_id: String,
    client_secret: Secret,
    account_number: Option<String>,
    second_secret: Option<Secret>,
    fields: Option<BTreeMap<String, String>>,
    probe: Option<String>,
}

/// The fields of the credential.
pub(crate) struct Fields(Vec<(HeaderName, HeaderValue)>);

impl Fields {
    pub(crate) fn new(config: Config) -> Result<Self> {
        CLIENT_ID.credential(&config.client_id)?;
        CLIENT_SECRET.credential(config.client_secret.expose())?;
        if let Some(secret) = &config.second_secret {
            SECOND_SECRET.credential(secret.expose())?;
        }
        if let Some(path) = &config.probe {
            PROBE.probe_path(path)?;
        }
        let written = config.fields.unwrap_or_default();
        if written.is_empty() || written.len() > MAX_FIELDS {
            return Err(FIELDS.error(
                "has to name 1 to 16 fields, as in { \"DHL-API-Key\" = \"{client_secret}\" }",
            ));
        }
        let places = Places {
            client_id: &config.client_id,
            client_secret: config.client_secret.expose(),
            second_secret: config.second_secret.as_ref().map(Secret::expose),
            account_number: config.account_number.as_deref(),
        };
        let mut fields: Vec<(HeaderName, HeaderValue)> = Vec::new();
        for (name, template) in &written {
            let name = FIELDS.field_name(name)?;
            // Names that differ in their case only are one field.
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(wrong(format!("names {name} twice")));
            }
            fields.push((name.clone(), value(&name, template, &places)?));
        }
        // A set of fields without any key would be sent, and refused by the carrier without a clear reason.
        if !written
            .values()
            .any(|template| template.contains("secret}"))
        {
            return Err(
                FIELDS.error("has no {client_secret} in any field, so no key would be sent")
            );
        }
        Ok(Self(fields))
    }

    pub(crate) fn credential(&self) -> Credential {
        let fields = self.0.iter();
        fields.fold(Credential::empty(), |credential, (name, value)| {
            credential.field(name.clone(), value.clone())
        })
    }
}

fn value(name: &HeaderName, template: &str, places: &Places<'_>) -> Result<HeaderValue> {
    let text = fill(template, places).map_err(|fault| wrong(format!("{name} {fault}")))?;
    if text.len() > MAX_VALUE {
        return Err(wrong(format!("{name} is longer than 4096 bytes")));
    }
    let value = HeaderValue::from_str(&text)
        .ok()
        .filter(|_| text.is_ascii());
    value.ok_or_else(|| wrong(format!("{name} has a character that no header field has")))
}

fn wrong(fault: String) -> Error {
    FIELDS.error(&fault)
}
