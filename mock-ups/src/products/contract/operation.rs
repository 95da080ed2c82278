//! One operation of a declared product.

use http::Method;
use serde_json::Value;

use super::declaration::{self, Member};
use super::refusal::{Answer, Refusal};
use crate::api::ApiRequest;

/// A call of a path with a method.
pub(crate) struct Operation<S> {
    pub(crate) method: Method,
    /// The segments below `/api`. `{version}` is a version, another name in braces a parameter.
    pub(crate) path: &'static str,
    /// The declaration of the parameters: each line begins with `header`, `query` or `path`.
    pub(crate) parameters: &'static str,
    /// The declaration of the body, if the operation has one.
    pub(crate) body: Option<&'static str>,
    pub(crate) answer: fn(&S, &Call<'_>) -> Answer,
}

/// A call that passed the checks of its declaration.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a ApiRequest<'a>,
    pub(crate) version: u32,
    /// The parameters of the path, in their order, without the version.
    pub(crate) path: Vec<String>,
    /// `null` where the operation has no body.
    pub(crate) body: Value,
    /// Whether what UPS's files forbid is refused even where that makes no sense.
    pub(crate) is_strict: bool,
}

impl Call<'_> {
    /// The text of a member, by a JSON pointer; empty when it is absent.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        let member = self.body.pointer(pointer);
        member.and_then(Value::as_str).unwrap_or_default()
    }

    /// The items of a list, by a JSON pointer. One object is a list of one.
    pub(crate) fn items(&self, pointer: &str) -> &[Value] {
        items(self.body.pointer(pointer))
    }

    /// A header field, empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.request.header(name).unwrap_or_default().trim()
    }

    /// A parameter of the query, empty when it is absent.
    pub(crate) fn query(&self, name: &str) -> String {
        let value = self.request.query_value(name);
        value.map(|value| value.into_owned()).unwrap_or_default()
    }
}

/// A list, or one item that stands for a list.
pub(crate) fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        Some(Value::Null) | None => &[],
        Some(one) => std::slice::from_ref(one),
    }
}

/// A list. The oldest versions give one item without a list around it.
pub(crate) fn list(is_old: bool, mut items: Vec<Value>) -> Value {
    match (is_old, items.len()) {
        (true, 1) => items.swap_remove(0),
        _ => Value::Array(items),
    }
}

impl<S> Operation<S> {
    /// The version and the parameters of a path, if it is this operation's.
    pub(super) fn route<'a>(&self, segments: &[&'a str]) -> Option<(Option<&'a str>, Vec<String>)> {
        let mut version = None;
        let mut parameters = Vec::new();
        let mut names = self.path.split('/');
        for segment in segments {
            match names.next()? {
                "{version}" => version = Some(*segment),
                name if name.starts_with('{') => {
                    let decoded = percent_encoding::percent_decode_str(segment);
                    parameters.push(decoded.decode_utf8_lossy().into_owned());
                }
                name if name == *segment => {}
                _ => return None,
            }
        }
        names.next().is_none().then_some((version, parameters))
    }
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Header,
    Query,
    Path,
}

/// An operation's declarations, ready to check.
#[derive(Debug)]
pub(super) struct ParsedOperation {
    parameters: Vec<(Place, Member)>,
    pub(super) body: Option<Vec<Member>>,
}

impl ParsedOperation {
    pub(super) fn of<S>(operation: &Operation<S>) -> Self {
        let lines = operation.parameters.lines().map(str::trim);
        let parameter = |line: &str| {
            let (place, declared) = line.split_once(' ')?;
            let place = match place {
                "header" => Place::Header,
                "query" => Place::Query,
                "path" => Place::Path,
                _ => return None,
            };
            Some((place, declaration::parse(declared).ok()?.pop()?))
        };
        const TESTED: &str = "each declaration is read by a test of its product";
        Self {
            parameters: lines
                .filter(|line| !line.is_empty())
                .map(|line| parameter(line).expect(TESTED))
                .collect(),
            body: operation
                .body
                .map(|body| declaration::parse(body).expect(TESTED)),
        }
    }

    pub(super) fn check_parameters(
        &self,
        call: &ApiRequest<'_>,
        path: &[String],
    ) -> Result<(), Refusal> {
        let mut of_path = path.iter();
        for (place, member) in &self.parameters {
            let value = match place {
                Place::Header => call.header(&member.name).map(|text| text.trim().to_owned()),
                Place::Query => call.query_value(&member.name).map(|text| text.into_owned()),
                Place::Path => of_path.next().cloned(),
            };
            member.check_text(value.as_deref())?;
        }
        Ok(())
    }
}
