//! What goes wrong in place of a good answer.

use crate::{
    endpoint::{Answer, Carrier, Issue},
    template::Rendered,
};
use serde_json::Value;
use std::time::Duration;

/// The page of a firewall that stands before many carriers.
const FIREWALL: &str = "<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1>\
                        You don't have permission to access this server.</body></html>";

/// A disturbance of an endpoint. It replaces or changes the answer to a good request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// A firewall's page with this status.
    Html(u16),
    /// No content, with this status.
    Empty(u16),
    /// Each number of the answer as a text.
    NumbersAsText,
    /// Each text that is a number as a number.
    TextAsNumbers,
    /// The answer without its lifetime.
    NoLifetime,
    /// The token answer of another carrier.
    AnswerOf(&'static Carrier),
    /// This answer.
    Answer(Answer),
    /// The answer, late.
    Late(Duration),
    /// The connection ends without an answer.
    Reset,
}

impl Fault {
    /// The answer in place of the good one; `None` if the connection ends.
    pub(crate) fn apply(self, mut good: Rendered, issue: Option<&Issue>) -> Option<Rendered> {
        Some(match self {
            Self::Html(status) => Rendered::plain(status, "text/html", FIREWALL),
            Self::Empty(status) => Rendered::plain(status, "", ""),
            Self::Answer(answer) => {
                Rendered::plain(answer.status, answer.content_type, answer.body)
                    .with_headers(answer.headers)
            }
            Self::AnswerOf(carrier) => {
                let token = carrier.endpoints.iter().find(|of| of.issues.is_some());
                // A carrier without tokens has no answer that could be taken for one.
                match token {
                    Some(of) => good.places.render(&of.good),
                    None => good,
                }
            }
            Self::NumbersAsText => good.changed(|json| each(json, &mut as_text)),
            Self::TextAsNumbers => good.changed(|json| each(json, &mut as_number)),
            Self::NoLifetime => {
                let at = issue.map_or("", |issue| issue.lifetime_at);
                if at == "jwt" {
                    good.with_another_token("opaque")
                } else if let Some(name) = at.strip_prefix("header:") {
                    good.headers.retain(|(header, _)| header != name);
                    good
                } else {
                    good.changed(|json| remove(json, at))
                }
            }
            Self::Late(_) => good,
            Self::Reset => return None,
        })
    }
}

fn each(value: &mut Value, change: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| each(value, change)),
        Value::Array(items) => items.iter_mut().for_each(|value| each(value, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => change(value),
    }
}

fn as_text(value: &mut Value) {
    if let Value::Number(number) = value {
        *value = Value::String(number.to_string());
    }
}

fn as_number(value: &mut Value) {
    if let Some(number) = value.as_str().and_then(|text| text.parse::<u64>().ok()) {
        *value = number.into();
    }
}

fn remove(json: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    if let Some(Value::Object(members)) = json.pointer_mut(parent) {
        members.remove(name);
    }
}
