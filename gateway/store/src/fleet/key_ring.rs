//! Following a rotation of the master key that another gateway makes.

use crate::key::read_key;
use crate::seal::{Keyring, MasterKey, key_id};
use crate::table::{SealedRow, Sealer};
use crate::{KeyError, Store, StoreError, meta, open};
use std::sync::PoisonError;

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// The keys for opening these rows.
    ///
    /// # Errors
    /// If another gateway rotated the key, and this one does not have the new one. A row under a key that
    /// nobody rotated to is damaged by itself.
    pub(crate) async fn sealer_for(&self, rows: &[SealedRow]) -> Result<Sealer> {
        let known = |sealer: &Sealer| rows.iter().all(|row| sealer.keys.knows(&row.sealed));
        let sealer = self.sealer();
        if known(&sealer) {
            return Ok(sealer);
        }
        let sealer = self.with_further_keys().await;
        if !known(&sealer) {
            sealer.check()?;
        }
        Ok(sealer)
    }

    /// The keys, after a row was found whose key is not among them: the sources are read again, since another
    /// gateway may have rotated the key.
    pub(crate) async fn with_further_keys(&self) -> Sealer {
        if let Some(me) = self.membership()
            && self.shared.key_ring.may_read(me.now())
        {
            let read = async {
                let further = self.read_keys().await?;
                let sealer = self.sealer();
                self.set_sealer(sealer.with(sealer.keys.joined(&further)));
                self.follow_key_ring().await
            };
            if let Err(error) = read.await {
                tracing::warn!(%error, "the master keys could not be read again");
            }
        }
        self.sealer()
    }

    /// Seals with the key that the store is sealed with now, whichever gateway rotated it. Without that key
    /// nothing is sealed any more: a record under the old key would be lost with that key.
    pub(crate) async fn follow_key_ring(&self) -> Result<()> {
        let work = async {
            let mut tx = self.db.reader().await?;
            meta::get(&mut tx, meta::KEY_CHECK).await
        };
        let sealer = self.sealer();
        let Some(check) = self.db.read(work).await? else {
            return Ok(());
        };
        if sealer.keys.is_current(&check) {
            return Ok(());
        }
        let ring = match sealer.keys.led_by(&check) {
            Some(ring) => Some(ring),
            None => sealer.keys.joined(&self.read_keys().await?).led_by(&check),
        };
        let next = ring.map(|keys| sealer.with(keys));
        let next = next.filter(|next| next.keys.open(&open::check_place(next), &check).is_ok());
        if let Some(next) = next {
            tracing::info!(keys = next.keys.ids(), "the master key was rotated");
            self.set_sealer(next);
            return Ok(());
        }
        let id = key_id(&check).map_or_else(|| "unknown".to_owned(), |id| id.to_string());
        if sealer.lacks.as_ref() != Some(&id) {
            let error = KeyError::Lacking { id: id.clone() };
            tracing::error!(%error, "the master key was rotated");
            self.set_sealer(sealer.lacking(id));
        }
        Ok(())
    }

    async fn read_keys(&self) -> Result<Keyring> {
        let ring = &self.shared.key_ring;
        let first = read_key(&ring.first, false).await?;
        let mut others: Vec<MasterKey> = Vec::new();
        for source in &ring.others {
            others.push(read_key(source, false).await?);
        }
        Keyring::new(&first, &others)
    }

    pub(crate) fn set_sealer(&self, sealer: Sealer) {
        let current = self.shared.sealer.write();
        *current.unwrap_or_else(PoisonError::into_inner) = sealer;
    }
}
