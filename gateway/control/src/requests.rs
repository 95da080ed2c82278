//! The last requests of apps, as the data plane remembers them.

use crate::ControlPlane;
use gateway_api::{RequestQuery, RequestView};

/// The number of requests in a response, unless the query names another one.
const USUAL: usize = 100;
/// The maximum number of requests in a response.
const MOST: usize = 1000;

impl ControlPlane {
    /// The last requests that the query asks for, the newest first; at most 1000.
    pub async fn requests(&self, query: RequestQuery) -> Vec<RequestView> {
        // Clamped and not refused, so that a client which asks for everything gets as much as there is.
        let limit = query.limit.unwrap_or(USUAL).clamp(1, MOST);
        match self.context.request_history.get() {
            Some(history) => history.recent(query, limit).await,
            // Before the data plane serves there was no request.
            None => Vec::new(),
        }
    }
}
