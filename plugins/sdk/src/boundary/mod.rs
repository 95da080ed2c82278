//! The C side: every `unsafe` of the SDK, and every guard against unwinding across it.

mod consent;
mod emit;
mod entry;
mod guard;
mod handles;
mod host;
mod op;
mod read;
mod signer;

pub use entry::{attach, enter_library, table};
