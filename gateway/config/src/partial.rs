//! What commands need of a configuration beside the gateway, whose secrets they may not be given.

use crate::{
    error::ConfigErrors,
    reader::{Variables, file, read_single},
    sections::{Plugins, SECTIONS, admin, listen, plugins, store},
};
use gateway_model::StoreOptions;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// How a command reaches the gateway that a configuration describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminAccess {
    /// The admin listener.
    pub listener: SocketAddr,
    /// The certificate that the admin listener shows, if it has TLS.
    pub certificate: Option<PathBuf>,
    /// Where the first admin token is.
    pub token_file: PathBuf,
}

impl AdminAccess {
    /// Reads only the keys that it needs; mistakes elsewhere are the gateway's to report.
    ///
    /// # Errors
    /// With every mistake in these keys.
    pub fn load(file: &Path, variables: &dyn Variables) -> Result<Self, ConfigErrors> {
        let read = file::read(file, &SECTIONS, variables, |cx, root| {
            // The other sections are not read: a command may run where the gateway's secrets are not.
            let listener = read_single(cx, root, &listen::SECTION, listen::admin);
            let admin = read_single(cx, root, &admin::SECTION, admin::Admin::read);
            let certificate = read_single(cx, root, &listen::ADMIN_TLS, listen::admin_cert);
            Some(Self {
                listener,
                certificate,
                token_file: admin.token_file,
            })
        });
        read.map(|(access, _)| access)
    }
}

/// Reads only `[store]`.
///
/// # Errors
/// With every mistake in it.
pub fn load_store(file: &Path, variables: &dyn Variables) -> Result<StoreOptions, ConfigErrors> {
    let read = file::read(file, &SECTIONS, variables, |cx, root| {
        Some(read_single(cx, root, &store::SECTION, store::read))
    });
    read.map(|(options, _)| options)
}

/// Reads only `[plugins]`.
///
/// # Errors
/// With every mistake in it.
pub fn load_plugins(file: &Path, variables: &dyn Variables) -> Result<Plugins, ConfigErrors> {
    let read = file::read(file, &SECTIONS, variables, |cx, root| {
        Some(read_single(cx, root, &plugins::SECTION, Plugins::read))
    });
    read.map(|(plugins, _)| plugins)
}
