//! A form that a person sent and that could not be taken: nothing of it is lost, except secrets.

use super::{
    fields::{Fields, LIST},
    page::ROOT,
};
use askama::{Template, filters::HtmlSafe};

/// The fields that no person has typed.
const HIDDEN: [&str; 5] = ["what", "account", "also", "as", "plan"];

/// The form.
#[derive(Template)]
#[template(path = "ui/kept_fields.html")]
pub(super) struct Kept {
    pub(super) path: String,
    /// What its page had shown.
    pub(super) seen: String,
    fields: Vec<(String, String)>,
    /// The names of the secrets, which have to be typed again.
    secrets: Vec<String>,
}

// The template escapes its own parts.
impl HtmlSafe for Kept {}

impl Kept {
    pub(super) fn of(path: String, fields: &Fields) -> Self {
        Self {
            path: own_path(&path),
            seen: fields.text("seen").to_owned(),
            fields: fields.typed().cloned().collect(),
            secrets: fields.secrets().into_iter().map(str::to_owned).collect(),
        }
    }

    /// What the sign-in form carried for the form that waits.
    pub(super) fn carried(fields: &Fields) -> Option<Self> {
        let path = fields.text("kept-path");
        if path.is_empty() {
            return None;
        }
        let inner = Fields::parse(fields.text("kept-fields").as_bytes());
        let secrets = fields.text("kept-secrets").split_whitespace();
        Some(Self {
            path: own_path(path),
            seen: fields.text("kept-seen").to_owned(),
            fields: inner.typed().cloned().collect(),
            secrets: secrets.map(str::to_owned).collect(),
        })
    }

    /// The fields that a person has typed.
    fn typed(&self) -> impl Iterator<Item = &(String, String)> {
        self.fields.iter().filter(|(name, _)| !is_hidden(name))
    }

    /// The other fields.
    fn hidden(&self) -> impl Iterator<Item = &(String, String)> {
        self.fields.iter().filter(|(name, _)| is_hidden(name))
    }

    /// Whether there is nothing to look at before the form is sent again.
    pub(super) fn is_plain(&self) -> bool {
        self.typed().next().is_none() && self.secrets.is_empty()
    }

    /// Whether a field may have several lines, which a one-line field would join.
    fn has_lines(name: &str) -> bool {
        name == LIST
    }

    pub(super) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.fields)
            .finish()
    }

    pub(super) fn secret_names(&self) -> String {
        self.secrets.join(" ")
    }
}

fn is_hidden(name: &str) -> bool {
    HIDDEN.contains(&name) || name.starts_with("seen.")
}

/// A path of these pages; a path that leads elsewhere becomes the first page.
pub(super) fn own_path(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.~?=&%+".contains(&b);
    let own = path == ROOT || path.starts_with("/ui/") || path.starts_with("/ui?");
    if own && path.len() <= 512 && path.bytes().all(plain) {
        path.to_owned()
    } else {
        ROOT.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_leads_to_own_pages_only() {
        for path in ["/ui", "/ui/accounts?q=a%20b", "/ui/requests/abc"] {
            assert_eq!(own_path(path), path);
        }
        for path in [
            "",
            "https://evil.example",
            "//evil.example/ui/",
            "/uix",
            "/ui/\\evil",
            "/ui/a\nb",
            "/api/v1/backup",
        ] {
            assert_eq!(own_path(path), ROOT, "{path}");
        }
    }
}
