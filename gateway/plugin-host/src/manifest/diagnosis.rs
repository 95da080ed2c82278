//! Probes, codes and what they show, from the manifest.

use super::{
    error::ManifestError,
    values::{HeaderJson, check_name, when_absent},
};
use crate::{
    Advice, CodePlaces, Diagnosis, Negotiated, Ownership, Probe,
    diagnosis::{ACCOUNT_NUMBER, is_path},
    text::clean,
};
use gateway_model::HeaderWhenAbsent;
use http::{Method, header};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// More probes, or codes of one kind, than any carrier needs.
const MAX_ENTRIES: usize = 64;
/// More codes than any carrier has.
const MAX_CODES: usize = 512;
/// Characters of a cause or a remedy.
const MAX_TEXT: usize = 1000;
/// A harmless call is short.
const MAX_BODY: usize = 16 << 10;

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct DiagnosisJson {
    #[serde(default)]
    probes: Vec<ProbeJson>,
    ownership: Option<OwnershipJson>,
    negotiated: Option<NegotiatedJson>,
    #[serde(default)]
    codes: BTreeMap<String, AdviceJson>,
    probe_setting: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct ProbeJson {
    name: String,
    title: String,
    method: String,
    path: String,
    #[serde(default)]
    headers: Vec<HeaderJson>,
    /// JSON, or a text.
    body: Option<Value>,
    #[serde(default)]
    fine_codes: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct OwnershipJson {
    probe: String,
    refused_codes: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct NegotiatedJson {
    probe: String,
    present: String,
    not_qualified_codes: Vec<String>,
    remedy: String,
}

#[derive(Clone, Debug, Deserialize)]
struct AdviceJson {
    cause: String,
    remedy: String,
}

/// Checks everything that a probe would otherwise stumble over. `always` are the fields that the
/// carrier wants on every request, `places` are where its answers have a code.
pub(super) fn of(
    raw: &DiagnosisJson,
    always: &[HeaderWhenAbsent],
    places: &Arc<CodePlaces>,
) -> Result<Diagnosis, ManifestError> {
    if raw.probes.len() > MAX_ENTRIES || raw.codes.len() > MAX_CODES {
        let problem = "more than 64 probes or 512 codes";
        return Err(ManifestError::value("probes", problem));
    }
    let mut probes: Vec<Probe> = Vec::new();
    for raw in &raw.probes {
        let probe = probe(raw, always, places)?;
        // Other parts of the manifest refer to a probe by its name.
        if probes.iter().any(|other| other.name == probe.name) {
            let problem = format!("two probes are called {}", probe.name);
            return Err(ManifestError::value("probes", problem));
        }
        probes.push(probe);
    }
    let advice = |(code, raw): (&String, &AdviceJson)| {
        code_text("codes", code)?;
        let advice = Advice {
            cause: clean(&raw.cause, MAX_TEXT),
            remedy: clean(&raw.remedy, MAX_TEXT),
        };
        Ok((code.clone(), advice))
    };
    let diagnosis = Diagnosis {
        ownership: (raw.ownership.as_ref())
            .map(|raw| ownership(raw, places))
            .transpose()?,
        negotiated: (raw.negotiated.as_ref())
            .map(|raw| negotiated(raw, places))
            .transpose()?,
        places: Arc::clone(places),
        codes: raw.codes.iter().map(advice).collect::<Result<_, _>>()?,
        probes,
        probe_setting: raw.probe_setting.clone(),
        slot_settings: BTreeMap::new(),
        always: always.to_vec(),
    };
    let named = diagnosis.ownership.iter().map(|o| ("ownership", &o.probe));
    let named = named.chain(
        diagnosis
            .negotiated
            .iter()
            .map(|n| ("negotiated", &n.probe)),
    );
    // At the load and not at the first diagnosis, when an operator needs it.
    for (key, name) in named {
        let Some(probe) = diagnosis.probe(name) else {
            let problem = format!("there is no probe called {}", clean(name, 64));
            return Err(ManifestError::value(key, problem));
        };
        // Without a number the answer says nothing about whose it is.
        if !probe.needs_account_number() {
            let problem = format!("the probe {name} has no {ACCOUNT_NUMBER} in its body");
            return Err(ManifestError::value(key, problem));
        }
    }
    Ok(diagnosis)
}

fn probe(
    raw: &ProbeJson,
    always: &[HeaderWhenAbsent],
    places: &Arc<CodePlaces>,
) -> Result<Probe, ManifestError> {
    let key = "probes";
    check_name(&raw.name)
        .map_err(|_| ManifestError::value(key, "a name is 1 to 32 of a-z, 0-9, '-' and '_'"))?;
    let wrong = |problem: &str| ManifestError::value(key, format!("{}: {problem}", raw.name));
    let method = match raw.method.parse() {
        // Neither is harmless.
        Ok(Method::CONNECT | Method::TRACE) | Err(_) => {
            return Err(wrong("the method is not one to probe with"));
        }
        Ok(method) => method,
    };
    if !is_path(&raw.path) {
        return Err(wrong(
            "the path starts with one '/' and has no places, fragment or spaces",
        ));
    }
    let body = match &raw.body {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(json) => json.to_string(),
    };
    if body.len() > MAX_BODY {
        return Err(wrong("the body is longer than 16 KiB"));
    }
    if let Some(place) = unknown_place(&body) {
        return Err(wrong(&format!("the body has the unknown place {place}")));
    }
    let mut headers = Vec::new();
    for raw in &raw.headers {
        headers.push(when_absent(key, raw)?);
    }
    // The probe is sent with the account's token, which nothing may replace.
    if headers
        .iter()
        // A probe with a credential of its own would prove that one, not the account's.
        .any(|field| *name(field) == header::AUTHORIZATION)
    {
        return Err(wrong("the credential is the gateway's to add"));
    }
    for field in always {
        // The probe's own value wins, as an app's does.
        if !headers.iter().any(|own| name(own) == name(field)) {
            headers.push(field.clone());
        }
    }
    Ok(Probe {
        name: raw.name.clone(),
        title: clean(&raw.title, 64),
        method,
        path: raw.path.clone(),
        headers,
        body,
        fine_codes: codes(key, &raw.fine_codes)?,
        places: Arc::clone(places),
    })
}

const fn name(field: &HeaderWhenAbsent) -> &http::HeaderName {
    match field {
        HeaderWhenAbsent::Fixed(name, _) | HeaderWhenAbsent::RequestId(name) => name,
    }
}

/// A placeholder that nothing fills in, so that it would be sent literally. The braces of JSON itself are
/// followed by other characters.
fn unknown_place(body: &str) -> Option<&str> {
    let mut rest = body;
    while let Some(start) = rest.find('{') {
        rest = &rest[start..];
        let inner = &rest[1..];
        let end = inner.find(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        if let Some(end) = end.filter(|end| *end > 0 && inner[*end..].starts_with('}')) {
            let place = &rest[..end + 2];
            if place != ACCOUNT_NUMBER {
                return Some(place);
            }
        }
        rest = inner;
    }
    None
}

fn ownership(raw: &OwnershipJson, places: &Arc<CodePlaces>) -> Result<Ownership, ManifestError> {
    Ok(Ownership {
        probe: raw.probe.clone(),
        refused_codes: codes("ownership", &raw.refused_codes)?,
        places: Arc::clone(places),
    })
}

fn negotiated(raw: &NegotiatedJson, places: &Arc<CodePlaces>) -> Result<Negotiated, ManifestError> {
    let key = "negotiated";
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if raw.present.is_empty() || raw.present.len() > 64 || !raw.present.bytes().all(fits) {
        let problem = "`present` is the name of a key of the answer";
        return Err(ManifestError::value(key, problem));
    }
    Ok(Negotiated {
        probe: raw.probe.clone(),
        present: raw.present.clone(),
        not_qualified_codes: codes(key, &raw.not_qualified_codes)?,
        remedy: clean(&raw.remedy, MAX_TEXT),
        places: Arc::clone(places),
    })
}

fn codes(key: &'static str, codes: &[String]) -> Result<Vec<String>, ManifestError> {
    if codes.len() > MAX_ENTRIES {
        return Err(ManifestError::value(key, "more than 64 codes"));
    }
    codes.iter().try_for_each(|code| code_text(key, code))?;
    Ok(codes.to_vec())
}

/// As it would be found in an answer.
fn code_text(key: &'static str, code: &str) -> Result<(), ManifestError> {
    // The spelling is checked as answers are read, or the code would never be found.
    if crate::text::code(code.as_bytes()) == code && code != "unspecified" {
        return Ok(());
    }
    let problem = "a code is 1 to 64 letters, digits, '_', '-' or '.'";
    Err(ManifestError::value(key, problem))
}
