//! The fields of a form (`application/x-www-form-urlencoded`).

use crate::error::AdminError;
use axum::extract::FromRequestParts;
use gateway_model::Secret;
use http::request::Parts;
use std::{fmt::Display, str::FromStr};

/// The fields of a form, in the order in which the browser sent them.
#[derive(Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn parse(content: &[u8]) -> Self {
        Self(form_urlencoded::parse(content).into_owned().collect())
    }

    /// A field's text without blanks around it; empty if the form has no such field.
    pub(super) fn text(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, text)| text.trim())
    }

    /// All texts of a field that may occur more than once.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.0.iter().filter(move |(field, _)| field == name);
        fields.map(|(_, text)| text.trim())
    }

    /// Whether a box is ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    pub(super) fn secret(&self, name: &str) -> Secret {
        Secret::new(self.text(name).to_owned())
    }

    /// A field of a type of its own. Not for secrets: an error may repeat a part of the text.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, AdminError> {
        let text = self.text(name);
        let label = name.replace('_', " ");
        if text.is_empty() {
            let message = format!("the field “{label}” is empty");
            return Err(AdminError::Invalid("empty_field", message));
        }
        text.parse().map_err(|error: T::Err| {
            AdminError::Invalid("invalid_field", format!("the field “{label}”: {error}"))
        })
    }

    /// A list that commas or blanks divide.
    pub(super) fn list<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Vec<T>, AdminError> {
        let label = name.replace('_', " ");
        self.text(name)
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|item| !item.is_empty())
            .map(|item| {
                item.parse().map_err(|error: T::Err| {
                    AdminError::Invalid("invalid_field", format!("the field “{label}”: {error}"))
                })
            })
            .collect()
    }

    /// All fields but secrets and the form's own: what a person need not type again.
    pub(super) fn typed(&self) -> impl Iterator<Item = &(String, String)> {
        self.0
            .iter()
            .filter(|(name, _)| name != "csrf" && !is_secret(name))
    }

    /// The names of the secrets that a person has to type again.
    pub(super) fn secrets(&self) -> Vec<&str> {
        let names = self.0.iter().map(|(name, _)| name.as_str());
        names.filter(|name| is_secret(name)).collect()
    }
}

/// Whether a field holds a secret, which no page may show.
fn is_secret(name: &str) -> bool {
    ["secret", "token", "redirected", "key"].contains(&name)
}

impl<S: Sync> FromRequestParts<S> for Fields {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // The guard has read them, after it knew who sent them.
        let fields = parts.extensions.get::<Self>().cloned();
        std::future::ready(Ok(fields.unwrap_or_default())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_trimmed() {
        let fields = Fields::parse(b"name=+M%C3%BCller+&numbers=A1%2C+B2%0D%0AC3&ticked=on");
        assert_eq!(fields.text("name"), "Müller");
        assert_eq!(
            fields.list::<String>("numbers"),
            Ok(["A1", "B2", "C3"].map(str::to_owned).to_vec())
        );
        assert!(fields.ticked("ticked") && !fields.ticked("other"));
    }

    #[test]
    fn error_names_the_field() {
        let fields = Fields::parse(b"client_id=&port=hunter2");
        let empty = fields.parsed::<u16>("client_id").expect_err("it is empty");
        assert!(empty.detail().message.contains("client id"));
        let wrong = fields.parsed::<u16>("port").expect_err("it is no number");
        assert!(wrong.detail().message.contains("port"));
    }

    #[test]
    fn typed_text_is_kept_without_secrets() {
        let fields = Fields::parse(b"csrf=x&name=main&secret=s&redirected=u");
        let kept: Vec<_> = fields.typed().map(|(name, _)| name.as_str()).collect();
        assert_eq!(kept, ["name"]);
        assert_eq!(fields.secrets(), ["secret", "redirected"]);
    }
}
