//! Where overrides and secrets come from, as an argument, so that tests bring their own.

use std::collections::BTreeMap;

/// Environment variables.
pub trait Variables {
    /// The value; `None` when the variable is not set or is not UTF-8.
    fn get(&self, name: &str) -> Option<String>;

    /// The names of all variables, to find misspelt ones.
    fn names(&self) -> Vec<String>;
}

/// The variables of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessVariables;

impl Variables for ProcessVariables {
    fn get(&self, name: &str) -> Option<String> {
        // Not UTF-8 counts as not set: no key takes other bytes.
        std::env::var(name).ok()
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .collect()
    }
}

/// Variables that a test or an embedding program made up.
impl Variables for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        Self::get(self, name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}
