//! What the `Host` of a connection meant when it was looked up last.

/// What a `Host` value means on this listener.
#[derive(Clone, Debug)]
pub(crate) struct HostMemo {
    /// Of the directory.
    pub(crate) version: u64,
    pub(crate) value: Box<[u8]>,
    /// The route that answers to it.
    pub(crate) route: Option<usize>,
    /// It names this machine by a loopback name or address.
    pub(crate) local: bool,
}
