//! The carrier's codes in an answer, in JSON or XML.

use gateway_http_client::HttpResponse;
use http::HeaderName;
use serde_json::Value;

/// More codes than any answer has.
const MAX_CODES: usize = 64;

/// Where a carrier's answers have a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodePlaces {
    /// The keys of codes in JSON and the names of their elements in XML, in any case.
    pub keys: Vec<String>,
    /// The header field with a code, for carriers that use one.
    pub field: Option<HeaderName>,
}

impl Default for CodePlaces {
    fn default() -> Self {
        Self {
            keys: ["code", "errorCode"].map(str::to_owned).into(),
            field: None,
        }
    }
}

impl CodePlaces {
    /// The codes in an answer, in its order: the header field, then every text or number under one of the keys,
    /// and in XML the text of every element of such a name. Of a URL the last segment is the code. Empty if
    /// there is none.
    pub fn codes_in(&self, answer: &HttpResponse) -> Vec<String> {
        let mut codes = Vec::new();
        let field = self.field.as_ref();
        if let Some(value) = field.and_then(|name| answer.headers.get(name)) {
            codes.push(crate::text::code(value.as_bytes()));
        }
        match serde_json::from_slice::<Value>(&answer.body) {
            // Anywhere in the document: carriers nest their errors differently, even between products.
            Ok(json) => visit(&json, &mut |key, value| {
                // Bounded, because the answer is the carrier's and may be of any size.
                if !self.is_name(key) || codes.len() >= MAX_CODES {
                    return;
                }
                match value {
                    Value::String(code) => {
                        let code = code.rsplit('/').next().unwrap_or_default();
                        codes.push(crate::text::code(code.as_bytes()));
                    }
                    Value::Number(code) => codes.push(code.to_string()),
                    Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
                }
            }),
            Err(_) => self.in_xml(&String::from_utf8_lossy(&answer.body), &mut codes),
        }
        codes
    }

    /// The first of these codes in an answer.
    pub(crate) fn find(&self, answer: &HttpResponse, wanted: &[String]) -> Option<String> {
        let mut codes = self.codes_in(answer).into_iter();
        codes.find(|code| wanted.contains(code))
    }

    fn is_name(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.eq_ignore_ascii_case(name))
    }

    /// Elements without children and with such a name, with or without a prefix. Not a parser: a text that
    /// only looks like an element is a code that no manifest knows.
    fn in_xml(&self, text: &str, codes: &mut Vec<String>) {
        for element in text.split('<').skip(1) {
            let Some((tag, content)) = element.split_once('>') else {
                continue;
            };
            let name = tag.split_ascii_whitespace().next().unwrap_or_default();
            let local = name.rsplit(':').next().unwrap_or_default();
            let content = content.trim();
            if self.is_name(local) && !content.is_empty() && codes.len() < MAX_CODES {
                codes.push(crate::text::code(content.as_bytes()));
            }
        }
    }
}

/// All members of all objects; the parser has bounded the depth.
pub(crate) fn visit(value: &Value, see: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                see(key, value);
                visit(value, see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::CodePlaces;
    use bytes::Bytes;
    use gateway_http_client::HttpResponse;

    fn codes_in(body: &[u8]) -> Vec<String> {
        CodePlaces::default().codes_in(&HttpResponse {
            status: http::StatusCode::BAD_REQUEST,
            headers: http::HeaderMap::new(),
            body: Bytes::copy_from_slice(body),
        })
    }

    #[test]
    fn codes_are_found_in_json_and_in_xml() {
        let json = br#"{"errors":[{"Code":10400},{"errorCode":"E1"},{"postalCode":"10001"}]}"#;
        assert_eq!(codes_in(json), ["10400", "E1"]);
        let xml = b"<?xml version=\"1.0\"?><a:Errors><a:Code>1100571</a:Code><zipCode>1</zipCode>\
                    <Code xml:lang=\"en\"> E002 </Code><code/><errorCode></errorCode></a:Errors>";
        assert_eq!(codes_in(xml), ["1100571", "E002"]);
        for nothing in [
            &b""[..],
            b"<",
            b"<html><body>code</body></html>",
            b"\xff<code",
        ] {
            assert!(codes_in(nothing).is_empty());
        }
        assert_eq!(codes_in("<code>1</code>".repeat(100).as_bytes()).len(), 64);
    }
}
