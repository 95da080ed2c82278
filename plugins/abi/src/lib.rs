//! The C ABI between the gateway and a carrier plugin, major 1.
//!
//! The contract, its rules and the meaning of each member are in `include/waybill_plugin.h`; this
//! crate is the same in Rust. Names drop the header's `waybill_` prefix: `waybill_http_request` is
//! [`HttpRequest`]. The layout is locked by `abi.lock` (`tests/lock.rs`), from Rust and from C.
#![no_std]

mod event;
mod host;
mod plugin;
mod sign;
mod sink;
mod text;
mod version;

pub use event::{Begin, Event, EventKind, Network, Reason};
pub use host::Host;
pub use plugin::{Capabilities, EntryPoint, Instance, Op, Plugin};
pub use sign::{SignRequest, SignSink};
pub use sink::{
    Credential, CredentialFlags, FailClass, Failure, GrantChange, GrantFate, HttpRequest,
    RequestFlags, Sink, Slot, Status,
};
pub use text::{Bytes, Header, HeaderFlags};
pub use version::{
    ABI_MAJOR, ABI_MINOR, ENTRY_SYMBOL, MAGIC, MANIFEST_MAGIC, MANIFEST_SECTION, MAX_MANIFEST_LEN,
};
