//! What a carrier's answers mean to people, and harmless calls that show what an account may do.
//!
//! All of it is data of the manifest: the gateway knows neither a carrier's codes nor its calls.

use crate::{
    codes::{CodePlaces, visit},
    text::clean,
};
use gateway_http_client::HttpResponse;
use gateway_model::{AccountNumber, HeaderWhenAbsent};
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// The place in a probe's content where the account number goes.
pub(crate) const ACCOUNT_NUMBER: &str = "{account_number}";

/// The part of a manifest that explains answers.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// Harmless calls, one for each product of the carrier; the first is the proof after a consent.
    pub probes: Vec<Probe>,
    /// How to see that a login does not own an account number.
    pub ownership: Option<Ownership>,
    /// How to see whether an account gets the rates that it negotiated.
    pub negotiated: Option<Negotiated>,
    /// Codes of the carrier in plain words.
    pub codes: BTreeMap<String, Advice>,
    /// Where the carrier's answers have a code.
    pub places: Arc<CodePlaces>,
    /// The setting by which an account names its harmless call, for plugins that serve any carrier.
    pub probe_setting: Option<String>,
    /// The settings by which an account asks for a further slot, by the slot's name.
    pub slot_settings: BTreeMap<String, Vec<String>>,
    /// Fields that the carrier wants on every request.
    pub(crate) always: Vec<HeaderWhenAbsent>,
}

impl Diagnosis {
    /// The diagnosis of an account that names its harmless call itself: a GET of that path. `None` if it is no
    /// path.
    pub fn with_probe(&self, path: &str) -> Option<Self> {
        is_path(path).then(|| {
            let probe = Probe {
                name: "configured".to_owned(),
                title: clean(&format!("GET {path}"), 64),
                // It is the method that changes nothing, whatever the path.
                method: Method::GET,
                path: path.to_owned(),
                headers: self.always.clone(),
                body: String::new(),
                fine_codes: Vec::new(),
                places: Arc::clone(&self.places),
            };
            let mut diagnosis = self.clone();
            diagnosis.probes.push(probe);
            diagnosis
        })
    }

    /// The probe that proves a consent: it uses the account number that the operator expects.
    pub fn proof(&self) -> Option<&Probe> {
        self.probes.first()
    }

    /// A probe by its name.
    pub fn probe(&self, name: &str) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.name == name)
    }

    /// What a code of the carrier means.
    pub fn advice(&self, code: &str) -> Option<&Advice> {
        self.codes.get(code)
    }
}

/// Whether a probe can have this path and query. Two slashes would begin another host for some readers.
pub(crate) fn is_path(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'#' | b'\\' | b'{' | b'}' | b'"');
    text.starts_with('/') && !text.starts_with("//") && text.bytes().all(plain)
}

/// What a code means and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What happened.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
}

/// One harmless call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Stable: `rating`.
    pub name: String,
    /// For people: `Rating`.
    pub title: String,
    /// HTTP method.
    pub method: Method,
    /// Path and query on the account's origin.
    pub path: String,
    /// Fields to send, those that the carrier always wants included.
    pub headers: Vec<HeaderWhenAbsent>,
    /// The content, with `{account_number}` where the number goes; empty: none.
    pub body: String,
    /// Codes by which the carrier refuses this call although the account may use the product.
    pub fine_codes: Vec<String>,
    /// Where the carrier's answers have a code.
    pub places: Arc<CodePlaces>,
}

/// A probe as it is sent.
#[derive(Clone, Debug)]
pub struct ProbeRequest {
    /// HTTP method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Fields, without the credential.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Content.
    pub body: String,
}

impl Probe {
    /// Whether it cannot be sent without an account number.
    pub fn needs_account_number(&self) -> bool {
        self.body.contains(ACCOUNT_NUMBER)
    }

    /// The request; `None` if it needs an account number and there is none. `request_id` is 32
    /// hexadecimal digits.
    pub fn request(
        &self,
        account_number: Option<&AccountNumber>,
        request_id: &str,
    ) -> Option<ProbeRequest> {
        let body = match account_number {
            // A name has no character that JSON would escape.
            Some(number) => self.body.replace(ACCOUNT_NUMBER, number.as_str()),
            // Sending the placeholder literally would make the carrier answer about a number that does not exist.
            None if self.needs_account_number() => return None,
            None => self.body.clone(),
        };
        let id = HeaderValue::from_str(request_id).ok()?;
        let field = |header: &HeaderWhenAbsent| match header {
            HeaderWhenAbsent::Fixed(name, value) => (name.clone(), value.clone()),
            HeaderWhenAbsent::RequestId(name) => (name.clone(), id.clone()),
        };
        Some(ProbeRequest {
            method: self.method.clone(),
            path: self.path.clone(),
            headers: self.headers.iter().map(field).collect(),
            body,
        })
    }

    /// Whether an answer shows that the account may use the product.
    pub fn shows_access(&self, answer: &HttpResponse) -> bool {
        let fine = || self.places.find(answer, &self.fine_codes).is_some();
        answer.status.is_success() || (answer.status.is_client_error() && fine())
    }
}

/// How to see that a login does not own an account number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// Which probe shows it.
    pub probe: String,
    /// Codes that say so.
    pub refused_codes: Vec<String>,
    /// Where the carrier's answers have a code.
    pub places: Arc<CodePlaces>,
}

impl Ownership {
    /// The code by which an answer refuses the account number, if it does.
    pub fn refused_by(&self, answer: &HttpResponse) -> Option<String> {
        self.places.find(answer, &self.refused_codes)
    }
}

/// How to see whether an account gets the rates that it negotiated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Which probe shows it.
    pub probe: String,
    /// The key that only an answer with such rates has.
    pub present: String,
    /// Codes that say that the account does not qualify.
    pub not_qualified_codes: Vec<String>,
    /// What to do then.
    pub remedy: String,
    /// Where the carrier's answers have a code.
    pub places: Arc<CodePlaces>,
}

/// What an answer says about negotiated rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rates {
    /// It has them.
    Negotiated,
    /// It says that the account does not qualify, by this code.
    NotQualified(String),
    /// It says neither.
    Unknown,
}

impl Negotiated {
    /// What the answer of the probe says. A refusal counts more than rates beside it.
    pub fn read(&self, answer: &HttpResponse) -> Rates {
        // First: some carriers send published rates beside the refusal.
        if let Some(code) = self.places.find(answer, &self.not_qualified_codes) {
            return Rates::NotQualified(code);
        }
        let Ok(json) = serde_json::from_slice::<Value>(&answer.body) else {
            return Rates::Unknown;
        };
        let mut found = false;
        visit(&json, &mut |key, value| {
            found |= key == self.present && !value.is_null();
        });
        if found {
            Rates::Negotiated
        } else {
            Rates::Unknown
        }
    }
}
