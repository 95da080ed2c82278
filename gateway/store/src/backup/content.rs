//! The content of a backup: a head, then a line of JSON for each record, such as `{"accounts":{…}}`.

use super::error::{BackupError, damaged};
use super::frame::VERSION;
use super::summary::BackupSummary;
use crate::db::Turn;
use crate::doc::Document;
use crate::table::{self, Sealed};
use crate::{
    AccountRecord, AdminTokenRecord, AppRecord, GrantRecord, LegacyKeyRecord, Store, StoreError,
    Timestamp, audit, migrations, notices, renewals,
};
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use zeroize::Zeroizing;

/// The kinds of records, in the order of the file. A backup has no unfinished consents, because they end
/// within minutes, and no invitations and sessions, because one that was used or ended must not come back.
pub(super) const KINDS: [&str; 9] = [
    "accounts",
    "grants",
    "apps",
    "legacy_keys",
    "admin_tokens",
    "migrations",
    "notices",
    "renewals",
    "audit",
];

/// The first line of the content: which store was backed up, and when.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) store_id: String,
    pub(super) created_at: Timestamp,
    pub(super) left_out: u64,
}

impl Head {
    pub(super) fn line(&self) -> Result<Vec<u8>, BackupError> {
        let mut line = serde_json::to_vec(self).map_err(|_| damaged("it has no head"))?;
        line.push(b'\n');
        Ok(line)
    }

    pub(super) fn summary(self, records: Vec<(String, u64)>) -> BackupSummary {
        BackupSummary {
            version: VERSION,
            store_id: self.store_id,
            created_at: self.created_at,
            records,
            left_out: self.left_out,
        }
    }
}

/// One record.
pub(super) struct Line {
    kind: &'static str,
    bytes: Zeroizing<Vec<u8>>,
}

impl Line {
    fn of(kind: &'static str, record: &impl Document) -> Result<Self, StoreError> {
        let json = record.to_json().map_err(|_| StoreError::Internal {
            why: "a record has no JSON form".to_owned(),
        })?;
        // The full size at once: growing would leave copies of secrets in freed memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(kind.len() + json.len() + 6));
        for part in [b"{\"", kind.as_bytes(), b"\":", &json, b"}\n"] {
            bytes.extend_from_slice(part);
        }
        Ok(Self { kind, bytes })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The JSON of the record, without its kind.
    fn json(&self) -> &[u8] {
        let start = self.kind.len() + 4;
        self.bytes
            .get(start..self.bytes.len().saturating_sub(2))
            .unwrap_or_default()
    }
}

/// The records.
pub(super) struct Content {
    pub(super) lines: Vec<Line>,
}

impl Content {
    /// Reads one consistent state of a store. Also returns the number of rows that could not be opened.
    pub(super) async fn of(store: &Store) -> Result<(Self, u64), StoreError> {
        // One snapshot for all tables: a grant without its account could not be restored.
        let (turn, mut tx) = store.db.snapshot().await?;
        let mut gather = RecordCollector {
            store,
            turn,
            lines: Vec::new(),
            left_out: 0,
        };
        gather.sealed::<AccountRecord>("accounts", &mut tx).await?;
        gather.sealed::<GrantRecord>("grants", &mut tx).await?;
        gather.sealed::<AppRecord>("apps", &mut tx).await?;
        gather
            .sealed::<LegacyKeyRecord>("legacy_keys", &mut tx)
            .await?;
        gather
            .sealed::<AdminTokenRecord>("admin_tokens", &mut tx)
            .await?;
        gather.plain("migrations", migrations::all(&mut tx)).await?;
        gather.plain("notices", notices::all(&mut tx)).await?;
        gather.plain("renewals", renewals::all(&mut tx)).await?;
        gather.plain("audit", audit::all(&mut tx)).await?;
        let (lines, left_out) = (gather.lines, gather.left_out);
        Ok((Self { lines }, left_out))
    }

    /// Splits what was read from a file into its head and its records.
    pub(super) fn parse(clear: &[u8]) -> Result<(Head, Self), BackupError> {
        let mut lines = clear.split_inclusive(|byte| *byte == b'\n');
        let head = lines.next().unwrap_or_default();
        let head = serde_json::from_slice(head).map_err(|_| damaged("its head is malformed"))?;
        let lines = lines.map(|line| {
            let kind = KINDS.into_iter().find(|kind| {
                let rest = line
                    .strip_prefix(b"{\"")
                    .and_then(|l| l.strip_prefix(kind.as_bytes()));
                // The kind must be followed by its colon: one kind's name may begin another's.
                rest.is_some_and(|rest| rest.starts_with(b"\":") && rest.ends_with(b"}\n"))
            });
            let kind = kind.ok_or_else(|| damaged("a record is of no known kind"))?;
            let bytes = Zeroizing::new(line.to_vec());
            Ok(Line { kind, bytes })
        });
        let lines = lines.collect::<Result<_, BackupError>>()?;
        Ok((head, Self { lines }))
    }

    pub(super) fn total(&self) -> u64 {
        u64::try_from(self.lines.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn counts(&self) -> Vec<(String, u64)> {
        // Every kind is counted, so that a summary shows a kind that is missing.
        let count = |kind| self.lines.iter().filter(|line| line.kind == kind).count();
        let counts = KINDS.map(|kind| (kind.to_owned(), u64::try_from(count(kind)).unwrap_or(0)));
        counts.into()
    }

    /// The records of one kind.
    pub(super) fn records<T: Document>(&self, kind: &str) -> Result<Vec<T>, BackupError> {
        let lines = self.lines.iter().filter(|line| line.kind == kind);
        let records = lines.map(|line| {
            // Drop the parser's message: it could quote a secret of the record.
            T::from_json(line.json())
                .map_err(|_| damaged(format!("a record of {kind} is malformed")))
        });
        records.collect()
    }
}

/// Gathers a store's records.
struct RecordCollector<'a> {
    store: &'a Store,
    turn: Turn<'a>,
    lines: Vec<Line>,
    left_out: u64,
}

impl RecordCollector<'_> {
    async fn sealed<T: Sealed>(
        &mut self,
        kind: &'static str,
        connection: &mut AnyConnection,
    ) -> Result<(), StoreError> {
        let rows = table::all::<T>(self.store.db.backend, connection);
        let rows = self.turn.call(rows).await?;
        let sealer = self.store.sealer();
        for row in rows {
            match sealer.open::<T>(&row) {
                Ok(record) => self.lines.push(Line::of(kind, &record)?),
                // The row is counted and left out: the backup of all other records matters more.
                Err(damage) => {
                    self.store.quarantine(&damage);
                    self.left_out += 1;
                }
            }
        }
        Ok(())
    }

    async fn plain<T: Document>(
        &mut self,
        kind: &'static str,
        records: impl Future<Output = Result<Vec<T>, StoreError>>,
    ) -> Result<(), StoreError> {
        for record in self.turn.call(records).await? {
            self.lines.push(Line::of(kind, &record)?);
        }
        Ok(())
    }
}
