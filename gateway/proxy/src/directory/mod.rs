//! Routes, accounts and apps: an immutable snapshot that every worker reads until the next one comes.

mod account_view;
pub(crate) mod app_token;
mod build;
pub(crate) mod index;
mod legacy_keys;
mod legacy_paths;
mod patch;
pub(crate) mod places;
pub(crate) mod publish;
pub(crate) mod rate;
mod realm;
mod route_view;
mod secret_hash;
mod types;
pub(crate) mod view;

pub(crate) use account_view::{AccountView, MissingCredential};
pub use publish::{DirectoryHandle, check_directory};
pub(crate) use route_view::RouteView;
pub use secret_hash::SecretHash;
pub use types::{Account, App, AppLogin, Directory, DirectoryError, LegacyKey, Route};
