//! Tables of sealed documents.

use crate::db::Backend;
use crate::doc::Document;
use crate::seal::Keyring;
use crate::{
    AccountRecord, AdminTokenRecord, AppRecord, ConsentRecord, GrantRecord, LegacyKeyRecord,
    ManifestRecord, StoreError,
};
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

/// A record that is sealed in one row.
pub(crate) trait Sealed: Document + Send + 'static {
    /// Its table.
    const TABLE: &'static str;
    /// The column of its key.
    const KEY: &'static str;
    /// Whether that column is text.
    const KEY_IS_TEXT: bool;

    /// The row's key.
    fn key(&self) -> &[u8];
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
    GrantRecord in "grants" by "account" text true |r| r.account.as_str().as_bytes();
    AppRecord in "apps" by "name" text true |r| r.name.as_str().as_bytes();
    AdminTokenRecord in "admin_tokens" by "name" text true |r| r.name.as_bytes();
    LegacyKeyRecord in "legacy_keys" by "digest" text false |r| &r.key.0;
    ManifestRecord in "manifests" by "carrier" text true |r| r.carrier.as_str().as_bytes();
    ConsentRecord in "consents" by "state" text false |r| &r.state.0;
);

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

    /// A record's ciphertext.
    pub(crate) fn seal<T: Sealed>(&self, record: &T) -> Result<Vec<u8>, StoreError> {
        let json = record.to_json().map_err(|_| StoreError::Internal {
            why: "a record has no JSON form".to_owned(),
        })?;
        self.keys.seal(&self.place(T::TABLE, record.key()), &json)
    }

    /// The record in a row.
    pub(crate) fn open<T: Sealed>(&self, key: &[u8], sealed: &[u8]) -> Result<T, Damage> {
        let json = self.keys.open(&self.place(T::TABLE, key), sealed);
        let json = json.map_err(|why| Damage::new::<T>(key, why.to_string()))?;
        // serde_json's messages may quote what they read; only the place of the error is kept.
        let record = T::from_json(json.expose()).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Damage::new::<T>(key, format!("its JSON is wrong at {line}:{column}"))
        })?;
        // The place was right, but the record must say so itself: a row could have been sealed by mistake.
        if record.key() == key {
            Ok(record)
        } else {
            Err(Damage::new::<T>(key, "it names another row"))
        }
    }
}

/// The ciphertext of one row.
pub(crate) async fn sealed<T: Sealed>(
    connection: &mut AnyConnection,
    key: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = format!("SELECT sealed FROM {} WHERE {} = $1", T::TABLE, T::KEY);
    let query = sqlx::query(AssertSqlSafe(sql));
    let query = if T::KEY_IS_TEXT {
        query.bind(String::from_utf8_lossy(key).into_owned())
    } else {
        query.bind(key)
    };
    let row = query.fetch_optional(connection).await?;
    let cell = row
        // A consent that was used has no ciphertext any more.
        .map(|row| row.try_get::<Option<Vec<u8>>, _>(0))
        .transpose()?;
    Ok(cell.flatten())
}

/// Asks for every row: its key and its ciphertext. Keys come as bytes, so that a damaged name spoils
/// only its own row.
pub(crate) fn all_rows<T: Sealed>(backend: Backend) -> String {
    let key = match (T::KEY_IS_TEXT, backend) {
        (true, Backend::Sqlite) => format!("CAST({} AS BLOB)", T::KEY),
        (true, Backend::Postgres) => format!("convert_to({}, 'UTF8')", T::KEY),
        (false, _) => T::KEY.to_owned(),
    };
    // By key, so that batches and runs come in the same order.
    format!(
        "SELECT {key}, sealed FROM {} WHERE sealed IS NOT NULL ORDER BY {}",
        T::TABLE,
        T::KEY
    )
}

/// Every row at once.
pub(crate) async fn all<T: Sealed>(
    backend: Backend,
    connection: &mut AnyConnection,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
    let rows = sqlx::query(AssertSqlSafe(all_rows::<T>(backend)))
        .fetch_all(connection)
        .await?;
    let rows = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    rows.collect()
}
