//! Who acts.

/// Who acts, as the audit trail names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(pub String);

impl Actor {
    /// The gateway itself.
    pub fn gateway() -> Self {
        Self("gateway".to_owned())
    }
}
