//! Why the sweep ends a connection.

/// The limit that a peer exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// No next request came in time.
    Idle,
    /// A message head did not arrive completely in time.
    Head,
    /// A request body stopped, or arrived too slowly.
    Body,
    /// The peer did not read the response.
    Write,
    /// The peer sent too many HTTP/2 frames that carry neither a request nor data.
    Flood,
    /// The peer went on sending after the connection was closed for writing.
    Linger,
}
