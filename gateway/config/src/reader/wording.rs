//! Words for messages: types, names cut to a length, and the name that was probably meant.

use toml_span::value::ValueInner;

/// `a list`, for "… is a list; write …".
pub(crate) fn type_name(value: &ValueInner<'_>) -> String {
    match value {
        ValueInner::String(_) => "a text",
        ValueInner::Integer(_) => "a whole number",
        ValueInner::Float(_) => "a number with a fraction",
        ValueInner::Boolean(_) => "true or false",
        ValueInner::Array(_) => "a list",
        ValueInner::Table(_) => "a table",
    }
    .into()
}

/// Keeps a hostile name from flooding the screen.
pub(crate) fn shortened(text: &str) -> String {
    // Enough to recognise a name.
    text.chars().take(64).collect()
}

/// The known name that was probably meant.
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let name = shortened(name).to_lowercase();
    let near = |candidate: &str| {
        let distance = strsim::osa_distance(&name, candidate);
        // A longer name may differ more: a quarter of its letters, and always one.
        (distance <= 1 + candidate.len() / 4).then_some(distance)
    };
    known
        .iter()
        .filter_map(|candidate| Some((near(candidate)?, *candidate)))
        // The nearest, and among equals the first by name, so that messages are stable.
        .min()
        .map(|(_, candidate)| candidate)
}

pub(crate) fn nearest_fix(name: &str, known: &[&str]) -> String {
    nearest(name, known).map_or_else(
        || {
            if known.is_empty() {
                "remove it".to_owned()
            } else {
                format!("write one of {}", known.join(", "))
            }
        },
        |candidate| format!("write {candidate}"),
    )
}
