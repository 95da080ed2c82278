//! Backup of the running gateway's store, and rotation of its master key.

use crate::{Actor, ControlError, ControlPlane, Fault};
use gateway_api::{KeyRotated, RotateKey};
use gateway_model::Protection;
use gateway_store::{BackupError, MasterKeySource};
use serde_json::json;
use std::path::PathBuf;

impl ControlPlane {
    /// A consistent backup, sealed with `protection`.
    ///
    /// # Errors
    /// When the passphrase is too short, the key is malformed, or the store cannot be read.
    pub async fn backup(
        &self,
        actor: &Actor,
        protection: &Protection,
    ) -> Result<Vec<u8>, ControlError> {
        let work = async {
            // In memory, so that a failure half-way is an error and not a shortened file.
            let mut file = Vec::new();
            let store = &self.context.store;
            store
                .backup(&mut file, protection, self.context.now(), &mut |_, _| {})
                .await?;
            Ok(file)
        };
        // A lost store takes no audit entry, and this may be the only copy of what it held. Nothing is
        // changed, so the log's line is enough.
        if let Err(lost) = self.context.store.in_place() {
            tracing::warn!(actor = %actor.0, error = %lost, "a backup is made without an audit entry");
            return work.await;
        }
        self.audited(actor, "store.backup", "store", json!({}), work)
            .await
    }

    /// Seals the store under a new master key. From then on only the new key opens the store: the
    /// configuration must name it before the next start.
    ///
    /// # Errors
    /// When the key cannot be read or the store fails; everything is then sealed as before.
    pub async fn rotate_key(
        &self,
        actor: &Actor,
        rotate: RotateKey,
    ) -> Result<KeyRotated, ControlError> {
        let detail = json!({ "file": rotate.file });
        let work = async {
            let file = PathBuf::from(&rotate.file);
            // The gateway's working directory is not the caller's: a relative path would mean
            // another file.
            if !file.is_absolute() {
                let message = "the new key's file needs an absolute path";
                return Err(ControlError::new(Fault::Invalid, "invalid", message));
            }
            let source = MasterKeySource::File(file);
            let resealed = self.context.store.rotate_key(&source).await?;
            Ok(KeyRotated {
                resealed: u64::try_from(resealed).unwrap_or(u64::MAX),
            })
        };
        self.audited(actor, "store.rotate_key", "store", detail, work)
            .await
    }
}

impl From<BackupError> for ControlError {
    fn from(error: BackupError) -> Self {
        let (fault, code) = match &error {
            BackupError::Store(inner) => return inner.clone().into(),
            BackupError::Key(_) => (Fault::Invalid, "key_unusable"),
            BackupError::WeakPassphrase => (Fault::Invalid, "weak_passphrase"),
            BackupError::NotABackup
            | BackupError::Newer { .. }
            | BackupError::OtherProtection { .. }
            | BackupError::WrongKey
            | BackupError::Damaged { .. } => (Fault::Invalid, "bad_backup"),
            BackupError::NotEmpty { .. } => (Fault::Conflict, "store_not_empty"),
            BackupError::File { .. } => (Fault::Unavailable, "backup_file"),
        };
        Self::new(fault, code, error.to_string())
    }
}
