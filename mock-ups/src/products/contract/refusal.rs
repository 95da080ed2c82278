//! Why a call is refused, and the envelopes in which products say so.

use std::borrow::Cow;

use http::StatusCode;
use serde_json::{Value, json};

use crate::api::{ApiResponse, UpsError};

/// What an operation gives back.
pub(crate) type Answer = Result<ApiResponse, Refusal>;

/// What is wrong with a member or a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    Missing,
    Type,
    Length,
    Value,
}

/// A member or a parameter that breaks the declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) broken: Broken,
    /// The names that lead to it, with dots between them.
    pub(crate) field: String,
}

impl Violation {
    pub(super) const fn here(broken: Broken) -> Self {
        Self {
            broken,
            field: String::new(),
        }
    }

    pub(super) fn at(broken: Broken, field: &str) -> Self {
        Self {
            broken,
            field: field.to_owned(),
        }
    }

    pub(super) fn below(mut self, parent: &str) -> Self {
        let joint = match self.field.starts_with('[') || self.field.is_empty() {
            true => "",
            false => ".",
        };
        self.field = format!("{parent}{joint}{}", self.field);
        self
    }

    pub(super) fn at_index(self, index: usize) -> Self {
        self.below(&format!("[{index}]"))
    }
}

/// Why a call is refused.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// The request breaks the declaration.
    Violation(Violation),
    /// The body is no JSON.
    Unreadable,
    /// The body is what the older services do not digest.
    Indigestible,
    /// An error that all products share.
    Known(UpsError),
    /// What the operation itself found.
    Stated {
        error: UpsError,
        /// The member that it concerns, if there is one.
        field: &'static str,
    },
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

/// A refusal by the operation itself.
pub(crate) fn refused(code: &'static str, text: impl Into<Cow<'static, str>>) -> Refusal {
    refused_field(code, text, "")
}

/// A refusal that concerns a member.
pub(crate) fn refused_field(
    code: &'static str,
    text: impl Into<Cow<'static, str>>,
    field: &'static str,
) -> Refusal {
    Refusal::Stated {
        error: UpsError::bad_request(code, text),
        field,
    }
}

/// A refusal with another status than 400.
pub(crate) fn refused_with(
    status: StatusCode,
    code: &'static str,
    text: impl Into<Cow<'static, str>>,
) -> Refusal {
    Refusal::Stated {
        error: UpsError::new(status, code, text),
        field: "",
    }
}

/// The codes of a product for what the declaration finds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codes {
    pub(crate) missing: &'static str,
    pub(crate) invalid: &'static str,
    pub(crate) length: &'static str,
    pub(crate) unreadable: &'static str,
}

impl Codes {
    /// One code for everything.
    pub(crate) const fn one(code: &'static str) -> Self {
        Self {
            missing: code,
            invalid: code,
            length: code,
            unreadable: code,
        }
    }
}

impl Refusal {
    /// The error with the codes of the product.
    pub(crate) fn error(&self, codes: Codes) -> UpsError {
        match self {
            Self::Violation(Violation { broken, field }) => {
                let (code, text) = match broken {
                    Broken::Missing => (codes.missing, format!("Missing {field}")),
                    Broken::Type => (codes.invalid, format!("Invalid type of {field}")),
                    Broken::Length => (codes.length, format!("Invalid length of {field}")),
                    Broken::Value => (codes.invalid, format!("Invalid {field}")),
                };
                UpsError::bad_request(code, text)
            }
            Self::Unreadable => {
                UpsError::bad_request(codes.unreadable, "The request body is not valid JSON")
            }
            Self::Indigestible => UpsError::new(StatusCode::OK, "1", ""),
            Self::Known(error) | Self::Stated { error, .. } => error.clone(),
        }
    }

    /// The member that it concerns; empty when it concerns none.
    pub(crate) fn field(&self) -> &str {
        match self {
            Self::Violation(violation) => &violation.field,
            Self::Stated { field, .. } => field,
            Self::Unreadable | Self::Indigestible | Self::Known(_) => "",
        }
    }

    /// UPS's usual envelope.
    pub(crate) fn usual(&self, codes: Codes) -> ApiResponse {
        match self {
            Self::Indigestible => ApiResponse::indigestible(),
            Self::Violation(_) | Self::Unreadable | Self::Known(_) | Self::Stated { .. } => {
                ApiResponse::error(self.error(codes))
            }
        }
    }

    /// The usual envelope with the name of the member and of the mistake, as the brokerage products have it.
    pub(crate) fn with_field(&self, codes: Codes) -> ApiResponse {
        let error = self.error(codes);
        let (description, field) = (self.description(), self.field());
        let mut entry =
            json!({"code": error.code, "description": description, "message": error.message});
        if !field.is_empty() {
            entry["field"] = json!(field);
        }
        enveloped(error, &json!({"response": {"errors": [entry]}}))
    }

    /// The name of the mistake.
    pub(crate) fn description(&self) -> &'static str {
        match self {
            Self::Violation(Violation { broken, .. }) => match broken {
                Broken::Missing => "VALUE_REQUIRED",
                Broken::Type => "INVALID_TYPE",
                Broken::Length => "INVALID_LENGTH",
                Broken::Value => "INVALID_VALUE",
            },
            Self::Unreadable | Self::Indigestible => "INVALID_JSON",
            Self::Known(_) | Self::Stated { .. } => "REFUSED",
        }
    }

    /// `errors` without `response` around it.
    pub(crate) fn bare(&self, codes: Codes) -> ApiResponse {
        let error = self.error(codes);
        let entry = json!({"code": error.code, "message": error.message});
        enveloped(error, &json!({"errors": [entry]}))
    }
}

/// An error in an envelope of its own.
pub(crate) fn enveloped(error: UpsError, body: &Value) -> ApiResponse {
    let mut answer = ApiResponse::json(body.to_string()).with_status(error.status);
    answer.error = Some(error);
    answer
}

/// Only letters, digits, blanks, hyphens, underscores and colons, which some files allow in messages.
pub(crate) fn plain(text: &str) -> String {
    let is_plain =
        |character: &char| character.is_ascii_alphanumeric() || "-_ :".contains(*character);
    text.chars()
        .map(|character| if is_plain(&character) { character } else { ' ' })
        .collect()
}

/// A body as an answer.
pub(crate) fn answered(body: &Value) -> Answer {
    Ok(ApiResponse::json(body.to_string()))
}
