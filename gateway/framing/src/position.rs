//! Where in a stream of messages the next byte stands.

/// What the next byte would belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Nothing yet: the last message is complete and the next has not begun.
    Between,
    /// A message head.
    Head,
    /// A message body.
    Body,
    /// Nothing ever: the last request was the connection's last one.
    Ended,
}
