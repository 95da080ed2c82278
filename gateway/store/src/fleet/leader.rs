//! Work of which one gateway is enough.

use crate::{Duty, Store, StoreError};

impl Store {
    /// Whether this gateway has to do the work now. It is asked before each turn of the work.
    pub async fn lead(&self, _duty: Duty) -> Result<bool, StoreError> {
        Ok(true)
    }
}
