//! Accounts.

use crate::statement::query;
use crate::store::commit;
use crate::{AccountRecord, AppRecord, GrantRecord, Store, StoreChange, StoreError, lookups};
use gateway_model::AccountId;
use sqlx::AnyConnection;

/// Records in one transaction, when there are many: each has the deadline of one write.
pub(crate) const TOGETHER: usize = 200;

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Every account that opens, by name.
    pub async fn accounts(&self) -> Result<Vec<AccountRecord>> {
        self.read_all().await
    }

    /// One account, by its name.
    pub async fn account(&self, name: &AccountId) -> Result<Option<AccountRecord>> {
        self.read_one(name.as_str().as_bytes()).await
    }

    /// Adds an account. Its name and aliases must be free, among names and aliases alike.
    pub async fn add_account(&self, account: &AccountRecord) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            // First: at no time may two accounts be the default.
            if account.default {
                self.clear_default(&mut tx, account).await?;
            }
            self.insert_account(&mut tx, account).await?;
            commit(tx).await
        };
        self.db.write(work).await
    }

    /// Adds many accounts, some hundred in a transaction: a first start with thousands of configured
    /// accounts must not wait for an `fsync` for each. After an error some of them may be there.
    pub async fn add_accounts(&self, accounts: &[AccountRecord]) -> Result<()> {
        for some in accounts.chunks(TOGETHER) {
            let work = async {
                let mut tx = self.db.begin().await?;
                for account in some {
                    if account.default {
                        self.clear_default(&mut tx, account).await?;
                    }
                    self.insert_account(&mut tx, account).await?;
                }
                commit(tx).await
            };
            self.db.write(work).await?;
        }
        Ok(())
    }

    /// Replaces an account if it is still at the revision that `account` was made from, and returns what
    /// is stored now. Name, carrier and environment cannot change.
    pub async fn update_account(&self, account: &AccountRecord) -> Result<AccountRecord> {
        let work = async {
            let mut tx = self.db.begin().await?;
            let found = self.find_account(&mut tx, &account.name).await?;
            // Two operators may edit at once: the second must see the first one's change.
            if found.revision != account.revision {
                return Err(StoreError::Stale);
            }
            if (&found.carrier, found.environment) != (&account.carrier, account.environment) {
                return Err(StoreError::Invalid {
                    what: format!("account {}", account.name),
                    why: "carrier and environment of an account never change",
                });
            }
            // Only when it becomes the default: an edit of a default account must not touch others.
            if account.default && !found.default {
                self.clear_default(&mut tx, account).await?;
            }
            let mut next = account.clone();
            next.revision += 1;
            self.write_account(&mut tx, &next).await?;
            // All names anew, as aliases may have moved between accounts in the same change.
            let sql = "DELETE FROM account_names WHERE account = $1";
            let query = query(sql).bind(account.name.as_str());
            query.execute(&mut *tx).await?;
            insert_names(&mut tx, &next).await?;
            commit(tx).await?;
            Ok(next)
        };
        self.db.write(work).await
    }

    /// Removes an account and everything that belongs to it: grant, consents, invitations, notices, journal,
    /// retired keys, and its place in apps. Returns `false` if there is none. A damaged account can be removed
    /// too.
    pub async fn remove_account(&self, name: &AccountId) -> Result<bool> {
        let work = async {
            let mut tx = self.db.begin().await?;
            for sql in [
                "DELETE FROM account_names WHERE account = $1",
                "DELETE FROM grants WHERE account = $1",
                "DELETE FROM consents WHERE account = $1",
                "DELETE FROM invitations WHERE account = $1",
                "DELETE FROM notices WHERE account = $1",
                "DELETE FROM renewals WHERE account = $1",
                "DELETE FROM legacy_keys WHERE account = $1",
            ] {
                query(sql).bind(name.as_str()).execute(&mut *tx).await?;
            }
            // Last, because the other tables refer to it.
            let query = query("DELETE FROM accounts WHERE name = $1").bind(name.as_str());
            let gone = query.execute(&mut *tx).await?.rows_affected() > 0;
            // Apps hold the name in their sealed record, which no foreign key reaches.
            for app in lookups::apps_of(&mut tx, name).await? {
                // A damaged app is served nowhere, and is replaced as a whole.
                if let Some(mut app) = self.sound::<AppRecord>(&mut tx, app.as_bytes()).await? {
                    app.accounts.retain(|account| account != name);
                    self.write_app(&mut tx, &app).await?;
                }
            }
            self.tell(&mut tx, &StoreChange::Account(name.clone()))
                .await?;
            commit(tx).await?;
            // Damaged rows went with it, so nothing is in quarantine any more.
            self.acquit::<AccountRecord>(name.as_str().as_bytes());
            self.acquit::<GrantRecord>(name.as_str().as_bytes());
            Ok(gone)
        };
        self.db.write(work).await
    }

    pub(crate) async fn find_account(
        &self,
        connection: &mut AnyConnection,
        name: &AccountId,
    ) -> Result<AccountRecord> {
        let found = self.get(connection, name.as_str().as_bytes()).await?;
        found.ok_or_else(|| StoreError::NotFound {
            what: format!("account {name}"),
        })
    }

    pub(crate) async fn insert_account(
        &self,
        connection: &mut AnyConnection,
        account: &AccountRecord,
    ) -> Result<()> {
        // The other account changed, too: an operator who edits it must notice.
        let sql = "INSERT INTO accounts (name, sealed, default_of) VALUES ($1, $2, $3)";
        let sealed = self.sealer().seal(account)?;
        let name = account.name.as_str();
        let query = query(sql).bind(name).bind(sealed);
        let query = query.bind(lookups::default_of(account));
        let result = query.execute(&mut *connection).await;
        // The database decides what is taken: a look before the insert could only repeat its rule.
        result.map_err(|error| taken(error, name))?;
        insert_names(connection, account).await?;
        let change = StoreChange::Account(account.name.clone());
        self.tell(connection, &change).await
    }

    async fn write_account(
        &self,
        connection: &mut AnyConnection,
        account: &AccountRecord,
    ) -> Result<()> {
        let sealed = self.sealer().seal(account)?;
        let sql = "UPDATE accounts SET sealed = $2, default_of = $3 WHERE name = $1";
        let query = query(sql).bind(account.name.as_str()).bind(sealed);
        let query = query.bind(lookups::default_of(account));
        query.execute(&mut *connection).await?;
        let change = StoreChange::Account(account.name.clone());
        self.tell(connection, &change).await
    }

    /// Takes the default away from any other account of that carrier and environment.
    async fn clear_default(
        &self,
        connection: &mut AnyConnection,
        account: &AccountRecord,
    ) -> Result<()> {
        for name in lookups::defaults_like(connection, account).await? {
            let other = self.sound::<AccountRecord>(connection, name.as_bytes());
            if let Some(mut other) = other.await? {
                other.default = false;
                other.revision += 1;
                self.write_account(connection, &other).await?;
            }
        }
        Ok(())
    }
}

async fn insert_names(connection: &mut AnyConnection, account: &AccountRecord) -> Result<()> {
    for name in std::iter::once(&account.name).chain(&account.aliases) {
        let query = query("INSERT INTO account_names (name, account) VALUES ($1, $2)");
        let query = query.bind(name.as_str()).bind(account.name.as_str());
        let result = query.execute(&mut *connection).await;
        result.map_err(|error| taken(error, name.as_str()))?;
    }
    Ok(())
}

fn taken(error: sqlx::Error, name: &str) -> StoreError {
    StoreError::from(error).taken(|| format!("the account name or alias `{name}`"))
}
