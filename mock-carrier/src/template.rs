//! Answers with their places filled in.

use crate::endpoint::Answer;
use serde_json::Value;

/// What stands in the places of an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(pub(crate) Vec<(&'static str, String)>);

/// An answer as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// With what it was filled in, so that a fault can fill in another answer.
    pub(crate) places: Places,
}

impl Places {
    pub(crate) fn render(&self, answer: &Answer) -> Rendered {
        let mut headers: Vec<_> = answer.headers.iter().collect();
        let kind = ("content-type", answer.content_type);
        if !answer.content_type.is_empty() {
            headers.push(&kind);
        }
        let headers = headers
            .into_iter()
            .map(|(name, value)| ((*name).to_owned(), self.fill(value)));
        Rendered {
            status: answer.status,
            headers: headers.collect(),
            body: self.fill(answer.body),
            places: self.clone(),
        }
    }

    fn fill(&self, template: &str) -> String {
        self.0
            .iter()
            .fold(template.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            })
    }
}

impl Rendered {
    pub(crate) fn plain(status: u16, content_type: &'static str, body: &'static str) -> Self {
        Places::default().render(&Answer::of(status, content_type, body))
    }

    pub(crate) fn with_headers(mut self, headers: &[(&str, &str)]) -> Self {
        let more = headers.iter();
        self.headers
            .extend(more.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    /// With another text where the token stands.
    pub(crate) fn with_another_token(mut self, other: &str) -> Self {
        let token = self
            .places
            .0
            .iter()
            .find(|(name, _)| *name == "access_token");
        if let Some((_, token)) = token {
            self.body = self.body.replace(token, other);
            for (_, value) in &mut self.headers {
                *value = value.replace(token, other);
            }
        }
        self
    }

    /// With its JSON changed; what is no JSON stays as it is.
    pub(crate) fn changed(mut self, change: impl FnOnce(&mut Value)) -> Self {
        if let Ok(mut json) = serde_json::from_str(&self.body) {
            change(&mut json);
            self.body = json.to_string();
        }
        self
    }
}
