//! The fields of a form (`application/x-www-form-urlencoded` or `multipart/form-data`).

use crate::error::AdminError;
use axum::{
    body::{Body, Bytes},
    extract::FromRequestParts,
};
use gateway_api::migration_list;
use gateway_model::Secret;
use http::{HeaderMap, header, request::Parts};
use std::{fmt::Display, str::FromStr};

/// The fields of a form, in the order in which the browser sent them.
#[derive(Clone, Default)]
pub(super) struct Fields {
    texts: Vec<(String, String)>,
    files: Vec<UploadedFile>,
}

/// A file that a person has chosen.
#[derive(Clone)]
pub(super) struct UploadedFile {
    field: String,
    pub(super) name: String,
    pub(super) content: Bytes,
}

impl Fields {
    pub(super) fn parse(content: &[u8]) -> Self {
        Self {
            texts: form_urlencoded::parse(content).into_owned().collect(),
            files: Vec::new(),
        }
    }

    /// The fields of a content in the form that its type names.
    pub(super) async fn of(headers: &HeaderMap, content: Bytes) -> Result<Self, AdminError> {
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match multer::parse_boundary(kind) {
            Ok(boundary) => Self::of_parts(content, boundary).await.map_err(broken),
            // What is no form has no fields, and so lacks what every form has.
            Err(_other_type) => Ok(Self::parse(&content)),
        }
    }

    async fn of_parts(content: Bytes, boundary: String) -> multer::Result<Self> {
        let stream = Body::from(content).into_data_stream();
        let mut parts = multer::Multipart::new(stream, boundary);
        let mut fields = Self::default();
        while let Some(part) = parts.next_field().await? {
            let field = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                Some(name) => {
                    let content = part.bytes().await?;
                    // Without a choice of the person a browser sends a file without a name.
                    if !name.is_empty() || !content.is_empty() {
                        fields.files.push(UploadedFile {
                            field,
                            name,
                            content,
                        });
                    }
                }
                None => fields.texts.push((field, part.text().await?)),
            }
        }
        Ok(fields)
    }

    /// The file that a person has chosen for a field.
    pub(super) fn file(&self, name: &str) -> Option<&UploadedFile> {
        self.files.iter().find(|file| file.field == name)
    }

    /// A field's text without blanks around it; empty if the form has no such field.
    pub(super) fn text(&self, name: &str) -> &str {
        let field = self.texts.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, text)| text.trim())
    }

    /// All texts of a field that may occur more than once.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.texts.iter().filter(move |(field, _)| field == name);
        fields.map(|(_, text)| text.trim())
    }

    /// Whether a box is ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    pub(super) fn secret(&self, name: &str) -> Secret {
        Secret::new(self.text(name).to_owned())
    }

    /// A passphrase exactly as it was typed: it must be typed like this again elsewhere.
    pub(super) fn passphrase(&self, name: &str) -> Secret {
        let field = self.texts.iter().find(|(field, _)| field == name);
        Secret::new(field.map(|(_, text)| text.clone()).unwrap_or_default())
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
        let texts = self.texts.iter();
        texts.filter(|(name, text)| !is_own(name) && !is_secret(name, text))
    }

    /// The names of the secrets that a person has to type again.
    pub(super) fn secrets(&self) -> Vec<&str> {
        let texts = self.texts.iter();
        let secrets = texts.filter(|(name, text)| is_secret(name, text));
        secrets.map(|(name, _)| name.as_str()).collect()
    }
}

/// Whether a field is the form's own.
fn is_own(name: &str) -> bool {
    name == "csrf" || name == "seen"
}

/// The names of fields that hold secrets.
const SECRETS: [&str; 6] = [
    "secret",
    "token",
    "redirected",
    "key",
    "passphrase",
    "passphrase_again",
];

/// Whether a field holds a secret, which no page may show.
fn is_secret(name: &str, text: &str) -> bool {
    SECRETS.contains(&name)
        || name.starts_with(SECRET_SETTING)
        || (name == LIST && !text.is_empty() && migration_list::may_hold_keys(text))
}

/// What the name of a field for a secret setting of a carrier's plugin begins with.
pub(super) const SECRET_SETTING: &str = "secret_setting.";

/// The field with the list of a migration.
pub(super) const LIST: &str = "list";

fn broken(error: multer::Error) -> AdminError {
    let message = format!("the form arrived damaged: {error}; send it again");
    AdminError::Invalid("bad_form", message)
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
