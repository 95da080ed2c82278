//! Tokens for the admin API.

use crate::statement::query;
use crate::store::commit;
use crate::{AdminTokenRecord, Store, StoreChange, StoreError};
use sqlx::AnyConnection;

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Every admin token that opens, by name.
    pub async fn admin_tokens(&self) -> Result<Vec<AdminTokenRecord>> {
        self.read_all().await
    }

    /// Adds an admin token; its name must be free.
    pub async fn add_admin_token(&self, token: &AdminTokenRecord) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            self.write_admin_token(&mut tx, token).await?;
            commit(tx).await
        };
        self.db.write(work).await
    }

    /// Removes an admin token; `false` if there is none.
    pub async fn remove_admin_token(&self, name: &str) -> Result<bool> {
        let work = async {
            let mut tx = self.db.begin().await?;
            let query = query("DELETE FROM admin_tokens WHERE name = $1").bind(name);
            let gone = query.execute(&mut *tx).await?.rows_affected() > 0;
            self.tell(&mut tx, &StoreChange::AdminTokens).await?;
            commit(tx).await?;
            // Only after the commit: a removal that failed leaves the row where it was.
            self.acquit::<AdminTokenRecord>(name.as_bytes());
            Ok(gone)
        };
        self.db.write(work).await
    }

    pub(crate) async fn write_admin_token(
        &self,
        connection: &mut AnyConnection,
        token: &AdminTokenRecord,
    ) -> Result<()> {
        // PostgreSQL text cannot hold NUL, and an empty name could not be removed by name.
        if token.name.is_empty() || token.name.contains('\0') {
            return Err(StoreError::Invalid {
                what: "an admin token's name".to_owned(),
                why: "it is empty or has a NUL character",
            });
        }
        let sql = "INSERT INTO admin_tokens (name, digest, sealed) VALUES ($1, $2, $3)";
        let query = query(sql)
            .bind(token.name.as_str())
            // In clear beside the sealed record, so that a second token with this digest is refused.
            .bind(token.token.0.as_slice())
            .bind(self.sealer().seal(token)?);
        let result = query
            .execute(&mut *connection)
            .await
            .map_err(StoreError::from);
        result.map_err(|error| error.taken(|| format!("the admin token name `{}`", token.name)))?;
        self.tell(connection, &StoreChange::AdminTokens).await
    }
}
