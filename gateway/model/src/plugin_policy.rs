//! What the operator demands of plugins.

use crate::Digest;
use std::collections::HashMap;

/// What the operator demands of plugins.
#[derive(Clone, Debug, Default)]
pub struct PluginPolicy {
    /// Refuses what is otherwise only reported: functions for I/O, further libraries, further exports.
    pub strict: bool,
    /// The only content that a plugin of a name may have.
    pub pins: HashMap<String, Digest>,
    /// Refuses plugins that have no pin.
    pub require_pins: bool,
}
