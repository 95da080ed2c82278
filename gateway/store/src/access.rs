//! Who opens a store, and for what.

/// The kind of process that opens a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A gateway. It makes a new store only together with a new key: a key without a store means that
    /// the store was lost.
    Gateway,
    /// A command, while no gateway runs. The store must be there.
    Offline,
    /// A command that makes the store if it is not there, also under a key that is.
    Create,
}
