//! Values of fields with places for the account's keys.

use std::fmt;

/// What may stand in a place.
pub(crate) struct Places<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) client_secret: &'a str,
    pub(crate) second_secret: Option<&'a str>,
    pub(crate) account_number: Option<&'a str>,
}

/// Why a template cannot be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A place that does not exist.
    Unknown,
    /// A place whose value the account does not have.
    Missing(&'static str),
    /// A brace without its partner.
    Open,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str(
                "has an unknown place: write {client_id}, {client_secret}, {second_secret} or \
                 {account_number}",
            ),
            Self::Missing(name) => write!(f, "has {{{name}}}, but the account has no {name}"),
            Self::Open => f.write_str("has a brace without its partner"),
        }
    }
}

/// Fills in each `{name}` once, so that a key with braces in it stays what it is.
pub(crate) fn fill(template: &str, places: &Places<'_>) -> Result<String, Fault> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or(Fault::Open)?;
        out.push_str(before);
        out.push_str(match name {
            "client_id" => places.client_id,
            "client_secret" => places.client_secret,
            "second_secret" => places
                .second_secret
                .ok_or(Fault::Missing("second_secret"))?,
            "account_number" => places
                .account_number
                .ok_or(Fault::Missing("account_number"))?,
            _ => return Err(Fault::Unknown),
        });
        rest = after;
    }
    if rest.contains('}') {
        return Err(Fault::Open);
    }
    out.push_str(rest);
    Ok(out)
}
