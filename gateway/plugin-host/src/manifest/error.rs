//! Why a manifest cannot be used.

/// Why a manifest cannot be used. Each text names the key; the plugin's author has to act.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or a value of the wrong type.
    #[error("it is not the expected JSON: {0}")]
    Json(String),
    /// A value that means nothing.
    #[error("`{key}`: {problem}")]
    Value {
        /// Which key.
        key: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

impl ManifestError {
    pub(crate) fn value(key: &'static str, problem: impl Into<String>) -> Self {
        Self::Value {
            key,
            problem: problem.into(),
        }
    }
}
