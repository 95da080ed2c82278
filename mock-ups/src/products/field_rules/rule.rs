//! One rule: where a member is, what it must be, and how UPS refuses it.

use serde_json::Value;

use crate::places::{self, Code2};

/// A rule for one member of a request.
pub(crate) struct FieldRule {
    /// The names of the members that lead to it, separated by dots. If one of them is a list, the rule holds
    /// for each item. If one of them is absent, the rule is met.
    path: &'static str,
    must: Must,
    when: When,
    pub(super) code: &'static str,
    pub(super) text: &'static str,
}

/// What a member must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Must {
    /// Not longer than this many characters. In a list this holds for each text.
    BeAtMost(usize),
    /// Present and not blank. A list must have an item.
    Exist,
    /// Absent, blank or one of these.
    BeOneOf(&'static [&'static str]),
    /// Absent, blank or the code of a currency.
    BeCurrency,
    /// Absent, blank or the code of a country.
    BeCountry,
    /// Absent, blank or a time of day, `HHmm`.
    BeTime,
    /// Absent, blank or a whole number from 1 on.
    BeCount,
}

/// When a rule applies.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    Always,
    /// The two countries differ.
    Abroad(&'static str, &'static str),
    /// The member beside the last one of the path is this.
    Beside(&'static str, &'static str),
    /// The member of this path, from the request's root, is this.
    Holds(&'static str, &'static str),
    /// The list beside the last one of the path has no item whose member is this: list, member, value.
    NoItem(&'static str, &'static str, &'static str),
}

pub(super) const fn rule(
    path: &'static str,
    must: Must,
    code: &'static str,
    text: &'static str,
) -> FieldRule {
    FieldRule {
        path,
        must,
        when: When::Always,
        code,
        text,
    }
}

impl FieldRule {
    pub(super) const fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }
}

impl FieldRule {
    pub(super) fn is_broken(&self, body: &Value) -> bool {
        let applies = match self.when {
            When::Abroad(from, to) => differ(body, from, to),
            When::Holds(path, wanted) => holds(body, path, wanted),
            // Asked of each parent below.
            When::Always | When::Beside(..) | When::NoItem(..) => true,
        };
        if !applies {
            return false;
        }
        // The parent is looked for, not the member: a rule must see that the member is absent.
        let (parents, name) = self.path.rsplit_once('.').unwrap_or(("", self.path));
        let mut found = Vec::new();
        collect(body, parents, &mut found);
        found.into_iter().any(|parent| {
            let applies = match self.when {
                When::Beside(member, wanted) => is_or_holds(parent.get(member), wanted),
                When::NoItem(list, member, unwanted) => {
                    !holds(parent, &[list, member].join("."), unwanted)
                }
                When::Always | When::Abroad(..) | When::Holds(..) => true,
            };
            applies && !self.must.is_met(parent.get(name))
        })
    }
}

impl Must {
    fn is_met(self, member: Option<&Value>) -> bool {
        let every = |holds: &dyn Fn(&str) -> bool| match member {
            Some(Value::Array(items)) => items
                // A list of texts is judged text by text, as address lines are.
                .iter()
                .all(|item| text_of(Some(item)).is_none_or(|text| holds(&text))),
            other => text_of(other).is_none_or(|text| holds(&text)),
        };
        match self {
            // Characters, since UPS's limits count what people see and not bytes.
            Self::BeAtMost(length) => every(&|text| text.chars().count() <= length),
            Self::Exist => match member {
                None | Some(Value::Null) => false,
                Some(Value::Array(items)) => !items.is_empty(),
                Some(Value::Object(members)) => !members.is_empty(),
                scalar => text_of(scalar).is_some(),
            },
            Self::BeOneOf(values) => every(&|text| values.contains(&text)),
            Self::BeCurrency => every(&places::is_currency),
            Self::BeCountry => every(&|text| Code2::parse(text).and_then(places::region).is_some()),
            Self::BeTime => every(&is_time),
            Self::BeCount => every(&|text| text.parse::<u16>().is_ok_and(|count| count > 0)),
        }
    }
}

fn is_time(text: &str) -> bool {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && &text[..2] < "24" && &text[2..] < "60"
}

/// The text of a scalar, without surrounding blanks; `None` when blank or no scalar.
fn text_of(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

fn is_or_holds(value: Option<&Value>, wanted: &str) -> bool {
    match value {
        // Form types come as one text or as a list.
        Some(Value::Array(items)) => items.iter().any(|item| is_or_holds(Some(item), wanted)),
        scalar => text_of(scalar).as_deref() == Some(wanted),
    }
}

/// Whether a member at the path, in any item of a list, is this.
fn holds(body: &Value, path: &str, wanted: &str) -> bool {
    let (parents, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut found = Vec::new();
    collect(body, parents, &mut found);
    found
        .into_iter()
        .any(|parent| is_or_holds(parent.get(name), wanted))
}

/// The objects at a path.
fn collect<'v>(value: &'v Value, path: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, found)),
        Value::Object(_) if path.is_empty() => found.push(value),
        Value::Object(members) => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(member) = members.get(name) {
                collect(member, rest, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether two members are there and differ. Shippers that ship from their own address say so once.
fn differ(body: &Value, from: &str, to: &str) -> bool {
    let text = |path: &str| {
        let mut value = body;
        for name in path.split('.') {
            value = value.get(name)?;
        }
        text_of(Some(value))
    };
    match (text(from), text(to)) {
        // Both must be there: an absent country is another rule's business.
        (Some(from), Some(to)) => !from.eq_ignore_ascii_case(&to),
        _ => false,
    }
}
