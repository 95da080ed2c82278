//! Tables of sealed documents.

use crate::db::Backend;
use crate::doc::Document;
use crate::seal::Keyring;
use crate::statement::query;
use crate::{
    AccountRecord, AdminTokenRecord, AppRecord, ConsentRecord, GrantRecord, InvitationRecord,
    KeyError, LegacyKeyRecord, ManifestRecord, StoreError,
};
use gateway_model::AccountId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

/// A record that is sealed in one row.
pub(crate) trait Sealed: Document + Send + 'static {
    /// Its table.
    const TABLE: &'static str;
    /// The column of its key.
    const KEY: &'static str;
    /// Whether that column is text.
    const KEY_IS_TEXT: bool;
    /// What stands beside it in clear and is in the record too, as one text.
    const CLEAR: &'static str = "NULL";

    /// The row's key.
    fn key(&self) -> &[u8];

    /// Whether the columns in clear say what the record says.
    fn agrees(&self, _clear: Option<&str>) -> bool {
        true
    }
}

macro_rules! sealed {
    ($($record:ident in $table:literal by $key:literal text $text:literal $row:expr;)*) => {$(
        impl Sealed for $record {
            const TABLE: &'static str = $table;
            const KEY: &'static str = $key;
            const KEY_IS_TEXT: bool = $text;

            fn key(&self) -> &[u8] {
                let key: fn(&Self) -> &[u8] = $row;
                key(self)
            }
        }
    )*};
}

sealed!(
    AccountRecord in "accounts" by "name" text true |r| r.name.as_str().as_bytes();
    AppRecord in "apps" by "name" text true |r| r.name.as_str().as_bytes();
    AdminTokenRecord in "admin_tokens" by "name" text true |r| r.name.as_bytes();
    LegacyKeyRecord in "legacy_keys" by "digest" text false |r| &r.key.0;
    ManifestRecord in "manifests" by "carrier" text true |r| r.carrier.as_str().as_bytes();
    ConsentRecord in "consents" by "state" text false |r| &r.state.0;
);

impl Sealed for InvitationRecord {
    const TABLE: &'static str = "invitations";
    const KEY: &'static str = "id";
    const KEY_IS_TEXT: bool = true;
    const CLEAR: &'static str = "CAST(revision AS TEXT)";

    fn key(&self) -> &[u8] {
        self.id.as_bytes()
    }

    fn agrees(&self, clear: Option<&str>) -> bool {
        clear == Some(self.revision.to_string().as_str())
    }
}

impl Sealed for GrantRecord {
    const TABLE: &'static str = "grants";
    const KEY: &'static str = "account";
    const KEY_IS_TEXT: bool = true;
    const CLEAR: &'static str = "CASE WHEN coalesce(CAST(version AS TEXT), owner, CAST(fence AS TEXT)) \
         IS NOT NULL THEN coalesce(CAST(version AS TEXT), '') || ' ' || coalesce(owner, '') || ' ' || \
         coalesce(CAST(fence AS TEXT), '') END";

    fn key(&self) -> &[u8] {
        self.account.as_str().as_bytes()
    }

    fn agrees(&self, clear: Option<&str>) -> bool {
        let (owner, fence) = match &self.written_by {
            Some((owner, fence)) => (owner.as_str(), fence.0.to_string()),
            None => ("", String::new()),
        };
        match clear {
            Some(clear) => clear == format!("{} {owner} {fence}", self.version),
            // A program that knew no fleets wrote the row.
            None => self.written_by.is_none(),
        }
    }
}

/// A row, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct SealedRow {
    pub(crate) key: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
    /// What [`Sealed::CLEAR`] gave.
    pub(crate) clear: Option<String>,
}

impl SealedRow {
    /// The row of a result whose columns are key, ciphertext and what is in clear.
    pub(crate) fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            key: row.try_get(0)?,
            sealed: row.try_get(1)?,
            clear: row.try_get(2)?,
        })
    }
}

/// A row that does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) table: &'static str,
    pub(crate) key: Vec<u8>,
    pub(crate) why: String,
}

impl Damage {
    fn new<T: Sealed>(key: &[u8], why: impl Into<String>) -> Self {
        Self {
            table: T::TABLE,
            key: key.to_vec(),
            why: why.into(),
        }
    }

    /// The row's table and key, for messages.
    pub(crate) fn row(&self) -> String {
        let text = std::str::from_utf8(&self.key);
        // A damaged name may hold anything, also what steers a terminal.
        match text.map(|text| (text, text.chars().all(|c| c.is_ascii_graphic()))) {
            Ok((text, true)) => format!("{}/{text}", self.table),
            Ok((_, false)) | Err(_) => {
                // Eight bytes tell rows apart, and a digest of a secret is not printed whole.
                let digits = self.key.iter().take(8).map(|byte| format!("{byte:02x}"));
                format!("{}/{}", self.table, digits.collect::<String>())
            }
        }
    }
}

impl From<Damage> for StoreError {
    fn from(damage: Damage) -> Self {
        Self::Corrupt {
            what: damage.row(),
            why: damage.why,
        }
    }
}

/// The sealing side of a store: its keys and its identity.
#[derive(Clone, Debug)]
pub(crate) struct Sealer {
    pub(crate) keys: Keyring,
    pub(crate) store_id: [u8; 16],
    /// The key that the store is sealed with now, if it is not among these.
    pub(crate) lacks: Option<String>,
}

impl Sealer {
    /// Where a ciphertext belongs. The parts cannot be confused: the store's identity has a fixed
    /// length and a table's name no zero byte.
    pub(crate) fn place(&self, table: &str, key: &[u8]) -> Vec<u8> {
        let mut place = self.store_id.to_vec();
        place.extend_from_slice(table.as_bytes());
        place.push(0);
        place.extend_from_slice(key);
        place
    }

    /// The same store with other keys.
    pub(crate) fn with(&self, keys: Keyring) -> Self {
        Self {
            keys,
            store_id: self.store_id,
            lacks: None,
        }
    }

    /// The same keys, which are known not to be enough any more.
    pub(crate) fn lacking(&self, id: String) -> Self {
        Self {
            lacks: Some(id),
            ..self.clone()
        }
    }

    /// Fails if the store is sealed with a key that is not among these.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match &self.lacks {
            None => Ok(()),
            Some(id) => Err(KeyError::Lacking { id: id.clone() }.into()),
        }
    }

    /// A record's ciphertext.
    pub(crate) fn seal<T: Sealed>(&self, record: &T) -> Result<Vec<u8>, StoreError> {
        self.check()?;
        let json = record.to_json().map_err(|_| StoreError::Internal {
            why: "a record has no JSON form".to_owned(),
        })?;
        self.keys.seal(&self.place(T::TABLE, record.key()), &json)
    }

    /// The record in a row.
    pub(crate) fn open<T: Sealed>(&self, row: &SealedRow) -> Result<T, Damage> {
        let key = &row.key;
        let json = self.keys.open(&self.place(T::TABLE, key), &row.sealed);
        let json = json.map_err(|why| Damage::new::<T>(key, why.to_string()))?;
        // serde_json's messages may quote what they read; only the place of the error is kept.
        let record = T::from_json(json.expose()).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Damage::new::<T>(key, format!("its JSON is wrong at {line}:{column}"))
        })?;
        // The place was right, but the record must say so itself: a row could have been sealed by mistake.
        if record.key() != key {
            return Err(Damage::new::<T>(key, "it names another row"));
        }
        if record.agrees(row.clear.as_deref()) {
            Ok(record)
        } else {
            Err(Damage::new::<T>(key, "a column beside it was changed"))
        }
    }
}

/// An account's name in a plain row.
pub(crate) fn account(name: String) -> Result<AccountId, StoreError> {
    name.parse().map_err(|_| StoreError::Corrupt {
        what: "a row".to_owned(),
        why: "its account's name is not valid".to_owned(),
    })
}

/// One row.
pub(crate) async fn one<T: Sealed>(
    connection: &mut AnyConnection,
    key: &[u8],
) -> Result<Option<SealedRow>, StoreError> {
    let (table, column, clear) = (T::TABLE, T::KEY, T::CLEAR);
    let sql = format!("SELECT sealed, {clear} FROM {table} WHERE {column} = $1");
    let query = query(AssertSqlSafe(sql));
    let query = if T::KEY_IS_TEXT {
        query.bind(String::from_utf8_lossy(key).into_owned())
    } else {
        query.bind(key)
    };
    let Some(row) = query.fetch_optional(connection).await? else {
        return Ok(None);
    };
    // A consent that was used has no ciphertext any more.
    let Some(sealed) = row.try_get::<Option<Vec<u8>>, _>(0)? else {
        return Ok(None);
    };
    Ok(Some(SealedRow {
        key: key.to_vec(),
        sealed,
        clear: row.try_get(1)?,
    }))
}

/// Asks for every row, as [`SealedRow::read`] takes it. Keys come as bytes, so that a damaged name spoils
/// only its own row.
pub(crate) fn all_rows<T: Sealed>(backend: Backend) -> String {
    let key = match (T::KEY_IS_TEXT, backend) {
        (true, Backend::Sqlite) => format!("CAST({} AS BLOB)", T::KEY),
        (true, Backend::Postgres) => format!("convert_to({}, 'UTF8')", T::KEY),
        (false, _) => T::KEY.to_owned(),
    };
    // By key, so that batches and runs come in the same order.
    format!(
        "SELECT {key}, sealed, {} FROM {} WHERE sealed IS NOT NULL ORDER BY {}",
        T::CLEAR,
        T::TABLE,
        T::KEY
    )
}

/// Every row at once.
pub(crate) async fn all<T: Sealed>(
    backend: Backend,
    connection: &mut AnyConnection,
) -> Result<Vec<SealedRow>, StoreError> {
    let rows = query(AssertSqlSafe(all_rows::<T>(backend)))
        .fetch_all(connection)
        .await?;
    let rows = rows.iter().map(|row| Ok(SealedRow::read(row)?));
    rows.collect()
}
