//! What plugins said about their carriers. It is not in a backup: a store that is restored is served with the
//! plugins of its machine.

use crate::statement::query;
use crate::store::commit;
use crate::{ManifestRecord, Store, StoreChange, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// The last manifest of each carrier's plugin, as far as it opens.
    pub async fn manifests(&self) -> Result<Vec<ManifestRecord>> {
        self.read_all().await
    }

    /// Keeps the manifest of a carrier's plugin in the place of the last one.
    pub async fn put_manifest(&self, manifest: &ManifestRecord) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            let sql = "INSERT INTO manifests (carrier, sealed) VALUES ($1, $2) \
                       ON CONFLICT (carrier) DO UPDATE SET sealed = excluded.sealed";
            let query = query(sql)
                .bind(manifest.carrier.as_str())
                .bind(self.sealer().seal(manifest)?);
            query.execute(&mut *tx).await?;
            self.tell(&mut tx, &StoreChange::Manifests).await?;
            commit(tx).await?;
            // Only after the commit: a record that did not open is replaced by now.
            self.acquit::<ManifestRecord>(manifest.carrier.as_str().as_bytes());
            Ok(())
        };
        self.db.write(work).await
    }
}
