//! The declaration of a body: a line for each member, indented below its parent.
//!
//! ```text
//! @address
//!   city* text 1..30
//! orderId* text ..64
//! shipTo* object @address
//! items* list 1..99
//!   quantity* integer 1..
//!   unit one-of KG|LB
//! ```
//!
//! `*` marks a required member and `?` one that may be `null`. A line that begins with `@` names members that later
//! lines use.

use serde_json::Value;

use super::refusal::{Broken, Violation};
use super::shape::Shape;

/// One member, or one parameter.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) name: String,
    is_required: bool,
    may_be_null: bool,
    shape: Shape,
    members: Vec<Self>,
}

/// Reads a declaration. The error names the line.
pub(crate) fn parse(text: &str) -> Result<Vec<Member>, String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<(usize, &str)> = lines
        .map(|line| {
            let content = line.trim_start();
            ((line.len() - content.len()) / 2, content.trim_end())
        })
        .collect();
    let mut named = Vec::new();
    let (members, rest) = parse_level(&lines, 0, &mut named)?;
    match rest.first() {
        None => Ok(members),
        Some((_, line)) => Err(format!("`{line}` is indented too far")),
    }
}

type Lines<'a, 'b> = &'a [(usize, &'b str)];
type Named<'b> = Vec<(&'b str, Vec<Member>)>;

fn parse_level<'a, 'b>(
    mut lines: Lines<'a, 'b>,
    depth: usize,
    named: &mut Named<'b>,
) -> Result<(Vec<Member>, Lines<'a, 'b>), String> {
    let mut members = Vec::new();
    while let Some(((found, line), rest)) = lines.split_first() {
        if *found != depth {
            break;
        }
        let (mut below, rest) = parse_level(rest, depth + 1, named)?;
        lines = rest;
        if line.starts_with('@') {
            named.push((line, below));
            continue;
        }
        let (line, used) = match line.rsplit_once(' ') {
            Some((front, name)) if name.starts_with('@') => (front, Some(name)),
            _ => (*line, None),
        };
        if let Some(used) = used {
            let known = named.iter().find(|(name, _)| *name == used);
            let (_, known) = known.ok_or_else(|| format!("`{used}` is not named before"))?;
            below.extend(known.iter().cloned());
        }
        members.push(parse_member(line, below)?);
    }
    Ok((members, lines))
}

fn parse_member(line: &str, members: Vec<Member>) -> Result<Member, String> {
    let (name, shape) = line.split_once(' ').unwrap_or((line, "text"));
    let name_only = name.trim_end_matches(['*', '?']);
    let marks = &name[name_only.len()..];
    Ok(Member {
        name: name_only.to_owned(),
        is_required: marks.contains('*'),
        may_be_null: marks.contains('?'),
        shape: Shape::parse(shape).ok_or_else(|| format!("`{line}` has no known shape"))?,
        members,
    })
}

/// Checks a body; the first member that breaks the declaration is the answer.
pub(crate) fn check(members: &[Member], body: &Value, is_lenient: bool) -> Result<(), Violation> {
    match body {
        // A body that is a list is declared as one member without a name.
        Value::Array(_) if members.iter().any(|member| member.name == "[]") => members
            .iter()
            .try_for_each(|member| member.check(Some(body), is_lenient)),
        Value::Object(_) if members.iter().all(|member| member.name != "[]") => {
            check_members(members, body, is_lenient)
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)
        | Value::Array(_) => Err(Violation::at(Broken::Type, "body")),
    }
}

fn check_members(members: &[Member], parent: &Value, is_lenient: bool) -> Result<(), Violation> {
    members.iter().try_for_each(|member| {
        let value = parent.get(&member.name);
        let checked = member.check(value, is_lenient);
        checked.map_err(|violation| violation.below(&member.name))
    })
}

impl Member {
    fn check(&self, value: Option<&Value>, is_lenient: bool) -> Result<(), Violation> {
        let missing = || match self.is_required {
            true => Err(Violation::here(Broken::Missing)),
            false => Ok(()),
        };
        let value = match value {
            None => return missing(),
            Some(Value::Null) if self.may_be_null => return Ok(()),
            Some(Value::Null) if is_lenient => return missing(),
            Some(value) => value,
        };
        if let Some((least, most)) = self.shape.items() {
            let Value::Array(items) = value else {
                // One item stands for a list of one in the products that were made from XML.
                return match is_lenient {
                    true => self.check_item(value, is_lenient),
                    false => Err(Violation::here(Broken::Type)),
                };
            };
            return self.check_items(items, (least, most), is_lenient);
        }
        self.check_item(value, is_lenient)
    }

    fn check_items(
        &self,
        items: &[Value],
        (least, most): (usize, usize),
        is_lenient: bool,
    ) -> Result<(), Violation> {
        if items.len() < least {
            let broken = match items.is_empty() {
                true => Broken::Missing,
                false => Broken::Length,
            };
            return Err(Violation::here(broken));
        }
        if items.len() > most {
            return Err(Violation::here(Broken::Length));
        }
        items.iter().enumerate().try_for_each(|(index, item)| {
            let checked = self.check_item(item, is_lenient);
            checked.map_err(|violation| violation.at_index(index))
        })
    }

    fn check_item(&self, value: &Value, is_lenient: bool) -> Result<(), Violation> {
        if self.shape.has_members() {
            // An empty text is an empty element in the products that were made from XML.
            let is_empty = is_lenient && value.as_str().is_some_and(|text| text.trim().is_empty());
            if !value.is_object() && !is_empty {
                return Err(Violation::here(Broken::Type));
            }
            return check_members(&self.members, value, is_lenient);
        }
        let is_blank = is_lenient && value.as_str().is_some_and(|text| text.trim().is_empty());
        match self.is_required && is_blank {
            true => Err(Violation::here(Broken::Missing)),
            false => self.shape.check(value, is_lenient).map_err(Violation::here),
        }
    }

    /// Checks a parameter.
    pub(super) fn check_text(&self, text: Option<&str>) -> Result<(), Violation> {
        let checked = match text {
            None | Some("") if self.is_required => Err(Broken::Missing),
            None | Some("") => Ok(()),
            Some(text) => self.shape.check_text(text),
        };
        checked.map_err(|broken| Violation::at(broken, &self.name))
    }
}
