//! Columns by which a change finds the records that it touches, without opening all of them.
//!
//! They repeat what sealed records say, and are written in the same transaction. A store of an older
//! version gets them when it is opened.

use crate::statement::query;
use crate::store::commit;
use crate::{AccountRecord, AppRecord, LegacyKeyRecord, Store, StoreError, meta};
use gateway_model::{AccountId, AppId};
use sqlx::{AnyConnection, Row as _};

type Result<T> = std::result::Result<T, StoreError>;

/// There once the columns are filled.
const FILLED: &str = "lookups";

impl Store {
    /// Fills the columns of a store that an older version wrote.
    pub(crate) async fn fill_lookups(&self) -> Result<()> {
        let mut tx = self.db.write(self.db.begin()).await?;
        if self.db.read(meta::get(&mut tx, FILLED)).await?.is_some() {
            return Ok(());
        }
        // The deadline is each statement's: a large store takes longer than one call may.
        for account in self.db.read(self.list::<AccountRecord>(&mut tx)).await? {
            let sql = "UPDATE accounts SET default_of = $2 WHERE name = $1";
            let query = query(sql).bind(account.name.as_str());
            let query = query.bind(default_of(&account));
            let work = async { Ok(query.execute(&mut *tx).await?) };
            self.db.write(work).await?;
        }
        for app in self.db.read(self.list::<AppRecord>(&mut tx)).await? {
            self.db.write(write_app_accounts(&mut tx, &app)).await?;
        }
        for key in self.db.read(self.list::<LegacyKeyRecord>(&mut tx)).await? {
            let sql = "UPDATE legacy_keys SET app = $2 WHERE digest = $1";
            let query = query(sql).bind(key.key.0.as_slice());
            let query = query.bind(key.app.as_ref().map(AppId::as_str));
            let work = async { Ok(query.execute(&mut *tx).await?) };
            self.db.write(work).await?;
        }
        self.db.write(meta::put(&mut tx, FILLED, b"")).await?;
        self.db.write(commit(tx)).await
    }
}

/// What the column says of an account that is a default.
pub(crate) fn default_of(account: &AccountRecord) -> Option<String> {
    let (carrier, environment) = (&account.carrier, account.environment.as_str());
    account
        .default
        .then(|| format!("{}/{environment}", carrier.as_str()))
}

/// The accounts that are the default where this one is.
pub(crate) async fn defaults_like(
    connection: &mut AnyConnection,
    account: &AccountRecord,
) -> Result<Vec<String>> {
    let sql = "SELECT name FROM accounts WHERE default_of = $1 AND name <> $2";
    let query = query(sql)
        .bind(default_of(account))
        .bind(account.name.as_str());
    texts(query.fetch_all(connection).await?)
}

/// The apps that may use an account.
pub(crate) async fn apps_of(
    connection: &mut AnyConnection,
    account: &AccountId,
) -> Result<Vec<String>> {
    let sql = "SELECT app FROM app_accounts WHERE account = $1";
    let query = query(sql).bind(account.as_str());
    texts(query.fetch_all(connection).await?)
}

/// The digests of an app's retired keys.
pub(crate) async fn keys_of(connection: &mut AnyConnection, app: &AppId) -> Result<Vec<Vec<u8>>> {
    let sql = "SELECT digest FROM legacy_keys WHERE app = $1";
    let rows = query(sql).bind(app.as_str()).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Writes down which accounts an app may use.
pub(crate) async fn write_app_accounts(
    connection: &mut AnyConnection,
    app: &AppRecord,
) -> Result<()> {
    let clear = query("DELETE FROM app_accounts WHERE app = $1").bind(app.name.as_str());
    clear.execute(&mut *connection).await?;
    for account in &app.accounts {
        // An account may be listed twice.
        let sql = "INSERT INTO app_accounts (app, account) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let query = query(sql).bind(app.name.as_str());
        let query = query.bind(account.as_str());
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn texts(rows: Vec<sqlx::any::AnyRow>) -> Result<Vec<String>> {
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
