//! How requests of the carrier's older API are understood, from the manifest.

use super::{error::ManifestError, values::header_name};
use gateway_model::{LegacyProfile, PathRewrite};
use http::Method;
use serde::Deserialize;

const KEY: &str = "legacy";
/// More paths than any older API has.
const MAX_PATHS: usize = 256;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct LegacyJson {
    key_header: String,
    #[serde(default)]
    strip: Vec<String>,
    paths: Vec<RewriteJson>,
}

#[derive(Clone, Debug, Deserialize)]
struct RewriteJson {
    from: String,
    to: String,
    #[serde(default)]
    methods: Vec<String>,
}

pub(super) fn of(raw: &LegacyJson) -> Result<LegacyProfile, ManifestError> {
    let header = |name: &String| header_name(KEY, name);
    if raw.paths.len() > MAX_PATHS || raw.strip.len() > MAX_PATHS {
        return Err(ManifestError::value(KEY, "more than 256 paths or fields"));
    }
    let key_header = header(&raw.key_header)?;
    let strip: Vec<_> = raw.strip.iter().map(header).collect::<Result<_, _>>()?;
    if !strip.contains(&key_header) {
        let problem = format!("`strip` lacks {key_header}: the carrier must not see a key of ours");
        return Err(ManifestError::value(KEY, problem));
    }
    Ok(LegacyProfile {
        key_header,
        strip,
        paths: raw.paths.iter().map(rewrite).collect::<Result<_, _>>()?,
    })
}

fn rewrite(raw: &RewriteJson) -> Result<PathRewrite, ManifestError> {
    let known = places(&raw.from)?;
    if let Some(unknown) = places(&raw.to)?.iter().find(|name| !known.contains(name)) {
        let problem = format!("{{{unknown}}} of {} does not occur in {}", raw.to, raw.from);
        return Err(ManifestError::value(KEY, problem));
    }
    let method = |text: &String| {
        let parsed = text.parse::<Method>().ok().filter(|method| {
            let upper = method.as_str().bytes().all(|b| b.is_ascii_uppercase());
            upper && *method != Method::CONNECT
        });
        parsed.ok_or_else(|| ManifestError::value(KEY, "a method is written like \"POST\""))
    };
    Ok(PathRewrite {
        from: raw.from.clone(),
        to: raw.to.clone(),
        methods: raw.methods.iter().map(method).collect::<Result<_, _>>()?,
    })
}

/// The names of a template's places; each is one whole segment, and none occurs twice.
fn places(template: &str) -> Result<Vec<&str>, ManifestError> {
    let wrong = |problem: &str| {
        let template = crate::text::clean(template, 100);
        ManifestError::value(KEY, format!("{template}: {problem}"))
    };
    let Some(path) = template.strip_prefix('/') else {
        return Err(wrong("a path starts with '/'"));
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    let mut names = Vec::new();
    for segment in path.split('/') {
        let inner = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
        let text = inner.unwrap_or(segment);
        if text.is_empty() || matches!(text, "." | "..") || !text.bytes().all(plain) {
            return Err(wrong(
                "a segment is plain text or one {place}, and never empty",
            ));
        }
        if let Some(name) = inner {
            if names.contains(&name) {
                return Err(wrong("a place occurs twice"));
            }
            names.push(name);
        }
    }
    Ok(names)
}
