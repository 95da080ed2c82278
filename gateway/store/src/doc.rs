//! Records as JSON documents: what is sealed in a row and written to a backup.
//!
//! The records themselves cannot be serialised, so that no secret leaves by accident; these mirrors
//! can, and are private. A field that a later version adds gets `#[serde(default)]`.

mod account;
mod app;
mod grant;
mod manifest;
pub(crate) mod secret;
mod trail;

use crate::record::{
    AccountRecord, AdminTokenRecord, AppRecord, AuditEntry, ConsentRecord, GrantRecord,
    InvitationRecord, LegacyKeyRecord, ManifestRecord, MigrationRecord, NoticeRecord, RenewalEntry,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A record that has a document.
pub(crate) trait Document: Sized {
    /// The record as JSON. The memory is overwritten when it is dropped.
    fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error>;
    /// And back.
    fn from_json(json: &[u8]) -> Result<Self, serde_json::Error>;
}

macro_rules! document {
    ($($record:ident as $mirror:literal),*) => {$(
        impl Document for $record {
            fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
                #[derive(Serialize)]
                struct Line<'a>(#[serde(with = $mirror)] &'a $record);
                to_json(&Line(self))
            }

            fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
                #[derive(Deserialize)]
                struct Line(#[serde(with = $mirror)] $record);
                from_json::<Line>(json).map(|line| line.0)
            }
        }
    )*};
}

document!(
    AccountRecord as "account::AccountDoc",
    AdminTokenRecord as "trail::AdminTokenDoc",
    AppRecord as "app::AppDoc",
    AuditEntry as "trail::AuditDoc",
    ConsentRecord as "trail::ConsentDoc",
    GrantRecord as "grant::GrantDoc",
    InvitationRecord as "trail::InvitationDoc",
    LegacyKeyRecord as "app::LegacyKeyDoc",
    ManifestRecord as "manifest::ManifestDoc",
    MigrationRecord as "trail::MigrationDoc",
    NoticeRecord as "trail::NoticeDoc",
    RenewalEntry as "trail::RenewalDoc"
);

/// Serialises into memory that is overwritten later. It is sized first: a buffer that grows would
/// leave copies behind.
pub(crate) fn to_json(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let mut size = Count(0);
    serde_json::to_writer(&mut size, value)?;
    let mut json = Zeroizing::new(Vec::with_capacity(size.0));
    serde_json::to_writer(&mut *json, value)?;
    Ok(json)
}

fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(json)
}

/// Counts what is written.
struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
