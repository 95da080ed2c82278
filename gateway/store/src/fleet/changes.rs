//! What gateways tell each other through the database.

mod payload;

use crate::db::session::Heard;
use crate::statement::query;
use crate::store::commit;
use crate::{DemandCause, GrantRecord, Store, StoreChange, StoreError};
use gateway_model::{AccountId, GrantVersion};
use payload::Message;
use sqlx::AnyConnection;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;

type Result<T> = std::result::Result<T, StoreError>;

/// How often everything is compared where nothing can be heard.
const INTERVAL: Duration = Duration::from_secs(2);

/// What other gateways do to the store, in the order in which they did it.
#[derive(Debug)]
pub struct StoreChanges {
    store: Store,
    /// `None` if nothing can be heard.
    heard: Option<mpsc::Receiver<Heard>>,
}

/// A change that was heard of.
#[derive(Debug)]
pub struct HeardChange {
    /// What it is.
    pub change: StoreChange,
    /// The grant as it was written, if it came with the message. If not, it is to be read.
    pub grant: Option<GrantRecord>,
}

impl StoreChanges {
    /// The next change; `None` once the store is closed.
    pub async fn next(&mut self) -> Option<HeardChange> {
        let heard = self.hear().await?;
        if matches!(heard.change, StoreChange::KeyRing | StoreChange::Resync)
            && let Err(error) = self.store.follow_key_ring().await
        {
            tracing::debug!(%error, "whether the master key was rotated is not known");
        }
        Some(heard)
    }

    async fn hear(&mut self) -> Option<HeardChange> {
        let Some(heard) = &mut self.heard else {
            tokio::time::sleep(INTERVAL).await;
            return (!self.store.db.is_closed()).then(|| StoreChange::Resync.into());
        };
        loop {
            // Before the messages: what was dropped came before some of them.
            if self.store.db.session.get()?.missed() {
                return Some(StoreChange::Resync.into());
            }
            let message = match heard.recv().await? {
                Heard::Gap => return Some(StoreChange::Resync.into()),
                Heard::Message(message) => message,
            };
            match payload::parse(&message) {
                Some(message) if message.origin == self.store.shared.origin => {}
                Some(message) => return Some(self.opened(message).await),
                None => {
                    self.store.shared.misheard.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!("a message on the store's channel cannot be read");
                }
            }
        }
    }

    /// Opens the row that came with a grant. One that does not open may be anybody's: then the store is read.
    async fn opened(&self, message: Message) -> HeardChange {
        let mut grant = None;
        if let Some(row) = message.row
            && let Ok(sealer) = self.store.sealer_for(std::slice::from_ref(&row)).await
        {
            grant = sealer.open::<GrantRecord>(&row).ok();
        }
        let change = message.change;
        HeardChange { change, grant }
    }
}

impl From<StoreChange> for HeardChange {
    fn from(change: StoreChange) -> Self {
        Self {
            change,
            grant: None,
        }
    }
}

impl Store {
    /// The stream of changes, for the first caller. `None` for a store that is not shared.
    pub fn changes(&self) -> Option<StoreChanges> {
        if !self.is_shared() {
            return None;
        }
        let heard = match self.db.session.get() {
            None => None,
            Some(session) => Some(session.take_heard()?),
        };
        Some(StoreChanges {
            store: self.clone(),
            heard,
        })
    }

    /// How many messages on the store's channel could not be read. Anybody with a right to the database can
    /// send there.
    pub fn unread_messages(&self) -> u64 {
        self.shared.misheard.load(Ordering::Relaxed)
    }

    /// Asks the account's owner for a token that is newer than `version`.
    pub async fn demand(
        &self,
        account: &AccountId,
        version: GrantVersion,
        cause: DemandCause,
    ) -> Result<()> {
        let account = account.clone();
        self.say(&StoreChange::Demand {
            account,
            version,
            cause,
        })
        .await
    }

    /// Tells the other gateways that a token request failed.
    pub async fn tell_failure(&self, account: &AccountId) -> Result<()> {
        let account = account.clone();
        self.say(&StoreChange::Failed { account }).await
    }

    /// Tells the other gateways in a transaction of its own.
    async fn say(&self, change: &StoreChange) -> Result<()> {
        if !self.is_shared() {
            return Ok(());
        }
        let work = async {
            let mut tx = self.db.begin_apart().await?;
            self.tell(&mut tx, change).await?;
            commit(tx).await
        };
        self.db.write_apart(work).await
    }

    /// Tells the other gateways of a change, once its transaction is committed.
    pub(crate) async fn tell(
        &self,
        connection: &mut AnyConnection,
        change: &StoreChange,
    ) -> Result<()> {
        if !self.is_shared() {
            return Ok(());
        }
        let query = query("SELECT pg_notify($1, $2)").bind(self.channel());
        query.bind(self.message(change)).execute(connection).await?;
        Ok(())
    }

    /// The channel of this store: one server may have several.
    pub(crate) fn channel(&self) -> String {
        channel(&self.sealer().store_id)
    }

    /// A change as this store's message.
    pub(crate) fn message(&self, change: &StoreChange) -> String {
        payload::write(self.shared.origin, change)
    }

    /// A grant that was written as this store's message.
    pub(crate) fn grant_message(&self, grant: &GrantRecord, sealed: &[u8]) -> String {
        payload::write_grant(self.shared.origin, grant, sealed)
    }
}

/// The channel of a store with this identity.
pub(crate) fn channel(store_id: &[u8]) -> String {
    let digits = store_id.iter().take(8).map(|byte| format!("{byte:02x}"));
    format!("waybill_{}", digits.collect::<String>())
}
