//! Apps and retired access keys.

use crate::accounts::TOGETHER;
use crate::statement::query;
use crate::store::commit;
use crate::{AppRecord, LegacyKeyRecord, SecretDigest, Store, StoreChange, StoreError, lookups};
use gateway_model::{AccountId, AppId};
use sqlx::{AnyConnection, Row as _};

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Every app that opens, by name.
    pub async fn apps(&self) -> Result<Vec<AppRecord>> {
        self.read_all().await
    }

    /// One app.
    pub async fn app(&self, name: &AppId) -> Result<Option<AppRecord>> {
        self.read_one(name.as_str().as_bytes()).await
    }

    /// Adds or replaces many apps, some hundred in a transaction. After an error some of them may be there.
    pub async fn put_apps(&self, apps: &[AppRecord]) -> Result<()> {
        for some in apps.chunks(TOGETHER) {
            let work = async {
                let mut tx = self.db.begin().await?;
                for app in some {
                    self.write_app(&mut tx, app).await?;
                }
                commit(tx).await
            };
            self.db.write(work).await?;
            for app in some {
                self.acquit::<AppRecord>(app.name.as_str().as_bytes());
            }
        }
        Ok(())
    }

    /// Adds or replaces an app. No other app may have its client id or key.
    pub async fn put_app(&self, app: &AppRecord) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            self.write_app(&mut tx, app).await?;
            commit(tx).await?;
            self.acquit::<AppRecord>(app.name.as_str().as_bytes());
            Ok(())
        };
        self.db.write(work).await
    }

    /// Removes an app, and returns `false` if there is none. Retired keys that named it stay, without an
    /// app.
    pub async fn remove_app(&self, name: &AppId) -> Result<bool> {
        let work = async {
            let mut tx = self.db.begin().await?;
            // Keep the keys: a caller that still uses one must be told that it is retired.
            for digest in lookups::keys_of(&mut tx, name).await? {
                if let Some(mut key) = self.sound::<LegacyKeyRecord>(&mut tx, &digest).await? {
                    key.app = None;
                    self.write_legacy_key(&mut tx, &key).await?;
                }
            }
            let query = query("DELETE FROM apps WHERE name = $1").bind(name.as_str());
            let gone = query.execute(&mut *tx).await?.rows_affected() > 0;
            self.tell(&mut tx, &StoreChange::App(name.clone())).await?;
            commit(tx).await?;
            self.acquit::<AppRecord>(name.as_str().as_bytes());
            Ok(gone)
        };
        self.db.write(work).await
    }

    pub(crate) async fn write_app(
        &self,
        connection: &mut AnyConnection,
        app: &AppRecord,
    ) -> Result<()> {
        // PostgreSQL text cannot hold NUL: refuse it on both databases alike.
        if app.client_id.as_ref().is_some_and(|id| id.contains('\0')) {
            return Err(StoreError::Invalid {
                what: format!("app {}'s client id", app.name),
                why: "it has a NUL character",
            });
        }
        let sql = "INSERT INTO apps (name, client_id, key_digest, sealed) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (name) DO UPDATE SET client_id = excluded.client_id, \
                   key_digest = excluded.key_digest, sealed = excluded.sealed";
        let query = query(sql)
            .bind(app.name.as_str())
            // Client id and digest stand in clear for their unique indexes.
            .bind(app.client_id.as_deref())
            .bind(app.key.map(|key| key.0.to_vec()))
            .bind(self.sealer().seal(app)?);
        let result = query
            .execute(&mut *connection)
            .await
            .map_err(StoreError::from);
        result
            .map_err(|error| error.taken(|| format!("the client id or key of app {}", app.name)))?;
        lookups::write_app_accounts(connection, app).await?;
        self.tell(connection, &StoreChange::App(app.name.clone()))
            .await
    }

    /// Every retired access key that opens.
    pub async fn legacy_keys(&self) -> Result<Vec<LegacyKeyRecord>> {
        self.read_all().await
    }

    /// The retired access keys of an app that open.
    pub async fn legacy_keys_of(&self, app: &AppId) -> Result<Vec<LegacyKeyRecord>> {
        let work = async {
            let mut connection = self.db.reader().await?;
            let mut keys = Vec::new();
            for digest in lookups::keys_of(&mut connection, app).await? {
                keys.extend(self.sound(&mut connection, &digest).await?);
            }
            Ok(keys)
        };
        self.db.read(work).await
    }

    /// Adds or replaces a retired access key.
    pub async fn put_legacy_key(&self, key: &LegacyKeyRecord) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            self.write_legacy_key(&mut tx, key).await?;
            commit(tx).await?;
            // The row was replaced, so damage in it is gone.
            self.acquit::<LegacyKeyRecord>(&key.key.0);
            Ok(())
        };
        self.db.write(work).await
    }

    /// Removes a retired access key; `false` if there is none.
    pub async fn remove_legacy_key(&self, key: &SecretDigest) -> Result<bool> {
        let work = async {
            let mut tx = self.db.begin().await?;
            let query = query("DELETE FROM legacy_keys WHERE digest = $1 RETURNING account, app");
            let query = query.bind(key.0.as_slice());
            let gone = query.fetch_optional(&mut *tx).await?;
            if let Some(row) = &gone {
                let account: String = row.try_get(0)?;
                let app: Option<String> = row.try_get(1)?;
                let app = app.and_then(|app| app.parse().ok());
                // Names that do not parse are those of damaged rows, which nobody serves.
                if let Some(change) = change_of_key(app, account.parse().ok()) {
                    self.tell(&mut tx, &change).await?;
                }
            }
            commit(tx).await?;
            self.acquit::<LegacyKeyRecord>(&key.0);
            Ok(gone.is_some())
        };
        self.db.write(work).await
    }

    pub(crate) async fn write_legacy_key(
        &self,
        connection: &mut AnyConnection,
        key: &LegacyKeyRecord,
    ) -> Result<()> {
        let sql = "INSERT INTO legacy_keys (digest, account, sealed, app) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (digest) DO UPDATE SET account = excluded.account, \
                   sealed = excluded.sealed, app = excluded.app";
        let query = query(sql)
            .bind(key.key.0.as_slice())
            .bind(key.account.as_str())
            .bind(self.sealer().seal(key)?)
            .bind(key.app.as_ref().map(AppId::as_str));
        query.execute(&mut *connection).await?;
        match change_of_key(key.app.clone(), Some(key.account.clone())) {
            Some(change) => self.tell(connection, &change).await,
            None => Ok(()),
        }
    }
}

/// A retired key belongs to its app, or else to its account.
fn change_of_key(app: Option<AppId>, account: Option<AccountId>) -> Option<StoreChange> {
    app.map(StoreChange::App)
        .or_else(|| account.map(StoreChange::Account))
}
