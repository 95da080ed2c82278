//! Backup and restore. A backup is one sealed file of records, in the same format for both databases.

mod content;
mod error;
mod frame;
mod protection;
mod recipient;
mod restore;
mod summary;

pub use error::BackupError;
pub use protection::{protection_from_key_file, recipient_of};
pub use summary::BackupSummary;

use crate::{Store, Timestamp};
use content::{Content, Head};
use frame::{Reader, Writer};
use gateway_model::Protection;
use tokio::io::{AsyncRead, AsyncWrite};

/// What a restore does to a store that is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// The restore refuses.
    Refuse,
    /// The restore replaces everything in the store.
    Replace,
}

impl Store {
    /// Writes a backup of one consistent state while the store is in use. After each record, `progress` gets
    /// the number of records that were written, and the number of all records. The file is complete only
    /// after `Ok`. The caller then syncs and renames it.
    pub async fn backup(
        &self,
        to: &mut (impl AsyncWrite + Unpin + Send),
        protection: &Protection,
        now: Timestamp,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<BackupSummary, BackupError> {
        // All of it is read first: a snapshot that is held while a slow file is written would keep old pages.
        let (content, left_out) = Content::of(self).await?;
        let head = Head {
            store_id: hex(&self.sealer().store_id),
            created_at: now,
            left_out,
        };
        let mut writer = Writer::new(to, protection).await?;
        writer.write(&head.line()?).await?;
        let total = content.total();
        for (done, line) in (1..).zip(&content.lines) {
            writer.write(line.bytes()).await?;
            progress(done, total);
        }
        writer.finish().await?;
        Ok(head.summary(content.counts()))
    }

    /// Restores a backup. The whole file is read and checked before one transaction writes its records.
    /// Grants that work once come back in doubt, because they may have been presented after the backup was
    /// made.
    pub async fn restore(
        &self,
        from: &mut (impl AsyncRead + Unpin + Send),
        protection: &Protection,
        overwrite: Overwrite,
    ) -> Result<BackupSummary, BackupError> {
        let (summary, content) = read(from, protection).await?;
        // Parse everything before the first write: a damaged line must not empty the store.
        let records = restore::Records::parse(&content, summary.created_at)?;
        self.replace_all(&records, overwrite).await?;
        Ok(summary)
    }
}

/// Reads and checks a whole backup, and returns its summary.
pub async fn inspect_backup(
    from: &mut (impl AsyncRead + Unpin + Send),
    protection: &Protection,
) -> Result<BackupSummary, BackupError> {
    let (summary, content) = read(from, protection).await?;
    restore::Records::parse(&content, summary.created_at)?;
    Ok(summary)
}

async fn read(
    from: &mut (impl AsyncRead + Unpin + Send),
    protection: &Protection,
) -> Result<(BackupSummary, Content), BackupError> {
    let clear = Reader::new(from, protection).await?.read_all().await?;
    let (head, content) = Content::parse(&clear)?;
    Ok((head.summary(content.counts()), content))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
