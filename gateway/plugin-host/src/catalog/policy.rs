//! What the operator demands of plugins.

use crate::Digest;
use std::collections::HashMap;

/// What the operator demands of plugins.
#[derive(Clone, Debug, Default)]
pub struct PluginPolicy {
    /// Refuses a plugin with a [`crate::Report`], which is otherwise only logged.
    pub strict: bool,
    /// The only content that a plugin of a name may have.
    pub pins: HashMap<String, Digest>,
    /// Refuses plugins that have no pin.
    pub require_pins: bool,
}
