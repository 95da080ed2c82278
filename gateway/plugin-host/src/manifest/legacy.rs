//! How requests of the carrier's older API are understood, from the manifest.

use super::{
    api::{method, template},
    error::ManifestError,
    values::header_name,
};
use gateway_model::{LegacyProfile, PathRewrite, RetiredPath};
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
    #[serde(default)]
    retired: Vec<RetiredJson>,
}

#[derive(Clone, Debug, Deserialize)]
struct RewriteJson {
    from: String,
    to: String,
    #[serde(default)]
    methods: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct RetiredJson {
    path: String,
    remedy: String,
}

pub(super) fn of(json: &LegacyJson) -> Result<LegacyProfile, ManifestError> {
    let header = |name: &String| header_name(KEY, name);
    if [json.paths.len(), json.retired.len(), json.strip.len()]
        .iter()
        .any(|length| *length > MAX_PATHS)
    {
        return Err(ManifestError::value(KEY, "more than 256 paths or fields"));
    }
    let key_header = header(&json.key_header)?;
    let strip: Vec<_> = json.strip.iter().map(header).collect::<Result<_, _>>()?;
    // The retired key is a credential, though it opens nothing any more.
    if !strip.contains(&key_header) {
        let problem =
            format!("`strip` lacks {key_header}: the carrier must not see a key of the gateway's");
        return Err(ManifestError::value(KEY, problem));
    }
    Ok(LegacyProfile {
        key_header,
        strip,
        paths: json.paths.iter().map(rewrite).collect::<Result<_, _>>()?,
        retired: json.retired.iter().map(retired).collect::<Result<_, _>>()?,
    })
}

fn rewrite(json: &RewriteJson) -> Result<PathRewrite, ManifestError> {
    let (from, to) = (template(KEY, &json.from)?, template(KEY, &json.to)?);
    let known: Vec<&str> = from.placeholders().collect();
    // Nothing could be filled in there.
    if let Some(unknown) = to.placeholders().find(|name| !known.contains(name)) {
        let problem = format!("{{{unknown}}} of {to} does not occur in {from}");
        return Err(ManifestError::value(KEY, problem));
    }
    Ok(PathRewrite {
        from: json.from.clone(),
        to: json.to.clone(),
        methods: (json.methods.iter())
            .map(|text| method(KEY, text))
            .collect::<Result<_, _>>()?,
    })
}

fn retired(json: &RetiredJson) -> Result<RetiredPath, ManifestError> {
    Ok(RetiredPath {
        path: template(KEY, &json.path)?,
        remedy: crate::text::clean(&json.remedy, 500),
    })
}
