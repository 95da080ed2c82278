//! The text of a lock file: TOML with one `[[plugin]]` for each plugin.

use super::{LockedPlugin, PluginLock};
use gateway_model::Digest;
use std::{collections::BTreeMap, fmt::Write as _};
use toml_span::{DeserError, Deserialize, Error, ErrorKind, Span, Value, de_helpers::TableHelper};

/// The version of the format that this program writes, and the only one that it reads.
const FORMAT: u32 = 1;

/// What is wrong in a lock file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LockSyntaxError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
}

/// One `[[plugin]]`.
struct Entry {
    name: String,
    locked: LockedPlugin,
    span: Span,
}

struct Document(Vec<Entry>);

pub(super) fn parse(bytes: &[u8]) -> Result<PluginLock, LockSyntaxError> {
    let Ok(text) = str::from_utf8(bytes) else {
        return Err(LockSyntaxError {
            line: 1,
            problem: "it is not UTF-8".to_owned(),
        });
    };
    let found = |error: &Error| LockSyntaxError {
        line: line(text, error.span),
        problem: crate::text::clean(&error.to_string(), 200),
    };
    let mut root = toml_span::parse(text).map_err(|error| found(&error))?;
    let document = Document::deserialize(&mut root).map_err(|errors| {
        let first = errors.errors.first();
        first.map_or_else(
            || found(&custom("it is no lock file", Span::default())),
            found,
        )
    })?;
    let mut plugins = BTreeMap::new();
    for Entry { name, locked, span } in document.0 {
        // With two contents for one name nothing would be locked.
        if plugins.insert(name, locked).is_some() {
            return Err(found(&custom("the plugin is named twice", span)));
        }
    }
    Ok(PluginLock { plugins })
}

pub(super) fn text(lock: &PluginLock) -> String {
    let mut text = format!(
        "# The only content that each plugin may have. `waybill plugin lock` writes this file.\n\
         version = {FORMAT}\n"
    );
    for (name, LockedPlugin { version, sha256 }) in &lock.plugins {
        // A JSON string is a basic string of TOML, with the same escapes.
        let (name, version) = (quoted(name), quoted(version));
        // Cannot fail: a string takes any text.
        let _ = write!(
            text,
            "\n[[plugin]]\nname = {name}\nversion = {version}\nsha256 = \"{sha256}\"\n"
        );
    }
    text
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let mut table = TableHelper::new(value)?;
        let version = table.required_s::<u32>("version")?;
        if version.value != FORMAT {
            let problem = "the format is of another version of Waybill";
            return Err(custom(problem, version.span).into());
        }
        let entries = table.optional("plugin").unwrap_or_default();
        // Unknown keys are refused: one that restricts a plugin must not be passed over.
        table.finalize(None)?;
        Ok(Self(entries))
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let mut table = TableHelper::new(value)?;
        let name = table.required("name")?;
        let version = table.required("version")?;
        let sha256 = table.required_s::<String>("sha256")?;
        table.finalize(None)?;
        let digest = sha256.value.parse::<Digest>();
        let digest = digest.map_err(|error| custom(&error.to_string(), sha256.span))?;
        Ok(Self {
            name,
            locked: LockedPlugin {
                version,
                sha256: digest,
            },
            span,
        })
    }
}

fn custom(problem: &str, span: Span) -> Error {
    Error::from((ErrorKind::Custom(problem.to_owned().into()), span))
}

fn line(text: &str, span: Span) -> usize {
    let before = text.as_bytes().iter().take(span.start);
    before.filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(plugins: &[(&str, &str)]) -> PluginLock {
        let plugins = plugins.iter().map(|(name, version)| {
            let sha256 = Digest::from_bytes([7; 32]);
            let version = (*version).to_owned();
            ((*name).to_owned(), LockedPlugin { version, sha256 })
        });
        PluginLock {
            plugins: plugins.collect(),
        }
    }

    #[test]
    fn lock_round_trips_whatever_the_version_is() {
        for lock in [
            lock(&[]),
            lock(&[("ups", "1.0"), ("usps", "2 \"beta\" \\ ä\u{1b}")]),
        ] {
            assert_eq!(parse(text(&lock).as_bytes()), Ok(lock));
        }
    }

    #[test]
    fn malformed_lock_is_refused_with_its_line() {
        let digest = "07".repeat(32);
        let entry = |more: &str| format!("[[plugin]]\nname = \"a\"\nversion = \"1\"\n{more}\n");
        let good = entry(&format!("sha256 = \"{digest}\""));
        for (text, line, problem) in [
            ("version = 2\n".to_owned(), 1, "another version"),
            ("[[plugin]]\n".to_owned(), 1, "version"),
            ("version = 1\n[[plugin\n".to_owned(), 2, ""),
            (
                format!("version = 1\n{}", entry("sha256 = \"12\"")),
                5,
                "64 hexadecimal",
            ),
            (format!("version = 1\n{}", entry("")), 2, "sha256"),
            (format!("version = 1\nextra = 1\n{good}"), 1, "extra"),
            (format!("version = 1\n{good}{good}"), 6, "twice"),
        ] {
            let error = parse(text.as_bytes()).expect_err(&text);
            assert_eq!(error.line, line, "{error}");
            assert!(error.problem.contains(problem), "{error}");
        }
    }
}
