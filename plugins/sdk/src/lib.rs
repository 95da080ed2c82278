//! The plugin SDK: a carrier's authentication in safe, asynchronous Rust.
//!
//! A plugin implements [`CarrierAuth`]; [`export_plugin!`] turns it into a loadable file and
//! [`static_plugin!`] into the same table without one. The gateway performs every request: the
//! future of [`CarrierAuth::authorize`] is polled by hand each time something it waits for arrives,
//! so neither a runtime nor a thread lives in the plugin. `docs/plugins.md` is the author's guide.
//!
//! Entry points for a reader: `auth.rs` is what an author writes, `context.rs` what they are given,
//! `task` runs their future, `boundary` is the C side and the only `unsafe` apart from `export.rs`.
#![deny(unsafe_code)]

#[cfg(panic = "abort")]
compile_error!(
    "a Waybill plugin contains its panics by unwinding: build it with `panic = \"unwind\"`"
);

mod auth;
mod basic_auth;
#[expect(unsafe_code, reason = "the C side; every block says why it is sound")]
pub mod boundary;
mod config;
mod consent;
mod context;
mod credential;
mod error;
mod export;
mod grant;
pub mod http;
mod log;
mod manifest;
pub mod oauth;
mod secret;
mod services;
mod setting_values;
pub mod settings;
mod sign;
mod slot;
mod task;
pub mod testing;

pub use auth::CarrierAuth;
pub use basic_auth::BasicAuth;
pub use consent::ConsentRequest;
pub use context::{Context, Reason};
pub use credential::{Credential, basic};
pub use error::{Class, Error, Result};
pub use grant::{Facts, Grant};
pub use manifest::ManifestSection;
pub use plugins_abi as abi;
pub use secret::Secret;
pub use settings::Environment;
pub use sign::{SignOut, SignRequest};
pub use slot::{Slot, SlotFields};
pub use task::Sleep;

#[doc(hidden)]
pub mod private {
    //! What the macros expand to; no part of the interface.
    pub use crate::manifest::{OPENING, OPENING_WITH_SLOTS, joined_len, parts, write_joined};
}
